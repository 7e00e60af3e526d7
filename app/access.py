"""Who may do what: permissions say which actions a role has, policies say which rows a person sees.

A row grants *tokens* (`user:5` its owner, `team:3` its team, `member:3` a team it is shared with, `pool`), a person
holds tokens (`team` for the teams whose rows he or she sees, `member` for the own team, `deputy` for those whom he or
she stands in for); a row is visible where they
intersect. One declaration gives the SQL condition of lists, records, counts, reports and search, and the rooms of the
live push.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, exists, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from .database import IdList, db, member_of
from .errors import Problem, forbidden, merged, not_found
from .field_rights import FieldRules, are_within, words_of
from .record import Collaborator, Mergeable, Record, is_purged

Shape = tuple[frozenset[str], frozenset[str]]
"""What statements are planned by: the kinds of tokens that readers hold, and their rights to fields.

Among the rights stand the rules of the role for single fields, such as `customer.phone=masked`.
"""


class Permission(StrEnum):
    """Every right that a role can carry, as `resource:action`; `export` is about all that its holder reads."""

    USER_WRITE = "user:write"
    TEAM_WRITE = "team:write"
    ROLE_WRITE = "role:write"
    SETTING_WRITE = "setting:write"
    OPTION_WRITE = "option:write"
    CUSTOM_FIELD_WRITE = "custom_field:write"
    PIPELINE_WRITE = "pipeline:write"
    PRODUCT_WRITE = "product:write"
    PRODUCT_COST = "product:cost"
    TAG_WRITE = "tag:write"
    CUSTOMER_READ = "customer:read"
    CUSTOMER_WRITE = "customer:write"
    CUSTOMER_ASSIGN = "customer:assign"
    CUSTOMER_UNMASK = "customer:unmask"
    CUSTOMER_DUPLICATE = "customer:duplicate"
    CONTACT_READ = "contact:read"
    CONTACT_WRITE = "contact:write"
    DEAL_READ = "deal:read"
    DEAL_WRITE = "deal:write"
    DEAL_ASSIGN = "deal:assign"
    TASK_READ = "task:read"
    TASK_WRITE = "task:write"
    ATTACHMENT_READ = "attachment:read"
    ATTACHMENT_WRITE = "attachment:write"
    HISTORY_LOAD = "history:load"
    REPORT_READ = "report:read"
    TARGET_WRITE = "target:write"
    JOURNAL_READ = "journal:read"
    RECORD_RESTORE = "record:restore"
    EXPORT = "export"
    PRIVACY_READ = "privacy:read"
    PRIVACY_ERASE = "privacy:erase"


class Sight(StrEnum):
    """How far a role sees by itself, before sharing and the pool; each further than the one before."""

    OWN = "own"
    TEAM = "team"
    TEAM_BELOW = "team_below"
    EVERYONE = "everyone"

    @property
    def reach(self) -> int:
        """How far it is, to be compared."""
        return list(Sight).index(self)


@dataclass(frozen=True)
class Actor:
    """A signed-in person as the policies see him or her, remembered as long as `stamp` is the database's.

    Attributes:
        user_id: id of the user.
        tokens: kinds of tokens held, with their ids (`{"user": (5,), "team": (3, 4), "member": (3,), "pool": (0,)}`).
        stamp: the user's access stamp when this was read; every change of role, team or state raises it.
        session_id: the sign-in that the request's token belongs to.
        scopes: the permissions that a personal token was given; None for who signed in. What the role allows beyond
            them is not allowed here.
        fields: what the role has less of than others, field by field; a personal token has no more.
        lacks_second_factor: whether one is demanded of who signed in, and has to be set up before anything else.
    """

    user_id: int
    name: str
    role: str
    permissions: frozenset[str]
    sight: Sight
    tokens: Mapping[str, tuple[int, ...]]
    team_id: int | None
    stamp: int
    session_id: int
    language: str | None
    time_zone: str
    must_change_password: bool = False
    scopes: frozenset[str] | None = None
    fields: FieldRules = field(default_factory=dict)
    lacks_second_factor: bool = False
    shape: Shape = field(init=False, compare=False)
    binds: Mapping[str, Any] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """What statements are planned by: the kinds of tokens and the field rights, never the ids."""
        if self.scopes is not None:
            object.__setattr__(self, "permissions", self.permissions & self.scopes)
        rights = frozenset(p for p in self.permissions if p in FIELD_RIGHTS)
        object.__setattr__(self, "shape", (frozenset(self.tokens), rights | words_of(self.fields)))
        binds: dict[str, Any] = {f"held_{kind}": ids for kind, ids in self.tokens.items()}
        object.__setattr__(
            self,
            "binds",
            binds | {"actor_id": self.user_id, "actor_stamp": self.stamp, "actor_session": self.session_id},
        )

    def may(self, permission: str) -> bool:
        """Whether the role carries a permission."""
        return permission in self.permissions

    def may_write(self, permission: str) -> bool:
        """Whether what takes this permission may be changed, which a personal token that only shows never may."""
        return permission in self.permissions and self._has_pen

    @property
    def _has_pen(self) -> bool:
        return self.scopes is None or not self.scopes <= SHOWING

    def need(self, permission: str) -> None:
        """Refuse (403) where the role lacks a permission."""
        if permission not in self.permissions:
            raise forbidden()

    def need_person(self) -> None:
        """Refuse (403) a personal token: what is asked for takes the person, signed in."""
        if self.scopes is not None:
            raise Problem(403, "in-person-only")

    def need_second_factor(self) -> None:
        """Refuse (403) who has to set a second factor up before anything else."""
        if self.lacks_second_factor:
            raise Problem(403, "second-factor-required")

    def need_pen(self) -> None:
        """Refuse (403) a personal token whose scopes only show: it writes nowhere, not even what is its owner's own."""
        if not self._has_pen:
            raise forbidden()

    def may_grant(self, permissions: Iterable[str], sight: str, fields: FieldRules) -> bool:
        """Whether these are rights that this person has: nobody grants what he or she lacks."""
        return (
            self.permissions >= set(permissions)
            and Sight(sight).reach <= self.sight.reach
            and are_within(fields, self.fields)
        )

    def rooms(self) -> set[str]:
        """The tokens as names of Socket.IO rooms, plus `everyone` and the personal room `me:<id>`."""
        # Who stands in for somebody hears what that person hears.
        kinds = {"deputy": "user"}
        rooms = {
            kind if kind in ("all", "pool") else f"{kinds.get(kind, kind)}:{i}"
            for kind, ids in self.tokens.items()
            for i in ids
        }
        return rooms | {"everyone", f"me:{self.user_id}"}


