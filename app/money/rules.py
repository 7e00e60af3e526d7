"""Money rules: ISO 4217 currencies with their decimal places, rounding, the amount of a line."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from ..database import EXACT, SCALE, decimal_text

_TWO_PLACES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP
CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN
PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD
TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NO_PLACES = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_PLACES = "BHD IQD JOD KWD LYD OMR TND"

CURRENCIES: dict[str, int] = (
    dict.fromkeys(_TWO_PLACES.split(), 2)
    | dict.fromkeys(_NO_PLACES.split(), 0)
    | dict.fromkeys(_THREE_PLACES.split(), 3)
)
"""Currency code to the decimal places of its smallest unit."""

MOST = Decimal("99999999999999.99")
"""The largest amount of a deal or line."""

_HUNDRED = Decimal(100)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount in whole units of the currency's smallest coin, half up."""
    return amount.quantize(Decimal(1).scaleb(-CURRENCIES[currency]), ROUND_HALF_UP, EXACT)


def fits(amount: Decimal, currency: str) -> bool:
    """Whether an amount has no more decimal places than its currency."""
    return amount == rounded(amount, currency)


def line_amount(quantity: Decimal, unit_price: Decimal, discount_percent: Decimal | None, currency: str) -> Decimal:
    """Quantity x price - discount of one line, without tax, rounded half up to the currency's smallest unit.

    Args:
        discount_percent: 0 to 100; None means none.
    """
    kept = _HUNDRED - (discount_percent or 0)
    return rounded(quantity * unit_price * kept / _HUNDRED, currency)


def amount_text(units: int | None, currency: str, places: int = 4) -> str:
    """A sum as it stands on the wire, rounded half up to the currency's smallest unit.

    Args:
        units: the exact sum in units of `10 ** -places`; None, the sum of nothing, is zero.
        places: 4 for summed amounts, 8 for amounts weighted by a share.
    """
    # In integers throughout: a large report has many amounts.
    digits, units = CURRENCIES[currency], units or 0
    step = 10 ** (places - digits)
    coins = (abs(units) + step // 2) // step
    return decimal_text((coins if units >= 0 else -coins) * 10 ** (SCALE - digits))


def reporting_currency(asked: str | None, base: str, counts: Mapping[str, int]) -> str:
    """The one currency that totals are in. Amounts of different currencies are never added.

    What is asked for; else the base currency; else, where nothing is in the base currency, the commonest one.

    Args:
        counts: currency to number of deals.
    """
    if asked is not None:
        return asked
    if counts.get(base) or not counts:
        return base
    return max(counts, key=lambda currency: (counts[currency], currency))
