"""Use cases of roles: composed by whoever has all that they carry. The built-in ones keep their names and rights."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import exists, or_, select

from .. import routing
from ..access import Actor, Permission
from ..database import db
from ..errors import Issue, conflict, forbidden, invalid
from ..field_rights import FieldRules
from ..folding import fold
from ..journal import SETTLE, SetBack
from ..listing import SPECS
from ..routing import assign
from .models import Role, User, queue_up
from .service import refuse_superior, undoer
from .stamps import raise_stamps

_RIGHTS = ("permissions", "sight", "fields")
_FIXED = {"admin": ("name_zh", "name_en", *_RIGHTS)}
"""What cannot be changed of a built-in role; of the others but the admin how far they see is the house's to decide."""


def create(actor: Actor, values: dict[str, Any]) -> Role:
    """A new role; without a name in one language it has that of the other, without a key one made from its name.

    Raises:
        Problem: 403 for rights that the caller lacks; 409 for a name or key in use; 422 without any name, or for a
            right to change what the role may not read.
    """
    values.setdefault("fields", {})
    _refuse_beyond(actor, values)
    queue_up()
    issues = _faults(values["permissions"]) + _field_faults(values["fields"])
    if not values.get("name_zh") and not values.get("name_en"):
        issues.append(Issue("#/name_zh", "required"))
    if issues:
        raise invalid(*issues)
    values["name_zh"] = values.get("name_zh") or values["name_en"]
    values["name_en"] = values.get("name_en") or values["name_zh"]
    _refuse_namesake(None, values)
    values["key"] = values.get("key") or _free_key(values["name_en"])
    role = Role(**values, is_builtin=False)
    db.session.add(role)
    db.session.flush()
    return role


def edit(actor: Actor, role: Role, values: dict[str, Any]) -> Role:
    """Rename a role, change what it may do or how far it sees; its people have it so with the commit.

    Raises:
        Problem: 403 for rights, present or future ones, that the caller lacks; 409 for a name in use; 422 for what is
            fixed, or a right to change what the role may not read.
    """
    _refuse_beyond(actor, {name: getattr(role, name) for name in _RIGHTS})
    _refuse_beyond(actor, {name: values.get(name, getattr(role, name)) for name in _RIGHTS})
    fixed = _FIXED.get(role.key, ("name_zh", "name_en", "permissions")) if role.is_builtin else ()
    issues = [
        Issue(f"#/{name}", "fixed")
        for name in ("key", *fixed)
        if values.get(name, getattr(role, name)) != getattr(role, name)
    ]
    issues += _faults(values.get("permissions", ())) + _field_faults(values.get("fields", {}), role.fields)
    if issues:
        raise invalid(*issues)
    _refuse_namesake(role, values)
    before = [getattr(role, name) for name in _RIGHTS]
    assign(role, values)
    if [getattr(role, name) for name in _RIGHTS] != before:
        raise_stamps(*_people(role))
    return role


def remove(actor: Actor, role: Role, successor: str | None) -> None:
    """Delete a role; whoever has it, deactivated people too, gets another one.

    Args:
        successor: key of that one; None where nobody has the role.

    Raises:
        Problem: 403 for rights that the caller lacks; 409 `builtin-role`, `role-in-use`; 422 for a successor that
            there is not.
    """
    refuse_superior(actor, role.key)
    if role.is_builtin:
        raise conflict("builtin-role")
    heir = None
    if successor is not None:
        heir = db.session.execute(
            select(Role).where(Role.key == successor, Role.is_active, Role.id != role.id)
        ).scalar_one_or_none()
        if heir is None:
            raise invalid(Issue("successor", "unknown_role"))
        refuse_superior(actor, heir.key)
    having = select(User).where(User.role == role.key).order_by(User.id).with_for_update(of=User)
    people = db.session.execute(having).scalars().all()
    if people and heir is None:
        raise conflict("role-in-use", people=len(people))
    for user in people:
        assert heir is not None
        user.role = heir.key
    routing.remove(actor, role)
    raise_stamps(*(user.id for user in people))


