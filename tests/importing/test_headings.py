"""Columns of other CRMs and of sheets in Chinese and English are recognised; what is not known stays open."""

from __future__ import annotations

import pytest

from app.importing.headings import REPEATABLE, recognise_columns, way_of
from app.importing.vcard import HEADINGS

ADDRESS = {f"address.{part}" for part in ("country", "province", "city", "district", "street", "postal_code")}
KNOWN = {
    "customers": ADDRESS
    | {
        "kind",
        "name",
        "short_name",
        "email",
        "phone",
        "company",
        "title",
        "website",
        "industry",
        "source",
        "source_detail",
        "level",
        "status",
        "credit_rating",
        "tags",
        "tax_id",
        "employee_count",
        "annual_revenue",
        "parent",
        "description",
        "owner",
        "external_id",
        "created_at",
        "last_contacted_at",
        "next_follow_up_at",
        "first_name",
        "last_name",
    },
    "people": ADDRESS
    | {
        "customer",
        "name",
        "first_name",
        "last_name",
        "salutation",
        "title",
        "department",
        "email",
        "phone",
        "wechat",
        "qq",
        "birthday",
        "decision_role",
        "external_id",
    },
    "contacts": {
        "customer",
        "person",
        "deal",
        "user",
        "kind",
        "direction",
        "subject",
        "content",
        "outcome",
        "occurred_at",
        "duration_seconds",
        "next_step",
        "next_follow_up_at",
    },
    "deals": {
        "customer",
        "name",
        "kind",
        "opened_on",
        "pipeline",
        "stage",
        "amount",
        "currency",
        "win_probability",
        "expected_close_on",
        "closed_on",
        "lost_reason",
        "lost_note",
        "competitors",
        "next_step",
        "next_step_on",
        "owner",
        "source",
        "tags",
        "product",
        "quantity",
        "unit_price",
        "external_id",
        "description",
    },
    "products": {
        "code",
        "name",
        "category",
        "unit",
        "specification",
        "price",
        "currency",
        "tax_percent",
        "cost",
        "series",
    },
    "users": {"name", "email", "phone", "title", "team", "manager", "role", "language", "time_zone"},
    "tasks": {"subject", "kind", "due_on", "due_at", "assignee", "customer", "person", "deal", "priority", "done_at"},
}
NOTHING = "-"


def check(resource: str, table: str) -> None:
    """Lines of `heading -> field`, `-` where it is to stay open."""
    pairs = [tuple(part.strip() for part in line.split("->")) for line in table.strip().splitlines()]
    found = recognise_columns(resource, [heading for heading, _ in pairs], KNOWN[resource])
    assert [(heading, field or NOTHING) for (heading, _), field in zip(pairs, found, strict=True)] == pairs


