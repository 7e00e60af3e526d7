"""What all reports share: how one is declared, the shape of its answer, and how it is kept until something changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from marshmallow import Schema, fields
from sqlalchemy import Connection, func, literal_column, select

from ..access import Actor
from ..database import SNAPSHOT, read_engine
from ..deal.models import amounts_out_of_sight, reads_amounts
from ..errors import Issue, invalid
from ..extensions import keep, recall
from ..journal import JournalEntry
from ..listing import ListSpec, encode
from ..messages import language, say_all
from ..money.schemas import CurrencyField
from ..schema import Choice, DateField, IdField, InstantField, Items, Line, StrictSchema, Whole, max_length
from .scope import Scope

_KEPT_SECONDS = 300
ROWS = 5_000
"""How many rows an answer has, unless fewer or more are asked for by `limit`."""
MOST_ROWS = 100_000
"""How many rows an answer can have, and a file."""


@dataclass(frozen=True)
class Report:
    """One report, declared.

    Attributes:
        path: below `/reports/`.
        summary: one line for the documentation.
        run: from a connection of the reading engine, the reader, the scope and the parameters to the answer.
        answer: schema of the answer.
        query: schema of the parameters.
        columns: what a file of the report shows of each row, in order.
        groups: the list whose fields its rows are grouped by, so that nobody groups by what he or she may not read.
        is_of_amounts: whether it says nothing without the amounts of deals, so that who may not read them is refused;
            in other reports the figures that sum them are null for such a reader.
    """

    path: str
    summary: str
    run: Callable[[Connection, Actor, Scope, Mapping[str, Any]], dict[str, Any]]
    answer: type[Schema]
    query: type[Schema]
    columns: tuple[str, ...]
    groups: ListSpec | None = None
    is_of_amounts: bool = False

    @property
    def name(self) -> str:
        """The path as a key of texts and of what is kept."""
        return self.path.replace("/", "_")


_LIMIT = {
    "limit": Whole(
        low=1,
        high=MOST_ROWS,
        metadata={
            "description": f"At most so many rows, the first ones; {ROWS:,} unless given. Totals are over all rows. "
            f"Without it a file has all rows, up to {MOST_ROWS:,}."
        },
    )
}


def query_schema(
    name: str, *, without: Collection[str] = (), has_limit: bool = False, **more: fields.Field[Any]
) -> type[Schema]:
    """The parameters that every report takes, and those of one.

    Args:
        name: of the schema in the documentation.
        without: parameters that this one cannot honour, and therefore refuses.
        has_limit: whether there are as many rows as people, products or customers, so that `limit` means something.
        more: parameters of its own.
    """
    common: dict[str, fields.Field[Any]] = {
        "from": DateField(),
        "to": DateField(),
        "owner_id": IdField(),
        "team_id": IdField(),
        "pipeline_id": IdField(),
        "currency": CurrencyField(),
        "as_of": Line(validate=max_length(40)),
        "format": Choice(("json", "csv", "xlsx"), load_default="json"),
    }
    kept = {one: field for one, field in common.items() if one not in without} | (_LIMIT if has_limit else {})
    return StrictSchema.from_dict(kept | more, name=name)


SPAN: dict[str, fields.Field[Any]] = {
    "from": DateField(allow_none=True),
    "to": DateField(allow_none=True),
    "as_of": InstantField(),
    "currency": Line(),
    "converted": fields.List(Line()),
    "definition": Line(),
}
"""What an answer says about itself; `converted` names the currencies that were converted into `currency`."""

_COUNTED: dict[str, fields.Field[Any]] = {
    "row_count": fields.Integer(metadata={"description": "How many rows there are, shown or not."}),
    "is_capped": fields.Boolean(metadata={"description": "Whether there are more rows than are shown."}),
}

ReportMeta = StrictSchema.from_dict({**SPAN, **_COUNTED}, name="ReportMeta")

FILTERS = fields.Dict(keys=fields.String(), values=fields.String())
"""Per measure the query string of the list that it is made of."""

_OF_TOTALS = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"optional": True})
"""The same of the totals, where all their records make one list."""


def answer_schema(name: str, row: Mapping[str, Any], totals: Mapping[str, Any]) -> type[Schema]:
    """`{"rows", "totals", "meta"}` of a report.

    Args:
        name: of the schemas in the documentation.
        row: the fields of a row besides `filters`.
        totals: the fields of the totals.
    """
    one = StrictSchema.from_dict({**row, "filters": FILTERS}, name=f"{name}Row")
    whole = StrictSchema.from_dict({**totals, "filters": _OF_TOTALS}, name=f"{name}Totals")
    return StrictSchema.from_dict(
        {"rows": Items(one, most=MOST_ROWS), "totals": fields.Nested(whole), "meta": fields.Nested(ReportMeta)},
        name=f"{name}Report",
    )


def span(scope: Scope, currency: str, added: list[str], *definition: str) -> dict[str, Any]:
    """What an answer says about itself.

    Args:
        currency: of the totals.
        added: the currencies that they are made of, as `Conversion.added` gives them.
        definition: keys of its texts.
    """
    return {
        "from": scope.period.first,
        "to": scope.period.last,
        "as_of": scope.at,
        "currency": currency,
        "converted": [one for one in added if one != currency],
        "definition": say_all(*definition),
    }


def scope_of(report: Report, actor: Actor, query: Mapping[str, Any]) -> Scope:
    """What a report is asked to cover, and how many rows it shows.

    Raises:
        Problem: 422 for parameters that contradict each other.
    """
    most = ROWS if query["format"] == "json" else MOST_ROWS
    limit = query.get("limit", most) if "limit" in report.query().fields else None
    return replace(Scope.read(actor, query), limit=limit)


def answer(report: Report, actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a report, made or kept: kept only while nothing was written, for readers of the same sight.

    Raises:
        Problem: 422 for parameters that contradict each other, or a file of more rows than one can have.
    """
    refuse_unread(report, actor, query)
    scope, is_file = scope_of(report, actor, query), query["format"] != "json"
    with read_engine().connect() as connection:
        key = _key(connection, report, actor, scope, query)
        found: dict[str, Any] | None = recall(key) if key else None
        if found is None:
            found = report.run(connection, actor, scope, query)
            found = _counted(found if reads_amounts(actor.shape) else without_amounts(found), scope.limit)
            # As JSON, which they become anyway: it is written in a fraction of the time that pickling them takes.
            if key:
                keep(key, {**found, "rows": encode(found["rows"])} if "rows" in found else found, _KEPT_SECONDS)
        elif "rows" in found:
            found["rows"] = orjson.loads(found["rows"])
    if is_file and "limit" not in query and "rows" in found and found["meta"]["is_capped"]:
        counts = {"rows": f"{found['meta']['row_count']:,}", "most": f"{MOST_ROWS:,}"}
        raise invalid(Issue("format", "too_many_rows", counts))
    return found


