"""Routes."""

from ..routing import Routes

routes = Routes("deal", __name__)
