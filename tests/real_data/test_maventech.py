"""A year of a hardware seller through the product's own doors: by the example client into the reports."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import socketio

from ..conftest import FIXTURES, ON_CI
from ..examples.script import Run, finish, run, start
from ..running import Running, running

FOLDER = FIXTURES / "maventech"
MAPPED = ("--map-product", "GTXPro=GTX Pro", "--map-sector", "technolgy=technology")

pytestmark = pytest.mark.real_data


class Ears:
    """A browser's socket: remembers the deals that it is told of.

    Cut when rights change, it connects anew, as a browser does, and asks for what it missed meanwhile.
    """

    def __init__(self, served: Running) -> None:
        self.served = served
        self.deals: set[int] = set()
        self.is_ready = False
        self.resume = ""
        self.client = socketio.Client(reconnection=False)
        self.client.on("ready", self._ready)
        self.client.on("deal_created", lambda data: self.deals.add(data["id"]))

    def _ready(self, data: Any) -> None:
        if self.resume:
            self._catch_up()
        else:
            self.resume = data["watermark"]
        self.is_ready = True

    def _catch_up(self) -> None:
        token, has_more = self.served.sign_in(), True
        while has_more:
            status, answer = self.served.call("GET", f"/events?after={self.resume}", token=token)
            if status == 410:
                # A change of one's own rights ends a resume point: everything is loaded anew.
                status, answer = self.served.call("GET", "/events", token=token)
                self.deals |= set(self._all_deals(token))
            assert status == 200, answer
            self.deals |= {event["id"] for event in answer["data"] if event["resource"] == "deal"}
            self.resume, has_more = answer["meta"]["watermark"], answer["meta"]["has_more"]

    def _all_deals(self, token: str) -> Iterator[int]:
        path, cursor = "/deals?per_page=200&fields=id", ""
        while cursor is not None:
            _, page = self.served.call("GET", f"{path}&cursor={cursor}" if cursor else path, token=token)
            yield from (deal["id"] for deal in page["data"])
            cursor = page["meta"]["next_cursor"]

    def until(self, holds: Callable[[], bool], seconds: float = 30) -> None:
        """Wait for something to become true, connected all the while."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, len(self.deals)
            if not self.client.connected:
                self.is_ready = False
                self.client.connect(
                    self.served.url, auth={"token": self.served.sign_in()}, transports=["websocket"], wait_timeout=10
                )
            time.sleep(0.05)


class Loaded:
    """The product with everything in it, and how it came there."""

    def __init__(self, served: Running) -> None:
        self.served = served
        ears = Ears(served)
        try:
            ears.until(lambda: ears.is_ready)
            process = start(FOLDER, served.url, *MAPPED)
            ears.until(lambda: len(ears.deals) > 10 or process.poll() is not None, 120)
            self.heard_while_running = len(ears.deals) if process.poll() is None else 0
            self.first = finish(process, 500)
            if self.first.code == 0:
                ears.until(lambda: len(ears.deals) == 913)
            self.heard = len(ears.deals)
        finally:
            ears.client.disconnect()

    def get(self, path: str) -> Any:
        """The parsed answer of a GET."""
        status, answer = self.served.call("GET", path, token=self.served.sign_in())
        assert status == 200, answer
        return answer


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    if not FOLDER.is_dir():
        if ON_CI:
            pytest.fail(f"{FOLDER} is missing")
        pytest.skip(f"{FOLDER} is not shipped with the product")
    with running(tmp_path_factory.mktemp("maventech")) as served:
        yield Loaded(served)


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    path: Path = FOLDER / "expected_sample913.json"
    return dict(json.loads(path.read_text("utf-8")))


@pytest.fixture(scope="module")
def expected(truth: dict[str, Any]) -> dict[str, Any]:
    return dict(truth["overall"])


