"""The seals behind the journal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model


class JournalSeal(Model):
    """One link of the chain over the journal: so many entries of the feed, in its order, from behind the seal before.

    Attributes:
        number: 1, 2, 3, ... without a gap.
        xact: with `entry_id` the place of the last sealed entry in the feed.
        key_id: of the key that the seal was made with.
        leaves: of every entry its id (8 bytes) and the hash of what it says (16 bytes).
        mac: over the seal before and all of this one, in hexadecimal; it takes the key to make one.
    """

    __tablename__ = "journal_seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed_at: Mapped[datetime] = mapped_column()
    xact: Mapped[int] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    entry_count: Mapped[int] = mapped_column()
    key_id: Mapped[str] = mapped_column(String(8))
    leaves: Mapped[bytes] = mapped_column(LargeBinary)
    mac: Mapped[str] = mapped_column(String(64))
