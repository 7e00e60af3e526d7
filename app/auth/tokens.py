"""Tokens: access tokens that name a user and a sign-in, refresh tokens that work once. Neither carries a right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import jwt
from flask import current_app
from flask_jwt_extended import create_access_token, create_refresh_token

from ..errors import Problem
from ..schema import MAX_ID

ACCESS, REFRESH = "access", "refresh"
_TYPES = {ACCESS: "at+jwt", REFRESH: "rt+jwt"}
_CLAIMS = ["aud", "exp", "iat", "iss", "jti", "nbf", "sub"]


def unauthorized(slug: str = "unauthorized") -> Problem:
    """401 with the header that RFC 6750 wants."""
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"', "Cache-Control": "no-store"}
    return Problem(401, slug, headers=headers)


@dataclass(frozen=True)
class Claims:
    """What a token says.

    Attributes:
        session_id: the sign-in that it belongs to.
        token_id: its own id.
        expires: seconds of the epoch.
    """

    user_id: int
    session_id: int
    token_id: str
    expires: float


def access_token(user_id: int, session_id: int, seconds: int) -> str:
    """A token for every route, good for some seconds as long as its sign-in is."""
    return str(
        create_access_token(
            identity=str(user_id),
            expires_delta=timedelta(seconds=seconds),
            additional_claims={"sid": session_id},
            additional_headers={"typ": _TYPES[ACCESS]},
        )
    )


def refresh_token(user_id: int, session_id: int, seconds: int) -> tuple[str, str]:
    """A token that opens nothing but `/auth/refresh` and `/auth/logout`, and its id."""
    token_id = str(uuid4())
    token = create_refresh_token(
        identity=str(user_id),
        expires_delta=timedelta(seconds=seconds),
        additional_claims={"sid": session_id, "jti": token_id},
        additional_headers={"typ": _TYPES[REFRESH]},
    )
    return str(token), token_id


def read_token(token: str, kind: str) -> Claims:
    """The claims of a token of ours; of its header only the type is believed.

    Args:
        kind: `ACCESS` or `REFRESH`.

    Raises:
        Problem: 401 when it is malformed, foreign, expired or of the other kind.
    """
    settings, config = current_app.config["LIANXI"], current_app.config
    keys = [settings.secret_key, *([settings.previous_secret_key] if settings.previous_secret_key else [])]
    try:
        while True:
            try:
                found = jwt.decode_complete(
                    token,
                    keys.pop(0),
                    algorithms=config["JWT_DECODE_ALGORITHMS"],
                    audience=config["JWT_DECODE_AUDIENCE"],
                    issuer=config["JWT_DECODE_ISSUER"],
                    leeway=config["JWT_DECODE_LEEWAY"],
                    options={"require": _CLAIMS},
                )
                break
            except jwt.InvalidSignatureError:
                if not keys:
                    raise
        claims = found["payload"]
        if claims["type"] != kind or str(found["header"]["typ"]).lower() != _TYPES[kind]:
            raise ValueError(kind)
        user_id, session_id = int(claims["sub"]), int(claims["sid"])
        if not (0 < user_id <= MAX_ID and 0 < session_id <= MAX_ID):
            raise ValueError(user_id)
        return Claims(user_id, session_id, str(claims["jti"]), float(claims["exp"]))
    except jwt.ExpiredSignatureError as error:
        raise unauthorized("token-expired" if kind == ACCESS else "unauthorized") from error
    except Exception as error:  # whatever a hostile text makes a parser raise, it is no token of ours
        raise unauthorized() from error
