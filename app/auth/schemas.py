"""What users, teams, roles and sign-ins look like on the wire, and their lists."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, post_load, validate
from sqlalchemy import exists, func, select

from ..access import UNSCOPED, Permission, Sight
from ..field_rights import FieldState
from ..filtering import AnyOf, Contains, ContainsAddress, Flagged, Range, an_id
from ..listing import ListSpec, Searched
from ..messages import LANGUAGES
from ..projection import Computed, LinkTo
from ..schema import (
    ByName,
    Choice,
    DateField,
    Email,
    Flag,
    IdField,
    InstantField,
    Items,
    Line,
    Link,
    RecordSchema,
    Several,
    StrictSchema,
    Whole,
    column,
    max_length,
)
from .credentials import LinkKind, SecondFactor
from .models import Role, SignInEventKind, Team, User, roles, teams, users

SCOPES = tuple(permission for permission in Permission if permission not in UNSCOPED)
"""What a personal token can be given."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


class TimeZone(Line):
    """An IANA time zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is not None and text not in _zones():
            raise ValidationError("time_zone")
        return text


class Secret(fields.String):
    """A password: every character counts, nothing is trimmed."""

    default_error_messages = {  # noqa: RUF012
        "required": "required",
        "null": "required",
        "invalid": "wrong_type",
        "invalid_utf8": "wrong_type",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValidationError("control_characters") from error
        if not text:
            raise ValidationError("required")
        return text


# ---- signing in ------------------------------------------------------------------------------------------------------


class LoginSchema(StrictSchema):
    """Who wants to sign in. `email` may hold a phone number."""

    email = Line(required=True)
    password = Secret(required=True)
    otp = Line(allow_none=True, blank_is_null=True, validate=max_length(40))
    session = Choice(("body", "cookie"), load_default="body")
    remember = Flag(load_default=False)


class PasswordChangeSchema(StrictSchema):
    """The old password and the new one."""

    current_password = Secret(required=True)
    new_password = Secret(required=True)


class LinkSchema(StrictSchema):
    """A record by id and name."""

    id = fields.Integer()
    name = fields.String()


def field_rules(**kwargs: Any) -> ByName:
    """The field of the wire for what a role has less of, field by field."""
    return ByName(
        ByName(Choice(FieldState)),
        metadata={
            "description": "The state of each narrowed field by the singular name of its resource, such as "
            '`{"customer": {"phone": "masked"}}`; see `/roles/fields`.'
        },
        **kwargs,
    )


class MeSchema(RecordSchema):
    """The signed-in person as he or she sees himself or herself, and as he or she may change it."""

    class Meta(RecordSchema.Meta):
        """Columns of `User`."""

        model = User

    id = column(dump_only=True)
    version = column(dump_only=True)
    name = column()
    email = column(dump_only=True)
    phone = Line(allow_none=True, blank_is_null=True, validate=max_length(50))
    password = Secret(load_only=True)
    title = column()
    avatar = Link(allow_none=True, blank_is_null=True, validate=max_length(500))
    language = Choice(LANGUAGES)
    time_zone = TimeZone()
    wants_digest = Flag()
    team_id = column(dump_only=True)
    role = column(dump_only=True)
    absent_until = InstantField(allow_none=True)
    must_change_password = column(dump_only=True)
    created_at = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)
    team = fields.Nested(LinkSchema, dump_only=True, allow_none=True)
    role_name_zh = fields.String(dump_only=True)
    role_name_en = fields.String(dump_only=True)
    sight = Choice(Sight, dump_only=True)
    permissions = fields.List(fields.String(), dump_only=True)
    can_write = fields.Boolean(dump_only=True)
    needs_second_factor = fields.Boolean(
        dump_only=True,
        metadata={
            "description": "Whether the person has to set a second factor up before anything else; until then all else "
            "is refused with `second-factor-required`, but to personal tokens."
        },
    )
    fields = field_rules(dump_only=True)  # type: ignore[assignment]


class TokenAnswerSchema(StrictSchema):
    """Tokens. The refresh token is absent where it travels in the cookie."""

    access_token = fields.String()
    refresh_token = fields.String(metadata={"optional": True})
    token_type = Choice(("Bearer",))
    expires_in = fields.Integer()
    user = fields.Nested(MeSchema)


class PasswordProofSchema(StrictSchema):
    """The own password, before something that a stolen session must not do."""

    password = Secret(required=True)


class PasswordIfAnySchema(StrictSchema):
    """The own password, where there is one, before something that a stolen session must not do."""

    password = Secret()


class CodeSchema(StrictSchema):
    """A code of the authenticator app."""

    code = Line(required=True, validate=max_length(40))


class TotpSchema(StrictSchema):
    """How the second factor stands."""

    is_on = fields.Boolean()
    is_demanded = fields.Boolean(
        metadata={"description": "Whether the settings of the installation demand it: then it stays on."}
    )
    confirmed_at = InstantField(allow_none=True)
    recovery_codes_left = fields.Integer()


class TotpStartSchema(StrictSchema):
    """What an authenticator app is set up with: the address as a QR code, or the secret typed in."""

    secret = fields.String()
    uri = fields.String()
    qr_svg = fields.String(metadata={"description": "An SVG image of `uri`."})


class RecoveryCodesSchema(StrictSchema):
    """Codes that work once each; they are shown this once."""

    recovery_codes = fields.List(fields.String())


class ForgottenSchema(StrictSchema):
    """Whose password is forgotten; `email` may hold a phone number."""

    email = Line(required=True, validate=max_length(254))


class LinkTokenSchema(StrictSchema):
    """What a link to choose a password holds."""

    token = Line(required=True, validate=max_length(100))


class LinkOpenedSchema(StrictSchema):
    """Whose password is chosen, and how long it has to be."""

    kind = Choice(LinkKind)
    name = fields.String()
    account = fields.String(allow_none=True)
    min_length = fields.Integer()


class PasswordResetSchema(LinkTokenSchema):
    """The password that is chosen by a link."""

    new_password = Secret(required=True)


class PasswordLinkSchema(StrictSchema):
    """How a link to choose a password gets to the person: by mail, or by the admin, to whom it is shown once."""

    link = fields.String(
        metadata={
            "optional": True,
            "description": "Begins at the path where `PUBLIC_URL` is not set.",
        }
    )
    link_expires_at = InstantField(metadata={"optional": True})
    link_sent_to = fields.String(metadata={"optional": True})


class SignInEventsQuery(StrictSchema):
    """Which events."""

    user_id = IdField()
    kind = Choice(SignInEventKind)
    cursor = IdField()
    per_page = Whole(low=1, high=200, load_default=20)


class ListMetaSchema(StrictSchema):
    """What a list says about itself."""

    total = fields.Integer()
    pages = fields.Integer()
    current_page = fields.Integer()
    per_page = fields.Integer()
    next_cursor = fields.String(allow_none=True)


class SessionSchema(StrictSchema):
    """A sign-in of the caller's."""

    id = fields.Integer()
    created_at = InstantField()
    last_used_at = InstantField()
    expires_at = InstantField()
    address = fields.String(allow_none=True)
    agent = fields.String(allow_none=True)
    is_remembered = fields.Boolean()
    is_current = fields.Boolean()


