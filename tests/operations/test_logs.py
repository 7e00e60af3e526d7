"""Logs: lines of JSON that carry the request's id everywhere, hold no secret, and never break what they tell of."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

import logs
from app.database import db, read_engine
from app.job import chores, queue, service
from app.job.service import KINDS, Running
from app.routing import CRM
from app.transaction import unit_of_work
from config import ConfigurationError, settings_from

from ..cast import Cast
from ..running import running

log = logging.getLogger("lianxi")


class Lines:
    """What was logged, as it would stand in a file."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def last(self) -> dict[str, Any]:
        return self.all()[-1]


@pytest.fixture
def lines(request: pytest.FixtureRequest) -> Iterator[Lines]:
    """Every line that is logged during the test, as JSON."""
    if "database" in request.fixturenames:
        request.getfixturevalue("app")
    made, root = Lines(), logging.getLogger()
    handler = logs.LogHandler()
    handler.setStream(made.stream)
    handler.setFormatter(logs.formatter("json"))
    root.addHandler(handler)
    before, log.level = log.level, logging.DEBUG
    logs.begin()
    yield made
    log.level = before
    root.removeHandler(handler)


CANARY = "Kanarienvogel7Kx"
SECRETS = [
    f"Authorization: Bearer {CANARY}",
    f"authorization='Basic {CANARY}=='",
    f"headers were {{'Cookie': 'lianxi_rt={CANARY}; theme={CANARY}'}}",
    f"Set-Cookie: lianxi_rt={CANARY}; HttpOnly",
    f"bearer {CANARY}",
    f"password={CANARY}",
    f'{{"new_password": "{CANARY}"}}',
    f"{{'current_password': '{CANARY} with blanks'}}",
    f"refresh_token={CANARY}&x=1",
    f"SECRET_KEY={CANARY}",
    f"client_secret: {CANARY}",
    f"webhook-signature: {CANARY}",
    f"otp={CANARY}",
    f"https://crm.example.com/choose-password#{CANARY}",
    f"/api/v1/exports/3/download?ticket={CANARY}",
    f"GET /api/v1/customers?name={CANARY} failed",
    f"https://id.example.com/back?code={CANARY}&state={CANARY}",
    f"postgresql://lianxi:{CANARY}@db.example.com/crm",
    f"redis://:{CANARY}@redis:6379/0",
    f"lianxi_pat_{CANARY}",
    f"eyJhbGciOiJI.eyJ{CANARY}.{CANARY}",
    f"AGE-SECRET-KEY-1{CANARY}",
    f"duplicate key value\nDETAIL:  Key (name)=({CANARY}) already exists.",
    f"[SQL: INSERT INTO customer]\n[parameters: {{'name': '{CANARY}'}}]",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_never_stands_in_a_line(lines: Lines, secret: str) -> None:
    log.warning("it was %s", secret)
    log.warning(secret)
    log.warning("told", extra={"said": secret, "deep": {"er": [secret]}})
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")
    assert CANARY not in lines.text
    assert len(lines.all()) == 4
    console = logs.formatter("console")
    record = logging.LogRecord("lianxi", logging.ERROR, "", 0, secret, (), None)
    assert CANARY not in console.format(record)


@pytest.mark.parametrize(
    "name", ["password", "new_password", "Authorization", "refresh_token", "secret_key", "signature", "cookie", "dsn"]
)
def test_a_field_with_the_name_of_a_secret_is_cut_out_whatever_it_holds(lines: Lines, name: str) -> None:
    log.warning("told", extra={name: CANARY, "inner": {name: [CANARY]}})
    assert lines.last()[name] == lines.last()["inner"][name] == logs.REDACTED


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("mail to zhang.san@example.com.cn failed", "mail to z***@example.com.cn failed"),
        ("13812345678", "***78"),
        ("+86 138 1234 5678", "***78"),
        ("010-12345678", "***78"),
        ("(212) 555-0147", "***47"),
        ("job 4711 of 2026-11-28T10:00:00Z took 12.5 s at 127.0.0.1:5000", None),
        ("customer 100000017 and 92233720368547 rows, version 1.2.3", None),
        ("张三 签约", None),
    ],
)
def test_people_are_masked_and_the_rest_is_left_alone(lines: Lines, said: str, written: str | None) -> None:
    log.warning("%s", said)
    assert lines.last()["event"] == (said if written is None else written)


@given(said=st.text())
def test_whatever_is_said_is_one_line(said: str) -> None:
    record = logging.LogRecord("lianxi", logging.ERROR, "", 0, "%s", (said,), None)
    for kind in logs.FORMATS:
        written = logs.formatter(kind).format(record)
        assert len(written.splitlines()) == 1, written
        assert not any(ord(char) < 32 or char in "\x7f\x85\u2028\u2029\u202e" for char in written)


def test_lines_of_a_trace_cannot_pass_for_events(lines: Lines) -> None:
    stream = io.StringIO()
    handler = logs.LogHandler()
    handler.setStream(stream)
    handler.setFormatter(logs.formatter("console"))
    try:
        raise ValueError("first\n2026-11-28T10:00:00Z [info] signed in: user 1\r\x1b[2J")
    except ValueError:
        handler.emit(logging.LogRecord("lianxi", logging.ERROR, "", 0, "failed", (), sys.exc_info()))
    head, *rest = stream.getvalue().splitlines()
    assert "failed" in head
    assert rest
    assert all(line.startswith("  ") and "\x1b" not in line for line in rest if line)


