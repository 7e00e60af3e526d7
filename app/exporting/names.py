"""By what a linked record is named in a file, so that an import finds just that record again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from ..access import Actor, Permission
from ..auth.models import Team, User
from ..customer.models import Customer
from ..customer.schemas import CUSTOMERS
from ..deal.models import Deal, Product


class Names:
    """Texts for linked records: people of the house by e-mail, products by code, customers and deals by name.

    A customer or deal whose name others have too is named by what tells it apart, as far as the reader may see that.
    What is looked up is small, or what is ambiguous only: it does not grow with the file.

    Args:
        connection: that the export reads by.
        actor: who exports.
    """

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor
        self._known: dict[str, dict[int, str]] = {}
        self._looks_up: dict[str, Callable[[], dict[int, str]]] = {
            "users": self._users,
            "teams": self._teams,
            "products": self._products,
            "customers": self._customers,
            "deals": self._deals,
        }

    def text(self, target: str, record_id: int, name: str | None) -> str:
        """The text for a record of a resource.

        Args:
            name: what the list calls it.
        """
        known = self._known.get(target)
        if known is None:
            look_up = self._looks_up.get(target)
            known = self._known[target] = look_up() if look_up else {}
        return known.get(record_id) or name or str(record_id)

    def _users(self) -> dict[int, str]:
        rows = self._connection.execute(select(User.id, User.name, User.email))
        sees_all = self._actor.may(Permission.USER_WRITE)
        return {row.id: (row.email if sees_all or row.id == self._actor.user_id else None) or row.name for row in rows}

    def _teams(self) -> dict[int, str]:
        return {row.id: row.name for row in self._connection.execute(select(Team.id, Team.name))}

    def _products(self) -> dict[int, str]:
        return {row.id: row.code for row in self._connection.execute(select(Product.id, Product.code))}

    def _customers(self) -> dict[int, str]:
        live: Any = Customer.is_active
        shared = select(Customer.name).where(live).group_by(Customer.name).having(func.count() > 1)
        asked = select(Customer.id, Customer.external_id, Customer.email, Customer.phone_e164)
        rows = self._connection.execute(asked.where(live, Customer.name.in_(shared)))
        # What the pool masks on some rows is told of none.
        view = CUSTOMERS.view_for(self._actor.shape)
        email, phone = (view.looks_into((name,)) and name not in view.pool_masks for name in ("email", "phone"))
        found = {row.id: row.external_id or (email and row.email) or (phone and row.phone_e164) for row in rows}
        return {record_id: text for record_id, text in found.items() if text}

    def _deals(self) -> dict[int, str]:
        live: Any = Deal.is_active
        shared = select(Deal.customer_id, Deal.name).where(live).group_by(Deal.customer_id, Deal.name)
        asked = select(Deal.id, Deal.external_id).where(live, Deal.external_id.is_not(None))
        within = tuple_(Deal.customer_id, Deal.name).in_(shared.having(func.count() > 1))
        rows = self._connection.execute(asked.where(within))
        return {row.id: row.external_id for row in rows if row.external_id}
