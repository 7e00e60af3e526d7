"""Load: clients that read and write without pause, and each of them keeps a ledger of what it was told."""

from __future__ import annotations

import http.client
import json
import random
import statistics
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from faults.shape import Shape

CLIENTS = 16
PEOPLE = 4
OWN = 4
"""So many customers each client has at the beginning: it alone edits them."""
HUNG_SECONDS = 40
UNKNOWN = 0
"""The status of a request whose answer did not come, or not whole."""


@dataclass
class Write:
    """A line of a ledger: one write, and what was answered.

    Attributes:
        key: the idempotency key of a POST, by which it may be sent again.
        mark: a text that no other write has: a new customer's e-mail address, an edited one's title.
        record_id: of the edited customer, or of the one that the answer told of.
        etag: told with the answer.
    """

    client: int
    method: str
    key: str
    mark: str
    body: dict[str, Any]
    status: int = UNKNOWN
    record_id: int = 0
    version: int = 0
    etag: str = ""

    @property
    def is_acknowledged(self) -> bool:
        """Whether the client was told that it is done."""
        return 200 <= self.status < 300

    @property
    def is_refused(self) -> bool:
        """Whether the client was told that nothing was done."""
        return 400 <= self.status < 500


@dataclass(frozen=True)
class Tried:
    """One request: when it began and how long it took, in seconds since the load began.

    Attributes:
        fault: what is wrong with the answer, whatever its status: a broken body, a 5xx that is no problem document.
    """

    began: float
    seconds: float
    method: str
    status: int
    why: str = ""
    fault: str = ""
    retry_after: str = ""


class Client(threading.Thread):
    """One client with a connection of its own: 70 % reads, 20 % edits with If-Match, 10 % new records with a key."""

    def __init__(self, load: Load, number: int, person_id: int, token: str) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.load, self.number, self.person_id = load, number, person_id
        self.tried: list[Tried] = []
        self.ledger: list[Write] = []
        self._chance = random.Random(number)
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        self._connection: http.client.HTTPConnection | None = None
        self._own: dict[int, Write] = {}
        """What was acknowledged last of each of its customers."""
        self._unsure: set[int] = set()
        """Customers whose last edit was not answered."""

    def run(self) -> None:
        """Ask until the load ends."""
        while not self.load.is_over:
            if len(self._own) < OWN:
                self._create()
            else:
                chance = self._chance.random()
                if chance < 0.7:
                    self._read()
                elif chance < 0.9:
                    self._edit()
                else:
                    self._create()
            if self.load.pause:
                time.sleep(self.load.pause * self._chance.uniform(0.5, 1.5))
        if self._connection is not None:
            self._connection.close()

    def _read(self) -> None:
        if self._chance.random() < 0.5:
            self._ask("GET", "/api/v1/customers?sort=-created_at&per_page=20&count=none")
            return
        known = self._own[self._chance.choice(list(self._own))]
        _, body, _ = self._ask("GET", f"/api/v1/customers/{known.record_id}")
        if body and (body["version"] < known.version or (body["version"] == known.version and self._differs(body))):
            self._complain(f"customer {known.record_id}: version {body['version']} after {known.version}")

    def _differs(self, body: dict[str, Any]) -> bool:
        known = self._own[body["id"]]
        return any(body[name] != value for name, value in known.body.items())

    def _edit(self) -> None:
        record_id = self._chance.choice(list(self._own))
        if record_id in self._unsure:
            _, body, etag = self._ask("GET", f"/api/v1/customers/{record_id}")
            if body:
                self._own[record_id] = Write(self.number, "GET", "", "", {}, 200, record_id, body["version"], etag)
                self._unsure.discard(record_id)
            return
        known = self._own[record_id]
        mark = uuid.uuid4().hex
        write = Write(self.number, "PATCH", "", mark, {"title": mark}, record_id=record_id)
        self.ledger.append(write)
        status, body, etag = self._ask("PATCH", f"/api/v1/customers/{record_id}", write.body, {"If-Match": known.etag})
        self._note(write, status, body, etag)
        if write.is_acknowledged:
            self._own[record_id] = write
        else:
            self._unsure.add(record_id)

    def _create(self) -> None:
        key = uuid.uuid4().hex
        mark = f"{key}@load.example"
        write = Write(self.number, "POST", key, mark, {"name": f"Load {key}", "email": mark})
        self.ledger.append(write)
        status, body, etag = self._ask("POST", "/api/v1/customers", write.body, {"Idempotency-Key": key})
        self._note(write, status, body, etag)
        if write.is_acknowledged and len(self._own) < OWN:
            self._own[write.record_id] = write

    @staticmethod
    def _note(write: Write, status: int, body: Any, etag: str) -> None:
        write.status = status
        if write.is_acknowledged:
            write.record_id, write.version, write.etag = body["id"], body["version"], etag

    def send_again(self, write: Write) -> Any:
        """Send a POST once more with its key; the record, None where it is not done even now."""
        for _ in range(5):
            status, body, etag = self._ask("POST", "/api/v1/customers", write.body, {"Idempotency-Key": write.key})
            if status == 201:
                self._note(write, status, body, etag)
                return body
            time.sleep(0.5)
        return None

    def _complain(self, fault: str) -> None:
        self.tried.append(Tried(self.load.now(), 0, "READ", UNKNOWN, fault=fault))

    def _ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, str]:
        """Status, parsed body of a success and ETag; what went wrong stands in `tried`."""
        began, status, why, fault, retry_after, etag, parsed = self.load.now(), UNKNOWN, "", "", "", "", None
        content = None if body is None else json.dumps(body).encode()
        sent = {**self._headers, **(headers or {}), **({} if body is None else {"Content-Type": "application/json"})}
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.load.host, self.load.port, timeout=HUNG_SECONDS)
                try:
                    self._connection.connect()
                except ConnectionError:
                    why = "refused"
                    raise
            self._connection.request(method, path, content, sent)
            answer = self._connection.getresponse()
            raw = answer.read()
            status, kind = answer.status, answer.headers.get_content_type()
            retry_after, etag = answer.headers.get("Retry-After", ""), answer.headers.get("ETag", "")
            if answer.headers.get("Connection", "").lower() == "close":
                self._drop()
            parsed, fault = _read_body(status, kind, raw)
        except TimeoutError:
            status, why = UNKNOWN, "hung"
            self._drop()
        except (OSError, http.client.HTTPException) as error:
            status, why = UNKNOWN, why or type(error).__name__
            self._drop()
        self.tried.append(Tried(began, self.load.now() - began, method, status, why, fault, retry_after))
        if status == UNKNOWN or status >= 500:
            time.sleep(0.05)
        return status, parsed if 200 <= status < 300 else None, etag

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _read_body(status: int, kind: str, raw: bytes) -> tuple[Any, str]:
    try:
        parsed = json.loads(raw)
    except ValueError:
        return None, f"{status} with a body that is no JSON: {raw[:80]!r}"
    if status >= 400 and kind != "application/problem+json":
        return parsed, f"{status} that is no problem document: {kind}"
    return parsed, ""


