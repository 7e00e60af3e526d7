"""The weekly digest by mail: to whom, when, in which words, once; what fails is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.auth.models import Team, User, role_of
from app.database import db
from app.job import chores
from app.mail import NotConfiguredError
from app.report.digest import week_of
from app.report.models import WeeklyDigest
from app.report.sending import Sending, due_week, send_due_digests
from app.routing import CRM
from app.transaction import unit_of_work
from config import Smtp

from ..cast import Cast
from ..deal.selling import customer, deal
from ..faults import issues
from ..postbox import Postbox, mail_server, texts_of
from .reading import day, today
from .test_digest import scene

SITE = "https://crm.example.com"
WEEK = week_of(today())
MONDAY = datetime.combine(today() - timedelta(days=today().weekday()), datetime.min.time(), UTC)
"""Eight o'clock of this week's Monday where the cast is."""


@pytest.fixture
def box(app: CRM, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    """A mail server that the product is told of."""
    with mail_server() as found:
        told = replace(
            app.config["LIANXI"],
            smtp=Smtp("localhost", found.port),
            mail_from="Lianxi CRM <crm@example.com>",
            public_url=SITE,
        )
        monkeypatch.setitem(app.config, "LIANXI", told)
        yield found


def states() -> dict[tuple[int, str], str]:
    """What the table says of every digest."""
    rows = db.session.execute(select(WeeklyDigest.user_id, WeeklyDigest.week, WeeklyDigest.state)).all()
    db.session.remove()
    return {(row.user_id, row.week): row.state for row in rows}


def test_the_own_deals_in_english(cast: Cast, box: Postbox) -> None:
    scene(cast)
    assert send_due_digests(MONDAY) == Sending(sent=2, empty=4)
    assert sorted(box.recipients) == ["alice@example.com", "carol@example.com"]
    message = box.to("alice@example.com")
    assert message["Subject"] == f"Week {WEEK}: open deals that need attention: 3"
    assert message["To"] == "Alice <alice@example.com>"
    text, html = texts_of(message)
    assert text == (
        f"Alice, week {WEEK}: open deals that need attention: 3\n\n"
        f"- 四号: no dated next step, overdue since {day(-9)}, silent for 14 days or longer, "
        f"at “初步接触” for longer than expected\n  {SITE}/deals/4\n"
        f"- 三号: overdue since {day(-2)}\n  {SITE}/deals/3\n"
        f"- 二号 (甲公司): no dated next step\n  {SITE}/deals/2\n\n"
        f"Put them in order: {SITE}/deals/hygiene?owner_id={cast.alice.id}\n\n"
        f"This mail comes once a week. You can switch it off in your settings: {SITE}/settings\n"
    )
    assert '<html lang="en">' in html
    for deal_id in (2, 3, 4):
        assert f'<a href="{SITE}/deals/{deal_id}"' in html
    assert f'href="{SITE}/deals/hygiene?owner_id={cast.alice.id}"' in html


def test_a_manager_sees_the_team_per_owner(cast: Cast, box: Postbox) -> None:
    scene(cast)
    deal(cast.bob, "七号")
    deal(cast.mallory, "八号")
    deal(cast.carol, "九号")
    cast.carol.patch("/auth/me", {"language": "zh-CN"})
    send_due_digests(MONDAY)
    message = box.to("carol@example.com")
    assert message["Subject"] == f"{WEEK} 周：1 个进行中的商机需要处理"
    text, html = texts_of(message)
    assert text == (
        f"Carol，{WEEK} 周：有 1 个进行中的商机需要处理\n\n"
        f"- 九号：没有下一步日期\n  {SITE}/deals/9\n\n"
        f"去处理: {SITE}/deals/hygiene?owner_id={cast.carol.id}\n\n"
        f"团队概况（{WEEK} 周）\n"
        "- Alice：3 个待处理 (无下一步 2，逾期 2，无动静 1，停留过久 1)\n"
        f"  {SITE}/deals/hygiene?owner_id={cast.alice.id}\n"
        f"- Bob：1 个待处理 (无下一步 1)\n  {SITE}/deals/hygiene?owner_id={cast.bob.id}\n\n"
        f"本邮件每周发送一次，可在设置中关闭: {SITE}/settings\n"
    )
    assert '<html lang="zh-CN">' in html
    assert "八号" not in text + html
    assert "Mallory" not in text + html


def test_only_who_leads_is_told_of_others(cast: Cast, box: Postbox) -> None:
    deal(cast.alice, "一号", collaborators=[{"user_id": cast.bob.id, "access": "write"}])
    assert send_due_digests(MONDAY) == Sending(sent=2, empty=4)
    assert sorted(box.recipients) == ["alice@example.com", "carol@example.com"]
    assert box.to("carol@example.com")["Subject"].startswith(f"Week {WEEK}: open deals of your team")


def test_who_is_named_as_leader_is_told_what_he_or_she_sees(cast: Cast, box: Postbox) -> None:
    deal(cast.mallory, "一号")
    with unit_of_work():
        db.session.execute(update(Team).where(Team.id == cast.south).values(manager_id=cast.root.id))
        db.session.execute(update(Team).where(Team.id == cast.north).values(manager_id=cast.bob.id))
    deal(cast.alice, "二号")
    send_due_digests(MONDAY)
    assert "Mallory: 1 to attend to" in texts_of(box.to("root@example.com"))[0]
    assert "Alice" not in texts_of(box.to("root@example.com"))[0]
    # Bob leads in name, yet his role sees his own deals alone.
    assert "bob@example.com" not in box.recipients


def test_a_customer_out_of_sight_has_no_name(cast: Cast, box: Postbox) -> None:
    hidden = customer(cast.mallory, "隐公司")
    deal(cast.root, "<b>&号", customer_id=hidden, owner_id=cast.alice.id)
    send_due_digests(MONDAY)
    text, html = texts_of(box.to("alice@example.com"))
    assert "- <b>&号: no dated next step" in text
    assert "&lt;b&gt;&amp;号" in html
    assert "<b>" not in html
    assert "隐公司" not in text + html


def test_who_may_read_no_deals_is_told_of_none(cast: Cast, box: Postbox) -> None:
    deal(cast.alice)
    with unit_of_work():
        role = role_of("sales")
        assert role is not None
        role.permissions = [one for one in role.permissions if one != "deal:read"]
    send_due_digests(MONDAY)
    assert box.recipients == ["carol@example.com"]


def test_a_long_digest_leads_to_the_page(cast: Cast, box: Postbox) -> None:
    for number in range(53):
        deal(cast.alice, f"第{number}号")
    send_due_digests(MONDAY)
    text, html = texts_of(box.to("alice@example.com"))
    assert text.count(f"{SITE}/deals/") == 51
    assert "and 3 more\n" in text
    assert "and 3 more</p>" in html


# ---- once ------------------------------------------------------------------------------------------------------------


def test_a_second_run_sends_nothing_twice(cast: Cast, box: Postbox) -> None:
    deal(cast.alice)
    assert send_due_digests(MONDAY) == Sending(sent=2, empty=4)
    # What turns up in the course of the week waits for the next one.
    deal(cast.bob)
    assert send_due_digests(MONDAY + timedelta(days=3)) == Sending()
    assert len(box.messages) == 2
    assert states()[cast.alice.id, WEEK] == "sent"
    assert states()[cast.bob.id, WEEK] == "empty"
    assert send_due_digests(MONDAY + timedelta(days=7)) == Sending(sent=3, empty=3)


def test_one_failing_address_does_not_stop_the_others(
    app: CRM, cast: Cast, box: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    for who in (cast.alice, cast.bob):
        deal(who)
    box.refused.add("alice@example.com")
    assert send_due_digests(MONDAY) == Sending(sent=2, empty=3, failed=1)
    assert sorted(box.recipients) == ["bob@example.com", "carol@example.com"]
    assert f"weekly digest of user {cast.alice.id}: the mail server refused it" in caplog.text
    assert (cast.alice.id, WEEK) not in states()
    box.refused.clear()
    assert send_due_digests(MONDAY) == Sending(sent=1)
    assert box.recipients[2:] == ["alice@example.com"]


def test_a_server_that_is_away_loses_nothing(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    deal(cast.alice)
    with mail_server() as gone:
        pass
    away = replace(app.config["LIANXI"], smtp=Smtp("localhost", gone.port), mail_from="a@b.c", public_url=SITE)
    monkeypatch.setitem(app.config, "LIANXI", away)
    assert send_due_digests(MONDAY) == Sending(failed=1)
    assert "sent" not in states().values()
    with mail_server() as back:
        monkeypatch.setitem(app.config, "LIANXI", replace(away, smtp=Smtp("localhost", back.port)))
        assert send_due_digests(MONDAY).sent == 2


def test_the_worker_sends_by_itself(cast: Cast, box: Postbox) -> None:
    deal(cast.alice)
    # Early on a Monday it is not time yet.
    expected = 2 if due_week(datetime.now(UTC), "Asia/Shanghai") else 0
    chores.do_due()
    chores.do_due()
    assert len(box.messages) == expected


def test_without_a_server_the_worker_leaves_it_alone(app: CRM, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    deal(cast.alice)
    chores.do_due()
    assert caplog.text == ""


def test_without_a_server_it_says_so(app: CRM, cast: Cast) -> None:
    deal(cast.alice)
    with pytest.raises(NotConfiguredError):
        send_due_digests(MONDAY)
    said = app.test_cli_runner().invoke(args=["digest", "--send"])
    assert said.exit_code == 1
    assert "SMTP_URL is not set: nothing is sent, and nothing is lost." in said.output
    assert states() == {}


def test_a_claim_of_another_run_is_left_alone_until_it_is_old(cast: Cast, box: Postbox) -> None:
    deal(cast.alice)
    with unit_of_work() as unit:
        db.session.add(WeeklyDigest(user_id=cast.alice.id, week=WEEK, state="claimed", at=unit.at))
    send_due_digests(MONDAY)
    assert box.recipients == ["carol@example.com"]
    with unit_of_work() as unit:
        db.session.get_one(WeeklyDigest, (cast.alice.id, WEEK)).at = unit.at - timedelta(minutes=16)
    assert send_due_digests(MONDAY) == Sending(sent=1)
    assert states()[cast.alice.id, WEEK] == "sent"


# ---- who and when ----------------------------------------------------------------------------------------------------


def test_one_can_switch_it_off(cast: Cast, box: Postbox) -> None:
    deal(cast.alice)
    assert cast.alice.get("/auth/me").get_json()["wants_digest"] is True
    answer = cast.alice.patch("/auth/me", {"wants_digest": False})
    assert (answer.status_code, answer.get_json()["wants_digest"]) == (200, False)
    send_due_digests(MONDAY)
    assert box.recipients == ["carol@example.com"]
    assert issues(cast.alice.patch("/auth/me", {"wants_digest": "no"})) == {"#/wants_digest": "wrong_type"}
    assert issues(cast.alice.patch("/auth/me", {"wants_digest": None})) == {"#/wants_digest": "required"}


def test_who_has_left_or_has_no_address_gets_none(cast: Cast, box: Postbox) -> None:
    deal(cast.alice)
    deal(cast.bob)
    assert cast.root.post(f"/users/{cast.alice.id}/deactivate", {}).status_code == 200
    with unit_of_work():
        db.session.execute(update(User).where(User.id == cast.bob.id).values(email=None, email_key=None))
    send_due_digests(MONDAY)
    assert box.recipients == ["carol@example.com"]


@pytest.mark.parametrize(
    ("moment", "zone", "week"),
    [
        ("2026-11-23T06:59:59+08:00", "Asia/Shanghai", None),
        ("2026-11-23T07:00:00+08:00", "Asia/Shanghai", "2026-W48"),
        ("2026-11-23T06:59:59+08:00", "Europe/Berlin", "2026-W47"),
        ("2026-11-29T23:59:00+08:00", "Asia/Shanghai", "2026-W48"),
        ("2026-11-30T01:00:00+08:00", "Asia/Shanghai", None),
        ("2027-01-01T12:00:00+00:00", "UTC", "2026-W53"),
        ("2026-03-30T06:30:00+02:00", "Europe/Berlin", None),
        ("2026-03-30T07:00:00+02:00", "Europe/Berlin", "2026-W14"),
    ],
)
def test_due_from_monday_seven_where_one_is(moment: str, zone: str, week: str | None) -> None:
    assert due_week(datetime.fromisoformat(moment), zone) == week


def test_each_in_the_own_zone(cast: Cast, box: Postbox) -> None:
    deal(cast.alice)
    cast.carol.patch("/auth/me", {"time_zone": "America/New_York"})
    for who in (cast.bob, cast.mallory, cast.vera, cast.root):
        who.patch("/auth/me", {"wants_digest": False})
    assert send_due_digests(MONDAY - timedelta(minutes=61)).sent == 1
    # In New York it is still Sunday of the week before.
    assert states() == {(cast.carol.id, week_of(today() - timedelta(days=7))): "sent"}
    send_due_digests(MONDAY)
    assert states()[cast.alice.id, WEEK] == "sent"


def test_the_command_tells_what_it_did(app: CRM, cast: Cast, box: Postbox) -> None:
    deal(cast.alice)
    with unit_of_work():
        # Early on a Monday in Shanghai it is Sunday in Los Angeles: some week is due at any hour.
        zone = "Asia/Shanghai" if due_week(datetime.now(UTC), "Asia/Shanghai") else "America/Los_Angeles"
        db.session.execute(update(User).values(time_zone=zone))
    box.refused.add("alice@example.com")
    said = app.test_cli_runner().invoke(args=["digest", "--send"])
    assert said.exit_code == 1
    assert "Sent 已发送 1, nothing to tell 无需发送 4, failed 失败 1" in said.output
    box.refused.clear()
    said = app.test_cli_runner().invoke(args=["digest", "--send"])
    assert (said.exit_code, said.output) == (0, "Sent 已发送 1, nothing to tell 无需发送 0, failed 失败 0\n")
    assert app.test_cli_runner().invoke(args=["digest", "--send", "--owner", "bob@example.com"]).exit_code == 2
