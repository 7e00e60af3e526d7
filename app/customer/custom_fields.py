"""Custom fields: declared by an admin, checked wherever a record is written, whatever road it came by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import Select, bindparam, func, select

from ..access import Actor
from ..auth.models import User
from ..custom_columns import READ_KINDS, Custom, held_text
from ..custom_values import (
    TEXTS,
    CustomKind,
    Definition,
    Kinds,
    key_fault,
    key_from,
    match_keys,
    required_faults,
    schema_of,
    stored,
)
from ..database import IdList, db, member_of, read_engine
from ..errors import Faults, Issue, Problem, conflict, invalid
from ..job.service import Running, enqueue, job_kind
from ..journal import SETTLE
from ..messages import language
from ..openapi import CUSTOM as DOCUMENTED
from ..record import Record
from ..routing import RESOURCES, assign, restore
from ..routing import remove as remove_softly
from ..schema import load
from ..transaction import recalled
from .models import CustomField
from .options import check_options

_KNOWN = "custom fields"
_STEP = 200

DERIVES: dict[str, Callable[[Any], None]] = {}
"""What sets the keys of a record that follow from its columns, by the plural name of its kind."""

_DECLARED: Select[Any] = (
    select(CustomField)
    .where(CustomField.is_active, CustomField.of_resource == bindparam("plural"))
    .order_by(CustomField.rank, CustomField.id)
)
_KINDS = (
    select(CustomField.key, CustomField.kind)
    .where(CustomField.is_active, CustomField.of_resource == bindparam("plural"))
    .order_by(CustomField.id)
)
_SEARCHED = select(CustomField.of_resource, CustomField.key).where(CustomField.is_active, CustomField.is_searchable)
_ACTIVE_USERS = select(User.id).where(User.is_active, member_of(User.id, bindparam("ids", type_=IdList())))


# ---- what is declared ------------------------------------------------------------------------------------------------


def declared(plural: str) -> tuple[Definition, ...]:
    """The fields of a kind of record in their order, retired ones among them; read once in a unit of work."""
    known: dict[str, tuple[Definition, ...]] = recalled(_KNOWN)
    if plural not in known:
        with db.session.no_autoflush:
            rows = db.session.execute(_DECLARED, {"plural": plural}).scalars()
            known[plural] = tuple(row.definition for row in rows)
    return known[plural]


def kinds_of(plural: str) -> Kinds:
    """The keys of the fields of a kind of record with their kinds, as they are now."""
    with read_engine().connect() as connection:
        return tuple((key, kind) for key, kind in connection.execute(_KINDS, {"plural": plural}))


def searchable() -> dict[str, frozenset[str]]:
    """The keys of the fields that searches look into, by the plural names of their records."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    with read_engine().connect() as connection:
        for plural, key in connection.execute(_SEARCHED):
            found[plural].add(key)
    return {plural: frozenset(keys) for plural, keys in found.items()}


READ_KINDS.append(kinds_of)
DOCUMENTED.append(declared)


# ---- values of records -----------------------------------------------------------------------------------------------


def check_custom(plural: str, record: Any, values: dict[str, Any]) -> None:
    """Check the custom values of a new record (None) or of an edit, and put them as they are stored.

    A required field must be there in a new record and may not be emptied; what an older record lacks does not keep
    anybody from changing the rest of it. Null for all of `custom` empties what can be written, never retired fields.

    Raises:
        Problem: 422 naming every fault by `#/custom/KEY`.
    """
    if record is not None and "custom" not in values:
        return
    fields = declared(plural)
    if not fields and "custom" not in values:
        return
    active = {one.key: one for one in fields if not one.is_retired}
    sent = values.get("custom")
    if record is not None and sent is None:
        sent = dict.fromkeys(active)
    sent = sent or {}
    before = None if record is None else record.custom or {}
    faults = Faults(required_faults(fields, before, sent, in_chinese=language() == "zh-CN"))
    retired = {one.key for one in fields if one.is_retired}
    faults += [Issue(f"#/custom/{key}", "retired_field") for key in sent if key in retired]
    wrong = {issue.at for issue in faults}
    kept = {key: value for key, value in sent.items() if key not in retired and f"#/custom/{key}" not in wrong}
    schema = schema_of(tuple(active.values()))
    loaded: dict[str, Any] = {}
    try:
        loaded = load(schema, kept, partial=True)
    except Problem as problem:
        faults += [Issue(issue.at.replace("#", "#/custom", 1), issue.code, issue.params) for issue in problem.issues]
    with faults.gathered():
        _check_options(schema, loaded)
    with faults.gathered():
        _check_users(active, loaded)
    faults.settle()
    if sent or "custom" in values:
        values["custom"] = {key: stored(active[key].kind, value) for key, value in loaded.items()}


def _check_options(schema: Any, loaded: dict[str, Any]) -> None:
    try:
        check_options(schema, loaded)
    except Problem as problem:
        raise invalid(
            *(Issue(issue.at.replace("#", "#/custom", 1), issue.code, issue.params) for issue in problem.issues)
        ) from problem


def _check_users(active: Mapping[str, Definition], loaded: Mapping[str, Any]) -> None:
    named = {key: value for key, value in loaded.items() if value and active[key].kind == CustomKind.USER}
    if not named:
        return
    known = set(db.session.execute(_ACTIVE_USERS, {"ids": sorted(set(named.values()))}).scalars())
    issues = [Issue(f"#/custom/{key}", "unknown_user") for key, value in named.items() if value not in known]
    if issues:
        raise invalid(*issues)


