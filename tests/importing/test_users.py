"""People and their teams come from a file, without passwords."""

from __future__ import annotations

import io

from ..cast import Cast
from .sending import begin, change, counts, mapping, result, upload

FILE = (
    "Name,Email,Mobile,Role,Team,Parent team,Team manager,Region\n"
    "Dora Head,dora@house.example,,Manager,Key accounts,Germany,,EMEA\n"
    "Emil Agent,emil@house.example,13800138001,Sales,Key accounts,,Dora Head,\n"
    "Fay Agent,,13800138002,,Key accounts,,,\n"
    "Nobody,,,,,,,\n"
)


def test_people_come_with_their_teams(cast: Cast) -> None:
    germany = cast.root.made("/teams", {"name": "Germany"})
    chosen = upload(cast.root, "users", FILE)
    assert mapping(chosen) == {
        "Name": "name",
        "Email": "email",
        "Mobile": "phone",
        "Role": "role",
        "Team": "team",
        "Parent team": "team_parent",
        "Team manager": "manager",
        "Region": "region",
    }
    assert chosen["options"]["match"] == ["email", "phone"]
    found = result(cast.root, chosen, "check")
    assert counts(found) == {"wrong": 4}
    assert {(one["field"], one["value"], one["rows"]) for one in found["unknown"]} == {
        ("team", "Key accounts", 3),
        ("manager", "Dora Head", 1),
    }
    chosen = change(cast.root, chosen, options={"create": ["teams"]})
    assert counts(result(cast.root, chosen, "check")) == {"new": 3, "wrong": 1}
    assert cast.root.get("/teams").get_json()["meta"]["total"] == 3
    job = begin(cast.root, chosen, "commit")
    assert counts(job["result"]) == {"new": 3, "wrong": 1}
    assert job["result"]["rows"][0]["errors"][0]["code"] == "email_or_phone"
    people = {row["name"]: row for row in cast.root.get("/users?per_page=50").get_json()["data"]}
    teams = {row["name"]: row for row in cast.root.get("/teams").get_json()["data"]}
    made = teams["Key accounts"]
    assert (made["parent_id"], made["region"]) == (germany["id"], "EMEA")
    assert made["manager_id"] == people["Dora Head"]["id"]
    told = {name: (people[name]["role"], people[name]["team_id"], people[name]["has_password"]) for name in people}
    assert told["Dora Head"] == ("manager", made["id"], False)
    assert told["Emil Agent"] == ("sales", made["id"], False)
    assert told["Fay Agent"] == ("sales", made["id"], False)
    again = change(cast.root, upload(cast.root, "users", FILE), options={"create": ["teams"]})
    assert counts(result(cast.root, again, "commit")) == {"unchanged": 3, "wrong": 1}


def test_people_and_their_teams_go_again(cast: Cast) -> None:
    mallory = cast.root.get(f"/users/{cast.mallory.id}").get_json()
    file = FILE + f"{mallory['name']},{mallory['email']},13800138009,,Key accounts,,,\n"
    chosen = change(cast.root, upload(cast.root, "users", file), options={"create": ["teams"]})
    job = begin(cast.root, chosen, "commit")
    assert counts(job["result"]) == {"new": 3, "updated": 1, "wrong": 1}
    answer = cast.root.post(f"/changesets/{job['changeset_id']}/undo")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert cast.root.get("/users?email=emil@house.example").get_json()["data"] == []
    assert cast.root.get("/teams?name=Key+accounts").get_json()["data"] == []
    now = cast.root.get(f"/users/{cast.mallory.id}").get_json()
    assert (now["team_id"], now["phone"]) == (mallory["team_id"], mallory["phone"])
    answer = cast.root.post(f"/changesets/{answer.get_json()['changeset_id']}/undo")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    (team,) = cast.root.get("/teams?name=Key+accounts").get_json()["data"]
    (emil,) = cast.root.get("/users?email=emil@house.example").get_json()["data"]
    assert (emil["is_active"], emil["team_id"]) == (True, team["id"])
    assert cast.root.get(f"/users/{cast.mallory.id}").get_json()["team_id"] == team["id"]


def test_who_has_records_by_now_stays(cast: Cast) -> None:
    job = begin(cast.root, upload(cast.root, "users", "Name,Email\nGus,gus@house.example\n"), "commit")
    (gus,) = cast.root.get("/users?email=gus@house.example").get_json()["data"]
    customer = cast.root.made("/customers", {"name": "Acme", "owner_id": gus["id"]})
    answer = cast.root.post(f"/changesets/{job['changeset_id']}/undo")
    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/user-not-empty")
    assert cast.root.get(f"/users/{gus['id']}").get_json()["is_active"]
    cast.root.patch(f"/customers/{customer['id']}", {"owner_id": cast.alice.id})
    answer = cast.root.post(f"/changesets/{job['changeset_id']}/undo")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert cast.root.get("/users?email=gus@house.example").get_json()["data"] == []


def test_a_team_that_somebody_has_joined_stays(cast: Cast) -> None:
    chosen = change(cast.root, upload(cast.root, "users", FILE), options={"create": ["teams"]})
    job = begin(cast.root, chosen, "commit")
    (team,) = cast.root.get("/teams?name=Key+accounts").get_json()["data"]
    cast.root.patch(f"/users/{cast.mallory.id}", {"team_id": team["id"]})
    answer = cast.root.post(f"/changesets/{job['changeset_id']}/undo")
    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/team-not-empty")
    assert cast.root.get("/users?email=emil@house.example").get_json()["data"] != []


def test_a_team_is_that_of_the_manager_where_none_is_named(cast: Cast) -> None:
    text = "Agent,Email,Manager,Office\nAda,ada@house.example,,\n"
    text += "Ben,ben@house.example,Ada,West\nCy,cy@house.example,Ada,\n"
    chosen = upload(cast.root, "users", text)
    chosen = change(
        cast.root,
        chosen,
        fields={"Agent": "name", "Manager": "manager", "Office": "region"},
        options={"create": ["teams"]},
    )
    assert counts(result(cast.root, chosen, "commit")) == {"new": 3}
    people = {row["name"]: row for row in cast.root.get("/users?per_page=50").get_json()["data"]}
    (team,) = [row for row in cast.root.get("/teams").get_json()["data"] if row["name"] == "Ada"]
    assert (team["manager_id"], team["region"]) == (people["Ada"]["id"], "West")
    assert people["Ben"]["team_id"] == people["Cy"]["team_id"] == team["id"]


def test_only_who_may_write_users_imports_them(cast: Cast) -> None:
    data = {"resource": "users", "file": (io.BytesIO(b"Name,Email\nA,a@x.example\n"), "a.csv")}
    answer = cast.carol.call("POST", "/imports", data=data, content_type="multipart/form-data")
    assert answer.status_code == 403


def test_no_password_comes_from_a_file(cast: Cast) -> None:
    chosen = upload(cast.root, "users", "Name,Email,Password\nA,a@x.example,secret\n")
    assert mapping(chosen)["Password"] is None
    assert "password" not in {field["name"] for field in chosen["fields"]}
