"""`/currencies`, `/exchange-rates`."""

from __future__ import annotations

from typing import Any

from ..access import Actor, Permission
from ..routing import SIGNED_IN, Routes
from . import service
from .schemas import EXCHANGE_RATES, CurrenciesSchema, RateSheetAnswer, RateSheetSchema

routes = Routes("money", __name__)

routes.resource(EXCHANGE_RATES, service, read=SIGNED_IN, write=Permission.SETTING_WRITE, external=False)


@routes.endpoint_for(
    "PUT",
    "/exchange-rates",
    permission=Permission.SETTING_WRITE,
    body=RateSheetSchema,
    answer=RateSheetAnswer,
    summary="Set many rates at once",
)
def load_exchange_rates(actor: Actor, body: dict[str, Any]) -> dict[str, int]:
    """Rates of a sheet in one change set; those that are there already are replaced."""
    return service.load_sheet(actor, body["rates"])


@routes.endpoint_for(
    "GET",
    "/currencies",
    permission=SIGNED_IN,
    answer=CurrenciesSchema,
    summary="All currencies with their newest rates",
)
def list_currencies(_actor: Actor) -> dict[str, Any]:
    """The base currency and those with a rate come first."""
    return service.currencies()
