"""The printed quote, read back: what stands on it in both languages, and that it prints whatever people write."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from app.quote.service import business_day

from ..cast import Cast, Member
from .offering import COMPANY, company, image, offered, quote, sent


def pages(who: Member, quote_id: int, query: str = "?language=zh-CN") -> list[str]:
    """The texts of the pages of a quote, without the blanks between what stands beside each other."""
    answer = who.get(f"/quotes/{quote_id}/pdf{query}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.get_data(as_text=True)[:300]
    return ["".join(page.extract_text().split()) for page in PdfReader(BytesIO(answer.get_data())).pages]


def drawn_up(cast: Cast, **more: Any) -> dict[str, Any]:
    """A quote to a buyer who is known well."""
    company(cast, logo_data=image())
    of = offered(cast)
    address = {"province": "上海市", "city": "上海市", "street": "南京路 1 号", "postal_code": "200001"}
    cast.alice.patch(f"/customers/{of['customer_id']}", {"tax_id": "9131TAX", "address": address})
    cast.alice.made("/people", {"name": "王芳", "title": "采购", "customer_id": of["customer_id"], "is_primary": True})
    return quote(cast.alice, of["id"], **{"terms": "货到付款\n保修三年", "discount_percent": "3", **more})


def test_a_page_in_chinese(cast: Cast) -> None:
    made = drawn_up(cast)
    today = business_day()
    (page,) = pages(cast.alice, made["id"])
    for words in (
        "报价单草稿",
        f"编号{made['number']}",
        f"日期{today.year}年{today.month}月{today.day}日",
        "币种CNY",
        "买方甲公司联系人：王芳采购地址：上海市南京路1号200001税号：9131TAX",
        "卖方联曦科技（上海）有限公司地址：上海市浦东新区世纪大道100号税号：91310000MA1K00000X电话：021-50000000邮箱：sales@example.com",
        "序号产品单位数量单价折扣税率金额",
        f"1服务器S-{cast.alice.id}·2U台312,000.005%13%34,200.00",
        f"2维护M-{cast.alice.id}年1999.996%999.99",
        "小计35,199.99优惠(3%)-1,056.00不含税金额34,143.99税额4,370.82合计（CNY）38,514.81",
        "金额大写人民币叁万捌仟伍佰壹拾肆元捌角壹分",
        "条款货到付款保修三年",
        "银行账户招商银行上海分行121900001234567",
        "第1页，共1页",
    ):
        assert words in page, words


def test_a_page_in_english(cast: Cast) -> None:
    made = drawn_up(cast)
    (page,) = pages(cast.alice, made["id"], "?language=en")
    for words in (
        "QuotationDraft",
        "CurrencyCNY",
        "Buyer甲公司Attention:王芳采购Address:南京路1号,上海市,上海市,200001Taxid:9131TAX",
        "SellerLianxiTechnology(Shanghai)Ltd",
        "#ProductUnitQuantityUnitpriceDiscountTaxAmount",
        "Subtotal35,199.99Discount(3%)-1,056.00Netamount34,143.99Tax4,370.82Total(CNY)38,514.81",
        "Terms货到付款保修三年",
        "Page1of1",
    ):
        assert words in page, words
    assert "人民币" not in page


def test_the_language_is_the_readers_unless_said(cast: Cast) -> None:
    made = drawn_up(cast)
    assert "Quotation" in pages(cast.alice, made["id"], "")[0]
    answer = cast.alice.get(f"/quotes/{made['id']}/pdf", headers={"Accept-Language": "zh-CN"})
    assert "报价单" in PdfReader(BytesIO(answer.get_data())).pages[0].extract_text()
    bad = cast.alice.get(f"/quotes/{made['id']}/pdf?language=fr")
    assert (bad.status_code, bad.get_json()["errors"][0]["parameter"]) == (422, "language")


def test_many_lines_break_over_pages_under_their_heading(cast: Cast) -> None:
    lines = [{"name": f"产品{at}", "quantity": "1", "unit_price": "10", "unit": "件"} for at in range(1, 121)]
    made = drawn_up(cast, lines=lines)
    found = pages(cast.alice, made["id"])
    assert len(found) > 2
    for at, page in enumerate(found, 1):
        assert f"第{at}页，共{len(found)}页" in page
        if "产品1件" not in page and "件" in page:
            assert page.index("序号产品单位数量单价税率金额") < page.index("件")
    whole = "".join(found)
    positions = [whole.index(f"产品{at}件") for at in range(1, 121)]
    assert positions == sorted(positions)
    assert whole.count("合计（CNY）") == 1


def test_what_was_sent_is_printed_for_ever(cast: Cast) -> None:
    made = drawn_up(cast)
    sent(cast.alice, made["id"])
    before = cast.alice.get(f"/quotes/{made['id']}/pdf?language=zh-CN").get_data()
    cast.root.patch("/settings/company", {"entities": [{**COMPANY, "id": 1, "name_zh": "新名", "logo_data": None}]})
    cast.alice.patch(f"/customers/{made['customer_id']}", {"name": "改名", "address": None})
    assert cast.alice.get(f"/quotes/{made['id']}/pdf?language=zh-CN").get_data() == before
    revised = cast.alice.post(f"/quotes/{made['id']}/revise").get_json()
    (page,) = pages(cast.alice, revised["id"])
    assert f"{made['number']}(第2版)" in page
    assert "买方改名" in page
    assert "卖方新名" in page


@pytest.mark.parametrize(
    "text",
    [
        "<b>&amp; <para></i> ]]> &",
        "\x07\ttab\u200b\u202e \U0001f600 \u0e01 𠮷 ﷽",
        "長" * 500,
        "A" * 500,
        "\n" * 400 + "end",
        "lorem ipsum " * 1600,
    ],
)
def test_it_prints_whatever_people_write(cast: Cast, text: str) -> None:
    line = {
        "name": text.strip().replace("\n", "")[:190].replace("\x07", "").replace("\t", "").replace("\u202e", "") or "x"
    }
    lines = [{**line, "specification": line["name"], "quantity": "1", "unit_price": "1"}]
    made = drawn_up(cast, terms=text, lines=lines)
    assert "合计" in "".join(pages(cast.alice, made["id"]))


def test_a_bare_draft_prints_too(cast: Cast) -> None:
    of = cast.alice.made("/deals", {"name": "x"})
    made = quote(cast.alice, of["id"], currency="JPY")
    assert "合计（JPY）0" in pages(cast.alice, made["id"])[0]


def test_who_sees_the_deal_may_print(cast: Cast) -> None:
    made = drawn_up(cast)
    statuses = {who.name: who.get(f"/quotes/{made['id']}/pdf").status_code for who in cast.everybody()}
    assert statuses == {"alice": 200, "bob": 404, "carol": 200, "mallory": 404, "vera": 200, "root": 200}


def test_a_buyer_out_of_sight_is_printed_for_nobody(cast: Cast) -> None:
    made = drawn_up(cast)
    sharing = {"collaborators": [{"user_id": cast.bob.id, "access": "read"}]}
    assert cast.alice.patch(f"/deals/{made['deal_id']}", sharing).status_code == 200
    assert cast.bob.get(f"/quotes/{made['id']}").get_json()["customer"] is None
    assert cast.bob.get(f"/quotes/{made['id']}/pdf").status_code == 403
