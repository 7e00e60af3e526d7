"""What the search is asked and answers."""

from __future__ import annotations

from marshmallow import fields

from ..schema import IdField, Items, Line, StrictSchema, Whole, max_length
from .types import TYPES


class SearchQuery(StrictSchema):
    """What to look for, and where."""

    q = Line(load_default=None, blank_is_null=True, allow_none=True, validate=max_length(200))
    types = Line(
        load_default=None,
        blank_is_null=True,
        allow_none=True,
        validate=max_length(200),
        metadata={"description": f"Comma list of {', '.join(TYPES)}; all of them by default."},
    )
    limit = Whole(low=1, high=100, load_default=20)


class MatchSchema(StrictSchema):
    """A text that holds what was looked for. A range is a beginning and an end, in characters."""

    field = Line(required=True)
    text = Line(required=True)
    ranges = fields.List(fields.List(Whole()), required=True)


class ResultSchema(StrictSchema):
    """A record that was found. `customer_id` names the customer that it belongs to, or is."""

    type = Line(required=True)
    id = Whole(required=True)
    title = Line(required=True)
    subtitle = Line(required=True, allow_none=True)
    customer_id = IdField(required=True, allow_none=True)
    score = fields.Float(required=True)
    matches = Items(MatchSchema, required=True)


class SearchMetaSchema(StrictSchema):
    """Kinds of which there are more, and whether a typing error was looked through."""

    more = fields.List(Line(), required=True)
    is_near = fields.Boolean(required=True)


class SearchSchema(StrictSchema):
    """What was found, best first."""

    data = Items(ResultSchema, required=True)
    meta = fields.Nested(SearchMetaSchema, required=True)
