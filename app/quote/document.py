"""The printed quote: one A4 document in one language, made from plain values.

The font is Noto Sans SC, reduced to the characters that names and offers are written in and shipped beside this module
(SIL Open Font License, `fonts/OFL.txt`). Only the glyphs that a document uses are embedded, with their meaning, so that
Chinese prints everywhere and can be searched and copied. Fonts of the reader's own (the CID road) would make smaller
files, but look different on every machine, and not at all where no Chinese font is installed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

FONT = "NotoSansSC"
_WIDTH = A4[0] - 36 * mm
_INK, _SOFT, _LINE, _SHADE = (HexColor(one) for one in ("#1c2330", "#5c6675", "#c9d0da", "#f2f4f7"))


@dataclass(frozen=True)
class Position:
    """A line as it is printed; every value is a finished text."""

    name: str
    details: str
    unit: str
    quantity: str
    unit_price: str
    discount: str
    tax: str
    amount: str


@dataclass(frozen=True)
class Printed:
    """All that stands on a printed quote, in its language.

    Attributes:
        facts: label and value of number, date and the like.
        seller: its name first; `buyer` likewise.
        sums: label and amount, the total last.
        words: the total in words, where the language writes it so.
        notes: heading and text, such as the terms.
        stamp: what the reader must know of it, such as that it is a draft.
    """

    language: str
    title: str
    number: str
    stamp: str | None
    logo: bytes | None
    facts: Sequence[tuple[str, str]]
    seller_label: str
    seller: Sequence[str]
    buyer_label: str
    buyer: Sequence[str]
    headings: Mapping[str, str]
    positions: Sequence[Position]
    sums: Sequence[tuple[str, str]]
    words: tuple[str, str] | None
    notes: Sequence[tuple[str, str]]
    page: Callable[[int, int], str]


@cache
def _style(size: float, colour: str = "ink", right: bool = False, chinese: bool = True) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size} {colour} {right} {chinese}",
        fontName=FONT,
        fontSize=size,
        leading=size * 1.45,
        textColor=_INK if colour == "ink" else _SOFT,
        alignment=TA_RIGHT if right else 0,
        # Breaks between any two characters, as Chinese does; words of other scripts would be cut in two by it.
        wordWrap="CJK" if chinese else None,
        splitLongWords=1,
    )


@cache
def _font() -> None:
    """Read the font once for the process."""
    registerFont(TTFont(FONT, str(Path(__file__).parent / "fonts" / "NotoSansSC-Regular.ttf")))


def _is_chinese(text: str) -> bool:
    return any(unicodedata.east_asian_width(character) in "WF" for character in text)


def _said(text: str, size: float = 9, colour: str = "ink", right: bool = False) -> Paragraph:
    """A text as a paragraph; characters that print nothing are left out."""
    shown = "".join(one for one in text if one == "\n" or unicodedata.category(one) not in ("Cc", "Cs", "Cn", "Co"))
    return Paragraph(escape(shown).replace("\n", "<br/>"), _style(size, colour, right, _is_chinese(shown)))


def document_of(printed: Printed) -> bytes:
    """The PDF. It is laid out twice, because every page says how many there are."""
    _font()
    pages = 1
    content = b""
    for _ in range(2):
        target = BytesIO()
        template = SimpleDocTemplate(
            target,
            pagesize=A4,
            # The frame inside keeps a padding of its own.
            leftMargin=18 * mm - 6,
            rightMargin=18 * mm - 6,
            topMargin=16 * mm,
            bottomMargin=20 * mm,
            title=f"{printed.title} {printed.number}",
            author=printed.seller[0] if printed.seller else "",
            lang=printed.language,
            # The same quote gives the same bytes.
            invariant=1,
        )
        foot = _foot(printed, pages)
        template.build(_story(printed), onFirstPage=foot, onLaterPages=foot)
        pages, content = template.page, target.getvalue()
    return content


def _foot(printed: Printed, pages: int) -> Callable[[Any, Any], None]:
    def draw(canvas: Any, template: Any) -> None:
        canvas.saveState()
        canvas.setFont(FONT, 7.5)
        canvas.setFillColor(_SOFT)
        canvas.drawString(18 * mm, 11 * mm, printed.number)
        canvas.drawRightString(A4[0] - 18 * mm, 11 * mm, printed.page(template.page, pages))
        canvas.restoreState()

    return draw


def _story(printed: Printed) -> list[Any]:
    story: list[Any] = [_head(printed), Spacer(1, 5 * mm), _parties(printed), Spacer(1, 6 * mm), _positions(printed)]
    story.append(KeepTogether([Spacer(1, 3 * mm), _sums(printed), *_words(printed)]))
    for heading, text in printed.notes:
        story += [Spacer(1, 5 * mm), _said(heading, 8, "soft"), Spacer(1, 1 * mm), _said(text)]
    return story


def _head(printed: Printed) -> Table:
    left: list[Any] = []
    if printed.logo is not None:
        image = Image(BytesIO(printed.logo))
        scale = min(50 * mm / image.imageWidth, 16 * mm / image.imageHeight)
        image.drawWidth, image.drawHeight = image.imageWidth * scale, image.imageHeight * scale
        image.hAlign = "LEFT"
        left += [image, Spacer(1, 2 * mm)]
    left.append(_said(printed.seller[0] if printed.seller else "", 12))
    right: list[Any] = [_said(printed.title, 20, right=True), Spacer(1, 1 * mm)]
    if printed.stamp is not None:
        right.append(_said(printed.stamp, 10, "soft", right=True))
    right += [Spacer(1, 2 * mm), *(_said(f"{label}  {value}", 9, right=True) for label, value in printed.facts)]
    table = Table([[left, right]], colWidths=[_WIDTH * 0.5, _WIDTH * 0.5])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
                ("LINEBELOW", (0, 0), (-1, -1), 1.2, _INK),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4 * mm),
            ]
        )
    )
    return table


def _parties(printed: Printed) -> Table:
    def block(label: str, texts: Sequence[str]) -> list[Any]:
        return [_said(label, 8, "soft"), *(_said(text, 10.5 if not at else 9) for at, text in enumerate(texts))]

    cells = [[block(printed.buyer_label, printed.buyer), block(printed.seller_label, printed.seller)]]
    table = Table(cells, colWidths=[_WIDTH * 0.5, _WIDTH * 0.5])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table


_SHARES = {"at": 8, "name": 46, "unit": 9, "quantity": 13, "unit_price": 20, "discount": 13, "tax": 9, "amount": 21}
"""How wide the columns are against each other."""


def _positions(printed: Printed) -> Table:
    columns = [name for name in _SHARES if name in printed.headings]
    whole = sum(_SHARES[name] for name in columns)
    plain = ("at", "name", "unit")
    rows: list[list[Any]] = [[_said(printed.headings[name], 8, "soft", right=name not in plain) for name in columns]]
    for number, one in enumerate(printed.positions, 1):
        cells: dict[str, Any] = {
            name: _said(getattr(one, name), right=name not in plain) for name in columns if name not in ("at", "name")
        }
        cells["at"] = _said(str(number), 9, "soft")
        cells["name"] = [_said(one.name), *([_said(one.details, 8, "soft")] if one.details else [])]
        rows.append([cells[name] for name in columns])
    table = Table(rows, colWidths=[_WIDTH * _SHARES[name] / whole for name in columns], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BACKGROUND", (0, 0), (-1, 0), _SHADE),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 4),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
            ]
        )
    )
    return table


def _sums(printed: Printed) -> Table:
    last = len(printed.sums) - 1
    rows = [
        [_said(label, 9, "soft", right=True), _said(amount, 12 if at == last else 9, right=True)]
        for at, (label, amount) in enumerate(printed.sums)
    ]
    table = Table(rows, colWidths=[45 * mm, 45 * mm], hAlign="RIGHT")
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
                ("RIGHTPADDING", (-1, 0), (-1, -1), 4),
                ("LINEABOVE", (0, last), (-1, last), 1, _INK),
                ("TOPPADDING", (0, last), (-1, last), 4),
            ]
        )
    )
    return table


def _words(printed: Printed) -> list[Any]:
    if printed.words is None:
        return []
    return [Spacer(1, 3 * mm), _said(f"{printed.words[0]}  {printed.words[1]}", 10.5, right=True)]


def amount_text(amount: Decimal, places: int) -> str:
    """An amount as it is printed, in every language: `1,234.50`."""
    return f"{amount:,.{places}f}"
