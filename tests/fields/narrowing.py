"""People whose role has less of single fields."""

from __future__ import annotations

from typing import Any

from ..cast import Cast, Member


def narrow(cast: Cast, who: Member, fields: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Give somebody a role that is that of before but for some fields; the new role."""
    key = cast.root.get(f"/users/{who.id}").get_json()["role"]
    (role,) = cast.root.get(f"/roles?key={key}").get_json()["data"]
    made = cast.root.made(
        "/roles",
        {
            "name_en": f"Narrowed {who.name}",
            "permissions": role["permissions"],
            "sight": role["sight"],
            "fields": fields,
        },
    )
    answer = cast.root.patch(f"/users/{who.id}", {"role": made["key"]})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return made
