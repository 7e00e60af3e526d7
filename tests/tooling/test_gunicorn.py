"""`gunicorn.conf.py`, tried with a real gunicorn as a person types it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket

from scripts.workspace import PERSONAL, ROOT
from tests.conftest import make_database
from tests.servers import free_port, listens, wait_until


def environment(**more: str) -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if name not in PERSONAL} | more


@contextlib.contextmanager
def gunicorn(folder: Path, *options: str, **env: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", *options, "-b", f"127.0.0.1:{port}", "app:create_app()"]
    with (folder / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(DATA_DIR=str(folder), **env), stdout=log, stderr=log
        )
        try:
            wait_until(lambda: listens(port) and ask(port, "/health")[0] == 200, 90)
            yield process, port
        finally:
            process.terminate()
            process.wait(40)


def ask(port: int, path: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    except (ConnectionError, TimeoutError):
        return 0, {}, b""
    finally:
        connection.close()


def test_the_file_is_read_and_the_command_line_wins() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-w", "4", "-b", ":5123", "--print-config", "app:create_app()"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    settings = dict(re.findall(r"^(\w+) += (.*)$", shown, re.MULTILINE))
    assert settings["workers"] == "4"
    assert settings["bind"] == "[':5123']"
    assert settings["threads"] == "100"
    assert settings["control_socket_disable"] == "True"


def test_four_workers_serve_and_say_no_version(tmp_path: Path) -> None:
    with gunicorn(tmp_path, "-w", "4") as (_, port):
        status, headers, _ = ask(port, "/health")
        assert (status, headers["server"]) == (200, "lianxi")
    assert "error" not in (tmp_path / "gunicorn.log").read_text("utf-8").lower()


def children(pid: int) -> set[str]:
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_a_reload_answers_without_a_pause(tmp_path: Path) -> None:
    with gunicorn(tmp_path, "-w", "2") as (process, port):
        wait_until(lambda: len(children(process.pid)) == 2, 30)
        for _ in range(2):
            before, waits = children(process.pid), [0.0]
            process.send_signal(signal.SIGHUP)
            began = time.monotonic()
            while before & children(process.pid):
                assert time.monotonic() - began < 90
                asked = time.monotonic()
                assert ask(port, "/health")[0] == 200
                waits.append(time.monotonic() - asked)
                time.sleep(0.02)
            # Else they would be gone at once, and whoever asks would wait for as long as the product takes to load.
            assert max(waits) < (time.monotonic() - began) / 2
            assert len(children(process.pid)) == 2
            assert ask(port, "/health")[0] == 200


def test_what_gunicorn_itself_refuses_is_a_problem_that_repeats_nothing(tmp_path: Path) -> None:
    with gunicorn(tmp_path) as (_, port):
        status, headers, body = ask(port, "/api/" + "secret" * 2_000)
    problem = json.loads(body)
    assert (status, headers["content-type"]) == (414, "application/problem+json")
    assert (problem["status"], problem["type"]) == (414, "/problems/uri-too-long")
    assert problem["request_id"] == headers["x-request-id"]
    assert b"secret" not in body


def send(port: int, request: str) -> tuple[int, bytes]:
    """Send a request as it stands: clients of the standard library would refuse or encode what is not ASCII."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


