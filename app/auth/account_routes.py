"""`/auth/sessions`, `/auth/tokens`, `/auth/totp`: where a person is signed in, by what, and what is asked for."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..errors import conflict
from ..routing import SIGNED_IN, Routes, secret_answer
from ..schema import MAX_ID
from . import api_tokens, events, links, overview, second_factor, service, sessions
from .models import User, users
from .schemas import (
    ApiTokenPageSchema,
    ApiTokenSchema,
    CodeSchema,
    PasswordIfAnySchema,
    PasswordLinkSchema,
    PasswordProofSchema,
    RecoveryCodesSchema,
    SecurityOverviewSchema,
    SessionPageSchema,
    SignInEventPageSchema,
    SignInEventsQuery,
    TotpSchema,
    TotpStartSchema,
)
from .stamps import end_sign_ins
from .units import calling, in_own_unit, whole

routes = Routes("account", __name__)


# ---- sessions --------------------------------------------------------------------------------------------------------


@routes.endpoint_for(
    "GET",
    "/auth/sessions",
    permission=SIGNED_IN,
    answer=SessionPageSchema,
    in_person=True,
    summary="The own sign-ins that still hold",
)
def list_sessions(actor: Actor) -> dict[str, Any]:
    """The caller's open sessions."""
    return whole(sessions.open_sessions(actor, actor.user_id))


@routes.endpoint_for(
    "DELETE",
    "/auth/sessions",
    permission=SIGNED_IN,
    status=204,
    in_person=True,
    summary="End all own sign-ins but the one that asks",
)
def delete_sessions(actor: Actor) -> None:
    """End the caller's other sessions."""
    end_sign_ins(actor.user_id, "ended", but=actor.session_id)


@routes.endpoint_for(
    "DELETE",
    "/auth/sessions/<int:session_id>",
    permission=SIGNED_IN,
    status=204,
    in_person=True,
    summary="End one of the own sign-ins",
)
def delete_session(actor: Actor, session_id: int) -> None:
    """End one of the caller's sessions."""
    sessions.end_session(actor.user_id, min(session_id, MAX_ID))


@routes.endpoint_for(
    "GET",
    "/users/<int:record_id>/sessions",
    permission=Permission.USER_WRITE,
    loads=users,
    answer=SessionPageSchema,
    summary="The sign-ins of a user that still hold",
)
def list_user_sessions(actor: Actor, user: User) -> dict[str, Any]:
    """Where a person is signed in."""
    return whole(sessions.open_sessions(actor, user.id))


@routes.endpoint_for(
    "DELETE",
    "/users/<int:record_id>/sessions",
    permission=Permission.USER_WRITE,
    load_with=service.subordinate,
    status=204,
    summary="End all sign-ins of a user",
)
def delete_user_sessions(actor: Actor, user: User) -> None:
    """Sign a person out everywhere; who asks stays signed in."""
    end_sign_ins(user.id, "ended_by_admin", but=actor.session_id)


@routes.endpoint_for(
    "DELETE",
    "/users/<int:record_id>/sessions/<int:session_id>",
    permission=Permission.USER_WRITE,
    load_with=service.subordinate,
    status=204,
    summary="End one of the sign-ins of a user",
)
def delete_user_session(_actor: Actor, user: User, session_id: int) -> None:
    """Sign a person out somewhere."""
    sessions.end_session(user.id, min(session_id, MAX_ID))


