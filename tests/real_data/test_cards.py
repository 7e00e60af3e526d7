"""Cards of other address books through the upload door, out again as cards, and back into an empty house."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from app.routing import CRM

from ..cast import Cast
from ..conftest import FIXTURES
from ..exporting.fetching import fetch
from ..exporting.test_round_trip import emptied
from ..importing.sending import change, counts, result, upload

pytestmark = pytest.mark.real_data

EZ = FIXTURES / "vcard_ez" / "io" / "text"
GROUPS = FIXTURES / "vcard_pyvobject" / "vcard_with_groups.ics"

PEOPLE: dict[str, list[dict[str, Any]]] = {
    "John_Doe_BLACK_BERRY.vcf": [
        {
            "name": "John Doe",
            "customer": "Acme Solutions",
            "phones": ["mobile +96123456789"],
            "emails": [],
            "address": {},
            "photo": "BLACKBERRY",
        }
    ],
    "John_Doe_EVOLUTION.vcf": [
        {
            "name": "Mr. John Richter, James Doe Sr.",
            "salutation": "Mr.",
            "customer": "IBM",
            "department": "Accounting / Dungeon",
            "title": "Money Counter",
            "birthday": "1980-03-22",
            "phones": ["mobile 905-666-1234", "work 905-555-1234"],
            "emails": ["work john.doe@ibm.com"],
            "address": {
                "street": "ASB-123, 15 Crescent moon drive",
                "city": "Albaney",
                "province": "New York",
                "postal_code": "12345",
                "country": "United States of America",
            },
        }
    ],
    "John_Doe_GMAIL.vcf": [
        {
            "name": "Mr. John Richter, James Doe Sr.",
            "salutation": "Mr.",
            "customer": "IBM",
            "title": "Money Counter",
            "birthday": "1980-03-22",
            "phones": ["mobile 905-555-1234", "home 905-666-1234"],
            "emails": ["home john.doe@ibm.com"],
            "address": {
                "street": "Crescent moon drive, 555-asd, Nice Area, Albaney, New York 12345, United States of America"
            },
        }
    ],
    "John_Doe_MS_OUTLOOK.vcf": [
        {
            "name": "Mr. John Richter James Doe Sr.",
            "salutation": "Mr.",
            "customer": "IBM",
            "department": "Accounting",
            "title": "Money Counter",
            "birthday": "1980-03-22",
            "phones": ["work (905) 555-1234", "home (905) 666-1234"],
            "emails": ["work john.doe@ibm.cm"],
            "address": {
                "street": "Cresent moon drive",
                "city": "Albaney",
                "province": "New York",
                "postal_code": "12345",
                "country": "United States of America",
            },
            "further": ["Silicon Alley 5,, New York, New York, 12345, United States of America"],
            "photo": "OUTLOOK",
        }
    ],
    "gmail-single.vcf": [
        {
            "name": "Greg Dartmouth",
            "customer": "TheCompany",
            "title": "TheJobTitle",
            "birthday": "1960-09-10",
            "phones": ["mobile 555 555 1111", "other 555 555 2222"],
            "emails": ["work gdartmouth@hotmail.com"],
            "address": {"street": "123 Home St, Home City, HM 12345"},
            "further": ["321 Custom St, Custom City, TX, 98765, USA"],
        }
    ],
    "gmail-single2.vcf": [
        {
            "name": "VCard Test",
            "customer": "TheCompany",
            "title": "TheJobTitle",
            "birthday": "1912-06-23",
            "qq": "IM6",
            "phones": [
                "mobile 5555551115",
                "work 5555551113",
                "home 5555551112",
                "other 5555551111",
                "other 5555551114",
                "other 5555551116",
                "other 5555551119",
                "other 5555551120",
                "other 5555551121",
                "fax 5555551117",
                "fax 5555551118",
            ],
            "emails": [
                "work email@example.com",
                "work otheremail@example.com",
                "work customcategory@example.com",
                "work workemail@example.com",
                "home homeemail@example.com",
            ],
            "address": {"street": "113 Main St", "city": "NY", "province": "New York", "postal_code": "10011"},
            "further": [f"{number} Main St, NY, New York, 10011" for number in (111, 112, 114, 115)],
        }
    ],
    "outlook-2003.vcf": [
        {
            "name": "John Doe III",
            "salutation": "Mr.",
            "customer": "Company, The",
            "department": "TheDepartment",
            "title": "The Job Title",
            "birthday": "1980-03-21",
            "phones": ["mobile MobilePhone", "work BusinessPhone", "home HomePhone", "fax BusinessFaxPhone"],
            "emails": ["work jdoe@hotmail.com"],
            "address": {
                "street": "TheOffice, 123 Main St",
                "city": "Austin",
                "province": "TX",
                "postal_code": "12345",
                "country": "United States of America",
            },
        }
    ],
    "rfc2426-example.vcf": [
        {
            "name": "Frank Dawson",
            "customer": "Lotus Development Corporation",
            "phones": ["work +1-919-676-9515", "fax +1-919-676-9564"],
            "emails": ["work Frank_Dawson@Lotus.com", "work fdawson@earthlink.net"],
            "address": {
                "street": "6544 Battleford Drive",
                "city": "Raleigh",
                "province": "NC",
                "postal_code": "27613-3502",
                "country": "U.S.A.",
            },
        },
        {
            "name": "Tim Howes",
            "customer": "Netscape Communications Corp.",
            "phones": ["work +1-415-937-3419", "fax +1-415-528-4164"],
            "emails": ["work howes@netscape.com"],
            "address": {
                "street": "501 E. Middlefield Rd.",
                "city": "Mountain View",
                "province": "CA",
                "postal_code": "94043",
                "country": "U.S.A.",
            },
        },
    ],
    "rfc6350-example.vcf": [
        {
            "name": "Simon Perreault",
            "customer": "Viagenie",
            "phones": ["work +1-418-656-9254 ext. 102", "mobile +1-418-262-6501"],
            "emails": ["work simon.perreault@viagenie.ca"],
            "address": {
                "street": "Suite D2-630, 2875 Laurier",
                "city": "Quebec",
                "province": "QC",
                "postal_code": "G1V 2M2",
                "country": "Canada",
            },
            "further": ["ing. jr,M.Sc."],
        }
    ],
}
"""What stands in the cards of people with a company. The primary number and address come first."""

CUSTOMERS: dict[str, list[dict[str, Any]]] = {
    "gmail-list.vcf": [
        {"name": "Arnold Smith", "email": "asmithk@gmail.com", "phone": None, "title": None},
        {"name": "Chris Beatle", "email": "chrisy55d@yahoo.com", "phone": None, "title": None},
        {"name": "Doug White", "email": "dwhite@gmail.com", "phone": None, "title": None},
    ],
    "vcard_with_groups.ics": [
        {"name": "Meister Berger", "email": "mb@goerlitz.de", "phone": "+49 3581 123456", "title": "Mayor"}
    ],
}
"""What stands in the cards of people who are customers themselves, because no company is named."""

PICTURES = {
    "BLACKBERRY": "c9462e27f179ff161763f78070bcf80963870d00a0c154947b01c62f1c134646",
    "OUTLOOK": "41533f06ce6eabc2cd74b81d82975cec8ca6b2f2aac48c7245454cb88c7b26de",
}
"""SHA-256 of the pictures, unpacked from the text of the files."""


def place(name: str) -> Path:
    return GROUPS if name == GROUPS.name else EZ / name


def imported(cast: Cast, resource: str, content: Path | bytes, name: str = "x.vcf") -> int:
    """How many records the cards of a file became: all of them."""
    chosen = upload(cast.root, resource, content, name)
    create = ["customers", "tags"] if resource == "people" else ["tags"]
    chosen = change(cast.root, chosen, options={"create": create, "existing": "create"})
    checked, found = result(cast.root, chosen, "check"), result(cast.root, chosen, "commit")
    assert set(counts(found)) == {"new"}, found["rows"]
    assert counts(checked) == counts(found)
    return int(found["new"])


def entries(one: dict[str, Any], plural: str, key: str) -> list[str]:
    held = sorted(one[plural], key=lambda entry: not entry["is_primary"])
    assert [entry["is_primary"] for entry in held] == [at == 0 for at in range(len(held))]
    return [f"{entry['kind']} {entry[key]}" for entry in held]


def people(cast: Cast) -> list[dict[str, Any]]:
    """All people with everything that a card can say of them."""
    told = []
    for one in cast.root.get("/people?sort=id&per_page=200").get_json()["data"]:
        kept = {name: one[name] for name in ("name", "salutation", "department", "title", "birthday", "qq", "wechat")}
        kept |= {"customer": one["customer"]["name"], "description": one["description"]}
        kept |= {"phones": entries(one, "phones", "raw"), "emails": entries(one, "emails", "address")}
        kept["address"] = {part: text for part, text in (one["address"] or {}).items() if text}
        kept["photo"] = None
        if one["photo"]:
            with cast.root.get(one["photo"]) as answer:
                assert answer.status_code == 200
                kept["photo"] = hashlib.sha256(answer.get_data()).hexdigest()
        told.append(kept)
    return told


def customers(cast: Cast) -> list[dict[str, Any]]:
    rows = cast.root.get("/customers?sort=id&per_page=200").get_json()["data"]
    return [{name: one[name] for name in ("name", "email", "phone", "title", "description")} for one in rows]


def test_every_card_has_its_expectation() -> None:
    cards = {path.name for path in EZ.iterdir() if path.suffix == ".vcf"} | {GROUPS.name}
    assert cards == {*PEOPLE, *CUSTOMERS}


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_people_of_a_file_come_in_and_come_back(app: CRM, cast: Cast, name: str) -> None:
    expected = PEOPLE[name]
    assert imported(cast, "people", place(name)) == len(expected)
    before = people(cast)
    for one, told in zip(before, expected, strict=True):
        plain = {key: value for key, value in told.items() if key not in ("photo", "further")}
        assert {key: one[key] for key in plain} == plain
        assert one["photo"] == (PICTURES[told["photo"]] if "photo" in told else None)
        lines = (one["description"] or "").splitlines()
        assert [line for line in lines if line in told.get("further", ())] == told.get("further", [])
    file = fetch(cast.root, "people", "vcf")
    cast = emptied(app)
    assert imported(cast, "people", file) == len(expected)
    assert people(cast) == before


@pytest.mark.parametrize("name", sorted(CUSTOMERS))
def test_cards_without_a_company_are_customers(app: CRM, cast: Cast, name: str) -> None:
    expected = CUSTOMERS[name]
    assert imported(cast, "customers", place(name)) == len(expected)
    before = customers(cast)
    assert [{key: value for key, value in one.items() if key != "description"} for one in before] == expected
    file = fetch(cast.root, "customers", "vcf")
    cast = emptied(app)
    assert imported(cast, "customers", file) == len(expected)
    assert customers(cast) == before


def test_what_the_house_knows_of_a_person_comes_back_from_a_card(app: CRM, cast: Cast) -> None:
    customer = cast.root.made("/customers", {"name": "南京, 有限公司; 分\\公司"})
    cast.root.made(
        "/people",
        {
            "customer_id": customer["id"],
            "name": "张\u3000三",
            "emails": [
                {"kind": "home", "address": "a@x.example"},
                {"kind": "work", "address": "b@x.example", "is_primary": True},
            ],
            "phones": [
                {"kind": "mobile", "raw": "139 0000 0000"},
                {"kind": "fax", "raw": "025-1"},
                {"kind": "work", "raw": "025-2", "is_primary": True},
                {"kind": "home", "raw": "025-3"},
                {"kind": "other", "raw": "025-4"},
            ],
            "address": {
                "country": "中国",
                "province": "江苏",
                "city": "南京",
                "district": "玄武区",
                "street": "中山路1号, 2楼",
                "postal_code": "210000",
            },
            "wechat": "zhang;san",
            "qq": "12345",
            "department": "销售; 华东",
            "description": "一\n二, 三",
            "photo": "https://example.com/p.png?a=1,2;3",
        },
    )

    def told() -> dict[str, Any]:
        (one,) = cast.root.get("/people").get_json()["data"]
        names = ("name", "address", "wechat", "qq", "department", "description", "photo", "email", "phone")
        kept = {name: one[name] for name in names} | {"customer": one["customer"]["name"]}
        for plural, key in (("emails", "address"), ("phones", "raw")):
            held = [(entry["kind"], entry[key], entry["is_primary"]) for entry in one[plural]]
            kept[plural] = sorted(held)
        return kept

    before = told()
    file = fetch(cast.root, "people", "vcf")
    cast = emptied(app)
    assert imported(cast, "people", file) == 1
    assert told() == before
