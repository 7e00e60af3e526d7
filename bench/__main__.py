"""`make bench`: ratios of one run against the bare baseline, written to `bench/latest.json`.

Rounds alternate between product and baseline, so that a machine whose speed drifts cannot favour one. Quote ratios:
absolute figures belong to the machine they were taken on.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from app.auth.identity import load_actor
from app.auth.tokens import access_token
from app.customer.schemas import CUSTOMERS
from app.database import read_engine
from app.routing import CRM
from bench import data, duplicates, exports, imports, reports, search
from bench.serving import ENVIRONMENT, filled, made_database, served
from config import ROOT
from tests.servers import free_port, postgres_server

LATEST = ROOT / "bench" / "latest.json"
PAGE = "sort=-created_at&per_page=20&count=none"
GOALS = {"one_customer": 0.6, "page_of_20": 0.5}
GROWTH_GOAL = 1.3


def plans(app: CRM, user_id: int) -> dict[str, Any]:
    """The statements that the list engine plans for a person, with their bound values, for the baseline."""
    with app.app_context():
        with read_engine().connect() as connection:
            actor = load_actor(connection, user_id, user_id)
        assert actor is not None
        query = CUSTOMERS.parse(PAGE, actor)
        planned = CUSTOMERS._plan(query, actor, "postgresql")
        projection, one = CUSTOMERS._single(actor.shape, "postgresql", actor.may("customer:write"), "one")
        result: dict[str, Any] = {}
        known = {**actor.binds, **query.binds, "limit": 21, "offset": 0}
        for name, prepared, shown in (("one", one, projection), ("page", planned.page, planned.projection)):
            binds = prepared.fixed | {key: known[key] for key in prepared.wanted if key in known}
            plain = {key: list(value) if isinstance(value, tuple) else value for key, value in binds.items()}
            result[name] = {"sql": prepared.text, "binds": plain, "names": shown.names}
    return result


def load(url: str, seconds: int, token: str | None, script: Path | None = None) -> tuple[float, float]:
    """Requests per second and median latency in ms, 16 connections."""
    command = ["wrk", "-t", "1", "-c", "16", "-d", f"{seconds}s", "--latency"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    if script:
        command += ["-s", str(script)]
    output = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in output:
        raise SystemExit(f"{url} answered with errors:\n{output}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    middle = re.search(r"50%\s+([\d.]+)(us|ms|s)", output)
    assert rate is not None
    assert middle is not None
    return float(rate[1]), float(middle[1]) * {"us": 0.001, "ms": 1, "s": 1000}[middle[2]]


def latency(url: str, token: str, count: int = 200) -> float:
    """Median milliseconds of one request at a time."""
    times = []
    for _ in range(count):
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        start = time.perf_counter()
        urllib.request.urlopen(request).read()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def random_ids(folder: Path, path: str, count: int) -> Path:
    """A wrk script that asks for random records."""
    script = folder / f"{path.strip('/').replace('/', '-')}.lua"
    script.write_text(f'request = function() return wrk.format("GET", "{path}" .. math.random(1, {count})) end\n')
    return script


def lists(admin_url: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Requests per second for customers against the bare baseline, and how they grow with their number."""
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        urls = {name: made_database(admin_url, name) for name in ("big", "small")}
        print(f"Filling {options.rows:,} and 1,000 customers ...", flush=True)
        big = filled(urls["big"], folder / "big", data.people, partial(data.customers, count=options.rows))
        filled(urls["small"], folder / "small", data.people, partial(data.customers, count=1_000))
        plan_files = {}
        for who, user_id in (("admin", 1), ("sales", 2)):
            plan_files[who] = folder / f"plan-{who}.json"
            plan_files[who].write_text(json.dumps(plans(big, user_id)))
        tokens = {}
        with big.app_context():
            for who, user_id in (("admin", 1), ("sales", 2)):
                tokens[who] = access_token(user_id, user_id, 86_400)
        ours = stack.enter_context(
            served(
                "app:create_app()",
                port=free_port(),
                DATABASE_URL=urls["big"],
                DATA_DIR=str(folder / "big"),
                **ENVIRONMENT,
            )
        )
        few = stack.enter_context(
            served(
                "app:create_app()",
                port=free_port(),
                DATABASE_URL=urls["small"],
                DATA_DIR=str(folder / "small"),
                **ENVIRONMENT,
            )
        )
        bare = {
            who: stack.enter_context(
                served(
                    "bench.bare:application",
                    port=free_port(),
                    BENCH_PLAN=str(plan_files[who]),
                    BENCH_DATABASE=urls["big"],
                )
            )
            for who in ("admin", "sales")
        }
        one_ours = random_ids(folder, "/api/v1/customers/", options.rows)
        one_bare = random_ids(folder, "/one/", options.rows)
        cases = {
            "one_customer": (ours, one_ours, "admin", bare["admin"], one_bare),
            "page_of_20": (f"{ours}/api/v1/customers?{PAGE}", None, "admin", f"{bare['admin']}/page", None),
            "page_of_20_sales": (f"{ours}/api/v1/customers?{PAGE}", None, "sales", f"{bare['sales']}/page", None),
        }
        print("Measuring ...", flush=True)
        for url, script, who, bare_url, bare_script in cases.values():
            load(url, 1, tokens[who], script)
            load(bare_url, 1, None, bare_script)
        for _ in range(options.rounds):
            for name, (url, script, who, bare_url, bare_script) in cases.items():
                rates.setdefault(name, []).append(load(url, options.seconds, tokens[who], script)[0])
                rates.setdefault(f"{name} (bare)", []).append(load(bare_url, options.seconds, None, bare_script)[0])
        growth = {}
        for label, query in (
            ("page", PAGE),
            ("page_capped_count", PAGE.replace("count=none", "count=capped")),
            ("filtered", PAGE + "&status=lead"),
            ("by_name", "sort=name&per_page=20&count=none"),
            ("search", PAGE + "&q=tech"),
        ):
            pair = [
                (
                    latency(f"{ours}/api/v1/customers?{query}", tokens["admin"]),
                    latency(f"{few}/api/v1/customers?{query}", tokens["admin"]),
                )
                for _ in range(3)
            ]
            growth[label] = round(statistics.median(a / b for a, b in pair), 2)
    ratios = {
        name: round(statistics.median(a / b for a, b in zip(rates[name], rates[f"{name} (bare)"], strict=True)), 3)
        for name in cases
    }
    return {
        "ratios": ratios,
        "goals": GOALS,
        "growth_1000_to_rows": growth,
        "growth_goal": GROWTH_GOAL,
        "requests_per_second": {name: [round(rate) for rate in found] for name, found in rates.items()},
        "rows": options.rows,
        "connections": 16,
        "workers": 2,
    }


