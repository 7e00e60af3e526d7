"""How many rows an import takes at once: others who write never wait long for a step."""

from __future__ import annotations

from collections.abc import Iterator

from app.importing import run
from app.importing.taking import Row


def test_slow_rows_are_taken_by_few_and_quick_ones_by_many() -> None:
    pace = run._Pace()
    rows: Iterator[tuple[int, Row]] = ((number, [str(number)]) for number in range(5_000))
    sizes = []
    for part, each in zip(pace.parts(rows), [0.01] * 3 + [0.0001] * 9, strict=False):
        sizes.append(len(part))
        pace.note(len(part), len(part) * each, is_awaited=False)
    assert sizes[:4] == [run.FIRST, 50, 50, 50]
    assert sizes[4:9] == [100, 200, 400, 800, run.STEP]
    assert max(sizes) == run.STEP
    pace.note(run.STEP, 3_600, is_awaited=False)
    assert pace.rows == run.LEAST


def test_steps_are_brief_while_others_wait() -> None:
    pace, each = run._Pace(), 0.0003
    for _ in range(5):
        pace.note(pace.rows, pace.rows * each, is_awaited=False)
    assert pace.rows == run.STEP
    pace.note(pace.rows, pace.rows * each, is_awaited=True)
    assert 0.8 * run.BRIEFLY < pace.rows * each <= run.BRIEFLY
    lasted = []
    while pace.rows < run.STEP:
        lasted.append(pace.rows * each)
        pace.note(pace.rows, pace.rows * each, is_awaited=False)
    assert sum(lasted) > 0.8, "one who waits is seldom alone"
