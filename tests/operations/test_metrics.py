"""`/metrics`: what Prometheus reads, added up over workers, for those who may ask, and what the dashboard asks for."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app.database import db, read_engine
from app.history import sealing
from app.operation import backups
from app.routing import CRM
from config import ROOT, ConfigurationError, settings_from

from ..cast import Cast
from ..running import running

TOKEN = "a token for prometheus 1"


def read(client: FlaskClient, **headers: str) -> tuple[int, str]:
    answer = client.get("/metrics", headers={name.replace("_", "-"): text for name, text in headers.items()})
    return answer.status_code, answer.get_data(as_text=True)


def values(said: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(said)
        for sample in family.samples
    }


def one(said: str, name: str, **labels: str) -> float:
    return values(said).get((name, tuple(sorted(labels.items()))), 0.0)


def test_requests_are_counted_by_their_route(cast: Cast) -> None:
    client = cast.alice.app.test_client()
    customer = cast.alice.post("/customers", {"name": "Counted"}).get_json()["id"]
    labels = {"method": "GET", "route": "/api/v1/customers/<int:record_id>"}
    before = read(client)[1]
    assert cast.alice.get(f"/customers/{customer}").status_code == 200
    assert cast.alice.get("/customers/999999").status_code == 404
    after = read(client)[1]
    for status in ("200", "404"):
        assert one(after, "lianxi_http_requests_total", **labels, status=status) == (
            one(before, "lianxi_http_requests_total", **labels, status=status) + 1
        )
    counted = one(after, "lianxi_http_request_seconds_count", **labels)
    assert counted == one(before, "lianxi_http_request_seconds_count", **labels) + 2


def test_strangers_make_no_series(cast: Cast) -> None:
    client = cast.alice.app.test_client()
    for number in range(5):
        client.open(f"/api/v1/nowhere/{number}", method=f"MADEUP{number}")
    said = read(client)[1]
    assert "MADEUP" not in said
    assert "nowhere" not in said
    assert one(said, "lianxi_http_requests_total", method="other", route="none", status="404") >= 1


def test_what_the_database_says(app: CRM, cast: Cast) -> None:
    client = app.test_client()
    cast.alice.post("/customers", {"name": "Not sealed yet"})
    cast.root.post("/operations/backups")
    said = read(client)[1]
    assert one(said, "lianxi_journal_unsealed_entries") >= 1
    assert one(said, "lianxi_jobs", kind="backup", status="queued") == 1
    assert one(said, "lianxi_job_longest_wait_seconds") > 0
    assert one(said, "lianxi_health", part="database") == 1
    sealing.seal_journal()
    backups.make()
    said = read(client)[1]
    assert one(said, "lianxi_journal_unsealed_entries") == 0
    assert one(said, "lianxi_backup_success_timestamp_seconds", kind="backup") > 1.7e9
    assert one(said, "lianxi_backup_size_bytes") > 1_000


def test_an_open_transaction_holds_the_feed_back(app: CRM, cast: Cast) -> None:
    if db.engine.dialect.name != "postgresql":
        return
    with db.engines[None].connect() as slow:
        slow.execute(text("SELECT pg_current_xact_id()"))
        cast.alice.post("/customers", {"name": "Held back"})
        assert one(read(app.test_client())[1], "lianxi_journal_lag_seconds") > 0
        slow.rollback()
    assert one(read(app.test_client())[1], "lianxi_journal_lag_seconds") == 0


def test_connections_in_use_are_given_back(app: CRM, cast: Cast) -> None:
    client = app.test_client()
    cast.alice.get("/customers")
    before = one(read(client)[1], "lianxi_pool_connections_in_use", engine="write")
    with db.engines[None].connect():
        assert one(read(client)[1], "lianxi_pool_connections_in_use", engine="write") == before + 1
    assert one(read(client)[1], "lianxi_pool_connections_in_use", engine="write") == before
    with read_engine().connect() as connection:
        connection.invalidate()
    assert one(read(client)[1], "lianxi_pool_connections_in_use", engine="write") == before
    assert one(read(client)[1], "lianxi_pool_connections_max", engine="read") >= 1


@pytest.mark.parametrize(
    "headers", [{"X_Forwarded_For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"Via": "1.1 x"}]
)
def test_behind_a_proxy_nobody_is_near(app: CRM, headers: Mapping[str, str]) -> None:
    status, said = read(app.test_client(), **headers)
    assert status == 403
    assert json.loads(said)["type"] == "/problems/forbidden"


def test_from_elsewhere_it_takes_the_token(app: CRM) -> None:
    settings = app.config["LIANXI"]
    far = {"REMOTE_ADDR": "192.0.2.7"}
    client = app.test_client()
    try:
        for configured, shown, status in (
            ("", None, 403),
            ("", TOKEN, 401),
            (TOKEN, None, 403),
            (TOKEN, "another token", 401),
            (TOKEN, TOKEN, 200),
        ):
            app.config["LIANXI"] = replace(settings, metrics_token=configured)
            headers = {} if shown is None else {"Authorization": f"Bearer {shown}"}
            answer = client.get("/metrics", headers=headers, environ_base=far)
            assert answer.status_code == status, (configured, shown)
            if status == 401:
                assert "Bearer" in answer.headers["WWW-Authenticate"]
    finally:
        app.config["LIANXI"] = settings
    with pytest.raises(ConfigurationError, match="METRICS_TOKEN"):
        settings_from({"METRICS_TOKEN": "short"})


def test_without_its_database_it_still_says_what_was_counted(app: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.metrics.MOMENT", [lambda _connection: 1 / 0])
    status, said = read(app.test_client())
    assert status == 200
    assert "lianxi_http_requests_total" in said


def test_the_dashboard_asks_for_what_there_is(app: CRM, cast: Cast) -> None:
    backups.make()
    cast.root.post("/operations/backups")
    there = {name for name, _ in values(read(app.test_client())[1])}
    panels = json.loads((ROOT / "docs" / "grafana.json").read_text("utf-8"))["panels"]
    asked = {
        name for panel in panels for target in panel["targets"] for name in re.findall(r"lianxi_\w+", target["expr"])
    }
    assert len(asked) >= 12
    assert asked <= there


def test_workers_are_added_up(tmp_path: Path) -> None:
    with running(tmp_path, "-w", "2") as served:
        for _ in range(20):
            with urllib.request.urlopen(f"{served.url}/health", timeout=30):
                pass
        said = {urllib.request.urlopen(f"{served.url}/metrics", timeout=30).read().decode() for _ in range(3)}
        counts = {one(text, "lianxi_http_requests_total", method="GET", route="/health", status="200") for text in said}
        assert min(counts) >= 20, "whichever worker is asked"
        request = urllib.request.Request(f"{served.url}/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        assert refused.value.code == 403
        refused.value.close()