def test_everything_is_loaded(loaded: Loaded) -> None:
    assert loaded.first.code == 0, loaded.first
    for line in ("teams      6 changed, 9 created", "users      41 created", "products   7 created"):
        assert line in loaded.first.out
    for line in ("customers  85 created", "pipelines  1 created", "deals      913 created"):
        assert line in loaded.first.out
    branch = loaded.get("/customers?name=Bluth%20Company")["data"][0]
    assert (branch["parent"]["name"], branch["industry"]) == ("Acme Corporation", "technology")
    assert (branch["annual_revenue"], branch["employee_count"]) == ("1242320000.00", 3027)
    assert loaded.get("/deals?product_id=none")["meta"]["total"] == 0
    assert loaded.get("/deals?customer_id=none")["meta"]["total"] == 115 + 44
    assert loaded.get("/deals?opened=none")["meta"]["total"] == 63


def test_deals_were_heard_arriving(loaded: Loaded) -> None:
    assert loaded.heard_while_running > 10
    assert loaded.heard == 913


def test_the_summary_is_true(loaded: Loaded, expected: dict[str, Any]) -> None:
    summary = loaded.get("/reports/summary?currency=USD")
    figures = {
        "won_count": expected["won"],
        "lost_count": expected["lost"],
        "open_count": expected["engaging"] + expected["prospecting"],
        "won_amount": f"{expected['won_value']}.00",
        "open_amount": f"{expected['open_list_value']}.00",
        "win_rate": expected["win_rate_closed"],
        "mean_won_amount": f"{expected['avg_won_value']:.2f}",
        "mean_won_cycle_days": round(expected["avg_cycle_won_days"], 2),
        "median_won_cycle_days": expected["median_cycle_won_days"],
        "mean_closed_cycle_days": round(expected["avg_cycle_closed_days"], 2),
        "new_customers": 85,
        "currency": "USD",
        "other_amounts": [],
    }
    assert {name: summary[name] for name in figures} == figures
    assert (summary["won_count"], summary["lost_count"], summary["won_amount"]) == (446, 245, "1153360.00")
    assert (summary["win_rate"], summary["mean_won_cycle_days"]) == (0.6454, 52.91)


def test_the_summary_opens_down_to_its_deals(loaded: Loaded) -> None:
    summary = loaded.get("/reports/summary?currency=USD")
    for name in ("won_count", "lost_count", "open_count"):
        assert loaded.get(f"/deals?{summary['filters'][name]}")["meta"]["total"] == summary[name]


def test_the_pipeline_is_true(loaded: Loaded, expected: dict[str, Any]) -> None:
    pipeline = loaded.get("/pipelines?name=MavenTech")["data"][0]
    report = loaded.get(f"/reports/pipeline?pipeline_id={pipeline['id']}&currency=USD")
    rows = {row["label"]: row for row in report["rows"]}
    assert {label: row["count"] for label, row in rows.items()} == {
        "Prospecting": expected["prospecting"],
        "Engaging": expected["engaging"],
        "Won": expected["won"],
        "Lost": expected["lost"],
    }
    assert rows["Won"]["amount"] == f"{expected['won_value']}.00"
    open_amount = sum(float(rows[label]["amount"]) for label in ("Prospecting", "Engaging"))
    assert open_amount == expected["open_list_value"]
    assert report["totals"]["count"] == expected["opportunities"]


def test_every_agents_figures_are_true(loaded: Loaded) -> None:
    by_agent = json.loads((FOLDER / "expected_sample913.json").read_text("utf-8"))["by_sales_agent"]
    users = {user["name"]: user["id"] for user in loaded.get("/users?per_page=200")["data"]}
    for name, figures in by_agent.items():
        summary = loaded.get(f"/reports/summary?currency=USD&owner_id={users[name]}")
        assert (summary["won_count"], summary["lost_count"]) == (figures["won"], figures["lost"]), name
        assert summary["won_amount"] == f"{figures['won_value']}.00", name
        assert summary["open_amount"] == f"{figures['open_list_value']}.00", name
        assert summary["median_won_cycle_days"] == figures["median_cycle_won_days"], name


STAGES = {"won": "Won", "lost": "Lost", "engaging": "Engaging", "prospecting": "Prospecting"}


