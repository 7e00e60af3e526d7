"""`/search`: one box over all kinds of records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app import search_index
from app.access import Permission
from app.database import db
from app.folding import readings
from app.search.types import TYPES

from ..cast import Cast, Member
from ..conftest import FIXTURES
from ..trunk.lists import many, page
from ..trunk.looking import faults


def found(member: Member, q: str, **query: Any) -> list[tuple[str, str]]:
    """Kinds and titles of what is found."""
    return [(one["type"], one["title"]) for one in page(member, "/search", q=q, **query)["data"]]


@pytest.fixture
def records(cast: Cast) -> dict[str, int]:
    """A customer with a person, a deal and a contact record, and others that are alike."""
    alice = cast.alice
    made = {
        "zhang": alice.made("/customers", {"name": "张三丰科技有限公司", "phone": "138 1234-5678"})["id"],
        "microsoft": alice.made("/customers", {"name": "Microsoft Ireland Ltd", "email": "info@microsoft.example"})[
            "id"
        ],
        "siemens": alice.made("/customers", {"name": "Siemens GmbH"})["id"],
        "other": alice.made("/customers", {"name": "Other AG"})["id"],
    }
    home = made["zhang"]
    made["person"] = alice.made(
        "/people", {"name": "单雄信", "customer_id": home, "title": "CEO", "phone": "+49 30 901820"}
    )["id"]
    made["deal"] = alice.made("/deals", {"name": "张三丰 license", "customer_id": home})["id"]
    made["contact"] = alice.made(
        "/contacts", {"customer_id": home, "kind": "note", "subject": "Visit", "content": "We spoke of windmills."}
    )["id"]
    return made


ZHANG, DEAL = ("customer", "张三丰科技有限公司"), ("deal", "张三丰 license")


@pytest.mark.parametrize("q", ["张三", "張三", "三丰", "zhangsan", "zs", "zsan", "zhang san", "zsf"])
def test_chinese(cast: Cast, records: dict[str, int], q: str) -> None:
    assert sorted(found(cast.alice, q)) == [ZHANG, DEAL], q


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("丰", {ZHANG, DEAL}),
        ("13812345678", {ZHANG}),
        ("+86 138-1234-5678", {ZHANG}),
        ("5678", {ZHANG}),
        ("info@microsoft", {("customer", "Microsoft Ireland Ltd")}),
        ("Micorsoft", {("customer", "Microsoft Ireland Ltd")}),
        ("microsft", {("customer", "Microsoft Ireland Ltd")}),
        ("Siemens Ltd", {("customer", "Siemens GmbH")}),
        ("Siemens AG", {("customer", "Siemens GmbH")}),
        ("张三丰科技股份有限公司", {ZHANG}),
        ("shanxiongxin", {("person", "单雄信")}),
        ("sxx", {("person", "单雄信")}),
        ("+49 (0)30 901820", {("person", "单雄信")}),
        ("windmill", {("contact", "Visit")}),
        ("", set()),
        ("  ", set()),
        ("nothing of that", set()),
    ],
)
def test_what_is_found(cast: Cast, records: dict[str, int], q: str, expected: set[tuple[str, str]]) -> None:
    assert set(found(cast.alice, q)) == expected


def test_people_are_found_by_title_and_department(cast: Cast, records: dict[str, int]) -> None:
    path, home = f"/people/{records['person']}", records["zhang"]
    colleague = cast.alice.made("/people", {"name": "Ada", "customer_id": home, "department": "法务部"})["id"]
    cast.alice.patch(path, {"title": "采购总监", "department": "Supply chain"})
    for q in ("采购", "cgzj", "总监", "supply", "单雄信 采购总监"):
        assert found(cast.alice, q) == [("person", "单雄信")], q
        assert [one["id"] for one in page(cast.alice, "/people", q=q)["data"]] == [records["person"]], q
    assert found(cast.alice, "法务") == [("person", "Ada")]
    cast.alice.patch(f"/people/{colleague}", {"title": "Auditor"})
    assert found(cast.alice, "auditer") == [("person", "Ada")]
    (result,) = page(cast.alice, "/search", q="supply")["data"]
    assert result["matches"] == [{"field": "department", "text": "Supply chain", "ranges": [[0, 6]]}]
    assert found(cast.alice, "CEO") == []
    cast.alice.patch(f"/people/{colleague}", {"department": None})
    assert found(cast.alice, "法务") == []


def test_a_result(cast: Cast, records: dict[str, int]) -> None:
    answer = page(cast.alice, "/search", q="sxx 901820")
    assert answer["data"] == [
        {
            "type": "person",
            "id": records["person"],
            "title": "单雄信",
            "subtitle": "张三丰科技有限公司 · CEO",
            "customer_id": records["zhang"],
            "score": answer["data"][0]["score"],
            "matches": [
                {"field": "name", "text": "单雄信", "ranges": [[0, 3]]},
                {"field": "phones", "text": "+49 30 901820", "ranges": [[7, 13]]},
            ],
        }
    ]
    assert answer["meta"] == {"more": [], "is_near": False}
    near = page(cast.alice, "/search", q="micorsoft")
    assert near["meta"] == {"more": [], "is_near": True}
    assert near["data"][0]["matches"][0] == {"field": "name", "text": "Microsoft Ireland Ltd", "ranges": [[0, 9]]}


def test_a_long_text_is_cut_to_where_the_word_stands(cast: Cast, records: dict[str, int]) -> None:
    body = {"customer_id": records["zhang"], "kind": "note", "content": "long\n" * 300 + "needle" + "\nhay" * 300}
    contact = cast.alice.made("/contacts", body)["id"]
    (result,) = page(cast.alice, "/search", q="needle")["data"]
    assert (result["type"], result["id"], result["customer_id"]) == ("contact", contact, records["zhang"])
    assert result["title"].startswith("long long")
    (match,) = result["matches"]
    ((begin, end),) = match["ranges"]
    assert (match["field"], match["text"][begin:end]) == ("content", "needle")
    assert len(match["text"]) < 150


def test_the_order(cast: Cast) -> None:
    names = ["Sub marnova", "Nova", "Novartis", "Super Nova", "Old Novation", "诺瓦 nova-like"]
    for name in reversed(names):
        cast.alice.made("/customers", {"name": name})
    titles = [title for _, title in found(cast.alice, "nova")]
    assert titles[0] == "Nova"
    assert titles[1] == "Novartis"
    assert set(titles[2:5]) == {"Super Nova", "Old Novation", "诺瓦 nova-like"}
    assert titles[5] == "Sub marnova"
    cast.alice.made("/customers", {"name": "张伟"})
    cast.alice.made("/customers", {"name": "zhangwei"})
    assert [title for _, title in found(cast.alice, "zhangwei")] == ["zhangwei", "张伟"]


def test_ones_own_comes_first(cast: Cast) -> None:
    theirs = cast.alice.made("/customers", {"name": "Twin"})["id"]
    own = cast.carol.made("/customers", {"name": "Twin"})["id"]
    cast.alice.made("/customers", {"name": "Twin"})
    result = page(cast.carol, "/search", q="twin")["data"]
    assert result[0]["id"] == own
    assert theirs in [one["id"] for one in result]


def test_no_kind_takes_all_places(cast: Cast) -> None:
    customers = [cast.alice.made("/customers", {"name": f"Echo {number}"})["id"] for number in range(8)]
    cast.alice.made("/people", {"name": "A person at echo", "customer_id": customers[0]})
    answer = page(cast.alice, "/search", q="echo", limit=4)
    assert sorted(one["type"] for one in answer["data"]) == ["customer", "customer", "customer", "person"]
    assert answer["meta"]["more"] == ["customer"]
    assert len(found(cast.alice, "echo", types="customer", limit=100)) == 8
    assert found(cast.alice, "echo", types="person,deal") == [("person", "A person at echo")]


# ---- sight ----------------------------------------------------------------------------------------------------------


def test_only_what_is_in_sight_is_found(cast: Cast, records: dict[str, int]) -> None:
    for q in ("zhangsan", "microsoft", "micorsoft", "sxx", "windmill", "license", "5678"):
        assert found(cast.mallory, q) == [], q
        assert found(cast.carol, q) != [], q
        assert found(cast.root, q) != [], q
    cast.alice.delete(f"/customers/{records['microsoft']}")
    assert found(cast.alice, "microsoft") == found(cast.alice, "micorsoft") == []


def test_hits_of_others_take_no_places(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "MOST", 5)
    own = cast.alice.made("/customers", {"name": "Acme of alice"})["id"]
    for number in range(12):
        cast.mallory.made("/customers", {"name": f"Acme {number}"})
    assert [one["id"] for one in page(cast.alice, "/search", q="acme", limit=1)["data"]] == [own]


def test_what_is_masked_is_neither_found_nor_shown(cast: Cast) -> None:
    pooled = {"name": "Pool AG", "email": "chief@pool.example", "phone": "+86 138 1234 5678", "owner_id": None}
    customer = cast.root.made("/customers", pooled)["id"]
    person = {"name": "Pat 5678", "customer_id": customer, "email": "pat@pool.example", "phone": "13911112222"}
    cast.root.made("/people", {**person, "wechat": "pat_secret", "qq": "987654"})
    for q in ("13812345678", "chief", "chief@pool", "13911112222", "2222", "pat_secret", "987654", "secret"):
        assert found(cast.alice, q) == [], q
        assert found(cast.carol, q) != [], q
    for q in ("5678", "pool", "pat", "p"):
        for one in page(cast.alice, "/search", q=q)["data"]:
            assert {match["field"] for match in one["matches"]} <= {"name"}, (q, one)
    assert found(cast.alice, "5678") == [("person", "Pat 5678")]
    assert {title for _, title in found(cast.carol, "5678")} == {"Pat 5678", "Pool AG"}


def test_a_kind_that_the_role_may_not_read_is_left_out(
    cast: Cast, records: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in (TYPES["deal"], TYPES["contact"]):
        monkeypatch.setitem(TYPES, kind.name, replace(kind, permission=Permission.ROLE_WRITE))
    assert found(cast.alice, "zhangsan") == [ZHANG]
    assert found(cast.alice, "windmill", types="contact") == []
    assert DEAL in found(cast.root, "zhangsan")


# ---- refusals -------------------------------------------------------------------------------------------------------


def test_what_cannot_be_asked(cast: Cast) -> None:
    for query, fault in (
        ("types=nothing", {"types": "unknown_name"}),
        ("limit=0", {"limit": "out_of_range"}),
        ("limit=101", {"limit": "out_of_range"}),
        ("limit=x", {"limit": "wrong_type"}),
        ("q=" + "a" * 201, {"q": "too_long"}),
        ("query=a", {"query": "unknown_parameter"}),
        ("q=a%00", {"q": "control_characters"}),
    ):
        answer = cast.alice.get(f"/search?{query}")
        assert faults(answer) == fault, query
    chinese = cast.alice.get("/search?types=x", headers={"Accept-Language": "zh-CN"})
    assert chinese.status_code == 422
    assert "x" in chinese.get_json()["errors"][0]["detail"]
    with cast.alice.app.app_context():
        assert cast.alice.app.test_client().get("/api/v1/search?q=a").status_code == 401


@pytest.mark.real_data
def test_real_names_are_found_by_their_parts(cast: Cast) -> None:
    lines = (FIXTURES / "cn_companies" / "cn_company_short_20k.txt").read_text("utf-8").split()[:20_000:80]
    made = dict(zip(many(cast.alice, [{"name": name} for name in lines]), lines, strict=True))
    for record_id, name in list(made.items())[::5]:
        for q in (name, name[:2], *sorted(readings(name), key=len)[-1:]):
            results = page(cast.alice, "/search", q=q, types="customer", limit=100)["data"]
            assert record_id in [one["id"] for one in results], (name, q)
            assert all(one["matches"] for one in results), (name, q)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("单雄信", ["shanxiongxin", "danxiongxin", "sxx", "dxx"]),
        ("解珍", ["xiezhen", "jiezhen", "xz"]),
        ("仇英", ["qiuying", "chouying", "qy"]),
        ("曾国藩", ["zengguofan", "cengguofan", "zgf", "zguofan"]),
        ("查良镛", ["zhaliangyong", "chaliangyong", "zly"]),
        ("尉迟恭", ["yuchigong", "weichigong", "ycg", "wcg"]),
        ("吕布", ["lvbu", "lubu", "lb"]),
        ("张三", ["zhangsan", "zs", "zsan", "zhangs"]),
    ],
)
def test_surnames_of_several_readings(cast: Cast, name: str, typed: list[str]) -> None:
    home = cast.alice.made("/customers", {"name": "Home"})["id"]
    cast.alice.made("/people", {"name": name, "customer_id": home})
    for q in typed:
        (result,) = page(cast.alice, "/search", q=q)["data"]
        assert result["title"] == name
        assert result["matches"][0]["ranges"], q


def test_lists_look_through_a_typing_error_and_say_so(cast: Cast, records: dict[str, int]) -> None:
    answer = page(cast.alice, "/customers", q="micorsoft irland")
    assert answer["data"] == []
    answer = page(cast.alice, "/customers", q="Micorsoft Ireland")
    assert [one["id"] for one in answer["data"]] == [records["microsoft"]]
    assert answer["meta"]["q_read_as"] == "microsoft ireland"
    assert answer["meta"]["total"] == 1
    # What is there as it was typed is not guessed at, and what is out of sight is not told.
    assert "q_read_as" not in page(cast.alice, "/customers", q="Microsoft")["meta"]
    other = page(cast.mallory, "/customers", q="micorsoft")
    assert (other["data"], "q_read_as" in other["meta"]) == ([], False)
    assert page(cast.alice, "/people", q="shanxoingxin")["meta"]["q_read_as"] == "shanxiongxin"


def test_misspelt_words_are_found_for_many_as_for_one(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["Siemens Energy", "Siemens Mobility", "Microsoft", "Microsoft Store", "Bergmann Söhne", "Energy Bergmann"]
    for name in [*names, *(f"Common {letter}xyzzy" for letter in "abcdefgh")]:
        cast.carol.made("/customers", {"name": name})
    words = ["simens", "energi", "mircosoft", "bergman", "siemens", "stroe", "common", "unheard", "abc"]
    asked = [(word, others) for word in words for others in ((), ("energy",), ("common",), ("siemens", "energy"))]
    with db.engines[None].begin() as connection:
        for few in (1_000, 1, 0):
            monkeypatch.setattr(search_index, "_READ_PER_WORD", few)
            found = search_index.near_each(connection, "customer", asked, 50)
            single = {one: search_index.near(connection, "customer", one[0], one[1], 50) for one in asked}
            assert {one: sorted(ids) for one, ids in found.items()} == {one: sorted(ids) for one, ids in single.items()}
    assert any(single.values())
