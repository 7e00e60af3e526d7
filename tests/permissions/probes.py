"""What is sent for each line of the table, and how its answer is read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from app.routing import PREFIX

from ..attachment.test_attachments import PDF
from ..cast import PASSWORD
from .stage import PHONES, Stage
from .table import Line

Body = dict[str, Any]

_FIELD: dict[str, Body] = {
    "customers": {"title": "x"},
    "people": {"title": "x"},
    "contacts": {"content": "x"},
    "deals": {"next_step": "x"},
    "tasks": {"subject": "x"},
    "quotes": {"terms": "x"},
    "views": {"name": "x"},
    "dashboards": {"name": "x"},
    "targets": {"value": "9"},
    "tags": {"name": "x"},
    "options": {"label_en": "x"},
    "custom-fields": {"label_en": "x"},
    "products": {"name": "x"},
    "pipelines": {"name": "x"},
    "exchange-rates": {"rate": "8"},
    "teams": {"name": "x"},
    "users": {"title": "x"},
    "imports": {"options": {"existing": "skip"}},
    "auth": {"title": "x"},
    "settings": {"duplicate_check": "block"},
    "roles": {"name_en": "x"},
    "webhooks": {"description": "x"},
}
"""What an edit changes."""

_STAGES = [
    {"name": "a", "kind": "open", "win_probability": 0.5},
    {"name": "b", "kind": "won", "win_probability": 1},
    {"name": "c", "kind": "lost", "win_probability": 0},
]

_NEW: dict[str, Body] = {
    "customers": {"name": "New"},
    "people": {"name": "New"},
    "contacts": {"kind": "note", "content": "New"},
    "deals": {"name": "New"},
    "tasks": {"subject": "New"},
    "quotes": {},
    "views": {"name": "New", "resource": "customers"},
    "dashboards": {"name": "New"},
    "targets": {"period": "month", "period_on": "2026-03-01", "measure": "won_count", "value": "1"},
    "tags": {"name": "New"},
    "options": {"list": "source", "value": "new"},
    "custom-fields": {"resource": "customers", "kind": "text", "key": "new", "label_en": "x", "label_zh": "x"},
    "products": {"code": "N", "name": "New"},
    "pipelines": {"name": "New", "stages": _STAGES},
    "exchange-rates": {"currency": "EUR", "valid_on": "2026-03-01", "rate": "7"},
    "teams": {"name": "New"},
    "users": {"name": "New", "email": "new@example.com", "role": "sales"},
    "exports": {"resource": "customers", "format": "csv"},
    "roles": {"key": "new", "name_en": "New", "permissions": ["customer:read"], "sight": "own"},
    # Nothing is ever sent there: the name is kept for nobody.
    "webhooks": {"url": "https://webhook.invalid/", "event_types": ["deal.won"]},
}
"""What a new record is made of, the record apart that it belongs to."""


NAMES = {"customers": "Matrix", "people": "Person", "contacts": "Said", "deals": "Deal", "tasks": "Task"}
"""What a record is called, before its state."""


@dataclass
class Request:
    """One request; with the token of whoever sends it, unless there is one here."""

    method: str
    path: str
    body: Body | None = None
    form: dict[str, Any] | None = None
    token: str | None = None

    def send(self, stage: Stage, person: str) -> TestResponse:
        """Its answer."""
        more: dict[str, Any] = {"buffered": True}
        if self.form is not None:
            more["data"] = {
                name: (io.BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value
                for name, value in self.form.items()
            }
        elif self.method != "GET":
            more["json"] = self.body or {}
        token = stage[person].token if self.token is None else self.token
        headers = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {token}"} if token else {})
        path = self.path if self.path.startswith(("/health", "/metrics")) else PREFIX + self.path
        with stage.app.app_context():
            return stage.app.test_client().open(path, method=self.method, headers=headers, **more)


def request_of(stage: Stage, line: Line, person: str, record_id: int | None = None) -> Request:
    """What a person sends for a line; with another id than the record's where one is given."""
    path = line.address
    if line.path in _SECOND:
        path = f"{path.removesuffix('{id}')}{stage.id('auth', _SECOND[line.path])}"
    if "{id}" in path:
        path = path.replace("{id}", str(record_id if record_id is not None else _id(stage, line)))
    path = path.replace("{source}", "erp").replace("{external_id}", line.state)
    path = path.replace("{digest}", stage.words["digest"]).replace("{provider}", "nobody")
    found = _QUERIES.get(line.route[1])
    if found is not None:
        query = found(stage, line)
        path += query if "?" not in path else f"&{query[1:]}"
    method = line.method
    request = Request(method, path)
    if method == "POST" and line.path in ("/imports", "/attachments"):
        request.form = _form(stage, line)
    elif method != "GET":
        request.body = _body(stage, line)
    if line.path == "/auth/login":
        # Who has no account tries the owner's: with a guess, with the token in the place of the password.
        wrong = {"nobody": "no such password", "token": stage["token"].token}
        email = f"{'owner' if person in wrong else person}@example.com"
        request.body = {"email": email, "password": wrong.get(person, PASSWORD)}
        request.token = ""
    elif line.path in ("/auth/refresh", "/auth/logout"):
        request.token = stage.refresh.get(person, "")
    return request


