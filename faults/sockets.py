"""The live push: connections that break, a server that restarts, a thousand pages open at once."""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

from config import ROOT
from faults.listening import Listener, entry_of, events_since
from faults.shape import Shape, until
from faults.trial import BOTH, Trial, fault

EVENTS = 1_000
CUTS = 20
PER_SECOND = 50
P99_MS = 1_000 / min(4, os.cpu_count() or 1)
"""A quarter of a second on four processors, which load and product share here."""


class Proxy(threading.Thread):
    """Hands bytes to and fro between a free port and another one, and can cut everything."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        there = urlsplit(url)
        self._there = (there.hostname or "", there.port or 0)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._pairs: list[tuple[socket.socket, socket.socket]] = []

    def run(self) -> None:
        """Take connections until it is closed."""
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._there, timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self._pairs.append((near, far))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    @staticmethod
    def _pump(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Break every connection, without a farewell."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def close(self) -> None:
        """Take no more."""
        self._server.close()
        self.cut()


@fault("F8", "a page's connection is cut 20 times and the server restarted once while 1,000 events are made", BOTH)
def reconnects(trial: Trial) -> None:
    """After catching up by cursor it knows everything that it may see, once, in order, and nothing of others."""
    with trial.shape() as shape:
        admin = shape.sign_in()
        mine, token = shape.person(admin, "mine")
        _, other_token = shape.person(admin, "other")
        proxy = Proxy(shape.url)
        proxy.start()
        events = int(min(EVENTS, max(50, EVENTS * trial.seconds / 60)))
        others: list[int] = []
        own: list[int] = []
        over = threading.Event()

        def make() -> None:
            for number in range(events):
                target, who = (others, other_token) if number % 4 == 3 else (own, token)
                while not over.is_set():
                    with suppress(OSError, ValueError):
                        status, made = shape.call(
                            "POST", "customers", {"name": f"E {number}"}, who, Idempotency_Key=f"event-{number}"
                        )
                        if status == 201:
                            target.append(int(made["id"]))
                            break
                    time.sleep(0.2)

        with Listener(proxy.url, token) as listener:
            thread = threading.Thread(target=make)
            thread.start()
            for number in range(CUTS):
                time.sleep(trial.seconds / CUTS)
                proxy.cut()
                if number == CUTS // 2:
                    shape.end("gunicorn", signal.SIGTERM)
                    shape.start("gunicorn")
                    until(shape.is_up, 90, "the product")
            thread.join(300)
            over.set()
            pushed = len(set(listener.heard))
            time.sleep(1)
            listener.catch_up(shape, token)
            missed = listener.missed(shape, token)
            there = {entry_of(one["cursor"]): one for one in events_since(shape, token, listener.first)}
        proxy.close()
        strangers = [one for one in there.values() if one["id"] in set(others)]
        heard_of_others = listener.created & set(others)
        versions: dict[tuple[str, int], list[int]] = {}
        for one in there.values():
            versions.setdefault((one["resource"], one["id"]), []).append(one["version"])
        disordered = [key for key, found in versions.items() if found != sorted(found)]
        gone = shape.call("GET", f"events?after={listener.first.replace('-', '9-', 1)}", token=token)[0]
    trial.figures |= {
        "events for it": len(own),
        "connects": listener.connects,
        "pushed": pushed,
        "in all after catching up": len(set(listener.heard)),
        "missed": len(missed),
        "of others": len(heard_of_others),
    }
    trial.must(set(own) <= listener.created, f"{len(set(own) - listener.created)} records are unknown to it")
    trial.must(not missed, f"{len(missed)} events missed")
    trial.must(not strangers and not heard_of_others, "it was told of others' records")
    trial.must(not disordered, f"out of order: {disordered[:5]}")
    trial.must(listener.connects > CUTS / 2, f"it connected {listener.connects} times only")
    trial.must(gone == 410, f"a cursor of another life of the database is answered by {gone}")
    trial.must(mine, "nobody listened")


# ---- many ------------------------------------------------------------------------------------------------------------


@fault("sockets", "1,000 pages are open while 50 changes a second are made", ("big",))
def many_sockets(trial: Trial) -> None:
    """Every page is told of every change that its person may see, once."""
    owners = max(4, trial.sockets // 20)
    with trial.shape(WORKER_CONNECTIONS="5000") as shape:
        admin = shape.sign_in()
        people = [shape.person(admin, f"page {number}") for number in range(owners)]
        tokens = [token for _, token in people]
        starts = [shape.call("GET", "events", token=token)[1]["meta"]["watermark"] for token in tokens]
        crowd = subprocess.Popen(
            [sys.executable, "-m", "faults.crowd", shape.url, str(trial.sockets)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert crowd.stdin is not None
        assert crowd.stdout is not None
        try:
            crowd.stdin.write(json.dumps(tokens) + "\n")
            crowd.stdin.flush()
            ready = json.loads(crowd.stdout.readline())
            made, refused = _changes(shape, tokens, trial.seconds)
            time.sleep(5)
            crowd.stdin.write("end\n")
            crowd.stdin.flush()
            told = json.loads(crowd.stdout.readline())
        finally:
            crowd.kill()
            crowd.wait()
        missing = strange = expected = 0
        delays: list[float] = []
        for number, (token, start) in enumerate(zip(tokens, starts, strict=True)):
            entitled = {entry_of(one["cursor"]) for one in events_since(shape, token, start)}
            for heard in told["heard"][number::owners]:
                expected += len(entitled)
                missing += len(entitled - heard.keys())
                strange += len(heard.keys() - entitled)
                delays += heard.values()
        p99 = round(statistics.quantiles(delays, n=100)[-1] * 1_000) if len(delays) > 1 else 0
    trial.figures |= {
        "sockets": ready["connected"],
        "connected within s": round(ready["seconds"], 1),
        "changes": made,
        "changes a second": round(made / trial.seconds, 1),
        "events to be told": expected,
        "missing": missing,
        "told twice": told["doubled"],
        "p50 ms": round(statistics.median(delays) * 1_000) if delays else 0,
        "p99 ms": p99,
    }
    trial.must(ready["connected"] == trial.sockets, f"{ready['connected']} of {trial.sockets} connected")
    trial.must(not refused, f"{refused} changes were refused")
    trial.must(not told["lost"], f"{told['lost']} sockets were lost")
    trial.must(expected and not missing, f"{missing} of {expected} events missing")
    trial.must(not strange, f"{strange} events told to somebody who may not see them")
    trial.must(made >= PER_SECOND * trial.seconds * 0.9, f"only {made / trial.seconds:.0f} changes a second were made")
    trial.must(p99 <= P99_MS, f"p99 {p99} ms")


def _changes(shape: Shape, tokens: list[str], seconds: float) -> tuple[int, int]:
    """Make new customers of all people at an even pace; how many were made, how many refused."""
    counts, lock = [0, 0], threading.Lock()
    threads, began = 8, time.monotonic()

    def work(first: int) -> None:
        number = first
        while (due := began + number / PER_SECOND) < began + seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            status, _ = shape.call("POST", "customers", {"name": f"Pushed {number}"}, tokens[number % len(tokens)])
            with lock:
                counts[status != 201] += 1
            number += threads

    running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    return counts[0], counts[1]
