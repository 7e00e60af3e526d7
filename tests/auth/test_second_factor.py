"""The second factor: set up, asked for, its codes used once, recovered, switched off."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pyotp
import pytest
from sqlalchemy import select

from app import vault
from app.auth.credentials import RecoveryCode, SecondFactor
from app.auth.second_factor import lock_anew
from app.database import Base, db
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import PASSWORD, Cast, Member
from ..faults import issues
from .visitor import Visitor, later, same_problem


def code_of(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows; so many half minutes from now."""
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def age(user_id: int) -> None:
    """Let the codes that were used lie in the past."""
    with unit_of_work():
        factor = db.session.get(SecondFactor, user_id)
        assert factor is not None
        factor.last_step -= 10


def set_up(member: Member) -> tuple[str, list[str]]:
    """Switch somebody's second factor on; the secret and the recovery codes."""
    secret = member.post("/auth/totp", {"password": PASSWORD}).get_json()["secret"]
    answer = member.post("/auth/totp/confirm", {"code": code_of(secret)})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    age(member.id)
    return secret, answer.get_json()["recovery_codes"]


Rotate = Callable[[str, str], None]


@pytest.fixture
def rotate(app: CRM, monkeypatch: pytest.MonkeyPatch) -> Rotate:
    """Runs the installation with another secret from now on, and knows the previous one or not."""

    def turn(secret: str, previous: str) -> None:
        settings = replace(app.config["LIANXI"], secret_key=secret, previous_secret_key=previous)
        monkeypatch.setitem(app.config, "LIANXI", settings)

    return turn


def kept(user_id: int) -> str:
    """What the row of a person holds in the place of the secret."""
    return db.session.execute(select(SecondFactor.secret).where(SecondFactor.user_id == user_id)).scalar_one()


def test_setting_up(app: CRM, cast: Cast) -> None:
    off = {"is_on": False, "is_demanded": False, "confirmed_at": None, "recovery_codes_left": 0}
    assert cast.alice.get("/auth/totp").get_json() == off
    started = cast.alice.post("/auth/totp", {"password": PASSWORD})
    assert started.status_code == 200
    assert started.headers["Cache-Control"] == "no-store"
    shown = started.get_json()
    assert shown["uri"].startswith("otpauth://totp/Lianxi%20CRM:alice%40example.com?")
    assert shown["secret"] in shown["uri"]
    assert ET.fromstring(shown["qr_svg"]).tag.endswith("svg")  # noqa: S314 - our own
    assert cast.alice.get("/auth/totp").get_json() == off, "not yet"
    assert Visitor(app).login().status_code == 200
    assert issues(cast.alice.post("/auth/totp")) == {"#/password": "required"}
    assert issues(cast.alice.post("/auth/totp", {"password": "wrong wrong wrong"})) == {"#/password": "password_wrong"}
    wrong = cast.alice.post("/auth/totp/confirm", {"code": "000000"})
    assert issues(wrong) == {"#/code": "otp_wrong"}
    confirmed = cast.alice.post("/auth/totp/confirm", {"code": code_of(shown["secret"])})
    assert confirmed.status_code == 200
    codes = confirmed.get_json()["recovery_codes"]
    assert len(set(codes)) == 10
    state = cast.alice.get("/auth/totp").get_json()
    assert state["is_on"] is True
    assert state["recovery_codes_left"] == 10
    stored = " ".join(db.session.execute(select(RecoveryCode.code_hash)).scalars())
    assert not any(code.replace("-", "") in stored for code in codes)
    assert cast.alice.post("/auth/totp", {"password": PASSWORD}).status_code == 409
    assert cast.alice.post("/auth/totp/confirm", {"code": code_of(shown["secret"], 1)}).status_code == 409


def test_the_code_is_asked_for(app: CRM, cast: Cast) -> None:
    secret, _ = set_up(cast.alice)
    visitor = Visitor(app)
    missing = visitor.login()
    assert missing.status_code == 401
    assert missing.get_json()["type"] == "/problems/otp-required"
    assert missing.headers["Cache-Control"] == "no-store"
    assert same_problem(visitor.login(password="wrong wrong wrong"), visitor.login(otp="000000"))
    assert same_problem(visitor.login(password="wrong wrong wrong", otp=code_of(secret)), visitor.login(otp="x"))
    assert visitor.login(otp=code_of(secret)).status_code == 200
    assert visitor.login(email="bob@example.com", otp="123456").status_code == 200, "who has none needs none"


def test_the_log_names_the_factors(app: CRM, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "lianxi")
    secret, _ = set_up(cast.alice)
    visitor = Visitor(app)
    assert visitor.login(otp=code_of(secret)).status_code == 200
    assert visitor.login(email="bob@example.com").status_code == 200
    said = [one.getMessage().rpartition(", by ")[2] for one in caplog.records if "signed in: " in one.getMessage()]
    assert said == ["password and code", "password"]


