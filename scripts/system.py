"""Debian packages that the tests need: found, and installed where that is possible without asking anybody."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import console
from scripts.console import step
from scripts.processes import CommandError
from scripts.workspace import Workspace

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


@dataclass(frozen=True)
class Need:
    """One thing of the machine that some tests cannot do without.

    Attributes:
        name: how the tests call it.
        package: the Debian package that holds it.
        is_there: whether this machine has it.
        without: what is left out where it lacks.
    """

    name: str
    package: str
    is_there: Callable[[], bool]
    without: str


def on_path(*names: str) -> str | None:
    """The first of some programs that this machine has, servers included."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def has_postgresql() -> bool:
    """Whether a PostgreSQL server is installed; Debian keeps its programs off the path."""
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or on_path("initdb") is not None


def has_cjk_font() -> bool:
    """Whether Chinese can be drawn."""
    return any(Path("/usr/share/fonts").glob("**/NotoSansCJK*"))


def faketime_library() -> Path | None:
    """What is loaded before a program so that it reads another clock."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)


POSTGRESQL = Need("postgresql", "postgresql", has_postgresql, "every test on PostgreSQL")
REDIS = Need("redis", "redis-server", lambda: on_path("redis-server") is not None, "the tests with Redis")
NGINX = Need("nginx", "nginx", lambda: on_path("nginx") is not None, "the tests of nginx.conf")
NEEDS = (
    POSTGRESQL,
    Need("pgbouncer", "pgbouncer", lambda: on_path("pgbouncer") is not None, "the tests behind a pooler"),
    REDIS,
    NGINX,
    Need("faketime", "faketime", lambda: faketime_library() is not None, "the tests whose clock is moved"),
    Need("chromium", "chromium", lambda: on_path(*CHROMIUM_NAMES) is not None, "all journeys in a browser"),
    Need("cjk-font", "fonts-noto-cjk", has_cjk_font, "nothing, but Chinese in screenshots shows as boxes"),
)


FAULT_NEEDS = (POSTGRESQL, REDIS, NGINX)
BENCH_NEEDS = (POSTGRESQL, Need("wrk", "wrk", lambda: on_path("wrk") is not None, "the benchmark"))


def lacking(needs: Iterable[Need] = NEEDS) -> list[Need]:
    """What this machine has not."""
    return [need for need in needs if not need.is_there()]


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if shutil.which("sudo") else None


def install(workspace: Workspace, needs: Sequence[Need]) -> None:
    """Install packages as root or by a sudo that asks nothing; where neither works, nothing happens."""
    prefix = _as_root()
    if not needs or prefix is None or not shutil.which("apt-get"):
        return
    # In runlevel 1 no package starts its server: the tests start private ones.
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "-qq"]
    try:
        with step("apt") as progress:
            workspace.run("apt", *apt, "update", progress=progress)
            packages = [need.package for need in needs]
            workspace.run("apt", *apt, "install", "--yes", "--no-install-recommends", *packages, progress=progress)
    except CommandError as error:
        console.line(error.excerpt())
