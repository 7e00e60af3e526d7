"""Users, teams, roles, sign-ins. Policies: every signed-in person sees users, teams and roles, admins write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint, false, select, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Actor, Permission, Policy, Sight
from ..database import Document, KeyText, Model, db
from ..errors import unique_clash
from ..folding import fold, search_key, sort_key
from ..record import Record
from ..transaction import in_unit


def _of_name(derive: Callable[[str], str]) -> Any:
    """A column's default that follows from the name of the row being inserted."""

    def default(context: DefaultExecutionContext) -> str:
        return derive(context.get_current_parameters()["name"])  # type: ignore[no-untyped-call]

    return default


class Role(Record):
    """A named set of permissions and how far it sees. The four built-in ones are seeded from `ROLES`.

    Attributes:
        key: what users name it by; never changes and is never given again, not even after a deletion.
        fields: what its people have less of, field by field, see `field_rights.py`; nothing for most.
    """

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("key", name="uq_role_key"), {"sqlite_autoincrement": True})
    resource = "role"

    key: Mapped[str] = mapped_column(String(40))
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    permissions: Mapped[Any] = mapped_column(Document)
    sight: Mapped[str] = mapped_column(String(12))
    fields: Mapped[Any] = mapped_column(Document, default=dict, server_default=text("'{}'"))
    is_builtin: Mapped[bool] = mapped_column(Boolean(), default=False)


class Team(Record):
    """A group of users in a tree; its manager and the managers above see its rows."""

    __tablename__ = "team"
    resource = "team"
    unjournalled = frozenset({"name_key", "sort_key"})

    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(KeyText(), default=_of_name(fold))
    sort_key: Mapped[str] = mapped_column(KeyText(), default=_of_name(sort_key))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    manager_id: Mapped[int | None] = mapped_column(
        ForeignKey("user.id", use_alter=True, name="fk_team_manager_id"), index=True
    )
    region: Mapped[str | None] = mapped_column(String(80))


