"""Headers that every answer carries, added at the edge where a header is a tuple in a list and costs nothing."""

from __future__ import annotations

import gzip
import logging
import re
import secrets
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

from flask import Flask, Response, request
from flask.sessions import NullSession, SessionInterface

import logs
from config import Settings

from . import metrics
from .errors import REQUEST_ID
from .routing import PREFIX

log = logging.getLogger("lianxi.requests")

StartResponse = Callable[..., Any]

_ALWAYS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "geolocation=(self), camera=(self), microphone=()"),
]
_TLS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
_API = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Vary": "Authorization, Cookie, Accept-Language, Origin",
}
_WORTH_PACKING = 4_096
_REQUEST_ID_SHAPE = re.compile(r"[A-Za-z0-9-]{8,64}")


class EdgeHeaders:
    """Adds the headers of `hardening` to whatever leaves; answers of the API are private unless they say otherwise.

    Args:
        application: the WSGI application.
        tls: whether the product is reached over TLS.
        tells: whether each request is logged.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], tls: bool, tells: bool) -> None:
        self.application = application
        self.tells = tells
        self.always = [*_ALWAYS, _TLS] if tls else _ALWAYS

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        is_api = environ.get("PATH_INFO", "").startswith(PREFIX)
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = environ[REQUEST_ID] = sent if _REQUEST_ID_SHAPE.fullmatch(sent) else secrets.token_hex(8)
        trace = environ.get("lianxi.trace_id")
        logs.begin(request_id=request_id, **({"trace_id": trace} if trace else {}))
        began = perf_counter()

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            headers += self.always
            headers.append(("X-Request-ID", request_id))
            if is_api:
                given = {name for name, _ in headers}
                headers += [(name, value) for name, value in _API.items() if name not in given]
            seconds = perf_counter() - began
            metrics.observed(environ, int(status[:3]), seconds)
            if self.tells:
                _tell(environ, status, seconds)
            return start_response(status, headers, *rest)

        return self.application(environ, start)


def _tell(environ: dict[str, Any], status: str, seconds: float) -> None:
    """Log an answered request: without its query, which may hold what somebody searched for, and without bodies."""
    told = {
        "method": environ.get("REQUEST_METHOD"),
        "path": environ.get("PATH_INFO"),
        "status": int(status[:3]),
        "milliseconds": round(seconds * 1_000, 1),
        "address": environ.get("REMOTE_ADDR"),
    }
    log.info("request", extra=told)


class NoSession(SessionInterface):
    """There is no server-side or cookie session: nobody pays for opening one."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Any) -> NullSession:
        """The one empty session."""
        return self._none


def pack(response: Response) -> Response:
    """Compress a large JSON answer for a client that takes it; the ETag stays, its version part is what counts."""
    if (
        (response.content_length or 0) < _WORTH_PACKING
        or "gzip" not in request.headers.get("Accept-Encoding", "")
        or response.status_code != 200
        or response.mimetype != "application/json"
        or "Content-Encoding" in response.headers
    ):
        return response
    response.set_data(gzip.compress(response.get_data(), 4))
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = f"{_API['Vary']}, Accept-Encoding"
    return response


def register(app: Flask, settings: Settings) -> None:
    """Put the edge around an application."""
    app.session_interface = NoSession()
    app.after_request(pack)
    app.wsgi_app = EdgeHeaders(app.wsgi_app, settings.secure_cookies, settings.access_log)  # type: ignore[method-assign]
