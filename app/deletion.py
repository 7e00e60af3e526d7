"""What lists of deleted records say besides: who deleted each of them, when, and what vanished along with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields
from sqlalchemy import Connection, func, literal, select

from .access import POLICIES, Policy
from .database import IdList, member_of
from .filtering import AnyOf, Filter, Range, an_id
from .projection import LinkTo
from .record import Record
from .schema import IdField, InstantField, StrictSchema


class DeletionSchema(StrictSchema):
    """When a record was deleted, and by whom."""

    deleted_at = InstantField(allow_none=True)
    deleted_by = IdField(allow_none=True)


def deletion_fields(model: type[Record]) -> dict[str, fields.Field[Any]]:
    """The fields that a deleted record of this kind has besides its own, as lists read them."""
    return {**DeletionSchema().fields, "deleter": LinkTo("deleted_by", model.deleted_by, "user")}


def deletion_filters(model: type[Record]) -> dict[str, Filter]:
    """The filters of a list that ask about the deletion."""
    return {
        "deleted_by": AnyOf(model.deleted_by, an_id, text="Who deleted it; with `deleted=only`."),
        "deleted": Range(model.deleted_at, text="When it was deleted; with `deleted=only`."),
    }


def hidden_with(connection: Connection, policy: Policy, ids: Sequence[int]) -> Mapping[int, dict[str, int]]:
    """How many records of which kind belong to each of these and are out of sight with it: `{id: {resource: count}}`.

    What was deleted by itself is not counted: it does not come back with the record either.
    """
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for child in POLICIES.values():
        for parent, link in child.parents:
            if parent is not policy:
                continue
            model: Any = child.model
            column = getattr(model, link.key)
            counted = (
                select(column, func.count())
                .where(member_of(column, literal(list(ids), IdList())), model.is_active)
                .group_by(column)
            )
            for record_id, count in connection.execute(counted):
                found[record_id][child.model.resource] = count
    return found
