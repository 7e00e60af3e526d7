"""Files of other systems through the door that people use: recognised by themselves, checked, imported, shown."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from ..cast import Cast, Member
from ..conftest import FIXTURES, ON_CI
from ..importing.sending import begin, change, counts, mapping, result, upload

pytestmark = pytest.mark.real_data

LOADER = "salesforce_dataloader/test/resources/testfiles/data"
ATOMIC = "atomic_crm/src/components/atomic-crm/contacts/contacts_export.csv"
BILLING = {
    "BillingStreet": "address.street",
    "BillingCity": "address.city",
    "BillingState": "address.province",
    "BillingPostalCode": "address.postal_code",
    "BillingCountry": "address.country",
}


@pytest.fixture(autouse=True)
def _shipped() -> None:
    if not FIXTURES.is_dir():
        if ON_CI:
            pytest.fail(f"{FIXTURES} is missing")
        pytest.skip(f"{FIXTURES} is not shipped with the product")


def recognised(chosen: dict[str, Any]) -> dict[str, str]:
    return {heading: field for heading, field in mapping(chosen).items() if field is not None}


def sent(who: Member, resource: str, path: str, **options: Any) -> dict[str, Any]:
    chosen = upload(who, resource, FIXTURES / path)
    return change(who, chosen, options=options) if options else chosen


def test_chinese_organisations(cast: Cast) -> None:
    chosen = sent(cast.root, "customers", "cn_orgs/cn_orgs_utf8.csv")
    assert recognised(chosen) == {
        "公司名称": "name",
        "行业分类": "industry",
        "电话": "phone",
        "网址": "website",
        "邮箱": "email",
    }
    found = result(cast.root, chosen, "check")
    assert (counts(found), len(found["unknown"])) == ({"wrong": 314}, 19)
    chosen = change(cast.root, chosen, options={"create": ["options"], "existing": "create"})
    made = result(cast.root, chosen, "commit")
    assert counts(made) == {"new": 276, "wrong": 38}
    # Several addresses, or more numbers than fit, stand in one cell: told with their column, corrected, sent again.
    told = {(error["column"], error["code"]) for row in made["rows"] for error in row["errors"]}
    assert told == {("邮箱", "several_emails"), ("电话", "too_long")}
    with cast.root.get(f"/imports/{chosen['id']}/errors") as answer:
        wrong = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))
    target = io.StringIO()
    writer = csv.DictWriter(target, list(wrong[0]))
    writer.writeheader()
    writer.writerows(row | {name: row[name].split(";")[0][:50] for name in ("邮箱", "电话")} for row in wrong)
    again = change(cast.root, upload(cast.root, "customers", target.getvalue()), options={"existing": "create"})
    assert counts(result(cast.root, again, "commit")) == {"new": 38}
    with (FIXTURES / "cn_orgs" / "cn_orgs_utf8.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    stored = {row["name"]: row for page in (1, 2) for row in every(cast.root, page)}
    assert len(rows) == 314 == len(stored)
    for row in rows:
        one = stored[row["公司名称"].strip()]
        assert one["website"] == (row["网址"].strip() or None)
        if row["公司名称"] not in {row["公司名称"] for row in wrong}:
            assert one["email"] == (row["邮箱"].strip() or None)
            whole = row["电话"].strip()
            first, *further = (part.strip() for part in re.split("[;,、/]", whole))
            # Several numbers are taken apart, unless one of them is too short for a number; none is lost.
            assert one["phone"] in (whole or None, first)
            assert one["phone"] == whole or all(number in (one["description"] or "") for number in further)


def every(who: Member, page: int) -> list[dict[str, Any]]:
    """Two hundred customers."""
    return list(who.get(f"/customers?per_page=200&page={page}").get_json()["data"])


def test_companies_and_deals_of_hubspot(cast: Cast) -> None:
    chosen = sent(cast.root, "customers", "hubspot_seeds/company_data.csv", create=["options"])
    assert recognised(chosen)["id"] == "external_id", "their numbers are not ours"
    assert {
        "property_name": "name",
        "property_city": "address.city",
        "property_annualrevenue": "annual_revenue",
    }.items() <= (recognised(chosen).items())
    assert "wrong" not in counts(result(cast.root, chosen, "check"))
    deals = sent(cast.root, "deals", "hubspot_seeds/deal_data.csv")
    assert recognised(deals) == {
        "deal_id": "external_id",
        "property_dealname": "name",
        "property_description": "description",
        "property_amount": "amount",
        "property_closedate": "expected_close_on",
        "property_createdate": "opened_on",
    }
    assert counts(result(cast.root, deals, "commit")) == {"new": 44}
    # Sent again, nothing is new: every deal is known by its number there.
    assert counts(result(cast.root, sent(cast.root, "deals", "hubspot_seeds/deal_data.csv"), "check")) == {
        "unchanged": 44
    }


def test_accounts_and_products_of_salesforce(cast: Cast) -> None:
    chosen = sent(cast.root, "customers", f"{LOADER}/accountsForInsert.csv", create=["options"])
    assert recognised(chosen) == {"Name": "name", "NumEmp": "employee_count", "Industry": "industry"}
    assert counts(result(cast.root, chosen, "commit")) == {"new": 4}
    bikes = sent(cast.root, "customers", "salesforce_ebikes/Accounts.json")
    assert recognised(bikes) == {"Name": "name", **BILLING}
    assert counts(result(cast.root, bikes, "commit")) == {"new": 3}
    (row,) = cast.root.get("/customers?name=Wheelworks").get_json()["data"]
    assert (row["address"]["street"], row["address"]["postal_code"]) == ("480 Trapelo Road", "02478")
    products = sent(cast.root, "products", "salesforce_ebikes/Product__cs.json", create=["options"])
    assert recognised(products) == {
        "Name": "name",
        "Description__c": "specification",
        "MSRP__c": "price",
        "Category__c": "category",
    }
    assert counts(result(cast.root, products, "commit")) == {"new": 16}


def test_people_of_atomic_crm_and_of_cards(cast: Cast) -> None:
    chosen = sent(cast.root, "people", ATOMIC, create=["customers"])
    assert {"company": "customer", "email_work": "email", "email_home": "email", "phone_work": "phone"}.items() <= (
        recognised(chosen).items()
    )
    assert counts(result(cast.root, chosen, "commit")) == {"new": 2}
    card = sent(cast.root, "people", "vcard_ez/io/text/outlook-2003.vcf", create=["customers"])
    assert counts(result(cast.root, card, "commit")) == {"new": 1}
    # Cards of people without a company say so, each in its row.
    cards = sent(cast.root, "people", "vcard_ez/io/text/gmail-list.vcf", create=["customers"])
    found = result(cast.root, cards, "check")
    assert counts(found) == {"wrong": 3}
    assert {row["errors"][0]["field"] for row in found["rows"]} == {"customer_id"}


def test_brokers_become_users_who_share_a_telephone_wrongly(cast: Cast) -> None:
    chosen = sent(cast.root, "users", "salesforce_dreamhouse/brokers-data.json")
    assert recognised(chosen) == {"Name": "name", "Title__c": "title", "Phone__c": "phone", "Email__c": "email"}
    found = result(cast.root, chosen, "check")
    assert counts(found) == {"new": 1, "wrong": 7}
    index = {column["heading"]: column["index"] for column in chosen["columns"]}
    body = {"columns": [{"index": index["Phone__c"], "field": None}]}
    assert cast.root.patch(f"/imports/{chosen['id']}", body).status_code == 200
    assert counts(result(cast.root, chosen, "commit")) == {"new": 8}


def test_agents_of_a_hardware_seller_with_managers_and_teams(cast: Cast) -> None:
    with (FIXTURES / "maventech" / "sales_teams.csv").open(encoding="utf-8-sig", newline="") as file:
        agents = list(csv.DictReader(file))
    managers = list(dict.fromkeys(row["manager"] for row in agents))
    target = io.StringIO()
    writer = csv.writer(target)
    # The file has no addresses, and nobody signs in without one.
    writer.writerow(["sales_agent", "manager", "regional_office", "email", "role"])
    for number, name in enumerate(managers):
        writer.writerow([name, "", "", f"manager{number}@house.example", "manager"])
    for number, row in enumerate(agents):
        writer.writerow(
            [row["sales_agent"], row["manager"], row["regional_office"], f"agent{number}@house.example", ""]
        )
    chosen = upload(cast.root, "users", target.getvalue())
    assert recognised(chosen)["regional_office"] == "team"
    chosen = change(cast.root, chosen, fields={"regional_office": "region"}, options={"create": ["teams"]})
    assert counts(result(cast.root, chosen, "commit")) == {"new": len(agents) + len(managers)} == {"new": 41}
    people = {row["id"]: row for row in cast.root.get("/users?per_page=100").get_json()["data"]}
    teams = [row for row in cast.root.get("/teams").get_json()["data"] if row["name"] in managers]
    assert len(teams) == 6
    by_name = {row["name"]: row for row in people.values()}
    told = {
        (by_name[row["sales_agent"]]["team"]["name"], next(t for t in teams if t["name"] == row["manager"])["region"])
        for row in agents
    }
    assert told == {(row["manager"], row["regional_office"]) for row in agents}


def test_naughty_strings_are_stored_and_shown_unchanged(cast: Cast) -> None:
    strings: list[str] = json.loads((FIXTURES / "blns" / "blns.json").read_text("utf-8"))
    assert len(strings) == 515
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL)
    writer.writerow(["Company name", "Description"])
    writer.writerows([f"No. {number}", text] for number, text in enumerate(strings))
    chosen = upload(cast.root, "customers", target.getvalue())
    assert mapping(chosen) == {"Company name": "name", "Description": "description"}
    job = begin(cast.root, chosen, "commit")
    assert job["status"] == "succeeded", job
    refused = {row["cells"][0] for row in job["result"]["rows"]}
    assert job["result"]["new"] + len(refused) == 515
    # What is refused is named, never changed in silence: a text with NUL characters, if any.
    assert len(refused) <= 5, job["result"]["rows"]
    shown: dict[str, Any] = {}
    for page in range(1, 5):
        rows = cast.root.get(f"/customers?per_page=200&page={page}").get_json()["data"]
        shown |= {row["name"]: row["description"] for row in rows}
    wrong = [
        (text, shown.get(f"No. {number}"))
        for number, text in enumerate(strings)
        if f"No. {number}" not in refused and (shown.get(f"No. {number}") or "") != (text if text.strip() else "")
    ]
    assert wrong == []
