"""`/metrics` for Prometheus: what the processes of this server counted, and what the database says at this moment.

Several workers serve one address: each counts in a file of its own (in `PROMETHEUS_MULTIPROC_DIR`, which
`gunicorn.conf.py` sets), and whichever is asked adds all of them up.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine, event

from .database import db, read_engine
from .errors import Problem
from .timing import SLOW

ROUTE = "lianxi.route"
"""Where the application leaves the rule of a request in the WSGI environment: paths hold ids, rules do not."""

OWN = CollectorRegistry()
"""What each process counts for itself."""

REQUESTS = Counter("lianxi_http_requests", "Requests by their outcome.", ["method", "route", "status"], registry=OWN)
SECONDS = Histogram(
    "lianxi_http_request_seconds",
    "Seconds until the answer began.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=OWN,
)
SOCKETS = Gauge("lianxi_sockets", "Open live connections.", multiprocess_mode="livesum", registry=OWN)
IN_USE = Gauge(
    "lianxi_pool_connections_in_use",
    "Database connections that somebody works with.",
    ["engine"],
    multiprocess_mode="livesum",
    registry=OWN,
)
AT_MOST = Gauge(
    "lianxi_pool_connections_max",
    "Database connections that the pools may open.",
    ["engine"],
    multiprocess_mode="livesum",
    registry=OWN,
)
SLOW_STATEMENTS = Counter("lianxi_slow_statements", "Statements over the threshold.", registry=OWN)

MOMENT: list[Callable[[Connection], Iterable[Metric]]] = []
"""What is asked of the database when somebody asks for metrics; each domain puts in what is its own."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observed(environ: dict[str, Any], status: int, seconds: float) -> None:
    """Count a request that is being answered; a socket is no request, it lasts as long as its browser."""
    if environ.get("HTTP_UPGRADE"):
        return
    method, route = environ.get("REQUEST_METHOD", ""), environ.get(ROUTE, "none")
    # What a stranger makes up must not make a series of its own.
    method = method if method in _METHODS else "other"
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route).observe(seconds)


def _watch_pool(name: str, engine: Engine) -> None:
    in_use, pool = IN_USE.labels(name), engine.pool
    event.listen(engine, "checkout", lambda *_: in_use.inc())
    event.listen(engine, "checkin", lambda *_: in_use.dec())
    size = getattr(pool, "size", lambda: 1)()
    AT_MOST.labels(name).set(size + max(0, getattr(pool, "_max_overflow", 0)))


class _Now(Collector):
    def collect(self) -> Iterable[Metric]:
        with read_engine().connect() as connection:
            for ask in MOMENT:
                yield from ask(connection)


def written() -> bytes:
    """All metrics in Prometheus' format; where the database is away, what the processes counted."""
    counted = OWN
    if folder := current_app.config["LIANXI"].metrics_dir:
        counted = CollectorRegistry()
        MultiProcessCollector(counted, path=folder)  # type: ignore[no-untyped-call]
    try:
        moment = CollectorRegistry(auto_describe=False)
        moment.register(_Now())
        now = generate_latest(moment)
    except Exception as error:
        current_app.logger.warning("the database says nothing for metrics: %s", type(error).__name__)
        now = b""
    return generate_latest(counted) + now


def _is_near() -> bool:
    """Whether the caller sits on this machine: behind a proxy on it everybody would seem to."""
    forwarded = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via")
    return request.remote_addr in ("127.0.0.1", "::1") and not any(name in request.headers for name in forwarded)


def _refuse() -> None:
    """Let in who sits on this machine, or shows the token.

    Raises:
        Problem: 401 for a wrong token, 403 without any.
    """
    if _is_near():
        return
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    token = current_app.config["LIANXI"].metrics_token
    if kind.lower() != "bearer":
        raise Problem(403, "forbidden")
    if not token or not hmac.compare_digest(shown.strip().encode(), token.encode()):
        raise Problem(401, "unauthorized", headers={"WWW-Authenticate": 'Bearer realm="metrics"'})


def register(app: Flask) -> None:
    """Add the address and watch the pools."""
    with app.app_context():
        for key, engine in db.engines.items():
            _watch_pool(key or "write", engine)

    @app.get("/metrics")
    def metrics() -> Response:
        _refuse()
        answer = Response(written(), content_type=CONTENT_TYPE_LATEST)
        answer.headers["Cache-Control"] = "no-store"
        return answer


SLOW.append(lambda _statement, _seconds: SLOW_STATEMENTS.inc())
