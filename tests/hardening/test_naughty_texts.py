"""The big list of naughty strings in every text of every resource: kept as it is or refused by a rule, no fault.

On SQLite every field that keeps any text takes every string. PostgreSQL, which is slower, gets every string in some
fields of every kind (`kind_of`: what reads a text, what keeps it, whether it is searched), and in every field strings
of every class (`class_of`: what is in a string that something could stumble over); it must judge these as SQLite does.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

import pytest
from marshmallow import ValidationError
from werkzeug.http import parse_options_header
from werkzeug.test import TestResponse

from app.auth.schemas import Secret
from app.custom_values import RESOURCES_WITH_CUSTOM
from app.folding import fold
from app.listing import SPECS, ListSpec
from app.routing import CRM, PREFIX, Operation
from app.schema import Email, OptionField
from app.schema import Line as LineField

from ..cast import PASSWORD, Member
from ..conftest import FIXTURES, ON_CI
from ..permissions.probes import Request, request_of
from ..permissions.stage import Stage, set_up
from ..permissions.table import Line, lines
from ..permissions.trace import taken_back
from .texts import CUSTOM_KEY, LINE_CODES, Place, dealt, filled, found_in, one_of_each, places_of, put, writing

pytestmark = pytest.mark.real_data


def load_strings() -> list[str]:
    path = FIXTURES / "blns" / "blns.json"
    if not path.is_file():
        assert not ON_CI, f"{path} is missing"
        pytest.skip(f"{path} is missing")
    found: list[str] = json.loads(path.read_text("utf-8"))
    assert len(found) == 515
    return found


Body = dict[str, Any]

ORDER = ("admin", "owner", "manager", "mate", "viewer", "nobody")
"""Who sends it: the first of these to whom the permission matrix says that it is done, else the admin."""

EACH_COSTS = 5
"""Every how many-th class of strings is tried where each one costs a hash that is slow on purpose."""

ELSEWHERE = 5
"""Every how many-th string is tried where the same rules have judged all of them before."""

AT_LEAST = 6
"""How many texts a place takes at least where records are neither made nor edited."""

AGAIN = 5
"""After every how many-th request the record is read again, and what meets no database is sent to PostgreSQL."""


def _stages(stage: Stage, line: Line) -> list[Body]:
    if line.state == "new":
        kinds = (("open", 0.5), ("won", 1), ("lost", 0))
        return [{"name": kind, "kind": kind, "win_probability": chance} for kind, chance in kinds]
    told = stage["admin"].get(f"/pipelines/{stage.id('pipelines', line.state)}").get_json()["stages"]
    return [{name: one[name] for name in ("id", "name", "kind", "win_probability")} for one in told]


SCAFFOLDS: dict[str, Callable[[Stage, Line], Any]] = {
    "contact": lambda _stage, _line: {"kind": "note", "content": "x"},
    "customers": lambda stage, _line: [{"customer_id": stage.id("customers", "twin")}],
    "deal": lambda _stage, _line: {"name": "x"},
    "emails": lambda _stage, _line: [{"address": "x@example.com"}],
    "entities": lambda _stage, _line: [{"name_zh": "x"}],
    "lines": lambda stage, line: [
        {"quantity": "1", "unit_price": "1"}
        | ({"name": "x"} if line.resource == "quotes" else {"product_id": stage.id("products", "own")})
    ],
    "people": lambda stage, _line: [{"person_id": stage.id("people", "own")}],
    "person": lambda _stage, _line: {"name": "x"},
    "phones": lambda _stage, _line: [{"raw": "13900001234"}],
    "stages": _stages,
    "tiles": lambda _stage, _line: [{"report": "sales", "x": 0, "y": 0, "w": 4, "h": 4}],
}
"""What a text inside of an object or a list needs around it."""

APART = frozenset({"emails", "phones"})
"""What says the same as another field of the record, and so is sent without it."""

ASKED = {
    "answer": "what an identity provider has sent",
    "close_month": "a month",
    "code": "a one-time password; of a product it is kept",
    "columns/field": "the name of a column",
    "email": "who signs in or has forgotten; of a record it is kept",
    "entities/logo_data": "an image in base64",
    "field": "which masked value is shown",
    "otp": "a one-time password",
    "query": "the address of a list",
    "return_to": "a page to come back to",
    "sort": "names of sort keys",
    "token": "a link's secret",
    "until": "a day or moment",
}
"""Texts that only ask: they are kept nowhere and not every refusal of them has one code."""

ASKING = frozenset({"imports", "exports"})
"""Resources whose texts only say how something is read or written."""

WORDS = {
    "auth phone": frozenset({"phone"}),
    "competitors": frozenset({"unknown_option"}),
    "custom-fields key": frozenset({"custom_key", "custom_key_ending", "fixed"}),
    "dashboards tiles/query/group_by": frozenset({"not_allowed"}),
    "lost_note": frozenset({"not_lost"}),
    "lost_reason": frozenset({"not_lost", "unknown_option"}),
    "options list": frozenset({"not_allowed", "fixed"}),
    "roles key": frozenset({"key", "fixed"}),
    "users email": frozenset({"email", "email_or_phone"}),
    "users phone": frozenset({"phone"}),
    "users role": frozenset({"unknown_role"}),
    "webhooks url": frozenset({"address_not_public", "url"}),
}
"""Places that take certain words only, which the service knows, with the codes of its refusals."""

FIXED = frozenset({"options value"})
"""What is chosen once: it is tried where a record is made."""

PROVED = {"PATCH /auth/me phone": {"password": PASSWORD}}
"""Places whose change the password is asked for."""

SHOWN_AS = {"POST /deals/{id}/lose note": "lost_note"}
"""Texts that an action keeps in a field of the record that it answers with."""

SEARCHED = frozenset(
    {
        "contacts content",
        "contacts subject",
        "customers company",
        "customers name",
        "customers phone",
        "customers short_name",
        "deals name",
        "people department",
        "people name",
        "people phone",
        "people qq",
        "people title",
        "people wechat",
        "products name",
        "tasks description",
        "tasks subject",
        "users name",
    }
)
"""Texts whose folded form goes to a search key, and from there into the search index."""

PAIR = ("external_source", "external_id")
"""One is nothing without the other."""


@dataclass
class Door:
    """One operation that takes texts, with the request of the permission matrix.

    Attributes:
        request: what is sent; its body lacks nothing but the texts.
        places: where texts go.
        answers: whether it is meant to be done.
        shows: whether the answer is the record with its texts.
        shown: the places where a text was kept and shown.
    """

    operation: Operation
    line: Line
    person: str
    request: Request
    places: list[Place]
    answers: bool
    shows: bool
    shown: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return f"{self.line.method} {self.line.path}"

    @property
    def is_standard(self) -> bool:
        """Whether records are made or edited by it."""
        return self.shows and self.line.method != "PUT"

    @property
    def keeps(self) -> bool:
        """Whether what is done stays; what would make further records or end some is taken back."""
        return self.line.method == "PATCH"


class House:
    """The stage of the permission matrix with a custom text for every kind of record, and all doors for texts."""

    def __init__(self, app: CRM) -> None:
        self.stage = set_up(app)
        for resource in RESOURCES_WITH_CUSTOM:
            label = {"label_en": "Naughty", "label_zh": "Naughty"}
            self.stage["admin"].made(
                "/custom-fields", {"resource": resource, "kind": "text", "key": CUSTOM_KEY, **label}
            )
        self.doors = list(self._doors())

    def _doors(self) -> Iterator[Door]:
        by_route: dict[tuple[str, str], list[Line]] = {}
        for line in lines():
            by_route.setdefault(line.route, []).append(line)
        for route, operation in writing().items():
            places = places_of(operation)
            if "/external/" in route[1]:
                # The address says where the record comes from.
                places = [place for place in places if place.name not in PAIR]
            if not places:
                continue
            line, person = next(
                (
                    (line, person)
                    for person in ORDER
                    for line in by_route[route]
                    if line.cells[person] == "ok" and line.state not in ("deleted", "binned")
                ),
                (by_route[route][0], "admin"),
            )
            request = request_of(self.stage, line, person)
            request.body = deepcopy(request.body or {})
            answers = line.cells[person] == "ok"
            shows = isinstance(operation.answer, ListSpec) and (
                line.method in ("PUT", "PATCH") or line.path == f"/{line.resource}"
            )
            yield Door(operation, line, person, request, places, answers, answers and shows)

    def body_of(self, door: Door, texts: dict[Place, str]) -> Body:
        """The body of a door with texts in it."""
        base = deepcopy(door.request.body or {})
        around = {place.path[: at + 1] for place in texts for at in range(len(place.path) - 1)}
        for path in sorted((path for path in around if path[-1] in SCAFFOLDS), key=len):
            if not found_in(base, path):
                put(base, path, SCAFFOLDS[str(path[-1])](self.stage, door.line))
        if any(place.name in PAIR for place in texts):
            base |= dict.fromkeys(PAIR, "x")
        for place in texts:
            base |= PROVED.get(f"{door.name} {place.name}", {})
        return filled(base, texts)

    def send(self, door: Door, texts: dict[Place, str]) -> TestResponse:
        """Send a request of a door with texts in it."""
        request = replace(door.request, body=self.body_of(door, texts))
        if door.keeps:
            return request.send(self.stage, door.person)
        with taken_back():
            return request.send(self.stage, door.person)


@pytest.fixture(scope="module")
def standing() -> dict[str, House]:
    """The house that a test which only reads has left as it was, by database."""
    return {}


@pytest.fixture
def house(application: CRM, database: str, standing: dict[str, House]) -> Iterator[House]:
    """One of its own for each test that writes: they come in any order, and which name is taken goes by what was."""
    standing.pop(database, None)
    with application.app_context():
        yield House(application)


@pytest.fixture
def same_house(application: CRM, database: str, standing: dict[str, House]) -> Iterator[House]:
    """One for all tests that only read."""
    with application.app_context():
        if database not in standing:
            standing[database] = House(application)
        yield standing[database]


@pytest.fixture(scope="module")
def strings() -> list[str]:
    return load_strings()


CERTAIN = ("certain words",)
"""The kind of all places that do not keep any text: one string of every class is tried at each."""


def kind_of(door: Door, place: Place) -> tuple[Any, ...]:
    """What reads a text, where it is kept, and whether it is searched: places alike in it are tried together."""
    if place.closed is not None or is_asked(door, place) or words_of(door, place) is not None:
        return CERTAIN
    if f"{door.line.resource} {place.name}" in SEARCHED:
        return ("searched",)
    is_line = type(place.field) is LineField
    return type(place.field), CUSTOM_KEY in place.path, is_line and len(place.path) > 1


def shares(
    doors: list[Door], strings: list[str], *, all_everywhere: bool
) -> Iterator[tuple[Door, str, dict[Place, str]]]:
    """Which texts are tried together at which door, and what is meant to come of them.

    What a resource is created and edited by takes the same texts: of the strings dealt to a field each door takes its
    part. At any other door one string of every class passes, through one place or another.
    """
    ways: dict[tuple[Any, ...], dict[str, list[tuple[Door, Place]]]] = {}
    # Tags first: customers bring further ones, and no two have the same name.
    ordered = sorted(doors, key=lambda door: door.line.resource != "tags")
    for door in ordered:
        if door.is_standard:
            for place in door.places:
                if not is_left_out(door, place):
                    kind, name = kind_of(door, place), f"{door.line.resource} {place.name}"
                    ways.setdefault(kind, {}).setdefault(name, []).append((door, place))
    texts: dict[str, dict[Place, list[str]]] = {}
    for kind, alike in ways.items():
        if kind == CERTAIN:
            share = {name: one_of_each(strings, number) for number, name in enumerate(alike)}
        elif all_everywhere:
            # What is sent together are different texts.
            starts = ((name, 17 * number % len(strings)) for number, name in enumerate(alike))
            share = {name: strings[start:] + strings[:start] for name, start in starts}
        else:
            share = dealt({name: pairs[0][1] for name, pairs in alike.items()}, strings)
        for name, some in share.items():
            for turn, (door, place) in enumerate(alike[name]):
                texts.setdefault(door.name, {})[place] = some[turn :: len(alike[name])]
    for number, door in enumerate(ordered):
        if not door.is_standard:
            chosen, many = one_of_each(strings, number), len(door.places)
            if "password" in " ".join(door.request.body or ()):
                chosen = chosen[::EACH_COSTS]
            turns = range(0, max(len(chosen), AT_LEAST * many * door.shows), many)
            texts[door.name] = {
                place: [chosen[(turn + at) % len(chosen)] for turn in turns] for at, place in enumerate(door.places)
            }
        yield from ((door, *one) for one in packed(door, texts.get(door.name, {})))


def packed(door: Door, texts: dict[Place, list[str]]) -> Iterator[tuple[str, dict[Place, str]]]:
    """As few requests as may be: in each of them one text of each place, all with the same fate."""
    kinds: dict[str, dict[Place, list[str]]] = {kind: {} for kind in KINDS}
    for place, some in texts.items():
        for text in some:
            if kind := kind_at(door, place, text):
                kinds[kind].setdefault(place, []).append(text)
    for kind, columns in kinds.items():
        for row in zip_longest(*columns.values()):
            yield kind, {place: text for place, text in zip(columns, row, strict=True) if text is not None}


SameOnBoth = Callable[[str, dict[str, Any]], None]


@pytest.fixture
def same_on_both(tmp_path_factory: pytest.TempPathFactory) -> SameOnBoth:
    """Takes what came of each request, by the name of the test: the second database must say the same as the first.

    It lies in a file, because each database may have a process of its own.
    """
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder

    def judge(name: str, verdicts: dict[str, Any]) -> None:
        told, kept = json.dumps(verdicts), folder / f"verdicts-{name}.json"
        mine = folder / f"verdicts-{name}-{os.getpid()}.json"
        mine.write_text(told)
        try:
            os.link(mine, kept)
        except FileExistsError:
            # What only one of them was asked is nothing to compare.
            one, other = json.loads(kept.read_text()), json.loads(told)
            both = one.keys() & other.keys()
            assert both
            assert {key: (one[key], other[key]) for key in both if one[key] != other[key]} == {}

    return judge


def told(answer: TestResponse) -> tuple[int, dict[str, str]]:
    body = answer.get_json(silent=True) or {}
    issues = body.get("errors", []) if isinstance(body, dict) else []
    return answer.status_code, {one["pointer"]: one["code"] for one in issues if "pointer" in one}


def takes(place: Place, text: str) -> bool:
    """Whether what takes certain words only takes this one."""
    try:
        place.field.deserialize(text)
    except ValidationError:
        return False
    return True


def is_asked(door: Door, place: Place) -> bool:
    """Whether a text is kept nowhere."""
    if door.line.resource in ASKING:
        return True
    return place.name in ASKED and (place.name not in ("code", "email") or not door.shows)


def words_of(door: Door, place: Place) -> frozenset[str] | None:
    """The codes by which a service refuses all but certain words."""
    if isinstance(place.field, OptionField):
        return LINE_CODES | WORDS.get(str(place.path[-1]), {"unknown_option"})
    names = [one for one in place.path if isinstance(one, str)]
    found = WORDS.get(f"{door.line.resource} {place.name}") or WORDS.get(names[-1])
    return found and found | LINE_CODES


def kept_at(door: Door) -> set[str]:
    """The places whose texts a door keeps, whatever they are."""
    return {
        place.name
        for place in door.places
        if place.closed is None
        and not is_asked(door, place)
        and words_of(door, place) is None
        and not isinstance(place.field, Email)
        and not (door.keeps and f"{door.line.resource} {place.name}" in FIXED)
    }


def test_every_text_is_kept_or_refused(
    house: House, strings: list[str], database: str, same_on_both: SameOnBoth
) -> None:
    verdicts: dict[str, Any] = {}
    wrong: list[str] = []
    tried: dict[tuple[Any, ...], set[str]] = {}
    shared = shares(house.doors, strings, all_everywhere=database == "sqlite")
    for number, (door, kind, texts) in enumerate(shared):
        for place, text in texts.items():
            if door.is_standard and kind_of(door, place) != CERTAIN:
                tried.setdefault(kind_of(door, place), set()).add(text)
        # What a schema refuses meets no database: PostgreSQL is asked a part of it.
        if kind == "refused" and database == "postgresql" and number % AGAIN:
            continue
        answer = house.send(door, texts)
        status, issues = told(answer)
        # What a service says of one text hangs on the others that it came with, which are not the same on both.
        for place, text in texts.items() if kind in ("refused", "kept", "apart") else ():
            verdicts[f"{door.name} {place.pointer} {text!r}"] = status, issues.get(place.pointer)
        if fault := fault_of(door, kind, texts, answer, house, again=number % AGAIN == 0):
            wrong.append(f"{door.name} {kind} {fault} {answer.get_data(as_text=True)[:300]}")
    assert wrong == [], "\n".join(wrong[:40])
    never = {door.name: kept_at(door) - door.shown for door in house.doors if door.shows}
    assert {name: places for name, places in never.items() if places} == {}, "no text was kept there"
    assert {kind: len(texts) for kind, texts in tried.items() if texts != set(strings)} == {}, "not all were tried"
    same_on_both("texts", verdicts)


KINDS = ("refused", "custom", "words", "kept", "apart", "asked")
"""What may come of a text: a schema refuses it, or a service does; it is kept, with others or alone; it only asks."""


def is_left_out(door: Door, place: Place) -> bool:
    """Whether no text is tried at a place."""
    return isinstance(place.field, Secret) or (door.keeps and f"{door.line.resource} {place.name}" in FIXED)


def kind_at(door: Door, place: Place, text: str) -> str:
    """What is meant to come of a text at a place; nothing where it is not tried."""
    if is_left_out(door, place):
        return ""
    if is_asked(door, place):
        return "asked"
    if words_of(door, place) is not None:
        return "words"
    if place.closed is not None:
        return "" if takes(place, text) else "refused"
    if place.refusal(text) is not None:
        return "custom" if CUSTOM_KEY in place.path else "refused"
    return "apart" if set(place.path) & APART else "kept"


def fault_of(door: Door, kind: str, texts: dict[Place, str], answer: TestResponse, house: House, *, again: bool) -> str:
    """What is wrong with an answer, and with the record when it is read again; nothing where all is as it should be."""
    status, issues = told(answer)
    if status >= 500:
        return "fault"
    if kind == "asked" or not door.answers or (kind == "words" and status < 300):
        return ""
    if kind in ("refused", "custom", "words"):
        names = {place.pointer: place for place in texts}
        meant = {
            pointer: words_of(door, place) or place.closed or {place.refusal(texts[place])}
            for pointer, place in names.items()
        }
        is_whole = issues.keys() == names.keys() if kind == "refused" else issues.keys() <= names.keys()
        if status != 422 or not issues or not is_whole:
            return f"status {status}, told {issues.keys()}, meant {names.keys()}"
        for pointer, code in issues.items():
            if code not in meant[pointer]:
                return f"{pointer} {texts[names[pointer]]!r}: {code}, not {meant[pointer]}"
        return ""
    if status >= 300:
        return f"status {status} of { ({place.pointer: text for place, text in texts.items()}) }"
    bodies = [answer.get_json(silent=True)]
    if again and door.keeps and "{id}" in door.line.path:
        bodies.append(house.stage[door.person].get(door.request.path).get_json())
    for place, text in texts.items():
        other = SHOWN_AS.get(f"{door.name} {place.name}")
        if door.shows or other:
            for body in bodies:
                shown, stored = found_in(body, (other,) if other else place.path) or "", place.stored(text)
                if place.name == "tags":
                    shown, stored = fold(shown), fold(stored)
                if shown != stored:
                    return f"{place.pointer}: {text!r} is shown as {shown!r}"
            door.shown.add(place.name)
    return ""


def test_many_records_take_what_one_takes(house: House, strings: list[str], same_on_both: SameOnBoth) -> None:
    """The `changes` of many records are kept, and refused, as the same texts are in an edit of one."""
    verdicts: dict[str, Any] = {}
    wrong, tried = [], set()
    many = {path for _, path in writing() if path.endswith("/bulk")}
    for door in house.doors:
        path = f"/{door.line.resource}/bulk"
        if door.name != f"PATCH /{door.line.resource}/{{id}}" or path not in many or not door.answers:
            continue
        who, record = house.stage[door.person], door.request.path
        for start in range(0, len(strings), len(door.places) * ELSEWHERE):
            texts = {place: [strings[(start + at) % len(strings)]] for at, place in enumerate(door.places)}
            for kind, some in packed(door, texts):
                changes = house.body_of(door, some)
                answer = who.post(path, {"ids": [int(record.split("/")[-1])], "action": "update", "changes": changes})
                judged, left = _judged(answer), _plain(who.get(record).get_json())
                meant, kept = told(house.send(door, some)), _plain(who.get(record).get_json())
                verdicts[f"{door.name} {start} {kind}"] = judged
                tried.add((door.line.resource, judged[0]))
                if judged != meant or left != kept:
                    wrong.append(f"{door.name} {changes}: {judged}, not {meant}; {left}, not {kept}")
    assert wrong == [], "\n".join(wrong[:20])
    plenty = {"customers", "people", "contacts", "deals", "tasks", "products", "tags"}
    assert {(resource, status) for resource in plenty for status in (200, 422)} <= tried
    same_on_both("many", verdicts)


def _judged(answer: TestResponse) -> tuple[int, dict[str, str]]:
    """What came of a change to one of many, as if it alone had been asked for."""
    status, issues = told(answer)
    if status != 200:
        return status, {pointer.replace("#/changes", "#", 1): code for pointer, code in issues.items()}
    failed = [one["problem"] for one in answer.get_json()["failed"]]
    if not failed:
        return status, {}
    return failed[0]["status"], {one["pointer"]: one["code"] for one in failed[0].get("errors", [])}


def _plain(record: Body) -> Body:
    """A record without what every change moves, be it to the same: its version, and the ids of its parts."""
    return {
        name: [_plain(one) if isinstance(one, dict) else one for one in value] if isinstance(value, list) else value
        for name, value in record.items()
        if name not in ("id", "version", "updated_at")
    }


def sent_as(who: Member, path: str, fields: Body, name: str, content: bytes) -> TestResponse:
    """The answer to a form with a file of some name, written as browsers write it."""
    safe = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22").encode("utf-8", "surrogatepass")
    lines = [b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s' % (key.encode(), str(value).encode())
             for key, value in fields.items()]  # fmt: skip
    lines.append(b'--cut\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s' % (safe, content))
    body = b"\r\n".join([*lines, b"--cut--\r\n"])
    return who.call("POST", path, data=body, content_type="multipart/form-data; boundary=cut")


def test_every_name_of_a_file_is_kept_as_a_name(house: House, strings: list[str], same_on_both: SameOnBoth) -> None:
    """What a file is called is no path and no header: it is kept without what would make it one, and given back so."""
    verdicts: dict[str, Any] = {}
    owner = house.stage["owner"]
    home = {"customer_id": house.stage.id("customers", "own")}
    for number, text in enumerate(strings):
        answer = sent_as(owner, "/attachments", home, f"{text}.pdf", b"%PDF-1.7")
        assert answer.status_code == 201, (text, answer.get_data(as_text=True))
        made = answer.get_json()
        name = verdicts[f"attachment {number}"] = made["name"]
        assert name.endswith("pdf"), text
        assert not re.search(r"[/\\\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", name), text
        assert len(name) <= 200, text
        if not re.search(r"[/\\\"\s.%;]|[^ -~\u00a1-\u06ff\u4e00-\u9fff]", text) and 0 < len(text) < 150:
            assert name == f"{text}.pdf", "a plain name stays as it is"
        content = owner.get(f"/attachments/{made['id']}/content", buffered=True)
        (shown,) = content.headers.getlist("Content-Disposition")
        assert shown.startswith("attachment; filename"), text
        assert parse_options_header(shown)[1]["filename"] == name, text
        if number % ELSEWHERE == 0:
            brought = sent_as(owner, "/imports", {"resource": "customers"}, f"{text}.csv", b"name\nx\n")
            assert brought.status_code == 201, (text, brought.get_data(as_text=True))
            verdicts[f"import {number}"] = brought.get_json()["name"]
            assert not re.search(r"[/\\\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", brought.get_json()["name"]), text
    same_on_both("files", verdicts)


# ---- questions -------------------------------------------------------------------------------------------------------

EACH = 1
"""How many strings every parameter of every route is asked with; from one to the next they are others."""


def test_every_question_is_answered_or_refused(same_house: House, strings: list[str], same_on_both: SameOnBoth) -> None:
    """Every parameter of every route that reads: an answer or a refusal, alike on both databases."""
    stage = same_house.stage
    document = stage["admin"].get("/openapi.json").get_json()["paths"]
    routes = {
        re.sub(r"{\w+_id}", "{id}", path.removeprefix(PREFIX)).replace("{external_{id}", "{external_id}"): told["get"]
        for path, told in document.items()
        if "get" in told
    }
    verdicts: dict[str, Any] = {}
    faults, asked, turn = [], 0, 0
    for line in {line.route: line for line in lines() if line.method == "GET" and line.path in routes}.values():
        person = next((one for one in ORDER if line.cells[one] in ("ok", "part")), "admin")
        path = request_of(stage, line, person).path.partition("?")[0]
        for one in routes[line.path].get("parameters", []):
            name = (document_part(stage, one) if "$ref" in one else one)["name"]
            for _ in range(EACH if path.count("/") > 1 else 3 * EACH):
                turn += 1
                found = {name: strings[turn % len(strings)]}
                answer = Request("GET", f"{path}?{urlencode(found, errors='surrogatepass')}").send(stage, person)
                verdicts[f"{path} {found}"] = answer.status_code
                asked += 1
                if answer.status_code not in (200, 304, 400, 401, 404, 410, 422):
                    faults.append(f"{answer.status_code} {path} {found} {answer.get_data(as_text=True)[:200]}")
    assert faults == []
    assert asked > len(strings)
    same_on_both("questions", verdicts)


def document_part(stage: Stage, one: Body) -> Body:
    """What a reference of the document means."""
    at: Any = stage["admin"].get("/openapi.json").get_json()
    for part in str(one["$ref"]).removeprefix("#/").split("/"):
        at = at[part]
    return dict(at)


LISTED = ("in", "not_in", "all", "any")
"""Operators that take several values."""


def test_every_tree_is_answered_or_refused(same_house: House, strings: list[str], same_on_both: SameOnBoth) -> None:
    """Strings of every class in every condition of every list that takes several values, and where these are taken
    every string; in any other condition some.
    """
    admin = same_house.stage["admin"]
    verdicts: dict[str, Any] = {}
    faults, turn = [], 0
    for spec in SPECS.values():
        path = f"/{spec.plural}"
        if admin.get(path).status_code != 200:
            continue
        for name, one in spec.filters.items():
            for op in (op for op in one.ops if op not in ("is_null", "not_null")):
                turn += 1
                for some in (one_of_each(strings, turn), strings) if op in LISTED else (strings[turn % len(strings)],):
                    leaf = {"field": name, "op": op, "value": some}
                    answer = admin.get(f"{path}?{urlencode({'where': json.dumps(leaf), 'per_page': 1})}")
                    verdicts[f"{path} {name} {op} {len(some)}"] = told(answer)
                    if answer.status_code not in (200, 422):
                        faults.append(f"{answer.status_code} {path} {leaf} {answer.get_data(as_text=True)[:200]}")
                    if answer.status_code != 200:
                        break
    assert faults == []
    assert [verdict for verdict in verdicts.values() if verdict[0] == 200]
    same_on_both("trees", verdicts)


def test_every_string_is_found_by_the_search(same_house: House, strings: list[str], same_on_both: SameOnBoth) -> None:
    """What is kept as the name of a customer can be looked for, in lists and everywhere; what cannot be is refused."""
    admin = same_house.stage["admin"]
    verdicts: dict[str, Any] = {}
    for number, text in enumerate(strings):
        places = ["/customers?"] if number % AGAIN else ["/customers?", "/search?", "/deals?", "/people?"]
        for path in places:
            answer = admin.get(path + urlencode({"q": text}, errors="surrogatepass"))
            verdicts[f"{path} {number}"] = answer.status_code
            assert answer.status_code in (200, 422), (path, text)
    same_on_both("search", verdicts)
