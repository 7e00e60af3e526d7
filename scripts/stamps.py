"""Stamps: small files beside a product of the build that say what it was made from.

Content decides, never times: a checkout, a copy or a touched file costs nothing, a changed one is always noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

IGNORED_FOLDERS = frozenset({"node_modules", "dist", "coverage", "e2e", "tests", "test-results", "playwright-report"})
IGNORED_ENDINGS = (".test.ts", ".spec.ts", ".md", ".log", ".tsbuildinfo")


def digest(files: Iterable[Path], base: Path, *salts: str) -> str:
    """One hash over names and contents of files, in the order of their names.

    Args:
        files: what the product is made from.
        base: the folder that the names are relative to, so that a moved tree keeps its hash.
        salts: whatever else decides the outcome, such as a version.
    """
    total = hashlib.sha256("\0".join(salts).encode())
    for name, path in sorted((path.relative_to(base).as_posix(), path) for path in files):
        total.update(f"\0{name}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def sources(folder: Path) -> Iterator[Path]:
    """The files that a front-end build reads: all of the folder but products, tests and notes."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            if path.name not in IGNORED_FOLDERS:
                yield from sources(path)
        elif path.is_file() and not path.name.endswith(IGNORED_ENDINGS):
            yield path


def matches(stamp: Path, wanted: str) -> bool:
    """Whether a stamp says what is wanted; a missing or unreadable one does not."""
    try:
        return stamp.read_text(encoding="utf-8").strip() == wanted
    except (OSError, UnicodeDecodeError):
        return False


def write(stamp: Path, value: str) -> None:
    """Leave a stamp; called last, so that an interrupted step is done again."""
    stamp.write_text(value + "\n", encoding="utf-8")
