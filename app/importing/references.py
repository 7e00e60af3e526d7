"""What a text of a file names: a person, a customer, a stage, a product, a value of a list."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, not_, select

from ..access import Actor
from ..auth.models import Role, Team, User
from ..customer.models import Customer, Option, Person, customers, people
from ..customer.schemas import CUSTOMERS
from ..database import IdList, db, member_of
from ..deal.models import Deal, Pipeline, Product, Stage, StageKind, deals
from ..folding import e164, email_key, fold
from ..schema import MAX_ID, SURROGATE, load
from .fields import Field, Kind
from .labels import choices_labelled
from .resources import resource_of

CREATABLE = ("customers", "products", "tags", "options", "teams")
"""What may be made when a file names it and it is not there."""

MADE = {"create": True}
"""A decision: what the text names is made."""

Named = dict[str, list[Any]]


class Now(Enum):
    """What may be done to find out what a text names, each more than the one before."""

    KNOWING = 1
    """It is known from what was asked before; the database is not at hand."""
    ASKING = 2
    MAKING = 3
    """What is not there and may be made is made."""


class NotNowError(Exception):
    """What a text names is not known yet, and may not be asked for or made now."""


def may_make(actor: Actor, plural: str) -> bool:
    """Whether a person may make what a file names."""
    return plural in CREATABLE and actor.may(resource_of(plural).write)


class References:
    """Resolves the texts of one import, and counts those that name nothing.

    Args:
        actor: whose sight decides what can be named.
        plural: the resource that the rows become.
        decided: by field, what the person has decided that a text stands for: an id, a value, null for nothing, or
            `MADE`.
        create: which kinds are made when they are not there, as far as the person may make them.

    Attributes:
        made: by resource and id the name of what was made because the file names it.
        unknown: by field and text, in how many rows a text named nothing.
        now: what may be done; what more would have to be is a `NotNowError`.
    """

    def __init__(
        self, actor: Actor, plural: str, decided: Mapping[str, Mapping[str, Any]], create: frozenset[str]
    ) -> None:
        self.actor, self.plural, self.decided, self.create = actor, plural, decided, create
        self.made: dict[tuple[str, int], str] = {}
        self.unknown: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.now = Now.MAKING
        self._missed: list[tuple[str, str]] = []
        self._known: dict[str, Named] = {}
        self._asked: dict[tuple[str, str, Any], list[int]] = {}
        self._options: dict[str, dict[str, str]] = {}

    def resolve(self, field: Field, text: str, beside: Mapping[str, Any]) -> tuple[Any, str | None]:
        """What a text stands for, and the code of the fault where it stands for nothing or for several.

        Args:
            field: a link, a choice or an option.
            text: as it stands in the file, trimmed.
            beside: what is known of the row already, such as its customer.
        """
        decided = self.decided.get(field.name, {})
        is_made = decided.get(text) == MADE
        if text in decided and not is_made:
            return decided[text], None
        found: Any
        if field.kind is Kind.CHOICE:
            found = self._choice(field, text)
        elif field.kind in (Kind.OPTION, Kind.TEXTS):
            found = self._option(field, text, is_made)
        else:
            ids = self._link(field, text, beside)
            if len(ids) > 1:
                if field.links_to not in _WITHIN:
                    self._missed.append((field.name, text))
                return None, "ambiguous_name"
            found = ids[0] if ids else self._made(field, text, is_made, beside)
        if found is None:
            self._missed.append((field.name, text))
            return None, "unknown_value"
        return found, None

    def missed(self) -> list[tuple[str, str]]:
        """The texts that named nothing since this was asked last, by field; `count` counts them."""
        missed, self._missed = self._missed, []
        return missed

    def count(self, missed: Iterable[tuple[str, str]]) -> None:
        """Count texts that name nothing in a row that is wrong for it."""
        for field, text in missed:
            self.unknown[field][text] += 1

    def look_up(self, field: Field, texts: Collection[str]) -> None:
        """Look many texts of a column up at once that name customers, before they are resolved one by one."""
        if field.links_to != "customers":
            return
        unasked = {text for text in texts if ("customers", fold(text), None) not in self._asked}
        self._asked.update(
            (("customers", fold(text), None), ids) for text, ids in _customers_named(self.actor, unasked).items()
        )

    # ---- words of fixed sets and of lists ---------------------------------------------------------------------------

    def _choice(self, field: Field, text: str) -> str | None:
        key = fold(text).replace(" ", "_")
        known = next((one for one in field.choices if one in (key, text)), None)
        if known is None:
            known = choices_labelled(self.plural, field.name, field.choices).get(fold(text))
        return known or _SYNONYMS.get(field.name, {}).get(key)

    def _makes(self, plural: str, is_made: bool) -> bool:
        return (is_made or plural in self.create) and may_make(self.actor, plural)

    def _option(self, field: Field, text: str, is_made: bool) -> str | None:
        name = field.option_list
        if not name:
            return text
        known = self._options.get(name)
        if known is None:
            self._needs(Now.ASKING)
            # Where two share a word, the one that is still offered has it.
            query = select(Option).where(Option.list == name, Option.is_active).order_by(Option.is_retired.desc())
            known = self._options[name] = {
                fold(word): option.merged_into or option.value
                for option in db.session.execute(query).scalars()
                for word in (option.label_en, option.label_zh, option.value)
            }
        found = known.get(fold(text))
        if found is None and self._makes("options", is_made):
            self._needs(Now.MAKING)
            made: Any = resource_of("options").service.create(
                self.actor, load(resource_of("options").create, {"list": name, "value": text})
            )
            found = known[fold(text)] = made.value
        return found

    # ---- records ----------------------------------------------------------------------------------------------------

    def _link(self, field: Field, text: str, beside: Mapping[str, Any]) -> list[Any]:
        target = field.links_to
        if target in _WHOLE:
            known = self._known.get(target)
            if known is None:
                self._needs(Now.ASKING)
                known = self._known[target] = _WHOLE[target]()
            return known.get(fold(text), [])
        context = beside.get("pipeline_id") if target == "stages" else beside.get("customer_id")
        if target == "customers":
            context = None
        key = (target, fold(text), context)
        found = self._asked.get(key)
        if found is None:
            self._needs(Now.ASKING)
            found = self._asked[key] = _ASKED[target](self.actor, text, context)
        return found

    def _made(self, field: Field, text: str, is_made: bool, beside: Mapping[str, Any]) -> int | None:
        """A record that is made because a file names it."""
        target = field.links_to
        if target not in CREATABLE or not self._makes(target, is_made):
            return None
        self._needs(Now.MAKING)
        values: dict[str, Any] = {"name": text}
        if target == "products":
            values |= {"code": text[:60], "currency": current_app.config["LIANXI"].base_currency}
        if field.name == "team":
            values |= {name: beside[key] for name, key in _OF_TEAM if key in beside}
        resource = resource_of(target)
        made: Any = resource.service.create(self.actor, load(resource.create, values))
        db.session.flush()
        self._known.pop(target, None)
        self._asked[target, fold(text), None] = [made.id]
        self.made[target, made.id] = text
        return int(made.id)

    def completed(self, team_id: int, beside: Mapping[str, Any]) -> None:
        """Give a team that is there what it lacks and a row says of it, where teams may be made."""
        if not self._makes("teams", False):
            return
        self._needs(Now.ASKING)
        team = db.session.get_one(Team, team_id)
        lacks = {name: beside[key] for name, key in _OF_TEAM if key in beside and getattr(team, name) is None}
        if lacks:
            self._needs(Now.MAKING)
            resource_of("teams").service.edit(self.actor, team, load(resource_of("teams").create, lacks, partial=True))
            db.session.flush()

    def team_of_manager(self, manager_id: int) -> int | None:
        """The team that a manager leads; one of the manager's name is made where there is none and teams may be."""
        self._needs(Now.ASKING)
        found = db.session.execute(select(Team.id).where(Team.manager_id == manager_id, Team.is_active)).scalars().all()
        if found or not self._makes("teams", False):
            return found[0] if len(found) == 1 else None
        name = db.session.execute(select(User.name).where(User.id == manager_id)).scalar_one()
        field = Field("team", Kind.LINK, "team_id", links_to="teams")
        return self._made(field, name, True, {"team_manager": manager_id})

    def _needs(self, now: Now) -> None:
        if self.now.value < now.value:
            raise NotNowError

    def is_closed(self, stage_id: int) -> bool:
        """Whether a stage is that of won or lost deals."""
        key = ("stage kinds", "", None)
        if key not in self._asked:
            self._needs(Now.ASKING)
            closed = select(Stage.id).where(Stage.kind != StageKind.OPEN)
            self._asked[key] = list(db.session.execute(closed).scalars())
        return stage_id in self._asked[key]

    def price_of(self, product_id: int) -> str:
        """The list price of a product; nothing where it has none."""
        self._needs(Now.ASKING)
        price = db.session.execute(select(Product.price).where(Product.id == product_id)).scalar()
        return format(price or Decimal(0), "f")

    def forget(self) -> None:
        """Forget what was looked up: what was made may have been rolled back."""
        self._known.clear()
        self._asked.clear()
        self._options.clear()
        self.made.clear()

    def forget_records(self, plural: str) -> None:
        """Forget which records of a resource were looked up: there may be others by now."""
        self._known.pop(plural, None)
        self._asked = {key: ids for key, ids in self._asked.items() if key[0] != plural}


