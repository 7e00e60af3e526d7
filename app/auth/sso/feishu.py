"""Feishu (飞书): OAuth 2.0 with PKCE, but no ID token; the person is asked about with the person's own token.

Written to the documentation of its open platform: 获取授权码 (`/open-apis/authen/v1/authorize`), 获取
user_access_token (`/open-apis/authen/v2/oauth/token`), 获取用户信息 (`/open-apis/authen/v1/user_info`). Lark is
the same at other addresses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from config import SsoProvider

from ...outgoing import Network
from .provider import Asking, Failure, IdentityProvider, Profile, ProviderError, maybe, text_of


class FeishuProvider(IdentityProvider):
    """One application of one company."""

    def __init__(self, settings: SsoProvider, allow: Sequence[Network]) -> None:
        super().__init__(settings, allow)
        self._sign_in = settings.sign_in_url or "https://accounts.feishu.cn"
        self._api = settings.api_url or "https://open.feishu.cn"

    def authorise(self, asking: Asking) -> str:
        """As `IdentityProvider.authorise`."""
        query = {
            "client_id": self.settings.client_id,
            "response_type": "code",
            "redirect_uri": asking.redirect_uri,
            "state": asking.state,
            "code_challenge": create_s256_code_challenge(asking.code_verifier),
            "code_challenge_method": "S256",
        }
        return f"{self._sign_in}/open-apis/authen/v1/authorize?{urlencode(query)}"

    def exchange(self, answer: Mapping[str, str], asking: Asking) -> dict[str, Any]:
        """As `IdentityProvider.exchange`."""
        found = self.call(
            "POST",
            f"{self._api}/open-apis/authen/v2/oauth/token",
            json={
                "grant_type": "authorization_code",
                "client_id": self.settings.client_id,
                "client_secret": self.settings.client_secret,
                "code": self.code_of(answer, "code"),
                "redirect_uri": asking.redirect_uri,
                "code_verifier": asking.code_verifier,
            },
        )
        if found.get("code") != 0 or not maybe(found, "access_token"):
            raise ProviderError(Failure.FAILED, f"oauth/token: code {found.get('code')}")
        return found

    def profile(self, grant: Mapping[str, Any], asking: Asking) -> Profile:
        """As `IdentityProvider.profile`; only the mailbox that the company gave somebody is a checked address."""
        token = {"Authorization": f"Bearer {text_of(grant, 'access_token')}"}
        found = self.call("GET", f"{self._api}/open-apis/authen/v1/user_info", headers=token)
        person = found.get("data")
        if found.get("code") != 0 or not isinstance(person, dict):
            raise ProviderError(Failure.FAILED, f"user_info: code {found.get('code')}")
        if person.get("tenant_key") != self.settings.tenant:
            raise ProviderError(Failure.FOREIGN, "of another company")
        email = maybe(person, "enterprise_email") or (maybe(person, "email") if self.settings.trusts_email else None)
        subject = text_of(person, "union_id")
        return Profile(subject, maybe(person, "name") or subject, email, maybe(person, "mobile"))
