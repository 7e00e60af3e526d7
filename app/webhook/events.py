"""What webhooks can be told of: the words of the live push with a dot, by the kind of record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEST = "webhook.test"
"""The type of a message that a person sends to see whether it arrives; nobody subscribes to it."""

_ANY = ("created", "updated", "deleted", "restored")

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "customer": (
        *_ANY,
        "claimed",
        "released",
        "transferred",
        "merged",
        "qualified",
        "disqualified",
        "requalified",
        "erased",
    ),
    "person": (*_ANY, "merged", "erased"),
    "contact": (*_ANY, "erased"),
    "deal": (*_ANY, "moved", "won", "lost", "reopened", "transferred", "erased"),
    "task": (*_ANY, "completed", "reopened", "transferred", "erased"),
    "quote": (*_ANY, "erased"),
    "attachment": (*_ANY, "erased"),
    "product": _ANY,
    "tag": _ANY,
    "pipeline": _ANY,
    "target": _ANY,
    "user": _ANY,
    "team": _ANY,
}
"""What happens to records of each kind, as the journal names it."""

TYPES = tuple(f"{resource}.{action}" for resource, actions in ACTIONS.items() for action in actions)


def by_resource() -> list[dict[str, Any]]:
    """All types, by the kind of record."""
    return [
        {"resource": resource, "types": [f"{resource}.{action}" for action in actions]}
        for resource, actions in ACTIONS.items()
    ]
