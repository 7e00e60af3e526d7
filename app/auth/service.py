"""Use cases of users: create, edit, deactivate, restore. Nobody grants what he or she lacks; one admin always stays."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import func, select

from .. import routing
from ..access import Actor
from ..database import db, read_engine
from ..errors import Issue, conflict, forbidden, invalid
from ..folding import e164, email_key, fold, search_key, sort_key
from ..journal import MAKE_ROOM, SETTLE, TAKEN_BACK, SetBack, journalled_columns
from ..routing import assign
from ..transaction import current_unit
from . import deputies, links
from .following import follow, hand_over, holdings
from .identity import load_actor
from .models import Team, User, queue_up, role_of, users
from .notices import notify
from .passwords import hash_password, password_faults, personal_words, verify_password
from .stamps import end_sign_ins, raise_stamps, tree_changes

_STANDING = ("name", "role", "team_id", "language", "time_zone", "must_change_password", "is_active")
"""What remembered actors are made of: a change of these makes them stale."""


def prepare(actor: Actor, values: dict[str, Any], user: User | None = None) -> dict[str, Any]:
    """Check what was sent and hash the password in it: outside of any unit of work, for hashing takes its time.

    Args:
        user: who is edited; None for a new person.

    Returns:
        The values with `password_hash` in the place of `password`; without either where the password is the old one.

    Raises:
        Problem: 403 where the person has rights that the caller lacks; 422 with every fault at once.
    """
    if user is not None:
        _refuse_superior(actor, user)
    issues = _faults(actor, values, user)
    password = values.get("password")
    prepared = {name: value for name, value in values.items() if name not in ("password", "current_password")}
    if password is not None:
        if user is not None and user.id == actor.user_id:
            issues.append(Issue("#/password", "password_own"))
        else:
            name, email, phone = (values.get(key, getattr(user, key, None)) for key in ("name", "email", "phone"))
            minimum = current_app.config["LIANXI"].password_min_length
            issues += password_faults(password, minimum, personal_words(name or "", email, phone))
    if issues:
        raise invalid(*issues)
    if password is not None and not (user is not None and verify_password(user.password_hash, password)[0]):
        prepared["password_hash"] = hash_password(password)
    return prepared


def create(actor: Actor, values: dict[str, Any]) -> User:
    """A new person from prepared values. A password that somebody else chose is to be changed at the first sign-in.

    Raises:
        Problem: 409 at `#/email` or `#/phone` when it is in use; 422 as `prepare`.
    """
    queue_up()
    _recheck(actor, values, None)
    user = User(**values, must_change_password="password_hash" in values)
    _derive(user)
    db.session.add(user)
    db.session.flush()
    return user


def create_by_rule(values: dict[str, Any]) -> User:
    """A new person whom a rule of the house lets in: without a password, nobody having to grant anything.

    Args:
        values: checked ones, of a role and team that the rule names; who calls has queued up.
    """
    user = User(**values)
    _derive(user)
    db.session.add(user)
    db.session.flush()
    return user


def reach_changes(user: User, values: dict[str, Any]) -> list[str]:
    """Which of the fields that a person signs in by get another value."""
    return [name for name in ("email", "phone") if values.get(name, getattr(user, name)) != getattr(user, name)]


def edit(actor: Actor, user: User, values: dict[str, Any], *, is_proved: bool = False) -> User:
    """Change the fields that are present in prepared values; role and team take effect with the commit.

    Args:
        is_proved: whether the caller has shown the own password, without which nobody changes what he or she signs in
            by.

    Raises:
        Problem: 403 where the person has rights that the caller lacks; 409 when an address is in use or the last admin
            would be one no longer; 422 as `prepare`, and for what takes the password.
    """
    _refuse_superior(actor, user)
    needs_proof = user.id == actor.user_id and user.password_hash is not None and not is_proved
    if needs_proof and (changed := reach_changes(user, values)):
        raise invalid(*(Issue(f"#/{name}", "own_reach") for name in changed))
    _recheck(actor, values, user)
    if values.get("role", user.role) != user.role:
        _keep_an_admin(user)
    if "password_hash" in values:
        values = {**values, "must_change_password": True}
        end_sign_ins(user.id, "password")
        links.end_all(user.id)
        notify(user.id, "password_changed")
    _change(user, values)
    return user


def edit_own(actor: Actor, values: dict[str, Any]) -> User:
    """Change the own profile.

    Raises:
        Problem: 409 when the phone number is in use; 422 without any way to sign in.
    """
    user = own(actor)
    issues = _reach_faults(values, user)
    if issues:
        raise invalid(*issues)
    _change(user, values)
    return user


def by_origin(external_source: str, external_id: str) -> User | None:
    """The person, active or not, who came from there."""
    return db.session.execute(
        select(User).where(User.external_source == external_source, User.external_id == external_id)
    ).scalar_one_or_none()


def is_reachable(phone: str | None) -> bool:
    """Whether a number can be recognised; none at all is told of elsewhere."""
    return not phone or e164(phone, current_app.config["LIANXI"].default_region) is not None


def is_free_number(phone: str) -> bool:
    """Whether a phone number can be recognised and is no active user's."""
    number = e164(phone, current_app.config["LIANXI"].default_region)
    taken = select(User.id).where(User.phone_e164 == number, User.is_active)
    return number is not None and db.session.execute(taken).first() is None


