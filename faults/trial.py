"""What a fault is: a function that breaks something, says what must hold, and measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults import ledger
from faults.ledger import Verdict
from faults.load import Load, failed, statuses
from faults.shape import APP, Shape, big, embedded

BOTH = ("big", "embedded")


class LeftOutError(Exception):
    """This machine cannot try the fault; the text says why."""


@dataclass
class Trial:
    """One fault tried on one shape.

    Attributes:
        seconds: of load.
        rows: of a big import.
        sockets: how many are connected at once.
        figures: what was measured.
        missed: the criteria that did not hold.
        verdict: of the last ledger check.
    """

    kind: str
    folder: Path
    seconds: float = 60
    rows: int = 100_000
    sockets: int = 1_000
    figures: dict[str, Any] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)

    @contextmanager
    def shape(self, app: str = APP, **env: str) -> Iterator[Shape]:
        """The product in the shape of this trial, fresh."""
        with (big if self.kind == "big" else embedded)(self.folder, app, env) as found:
            yield found

    def must(self, holds: object, criterion: str) -> None:
        """Note a criterion that does not hold; the trial goes on."""
        if not holds:
            self.missed.append(criterion)

    @contextmanager
    def load(self, shape: Shape, pause: float = 0.0) -> Iterator[Load]:
        """Load while the block lasts; then the check of all ledgers."""
        load = Load(shape, pause=pause).begin()
        try:
            yield load
        finally:
            load.end()
        self.check(load)

    def check(self, load: Load) -> None:
        """Look at what the clients were told, and whether it is so: the ledger check L."""
        self.figures["requests"] = len(load.tried)
        self.figures["statuses"] = statuses(load.tried)
        verdict = self.verdict = ledger.check(load)
        self.figures["writes acknowledged"] = verdict.acknowledged
        self.figures["writes without answer"] = f"{verdict.unknown}, of which done: {verdict.unknown_there}"
        self.must(not verdict.faults, f"L: {ledger.first(verdict.faults)}")
        self.must(not load.faults(), f"answers: {ledger.first(load.faults())}")
        wrong = [one for one in failed(load.tried) if one.status == 500]
        self.must(not wrong, f"{len(wrong)} answers of 500")
        self.must(not [one for one in load.tried if one.why == "hung"], "a request hung")


@dataclass(frozen=True)
class Fault:
    """A fault by its name, and the shapes that can have it.

    Attributes:
        seconds: of load, unless it is told otherwise.
        is_alone: it takes so long that it is tried only where it is asked for by name.
    """

    name: str
    title: str
    shapes: tuple[str, ...]
    run: Callable[[Trial], None]
    seconds: float = 60
    is_alone: bool = False


FAULTS: dict[str, Fault] = {}


def fault(
    name: str, title: str, shapes: tuple[str, ...] = BOTH, *, seconds: float = 60, is_alone: bool = False
) -> Callable[[Callable[[Trial], None]], Callable[[Trial], None]]:
    """Declare a fault.

    Args:
        name: as it is asked for.
        title: what is broken, for the table.
        shapes: that it applies to.
        seconds: of load, unless it is told otherwise.
        is_alone: it takes so long that it is tried only where it is asked for by name.
    """

    def declare(run: Callable[[Trial], None]) -> Callable[[Trial], None]:
        FAULTS[name] = Fault(name, title, shapes, run, seconds, is_alone)
        return run

    return declare
