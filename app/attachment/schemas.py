"""What files look like on the wire, and their list."""

from __future__ import annotations

from ..auth.models import users
from ..filtering import AnyOf, Contains, Range, an_id
from ..listing import ListSpec
from ..projection import LinkTo
from ..schema import IdField, RecordSchema, StrictSchema, column
from .models import Attachment, attachments


class AttachmentSchema(RecordSchema):
    """A file; its content is at `/attachments/{id}/content`."""

    class Meta(RecordSchema.Meta):
        """Columns of `Attachment`."""

        model = Attachment

    id = column(dump_only=True)
    version = column(dump_only=True)
    customer_id = IdField(dump_only=True, allow_none=True)
    deal_id = IdField(dump_only=True, allow_none=True)
    contact_id = IdField(dump_only=True, allow_none=True)
    name = column(dump_only=True)
    content_type = column(dump_only=True)
    size = column(dump_only=True)
    sha256 = column(dump_only=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    author = LinkTo("created_by", Attachment.created_by, users)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class UploadSchema(StrictSchema):
    """The record to which an uploaded file belongs: exactly one."""

    customer_id = IdField()
    deal_id = IdField()
    contact_id = IdField()


ATTACHMENTS = ListSpec(
    policy=attachments,
    schema=AttachmentSchema,
    plural="attachments",
    filters={
        "id": AnyOf(Attachment.id, an_id),
        "customer_id": AnyOf(Attachment.customer_id, an_id),
        "deal_id": AnyOf(Attachment.deal_id, an_id),
        "contact_id": AnyOf(Attachment.contact_id, an_id),
        "name": Contains(Attachment.name_key),
        "content_type": AnyOf(Attachment.content_type),
        "created_by": AnyOf(Attachment.created_by, an_id),
        "created": Range(Attachment.created_at),
    },
    sort={"name": Attachment.name_key, "size": Attachment.size},
    search=(Attachment.name_key,),
)
