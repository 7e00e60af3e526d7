"""Use cases of webhooks: made, changed, tested, given another secret, sent once more what did not arrive."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from flask import current_app
from sqlalchemy import delete, func, or_, select, update

from .. import idempotency, outgoing, routing, vault
from ..access import Actor
from ..database import db, read_engine
from ..errors import Issue, Problem, conflict, invalid, not_found
from ..job import queue
from ..job.chores import chore
from ..live.feed import KEPT
from ..routing import assign, tell
from ..schema import MAX_ID
from ..transaction import current_unit, hold, now, unit_of_work
from . import events, outbox, signing
from .models import DeliveryStatus, Webhook, WebhookAttempt, WebhookDelivery, WebhookProgress, WebhookSecret, webhooks

log = logging.getLogger("lianxi")

MOST, MOST_SECRETS = 50, 5

OVERLAP = timedelta(hours=24)
"""So long messages are signed with the former secret too, once there is a new one."""

TESTS, TESTS_WITHIN = 10, timedelta(hours=1)
"""So many tests of one webhook may be sent within that time."""

_PORTION = 1_000


# ---- webhooks -------------------------------------------------------------------------------------------------------


def create(_actor: Actor, values: dict[str, Any]) -> Webhook:
    """A new webhook, told of what happens from now on; its secret is told this once.

    Raises:
        Problem: 409 for more than `MOST` of them; 422 for an address where nothing will ever be sent.
    """
    _check_address(values)
    hold("webhooks")
    if db.session.execute(select(func.count()).where(Webhook.is_active)).scalar_one() >= MOST:
        raise conflict("too-many-webhooks")
    webhook = Webhook(**values)
    db.session.add(webhook)
    db.session.flush()
    outbox.begin(webhook.id)
    _tell_secret(webhook)
    log.info("webhook made: %s", webhook.id)
    return webhook


def edit(_actor: Actor, webhook: Webhook, values: dict[str, Any]) -> Webhook:
    """Change a webhook. One that is enabled again goes on where it was; what waits is tried at once.

    Raises:
        Problem: 422 as `create`.
    """
    _check_address(values)
    before = webhook.url, webhook.is_enabled
    if values.get("is_enabled"):
        values = {**values, "disabled_because": None}
    assign(webhook, values)
    if webhook.is_enabled and before != (webhook.url, True):
        waits = WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.status == DeliveryStatus.WAITING
        db.session.execute(update(WebhookDelivery).where(*waits).values(next_at=now()))
        mine = WebhookProgress.webhook_id == webhook.id
        db.session.execute(update(WebhookProgress).where(mine).values(resting_until=None))
    db.session.flush()
    return webhook


def remove(actor: Actor, webhook: Webhook) -> None:
    """Delete a webhook for good: its secrets and the log of its deliveries go with it."""
    routing.remove(actor, webhook)
    mine = select(WebhookDelivery.id).where(WebhookDelivery.webhook_id == webhook.id)
    db.session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(mine)))
    for table in (WebhookDelivery, WebhookSecret, WebhookProgress):
        db.session.execute(delete(table).where(table.webhook_id == webhook.id))
    log.info("webhook deleted: %s", webhook.id)


def rotate(_actor: Actor, webhook: Webhook) -> dict[str, Any]:
    """A new secret, told this once; the former one signs too until the receiver has the new one.

    Raises:
        Problem: 409 where as many secrets hold already as a message can be signed with.
    """
    secret = WebhookSecret
    held = select(func.count()).where(secret.webhook_id == webhook.id, _holds())
    if db.session.execute(held).scalar_one() >= MOST_SECRETS:
        raise conflict("too-many-secrets")
    until = now() + OVERLAP
    former = update(secret).where(secret.webhook_id == webhook.id, secret.expires_at.is_(None))
    db.session.execute(former.values(expires_at=until))
    log.info("webhook secret rotated: %s", webhook.id)
    return {"secret": _new_secret(webhook), "former_until": until}


def _check_address(values: Mapping[str, Any]) -> None:
    if "url" not in values:
        return
    try:
        outgoing.check(values["url"], current_app.config["LIANXI"].webhook_allow)
    except outgoing.OutgoingError as error:
        code = "url" if error.reason == outgoing.Reason.URL else "address_not_public"
        raise invalid(Issue("#/url", code)) from None


def _new_secret(webhook: Webhook) -> str:
    secret = signing.new_secret()
    locked = vault.lock(secret, outbox.PURPOSE, webhook.id)
    db.session.add(WebhookSecret(webhook_id=webhook.id, locked=locked, made_at=now()))
    db.session.flush()
    idempotency.never_keep()
    return secret


def _tell_secret(webhook: Webhook) -> None:
    tell(secret=_new_secret(webhook))


def _holds() -> Any:
    return or_(WebhookSecret.expires_at.is_(None), WebhookSecret.expires_at > now())


# ---- deliveries -----------------------------------------------------------------------------------------------------


def deliveries(webhook: Webhook, query: Mapping[str, Any]) -> dict[str, Any]:
    """One page of the deliveries of a webhook, newest first.

    Args:
        query: `status`, `cursor` and `per_page` as far as sent.
    """
    per_page = query["per_page"]
    found = select(WebhookDelivery.__table__).where(WebhookDelivery.webhook_id == webhook.id)
    if query.get("status") is not None:
        found = found.where(WebhookDelivery.status == query["status"])
    if query.get("cursor") is not None:
        found = found.where(WebhookDelivery.id < query["cursor"])
    found = found.order_by(WebhookDelivery.id.desc()).limit(per_page + 1)
    with read_engine().connect() as connection:
        rows = connection.execute(found).all()
        more, rows = len(rows) > per_page, rows[:per_page]
        data = _shown(connection, rows)
    meta: dict[str, Any] = {"total": None, "pages": None, "current_page": None}
    return {"data": data, "meta": {**meta, "per_page": per_page, "next_cursor": str(rows[-1].id) if more else None}}


def _shown(connection: Any, rows: Any) -> list[dict[str, Any]]:
    attempt, tried = WebhookAttempt.__table__, defaultdict(list)
    query = select(attempt).where(attempt.c.delivery_id.in_([row.id for row in rows])).order_by(attempt.c.id)
    for one in connection.execute(query):
        told = {"at": one.at, "status": one.status, "reason": one.reason, "milliseconds": one.milliseconds}
        tried[one.delivery_id].append(told)
    names = ("id", "message_id", "type", "resource", "record_id", "status", "created_at", "ended_at")
    return [
        {name: row._mapping[name] for name in names}
        | {"next_at": row.next_at if row.status == DeliveryStatus.WAITING else None, "attempts": tried[row.id]}
        for row in rows
    ]


def shown(delivery_id: int) -> dict[str, Any]:
    """One delivery, within the open unit of work."""
    connection = db.session.connection()
    row = connection.execute(select(WebhookDelivery.__table__).where(WebhookDelivery.id == delivery_id)).one()
    return _shown(connection, [row])[0]


def redeliver(webhook: Webhook, delivery_id: int) -> dict[str, Any]:
    """Send a message once more from the beginning of its schedule, under its own id; one that waits goes at once.

    Raises:
        Problem: 404, the webhook has no such delivery.
    """
    delivery = WebhookDelivery
    mine = update(delivery).where(delivery.id == min(delivery_id, MAX_ID), delivery.webhook_id == webhook.id)
    if not db.session.connection().execute(mine.values(**_afresh())).rowcount:
        raise not_found()
    return shown(delivery_id)


def redeliver_failed(webhook: Webhook) -> dict[str, int]:
    """Send all dead letters of a webhook once more."""
    delivery = WebhookDelivery
    dead = update(delivery).where(delivery.webhook_id == webhook.id, delivery.status == DeliveryStatus.FAILED)
    return {"redelivered": db.session.connection().execute(dead.values(**_afresh())).rowcount}


def _afresh() -> dict[str, Any]:
    return {"status": DeliveryStatus.WAITING, "attempts": 0, "next_at": now(), "ended_at": None}


# ---- tests ----------------------------------------------------------------------------------------------------------


def begin_test(actor: Actor, webhook_id: int) -> outbox.Parcel:
    """Make a message of nothing but its type, ready to be sent; in units of its own.

    Raises:
        Problem: 404; 429 where `TESTS` of them were sent to this webhook within an hour.
    """
    with unit_of_work(actor_id=actor.user_id, source="http") as unit:
        if webhook_id > MAX_ID:
            raise not_found()
        webhook = webhooks.writable(actor, webhook_id)
        hold(f"webhook tests {webhook.id}")
        delivery = WebhookDelivery
        tests = delivery.webhook_id == webhook.id, delivery.type == events.TEST
        recent = *tests, delivery.created_at > unit.at - TESTS_WITHIN
        sent = db.session.execute(select(delivery.created_at).where(*recent).order_by(delivery.id)).scalars().all()
        if len(sent) >= TESTS:
            wait = ceil((sent[-TESTS] + TESTS_WITHIN - unit.at).total_seconds())
            raise Problem(429, "too-many-requests", headers={"Retry-After": str(max(wait, 1))})
        test = WebhookDelivery(
            webhook_id=webhook.id,
            message_id=outbox.new_message_id(),
            type=events.TEST,
            resource="webhook",
            record_id=webhook.id,
            data={"id": webhook.id, "resource": "webhook"},
            occurred_at=unit.at,
            created_at=unit.at,
            next_at=unit.at,
            claimed_until=unit.at + outbox.CLAIMED,
        )
        db.session.add(test)
        db.session.flush()
        return outbox.parcel_of(test, webhook.url, unit.at + outbox.CLAIMED)


def end_test(webhook_id: int, parcel: outbox.Parcel, outcome: outbox.Outcome) -> dict[str, Any]:
    """Write down what came of a test, which is not tried again, and tell it: of a webhook that is gone by now, too."""
    outbox.settle(current_unit(), parcel, outcome, again=False)
    attempt = {name: getattr(outcome, name) for name in ("at", "status", "reason", "milliseconds")}
    return {
        "id": parcel.delivery_id,
        "message_id": parcel.message_id,
        "type": events.TEST,
        "resource": "webhook",
        "record_id": webhook_id,
        "status": DeliveryStatus.DONE if outcome.is_done else DeliveryStatus.FAILED,
        "created_at": parcel.claimed_until - outbox.CLAIMED,
        "next_at": None,
        "ended_at": now(),
        "attempts": [attempt],
    }


# ---- looking after --------------------------------------------------------------------------------------------------


@chore("webhooks", every=timedelta(hours=1))
def look_after() -> None:
    """Forget what was delivered a month ago and secrets whose time is over; lock anew what an old secret has locked."""
    with unit_of_work(source="job") as unit:
        db.session.execute(delete(WebhookSecret).where(WebhookSecret.expires_at <= unit.at))
        for secret in db.session.execute(select(WebhookSecret).with_for_update()).scalars():
            if vault.is_stale(secret.locked):
                _lock_anew(secret)
        before = unit.at - KEPT
    while _forget(before) == _PORTION:
        pass


def _forget(before: datetime) -> int:
    """Delete some of the old deliveries with their attempts; how many. Writers have their turn between two portions."""
    with unit_of_work(source="job"):
        old = select(WebhookDelivery.id).where(WebhookDelivery.created_at < before).limit(_PORTION)
        ids = db.session.execute(old).scalars().all()
        db.session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(ids)))
        db.session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids)))
    return len(ids)


def _lock_anew(secret: WebhookSecret) -> None:
    try:
        plain = vault.unlock(secret.locked, outbox.PURPOSE, secret.webhook_id)
    except vault.CannotOpenError as error:
        log.warning("%s", error)
        return
    secret.locked = vault.lock(plain, outbox.PURPOSE, secret.webhook_id)


queue.ALONE.append(outbox.let_go)
