"""The people of the tests, signed in with real tokens, and a client that speaks for one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from werkzeug.test import TestResponse

from app.auth.models import SignIn, Team, User
from app.auth.passwords import hash_password
from app.auth.tokens import access_token
from app.database import db
from app.folding import fold
from app.routing import CRM
from app.transaction import unit_of_work

PASSWORD = "correct horse battery 9"


@cache
def hashed_password() -> str:
    """The one hash that the whole cast shares: argon2 is slow on purpose."""
    return hash_password(PASSWORD)


@dataclass
class Member:
    """One person of the cast with an HTTP client of his or her own."""

    app: CRM
    id: int
    name: str
    team_id: int | None
    token: str

    def call(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        """Send a request below `/api/v1` as this person; English unless said otherwise."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en", **kwargs.pop("headers", {})}
        prefix = "" if path.startswith(("/api/", "/health")) else "/api/v1"
        # A context of its own, as in production: the request must not share `g` and the session with the test.
        with self.app.app_context():
            return self.app.test_client().open(prefix + path, method=method, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """GET."""
        return self.call("GET", path, **kwargs)

    def post(self, path: str, json: Any = None, **kwargs: Any) -> TestResponse:
        """POST."""
        return self.call("POST", path, json=json if json is not None else {}, **kwargs)

    def patch(self, path: str, json: Any, **kwargs: Any) -> TestResponse:
        """PATCH."""
        return self.call("PATCH", path, json=json, **kwargs)

    def put(self, path: str, json: Any, **kwargs: Any) -> TestResponse:
        """PUT."""
        return self.call("PUT", path, json=json, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        """DELETE."""
        return self.call("DELETE", path, **kwargs)

    def made(self, path: str, json: Any) -> dict[str, Any]:
        """POST that must answer 201; the record."""
        answer = self.post(path, json)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return dict(answer.get_json())


@dataclass
class Cast:
    """alice and bob sell in the north, carol leads it, mallory sells in the south, vera reads, root administers."""

    north: int
    south: int
    alice: Member
    bob: Member
    carol: Member
    mallory: Member
    vera: Member
    root: Member

    def everybody(self) -> list[Member]:
        """All six."""
        return [self.alice, self.bob, self.carol, self.mallory, self.vera, self.root]


def session_of(user_id: int, at: datetime) -> SignIn:
    """A sign-in of a day."""
    return SignIn(user_id=user_id, created_at=at, expires_at=at + timedelta(days=1), last_used_at=at)


def sign_in(app: CRM, user_id: int) -> str:
    """A real access token of a new sign-in."""
    with unit_of_work() as unit:
        session = session_of(user_id, unit.at)
        db.session.add(session)
        db.session.flush()
        session_id = session.id
    return access_token(user_id, session_id, 3_600)


def raise_the_curtain(app: CRM) -> Cast:
    """Make the teams and people and sign everybody in."""
    with unit_of_work() as unit:
        north, south = Team(name="North"), Team(name="South")
        db.session.add_all([north, south])
        db.session.flush()
        people = {
            name: User(
                name=name.title(),
                name_key=fold(name),
                email=f"{name}@example.com",
                email_key=f"{name}@example.com",
                role=role,
                team_id=team,
                password_hash=hashed_password(),
                language="en",
                time_zone="Asia/Shanghai",
            )
            for name, role, team in (
                ("alice", "sales", north.id),
                ("bob", "sales", north.id),
                ("carol", "manager", north.id),
                ("mallory", "sales", south.id),
                ("vera", "viewer", None),
                ("root", "admin", None),
            )
        }
        db.session.add_all(people.values())
        db.session.flush()
        north.manager_id = people["carol"].id
        sessions = {name: session_of(person.id, unit.at) for name, person in people.items()}
        db.session.add_all(sessions.values())
        db.session.flush()
        members = {
            name: Member(app, person.id, name, person.team_id, access_token(person.id, sessions[name].id, 3_600))
            for name, person in people.items()
        }
        teams = (north.id, south.id)
    return Cast(teams[0], teams[1], **members)
