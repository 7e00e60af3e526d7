"""OpenID Connect: authorization code with PKCE, the provider found by discovery, its word checked by its own keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Client, OAuth2Error
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key
from joserfc.jws import JWSRegistry

from config import SsoProvider

from ...outgoing import Answer, Network
from .provider import Asking, Failure, IdentityProvider, Profile, ProviderError, maybe, object_of, text_of

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""By which an ID token may be signed: all with a key that only the provider has."""

KEPT_SECONDS = 3_600
"""How long what a provider says of itself is believed."""

_LEEWAY = 60
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass
class _Kept:
    """Something a provider says of itself, and until when it is believed."""

    value: Any = None
    until: float = 0.0


class _Response:
    """An answer as Authlib wants it."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self._found = object_of(answer)

    def json(self) -> dict[str, Any]:
        return self._found

    def raise_for_status(self) -> None:
        """Nothing: what is no JSON object was refused before."""


class _Session:
    """The house's client as Authlib wants it."""

    def __init__(self, provider: OidcProvider) -> None:
        self._provider = provider

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> _Response:
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return _Response(self._provider.send("POST", url, sent, str(body).encode()))


class OidcProvider(IdentityProvider):
    """Any provider that is described at `ISSUER/.well-known/openid-configuration`."""

    def __init__(self, settings: SsoProvider, allow: Sequence[Network]) -> None:
        super().__init__(settings, allow)
        self._description, self._keys = _Kept(), _Kept()

    def authorise(self, asking: Asking) -> str:
        """As `IdentityProvider.authorise`."""
        client, found = self._client(asking), self._described()
        address, _state = client.create_authorization_url(
            found["authorization_endpoint"],
            state=asking.state,
            code_verifier=asking.code_verifier,
            nonce=asking.nonce,
        )
        return str(address)

    def exchange(self, answer: Mapping[str, str], asking: Asking) -> dict[str, Any]:
        """As `IdentityProvider.exchange`; who has answered is checked where it says so (RFC 9207)."""
        found = self._described()
        issuer = answer.get("iss")
        is_said = found.get("authorization_response_iss_parameter_supported") is True
        if (issuer is not None or is_said) and issuer != self.settings.issuer:
            raise ProviderError(Failure.FAILED, "the answer is another provider's")
        code = self.code_of(answer, "code")
        try:
            grant = self._client(asking).fetch_token(
                found["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=asking.code_verifier,
            )
        except OAuth2Error as error:
            raise ProviderError(Failure.FAILED, f"token endpoint: {str(error.error)[:60]!r}") from None
        except (ValueError, TypeError):
            raise ProviderError(Failure.FAILED, "token endpoint: no answer to be read") from None
        return dict(grant)

    def profile(self, grant: Mapping[str, Any], asking: Asking) -> Profile:
        """As `IdentityProvider.profile`: what the ID token says, and the userinfo endpoint of what it leaves out."""
        said = dict(self._verified(text_of(grant, "id_token"), maybe(grant, "access_token"), asking))
        subject = text_of(said, "sub")
        endpoint = self._described().get("userinfo_endpoint")
        if isinstance(endpoint, str) and not (said.get("name") and said.get("email")):
            token = text_of(grant, "access_token")
            further = self.call("GET", endpoint, headers={"Authorization": f"Bearer {token}"})
            if further.get("sub") != subject:
                raise ProviderError(Failure.FAILED, "the userinfo endpoint speaks of somebody else")
            said = {**further, **said}
        names = (maybe(said, "given_name"), maybe(said, "family_name"))
        name = maybe(said, "name") or " ".join(one for one in names if one) or maybe(said, "preferred_username")
        is_checked = said.get("email_verified") is True or (
            self.settings.trusts_email and said.get("email_verified") is not False
        )
        email = maybe(said, "email") if is_checked else None
        is_number_checked = said.get("phone_number_verified") is True
        return Profile(
            subject, name or email or subject, email, maybe(said, "phone_number") if is_number_checked else None
        )

    # ---- what the provider says of itself ------------------------------------------------------------------------

    def _client(self, asking: Asking) -> Any:
        methods = self._described().get("token_endpoint_auth_methods_supported") or []
        return OAuth2Client(
            _Session(self),
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            # In the body a secret is written one way only; in a header providers differ in how they read it.
            token_endpoint_auth_method="client_secret_post" if "client_secret_post" in methods else None,
            scope=self.settings.scopes,
            redirect_uri=asking.redirect_uri,
            code_challenge_method="S256",
        )

    def _described(self) -> dict[str, Any]:
        kept = self._description
        if kept.until < monotonic():
            issuer = self.settings.issuer
            found = self.call("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise ProviderError(Failure.FAILED, f"the discovery document is of issuer {found.get('issuer')!r}")
            schemes = ("https://",) if issuer.startswith("https://") else ("https://", "http://")
            for name in _ENDPOINTS:
                if not text_of(found, name).startswith(schemes):
                    raise ProviderError(Failure.FAILED, f"{name} is not encrypted")
            kept.value, kept.until = found, monotonic() + KEPT_SECONDS
        value: dict[str, Any] = kept.value
        return value

    def _key_set(self, *, anew: bool = False) -> KeySet:
        kept = self._keys
        if anew or kept.until < monotonic():
            found = self.call("GET", self._described()["jwks_uri"])
            kept.value, kept.until = KeySet(_signing_keys(found.get("keys"))), monotonic() + KEPT_SECONDS
        value: KeySet = kept.value
        return value

    def _verified(self, id_token: str, access_token: str | None, asking: Asking) -> CodeIDToken:
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            try:
                token = jwt.decode(id_token, self._key_set(), registry=registry)
            except (JoseError, ValueError):
                # Providers change their keys whenever they like: what does not fit is tried once more with today's.
                token = jwt.decode(id_token, self._key_set(anew=True), registry=registry)
            said = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self.settings.issuer},
                    "aud": {"essential": True, "value": self.settings.client_id},
                    "sub": {"essential": True},
                },
                {"nonce": asking.nonce, "client_id": self.settings.client_id, "access_token": access_token},
            )
            said.validate(leeway=_LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            raise ProviderError(Failure.FAILED, f"ID token: {type(error).__name__} {error}"[:120]) from None
        return said


def _signing_keys(rows: Any) -> list[Any]:
    """The public keys by which somebody signs; kinds that nobody here knows are left out."""
    found = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and row.get("kty") in ("RSA", "EC", "OKP") and row.get("use", "sig") == "sig":
            try:
                found.append(import_key(row))
            except (JoseError, ValueError, KeyError):
                continue
    return found
