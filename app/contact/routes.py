"""`/contacts`."""

from __future__ import annotations

from ..access import Permission
from ..routing import Routes
from . import service
from .schemas import CONTACTS

routes = Routes("contact", __name__)

routes.resource(CONTACTS, service, read=Permission.CONTACT_READ, write=Permission.CONTACT_WRITE)
