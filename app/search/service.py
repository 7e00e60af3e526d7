"""The search over all kinds of records: found, ranked, marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..access import Actor
from ..customer.custom_fields import searchable
from ..database import read_engine
from ..errors import Issue, invalid
from ..folding import HAN, fold, search_words, without_legal_form
from .finding import MOST, Hit, hits, near_hits
from .marking import Range, excerpt, merged, near_ranges, ranges
from .types import TYPES, SearchType

_FEW = 3
"""With fewer hits than this, typing errors are looked through."""

_EXACT, _PREFIX, _WORD, _PART, _SPELT, _NEAR = 1.0, 0.9, 0.8, 0.7, 0.6, 0.4
_ELSEWHERE = 0.05
_OWN = 0.02
_RECENT, _RECENT_DAYS = 0.02, 30


def search(actor: Actor, text: str, types: str, limit: int) -> dict[str, Any]:
    """The records that hold all words of a text, best first.

    Args:
        text: what was typed.
        types: comma list of kinds; all that the caller may read where it is empty.
        limit: how many at most.

    Raises:
        Problem: 422 for an unknown kind.
    """
    kinds = [kind for kind in _kinds(types) if actor.may(kind.permission)]
    words = search_words(text)
    found: list[Hit] = []
    is_near = False
    further: Mapping[str, frozenset[str]] = searchable() if words else {}
    if words:
        with read_engine().connect() as connection:
            for kind in kinds:
                found += hits(connection, actor, kind, words)
            if len(found) < _FEW:
                known = {(hit.kind.name, hit.record["id"]) for hit in found}
                near = [hit for kind in kinds for hit in near_hits(connection, actor, kind, words)]
                near = [hit for hit in near if (hit.kind.name, hit.record["id"]) not in known]
                # What has fewer errors was meant.
                nearest = max((hit.nearness for hit in near), default=0.0)
                found += [hit for hit in near if hit.nearness == nearest]
                is_near = bool(near)
    ranked = sorted((_result(actor, hit, words, further) for hit in found), key=lambda one: (-one["score"], -one["id"]))
    shown = _shared(ranked, limit)
    all_of, shown_of = (Counter(one["type"] for one in some) for some in (ranked, shown))
    more = [name for name, count in all_of.items() if count >= MOST or count > shown_of[name]]
    return {"data": shown, "meta": {"more": more, "is_near": is_near}}


def _kinds(types: str) -> list[SearchType]:
    names = [name.strip() for name in types.split(",")] if types.strip() else list(TYPES)
    unknown = sorted(set(names) - TYPES.keys())
    if unknown:
        raise invalid(Issue("types", "unknown_name", {"names": ", ".join(unknown)[:200]}))
    return [kind for name, kind in TYPES.items() if name in names]


def _shared(ranked: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """The best, of which no kind takes more than half of the places while others have some for them."""
    taken: Counter[str] = Counter()
    first: list[dict[str, Any]] = []
    rest: list[dict[str, Any]] = []
    for one in ranked:
        taken[one["type"]] += 1
        (first if taken[one["type"]] <= max(limit // 2, 1) else rest).append(one)
    chosen = (first + rest)[:limit]
    return sorted(chosen, key=lambda one: (-one["score"], -one["id"]))


def _texts(hit: Hit, further: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    """The texts of a hit in which a match may show, by field; what is masked is not looked at.

    Args:
        further: the keys of the custom fields that are searched, by the plural names of their records.
    """
    for name, key in hit.kind.fields.items():
        value = hit.record.get(name)
        if value and name not in hit.masked:
            yield from ((name, entry[key]) for entry in value if entry[key]) if key else ((name, value),)
    keys = further.get(hit.kind.spec.plural, frozenset())
    values = [(f"custom.{key}", text) for key, text in (hit.record.get("custom") or {}).items() if key in keys]
    yield from (one for one in values if one[0] not in hit.masked)


def _result(actor: Actor, hit: Hit, words: Sequence[str], further: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    title = next(iter(hit.kind.fields))
    matches: list[dict[str, Any]] = []
    best = dict.fromkeys(words, 0.0)
    whole = 0.0
    for field, text in _texts(hit, further):
        marks: list[Range] = []
        less = 0.0 if field == title else _ELSEWHERE
        for word in words:
            found = near_ranges(text, word) if word == hit.mistyped else ranges(text, word)
            if found:
                marks += found
                best[word] = max(best[word], _closeness(text, word, hit.mistyped) - less)
        if marks:
            whole = max(whole, _closeness(text, " ".join(words), hit.mistyped) - less)
            shown, cut = excerpt(text, merged(marks))
            matches.append({"field": field, "text": shown, "ranges": [list(one) for one in cut]})
    each = sum(best.values()) / len(best)
    score = max(whole, each if len(words) == 1 else each - _ELSEWHERE) if matches else _SPELT / 2
    score += hit.kind.weight + _favour(actor, hit)
    name = hit.record[title] or next((text for _, text in _texts(hit, further)), "")
    return {
        "type": hit.kind.name,
        "id": hit.record["id"],
        "title": excerpt(name, [])[0],
        "subtitle": hit.kind.subtitle(hit.record),
        "customer_id": hit.record["id"] if hit.kind.name == "customer" else hit.record["customer_id"],
        "score": round(score, 4),
        "matches": matches,
    }


def _closeness(text: str, asked: str, mistyped: str | None) -> float:
    """How well a text answers what was asked for."""
    folded = fold(text[:2_000])
    if asked == folded or asked == " ".join(without_legal_form(folded.split())):
        return _EXACT
    if asked in folded:
        if folded.startswith(asked):
            return _PREFIX
        return _WORD if f" {asked}" in f" {folded}" else _PART
    if asked.isascii() and asked.isdigit():
        number = "".join(character for character in folded if character.isdigit())
        if number and (number.endswith(asked) or asked.endswith(number)):
            return _EXACT if len(asked) > 6 else _WORD
        return _PART
    if mistyped is not None and mistyped in asked.split():
        return _NEAR
    if HAN.search(folded) and asked.isascii():
        return _SPELT
    return 0.0


def _favour(actor: Actor, hit: Hit) -> float:
    """What is one's own, or was changed lately, stands a little higher."""
    mine = actor.user_id in (hit.record.get("owner_id"), hit.record.get("user_id"))
    changed = hit.record["updated_at"]
    moment = changed if isinstance(changed, datetime) else datetime.fromisoformat(changed)
    days = max(0.0, (datetime.now(UTC) - moment).total_seconds() / 86_400)
    return (_OWN if mine else 0.0) + _RECENT / (1 + days / _RECENT_DAYS)
