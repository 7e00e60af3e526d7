"""`/attachments`."""

from __future__ import annotations

from flask import Response

from ..access import Actor, Permission
from ..routing import Routes, deleted_row
from . import service, transfer
from .models import Attachment, attachments
from .schemas import ATTACHMENTS, UploadSchema

routes = Routes("attachment", __name__)

routes.listing(ATTACHMENTS, Permission.ATTACHMENT_READ)
routes.reading(ATTACHMENTS, Permission.ATTACHMENT_READ)


@routes.endpoint_for(
    "POST",
    "/attachments",
    permission=Permission.ATTACHMENT_WRITE,
    form=UploadSchema,
    unit="own",
    raw=True,
    status=201,
    answer=ATTACHMENTS,
    summary="Upload a file to a customer, deal or contact record",
)
def upload_attachment(actor: Actor) -> Response:
    """A multipart form with `file` and the id of the record that it belongs to."""
    return transfer.take_in(actor)


@routes.endpoint_for(
    "GET",
    "/attachments/<int:record_id>/content",
    permission=Permission.ATTACHMENT_READ,
    loads=attachments,
    writes_row=False,
    media="application/octet-stream",
    summary="Download a file",
)
def download_attachment(_actor: Actor, attachment: Attachment) -> Response:
    """The content, under its name."""
    return transfer.hand_out(attachment)


@routes.endpoint_for(
    "DELETE",
    "/attachments/<int:record_id>",
    permission=Permission.ATTACHMENT_WRITE,
    loads=attachments,
    status=204,
    answer=ATTACHMENTS,
    summary="Delete a file softly",
)
def delete_attachment(actor: Actor, attachment: Attachment) -> None:
    """The file goes out of sight; its content stays for a return."""
    service.remove(actor, attachment)


@routes.endpoint_for(
    "POST",
    "/attachments/<int:record_id>/restore",
    permission=Permission.ATTACHMENT_WRITE,
    load_with=lambda actor, record_id: deleted_row(attachments, actor, record_id),
    answer=ATTACHMENTS,
    summary="Restore a deleted file",
)
def restore_attachment(actor: Actor, attachment: Attachment) -> Attachment:
    """Bring a deleted file back."""
    return service.restore(actor, attachment)  # type: ignore[return-value]
