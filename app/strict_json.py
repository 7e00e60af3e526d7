"""JSON, strictly: what a hostile or careless client sends is refused before anything looks at it."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import Issue, Problem, invalid

_DEPTH = 32
_NODES = 10_000
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class _Duplicate(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Duplicate
    # Values are looked at by their fields; keys stand in pointers, which must be encodable.
    if any(_SURROGATE.search(key) for key in found):
        raise invalid(Issue("#", "control_characters"))
    return found


def _whole(text: str) -> int:
    if len(text) > 21:
        raise invalid(Issue("#", "number"))
    return int(text)


def _not_finite(_text: str) -> Any:
    raise invalid(Issue("#", "not_finite"))


def _fraction(text: str) -> Decimal:
    try:
        if len(text) <= 60:
            return Decimal(text)
    except InvalidOperation:
        pass  # an exponent beyond all measure
    raise invalid(Issue("#", "number"))


def _measure(value: Any) -> None:
    nodes, level = 0, [value]
    for _depth in range(_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        nodes += len(below)
        if nodes > _NODES:
            raise invalid(Issue("#", "too_many", {"max": _NODES}))
        if not below:
            return
        level = below
    raise invalid(Issue("#", "too_deep", {"max": _DEPTH}))


def parse_json(raw: bytes) -> Any:
    """A JSON text, strictly: UTF-8, no duplicate keys, finite numbers, decimals exact, bounded depth and size.

    Raises:
        Problem: 400 not JSON or duplicate keys; 422 too deep, too many nodes, numbers too long or not finite.
    """
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=_object, parse_constant=_not_finite, parse_int=_whole, parse_float=_fraction
        )
    except _Duplicate as error:
        raise Problem(400, "duplicate-key") from error
    except RecursionError as error:
        raise invalid(Issue("#", "too_deep", {"max": _DEPTH})) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise Problem(400, "not-json") from error
    _measure(value)
    return value


def json_text(value: Any) -> str:
    """A value as a JSON text that `parse_json` reads as the same value again, to the last decimal place."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{json_text(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return json.dumps(value)


def storable(value: Any) -> Any:
    """A value for a JSON column: decimals become floats, or texts where a float is not the same number."""

    def fraction(text: str) -> float | str:
        return found if Decimal(str(found := float(text))) == Decimal(text) else text

    return json.loads(json_text(value), parse_float=fraction)
