"""Looking for a word in everything that is stored, and the figures of all reports."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select

from app.database import Base, db
from app.privacy.erasing import overwrite_traces

from ..cast import Cast


def traces(*words: str) -> list[str]:
    """Where words stand: tables with their columns, and files of the data folder."""
    found: set[str] = set()
    with db.engines[None].connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    told = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    if any(word in told for word in words):
                        found.add(f"{table.name}.{name}")
    # By a process of its own: closing a file gives up the locks that SQLite holds on it in this one, and another
    # process that opens the database then takes itself for the last user and clears its log away.
    patterns = [option for word in words for option in ("-e", word)]
    grep = ["grep", "--recursive", "--text", "--fixed-strings", "--files-with-matches", *patterns, "."]
    run = subprocess.run(
        grep,
        cwd=current_app.config["LIANXI"].data_dir,
        env={"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    return sorted(found | {Path(line).name for line in run.stdout.splitlines()})


def overwritten() -> None:
    """What a night brings: the database's own file holds nothing of what was erased."""
    db.session.rollback()
    for engine in db.engines.values():
        engine.dispose()
    overwrite_traces()


def figures(cast: Cast) -> dict[str, Any]:
    """What every report says, but for when it was made and the names of what it is about."""
    found = {}
    for path in sorted({rule.rule for rule in cast.root.app.url_map.iter_rules() if "/reports/" in rule.rule}):
        answer = cast.root.get(path)
        if answer.status_code == 200 and "<" not in path:
            found[path] = re.sub(r'"(generated_at|as_of|name|label)":\s*"[^"]*"', "", answer.get_data(as_text=True))
    return found
