"""What rows become: the resources with the standard endpoints, and users, who have doors of their own."""

from __future__ import annotations

from typing import Any

from ..access import Actor, Permission
from ..auth import service
from ..auth.models import User
from ..auth.schemas import USERS, UserSchema
from ..routing import RESOURCES, Resource


class _Users:
    """The use cases of users as those of any record: without passwords, which never stand in a file."""

    create = staticmethod(service.create)
    edit = staticmethod(service.edit)
    restore = staticmethod(service.restore)

    @staticmethod
    def remove(actor: Actor, record: User) -> Any:
        """Users are deactivated."""
        return service.deactivate(actor, record, None)


_OWN = {"users": Resource(USERS, _Users(), Permission.USER_WRITE, UserSchema(), UserSchema(partial=True))}


def resource_of(plural: str) -> Resource:
    """A resource by the last segment of its path."""
    return _OWN.get(plural) or RESOURCES[plural]