def same(row: dict[str, Any], figures: dict[str, Any], stages: dict[str, str]) -> None:
    """A row of the sales report says what the data set's author computed."""
    open_count = figures["engaging"] + figures["prospecting"]
    assert row["deal_count"] == figures["opportunities"]
    assert (row["won_count"], row["lost_count"], row["open_count"]) == (figures["won"], figures["lost"], open_count)
    assert row["stage_counts"] == {stages[label]: figures[name] for name, label in STAGES.items() if figures[name]}
    assert row["won_amount"] == f"{figures['won_value']}.00"
    assert row["open_amount"] == f"{figures['open_list_value']}.00"
    for name, other in (
        ("win_rate", "win_rate_closed"),
        ("won_share", "won_share_of_all"),
        ("mean_won_amount", "avg_won_value"),
        ("mean_won_cycle_days", "avg_cycle_won_days"),
        ("median_won_cycle_days", "median_cycle_won_days"),
        ("mean_closed_cycle_days", "avg_cycle_closed_days"),
    ):
        found, wanted = row[name], figures[other]
        assert (found is None) == (wanted is None), (row["label"], name)
        if found is not None:
            assert float(found) == pytest.approx(
                wanted, abs=0.0051 if "share" not in name and "rate" not in name else 5e-5
            )


GROUPED = {
    "by_sales_agent": "owner",
    "by_manager": "team",
    "by_regional_office": "top_team",
    "by_product": "product",
    "by_series": "product_series",
    "by_sector": "industry",
    "by_office_location": "country",
    "by_account": "customer",
    "by_close_quarter": "quarter",
    "by_close_month": "month",
}


@pytest.mark.parametrize("group", GROUPED)
def test_every_group_of_the_sales_report_is_true(loaded: Loaded, truth: dict[str, Any], group: str) -> None:
    pipeline = loaded.get("/pipelines?name=MavenTech")["data"][0]
    stages = {stage["name"]: str(stage["id"]) for stage in pipeline["stages"]}
    report = loaded.get(f"/reports/sales?currency=USD&group_by={GROUPED[group]}")
    rows = {label_of(group, row): row for row in report["rows"] if row["key"] is not None}
    assert len(rows) == sum(row["key"] is not None for row in report["rows"])
    wanted = {name: figures for name, figures in truth[group].items() if name}
    assert rows.keys() == wanted.keys()
    for name, figures in wanted.items():
        same(rows[name], figures, stages)
    same({**report["totals"], "label": "totals"}, truth["overall"], stages)


def test_every_quarter_of_every_region_is_true(loaded: Loaded, truth: dict[str, Any]) -> None:
    wanted = truth["by_close_quarter_and_region"]
    seen = set()
    for number, (first, last) in enumerate(QUARTERS, 1):
        for row in loaded.get(f"/reports/sales?currency=USD&group_by=region&from={first}&to={last}")["rows"]:
            # Deals that are still open stand in every period, and in no quarter of the data set's author.
            figures = wanted[f"2017-Q{number} {row['label']}"]
            seen.add((number, row["label"]))
            assert row["deal_count"] - row["open_count"] == figures["opportunities"]
            assert (row["won_count"], row["lost_count"]) == (figures["won"], figures["lost"])
            assert row["won_amount"] == f"{figures['won_value']}.00"
            assert row["win_rate"] == pytest.approx(figures["win_rate_closed"], abs=5e-5)
            for name, other in (
                ("mean_won_amount", "avg_won_value"),
                ("mean_won_cycle_days", "avg_cycle_won_days"),
                ("median_won_cycle_days", "median_cycle_won_days"),
                ("mean_closed_cycle_days", "avg_cycle_closed_days"),
            ):
                assert float(row[name]) == pytest.approx(figures[other], abs=0.0051), (number, row["label"], name)
    assert len(seen) == len(wanted)


def label_of(group: str, row: dict[str, Any]) -> str:
    """The name that the data set gives to a row: of an industry its value, else what a person reads."""
    return str(row["key" if group == "by_sector" else "label"])


