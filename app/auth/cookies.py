"""How refresh tokens travel: as Bearer, or in a cookie that no script can read."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, current_app, request

from ..caller import bearer_token
from ..routing import PREFIX
from .tokens import unauthorized

_MARK = "lianxi"


def _name() -> str:
    # Browsers take the __Host- prefix over TLS only; a team on plain http in its own network signs in all the same.
    return "__Host-lianxi_rt" if current_app.config["LIANXI"].secure_cookies else "lianxi_rt"


def _path() -> str:
    return "/" if current_app.config["LIANXI"].secure_cookies else f"{PREFIX}/auth"


def keep(answer: Response, token: str, seconds: int | None) -> None:
    """Put a refresh token into its cookie.

    Args:
        seconds: how long the browser keeps it; None until it is closed.
    """
    secure = current_app.config["LIANXI"].secure_cookies
    answer.set_cookie(_name(), token, max_age=seconds, path=_path(), secure=secure, httponly=True, samesite="Strict")


def drop(answer: Response) -> None:
    """Take the cookie away."""
    secure = current_app.config["LIANXI"].secure_cookies
    answer.delete_cookie(_name(), path=_path(), secure=secure, httponly=True, samesite="Strict")


def keep_attempt(answer: Response, state: str, secret: str, seconds: int) -> None:
    """Bind a sign-in at a provider to this browser, by a cookie of its own, so that two tabs may be at it."""
    secure = current_app.config["LIANXI"].secure_cookies
    answer.set_cookie(
        _attempt(state), secret, max_age=seconds, path=_path(), secure=secure, httponly=True, samesite="Lax"
    )


def attempt_secret(state: str) -> str | None:
    """What `keep_attempt` has kept."""
    return request.cookies.get(_attempt(state))


def drop_attempt(answer: Response, state: str) -> None:
    """Take it away."""
    secure = current_app.config["LIANXI"].secure_cookies
    answer.delete_cookie(_attempt(state), path=_path(), secure=secure, httponly=True, samesite="Lax")


def _attempt(state: str) -> str:
    return ("__Host-" if current_app.config["LIANXI"].secure_cookies else "") + f"lianxi_sso_{state[:8]}"


def cookie_token() -> str | None:
    """The cookie's token where a page of ours sent it; None where there is none, or nobody says that it is from us.

    Raises:
        Problem: 401, a foreign page sent it.
    """
    token = request.cookies.get(_name())
    if not token or request.headers.get("X-Requested-With") != _MARK:
        return None
    if not _is_ours():
        raise unauthorized()
    return token


def sent_token() -> tuple[str, bool]:
    """The refresh token of a request, and whether it came by cookie.

    Raises:
        Problem: 401, there is none.
    """
    token = cookie_token()
    return (token, True) if token is not None else (bearer_token(), False)


def _is_ours() -> bool:
    """Whether the page that sends the cookie has an origin of ours; programs send none."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    settings = current_app.config["LIANXI"]
    if origin in (settings.public_url, *settings.cors_origins):
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc == request.host
