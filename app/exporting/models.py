"""Exports: who took what out of the house, when and how much; and the tickets by which a browser fetches a file."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Grant, Permission, Policy
from ..database import Document, Model
from ..record import Record


class ExportFormat(StrEnum):
    """What an exported file is."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"
    VCF = "vcf"

    @property
    def keeps_types(self) -> bool:
        """Whether lists stay lists and decimals the texts of the API, because it is no table."""
        return self in (ExportFormat.JSONL, ExportFormat.VCF)


class LabelKind(StrEnum):
    """How columns and values are called: by their stable names in the API, or in the language of who exports."""

    API = "api"
    USER = "user"


class Export(Record):
    """A file that was exported. The record stays when the file has gone: it is the journal's entry of the export.

    Attributes:
        exported: the list, as in the resource's path; `all` for everything.
        query: which of its records, as in the address of the list.
        ids: the records that were named instead; null where a query says which.
        columns: those that were asked for; null for all.
        row_count: how many records the file holds.
        size: of the file, in bytes.
        name: of the file.
        file: where it lies in the folder of exports.
        expires_at: when the file is deleted.
    """

    __tablename__ = "export"
    __table_args__ = (
        Index("ix_export_maker", "created_by", "id"),
        {"sqlite_autoincrement": True},
    )
    resource = "export"
    unjournalled = frozenset({"file"})

    exported: Mapped[str] = mapped_column(String(40))
    format: Mapped[str] = mapped_column(String(10))
    labels: Mapped[str] = mapped_column(String(10))
    query: Mapped[str] = mapped_column(Text)
    ids: Mapped[Any] = mapped_column(Document, nullable=True)
    columns: Mapped[Any] = mapped_column(Document, nullable=True)
    row_count: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(200))
    file: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column()


class ExportTicket(Model):
    """Fetches a file once, without a token, within its short life. Only the hash of its secret is kept."""

    __tablename__ = "export_ticket"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    export_id: Mapped[int] = mapped_column(ForeignKey("export.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column()


exports = Policy(Export, grants=(Grant("user", Export.created_by),), write=Permission.EXPORT, read=Permission.EXPORT)
"""Who made one sees it, and so does who sees everything; the file itself is its maker's alone."""
