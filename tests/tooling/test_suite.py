"""The arithmetic of `make test`, and what `make help` shows."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripts import suite
from scripts.workspace import ROOT


def report_of(folder: Path, cases: str) -> Path:
    report = folder / "report.xml"
    report.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>", "utf-8")
    return report


def test_a_report_is_counted(tmp_path: Path) -> None:
    cases = '<testcase name="a"/><testcase name="b"><failure/></testcase><testcase name="c"><skipped/></testcase>'
    assert suite.counts(report_of(tmp_path, cases + '<testcase name="d"><error/></testcase>')) == (1, 2, 1)


@pytest.mark.parametrize(
    ("cases", "code", "expected"),
    [
        ('<testcase name="a"/>', 0, (1, 0)),
        ('<testcase name="a"/>', 1, (1, 1)),
        ('<testcase name="a"><failure/></testcase>', 1, (0, 1)),
        ("", 0, (0, 1)),
        ("<<", 0, (0, 1)),
    ],
)
def test_no_failure_is_lost(tmp_path: Path, cases: str, code: int, expected: tuple[int, int]) -> None:
    result = suite.judge(suite.Step("x", "x", has_report=True), code, report_of(tmp_path, cases), 1.0)
    assert (result.passed, result.failed) == expected
    assert suite.judge(suite.Step("x", "x", has_report=True), 0, tmp_path / "absent.xml", 1.0).failed == 1


def test_the_last_line_sums_all_runners() -> None:
    results = [suite.Result("a", 3, 0, 0, 1.0), suite.Result("b", 2, 1, 0, 1.0)]
    assert suite.closing_line(results) == "5 passed, 1 failed"
    assert suite.closing_line([*results, suite.Result("c", 0, 0, 2, 1.0)]) == "5 passed, 1 failed, 2 skipped"


def test_what_failed_is_told_again_behind_the_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reason = "Error: no answer\n\n   expected 1\n" + "more\n" * 50
    failed = f'<testcase classname="deals" name="b"><failure>{reason}</failure></testcase>'
    cases = f'<testcase classname="deals" name="a"/>{failed}'
    suite.tell_failures(report_of(tmp_path, cases), suite.Result("e2e", 1, 1, 0, 1.0))
    told = capsys.readouterr().out.strip().splitlines()
    assert told[:4] == ["=== What failed in e2e", "  deals b", "    Error: no answer", "    expected 1"]
    assert len(told) == 2 + suite.TOLD_LINES
    for result in (suite.Result("e2e", 2, 0, 0, 1.0), suite.Result("none", 0, 1, 0, 1.0)):
        suite.tell_failures(tmp_path / f"{result.name}.xml", result)
    assert capsys.readouterr().out == ""


def test_a_second_try_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = (
        '<flakyFailure message="no answer"><stackTrace>at b</stackTrace><system-err>/deals</system-err></flakyFailure>'
    )
    report = report_of(tmp_path, f'<testcase classname="deals" name="b">{first}</testcase>')
    result = suite.judge(suite.Step("e2e", "x", has_report=True), 0, report, 1.0)
    assert (result.passed, result.failed, result.remark) == (1, 0, "1 only at the second try")
    suite.tell_failures(report, result)
    told = capsys.readouterr().out.strip().splitlines()
    assert told == ["=== What failed in e2e", "  deals b", "    no answer", "    at b", "    /deals"]


def test_every_goal_of_make_explains_itself() -> None:
    goals = set(re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)[0].split())
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+) +\S", shown, re.MULTILINE)) == goals