_SECOND = {
    "/users/{id}/sessions/{id}": "own",
    "/users/{id}/tokens/{id}": "token",
    "/users/{id}/identities/{id}": "identity",
}
"""What the second id of a path is of, among what the owner has to sign in with."""


def _id(stage: Stage, line: Line) -> int:
    named = {"/auth/tokens/{id}": "token", "/auth/identities/{id}": "identity"}.get(line.path)
    return stage.id("auth", named) if named is not None else stage.id(line.resource, line.state)


def _form(stage: Stage, line: Line) -> dict[str, Any]:
    if line.path == "/attachments":
        return {"customer_id": str(stage.id("customers", line.state)), "file": (PDF, "x.pdf")}
    resource = "products" if line.state == "prices" else "customers"
    return {"resource": resource, "file": (b"name\nx\n", "x.csv")}


def _body(stage: Stage, line: Line) -> Body | None:
    made = _BODIES.get((line.method, line.path))
    if made is not None:
        return made(stage, line)
    if line.word == "query":
        return {"query": f"name=Matrix {line.state}", "action": "update", "changes": {"title": "x"}}
    if line.address.endswith("/bulk"):
        if line.word in _CHANGES:
            return {"ids": [stage.id(line.resource, line.state)], **_CHANGES[line.word](stage)}
        act = {"action": "restore"} if line.state == "deleted" else {"action": "delete"}
        return {"ids": [stage.id(line.resource, line.state)], **act}
    if line.method == "PATCH":
        return _FIELD[line.resource]
    if line.path == f"/{line.resource}" or "/external/" in line.path:
        return {**_NEW[line.resource], **_belongs(stage, line)}
    return None


_CHANGES: dict[str, Callable[[Stage], Body]] = {
    "delete": lambda _stage: {"action": "delete"},
    "tag": lambda _stage: {"action": "tag", "changes": {"tags": ["matrix tag"]}},
    "transfer": lambda stage: {"action": "transfer", "changes": {"owner_id": stage["mate"].id}},
    "preview": lambda _stage: {"action": "update", "changes": {"title": "x"}, "preview": True},
}
"""What is done to many records at once, by the word of the line."""


def _belongs(stage: Stage, line: Line) -> Body:
    """To what a new record belongs."""
    at = "own" if line.state == "new" else line.state
    match line.resource:
        case "people" | "contacts":
            return {"customer_id": stage.id("customers", at)}
        case "deals" | "tasks" if at != "free":
            return {"customer_id": stage.id("customers", at)}
        case "quotes":
            return {"deal_id": stage.id("deals", at)}
        case "targets":
            return {"user_id": stage["owner"].id}
        case "customers" if at == "pool":
            return {"owner_id": None}
        case "customers" if at == "mate":
            return {"owner_id": stage["mate"].id}
    return {}


def _ids(stage: Stage, line: Line) -> list[int]:
    return [stage.id(line.resource, line.state)]


def _deputy(stage: Stage, _line: Line) -> Body:
    return {"deputy_id": stage["blind"].id, "from_on": "2026-01-01", "until_on": "2099-12-31"}


def _merged(stage: Stage, line: Line) -> Body:
    return {"target_id": stage.id(line.resource, "own"), "source_ids": [stage.id(line.resource, "twin")]}


