"""`nginx.conf`, tried with a real nginx before a stand-in for the application."""

from __future__ import annotations

import http.client
import http.server
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.intake import FORM_LIMIT
from app.web import CSP
from tests.servers import free_port, wait_until
from tests.tooling.edge import Edge, serving


class Upstream(http.server.BaseHTTPRequestHandler):
    """Stands for the application: tells what reached it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"path": self.path, "headers": dict(self.headers.items()), "pad": "x" * 4_000}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"3.abc"')
        if "own" in self.path:
            self.send_header("Content-Security-Policy", "default-src 'self'")
            self.send_header("X-Request-ID", "made-by-the-application")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name is http.server's

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as upstream:
        thread = threading.Thread(target=upstream.serve_forever)
        thread.start()
        with serving(tmp_path_factory.mktemp("nginx"), f"http://127.0.0.1:{upstream.server_port}") as running:
            yield running
        upstream.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def edge_without_application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with serving(tmp_path_factory.mktemp("nginx"), f"http://127.0.0.1:{free_port()}") as running:
        yield running


SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.parametrize(
    "path",
    [
        *["/", "/index.html", "/deals/4", "/assets/app-1.js", "/assets/absent.js", "/.stamp", "/assets/app-1.js.map"],
        *[
            "/api/v1/customers",
            "/api/own",
            "/api/v1/imports",
            "/socket.io/?EIO=4",
            "/health",
            "/health/ready",
            "/metrics",
        ],
    ],
)
def test_every_location_has_the_security_headers_once(edge: Edge, path: str) -> None:
    answer = edge.ask(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.header(name) == value, name
    policy = answer.header("Content-Security-Policy")
    assert policy is not None
    assert "default-src" in policy
    assert answer.header("X-Request-ID")
    assert "geolocation=(self)" in (answer.header("Permissions-Policy") or "")
    assert answer.header("Server") == "nginx"
    assert answer.header("Strict-Transport-Security") is None, "only over TLS"


def test_every_page_address_is_the_application_in_the_browser(edge: Edge) -> None:
    for path in ("/", "/deals/4", "/customers?q=%E5%BC%A0", "/settings/users"):
        answer = edge.ask(path)
        assert (answer.status, answer.header("Content-Type")) == (200, "text/html; charset=utf-8")
        assert answer.header("Cache-Control") == "no-cache"
        assert answer.header("Content-Security-Policy") == CSP, "the same as where the application serves the pages"


def test_hashed_files_are_kept_for_ever_and_their_absence_is_not(edge: Edge) -> None:
    assert edge.ask("/assets/app-1.js").header("Cache-Control") == "public, max-age=31536000, immutable"
    absent = edge.ask("/assets/absent.js")
    assert absent.status == 404
    assert absent.header("Cache-Control") == "no-store"


def test_source_maps_and_dotfiles_are_not_served(edge: Edge) -> None:
    for path in ("/assets/app-1.js.map", "/.stamp", "/.git/config", "/assets/.stamp"):
        assert edge.ask(path).status == 404, path


def test_pages_are_compressed_and_the_api_keeps_its_etags(edge: Edge) -> None:
    assert edge.ask("/assets/app-1.js", Accept_Encoding="gzip").header("Content-Encoding") == "gzip"
    api = edge.ask("/api/v1/customers/1", Accept_Encoding="gzip")
    assert api.header("Content-Encoding") is None
    assert api.header("ETag") == '"3.abc"'


def test_the_application_learns_the_true_caller(edge: Edge) -> None:
    answer = edge.ask(
        "/api/v1/customers",
        X_Forwarded_For="203.0.113.9",
        X_Forwarded_Host="evil.example",
        X_Forwarded_Proto="https",
        Forwarded="for=203.0.113.9",
        X_Request_ID="caller-1234",
    )
    reached = json.loads(answer.body)["headers"]
    assert reached["X-Forwarded-For"] == "127.0.0.1"
    assert reached["X-Forwarded-Proto"] == "http"
    assert reached["X-Request-ID"] == "caller-1234"
    assert answer.header("X-Request-ID") == "caller-1234"
    assert not {"X-Forwarded-Host", "Forwarded"} & set(reached)


def test_a_request_id_that_could_harm_a_log_is_replaced(edge: Edge) -> None:
    answer = edge.ask("/api/v1/customers", X_Request_ID='x"}{"')
    assert re.fullmatch("[0-9a-f]{32}", answer.header("X-Request-ID") or "")


def test_the_applications_own_headers_win(edge: Edge) -> None:
    answer = edge.ask("/api/own")
    assert answer.header("Content-Security-Policy") == "default-src 'self'"
    assert answer.header("X-Request-ID") == "made-by-the-application"


def test_websockets_are_passed_on(edge: Edge) -> None:
    reached = json.loads(edge.ask("/socket.io/", Upgrade="websocket", Connection="Upgrade").body)["headers"]
    assert (reached["Upgrade"], reached["Connection"]) == ("websocket", "upgrade")
    assert "Upgrade" not in json.loads(edge.ask("/api/v1/customers").body)["headers"]


@pytest.mark.parametrize(("language", "title"), [("en", "What was sent is too large."), ("zh-CN", "发送的内容过大。")])
def test_too_large_is_the_products_own_problem(edge: Edge, language: str, title: str) -> None:
    answer = edge.ask("/api/v1/customers", "POST", b"x" * (1_048_576 + 1), Accept_Language=language)
    problem = answer.problem()
    assert (answer.status, problem["type"], problem["title"]) == (413, "/problems/too-large", title)
    assert problem["instance"] == "/api/v1/customers"


def test_files_may_be_larger_than_other_bodies(edge: Edge) -> None:
    for path in ("/api/v1/imports", "/api/v1/attachments"):
        assert edge.ask(path, "POST", b"x" * 2_000_000).status == 200
    assert edge.ask("/api/v1/customers", "POST", b"x" * 1_048_576).status == 200


def test_the_edge_lets_as_large_a_form_through_as_the_application(edge: Edge) -> None:
    for path in ("/api/v1/imports", "/api/v1/attachments"):
        assert edge.ask(path, "POST", b"x" * FORM_LIMIT).status == 200
        assert edge.ask(path, "POST", b"x" * (FORM_LIMIT + 1)).problem()["status"] == 413


def test_a_body_is_not_waited_for_here(tmp_path: Path) -> None:
    """The application has a deadline for it, and refuses a stranger's file before it has come."""
    refusal = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n{}"
    with socket.create_server(("127.0.0.1", 0)) as application:
        port = application.getsockname()[1]
        with serving(tmp_path, f"http://127.0.0.1:{port}") as edge:
            for path in ("/api/v1/customers", "/api/v1/imports", "/api/v1/attachments"):
                with socket.create_connection(("127.0.0.1", edge.port), timeout=20) as client:
                    client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx".encode())
                    application.settimeout(20)
                    asked, _ = application.accept()
                    with asked:
                        asked.sendall(refusal)
                        answer = http.client.HTTPResponse(client)
                        answer.begin()
                        assert answer.status == 401, path