READING_RIGHTS = frozenset(
    {
        Permission.CUSTOMER_READ,
        Permission.CONTACT_READ,
        Permission.DEAL_READ,
        Permission.TASK_READ,
        Permission.ATTACHMENT_READ,
        Permission.REPORT_READ,
        Permission.EXPORT,
        Permission.SETTING_WRITE,
    }
)
"""Permissions without which no record of some kind is seen, whichever way it is asked for."""

SHOWING = frozenset(one for one in Permission if one.partition(":")[2] in ("read", "unmask", "cost"))
"""Permissions that change what is shown and nothing else."""

FIELD_RIGHTS = READING_RIGHTS | {
    Permission.PRODUCT_COST,
    Permission.CUSTOMER_UNMASK,
    Permission.CUSTOMER_ASSIGN,
    Permission.USER_WRITE,
}
"""Permissions that change what is shown; they are part of the shape by which statements are planned."""

UNSCOPED = frozenset({Permission.USER_WRITE, Permission.ROLE_WRITE, Permission.PRIVACY_ERASE})
"""Permissions that no personal token can have: it would make people, or rights, or unmake what no undo brings back."""

POLICIES: dict[str, Policy] = {}
"""The policy of every resource by its singular name; a policy enters itself when it is declared."""


def held(kind: str) -> Any:
    """The bound list of the ids that the person holds for a kind of token."""
    return bindparam(f"held_{kind}", type_=IdList())


@dataclass(frozen=True)
class Grant:
    """A column of the row whose value is a token of some kind; `none` where NULL grants a token by itself."""

    kind: str
    column: InstrumentedAttribute[Any]


