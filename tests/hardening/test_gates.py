"""What the code of the product does without: chance that can be guessed, doors to other hosts, code from users."""

from __future__ import annotations

import ast

from config import ROOT

MODULES = {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in (ROOT / "app").rglob("*.py")}

CLIENTS = {"requests", "httpx", "urllib3", "urllib.request", "http.client", "aiohttp", "ftplib", "socket"}
"""What speaks to other hosts."""

CODE = {"eval", "exec", "compile", "__import__", "render_template_string", "from_string"}


def imported(tree: ast.Module) -> set[str]:
    """The names of all modules that one imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {node.module or "", *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def test_only_the_demo_knows_chance() -> None:
    """Secrets are made by `secrets`."""
    found = {name for name, tree in MODULES.items() if "random" in imported(tree)}
    assert {name for name in found if not name.startswith("app/demo/")} == set()


def test_other_hosts_are_reached_by_one_module_at_most() -> None:
    found = {name for name, tree in MODULES.items() if imported(tree) & CLIENTS}
    # The virus scanner is of the installation, as its database is: no person says where it is.
    assert found - {"app/scanner.py"} == {"app/outgoing.py"}


def test_no_text_becomes_code() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id in CODE)
            or (isinstance(node.func, ast.Attribute) and node.func.attr in CODE - {"compile", "exec"})
        )
    ]
    assert found == []
