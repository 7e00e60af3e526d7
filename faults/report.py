"""What came of the faults: kept in `faults/latest.json`, told in `docs/reliability.md`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from config import ROOT
from faults.trial import FAULTS, Fault, Trial

LATEST = ROOT / "faults" / "latest.json"
PAGE = ROOT / "docs" / "reliability.md"

_HEAD = """# What the product stands

`make faults` starts the product as it really runs, has 16 clients read and write without pause (70 % reads, 20 %
edits with `If-Match`, 10 % new records with an `Idempotency-Key`), breaks a part of it meanwhile and then compares
what the clients were told with what stands in the database (**L**): every acknowledged write is there with its
values; every other one is wholly there or wholly absent (row, journal and idempotency row agree); each POST without
an answer, sent again with its key, ends in exactly one row; the database (`PRAGMA integrity_check`, `pg_amcheck`) and
`flask journal verify` find nothing wrong. An answer of 500, an answer with a broken body, a read older than an
acknowledged write and a request that hangs are failures in every line. *big* is nginx, four gevent workers, the job
worker, PostgreSQL (with `fsync`) and Redis; *embedded* is SQLite with one process of threads and the job worker.
`make faults ONLY="F1 F3" ARGS="--seconds 10"` tries some; the page keeps what the others gave the last time. Only
what was really run stands here.

The figures were taken on one virtual machine with {cores} processors, on which load, product and databases run
together: they say how a fault compares with the calm before it, not how fast the product is. On 2026-11-29
little else ran there: checks of the code now and then. For F21 see below.
"""


@dataclass
class Result:
    """What came of one fault on one shape."""

    name: str
    shape: str
    date: str
    load_seconds: float
    took: float
    figures: dict[str, Any]
    missed: list[str]
    left_out: str
    cores: int = os.cpu_count() or 1

    @classmethod
    def of(cls, fault: Fault, trial: Trial, took: float, left_out: str) -> Self:
        """What a trial gave."""
        date = datetime.now(UTC).date().isoformat()
        figures = json.loads(json.dumps(trial.figures, default=str))
        return cls(fault.name, trial.kind, date, trial.seconds, round(took), figures, trial.missed, left_out)

    def said(self) -> str:
        """In one line of a terminal."""
        if self.left_out:
            return f"left out: {self.left_out}"
        verdict = f"SHORT: {' | '.join(self.missed)}" if self.missed else "holds"
        return f"{verdict}  ({self.took:.0f} s)  {_figures(self.figures)}"


def _figures(figures: dict[str, Any]) -> str:
    def shown(value: Any) -> str:
        if isinstance(value, dict):
            return " ".join(f"{key}: {count:,}" for key, count in value.items())
        if isinstance(value, list):
            return ", ".join(map(str, value))
        return f"{value:,}" if isinstance(value, int) else str(value)

    return "; ".join(f"{name} {shown(value)}" for name, value in figures.items())


def read() -> dict[str, dict[str, Any]]:
    """What is known, by fault and shape."""
    found: dict[str, dict[str, Any]] = json.loads(LATEST.read_text("utf-8")) if LATEST.exists() else {}
    return found


def write(result: Result) -> None:
    """Put a result among what is known, and write the page anew."""
    known = read()
    known[f"{result.name} {result.shape}"] = asdict(result)
    LATEST.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", "utf-8")
    PAGE.write_text(page(known), "utf-8")


def page(known: dict[str, dict[str, Any]]) -> str:
    """The whole page."""
    run = {key: Result(**value) for key, value in known.items()}
    cores = sorted({one.cores for one in run.values()})
    text = _HEAD.format(cores=" or ".join(map(str, cores)))
    text += "\n| fault | shape | on | load s | holds | measured |\n| --- | --- | --- | --- | --- | --- |\n"
    absent, left_out = [], []
    for fault in FAULTS.values():
        for shape in fault.shapes:
            one = run.get(f"{fault.name} {shape}")
            if one is None:
                absent.append(f"{fault.name} ({shape})")
            elif one.left_out:
                left_out.append(f"- **{fault.name}** ({shape}), {fault.title}: {one.left_out}")
            else:
                verdict = "**no:** " + "; ".join(one.missed) if one.missed else "yes"
                what = f"**{fault.name}** {fault.title}"
                cells = (what, shape, one.date, f"{one.load_seconds:g}", verdict, _figures(one.figures))
                text += "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |\n"
    text += "\n## Not in this table\n"
    text += "".join(f"{line}\n" for line in left_out)
    if absent:
        text += f"- Not run yet: {', '.join(absent)}.\n"
    text += _REST
    return text


_REST = """\
- **F4** in the big shape: a full disk under PostgreSQL's own data is PostgreSQL's to survive and was not tried.
- **F6, F7** fifty clients with one key or one version: `tests/hardening/test_faults_together.py`, in `make test`.
- **F9** receivers of webhooks that are away, hang or refuse: `tests/webhook`, in `make test`.
- **F11, F13 to F16** bodies, texts, numbers, pages, the whole API: tests, see [security.md](security.md#faults).
- **F17** clocks that step by five minutes either way and by a month while the product runs, on both databases, of
  which PostgreSQL keeps the true time: `tests/hardening/test_moved_clock.py`, in `make test`, with libfaketime. Under
  it Python's own `time.sleep` fails, for which the test puts another one in its place.
- **F19** a migration that only adds, and is ended half-way, while others read:
  `tests/operations/test_online_migrations.py`.
- **F10** on the embedded shape: who writes waits for the step that an import is at. Once somebody does, steps take
  hundredths of a second, by which p95 of all requests fell from 228 to 85 ms; twice the calm would want a step that can
  be broken off. Reading does not wait.
- **F12** counts a connection as closed when nginx has let go of it. Who sends a body or a file too slowly is answered
  by `408`, on the embedded shape as well (`tests/tooling/test_gunicorn.py`). Not closed: who stays just above
  500 bytes a second, or takes enough of an answer within each 25 s; that costs as much line as it holds. What the
  kernel still has to deliver to somebody who reads nothing is the kernel's. On the embedded shape, which has no nginx,
  who reads slowly holds a thread.
- **F21** for four hours: `make soak ARGS="--hours 4"`, not run. The run in the table lasted 52 minutes on a machine so
  busy that its load was a few requests a second; its memory grew by 6 MiB in the first half of what was measured and by
  1 MiB in the second. Twenty minutes with 30 requests a second, on the same day, ended within 14 MiB (1 %) of where the
  measuring began, still growing, while the pools opened their connections (43, then 49). Neither says that nothing
  leaks; no request failed in either. The data folder of the longer run was deleted in its course, by mistake, and made
  anew: that run is to be repeated.
- A whole machine that loses its power, a network that splits, a disk that lies about what it has written: nothing
  here tries them.
"""
