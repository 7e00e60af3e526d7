"""Routes."""

from ..routing import Routes

routes = Routes("report", __name__)
