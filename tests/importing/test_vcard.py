"""vCards of all three versions: nothing of a card is lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.importing import tables
from app.importing.tables import Cell, Format, UnreadableError

from ..cast import Cast
from .sending import change, counts, mapping, result, upload


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
            "birthday_without_year": "Birthday: 02-03",
            "wechat": "ouyang",
            "qq": "678",
            "photo": "data:image/png;base64,iVBORw0KGgo=",
        }
    ]


@pytest.mark.parametrize(
    ("line", "day", "told"),
    [
        ("BDAY:--0415", None, "04-15"),
        ("BDAY:--04-15", None, "04-15"),
        ("BDAY;VALUE=date;X-APPLE-OMIT-YEAR=1604:1604-04-15", None, "04-15"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1985-04-15", date(1985, 4, 15), None),
        ("BDAY:19850415", date(1985, 4, 15), None),
        ("BDAY:1985-04", None, "1985-04"),
        ("BDAY:1985-02-30", None, "1985-02-30"),
        ("BDAY;VALUE=text:circa 1800", None, "circa 1800"),
        ("BDAY:", None, None),
    ],
)
def test_birthdays(tmp_path: Path, line: str, day: date | None, told: str | None) -> None:
    (found,) = cards(tmp_path, card("4.0", "FN:A", line))
    assert found.get("birthday") == day
    assert found.get("birthday_without_year") == (told and f"Birthday: {told}")


def test_nicknames_and_further_sites(tmp_path: Path) -> None:
    lines = ("FN:A", "NICKNAME:Bob,Bobby\\, the", "NICKNAME:Rob", "URL:http://a.example", "URL;PREF=1:http://b.example")
    (found,) = cards(tmp_path, card("4.0", *lines, "URL:http://c.example", "X-QQ:1", "X-QQ:2"))
    assert found == {
        "name": "A",
        "nickname": "Bob, Bobby, the, Rob",
        "website": "http://b.example",
        "other_websites": "http://a.example\nhttp://c.example",
        "qq": "1",
        "other": "QQ: 2",
    }


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


def test_people_with_a_birthday_without_its_year_come_in(cast: Cast) -> None:
    """The date is none that can be kept as one: it is told among the notes, and nobody is refused for it."""
    text = card(
        "4.0", "FN:Ann", "ORG:Acme", "NOTE:Met in May", "NICKNAME:Annie", "BDAY:--04-15", "URL:http://a.example"
    )
    file = (text + card("3.0", "FN:Ben", "ORG:Acme", "BDAY:1985-04-15")).encode()
    chosen = upload(cast.root, "people", file, "people.vcf")
    named = mapping(chosen)
    assert (named["birthday"], named["birthday_without_year"], named["nickname"]) == (
        "birthday",
        "description",
        "description",
    )
    chosen = change(cast.root, chosen, options={"create": ["customers"]})
    assert counts(result(cast.root, chosen, "check")) == {"new": 2}
    assert counts(result(cast.root, chosen, "commit")) == {"new": 2}
    ann, ben = cast.root.get("/people?sort=name").get_json()["data"]
    assert (ann["birthday"], ben["birthday"]) == (None, "1985-04-15")
    assert set(ann["description"].split("\n")) == {"Met in May", "Birthday: 04-15", "Annie"}
    assert ben["description"] is None


def test_the_nickname_and_the_sites_of_a_customer(cast: Cast) -> None:
    text = card("3.0", "FN:Acme Trading Ltd", "NICKNAME:Acme", "URL:http://a.example", "URL:http://b.example")
    chosen = upload(cast.root, "customers", text.encode(), "customers.vcf")
    assert counts(result(cast.root, chosen, "commit")) == {"new": 1}
    (made,) = cast.root.get("/customers").get_json()["data"]
    told = (made["short_name"], made["website"], made["description"])
    assert told == ("Acme", "http://a.example", "http://b.example")
