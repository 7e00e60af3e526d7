"""Personal tokens: made once, within their scopes and their owner's rights, gone at once when revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access import UNSCOPED, Permission
from app.auth.credentials import ApiToken
from app.auth.models import Role, SignIn
from app.auth.stamps import raise_stamps
from app.database import db
from app.job.models import Job
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import PASSWORD, Cast, Member
from ..faults import issues
from ..importing.sending import upload
from .visitor import Visitor


def made(member: Member, *scopes: str, **more: Any) -> dict[str, Any]:
    """A new token of somebody."""
    return member.made("/auth/tokens", {"name": "Nightly sync", "scopes": list(scopes), **more})


def by_token(member: Member, *scopes: str) -> Member:
    """Somebody's program."""
    token = made(member, *scopes)["token"]
    return Member(member.app, member.id, member.name, member.team_id, token)


def test_a_token_is_shown_once(app: CRM, cast: Cast) -> None:
    answer = cast.alice.post("/auth/tokens", {"name": "  Nightly sync ", "scopes": ["deal:read", "customer:read"]})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.get_json()
    token = body.pop("token")
    assert token.startswith("lianxi_pat_")
    assert len(token) == len("lianxi_pat_") + 43
    assert body["name"] == "Nightly sync"
    assert body["hint"] == token[-4:]
    assert body["scopes"] == ["customer:read", "deal:read"]
    assert body["last_used_at"] is None
    lasts = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=90) < lasts <= timedelta(days=91), "to the end of the ninetieth day"
    listed = cast.alice.get("/auth/tokens").get_json()
    assert listed["data"] == [body]
    assert listed["meta"]["total"] == 1
    assert cast.bob.get("/auth/tokens").get_json()["data"] == []
    stored = db.session.execute(select(ApiToken)).scalar_one()
    assert token not in repr(vars(stored))


def test_it_opens_what_its_scopes_say(app: CRM, cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})
    program = by_token(cast.alice, "customer:read")
    assert program.get(f"/customers/{customer['id']}").get_json()["can_write"] is False
    assert program.get("/customers").get_json()["data"][0]["can_write"] is False
    assert program.patch(f"/customers/{customer['id']}", {"name": "Other"}).status_code == 403
    assert program.post("/customers", {"name": "New"}).status_code == 403
    assert program.get("/deals").status_code == 403
    assert program.get("/auth/me").get_json()["permissions"] == ["customer:read"]
    assert program.get("/search?q=Acme").get_json()["data"][0]["id"] == customer["id"]
    assert by_token(cast.alice, "deal:read").get("/search?q=Acme").get_json()["data"] == []
    writer = by_token(cast.alice, "customer:read", "customer:write")
    assert writer.patch(f"/customers/{customer['id']}", {"name": "Other"}).status_code == 200
    assert writer.get(f"/customers/{customer['id']}").get_json()["can_write"] is True


def test_scopes_that_only_show_write_nothing(app: CRM, cast: Cast) -> None:
    view = cast.alice.made("/views", {"name": "Mine", "resource": "customers"})
    board = cast.alice.made("/dashboards", {"name": "Mine"})
    pooled = cast.carol.made("/customers", {"name": "Acme", "phone": "13800001111", "owner_id": None})
    program = by_token(cast.alice, "customer:read", "report:read", "journal:read")
    for method, path, body in (
        ("POST", "/views", {"name": "New", "resource": "customers"}),
        ("PATCH", f"/views/{view['id']}", {"name": "Other"}),
        ("DELETE", f"/views/{view['id']}", None),
        ("POST", f"/views/{view['id']}/prefer", {"is_pinned": True}),
        ("POST", "/views/bulk", {"ids": [view["id"]], "action": "delete"}),
        ("PATCH", f"/dashboards/{board['id']}", {"name": "Other"}),
        ("POST", f"/customers/{pooled['id']}/reveal", {"field": "phone"}),
    ):
        answer = program.call(method, path, json=body)
        assert (answer.status_code, answer.get_json()["type"]) == (403, "/problems/forbidden"), path
    assert cast.alice.get(f"/views/{view['id']}").get_json()["version"] == view["version"]
    assert program.get(f"/views/{view['id']}").get_json()["can_write"] is False
    assert program.get("/views?resource=customers").get_json()["data"][0]["can_write"] is False
    assert program.post("/customers/check", {"name": "Acme"}).status_code == 200, "a question writes nothing"
    writer = by_token(cast.alice, "customer:read", "customer:write")
    assert writer.post("/views", {"name": "New", "resource": "customers"}).get_json()["can_write"] is True
    assert writer.get(f"/views/{view['id']}").get_json()["can_write"] is True


def test_history_takes_its_scope_on_every_road(app: CRM, cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})
    edited = cast.carol.patch(f"/customers/{customer['id']}", {"title": "Big"})
    path = f"/changesets/{edited.headers['X-Changeset-Id']}"
    assert by_token(cast.alice, "customer:read", "journal:read").get(path).status_code == 200
    assert by_token(cast.alice, "customer:read").get(path).status_code == 404


