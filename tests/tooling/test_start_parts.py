"""The parts of the start: words, stamps, packages, ports."""

from __future__ import annotations

import ast
import os
import re
import signal
import socket
import string
import sys
from pathlib import Path

import pytest

import scripts
from scripts import environment, frontend, stamps, start, words
from scripts.processes import Interrupted
from scripts.workspace import ROOT, CannotStartError, Workspace, tool_environment
from tests.servers import free_port


@pytest.mark.parametrize(
    ("language", "expected"), [("zh_CN.UTF-8", "需要 Python 3.11"), ("en_US.UTF-8", "needs Python 3.11")]
)
def test_an_old_python_is_told_what_to_do(language: str, expected: str) -> None:
    message = scripts.old_python_message((3, 10), language)
    assert expected in message
    assert "3.10" in message
    assert "make run PYTHON=" in message


def test_the_first_file_can_be_read_by_every_python_3() -> None:
    ast.parse((ROOT / "scripts" / "__init__.py").read_text("utf-8"), feature_version=(3, 6))


def test_every_sentence_has_both_languages_and_the_same_gaps() -> None:
    for key, (english, chinese) in words.WORDS.items():
        gaps = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, chinese)]
        assert gaps[0] == gaps[1], key
        assert english.isascii(), key
        assert key == "again" or re.search("[\u4e00-\u9fff]", chinese), key


@pytest.mark.parametrize(
    ("env", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, words.CHINESE),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, words.ENGLISH),
        ({}, words.ENGLISH),
    ],
)
def test_the_terminal_says_its_language(env: dict[str, str], language: int) -> None:
    assert words.language_of(env) == language


def test_content_and_names_decide_the_stamp_and_times_do_not(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "a.ts").write_text("one", "utf-8")
    os.utime(second / "a.ts", (0, 0))
    before = stamps.digest(stamps.sources(first), first)
    assert stamps.digest(stamps.sources(second), second) == before
    assert stamps.digest(stamps.sources(first), first, "salt") != before
    (second / "a.ts").write_text("two", "utf-8")
    assert stamps.digest(stamps.sources(second), second) != before
    (first / "a.ts").rename(first / "b.ts")
    assert stamps.digest(stamps.sources(first), first) != before


def test_products_and_tests_are_no_sources(tmp_path: Path) -> None:
    for name in (
        "src/app.ts",
        "src/app.test.ts",
        "node_modules/x/index.js",
        "dist/index.html",
        "e2e/a.ts",
        ".npmrc",
        "notes.md",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, "utf-8")
    assert {path.relative_to(tmp_path).as_posix() for path in stamps.sources(tmp_path)} == {"src/app.ts", ".npmrc"}


def test_a_stamp_that_is_missing_or_unreadable_matches_nothing(tmp_path: Path) -> None:
    stamp = tmp_path / ".stamp"
    assert not stamps.matches(stamp, "x")
    stamps.write(stamp, "x")
    assert stamps.matches(stamp, "x")
    stamp.write_bytes(b"\xff\xfe")
    assert not stamps.matches(stamp, "x")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name in (environment.RUNTIME, environment.DEVELOPMENT):
        (tmp_path / name).write_text(f"{name}\n", "utf-8")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return Workspace(root=tmp_path, env=dict(os.environ))


def test_nothing_is_installed_when_the_stamp_fits(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "is_healthy", lambda _: True)
    monkeypatch.setattr(environment, "pip_install", lambda *_, **__: pytest.fail("pip was run"))
    stamp = workspace.root / ".venv" / ".stamp"
    stamps.write(stamp, environment.wanted_stamp(workspace, environment.RUNTIME))
    environment.ensure_packages(workspace)
    stamps.write(stamp, environment.wanted_stamp(workspace, environment.DEVELOPMENT))
    environment.ensure_packages(workspace)
    environment.ensure_packages(workspace, environment.DEVELOPMENT)


