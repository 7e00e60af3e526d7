"""`/attachments`."""

from __future__ import annotations

from flask import Response

from ..access import Actor, Permission
from ..routing import Routes
from . import service, transfer
from .models import Attachment, attachments
from .schemas import ATTACHMENTS, UploadSchema

routes = Routes("attachment", __name__)

routes.listing(ATTACHMENTS, Permission.ATTACHMENT_READ)
routes.reading(ATTACHMENTS, Permission.ATTACHMENT_READ)
routes.removal(ATTACHMENTS, service, Permission.ATTACHMENT_WRITE)


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
    media="*/*",
    summary="Download a file",
)
def download_attachment(_actor: Actor, attachment: Attachment) -> Response:
    """The content, under its name."""
    return transfer.hand_out(attachment)