class Policy:
    """Which rows of a model a person sees and which he or she may change.

    Args:
        model: the record class.
        grants: tokens that the row's own columns grant.
        pool: the column whose NULL puts the row into the public pool.
        parent: policy of the record that this one belongs to, with the linking column: visible with it.
        parents: the same for what may belong to records of several kinds: visible with any of them.
        deciding: further columns that `tokens` looks at.
        shared: whether collaborators may be named on the row.
        open_to_all: every signed-in person sees every row (users, teams, pipelines, products, options).
        write: permission that changing a row needs besides sight.
        read: permission without which no row is seen; None where every role reads.
        holder: the column of the person who has the row and whose leaving hands it over; `owner_id` where there is one.
        held: the rows that a leaver hands over, where the others stay with who had them.

    Attributes:
        follows_holder: whether a row lies in the team of the person who has it, and goes there with him or her.
    """

    follows_holder = True

    def __init__(
        self,
        model: type[Record],
        *,
        grants: Sequence[Grant] = (),
        pool: InstrumentedAttribute[Any] | None = None,
        parent: tuple[Policy, InstrumentedAttribute[Any]] | None = None,
        parents: Sequence[tuple[Policy, InstrumentedAttribute[Any]]] = (),
        deciding: Sequence[InstrumentedAttribute[Any]] = (),
        shared: bool = False,
        open_to_all: bool = False,
        write: Permission,
        read: Permission | None = None,
        holder: InstrumentedAttribute[Any] | None = None,
        held: ColumnElement[bool] | None = None,
    ) -> None:
        self.model = model
        self.grants = tuple(grants)
        self.pool = pool
        self.parent = parent
        self.parents = (parent,) if parent is not None else tuple(parents)
        self.deciding = (*(grant.column for grant in grants), *deciding)
        self.shared = shared
        self.open_to_all = open_to_all
        self.write = write
        self.read = read
        self.holder = holder if holder is not None else getattr(model, "owner_id", None)
        self.held = held
        self._queries: dict[Any, Select[Any]] = {}
        POLICIES[model.resource] = self

    def is_readable(self, shape: Shape) -> bool:
        """Whether a person of this shape may read such rows at all."""
        return self.read is None or self.read in shape[1]

    # ---- the condition -------------------------------------------------------------------------------------------

    def visible(self, shape: Shape, row: Any = None) -> ColumnElement[bool]:
        """The SQL condition for a person of this shape, with bound parameters that `Actor.binds` fills.

        Soft-deleted rows are left to the caller (`deleted=only` and restore look at them); deleted parents hide their
        children here.

        Args:
            shape: of the person.
            row: an alias of the model that the condition is about; the model itself by default.
        """
        kinds = shape[0]
        row = self.model if row is None else row
        if not self.is_readable(shape):
            return false()
        if self.open_to_all:
            return true()
        ways: list[ColumnElement[bool]] = []
        if self.parents:
            if "all" in kinds and self.grants:
                return true()
            ways += [self._with_parent(row, link, link[0].visible(shape)) for link in self.parents]
        elif "all" in kinds:
            return true()
        ways += self._granted(row, kinds)
        if self.shared:
            ways.append(member_of(row.id, self._shares(kinds).scalar_subquery()))
        if self.pool is not None and "pool" in kinds:
            ways.append(getattr(row, self.pool.key).is_(None))
        return or_(*ways) if ways else false()

    def _with_parent(
        self, row: Any, parent_link: tuple[Policy, InstrumentedAttribute[Any]], inside: ColumnElement[bool]
    ) -> ColumnElement[bool]:
        """Whether a parent of a row is there and fulfils a condition: asked by its key for each row, not for all."""
        policy, link = parent_link
        parent = select(policy.model.id).where(
            policy.model.id == getattr(row, link.key), policy.model.is_active & inside
        )
        return exists(parent.correlate_except(policy.model))

    def _granted(self, row: Any, kinds: frozenset[str]) -> list[ColumnElement[bool]]:
        ways: list[ColumnElement[bool]] = []
        for grant in self.grants:
            column = getattr(row, grant.column.key)
            if grant.kind == "user":
                ways.append(column == bindparam("actor_id", type_=BigInteger()))
                if "deputy" in kinds:
                    ways.append(member_of(column, held("deputy")))
            elif grant.kind in kinds:
                ways.append(member_of(column, held(grant.kind)))
        return ways

    def _shares(self, kinds: frozenset[str], access: str | None = None) -> Select[int]:
        names: ColumnElement[bool] = Collaborator.user_id == bindparam("actor_id", type_=BigInteger())
        if "member" in kinds:
            names = or_(names, member_of(Collaborator.team_id, held("member")))
        query = select(Collaborator.record_id).where(Collaborator.resource == self.model.resource, names)
        return query if access is None else query.where(Collaborator.access == access)

    # ---- the rooms -----------------------------------------------------------------------------------------------

    def tokens(self, row: Mapping[str, Any], shares: Sequence[tuple[int | None, int | None]]) -> set[str]:
        """The tokens that a row grants by itself: the rooms of its live push (the parent's are added by the journal).

        Args:
            row: column values by attribute name.
            shares: (user_id, team_id) of its collaborators.
        """
        if self.open_to_all:
            return {"everyone"}
        rooms = {"all"}
        for grant in self.grants:
            value = row.get(grant.column.key)
            if value is not None:
                rooms.add(f"{grant.kind}:{value}")
        if self.pool is not None and row.get(self.pool.key) is None:
            rooms.add("pool")
        for user_id, team_id in shares:
            rooms.add(f"user:{user_id}" if user_id is not None else f"member:{team_id}")
        return rooms

    def line_up(self) -> None:
        """Wait for other writers before any row is locked, where its writers work one after the other; else nothing."""

    # ---- loading rows --------------------------------------------------------------------------------------------

    def get(self, actor: Actor, record_id: int, *, deleted: bool = False) -> Any:
        """The visible row, locked when a unit of work is open.

        Raises:
            Problem: 404, absent or out of sight; 301 or 409, merged into another one.
        """
        in_unit = "unit" in db.session.info
        query = self._loading(actor.shape, deleted, in_unit)
        binds = {**actor.binds, "wanted_id": record_id}
        record = db.session.execute(query, binds).scalar_one_or_none()
        if record is None and self.parents and in_unit:
            # PostgreSQL asks a row that it waited for about the parent that it had before; now it has its new one.
            record = db.session.execute(query, binds).scalar_one_or_none()
        if record is None:
            raise self.absent(actor, record_id)
        return record

    def absent(self, actor: Actor, record_id: int) -> Problem:
        """Why somebody finds no such row: it was merged into one that he or she sees (301 or 409), or 404."""
        if not issubclass(self.model, Mergeable):
            return not_found()
        survivor: Any = aliased(self.model)
        query = (
            select(survivor.id)
            .join(self.model, self.model.merged_into_id == survivor.id)
            .where(self.model.id == record_id, self.visible(actor.shape))
            .where(survivor.is_active, self.visible(actor.shape, survivor))
        )
        into = db.session.execute(query, dict(actor.binds)).scalar_one_or_none()
        return not_found() if into is None else merged(record_id, into)

    def _loading(self, shape: Shape, deleted: bool, locked: bool) -> Select[Any]:
        key = (shape, deleted, locked)
        query = self._queries.get(key)
        if query is None:
            wanted = self.model.id == bindparam("wanted_id", type_=BigInteger())
            query = select(self.model).where(wanted, self.model.is_active.is_(not deleted), self.visible(shape))
            if issubclass(self.model, Mergeable):
                query = query.where(self.model.merged_into_id.is_(None))
            if deleted:
                query = query.where(~is_purged(self.model))
            if locked:
                query = query.with_for_update(of=self.model)
            self._queries[key] = query
        return query

    def sees(self, actor: Actor, record_id: int) -> bool:
        """Whether a row is in sight, deleted or not."""
        query = select(self.model.id).where(self.model.id == record_id, self.visible(actor.shape))
        return db.session.execute(query, dict(actor.binds)).first() is not None

    def writable(self, actor: Actor, record_id: int) -> Any:
        """The row, visible and changeable by this person, locked.

        Raises:
            Problem: 404, absent or out of sight; 403, visible but not his or hers to change, or not before it is
                claimed.
        """
        record = self.get(actor, record_id)
        if not self.may_write(actor, record):
            is_pooled = self.pool is not None and getattr(record, self.pool.key) is None
            raise Problem(403, "in-pool") if is_pooled and actor.may(self.write) else forbidden()
        return record

    def may_write(self, actor: Actor, record: Any) -> bool:
        """Whether a visible row may be changed: the permission, and more sight than a reading share or the pool."""
        if not actor.may(self.write):
            return False
        if self.open_to_all or "all" in actor.tokens or self._grants_by_itself(actor, record):
            return True
        query = self._queries.get(actor.shape)
        if query is None:
            wanted = self.model.id == bindparam("wanted_id", type_=BigInteger())
            query = self._queries[actor.shape] = select(self.writable_condition(actor.shape)).where(wanted)
        return bool(db.session.execute(query, {**actor.binds, "wanted_id": record.id}).scalar())

    def may_take_back(self, actor: Actor, record: Any, before: Mapping[str, Any]) -> bool:
        """Whether an own change that took a row out of one's sight may be undone: by default what is gone is gone.

        Args:
            record: as the change left it.
            before: what it had in the columns that the change wrote.
        """
        return False

    def _grants_by_itself(self, actor: Actor, record: Any) -> bool:
        """Whether a column of the loaded row is all it takes, as it is for owners: no need to ask the database."""
        return any(
            value is not None
            and (
                value == actor.user_id or value in actor.tokens.get("deputy", ())
                if grant.kind == "user"
                else value in actor.tokens.get(grant.kind, ())
            )
            for grant in self.grants
            for value in (getattr(record, grant.column.key),)
        )

    def writable_condition(self, shape: Shape) -> ColumnElement[bool]:
        """The SQL condition under which a *visible* row may be changed, the role's permission apart."""
        kinds = shape[0]
        if self.open_to_all or "all" in kinds:
            return true()
        ways: list[ColumnElement[bool]] = []
        ways += [self._with_parent(self.model, link, link[0].writable_condition(shape)) for link in self.parents]
        ways += self._granted(self.model, kinds)
        if self.shared:
            ways.append(member_of(self.model.id, self._shares(kinds, "write").scalar_subquery()))
        if self.pool is not None and Permission.CUSTOMER_UNMASK in shape[1]:
            ways.append(self.pool.is_(None))
        return or_(*ways) if ways else false()
