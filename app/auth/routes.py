"""Routes."""

from ..routing import Routes

routes = Routes("auth", __name__)
