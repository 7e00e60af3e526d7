"""WeCom (企业微信): sign-in by its application, asked about with the application's own token.

Written to the documentation of its open platform: 企业微信登录 (path/98152), 获取access_token (91039),
获取用户登录身份 (98176), 获取访问用户敏感信息 (95833), 读取成员 (90196). There is no ID token: that WeCom itself says,
by TLS, to the configured application of the configured company whose code it is, is the proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from config import SsoProvider

from ...outgoing import Network
from .provider import Asking, Failure, IdentityProvider, Profile, ProviderError, maybe, text_of

_TOKEN_IS_OLD = (40014, 42001)


class WeComProvider(IdentityProvider):
    """One application of one company."""

    def __init__(self, settings: SsoProvider, allow: Sequence[Network]) -> None:
        super().__init__(settings, allow)
        self._sign_in = settings.sign_in_url or "https://login.work.weixin.qq.com"
        self._api = settings.api_url or "https://qyapi.weixin.qq.com"
        self._token, self._until = "", 0.0

    def authorise(self, asking: Asking) -> str:
        """As `IdentityProvider.authorise`; the state is letters and digits, as WeCom wants it."""
        query = {
            "login_type": "CorpApp",
            "appid": self.settings.client_id,
            "agentid": self.settings.agent_id,
            "redirect_uri": asking.redirect_uri,
            "state": asking.state,
        }
        return f"{self._sign_in}/wwlogin/sso/login?{urlencode(query)}"

    def exchange(self, answer: Mapping[str, str], asking: Asking) -> dict[str, Any]:
        """As `IdentityProvider.exchange`: the member's id, and a ticket where he or she shows the own address."""
        found = self._asked("GET", "/cgi-bin/auth/getuserinfo", {"code": self.code_of(answer, "code")})
        if not maybe(found, "userid"):
            # Somebody with a WeChat account, but no member: WeCom names an `openid` then.
            raise ProviderError(Failure.FOREIGN, "no member of the company")
        return found

    def profile(self, grant: Mapping[str, Any], asking: Asking) -> Profile:
        """As `IdentityProvider.profile`; only the mailbox that the company gave a member is a checked address."""
        user_id = text_of(grant, "userid")
        member = self._asked("GET", "/cgi-bin/user/get", {"userid": user_id})
        detail: dict[str, Any] = {}
        if ticket := maybe(grant, "user_ticket"):
            detail = self._asked("POST", "/cgi-bin/auth/getuserdetail", {}, {"user_ticket": ticket})
            if detail.get("userid") != user_id:
                raise ProviderError(Failure.FAILED, "the ticket is somebody else's")
        email = maybe(detail, "biz_mail") or maybe(member, "biz_mail")
        if email is None and self.settings.trusts_email:
            email = maybe(detail, "email") or maybe(member, "email")
        return Profile(
            user_id, maybe(member, "name") or user_id, email, maybe(detail, "mobile") or maybe(member, "mobile")
        )

    def _asked(self, method: str, path: str, query: Mapping[str, str], json: Any = None) -> dict[str, Any]:
        """A call with the application's token, once more with a new one where WeCom has withdrawn it."""
        found = self._call(method, path, query, json)
        if found.get("errcode") in _TOKEN_IS_OLD:
            self._until = 0.0
            found = self._call(method, path, query, json)
        if found.get("errcode") != 0:
            raise ProviderError(Failure.FAILED, f"{path}: errcode {found.get('errcode')}")
        return found

    def _call(self, method: str, path: str, query: Mapping[str, str], json: Any) -> dict[str, Any]:
        return self.call(method, self._api + path, query={"access_token": self._access_token(), **query}, json=json)

    def _access_token(self) -> str:
        """The application's token, kept until a little before it ends: WeCom wants it asked for rarely."""
        if self._until < monotonic():
            asked = {"corpid": self.settings.client_id, "corpsecret": self.settings.client_secret}
            found = self.call("GET", f"{self._api}/cgi-bin/gettoken", query=asked)
            if found.get("errcode") != 0:
                raise ProviderError(Failure.FAILED, f"gettoken: errcode {found.get('errcode')}")
            self._token = text_of(found, "access_token")
            seconds = found.get("expires_in")
            self._until = monotonic() + (seconds - 300 if isinstance(seconds, int) else 0)
        return self._token
