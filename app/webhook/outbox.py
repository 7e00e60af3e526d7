"""The outbox: changes are noted for each webhook from the feed, handed out in order per record, and settled.

Noting moves a webhook's place in the feed within the transaction that notes, so that every change is noted once,
whoever does it. A delivery is handed out for a minute: whoever dies over it leaves it to the next one. A receiver may
therefore get a message twice, by whose id it knows it, and misses none.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Select, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from .. import outgoing, vault
from ..database import db, read_engine
from ..journal import FeedEntry, Position, feed_end, read_feed
from ..listing import encode
from ..live.feed import KEPT, generation, survivors
from ..transaction import Unit, now, seal, unit_of_work
from . import alarms, signing
from .models import DeliveryStatus, Webhook, WebhookAttempt, WebhookDelivery, WebhookProgress, WebhookSecret
from .schedule import asked_to_rest, pause_before

log = logging.getLogger("lianxi")

IN_FLIGHT = 4
"""So many messages are on their way to one receiver at a time."""

BATCH = 200

CLAIMED = timedelta(minutes=1)
"""A claim outlives the longest request by far, and whoever waits for a dead worker waits no longer."""

PURPOSE = "webhook"


# ---- noting ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """How far a webhook is in the feed."""

    webhook_id: int
    event_types: frozenset[str]
    generation: int
    position: Position


def places() -> list[Place]:
    """The places of all webhooks that are told of changes."""
    query = (
        select(
            Webhook.id,
            Webhook.event_types,
            WebhookProgress.generation,
            WebhookProgress.xact,
            WebhookProgress.entry_id,
        )
        .join(WebhookProgress, WebhookProgress.webhook_id == Webhook.id)
        .where(Webhook.is_active, Webhook.is_enabled)
        .order_by(Webhook.id)
    )
    with read_engine().connect() as connection:
        return [
            Place(webhook_id, frozenset(types), made_in, Position(xact, entry_id))
            for webhook_id, types, made_in, xact, entry_id in connection.execute(query)
        ]


def begin(webhook_id: int) -> None:
    """Have a new webhook told of what happens from now on, in the open unit of work."""
    end = feed_end(db.session.connection())
    here = {"generation": generation(), "xact": end.xact, "entry_id": end.entry_id}
    db.session.add(WebhookProgress(webhook_id=webhook_id, **here))


def note(place: Place) -> bool:
    """Note what happened next as deliveries of a webhook; whether there may be more.

    After a restore the feed is another one: the webhook goes on at its end.
    """
    is_foreign = place.generation != generation()
    with read_engine().connect() as connection:
        start = feed_end(connection) if is_foreign else place.position
        entries = read_feed(connection, start, BATCH)
        wanted = [entry for entry in entries if f"{entry.resource}.{entry.action}" in place.event_types]
        into = survivors(connection, wanted)
    if not entries and not is_foreign:
        return False
    reached = entries[-1].position if entries else start
    with unit_of_work(source="job", at=now()) as unit:
        stands = (
            update(WebhookProgress)
            .where(WebhookProgress.webhook_id == place.webhook_id, WebhookProgress.generation == place.generation)
            .where(WebhookProgress.xact == place.position.xact, WebhookProgress.entry_id == place.position.entry_id)
            .values(generation=generation(), xact=reached.xact, entry_id=reached.entry_id)
        )
        if not db.session.connection().execute(stands).rowcount:
            # Another worker has just noted the same.
            return True
        fresh = [
            _delivery(place.webhook_id, entry, into.get((entry.resource, entry.resource_id)), unit.at)
            for entry in wanted
            if entry.at >= unit.at - KEPT
        ]
        if fresh:
            db.session.connection().execute(insert(WebhookDelivery), fresh)
    return len(entries) == BATCH


def _delivery(webhook_id: int, entry: FeedEntry, merged_into: int | None, at: datetime) -> dict[str, Any]:
    """What is kept of a message: ids, and the names of fields; the receiver reads the record with rights of its own."""
    data = {
        "id": entry.resource_id,
        "resource": entry.resource,
        "version": entry.version,
        "changed": entry.changed,
        "changeset_id": entry.changeset_id,
        "actor_id": entry.actor_id,
    }
    return {
        "webhook_id": webhook_id,
        "message_id": new_message_id(),
        "type": f"{entry.resource}.{entry.action}",
        "resource": entry.resource,
        "record_id": entry.resource_id,
        "data": data if merged_into is None else {**data, "merged_into": merged_into},
        "occurred_at": entry.at,
        "created_at": at,
        "next_at": at,
    }


def new_message_id() -> str:
    """What a receiver knows a message by."""
    return f"msg_{token_hex(12)}"


# ---- handing out ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parcel:
    """A delivery in the hands of whoever sends it.

    Attributes:
        attempts: that failed before.
        claimed_until: by which the delivery is known to be in these hands still.
    """

    delivery_id: int
    webhook_id: int
    url: str
    message_id: str
    body: bytes
    attempts: int
    claimed_until: datetime


def _ready(at: datetime) -> Select[Any]:
    """The deliveries that may go out now: due, in nobody's hands, and the first that waits of their record."""
    delivery, earlier = WebhookDelivery, aliased(WebhookDelivery)
    waits = delivery.status == DeliveryStatus.WAITING
    is_behind = exists(
        select(earlier.id).where(
            earlier.webhook_id == delivery.webhook_id,
            earlier.resource == delivery.resource,
            earlier.record_id == delivery.record_id,
            earlier.status == DeliveryStatus.WAITING,
            earlier.id < delivery.id,
        )
    )
    return (
        select(delivery.id)
        .join(Webhook, Webhook.id == delivery.webhook_id)
        .join(WebhookProgress, WebhookProgress.webhook_id == delivery.webhook_id)
        .where(Webhook.is_active, Webhook.is_enabled)
        .where(or_(WebhookProgress.resting_until.is_(None), WebhookProgress.resting_until <= at))
        .where(waits, delivery.next_at <= at, ~_in_hands(at), ~is_behind)
    )