class SessionPageSchema(StrictSchema):
    """The caller's sign-ins that still hold."""

    data = fields.List(fields.Nested(SessionSchema))
    meta = fields.Nested(ListMetaSchema)


class SignInEventSchema(StrictSchema):
    """Something that happened at the door. `user` is null where what was typed is nobody's."""

    id = fields.Integer()
    at = InstantField()
    kind = Choice(SignInEventKind)
    user = fields.Nested(LinkSchema, allow_none=True)
    address = fields.String(allow_none=True)
    agent = fields.String(allow_none=True)
    provider = fields.String(
        allow_none=True, metadata={"description": "By whose word, at a single sign-on; null where it was a password."}
    )


class PersonAloneSchema(StrictSchema):
    """Somebody who signs in by a password alone."""

    id = fields.Integer()
    name = fields.String()
    role = fields.String()
    role_name_zh = fields.String()
    role_name_en = fields.String()
    last_seen_at = InstantField(allow_none=True)


class PeopleAloneSchema(StrictSchema):
    """How many sign in by a password alone, and the first of them."""

    total = fields.Integer()
    people = fields.List(fields.Nested(PersonAloneSchema))


class ExpiringTokenSchema(StrictSchema):
    """A personal token that ends soon."""

    id = fields.Integer()
    name = fields.String()
    hint = fields.String()
    user = fields.Nested(LinkSchema)
    expires_at = InstantField()
    last_used_at = InstantField()


class TriedAddressSchema(StrictSchema):
    """How often somebody tried in vain from an address, and when for the last time."""

    address = fields.String(allow_none=True)
    count = fields.Integer()
    at = InstantField()


class FailedSignInsSchema(StrictSchema):
    """Sign-ins in vain of the last 24 hours and 7 days."""

    day = fields.Integer()
    week = fields.Integer()
    addresses = fields.List(fields.Nested(TriedAddressSchema))