def own(actor: Actor) -> User:
    """The caller's own row, locked."""
    return db.session.execute(select(User).where(User.id == actor.user_id).with_for_update()).scalar_one()


def subordinate(actor: Actor, user_id: int) -> User:
    """Somebody whose ways to sign in are the caller's to change.

    Raises:
        Problem: 404; 403 where the person has rights that the caller lacks.
    """
    user: User = users.writable(actor, user_id)
    _refuse_superior(actor, user)
    return user


def deactivate(actor: Actor, user: User, successor_id: int | None) -> User:
    """Let a person leave: sign-ins end, the name stays readable wherever it stands.

    Args:
        successor_id: who takes over the records and the teams led; None leaves the records where they are.

    Raises:
        Problem: 403 where the person has rights that the caller lacks; 409 for the last admin; 422 for a successor who
            is no active user or the leaver.
    """
    _refuse_superior(actor, user)
    successor = None if successor_id is None else db.session.get(User, successor_id)
    if successor_id is not None and (successor is None or not successor.is_active or successor is user):
        raise invalid(Issue("#/successor_id", "unknown_user"))
    _keep_an_admin(user)
    with tree_changes():
        routing.remove(actor, user)
        end_sign_ins(user.id, "deactivated", tokens=True)
        links.end_all(user.id)
        if successor is not None:
            hand_over(user.id, successor)
            led = select(Team).where(Team.manager_id == user.id, Team.is_active).with_for_update()
            for team in db.session.execute(led).scalars():
                team.manager_id = successor.id
    raise_stamps(user.id)
    deputies.tell(user)
    return user


def led(user: User) -> int:
    """How many teams a person leads."""
    teams = select(func.count()).select_from(Team).where(Team.manager_id == user.id, Team.is_active)
    return db.session.execute(teams).scalar_one()


def restore(actor: Actor, user: User) -> User:
    """Let a person come back, into the old team where there still is one.

    Raises:
        Problem: 403 where the person has rights that the caller lacks; 409 when the e-mail address or phone number is
            in use by now.
    """
    _refuse_superior(actor, user)
    team = None if user.team_id is None else db.session.get(Team, user.team_id)
    if team is not None and not team.is_active:
        user.team_id = None
        follow(user)
    routing.restore(actor, user)
    raise_stamps(user.id)
    deputies.tell(user)
    return user


def appoint_deputy(actor: Actor, user: User, body: dict[str, Any] | None) -> None:
    """Name who stands in for a person, or have nobody do so any longer (None).

    Raises:
        Problem: 403 where the person has rights that the caller lacks; 422 as `deputies.appoint`.
    """
    if user.id != actor.user_id:
        _refuse_superior(actor, user)
    if body is None:
        deputies.dismiss(user)
    else:
        deputies.appoint(user, body)


def _change(user: User, values: dict[str, Any]) -> None:
    before = [getattr(user, name) for name in _STANDING]
    team_id = user.team_id
    assign(user, values)
    _derive(user)
    db.session.flush()
    if user.team_id != team_id:
        follow(user)
    if [getattr(user, name) for name in _STANDING] != before:
        raise_stamps(user.id)


def _derive(user: User) -> None:
    """Set the keys that follow from the name and the ways to reach the person."""
    assign(
        user,
        {
            "name_key": fold(user.name),
            "sort_key": sort_key(user.name),
            "search_key": search_key([user.name]),
            "email_key": email_key(user.email),
            "phone_e164": e164(user.phone, current_app.config["LIANXI"].default_region),
        },
    )


