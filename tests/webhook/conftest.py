"""A postman in the test's own process, and a clock that what waits can be set forward by."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.database import db
from app.routing import CRM
from app.transaction import unit_of_work
from app.webhook.models import WebhookDelivery, WebhookProgress, WebhookSecret
from app.webhook.postman import Postman

from ..cast import Cast
from .receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def allowed(app: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is a network of one's own."""
    told = replace(app.config["LIANXI"], webhook_allow=(ip_network("127.0.0.0/8"),))
    monkeypatch.setitem(app.config, "LIANXI", told)


class Carrying:
    """A postman that goes round as long as a test waits for something."""

    def __init__(self, app: CRM) -> None:
        self.app = app
        self.postman = Postman(app)

    def until(self, holds: Callable[[], object], seconds: float = 60) -> None:
        """Go round until something holds."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it did not come about"
            self.once()
            time.sleep(0.02)

    def once(self) -> None:
        """Go round once, and again while there is more to be noted."""
        with self.app.app_context():
            while self.postman.round():
                pass

    def settled(self, held: int = 0) -> None:
        """Go round until nothing is due and nobody is at anything.

        Args:
            held: so many are in the hands of somebody else, who never lets go.
        """
        self.until(lambda: self._taken() == held)

    def _taken(self) -> int:
        self.once()
        with self.app.app_context():
            taken = select(func.count()).where(WebhookDelivery.claimed_until.is_not(None))
            return db.session.execute(taken).scalar_one()

    def sleep(self, by: timedelta) -> None:
        """Let time pass for everything that waits: what lies ahead comes nearer."""
        with self.app.app_context(), unit_of_work():
            for column in (
                WebhookDelivery.next_at,
                WebhookDelivery.claimed_until,
                WebhookProgress.resting_until,
                WebhookSecret.expires_at,
            ):
                model: Any = column.class_
                key = WebhookProgress.webhook_id if model is WebhookProgress else model.id
                for row_id, at in db.session.execute(select(key, column).where(column.is_not(None))).all():
                    moved = update(model).where(key == row_id).values({column.key: at - by})
                    db.session.execute(moved)


@pytest.fixture
def carrying(app: CRM, allowed: None) -> Iterator[Carrying]:
    found = Carrying(app)
    yield found
    found.postman.pool.shutdown()


def hooked(cast: Cast, receiver: Receiver, *types: str) -> dict[str, Any]:
    """A webhook of a receiver."""
    wanted = list(types) or ["customer.created", "customer.updated", "customer.deleted"]
    return cast.root.made("/webhooks", {"url": receiver.url, "event_types": wanted})
