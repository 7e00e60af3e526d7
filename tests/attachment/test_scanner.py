"""Files on their way past ClamAV: at every door, and whatever its daemon does.

The daemon is a stub (`tests/clamd.py`) that speaks the documented protocol over real sockets.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
from werkzeug.test import TestResponse

import logs
from app.attachment.service import place_of
from app.messages import LANGUAGES
from app.routing import CRM, OPERATIONS
from config import ConfigurationError, settings_from

from ..cast import Cast, Member
from ..clamd import EICAR, SIGNATURE, Clamd, judged, scanned
from ..faults import issues
from ..hardening.test_uploads import picture
from ..importing.sending import begin, counts, result, send
from ..importing.sending import upload as imported
from ..operations.test_logs import Lines
from ..servers import free_port
from .test_attachments import PDF, download, form, upload

BAD_PNG = picture("PNG") + EICAR
"""A picture that is one to its end, with something behind it."""


@pytest.fixture
def clamd(app: CRM) -> Iterator[Clamd]:
    with Clamd() as made, scanned(app, made.url):
        yield made


@pytest.fixture(params=["tcp", "unix"])
def either(app: CRM, request: pytest.FixtureRequest) -> Iterator[Clamd]:
    """The daemon behind each kind of socket."""
    with Clamd(request.param) as made, scanned(app, made.url):
        yield made


@pytest.fixture
def logged(app: CRM) -> Iterator[Lines]:
    """Every line that is logged during the test."""
    made, handler = Lines(), logs.LogHandler()
    handler.setStream(made.stream)
    handler.setFormatter(logs.formatter("json"))
    logging.getLogger().addHandler(handler)
    yield made
    logging.getLogger().removeHandler(handler)


def kept(app: CRM) -> set[Path]:
    """All files of people that lie on the disk."""
    data = Path(app.config["LIANXI"].data_dir)
    return {path for name in ("files", "imports") for path in (data / name).rglob("*") if path.is_file()}


def deal_of(who: Member) -> int:
    return int(who.made("/deals", {"name": "x"})["id"])


def by_raw_form(who: Member, content: bytes, deal: int) -> TestResponse:
    """An upload that may be large: the client of the tests leaves the file open in which it keeps such a one."""
    return who.call("POST", "/attachments", **form(deal, content))


def unscanned(answer: TestResponse, at: str = "#/file") -> None:
    """Refused for now, in words."""
    told = answer.get_json()
    assert (answer.status_code, told["type"]) == (503, "/problems/unscanned"), told
    assert int(answer.headers["Retry-After"]) == 30
    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [(at, "file_unscanned")]
    assert "viruses" in told["errors"][0]["detail"]


# ---- what the daemon does --------------------------------------------------------------------------------------------


def test_what_is_clean_is_kept(either: Clamd, cast: Cast) -> None:
    deal = deal_of(cast.alice)
    large = PDF + bytes(3_000_000)
    for content in (PDF, large):
        made = by_raw_form(cast.alice, content, deal)
        assert made.status_code == 201
        assert download(cast.alice, made.get_json()["id"]).data == content
    assert either.heard == [PDF, large]


def test_what_something_is_found_in_is_not(either: Clamd, app: CRM, cast: Cast, logged: Lines) -> None:
    deal, before = deal_of(cast.alice), kept(app)
    answer = upload(cast.alice, EICAR, "张三的合同.txt", deal_id=deal)
    assert issues(answer) == {"#/file": "file_infected"}
    (line,) = [one for one in logged.all() if "the scanner" in one["event"]]
    assert (line["level"], line["user_id"]) == ("warning", cast.alice.id)
    assert SIGNATURE in line["event"]
    assert "***.txt" in line["event"]
    assert "张三" not in json.dumps(logged.all(), ensure_ascii=False)
    for language in LANGUAGES:
        told = upload(cast.alice, EICAR, "x.txt", deal_id=deal, headers={"Accept-Language": language}).get_json()
        assert SIGNATURE in told["errors"][0]["detail"]
    assert kept(app) == before
    assert not place_of(hashlib.sha256(EICAR).hexdigest()).exists()
    assert cast.alice.get("/attachments").get_json()["data"] == []


@pytest.mark.parametrize("content", [PDF, EICAR], ids=["clean", "found"])
def test_an_answer_in_pieces_is_put_together(either: Clamd, cast: Cast, content: bytes) -> None:
    def slowly(heard: bytes) -> Iterable[bytes]:
        said = f"stream: {SIGNATURE} FOUND\0" if heard == EICAR else "stream: OK\0"
        for letter in said.encode():
            yield bytes([letter])
            sleep(0.01)

    either.reply = slowly
    answer = upload(cast.alice, content, "x.txt", deal_id=deal_of(cast.alice))
    assert answer.status_code == (201 if content == PDF else 422)


@pytest.mark.parametrize("kind", ["tcp", "unix", "a name that nobody knows"])
def test_nothing_is_kept_while_it_is_away(app: CRM, cast: Cast, tmp_path: Path, kind: str) -> None:
    deal, before, headers = deal_of(cast.alice), kept(app), {"Idempotency-Key": "k"}
    away = {"tcp": f"tcp://127.0.0.1:{free_port()}", "unix": f"unix://{tmp_path / 'clamd.ctl'}"}
    with scanned(app, away.get(kind, "tcp://clamd.invalid:3310")):
        unscanned(upload(cast.alice, deal_id=deal, headers=headers))
    assert kept(app) == before
    assert cast.alice.get("/attachments").get_json()["data"] == []
    with Clamd() as back, scanned(app, back.url):
        assert upload(cast.alice, deal_id=deal, headers=headers).status_code == 201, "the same attempt, once it is back"


def _for_ever(_content: bytes) -> Iterable[bytes]:
    while True:
        yield b"s"
        sleep(0.05)


@pytest.mark.parametrize("how", ["says nothing", "reads nothing", "never ends"])
def test_nothing_is_kept_while_it_hangs(
    either: Clamd, app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    deal, before = deal_of(cast.alice), kept(app)
    monkeypatch.setattr("app.scanner.SECONDS", 0.7)
    if how == "never ends":
        either.reply = _for_ever
    else:
        either.resumed.clear()
    began = monotonic()
    unscanned(by_raw_form(cast.alice, PDF + bytes(20_000_000 if how == "reads nothing" else 0), deal))
    assert monotonic() - began < 20
    assert kept(app) == before


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\0",
        b"stream: OK",
        b"stream: OK\n",
        b"OK\0",
        b"stream: OK\nstream: OK\0",
        b"stream:  FOUND\0",
        b"stream: Can't allocate memory ERROR\0",
        b"COMMAND READ TIMED OUT\0",
        b"HTTP/1.1 200 OK\r\n\r\nstream: OK\r\n",
        bytes(range(1, 256)) * 40,
        b"\xff\xfe\0",
    ],
)
def test_nothing_is_kept_of_which_it_says_something_else(
    clamd: Clamd, app: CRM, cast: Cast, logged: Lines, said: bytes
) -> None:
    deal, before = deal_of(cast.alice), kept(app)
    clamd.reply = lambda _content: [said]
    unscanned(upload(cast.alice, deal_id=deal))
    assert clamd.heard == [PDF]
    assert kept(app) == before
    (line,) = [one for one in logged.all() if "the scanner" in one["event"]]
    assert (line["level"], line["user_id"]) == ("error", cast.alice.id)


def test_it_has_to_hear_all_before_it_finds_a_file_clean(either: Clamd, app: CRM, cast: Cast) -> None:
    deal, before = deal_of(cast.alice), kept(app)
    either.hangs_up_after = 1
    unscanned(by_raw_form(cast.alice, PDF + bytes(20_000_000) + EICAR, deal))
    assert kept(app) == before


def test_what_is_too_large_for_it_is_refused_with_the_setting(either: Clamd, app: CRM, cast: Cast) -> None:
    deal, before = deal_of(cast.alice), kept(app)
    either.limit = 1_000_000
    answer = by_raw_form(cast.alice, PDF + bytes(20_000_000), deal)
    assert issues(answer) == {"#/file": "file_too_large_to_scan"}
    assert "StreamMaxLength" in answer.get_json()["errors"][0]["detail"]
    assert kept(app) == before
    assert by_raw_form(cast.alice, PDF + bytes(900_000), deal).status_code == 201


@pytest.mark.parametrize("setting", ["MaxFileSize", "MaxScanSize", "MaxRecursion"])
def test_what_it_has_not_looked_at_whole_is_refused_with_the_setting(clamd: Clamd, cast: Cast, setting: str) -> None:
    clamd.reply = lambda _content: [f"stream: Heuristics.Limits.Exceeded.{setting} FOUND\0".encode()]
    answer = upload(cast.alice, deal_id=deal_of(cast.alice))
    assert issues(answer) == {"#/file": "file_too_large_to_scan"}
    assert f"raise {setting} in clamd.conf" in answer.get_json()["errors"][0]["detail"]


def test_it_is_asked_for_no_file_that_is_refused_anyway(clamd: Clamd, cast: Cast) -> None:
    assert issues(upload(cast.alice, b"MZ" + bytes(60) + EICAR, "x.exe", deal_id=deal_of(cast.alice))) == {
        "#/file": "file_type"
    }
    assert not clamd.asked.is_set()


def test_what_it_said_is_counted(clamd: Clamd, app: CRM, cast: Cast) -> None:
    def counted() -> dict[str, float]:
        written = app.test_client().get("/metrics").get_data(as_text=True)
        rows = [row for row in written.splitlines() if row.startswith("lianxi_scans_total")]
        return {row.split('"')[1]: float(row.split()[-1]) for row in rows}

    deal, before = deal_of(cast.alice), counted()
    upload(cast.alice, deal_id=deal)
    upload(cast.alice, EICAR, "x.txt", deal_id=deal)
    clamd.reply = lambda _content: [b"?\0"]
    upload(cast.alice, deal_id=deal)
    clamd.limit = 1
    upload(cast.alice, deal_id=deal)
    after = counted()
    grown = {said: after[said] - before.get(said, 0) for said in after}
    assert grown == {"clean": 1, "found": 1, "failed": 1, "too_large": 1}


# ---- every door ------------------------------------------------------------------------------------------------------


def logo(content: bytes) -> dict[str, Any]:
    data = base64.b64encode(content).decode()
    return {"entities": [{"name_en": "A"}, {"name_en": "B", "logo_data": f"data:image/png;base64,{data}"}]}


def by_patch(cast: Cast, content: bytes) -> TestResponse:
    return cast.root.patch("/settings/company", logo(content))


def by_put(cast: Cast, content: bytes) -> TestResponse:
    return cast.root.put("/settings/company", {"number_pattern": "{seq}", **logo(content)})


def by_form(cast: Cast, content: bytes) -> TestResponse:
    return upload(cast.alice, content, "x.png", deal_id=deal_of(cast.alice))


def by_import(cast: Cast, content: bytes) -> TestResponse:
    return send(cast.alice, "customers", b"name\nA\n" + content[len(picture("PNG")) :])


Door = Callable[[Cast, bytes], TestResponse]
DOORS: dict[str, tuple[Door, str, int]] = {
    "attachment.upload_attachment": (by_form, "#/file", 201),
    "importing.upload_import": (by_import, "#/file", 201),
    "quote.edit_company": (by_patch, "#/entities/1/logo_data", 200),
    "quote.replace_company": (by_put, "#/entities/1/logo_data", 200),
}
"""Every address at which a file comes in: how it is sent there, where its refusal points, how it is taken."""


def test_no_door_is_left_out(app: CRM) -> None:
    forms = {name for name, one in OPERATIONS.items() if one.form is not None}
    # `hardening/test_uploads.py` looks for fields of JSON that hold a file: logos are all there is.
    assert forms | {"quote.edit_company", "quote.replace_company"} == DOORS.keys()


@pytest.mark.parametrize("name", DOORS)
def test_every_door_is_watched(clamd: Clamd, app: CRM, cast: Cast, name: str) -> None:
    by, at, status = DOORS[name]
    before, company = kept(app), cast.root.get("/settings/company").get_json()
    assert issues(by(cast, BAD_PNG)) == {at: "file_infected"}
    clamd.reply = lambda _content: [b"?\0"]
    unscanned(by(cast, picture("PNG")), at)
    assert kept(app) == before
    assert cast.root.get("/settings/company").get_json() == company
    assert cast.alice.get("/imports").get_json()["data"] == []
    assert len(clamd.heard) == 2
    clamd.reply = judged
    answer = by(cast, picture("PNG"))
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert len(clamd.heard) == 3


def card(name: str, content: bytes) -> str:
    packed = base64.b64encode(content).decode()
    lines = ("BEGIN:VCARD", "VERSION:4.0", f"FN:{name}", "ORG:甲", f"PHOTO:data:image/png;base64,{packed}", "END:VCARD")
    return "\r\n".join(lines) + "\r\n"


def test_pictures_within_cards_are_watched(clamd: Clamd, app: CRM, cast: Cast, logged: Lines) -> None:
    cast.alice.made("/customers", {"name": "甲"})
    # One that no other test has kept.
    good = picture("PNG") + secrets.token_bytes(8)
    chosen = imported(cast.alice, "people", card("A", good) + card("B", BAD_PNG), "cards.vcf")
    before = kept(app)
    for what in ("check", "commit"):
        found = result(cast.alice, chosen, what)
        assert counts(found) == {"new": 1, "wrong": 1}
        (row,) = [one for one in found["rows"] if one["verdict"] == "wrong"]
        assert [(one["field"], one["code"]) for one in row["errors"]] == [("photo", "file_infected")]
    new = {path.read_bytes() for path in kept(app) - before}
    assert good in new
    assert BAD_PNG not in new
    assert clamd.heard.count(BAD_PNG) == 2, "once for each job"
    told = [one for one in logged.all() if "the scanner found" in one["event"]]
    assert [one["user_id"] for one in told] == [cast.alice.id] * 2


def test_pictures_within_cards_wait_for_the_scanner(clamd: Clamd, app: CRM, cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "甲"})
    chosen = imported(cast.alice, "people", card("A", picture("PNG")), "cards.vcf")
    clamd.reply = lambda _content: [b"?\0"]
    job = begin(cast.alice, chosen, "commit")
    assert (job["status"], job["problem"]["type"]) == ("failed", "/problems/unscanned")
    assert cast.alice.get("/people").get_json()["data"] == []
    clamd.reply = judged
    assert counts(result(cast.alice, chosen, "commit")) == {"new": 1}


# ---- nobody waits ----------------------------------------------------------------------------------------------------


def of_photo(cast: Cast, _content: bytes) -> TestResponse:
    chosen = cast.alice.get("/imports").get_json()["data"][0]
    return cast.alice.get(f"/jobs/{begin(cast.alice, chosen, 'commit')['id']}")


@pytest.mark.parametrize("name", [*DOORS, "pictures within cards"])
def test_others_write_while_it_looks(clamd: Clamd, app: CRM, cast: Cast, name: str) -> None:
    cast.alice.made("/customers", {"name": "甲"})
    by = DOORS[name][0] if name in DOORS else of_photo
    if name not in DOORS:
        imported(cast.alice, "people", card("A", picture("PNG")), "cards.vcf")
    clamd.asked.clear()
    clamd.resumed.clear()
    answers: list[TestResponse] = []

    def work() -> None:
        with app.app_context():
            answers.append(by(cast, picture("PNG")))

    slow = Thread(target=work)
    slow.start()
    try:
        assert clamd.asked.wait(30)
        # SQLite has one writer; who waits for it is refused after a few seconds.
        assert cast.bob.post("/customers", {"name": "乙"}).status_code == 201
        assert slow.is_alive()
    finally:
        clamd.resumed.set()
        slow.join(60)
    assert answers[0].status_code in (200, 201), answers[0].get_data(as_text=True)
    assert answers[0].get_json().get("status") in (None, "succeeded", "uploaded")


# ---- the setting -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", None),
        ("tcp://clamav:3310", ("clamav", 3310)),
        ("tcp://clamav", ("clamav", 3310)),
        ("tcp://[::1]:3311/", ("::1", 3311)),
        ("unix:///run/clamav/clamd.ctl", Path("/run/clamav/clamd.ctl")),
    ],
)
def test_where_it_listens(url: str, address: tuple[str, int] | Path | None) -> None:
    assert settings_from({"CLAMAV_URL": url}).clamav == address


@pytest.mark.parametrize(
    "url",
    [
        "clamav:3310",
        "http://clamav:3310",
        "tcp://",
        "tcp://:3310",
        "tcp://clamav:0",
        "tcp://clamav:many",
        "tcp://clamav:3310/x",
        "tcp://user@clamav",
        "tcp://[clamav",
        "unix://",
        "unix:///",
        "unix://run/clamd.ctl",
        "/run/clamav/clamd.ctl",
        "unix:///" + "x" * 120,
    ],
)
def test_an_address_that_is_none_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"CLAMAV_URL=.* such as tcp://clamav:3310 or unix:///"):
        settings_from({"CLAMAV_URL": url})
