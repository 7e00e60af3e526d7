"""Answers of reports are kept where there is a cache, made anew where it is away, and never stale."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask_migrate import upgrade

from app import create_app
from app.database import db
from app.installation import seed
from config import settings_from

from ..cast import raise_the_curtain
from ..conftest import counted
from ..deal.selling import deal


@pytest.mark.parametrize("redis", ["none", "away", "there"])
def test_an_answer_is_kept_until_something_is_written(
    tmp_path: Path, redis: str, request: pytest.FixtureRequest
) -> None:
    env = {"DATA_DIR": str(tmp_path), "RATELIMIT_ENABLED": "0"}
    if redis == "away":
        env["REDIS_URL"] = "redis://127.0.0.1:1/0"
    elif redis == "there":
        env |= {"REDIS_URL": request.getfixturevalue("redis_url"), "REDIS_CHANNEL": tmp_path.name}
    app = create_app(settings_from(env))
    with app.app_context():
        upgrade()
        seed()
        cast = raise_the_curtain(app)

        def open_amount() -> tuple[str, int]:
            with counted(app) as counter:
                answer = cast.alice.get("/reports/summary")
            assert answer.status_code == 200, answer.get_data(as_text=True)
            return answer.get_json()["open_amount"], len(counter.statements)

        deal(cast.alice, amount="1")
        first, again = open_amount(), open_amount()
        assert (first[0], again[0]) == ("1.00", "1.00")
        assert (again[1] < first[1]) == (redis != "away")
        deal(cast.alice, amount="2")
        assert open_amount()[0] == "3.00"
        for engine in db.engines.values():
            engine.dispose()