def test_files_to_import_are_read_like_what_they_hold(app: CRM, cast: Cast) -> None:
    number = upload(cast.alice, "deals", "name\nBig one\n")["id"]
    assert cast.alice.get(f"/imports/{number}").status_code == 200
    assert by_token(cast.alice, "deal:read").get(f"/imports/{number}").status_code == 200
    program = by_token(cast.alice, "customer:read")
    assert program.get(f"/imports/{number}").status_code == 404
    assert program.get(f"/imports/{number}/errors").status_code == 404
    assert program.get("/imports").get_json()["data"] == []


def test_it_never_sees_what_its_owner_does_not(app: CRM, cast: Cast) -> None:
    hidden = cast.mallory.made("/customers", {"name": "Hidden"})
    program = by_token(cast.alice, "customer:read")
    assert program.get(f"/customers/{hidden['id']}").status_code == 404


def test_changes_and_history_keep_to_the_scopes(app: CRM, cast: Cast) -> None:
    mark = cast.alice.get("/events").get_json()["meta"]["watermark"]
    customer = cast.alice.made("/customers", {"name": "Acme"})
    both = by_token(cast.alice, "customer:read", "journal:read")
    deals = by_token(cast.alice, "deal:read", "journal:read")
    assert both.get(f"/events?after={mark}").get_json()["data"][0]["record"]["name"] == "Acme"
    assert deals.get(f"/events?after={mark}").get_json()["data"] == []
    path = f"/journal?resource=customer&id={customer['id']}"
    assert len(both.get(path).get_json()["data"]) == 1
    assert deals.get(path).get_json()["data"] == []


def test_its_owner_s_rights_of_now_count(app: CRM, cast: Cast) -> None:
    program = by_token(cast.alice, "customer:read", "customer:write")
    assert program.post("/customers", {"name": "First"}).status_code == 201
    with unit_of_work():
        role = db.session.execute(select(Role).where(Role.key == "sales")).scalar_one()
        role.permissions = [one for one in role.permissions if one != "customer:write"]
        raise_stamps(cast.alice.id)
    assert program.post("/customers", {"name": "Second"}).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/auth/tokens", {"name": "more", "scopes": ["deal:read"]}),
        ("GET", "/auth/tokens", None),
        ("DELETE", "/auth/tokens/1", None),
        ("GET", "/auth/sessions", None),
        ("DELETE", "/auth/sessions/1", None),
        ("PATCH", "/auth/me", {"name": "Other"}),
        ("POST", "/auth/password", {"current_password": PASSWORD, "new_password": "another good one 7"}),
    ],
)
def test_it_is_not_the_person(app: CRM, cast: Cast, method: str, path: str, body: Any) -> None:
    answer = by_token(cast.root, "customer:read").call(method, path, json=body)
    assert answer.status_code == 403
    assert answer.get_json()["type"] == "/problems/in-person-only"


def test_it_makes_no_people(app: CRM, cast: Cast) -> None:
    for scope in (Permission.USER_WRITE, Permission.ROLE_WRITE, Permission.PRIVACY_ERASE):
        answer = cast.root.post("/auth/tokens", {"name": "root", "scopes": ["deal:read", scope]})
        assert answer.status_code == 422
        assert issues(answer) == {"#/scopes/1": "not_allowed"}
    program = by_token(cast.root, *(scope for scope in Permission if scope not in UNSCOPED))
    assert program.post("/users", {"name": "New", "email": "new@example.com", "role": "sales"}).status_code == 403
    assert program.get(f"/users/{cast.alice.id}/tokens").status_code == 403


def test_jobs_keep_to_the_scopes(app: CRM, cast: Cast) -> None:
    program = by_token(cast.vera, "customer:read")
    assert program.post("/exports", {"resource": "customers", "format": "csv"}).status_code == 403
    program = by_token(cast.alice, "customer:read", "export")
    answer = program.post("/exports", {"resource": "customers", "format": "csv"})
    assert answer.status_code == 202
    db.session.rollback()
    job = db.session.get(Job, answer.get_json()["id"])
    assert job is not None
    assert job.scopes == ["customer:read", "export"]


def test_bad_input(app: CRM, cast: Cast) -> None:
    today = datetime.now(UTC).date()

    def faults(**body: Any) -> dict[str, str]:
        answer = cast.alice.post("/auth/tokens", body)
        assert answer.status_code == 422
        return issues(answer)

    assert faults() == {"#/name": "required", "#/scopes": "required"}
    assert faults(name="x", scopes=[]) == {"#/scopes": "required"}
    assert faults(name="x", scopes=["everything"]) == {"#/scopes/0": "not_allowed"}
    assert faults(name="x", scopes=["deal:read", "setting:write"]) == {"#/scopes/1": "scope_lacking"}
    good = {"name": "x", "scopes": ["deal:read"]}
    assert faults(**good, expires_on=str(today - timedelta(days=2))) == {"#/expires_on": "past"}
    assert faults(**good, expires_on=str(today + timedelta(days=367))) == {"#/expires_on": "expires_late"}
    assert faults(**good, token="mine") == {"#/token": "read_only"}


