"""The live push: connections that break, and a server that restarts."""

from __future__ import annotations

import signal
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

from faults.listening import Listener, entry_of, events_since
from faults.shape import until
from faults.trial import BOTH, Trial, fault

EVENTS = 1_000
CUTS = 20


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