@routes.endpoint_for(
    "GET",
    "/sign-in-events",
    permission=Permission.USER_WRITE,
    query=SignInEventsQuery,
    answer=SignInEventPageSchema,
    summary="Sign-ins that succeeded, failed or were slowed down, stolen tokens, sign-outs",
)
def list_sign_in_events(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """What happened at the door, newest first, for as long as it is kept."""
    return events.listed(actor, query)


@routes.endpoint_for(
    "GET",
    "/security/overview",
    permission=Permission.USER_WRITE,
    answer=SecurityOverviewSchema,
    summary="Who has no second factor, which tokens end soon, who signs in in vain",
)
def read_overview(actor: Actor) -> dict[str, Any]:
    """What an admin looks after."""
    return overview.overview(actor)


# ---- personal tokens -------------------------------------------------------------------------------------------------


@routes.endpoint_for(
    "GET",
    "/auth/tokens",
    permission=SIGNED_IN,
    answer=ApiTokenPageSchema,
    in_person=True,
    summary="The own personal tokens that still hold",
)
def list_tokens(actor: Actor) -> dict[str, Any]:
    """The caller's tokens, without their texts."""
    return whole(api_tokens.of_user(actor.user_id))


@routes.endpoint_for(
    "POST",
    "/auth/tokens",
    permission=SIGNED_IN,
    body=ApiTokenSchema,
    status=201,
    answer=ApiTokenSchema,
    in_person=True,
    summary="Make a personal token, which is shown once",
)
def create_token(actor: Actor, body: dict[str, Any]) -> Response:
    """A new token; it is sent as Bearer like an access token."""
    return secret_answer(api_tokens.create(actor, body), 201)


@routes.endpoint_for(
    "DELETE",
    "/auth/tokens/<int:token_id>",
    permission=SIGNED_IN,
    status=204,
    in_person=True,
    summary="Revoke one of the own personal tokens",
)
def delete_token(actor: Actor, token_id: int) -> None:
    """End one of the caller's tokens."""
    api_tokens.revoke(actor.user_id, min(token_id, MAX_ID))


@routes.endpoint_for(
    "GET",
    "/users/<int:record_id>/tokens",
    permission=Permission.USER_WRITE,
    loads=users,
    answer=ApiTokenPageSchema,
    summary="The personal tokens of a user",
)
def list_user_tokens(_actor: Actor, user: User) -> dict[str, Any]:
    """What signs in for a person."""
    return whole(api_tokens.of_user(user.id))


@routes.endpoint_for(
    "DELETE",
    "/users/<int:record_id>/tokens/<int:token_id>",
    permission=Permission.USER_WRITE,
    load_with=service.subordinate,
    status=204,
    summary="Revoke a personal token of a user",
)
def delete_user_token(_actor: Actor, user: User, token_id: int) -> None:
    """End a token of somebody."""
    api_tokens.revoke(user.id, min(token_id, MAX_ID))


# ---- the second factor -----------------------------------------------------------------------------------------------


@routes.endpoint_for(
    "GET",
    "/auth/totp",
    permission=SIGNED_IN,
    answer=TotpSchema,
    in_person=True,
    before_second_factor=True,
    summary="How the second factor stands",
)
def read_totp(actor: Actor) -> dict[str, Any]:
    """Whether a code is asked for at sign-in."""
    return second_factor.state(actor)


@routes.endpoint_for(
    "POST",
    "/auth/totp",
    permission=SIGNED_IN,
    body=PasswordIfAnySchema,
    answer=TotpStartSchema,
    unit="own",
    in_person=True,
    before_second_factor=True,
    summary="Begin to set up the second factor; the secret is shown once",
)
def start_totp(actor: Actor, body: dict[str, Any]) -> Response:
    """A new secret for an authenticator app; it counts for nothing until a code of it is confirmed."""
    sessions.prove_password_if_any(actor, body.get("password"), calling())
    return in_own_unit(actor, lambda: secret_answer(second_factor.start(actor)))


@routes.endpoint_for(
    "POST",
    "/auth/totp/confirm",
    permission=SIGNED_IN,
    body=CodeSchema,
    answer=RecoveryCodesSchema,
    in_person=True,
    before_second_factor=True,
    summary="Switch the second factor on with a first code; the recovery codes are shown once",
)
def confirm_totp(actor: Actor, body: dict[str, Any]) -> Response:
    """From now on a code is asked for at sign-in."""
    return secret_answer(second_factor.confirm(actor, body["code"]))


@routes.endpoint_for(
    "POST",
    "/auth/totp/recovery-codes",
    permission=SIGNED_IN,
    body=PasswordProofSchema,
    answer=RecoveryCodesSchema,
    unit="own",
    in_person=True,
    summary="New recovery codes in the place of the older ones; they are shown once",
)
def renew_recovery_codes(actor: Actor, body: dict[str, Any]) -> Response:
    """Recovery codes anew."""
    sessions.prove_password(actor, body["password"], calling())
    return in_own_unit(actor, lambda: secret_answer(second_factor.renew_codes(actor)))


@routes.endpoint_for(
    "POST",
    "/auth/totp/disable",
    permission=SIGNED_IN,
    body=PasswordProofSchema,
    status=204,
    unit="own",
    in_person=True,
    summary="Switch the own second factor off",
)
def disable_totp(actor: Actor, body: dict[str, Any]) -> Response:
    """From now on the password is enough."""
    sessions.prove_password(actor, body["password"], calling())
    return in_own_unit(actor, lambda: second_factor.disable_own(actor, body["password"]), status=204)


@routes.endpoint_for(
    "DELETE",
    "/users/<int:record_id>/totp",
    permission=Permission.USER_WRITE,
    load_with=service.subordinate,
    status=204,
    summary="Switch the second factor of a user off, who has lost it",
)
def disable_user_totp(actor: Actor, user: User) -> None:
    """Let somebody sign in by password alone, to set up another device."""
    if user.id == actor.user_id:
        raise conflict("own-password")
    second_factor.disable(user.id)


@routes.endpoint_for(
    "POST",
    "/users/<int:record_id>/password-link",
    permission=Permission.USER_WRITE,
    load_with=service.subordinate,
    answer=PasswordLinkSchema,
    summary="Have a user choose a new password by a link, mailed where that is possible, else shown once",
)
def create_password_link(actor: Actor, user: User) -> dict[str, Any]:
    """The password stays as it is until the link is used."""
    return links.hand_out(actor, user)
