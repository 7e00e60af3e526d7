"""Use cases of products."""

from __future__ import annotations

from typing import Any

from flask import current_app

from ..access import Actor, Permission
from ..customer.custom_fields import DERIVES, check_custom, derive_custom
from ..customer.options import check_options
from ..customer.service import merge_objects
from ..database import db
from ..errors import Faults, Issue
from ..folding import fold, search_key, sort_key
from ..journal import SETTLE, SetBack
from ..routing import assign, remove, restore
from .models import Product
from .schemas import ProductSchema

_SCHEMA = ProductSchema()


def create(actor: Actor, values: dict[str, Any]) -> Product:
    """A new product; without `currency` in the base currency.

    Raises:
        Problem: 409 at `#/code` when the code is in use; 422 for an unknown category or the cost without the right.
    """
    _check(actor, None, values)
    merge_objects(None, values)
    product = Product(**{"currency": current_app.config["LIANXI"].base_currency, **values})
    _derive(product)
    db.session.add(product)
    db.session.flush()
    return product


def edit(actor: Actor, product: Product, values: dict[str, Any]) -> Product:
    """Change the fields that are present; lines that were made with the product keep their prices."""
    _check(actor, product, values)
    merge_objects(product, values)
    assign(product, values)
    _derive(product)
    db.session.flush()
    return product


def _check(actor: Actor, product: Product | None, values: dict[str, Any]) -> None:
    faults = Faults()
    with faults.gathered():
        check_options(_SCHEMA, values)
    with faults.gathered():
        check_custom("products", product, values)
    if "cost" in values and not actor.may(Permission.PRODUCT_COST):
        faults.append(Issue("#/cost", "read_only"))
    faults.settle()


def _derive(product: Product) -> None:
    assign(
        product,
        {
            "code_key": fold(product.code),
            "name_key": fold(product.name),
            "sort_key": sort_key(product.name),
            "search_key": search_key([product.name, product.code, product.series, *derive_custom("products", product)]),
        },
    )


def _settle(product: Product, _undone: SetBack) -> None:
    """Set what follows from a product's columns after an undo."""
    _derive(product)


SETTLE["product"] = _settle
DERIVES["products"] = _derive


__all__ = ["create", "edit", "remove", "restore"]