def test_a_code_works_once(app: CRM, cast: Cast) -> None:
    secret, _ = set_up(cast.alice)
    visitor = Visitor(app)
    earlier, present = code_of(secret, -1), code_of(secret)
    assert visitor.login(otp=f"{present[:3]} {present[3:]}").status_code == 200
    assert visitor.login(otp=present).status_code == 401
    assert visitor.login(otp=earlier).status_code == 401, "nor does an older one"
    assert visitor.login(otp=code_of(secret, 1)).status_code == 200, "a clock may go wrong by half a minute"
    assert visitor.login(otp=code_of(secret, 3)).status_code == 401


def test_the_confirming_code_does_not_sign_in(app: CRM, cast: Cast) -> None:
    secret = cast.alice.post("/auth/totp", {"password": PASSWORD}).get_json()["secret"]
    code = code_of(secret)
    assert cast.alice.post("/auth/totp/confirm", {"code": code}).status_code == 200
    assert Visitor(app).login(otp=code).status_code == 401


def test_of_many_at_once_one_signs_in(app: CRM, cast: Cast) -> None:
    secret, codes = set_up(cast.alice)
    for code in (code_of(secret), codes[0]):
        # Two wrong ones each: a sixth would be throttled.
        with ThreadPoolExecutor(3) as pool:
            answers = pool.map(lambda otp: Visitor(app).login(otp=otp), [code] * 3)
            statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200, 401, 401]


def test_a_recovery_code_works_once(app: CRM, cast: Cast) -> None:
    _, codes = set_up(cast.alice)
    visitor = Visitor(app)
    assert visitor.login(otp=codes[0].upper()).status_code == 200
    assert visitor.login(otp=codes[0]).status_code == 401
    assert visitor.login(otp=codes[1].replace("-", " ")).status_code == 200
    assert cast.alice.get("/auth/totp").get_json()["recovery_codes_left"] == 8
    _, others = set_up(cast.bob)
    assert visitor.login(otp=others[0]).status_code == 401


def test_recovery_codes_are_renewed(app: CRM, cast: Cast) -> None:
    _, codes = set_up(cast.alice)
    wrong = cast.alice.post("/auth/totp/recovery-codes", {"password": "wrong wrong wrong"})
    assert issues(wrong) == {"#/password": "password_wrong"}
    key = {"Idempotency-Key": "renew"}
    answer = cast.alice.post("/auth/totp/recovery-codes", {"password": PASSWORD}, headers=key)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    again = cast.alice.post("/auth/totp/recovery-codes", {"password": PASSWORD}, headers=key)
    assert again.get_json()["type"] == "/problems/secret-not-replayable"
    visitor = Visitor(app)
    assert visitor.login(otp=codes[0]).status_code == 401
    assert visitor.login(otp=answer.get_json()["recovery_codes"][0]).status_code == 200
    assert cast.bob.post("/auth/totp/recovery-codes", {"password": PASSWORD}).status_code == 409


def test_wrong_codes_are_throttled_from_known_places_too(app: CRM, cast: Cast) -> None:
    secret, _ = set_up(cast.alice)
    visitor = Visitor(app)
    assert visitor.login(otp=code_of(secret)).status_code == 200
    age(cast.alice.id)
    for _ in range(3):
        assert visitor.login(otp="000000").status_code == 401
        # To know the password is not enough to make good for a wrong code.
        assert visitor.login().status_code == 401
    for _ in range(3):
        visitor.login(otp="000000")
    refused = visitor.login(otp=code_of(secret))
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    later(3_600)
    assert visitor.login(otp=code_of(secret)).status_code == 200


def test_to_ask_for_the_code_counts_for_nothing(app: CRM, cast: Cast) -> None:
    secret, _ = set_up(cast.alice)
    visitor = Visitor(app)
    for _ in range(8):
        assert visitor.login().get_json()["type"] == "/problems/otp-required"
    assert visitor.login(otp=code_of(secret)).status_code == 200


def test_with_it_a_shorter_password_will_do(app: CRM, cast: Cast) -> None:
    short = "zk4 Pq9w"
    body = {"current_password": PASSWORD, "new_password": short}
    assert issues(cast.alice.post("/auth/password", body)) == {"#/new_password": "password_short"}
    set_up(cast.alice)
    assert issues(cast.alice.post("/auth/password", {**body, "new_password": "zk4 Pq9"})) == {
        "#/new_password": "password_short"
    }
    assert cast.alice.post("/auth/password", body).status_code == 204
    assert cast.alice.post("/auth/totp/disable", {"password": short}).status_code == 204
    assert cast.alice.get("/auth/me").get_json()["must_change_password"] is True


def test_switching_off(app: CRM, cast: Cast) -> None:
    _, codes = set_up(cast.alice)
    assert issues(cast.alice.post("/auth/totp/disable", {"password": "wrong wrong wrong"})) == {
        "#/password": "password_wrong"
    }
    assert issues(cast.alice.post("/auth/totp/disable")) == {"#/password": "required"}
    assert cast.alice.post("/auth/totp/disable", {"password": PASSWORD}).status_code == 204
    assert cast.alice.get("/auth/me").get_json()["must_change_password"] is False
    assert Visitor(app).login().status_code == 200
    assert cast.alice.post("/auth/totp/disable", {"password": PASSWORD}).status_code == 409
    secret, _ = set_up(cast.alice)
    assert Visitor(app).login(otp=codes[0]).status_code == 401
    assert Visitor(app).login(otp=code_of(secret)).status_code == 200


