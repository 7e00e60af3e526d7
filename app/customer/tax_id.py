"""The 统一社会信用代码: its check character and its region (GB 32100-2015), verified without asking anybody."""

from __future__ import annotations

import re
import unicodedata

from .regions import PROVINCES

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""What a code is written with; I, O, S, V and Z would be mistaken for digits."""

_FORM = re.compile(r"^[0-9A-Z]{2}\d{6}[0-9A-Z]{10}$")


def tidy(text: str | None) -> str | None:
    """A tax id as it is compared: narrow capitals without blanks and hyphens; None for an empty one."""
    if not text:
        return None
    return re.sub(r"[\s\-.]", "", unicodedata.normalize("NFKC", text)).upper() or None


def is_credit_code(text: str | None) -> bool:
    """Whether a text has the form of a unified social credit code, right or wrong."""
    return bool(_FORM.match(tidy(text) or ""))


def check_character(code: str) -> str | None:
    """What the last character has to be after the first 17; None where one of them cannot stand in a code."""
    total = 0
    for place, character in enumerate(code[:17]):
        value = _ALPHABET.find(character)
        if value < 0:
            return None
        total += value * pow(3, place, 31)
    return _ALPHABET[-total % 31]


def is_right(text: str | None) -> bool:
    """Whether a code of that form ends in its check character."""
    code = tidy(text) or ""
    return is_credit_code(code) and check_character(code) == code[17]


def province_of(text: str | None) -> str | None:
    """The code of the province where a company is registered, from digits 3 and 4; None where it says none."""
    code = tidy(text) or ""
    return code[2:4] if is_right(code) and code[2:4] in PROVINCES else None
