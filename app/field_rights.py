"""Who sees what of a field: one rule decides whether a reader has it plain, masked or not at all, and may write it.

A field is declared once as `Guarded`; a role narrows it to one of three states, and the pool masks it on its rows. A
`FieldView` is what comes of both for readers of one shape. Lists, records, filters, search, files, reports, the journal
and the live push all ask it and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement

CUSTOM = "custom"
"""The document that holds the custom fields of a record; a rule names one of them as `custom.KEY`."""

FieldRules = Mapping[str, Mapping[str, str]]
"""The state of each narrowed field by the singular name of its resource: `{"customer": {"phone": "masked"}}`."""

Mask = Callable[[Any], Any]


class FieldState(StrEnum):
    """What a role may do with a field less than with others; each takes away more than the one before."""

    READ_ONLY = "read_only"
    MASKED = "masked"
    HIDDEN = "hidden"

    @property
    def reach(self) -> int:
        """How much it takes away, to be compared; nothing is 0."""
        return list(FieldState).index(self) + 1


def mask_text(text: Any) -> Any:
    """Stars for any text, which tell not even how long it is."""
    return "***" if text else text


def mask_texts(document: Any) -> Any:
    """The texts of an object, or of a list, in stars."""
    if isinstance(document, dict):
        return {key: mask_text(value) for key, value in document.items()}
    return [mask_text(value) for value in document] if document else document


@dataclass(frozen=True)
class Guarded:
    """A field that a role can be kept from.

    Attributes:
        mask: how a value is shown to who has it masked; None where half a value would say nothing, as of numbers: such
            a field can be hidden or read-only.
        also: what else tells the same, with its mask: other fields, filters, sort keys, groups of reports.
        is_pooled: whether it is masked on the rows of the pool.
    """

    mask: Mask | None = None
    also: Mapping[str, Mask | None] = field(default_factory=dict)
    is_pooled: bool = False

    @property
    def states(self) -> tuple[FieldState, ...]:
        """What a role can make of it."""
        return tuple(one for one in FieldState if one is not FieldState.MASKED or self.mask is not None)


def words_of(rules: FieldRules) -> frozenset[str]:
    """Rules as rights, by which statements are planned."""
    return frozenset(f"{resource}.{name}={state}" for resource, names in rules.items() for name, state in names.items())


def without_rules(rights: frozenset[str]) -> frozenset[str]:
    """Rights as if the role narrowed no field."""
    return frozenset(right for right in rights if "=" not in right)


def are_within(rules: FieldRules, own: FieldRules) -> bool:
    """Whether rules take away all that others take away: nobody gives what he or she has not."""
    return all(
        _reach(rules.get(resource, {}).get(name)) >= _reach(state)
        for resource, names in own.items()
        for name, state in names.items()
    )


def is_plain(name: str, rights: Iterable[str]) -> bool:
    """Whether a field, named as `deal.amount`, is neither masked nor hidden from readers with these rights."""
    held = rights if isinstance(rights, frozenset) else frozenset(rights)
    return not {f"{name}={FieldState.MASKED}", f"{name}={FieldState.HIDDEN}"} & held


def _reach(state: str | None) -> int:
    return 0 if state is None else FieldState(state).reach


class FieldView:
    """What readers of one shape see and may write of one kind of record.

    Args:
        resource: its singular name.
        guarded: the fields that roles can be kept from.
        right_fields: field -> permission without which nobody has it.
        borrowed: filters and groups that read a field of another kind of record, as `customer.industry`.
        pooled: the rows on which the pool masks; None where it masks nothing for these readers.
        rights: of the readers.

    Attributes:
        hidden: fields that are not there.
        unasked: what there is nothing of to be filtered, sorted, searched or grouped by: it is unknown.
        by_right: fields that a permission hides; asked about, they match nothing.
        closed: fields that cannot be written.
        masks: how fields are shown that are masked on every row.
        pool_masks: the same of those that are masked on the rows of the pool alone.
    """

    def __init__(
        self,
        resource: str,
        guarded: Mapping[str, Guarded],
        right_fields: Mapping[str, str],
        borrowed: Mapping[str, str],
        pooled: ColumnElement[bool] | None,
        rights: frozenset[str],
    ) -> None:
        self.by_right = frozenset(name for name, right in right_fields.items() if right not in rights)
        states = dict(_ruled(resource, rights))
        hidden, unasked, closed = set(self.by_right), set[str](), set[str]()
        self.masks: dict[str, Mask] = {}
        self.pool_masks: dict[str, Mask] = {}
        self.custom_hidden = frozenset(_custom_keys(states, FieldState.HIDDEN))
        self.custom_masked = frozenset(_custom_keys(states, FieldState.MASKED))
        for name, state in states.items():
            one = guarded.get(name) or Guarded(mask_text)
            if name not in guarded and not name.startswith(f"{CUSTOM}."):
                continue
            names = {name, *one.also}
            closed |= names
            if state is FieldState.READ_ONLY:
                continue
            unasked |= names
            if state is FieldState.HIDDEN:
                hidden |= names
            else:
                self.masks |= _masks_of(name, one)
        for name, one in guarded.items():
            if pooled is not None and one.is_pooled and name not in unasked:
                self.pool_masks |= _masks_of(name, one)
        self.pooled = pooled if self.pool_masks else None
        unasked |= {name for name, source in borrowed.items() if not is_plain(source, rights)}
        self.hidden, self.unasked, self.closed = frozenset(hidden), frozenset(unasked), frozenset(closed)
        self.has_custom_rules = bool(self.custom_hidden or self.custom_masked)
        self.has_masks = bool(self.masks or self.pool_masks or self.custom_masked)

    def shows(self, name: str) -> bool:
        """Whether a field is there at all."""
        return name not in self.hidden

    def asks(self, name: str) -> bool:
        """Whether a filter, sort key, group or column of that name is known to these readers."""
        return name not in self.unasked

    def writes(self, name: str) -> bool:
        """Whether a field may be written; of a document, such as an address, any part of it."""
        return name not in self.closed and name.partition(".")[0] not in self.closed

    def looks_into(self, names: Iterable[str]) -> bool:
        """Whether a search may look into a key that is made of these fields."""
        return not any(
            name in self.unasked or name in self.by_right or (name == CUSTOM and self.has_custom_rules)
            for name in names
        )

    def custom(self, values: Any) -> Any:
        """The values of custom fields as these readers see them."""
        if not self.has_custom_rules or not isinstance(values, dict):
            return values
        return {
            key: mask_text(value) if key in self.custom_masked else value
            for key, value in values.items()
            if key not in self.custom_hidden
        }

    def told(self, name: str, value: Any, *, in_pool: bool) -> Any:
        """A value of a field that is not hidden, as it is told apart from its record, for instance by the journal.

        Args:
            in_pool: whether the record is one on which the pool masks.
        """
        if name == CUSTOM:
            return self.custom(value)
        mask = self.masks.get(name) or (self.pool_masks.get(name) if in_pool else None)
        return value if mask is None else mask(value)

    def refused(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What of some values cannot be written: its place as a path, and the code of the issue.

        What is hidden is unknown; what can be seen can only be read.
        """
        if not self.closed:
            return []
        found = [(name, self._code(name)) for name in values if not self.writes(name)]
        given = values.get(CUSTOM)
        for key in given if isinstance(given, dict) else ():
            if f"{CUSTOM}.{key}" in self.closed:
                found.append((f"{CUSTOM}/{key}", self._code(f"{CUSTOM}.{key}")))
        return found

    def _code(self, name: str) -> str:
        return "unknown_field" if name in self.hidden else "read_only"


def _ruled(resource: str, rights: frozenset[str]) -> Iterable[tuple[str, FieldState]]:
    """The rules of one kind of record among rights."""
    for right in sorted(rights):
        name, is_rule, state = right.partition("=")
        of, _, field_name = name.partition(".")
        if is_rule and of == resource:
            yield field_name, FieldState(state)


def _custom_keys(states: Mapping[str, FieldState], state: FieldState) -> Iterable[str]:
    return (
        name.removeprefix(f"{CUSTOM}.")
        for name, one in states.items()
        if one is state and name.startswith(f"{CUSTOM}.")
    )


def _masks_of(name: str, one: Guarded) -> dict[str, Mask]:
    """How a field and what tells the same are masked; nothing for a custom field, which stands in a document."""
    if name.startswith(f"{CUSTOM}."):
        return {}
    masks = {name: one.mask, **one.also}
    return {key: mask for key, mask in masks.items() if mask is not None}
