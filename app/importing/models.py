"""Imports: an uploaded file, how it is read, what its columns mean, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Document, Model


class Import(Model):
    """A file on its way in; it belongs to who uploaded it.

    Attributes:
        resource: what its rows become, as in the resource's path.
        reading: how the file is read, see `reading.Reading`.
        columns: `{index, heading, samples, field, format}` of every column.
        options: how rows are matched and what is made of unknown values, see `schemas.OptionsSchema`.
        found: what the last check found: counts and unknown values.
        changeset_id: what the commit changed.
        headings_key: the same for files with the same headings.
        remembered_from: the import whose mapping and decisions were taken over; null for none.
        corrections: by the number of a row in the file and the index of a cell in it what stands there instead.
    """

    __tablename__ = "import"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(index=True)
    resource: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    file: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    reading: Mapped[Any] = mapped_column(Document)
    columns: Mapped[Any] = mapped_column(Document)
    options: Mapped[Any] = mapped_column(Document)
    found: Mapped[Any] = mapped_column(Document, nullable=True)
    check_job_id: Mapped[int | None] = mapped_column()
    commit_job_id: Mapped[int | None] = mapped_column()
    changeset_id: Mapped[int | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()
    headings_key: Mapped[str | None] = mapped_column(String(64), index=True)
    remembered_from: Mapped[int | None] = mapped_column()
    corrections: Mapped[Any] = mapped_column(Document, nullable=True)