def _in_hands(at: datetime) -> ColumnElement[bool]:
    return func.coalesce(WebhookDelivery.claimed_until > at, False)


def ready() -> list[int]:
    """The webhooks that have something to be sent now.

    Of each one such message is looked for, not all: behind a receiver that hangs a hundred thousand may wait.
    """
    asked = aliased(Webhook)
    query = select(asked.id).where(_ready(now()).where(WebhookDelivery.webhook_id == asked.id).exists())
    with read_engine().connect() as connection:
        return sorted(connection.execute(query).scalars())


def claim(webhook_id: int) -> list[Parcel]:
    """Take what may go out to a receiver now; nothing where another worker is just taking."""
    with unit_of_work(source="job", at=now()) as unit:
        mine = select(WebhookProgress.webhook_id).where(WebhookProgress.webhook_id == webhook_id)
        if db.session.execute(mine.with_for_update(skip_locked=True)).scalar() is None:
            return []
        delivery, at = WebhookDelivery, unit.at
        flying = delivery.webhook_id == webhook_id, delivery.status == DeliveryStatus.WAITING, _in_hands(at)
        free = IN_FLIGHT - db.session.execute(select(func.count()).where(*flying)).scalar_one()
        if free <= 0:
            return []
        found = _ready(at).where(delivery.webhook_id == webhook_id).order_by(delivery.next_at, delivery.id).limit(free)
        ids = db.session.execute(found).scalars().all()
        until = at + CLAIMED
        db.session.execute(update(delivery).where(delivery.id.in_(ids)).values(claimed_until=until))
        query = select(delivery, Webhook.url).join(Webhook, Webhook.id == delivery.webhook_id)
        rows = db.session.execute(query.where(delivery.id.in_(ids)).order_by(delivery.id)).all()
        return [parcel_of(one, url, until) for one, url in rows]


def parcel_of(one: WebhookDelivery, url: str, claimed_until: datetime) -> Parcel:
    """A delivery as it goes out: the same bytes at every attempt."""
    body = encode({"type": one.type, "timestamp": one.occurred_at, "data": one.data})
    return Parcel(one.id, one.webhook_id, url, one.message_id, body, one.attempts, claimed_until)