_OF_TEAM = (("parent_id", "team_parent"), ("manager_id", "team_manager"), ("region", "team_region"))
"""What a row about a person says of the team: the team's fields, and the names that they have in the row."""


def _gathered(rows: Any) -> Named:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for record_id, *words in rows:
        for word in {fold(str(word)) for word in (record_id, *words) if word}:
            found[word].append(record_id)
    return found


def _users() -> Named:
    return _gathered(db.session.execute(select(User.id, User.name, User.email, User.phone).where(User.is_active)))


def _teams() -> Named:
    return _gathered(db.session.execute(select(Team.id, Team.name).where(Team.is_active)))


def _roles() -> Named:
    rows = db.session.execute(select(Role.key, Role.name_zh, Role.name_en).where(Role.is_active))
    return {fold(word): [row.key] for row in rows for word in row}


def _pipelines() -> Named:
    return _gathered(db.session.execute(select(Pipeline.id, Pipeline.name).where(Pipeline.is_active)))


def _products() -> Named:
    return _gathered(db.session.execute(select(Product.id, Product.code, Product.name).where(Product.is_active)))


def _customers_named(actor: Actor, texts: Collection[str]) -> dict[str, list[int]]:
    """By each text the customers that it names, two at most: by address, name, id elsewhere or number, in this order.

    Of several that are alike the one that is called exactly so.
    """
    named: dict[str, list[int]] = {text: [] for text in texts}
    for column, key_of in _CUSTOMER_KEYS.items():
        keys = {text: key for text, ids in named.items() if not ids and (key := key_of(text)) and can_be_asked(key)}
        found: defaultdict[str, list[Any]] = defaultdict(list)
        for row in _customers_by(actor, column, sorted(set(keys.values()))):
            found[row.key].append(row)
        for text, key in keys.items():
            exact = [row.id for row in found[key] if row.name == text]
            named[text] = exact if len(exact) == 1 else [row.id for row in found[key]][:2]
    return named


