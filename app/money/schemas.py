"""What currencies and rates look like on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from ..filtering import AnyOf, Range, an_id
from ..listing import ListSpec
from ..schema import DateField, DecimalText, IdField, Items, Line, RecordSchema, StrictSchema, column, max_length
from .models import ExchangeRate, exchange_rates
from .rules import CURRENCIES


class CurrencyField(Line):
    """An ISO 4217 code in capitals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=max_length(3), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text not in CURRENCIES:
            raise ValidationError("currency")
        return text


def _rate(**kwargs: Any) -> DecimalText:
    return DecimalText(low="0.0000000001", high="999999999", places=10, **kwargs)


class ExchangeRateSchema(RecordSchema):
    """What one unit of a currency is worth in the base currency from a date on."""

    class Meta(RecordSchema.Meta):
        """Columns of `ExchangeRate`."""

        model = ExchangeRate

    id = column(dump_only=True)
    version = column(dump_only=True)
    currency = CurrencyField(required=True)
    base_currency = column(dump_only=True)
    valid_on = column(required=True)
    rate = _rate(required=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


EXCHANGE_RATES = ListSpec(
    policy=exchange_rates,
    schema=ExchangeRateSchema,
    plural="exchange-rates",
    filters={
        "id": AnyOf(ExchangeRate.id, an_id),
        "currency": AnyOf(ExchangeRate.currency),
        "base_currency": AnyOf(ExchangeRate.base_currency),
        "valid": Range(ExchangeRate.valid_on),
        "created": Range(ExchangeRate.created_at),
        "updated": Range(ExchangeRate.updated_at),
    },
    sort={"currency": ExchangeRate.currency, "valid_on": ExchangeRate.valid_on},
    default_sort="currency,-valid_on",
)


class RateSchema(StrictSchema):
    """One rate of a sheet of rates."""

    currency = CurrencyField(required=True)
    valid_on = DateField(required=True)
    rate = _rate(required=True)


class RateSheetSchema(StrictSchema):
    """Many rates at once; one that is there already is replaced."""

    rates = Items(RateSchema, most=5_000, required=True)


class RateSheetAnswer(StrictSchema):
    """What a sheet of rates changed."""

    created = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)


class CurrencySchema(StrictSchema):
    """A currency with its newest rate; null where there is none."""

    code = Line(required=True)
    decimal_places = fields.Integer(required=True)
    is_base = fields.Boolean(required=True)
    rate_id = IdField(required=True, allow_none=True)
    rate = Line(required=True, allow_none=True)
    valid_on = DateField(required=True, allow_none=True)


class CurrenciesSchema(StrictSchema):
    """All currencies of ISO 4217, the base currency and those with a rate first."""

    base_currency = Line(required=True)
    data = Items(CurrencySchema, required=True)
