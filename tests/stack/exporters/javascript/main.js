// Sends spans, log records and metrics with the JavaScript SDK, all three signals over one protocol.
//
//   node main.js http|json|grpc ADDRESS SPANS
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as GrpcLogs } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as HttpLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as GrpcMetrics } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as JsonMetrics } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as HttpMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcSpans } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonSpans } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as HttpSpans } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const [protocol, address, count] = process.argv.slice(2);
const resource = resourceFromAttributes({
  "service.name": `javascript-${protocol}`,
  "service.instance.id": "1",
});

const [Spans, Logs, Metrics] = {
  http: [HttpSpans, HttpLogs, HttpMetrics],
  json: [JsonSpans, JsonLogs, JsonMetrics],
  grpc: [GrpcSpans, GrpcLogs, GrpcMetrics],
}[protocol];

/** @param {string} signal */
function given(signal) {
  if (protocol === "grpc") return { url: `http://${address}` };
  return { url: `http://${address}/v1/${signal}`, compression: "gzip" };
}

const spans = new BatchSpanProcessor(new Spans(given("traces")), { maxQueueSize: 100_000 });
const tracing = new BasicTracerProvider({ resource, spanProcessors: [spans] });
const logs = new BatchLogRecordProcessor({ exporter: new Logs(given("logs")) });
const logging = new LoggerProvider({ resource, processors: [logs] });
const reader = new PeriodicExportingMetricReader({ exporter: new Metrics(given("metrics")) });
const metering = new MeterProvider({ resource, readers: [reader] });

const orders = metering.getMeter("orders").createCounter("orders.created", { unit: "{order}" });
const seconds = metering.getMeter("orders").createHistogram("payment.duration", { unit: "s" });
for (let number = 0; number < Number(count); number++) {
  const span = tracing.getTracer("orders").startSpan("placed", {}, ROOT_CONTEXT);
  orders.add(1, { "payment.method": "card" });
  if (number === 0) {
    const context = trace.setSpan(ROOT_CONTEXT, span);
    seconds.record(0.3, {}, context);
    logging.getLogger("orders").emit({
      body: "order.created",
      severityNumber: SeverityNumber.INFO,
      context,
    });
    console.log(span.spanContext().traceId);
  }
  span.end();
}
await tracing.shutdown();
await logging.shutdown();
await metering.shutdown();
