"""Routes."""

from ..routing import Routes

routes = Routes("contact", __name__)
