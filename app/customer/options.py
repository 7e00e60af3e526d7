"""Option lists: the values that fields such as source, level, industry may take, edited by an admin."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from marshmallow import Schema
from sqlalchemy import bindparam, select

from ..access import Actor
from ..custom_values import CHOICES
from ..database import IdList, db, member_of
from ..errors import Issue, invalid
from ..journal import SETTLE
from ..routing import assign, remove, restore
from ..schema import OptionField, Texts
from ..transaction import recalled
from .models import CustomField, Option

LISTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "source": (
        ("website", "官网", "Website"),
        ("referral", "转介绍", "Referral"),
        ("exhibition", "展会", "Exhibition"),
        ("cold_call", "电话拓展", "Cold call"),
        ("advertising", "广告", "Advertising"),
        ("wechat", "微信", "WeChat"),
        ("partner", "合作伙伴", "Partner"),
        ("other", "其他", "Other"),
    ),
    "level": (
        ("A", "A 重点客户", "A Key account"),
        ("B", "B 普通客户", "B Regular"),
        ("C", "C 小客户", "C Small"),
    ),
    "industry": (
        ("manufacturing", "制造业", "Manufacturing"),
        ("software", "软件与信息技术", "Software and IT"),
        ("retail", "零售", "Retail"),
        ("finance", "金融", "Finance"),
        ("medical", "医疗健康", "Medical"),
        ("education", "教育", "Education"),
        ("logistics", "物流运输", "Logistics"),
        ("construction", "建筑与房地产", "Construction and real estate"),
        ("energy", "能源", "Energy"),
        ("media", "文化传媒", "Media and entertainment"),
        ("government", "政府与公共事业", "Government and public sector"),
        ("services", "商务服务", "Business services"),
        ("other", "其他", "Other"),
    ),
    "decision_role": (
        ("decision_maker", "决策者", "Decision maker"),
        ("champion", "支持者", "Champion"),
        ("influencer", "影响者", "Influencer"),
        ("user", "使用者", "User"),
        ("blocker", "反对者", "Blocker"),
        ("buyer", "采购", "Purchasing"),
    ),
    "contact_kind": (
        ("call", "电话", "Call"),
        ("visit", "拜访", "Visit"),
        ("meeting", "会议", "Meeting"),
        ("email", "邮件", "Email"),
        ("wechat", "微信", "WeChat"),
        ("note", "备注", "Note"),
    ),
    "outcome": (
        ("connected", "已接通", "Connected"),
        ("no_answer", "未接通", "No answer"),
        ("interested", "有意向", "Interested"),
        ("not_interested", "无意向", "Not interested"),
        ("follow_up", "需再跟进", "Follow up"),
    ),
    "lost_reason": (
        ("price", "价格太高", "Price"),
        ("competitor", "输给竞争对手", "Lost to a competitor"),
        ("no_budget", "没有预算", "No budget"),
        ("no_decision", "没有决定", "No decision"),
        ("timing", "时机不合适", "Timing"),
        ("features", "产品不符合需求", "Product does not fit"),
        ("no_response", "联系不上", "No response"),
        ("other", "其他", "Other"),
    ),
    "disqualify_reason": (
        ("no_need", "没有需求", "No need"),
        ("no_budget", "没有预算", "No budget"),
        ("unreachable", "联系不上", "Cannot be reached"),
        ("not_a_fit", "不是目标客户", "Not our kind of customer"),
        ("chose_other", "已选择其他供应商", "Chose another supplier"),
        ("invalid", "信息无效", "Invalid details"),
        ("duplicate", "重复线索", "Duplicate"),
        ("other", "其他", "Other"),
    ),
    "competitor": (),
    "product_category": (
        ("goods", "实物商品", "Goods"),
        ("software", "软件", "Software"),
        ("service", "服务", "Service"),
    ),
}
"""The lists with the values that a new installation starts with: (value, 中文, English)."""


FIXED = frozenset({"contact_kind"})
"""Lists whose values are the code's: an admin gives them labels, colours and an order, no more."""

