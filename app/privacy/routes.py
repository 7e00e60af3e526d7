"""`/people/{id}/personal-data`, `/people/{id}/erase`, the same of private customers, `/access-log`, `/retention`."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..auth.sessions import prove_password
from ..auth.units import calling, in_own_unit
from ..listing import encode
from ..routing import Routes
from . import access_log, retention, service
from .disclosing import page_of
from .personal import Subject
from .schemas import (
    AccessLogQuery,
    AccessLogSchema,
    DisclosureFormat,
    DisclosureOrderSchema,
    DisclosureSchema,
    ErasedSchema,
    ErasureSchema,
    RetentionPreviewSchema,
    RetentionQuery,
)

routes = Routes("privacy", __name__)


def _loader(resource: str) -> Any:
    return lambda actor, record_id: service.subject(actor, resource, record_id)


def _hand_out(actor: Actor, subject: Subject, body: dict[str, Any]) -> Response:
    told = service.hand_out(actor, subject)
    if body["format"] == DisclosureFormat.HTML:
        answer = Response(page_of(told), 200, mimetype="text/html")
    else:
        answer = Response(encode(told), 200, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{subject.resource}-{subject.id}.{body["format"]}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _erase(actor: Actor, subject: Subject, body: dict[str, Any]) -> Response:
    prove_password(actor, body["password"], calling())
    return in_own_unit(actor, partial(service.erase_person, actor, subject, body["reason"]))


_HANDED: dict[str, Any] = {
    "permission": Permission.PRIVACY_READ,
    "body": DisclosureOrderSchema,
    "answer": DisclosureSchema,
    "files": ("text/html",),
    "in_person": True,
}
_ERASED: dict[str, Any] = {
    "permission": Permission.PRIVACY_ERASE,
    "body": ErasureSchema,
    "answer": ErasedSchema,
    "unit": "own",
    "in_person": True,
}


@routes.endpoint_for(
    "POST",
    "/people/<int:record_id>/personal-data",
    load_with=_loader("person"),
    summary="Hand out all that is known about a person",
    **_HANDED,
)
def hand_out_person(actor: Actor, subject: Subject, body: dict[str, Any]) -> Response:
    """Fields, contact records, tasks, files, roles, history, and who opened and exported them."""
    return _hand_out(actor, subject, body)


@routes.endpoint_for(
    "POST",
    "/customers/<int:record_id>/personal-data",
    load_with=_loader("customer"),
    summary="Hand out all that is known about a private customer",
    **_HANDED,
)
def hand_out_customer(actor: Actor, subject: Subject, body: dict[str, Any]) -> Response:
    """As of a person, with the deals and quotes."""
    return _hand_out(actor, subject, body)


@routes.endpoint_for(
    "POST",
    "/people/<int:record_id>/erase",
    load_with=_loader("person"),
    summary="Erase a person for good; what reports count stays",
    **_ERASED,
)
def erase_person(actor: Actor, subject: Subject, body: dict[str, Any]) -> Response:
    """It asks for the own password and a reason, and cannot be undone."""
    return _erase(actor, subject, body)


@routes.endpoint_for(
    "POST",
    "/customers/<int:record_id>/erase",
    load_with=_loader("customer"),
    summary="Erase a private customer for good; what reports count stays",
    **_ERASED,
)
def erase_customer(actor: Actor, subject: Subject, body: dict[str, Any]) -> Response:
    """As of a person, with the people, deals, quotes, tasks and files."""
    return _erase(actor, subject, body)


@routes.endpoint_for(
    "GET",
    "/access-log",
    permission=Permission.PRIVACY_READ,
    query=AccessLogQuery,
    answer=AccessLogSchema,
    summary="Who opened, exported and handed out what, newest first",
)
def read_access_log(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Each person and record once in an hour."""
    return access_log.listed(actor, query)


@routes.endpoint_for(
    "GET",
    "/retention/preview",
    permission=Permission.SETTING_WRITE,
    query=RetentionQuery,
    answer=RetentionPreviewSchema,
    summary="How much rules of retention would take now",
)
def preview_retention(_actor: Actor, query: dict[str, Any]) -> dict[str, int]:
    """The rules of the query string, not those of the settings."""
    return retention.preview(query)
