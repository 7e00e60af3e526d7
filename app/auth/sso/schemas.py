"""What single sign-on looks like on the wire."""

from __future__ import annotations

from marshmallow import fields

from ...schema import Choice, Flag, InstantField, StrictSchema, max_length
from ..schemas import ListMetaSchema, TokenAnswerSchema


class SsoProviderSchema(StrictSchema):
    """A provider of single sign-on, as the sign-in page offers it."""

    key = fields.String()
    kind = Choice(("oidc", "wecom", "dingtalk", "feishu"))
    name = fields.String(metadata={"description": "As the button says it, in the reader's language."})


class SsoProviderPageSchema(StrictSchema):
    """The providers that people may sign in with."""

    data = fields.List(fields.Nested(SsoProviderSchema))
    meta = fields.Nested(ListMetaSchema)


class SsoStartSchema(StrictSchema):
    """How to go on after signing in at a provider. What is no path of the product leads to its home page."""

    return_to = fields.String(allow_none=True)
    remember = Flag(load_default=False)


class SsoAddressSchema(StrictSchema):
    """Where to send the browser. A cookie binds what comes back to it."""

    url = fields.String()


class SsoFinishSchema(StrictSchema):
    """What the provider has put behind the `?` of the address that it sent the browser back to."""

    answer = fields.String(required=True, validate=max_length(8_000))


class SsoTokenAnswerSchema(TokenAnswerSchema):
    """Tokens, and the page to open. The refresh token travels in the cookie."""

    return_to = fields.String()


class IdentitySchema(StrictSchema):
    """An account at a provider by which a user may sign in."""

    id = fields.Integer()
    provider = fields.String()
    provider_name = fields.String()
    is_offered = fields.Boolean(metadata={"description": "Whether the provider is still configured."})
    account = fields.String()
    created_at = InstantField()
    last_used_at = InstantField(allow_none=True)


class IdentityPageSchema(StrictSchema):
    """The identities that are linked to a user."""

    data = fields.List(fields.Nested(IdentitySchema))
    meta = fields.Nested(ListMetaSchema)
    has_password = fields.Boolean(metadata={"description": "Whether the user can sign in by password, too."})