def test_refusals_of_nginx_itself(edge: Edge) -> None:
    assert edge.ask("/api/" + "a" * 17_000).problem()["status"] == 414
    assert edge.ask("/api/v1/customers", A="a" * 17_000).problem()["status"] == 431
    assert edge.ask("/api/v1/customers", "TRACE").problem()["status"] == 405
    assert edge.ask("/metrics").problem()["status"] == 403


def test_an_absent_application_is_told_as_a_problem_and_the_pages_stay(edge_without_application: Edge) -> None:
    answer = edge_without_application.ask("/api/v1/customers.json?q=secret", Accept_Language="en-GB,en;q=0.9")
    problem = answer.problem()
    assert (answer.status, problem["type"], problem["instance"]) == (
        502,
        "/problems/unavailable",
        "/api/v1/customers.json",
    )
    assert answer.header("Retry-After") == "2"
    assert answer.header("Cache-Control") == "no-store"
    assert edge_without_application.ask("/deals").status == 200


def test_no_query_reaches_the_log(tmp_path: Path) -> None:
    with serving(tmp_path, f"http://127.0.0.1:{free_port()}") as running:
        running.ask("/customers?q=13800138000")
        wait_until(lambda: (tmp_path / "access.log").read_text("utf-8"))
        entry = json.loads((tmp_path / "access.log").read_text("utf-8").splitlines()[-1])
    assert (entry["path"], entry["status"]) == ("/customers", 200)
    assert "13800138000" not in json.dumps(entry)
