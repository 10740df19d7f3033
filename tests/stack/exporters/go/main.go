// Sends spans, log records and metrics with the Go SDK, all three signals over one protocol.
//
//	exporter http|grpc ADDRESS SPANS
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	ctx := context.Background()
	protocol, address := os.Args[1], os.Args[2]
	count, err := strconv.Atoi(os.Args[3])
	check(err)
	sender := resource.NewSchemaless(
		attribute.String("service.name", "go-"+protocol),
		attribute.String("service.instance.id", "1"),
	)
	spans, records, metrics := exporters(ctx, protocol, address)
	tracing := sdktrace.NewTracerProvider(
		sdktrace.WithResource(sender), sdktrace.WithBatcher(spans, sdktrace.WithBlocking()))
	logging := sdklog.NewLoggerProvider(
		sdklog.WithResource(sender), sdklog.WithProcessor(sdklog.NewBatchProcessor(records)))
	metering := sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(sender), sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics)))

	orders, err := metering.Meter("orders").Int64Counter("orders.created", metric.WithUnit("{order}"))
	check(err)
	seconds, err := metering.Meter("orders").Float64Histogram("payment.duration", metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(0.1, 0.25, 0.5, 1))
	check(err)
	for number := range count {
		within, span := tracing.Tracer("orders").Start(ctx, "placed")
		orders.Add(within, 1, metric.WithAttributes(attribute.String("payment.method", "card")))
		if number == 0 {
			seconds.Record(within, 0.3)
			var record log.Record
			record.SetBody(attribute.StringValue("order.created"))
			record.SetSeverity(log.SeverityInfo)
			logging.Logger("orders").Emit(within, record)
			fmt.Println(span.SpanContext().TraceID())
		}
		span.End()
	}
	check(tracing.Shutdown(ctx))
	check(logging.Shutdown(ctx))
	check(metering.Shutdown(ctx))
}

func exporters(ctx context.Context, protocol, address string) (
	sdktrace.SpanExporter, sdklog.Exporter, sdkmetric.Exporter,
) {
	if protocol == "grpc" {
		spans, err := otlptrace.New(ctx, otlptracegrpc.NewClient(
			otlptracegrpc.WithEndpoint(address), otlptracegrpc.WithInsecure()))
		check(err)
		records, err := otlploggrpc.New(ctx,
			otlploggrpc.WithEndpoint(address), otlploggrpc.WithInsecure())
		check(err)
		metrics, err := otlpmetricgrpc.New(ctx,
			otlpmetricgrpc.WithEndpoint(address), otlpmetricgrpc.WithInsecure())
		check(err)
		return spans, records, metrics
	}
	spans, err := otlptrace.New(ctx, otlptracehttp.NewClient(
		otlptracehttp.WithEndpoint(address), otlptracehttp.WithInsecure(),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression)))
	check(err)
	records, err := otlploghttp.New(ctx, otlploghttp.WithEndpoint(address), otlploghttp.WithInsecure(),
		otlploghttp.WithCompression(otlploghttp.GzipCompression))
	check(err)
	metrics, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(address),
		otlpmetrichttp.WithInsecure())
	check(err)
	return spans, records, metrics
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
