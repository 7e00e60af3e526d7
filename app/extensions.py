"""Extensions of the framework. What keeps its state on itself is made once per application, in `bind`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, request
from flask_caching import Cache
from flask_cors import CORS
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_limiter.constants import HeaderNames
from flask_migrate import Migrate
from flask_socketio import SocketIO
from redis.exceptions import RedisError

from config import Settings

from .database import db, engine_options, prepare_engines
from .listing import encode
from .schema import ma
from .strict_json import parse_json


class _Json:
    """What Socket.IO packs its messages with."""

    @staticmethod
    def dumps(value: Any, **_kw: Any) -> str:
        return encode(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_kw: Any) -> Any:
        return parse_json(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))


def redis_options(url: str) -> str:
    """A Redis address with short timeouts: a Redis that hangs must not be worse than one that is away."""
    joint = "&" if "?" in url else "?"
    return url + joint + urlencode({"socket_timeout": "0.3", "socket_connect_timeout": "0.2"})


def bind(app: Flask, settings: Settings) -> None:
    """Bind every extension to one application; two applications in one process share nothing.

    Args:
        app: the application.
        settings: its settings.
    """
    url, write, reading = engine_options(settings)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=write,
        SQLALCHEMY_BINDS=reading,
        JWT_ALGORITHM="HS256",
        JWT_DECODE_ALGORITHMS=["HS256"],
        JWT_DECODE_LEEWAY=10,
        JWT_ENCODE_ISSUER="lianxi",
        JWT_DECODE_ISSUER="lianxi",
        JWT_ENCODE_AUDIENCE="lianxi-api",
        JWT_DECODE_AUDIENCE="lianxi-api",
        JWT_ENCODE_NBF=True,
        JWT_SECRET_KEY=settings.secret_key,
        SECRET_KEY=settings.secret_key,
    )
    db.init_app(app)
    with app.app_context():
        prepare_engines(dict(db.engines), settings.statement_seconds)
    ma.init_app(app)
    Migrate(app, db, directory=str(app.config["MIGRATIONS"]), render_as_batch=True)
    JWTManager(app)
    if settings.cors_origins:
        CORS(
            app,
            resources={r"/api/*": {"origins": list(settings.cors_origins)}},
            expose_headers=[
                "ETag",
                "Location",
                "X-Changeset-Id",
                "X-Changeset-Entries",
                "X-Request-ID",
                "Retry-After",
                "Idempotency-Replayed",
            ],
        )
    cache = (
        {
            "CACHE_TYPE": "RedisCache",
            "CACHE_REDIS_URL": redis_options(settings.redis_url),
            "CACHE_KEY_PREFIX": f"{settings.channel}:",
        }
        if settings.redis_url
        else {"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": 2_000}
    )
    app.extensions["lianxi.cache"] = Cache(app, config=cache)
    _limit(app, settings)
    socketio = SocketIO(
        app,
        # Pushes are made by every process for its own sockets; the queue carries presence between processes.
        message_queue=settings.redis_url or None,
        channel=f"{settings.channel}.sockets",
        async_mode=settings.async_mode,
        cors_allowed_origins=list(settings.cors_origins) or None,
        json=_Json,
        max_http_buffer_size=64 * 1024,
        ping_interval=25,
        ping_timeout=20,
        manage_session=False,
        logger=False,
        engineio_logger=False,
    )
    app.extensions["lianxi.socketio"] = socketio


def recall(key: str) -> Any:
    """What was kept under a key; None where nothing was, or the cache is away."""
    try:
        return current_app.extensions["lianxi.cache"].get(key)
    except RedisError:
        return None


def keep(key: str, value: Any, seconds: int) -> None:
    """Keep a value for a while; a cache that is away keeps nothing."""
    with suppress(RedisError):
        current_app.extensions["lianxi.cache"].set(key, value, timeout=seconds)


KNOWN_CALLER: list[Callable[[], str | None]] = []
"""Names the caller of a request whose token proves something, for the rates; put in by `auth/identity.py`."""


def _caller() -> str:
    return KNOWN_CALLER[0]() or f"address:{request.remote_addr}"


def _limit(app: Flask, settings: Settings) -> None:
    """Request rates per caller; with Redis away they are counted in the process."""
    if not settings.ratelimit_enabled:
        return

    def rate() -> str:
        return settings.ratelimit_anonymous if KNOWN_CALLER[0]() is None else settings.ratelimit_user

    def exempt() -> bool:
        return not request.path.startswith("/api/") or request.method == "OPTIONS"

    Limiter(
        _caller,
        app=app,
        application_limits=[rate],
        application_limits_exempt_when=exempt,
        headers_enabled=True,
        header_name_mapping={
            HeaderNames.LIMIT: "RateLimit-Limit",
            HeaderNames.REMAINING: "RateLimit-Remaining",
            HeaderNames.RESET: "RateLimit-Reset",
        },
        retry_after="delta-seconds",
        storage_uri=redis_options(settings.redis_url) if settings.redis_url else "memory://",
        in_memory_fallback_enabled=bool(settings.redis_url),
        # The first request that finds Redis away changes over to counting in the process. Those that are on their way
        # just then go uncounted: some are done already, and an error would say that they are not.
        swallow_errors=bool(settings.redis_url),
        key_prefix=settings.channel,
        strategy="fixed-window",
    )


__all__ = ["bind", "keep", "recall", "redis_options"]
