"""The logo of a selling entity: a small PNG or JPEG, known by what it holds and kept by the hash of its bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from contextlib import suppress
from io import BytesIO

from PIL import Image

from .. import scanner
from ..database import db
from ..errors import not_found
from .models import CompanyLogo

MOST_BYTES = 512 * 1024
MOST_PIXELS = 4_000_000

_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}


class BadLogoError(ValueError):
    """The image cannot be taken; holds the code of the issue."""


def scan_logo(data: str, at: str) -> None:
    """Have an image scanned, before the unit of work that keeps it; what is none is left for `keep_logo` to refuse.

    Args:
        at: where a refusal points to.

    Raises:
        Problem: 422 and 503 as `scanner.check`.
    """
    with suppress(BadLogoError):
        scanner.check(BytesIO(_content(data)), "logo", at)


def keep_logo(data: str) -> str:
    """Store an image that was sent as base64, or as a `data:` address, and give its digest.

    Raises:
        BadLogoError: not base64, too large, or no PNG or JPEG image all through.
    """
    content = _content(data)
    content_type = _type_of(content)
    digest = hashlib.sha256(content).hexdigest()
    if db.session.get(CompanyLogo, digest) is None:
        db.session.add(CompanyLogo(digest=digest, content_type=content_type, content=content))
        db.session.flush()
    return digest


def _content(data: str) -> bytes:
    try:
        content = base64.b64decode(data.rpartition(",")[2] if data.startswith("data:") else data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadLogoError("image") from error
    if len(content) > MOST_BYTES:
        raise BadLogoError("image_too_large")
    return content


def _type_of(content: bytes) -> str:
    """The type of an image, decoded to its end: what only begins like one is none."""
    try:
        with Image.open(BytesIO(content), formats=tuple(_TYPES)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise BadLogoError("image_too_large")
            image.load()
            return _TYPES[str(image.format)]
    except BadLogoError:
        raise
    except (OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError) as error:
        raise BadLogoError("image") from error


def logo_of(digest: str) -> CompanyLogo:
    """A stored image.

    Raises:
        Problem: 404.
    """
    found = db.session.get(CompanyLogo, digest)
    if found is None:
        raise not_found()
    return found