def test_an_admin_helps_who_has_lost_it(app: CRM, cast: Cast) -> None:
    set_up(cast.alice)
    assert cast.root.get(f"/users/{cast.alice.id}").get_json()["has_second_factor"] is True
    assert "has_second_factor" not in cast.bob.get(f"/users/{cast.alice.id}").get_json()
    assert cast.carol.delete(f"/users/{cast.alice.id}/totp").status_code == 403
    assert cast.root.delete(f"/users/{cast.alice.id}/totp").status_code == 204
    assert cast.root.get(f"/users/{cast.alice.id}").get_json()["has_second_factor"] is False
    assert Visitor(app).login().status_code == 200
    assert cast.root.delete(f"/users/{cast.alice.id}/totp").status_code == 409


@pytest.mark.parametrize("code", ["", "12345", "1234567", "１２３４５６", "abc", "-" * 41, 123456, None])
def test_what_is_no_code(app: CRM, cast: Cast, code: Any) -> None:
    cast.alice.post("/auth/totp", {"password": PASSWORD})
    answer = cast.alice.post("/auth/totp/confirm", {"code": code})
    assert answer.status_code == 422
    assert set(issues(answer)) == {"#/code"}


def test_the_database_never_holds_the_secret(app: CRM, cast: Cast) -> None:
    begun = cast.bob.post("/auth/totp", {"password": PASSWORD}).get_json()["secret"]
    secret, _ = set_up(cast.alice)
    with db.engines[None].connect() as connection:
        everything = repr([connection.execute(select(table)).all() for table in Base.metadata.sorted_tables])
    for plain in (begun, secret):
        assert plain not in everything
    assert kept(cast.alice.id) in everything, "the search finds what is there"


def test_who_has_the_database_alone_has_no_secret(app: CRM, cast: Cast, rotate: Rotate) -> None:
    secret, codes = set_up(cast.alice)
    rotate("another house " * 4, "")
    with pytest.raises(vault.CannotOpenError):
        vault.unlock(kept(cast.alice.id), "totp", cast.alice.id)
    visitor = Visitor(app)
    assert visitor.login(otp=code_of(secret)).status_code == 401
    assert visitor.login(otp=codes[0]).status_code == 200, "a recovery code needs no key"


def test_a_secret_opens_for_its_person_alone(app: CRM, cast: Cast) -> None:
    secret, _ = set_up(cast.alice)
    set_up(cast.bob)
    with unit_of_work():
        db.session.get_one(SecondFactor, cast.bob.id).secret = kept(cast.alice.id)
    assert Visitor(app).login(email="bob@example.com", otp=code_of(secret)).status_code == 401
    assert Visitor(app).login(otp=code_of(secret)).status_code == 200


def test_rotated_keys(app: CRM, cast: Cast, rotate: Rotate) -> None:
    secret, _ = set_up(cast.alice)
    first, second, third = app.config["LIANXI"].secret_key, "b1c2d3e4" * 5, "c1d2e3f4" * 5
    before = kept(cast.alice.id)
    lock_anew()
    assert kept(cast.alice.id) == before, "nothing is stale"
    rotate(second, first)
    assert Visitor(app).login(otp=code_of(secret)).status_code == 200
    age(cast.alice.id)
    lock_anew()
    assert kept(cast.alice.id) != before
    rotate(third, second)
    assert Visitor(app).login(otp=code_of(secret)).status_code == 200
    age(cast.alice.id)
    rotate(third, "")
    lock_anew()
    assert Visitor(app).login(otp=code_of(secret)).status_code == 401, "the key that it is under is gone"
    rotate(third, second)
    lock_anew()
    rotate(third, "")
    assert Visitor(app).login(otp=code_of(secret)).status_code == 200


@pytest.mark.parametrize(
    "locked", ["", "JBSWY3DPEHPK3PXP", "v1.x", "v1.00000000.AAAA", "v2.{key}.AAAA", "v1.{key}.é", "v1.{key}."]
)
def test_what_was_not_locked_opens_nothing(app: CRM, locked: str) -> None:
    key_id = vault.lock("secret", "totp", 1).split(".")[1]
    with pytest.raises(vault.CannotOpenError):
        vault.unlock(locked.format(key=key_id), "totp", 1)


def test_a_locked_secret_is_for_one_purpose(app: CRM) -> None:
    locked = vault.lock("secret", "totp", 1)
    assert vault.unlock(locked, "totp", 1) == "secret"
    assert locked != vault.lock("secret", "totp", 1)
    assert len(vault.lock("x" * 100, "totp", 1)) <= vault.MOST
    for purpose, keeper in (("totp", 2), ("other", 1)):
        with pytest.raises(vault.CannotOpenError):
            vault.unlock(locked, purpose, keeper)
