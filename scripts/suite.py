"""``make test``: every check and every test, one after the other; what one finds never hides what the others find.

Usage: ``python3 -m scripts.suite [--static] [STEP ...]``; without names all steps run. The last line is the sum of all
runners: ``N passed, N failed``. A check without tests of its own, such as the types, counts as one.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import environment, frontend, system
from scripts.console import line
from scripts.processes import run_shown
from scripts.workspace import Workspace, guarded

STEP_LIMIT_SECONDS = 3_000
TOLD_FAILURES = 12
TOLD_LINES = 14


@dataclass(frozen=True)
class Step:
    """One check.

    Attributes:
        name: what is typed to run it alone.
        command: program and arguments; ``{python}`` is our own Python, ``{report}`` the file for its results.
        in_frontend: runs in the folder of the pages.
        has_report: writes its results, one entry a test, as JUnit XML.
        is_static: reads the code and runs none of it.
        needs: names of what it cannot do without; a step whose need lacks is left out.
    """

    name: str
    command: str
    in_frontend: bool = False
    has_report: bool = False
    is_static: bool = False
    needs: tuple[str, ...] = ()


STEPS = (
    Step("ruff", "{python} -m ruff check .", is_static=True),
    Step("format", "{python} -m ruff format --check .", is_static=True),
    Step("mypy", "{python} -m mypy", is_static=True),
    Step("imports", "{bin}/lint-imports", is_static=True),
    Step("secrets", "{python} -m scripts.leaks", is_static=True),
    Step("eslint", "npm run --silent lint", in_frontend=True, is_static=True),
    Step("prettier", "npm run --silent format:check", in_frontend=True, is_static=True),
    Step("vue-tsc", "npm run --silent typecheck", in_frontend=True, is_static=True),
    Step("audit", "{python} -m scripts.supply audit"),
    Step("build", "npm run --silent build", in_frontend=True),
    Step("size", "npm run --silent size", in_frontend=True),
    # In one mixed order, so that it says the same twice; pytest by itself mixes anew each time. As there are no groups,
    # loadgroup hands tests out one by one, so that both processors have work to the end.
    Step(
        "pytest",
        "{python} -m pytest -n 2 --dist loadgroup --randomly-seed=3286891553 --junitxml={report}",
        has_report=True,
    ),
    Step(
        "vitest",
        "npm run --silent test:unit -- --reporter=default --reporter=junit --outputFile.junit={report}",
        in_frontend=True,
        has_report=True,
    ),
    Step(
        "e2e",
        "npm run --silent test:e2e -- --reporter=list,junit",
        in_frontend=True,
        has_report=True,
        needs=("chromium",),
    ),
    # Those that go through several services; all of them: SHAPE=services npm run test:e2e.
    Step(
        "services",
        "env SHAPE=services npm run --silent test:e2e -- --grep @services --reporter=list,junit",
        in_frontend=True,
        has_report=True,
        needs=("chromium", "postgresql", "redis", "nginx"),
    ),
)


@dataclass(frozen=True)
class Result:
    """What came of one step."""

    name: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    remark: str = ""


def counts(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of a JUnit XML file, which pytest, vitest and Playwright all write."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - our own runner wrote it
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            failed += 1
        elif "skipped" in outcomes:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


SECOND_TRY = {"flakyFailure", "flakyError"}
"""Under these names stands a failure after which a test passed at the second try."""


def failures(report: Path) -> list[str]:
    """What each failed test of a JUnit XML file says of itself, in its first lines: name, reason, what it wrote."""
    told = []
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - our own runner wrote it
        for child in case:
            if child.tag in {"failure", "error"} | SECOND_TRY:
                # pytest has its reason in the message, Playwright in the text; both may be coloured.
                written = child.find("system-err") if child.tag in SECOND_TRY else case.find("system-err")
                reason = f"{child.get('message') or ''}\n{child.text or ''}{child.findtext('stackTrace') or ''}"
                parts = (reason, "" if written is None else written.text or "")
                lines = [line for part in parts for line in _first_lines(part)]
                told.append("\n".join([f"  {case.get('classname')} {case.get('name')}", *lines]))
    return told


def _first_lines(text: str) -> list[str]:
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    return [f"    {line.strip()}"[:200] for line in lines if line.strip()][:TOLD_LINES]


def second_tries(report: Path) -> str:
    """How many tests passed only when they were tried again: faults that are still to be found."""
    cases = ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314 - our own runner wrote it
    count = sum(any(child.tag in SECOND_TRY for child in case) for case in cases)
    return f"{count} only at the second try" if count else ""


def judge(step: Step, code: int, report: Path, seconds: float) -> Result:
    """The result of a step that has run; an exit code that the report does not explain is a failure of its own."""
    if not step.has_report:
        return Result(step.name, int(code == 0), int(code != 0), 0, seconds)
    try:
        passed, failed, skipped = counts(report)
        remark = second_tries(report)
    except (OSError, ElementTree.ParseError):
        return Result(step.name, 0, 1, 0, seconds, "it ended without a report")
    if code != 0 and not failed:
        return Result(step.name, passed, 1, skipped, seconds, f"it ended with code {code}")
    if passed + failed == 0:
        return Result(step.name, 0, 1, skipped, seconds, "it ran no test")
    return Result(step.name, passed, failed, skipped, seconds, remark)


def closing_line(results: Sequence[Result]) -> str:
    """The sum of all results."""
    passed, failed, skipped = (
        sum(values) for values in zip(*((r.passed, r.failed, r.skipped) for r in results), strict=True)
    )
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def run_step(workspace: Workspace, step: Step) -> Result:
    """Run one step with its output on the terminal."""
    report = workspace.root / "artifacts" / f"{step.name}.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    python = str(workspace.python)
    words = [word.format(python=python, bin=workspace.python.parent, report=report) for word in step.command.split()]
    env = workspace.env | {"PLAYWRIGHT_JUNIT_OUTPUT_FILE": str(report), "PLAYWRIGHT_JUNIT_INCLUDE_RETRIES": "1"}
    line(f"\n=== {step.name}: {' '.join(words).replace(f'{workspace.root}/', '')}")
    began = time.monotonic()
    code = run_shown(
        words,
        cwd=workspace.frontend if step.in_frontend else workspace.root,
        env=env,
        ending=workspace.ending,
        limit=STEP_LIMIT_SECONDS,
    )
    return judge(step, code, report, time.monotonic() - began)


def prepare(workspace: Workspace, *, with_machine: bool) -> list[system.Need]:
    """Bring packages and servers; gives what still lacks."""
    if with_machine:
        system.install(workspace, system.lacking())
    with workspace.alone():
        environment.ensure_packages(workspace, environment.DEVELOPMENT)
        frontend.ensure_node_packages(workspace)
    workspace.forget_personal_settings()
    lacking = system.lacking() if with_machine else []
    if browser := system.on_path(*system.CHROMIUM_NAMES):
        workspace.env["CHROMIUM_PATH"] = browser
    return lacking


def tell_what_is_left_out(lacking: Sequence[system.Need]) -> None:
    """Name what cannot be tested on this machine, why, and the one line that changes it."""
    for need in lacking:
        line(f"Left out: {need.without}, because {need.name} is not installed and could not be.")
    if lacking:
        line(f"  sudo apt-get install {' '.join(need.package for need in lacking)}")


def tell_failures(report: Path, result: Result) -> None:
    """Repeat what failed behind the summary, where it is found in a log that was cut."""
    try:
        told = failures(report) if result.failed or result.remark else []
    except (OSError, ElementTree.ParseError):
        return
    if not told:
        return
    line(f"\n=== What failed in {result.name}")
    for text in told[:TOLD_FAILURES]:
        line(text)
    if len(told) > TOLD_FAILURES:
        line(f"  and {len(told) - TOLD_FAILURES} more")


def run_suite(workspace: Workspace, steps: Sequence[Step]) -> int:
    """Run steps, show a table and the closing line; gives the exit code."""
    on_ci = bool(workspace.env.get("CI"))
    lacking = prepare(workspace, with_machine=not all(step.is_static for step in steps))
    missing = {need.name for need in lacking}
    tell_what_is_left_out(lacking)
    results = [Result(f"machine: {name}", 0, 1, 0, 0, "not installed") for name in sorted(missing) if on_ci]
    for step in steps:
        built = all(result.failed == 0 for result in results if result.name == "build")
        if step.name in ("e2e", "services") and not built:
            results.append(Result(step.name, 0, 1, 0, 0, "not run, because the build failed"))
        elif not missing.intersection(step.needs):
            results.append(run_step(workspace, step))
    line("\n=== Summary")
    for result in results:
        verdict = "ok  " if not result.failed else "FAIL"
        tests = f"{result.passed} passed, {result.failed} failed" + (
            f", {result.skipped} skipped" * bool(result.skipped)
        )
        line(f"{verdict} {result.name:<20} {result.seconds:6.1f} s  {tests}  {result.remark}".rstrip())
    for result in results:
        tell_failures(workspace.root / "artifacts" / f"{result.name}.xml", result)
    tell_what_is_left_out(lacking)
    line(f"\n{closing_line(results)}")
    return int(any(result.failed for result in results))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m scripts.suite", description="Run all checks and tests.")
    parser.add_argument("--static", action="store_true", help="only the checks that read the code")
    parser.add_argument("names", nargs="*", metavar="STEP", help=", ".join(step.name for step in STEPS))
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - {step.name for step in STEPS}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    steps = [step for step in STEPS if not asked.names or step.name in asked.names]
    steps = [step for step in steps if step.is_static or not asked.static]
    return guarded(lambda workspace: run_suite(workspace, steps))


if __name__ == "__main__":
    sys.exit(main())
