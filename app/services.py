"""Which service answers for which paths, where a team has outgrown one group of processes and the product is split.

All services are this same program on the same database; each leaves out the routes of the others (`LIANXI_SERVICES`).
A path belongs to a service by its first part behind the API's prefix, so that whoever stands in front can tell.
"""

from __future__ import annotations

from collections.abc import Mapping

PATHS: Mapping[str, tuple[str, ...]] = {
    "auth": (
        "access-log",
        "auth",
        "changesets",
        "docs",
        "events",
        "jobs",
        "journal",
        "notifications",
        "operations",
        "openapi.json",
        "retention",
        "reveals",
        "roles",
        "security",
        "settings",
        "sign-in-events",
        "teams",
        "users",
        "view-preferences",
        "views",
        "webhooks",
    ),
    "customer": (
        "attachments",
        "custom-fields",
        "customers",
        "exports",
        "imports",
        "options",
        "people",
        "search",
        "tags",
    ),
    "contact": ("agenda", "contacts", "tasks"),
    "deal": ("currencies", "deals", "exchange-rates", "pipelines", "products", "quotes", "targets"),
    "report": ("dashboards", "reports"),
}
"""The first parts of the paths of each service. What is about no record is with `auth`, which holds the sockets too."""

_SERVICE_OF = {part: service for service, parts in PATHS.items() for part in parts}


def service_of(path: str) -> str | None:
    """The service that answers for a path behind the API's prefix; None for one that every process answers."""
    return _SERVICE_OF.get(path.partition("/")[0])
