"""What the tests of quotes begin with: a company that sells, and a deal with lines."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

from PIL import Image

from ..cast import Cast, Member
from ..deal.selling import customer, deal, product

COMPANY = {
    "name_zh": "联曦科技（上海）有限公司",
    "name_en": "Lianxi Technology (Shanghai) Ltd",
    "address": "上海市浦东新区世纪大道 100 号",
    "tax_id": "91310000MA1K00000X",
    "bank_account": "招商银行上海分行\n1219 0000 1234 567",
    "phone": "021-5000 0000",
    "email": "sales@example.com",
}


def image(kind: str = "PNG", width: int = 60, height: int = 20) -> str:
    """A small image as base64."""
    target = BytesIO()
    Image.new("RGB", (width, height), "#2457c5").save(target, kind)
    return base64.b64encode(target.getvalue()).decode()


def company(cast: Cast, **more: Any) -> dict[str, Any]:
    """Set up the one selling entity."""
    answer = cast.root.patch("/settings/company", {"entities": [{**COMPANY, **more}]})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def offered(cast: Cast, who: Member | None = None, **more: Any) -> dict[str, Any]:
    """A deal of alice's with a customer and two lines."""
    who = who or cast.alice
    first = product(cast, f"S-{who.id}", name="服务器", specification="2U", unit="台", price="12000", tax_percent="13")
    second = product(cast, f"M-{who.id}", name="维护", unit="年", price="999.99", tax_percent="6")
    lines = [
        {"product_id": first, "quantity": "3", "unit_price": "12000", "discount_percent": "5"},
        {"product_id": second, "quantity": "1", "unit_price": "999.99"},
    ]
    return deal(who, customer_id=customer(who), lines=lines, **more)


def quote(who: Member, deal_id: int, **more: Any) -> dict[str, Any]:
    """A new quote."""
    return who.made("/quotes", {"deal_id": deal_id, **more})


def sent(who: Member, quote_id: int) -> dict[str, Any]:
    """Send a quote."""
    answer = who.post(f"/quotes/{quote_id}/send")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())
