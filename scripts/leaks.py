"""``python -m scripts.leaks``: search for secrets in the files of the project and in all that ever stood in them.

What a secret looks like is known to detect-secrets: keys of clouds and services, private keys, signed tokens, addresses
with a password. Its guesses by entropy and by the names of variables are left out: in a code of tests they cry wolf.
Nobody is asked over the network. Without a git history the files alone are searched.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector

ROOT = Path(__file__).resolve().parent.parent

LEFT_OUT = {"Public IP (ipv4)", "Artifactory Credentials", "Cloudant Credentials"}
"""Kinds that are no secret, or whose patterns fit almost anything."""

OWN = {
    "Personal token of this product": re.compile(r"lianxi_pat_[A-Za-z0-9_-]{43}"),
    "Secret of a webhook": re.compile(r"whsec_[A-Za-z0-9+/]{32,}"),
}

KNOWN = {
    "USER:PASSWORD",
    "用户:密码",
    "crm:hunter2",
    "crm:secret",
    "crm:wrong",
    "u:p",
    "crm%40example.com:s%3Acr%40t",
    "user:hunter2",
    # Built of a word that must show in no line of a log.
    "lianxi:{CANARY}",
    "eyJhbGciOiJI.eyJ",
}
"""Addresses with a password that is none, and the like: of the documentation, and of what the tests start or build."""


@dataclass(frozen=True)
class Leak:
    """Something that looks like a secret; never holds all of it.

    Attributes:
        where: file and line, or commit and file.
        kind: what it looks like.
        hint: its first characters.
    """

    where: str
    kind: str
    hint: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind} ({self.hint}...)"


@cache
def patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Every kind of secret with a pattern that finds it."""
    kinds: dict[str, Any] = get_mapping_from_secret_type_to_class()
    made = [
        (name, kind()) for name, kind in kinds.items() if issubclass(kind, RegexBasedDetector) and name not in LEFT_OUT
    ]
    found = [(name, pattern) for name, plugin in made for pattern in plugin.denylist]
    return (*found, *OWN.items())


def leaks_in(text: str) -> Iterator[tuple[int, str, str]]:
    """What looks like a secret in a text: at which character, of which kind, its first characters."""
    for kind, pattern in patterns():
        for match in pattern.finditer(text):
            if match[0].strip(":/@") not in KNOWN:
                yield match.start(), kind, match[0][:12]


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.decode("utf-8", "replace")


def in_files() -> list[Leak]:
    """Secrets in the files that belong to the project, those that are new and not ignored included."""
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = listed.split("\0") if listed is not None else [str(one.relative_to(ROOT)) for one in ROOT.rglob("*")]
    found = []
    for path in (ROOT / name for name in sorted(set(names)) if name):
        if path.is_file() and not path.is_symlink():
            text = path.read_text("utf-8", "replace")
            found += [
                Leak(f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, at) + 1}", kind, hint)
                for at, kind, hint in leaks_in(text)
            ]
    return found


_PLACE = re.compile(r"^(?:commit (?P<commit>[0-9a-f]{40})|\+\+\+ (?:b/)?(?P<file>.*))$", re.M)


def in_history() -> list[Leak]:
    """Secrets in lines that were once added, wherever they are now."""
    told = _git("log", "--patch", "--unified=0", "--no-color", "--no-renames", "--format=commit %H", "HEAD")
    if told is None:
        return []
    found = []
    told = re.sub(r"^-.*$", "", told, flags=re.M)
    for at, kind, hint in leaks_in(told):
        commit = file = ""
        for place in _PLACE.finditer(told, 0, at):
            commit, file = place["commit"] or commit, place["file"] or file
        found.append(Leak(f"{commit[:12]} {file}", kind, hint))
    return found


def main() -> int:
    """Search everywhere; gives the exit code."""
    found = [*in_files(), *in_history()]
    for leak in found:
        sys.stderr.write(f"{leak}\n")
    if not found:
        sys.stdout.write("no secret is in the files or in the history\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