_KNOWN = select(Option.list, Option.value, Option.merged_into).where(
    Option.is_active, member_of(Option.value, bindparam("values", type_=IdList(of_text=True)))
)


@lru_cache(maxsize=200)
def _listed(schema: Schema) -> list[tuple[str, str]]:
    """The fields of a schema that take option values, each with its list."""
    named = [
        (name, field.option_list if isinstance(field, OptionField) else field.metadata.get("option_list"))
        for name, field in schema.fields.items()
        if isinstance(field, (OptionField, Texts))
    ]
    return [(name, option_list) for name, option_list in named if option_list]


def check_options(schema: Schema, values: dict[str, Any]) -> None:
    """Refuse values that stand in no option list; one that was merged into another becomes that one.

    Args:
        schema: tells which fields take option values.
        values: loaded values; absent and null ones are fine.

    Raises:
        Problem: 422 naming every such field.
    """
    wanted: dict[str, tuple[str, str]] = {}
    for name, option_list in _listed(schema):
        value = values.get(name)
        if isinstance(value, str):
            wanted[f"#/{name}"] = (option_list, value)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                wanted[f"#/{name}/{number}"] = (option_list, item)
    if not wanted:
        return
    known = recalled("options")
    if not set(wanted.values()) <= known.keys():
        rows = db.session.execute(_KNOWN, {"values": sorted({value for _, value in wanted.values()})})
        known.update(((row.list, row.value), row.merged_into or row.value) for row in rows)
    issues = [
        Issue(pointer, "unknown_option", {"value": pair[1], "list": pair[0]})
        for pointer, pair in wanted.items()
        if pair not in known
    ]
    if issues:
        raise invalid(*issues)
    for name in {pointer.split("/")[1] for pointer, pair in wanted.items() if known[pair] != pair[1]}:
        heirs = [known[pair] for pointer, pair in wanted.items() if pointer.split("/")[1] == name]
        values[name] = list(dict.fromkeys(heirs)) if isinstance(values[name], list) else heirs[0]


def create(_actor: Actor, values: dict[str, Any]) -> Option:
    """A new value at the end of its list; labels default to the value itself.

    Raises:
        Problem: 422 for an unknown list.
    """
    if values["list"] in FIXED:
        raise invalid(Issue("#/list", "fixed"))
    if values["list"] not in LISTS and not _is_of_field(values["list"]):
        raise invalid(Issue("#/list", "not_allowed", {"options": ", ".join(LISTS)}))
    option = Option(**({"label_zh": values["value"], "label_en": values["value"], "rank": 1_000} | values))
    db.session.add(option)
    db.session.flush()
    return option


def edit(_actor: Actor, option: Option, values: dict[str, Any]) -> Option:
    """Rename, recolour, reorder or retire a value; records that carry it keep it.

    Raises:
        Problem: 422 when the list or the value itself would change: records refer to it.
    """
    issues = [
        Issue(f"#/{name}", "fixed")
        for name in ("list", "value")
        if values.get(name, getattr(option, name)) != getattr(option, name)
    ]
    if option.list in FIXED and values.get("is_retired"):
        issues.append(Issue("#/is_retired", "fixed"))
    if issues:
        raise invalid(*issues)
    if values.get("is_retired") is False and option.merged_into is not None:
        # It stands for itself again; records that were given the other value keep that.
        values["merged_into"] = None
    assign(option, values)
    return option


def _is_of_field(name: str) -> bool:
    """Whether a list is that of a custom field with choices."""
    plural, _, key = name.partition(".")
    wanted = select(CustomField.id).where(
        CustomField.is_active, CustomField.of_resource == plural, CustomField.key == key, CustomField.kind.in_(CHOICES)
    )
    return db.session.execute(wanted).first() is not None


SETTLE["option"] = lambda _option, _undone: None


__all__ = ["LISTS", "check_options", "create", "edit", "remove", "restore"]
