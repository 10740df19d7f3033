// Sends spans, log records and metrics with the Java SDK, all three signals over one protocol.
//
//   java Exporter http|grpc ADDRESS SPANS

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.List;
import java.util.concurrent.TimeUnit;

public final class Exporter {
  private record Signals(SpanExporter spans, LogRecordExporter logs, MetricExporter metrics) {}

  public static void main(String[] given) {
    var protocol = given[0];
    var count = Integer.parseInt(given[2]);
    var signals = protocol.equals("grpc") ? grpc(given[1]) : http(given[1]);
    var sender =
        Resource.create(
            Attributes.builder()
                .put("service.name", "java-" + protocol)
                .put("service.instance.id", "1")
                .build());
    var spans = BatchSpanProcessor.builder(signals.spans()).setMaxQueueSize(count).build();
    var tracing = SdkTracerProvider.builder().setResource(sender).addSpanProcessor(spans).build();
    var records = BatchLogRecordProcessor.builder(signals.logs()).build();
    var logging =
        SdkLoggerProvider.builder().setResource(sender).addLogRecordProcessor(records).build();
    var reader = PeriodicMetricReader.create(signals.metrics());
    var metering =
        SdkMeterProvider.builder().setResource(sender).registerMetricReader(reader).build();

    var orders = metering.get("orders").counterBuilder("orders.created").setUnit("{order}").build();
    var seconds =
        metering.get("orders").histogramBuilder("payment.duration").setUnit("s")
            .setExplicitBucketBoundariesAdvice(List.of(0.1, 0.25, 0.5, 1.0)).build();
    var card = Attributes.of(AttributeKey.stringKey("payment.method"), "card");
    for (int number = 0; number < count; number++) {
      Span span = tracing.get("orders").spanBuilder("placed").setNoParent().startSpan();
      orders.add(1, card);
      if (number == 0) {
        var within = Context.root().with(span);
        seconds.record(0.3, Attributes.empty(), within);
        logging.get("orders").logRecordBuilder().setBody("order.created")
            .setSeverity(Severity.INFO).setContext(within).emit();
        System.out.println(span.getSpanContext().getTraceId());
      }
      span.end();
    }
    require(tracing.shutdown(), "spans");
    require(logging.shutdown(), "logs");
    require(metering.shutdown(), "metrics");
  }

  private static Signals grpc(String address) {
    var url = "http://" + address;
    return new Signals(
        OtlpGrpcSpanExporter.builder().setEndpoint(url).build(),
        OtlpGrpcLogRecordExporter.builder().setEndpoint(url).build(),
        OtlpGrpcMetricExporter.builder().setEndpoint(url).build());
  }

  private static Signals http(String address) {
    var url = "http://" + address + "/v1/";
    return new Signals(
        OtlpHttpSpanExporter.builder().setEndpoint(url + "traces").setCompression("gzip").build(),
        OtlpHttpLogRecordExporter.builder().setEndpoint(url + "logs").setCompression("gzip").build(),
        OtlpHttpMetricExporter.builder().setEndpoint(url + "metrics").build());
  }

  private static void require(CompletableResultCode done, String what) {
    if (!done.join(30, TimeUnit.SECONDS).isSuccess()) {
      System.err.println("the " + what + " were not sent");
      System.exit(1);
    }
  }
}
