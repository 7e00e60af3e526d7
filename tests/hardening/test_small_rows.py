"""Rows of the list of requirements that belong to no other test: the company's name, clocks, signing out, no TLS."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.database import db
from app.job import chores
from app.job.models import Chore
from app.routing import CRM
from app.transaction import now, unit_of_work

from ..auth.visitor import Visitor
from ..cast import PASSWORD, Cast
from ..faults import issues
from ..running import running


@pytest.mark.parametrize("new", ["Northwind Traders", "northwind traders 2026", "上海联系贸易发展有限责任公司"])
def test_the_company_s_name_is_no_password(app: CRM, cast: Cast, new: str) -> None:
    entity = {"name_zh": "上海联系贸易发展有限责任公司", "name_en": "Northwind Traders"}
    assert cast.root.patch("/settings/company", {"entities": [entity]}).status_code == 200
    refused = cast.alice.post("/auth/password", {"current_password": PASSWORD, "new_password": new})
    assert issues(refused) == {"#/new_password": "password_common"}


def test_signing_out_empties_the_cache_of_the_browser(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    tokens = visitor.signed_in()
    answer = visitor.call("POST", "/auth/logout", token=tokens["refresh_token"])
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    again = visitor.signed_in()
    # What ends by itself leaves everything where it is.
    expired = visitor.call("GET", "/auth/me", token=tokens["access_token"])
    assert (expired.status_code, expired.headers.get("Clear-Site-Data")) == (401, None)
    assert again["access_token"]


@pytest.mark.parametrize("step", [timedelta(minutes=5), timedelta(days=31), timedelta(days=-31), timedelta(minutes=-5)])
def test_a_chore_survives_a_clock_that_was_wrong(app: CRM, monkeypatch: pytest.MonkeyPatch, step: timedelta) -> None:
    """The clock stood wrong by a step when the chore was begun, and is right again."""
    done: list[str] = []
    monkeypatch.setattr(chores, "CHORES", {})
    chores.chore("sweep", every=timedelta(hours=1))(lambda: done.append("sweep"))
    chores.do_due()
    assert done == ["sweep"]
    with unit_of_work():
        db.session.execute(update(Chore).where(Chore.name == "sweep").values(begun_at=now() + step))
    chores.do_due()
    chores.do_due()
    expected = 1 if step == timedelta(minutes=-5) else 2
    assert len(done) == expected, "once at once, never twice"


@pytest.mark.parametrize(
    ("host", "url", "warned"),
    [
        ("0.0.0.0", "", True),  # noqa: S104 - what is tried
        ("0.0.0.0", "https://crm.example.com", False),  # noqa: S104 - as above
        ("127.0.0.1", "", False),
    ],
)
def test_no_tls_is_told_in_the_log(tmp_path: Path, host: str, url: str, warned: bool) -> None:
    with running(tmp_path, "-b", f"{host}:0", env={"PUBLIC_URL": url} if url else {}):
        pass
    assert ("Without TLS" in (tmp_path / "server.log").read_text()) is warned