_BODIES: dict[tuple[str, str], Callable[[Stage, Line], Body]] = {
    ("POST", "/customers/{id}/reveal"): lambda _stage, _line: {"field": "phone"},
    ("POST", "/people/{id}/reveal"): lambda _stage, _line: {"field": "phone"},
    ("POST", "/deals/{id}/reveal"): lambda _stage, _line: {"field": "description"},
    ("POST", "/auth/password"): lambda _stage, _line: {
        "current_password": PASSWORD,
        "new_password": "another horse battery 7",
    },
    **{
        ("POST", f"/{plural}/{{id}}/erase"): lambda _stage, _line: {"reason": "x", "password": PASSWORD}
        for plural in ("customers", "people")
    },
    ("POST", "/auth/password/forgot"): lambda _stage, _line: {"email": "owner@example.com"},
    ("POST", "/auth/password/link"): lambda _stage, _line: {"token": "x" * 43},
    ("POST", "/auth/password/reset"): lambda _stage, _line: {"token": "x" * 43, "new_password": "battery horse 77 x"},
    ("POST", "/auth/sso/{provider}/finish"): lambda _stage, _line: {"answer": "state=x"},
    ("POST", "/auth/sso/{provider}/link"): lambda _stage, _line: {"password": PASSWORD},
    ("POST", "/auth/sso/{provider}/link/finish"): lambda _stage, _line: {"answer": "state=x"},
    ("POST", "/auth/tokens"): lambda _stage, _line: {"name": "New", "scopes": ["customer:read"]},
    ("POST", "/auth/totp"): lambda _stage, _line: {"password": PASSWORD},
    ("POST", "/auth/totp/confirm"): lambda _stage, _line: {"code": "123456"},
    ("POST", "/auth/totp/recovery-codes"): lambda _stage, _line: {"password": PASSWORD},
    ("POST", "/auth/totp/disable"): lambda _stage, _line: {"password": PASSWORD},
    ("PUT", "/auth/deputy"): _deputy,
    ("PUT", "/users/{id}/deputy"): _deputy,
    ("POST", "/customers/{id}/share"): lambda stage, _line: {"user_id": stage["mate"].id, "access": "read"},
    ("POST", "/customers/{id}/unshare"): lambda stage, _line: {"user_id": stage["reader"].id},
    ("POST", "/customers/bulk"): lambda stage, line: {
        "ids": _ids(stage, line),
        **({"action": "restore"} if line.state == "deleted" else {"action": "update", "changes": {"title": "x"}}),
    },
    ("POST", "/customers/{id}/transfer"): lambda stage, _line: {"owner_id": stage["mate"].id},
    ("POST", "/customers/{id}/disqualify"): lambda stage, _line: {"reason": stage.words["reason"]},
    ("POST", "/customers/merge"): _merged,
    ("POST", "/people/merge"): _merged,
    ("POST", "/customers/check"): lambda _stage, line: {"phone": PHONES[line.state]},
    ("POST", "/deals/{id}/move"): lambda stage, _line: {"stage_id": stage.id("stages", "open")},
    ("POST", "/deals/{id}/lose"): lambda _stage, _line: {"reason": "price"},
    ("POST", "/deals/move"): lambda stage, line: {"ids": _ids(stage, line), "close_month": "2027-01"},
    ("POST", "/tasks/{id}/snooze"): lambda _stage, _line: {"until": "2027-01-01"},
    ("POST", "/views/{id}/prefer"): lambda _stage, _line: {"is_pinned": True, "rank": 3},
    ("PUT", "/targets/grid"): lambda stage, _line: {
        "year": 2026,
        "measure": "won_count",
        "rows": [{"user_id": stage["owner"].id, "cells": {"2026-05": "4"}}],
    },
    ("POST", "/options/{id}/merge"): lambda stage, _line: {"target_id": stage.id("options", "other")},
    ("PUT", "/exchange-rates"): lambda _stage, _line: {"rates": [_NEW["exchange-rates"]]},
    ("POST", "/notifications/read"): lambda stage, _line: {"up_to": stage.id("notifications", "own")},
    ("PATCH", "/settings/company"): lambda _stage, _line: {"number_pattern": "N{YYYY}-{seq}"},
    ("PUT", "/settings/company"): lambda _stage, _line: {"number_pattern": "N{YYYY}-{seq}", "entities": []},
}

_DAYS = "?from=2026-01-01&to=2027-12-31"

_QUERIES: dict[str, Callable[[Stage, Line], str]] = {
    "/agenda": lambda stage, _line: f"?assignee_id={stage['owner'].id}",
    "/deals/board": lambda stage, _line: f"?pipeline_id={stage.id('pipelines', 'own')}",
    "/search": lambda _stage, line: (
        f"?q={PHONES['pool'] if line.state == 'phone' else f'{NAMES[_searched(line)]} {line.state}'}"
    ),
    "/journal": lambda stage, line: (
        f"?resource=user&id={stage['owner'].id}"
        if line.state == "user"
        else f"?resource=customer&id={stage.id('customers', 'own')}"
    ),
    "/events": lambda stage, _line: f"?after={stage.words['after']}",
    "/views/fields": lambda _stage, _line: "?resource=customers",
    "/imports/sample": lambda _stage, _line: "?resource=customers",
    "/exports/columns": lambda _stage, _line: "?resource=customers",
    "/exports/{id}/download": lambda stage, line: (
        f"?ticket={'x' * 43 if line.state == 'forged' else stage.words['ticket']}"
    ),
    "/targets/attainment": lambda _stage, _line: "?year=2026&measure=won_count",
    "/options": lambda _stage, line: "?list=source" if line.method == "GET" else "",
    "/reports/pipeline/changes": lambda _stage, _line: _DAYS,
    **{
        f"/reports/{name}": lambda _stage, _line: _DAYS
        for name in ("activity", "customers", "leaderboard", "leads", "losses", "sales", "summary", "velocity")
    },
}


