"""`/auth`, `/users`, `/teams`, `/roles`."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..caller import bearer_token
from ..database import db, read_engine
from ..errors import Issue, Problem, conflict, invalid, request_id
from ..listing import encode, etag_of, respond
from ..routing import PUBLIC, SIGNED_IN, Routes, deleted_row, empty_answer, hold_origin, origin_of, shape_answer
from ..transaction import unit_of_work
from ..versions import at_version
from . import cookies, deputies, following, links, role_service, service, sessions, team_service
from .models import Role, User, roles, users
from .notices import notify
from .profile import profile
from .schemas import (
    ROLES,
    TEAMS,
    USERS,
    DeactivationSchema,
    DeputyPatchSchema,
    DeputySchema,
    ForgottenSchema,
    GuardedFieldsSchema,
    HoldingsSchema,
    LinkOpenedSchema,
    LinkTokenSchema,
    LoginSchema,
    MeSchema,
    PasswordChangeSchema,
    PasswordResetSchema,
    RoleRemovalQuery,
    RoleSchema,
    TokenAnswerSchema,
    UserSchema,
)
from .tokens import ACCESS, REFRESH, read_token
from .units import calling, in_own_unit, token_answer

routes = Routes("auth", __name__)

_USER = UserSchema()


# ---- signing in ------------------------------------------------------------------------------------------------------


@routes.endpoint_for(
    "POST",
    "/auth/login",
    permission=PUBLIC,
    body=LoginSchema,
    answer=TokenAnswerSchema,
    unit="own",
    summary="Sign in by e-mail address or phone number",
)
def login(body: dict[str, Any]) -> Response:
    """Open a session."""
    by_cookie = body["session"] == "cookie"
    granted = sessions.sign_in(
        body["email"],
        body["password"],
        calling(),
        otp=body.get("otp"),
        remember=body["remember"],
        by_cookie=by_cookie,
    )
    return token_answer(granted, by_cookie)


@routes.endpoint_for(
    "POST",
    "/auth/refresh",
    permission=PUBLIC,
    answer=TokenAnswerSchema,
    unit="own",
    summary="New tokens for a refresh token, which works once",
)
def refresh() -> Response:
    """Renew the tokens of a session."""
    token, by_cookie = cookies.sent_token()
    return token_answer(sessions.renew(token, calling()), by_cookie)


@routes.endpoint_for("POST", "/auth/logout", permission=PUBLIC, status=204, summary="Sign out")
def logout() -> Response:
    """End the session of the token that is sent, be it in the cookie or as Bearer."""
    answer = empty_answer()
    token = cookies.cookie_token()
    try:
        session_id = read_token(token or bearer_token(), REFRESH).session_id
    except Problem:
        if token is None:
            session_id = read_token(bearer_token(), ACCESS).session_id
        else:
            # The cookie has run out: there is nothing left to end but the cookie.
            cookies.drop(answer)
            return answer
    sessions.sign_out(session_id, calling())
    cookies.drop(answer)
    # What was read lies in the browser until it is asked for again. Drafts are the matter of the pages.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


# ---- oneself ---------------------------------------------------------------------------------------------------------


@routes.endpoint_for(
    "GET",
    "/auth/me",
    permission=SIGNED_IN,
    answer=MeSchema,
    before_second_factor=True,
    summary="The signed-in person",
)
def read_me(actor: Actor) -> Response:
    """The caller with his or her rights."""
    with read_engine().connect() as connection:
        shown = profile(connection, actor.user_id) | {"permissions": sorted(actor.permissions)}
    body = encode(shown)
    return respond(body, etag_of(body, shown["version"]))


@routes.endpoint_for(
    "PATCH",
    "/auth/me",
    permission=SIGNED_IN,
    body=MeSchema,
    partial=True,
    answer=MeSchema,
    unit="own",
    in_person=True,
    before_second_factor=True,
    summary="Change the own profile; with another `phone`, which signs in too, the password is asked for",
)
def edit_me(actor: Actor, body: dict[str, Any]) -> Response:
    """Change the caller's own profile."""
    password = body.pop("password", None)
    with read_engine().connect() as connection:
        known = profile(connection, actor.user_id)["phone"]
    if body.get("phone", known) != known and service.is_reachable(body["phone"]):
        sessions.prove_password_if_any(actor, password, calling())

    def current() -> dict[str, Any]:
        return profile(db.session.connection(), actor.user_id)

    def write() -> Response:
        with at_version(service.own(actor), current):
            service.edit_own(actor, body)
        db.session.flush()
        shown = current()
        encoded = encode(shown)
        return respond(encoded, etag_of(encoded, shown["version"]))

    return in_own_unit(actor, write)


