"""Everything that the OpenTelemetry Python SDK can say, said once.

Usage: story.py http-protobuf|http-json|grpc HOST:PORT SERVICE
"""

import sys

from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

PROTOCOL, ADDRESS, SERVICE = sys.argv[1:]
SCOPE = ("conformance-py", "1.2.3")

EVERY_VALUE = {
    "string": 'line\nend "quoted" \\ 日本 🚰 \0',
    "string.empty": "",
    "bool.true": True,
    "bool.false": False,
    "int": -42,
    "int.greatest": 2**63 - 1,
    "int.least": -(2**63),
    "int.beyond.2^53": 2**53 + 1,
    "double": 0.1,
    "double.whole": 3.0,
    "double.nan": float("nan"),
    "double.infinity": float("-inf"),
    "double.small": 5e-324,
    "bytes": bytes([0, 1, 255]),
    "bytes.empty": b"",
    "empty": None,
    "array.strings": ["a", ""],
    "array.mixed": [1, "a", True, None, 0.5, [2], {"deep": [3]}],
    "array.empty": [],
    "map": {"b": "1", "a": 2, "inner": {"list": [False], "bytes": b"\x07"}},
    "map.empty": {},
}


def exporters():
    if PROTOCOL == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        options = {"endpoint": f"http://{ADDRESS}", "insecure": True}
        return OTLPSpanExporter(**options), OTLPLogExporter(**options), OTLPMetricExporter(**options)
    if PROTOCOL == "http-json":
        from opentelemetry.exporter.otlp.json.http._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.json.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter
    else:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    url = f"http://{ADDRESS}/v1"
    return (
        OTLPSpanExporter(endpoint=f"{url}/traces"),
        OTLPLogExporter(endpoint=f"{url}/logs"),
        OTLPMetricExporter(endpoint=f"{url}/metrics"),
    )


def tell_trace(tracer):
    linked = SpanContext(
        trace_id=int("a" * 32, 16),
        span_id=int("b" * 16, 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
        trace_state=TraceState([("vendor", "1"), ("other", "2")]),
    )
    root = tracer.start_span("root", kind=SpanKind.SERVER, attributes=EVERY_VALUE)
    with trace.use_span(root, end_on_exit=True):
        for kind in (SpanKind.CLIENT, SpanKind.INTERNAL, SpanKind.PRODUCER, SpanKind.CONSUMER):
            links = [Link(linked, EVERY_VALUE), Link(root.get_span_context())]
            span = tracer.start_span(f"child {kind.name}", kind=kind, links=links)
            span.add_event("plain")
            span.add_event("with attributes", EVERY_VALUE)
            span.record_exception(TypeError("it went wrong"))
            if kind == SpanKind.CLIENT:
                span.set_status(Status(StatusCode.ERROR, "it went wrong"))
            if kind == SpanKind.PRODUCER:
                span.set_status(Status(StatusCode.OK))
            span.end()


def tell_logs(tracer, logger):
    with tracer.start_as_current_span("with logs"):
        for name, body in EVERY_VALUE.items():
            record = LogRecord(
                body=body, attributes={"name": name}, severity_number=SeverityNumber.WARN2
            )
            logger.emit(record)
    logger.emit(LogRecord(body=EVERY_VALUE, severity_text="NOTICE", attributes=EVERY_VALUE))
    logger.emit(LogRecord(event_name="only.a.name", timestamp=1_000_000_000 * 1_700_000_000))


def tell_metrics(tracer, meter):
    attributes = {"route": "/a", "status": 200, "ok": True}
    options = {"unit": "{thing}", "description": "Things, counted"}
    with tracer.start_as_current_span("measured"):
        meter.create_counter("py.counter", **options).add(1.5, attributes)
        meter.create_counter("py.counter.int", **options).add(2**53 + 1, attributes)
        meter.create_up_down_counter("py.up.down", **options).add(-3, attributes)
        meter.create_gauge("py.gauge", **options).set(-0.25, attributes)
        meter.create_gauge("py.gauge.int", **options).set(-7)
        histogram = meter.create_histogram(
            "py.histogram", **options, explicit_bucket_boundaries_advisory=[0, 1, 10]
        )
        exponential = meter.create_histogram("py.exponential", **options)
        for value in (0, 0.5, 1, 3, 40, 5000):
            histogram.record(value, attributes)
            exponential.record(value, attributes)
    meter.create_observable_gauge("py.observed", [lambda _: [Observation(3.25, attributes)]])
    meter.create_observable_counter("py.observed.sum", [lambda _: [Observation(17)]])
    meter.create_observable_up_down_counter("py.observed.up.down", [lambda _: [Observation(-1.5)]])


def main():
    spans, logs, metrics = exporters()
    resource = Resource(
        {"service.name": SERVICE, "resource.numbers": [1, 2]}, "https://example.test/resource/1"
    )
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(spans))
    loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
    loggers.add_log_record_processor(BatchLogRecordProcessor(logs))
    view = View(
        instrument_name="py.exponential",
        aggregation=ExponentialBucketHistogramAggregation(max_size=20),
    )
    reader = PeriodicExportingMetricReader(metrics, export_interval_millis=60_000)
    meters = MeterProvider([reader], resource=resource, views=[view], shutdown_on_exit=False)
    tracer = tracers.get_tracer(*SCOPE, schema_url="https://example.test/scope/1")
    tell_trace(tracer)
    tell_logs(tracer, loggers.get_logger(*SCOPE))
    tell_metrics(tracer, meters.get_meter(*SCOPE))
    for provider in (tracers, loggers, meters):
        provider.shutdown()


main()
