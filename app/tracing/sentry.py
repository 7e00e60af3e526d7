"""Error reports to Sentry: what is logged as an error, cleaned as the log is, without requests, bodies or variables."""

from __future__ import annotations

from typing import Any

import sentry_sdk
from flask import Flask

import logs
from config import Settings


def _cleaned(event: Any, _hint: Any) -> Any:
    carried = logs.carried()
    tags = {name: str(carried[name]) for name in ("request_id", "job_kind", "chore") if carried.get(name)}
    for absent in ("request", "user", "modules", "server_name", "breadcrumbs"):
        event.pop(absent, None)
    # What was put into a message looks harmless by itself: only in its place is it seen to be a token.
    event.get("logentry", {}).pop("params", None)
    cleaned = logs.cleaned(event)
    cleaned["tags"] = {**(cleaned.get("tags") or {}), **tags}
    return cleaned


def begin(_app: Flask, settings: Settings) -> None:
    """Report errors of this process."""
    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        include_local_variables=False,
        auto_enabling_integrations=False,
        traces_sample_rate=None,
        max_breadcrumbs=0,
        before_send=_cleaned,
    )