# ---- how answers are read --------------------------------------------------------------------------------------------


def _searched(line: Line) -> str:
    kind = line.address.partition("?types=")[2] or "customer"
    return {"person": "people"}.get(kind, f"{kind}s")


_SECRETS = {"customers": "phone", "people": "phone", "products": "cost", "users": "email"}
"""A field of each resource that not everybody reads."""

_VOLATILE = re.compile(r'"(?:as_of|generated_at|now|at|can_write|from|to)":"?[^,}]*')


def cell_of(stage: Stage, line: Line, person: str, answer: TestResponse) -> str:
    """What came of a request, in the words of the table."""
    status = answer.status_code
    if status >= 300:
        return str(status)
    if line.method == "GET" and line.state:
        return _shown(stage, line, person, answer)
    if line.address.endswith("/bulk"):
        body = answer.get_json()
        if not body["matched"]:
            return "none"
        return str(body["failed"][0]["problem"]["status"]) if body["failed"] else "ok"
    if line.path == "/customers/check":
        matches = answer.get_json()["matches"]
        if not matches:
            return "none"
        return "ok" if matches[0]["is_visible"] and matches[0]["name"] else "part"
    return "ok"


def _shown(stage: Stage, line: Line, person: str, answer: TestResponse) -> str:
    if answer.mimetype != "application/json":
        return "ok" if answer.get_data() else "none"
    text = answer.get_data(as_text=True)
    body = json.loads(text)
    if line.path == "/reports/hygiene/digest":
        return _any(body["lines"], lambda _one: True)
    if line.path.startswith("/reports/"):
        return "none" if _plain(text) == _of_blind(stage, line) else "ok"
    if line.route[1] == "/search":
        plural = _searched(line)
        sought = stage.id(plural, "pool" if line.state == "phone" else line.state)
        kind = "person" if plural == "people" else plural[:-1]
        return _any(body["data"], lambda one: (one["type"], one["id"]) == (kind, sought))
    if line.path == "/journal":
        return _any(body["data"], lambda one: one["resource"] in ("customer", "user"))
    if line.path == "/events":
        plural = "deals" if line.state == "free" else "customers"
        told = [one["record"] for one in body["data"] if one["resource"] == plural[:-1] and one["record"] is not None]
        return part_of(plural, [one for one in told if one["id"] == stage.id(plural, line.state)])
    if line.path == "/deals/board":
        cards = [card for column in body["columns"] for card in column["cards"]]
        return _any(cards, lambda one: one["id"] == stage.id("deals", "own"))
    if line.path in ("/agenda", "/targets/attainment"):
        about = '"Task own"' if line.path == "/agenda" else f'"user_id":{stage["owner"].id}'
        return "ok" if about in text else "none"
    if line.path == "/deals/{id}/stages" or line.path.endswith("/timeline"):
        return _any(body["data"], lambda _one: True)
    if line.path == "/customers/{id}/people":
        found = [one for one in body["data"] if one["id"] == stage.id("people", line.state)]
        return part_of("people", found)
    if line.path.endswith(
        ("/owners", "/transfer", "/deputy", "/holdings", "/users/{id}/sessions", "/users/{id}/tokens")
    ):
        return "ok"
    if line.path == "/auth/sso" or line.path.endswith("{id}/identities"):
        return "ok"
    if line.path == "/auth/identities":
        return _any(body["data"], lambda one: one["id"] == stage.id("auth", "identity"))
    if line.path == "/auth/tokens":
        return _any(body["data"], lambda one: one["id"] == stage.id("auth", "token"))
    if line.path == "/auth/sessions":
        return _any(body["data"], lambda one: one["id"] == stage.id("auth", "own"))
    if "{id}" in line.path:
        return part_of(line.resource, [body])
    record_id = stage.id(line.resource, line.state)
    return part_of(line.resource, [one for one in body["data"] if one["id"] == record_id])


def _of_blind(stage: Stage, line: Line) -> str:
    """What a report says to somebody who sees nothing that it is about."""
    if str(line) not in stage.words:
        answer = request_of(stage, line, "blind").send(stage, "blind")
        stage.words[str(line)] = _plain(answer.get_data(as_text=True))
    return stage.words[str(line)]


def part_of(resource: str, found: list[Body]) -> str:
    """Whether a record is there, and whether it tells what not everybody reads."""
    if not found:
        return "none"
    secret = _SECRETS.get(resource)
    value = None if secret is None else found[0].get(secret)
    return "ok" if secret is None or (value and "*" not in value) else "part"


def _any(rows: list[Body], holds: Callable[[Body], bool]) -> str:
    return "ok" if any(map(holds, rows)) else "none"


def _plain(text: str) -> str:
    return _VOLATILE.sub("", text)
