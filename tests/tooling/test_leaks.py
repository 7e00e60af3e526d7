"""What the search for secrets finds, and that there are none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts import leaks

# Put together here, so that the search does not find this file.
SECRETS = {
    "GitHub Token": "ghp_" + "a1B2" * 9,
    "AWS Access Key": "AKIA" + "A1B2C3D4E5F6G7H8",
    "Private Key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "Basic Auth Credentials": "postgresql://lianxi:" + "correct-horse" + "@db/lianxi",
    "Personal token of this product": "lianxi" + "_pat_" + "x" * 43,
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found_and_not_repeated(kind: str) -> None:
    found = list(leaks.leaks_in(f"first line\nkey = '{SECRETS[kind]}'\n"))
    assert kind in {name for _, name, _ in found}
    assert all(SECRETS[kind] not in hint for _, _, hint in found if len(SECRETS[kind]) > 12)


def test_what_was_taken_out_is_found_in_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet")
    for content in (f"token = {SECRETS['GitHub Token']}\n", "token = none\n"):
        (tmp_path / "settings.txt").write_text(content)
        git("add", ".")
        git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message", "x")
    monkeypatch.setattr(leaks, "ROOT", tmp_path)
    assert leaks.in_files() == []
    (found,) = leaks.in_history()
    assert (found.kind, found.where.split()[1]) == ("GitHub Token", "settings.txt")
    (tmp_path / "new.txt").write_text(SECRETS["AWS Access Key"])
    assert [one.where for one in leaks.in_files()] == ["new.txt:1"]


def test_a_copy_without_history_is_searched_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.txt").write_text(SECRETS["GitHub Token"])
    monkeypatch.setattr(leaks, "ROOT", tmp_path)
    assert [one.where for one in leaks.in_files()] == ["settings.txt:1"]
    assert leaks.in_history() == []
