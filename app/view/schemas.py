"""What saved views look like on the wire, and their list."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from ..auth.models import teams, users
from ..filtering import AnyOf, Flagged, an_id
from ..listing import ListSpec
from ..projection import LinkTo
from ..schema import Choice, Flag, IdField, Items, Line, RecordSchema, StrictSchema, Whole, column, max_length
from ..sharing import Visibility
from .models import View, ViewKind, ViewPreference, view_preferences, views

LISTS = {
    "customers": "customers",
    "leads": "customers",
    "people": "people",
    "contacts": "contacts",
    "deals": "deals",
    "quotes": "quotes",
    "products": "products",
}
"""The lists that views are made of, and the resource that each shows."""

_MOST_FILTERS = 40
_MOST_VALUES = 100
_LONGEST = 200


class FilterValues(fields.Dict):
    """Plain parameters of a list, each with its values."""

    default_error_messages = {"invalid": "wrong_type", "required": "required", "null": "required"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("wrong_type")
        if len(value) > _MOST_FILTERS:
            raise ValidationError(f"too_many;max={_MOST_FILTERS}")
        for texts in value.values():
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise ValidationError("wrong_type")
            if len(texts) > _MOST_VALUES:
                raise ValidationError(f"too_many;max={_MOST_VALUES}")
            if any(len(text) > _LONGEST for text in texts):
                raise ValidationError(f"too_long;max={_LONGEST}")
        return {name: texts for name, texts in value.items() if texts}


class ViewColumnSchema(StrictSchema):
    """A column of a table in its place."""

    field = Line(required=True, validate=max_length(80))
    width = Whole(
        low=40, high=1_000, allow_none=True, load_default=None, metadata={"description": "In pixels; null as usual."}
    )


class ViewSchema(RecordSchema):
    """How somebody wants to see a list."""

    class Meta(RecordSchema.Meta):
        """Columns of `View`."""

        model = View

    id = column(dump_only=True)
    version = column(dump_only=True)
    name = column(required=True)
    resource = Choice(
        tuple(LISTS),
        attribute="listed",
        required=True,
        metadata={"description": "The list; it stays. `leads` are the customers of that status."},
    )
    kind = Choice(ViewKind)
    visibility = Choice(Visibility)
    team_id = IdField(allow_none=True)
    team = LinkTo("team_id", View.team_id, teams)
    filters = FilterValues(
        keys=fields.String(), metadata={"description": "Plain parameters of the list, each with a list of its values."}
    )
    where = fields.Dict(
        keys=fields.String(),
        allow_none=True,
        error_messages={"invalid": "wrong_type"},
        metadata={"description": "The typed tree of the list for what plain parameters cannot say."},
    )
    q = column()
    sort = column()
    group_by = Choice(("stage", "owner", "month"), allow_none=True)
    columns = Items(ViewColumnSchema, most=100)
    owner_id = IdField(metadata={"description": "Given on by who may assign customers, as those are."})
    owner = LinkTo("owner_id", View.owner_id, users)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class PreferSchema(StrictSchema):
    """What somebody makes of a view; what is absent stays."""

    is_pinned = Flag()
    is_default = Flag(metadata={"description": "The list opens with it; another default of the list ends."})
    rank = Whole(low=0, high=10_000)


class ViewPreferenceSchema(RecordSchema):
    """What the caller has made of a view."""

    class Meta(RecordSchema.Meta):
        """Columns of `ViewPreference`."""

        model = ViewPreference

    id = column(dump_only=True)
    version = column(dump_only=True)
    view_id = column(dump_only=True)
    is_pinned = column(dump_only=True)
    is_default = column(dump_only=True)
    rank = column(dump_only=True)
    created_at = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class FieldsQuerySchema(StrictSchema):
    """The list whose fields are asked for."""

    resource = Choice(tuple(LISTS), required=True)


class ListFieldValueSchema(StrictSchema):
    """One of the values that a field has."""

    value = fields.String()
    label = fields.String()


class ListFieldSchema(StrictSchema):
    """What a list can be asked about its records."""

    field = fields.String()
    label = fields.String(metadata={"description": "In the language of the answer."})
    type = fields.String(
        metadata={
            "description": "text, number, decimal, rate, date, moment, flag, choice (one of `values`), option (of the "
            "option list `list`), tag, or link (the id of one of `resource`)."
        }
    )
    ops = fields.List(fields.String())
    values = Items(ListFieldValueSchema)
    list = fields.String(allow_none=True)
    resource = fields.String(allow_none=True)


class ListFieldsSchema(StrictSchema):
    """The fields of a list in the order in which they are offered."""

    data = Items(ListFieldSchema, most=1_000)


VIEWS = ListSpec(
    policy=views,
    schema=ViewSchema,
    plural="views",
    filters={
        "id": AnyOf(View.id, an_id),
        "owner_id": AnyOf(View.owner_id, an_id),
        "team_id": AnyOf(View.team_id, an_id),
        "visibility": AnyOf(View.visibility),
        "resource": AnyOf(View.listed),
        "kind": AnyOf(View.kind),
    },
    sort={"name": View.name},
    default_sort="name",
)

VIEW_PREFERENCES = ListSpec(
    policy=view_preferences,
    schema=ViewPreferenceSchema,
    plural="view-preferences",
    filters={
        "view_id": AnyOf(ViewPreference.view_id, an_id),
        "is_pinned": Flagged(ViewPreference.is_pinned),
        "is_default": Flagged(ViewPreference.is_default),
    },
    sort={"rank": ViewPreference.rank},
    default_sort="rank",
)
