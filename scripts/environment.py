"""The Python environment in ``.venv``, also on a Debian that has split pip and venv off its Python."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts import stamps
from scripts.console import Progress, step
from scripts.processes import CommandError
from scripts.words import say
from scripts.workspace import CannotStartError, Workspace

RUNTIME, DEVELOPMENT, TRACING = "requirements.txt", "requirements-dev.txt", "requirements-tracing.txt"
SYSTEM_WHEELS = Path("/usr/share/python-wheels")
HEALTH_CHECK = """
import importlib.util, sys
sys.exit(not (sys.version_info >= (3, 11) and importlib.util.find_spec("pip")))
"""


def is_healthy(python: Path) -> bool:
    """Whether an environment's Python still runs, is new enough and has pip; a system upgrade can break it."""
    try:
        return subprocess.run([python, "-c", HEALTH_CHECK], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def ensure_environment(workspace: Workspace) -> None:
    """Make ``.venv`` where it is missing or broken.

    Raises:
        CannotStartError: this machine has no way to get pip; the text holds the one line to type.
    """
    if is_healthy(workspace.python):
        return
    with step("venv") as progress:
        shutil.rmtree(workspace.root / ".venv", ignore_errors=True)
        if importlib.util.find_spec("ensurepip"):
            workspace.run("venv", sys.executable, "-m", "venv", ".venv", progress=progress)
            return
        try:
            workspace.run("venv", sys.executable, "-m", "venv", "--without-pip", ".venv", progress=progress)
            _bring_pip(workspace, progress)
        except (CommandError, FileNotFoundError) as error:
            raise CannotStartError(say("no_pip")) from error


def _bring_pip(workspace: Workspace, progress: Progress) -> None:
    """Put pip into an environment without the help of ``ensurepip``.

    Debian ships ensurepip's wheel in packages of their own. Where neither that nor a pip of the system is installed,
    the package is fetched and unpacked in a temporary folder: that needs no rights and leaves the system as it is.
    """
    with tempfile.TemporaryDirectory(prefix="lianxi-pip-") as folder:
        wheel = _wheel_in(SYSTEM_WHEELS)
        if wheel is None and importlib.util.find_spec("pip"):
            pip = (sys.executable, "-m", "pip", "--python", workspace.python)
            workspace.run("venv", *pip, "install", "pip", progress=progress)
            return
        if wheel is None:
            _fetch_debian_package(workspace, "python3-pip-whl", Path(folder), progress)
            wheel = _wheel_in(Path(folder) / SYSTEM_WHEELS.relative_to("/"))
        if wheel is None:
            raise FileNotFoundError("pip's wheel")
        workspace.run("venv", workspace.python, wheel / "pip", "install", "--no-index", wheel)


def _wheel_in(folder: Path) -> Path | None:
    return max(folder.glob("pip-*.whl"), default=None)


def _fetch_debian_package(workspace: Workspace, package: str, folder: Path, progress: Progress) -> None:
    private = [f"-oDir::State::Lists={folder}/lists", f"-oDir::Cache={folder}/cache", "-oAPT::Sandbox::User="]
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    workspace.run("venv", "apt-get", "-qq", *private, "update", progress=progress)
    workspace.run("venv", "apt-get", "-qq", *private, "download", package, cwd=folder, progress=progress)
    for archive in folder.glob("*.deb"):
        workspace.run("venv", "dpkg-deb", "-x", archive, folder)


def pip_install(workspace: Workspace, name: str, *arguments: str | Path, progress: Progress) -> None:
    """Let pip install locked packages; one whose hash is not in the lock is refused."""
    pip = (workspace.python, "-m", "pip", "install", "--require-hashes", "--progress-bar=off")
    workspace.run(name, *pip, *arguments, progress=progress)


def wanted_stamp(workspace: Workspace, kind: str) -> str:
    """What the environment's stamp says when everything of that kind is installed."""
    names = (RUNTIME,) if kind == RUNTIME else (RUNTIME, DEVELOPMENT)
    return f"{kind} {stamps.digest((workspace.root / name for name in names), workspace.root)}"


def ensure_packages(workspace: Workspace, kind: str = RUNTIME) -> None:
    """Install the locked packages, unless the stamp says that these very versions are there.

    The development set holds the runtime set, so whoever has it lacks nothing.
    """
    ensure_environment(workspace)
    stamp = workspace.root / ".venv" / ".stamp"
    enough = {wanted_stamp(workspace, kind), wanted_stamp(workspace, DEVELOPMENT)}
    if any(stamps.matches(stamp, wanted) for wanted in enough):
        return
    with step("pip") as progress:
        stamp.unlink(missing_ok=True)
        pip_install(workspace, "pip", "-r", kind, progress=progress)
        stamps.write(stamp, wanted_stamp(workspace, kind))
