"""What can be searched, one declaration for each kind of record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..access import Permission
from ..contact.schemas import CONTACTS
from ..customer.schemas import CUSTOMERS, PEOPLE
from ..deal.schemas import DEALS
from ..listing import ListSpec
from ..task.schemas import TASKS

Shown = Mapping[str, Any]
"""A record as its reader sees it."""


@dataclass(frozen=True, eq=False)
class SearchType:
    """A kind of record that is searched.

    Attributes:
        spec: its list: sight, masks, what its search looks into.
        permission: what searching it needs.
        fields: what matches are marked in, what the record is called first. A field of several entries, such as
            phones, comes with the key of their texts.
        subtitle: what tells records of one name apart.
        reads: further fields that the subtitle takes.
        weight: what it is worth above the others, in parts of a score of 1.
    """

    spec: ListSpec
    permission: Permission
    fields: Mapping[str, str | None]
    subtitle: Callable[[Shown], str | None]
    reads: tuple[str, ...] = ()
    weight: float = 0.0

    @property
    def name(self) -> str:
        """The resource's singular name."""
        return self.spec.model.resource


def _joined(*parts: str | None) -> str | None:
    return " · ".join(part for part in parts if part) or None


def _of_customer(record: Shown) -> str | None:
    return record["customer"]["name"] if record["customer"] else None


TYPES: dict[str, SearchType] = {
    one.name: one
    for one in (
        SearchType(
            CUSTOMERS,
            Permission.CUSTOMER_READ,
            {"name": None, "short_name": None, "company": None, "phone": None, "email": None},
            lambda record: _joined(record["company"], record["title"]) or record["short_name"],
            reads=("title", "owner_id"),
            weight=0.03,
        ),
        SearchType(
            PEOPLE,
            Permission.CUSTOMER_READ,
            {
                "name": None,
                "phones": "raw",
                "emails": "address",
                "wechat": None,
                "qq": None,
                "title": None,
                "department": None,
            },
            lambda record: _joined(_of_customer(record), record.get("title")),
            reads=("customer_id", "customer"),
            weight=0.02,
        ),
        SearchType(
            DEALS,
            Permission.DEAL_READ,
            {"name": None},
            _of_customer,
            reads=("customer_id", "customer", "owner_id"),
            weight=0.01,
        ),
        SearchType(
            TASKS,
            Permission.TASK_READ,
            {"subject": None, "description": None},
            _of_customer,
            reads=("customer_id", "customer", "assignee_id"),
            weight=0.005,
        ),
        SearchType(
            CONTACTS,
            Permission.CONTACT_READ,
            {"subject": None, "content": None},
            _of_customer,
            reads=("customer_id", "customer", "user_id"),
        ),
    )
}
"""Every kind by its name, in the order in which they are shown."""