def _customers_by(actor: Actor, column: str, wanted: Sequence[str]) -> Iterable[Any]:
    if not wanted:
        return ()
    known = getattr(Customer, column)
    view, field = CUSTOMERS.view_for(actor.shape), _READS.get(column, column)
    if not view.looks_into((field,)):
        return ()
    query = select(Customer.id, Customer.name, known.label("key")).where(
        member_of(known, bindparam("wanted", type_=IdList(of_text=True))),
        Customer.is_active,
        customers.visible(actor.shape),
    )
    if view.pooled is not None and field in view.pool_masks:
        query = query.where(not_(view.pooled))
    return db.session.execute(query.order_by(Customer.id), {**actor.binds, "wanted": wanted})


def _customer_named(actor: Actor, text: str, _context: Any) -> list[int]:
    return _customers_named(actor, [text])[text]


def _people_named(actor: Actor, text: str, context: Any) -> list[int]:
    query = select(Person.id, Person.name).where(Person.name_key == fold(text), Person.is_active)
    query = query.where(people.visible(actor.shape))
    if context is not None:
        query = query.where(Person.customer_id == context)
    return _meant(actor, query, text)


def _deals_named(actor: Actor, text: str, context: Any) -> list[int]:
    for way in (Deal.external_id == text, Deal.name_key == fold(text)):
        query = select(Deal.id, Deal.name).where(way, Deal.is_active, deals.visible(actor.shape))
        if context is not None:
            query = query.where(Deal.customer_id == context)
        if found := _meant(actor, query, text):
            return found
    return []