def derive_custom(plural: str, record: Any) -> list[str]:
    """Set what the custom values of a record are matched on.

    Returns:
        The texts that searches look into.
    """
    if not record.custom:
        assign(record, {"custom_keys": None})
        return []
    fields = declared(plural)
    assign(record, {"custom_keys": match_keys(record.custom, {one.key: one.kind for one in fields})})
    return [record.custom[one.key] for one in fields if one.is_searchable and one.key in record.custom]


def carried(plural: str, record: Any) -> dict[str, Any]:
    """The custom values that a copy of a record may begin with: those of retired fields and of users who left stay."""
    active = {one.key: one.kind for one in declared(plural) if not one.is_retired}
    values = {key: value for key, value in (record.custom or {}).items() if key in active}
    users = {value for key, value in values.items() if active[key] == CustomKind.USER}
    known = set(db.session.execute(_ACTIVE_USERS, {"ids": sorted(users)}).scalars()) if users else set()
    return {key: value for key, value in values.items() if active[key] != CustomKind.USER or value in known}


# ---- use cases of an admin -------------------------------------------------------------------------------------------


def create(_actor: Actor, values: dict[str, Any]) -> CustomField:
    """A new field at the end of its kind of record; the key and a missing label follow from what is there.

    Raises:
        Problem: 409 at `#/key` for a key that is or was in use; 422 with every fault.
    """
    faults = Faults()
    labels = {name: values.get(name) for name in ("label_zh", "label_en")}
    if not any(labels.values()):
        faults += [Issue(f"#/{name}", "required") for name in labels]
    first = labels["label_zh"] or labels["label_en"] or ""
    values |= {name: label or first for name, label in labels.items()}
    if values.get("key"):
        if code := key_fault(values["key"]):
            faults.append(Issue("#/key", code))
    else:
        values["key"] = _free_key(values["of_resource"], key_from(values["label_en"]))
    _check_kind(values["kind"], values, faults)
    faults.settle()
    if values["kind"] == CustomKind.MONEY:
        values["currency"] = values.get("currency") or current_app.config["LIANXI"].base_currency
    if "rank" not in values:
        last = select(func.max(CustomField.rank)).where(CustomField.of_resource == values["of_resource"])
        values["rank"] = min((db.session.execute(last).scalar() or 0) + 10, 1_000_000)
    field = CustomField(**values)
    db.session.add(field)
    _changed()
    return field


def edit(actor: Actor, field: CustomField, values: dict[str, Any]) -> CustomField:
    """Rename, reorder, require, retire or bring back a field; records that have values keep them.

    Raises:
        Problem: 422 when its records, its key, its kind or its currency would change: values refer to them.
    """
    faults = Faults(
        Issue(f"#/{'resource' if name == 'of_resource' else name}", "fixed")
        for name in ("of_resource", "key", "kind", "currency")
        if values.get(name, getattr(field, name)) != getattr(field, name)
    )
    _check_kind(field.kind, values, faults)
    faults.settle()
    searched = field.is_searchable
    assign(field, values)
    _changed()
    if field.is_searchable != searched:
        enqueue(actor, "custom_search", {"resource": field.of_resource, "key": field.key})
    return field


def remove(actor: Actor, field: CustomField) -> None:
    """Delete a field that no record has a value of; others are retired instead.

    Raises:
        Problem: 409 `custom-field-in-use`.
    """
    model: Any = RESOURCES[field.of_resource].spec.model
    used = select(model.id).where(held_text(model.custom, field.key).is_not(None)).limit(1)
    if db.session.execute(used).first() is not None:
        raise conflict("custom-field-in-use")
    remove_softly(actor, field)
    _changed()


def _check_kind(kind: str, values: Mapping[str, Any], faults: Faults) -> None:
    if values.get("currency") is not None and kind != CustomKind.MONEY:
        faults.append(Issue("#/currency", "custom_no_money"))
    if values.get("is_searchable") and kind not in TEXTS:
        faults.append(Issue("#/is_searchable", "custom_no_text"))


def _free_key(plural: str, wanted: str) -> str:
    """A key that was never given before."""
    taken = set(db.session.execute(select(CustomField.key).where(CustomField.of_resource == plural)).scalars())
    if wanted and wanted not in taken:
        return wanted
    number = 2 if wanted else len(taken) + 1
    while f"{wanted or 'field'}_{number}" in taken:
        number += 1
    return f"{wanted or 'field'}_{number}"


def _changed() -> None:
    """Forget what the open unit of work knows of the fields."""
    db.session.flush()
    recalled(_KNOWN).clear()


@job_kind("custom_search")
def _custom_search(running: Running) -> dict[str, Any]:
    """Have searches look into a field's texts, or no longer: the keys of every record with a value are made anew."""
    plural, key = running.arguments["resource"], running.arguments["key"]
    model: Any = RESOURCES[plural].spec.model
    found = select(model.id).where(held_text(model.custom, key).is_not(None)).order_by(model.id)
    done, last = running.state or (0, 0)
    while ids := _ids(found, model, last):
        last, done = ids[-1], done + len(ids)
        with running.step(done, state=(done, last)):
            for record in _locked(model, ids):
                DERIVES[plural](record)
    return {"records": done}


def _ids(found: Select[Any], model: type[Record], last: int) -> Sequence[int]:
    with read_engine().connect() as connection:
        return list(connection.execute(found.where(model.id > last).limit(_STEP)).scalars())


def _locked(model: Any, ids: Sequence[int]) -> Sequence[Custom]:
    query = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update(of=model)
    return list(db.session.execute(query).scalars())


SETTLE["custom_field"] = lambda _field, _undone: _changed()


__all__ = ["check_custom", "create", "declared", "derive_custom", "edit", "remove", "restore"]
