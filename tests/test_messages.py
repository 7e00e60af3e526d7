"""Texts of the server: complete in both languages, used, and every code that the program says has one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from string import Formatter

import pytest

from app.messages import LANGUAGES, catalogue
from config import ROOT

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@cache
def modules() -> list[ast.Module]:
    return [ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "app").rglob("*.py"))]


def calls() -> Iterator[tuple[str, list[ast.expr], dict[str, ast.expr]]]:
    """Every call of the product: name, arguments, keyword arguments."""
    for module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                yield name, node.args, {one.arg: one.value for one in node.keywords if one.arg}


def words(node: ast.expr | None) -> set[str]:
    """The constant texts that an expression may amount to."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return words(node.body) | words(node.orelse)
    return set()


def said_codes() -> set[str]:
    """Codes of issues that stand in the program at places known to take one."""
    found: set[str] = set()
    for name, args, keywords in calls():
        if name == "Issue" and len(args) > 1:
            found |= words(args[1])
        elif name in ("issue_text", "ValidationError", "BadValue") and args:
            found |= {one.split(";")[0] for one in words(args[0])}
        elif name == "unique_clash":
            found |= words(args[2]) if len(args) > 2 else {"taken"}
        if "error" in keywords:
            found |= {one.split(";")[0] for one in words(keywords["error"])}
    return found


def said_slugs() -> set[str]:
    """Slugs of problems that stand in the program at places known to take one."""
    found: set[str] = set()
    for name, args, _ in calls():
        if name == "Problem" and len(args) > 1:
            found |= words(args[1])
        elif name in ("conflict", "unauthorized") and args:
            found |= words(args[0])
    return found


def constants() -> set[str]:
    """All texts of the program, and their parts before a semicolon."""
    found = {
        node.value
        for module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return found | {one.split(";")[0] for one in found}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    chinese, english = (catalogue(language) for language in LANGUAGES)
    assert chinese.keys() == english.keys()
    for key in chinese:
        assert placeholders(chinese[key]) == placeholders(english[key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_texts(language: str) -> None:
    texts = catalogue(language)
    assert list(texts) == sorted(texts)
    for key, text in texts.items():
        assert text.strip() == text, key
        assert text, key
        assert bool(CHINESE.search(text)) is (language == "zh-CN"), key


def test_every_code_and_slug_has_its_text() -> None:
    texts = catalogue("en")
    codes, slugs = said_codes(), said_slugs()
    assert {"required", "too_long", "out_of_range", "unknown_parameter", "where_shape", "taken"} <= codes
    assert {"not-found", "stale", "conflict", "unauthorized", "idempotency-key-reused"} <= slugs
    assert {code for code in codes if f"error.{code}" not in texts} == set()
    parts = ("title", "detail")
    assert {slug for slug in slugs for part in parts if f"problem.{slug}.{part}" not in texts} == set()


def test_no_text_is_unused() -> None:
    said = constants()
    unused = []
    for key in catalogue("en"):
        kind, _, rest = key.partition(".")
        if kind == "error" and rest not in said:
            unused.append(key)
        elif kind == "problem":
            slug, _, part = rest.rpartition(".")
            assert part in ("title", "detail"), key
            if slug not in said:
                unused.append(key)
        elif kind != "error" and key not in said and not any(one.startswith(f"{kind}.") for one in said):
            unused.append(key)
    assert unused == []


def test_placeholders_of_issues_are_filled() -> None:
    """A text that names a limit gets it, from `Issue(at, code, {...})` or `issue_text(code, ...)`."""
    texts = catalogue("en")
    lacking = []
    for name, args, keywords in calls():
        codes: set[str] = set()
        given: set[str] = set()
        if name == "Issue" and len(args) > 1:
            codes = words(args[1])
            params = args[2] if len(args) > 2 else None
            if params is not None and not isinstance(params, ast.Dict):
                continue
            given = {word for key in (params.keys if params else []) for word in words(key)}
        elif name == "issue_text" and args:
            codes, given = words(args[0]), set(keywords)
        for code in codes:
            wanted = placeholders(texts[f"error.{code}"])
            if wanted != given:
                lacking.append((code, sorted(wanted), sorted(given)))
    assert lacking == []