def test_a_changed_lock_and_a_bigger_want_are_installed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[object] = []
    monkeypatch.setattr(environment, "is_healthy", lambda _: True)
    monkeypatch.setattr(environment, "pip_install", lambda *given, **__: installed.append(given[-1]))
    environment.ensure_packages(workspace)
    environment.ensure_packages(workspace, environment.DEVELOPMENT)
    (workspace.root / environment.RUNTIME).write_text("newer\n", "utf-8")
    environment.ensure_packages(workspace)
    assert installed == [environment.RUNTIME, environment.DEVELOPMENT, environment.RUNTIME]


def test_the_development_set_holds_the_runtime_set() -> None:
    locks = [(ROOT / name).read_text("utf-8") for name in (environment.RUNTIME, environment.DEVELOPMENT)]
    runtime, development = (set(re.findall(r"^[\w.\[\]-]+==[^\s;]+", lock, re.MULTILINE)) for lock in locks)
    assert runtime
    assert runtime <= development


def test_no_lock_names_a_place_to_download_from() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "scripts/requirements-node.txt"):
        assert "://" not in (ROOT / name).read_text("utf-8"), name
    assert '"resolved"' not in (ROOT / "frontend" / "package-lock.json").read_text("utf-8")


def test_an_interrupted_installation_is_done_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr(environment, "is_healthy", lambda _: True)
    stamp = workspace.root / ".venv" / ".stamp"
    stamps.write(stamp, "of an older lock")
    monkeypatch.setattr(environment, "pip_install", interrupted)
    with pytest.raises(Interrupted):
        environment.ensure_packages(workspace)
    assert not stamp.exists()


def test_a_broken_environment_is_not_healthy(tmp_path: Path) -> None:
    assert not environment.is_healthy(tmp_path / "absent")
    dangling = tmp_path / "python"
    dangling.symlink_to(tmp_path / "gone")
    assert not environment.is_healthy(dangling)
    assert environment.is_healthy(Path(sys.executable))


def test_python_without_any_pip_gets_the_line_to_type(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "is_healthy", lambda _: False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(environment, "SYSTEM_WHEELS", Path("/nowhere"))
    workspace.env["PATH"] = "/nowhere"
    with pytest.raises(CannotStartError, match=r"sudo apt-get update && sudo apt-get install -y python3-venv"):
        environment.ensure_environment(workspace)


@pytest.mark.parametrize(
    ("version", "serves"),
    [
        *[("v20.19.0", True), ("v20.20.2", True), ("v22.12.0", True), ("v23.1.0", True), ("v24.19.0", True)],
        *[("v12.22.0", False), ("v18.20.4", False), ("v20.18.9", False), ("v21.7.0", False), ("v22.11.0", False)],
        *[("", False), ("node", False)],
    ],
)
def test_which_node_can_build(version: str, serves: bool) -> None:
    assert frontend.node_serves(version) is serves


def test_what_would_lead_pip_and_npm_astray_is_kept_from_them() -> None:
    env = tool_environment({"PATH": "/bin", "PYTHONPATH": "/x", "PIP_USER": "1", "LIANXI_ADMIN_EMAIL": "a@example.com"})
    assert "PYTHONPATH" not in env
    assert "PIP_USER" not in env
    assert env["PATH"] == "/bin"
    assert env["LIANXI_ADMIN_EMAIL"] == "a@example.com"


def test_a_taken_port_is_told_with_the_line_to_type() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStartError, match=f"make run PORT={port + 1 if port < 65_535 else 5000}"):
            start.check_port("127.0.0.1", port, "run")
    start.check_port("127.0.0.1", free_port(), "run")


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    with pytest.raises(CannotStartError, match=r"192\.0\.2\.1"):
        start.check_port("192.0.2.1", free_port(), "run")


@pytest.mark.parametrize("text", ["", "0", "65536", "abc", "-1", "80.5", "５０００"])
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(CannotStartError, match="PORT="):
        start.port_of(text)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:5000"),
        ("0.0.0.0", "http://127.0.0.1:5000"),  # noqa: S104 - what we translate
        ("::", "http://[::1]:5000"),
        ("crm.example.com", "http://crm.example.com:5000"),
    ],
)
def test_the_address_to_type_into_a_browser(host: str, expected: str) -> None:
    assert start.address(host, 5000) == expected
