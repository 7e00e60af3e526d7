"""The OpenAPI document is true: it has every route, it is valid, and what is answered is what it says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from app import create_app
from app.routing import CRM, OPERATIONS, PREFIX, PUBLIC, SIGNED_IN
from config import settings_from

from ..cast import Cast, Member

ITSELF = {f"{PREFIX}/openapi.json", f"{PREFIX}/docs"}
"""The document and its page: the only addresses that it does not describe."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> CRM:
    """An application that nobody asks for data: its document is the same on every database."""
    folder = tmp_path_factory.mktemp("document")
    return create_app(settings_from({"DATA_DIR": str(folder), "RATELIMIT_ENABLED": "0"}))


@pytest.fixture(scope="module")
def document(served: CRM) -> dict[str, Any]:
    """The served document."""
    answer = served.test_client().get(f"{PREFIX}/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return dict(answer.get_json())


def addresses(app: CRM) -> set[tuple[str, str]]:
    """Method and path of every route of the API, written as in OpenAPI."""
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX) and rule.rule not in ITSELF:
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: "{" + name[1].replace("record_id", "id") + "}", rule.rule)
            found |= {(method.lower(), path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return found


def test_it_has_every_route_and_no_other(served: CRM, document: dict[str, Any]) -> None:
    described = {(method, path) for path, item in document["paths"].items() for method in item}
    assert described == addresses(served)


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    validate(document)
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema, name


def test_names_are_unique_and_said(document: dict[str, Any]) -> None:
    operations = [one for item in document["paths"].values() for one in item.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    assert all(one["summary"] and one["tags"] and one["responses"] for one in operations)
    tags = {tag["name"] for tag in document["tags"]}
    assert {tag for one in operations for tag in one["tags"]} == tags


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    names: set[str] = set()

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                names.add(node["$ref"])
            for inner in node.values():
                visit(inner)
        elif isinstance(node, list):
            for inner in node:
                visit(inner)

    visit(document)
    components = document["components"]
    assert names
    for name in names:
        _, _, kind, key = name.split("/")
        assert key in components[kind], name


def test_it_says_who_may_call_and_with_what(document: dict[str, Any]) -> None:
    for operation in OPERATIONS.values():
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: "{" + m[1].replace("record_id", "id") + "}", operation.rule)
        told = document["paths"].get(path, {}).get(operation.method.lower())
        if told is None:
            continue
        statuses = set(told["responses"])
        assert str(operation.status) in statuses, path
        assert (told.get("security") == []) is (operation.permission == PUBLIC), path
        if operation.permission not in (PUBLIC, SIGNED_IN):
            assert {"401", "403"} <= statuses, path
        if "<" in operation.rule:
            assert "404" in statuses, path
        headers = {one["$ref"].rsplit("/", 1)[-1] for one in told["parameters"] if "$ref" in one}
        assert ("IdempotencyKey" in headers) is operation.idempotent, path
        assert ("IfMatch" in headers) is operation.conditional, path
        if operation.listing is not None:
            named = {one.get("name") for one in told["parameters"]}
            assert set(operation.listing.plain) <= named, path
            assert {"page", "per_page", "sort", "cursor", "count", "fields", "where", "deleted"} <= named, path


class Checked:
    """A member whose every answer is held against the document."""

    def __init__(self, member: Member, document: dict[str, Any]) -> None:
        self.member, self.document = member, document
        self.checked: set[tuple[str, str, int]] = set()

    def call(self, method: str, path: str, template: str, json: Any = None, **headers: str) -> TestResponse:
        """Send, and compare status, type and body with what is described."""
        kwargs: dict[str, Any] = {"headers": headers}
        if json is not None:
            kwargs["json"] = json
        answer = self.member.call(method, path, **kwargs)
        told = self.document["paths"][PREFIX + template][method.lower()]["responses"]
        described = told.get(str(answer.status_code))
        assert described is not None, (method, template, answer.status_code, answer.get_data(as_text=True))
        if answer.get_data():
            schema = described["content"][answer.mimetype]["schema"]
            whole = {**schema, "components": self.document["components"]}
            faults = [
                f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
                for error in Draft202012Validator(whole).iter_errors(answer.get_json())
            ]
            assert faults == [], (method, template)
        else:
            assert "content" not in described, (method, template)
        self.checked.add((method, template, answer.status_code))
        return answer


CUSTOMER = {
    "name": "张三",
    "email": "a@example.com",
    "phone": "13812345678",
    "tags": ["VIP"],
    "address": {"city": "上海", "street": None},
    "annual_revenue": "1.5",
    "credit_rating": 50,
    "source": "website",
    "next_follow_up_at": "2026-01-01T00:00:00Z",
    "description": "x",
    "website": "example.com",
}
PERSON = {
    "name": "Pat",
    "customer_id": 1,
    "emails": [{"address": "p@example.com"}],
    "phones": [{"raw": "139 0000 0000", "is_primary": True}],
    "birthday": "1990-01-01",
    "customers": [],
}


def test_answers_are_as_described(cast: Cast, document: dict[str, Any]) -> None:
    alice, root, vera = (Checked(one, document) for one in (cast.alice, cast.root, cast.vera))
    sent: dict[str, Any] = {**CUSTOMER, "collaborators": [{"user_id": cast.bob.id}]}
    alice.call("POST", "/customers", "/customers", sent)
    alice.call("POST", "/people", "/people", PERSON)
    alice.call("POST", "/tags", "/tags", {"name": "new", "colour": "red"})
    root.call("POST", "/options", "/options", {"list": "source", "value": "fair"})
    record = {"customers": "Acme", "people": "Pat", "tags": "t"}
    for plural, name in record.items():
        one = f"/{plural}/{{id}}"
        tag = alice.call("GET", f"/{plural}/1", one).headers["ETag"]
        alice.call("GET", f"/{plural}/1", one, **{"If-None-Match": tag})
        alice.call("GET", f"/{plural}", f"/{plural}")
        alice.call("GET", f"/{plural}?count=none", f"/{plural}")
        alice.call("GET", f"/{plural}?count=capped&per_page=1", f"/{plural}")
        alice.call("GET", f"/{plural}?nope=1", f"/{plural}")
        alice.call("GET", f"/{plural}/99", one)
        alice.call("PATCH", f"/{plural}/1", one, {"name": name})
        alice.call("PATCH", f"/{plural}/1", one, {"name": name}, **{"If-Match": '"1.x"'})
        alice.call("PATCH", f"/{plural}/1", one, {"name": name}, **{"If-Match": "bad"})
        alice.call("PATCH", f"/{plural}/1", one, {"nope": 1})
        alice.call("POST", f"/{plural}", f"/{plural}", {"nope": 1})
        vera.call("POST", f"/{plural}", f"/{plural}", {"name": "x"})
        vera.call("PATCH", f"/{plural}/1", one, {"name": "x"})
    alice.call("POST", "/customers", "/customers", {"name": "b", "email": "A@example.com"})
    external = "/customers/external/{source}/{external_id}"
    alice.call("PUT", "/customers/external/erp/1", external, {"name": "x"})
    alice.call("PUT", "/customers/external/erp/1", external, {"name": "y"})
    root.call("POST", "/customers", "/customers", {"name": "Pool", "owner_id": None})
    alice.call("GET", "/customers/3", "/customers/{id}")
    alice.call("POST", "/customers/3/claim", "/customers/{id}/claim")
    alice.call("POST", "/customers/3/claim", "/customers/{id}/claim")
    alice.call("POST", "/customers/3/release", "/customers/{id}/release")
    alice.call("DELETE", "/people/1", "/people/{id}")
    alice.call("POST", "/people/1/restore", "/people/{id}/restore")
    mark = alice.call("GET", "/events", "/events").get_json()["meta"]["watermark"]
    alice.call("PATCH", "/customers/1", "/customers/{id}", {"title": "x"})
    alice.call("GET", f"/events?after={mark}", "/events")
    alice.call("GET", "/events?after=x", "/events")
    for path in ("/options", "/users", "/teams", "/contacts", "/deals", "/pipelines", "/products", "/auth/me"):
        alice.call("GET", path, path)
    told = alice.checked | root.checked | vera.checked
    assert {status for _, _, status in told} >= {200, 201, 204, 304, 400, 403, 404, 409, 412, 422}


def test_refusals_before_sign_in_are_as_described(cast: Cast, document: dict[str, Any]) -> None:
    """Every operation that needs a sign-in says 401, whatever its method and path."""
    with cast.alice.app.app_context():
        client = cast.alice.app.test_client()
        for path, item in document["paths"].items():
            for method, told in item.items():
                if told.get("security") == []:
                    continue
                filled = re.sub(r"\{(\w+)\}", "1", path)
                answer = client.open(filled, method=method.upper(), headers={"Accept-Language": "en"})
                assert answer.status_code == 401, (method, path)
                assert "401" in told["responses"], (method, path)