@routes.endpoint_for(
    "GET", "/auth/deputy", permission=SIGNED_IN, answer=DeputySchema, summary="Who stands in for the caller"
)
def read_deputy(actor: Actor) -> dict[str, Any]:
    """The caller's deputy, and for whom the caller stands in now."""
    with read_engine().connect() as connection:
        return deputies.standing(connection, actor.user_id)


@routes.endpoint_for(
    "PUT",
    "/auth/deputy",
    permission=SIGNED_IN,
    body=DeputyPatchSchema,
    answer=DeputySchema,
    in_person=True,
    summary="Name who stands in for the caller, and on which days",
)
def name_deputy(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """In those days the deputy sees the caller's records as their owner does, and may do what the own role allows."""
    service.appoint_deputy(actor, service.own(actor), body)
    return deputies.standing(db.session.connection(), actor.user_id)


@routes.endpoint_for(
    "DELETE",
    "/auth/deputy",
    permission=SIGNED_IN,
    status=204,
    in_person=True,
    summary="Have nobody stand in for the caller",
)
def dismiss_deputy(actor: Actor) -> None:
    """End it before its last day."""
    service.appoint_deputy(actor, service.own(actor), None)


@routes.endpoint_for(
    "GET",
    "/users/<int:record_id>/deputy",
    permission=Permission.USER_WRITE,
    loads=users,
    writes_row=False,
    answer=DeputySchema,
    summary="Who stands in for a user",
)
def read_deputy_of_user(_actor: Actor, user: User) -> dict[str, Any]:
    """A user's deputy, and for whom he or she stands in now."""
    return deputies.standing(db.session.connection(), user.id)


@routes.endpoint_for(
    "PUT",
    "/users/<int:record_id>/deputy",
    permission=Permission.USER_WRITE,
    loads=users,
    body=DeputyPatchSchema,
    answer=DeputySchema,
    summary="Name who stands in for a user, and on which days",
)
def name_deputy_of_user(actor: Actor, user: User, body: dict[str, Any]) -> dict[str, Any]:
    """For who could not do so before being away."""
    service.appoint_deputy(actor, user, body)
    return deputies.standing(db.session.connection(), user.id)


@routes.endpoint_for(
    "DELETE",
    "/users/<int:record_id>/deputy",
    permission=Permission.USER_WRITE,
    loads=users,
    status=204,
    summary="Have nobody stand in for a user",
)
def dismiss_deputy_of_user(actor: Actor, user: User) -> None:
    """End it before its last day."""
    service.appoint_deputy(actor, user, None)


@routes.endpoint_for(
    "POST",
    "/auth/password",
    permission=SIGNED_IN,
    body=PasswordChangeSchema,
    status=204,
    unit="own",
    in_person=True,
    before_second_factor=True,
    summary="Change the own password; the other sessions end",
)
def change_password(actor: Actor, body: dict[str, Any]) -> Response:
    """Change the caller's password."""
    hashes = sessions.checked_password(actor, body["current_password"], body["new_password"], calling())
    return in_own_unit(actor, lambda: sessions.set_own_password(actor, *hashes), status=204)


@routes.endpoint_for(
    "POST",
    "/auth/password/forgot",
    permission=PUBLIC,
    body=ForgottenSchema,
    status=202,
    media=None,
    summary="Ask for a link to choose a new password, by mail",
)
def forgot_password(body: dict[str, Any]) -> Response:
    """The same answer for everybody, known or not; what there is to do is done by a job."""
    notify(sessions.user_of(body["email"]) or 0, "link")
    return empty_answer(202)


@routes.endpoint_for(
    "POST",
    "/auth/password/link",
    permission=PUBLIC,
    body=LinkTokenSchema,
    answer=LinkOpenedSchema,
    unit="read",
    summary="What a link to choose a password is for",
)
def open_link(body: dict[str, Any]) -> dict[str, Any]:
    """Whose password is chosen; the link still works afterwards."""
    return links.described(body["token"])


@routes.endpoint_for(
    "POST",
    "/auth/password/reset",
    permission=PUBLIC,
    body=PasswordResetSchema,
    status=204,
    unit="own",
    summary="Choose a password by a link, which works once; all sessions end",
)
def reset_password(body: dict[str, Any]) -> Response:
    """A new password for who holds the link."""
    link, password_hash = links.checked(body["token"], body["new_password"])
    with unit_of_work(actor_id=link.user_id, source="http", request_id=request_id()):
        links.redeem(link, password_hash)
    return empty_answer()


# ---- users -----------------------------------------------------------------------------------------------------------

routes.listing(USERS, SIGNED_IN)
routes.reading(USERS, SIGNED_IN)


@routes.endpoint_for(
    "POST",
    "/users",
    permission=Permission.USER_WRITE,
    body=UserSchema,
    status=201,
    answer=USERS,
    unit="own",
    summary="Create a user",
)
def create_user(actor: Actor, body: dict[str, Any]) -> Response:
    """A new person; who is given no password gets a link to choose one, by mail or by the hand of the admin."""
    values = service.prepare(actor, body)

    def write() -> User:
        user = service.create(actor, values)
        if user.password_hash is None:
            links.invite(actor, user)
        return user

    return in_own_unit(actor, write, USERS, 201)


@routes.endpoint_for(
    "PATCH",
    "/users/<int:record_id>",
    permission=Permission.USER_WRITE,
    loads=users,
    body=UserSchema,
    partial=True,
    answer=USERS,
    unit="own",
    summary="Edit a user",
)
def edit_user(actor: Actor, user: User, body: dict[str, Any]) -> Response:
    """Change a person; a password set here is to be changed by its owner, and ends his or her sessions.

    Who changes the own address or number, which signs in too, shows the own password (`current_password`).
    """
    return _edited(actor, user, body)


@routes.endpoint_for(
    "GET",
    "/users/<int:record_id>/holdings",
    permission=Permission.USER_WRITE,
    loads=users,
    writes_row=False,
    answer=HoldingsSchema,
    summary="How much a user has that a successor would take over",
)
def read_holdings(_actor: Actor, user: User) -> dict[str, Any]:
    """Records by the names of their lists, and the teams that he or she leads."""
    return {"records": following.holdings(user.id), "teams": service.led(user)}


@routes.endpoint_for(
    "POST",
    "/users/<int:record_id>/deactivate",
    permission=Permission.USER_WRITE,
    loads=users,
    body=DeactivationSchema,
    answer=USERS,
    summary="Deactivate a user, whose records may go to a successor",
)
def deactivate_user(actor: Actor, user: User, body: dict[str, Any]) -> User:
    """Let a person leave."""
    return service.deactivate(actor, user, body["successor_id"])


@routes.endpoint_for(
    "POST",
    "/users/<int:record_id>/restore",
    permission=Permission.USER_WRITE,
    load_with=lambda actor, record_id: users.get(actor, record_id, deleted=True),
    answer=USERS,
    summary="Restore a deactivated user",
)
def restore_user(actor: Actor, user: User) -> User:
    """Let a person come back."""
    return service.restore(actor, user)


@routes.endpoint_for(
    "PUT",
    "/users/external/<source>/<path:external_id>",
    permission=Permission.USER_WRITE,
    body=UserSchema,
    partial=True,
    answer=USERS,
    unit="own",
    summary="Create or update a user by the id elsewhere",
)
def upsert_user(actor: Actor, body: dict[str, Any], source: str, external_id: str) -> Response:
    """A person by his or her id in another system; sent twice it changes nothing."""
    origin, issues = origin_of(_USER, {"external_source": source, "external_id": external_id})
    issues += [
        Issue(f"#/{name}", "contradicts_path") for name in origin if body.get(name, origin[name]) != origin[name]
    ]
    if issues:
        raise invalid(*issues)
    found = service.by_origin(**origin)
    if found is not None:
        return _edited(actor, _active(found), body)
    missing = [Issue(f"#/{name}", "required") for name in ("name", "role") if name not in body]
    if missing:
        raise invalid(*missing)
    values = service.prepare(actor, {**body, **origin})

    def write() -> Any:
        hold_origin("user", origin)
        made = service.by_origin(**origin)
        if made is None:
            return service.create(actor, values)
        # Somebody else brought the same person meanwhile.
        stored = users.writable(actor, _active(made).id)
        return shape_answer(service.edit(actor, stored, values), actor, USERS, 200)

    return in_own_unit(actor, write, USERS, 201)


def _active(user: User) -> User:
    if not user.is_active:
        raise conflict("deleted", id=user.id)
    return user


def _edited(actor: Actor, user: User, body: dict[str, Any]) -> Response:
    user_id, values = user.id, service.prepare(actor, body, user)
    is_own = user_id == actor.user_id
    if is_own and service.reach_changes(user, values):
        sessions.prove_password_if_any(actor, body.get("current_password"), calling(), "#/current_password")

    def write() -> User:
        stored: User = users.writable(actor, user_id)
        with at_version(stored, lambda: USERS.answer(actor, user_id)):
            return service.edit(actor, stored, values, is_proved=is_own)

    return in_own_unit(actor, write, USERS)


# ---- teams and roles -------------------------------------------------------------------------------------------------

routes.resource(TEAMS, team_service, read=SIGNED_IN, write=Permission.TEAM_WRITE)


routes.listing(ROLES, SIGNED_IN)
routes.reading(ROLES, SIGNED_IN)


@routes.endpoint_for(
    "GET",
    "/roles/fields",
    permission=Permission.ROLE_WRITE,
    answer=GuardedFieldsSchema,
    summary="The fields that a role can be kept from, and what can be made of each",
)
def read_guarded_fields(_actor: Actor) -> dict[str, Any]:
    """By the kind of record; those that an admin has added too."""
    return {"data": role_service.guarded_fields()}


@routes.endpoint_for(
    "POST",
    "/roles",
    permission=Permission.ROLE_WRITE,
    body=RoleSchema,
    status=201,
    answer=ROLES,
    summary="Compose a role",
)
def create_role(actor: Actor, body: dict[str, Any]) -> Role:
    """A new role, of rights that the caller has."""
    return role_service.create(actor, body)


@routes.endpoint_for(
    "PATCH",
    "/roles/<int:record_id>",
    permission=Permission.ROLE_WRITE,
    loads=roles,
    body=RoleSchema,
    partial=True,
    answer=ROLES,
    summary="Edit a role; its people have it so at once",
)
def edit_role(actor: Actor, role: Role, body: dict[str, Any]) -> Role:
    """Change a role; of the built-in ones only how far they see, of the admin nothing."""
    return role_service.edit(actor, role, body)


@routes.endpoint_for(
    "DELETE",
    "/roles/<int:record_id>",
    permission=Permission.ROLE_WRITE,
    loads=roles,
    query=RoleRemovalQuery,
    status=204,
    answer=ROLES,
    summary="Delete a role softly; one in use by naming the role that its people get",
)
def delete_role(actor: Actor, role: Role, query: dict[str, Any]) -> None:
    """Delete a role that the house has composed."""
    role_service.remove(actor, role, query.get("successor"))


@routes.endpoint_for(
    "POST",
    "/roles/<int:record_id>/restore",
    permission=Permission.ROLE_WRITE,
    load_with=lambda actor, record_id: deleted_row(roles, actor, record_id),
    answer=ROLES,
    summary="Restore a deleted role",
)
def restore_role(actor: Actor, role: Role) -> Role:
    """Bring a role back; nobody has it then."""
    return role_service.restore(actor, role)
