"""What is refused, in which order, in which words, with which headers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app import create_app
from app.auth.models import Role, SignIn, User, role_of
from app.customer.models import Customer
from app.database import db
from app.transaction import unit_of_work
from config import settings_from

from ..cast import Cast, Member
from .looking import faults, said, scalar

PLAIN = {"Content-Type": "application/json"}


def raw(member: Member, method: str, path: str, body: bytes | str, **headers: str) -> TestResponse:
    """A request with a body exactly as given."""
    return member.call(method, path, data=body, headers={**PLAIN, **headers})


def nobody(cast: Cast, method: str, path: str, **kwargs: Any) -> TestResponse:
    """A request without a sign-in."""
    headers = {"Accept-Language": "en", **kwargs.pop("headers", {})}
    with cast.alice.app.app_context():
        return cast.alice.app.test_client().open("/api/v1" + path, method=method, headers=headers, **kwargs)


def how_many() -> int:
    return int(scalar(select(func.count()).select_from(Customer)))


# ---- the order of refusals ------------------------------------------------------------------------------------------


def test_order_of_refusals(cast: Cast) -> None:
    """One request that is wrong in every way; each step takes the first fault away and meets the next."""
    taken = cast.alice.made("/customers", {"name": "Taken", "email": "taken@example.com"})
    record = cast.alice.made("/customers", {"name": "Record", "collaborators": [{"user_id": cast.bob.id}]})
    path = f"/customers/{record['id']}"
    stale = {"If-Match": '"0.x"'}
    wrong, clashing = {"id": 5, "name": ""}, {"email": "TAKEN@example.com"}
    big = b" " * (1024 * 1024 + 1)

    def statuses(body: bytes, **headers: str) -> list[int]:
        askers: list[Any] = [None, cast.vera, cast.mallory, cast.bob, cast.alice]
        return [
            (
                nobody(cast, "PATCH", path, data=body, headers={**PLAIN, **stale, **headers})
                if one is None
                else raw(one, "PATCH", path, body, **stale, **headers)
            ).status_code
            for one in askers
        ]

    assert statuses(big, **{"Content-Type": "text/plain"}) == [413] * 5
    assert statuses(b"{", **{"Content-Type": "text/plain"}) == [415] * 5
    assert statuses(b"{") == [400] * 5
    assert statuses(json.dumps(wrong).encode()) == [401, 403, 404, 403, 422]
    assert statuses(b'{"name": NaN}') == [401, 403, 404, 403, 422]
    assert statuses(b"[" * 40 + b"]" * 40) == [401, 403, 404, 403, 422]
    assert statuses(json.dumps(clashing).encode()) == [401, 403, 404, 403, 412]
    answer = raw(cast.alice, "PATCH", path, json.dumps(clashing), **{"If-Match": "*"})
    assert answer.status_code == 409
    assert said(answer)["errors"] == [{"pointer": "#/email", "code": "taken", "detail": "This is in use already."}]
    assert cast.alice.get(path).get_json() == record
    assert cast.alice.get(f"/customers/{taken['id']}").get_json() == taken


def test_order_without_a_row(cast: Cast) -> None:
    deep = b"[" * 40 + b"]" * 40
    assert nobody(cast, "POST", "/customers", data=deep, headers=PLAIN).status_code == 401
    assert raw(cast.vera, "POST", "/customers", deep).status_code == 403
    assert raw(cast.alice, "POST", "/customers", deep).status_code == 422
    assert raw(cast.alice, "PUT", "/customers/external/erp/1", deep).status_code == 422
    assert raw(cast.vera, "PUT", "/customers/external/erp/1", deep).status_code == 403
    assert raw(cast.vera, "POST", "/customers?nope=1", b"{}").status_code == 403
    assert raw(cast.alice, "POST", "/customers/77", b"{}").status_code == 405
    assert cast.alice.get("/customers/77?nope=1").status_code == 404
    assert how_many() == 0


def test_an_unknown_query_key_is_named(cast: Cast) -> None:
    record_id = cast.alice.made("/customers", {"name": "Acme"})["id"]
    assert faults(cast.alice.get(f"/customers/{record_id}?nope=1")) == {"nope": "unknown_parameter"}
    assert faults(cast.alice.post("/customers?nope=1", {"name": "x"})) == {"nope": "unknown_parameter"}
    assert faults(cast.alice.patch(f"/customers/{record_id}?nope=1&more", {"name": "x"})) == {
        "nope": "unknown_parameter",
        "more": "unknown_parameter",
    }
    assert faults(cast.alice.delete(f"/customers/{record_id}?nope=1")) == {"nope": "unknown_parameter"}
    assert faults(cast.alice.put("/customers/external/a/b?nope=1", {"name": "x"})) == {"nope": "unknown_parameter"}
    assert faults(cast.alice.get("/events?nope=1")) == {"nope": "unknown_parameter"}
    assert faults(cast.alice.get("/events?limit=1&limit=2")) == {"limit": "repeated"}
    assert how_many() == 1


# ---- JSON, strictly -------------------------------------------------------------------------------------------------

NOT_JSON = {
    "nothing but blanks": b"   ",
    "cut off": b'{"name": "x"',
    "two values": b'{"name": "x"} {}',
    "single quotes": b"{'name': 'x'}",
    "comment": b'{"name": "x"} // hello',
    "trailing comma": b'{"name": "x",}',
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "surrogates in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + b'{"name": "x"}',
    "raw control character": b'{"name": "a\x01b"}',
    "leading zero": b'{"credit_rating": 01}',
    "half a surrogate escape": b'{"name": "\\ud8"}',
}


def test_what_is_not_json(cast: Cast) -> None:
    expected = {
        "type": "/problems/not-json",
        "title": "Not JSON",
        "status": 400,
        "detail": "The body is not valid JSON in UTF-8.",
    }
    found = {case: said(raw(cast.alice, "POST", "/customers", body)) for case, body in NOT_JSON.items()}
    assert found == dict.fromkeys(NOT_JSON, expected)
    assert how_many() == 0


@pytest.mark.parametrize(
    "body", [b'{"name": "a", "name": "b"}', b'{"name": "a", "address": {"city": "x", "city": "x"}}', b'{"": 1, "": 2}']
)
def test_duplicate_keys(cast: Cast, body: bytes) -> None:
    answer = raw(cast.alice, "POST", "/customers", body)
    assert (answer.status_code, said(answer)["type"]) == (400, "/problems/duplicate-key")


AGAINST_A_RULE: dict[str, tuple[bytes, dict[str, str]]] = {
    "NaN": (b'{"name": NaN}', {"#": "not_finite"}),
    "Infinity": (b'{"name": "x", "credit_rating": -Infinity}', {"#": "not_finite"}),
    "33 levels": (b'{"custom": ' + b'{"a":' * 32 + b"1" + b"}" * 33, {"#": "too_deep"}),
    "a thousand levels": (b"[" * 1_000 + b"]" * 1_000, {"#": "too_deep"}),
    "very many levels": (b"[" * 200_000 + b"]" * 200_000, {"#": "too_deep"}),
    "too many nodes": (b'{"tags": [' + b'"a",' * 10_001 + b'"a"]}', {"#": "too_many"}),
    "huge integer": (b'{"name": "x", "credit_rating": ' + b"9" * 5_000 + b"}", {"#": "number"}),
    "huge fraction": (b'{"name": "x", "annual_revenue": 0.' + b"1" * 100 + b"}", {"#": "number"}),
    "huge exponent": (b'{"name": "x", "annual_revenue": 1e99999}', {"#/annual_revenue": "out_of_range"}),
    "exponent beyond decimal": (b'{"name": "x", "annual_revenue": 1e99999999999999999999}', {"#": "number"}),
    "tiny exponent": (b'{"name": "x", "annual_revenue": 1e-99999}', {"#/annual_revenue": "too_precise"}),
    "huge exponent as text": (b'{"name": "x", "annual_revenue": "1e9"}', {"#/annual_revenue": "decimal"}),
    "over 63 bits": (b'{"name": "x", "parent_id": 9223372036854775808}', {"#/parent_id": "out_of_range"}),
    "twenty-one digits": (b'{"name": "x", "owner_id": 999999999999999999999}', {"#/owner_id": "out_of_range"}),
    "a list": (b"[]", {"#": "wrong_type"}),
    "a list of records": (b'[{"name": "x"}]', {"#": "wrong_type"}),
    "null": (b"null", {"#": "wrong_type"}),
    "a text": (b'"x"', {"#": "wrong_type"}),
    "a number": (b"5", {"#": "wrong_type"}),
    "lone surrogate": (b'{"name": "a\\ud800b"}', {"#/name": "control_characters"}),
    "lone surrogate in prose": (b'{"name": "x", "description": "\\udfff"}', {"#/description": "control_characters"}),
    "lone surrogate in a key": (b'{"name": "x", "\\ud800": 1}', {"#": "control_characters"}),
    "lone surrogate in a deep key": (b'{"name": "x", "custom": {"a\\udc00": 1}}', {"#": "control_characters"}),
    "NUL in prose": (b'{"name": "x", "description": "a\\u0000"}', {"#/description": "control_characters"}),
    "NUL in a line": (b'{"name": "a\\u0000b"}', {"#/name": "control_characters"}),
    "NUL in a key": (b'{"name": "x", "\\u0000": 1}', {"#/\x00": "unknown_field"}),
    "a line in two": (b'{"name": "a\\nb"}', {"#/name": "control_characters"}),
    "bidirectional override": (b'{"name": "a\\u202eb"}', {"#/name": "bidi_override"}),
    "nothing": (b"{}", {"#/name": "required"}),
    "no bytes": (b"", {"#/name": "required"}),
    "a blank name": (b'{"name": " \\u3000 "}', {"#/name": "required"}),
    "a null name": (b'{"name": null}', {"#/name": "required"}),
}


def test_readable_but_against_a_rule(cast: Cast) -> None:
    found = {case: faults(raw(cast.alice, "POST", "/customers", body)) for case, (body, _) in AGAINST_A_RULE.items()}
    assert found == {case: expected for case, (_, expected) in AGAINST_A_RULE.items()}
    assert how_many() == 0


def test_what_is_just_within_the_rules(cast: Cast) -> None:
    nested: Any = "x"
    for _ in range(31):
        nested = [nested]
    # 32 levels are read, and then refused for what they are.
    assert faults(cast.alice.post("/customers", {"name": nested})) == {"#/name": "wrong_type"}
    made = cast.alice.made("/customers", {"name": "x", "tags": [f"t{n:03}" for n in range(100)]})
    assert len(made["tags"]) == 100
    assert faults(cast.alice.post("/customers", {"name": "x", "tags": ["t"] * 101})) == {"#/tags": "too_many"}
    pair = raw(cast.alice, "POST", "/customers", b'{"name": "\\ud83d\\ude00"}')
    assert (pair.status_code, pair.get_json()["name"]) == (201, "😀")


def test_the_type_of_the_body(cast: Cast) -> None:
    good = b'{"name": "x"}'
    form = "application/x-www-form-urlencoded"
    for kind in ("text/plain", form, "multipart/form-data; boundary=x", "application/xml"):
        answer = raw(cast.alice, "POST", "/customers", good, **{"Content-Type": kind})
        assert (answer.status_code, said(answer)["type"]) == (415, "/problems/wrong-type"), kind
    assert cast.alice.call("POST", "/customers", data=good).status_code == 415
    for encoding in ("gzip", "deflate", "br", "gzip, identity"):
        answer = raw(cast.alice, "POST", "/customers", good, **{"Content-Encoding": encoding})
        assert answer.status_code == 415, encoding
    assert how_many() == 0
    for kind in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON;Charset=UTF-8"):
        assert raw(cast.alice, "POST", "/customers", good, **{"Content-Type": kind}).status_code == 201, kind
    assert raw(cast.alice, "POST", "/customers", good, **{"Content-Encoding": "identity"}).status_code == 201


def test_the_size_of_the_body(cast: Cast) -> None:
    def padded(size: int) -> bytes:
        return b'{"name": "x"' + b" " * (size - 13) + b"}"

    assert raw(cast.alice, "POST", "/customers", padded(1024 * 1024)).status_code == 201
    answer = raw(cast.alice, "POST", "/customers", padded(1024 * 1024 + 1))
    assert said(answer) == {
        "type": "/problems/too-large",
        "title": "Too large",
        "status": 413,
        "detail": "The body is larger than allowed.",
    }


def test_an_action_without_input_takes_none(cast: Cast) -> None:
    record_id = cast.root.made("/customers", {"name": "Pool", "owner_id": None})["id"]
    path = f"/customers/{record_id}/claim"
    assert faults(cast.alice.post(path, {"owner_id": 5})) == {"#/owner_id": "unknown_field"}
    for body in (b"[]", b"null", b"0", b'""', b"false"):
        assert faults(raw(cast.alice, "POST", path, body)) == {"#": "wrong_type"}, body
    assert raw(cast.alice, "POST", path, b"{}").status_code == 200


# ---- fields ---------------------------------------------------------------------------------------------------------

READ_ONLY = (
    *("id", "version", "phone_e164", "parent", "owner", "team_id", "team", "pool_id", "last_contacted_at"),
    *("first_contacted_at", "became_lead_at", "qualified_at", "created_at", "created_by", "updated_at", "is_active"),
)


def test_read_only_and_unknown_fields_are_named_all_at_once(cast: Cast) -> None:
    sent: dict[str, Any] = dict.fromkeys(READ_ONLY, 1)
    unknown = {"nmae": 1, "name_key": "x", "a/b": 1, "~": 1, "can_write": True, "deleted_at": None, "": 1}
    expected = {f"#/{name}": "read_only" for name in READ_ONLY} | {
        f"#/{name.replace('~', '~0').replace('/', '~1')}": "unknown_field" for name in unknown
    }
    record_id = cast.alice.made("/customers", {"name": "x"})["id"]
    assert faults(cast.alice.patch(f"/customers/{record_id}", sent | unknown)) == expected
    assert faults(cast.alice.post("/customers", sent | unknown)) == expected | {"#/name": "required"}
    nested = {"address": {"city": "x", "planet": "y"}, "collaborators": [{"user_id": 1, "role": 1}, 5]}
    assert faults(cast.alice.patch(f"/customers/{record_id}", nested)) == {
        "#/address/planet": "unknown_field",
        "#/collaborators/0/role": "unknown_field",
        "#/collaborators/1": "wrong_type",
    }


def test_every_type_says_what_is_wrong(cast: Cast) -> None:
    sent = {
        "kind": "robot",
        "name": "x" * 201,
        "email": "nobody",
        "website": "javascript:alert(1)",
        "source": "unheard",
        "status": None,
        "credit_rating": 101,
        "tags": [1],
        "address": "here",
        "employee_count": 1.5,
        "annual_revenue": "1.23456",
        "parent_id": 0,
        "next_follow_up_at": "tomorrow",
        "description": 5,
        "owner_id": True,
    }
    assert faults(cast.alice.post("/customers", sent)) == {
        "#/kind": "not_allowed",
        "#/name": "too_long",
        "#/email": "email",
        "#/website": "url",
        "#/status": "required",
        "#/credit_rating": "out_of_range",
        "#/tags/0": "wrong_type",
        "#/address": "wrong_type",
        "#/employee_count": "wrong_type",
        "#/annual_revenue": "too_precise",
        "#/parent_id": "out_of_range",
        "#/next_follow_up_at": "instant",
        "#/description": "wrong_type",
        "#/owner_id": "wrong_type",
    }
    texts = {
        issue["pointer"]: issue["detail"]
        for issue in cast.alice.post("/customers", sent, headers={"Accept-Language": "zh-CN"}).get_json()["errors"]
    }
    assert all(re.search(r"[\u4e00-\u9fff]", text) and "{" not in text for text in texts.values()), texts


def test_text_is_kept(cast: Cast) -> None:
    sent = {
        "name": "\t Ａcmé  Ｇmbh ",
        "description": " a\r\nb\rc\n\u2028\tｄ é e\u0301 \x7f",
        "short_name": "张三",
        "email": " Some.One@Example.COM ",
        "website": "Example.com:8080/x",
    }
    made = cast.alice.made("/customers", sent)
    assert {name: made[name] for name in sent} == {
        "name": "Ａcmé  Ｇmbh",
        "description": " a\nb\nc\n\u2028\tｄ é e\u0301 \x7f",
        "short_name": "张三",
        "email": "Some.One@Example.COM",
        "website": "Example.com:8080/x",
    }
    assert cast.alice.get(f"/customers/{made['id']}").get_json() == made
    assert cast.alice.made("/customers", {"name": "blank", "email": "", "phone": " "})["email"] is None


# ---- addresses ------------------------------------------------------------------------------------------------------


def test_addresses_that_do_not_exist(cast: Cast) -> None:
    paths = ("/nowhere", "/customers/abc", "/customers/-1", "/customers/1/nope", "/customers/", "//customers")
    asked = [(method, path) for method in ("GET", "POST", "PUT", "PATCH", "DELETE") for path in paths]
    expected = {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no such record, or it is not visible to you.",
    }
    assert {one: said(cast.alice.call(*one)) for one in asked} == dict.fromkeys(asked, expected)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/customers", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/customers/5", {"GET", "HEAD", "OPTIONS", "PATCH", "DELETE"}),
        ("GET", "/customers/5/claim", {"OPTIONS", "POST"}),
        ("TRACE", "/customers", {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
def test_methods_that_do_not_exist(cast: Cast, method: str, path: str, allowed: set[str]) -> None:
    answer = cast.alice.call(method, path)
    assert said(answer) == {
        "type": "/problems/method-not-allowed",
        "title": "Method not allowed",
        "status": 405,
        "detail": "This address does not take that method.",
    }
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_ids_beyond_reach(cast: Cast) -> None:
    for number in ("0", "999", str(2**63 - 1), str(2**63), "9" * 60, "9" * 4_000):
        for method in ("GET", "PATCH", "DELETE"):
            assert cast.alice.call(method, f"/customers/{number}").status_code == 404, (method, number[:30])
        assert cast.alice.post(f"/customers/{number}/restore").status_code == 404


# ---- sign-in --------------------------------------------------------------------------------------------------------


def test_without_a_good_token(cast: Cast) -> None:
    token = cast.alice.token
    head, body, signature = token.split(".")
    bad = [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {token}",
        token,
        "Bearer x",
        "Bearer a.b.c",
        f"Bearer {head}.{body}.",
        f"Bearer {head}.{body}.{signature[:-4]}AAAA",
        f"Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.",
        "Bearer \u00e9",
    ]
    for value in bad:
        headers = {} if value is None else {"Authorization": value}
        for path in ("/customers", "/customers/1", "/events"):
            answer = nobody(cast, "GET", path, headers=headers)
            assert said(answer)["type"] == "/problems/unauthorized", (value, path)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert nobody(cast, "POST", "/customers", json={"name": "x"}, headers=headers).status_code == 401
    assert how_many() == 0


def test_an_ended_sign_in_ends_at_once(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "x"})
    paths = ("/customers", "/customers?nope=1", "/customers/1", "/customers/99", "/events", "/tags")
    assert all(cast.alice.get(path).status_code != 401 for path in paths)
    with unit_of_work() as unit:
        for session in db.session.execute(select(SignIn).where(SignIn.user_id == cast.alice.id)).scalars():
            session.revoked_at = unit.at
    assert {path: cast.alice.get(path).status_code for path in paths} == dict.fromkeys(paths, 401)
    assert cast.alice.post("/customers", {"name": "x"}).status_code == 401


@pytest.mark.parametrize("path", ["/customers", "/customers/1"])
def test_a_new_role_holds_at_once(cast: Cast, path: str) -> None:
    """A remembered person whose rights have grown or shrunk is read anew, for refusals too."""
    cast.alice.made("/customers", {"name": "x"})

    def become(role: str) -> None:
        with unit_of_work():
            user = db.session.get(User, cast.mallory.id)
            assert user is not None
            user.role = role
            user.access_stamp += 1

    def seen() -> Any:
        answer = cast.mallory.get(path)
        return answer.get_json()["meta"]["total"] if path == "/customers" else answer.status_code

    nothing, something = (0, 1) if path == "/customers" else (404, 200)
    assert seen() == nothing
    become("viewer")
    assert seen() == something
    assert cast.mallory.post("/customers", {"name": "x"}).status_code == 403
    become("sales")
    assert seen() == nothing
    assert cast.mallory.post("/customers", {"name": "x"}).status_code == 201


def test_a_right_that_was_granted_counts_for_lists(cast: Cast) -> None:
    with unit_of_work():
        db.session.add(
            Role(key="blind", name_zh="盲", name_en="Blind", permissions=[], sight="everyone", is_builtin=False)
        )
        db.session.flush()
        user = db.session.get(User, cast.bob.id)
        assert user is not None
        user.role, user.access_stamp = "blind", user.access_stamp + 1
    assert cast.bob.get("/customers").status_code == 403
    assert cast.bob.get("/customers/1").status_code == 403
    with unit_of_work():
        role, user = role_of("blind"), db.session.get(User, cast.bob.id)
        assert role is not None
        assert user is not None
        role.permissions = ["customer:read"]
        user.access_stamp += 1
    assert cast.bob.get("/customers").status_code == 200
    assert cast.bob.get("/customers/1").status_code == 404


# ---- headers and languages ------------------------------------------------------------------------------------------


def test_headers_of_every_answer(cast: Cast) -> None:
    record_id = cast.alice.made("/customers", {"name": "x"})["id"]
    etag = cast.alice.get(f"/customers/{record_id}").headers["ETag"]
    answers = [
        cast.alice.get("/customers"),
        cast.alice.get(f"/customers/{record_id}"),
        cast.alice.get(f"/customers/{record_id}", headers={"If-None-Match": etag}),
        cast.alice.post("/customers", {"name": "y"}),
        cast.alice.post("/customers", {}),
        cast.alice.get("/customers/999"),
        cast.alice.get("/nowhere"),
        cast.alice.call("PUT", "/customers"),
        nobody(cast, "GET", "/customers"),
        cast.alice.delete(f"/customers/{record_id}"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 304, 201, 422, 404, 404, 405, 401, 204]
    for answer in answers:
        kept = "no-store" if answer.status_code == 401 else "private, no-cache"
        assert answer.headers["Cache-Control"] == kept, answer.status
        assert answer.headers["Vary"] == "Authorization, Cookie, Accept-Language, Origin", answer.status
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-ID"])
        assert "Server" not in answer.headers


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("abc-123-XYZ", True),
        ("a" * 64, True),
        ("short", False),
        ("a" * 65, False),
        ("with blank 123", False),
        ("semi;colon;123", False),
        ("<script>alert", False),
    ],
)
def test_request_ids(cast: Cast, sent: str, kept: bool) -> None:
    answer = cast.alice.get("/customers/999", headers={"X-Request-ID": sent})
    assert (answer.headers["X-Request-ID"] == sent) is kept
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]


LANGUAGES = {
    "zh-CN": True,
    "zh": True,
    "zh-TW": True,
    "zh-Hans-CN,zh;q=0.9,en;q=0.8": True,
    "en": False,
    "en-US,en;q=0.9,zh-CN;q=0.8": False,
    "en-AU": False,
    "en;q=0.1, zh;q=0.9": True,
    "fr-FR, zh-HK;q=0.4, en;q=0.3": True,
    "fr": False,
    "": False,
    "*": False,
    "zh;q=0, fr": False,
    ";;;q=,,": False,
}
"""What browsers send, and whether the answer is Chinese."""


def test_languages(cast: Cast) -> None:
    found = {}
    for wanted in LANGUAGES:
        document = cast.alice.get("/customers/999", headers={"Accept-Language": wanted}).get_json()
        assert document["type"] == "/problems/not-found"
        found[wanted] = {"找不到": True, "Not found": False}[document["title"]]
    assert found == LANGUAGES


def test_the_person_s_own_language_where_none_is_asked(cast: Cast) -> None:

    def title(language: str | None) -> str:
        with unit_of_work():
            user = db.session.get(User, cast.alice.id)
            assert user is not None
            user.language, user.access_stamp = language, user.access_stamp + 1
        return str(cast.alice.get("/customers/999", headers={"Accept-Language": ""}).get_json()["title"])

    chinese = cast.alice.get("/customers/999", headers={"Accept-Language": "zh-CN"}).get_json()["title"]
    assert title("zh-CN") == chinese
    assert title("en") == "Not found"
    assert title(None) == chinese
    assert nobody(cast, "GET", "/customers", headers={"Accept-Language": ""}).get_json()["title"] != "Not signed in"


def test_head_and_options(cast: Cast) -> None:
    record_id = cast.alice.made("/customers", {"name": "x"})["id"]
    for path in ("/customers", f"/customers/{record_id}"):
        full, head = cast.alice.get(path), cast.alice.call("HEAD", path)
        assert (head.status_code, head.get_data()) == (200, b"")
        assert head.headers["ETag"] == full.headers["ETag"]
    answer = cast.alice.call("OPTIONS", "/customers")
    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_without_built_pages_it_says_so(tmp_path: Path) -> None:
    settings = settings_from({"DATA_DIR": str(tmp_path), "RATELIMIT_ENABLED": "0"})
    app = create_app(replace(settings, frontend_dist=tmp_path / "nowhere"))
    answer = app.test_client().get("/customers", headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert (body["type"], body["title"]) == ("/problems/no-pages", "Pages missing")
    assert answer.headers["Retry-After"]
