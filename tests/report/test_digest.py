"""The weekly digest: a person's own open deals that are wanting in something, as JSON and as a printed text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.routing import CRM

from ..cast import Cast
from ..deal.selling import WON, customer, deal
from ..faults import issues
from .reading import age, day, report, today


def week() -> str:
    year, number, _ = today().isocalendar()
    return f"{year}-W{number:02d}"


def scene(cast: Cast) -> None:
    """Deals of Alice: 1 in order, 2 without step, 3 overdue, 4 wanting in everything; closed ones; one of Bob."""
    later = {"next_step_on": day(3), "expected_close_on": day(30)}
    deal(cast.alice, "一号", **later)
    deal(cast.alice, "二号", customer_id=customer(cast.alice))
    deal(cast.alice, "三号", next_step_on=day(-2), expected_close_on=day(-1))
    deal(cast.alice, "四号", expected_close_on=day(-9))
    age(4, 15, stage_entered_at=datetime.now(UTC) - timedelta(days=15))
    deal(cast.root, "五号", stage_id=WON, closed_on="2026-01-01", owner_id=cast.alice.id)
    deal(cast.bob, "六号", **later)


def test_one_sees_the_own(cast: Cast) -> None:
    scene(cast)
    assert report(cast.alice, "hygiene/digest") == {
        "owner": {"id": cast.alice.id, "name": "Alice"},
        "week": week(),
        "lines": [
            {
                "deal_id": 4,
                "deal": "四号",
                "customer": None,
                "faults": ["no_next_step", "overdue", "silent", "too_long"],
                "text": f"四号: no dated next step, overdue since {day(-9)}, silent for 14 days or longer, "
                "at “初步接触” for longer than expected",
            },
            {
                "deal_id": 3,
                "deal": "三号",
                "customer": None,
                "faults": ["overdue"],
                "text": f"三号: overdue since {day(-2)}",
            },
            {
                "deal_id": 2,
                "deal": "二号",
                "customer": "甲公司",
                "faults": ["no_next_step"],
                "text": "二号 (甲公司): no dated next step",
            },
        ],
    }
    for who in (cast.bob, cast.carol, cast.root):
        assert report(who, "hygiene/digest") == {
            "owner": {"id": who.id, "name": who.name.title()},
            "week": week(),
            "lines": [],
        }
    chinese = report(cast.alice, "hygiene/digest", headers={"Accept-Language": "zh-CN"})
    assert [line["text"] for line in chinese["lines"]][1:] == [
        f"三号：自 {day(-2)} 起逾期",
        "二号（甲公司）：没有下一步日期",
    ]


def test_it_tells_what_the_report_counts(cast: Cast) -> None:
    scene(cast)
    (row,) = report(cast.alice, "hygiene")["rows"]
    lines = report(cast.alice, "hygiene/digest")["lines"]
    assert len(lines) == row["faulty_count"]
    for fault in ("no_next_step", "overdue", "silent", "too_long"):
        assert sum(fault in line["faults"] for line in lines) == row[f"{fault}_count"]


def test_a_customer_out_of_sight_has_no_name(cast: Cast) -> None:
    hidden = customer(cast.mallory)
    deal(cast.root, customer_id=hidden, owner_id=cast.alice.id)
    (line,) = report(cast.alice, "hygiene/digest")["lines"]
    assert (line["customer"], line["text"]) == (None, "商机: no dated next step")


def test_the_command_prints_every_owner(app: CRM, cast: Cast) -> None:
    scene(cast)
    cast.alice.patch("/auth/me", {"language": "zh-CN"})
    printed = app.test_cli_runner().invoke(args=["digest"])
    assert printed.exit_code == 0, printed.output
    assert printed.output == (
        f"Alice，{week()} 周：有 3 个进行中的商机需要处理\n"
        f"- 四号：没有下一步日期，自 {day(-9)} 起逾期，14 天以上没有动静，在“初步接触”阶段停留过久\n"
        f"- 三号：自 {day(-2)} 起逾期\n"
        "- 二号（甲公司）：没有下一步日期\n\n"
        f"Bob, week {week()}: every open deal is in order.\n\n"
    )
    only = app.test_cli_runner().invoke(args=["digest", "--owner", "BOB@example.com"])
    assert only.output == f"Bob, week {week()}: every open deal is in order.\n\n"
    unknown = app.test_cli_runner().invoke(args=["digest", "--owner", "nobody@example.com"])
    assert unknown.exit_code == 1
    assert "Nobody who is active has this address." in unknown.output


def test_who_may_not(cast: Cast) -> None:
    assert cast.alice.get("/reports/hygiene/digest", headers={"Authorization": "Bearer x"}).status_code == 401
    assert issues(cast.alice.get("/reports/hygiene/digest?owner_id=1")) == {"owner_id": "unknown_parameter"}