class User(Record):
    """A person who signs in, by e-mail or by phone.

    Attributes:
        wants_digest: whether the weekly digest of the own open deals comes by mail.
        access_stamp: raised by every change of role, team, state or rights; remembered actors with another stamp are
            stale.
        has_deputy_now: whether the deputy stands in today; kept by `deputies.py`.
    """

    __tablename__ = "user"
    __table_args__ = (
        Index(
            "uq_user_email",
            "email_key",
            unique=True,
            sqlite_where=text("is_active = 1"),
            postgresql_where=text("is_active"),
        ),
        Index(
            "uq_user_phone",
            "phone_e164",
            unique=True,
            sqlite_where=text("is_active = 1"),
            postgresql_where=text("is_active"),
        ),
        {"sqlite_autoincrement": True},
    )
    resource = "user"
    unjournalled = frozenset(
        {
            "password_hash",
            "access_stamp",
            "email_key",
            "phone_e164",
            "name_key",
            "sort_key",
            "search_key",
            "last_seen_at",
            "has_deputy_now",
        }
    )

    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(KeyText(), default=_of_name(fold))
    sort_key: Mapped[str] = mapped_column(KeyText(), default=_of_name(sort_key))
    search_key: Mapped[str] = mapped_column(KeyText(), default=_of_name(lambda name: search_key([name])))
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(KeyText())
    phone: Mapped[str | None] = mapped_column(String(50))
    phone_e164: Mapped[str | None] = mapped_column(KeyText())
    title: Mapped[str | None] = mapped_column(String(100))
    avatar: Mapped[str | None] = mapped_column(String(500))
    language: Mapped[str | None] = mapped_column(String(10))
    time_zone: Mapped[str | None] = mapped_column(String(60))
    wants_digest: Mapped[bool] = mapped_column(Boolean(), default=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    role: Mapped[str] = mapped_column(ForeignKey("role.key"))
    absent_until: Mapped[datetime | None] = mapped_column()
    deputy_id: Mapped[int | None] = mapped_column(index=True)
    deputy_from_on: Mapped[date | None] = mapped_column()
    deputy_until_on: Mapped[date | None] = mapped_column()
    has_deputy_now: Mapped[bool] = mapped_column(Boolean(), default=False, server_default=false())
    last_seen_at: Mapped[datetime | None] = mapped_column()
    password_hash: Mapped[str | None] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(Boolean(), default=False)
    access_stamp: Mapped[int] = mapped_column(Integer, default=1)


class SignIn(Model):
    """One signed-in device: a family of refresh tokens, of which each works once."""

    __tablename__ = "sign_in"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    last_used_at: Mapped[datetime] = mapped_column()
    revoked_at: Mapped[datetime | None] = mapped_column()
    revoked_because: Mapped[str | None] = mapped_column(String(20))
    is_remembered: Mapped[bool] = mapped_column(Boolean(), default=False)
    by_cookie: Mapped[bool] = mapped_column(Boolean(), default=False)
    address: Mapped[str | None] = mapped_column(String(45))
    agent: Mapped[str | None] = mapped_column(String(300))


class RefreshToken(Model):
    """A refresh token by its id; used twice means stolen, and ends the sign-in."""

    __tablename__ = "refresh_token"

    jti: Mapped[str] = mapped_column(String(36), primary_key=True)
    sign_in_id: Mapped[int] = mapped_column(ForeignKey("sign_in.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column()
    used_at: Mapped[datetime | None] = mapped_column()


class SignInThrottle(Model):
    """Attempts to sign in to one account, or from one network address since `first_at`, that did not succeed.

    The key holds no address as typed: an account that does not exist is counted like one that does.
    """

    __tablename__ = "sign_in_throttle"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    first_at: Mapped[datetime] = mapped_column()
    last_at: Mapped[datetime] = mapped_column(index=True)


class SignInEventKind(StrEnum):
    """What happened at the door."""

    SIGNED_IN = "signed_in"
    FAILED = "failed"
    THROTTLED = "throttled"
    REUSE = "reuse"
    SIGNED_OUT = "signed_out"
    LINKED = "linked"
    UNLINKED = "unlinked"


class SignInEvent(Model):
    """Something that happened at the door.

    Attributes:
        user_id: null where what was typed, or whom a provider means, is nobody of ours.
        provider: by whose word somebody came in; null where it was a password.
    """

    __tablename__ = "sign_in_event"
    __table_args__ = (
        Index("ix_sign_in_event_user", "user_id", "id"),
        Index("ix_sign_in_event_address", "address", "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(12))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    address: Mapped[str | None] = mapped_column(String(45))
    agent: Mapped[str | None] = mapped_column(String(300))
    provider: Mapped[str | None] = mapped_column(String(20))


def queue_up() -> None:
    """Have the writers of users, teams and roles work one after the other, until their units end.

    The last admin, who has a role and the tree of teams are facts about many rows; row locks alone would let two
    writers break them.
    On SQLite all writers queue anyway.
    """
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7231002)"))


class _QueuedPolicy(Policy):
    """A policy whose writers queue before they lock a row, so that nobody waits in a circle."""

    def line_up(self) -> None:
        """As `queue_up`."""
        queue_up()

    def get(self, actor: Actor, record_id: int, *, deleted: bool = False) -> Any:
        """As `Policy.get`; restoring queues."""
        if deleted and in_unit():
            queue_up()
        return super().get(actor, record_id, deleted=deleted)

    def writable(self, actor: Actor, record_id: int) -> Any:
        """As `Policy.writable`; changing queues."""
        if in_unit():
            queue_up()
        return super().writable(actor, record_id)


teams = _QueuedPolicy(Team, open_to_all=True, write=Permission.TEAM_WRITE)
users = _QueuedPolicy(User, open_to_all=True, write=Permission.USER_WRITE)
roles = _QueuedPolicy(Role, open_to_all=True, write=Permission.ROLE_WRITE)


def role_of(key: str) -> Role | None:
    """The role with a key, deleted ones too."""
    return db.session.execute(select(Role).where(Role.key == key)).scalar_one_or_none()


unique_clash("uq_user_email", "#/email")
unique_clash("uq_user_phone", "#/phone")
unique_clash("uq_user_origin", "#/external_id")
unique_clash("uq_team_origin", "#/external_id")
unique_clash("uq_role_key", "#/key")
unique_clash("uq_role_origin", "#/external_id")

_SELLING = (
    Permission.CUSTOMER_READ,
    Permission.CUSTOMER_WRITE,
    Permission.CONTACT_READ,
    Permission.CONTACT_WRITE,
    Permission.DEAL_READ,
    Permission.DEAL_WRITE,
    Permission.TASK_READ,
    Permission.TASK_WRITE,
    Permission.ATTACHMENT_READ,
    Permission.ATTACHMENT_WRITE,
    Permission.TAG_WRITE,
    Permission.REPORT_READ,
    Permission.JOURNAL_READ,
    Permission.EXPORT,
)
_LEADING = (
    *_SELLING,
    Permission.CUSTOMER_ASSIGN,
    Permission.CUSTOMER_UNMASK,
    Permission.CUSTOMER_DUPLICATE,
    Permission.DEAL_ASSIGN,
    Permission.HISTORY_LOAD,
    Permission.RECORD_RESTORE,
    Permission.PRODUCT_COST,
    Permission.TARGET_WRITE,
)
_READING = (
    Permission.CUSTOMER_READ,
    Permission.CUSTOMER_UNMASK,
    Permission.CONTACT_READ,
    Permission.DEAL_READ,
    Permission.TASK_READ,
    Permission.ATTACHMENT_READ,
    Permission.REPORT_READ,
    Permission.JOURNAL_READ,
)

ROLES: dict[str, tuple[str, str, Sight, tuple[Permission, ...]]] = {
    "admin": ("管理员", "Admin", Sight.EVERYONE, tuple(Permission)),
    "manager": ("销售经理", "Manager", Sight.TEAM_BELOW, _LEADING),
    "sales": ("销售", "Sales", Sight.OWN, _SELLING),
    "viewer": ("只读", "Viewer", Sight.EVERYONE, _READING),
}
"""The built-in roles: labels, sight, permissions. Rows are seeded from here."""
