"""The servers that the product stands on go away, hang, or are held by somebody else."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from config import settings_from
from faults.listening import Listener
from faults.load import Load, Tried, failed, p95, statuses
from faults.shape import PASSWORD, Shape, until
from faults.trial import Trial, fault

HUNG_SECONDS = 10.0


# ---- Redis -----------------------------------------------------------------------------------------------------------


@fault("F2", "Redis stops and starts again", ("big",))
def redis_away(trial: Trial) -> None:
    """Redis away: nobody notices but the presence of others."""
    with trial.shape() as shape:
        assert shape.redis is not None
        _without_redis(trial, shape, shape.redis.stop, shape.redis.start)


@fault("F2b", "Redis hangs (SIGSTOP)", ("big",))
def redis_hangs(trial: Trial) -> None:
    """Redis hangs: no worse than its absence."""
    with trial.shape() as shape:
        assert shape.redis is not None
        _without_redis(trial, shape, shape.redis.pause, shape.redis.resume)


def _without_redis(trial: Trial, shape: Shape, take: Callable[[], None], give: Callable[[], None]) -> None:
    admin = shape.sign_in()
    _, ended = shape.person(admin, "ended")
    with Listener(shape.url, admin) as listener, trial.load(shape) as load:
        time.sleep(trial.seconds / 3)
        calm = load.now()
        take()
        taken = load.now()
        time.sleep(0.5)
        status, _ = shape.call("POST", "auth/logout", {}, ended)
        until(lambda: shape.call("GET", "auth/me", token=ended)[0] == 401, 5, "a revoked token")
        ready = shape.call("GET", "/health/ready")
        throttled = _wrong_sign_ins(shape)
        time.sleep(max(1.0, trial.seconds / 3 - (load.now() - taken)))
        given = load.now()
        give()
        until(lambda: shape.call("GET", "/health/ready")[1]["status"] == "ok", 30, "Redis")
        back = load.now()
        made = shape.call("POST", "customers", {"name": "After Redis"}, admin)[1]
        pushed = until(lambda: made["id"] in listener.created, 30, "a push")
        time.sleep(max(2.0, trial.seconds / 3))
        still = shape.call("GET", "auth/me", token=ended)[0]
    usual, away = p95(load.between(0, calm)), p95(load.between(taken, given))
    bad = failed(load.tried)
    allowed = 2 * usual + 100
    listener.catch_up(shape, admin)
    missed = listener.missed(shape, admin)
    trial.figures |= {
        "p95 ms before": usual,
        "p95 ms without Redis": away,
        "p95 ms after": p95(load.between(back, back + 1_000)),
        "failed": len(bad),
        "ready said": ready[1]["status"],
        "wrong sign-ins until refused": throttled,
        "push resumed after s": round(pushed, 2),
        "events missed": len(missed),
    }
    trial.must(not bad, f"failed: {statuses(bad)}")
    trial.must(away <= allowed, f"p95 {away} ms without Redis, {allowed:.0f} ms are allowed")
    trial.must(ready[0] == 200 and ready[1]["status"] == "degraded", f"/health/ready said {ready}")
    trial.must(throttled, "sign-in is not throttled without Redis")
    trial.must(status == 204 and still == 401, f"the revoked token is answered by {still} after {status}")
    trial.must(pushed <= HUNG_SECONDS, f"push resumed after {pushed:.1f} s only")
    trial.must(not missed, f"{len(missed)} events missed")


def _wrong_sign_ins(shape: Shape) -> int:
    """How many wrong passwords were taken until 429; 0 where it never came."""
    for number in range(1, 40):
        body = {"email": "nobody@example.com", "password": f"{PASSWORD} {number}"}
        if shape.call("POST", "auth/login", body)[0] == 429:
            return number
    return 0


# ---- PostgreSQL ------------------------------------------------------------------------------------------------------


def _away(trial: Trial, load: Load, spans: list[tuple[float, float]]) -> None:
    """What is answered while the database is away, and how soon afterwards."""
    bad = failed(load.tried)
    wrong = [one for one in bad if one.status != 503]
    bare = [one for one in bad if one.status == 503 and not one.retry_after]
    longest = max((one.seconds for one in load.tried), default=0.0)
    firsts = []
    for _, back in spans:
        good = [one for one in load.between(back, back + 60) if 200 <= one.status < 300]
        firsts.append(min((one.began + one.seconds for one in good), default=back + 60) - back)
    after = failed(load.between(spans[-1][1] + 5, spans[-1][1] + 1_000))
    trial.figures |= {
        "answered by 503": len(bad) - len(wrong),
        "longest request s": round(longest, 2),
        "first success after s": [round(one, 2) for one in firsts],
        "failed 5 s after": len(after),
    }
    trial.must(not wrong, f"other than 503: {statuses(wrong)}")
    trial.must(not bare, f"{len(bare)} answers of 503 without Retry-After")
    trial.must(longest <= HUNG_SECONDS, f"a request took {longest:.1f} s")
    trial.must(max(firsts) <= 5, f"first success only after {max(firsts):.1f} s")
    trial.must(not after, f"still failing 5 s after: {statuses(after)}")


@fault("F3", "PostgreSQL is restarted under load, fast and then immediately", ("big",))
def postgres_restarted(trial: Trial) -> None:
    """As `pg_ctl restart -m fast` and `-m immediate` do, by the same signals, with some seconds in between."""
    with trial.shape() as shape:
        assert shape.postgres is not None
        pids, spans = shape.workers, list[tuple[float, float]]()
        with trial.load(shape) as load:
            for number in (signal.SIGINT, signal.SIGQUIT):
                time.sleep(trial.seconds / 4)
                gone = load.now()
                shape.postgres.stop(number)
                time.sleep(2)
                shape.postgres.start()
                spans.append((gone, load.now()))
            time.sleep(max(8.0, trial.seconds / 4))
        _away(trial, load, spans)
        trial.must(shape.workers == pids, "workers were replaced")
        trial.must(shape.processes["worker"].poll() is None, "the job worker has ended")


@fault("F3b", "another session holds the customers' table (ACCESS EXCLUSIVE) for 20 s", ("big",))
def table_held(trial: Trial) -> None:
    """What needs the table is refused in time, everything else goes on."""
    held = 20.0
    with trial.shape() as shape:
        admin, answers = shape.sign_in(), list[Tried]()
        with trial.load(shape) as load:
            time.sleep(min(5.0, trial.seconds / 4))
            with psycopg.connect(shape.environment["DATABASE_URL"]) as connection:
                connection.execute("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE")
                begun = load.now()
                while load.now() - begun < held:
                    asked = load.now()
                    status, _ = shape.call("GET", "products?per_page=5", token=admin)
                    answers.append(Tried(asked, load.now() - asked, "GET", status))
                    time.sleep(0.2)
            freed = load.now()
            time.sleep(max(6.0, trial.seconds / 4))
        _away(trial, load, [(begun, freed)])
        others = [one for one in answers if one.status != 200]
        trial.figures["p95 ms of another table meanwhile"] = p95(answers)
        trial.must(not others, f"another table: {statuses(others)} of {len(answers)}")


# ---- SQLite ----------------------------------------------------------------------------------------------------------


@contextmanager
def _locked(shape: Shape, seconds: float) -> Iterator[None]:
    """Another process holds the writer's lock."""
    path = settings_from(shape.environment).database_url.removeprefix("sqlite:///")
    held, ended = threading.Event(), threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        held.set()
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()
        ended.set()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    yield
    thread.join()


