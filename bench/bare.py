"""The baseline: hand-written WSGI, psycopg pool, orjson; the SQL that the product's list engine plans, nothing else.

It neither signs anybody in nor checks a right nor makes an ETag: it is the limit that the product is held against.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
from psycopg_pool import ConnectionPool

_PLAN = json.loads(Path(os.environ["BENCH_PLAN"]).read_text("utf-8"))
_pool = ConnectionPool(
    os.environ["BENCH_DATABASE"],
    min_size=4,
    max_size=20,
    kwargs={"autocommit": True, "options": "-c timezone=UTC -c default_transaction_read_only=on"},
)


def _rows(name: str, **values: Any) -> list[dict[str, Any]]:
    plan = _PLAN[name]
    with _pool.connection() as connection:
        cursor = connection.execute(plan["sql"], {**plan["binds"], **values})
        return [dict(zip(plan["names"], row[1:], strict=False)) for row in cursor.fetchall()]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """`/one/<id>` and `/page`."""
    path: str = environ["PATH_INFO"]
    if path.startswith("/one/"):
        body = orjson.dumps(_rows("one", record_id=int(path[5:]))[0], option=orjson.OPT_UTC_Z)
    else:
        body = orjson.dumps({"data": _rows("page"), "meta": {}}, option=orjson.OPT_UTC_Z)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
