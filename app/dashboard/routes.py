"""`/dashboards`."""

from __future__ import annotations

from ..access import Permission
from ..routing import Routes
from . import service
from .schemas import DASHBOARDS

routes = Routes("dashboard", __name__)

routes.resource(DASHBOARDS, service, read=Permission.REPORT_READ, write=Permission.REPORT_READ, external=False)
