"""Traces and error reports: nothing is imported or sent unless configured, and nothing secret leaves."""

from __future__ import annotations

import gzip
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import sentry_sdk
from flask_migrate import upgrade
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app import create_app, tracing
from app.database import db
from app.timing import TAKEN
from config import ROOT, ConfigurationError, Settings, settings_from

CANARY = "Kanarienvogel7Kx"


class Collector:
    """A service outside: what was sent to it."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.bodies.append((self.path, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Be silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever)
        self.thread.start()
        self.place = f"127.0.0.1:{self.server.server_address[1]}"

    def end(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.end()


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("traced")
    yield settings_from({"DATA_DIR": str(folder), "RATELIMIT_ENABLED": "0"})
    tracing.SPAN.clear()
    TAKEN.clear()


def test_nothing_is_imported_unless_configured() -> None:
    # The client of Redis looks at a part of OpenTelemetry by itself, where it is installed.
    loaded = "[name for name in sys.modules if name.startswith(('opentelemetry.exporter', 'sentry', 'app.tracing.'))]"
    code = f"import sys, app; app.create_app(); print({loaded})"
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"


def test_requests_jobs_and_statements_are_traced(collector: Collector, settings: Settings) -> None:
    app = create_app(replace(settings, otlp_endpoint=f"http://{collector.place}"))
    with app.app_context():
        upgrade()
    client = app.test_client()
    parent = "0af7651916cd43dd8448eb211c80319c"
    answer = client.get(
        f"/api/v1/customers?name={CANARY}",
        headers={"traceparent": f"00-{parent}-b7ad6b7169203331-01", "X-Request-ID": "traced-0123"},
    )
    assert answer.status_code == 401
    with app.app_context():
        assert client.get("/health/ready").status_code == 200
        with tracing.span("job copy", job_id=7), db.engines["read"].connect() as connection:
            connection.exec_driver_sql("SELECT id FROM customer WHERE name = ?", (CANARY,))
            connection.exec_driver_sql(f"SELECT id FROM customer WHERE name = '{CANARY}'")  # noqa: S608
        for engine in db.engines.values():
            engine.dispose()
    app.extensions["lianxi.traces"].shutdown()
    sent = [ExportTraceServiceRequest.FromString(body) for path, body in collector.bodies if path == "/v1/traces"]
    spans = [span for one in sent for res in one.resource_spans for scope in res.scope_spans for span in scope.spans]
    by_name = {span.name: span for span in spans}
    assert "GET /api/v1/customers" in by_name, sorted(by_name)
    listed = by_name["GET /api/v1/customers"]
    assert listed.trace_id.hex() == parent
    told = {attribute.key: attribute.value for attribute in listed.attributes}
    assert told["http.response.status_code"].int_value == 401
    assert told["lianxi.request_id"].string_value == "traced-0123"
    job = by_name["job copy"]
    statements = [span for span in spans if span.parent_span_id == job.span_id]
    said = [span.attributes[0].value.string_value for span in statements]
    assert said == ["SELECT id FROM customer WHERE name = ?"] * 2
    assert not any(CANARY.encode() in body for _, body in collector.bodies)


def test_errors_are_reported_clean(collector: Collector, settings: Settings) -> None:
    app = create_app(replace(settings, sentry_dsn=f"http://key@{collector.place}/1"))
    try:
        with app.test_request_context(headers={"Authorization": f"Bearer {CANARY}"}):
            try:
                secret = CANARY
                raise ValueError(f"password={secret}")
            except ValueError:
                logging.getLogger("lianxi").exception("Bearer %s broke for zhang.san@example.com", CANARY)
        sentry_sdk.flush(5)
    finally:
        sentry_sdk.get_client().close(2)
        sentry_sdk.init(auto_enabling_integrations=False)
    bodies = [body for _, body in collector.bodies]
    assert len(bodies) == 1
    event = json.loads(bodies[0].splitlines()[2])
    assert event["exception"]["values"][0]["type"] == "ValueError"
    for secret in (CANARY, "zhang.san@"):
        assert secret.encode() not in bodies[0]
    assert "server_name" not in event


def test_a_service_that_is_away_harms_nobody(settings: Settings) -> None:
    app = create_app(replace(settings, otlp_endpoint="http://127.0.0.1:9", traces_percent=100))
    assert app.test_client().get("/health").status_code == 200
    app.extensions["lianxi.traces"].shutdown()


@pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_ENDPOINT", "SENTRY_DSN"])
def test_wrong_addresses_and_missing_packages_are_refused_in_words(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings_from({name: f"{CANARY}://key@host"})
    assert str(refused.value).startswith(name)
    assert CANARY not in str(refused.value)

    def missing(_name: str, _package: str) -> None:
        raise ModuleNotFoundError

    monkeypatch.setattr(tracing, "import_module", missing)
    with pytest.raises(ConfigurationError, match=r"requirements-tracing\.txt"):
        create_app(replace(settings, otlp_endpoint="http://127.0.0.1:9", sentry_dsn=""))
