"""Texts of the server in every language of the product, by key. A key that lacks in one language fails the tests."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app, g, has_app_context, has_request_context, request

LANGUAGES = ("zh-CN", "en")
_BY_PRIMARY_TAG = {"zh": "zh-CN", "en": "en"}


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language by key."""
    texts: dict[str, str] = json.loads((Path(__file__).parent / f"{language}.json").read_text("utf-8"))
    return texts


def language() -> str:
    """The language of the current answer: `Accept-Language`, else the person's, else the product's default."""
    if has_request_context() and request.headers.get("Accept-Language"):
        for value, quality in request.accept_languages:
            wanted = value.lower().split("-")[0]
            if wanted in _BY_PRIMARY_TAG and quality > 0:
                return _BY_PRIMARY_TAG[wanted]
    if has_app_context():
        chosen: str | None = g.get("language") or current_app.config["LIANXI"].default_language
        if chosen in LANGUAGES:
            return chosen
    return "en"


def say(key: str, **params: Any) -> str:
    """The text of a key in the language of the current answer.

    Raises:
        KeyError: the key is in no catalogue, which is a fault of the code and caught by the tests.
    """
    return say_in(language(), key, **params)


def say_all(*keys: str) -> str:
    """Several texts as one paragraph in the language of the current answer; Chinese has no space between sentences."""
    return ("" if language() == "zh-CN" else " ").join(say(key) for key in keys)


def say_in(chosen: str, key: str, **params: Any) -> str:
    """The text of a key in a language.

    Raises:
        KeyError: as `say` does.
    """
    return catalogue(chosen)[key].format(**params)
