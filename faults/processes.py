"""Processes of the product that end: at once, in good order, one after the other."""

from __future__ import annotations

import itertools
import os
import signal
import time

from faults.load import CLIENTS, Load, Tried, failed, p95
from faults.shape import until
from faults.trial import BOTH, Trial, fault

KILLED_EVERY = 5.0
REPLACED_WITHIN = 2.0
ENDED_WITHIN = 30.0


@fault("F1", "a worker process is killed every 5 s in mid-write", BOTH)
def worker_killed(trial: Trial) -> None:
    """SIGKILL: nothing that was acknowledged is lost, the master replaces it, others go on."""
    with trial.shape() as shape:
        count, replaced, kills = len(shape.workers), list[float](), list[float]()
        with trial.load(shape) as load:
            while load.now() < trial.seconds:
                time.sleep(min(KILLED_EVERY, trial.seconds / 2))
                before = shape.workers
                os.kill(before[0], signal.SIGKILL)
                kills.append(load.now())

                def is_whole(gone: int = before[0]) -> bool:
                    now = shape.workers
                    return len(now) == count and gone not in now

                replaced.append(until(is_whole, 30, "another worker"))
        lost = len(failed(load.tried))
        trial.figures |= {
            "workers killed": len(kills),
            "requests lost": lost,
            "replaced within s": round(max(replaced), 2),
            "longest without a success s": _longest_gap(load.tried),
            "p95 ms": p95(load.tried),
        }
        trial.must(max(replaced) <= REPLACED_WITHIN, f"replaced only after {max(replaced):.1f} s")
        # Each client has one request on its way; in the embedded shape the one after it can meet the dying connection.
        trial.must(lost <= CLIENTS * len(kills), f"{lost} requests lost by {len(kills)} kills")


def _longest_gap(tried: list[Tried]) -> float:
    ends = sorted(one.began + one.seconds for one in tried if 200 <= one.status < 400)
    return round(max((b - a for a, b in itertools.pairwise(ends)), default=0.0), 2)


@fault("F1-commit", "a worker process ends after the commit, before the answer", BOTH)
def ends_after_commit(trial: Trial) -> None:
    """What was done and never told is found again by its key."""
    with trial.shape(app="faults.dying:create_app()") as shape:
        lost = set(shape.workers)
        with trial.load(shape) as load:
            while load.now() < trial.seconds:
                lost.update(shape.workers)
                time.sleep(0.1)
        trial.figures |= {"workers lost": len(lost) - len(shape.workers), "p95 ms": p95(load.tried)}
        trial.must(trial.verdict.unknown_there, "no write was done without being told: nothing was tried")


def _cut(trial: Trial, load: Load, said: str) -> None:
    """No answer may be cut: what was not told was not done, and nginx, where it stands in front, knows of none either.

    A connection that is closed before its request was read is a refusal, as a refused connect is.

    Args:
        said: by nginx meanwhile.
    """
    early = said.count("prematurely closed")
    refusals = ("refused", "ConnectionResetError", "RemoteDisconnected")
    cut = [one for one in failed(load.tried) if one.why not in refusals and one.status not in (502, 503)]
    refused = [one for one in failed(load.tried) if one not in cut]
    trial.figures |= {"answers cut": len(cut) + early, "refused connects": len(refused)}
    trial.must(not cut and not early, f"answers cut: {[(one.method, one.status, one.why) for one in cut[:5]]}, {early}")
    trial.must(not trial.verdict.unknown_there, f"{trial.verdict.unknown_there} writes were done and not told")


@fault("F1b", "the server is ended in good order under load, and started again", BOTH)
def graceful_end(trial: Trial) -> None:
    """SIGTERM: what is on its way is answered, then it is gone; started again, all is there."""
    with trial.shape() as shape:
        with trial.load(shape) as load:
            time.sleep(trial.seconds / 2)
            took = shape.end("gunicorn", signal.SIGTERM)
            time.sleep(1)
            shape.start("gunicorn")
            until(shape.is_up, 90, "the product")
            back = load.now()
            time.sleep(max(2.0, trial.seconds / 4))
        _cut(trial, load, shape.log("nginx") if shape.name == "big" else "")
        after = failed(load.between(back + 1, back + 1_000))
        trial.figures |= {"ended within s": round(took, 1), "failed after it was back": len(after)}
        trial.must(took <= ENDED_WITHIN, f"the end took {took:.1f} s")
        trial.must(not after, f"{len(after)} requests failed after it was back")


@fault("rolling", "all workers are replaced under load (SIGHUP)", BOTH)
def rolling_restart(trial: Trial) -> None:
    """HUP: new workers take over, no request fails."""
    with trial.shape() as shape:
        before = set(shape.workers)
        with trial.load(shape) as load:
            time.sleep(trial.seconds / 3)
            os.kill(shape.processes["gunicorn"].pid, signal.SIGHUP)
            asked = load.now()
            until(lambda: shape.workers and not before & set(shape.workers), 60, "new workers")
            replaced = load.now() - asked
            time.sleep(max(2.0, trial.seconds / 3))
        _cut(trial, load, shape.log("nginx") if shape.name == "big" else "")
        trial.figures |= {
            "replaced within s": round(replaced, 1),
            "longest without a success s": _longest_gap(load.tried),
            "p95 ms": p95(load.tried),
        }
        trial.must(len(shape.workers) == len(before), f"{len(shape.workers)} workers instead of {len(before)}")
