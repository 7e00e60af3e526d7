"""The folder that the start prepares: its own tools, its logs, and one start at a time."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from scripts import console
from scripts.processes import POLL_SECONDS, CommandError, Ending, Interrupted, run_logged
from scripts.words import say

ROOT = Path(__file__).resolve().parent.parent


# Tests make databases, accounts and secrets of their own: nothing that a person has set reaches them.
PERSONAL = frozenset(
    {
        *("DATABASE_URL", "REDIS_URL", "REDIS_CHANNEL", "DATA_DIR", "SECRET_KEY", "PREVIOUS_SECRET_KEY", "PUBLIC_URL"),
        *("SMTP_URL", "MAIL_FROM", "CLAMAV_URL"),
        *("HOST", "PORT", "PROXY_HOPS", "WORKER_CLASS", "WEB_CONCURRENCY", "RATELIMIT_ENABLED", "LOG_LEVEL"),
        *("LOG_FORMAT", "ACCESS_LOG", "BACKUP_DIR", "BACKUP_KEY", "BACKUP_NIGHTLY", "METRICS_TOKEN"),
        *("OTEL_EXPORTER_OTLP_ENDPOINT", "SENTRY_DSN", "SLOW_QUERY_MS", "STATEMENT_TIMEOUT"),
        *("LIANXI_ADMIN_EMAIL", "LIANXI_ADMIN_PASSWORD", "DEFAULT_LANGUAGE", "TIME_ZONE", "BASE_CURRENCY"),
        *("LIANXI_SERVICES", "CONSUL_URL", "CONSUL_TOKEN", "SERVICE_ADDRESS"),
    }
)


class CannotStartError(Exception):
    """The start cannot go on; the text tells the person what to do."""


def tool_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment for pip, npm and our own commands: the caller's, without what would lead them elsewhere."""
    misleading = ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_USER")
    kept = {name: text for name, text in env.items() if name not in misleading}
    return kept | {
        "PYTHONNOUSERSITE": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "NO_UPDATE_NOTIFIER": "1",
        "SCARF_ANALYTICS": "false",
        "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
    }


@dataclass
class Workspace:
    """One checkout of the product."""

    root: Path = ROOT
    env: dict[str, str] = field(default_factory=lambda: tool_environment(os.environ))
    ending: Ending = field(default_factory=Ending)

    @property
    def python(self) -> Path:
        """The Python of our own environment."""
        return self.root / ".venv" / "bin" / "python"

    @property
    def frontend(self) -> Path:
        """The folder of the single-page application."""
        return self.root / "frontend"

    def forget_personal_settings(self) -> None:
        """Keep from tests and measurements what a person has set for the running product."""
        for name in [one for one in self.env if one in PERSONAL or one.startswith("SSO_")]:
            del self.env[name]

    def log(self, name: str) -> Path:
        """Where a step's output stands while it runs, and stays if it fails."""
        return self.root / ".build" / f"{name}.log"

    def run(
        self,
        name: str,
        *command: str | Path,
        cwd: Path | None = None,
        progress: console.Progress | None = None,
    ) -> str:
        """Run one command quietly; gives what it wrote, which is kept in a file only if it fails."""
        return run_logged(
            [str(part) for part in command],
            log=self.log(name),
            cwd=cwd or self.root,
            env=self.env,
            tick=progress.tick if progress else lambda: None,
            ending=self.ending,
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other start prepares this folder meanwhile."""
        lock = self.root / ".build" / "lock"
        lock.parent.mkdir(exist_ok=True)
        with lock.open("w") as held:
            if not _took(held):
                console.line(say("waiting"))
            while not _took(held):
                self.ending.heed()
                time.sleep(POLL_SECONDS)
            yield


def _took(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def guarded(action: Callable[[Workspace], int]) -> int:
    """Carry out one command on this checkout; what goes wrong is told in words, never by a traceback.

    Returns:
        The exit code.
    """
    workspace = Workspace()
    workspace.ending.heed_signals()
    try:
        return action(workspace)
    except CannotStartError as refusal:
        sys.stderr.write(f"{refusal}\n")
    except CommandError as failed:
        sys.stderr.write(f"{say('failed')}\n{failed.excerpt()}\n{say('log', path=os.path.relpath(failed.log))}\n")
    except Interrupted as interrupted:
        sys.stderr.write(f"{say('interrupted')}\n")
        return 128 + interrupted.number
    return 1
