"""The rules of the house, held by reading the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app
from app.access import Permission
from app.auth.models import ROLES
from app.listing import SPECS
from app.routing import CRM, OPERATIONS, PREFIX, PUBLIC, SIGNED_IN
from config import ROOT, settings_from

PUBLIC_ENDPOINTS = {
    "auth.forgot_password",
    "auth.open_link",
    "auth.reset_password",
    "auth.login",
    "auth.logout",
    "auth.refresh",
    "exporting.download_export",
    "sso.finish",
    "sso.list_providers",
    "sso.start",
}
"""Who may be called without a sign-in. A new name here is a decision, not a formality."""

UNDECLARED = {"docs", "openapi_document"}
"""The document of the API and its page, which are served or not by a setting."""

SOURCES = sorted((ROOT / "app").rglob("*.py"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> CRM:
    """An application that is only looked at."""
    folder = tmp_path_factory.mktemp("house")
    return create_app(settings_from({"DATA_DIR": str(folder), "RATELIMIT_ENABLED": "0"}))


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the product by its path."""
    for path in SOURCES:
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def called(node: ast.Call) -> str:
    """The last part of a call's name."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


# ---- permissions ----------------------------------------------------------------------------------------------------


def test_every_endpoint_says_who_may_call_it(served: CRM) -> None:
    endpoints = {rule.endpoint for rule in served.url_map.iter_rules() if rule.rule.startswith(PREFIX)}
    assert endpoints - OPERATIONS.keys() == UNDECLARED
    for endpoint in endpoints - UNDECLARED:
        permission = OPERATIONS[endpoint].permission
        assert permission in {SIGNED_IN, PUBLIC, *Permission}, endpoint


def test_public_endpoints_are_known_by_name(served: CRM) -> None:
    endpoints = {rule.endpoint for rule in served.url_map.iter_rules()}
    public = {name for name in endpoints & OPERATIONS.keys() if OPERATIONS[name].permission == PUBLIC}
    assert public == PUBLIC_ENDPOINTS


def test_nothing_of_the_api_lies_outside_of_its_prefix(served: CRM) -> None:
    outside = {rule.rule for rule in served.url_map.iter_rules() if not rule.rule.startswith(PREFIX)}
    assert outside == {"/", "/<page:path>", "/health", "/health/ready", "/metrics"}


def test_every_endpoint_that_writes_opens_a_unit(served: CRM) -> None:
    roads = {}
    for rule in served.url_map.iter_rules():
        if rule.endpoint in OPERATIONS:
            operation = OPERATIONS[rule.endpoint]
            roads[rule.endpoint] = getattr(served.view_functions[rule.endpoint], "unit", None)
            if operation.method != "GET":
                assert roads[rule.endpoint] in ("write", "own", "read"), rule.endpoint
            else:
                assert roads[rule.endpoint] == "read", rule.endpoint
    reading = {name for name, road in roads.items() if road == "read" and OPERATIONS[name].method != "GET"}
    assert reading == {"auth.open_link", "customer.check_customer"}, "a POST that only reads is named here"


def test_every_permission_is_carried_by_a_role() -> None:
    carried = {permission for _, _, _, permissions in ROLES.values() for permission in permissions}
    assert carried == set(Permission)


def test_lists_declare_what_exists() -> None:
    for resource, spec in SPECS.items():
        shown = set(spec.fields.fields)
        assert spec.right_fields.keys() <= shown, resource
        assert spec.guarded.keys() <= shown, resource
        assert not {"name", "id", "owner_id", "stage_id"} & spec.guarded.keys(), resource
        assert spec.gathered.keys() <= shown, resource
        for key in spec.default_sort.split(","):
            assert key.removeprefix("-") in spec.sort, resource
        reserved = {"page", "per_page", "sort", "cursor", "count", "fields", "deleted", "where", "q"}
        assert not reserved & spec.plain.keys(), resource
        if any(one.is_pooled for one in spec.guarded.values()):
            assert spec.masked is not None, resource
            assert spec.unmask, resource


# ---- imports --------------------------------------------------------------------------------------------------------


def test_imports_follow_the_plan() -> None:
    run = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_module_is_imported_inside_a_function() -> None:
    found = []
    for name, tree in trees():
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and (node.level > 0 or (node.module or "").startswith("app")):
                        found.append(f"{name}:{node.lineno}")
                    if isinstance(node, ast.Import) and any(one.name.startswith("app") for one in node.names):
                        found.append(f"{name}:{node.lineno}")
    assert found == []


def test_nobody_else_commits() -> None:
    found = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) == "commit"
    }
    assert found == {"app/transaction.py"}


# ---- SQL ------------------------------------------------------------------------------------------------------------

OWN_NAMES = {"app/append_only.py", "app/demo/service.py", "app/history/months.py", "app/operation/databases.py"}
"""Where texts of SQL hold names of our own tables."""

TAKES_SQL = {"text", "literal_column", "exec_driver_sql", "DDL", "column", "execute", "scalar", "scalars"}


def _made_up(node: ast.expr) -> bool:
    """Whether a text is put together from parts that stand elsewhere."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, (ast.Mod, ast.Add)) and any(
            isinstance(side, (ast.Constant, ast.JoinedStr)) and isinstance(getattr(side, "value", ""), str)
            for side in (node.left, node.right)
        )
    return isinstance(node, ast.Call) and called(node) in ("format", "join", "replace")


def test_no_sql_is_put_together_from_texts() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        if name not in OWN_NAMES
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in TAKES_SQL and node.args and _made_up(node.args[0])
    ]
    assert found == []


# ---- rooms ----------------------------------------------------------------------------------------------------------


BY_HAND = {"app/auth/routes.py"}
"""Signing in answers with cookies and opens its units late, because hashing must not hold the writer's lock."""


def test_routes_declare_only() -> None:
    """An endpoint is at most five lines long; its module asks no database and catches nothing."""
    found = []
    for name, tree in trees():
        if not name.endswith("/routes.py") or name in BY_HAND:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Try) or (isinstance(node, ast.Call) and called(node) in ("select", "execute")):
                found.append(f"{name}:{node.lineno}")
            if isinstance(node, ast.FunctionDef) and any(isinstance(one, ast.Call) for one in node.decorator_list):
                lines = {line for one in node.body[1:] for line in range(one.lineno, (one.end_lineno or 0) + 1)}
                if len(lines) > 5:
                    found.append(f"{name}:{node.lineno} {node.name} has {len(lines)} lines")
    assert found == []


def test_the_environment_is_read_once() -> None:
    found = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and ast.unparse(node.value) == "os"
    }
    assert found == set()


def test_nothing_is_left_open() -> None:
    left = ("TO" + "DO", "FIX" + "ME", "XX" + "X:", "coming " + "soon")
    places = [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]
    assert [str(path) for path in places if any(word in path.read_text("utf-8") for word in left)] == []


def test_no_package_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "stuff"}
    assert [str(path) for path in SOURCES if {path.stem, *path.parent.relative_to(ROOT).parts} & drawers] == []
