"""What a file is, told from its first bytes, and a name that is safe to write down and to download by."""

from __future__ import annotations

import re
import unicodedata

SEEN = 8_192
"""So many bytes of a file are looked at."""

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"{\\rtf", "application/rtf"),
)
_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_OLD_OFFICE = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
}
_MARKUP = re.compile(rb"<\s*(!doctype|html|head|body|script|svg|iframe|\?xml)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LONGEST = 200


def type_of(head: bytes, name: str) -> str | None:
    """The type of a file that may be kept; None for programs, web pages and whatever else is not known.

    Args:
        head: its first `SEEN` bytes.
        name: tells apart only what looks the same inside: the old office formats, and texts.
    """
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    ending = name.rpartition(".")[2].lower()
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _media(head[8:12])
    if head.startswith(b"PK\x03\x04"):
        found = [kind for part, kind in _OFFICE.items() if part in head]
        return found[0] if found else "application/zip"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _OLD_OFFICE.get(ending)
    return _text_type(head, ending)


def _media(brand: bytes) -> str:
    if brand in (b"heic", b"heix", b"mif1"):
        return "image/heic"
    return "audio/mp4" if brand.startswith(b"M4A") else "video/mp4"


def _text_type(head: bytes, ending: str) -> str | None:
    if not head or b"\x00" in head or head.startswith((b"MZ", b"\x7fELF", b"#!")) or _MARKUP.search(head):
        return None
    # A character may be cut in two at the end of what is looked at.
    if not any(_reads(head[: len(head) - cut], code) for code in ("utf-8", "gb18030") for cut in range(4)):
        return None
    return "text/csv" if ending == "csv" else "text/plain"


def _reads(head: bytes, code: str) -> bool:
    try:
        text = head.decode(code)
    except UnicodeDecodeError:
        return False
    return all(char in "\t\n\r\f" or unicodedata.category(char) != "Cc" for char in text)


def safe_name(name: str) -> str:
    """The last part of a path without control characters and changes of direction; the ending survives a cut."""
    last = re.split(r"[/\\]", name)[-1]
    clean = _UNSAFE.sub("", last.encode("utf-8", "ignore").decode()).strip(" .")
    if len(clean) > _LONGEST:
        stem, dot, ending = clean.rpartition(".")
        keeps = bool(dot) and len(ending) <= 20
        clean = f"{stem[: _LONGEST - len(ending) - 1]}.{ending}" if keeps else clean[:_LONGEST]
    return clean or "file"