def restore(actor: Actor, role: Role) -> Role:
    """Bring a role back; who had it has another one by now.

    Raises:
        Problem: 403 for rights that the caller lacks; 409 for a name that another role has by now.
    """
    refuse_superior(actor, role.key)
    _refuse_namesake(role, {"name_zh": role.name_zh, "name_en": role.name_en})
    routing.restore(actor, role)
    return role


def _refuse_beyond(actor: Actor, rights: dict[str, Any]) -> None:
    if not actor.may_grant(rights["permissions"], rights["sight"], rights["fields"]):
        raise forbidden()


def _faults(permissions: Iterable[str]) -> list[Issue]:
    """Whoever changes something reads it: the answer to a change shows what was changed."""
    given, known = set(permissions), {str(one) for one in Permission}
    issues: list[Issue] = []
    for number, one in enumerate(permissions):
        reading = f"{one.partition(':')[0]}:read"
        if reading in known - given:
            issues.append(Issue(f"#/permissions/{number}", "needs_permission", {"permission": reading}))
    return issues


def _field_faults(rules: FieldRules, kept: FieldRules | None = None) -> list[Issue]:
    """What of some field rules there is not: the resource, the field, or that state of it.

    Args:
        kept: rules that stand already; one of a custom field that is retired by now may stay.
    """
    known = {spec.model.resource: spec.guarded_now() for spec in SPECS.values() if spec.guarded}
    issues: list[Issue] = []
    for resource, names in rules.items():
        if resource not in known:
            issues.append(Issue(f"#/fields/{resource}", "not_allowed", {"options": ", ".join(known)}))
            continue
        for name, state in names.items():
            if (kept or {}).get(resource, {}).get(name) == state:
                continue
            states = known[resource][name].states if name in known[resource] else ()
            if not states:
                issues.append(Issue(f"#/fields/{resource}/{name}", "unknown_field"))
            elif state not in states:
                issues.append(Issue(f"#/fields/{resource}/{name}", "not_allowed", {"options": ", ".join(states)}))
    return issues


def guarded_fields() -> list[dict[str, Any]]:
    """Every field that a role can be kept from, by the kind of record, with what can be made of it."""
    return [
        {
            "resource": spec.model.resource,
            "plural": spec.plural,
            "fields": [{"field": name, "states": list(one.states)} for name, one in spec.guarded_now().items()],
        }
        for spec in SPECS.values()
        if spec.guarded
    ]


def _refuse_namesake(role: Role | None, values: dict[str, Any]) -> None:
    """A name means one role, in lists of choices and in files."""
    others = select(Role.name_zh, Role.name_en).where(Role.is_active)
    if role is not None:
        others = others.where(Role.id != role.id)
    taken = {fold(name) for row in db.session.execute(others) for name in row}
    issues = [Issue(f"#/{name}", "taken") for name in ("name_zh", "name_en") if fold(values.get(name) or "") in taken]
    if issues:
        raise conflict("conflict", *issues)


def _free_key(name: str) -> str:
    """A key from the Latin letters and digits of a name that no role has or had."""
    stem = re.sub(r"[^a-z0-9]+", "_", fold(name)).strip("_")[:34] or "role"
    known = set(db.session.execute(select(Role.key).where(or_(Role.key == stem, Role.key.like(f"{stem}%")))).scalars())
    number = 1
    while (key := stem if number == 1 else f"{stem}_{number}") in known:
        number += 1
    return key


def _people(role: Role) -> list[int]:
    return list(db.session.execute(select(User.id).where(User.role == role.key)).scalars())


def _settle(role: Role, undone: SetBack) -> None:
    """Check and spread the rights of a role after an undo.

    Raises:
        Problem: 403 for rights that the caller lacks; 409 where somebody has a role that the undo deletes.
    """
    actor = undoer()
    for rights in ({}, undone.before, undone.after):
        _refuse_beyond(actor, {name: rights.get(name, getattr(role, name)) for name in _RIGHTS})
    _refuse_namesake(role, {"name_zh": role.name_zh, "name_en": role.name_en} if role.is_active else {})
    db.session.flush()
    if not role.is_active and db.session.execute(select(exists().where(User.role == role.key))).scalar_one():
        raise conflict("role-in-use")
    raise_stamps(*_people(role))


SETTLE["role"] = _settle
