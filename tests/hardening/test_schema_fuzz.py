"""A bounded part of `make fuzz`, one role after the other: no fault, nothing undocumented, no ignored sign-in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from .fuzzing import ROLES, Plan, fuzz, staged

SECONDS = 15
"""For one role; what does not fit in is left to `make fuzz`."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Refusals by the thousand are no news."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("role", ROLES)
def test_the_api_is_as_it_says(role: str, tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        report = fuzz(stage, role, Plan(examples=1, chains=10, phases=("fuzzing",), max_seconds=SECONDS))
    assert not report.text(), report.text()
    assert sum(report.answers.values()) > 100
    assert report.answers[401] > 0
