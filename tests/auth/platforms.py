"""STUBS of WeCom, DingTalk and Feishu: they are not those platforms.

Each is a small HTTP server on the loopback address that answers the documented calls with the documented shapes, and
refuses what the documentation says is refused. That the platforms themselves behave so is not tested here: nobody can
sign in there without a company's account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

APP = ("app-id", "app secret & more")
TENANT = "ding-corp"


@dataclass
class Stub:
    """A STUB of a platform: what it will say, and what it was asked.

    Attributes:
        person: what it says of who signs in.
        calls: paths in order.
        spent: codes that were used.
        tokens: how many tokens of the application it gave.
    """

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    spent: set[str] = field(default_factory=set)
    tokens: int = 0

    def answer(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, Any]:
        """Status and JSON of one call."""
        raise NotImplementedError

    def spend(self, code: str) -> bool:
        """Whether a code is good; it is once."""
        is_good = code.startswith("good") and code not in self.spent
        self.spent.add(code)
        return is_good


class WeComStub(Stub):
    """A STUB of WeCom's `qyapi.weixin.qq.com`, as path/91039, 98176, 95833 and 90196 describe it."""

    def answer(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, Any]:
        if (method, path) == ("GET", "/cgi-bin/gettoken"):
            if query != {"corpid": APP[0], "corpsecret": APP[1]}:
                return 200, {"errcode": 40001, "errmsg": "invalid credential"}
            self.tokens += 1
            return 200, {"errcode": 0, "errmsg": "ok", "access_token": f"token {self.tokens}", "expires_in": 7200}
        if query.get("access_token") != f"token {self.tokens}":
            return 200, {"errcode": 42001, "errmsg": "access_token expired"}
        if (method, path) == ("GET", "/cgi-bin/auth/getuserinfo"):
            if not self.spend(query["code"]):
                return 200, {"errcode": 40029, "errmsg": "invalid code"}
            if "userid" not in self.person:
                return 200, {"errcode": 0, "errmsg": "ok", "openid": "a stranger"}
            more = {"user_ticket": "ticket"} if "biz_mail" in self.person else {}
            return 200, {"errcode": 0, "errmsg": "ok", "userid": self.person["userid"], **more}
        if (method, path) == ("GET", "/cgi-bin/user/get") and query["userid"] == self.person["userid"]:
            shown = {
                name: value for name, value in self.person.items() if name in ("userid", "name", "email", "mobile")
            }
            return 200, {"errcode": 0, "errmsg": "ok", **shown}
        if (method, path, body) == ("POST", "/cgi-bin/auth/getuserdetail", {"user_ticket": "ticket"}):
            return 200, {"errcode": 0, "errmsg": "ok", **self.person}
        return 200, {"errcode": 60111, "errmsg": "userid not found"}


class DingTalkStub(Stub):
    """A STUB of DingTalk's `api.dingtalk.com`, as 获取用户token and 获取用户通讯录个人信息 describe it."""

    def answer(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, Any]:
        if (method, path) == ("POST", "/v1.0/oauth2/userAccessToken"):
            is_asked = (body["clientId"], body["clientSecret"], body["grantType"]) == (*APP, "authorization_code")
            if not is_asked or not self.spend(body["code"]):
                return 400, {"code": "invalidParameter.authCode.notFound", "message": "no such code", "requestid": "r"}
            corp = self.person.get("corpId", TENANT)
            return 200, {"accessToken": "user token", "refreshToken": "r", "expireIn": 7200, "corpId": corp}
        is_known = headers.get("x-acs-dingtalk-access-token") == "user token"
        if (method, path) == ("GET", "/v1.0/contact/users/me") and is_known:
            return 200, {name: value for name, value in self.person.items() if name != "corpId"}
        return 403, {"code": "Forbidden.AccessDenied", "message": "no", "requestid": "r"}


class FeishuStub(Stub):
    """A STUB of Feishu's `open.feishu.cn`, as 获取 user_access_token and 获取用户信息 describe it."""

    def answer(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, Any]:
        if (method, path) == ("POST", "/open-apis/authen/v2/oauth/token"):
            is_asked = (body["client_id"], body["client_secret"], body["grant_type"]) == (*APP, "authorization_code")
            if not is_asked or len(body["code_verifier"]) != 43 or not body["redirect_uri"].endswith("/sso/work"):
                return 400, {"code": 20024, "error": "invalid_request", "error_description": "something is wrong"}
            if not self.spend(body["code"]):
                return 400, {"code": 20003, "error": "invalid_grant", "error_description": "the code is spent"}
            return 200, {
                "code": 0,
                "access_token": "user token",
                "expires_in": 7200,
                "token_type": "Bearer",
                "scope": "",
            }
        if (method, path) == ("GET", "/open-apis/authen/v1/user_info"):
            if headers.get("authorization") != "Bearer user token":
                return 401, {"code": 20005, "msg": "the token is wrong"}
            return 200, {"code": 0, "msg": "success", "data": self.person}
        return 404, {"code": 404, "msg": "no such call"}


@contextmanager
def serving(stub: Stub) -> Iterator[Stub]:
    """Serve a stub until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            stub.calls.append(parts.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = json.loads(body) if body else {}
            status, found = stub.answer(self.command, parts.path, dict(parse_qsl(parts.query)), given, headers)
            content = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - as above

        def log_message(self, *_args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        stub.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()
