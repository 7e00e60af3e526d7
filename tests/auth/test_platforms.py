"""Signing in by WeCom, DingTalk and Feishu, against stubs of their documented calls (`platforms.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from app.auth.sso import flow
from app.routing import CRM
from config import settings_from

from ..cast import Cast
from .platforms import APP, TENANT, DingTalkStub, FeishuStub, Stub, WeComStub, serving
from .visitor import Visitor

SITE = "https://crm.example.com"
PLATFORMS: dict[str, tuple[type[Stub], dict[str, str], dict[str, Any], str]] = {
    "wecom": (
        WeComStub,
        {"CORP_ID": APP[0], "SECRET": APP[1], "AGENT_ID": "1000002"},
        {"userid": "zhangsan", "name": "张三", "biz_mail": "zhangsan@example.com", "mobile": "13800000001"},
        "code",
    ),
    "dingtalk": (
        DingTalkStub,
        {"CLIENT_ID": APP[0], "CLIENT_SECRET": APP[1], "CORP_ID": TENANT},
        {"unionId": "zhangsan", "nick": "张三", "mobile": "13800000001", "stateCode": "86", "email": "z@example.com"},
        "authCode",
    ),
    "feishu": (
        FeishuStub,
        {"APP_ID": APP[0], "APP_SECRET": APP[1], "TENANT_KEY": TENANT},
        {
            "union_id": "zhangsan",
            "open_id": "ou_1",
            "name": "张三",
            "enterprise_email": "zhangsan@example.com",
            "email": "z@private.example",
            "mobile": "+8613800000001",
            "tenant_key": TENANT,
        },
        "code",
    ),
}
Configure = Callable[..., None]


@pytest.fixture(params=sorted(PLATFORMS))
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stub(platform: str) -> Iterator[Stub]:
    kind, _, person, _ = PLATFORMS[platform]
    with serving(kind(person=dict(person))) as running:
        yield running


@pytest.fixture
def configure(app: CRM, platform: str, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Configure:
    def set_up(**more: str) -> None:
        own = {"KIND": platform, "API_URL": stub.url, **PLATFORMS[platform][1], **more}
        env = {f"SSO_WORK_{name}": value for name, value in own.items()}
        read = settings_from(
            {
                **env,
                "DATA_DIR": str(app.config["LIANXI"].data_dir),
                "PUBLIC_URL": SITE,
                "SSO_PROVIDERS": "work",
                "SSO_ALLOW_CIDRS": "127.0.0.1/32",
            }
        )
        # A browser of the tests speaks http: the cookie goes without its flags.
        site = SITE.replace("https", "http")
        told = replace(app.config["LIANXI"], public_url=site, sso=read.sso, sso_allow=read.sso_allow)
        monkeypatch.setitem(app.config, "LIANXI", told)
        monkeypatch.setitem(app.extensions, "lianxi.sso", {})
        flow.remember(app)

    set_up()
    return set_up


def back(app: CRM, platform: str, code: str | None = "good", **more: str) -> Any:
    """Begin, and come back with a code as the platform would send it."""
    visitor = Visitor(app)
    url = visitor.call("POST", "/auth/sso/work/start", {}).get_json()["url"]
    state = dict(parse_qsl(urlsplit(url).query))["state"]
    said = {"state": state, **more} | ({PLATFORMS[platform][3]: code} if code else {})
    return visitor.call("POST", "/auth/sso/work/finish", {"answer": urlencode(said)})


def slug(answer: Any) -> str:
    assert answer.status_code == 401, answer.get_data(as_text=True)
    return str(answer.get_json()["type"]).removeprefix("/problems/")


SENT = {
    "wecom": (
        "https://login.work.weixin.qq.com/wwlogin/sso/login",
        {"login_type": "CorpApp", "appid": APP[0], "agentid": "1000002"},
    ),
    "dingtalk": (
        "https://login.dingtalk.com/oauth2/auth",
        {
            "response_type": "code",
            "client_id": APP[0],
            "scope": "openid corpid",
            "prompt": "consent",
            "exclusiveLogin": "true",
            "exclusiveCorpId": TENANT,
        },
    ),
    "feishu": (
        "https://accounts.feishu.cn/open-apis/authen/v1/authorize",
        {"response_type": "code", "client_id": APP[0], "code_challenge_method": "S256"},
    ),
}


def test_where_people_are_sent(app: CRM, cast: Cast, configure: Configure, platform: str) -> None:
    parts = urlsplit(Visitor(app).call("POST", "/auth/sso/work/start", {}).get_json()["url"])
    address, wanted = SENT[platform]
    sent = dict(parse_qsl(parts.query))
    assert parts._replace(query="").geturl() == address
    assert sent.pop("state").isalnum()
    assert sent.pop("redirect_uri") == "http://crm.example.com/sso/work"
    assert sent.pop("code_challenge", "A" * 43) != ""
    assert sent == wanted
    configure(SIGN_IN_URL="https://private.example.com/")
    assert (
        Visitor(app)
        .call("POST", "/auth/sso/work/start", {})
        .get_json()["url"]
        .startswith("https://private.example.com/")
    )


def test_the_name_on_the_button(app: CRM, cast: Cast, configure: Configure, platform: str) -> None:
    names = {"wecom": ("企业微信", "WeCom"), "dingtalk": ("钉钉", "DingTalk"), "feishu": ("飞书", "Feishu")}
    for language, name in zip(("zh-CN", "en"), names[platform], strict=True):
        (offered,) = Visitor(app).call("GET", "/auth/sso", Accept_Language=language).get_json()["data"]
        assert offered == {"key": "work", "kind": platform, "name": name}


def test_a_first_sign_in(app: CRM, cast: Cast, configure: Configure, platform: str, stub: Stub) -> None:
    assert slug(back(app, platform)) == "sso-no-account"
    configure(CREATE_USERS="1")
    answer = back(app, platform, "good too")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    person = answer.get_json()["user"]
    emails = {"wecom": "zhangsan@example.com", "dingtalk": None, "feishu": "zhangsan@example.com"}
    assert (person["name"], person["email"]) == ("张三", emails[platform])
    assert person["phone"].replace("+86", "") == "13800000001"
    again = back(app, platform, "good again")
    assert again.get_json()["user"]["id"] == person["id"]
    if platform == "wecom":
        # Each process asks for a token of the application once; one that was withdrawn is asked for anew.
        assert stub.tokens == 2
        stub.tokens = 7
        assert back(app, platform, "good at last").status_code == 200
        assert stub.tokens == 8


def test_what_people_enter_is_no_checked_address(
    app: CRM, cast: Cast, configure: Configure, platform: str, stub: Stub
) -> None:
    stub.person |= {"email": "alice@example.com"}
    for name in ("biz_mail", "enterprise_email"):
        stub.person.pop(name, None)
    configure(LINK_BY_EMAIL="1")
    assert slug(back(app, platform)) == "sso-no-account"
    configure(LINK_BY_EMAIL="1", TRUST_EMAIL="1")
    assert back(app, platform, "good too").get_json()["user"]["id"] == cast.alice.id


def test_without_any_address(app: CRM, cast: Cast, configure: Configure, platform: str, stub: Stub) -> None:
    for name in ("biz_mail", "enterprise_email", "mobile"):
        stub.person.pop(name, None)
    configure(CREATE_USERS="1")
    assert slug(back(app, platform)) == "sso-no-address"
    # A number that is a colleague's makes nobody either.
    stub.person["mobile"] = "13800000009"
    cast.root.patch(f"/users/{cast.bob.id}", {"phone": "13800000009"})
    assert slug(back(app, platform, "good too")) == "sso-no-address"


def test_a_bad_code(app: CRM, cast: Cast, configure: Configure, platform: str) -> None:
    assert slug(back(app, platform, "bad")) == "sso-failed"
    assert slug(back(app, platform, None)) == "sso-cancelled"
    assert slug(back(app, platform, None, error="access_denied")) == "sso-cancelled"
    assert slug(back(app, platform, None, error="server_error")) == "sso-failed"


def test_somebody_of_another_company(app: CRM, cast: Cast, configure: Configure, platform: str, stub: Stub) -> None:
    configure(CREATE_USERS="1", LINK_BY_EMAIL="1")
    stub.person |= {"corpId": "another", "tenant_key": "another"}
    stub.person.pop("userid", None)
    assert slug(back(app, platform)) == "sso-foreign"


def test_a_secret_that_is_wrong(
    app: CRM, cast: Cast, configure: Configure, platform: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = {"wecom": "SECRET", "dingtalk": "CLIENT_SECRET", "feishu": "APP_SECRET"}[platform]
    configure(**{name: "an old secret"})
    assert slug(back(app, platform)) == "sso-failed"
    assert "an old secret" not in caplog.text


def test_a_platform_in_trouble(
    app: CRM, cast: Cast, configure: Configure, platform: str, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: Any) -> tuple[int, Any]:
        return 502, {"error": "bad gateway"}

    monkeypatch.setattr(stub, "answer", fails)
    answer = back(app, platform)
    assert (answer.status_code, answer.get_json()["type"]) == (503, "/problems/sso-unreachable")
    monkeypatch.setattr(stub, "answer", lambda *_: (200, ["no object"]))
    assert slug(back(app, platform)) == "sso-failed"


@pytest.mark.parametrize("subject", ["a" * 256, "zhang\0san", "zhang\nsan"])
def test_what_is_no_subject(
    app: CRM, cast: Cast, configure: Configure, platform: str, stub: Stub, subject: str
) -> None:
    configure(CREATE_USERS="1")
    stub.person |= {name: subject for name in ("userid", "unionId", "union_id") if name in stub.person}
    assert slug(back(app, platform)) == "sso-failed"


def test_an_address_that_is_none(app: CRM, cast: Cast, configure: Configure, platform: str, stub: Stub) -> None:
    configure(CREATE_USERS="1", LINK_BY_EMAIL="1", TRUST_EMAIL="1")
    for number, email in enumerate(("a\0@example.com", "no address", "a" * 300 + "@example.com")):
        stub.person |= {"email": email, "biz_mail": email, "enterprise_email": email, "mobile": "12"}
        assert slug(back(app, platform, f"good {number}")) == "sso-no-address"
