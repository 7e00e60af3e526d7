"""The feed over HTTP: gap-free, by rights, as of now."""

from __future__ import annotations

from ..cast import Cast, Member
from ..faults import issues


def watermark(member: Member) -> str:
    answer = member.get("/events").get_json()
    assert answer["data"] == []
    return str(answer["meta"]["watermark"])


def types_after(member: Member, cursor: str) -> list[tuple[str, int]]:
    answer = member.get(f"/events?after={cursor}").get_json()
    assert answer["meta"]["has_more"] is False
    return [(event["type"], event["id"]) for event in answer["data"]]


def test_events_follow_sight(cast: Cast) -> None:
    marks = {one.name: watermark(one) for one in cast.everybody()}
    made = cast.alice.made("/customers", {"name": "张三"})
    cast.alice.patch(f"/customers/{made['id']}", {"title": "经理"})
    seen = {one.name: types_after(one, marks[one.name]) for one in cast.everybody()}
    full = [("customer_created", made["id"]), ("customer_updated", made["id"])]
    assert seen == {"alice": full, "bob": [], "carol": full, "mallory": [], "vera": full, "root": full}


def test_who_loses_sight_is_told_the_id_only(cast: Cast) -> None:
    made = cast.alice.made("/customers", {"name": "Moves south"})
    mark = watermark(cast.alice)
    moved = cast.root.patch(f"/customers/{made['id']}", {"owner_id": cast.mallory.id})
    assert moved.status_code == 200
    event = cast.alice.get(f"/events?after={mark}").get_json()["data"][0]
    assert (event["type"], event["id"], event["record"]) == ("customer_removed", made["id"], None)
    assert types_after(cast.bob, watermark(cast.bob)) == []


def test_deletion_is_seen_by_those_who_saw(cast: Cast) -> None:
    made = cast.alice.made("/customers", {"name": "Goes"})
    mark, foreign = watermark(cast.carol), watermark(cast.mallory)
    assert cast.alice.delete(f"/customers/{made['id']}").status_code == 204
    assert types_after(cast.carol, mark) == [("customer_deleted", made["id"])]
    assert types_after(cast.mallory, foreign) == []


def test_record_of_an_event_is_the_record(cast: Cast) -> None:
    mark = watermark(cast.alice)
    made = cast.alice.made("/customers", {"name": "Same shape", "tags": ["a", "b"]})
    event = cast.alice.get(f"/events?after={mark}").get_json()["data"][0]
    shown = cast.alice.get(f"/customers/{made['id']}").get_json()
    del shown["can_write"]
    assert event["record"] == shown
    assert event["actor"] == {"id": cast.alice.id, "name": "Alice"}
    assert event["changeset_id"] == 4 or event["changeset_id"] > 0


def test_pages_of_the_feed_join_without_gap(cast: Cast) -> None:
    mark = watermark(cast.root)
    ids = [cast.alice.made("/customers", {"name": f"No. {number}"})["id"] for number in range(7)]
    seen: list[int] = []
    for _ in range(10):
        answer = cast.root.get(f"/events?after={mark}&limit=2").get_json()
        seen += [event["id"] for event in answer["data"]]
        mark = answer["meta"]["watermark"]
        if not answer["meta"]["has_more"]:
            break
    assert seen == ids
    assert cast.root.get(f"/events?after={mark}").get_json()["data"] == []


def test_bad_and_gone_cursors(cast: Cast) -> None:
    assert cast.alice.get("/events?after=nonsense").status_code == 422
    generation, *rest = watermark(cast.alice).split("-")
    answer = cast.alice.get("/events?after=" + "-".join([str(int(generation) + 1), *rest]))
    assert (answer.status_code, answer.get_json()["type"]) == (410, "/problems/gone-cursor")


def test_cursors_beyond_any_number(cast: Cast) -> None:
    for after in ("1-0-9999999999999999999-0", "1-9999999999999999999-1-0", "1-0-9223372036854775808-0"):
        assert issues(cast.alice.get(f"/events?after={after}")) == {"after": "cursor"}, after
    assert cast.alice.get(f"/events?after=1-0-{2**63 - 1}-0").status_code == 200
