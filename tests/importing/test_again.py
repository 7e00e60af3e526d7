"""What was said of a file is kept for the next one with the same headings; wrong rows are corrected in place."""

from __future__ import annotations

from ..cast import Cast
from .sending import change, counts, mapping, result, upload

FILE = "Firma,Ort,Betreuer\nA,Ulm,Nobody\n"


def test_the_next_file_with_the_same_headings_follows_the_last(cast: Cast) -> None:
    first = upload(cast.carol, "customers", FILE)
    assert first["remembered_from"] is None
    first = change(
        cast.carol,
        first,
        fields={"Firma": "name", "Ort": "address.city", "Betreuer": "owner"},
        options={"existing": "skip", "values": {"owner": {"Nobody": cast.bob.id}}},
    )
    assert upload(cast.carol, "customers", FILE)["remembered_from"] is None, "nothing was done with the first yet"
    assert counts(result(cast.carol, first, "commit")) == {"new": 1}
    again = upload(cast.carol, "customers", FILE.replace("A,Ulm", "B,Bonn"))
    assert again["remembered_from"] == first["id"]
    assert mapping(again) == {"Firma": "name", "Ort": "address.city", "Betreuer": "owner"}
    assert (again["options"]["existing"], again["options"]["match"]) == ("skip", first["options"]["match"])
    assert again["options"]["values"] == {"owner": {"Nobody": cast.bob.id}}
    assert counts(result(cast.carol, again, "check")) == {"new": 1}
    anew = change(cast.carol, again, remembered_from=None)
    assert (anew["remembered_from"], anew["options"]["existing"], anew["options"]["values"]) == (None, "update", {})
    # Others follow the mapping; what texts stand for was said for those whom this person sees.
    theirs = upload(cast.alice, "customers", FILE)
    assert (theirs["remembered_from"], theirs["options"]["values"]) == (again["id"], {})
    assert mapping(theirs)["Firma"] == mapping(anew)["Firma"]
    assert upload(cast.carol, "customers", FILE.replace("Ort", "Stadt"))["remembered_from"] is None
    assert upload(cast.carol, "people", FILE)["remembered_from"] is None


def test_wrong_cells_are_corrected_without_another_file(cast: Cast) -> None:
    text = "Company name,Email,Owner\nA,wrong,Alice\nB,b@x.example,Nobody\nC,c@x.example,Bob\n"
    chosen = upload(cast.carol, "customers", text)
    found = result(cast.carol, chosen, "check")
    assert counts(found) == {"new": 1, "wrong": 2}
    assert [(row["row"], row["cells"], row["errors"][0]["index"]) for row in found["rows"]] == [
        (2, ["A", "wrong", "Alice"], 1),
        (3, ["B", "b@x.example", "Nobody"], 2),
    ]
    chosen = change(cast.carol, chosen, corrections={"2": {"1": "a@x.example"}, "3": {"2": "Bob"}})
    assert chosen["found"] is None
    chosen = change(cast.carol, chosen, corrections={"3": {"2": ""}})
    assert chosen["corrections"] == {"2": {"1": "a@x.example"}, "3": {"2": ""}}
    chosen = change(cast.carol, chosen, corrections={"3": {"2": None, "0": "B2"}})
    assert counts(result(cast.carol, chosen, "check")) == {"new": 2, "wrong": 1}
    chosen = change(cast.carol, chosen, corrections={"3": {"2": "Bob"}})
    assert counts(result(cast.carol, chosen, "commit")) == {"new": 3}
    rows = {row["name"]: row for row in cast.carol.get("/customers").get_json()["data"]}
    assert (rows["A"]["email"], rows["B2"]["owner_id"]) == ("a@x.example", cast.bob.id)


def test_every_fault_of_a_row_is_told_at_once(cast: Cast) -> None:
    chosen = upload(cast.carol, "customers", "Company name,Email,Owner\nA,wrong,Nobody\n")
    (row,) = result(cast.carol, chosen, "check")["rows"]
    assert [(fault["column"], fault["code"]) for fault in row["errors"]] == [
        ("Owner", "unknown_value"),
        ("Email", "email"),
    ]


def test_corrections_are_of_this_file(cast: Cast) -> None:
    chosen = upload(cast.carol, "customers", "Company name,Email\nA,wrong\n")
    for sent, pointer in (
        ({"2": {"9": "x"}}, "#/corrections/2"),
        ({"two": {"0": "x"}}, "#/corrections/two"),
        ({"2": {"1": 5}}, "#/corrections/2/value/1/value"),
    ):
        answer = cast.carol.patch(f"/imports/{chosen['id']}", {"corrections": sent})
        assert answer.status_code == 422, sent
        assert answer.get_json()["errors"][0]["pointer"] == pointer
    change(cast.carol, chosen, corrections={"2": {"1": "a@x.example"}})
    assert change(cast.carol, chosen, has_header=False)["corrections"] == {}
