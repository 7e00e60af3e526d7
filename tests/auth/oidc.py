"""A real OpenID provider in a process of its own, and a browser that signs in there by HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, ProxyHandler, Request, build_opener

import pytest

from config import ROOT

from ..servers import free_port

SITE = "http://crm.example.com"
CLIENT = ("lianxi", "a secret of the tests & more: 100%")
SCRIPT = ROOT / "frontend" / "e2e" / "support" / "oidcProvider.mjs"
PEOPLE: dict[str, dict[str, Any]] = {
    "ada": {"name": "Ada Zhou", "email": "ada@example.com", "email_verified": True},
    "alice": {"name": "Alice", "email": "Alice@Example.com", "email_verified": True},
    "eve": {"name": "Eve", "email": "alice@example.com", "email_verified": False},
    "second": {"name": "Alice II", "email": "alice@example.com", "email_verified": True},
    "stranger": {"name": "Stranger", "email": "stranger@elsewhere.example.org", "email_verified": True},
    "below": {"name": "Below", "email": "below@sub.example.com", "email_verified": True},
    "nameless": {},
}


@dataclass
class Provider:
    """A running provider; `restarted` gives it other keys or lives at the same address."""

    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, **more: str) -> None:
        node = shutil.which("node")
        if node is None:
            assert not os.environ.get("CI"), "node is not installed"
            pytest.skip("node is not installed")
        self.stop()
        self.process = subprocess.Popen(
            [node, SCRIPT],
            cwd=ROOT / "frontend",
            env={**self.environment, **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == "ready", "the provider did not start"

    def stop(self) -> None:
        if self.process is not None:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.close()
            self.process.wait(10)
            self.process.stdout.close()
            self.process = None


@contextmanager
def provider(people: Mapping[str, Any], redirect_uri: str) -> Iterator[Provider]:
    """Serve until the block ends."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    running = Provider(
        port,
        kept
        | {
            "PORT": str(port),
            "CLIENT_ID": CLIENT[0],
            "CLIENT_SECRET": CLIENT[1],
            "REDIRECT_URIS": json.dumps([redirect_uri]),
            "PEOPLE": json.dumps(people),
        },
    )
    running.start()
    try:
        yield running
    finally:
        running.stop()


class _Stays(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


class Browser:
    """Signs in at the provider as a person would: follows its pages, types a login, agrees."""

    def __init__(self) -> None:
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()), _Stays())

    def walk(self, address: str, login: str, *, agrees: bool = True) -> str:
        """What stands behind the `?` of the address of ours that the provider sends the browser to."""
        form: dict[str, str] | None = None
        for _ in range(15):
            parts = urlsplit(address)
            if parts.hostname != "127.0.0.1":
                assert address.startswith(SITE + "/sso/"), address
                return parts.query
            status, location, page = self._load(address, form)
            form = None
            if status in (302, 303):
                address = urljoin(address, location)
                continue
            if not agrees and (found := re.search(r'href="([^"]*/abort)"', page)):
                address = urljoin(address, unescape(found[1]))
                continue
            found = re.search(r'<form[^>]*action="([^"]+)"', page)
            assert found, page
            address = urljoin(address, unescape(found[1]))
            form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
            if form.get("prompt") == "login":
                form |= {"login": login, "password": "any"}
        raise AssertionError("the provider goes round in circles")

    def _load(self, address: str, form: dict[str, str] | None) -> tuple[int, str, str]:
        data = None if form is None else urlencode(form).encode()
        try:
            with self.opener.open(Request(address, data), timeout=20) as answer:
                return answer.status, "", answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.headers.get("Location", ""), error.read().decode()
