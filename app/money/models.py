"""Exchange rates: what one unit of a currency is worth in the base currency from a date on."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Permission, Policy
from ..errors import unique_clash
from ..record import Record


def _live() -> dict[str, Any]:
    return {"sqlite_where": text("is_active = 1"), "postgresql_where": text("is_active")}


class ExchangeRate(Record):
    """The rate of a currency from a date on, until the next one.

    Attributes:
        base_currency: the currency that `rate` is in. A rate keeps it, so that another base currency rewrites nothing.
        rate: a decimal as text, up to ten places: it is multiplied in Python, where it stays exact.
    """

    __tablename__ = "exchange_rate"
    __table_args__ = (
        Index("uq_exchange_rate_day", "currency", "base_currency", "valid_on", unique=True, **_live()),
        {"sqlite_autoincrement": True},
    )
    resource = "exchange_rate"

    currency: Mapped[str] = mapped_column(String(3))
    base_currency: Mapped[str] = mapped_column(String(3))
    valid_on: Mapped[date] = mapped_column()
    rate: Mapped[str] = mapped_column(String(24))


exchange_rates = Policy(ExchangeRate, open_to_all=True, write=Permission.SETTING_WRITE)

unique_clash("uq_exchange_rate_day", "#/valid_on")
unique_clash("uq_exchange_rate_origin", "#/external_id")
