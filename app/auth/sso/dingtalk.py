"""DingTalk (钉钉): sign-in by its own page, the person asked about with the person's own token.

Written to the documentation of its open platform: 实现登录第三方网站 (`login.dingtalk.com/oauth2/auth`), 获取用户token
(`/v1.0/oauth2/userAccessToken`), 获取用户通讯录个人信息 (`/v1.0/contact/users/me`). There is no ID token, and
everybody with an account may sign in at DingTalk: the company chosen there must be the configured one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from config import SsoProvider

from ...outgoing import Network
from .provider import Asking, Failure, IdentityProvider, Profile, ProviderError, maybe, text_of


class DingTalkProvider(IdentityProvider):
    """One application, for the people of one company."""

    def __init__(self, settings: SsoProvider, allow: Sequence[Network]) -> None:
        super().__init__(settings, allow)
        self._sign_in = settings.sign_in_url or "https://login.dingtalk.com"
        self._api = settings.api_url or "https://api.dingtalk.com"

    def authorise(self, asking: Asking) -> str:
        """As `IdentityProvider.authorise`; only the configured company can be chosen there."""
        query = {
            "redirect_uri": asking.redirect_uri,
            "response_type": "code",
            "client_id": self.settings.client_id,
            "scope": "openid corpid",
            "state": asking.state,
            "prompt": "consent",
            "exclusiveLogin": "true",
            "exclusiveCorpId": self.settings.tenant,
        }
        return f"{self._sign_in}/oauth2/auth?{urlencode(query)}"

    def exchange(self, answer: Mapping[str, str], asking: Asking) -> dict[str, Any]:
        """As `IdentityProvider.exchange`; the code comes back as `authCode`."""
        found = self.call(
            "POST",
            f"{self._api}/v1.0/oauth2/userAccessToken",
            json={
                "clientId": self.settings.client_id,
                "clientSecret": self.settings.client_secret,
                "code": self.code_of(answer, "authCode", "code"),
                "grantType": "authorization_code",
            },
        )
        if not maybe(found, "accessToken"):
            raise ProviderError(Failure.FAILED, f"userAccessToken: code {str(found.get('code'))[:60]!r}")
        if found.get("corpId") != self.settings.tenant:
            raise ProviderError(Failure.FOREIGN, "another company was chosen")
        return found

    def profile(self, grant: Mapping[str, Any], asking: Asking) -> Profile:
        """As `IdentityProvider.profile`; numbers are checked by DingTalk, addresses are what people enter."""
        token = {"x-acs-dingtalk-access-token": text_of(grant, "accessToken")}
        found = self.call("GET", f"{self._api}/v1.0/contact/users/me", headers=token)
        if not maybe(found, "unionId"):
            raise ProviderError(Failure.FAILED, f"users/me: code {str(found.get('code'))[:60]!r}")
        number, country = maybe(found, "mobile"), maybe(found, "stateCode") or "86"
        subject = text_of(found, "unionId")
        return Profile(
            subject,
            maybe(found, "nick") or subject,
            maybe(found, "email") if self.settings.trusts_email else None,
            f"+{country.lstrip('+')}{number}" if number else None,
        )