def without_amounts(found: Any) -> Any:
    """An answer in which every figure that sums amounts is null, and none stands apart or has a list behind it."""
    if isinstance(found, list):
        return [without_amounts(one) for one in found]
    if not isinstance(found, dict):
        return found
    kept: dict[str, Any] = {
        name: [] if name == "other_amounts" else None if name.endswith("_amount") else value
        for name, value in found.items()
    }
    if "filters" in kept:
        kept["filters"] = {name: text for name, text in kept["filters"].items() if not name.endswith("_amount")}
    return {name: without_amounts(value) if name != "filters" else value for name, value in kept.items()}


def refuse_unread(report: Report, actor: Actor, query: Mapping[str, Any]) -> None:
    """Refuse what would tell of fields that a person may not read.

    Raises:
        Problem: 403 for a report that is made of one; 422 for a group by one, as for a group that there is not.
    """
    if report.is_of_amounts and not reads_amounts(actor.shape):
        raise amounts_out_of_sight()
    wanted = query.get("group_by")
    if wanted is None or report.groups is None:
        return
    view = report.groups.view_for(actor.shape)
    if not view.asks(wanted):
        groups = report.query().fields["group_by"]
        assert isinstance(groups, Choice)
        options = ", ".join(name for name in groups.options if view.asks(name))
        raise invalid(Issue("group_by", "not_allowed", {"options": options}))


def _counted(found: dict[str, Any], limit: int | None) -> dict[str, Any]:
    """An answer with its first rows, which says how many there are; a report may have counted them itself."""
    if "rows" not in found:
        return found
    rows, meta = found["rows"][:limit], found["meta"]
    row_count = meta.get("row_count", len(found["rows"]))
    return {**found, "rows": rows, "meta": {**meta, "row_count": row_count, "is_capped": len(rows) < row_count}}


def _key(connection: Connection, report: Report, actor: Actor, scope: Scope, query: Mapping[str, Any]) -> str | None:
    """What an answer depends on: the state of the data, what the reader sees, what was asked for; None if not known."""
    state: Any = None
    if connection.dialect.name == "sqlite":
        state = connection.execute(select(func.max(JournalEntry.id))).scalar_one()
    elif (state := connection.execute(select(literal_column(SNAPSHOT))).scalar_one()) is None:
        return None
    sight = {name: value for name, value in actor.binds.items() if name not in ("actor_session", "actor_stamp")}
    rights = sorted(actor.shape[0]), sorted(actor.shape[1])
    asked = {name: value for name, value in query.items() if name != "format"}
    parts = [report.path, state, sight, rights, asked, scope.limit, scope.at, scope.day, scope.zone, language()]
    return "report:" + hashlib.sha256(encode(parts)).hexdigest()