def test_a_line_says_when_in_utc(lines: Lines) -> None:
    log.info("here")
    assert lines.last()["at"].endswith("Z")
    assert {name: lines.last()[name] for name in ("level", "logger", "event")} == {
        "level": "info",
        "logger": "lianxi",
        "event": "here",
    }


def test_a_request_is_known_by_its_id_in_every_line(cast: Cast, lines: Lines) -> None:
    known = "0123456789abcdef-test"
    answer = cast.alice.app.test_client().post(
        "/api/v1/auth/login",
        json={"email": "nobody@example.com", "password": CANARY},
        headers={"X-Request-ID": known, "Cookie": f"lianxi_rt={CANARY}", "Authorization": f"Bearer {CANARY}"},
    )
    assert answer.status_code == 401
    failed = [line for line in lines.all() if "sign-in failed" in line["event"]]
    assert [line["request_id"] for line in failed] == [known]
    assert CANARY not in lines.text
    cast.alice.get("/auth/me")
    log.info("afterwards")
    assert lines.last()["user_id"] == cast.alice.id
    assert lines.last()["request_id"] != known, "each request begins anew"


def test_what_breaks_unexpectedly_is_logged_without_what_was_sent(
    cast: Cast, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_values: Any) -> None:
        raise RuntimeError("it broke")

    monkeypatch.setattr("app.listing.ListSpec.parse", broken)
    answer = cast.alice.get(f"/customers?name={CANARY}")
    assert answer.status_code == 500
    told = [line for line in lines.all() if line["event"] == "unexpected error"]
    assert len(told) == 1
    assert "RuntimeError: it broke" in told[0]["exception"]
    assert told[0]["request_id"] == answer.get_json()["request_id"]
    assert CANARY not in lines.text


def test_values_of_a_failed_statement_are_not_logged(cast: Cast, lines: Lines) -> None:
    for engine in (read_engine(), db.engines[None]):
        with engine.connect() as connection, pytest.raises(Exception) as failed:  # noqa: PT011 - each driver has its own
            connection.execute(text("SELECT nothing FROM nowhere WHERE name = :name"), {"name": CANARY})
        log.error("it failed", exc_info=failed.value)
    assert "nowhere" in lines.text
    assert CANARY not in lines.text


def test_a_job_carries_the_id_of_the_request_that_asked_for_it(app: CRM, cast: Cast, lines: Lines) -> None:
    def speak(_running: Running) -> None:
        log.info("at work")

    KINDS["speak"] = speak
    queue.huey().flush()
    try:
        asked = app.test_request_context(environ_overrides={"lianxi.request_id": "asked-by-somebody"})
        with asked, unit_of_work():
            job_id = service.enqueue(None, "speak", {}).id
        service.run(job_id)
    finally:
        del KINDS["speak"]
        queue.huey().flush()
    said = next(line for line in lines.all() if line["event"] == "at work")
    assert (said["request_id"], said["job_id"], said["job_kind"]) == ("asked-by-somebody", job_id, "speak")


def test_a_chore_is_named(app: CRM, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "CHORES", {"sweeping": (timedelta(days=1), lambda: log.info("at work"))})
    chores.do_due()
    log.info("afterwards")
    said, after = lines.all()[-2:]
    assert said["chore"] == "sweeping"
    assert "chore" not in after


def test_a_log_that_cannot_be_written_breaks_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    handler = logs.LogHandler()
    handler.setStream(Full())
    handler.setFormatter(logs.formatter("json"))
    root = logging.getLogger()
    root.addHandler(handler)
    lost = logs.LogHandler.lost
    try:
        sign_in = {"email": "nobody@example.com", "password": "not the right one"}
        answer = cast.alice.app.test_client().post("/api/v1/auth/login", json=sign_in)
        assert answer.status_code == 401
        handler.handle(logging.LogRecord("lianxi", logging.ERROR, "", 0, "%d", ("no number",), None))
        assert logs.LogHandler.lost >= lost + 2
    finally:
        root.removeHandler(handler)


@pytest.mark.parametrize("name", ["LOG_LEVEL", "LOG_FORMAT", "ACCESS_LOG"])
def test_a_wrong_value_is_refused_in_words(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}='(?i:loud)'"):
        settings_from({name: "loud"})


def test_a_served_product_logs_lines_of_json_and_no_secret(tmp_path: Path) -> None:
    with running(tmp_path, env={"ACCESS_LOG": "-", "LOG_LEVEL": "info"}) as served:
        token = served.sign_in()
        assert served.call("GET", f"/customers?name={CANARY}", token=token, X_Request_ID="served-0123456789")[0] == 200
        assert served.call("POST", "/auth/login", {"email": "zhang.san@example.com", "password": CANARY})[0] == 401
        assert served.call("GET", "/auth/me", token=CANARY, Cookie=f"lianxi_rt={CANARY}")[0] == 401
    said = (tmp_path / "server.log").read_text("utf-8")
    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    request = next(one for one in told if one.get("request_id") == "served-0123456789" and one["event"] == "request")
    assert (request["method"], request["path"], request["status"]) == ("GET", "/api/v1/customers", 200)
    assert request["milliseconds"] > 0
    assert isinstance(request["user_id"], int)
    assert any(one["logger"] == "gunicorn" for one in told), "the server's own lines look alike"
    assert any("sign-in failed" in one["event"] for one in told)
    for secret in (CANARY, token, "zhang.san@"):
        assert secret not in said
