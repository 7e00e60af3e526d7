"""`/auth/sso`, `/auth/identities`: signing in on the word of a provider, and what is linked to an account."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..listing import encode
from ..routing import PUBLIC, SIGNED_IN, Routes
from ..schema import MAX_ID
from . import cookies, service, sessions
from .models import User, users
from .schemas import PasswordIfAnySchema
from .sso import flow
from .sso.schemas import (
    IdentityPageSchema,
    IdentitySchema,
    SsoAddressSchema,
    SsoFinishSchema,
    SsoProviderPageSchema,
    SsoStartSchema,
    SsoTokenAnswerSchema,
)
from .units import calling, in_own_unit, token_answer, whole

routes = Routes("sso", __name__)


def _sent(begun: flow.Begun) -> Response:
    """Where the browser goes; what it keeps meanwhile is kept by nobody between."""
    answer = Response(encode({"url": begun.address}), 200, mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    cookies.keep_attempt(answer, begun.state, begun.secret, int(flow.LIVES.total_seconds()))
    return answer


@routes.endpoint_for(
    "GET",
    "/auth/sso",
    permission=PUBLIC,
    answer=SsoProviderPageSchema,
    summary="The providers that people may sign in with",
)
def list_providers() -> dict[str, Any]:
    """What the sign-in page offers besides a password."""
    return whole(flow.offered())


@routes.endpoint_for(
    "POST",
    "/auth/sso/<provider>/start",
    permission=PUBLIC,
    body=SsoStartSchema,
    answer=SsoAddressSchema,
    unit="own",
    summary="Begin to sign in at a provider, within ten minutes and in this browser",
)
def start(body: dict[str, Any], provider: str) -> Response:
    """Where the browser is to go; the provider sends it back to `PUBLIC_URL/sso/{provider}`."""
    return _sent(flow.begin(provider, body.get("return_to"), remembered=body["remember"]))


@routes.endpoint_for(
    "POST",
    "/auth/sso/<provider>/finish",
    permission=PUBLIC,
    body=SsoFinishSchema,
    answer=SsoTokenAnswerSchema,
    unit="own",
    summary="Sign in with what the provider has answered",
)
def finish(body: dict[str, Any], provider: str) -> Response:
    """Open a session; the refresh token goes into the cookie."""
    said = flow.parameters(body["answer"])
    granted, return_to = flow.sign_in(provider, said, cookies.attempt_secret(said["state"]), calling())
    answer = token_answer(granted, True, return_to=return_to)
    cookies.drop_attempt(answer, said["state"])
    return answer


@routes.endpoint_for(
    "POST",
    "/auth/sso/<provider>/link",
    permission=SIGNED_IN,
    body=PasswordIfAnySchema,
    answer=SsoAddressSchema,
    unit="own",
    in_person=True,
    summary="Begin to link an account at a provider to the own account",
)
def start_link(actor: Actor, body: dict[str, Any], provider: str) -> Response:
    """Where the browser is to go; who has a password shows that it is known."""
    flow.refuse_second(actor, provider)
    sessions.prove_password_if_any(actor, body.get("password"), calling())
    return _sent(flow.begin(provider, None, user_id=actor.user_id))


@routes.endpoint_for(
    "POST",
    "/auth/sso/<provider>/link/finish",
    permission=SIGNED_IN,
    body=SsoFinishSchema,
    status=201,
    answer=IdentitySchema,
    unit="own",
    in_person=True,
    summary="Link the account that the provider has answered with",
)
def finish_link(actor: Actor, body: dict[str, Any], provider: str) -> Response:
    """From now on the person may sign in with it."""
    said = flow.parameters(body["answer"])
    profile = flow.proved(actor, provider, said, cookies.attempt_secret(said["state"]))
    answer = in_own_unit(actor, lambda: flow.link(actor, provider, profile, calling()), status=201)
    cookies.drop_attempt(answer, said["state"])
    return answer


@routes.endpoint_for(
    "GET",
    "/auth/identities",
    permission=SIGNED_IN,
    answer=IdentityPageSchema,
    in_person=True,
    before_second_factor=True,
    summary="The accounts at providers that are linked to the own account",
)
def list_identities(actor: Actor) -> dict[str, Any]:
    """What the caller may sign in with."""
    return _of_user(actor.user_id)


@routes.endpoint_for(
    "DELETE",
    "/auth/identities/<int:identity_id>",
    permission=SIGNED_IN,
    status=204,
    in_person=True,
    summary="Unlink an account at a provider from the own account",
)
def delete_identity(actor: Actor, identity_id: int) -> None:
    """Sign in with it no longer; the last way in stays."""
    flow.unlink(actor.user_id, min(identity_id, MAX_ID), calling(), by_owner=True)


@routes.endpoint_for(
    "GET",
    "/users/<int:record_id>/identities",
    permission=Permission.USER_WRITE,
    loads=users,
    writes_row=False,
    answer=IdentityPageSchema,
    summary="The accounts at providers that are linked to a user",
)
def list_user_identities(_actor: Actor, user: User) -> dict[str, Any]:
    """What a person may sign in with."""
    return _of_user(user.id)


@routes.endpoint_for(
    "DELETE",
    "/users/<int:record_id>/identities/<int:identity_id>",
    permission=Permission.USER_WRITE,
    load_with=service.subordinate,
    status=204,
    summary="Unlink an account at a provider from a user",
)
def delete_user_identity(_actor: Actor, user: User, identity_id: int) -> None:
    """For who has lost it, or should not have it."""
    flow.unlink(user.id, min(identity_id, MAX_ID), calling(), by_owner=False)


def _of_user(user_id: int) -> dict[str, Any]:
    return whole(flow.identities(user_id)) | {"has_password": sessions.has_password(user_id)}