@dataclass
class Load:
    """All clients together.

    Attributes:
        pause: seconds between an answer and the next request of a client; 0 for as fast as it goes.
    """

    shape: Shape
    clients: list[Client] = field(default_factory=list)
    pause: float = 0.0
    is_over: bool = False
    host: str = ""
    port: int = 0
    _zero: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Seconds since the load began."""
        return time.monotonic() - self._zero

    def begin(self, count: int = CLIENTS) -> Load:
        """Sign the people in and have all clients begin."""
        url = urlsplit(self.shape.url)
        self.host, self.port = url.hostname or "", url.port or 0
        admin = self.shape.sign_in()
        people = [self.shape.person(admin, f"seller {number}") for number in range(PEOPLE)]
        self.clients = [Client(self, number, *people[number % PEOPLE]) for number in range(count)]
        self._zero = time.monotonic()
        for client in self.clients:
            client.start()
        return self

    def end(self) -> None:
        """Let every client finish its request."""
        self.is_over = True
        for client in self.clients:
            client.join(HUNG_SECONDS + 10)

    @property
    def ledger(self) -> list[Write]:
        """Every write of every client."""
        return [write for client in self.clients for write in client.ledger]

    @property
    def tried(self) -> list[Tried]:
        """Every request of every client, in the order of their beginnings."""
        return sorted((one for client in self.clients for one in client.tried), key=lambda one: one.began)

    def between(self, begin: float, end: float) -> list[Tried]:
        """The requests that began in a span."""
        return [one for one in self.tried if begin <= one.began < end and one.method != "READ"]

    def faults(self) -> list[str]:
        """What was wrong with answers, whatever their status."""
        return [one.fault for one in self.tried if one.fault]


def p95(tried: Iterable[Tried]) -> float:
    """Milliseconds within which 95 of 100 were answered; 0 where nothing was asked."""
    seconds = [one.seconds for one in tried]
    return round(statistics.quantiles(seconds, n=20)[-1] * 1_000, 1) if len(seconds) > 1 else 0.0


def statuses(tried: Iterable[Tried]) -> dict[str, int]:
    """How often each status came, with the reason where none did."""
    found = Counter(str(one.status) if one.status else one.why for one in tried)
    return dict(sorted(found.items()))


def failed(tried: Iterable[Tried], *, but: Callable[[Tried], bool] = lambda _: False) -> list[Tried]:
    """The requests without an answer, and those answered by 5xx."""
    return [one for one in tried if (one.status == UNKNOWN or one.status >= 500) and not but(one)]
