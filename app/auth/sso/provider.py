"""What every identity provider is asked, whatever it calls it: where to send people, who came back, what they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

import orjson

from config import SsoProvider

from ...messages import say
from ...outgoing import Answer, Network, OutgoingError, send


class Failure(StrEnum):
    """Why a provider's word was not to be had."""

    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    FAILED = "failed"
    FOREIGN = "foreign"


class ProviderError(Exception):
    """A provider did not say who somebody is.

    Args:
        failure: what people are told.
        why: what the log says; never a token or a secret.
    """

    def __init__(self, failure: Failure, why: str) -> None:
        super().__init__(why)
        self.failure = failure


@dataclass(frozen=True)
class Asking:
    """One question to a provider, by which its answer is known again.

    Attributes:
        state: letters and digits, comes back in the address.
        nonce: comes back inside of what the provider signs, where it signs something.
        code_verifier: proves that who brings the code is who asked (RFC 7636).
    """

    redirect_uri: str
    state: str
    nonce: str
    code_verifier: str


_LONGEST_SUBJECT = 255


@dataclass(frozen=True)
class Profile:
    """A person as a provider knows him or her.

    Attributes:
        subject: never changes and is never given to anybody else by this provider.
        email: an address that is checked to be this person's; None where there is none.
        phone: a number that is checked likewise, with its country.
    """

    subject: str
    name: str
    email: str | None = None
    phone: str | None = None

    def checked(self) -> Profile:
        """The profile as it may be looked up and kept.

        Raises:
            ProviderError: the subject is none.
        """
        if len(self.subject) > _LONGEST_SUBJECT or not self.subject.isprintable():
            raise ProviderError(Failure.FAILED, "the subject is too long, or no line of text")
        email, phone = (one if one and one.isprintable() else None for one in (self.email, self.phone))
        return replace(self, email=email, phone=phone)


class IdentityProvider(ABC):
    """An adapter to one kind of provider; it keeps nothing of people."""

    def __init__(self, settings: SsoProvider, allow: Sequence[Network]) -> None:
        self.settings = settings
        self.allow = allow

    @property
    def name(self) -> str:
        """What the button says, in the reader's language where the configuration does not say it."""
        return self.settings.name or say(f"sso.{self.settings.kind}")

    @abstractmethod
    def authorise(self, asking: Asking) -> str:
        """The address at which a person is asked to sign in there.

        Raises:
            ProviderError: the provider cannot be reached, or its own description is wrong.
        """

    @abstractmethod
    def exchange(self, answer: Mapping[str, str], asking: Asking) -> dict[str, Any]:
        """What the provider gives for the code that the person has brought.

        Args:
            answer: what stood behind the `?` of the redirect address.
            asking: as it was at `authorise`.

        Raises:
            ProviderError: the person has refused, or the code is not good.
        """

    @abstractmethod
    def profile(self, grant: Mapping[str, Any], asking: Asking) -> Profile:
        """Who the person is.

        Args:
            grant: of `exchange`.
            asking: as it was at `authorise`.

        Raises:
            ProviderError: it cannot be told, or is not to be believed.
        """

    # ---- for the adapters ----------------------------------------------------------------------------------------

    def code_of(self, answer: Mapping[str, str], *names: str) -> str:
        """The code in what came back, under the first of its names.

        Raises:
            ProviderError: the person has refused, or there is none.
        """
        if error := answer.get("error"):
            refused = error in ("access_denied", "login_required", "consent_required")
            raise ProviderError(Failure.CANCELLED if refused else Failure.FAILED, f"error {error[:60]!r}")
        code = next((answer[name] for name in names if answer.get(name)), None)
        if code is None:
            # Two of the providers send people back with nothing but the state when they refuse.
            raise ProviderError(Failure.CANCELLED, "no code")
        return code

    def call(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> dict[str, Any]:
        """A call that is answered by a JSON object.

        Raises:
            ProviderError: it is not.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        body = None
        if json is not None:
            body, sent["Content-Type"] = orjson.dumps(json), "application/json; charset=utf-8"
        asked = f"{url}?{urlencode(query)}" if query else url
        return object_of(self.send(method, asked, sent, body))

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """A request by the house's client.

        Raises:
            ProviderError: nobody has answered.
        """
        try:
            return send(method, url, headers=headers, body=body, allow=self.allow)
        except OutgoingError as error:
            raise ProviderError(Failure.UNREACHABLE, f"{url.partition('?')[0]}: {error.reason}") from None


def object_of(answer: Answer) -> dict[str, Any]:
    """The JSON object that was answered.

    Raises:
        ProviderError: it is something else, too long, or from a server in trouble.
    """
    if answer.status >= 500 or answer.status == 429:
        raise ProviderError(Failure.UNREACHABLE, f"status {answer.status}")
    try:
        found = orjson.loads(answer.body) if answer.is_whole else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ProviderError(Failure.FAILED, f"status {answer.status}, no JSON object")
    return found


def text_of(found: Mapping[str, Any], name: str) -> str:
    """A text that must be there.

    Raises:
        ProviderError: it is missing or no text.
    """
    value = found.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ProviderError(Failure.FAILED, f"no {name}")
    return value.strip()


def maybe(found: Mapping[str, Any], name: str) -> str | None:
    """A text that may be there."""
    value = found.get(name)
    return value.strip() or None if isinstance(value, str) else None
