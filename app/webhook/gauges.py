"""What the database says of webhooks for `/metrics`: the postman sits in the worker, which nobody asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection, func, select

from ..metrics import MOMENT
from ..transaction import now
from .models import DeliveryStatus, Webhook, WebhookDelivery

RECENT = timedelta(hours=1)


def _webhooks(connection: Connection) -> Iterable[Metric]:
    delivery, at = WebhookDelivery, now()
    lately = GaugeMetricFamily("lianxi_webhook_deliveries", "Noted in the last hour, by outcome.", labels=["status"])
    noted = select(delivery.status, func.count()).where(delivery.created_at > at - RECENT).group_by(delivery.status)
    counts = {row[0]: row[1] for row in connection.execute(noted)}
    for status in DeliveryStatus:
        lately.add_metric([status], counts.get(status, 0))
    yield lately
    # One webhook at a time, the way the index goes: the log holds a month of what has arrived.
    of_one = delivery.webhook_id == Webhook.id
    waiting, failed = (
        (of_one, delivery.status == DeliveryStatus.WAITING),
        (of_one, delivery.status == DeliveryStatus.FAILED),
    )
    asked = select(
        select(func.count()).where(*waiting).scalar_subquery(),
        select(func.count()).where(*failed).scalar_subquery(),
        select(func.min(delivery.id)).where(*waiting).scalar_subquery(),
    ).where(Webhook.is_active, Webhook.is_enabled)
    rows = connection.execute(asked).all()
    yield GaugeMetricFamily("lianxi_webhook_waiting", "Messages to be sent.", value=sum(row[0] for row in rows))
    yield GaugeMetricFamily("lianxi_webhook_dead_letters", "Given up, of a month.", value=sum(row[1] for row in rows))
    first = min((row[2] for row in rows if row[2] is not None), default=None)
    made = connection.execute(select(delivery.created_at).where(delivery.id == first)).scalar_one_or_none()
    age = 0.0 if made is None else max(0.0, (at - made).total_seconds())
    yield GaugeMetricFamily("lianxi_webhook_oldest_waiting_seconds", "Age of the oldest to be sent.", value=age)


MOMENT.append(_webhooks)
