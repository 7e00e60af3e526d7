"""What dashboards look like on the wire, and their list."""

from __future__ import annotations

from ..auth.models import teams, users
from ..filtering import AnyOf, an_id
from ..listing import ListSpec
from ..money.schemas import CurrencyField
from ..projection import LinkTo
from ..report.routes import REPORTS
from ..schema import Choice, Flag, IdField, Items, Line, Part, RecordSchema, StrictSchema, Whole, column, max_length
from ..sharing import Visibility
from .models import Dashboard, dashboards

COLUMNS = 12
"""How many columns the grid of a dashboard has."""

PERIODS = ("this_month", "last_month", "this_quarter", "last_quarter", "this_year", "last_year", "all")
"""Spans of time by their names: a dashboard shows this month in every month."""


class TileQuerySchema(StrictSchema):
    """What the report of a tile is narrowed to."""

    period = Choice(PERIODS)
    group_by = Line(validate=max_length(30))
    owner_id = IdField()
    team_id = IdField()
    pipeline_id = IdField()
    currency = CurrencyField()


TILE_REPORTS = tuple(path for path in REPORTS if path != "summary")
"""The reports that have rows to be drawn."""


class TileSchema(StrictSchema):
    """One report in its place."""

    report = Choice(TILE_REPORTS, required=True)
    query = Part(TileQuerySchema, load_default=dict)
    chart = Whole(low=0, high=20, load_default=0, metadata={"description": "0 shows the figures, then the charts."})
    is_compared = Flag(
        load_default=False, metadata={"description": "Its figures are shown with their change to the period before."}
    )
    x = Whole(low=0, high=COLUMNS - 1, required=True)
    y = Whole(low=0, high=999, required=True)
    w = Whole(low=1, high=COLUMNS, required=True)
    h = Whole(low=1, high=20, required=True)


class DashboardSchema(RecordSchema):
    """A saved arrangement of reports."""

    class Meta(RecordSchema.Meta):
        """Columns of `Dashboard`."""

        model = Dashboard

    id = column(dump_only=True)
    version = column(dump_only=True)
    name = column(required=True)
    visibility = Choice(Visibility)
    team_id = IdField(allow_none=True)
    team = LinkTo("team_id", Dashboard.team_id, teams)
    tiles = Items(TileSchema, most=40)
    owner_id = IdField(metadata={"description": "Given on by who may assign customers, as those are."})
    owner = LinkTo("owner_id", Dashboard.owner_id, users)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


DASHBOARDS = ListSpec(
    policy=dashboards,
    schema=DashboardSchema,
    plural="dashboards",
    filters={
        "id": AnyOf(Dashboard.id, an_id),
        "owner_id": AnyOf(Dashboard.owner_id, an_id),
        "team_id": AnyOf(Dashboard.team_id, an_id),
        "visibility": AnyOf(Dashboard.visibility),
    },
    sort={"name": Dashboard.name},
    default_sort="name",
)