def test_every_figure_of_the_sales_report_opens_its_deals(loaded: Loaded) -> None:
    for group_by in ("team", "product_series", "industry", "country", "month", "top_team"):
        for row in loaded.get(f"/reports/sales?currency=USD&group_by={group_by}")["rows"]:
            for name in ("won_count", "lost_count", "open_count"):
                listed = loaded.get(f"/deals?count=exact&per_page=1&{row['filters'][name]}")["meta"]["total"]
                assert listed == row[name], (group_by, row["label"], name)


def every_deal(loaded: Loaded) -> list[dict[str, Any]]:
    """All deals with their state, dates and amount."""
    path = "/deals?per_page=200&fields=id,state,opened_on,closed_on,amount"
    deals: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = loaded.get(f"{path}&cursor={cursor}" if cursor else path)
        deals += page["data"]
        cursor = page["meta"]["next_cursor"]
    return deals


def test_as_of_any_day_the_pipeline_holds_what_was_open(loaded: Loaded) -> None:
    deals = every_deal(loaded)
    day = date(2016, 12, 30)
    while day < date(2018, 1, 3):
        text = day.isoformat()
        standing = [
            one
            for one in deals
            if one["opened_on"] and one["opened_on"] <= text and not (one["closed_on"] and one["closed_on"] <= text)
        ]
        summary = loaded.get(f"/reports/summary?currency=USD&as_of={text}")
        assert summary["open_count"] == len(standing), text
        assert summary["open_amount"] == f"{sum(float(one['amount'] or 0) for one in standing):.2f}", text
        listed = loaded.get(f"/deals?{summary['filters']['open_count']}")["meta"]["total"]
        assert listed == len(standing), text
        day += timedelta(days=13)
    live, now = (
        loaded.get(f"/reports/pipeline?currency=USD{extra}")
        for extra in ("", f"&as_of={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    )
    assert [{**row, "filters": None, "mean_age_days": None} for row in now["rows"]] == [
        {**row, "filters": None, "mean_age_days": None} for row in live["rows"]
    ]


QUARTERS = [
    ("2017-01-01", "2017-03-31"),
    ("2017-04-01", "2017-06-30"),
    ("2017-07-01", "2017-09-30"),
    ("2017-10-01", "2017-12-31"),
]


def worth(deals: list[dict[str, Any]]) -> float:
    """The amounts of some deals."""
    return sum(float(one["amount"] or 0) for one in deals)


def test_the_waterfall_of_each_quarter_is_true(loaded: Loaded) -> None:
    dated = [one for one in every_deal(loaded) if one["opened_on"] and one["opened_on"] != one["closed_on"]]
    for first, last in QUARTERS:

        def is_open(one: dict[str, Any], day: str) -> bool:
            return bool(one["opened_on"] <= day and (one["closed_on"] is None or one["closed_on"] > day))

        before = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
        stood = [one for one in dated if is_open(one, before)]
        # What was opened and closed within the quarter stands in both bars.
        opened = [one for one in dated if before < one["opened_on"] <= last]
        gone = {
            end: [one for one in dated if one["state"] == end and before < one["closed_on"] <= last]
            for end in ("won", "lost")
        }
        report = loaded.get(f"/reports/pipeline/changes?currency=USD&from={first}&to={last}")
        bars = {row["key"]: (row["count"], float(row["amount"])) for row in report["rows"] if row["count"]}
        expected = {
            "start": (len(stood), worth(stood)),
            "opened": (len(opened), worth(opened)),
            **{end: (len(found), -worth(found)) for end, found in gone.items()},
            "end": (len(standing := [one for one in dated if is_open(one, last)]), worth(standing)),
        }
        assert bars == {kind: bar for kind, bar in expected.items() if bar[0]}, first


def test_the_funnel_and_the_losses_are_true(loaded: Loaded, expected: dict[str, Any]) -> None:
    deals = every_deal(loaded)
    pipeline = loaded.get("/pipelines?name=MavenTech")["data"][0]
    funnel = loaded.get(f"/reports/funnel?pipeline_id={pipeline['id']}&to=2017-12-31")
    rows = {row["label"]: row for row in funnel["rows"]}
    closed = [one for one in deals if one["closed_on"] and one["opened_on"] and one["opened_on"] < one["closed_on"]]
    won = [one for one in closed if one["state"] == "won"]
    assert (rows["Prospecting"]["entered"], rows["Prospecting"]["went_on"]) == (len(closed), len(won))
    assert (rows["Won"]["entered"], rows["Won"]["went_on"]) == (expected["won"], None)
    assert rows["Engaging"]["entered"] == sum(one["state"] == "open" and one["opened_on"] is not None for one in deals)
    losses = loaded.get("/reports/losses?currency=USD&group_by=stage")
    counts = {row["label"]: row["count"] for row in losses["rows"]}
    assert counts["Prospecting"] == len(closed) - len(won)
    assert losses["totals"]["count"] == expected["lost"]


def test_the_velocity_is_true(loaded: Loaded, truth: dict[str, Any]) -> None:
    report = loaded.get("/reports/velocity?group_by=owner")
    figures = {**truth["by_sales_agent"], "totals": truth["overall"]}
    for row in [*report["rows"], {**report["totals"], "label": "totals"}]:
        wanted = figures[row["label"]]
        assert row["won_cycle_count"] == wanted["won"], row["label"]
        for name, other in (
            ("mean_won_cycle_days", "avg_cycle_won_days"),
            ("median_won_cycle_days", "median_cycle_won_days"),
        ):
            assert row[name] == (None if wanted[other] is None else pytest.approx(wanted[other], abs=0.0051))


def test_a_second_run_changes_nothing(loaded: Loaded) -> None:
    before = loaded.get("/events")["meta"]["watermark"]
    second: Run = run(FOLDER, loaded.served.url, *MAPPED)
    assert (second.code, second.changesets) == (0, 0), second
    assert "deals      913 unchanged" in second.out
    assert loaded.get("/events")["meta"]["watermark"] == before


def test_the_leaderboard_is_true(loaded: Loaded, truth: dict[str, Any]) -> None:
    report = loaded.get("/reports/leaderboard?currency=USD")
    rows = [row for row in report["rows"] if row["won_count"] + row["lost_count"]]
    wanted = {name: one for name, one in truth["by_sales_agent"].items() if one["won"] + one["lost"]}
    assert {row["label"] for row in rows} == wanted.keys()
    for row in rows:
        figures = wanted[row["label"]]
        assert (row["won_count"], row["lost_count"]) == (figures["won"], figures["lost"])
        assert row["won_amount"] == f"{figures['won_value']}.00"
        assert row["win_rate"] == pytest.approx(figures["win_rate_closed"], abs=5e-5)
        assert row["rank"] == 1 + sum(one["won_value"] > figures["won_value"] for one in wanted.values())
    assert report["totals"]["won_amount"] == f"{truth['overall']['won_value']}.00"


def test_the_forecast_and_hygiene_are_true(loaded: Loaded, truth: dict[str, Any]) -> None:
    overall = truth["overall"]
    forecast = loaded.get("/reports/forecast?currency=USD")
    won = {row["key"]: (row["won_count"], row["won_amount"]) for row in forecast["rows"] if row["won_count"]}
    assert won == {
        month: (one["won"], f"{one['won_value']}.00") for month, one in truth["by_close_month"].items() if one["won"]
    }
    # No open deal of the data set says when it is expected to close, or what comes next.
    (undated,) = (row for row in forecast["rows"] if row["key"] is None)
    assert undated["open_count"] == overall["engaging"] + overall["prospecting"]
    hygiene = loaded.get("/reports/hygiene?currency=USD")
    for name in ("open", "no_next_step", "faulty"):
        assert hygiene["totals"][f"{name}_count"] == undated["open_count"]
        assert hygiene["totals"][f"{name}_amount"] == f"{overall['open_list_value']}.00"
    for row in hygiene["rows"]:
        for name in ("no_next_step_count", "overdue_count", "silent_count", "too_long_count"):
            assert loaded.get(f"/deals?per_page=1&{row['filters'][name]}")["meta"]["total"] == row[name]