def _meant(actor: Actor, query: Any, text: str) -> list[int]:
    """The records of a query, two at most: of several that are alike the one that is called exactly so."""
    found = db.session.execute(query.limit(50), dict(actor.binds)).all()
    exact = [record_id for record_id, name in found if name == text]
    return exact if len(exact) == 1 else [record_id for record_id, _ in found][:2]


def _stages_named(_actor: Actor, text: str, context: Any) -> list[int]:
    """A stage by its name, or by what it is: the word for won or lost means the only stage of that kind."""
    query = select(Stage.id, Stage.name, Stage.kind).join(Pipeline, Pipeline.id == Stage.pipeline_id)
    query = query.where(Stage.is_active, Pipeline.is_active)
    if context is not None:
        query = query.where(Stage.pipeline_id == context)
    rows = db.session.execute(query.order_by(Pipeline.id, Stage.position)).all()
    key = fold(text)
    named = [row.id for row in rows if fold(row.name) == key]
    if named:
        return named if context is not None else named[:1]
    kind = _STAGE_WORDS.get(key.replace(" ", ""))
    return [row.id for row in rows if row.kind == kind][:1] if kind else []


_WHOLE: dict[str, Callable[[], Named]] = {
    "users": _users,
    "teams": _teams,
    "roles": _roles,
    "pipelines": _pipelines,
    "products": _products,
}
_ASKED: dict[str, Callable[[Actor, str, Any], list[int]]] = {
    "customers": _customer_named,
    "people": _people_named,
    "deals": _deals_named,
    "stages": _stages_named,
}

_WITHIN = ("people", "deals", "stages")
"""What is looked for within another record: the same text means another one there, so it cannot be decided once."""

_STAGE_WORDS = {
    **dict.fromkeys(("won", "closedwon", "win", "赢单", "成交", "已成交", "赢"), "won"),
    **dict.fromkeys(("lost", "closedlost", "lose", "输单", "丢单", "已丢单", "输", "流失"), "lost"),
}

_SYNONYMS: dict[str, dict[str, str]] = {
    "kind": {
        "待办": "todo",
        "事项": "todo",
        "任务": "todo",
        "to_do": "todo",
        "task": "todo",
        "通话": "call",
        "上门": "visit",
        "公司": "company",
        "企业": "company",
        "个人": "person",
        "电话": "call",
        "拜访": "visit",
        "会议": "meeting",
        "邮件": "email",
        "微信": "wechat",
        "备注": "note",
        "phone": "call",
        "phone_call": "call",
        "新签": "new",
        "续约": "renewal",
        "增购": "expansion",
        "new_business": "new",
        "existing_business": "expansion",
    },
    "status": {
        "线索": "lead",
        "意向": "prospect",
        "潜在客户": "prospect",
        "成交": "active",
        "成交客户": "active",
        "customer": "active",
        "流失": "lost",
        "inactive": "lost",
        "churned": "lost",
    },
    "priority": {
        "高": "high",
        "紧急": "high",
        "重要": "high",
        "urgent": "high",
        "中": "normal",
        "普通": "normal",
        "一般": "normal",
        "medium": "normal",
        "低": "low",
    },
    "direction": {
        "呼出": "out",
        "outbound": "out",
        "outgoing": "out",
        "呼入": "in",
        "inbound": "in",
        "incoming": "in",
    },
}


def can_be_asked(part: Any) -> bool:
    """Whether a database takes a value of a file in a question; what it does not take, no record has."""
    if isinstance(part, str):
        return "\x00" not in part and not SURROGATE.search(part)
    return not isinstance(part, int) or abs(part) <= MAX_ID


def number_key(text: str) -> str | None:
    """A phone number as numbers are compared."""
    return e164(text, current_app.config["LIANXI"].default_region)


_READS = {"email_key": "email", "phone_e164": "phone"}
"""The fields that keys of customers are made of and that not everybody reads."""

_CUSTOMER_KEYS: dict[str, Callable[[str], str | None]] = {
    "email_key": lambda text: email_key(text) if "@" in text else None,
    "name_key": fold,
    "external_id": str,
    "phone_e164": number_key,
}
