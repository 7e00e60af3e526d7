"""Request rates: per user once a token has proved good, per address before; counted in the process without Redis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from werkzeug.test import TestResponse

from app import create_app
from app.database import db
from app.installation import seed
from app.routing import CRM
from config import settings_from

from ..auth.visitor import Visitor
from ..cast import raise_the_curtain
from ..conftest import where_installed
from ..racing import at_once
from ..servers import Redis


def limited(folder: Path, **env: str) -> CRM:
    app = create_app(
        settings_from(
            {"DATA_DIR": str(folder), "RATELIMIT_USER": "30/minute", "RATELIMIT_ANONYMOUS": "5/minute", **env}
        )
    )
    with app.app_context():
        upgrade()
        seed()
    return app


@pytest.mark.parametrize("redis", ["none", "away", "there"])
def test_rates(tmp_path: Path, redis: str, request: pytest.FixtureRequest) -> None:
    env: dict[str, str] = {}
    if redis == "away":
        env["REDIS_URL"] = "redis://127.0.0.1:1/0"
    elif redis == "there":
        env["REDIS_URL"] = request.getfixturevalue("redis_url")
    app = limited(tmp_path, **env)

    def sent(token: str | None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return app.test_client().get("/api/v1/tags", headers=headers)

    with app.app_context():
        cast = raise_the_curtain(app)
        statuses = [sent(cast.alice.token).status_code for _ in range(32)]
        assert statuses.count(200) == 31, "the first request counts for the address, thirty for the user"
        refused = sent(cast.alice.token)
        assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["RateLimit-Remaining"] == "0"
        made_up = [sent(f"made-up-{number}").status_code for number in range(8)]
        assert made_up == [401, 401, 401, 401, 429, 429, 429, 429]
        assert sent(None).status_code == 429
        assert app.test_client().get("/health").status_code == 200
        for engine in db.engines.values():
            engine.dispose()


def test_what_is_on_its_way_while_redis_goes_is_answered(tmp_path: Path) -> None:
    """Several ask a Redis that hangs: the first of them finds out, and the others are no errors."""
    with where_installed(), Redis() as redis:
        app = limited(tmp_path, REDIS_URL=redis.url)
        with app.app_context():
            cast = raise_the_curtain(app)

        def ask() -> TestResponse:
            with app.app_context():
                return app.test_client().get("/api/v1/tags", headers={"Authorization": f"Bearer {cast.carol.token}"})

        assert ask().status_code == 200
        redis.pause()
        try:
            assert [answer.status_code for answer in at_once(*[ask] * 12)] == [200] * 12
            statuses = [ask().status_code for _ in range(32)]
            assert statuses[-1] == 429, "rates hold without Redis"
        finally:
            redis.resume()
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


def test_an_office_behind_one_address_may_reload(tmp_path: Path) -> None:
    """Renewing a sign-in is its person's affair; only what proves nothing counts for the address."""
    app = limited(tmp_path)
    with app.app_context():
        raise_the_curtain(app)
        browser = Visitor(app)
        token = browser.signed_in()["refresh_token"]
        for _ in range(12):
            answer = browser.refresh(token)
            assert answer.status_code == 200, answer.get_data(as_text=True)
            token = answer.get_json()["refresh_token"]
        by_cookie = Visitor(app)
        assert by_cookie.login(session="cookie").status_code == 200
        for _ in range(12):
            assert by_cookie.refresh(X_Requested_With="lianxi").status_code == 200
        made_up = [Visitor(app).refresh("made.up.token").status_code for _ in range(8)]
        assert made_up[-1] == 429
        assert set(made_up) == {401, 429}
        for engine in db.engines.values():
            engine.dispose()