def test_an_address_is_read_as_it_was_typed(tmp_path: Path) -> None:
    """`curl ".../customers?name=张"` sends the bytes of the word, not their encoding."""
    admin = {"LIANXI_ADMIN_EMAIL": "root@example.com", "LIANXI_ADMIN_PASSWORD": "correct horse battery 9"}
    with gunicorn(tmp_path, **admin) as (_, port):

        def call(line: str, body: dict[str, str] | None = None, token: str = "") -> tuple[int, Any]:
            text = json.dumps(body) if body else ""
            status, answer = send(
                port,
                f"{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}",
            )
            return status, json.loads(answer)

        sign_in = {"email": admin["LIANXI_ADMIN_EMAIL"], "password": admin["LIANXI_ADMIN_PASSWORD"]}
        token = call("POST /api/v1/auth/login", sign_in)[1]["access_token"]
        for name in ("张三", "李四"):
            assert call("POST /api/v1/customers", {"name": name}, token)[0] == 201
        for word in ("张", "%E5%BC%A0"):
            status, found = call(f"GET /api/v1/customers?page=1&per_page=20&name={word}", token=token)
            assert (status, [one["name"] for one in found["data"]]) == (200, ["张三"])
        assert call("GET /api/v1/张三", token=token)[0] == 404
        # What is malformed stays so.
        assert call("GET /api/v1/customers?name=张 三", token=token)[0] == 400
        assert call("张 /api/v1/customers", token=token)[0] == 400
        assert call("GET", token=token)[0] == 400


@pytest.mark.parametrize("worker_class", ["gthread", "gevent"])
def test_open_sockets_do_not_hold_up_the_end(tmp_path: Path, worker_class: str, postgres_url: str) -> None:
    env = {"DATABASE_URL": postgres_url} if worker_class == "gevent" else {}
    with gunicorn(tmp_path, "-k", worker_class, **env) as (process, port):
        address = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        client = websocket.create_connection(address, timeout=10, origin=f"http://127.0.0.1:{port}")
        assert str(client.recv()).startswith("0"), "the handshake"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(25)
        assert time.monotonic() - began < 10
        client.close()
    assert "traceback" not in (tmp_path / "gunicorn.log").read_text("utf-8").lower()


def trickle(connection: socket.socket, pieces: Iterator[bytes], pause: float) -> None:
    """Send pieces with pauses until all are sent or the other side has had enough."""
    with contextlib.suppress(OSError):
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)


@pytest.mark.parametrize("worker_class", ["gthread", "gevent"])
def test_who_sends_a_byte_now_and_then_is_let_go_of(tmp_path: Path, worker_class: str, postgres_url: str) -> None:
    env = {"DATABASE_URL": make_database(postgres_url, "slow")} if worker_class == "gevent" else {}
    wrong = b'{"email": "nobody@example.com", "password": "no such password"}'
    with gunicorn(tmp_path, "-k", worker_class, **env) as (_, port), contextlib.ExitStack() as stack:
        connections = {
            name: stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=90))
            for name in ("head", "body", "honest")
        }
        start = (
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"
            "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n"
        )
        slowly = {
            "head": (b"GET /health HTTP/1.1\r\nX-Slow: " if at == 0 else b"x" for at in range(120)),
            "body": (start.format(1_000).encode() if at == 0 else b" " for at in range(120)),
            # 2 KiB a second for 20 s: slower than any line that can be worked with, and longer than the patience.
            "honest": iter([start.format(40 * 1_024 + len(wrong)).encode(), *[b" " * 1_024] * 40, wrong]),
        }
        began = time.monotonic()
        for name, pieces in slowly.items():
            pause = 0.5 if name == "honest" else 1.0
            threading.Thread(target=trickle, args=(connections[name], pieces, pause), daemon=True).start()
        refused = http.client.HTTPResponse(connections["body"])
        refused.begin()
        assert (refused.status, json.loads(refused.read())["type"]) == (408, "/problems/request-timeout")
        with contextlib.suppress(ConnectionError):
            assert connections["head"].recv(100) == b""
        assert 14 < time.monotonic() - began < 60
        answer = http.client.HTTPResponse(connections["honest"])
        answer.begin()
        assert (answer.status, json.loads(answer.read())["status"]) == (401, 401)
    assert "traceback" not in (tmp_path / "gunicorn.log").read_text("utf-8").lower()


def test_gevent_with_sqlite_is_refused_in_words(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-b", f"127.0.0.1:{free_port()}", "app:create_app()"]
    refused = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(DATA_DIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode != 0
    assert "WORKER_CLASS=gevent needs PostgreSQL" in refused.stderr + refused.stdout
