"""A digest is that of what is read back, whatever the database makes of a document."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from app.database import db
from app.journal import Setting, canonical, digest_of
from app.routing import CRM

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e6, 1e6) | TEXT
VALUE = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.dictionaries(TEXT, VALUE, max_size=4))
def test_what_is_read_back_has_the_same_digest(app: CRM, values: dict[str, Any]) -> None:
    kept, salt = canonical(values), os.urandom(16)
    with db.engines[None].connect() as connection:
        connection.execute(insert(Setting).values(name="tried", value=kept))
        stored = connection.execute(select(Setting.value).where(Setting.name == "tried")).scalar_one()
    assert digest_of({}, stored, salt) == digest_of({}, kept, salt)
    assert digest_of(stored, {}, salt) != digest_of({}, {"x": stored}, salt)
