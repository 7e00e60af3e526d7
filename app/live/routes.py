"""Routes."""

from ..routing import Routes

routes = Routes("live", __name__)
