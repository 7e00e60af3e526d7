"""Runs the example script as its users do: as a program of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from config import ROOT

from ..running import ADMIN

SCRIPT = ROOT / "examples" / "sync_crm.py"


@dataclass
class Run:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def changesets(self) -> int:
        """How many change sets the run made, by its own account."""
        found = re.search(r"^change sets: (\d+)$", self.out, re.MULTILINE)
        assert found, self
        return int(found[1])


def start(folder: Path, url: str, *options: str, password: str = ADMIN[1]) -> subprocess.Popen[str]:
    """Start the script with the first admin's sign-in, on plain Python without the product's packages."""
    command = [sys.executable, "-S", "-E", str(SCRIPT), str(folder), "--url", url, "--email", ADMIN[0], *options]
    return subprocess.Popen(
        command,
        env={"LIANXI_PASSWORD": password, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], seconds: float = 300) -> Run:
    """Wait for the end."""
    try:
        out, err = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return Run(process.returncode, out, err)


def run(folder: Path, url: str, *options: str, password: str = ADMIN[1]) -> Run:
    """Start and wait."""
    return finish(start(folder, url, *options, password=password))