def test_revoked_it_is_dead(app: CRM, cast: Cast) -> None:
    token = made(cast.alice, "customer:read")
    program = Member(app, cast.alice.id, "program", None, token["token"])
    assert program.get("/customers").status_code == 200
    assert cast.bob.delete(f"/auth/tokens/{token['id']}").status_code == 404
    assert cast.alice.delete(f"/auth/tokens/{token['id']}").status_code == 204
    refused = program.get("/customers")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert cast.alice.delete(f"/auth/tokens/{token['id']}").status_code == 404


def test_expired_it_is_dead(app: CRM, cast: Cast) -> None:
    token = made(cast.alice, "customer:read")
    program = Member(app, cast.alice.id, "program", None, token["token"])
    with unit_of_work() as unit:
        sign_in = db.session.get(SignIn, token["id"])
        assert sign_in is not None
        sign_in.expires_at = unit.at - timedelta(seconds=1)
    refused = program.get("/customers")
    assert refused.status_code == 401
    assert refused.get_json()["type"] == "/problems/token-expired"
    assert cast.alice.get("/auth/tokens").get_json()["data"] == []


@pytest.mark.parametrize("token", ["lianxi_pat_", "lianxi_pat_x", "lianxi_pat_" + "A" * 43, "lianxi_pat_\x7f", "pat"])
def test_made_up_ones(app: CRM, cast: Cast, token: str) -> None:
    answer = Visitor(app).call("GET", "/auth/me", token=token)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_leaver_s_tokens_end_and_a_new_password_leaves_them(app: CRM, cast: Cast) -> None:
    program = by_token(cast.alice, "customer:read")
    changed = cast.alice.post("/auth/password", {"current_password": PASSWORD, "new_password": "another good one 7"})
    assert changed.status_code == 204
    assert program.get("/customers").status_code == 200
    assert cast.root.post(f"/users/{cast.alice.id}/deactivate").status_code == 200
    assert program.get("/customers").status_code == 401
    assert cast.root.post(f"/users/{cast.alice.id}/restore").status_code == 200
    assert program.get("/customers").status_code == 401


def test_its_use_is_shown(app: CRM, cast: Cast) -> None:
    program = by_token(cast.alice, "customer:read")
    assert program.get("/customers").status_code == 200
    db.session.rollback()
    (listed,) = cast.alice.get("/auth/tokens").get_json()["data"]
    assert listed["last_used_at"] > listed["created_at"]
    assert listed["last_address"] == "127.0.0.1"


def test_it_is_no_session(app: CRM, cast: Cast) -> None:
    before = cast.alice.get("/auth/sessions").get_json()["meta"]["total"]
    token = made(cast.alice, "customer:read")
    assert cast.alice.get("/auth/sessions").get_json()["meta"]["total"] == before
    assert cast.alice.delete(f"/auth/sessions/{token['id']}").status_code == 404


def test_a_retry_does_not_show_it_again(app: CRM, cast: Cast) -> None:
    body, key = {"name": "once", "scopes": ["deal:read"]}, {"Idempotency-Key": "k-1"}
    assert cast.alice.post("/auth/tokens", body, headers=key).status_code == 201
    again = cast.alice.post("/auth/tokens", body, headers=key)
    assert again.status_code == 409
    assert again.get_json()["type"] == "/problems/secret-not-replayable"
    assert cast.alice.post("/auth/tokens", {**body, "name": "other"}, headers=key).status_code == 422
    assert cast.alice.get("/auth/tokens").get_json()["meta"]["total"] == 1


def test_there_is_an_end_to_them(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.auth.api_tokens.MOST", 1)
    token = made(cast.alice, "deal:read")
    answer = cast.alice.post("/auth/tokens", {"name": "more", "scopes": ["deal:read"]})
    assert answer.status_code == 409
    assert answer.get_json()["type"] == "/problems/too-many-tokens"
    cast.alice.delete(f"/auth/tokens/{token['id']}")
    made(cast.alice, "deal:read")


def test_admins_see_and_revoke_the_tokens_of_others(app: CRM, cast: Cast) -> None:
    token = made(cast.alice, "customer:read")
    (listed,) = cast.root.get(f"/users/{cast.alice.id}/tokens").get_json()["data"]
    assert listed["name"] == "Nightly sync"
    assert "token" not in listed
    assert cast.bob.get(f"/users/{cast.alice.id}/tokens").status_code == 403
    assert cast.root.delete(f"/users/{cast.bob.id}/tokens/{token['id']}").status_code == 404
    assert cast.root.delete(f"/users/{cast.alice.id}/tokens/{token['id']}").status_code == 204
    assert Visitor(app).call("GET", "/auth/me", token=token["token"]).status_code == 401
