"""Use cases of dashboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..access import Actor
from ..customer.service import owner_of_kept
from ..database import db
from ..errors import Issue, invalid
from ..journal import SETTLE
from ..report.routes import REPORTS
from ..routing import assign, remove, restore
from ..schema import Choice
from ..sharing import Visibility, settle_team
from .models import Dashboard
from .schemas import COLUMNS


def create(actor: Actor, values: dict[str, Any]) -> Dashboard:
    """A new dashboard, of one's own unless it says whose.

    Raises:
        Problem: 422 for tiles that do not fit the grid or their reports, a team out of sight, or an owner whom one may
            not assign to.
    """
    made = {"visibility": Visibility.PRIVATE, "team_id": None, "tiles": [], **values}
    own = owner_of_kept(actor, None, made)
    _settle(actor, made, made, own=own)
    dashboard = Dashboard(**made)
    db.session.add(dashboard)
    db.session.flush()
    return dashboard


def edit(actor: Actor, dashboard: Dashboard, values: dict[str, Any]) -> Dashboard:
    """Rename, rearrange, share or hand over a dashboard.

    Raises:
        Problem: as for `create`.
    """
    now = {name: getattr(dashboard, name) for name in ("visibility", "team_id")}
    own = owner_of_kept(actor, dashboard, values)
    _settle(actor, {**now, **values}, values, now["team_id"], own=own)
    assign(dashboard, values)
    db.session.flush()
    return dashboard


def _settle(
    actor: Actor, after: Mapping[str, Any], values: dict[str, Any], shared: int | None = None, *, own: int | None
) -> None:
    """Fill in the team that a dashboard is shared with, after all faults were found."""
    issues = _tile_faults(values.get("tiles") or [])
    team_id, more = settle_team(actor, after, shared, own)
    issues += more
    if issues:
        raise invalid(*issues)
    values["team_id"] = team_id


def _tile_faults(tiles: Sequence[Mapping[str, Any]]) -> list[Issue]:
    issues = []
    for place, tile in enumerate(tiles):
        if tile["x"] + tile["w"] > COLUMNS:
            issues.append(Issue(f"#/tiles/{place}/w", "out_of_range", {"min": 1, "max": COLUMNS - tile["x"]}))
        groups = REPORTS[tile["report"]].query().fields.get("group_by")
        wanted = tile["query"].get("group_by")
        options = groups.options if isinstance(groups, Choice) else ()
        if wanted is not None and wanted not in options:
            issues.append(Issue(f"#/tiles/{place}/query/group_by", "not_allowed", {"options": ", ".join(options)}))
    return issues


SETTLE["dashboard"] = lambda _dashboard, _undone: None


__all__ = ["create", "edit", "remove", "restore"]
