"""What fields, choices and flags are called in the languages of the product: the headings and words of exported files.

There is one place for them, the texts of the server; what an export writes an import reads.
"""

from __future__ import annotations

from functools import cache

from ..folding import fold
from ..messages import LANGUAGES, catalogue
from .fields import Field


def field_label(resource: str, name: str, language: str) -> str:
    """The heading of a field; its name in the API where it has none."""
    texts = catalogue(language)
    return texts.get(f"field.{resource}.{name}") or texts.get(f"field.{name}") or name


def choice_label(resource: str, name: str, value: str, language: str) -> str:
    """The word for a value of a fixed set; the value where it has none."""
    return catalogue(language).get(f"choice.{resource}.{name}.{value}", value)


def flag_label(value: bool, language: str) -> str:
    """The word for yes or no."""
    return catalogue(language)["flag.yes" if value else "flag.no"]


def label_of(resource: str, field: Field, language: str) -> str:
    """What a field is called; a custom one as the admin has named it."""
    if field.labels:
        return field.labels[0 if language == "zh-CN" else 1]
    return field_label(resource, field.name, language)


@cache
def fields_labelled(resource: str, names: tuple[str, ...]) -> dict[str, str]:
    """Fields by their headings in every language, and by their names."""
    found = {field_label(resource, name, language): name for language in LANGUAGES for name in names}
    return found | {name: name for name in names}


@cache
def choices_labelled(resource: str, name: str, values: tuple[str, ...]) -> dict[str, str]:
    """Values of a fixed set by their words in every language, folded."""
    return {fold(choice_label(resource, name, value, language)): value for language in LANGUAGES for value in values}