def let_go() -> None:
    """Take back what a worker has left that is no more; only where there is no other worker."""
    with unit_of_work(source="job"):
        waits = WebhookDelivery.status == DeliveryStatus.WAITING, WebhookDelivery.claimed_until.is_not(None)
        db.session.execute(update(WebhookDelivery).where(*waits).values(claimed_until=None))


# ---- sending and settling -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt.

    Attributes:
        status: of the answer; None where there was none.
        reason: why there was none.
        rest: how long the receiver wants to be left alone; None where it does not say.
    """

    at: datetime
    status: int | None
    reason: str | None
    milliseconds: int
    rest: timedelta | None = None

    @property
    def is_done(self) -> bool:
        """Whether the receiver has taken the message."""
        return self.status is not None and 200 <= self.status < 300


def send(parcel: Parcel) -> Outcome:
    """Send a message once, outside of any unit of work."""
    at = now()
    try:
        headers = signing.headers_of(parcel.message_id, at, parcel.body, _secrets(parcel.webhook_id, at))
        allow = current_app.config["LIANXI"].webhook_allow
        answer = outgoing.send("POST", parcel.url, headers=headers, body=parcel.body, allow=allow)
    except vault.CannotOpenError as error:
        log.warning("webhook %d: %s", parcel.webhook_id, error)
        return Outcome(at, None, "secret", 0)
    except outgoing.OutgoingError as error:
        return Outcome(at, None, error.reason.value, round((now() - at).total_seconds() * 1_000))
    rest = asked_to_rest(answer.status, answer.headers, at)
    return Outcome(at, answer.status, None, round(answer.seconds * 1_000), rest)


def _secrets(webhook_id: int, at: datetime) -> Sequence[str]:
    """The secrets that sign now, the present one first."""
    secret = WebhookSecret
    holds = or_(secret.expires_at.is_(None), secret.expires_at > at)
    query = select(secret.locked).where(secret.webhook_id == webhook_id, holds).order_by(secret.id.desc())
    with read_engine().connect() as connection:
        return [vault.unlock(locked, PURPOSE, webhook_id) for locked in connection.execute(query).scalars()]


def settle(unit: Unit, parcel: Parcel, outcome: Outcome, *, again: bool = True) -> None:
    """Write down what came of an attempt, and when the next one is.

    Args:
        unit: the open unit of work.
        again: whether a message that failed is tried once more.
    """
    webhook = db.session.get(Webhook, parcel.webhook_id, with_for_update=True)
    connection, delivery = db.session.connection(), WebhookDelivery
    attempts = parcel.attempts + (not outcome.is_done)
    pause = pause_before(attempts) if again else None
    values: dict[str, Any] = {"attempts": attempts, "claimed_until": None}
    is_over = outcome.is_done or pause is None
    if is_over:
        values |= {"status": DeliveryStatus.DONE if outcome.is_done else DeliveryStatus.FAILED, "ended_at": unit.at}
    else:
        assert pause is not None
        values["next_at"] = unit.at + max(pause, outcome.rest or timedelta())
    mine = update(delivery).where(delivery.id == parcel.delivery_id, delivery.claimed_until == parcel.claimed_until)
    if webhook is None or not connection.execute(mine.values(**values)).rowcount:
        # It took so long that somebody else has it by now, or the webhook was deleted meanwhile.
        return
    told = {"at": outcome.at, "status": outcome.status, "reason": outcome.reason}
    attempt = insert(WebhookAttempt).values(delivery_id=parcel.delivery_id, milliseconds=outcome.milliseconds, **told)
    connection.execute(attempt)
    if outcome.rest:
        resting = update(WebhookProgress).where(WebhookProgress.webhook_id == parcel.webhook_id)
        connection.execute(resting.values(resting_until=unit.at + outcome.rest))
    if outcome.status == 410 and webhook.is_enabled:
        webhook.is_enabled, webhook.disabled_because = False, "gone"
        seal(unit)
        alarms.disabled(unit, webhook.id)
    elif is_over and not outcome.is_done and again:
        seal(unit, told=True)
        alarms.failed(unit, webhook.id)