@fault("F5", "another process holds SQLite's lock for 3 s and for 20 s", ("embedded",))
def sqlite_locked(trial: Trial) -> None:
    """Readers notice nothing; a short lock is waited for, a long one refused in time."""
    with trial.shape() as shape, trial.load(shape) as load:
        time.sleep(min(5.0, trial.seconds / 4))
        calm = load.now()
        spans = []
        for seconds in (3.0, 20.0):
            begun = load.now()
            with _locked(shape, seconds):
                pass
            spans.append((begun, load.now()))
            time.sleep(4)
    short, long = (load.between(*span) for span in spans)
    reads = [one for one in short + long if one.method == "GET"]
    writes = [one for one in long if one.method != "GET"]
    refused = failed(writes)
    usual = p95(one for one in load.between(0, calm) if one.method == "GET")
    locked = [one for one in load.tried if "locked" in one.fault]
    trial.figures |= {
        "p95 ms of reads before": usual,
        "p95 ms of reads meanwhile": p95(reads),
        "failed within the 3 s": len(failed(short)),
        "refused within the 20 s": len(refused),
        "longest refusal s": round(max((one.seconds for one in refused), default=0.0), 2),
    }
    trial.must(not failed(reads), f"reads: {statuses(failed(reads))}")
    trial.must(p95(reads) <= 2 * usual + 100, f"p95 of reads: {p95(reads)} ms instead of {usual} ms")
    trial.must(not failed(short), f"the short lock: {statuses(failed(short))}")
    trial.must(all(one.status == 503 and one.retry_after for one in refused), f"refused: {statuses(refused)}")
    trial.must(refused, "nothing was refused")
    trial.must(all(one.seconds <= 6 for one in refused), "a refusal took more than 6 s")
    trial.must(not locked, "the client was told of a lock")
