"""Pages of other origins: none may read an answer, but those of which an admin of the machine has made a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import create_app
from app.routing import CRM
from config import ConfigurationError, settings_from

from ..cast import Cast

FRIEND = "https://intranet.example.com"
STRANGERS = (
    "https://evil.example",
    f"{FRIEND}.evil.example",
    "https://intranetXexample.com",
    "http://intranet.example.com",
    f"{FRIEND}:8443",
    "null",
)


def allowed(app: CRM, origin: str, **more: str) -> dict[str, str]:
    """What an answer and a preflight say to pages of an origin."""
    client = app.test_client()
    asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
    answers = [
        client.get("/api/v1/auth/me", headers={"Origin": origin, **more}),
        client.options("/api/v1/customers/1", headers={**asked, "Access-Control-Request-Headers": "authorization"}),
    ]
    return {
        name: value
        for answer in answers
        for name, value in answer.headers.items()
        if name.startswith("Access-Control-Allow-")
    }


def test_nobody_by_default(app: CRM, cast: Cast) -> None:
    for origin in (FRIEND, *STRANGERS):
        assert allowed(app, origin, Authorization=f"Bearer {cast.alice.token}") == {}, origin


@pytest.fixture
def friendly(tmp_path: Path) -> CRM:
    return create_app(
        settings_from(
            {"DATA_DIR": str(tmp_path), "RATELIMIT_ENABLED": "0", "CORS_ORIGINS": f"{FRIEND}, https://b.example"}
        )
    )


def test_those_of_the_list_and_no_others(friendly: CRM) -> None:
    told = allowed(friendly, FRIEND)
    assert told["Access-Control-Allow-Origin"] == FRIEND
    assert "Access-Control-Allow-Credentials" not in told, "tokens travel in a header, not by themselves"
    for origin in STRANGERS:
        assert "Access-Control-Allow-Origin" not in allowed(friendly, origin), origin


@pytest.mark.parametrize("asked", ["*", "null", "https://*.example.com", "https://a.example/path", "a.example"])
def test_a_list_that_would_let_everybody_in(asked: str) -> None:
    with pytest.raises(ConfigurationError, match="CORS_ORIGINS"):
        settings_from({"CORS_ORIGINS": f"{FRIEND}, {asked}"})