CASES = {
    "hubspot companies": (
        "customers",
        """
        Record ID -> external_id
        Company name -> name
        Company owner -> owner
        Create Date -> created_at
        Phone Number -> phone
        Last Activity Date -> last_contacted_at
        City -> address.city
        Country/Region -> address.country
        Industry -> industry
        Lifecycle Stage -> status
        Number of Employees -> employee_count
        Annual Revenue -> annual_revenue
        Company Domain Name -> website
        Postal Code -> address.postal_code
        State/Region -> address.province
        Street Address -> address.street
        Time Zone -> -
        LinkedIn Company Page -> -
        """,
    ),
    "hubspot contacts as customers": (
        "customers",
        """
        First Name -> first_name
        Last Name -> last_name
        Email -> email
        Company Name -> company
        Job Title -> title
        Lead Status -> status
        """,
    ),
    "hubspot deals": (
        "deals",
        """
        Record ID -> external_id
        Deal Name -> name
        Deal Stage -> stage
        Pipeline -> pipeline
        Close Date -> expected_close_on
        Create Date -> opened_on
        Deal owner -> owner
        Amount -> amount
        Deal Type -> kind
        Deal Description -> description
        Closed Lost Reason -> lost_reason
        Deal probability -> win_probability
        Next step -> next_step
        Associated Company -> customer
        Is Closed Won -> -
        """,
    ),
    "hubspot warehouse": (
        "deals",
        """
        deal_id -> external_id
        is_deleted -> -
        deal_pipeline_id -> -
        owner_id -> -
        property_dealname -> name
        property_amount -> amount
        property_closedate -> expected_close_on
        """,
    ),
    "salesforce account labels": (
        "customers",
        """
        Account Name -> name
        Account Owner -> owner
        Account Source -> source
        Employees -> employee_count
        Rating -> level
        Billing Street -> address.street
        Billing City -> address.city
        Billing State/Province -> address.province
        Billing Zip/Postal Code -> address.postal_code
        Billing Country -> address.country
        Shipping Street -> -
        Shipping City -> -
        Parent Account -> parent
        Account ID -> external_id
        Fax -> -
        """,
    ),
    "salesforce account API names": (
        "customers",
        """
        Id -> external_id
        Name -> name
        ParentId -> -
        Parent.Name -> parent
        BillingStreet -> address.street
        BillingPostalCode -> address.postal_code
        AnnualRevenue -> annual_revenue
        NumberOfEmployees -> employee_count
        OwnerId -> -
        Owner.Name -> owner
        CreatedDate -> created_at
        Tax_ID__c -> tax_id
        """,
    ),
    "salesforce contacts": (
        "people",
        """
        Salutation -> salutation
        FirstName -> first_name
        Last Name -> last_name
        AccountId -> -
        Account.Name -> customer
        Mailing Street -> address.street
        MobilePhone -> phone
        Home Phone -> phone
        Fax -> phone
        Email -> email
        Birthdate -> birthday
        WeChat__c -> wechat
        Account Owner -> -
        """,
    ),
    "salesforce opportunities": (
        "deals",
        """
        Opportunity Name -> name
        Account Name -> customer
        StageName -> stage
        Probability (%) -> win_probability
        Close Date -> expected_close_on
        Opportunity Owner -> owner
        Type -> kind
        LeadSource -> source
        CurrencyIsoCode -> currency
        Main Competitor(s) -> competitors
        Fiscal Period -> -
        Age -> -
        """,
    ),
    "salesforce activities": (
        "contacts",
        """
        Subject -> subject
        Date -> occurred_at
        Company / Account -> customer
        Contact -> person
        Assigned -> user
        Comments -> content
        Call Duration -> duration_seconds
        Opportunity -> deal
        """,
    ),
    "pipedrive deals": (
        "deals",
        """
        Deal - ID -> external_id
        Deal - Title -> name
        Deal - Owner -> owner
        Deal - Pipeline -> pipeline
        Deal - Stage -> stage
        Deal - Status -> -
        Deal - Value -> amount
        Deal - Currency of Value -> currency
        Deal - Expected close date -> expected_close_on
        Deal - Deal created -> opened_on
        Deal - Won time -> closed_on
        Deal - Lost reason -> lost_reason
        Deal - Label -> tags
        Deal - Weighted value -> -
        Organization - Name -> customer
        Organization - Address -> -
        Person - Email -> -
        """,
    ),
    "pipedrive people": (
        "people",
        """
        Person - Name -> name
        Person - Organization -> customer
        Person - Email - Work -> email
        Person - Email - Home -> email
        Person - Phone - Work -> phone
        Person - Phone - Mobile -> phone
        Person - ID -> external_id
        Organization - Address -> -
        """,
    ),
    "zoho": (
        "deals",
        """
        Record Id -> external_id
        Deal Owner.id -> -
        Deal Owner -> owner
        Deal Name -> name
        Closing Date -> expected_close_on
        Account Name.id -> -
        Account Name -> customer
        Reason For Loss -> lost_reason
        Expected Revenue -> amount
        """,
    ),
    "frappe leads": (
        "customers",
        """
        lead_name -> name
        organization -> company
        job_title -> title
        mobile_no -> phone
        lead_owner -> owner
        no_of_employees -> employee_count
        """,
    ),
    "frappe organizations": (
        "customers",
        """
        Organization Name -> name
        No. of Employees -> employee_count
        Territory -> -
        Company Description -> description
        """,
    ),
    "espo": (
        "customers",
        """
        name -> name
        deleted -> -
        sicCode -> -
        billingAddressStreet -> address.street
        billingAddressPostalCode -> address.postal_code
        emailAddress -> email
        phoneNumber -> phone
        assignedUserName -> owner
        assignedUserId -> -
        """,
    ),
    "a hardware seller": (
        "deals",
        """
        opportunity_id -> external_id
        sales_agent -> owner
        product -> product
        account -> customer
        deal_stage -> stage
        engage_date -> opened_on
        close_value -> amount
        """,
    ),
    "chinese customers": (
        "customers",
        """
        客户名称* -> name
        客户简称 -> short_name
        客户级别 -> level
        客户来源 -> source
        所属行业 -> industry
        联系人 -> -
        手机号 -> phone
        省份 -> address.province
        区县 -> address.district
        详细地址 -> address.street
        负责人 -> owner
        統一社會信用代碼 -> tax_id
        年营业额（万元） -> annual_revenue
        最近跟进时间 -> last_contacted_at
        下次跟进时间 -> next_follow_up_at
        创建人 -> -
        注册资本 -> -
        """,
    ),
    "chinese companies": ("customers", "公司名称 -> name\n所属城市 -> address.city\n法定代表人 -> -\n经营范围 -> -"),
    "chinese private customers": ("customers", "姓名 -> name\n公司名称 -> company\n职位 -> title"),
    "chinese people": (
        "people",
        """
        联系人姓名 -> name
        所属客户 -> customer
        手机1 -> phone
        手机２ -> phone
        座机 -> phone
        电子邮箱 -> email
        称谓 -> salutation
        决策角色 -> decision_role
        是否主联系人 -> -
        """,
    ),
    "chinese contact records": (
        "contacts",
        """
        客户名称 -> customer
        商机名称 -> deal
        跟进人 -> user
        跟进方式 -> kind
        跟进时间 -> occurred_at
        跟进记录 -> content
        下次跟进时间 -> next_follow_up_at
        """,
    ),
    "chinese deals": (
        "deals",
        """
        商机名称 -> name
        客户名称 -> customer
        商机金额(元) -> amount
        销售阶段 -> stage
        赢率(%) -> win_probability
        预计成交日期 -> expected_close_on
        实际成交日期 -> closed_on
        输单原因 -> lost_reason
        单价 -> unit_price
        团队 -> -
        """,
    ),
    "chinese products": (
        "products",
        "产品编码 -> code\n规格型号 -> specification\n标准价格 -> price\n税率 -> tax_percent",
    ),
    "users": ("users", "sales_agent -> name\nmanager -> manager\nregional_office -> team\n手机 -> phone\n部门 -> -"),
    "tasks": (
        "tasks",
        "任务名称 -> subject\n截止日期 -> due_on\n执行人 -> assignee\nPriority -> priority\nStatus -> -",
    ),
    "our own export": (
        "people",
        """
        id -> external_id
        version -> -
        emails.1.address -> email
        emails.1.kind -> -
        emails.2.address -> email
        phones.1.raw -> phone
        address.city -> address.city
        """,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_columns(case: str) -> None:
    check(*CASES[case])


def test_vcards_are_people() -> None:
    found = dict(zip(HEADINGS, recognise_columns("people", HEADINGS, KNOWN["people"]), strict=True))
    assert found["company"] == "customer"
    assert [heading for heading, field in found.items() if field == "phone"] == [
        *("phone", "phone_mobile", "phone_work", "phone_home", "phone_other", "phone_fax"),
    ]
    assert found["other"] is None


def test_headings_tell_the_kind_of_a_way_to_reach_somebody() -> None:
    said = {
        "Phone": None,
        "电话": None,
        "Email": None,
        "联系电话": None,
        "phone_mobile": "mobile",
        "Mobile": "mobile",
        "手机号码": "mobile",
        "Cell Phone": "mobile",
        "Business Phone": "work",
        "办公电话": "work",
        "工作邮箱": "work",
        "email_work": "work",
        "Home Phone": "home",
        "家庭电话": "home",
        "Home Email": "home",
        "Fax": "fax",
        "传真": "fax",
        "phone_fax": "fax",
        "Home Fax": "fax",
        "其他电话": "other",
    }
    assert {heading: way_of(heading) for heading in said} == said


def test_a_field_is_filled_once_unless_it_may_repeat() -> None:
    for resource, known in KNOWN.items():
        for field in known:
            found = recognise_columns(resource, [field, field.upper(), f"{field} 2"], known)
            assert found[0] == field
            assert found.count(field) == 1 or field in REPEATABLE.get(resource, ())


def test_only_fields_that_may_be_filled_are_named() -> None:
    assert recognise_columns("deals", ["客户名称", "商机名称"], {"name"}) == [None, "name"]
    assert recognise_columns("deals", ["custom.区域"], {"custom.区域"}) == ["custom.区域"]