class SecurityOverviewSchema(StrictSchema):
    """What an admin looks after. `is_encrypted` is false where the product is reached without TLS."""

    without_second_factor = fields.Nested(PeopleAloneSchema)
    expiring_tokens = fields.List(fields.Nested(ExpiringTokenSchema))
    failed_sign_ins = fields.Nested(FailedSignInsSchema)
    is_encrypted = fields.Boolean()


class OpenListMetaSchema(StrictSchema):
    """What a list says about itself that is walked by its cursor."""

    total = fields.Integer(allow_none=True)
    pages = fields.Integer(allow_none=True)
    current_page = fields.Integer(allow_none=True)
    per_page = fields.Integer()
    next_cursor = fields.String(allow_none=True)


class SignInEventPageSchema(StrictSchema):
    """One page of events, newest first."""

    data = fields.List(fields.Nested(SignInEventSchema))
    meta = fields.Nested(OpenListMetaSchema)


class ApiTokenSchema(StrictSchema):
    """A personal token. `token` itself is shown in the answer that makes it, and never again."""

    id = fields.Integer(dump_only=True)
    name = Line(required=True, validate=max_length(100))
    scopes = Several(
        Choice(SCOPES),
        required=True,
        validate=validate.Length(1, error="required"),
        metadata={"description": "Permissions that the token has as long as its owner has them."},
    )
    expires_on = DateField(
        load_only=True,
        allow_none=True,
        metadata={"description": "Its last day; 90 days from now by default, 365 at most."},
    )
    hint = fields.String(dump_only=True, metadata={"description": "Its last four characters."})
    created_at = InstantField(dump_only=True)
    expires_at = InstantField(dump_only=True)
    last_used_at = InstantField(dump_only=True, allow_none=True)
    last_address = fields.String(dump_only=True, allow_none=True)
    token = fields.String(dump_only=True, metadata={"optional": True})


class ApiTokenPageSchema(StrictSchema):
    """The tokens of a person that still hold."""

    data = fields.List(fields.Nested(ApiTokenSchema))
    meta = fields.Nested(ListMetaSchema)


# ---- users and teams -------------------------------------------------------------------------------------------------


_HAS_SECOND_FACTOR = exists(
    select(SecondFactor.user_id).where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None))
)


class UserSchema(RecordSchema):
    """A person who uses the product."""

    class Meta(RecordSchema.Meta):
        """Columns of `User`."""

        model = User

    id = column(dump_only=True)
    version = column(dump_only=True)
    name = column(required=True)
    title = column()
    avatar = Link(allow_none=True, blank_is_null=True, validate=max_length(500))
    team_id = IdField(allow_none=True)
    team = LinkTo("team_id", User.team_id, teams)
    absent_until = InstantField(allow_none=True)
    role = Line(required=True, validate=max_length(40))
    email = Email(allow_none=True, validate=max_length(254))
    phone = Line(allow_none=True, blank_is_null=True, validate=max_length(50))
    language = Choice(LANGUAGES, allow_none=True)
    time_zone = TimeZone(allow_none=True, blank_is_null=True)
    password = Secret(load_only=True)
    current_password = Secret(
        load_only=True,
        metadata={"description": "The caller's, where the own `email` or `phone` is changed, which sign in too."},
    )
    has_password = Computed(lambda _shape: User.password_hash.is_not(None), bool, {"type": "boolean"})
    has_second_factor = Computed(lambda _shape: _HAS_SECOND_FACTOR, bool, {"type": "boolean"})
    must_change_password = column(dump_only=True)
    last_seen_at = column(dump_only=True)
    external_source = column(blank_is_null=True)
    external_id = column(blank_is_null=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class DeputyPatchSchema(StrictSchema):
    """Who stands in for a person, on which days: both included, where the person is."""

    deputy_id = IdField(required=True)
    from_on = DateField(required=True)
    until_on = DateField(required=True)


class AbsentSchema(LinkSchema):
    """A person whom somebody stands in for."""

    until_on = DateField()


class DeputySchema(StrictSchema):
    """Who stands in for a person, and for whom he or she stands in now."""

    deputy = fields.Nested(LinkSchema, allow_none=True)
    from_on = DateField(allow_none=True)
    until_on = DateField(allow_none=True)
    is_standing_in = fields.Boolean(metadata={"description": "Whether the deputy stands in now."})
    stands_in_for = fields.List(fields.Nested(AbsentSchema))


class HoldingsSchema(StrictSchema):
    """How much a person has that a successor would take over."""

    records = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "By the names of the lists; what is none is left out."},
    )
    teams = fields.Integer(metadata={"description": "Teams that he or she leads."})


class DeactivationSchema(StrictSchema):
    """Who takes over what the leaver owns."""

    successor_id = IdField(allow_none=True, load_default=None)


