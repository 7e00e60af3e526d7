"""Quotes from the first draft to the answer of the buyer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.database import db
from app.quote.models import Quote
from app.quote.service import business_day
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import customer, deal
from .offering import COMPANY, company, offered, quote, sent


def days(count: int) -> str:
    """A date so many days from today."""
    return (business_day() + timedelta(days=count)).isoformat()


def expire(quote_id: int) -> None:
    """Let the last day of a quote pass."""
    with unit_of_work() as unit:
        at = unit.at - timedelta(seconds=1)
        db.session.execute(update(Quote).where(Quote.id == quote_id).values(expires_at=at))


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]]


def test_a_quote_begins_as_its_deal_is(cast: Cast) -> None:
    company(cast)
    of = offered(cast)
    person = cast.alice.made("/people", {"name": "王芳", "customer_id": of["customer_id"], "is_primary": True})
    made = quote(cast.alice, of["id"])
    today = business_day()
    assert made.pop("created_at") == made.pop("updated_at")
    assert [line.pop("id") for line in made["lines"]] == [1, 2]
    assert made == {
        "id": 1,
        "version": 1,
        "number": f"QT-{today:%Y%m}-0001",
        "revision": 1,
        "superseded_by_id": None,
        "status": "draft",
        "deal_id": of["id"],
        "deal": {"id": of["id"], "name": "商机"},
        "customer_id": of["customer_id"],
        "customer": {"id": of["customer_id"], "name": "甲公司"},
        "person_id": person["id"],
        "person": {"id": person["id"], "name": "王芳"},
        "seller_id": 1,
        "seller": None,
        "valid_until": days(30),
        "expires_at": made["expires_at"],
        "currency": "CNY",
        "prices_include_tax": False,
        "lines": [
            {
                "product_id": 1,
                "code": f"S-{cast.alice.id}",
                "name": "服务器",
                "specification": "2U",
                "unit": "台",
                "quantity": "3.00",
                "unit_price": "12000.00",
                "discount_percent": "5.00",
                "tax_percent": "13.00",
                "amount": "34200.00",
            },
            {
                "product_id": 2,
                "code": f"M-{cast.alice.id}",
                "name": "维护",
                "specification": None,
                "unit": "年",
                "quantity": "1.00",
                "unit_price": "999.99",
                "discount_percent": None,
                "tax_percent": "6.00",
                "amount": "999.99",
            },
        ],
        "discount_percent": None,
        "discount_amount": None,
        "subtotal": "35199.99",
        "discount": "0.00",
        "net": "35199.99",
        "tax": "4506.00",
        "total": "39705.99",
        "terms": None,
        "sent_at": None,
        "decided_at": None,
        "created_by": cast.alice.id,
        "is_active": True,
        "can_write": True,
    }
    # A quote ends at the end of its last day where the business is: in Shanghai, eight hours before UTC.
    assert made["expires_at"] == f"{days(30)}T16:00:00Z"
    assert cast.alice.get("/quotes").get_json()["data"] == [cast.alice.get("/quotes/1").get_json()]


def test_a_draft_is_edited(cast: Cast) -> None:
    company(cast)
    made = quote(cast.alice, offered(cast)["id"], terms="款到发货")
    first, second = made["lines"]
    answer = cast.alice.patch(
        f"/quotes/{made['id']}",
        {
            "lines": [
                {"id": second["id"], "product_id": second["product_id"], "quantity": "2", "unit_price": "1000"},
                {"name": "安装", "quantity": "1", "unit_price": "500.5", "tax_percent": "6"},
            ],
            "discount_percent": "10",
            "prices_include_tax": True,
            "valid_until": days(3),
            "terms": None,
        },
    )
    assert answer.status_code == 200, answer.get_json()
    changed = answer.get_json()
    assert [(line["id"], line["name"], line["amount"]) for line in changed["lines"]] == [
        (second["id"], "维护", "2000.00"),
        (3, "安装", "500.50"),
    ]
    assert changed["lines"][0]["tax_percent"] == "6.00"
    amounts = {name: changed[name] for name in ("subtotal", "discount", "net", "tax", "total")}
    # 1800 / 1.06 and 450.45 / 1.06, each rounded.
    expected = ("2500.50", "250.05", "2123.06", "127.39", "2250.45")
    assert tuple(amounts.values()) == expected
    assert (changed["version"], changed["terms"], changed["expires_at"]) == (2, None, f"{days(3)}T16:00:00Z")
    again = cast.alice.patch(f"/quotes/{made['id']}", {"discount_percent": None, "discount_amount": "0.50"})
    assert (again.get_json()["discount"], again.get_json()["total"]) == ("0.50", "2500.00")
    # A changed product does not touch the copy.
    cast.root.patch("/products/2", {"name": "新名"})
    assert cast.alice.get(f"/quotes/{made['id']}").get_json()["lines"][0]["name"] == "维护"
    assert first["id"] not in {line["id"] for line in changed["lines"]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"lines": [{"quantity": "0", "unit_price": "-1"}, {"quantity": "x"}], "currency": "XXX"},
            {
                ("#/lines/0/quantity", "out_of_range"),
                ("#/lines/0/unit_price", "out_of_range"),
                ("#/lines/1/quantity", "decimal"),
                ("#/lines/1/unit_price", "required"),
                ("#/currency", "currency"),
            },
        ),
        (
            {
                "lines": [
                    {"quantity": "1", "unit_price": "1"},
                    {"product_id": 99, "name": "x", "quantity": "1", "unit_price": "1"},
                ]
            },
            {("#/lines/0/name", "required"), ("#/lines/1/product_id", "unknown_record")},
        ),
        (
            {"lines": [{"id": 99, "name": "x", "quantity": "1", "unit_price": "1"}]},
            {("#/lines/0/id", "unknown_record")},
        ),
        ({"discount_percent": "5", "discount_amount": "5"}, {("#/discount_amount", "one_discount")}),
        ({"discount_amount": "99999"}, {("#/discount_amount", "out_of_range")}),
        ({"discount_amount": "0.001"}, {("#/discount_amount", "too_precise")}),
        ({"discount_percent": "101"}, {("#/discount_percent", "out_of_range")}),
        ({"valid_until": "2026-02-30"}, {("#/valid_until", "date")}),
        ({"valid_until": None}, {("#/valid_until", "required")}),
        ({"person_id": 99, "seller_id": 99}, {("#/person_id", "unknown_record"), ("#/seller_id", "unknown_record")}),
        (
            {"number": "X", "total": "1", "wrong": 1},
            {("#/number", "unknown_field"), ("#/total", "unknown_field"), ("#/wrong", "unknown_field")},
        ),
        (
            {"lines": [{"name": "x", "quantity": "9999999999", "unit_price": "99999999999999"}]},
            {("#/lines/0", "out_of_range")},
        ),
    ],
)
def test_what_a_draft_cannot_be(cast: Cast, body: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    company(cast)
    made = quote(cast.alice, offered(cast)["id"])
    answer = cast.alice.patch(f"/quotes/{made['id']}", body)
    assert answer.status_code == 422
    found = {(pointer, code if code != "read_only" else "unknown_field") for pointer, code in errors(answer)}
    assert found == expected
    assert cast.alice.get(f"/quotes/{made['id']}").get_json() == made


def test_faults_are_told_in_the_callers_language(cast: Cast) -> None:
    company(cast)
    made = quote(cast.alice, offered(cast)["id"])
    sent(cast.alice, made["id"])
    answer = cast.alice.patch(f"/quotes/{made['id']}", {"terms": "x"}, headers={"Accept-Language": "zh-CN"})
    assert answer.get_json()["title"] == "报价单已发送"


def test_a_quote_needs_a_deal_that_one_may_change(cast: Cast) -> None:
    of = offered(cast)
    for who in (cast.mallory, cast.bob):
        answer = who.post("/quotes", {"deal_id": of["id"]})
        assert (answer.status_code, errors(answer)) == (422, [("#/deal_id", "unknown_record")])
    assert cast.vera.post("/quotes", {"deal_id": of["id"]}).status_code == 403
    assert errors(cast.alice.post("/quotes", {})) == [("#/deal_id", "required")]
    elsewhere = customer(cast.alice, "乙公司")
    stranger = cast.alice.made("/people", {"name": "外人", "customer_id": elsewhere})["id"]
    answer = cast.alice.post("/quotes", {"deal_id": of["id"], "person_id": stranger})
    assert errors(answer) == [("#/person_id", "unknown_record")]


def test_sending_freezes(cast: Cast) -> None:
    company(cast)
    made = quote(cast.alice, offered(cast)["id"])
    path = f"/quotes/{made['id']}"
    done = sent(cast.alice, made["id"])
    assert (done["status"], done["version"]) == ("sent", 2)
    assert done["seller"] == {**COMPANY, "logo": None}
    for body, pointers in (
        ({"lines": []}, ["#/lines"]),
        ({"terms": "neu", "discount_percent": "3"}, ["#/terms", "#/discount_percent"]),
        ({"currency": "USD"}, ["#/currency"]),
        ({"valid_until": days(99)}, ["#/valid_until"]),
    ):
        answer = cast.alice.patch(path, body)
        assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/quote-frozen")
        assert set(errors(answer)) == {(pointer, "frozen") for pointer in pointers}
    assert cast.alice.patch(path, {"terms": None}).get_json()["version"] == 2
    # Seller, product and customer may change: what was sent does not.
    company(cast, name_zh="别的公司")
    cast.root.patch("/products/1", {"name": "新名", "price": "1"})
    assert cast.alice.get(path).get_json() == done
    assert cast.alice.post(f"{path}/send").get_json()["type"] == "/problems/quote-not-draft"


def test_what_an_offer_needs(cast: Cast) -> None:
    bare = quote(cast.alice, deal(cast.alice)["id"], valid_until=days(-1))
    answer = cast.alice.post(f"/quotes/{bare['id']}/send")
    assert (answer.status_code, set(errors(answer))) == (
        422,
        {
            ("#/lines", "required"),
            ("#/customer_id", "required"),
            ("#/seller_id", "required"),
            ("#/valid_until", "past"),
        },
    )
    assert cast.alice.get(f"/quotes/{bare['id']}").get_json() == bare
    # The deal has found its customer meanwhile.
    who = customer(cast.alice)
    company(cast)
    cast.alice.patch(f"/deals/{bare['deal_id']}", {"customer_id": who})
    line = {"name": "x", "quantity": "1", "unit_price": "1"}
    cast.alice.patch(f"/quotes/{bare['id']}", {"lines": [line], "seller_id": 1, "valid_until": days(0)})
    assert sent(cast.alice, bare["id"])["customer_id"] == who


def test_the_buyer_decides(cast: Cast) -> None:
    company(cast)
    of = offered(cast)
    for verb, status in (("accept", "accepted"), ("refuse", "refused")):
        made = quote(cast.alice, of["id"])
        path = f"/quotes/{made['id']}"
        assert cast.alice.post(f"{path}/{verb}").get_json()["type"] == "/problems/quote-not-sent"
        sent(cast.alice, made["id"])
        decided = cast.alice.post(f"{path}/{verb}")
        assert (decided.status_code, decided.get_json()["status"]) == (200, status)
        assert decided.get_json()["decided_at"] is not None
        assert cast.alice.post(f"{path}/{verb}").status_code == 409
        assert cast.alice.patch(path, {"terms": "x"}).status_code == 409


def test_an_expired_quote_reads_and_filters_alike(cast: Cast) -> None:
    company(cast)
    of = offered(cast)
    made = quote(cast.alice, of["id"])
    valid = sent(cast.alice, quote(cast.alice, of["id"])["id"])
    draft = quote(cast.alice, of["id"])
    sent(cast.alice, made["id"])
    expire(made["id"])
    expire(draft["id"])
    path = f"/quotes/{made['id']}"
    assert cast.alice.get(path).get_json()["status"] == "expired"
    statuses = {one["id"]: one["status"] for one in cast.alice.get("/quotes").get_json()["data"]}
    assert statuses == {made["id"]: "expired", valid["id"]: "sent", draft["id"]: "draft"}
    for status, id in (("expired", made["id"]), ("sent", valid["id"]), ("draft", draft["id"])):
        listed = cast.alice.get(f"/quotes?status={status}").get_json()
        assert ([one["id"] for one in listed["data"]], listed["meta"]["total"]) == ([id], 1)
    answer = cast.alice.get("/quotes?sort=status&per_page=1&count=none").get_json()
    walked = [one["status"] for one in answer["data"]]
    while answer["meta"]["next_cursor"] and len(walked) < 9:
        cursor = answer["meta"]["next_cursor"]
        answer = cast.alice.get(f"/quotes?sort=status&per_page=1&count=none&cursor={cursor}").get_json()
        walked += [one["status"] for one in answer["data"]]
    assert walked == ["draft", "expired", "sent"]
    assert cast.alice.post(f"{path}/accept").get_json()["type"] == "/problems/quote-expired"
    assert cast.alice.post(f"{path}/refuse").get_json()["status"] == "refused"


def test_a_revision_goes_on_where_the_last_one_stood(cast: Cast) -> None:
    company(cast)
    made = quote(cast.alice, offered(cast)["id"], terms="30 天", discount_percent="2")
    path = f"/quotes/{made['id']}"
    assert cast.alice.post(f"{path}/revise").get_json()["type"] == "/problems/quote-not-sent"
    first = sent(cast.alice, made["id"])
    answer = cast.alice.post(f"{path}/revise")
    assert answer.status_code == 201
    second = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/quotes/{second['id']}"
    same = ("number", "deal_id", "person_id", "seller_id", "currency", "terms", "discount_percent", "valid_until")
    assert {name: second[name] for name in same} == {name: first[name] for name in same}
    assert (second["revision"], second["status"], second["seller"], second["sent_at"]) == (2, "draft", None, None)
    amounts = ("subtotal", "discount", "net", "tax", "total")
    assert [second[name] for name in amounts] == [first[name] for name in amounts]
    shown = ("name", "code", "quantity", "unit_price", "discount_percent", "tax_percent", "amount")
    assert [[one[name] for name in shown] for one in second["lines"]] == [
        [one[name] for name in shown] for one in first["lines"]
    ]
    assert cast.alice.get(path).get_json()["superseded_by_id"] == second["id"]
    for verb in ("revise", "accept", "refuse"):
        assert cast.alice.post(f"{path}/{verb}").get_json()["type"] == "/problems/quote-superseded"
    assert cast.alice.patch(f"/quotes/{second['id']}", {"terms": "60 天"}).status_code == 200
    assert cast.alice.get("/quotes?superseded_by_id=none").get_json()["meta"]["total"] == 1
    # Deleted, it is as if it had not been; its revision is not given out again.
    assert cast.alice.delete(f"/quotes/{second['id']}").status_code == 204
    assert cast.alice.get(path).get_json()["superseded_by_id"] is None
    third = cast.alice.post(f"{path}/revise").get_json()
    assert third["revision"] == 3
    refused = cast.alice.post(f"/quotes/{second['id']}/restore")
    assert (refused.status_code, refused.get_json()["type"]) == (409, "/problems/quote-superseded")
    cast.alice.delete(f"/quotes/{third['id']}")
    assert cast.alice.post(f"/quotes/{second['id']}/restore").get_json()["revision"] == 2
    assert cast.alice.get(path).get_json()["superseded_by_id"] == second["id"]


def test_an_expired_quote_is_revised_with_days_to_come(cast: Cast) -> None:
    company(cast)
    made = sent(cast.alice, quote(cast.alice, offered(cast)["id"])["id"])
    with unit_of_work():
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        late = update(Quote).where(Quote.id == made["id"]).values(valid_until=long_ago.date(), expires_at=long_ago)
        db.session.execute(late)
    assert cast.alice.post(f"/quotes/{made['id']}/revise").get_json()["valid_until"] == days(30)


def test_quotes_are_seen_with_their_deal(cast: Cast) -> None:
    company(cast)
    of = offered(cast)
    made = quote(cast.alice, of["id"])
    path = f"/quotes/{made['id']}"

    def statuses(who: Member) -> tuple[int, int, int]:
        listed = who.get("/quotes").get_json()["meta"]["total"]
        return who.get(path).status_code, who.patch(path, {"terms": "x"}).status_code, listed

    assert statuses(cast.alice) == statuses(cast.carol) == statuses(cast.root) == (200, 200, 1)
    assert statuses(cast.vera) == (200, 403, 1)
    assert statuses(cast.bob) == statuses(cast.mallory) == (404, 404, 0)
    cast.alice.patch(f"/deals/{of['id']}", {"collaborators": [{"user_id": cast.bob.id, "access": "read"}]})
    assert statuses(cast.bob) == (200, 403, 1)
    assert cast.bob.get(path).get_json()["can_write"] is False
    # The customer stays hidden from who sees the deal only.
    assert cast.bob.get(path).get_json()["customer"] is None
    for verb in ("send", "accept", "refuse", "revise"):
        assert cast.bob.post(f"{path}/{verb}").status_code == 403
        assert cast.vera.post(f"{path}/{verb}").status_code == 403
        assert cast.mallory.post(f"{path}/{verb}").status_code == 404
    cast.alice.delete(f"/deals/{of['id']}")
    assert statuses(cast.alice) == (404, 404, 0)


def test_delete_and_restore(cast: Cast) -> None:
    made = quote(cast.alice, offered(cast)["id"])
    path = f"/quotes/{made['id']}"
    assert cast.alice.delete(path).status_code == 204
    assert cast.alice.get(path).status_code == 404
    assert cast.alice.get("/quotes?deleted=only").get_json()["meta"]["total"] == 1
    assert cast.mallory.post(f"{path}/restore").status_code == 404
    assert cast.alice.post(f"{path}/restore").status_code == 200
    assert cast.alice.get(path).get_json()["lines"] == made["lines"]


def test_filters_and_search(cast: Cast) -> None:
    company(cast)
    of = offered(cast, name="上海数据中心")
    made = quote(cast.alice, of["id"])
    quote(cast.alice, deal(cast.alice, "别的")["id"])
    for query in (
        "q=shuju",
        f"q={made['number'].lower()}",
        f"number={made['number'][-4:]}",
        f"deal_id={of['id']}",
        f"customer_id={of['customer_id']}",
        "total_min=1",
    ):
        listed = cast.alice.get(f"/quotes?{query}").get_json()
        assert [one["id"] for one in listed["data"]] == [made["id"]], query
    for query in (f"owner_id={cast.alice.id}", f"valid_until_from={days(30)}", "currency=CNY", "status=draft"):
        assert cast.alice.get(f"/quotes?{query}").get_json()["meta"]["total"] == 2, query
    assert cast.alice.get(f"/quotes?owner_id={cast.bob.id}").get_json()["meta"]["total"] == 0
    assert cast.alice.get("/quotes?nonsense=1").status_code == 422


def test_versions_and_retries(cast: Cast) -> None:
    company(cast)
    made = quote(cast.alice, offered(cast)["id"])
    path = f"/quotes/{made['id']}"
    stale = {"If-Match": '"9.x"'}
    assert cast.alice.patch(path, {"terms": "x"}, headers=stale).status_code == 412
    assert cast.alice.post(f"{path}/send", headers=stale).status_code == 412
    key = {"Idempotency-Key": "send-once"}
    once = cast.alice.post(f"{path}/send", headers=key)
    twice = cast.alice.post(f"{path}/send", headers=key)
    assert (once.status_code, twice.status_code) == (200, 200)
    assert twice.headers["Idempotency-Replayed"] == "true"
    assert once.get_json() == twice.get_json()


def test_the_journal_tells_those_who_see_the_deal(cast: Cast) -> None:
    company(cast)
    of = offered(cast)
    start = cast.alice.get("/events").get_json()["meta"]["watermark"]
    made = quote(cast.alice, of["id"])
    done = sent(cast.alice, made["id"])
    events = cast.alice.get(f"/events?after={start}").get_json()["data"]
    assert [(one["type"], one["changed"]) for one in events][1] == (
        "quote_updated",
        ["buyer", "seller", "sent_at", "status"],
    )
    assert events[0]["type"] == "quote_created"
    assert events[1]["record"] == {name: value for name, value in done.items() if name != "can_write"}
    assert len(cast.carol.get(f"/events?after={start}").get_json()["data"]) == 2
    assert cast.mallory.get(f"/events?after={start}").get_json()["data"] == []


def test_a_list_asks_the_database_a_fixed_number_of_times(app: CRM, cast: Cast) -> None:
    of = offered(cast)
    counts = []
    for _ in range(2):
        quote(cast.alice, of["id"])
        cast.alice.get("/quotes")
        with counted(app) as counter:
            assert cast.alice.get("/quotes").status_code == 200
        counts.append(len(counter.statements))
    assert counts[0] == counts[1] <= 3


def test_the_stored_status_is_never_expired(cast: Cast) -> None:
    made = quote(cast.alice, offered(cast)["id"])
    stored = db.session.execute(select(Quote.status).where(Quote.id == made["id"])).scalar_one()
    assert stored == "draft"