def main() -> None:
    """Run the short or the long form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--deals", type=int, default=200_000)
    parser.add_argument("--searched", type=int, default=1_000_000, help="customers to search among")
    parser.add_argument("--compared", type=int, default=50_000, help="customers to search for duplicates")
    parser.add_argument("--imported", type=int, default=100_000, help="customers to import")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument(
        "--only",
        choices=("lists", "reports", "search", "duplicates", "exports", "imports"),
        help="one part; the others keep what they have",
    )
    parser.add_argument("--database", choices=("postgresql", "sqlite"), help="reports and imports on one database only")
    options = parser.parse_args()
    if options.only in (None, "lists") and shutil.which("wrk") is None:
        raise SystemExit("The benchmark needs wrk: apt-get install wrk")
    folder = Path(tempfile.mkdtemp(prefix="lianxi-bench-"))
    result: dict[str, Any] = json.loads(LATEST.read_text()) if options.only or options.database else {}
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, True)
        admin_url = stack.enter_context(postgres_server())
        if options.only in (None, "lists"):
            result |= lists(admin_url, folder, options)
        if options.only in (None, "reports"):
            for name, database, url in (("reports", "postgresql", admin_url), ("reports_sqlite", "sqlite", None)):
                if options.database in (None, database):
                    result[name] = reports.measured(url, folder / database, options.deals, options.rounds)
        if options.only in (None, "search"):
            result["search"] = search.measured(admin_url, folder / "search", options.searched, options.rounds)
        if options.only in (None, "imports"):
            for database, url in (("postgresql", admin_url), ("sqlite", None)):
                if options.database in (None, database):
                    found = imports.measured(url, folder / f"import-{database}", options.imported)
                    result.setdefault("imports", {})[database] = found
        if options.only in (None, "duplicates"):
            result["duplicates"] = duplicates.measured(admin_url, folder / "duplicates", options.compared)
        if options.only in (None, "exports"):
            result["exports"] = exports.measured(admin_url, folder / "exports", options.rows, options.rounds)
    LATEST.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    missed = [name for name, goal in GOALS.items() if result["ratios"][name] < goal]
    for part in ("reports", "reports_sqlite"):
        ratios = result.get(part, {}).get("ratios", {})
        missed += [f"{name} ({part})" for name, ratio in ratios.items() if ratio > reports.GOAL]
    for kind, found in result.get("search", {}).items():
        missed += [f"{name} on {kind}" for name, ms in found["answer_ms"].items() if ms > found["goal_ms"]]
    for kind, found in result.get("imports", {}).items():
        if found["rows_per_second"] < imports.GOALS["rows_per_second"]:
            missed.append(f"rows of an import on {kind}")
        missed += [f"{name} on {kind}" for name in ("peak_mib", "list_meanwhile") if found[name] > imports.GOALS[name]]
    for kind in ("postgresql", "sqlite"):
        if result.get("duplicates", {}).get(kind, {}).get("seconds", 0) >= duplicates.GOAL_SECONDS:
            missed.append(f"the duplicate finder on {kind}")
    exported = result.get("exports", {}).get("rows_per_second", {})
    if exported and exported["csv"] < exports.GOAL:
        missed.append("export as CSV")
    if missed:
        print(f"Short of the goal: {', '.join(missed)}")


if __name__ == "__main__":
    main()