class TeamSchema(RecordSchema):
    """A group of users in a tree."""

    class Meta(RecordSchema.Meta):
        """Columns of `Team`."""

        model = Team

    id = column(dump_only=True)
    version = column(dump_only=True)
    name = column(required=True)
    parent_id = IdField(allow_none=True)
    parent = LinkTo("parent_id", Team.parent_id, teams)
    manager_id = IdField(allow_none=True)
    manager = LinkTo("manager_id", Team.manager_id, users)
    region = column()
    external_source = column(blank_is_null=True)
    external_id = column(blank_is_null=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class RoleSchema(RecordSchema):
    """A named set of permissions, and how far it sees."""

    class Meta(RecordSchema.Meta):
        """Columns of `Role`."""

        model = Role

    id = column(dump_only=True)
    version = column(dump_only=True)
    key = Line(validate=[max_length(40), validate.Regexp(r"[a-z0-9_]+\Z", error="key")])
    name_zh = Line(blank_is_null=True, validate=max_length(80))
    name_en = Line(blank_is_null=True, validate=max_length(80))
    permissions = Several(Choice(Permission), required=True)
    sight = Choice(Sight, required=True)
    fields = field_rules()  # type: ignore[assignment]
    is_builtin = column(dump_only=True)
    user_count = Computed(
        lambda _shape: select(func.count()).where(User.role == Role.key).scalar_subquery(),
        int,
        {"type": "integer", "description": "People who have it, deactivated ones too."},
    )
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)

    @post_load
    def _in_order(self, data: dict[str, Any], **_kw: Any) -> dict[str, Any]:
        if "permissions" in data:
            data["permissions"] = sorted(set(data["permissions"]))
        return data


class GuardedFieldSchema(StrictSchema):
    """A field that a role can be kept from, and what can be made of it."""

    field = Line()
    states = fields.List(Choice(FieldState))


class GuardedResourceSchema(StrictSchema):
    """The fields of one kind of record that a role can be kept from."""

    resource = Line()
    plural = Line()
    fields = Items(GuardedFieldSchema)  # type: ignore[assignment]


class GuardedFieldsSchema(StrictSchema):
    """All that a role can be kept from."""

    data = Items(GuardedResourceSchema)


class RoleRemovalQuery(StrictSchema):
    """Who goes on with what."""

    successor = Line(
        validate=max_length(40), metadata={"description": "Key of the role that the people get who have this one."}
    )


USERS = ListSpec(
    policy=users,
    schema=UserSchema,
    plural="users",
    filters={
        "name": Contains(User.name_key),
        "id": AnyOf(User.id, an_id),
        "team_id": AnyOf(User.team_id, an_id),
        "created": Range(User.created_at),
        "updated": Range(User.updated_at),
        "role": AnyOf(User.role),
        "email": ContainsAddress(User.email_key),
        "external_source": AnyOf(User.external_source),
        "external_id": AnyOf(User.external_id),
    },
    sort={"name": User.sort_key, "team_id": User.team_id},
    default_sort="name",
    told=PasswordLinkSchema,
    search=(User.search_key, Searched(User.email_key, ("email",)), Searched(User.phone_e164, ("phone",))),
    right_fields=dict.fromkeys(
        (
            "role",
            "email",
            "phone",
            "language",
            "time_zone",
            "has_password",
            "has_second_factor",
            "must_change_password",
            "last_seen_at",
            "external_source",
            "external_id",
            "created_by",
        ),
        Permission.USER_WRITE,
    ),
)

TEAMS = ListSpec(
    policy=teams,
    schema=TeamSchema,
    plural="teams",
    filters={
        "name": Contains(Team.name_key),
        "id": AnyOf(Team.id, an_id),
        "parent_id": AnyOf(Team.parent_id, an_id),
        "manager_id": AnyOf(Team.manager_id, an_id),
        "region": AnyOf(Team.region),
        "external_source": AnyOf(Team.external_source),
        "external_id": AnyOf(Team.external_id),
        "created": Range(Team.created_at),
        "updated": Range(Team.updated_at),
    },
    sort={"name": Team.sort_key},
    default_sort="name",
    search=(Team.name_key,),
)

ROLES = ListSpec(
    policy=roles,
    schema=RoleSchema,
    plural="roles",
    filters={
        "id": AnyOf(Role.id, an_id),
        "key": AnyOf(Role.key),
        "sight": AnyOf(Role.sight),
        "is_builtin": Flagged(Role.is_builtin),
        "created": Range(Role.created_at),
        "updated": Range(Role.updated_at),
    },
    sort={"key": Role.key},
    default_sort="id",
    right_fields={"user_count": Permission.USER_WRITE},
)
