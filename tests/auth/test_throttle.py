"""The brake: who is slowed down, and that nobody can be kept out by a stranger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app.auth.models import SignInThrottle
from app.auth.throttle import network
from app.database import db
from app.routing import CRM

from ..cast import PASSWORD, Cast
from .visitor import Visitor, later, same_problem


def fail(app: CRM, account: str, times: int, start: int = 0) -> list[int]:
    """Wrong passwords for an account, each from another address."""
    return [
        Visitor(app, f"203.0.113.{start + number}").login(account, "wrong password").status_code
        for number in range(times)
    ]


@pytest.mark.parametrize("account", ["alice@example.com", "nobody@example.com", "13900000000"])
def test_five_failures_are_free_then_the_delay_doubles(app: CRM, cast: Cast, account: str) -> None:
    assert fail(app, account, 6) == [401] * 6
    waits = []
    for number in range(12):
        answer = Visitor(app, f"203.0.114.{number}").login(account, PASSWORD)
        assert answer.status_code == 429
        assert answer.mimetype == "application/problem+json"
        wait = int(answer.headers["Retry-After"])
        waits.append(wait)
        later(wait)
        assert fail(app, account, 1, start=100 + number) == [401]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_sixth_attempt_with_the_right_password_gets_in(app: CRM, cast: Cast) -> None:
    fail(app, "alice@example.com", 5)
    Visitor(app).signed_in()
    assert fail(app, "alice@example.com", 6) == [401] * 6, "the counter starts anew"


def test_throttled_looks_the_same_for_everybody(app: CRM, cast: Cast) -> None:
    fail(app, "alice@example.com", 6)
    fail(app, "nobody@example.com", 6)
    right = Visitor(app).login("alice@example.com", PASSWORD)
    assert right.status_code == 429
    assert same_problem(right, Visitor(app).login("alice@example.com", "wrong"))
    assert same_problem(right, Visitor(app).login("nobody@example.com", "wrong"))


def test_refused_attempts_do_not_make_it_longer(app: CRM, cast: Cast) -> None:
    fail(app, "alice@example.com", 6)
    assert fail(app, "alice@example.com", 10) == [429] * 10
    later(2)
    Visitor(app).signed_in()


def test_a_known_address_passes(app: CRM, cast: Cast) -> None:
    home = Visitor(app, "198.51.100.20")
    home.signed_in()
    fail(app, "alice@example.com", 6)
    assert Visitor(app, "198.51.100.21").login().status_code == 429
    home.signed_in()
    assert Visitor(app, "198.51.100.21").login().status_code == 429, "the stranger is as slow as before"
    assert home.login("bob@example.com").status_code == 200


def test_known_means_known_to_this_account(app: CRM, cast: Cast) -> None:
    office = Visitor(app, "198.51.100.20")
    office.signed_in("bob@example.com")
    fail(app, "alice@example.com", 6)
    assert office.login("alice@example.com").status_code == 429


def test_twenty_failures_a_minute_from_one_address(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app, "203.0.113.50")
    statuses = [visitor.login(f"someone{number}@example.com", "guess").status_code for number in range(21)]
    assert statuses == [401] * 20 + [429]
    assert visitor.login().status_code == 429, "the right password too"
    assert 1 <= int(visitor.login().headers["Retry-After"]) <= 60
    Visitor(app, "203.0.113.51").signed_in()
    later(61)
    visitor.signed_in()


def test_right_passwords_are_not_counted(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    for number in range(30):
        visitor.signed_in(("alice", "bob", "carol")[number % 3] + "@example.com")
    assert visitor.login("alice@example.com", "wrong").status_code == 401


def test_a_hundred_at_once_get_no_further(app: CRM, cast: Cast) -> None:
    def guess(number: int) -> int:
        return Visitor(app, f"203.0.113.{number}").login("alice@example.com", f"guess {number}").status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(24)))
    assert statuses.count(401) == 6
    assert statuses.count(429) == 18


def test_counters_hold_no_addresses_and_are_forgotten(app: CRM, cast: Cast) -> None:
    fail(app, "nobody@example.com", 2)
    keys = db.session.execute(select(SignInThrottle.key)).scalars().all()
    assert len(keys) == 3
    assert not any("nobody" in key for key in keys)
    later(90_000)
    fail(app, "else@example.com", 1, start=200)
    db.session.rollback()
    assert len(db.session.execute(select(SignInThrottle.key)).scalars().all()) == 2


def test_yesterday_s_failures_do_not_count(app: CRM, cast: Cast) -> None:
    fail(app, "alice@example.com", 6)
    later(90_000)
    assert fail(app, "alice@example.com", 6) == [401] * 6


def test_the_own_password_is_guessed_no_faster(app: CRM, cast: Cast) -> None:
    body = {"current_password": "guess", "new_password": "a long new password 7"}
    statuses = [cast.alice.post("/auth/password", body).status_code for _ in range(7)]
    assert statuses == [422] * 6 + [429]
    assert Visitor(app).login().status_code == 429, "one counter for both ways"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_what_counts_as_one_address(address: str | None, counted: str) -> None:
    assert network(address) == counted
