"""A way to look at refusals."""

from __future__ import annotations

from werkzeug.test import TestResponse


def issues(answer: TestResponse) -> dict[str, str]:
    """Where the faults of a refused input are, with their codes."""
    assert answer.status_code in (409, 422), answer.get_data(as_text=True)
    return {one.get("pointer") or one["parameter"]: one["code"] for one in answer.get_json()["errors"]}
