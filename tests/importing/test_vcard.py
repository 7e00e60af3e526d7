"""vCards of all three versions: nothing of a card is lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.importing import tables
from app.importing.tables import Cell, Format, UnreadableError


def cards(tmp_path: Path, *texts: str, encoding: str = "utf-8") -> list[dict[str, Cell]]:
    """The filled cells of each card by heading."""
    path = tmp_path / "cards.vcf"
    path.write_bytes("".join(texts).replace("\n", "\r\n").encode(encoding))
    found = tables.recognise(path, "cards.vcf")
    assert found.format == Format.VCARD
    names, rows = tables.table(path, found)
    taken: list[dict[str, Cell]] = []
    for _, row in rows:
        assert isinstance(row, list)
        taken.append({name: cell for name, cell in zip(names, row, strict=True) if cell is not None})
    return taken


def card(version: str, *lines: str) -> str:
    return "\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


def test_version_2_1(tmp_path: Path) -> None:
    text = card(
        "2.1",
        "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0;=E4=B8=89;;=E5=85=88=E7=94=9F;",
        "ORG;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:=C9=CF=BA=A3;=CF=FA=CA=DB",
        "TEL;CELL;VOICE:13800138000",
        "TEL;WORK;FAX:021-1",
        "EMAIL;PREF;INTERNET:a@example.com",
        "ADR;WORK;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:;;=E5=8D=97=E4=BA=AC=E8=B7=AF1=E5=8F=B7;=",
        "=E4=B8=8A=E6=B5=B7;;200001;=E4=B8=AD=E5=9B=BD",
        "NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=",
        "two =3D three",
        "TITLE:Sales \\; more",
        "PHOTO;ENCODING=BASE64;TYPE=GIF:",
        " R0lGODlhAQABAAAAACwAAAAA",
        " AQABAAACAkQBADs=",
        "",
        "URL:http://example.com",
        "LABEL;HOME:One line",
        "  folded",
    )
    assert cards(tmp_path, text) == [
        {
            "name": "张三",
            "last_name": "张",
            "first_name": "三",
            "salutation": "先生",
            "company": "上海",
            "department": "销售",
            "title": "Sales ; more",
            "email": "a@example.com",
            "phone": "13800138000",
            "phone_mobile": "13800138000",
            "phone_fax": "021-1",
            "address.street": "南京路1号",
            "address.city": "上海",
            "address.postal_code": "200001",
            "address.country": "中国",
            "website": "http://example.com",
            "description": "one\ntwo = three",
            "photo": "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=",
            "other": "LABEL: One line folded",
        }
    ]


def test_version_3_0(tmp_path: Path) -> None:
    text = card(
        "3.0",
        "FN:Dr. John Doe",
        "N:Doe;John;Q.,R.;Dr.;Jr.",
        "ORG:Smith\\; Sons\\, Ltd.;Sales",
        'TEL;TYPE="work,voice",pref:1',
        "TEL;TYPE=CELL:2",
        "TEL:3",
        "item1.TEL:4",
        "item1.X-ABLabel:Assistant",
        "EMAIL;TYPE=INTERNET,HOME:h@example.com",
        "EMAIL;TYPE=INTERNET:a@example.com",
        "EMAIL;TYPE=INTERNET,PREF:b@example.com",
        "ADR;TYPE=HOME:;;1 Home St\\nBack;Home;;;",
        "ADR;TYPE=WORK:Box 1;Floor 2;1 Work St;Work;ST;1;USA",
        "BDAY;VALUE=date:1980-03-22",
        "NOTE:long",
        " er\\nnote",
        "CATEGORIES:VIP,A\\,B",
        "X-QQ:12345",
        "X-WECHAT:doe",
        "item2.X-ABDATE:2000-01-02",
        "item2.X-ABLabel:_$!<Anniversary>!$_",
        "PHOTO;VALUE=uri:https://example.com/p.png",
        "UID:u-1",
        "ROLE:Buyer",
    )
    assert cards(tmp_path, text) == [
        {
            "name": "Dr. John Doe",
            "last_name": "Doe",
            "first_name": "John Q.,R.",
            "salutation": "Dr.",
            "name_suffix": "Jr.",
            "company": "Smith; Sons, Ltd.",
            "department": "Sales",
            "email": "b@example.com\na@example.com",
            "email_home": "h@example.com",
            "phone": "1",
            "phone_mobile": "2",
            "phone_work": "1",
            "phone_other": "3\n4",
            "address.street": "Box 1, Floor 2, 1 Work St",
            "address.city": "Work",
            "address.province": "ST",
            "address.postal_code": "1",
            "address.country": "USA",
            "other_addresses": "1 Home St, Back, Home",
            "birthday": date(1980, 3, 22),
            "wechat": "doe",
            "qq": "12345",
            "tags": "VIP, A,B",
            "description": "longer\nnote",
            "photo": "https://example.com/p.png",
            "external_id": "u-1",
            "other": "Anniversary: 2000-01-02\nROLE: Buyer",
        }
    ]


def test_version_4_0(tmp_path: Path) -> None:
    text = card(
        "4.0",
        "FN:欧阳娜娜",
        'TEL;VALUE=uri;PREF=1;TYPE="work,voice":tel:+1-418-656-9254;ext=102',
        "TEL;VALUE=uri;TYPE=cell:tel:+86138%200013",
        "EMAIL;TYPE=work:mailto:x@example.com",
        "IMPP:weixin:ouyang",
        "IMPP;X-SERVICE-TYPE=QQ:x-apple:678",
        "BDAY:--0203",
        "PHOTO:data:image/png;base64,iVBORw0KGgo=",
        'ADR;LABEL="x: y; z":;;"1";;;;',
    )
    assert cards(tmp_path, text) == [
        {
            "name": "欧阳娜娜",
            "email": "x@example.com",
            "email_work": "x@example.com",
            "phone": "+1-418-656-9254 ext. 102",
            "phone_work": "+1-418-656-9254 ext. 102",
            "phone_mobile": "+86138 0013",
            "address.street": '"1"',
            "birthday": "--0203",
            "wechat": "ouyang",
            "qq": "678",
            "photo": "data:image/png;base64,iVBORw0KGgo=",
        }
    ]


def test_several_cards_in_other_encodings(tmp_path: Path) -> None:
    both = (card("3.0", "FN:张三", "TEL:1"), "\n", card("2.1", "FN:李四", "TEL:2"))
    for encoding in ("gbk", "utf-16", "utf-8-sig"):
        assert [one["name"] for one in cards(tmp_path, *both, encoding=encoding)] == ["张三", "李四"]


def test_rows_are_numbered_by_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "cards.vcf"
    path.write_text(card("3.0", "FN:A") + "\n" + card("3.0", "FN:B"), "utf-8")
    assert [number for number, _ in tables.rows(path, tables.recognise(path, "x"))] == [1, 6]


def test_broken_cards_lose_nothing(tmp_path: Path) -> None:
    text = (
        "BEGIN:VCARD\nVERSION:3.0\nFN:No end\nNOTE:first\nsecond line without a fold\n"
        "begin:vcard\nversion:2.1\nfn:Boss\nAGENT:\nBEGIN:VCARD\nVERSION:2.1\nFN:Agent\nTEL:9\nEND:VCARD\nTEL:1\nend:vcard\n"
        "home.begin:vcard\nversion:3.0\norg:Only a company\nhome.tel;type=home:2\n"
    )
    assert cards(tmp_path, text) == [
        {"name": "No end", "description": "first\nsecond line without a fold"},
        {"name": "Boss", "phone": "1", "phone_other": "1"},
        {"name": "Only a company", "company": "Only a company", "phone": "2", "phone_home": "2"},
    ]


def test_a_file_without_a_card(tmp_path: Path) -> None:
    path = tmp_path / "cards.vcf"
    path.write_text("BEGIN:VCARD\n", "utf-8")
    with pytest.raises(UnreadableError, match="file_empty"):
        tables.headings(path, tables.recognise(path, "x"))
