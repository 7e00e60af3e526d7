"""Whatever shape a client puts where another is wanted, the refusal has a text in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields

from app.errors import Problem
from app.routing import CRM, OPERATIONS
from app.schema import load

from ..cast import Cast

SHAPES: tuple[Any, ...] = (
    None,
    True,
    0,
    7,
    2**70,
    "",
    "x",
    "\ud800",
    [],
    [None],
    [[]],
    ["x"],
    [{}],
    {},
    {"x": None},
    {"": {}},
)
"""One of every kind of JSON, and what holds another kind inside."""


def taken(schema: Schema) -> list[str]:
    """The names of what a body may hold."""
    return [field.data_key or name for name, field in schema.load_fields.items()]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_field_refuses_every_wrong_shape_in_words(app: CRM, language: str) -> None:
    asked = {
        (type(one), each.partial and one is each.body): one
        for each in OPERATIONS.values()
        for one in (each.body, each.form, each.query)
        if one
    }
    refusals = 0
    for (_, partial), schema in asked.items():
        bodies = [*SHAPES, *({name: shape} for name in taken(schema) for shape in SHAPES)]
        for body in bodies:
            try:
                load(schema, body, partial=partial)
            except Problem as problem:
                with app.test_request_context(headers={"Accept-Language": language}):
                    told = problem.document()["errors"]
                assert all(issue["detail"] for issue in told), (type(schema).__name__, body)
                refusals += 1
    assert refusals > 5_000


def test_a_nested_null_is_a_refusal(cast: Cast) -> None:
    for path, body in (
        ("/tags/bulk", {"action": "delete", "ids": [1], "where": 7}),
        ("/tags/bulk", {"action": "update", "ids": [1], "changes": None}),
        ("/views", {"name": "x", "resource": "deals", "columns": [None]}),
        ("/customers", {"name": "x", "custom": []}),
    ):
        answer = cast.alice.post(path, body)
        assert answer.status_code == 422, (path, body, answer.get_data(as_text=True))


def test_the_library_has_no_sentence_of_its_own_left() -> None:
    """A field type whose messages are sentences must be one of the library's, which are turned into codes."""
    kinds = {kind for kind in vars(fields).values() if isinstance(kind, type) and issubclass(kind, fields.Field)}
    for operation in OPERATIONS.values():
        for schema in (operation.body, operation.form, operation.query):
            for field in () if schema is None else schema.load_fields.values():
                sentences = {text for text in field.error_messages.values() if " " in text}
                known = {text for kind in kinds for text in getattr(kind, "default_error_messages", {}).values()}
                assert sentences <= known, (type(schema).__name__, field.name)