def _refuse_superior(actor: Actor, user: User) -> None:
    """Who has a right that the caller lacks is not the caller's to change: a new password would be a new right."""
    refuse_superior(actor, user.role)


def refuse_superior(actor: Actor, *role_keys: str) -> None:
    """Refuse (403) roles with a right that this person lacks."""
    for key in role_keys:
        role = role_of(key)
        if role is None or not actor.may_grant(role.permissions, role.sight, role.fields):
            raise forbidden()


def _recheck(actor: Actor, values: dict[str, Any], user: User | None) -> None:
    issues = _faults(actor, values, user)
    if issues:
        raise invalid(*issues)


def _faults(actor: Actor, values: dict[str, Any], user: User | None) -> list[Issue]:
    issues = _reach_faults(values, user)
    if "role" in values and (user is None or values["role"] != user.role):
        role = role_of(values["role"])
        if role is None or not role.is_active:
            issues.append(Issue("#/role", "unknown_role"))
        elif not actor.may_grant(role.permissions, role.sight, role.fields):
            issues.append(Issue("#/role", "not_yours_to_grant"))
    team_id = values.get("team_id")
    if team_id is not None and (user is None or team_id != user.team_id):
        team = db.session.get(Team, team_id)
        if team is None or not team.is_active:
            issues.append(Issue("#/team_id", "unknown_record"))
    return issues


def _reach_faults(values: dict[str, Any], user: User | None) -> list[Issue]:
    """Everybody signs in by e-mail or by phone, and a phone number must be one that can be recognised."""
    email, phone = (values.get(key, getattr(user, key, None)) for key in ("email", "phone"))
    issues: list[Issue] = []
    if not email and not phone:
        issues.append(Issue("#/email", "email_or_phone"))
    if not is_reachable(values.get("phone")):
        issues.append(Issue("#/phone", "phone"))
    return issues


def undoer() -> Actor:
    """Who undoes, with the rights that he or she had before the undo: it may be about them.

    Raises:
        Problem: 403 for who has left.
    """
    actor_id = current_unit().actor_id
    with read_engine().connect() as connection:
        actor = None if actor_id is None else load_actor(connection, actor_id, None)
    if actor is None:
        raise forbidden()
    return actor


def _keep_an_admin(leaver: User) -> None:
    """Refuse to lose the last admin who can sign in; the writers of users queue, so that two cannot both go.

    Raises:
        Problem: 409 `last-admin`.
    """
    if leaver.role == "admin" and leaver.password_hash is not None:
        _keep_an_admin_besides(leaver.id)


def _keep_an_admin_besides(leaver_id: int) -> None:
    others = select(func.count()).where(
        User.role == "admin", User.is_active, User.password_hash.is_not(None), User.id != leaver_id
    )
    if not db.session.execute(others).scalar_one():
        raise conflict("last-admin")


def _settle(user: User, undone: SetBack) -> None:
    """Set what follows from a person's columns after an undo, which is held to what an edit is held to.

    Raises:
        Problem: 403 where the person has or had rights that the caller lacks; 409 for the last admin, for a role that
            is gone, and where who was new has records or leads a team by now.
    """
    if undone.is_creation and (holdings(user.id) or led(user)):
        raise conflict("user-not-empty")
    refuse_superior(undoer(), *{user.role, *(one["role"] for one in (undone.before, undone.after) if "role" in one)})
    role = role_of(user.role)
    assert role is not None
    if user.is_active and not role.is_active:
        raise conflict("role-deleted")
    if undone.after.get("role", user.role) == "admin" and not (user.is_active and user.role == "admin"):
        _keep_an_admin_besides(user.id)
    if user.is_active and user.team_id is not None and not db.session.get_one(Team, user.team_id).is_active:
        user.team_id = None
    _derive(user)
    db.session.flush()
    if {"team_id", "is_active"} & {*undone.before, *undone.after}:
        follow(user)
    if not user.is_active:
        end_sign_ins(user.id, "deactivated", tokens=True)
        links.end_all(user.id)
    raise_stamps(user.id, *(one["deputy_id"] for one in (undone.before, undone.after) if one.get("deputy_id")))
    deputies.settle(user)
    deputies.tell(user)


SETTLE["user"] = _settle
# Who sets a password makes it one to be changed: what set one is not taken back.
MAKE_ROOM["user"] = _derive
TAKEN_BACK["user"] = frozenset(journalled_columns(User)) - {"must_change_password"}
