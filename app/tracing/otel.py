"""Traces by OpenTelemetry: a span for each request, job and statement, sent over HTTP in batches beside the work."""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import time_ns
from typing import Any

from flask import Flask
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import logs
from config import Settings

from ..metrics import ROUTE
from ..timing import TAKEN, normalised
from . import SPAN

_PARENTS = TraceContextTextMapPropagator()


def begin(app: Flask, settings: Settings) -> None:
    """Trace an application; where to is `OTEL_EXPORTER_OTLP_ENDPOINT`, other `OTEL_*` variables are heeded too."""
    resource = Resource.create({"service.name": "lianxi"})
    sampler = ParentBased(TraceIdRatioBased(settings.traces_percent / 100))
    provider = TracerProvider(resource=resource, sampler=sampler, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    atexit.register(provider.shutdown)
    tracer = provider.get_tracer("lianxi")
    app.extensions["lianxi.traces"] = provider
    app.wsgi_app = _Traced(app.wsgi_app, tracer)  # type: ignore[method-assign]

    @contextmanager
    def span(name: str, attributes: dict[str, str | int]) -> Iterator[None]:
        with tracer.start_as_current_span(name, attributes=attributes) as one:
            logs.note(trace_id=_id_of(one))
            yield

    def statement(text: str, seconds: float) -> None:
        if not trace.get_current_span().is_recording():
            return
        ended = time_ns()
        said = normalised(text)
        one = tracer.start_span(
            said.partition(" ")[0],
            kind=SpanKind.CLIENT,
            attributes={"db.query.text": said[:4_000]},
            start_time=ended - round(seconds * 1e9),
        )
        one.end(ended)

    SPAN[:] = [span]
    TAKEN[:] = [statement]


def _id_of(span: trace.Span) -> str:
    return trace.format_trace_id(span.get_span_context().trace_id)


class _Traced:
    """A span around every request, named by its route; an open socket is none."""

    def __init__(self, application: Any, tracer: Tracer) -> None:
        self._application, self._tracer = application, tracer

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_UPGRADE"):
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        parent = _PARENTS.extract({"traceparent": environ.get("HTTP_TRACEPARENT", "")})
        method = environ.get("REQUEST_METHOD", "")
        span = self._tracer.start_span(method, context=parent, kind=SpanKind.SERVER)
        held = contexts.attach(trace.set_span_in_context(span))
        environ["lianxi.trace_id"] = _id_of(span)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            code = int(status[:3])
            span.set_attribute("http.response.status_code", code)
            if code >= 500:
                span.set_status(Status(StatusCode.ERROR))
            span.set_attribute("lianxi.request_id", dict(headers).get("X-Request-ID", ""))
            return start_response(status, headers, *rest)

        try:
            return self._application(environ, start)  # type: ignore[no-any-return]
        finally:
            route = environ.get(ROUTE, "none")
            span.update_name(f"{method} {route}")
            span.set_attributes({"http.request.method": method, "http.route": route})
            span.end()
            contexts.detach(held)
