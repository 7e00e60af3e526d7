"""A browser or program that has not signed in yet, from an address of its choice, with a cookie jar."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from app.auth.models import SignInThrottle
from app.database import db
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import PASSWORD


class Visitor:
    """Sends requests below `/api/v1`, keeps cookies."""

    def __init__(self, app: CRM, address: str = "198.51.100.7") -> None:
        self.client = app.test_client()
        self.address = address

    def call(self, method: str, path: str, json: Any = None, token: str | None = None, **headers: str) -> TestResponse:
        """One request; keyword arguments are headers, `_` for `-`."""
        sent = {"Accept-Language": "en"} | {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return self.client.open(
            "/api/v1" + path,
            method=method,
            json=json,
            headers=sent,
            environ_overrides={"REMOTE_ADDR": self.address},
        )

    def login(self, email: str = "alice@example.com", password: str = PASSWORD, **more: Any) -> TestResponse:
        """POST /auth/login."""
        return self.call("POST", "/auth/login", {"email": email, "password": password, **more})

    def signed_in(self, email: str = "alice@example.com", password: str = PASSWORD, **more: Any) -> dict[str, Any]:
        """The answer of a sign-in that must succeed."""
        answer = self.login(email, password, **more)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return dict(answer.get_json())

    def refresh(self, token: str | None = None, **headers: str) -> TestResponse:
        """POST /auth/refresh."""
        return self.call("POST", "/auth/refresh", token=token, **headers)


def later(seconds: float) -> None:
    """Let time pass for the brake on sign-ins."""
    with unit_of_work():
        for row in db.session.execute(select(SignInThrottle)).scalars():
            row.first_at -= timedelta(seconds=seconds)
            row.last_at -= timedelta(seconds=seconds)


def same_problem(one: TestResponse, other: TestResponse) -> bool:
    """Whether two refusals cannot be told apart, the id of the request aside, and the time that passed between them."""
    bodies = [{**answer.get_json(), "request_id": None} for answer in (one, other)]
    dull = ("Content-Length", "X-Request-ID", "Date", "Retry-After")
    heads = [{key: value for key, value in answer.headers if key not in dull} for answer in (one, other)]
    waits = [int(answer.headers.get("Retry-After", 0)) for answer in (one, other)]
    same_wait = (waits[0] > 0) == (waits[1] > 0) and abs(waits[0] - waits[1]) <= 3
    return one.status_code == other.status_code and bodies[0] == bodies[1] and heads[0] == heads[1] and same_wait
