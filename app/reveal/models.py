"""Reveals: who had which masked field of which record shown, and when."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Permission, Policy
from ..record import Record


class Reveal(Record):
    """A masked value that somebody had shown. It is the journal's entry of that; the value stands nowhere in it.

    Attributes:
        of_resource: singular name of the record's resource.
        record_id: id of the record.
        field: as it was asked for.
    """

    __tablename__ = "reveal"
    __table_args__ = (
        Index("ix_reveal_person", "created_by", "created_at"),
        Index("ix_reveal_record", "of_resource", "record_id"),
        {"sqlite_autoincrement": True},
    )
    resource = "reveal"

    of_resource: Mapped[str] = mapped_column(String(20))
    record_id: Mapped[int] = mapped_column()
    field: Mapped[str] = mapped_column(String(60))


reveals = Policy(Reveal, open_to_all=True, read=Permission.USER_WRITE, write=Permission.USER_WRITE)
"""Who keeps the accounts sees them; nobody changes one."""
