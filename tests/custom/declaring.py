"""One field of every kind, with values to try it by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..cast import Cast


@dataclass(frozen=True)
class Sample:
    """A kind of field, and what its values look like.

    Attributes:
        sent: as a caller may write a value.
        read: as it is read then.
        other: another value, greater than the first.
        wrong: values that are refused, with the code of the refusal.
        asked: filters that find the first value and not the other one.
        leaf: `op` and `value` of a `where` leaf that does the same.
        is_sorted: whether lists can be sorted by it.
    """

    kind: str
    sent: Any
    read: Any
    other: Any
    wrong: tuple[tuple[Any, str], ...]
    asked: tuple[str, ...]
    leaf: tuple[str, Any]
    is_sorted: bool = True

    @property
    def key(self) -> str:
        """The key of the field."""
        return f"my_{self.kind}"


def samples(cast: Cast) -> list[Sample]:
    """A sample for each kind."""
    return [
        Sample(
            "text",
            "  Ａlpha 华北 ",
            "Ａlpha 华北",
            "zulu",
            ((7, "wrong_type"), ("a\u0000b", "control_characters"), ("x" * 501, "too_long")),
            ("=alpha", "=華北"),
            ("starts_with", "ALPHA"),
        ),
        Sample(
            "number",
            "12.50",
            12.5,
            1_000,
            (("many", "decimal"), (True, "wrong_type"), ("1.23456", "too_precise"), (10**12, "out_of_range")),
            ("=12.5", "_max=12.5", "_min=12&custom.my_number_max=13"),
            ("lt", "13"),
        ),
        Sample(
            "money",
            "814",
            "814.00",
            "99999999999999.99",
            (("1.234", "too_precise"), ("1e3", "decimal"), ([], "wrong_type")),
            ("=814.00", "_max=814"),
            ("lte", "814.00"),
        ),
        Sample(
            "date",
            "2026-02-28",
            "2026-02-28",
            "2027-01-01",
            (("2026-02-30", "date"), (20260228, "wrong_type")),
            ("=2026-02-28", "_to=2026-02-28", "_from=2026-01-01&custom.my_date_to=2026-12-31"),
            ("eq", "2026-02-28"),
        ),
        Sample(
            "choice",
            "red",
            "red",
            "yellow",
            (("purple", "unknown_option"), (["red"], "wrong_type")),
            ("=red", "=red&custom.my_choice=purple"),
            ("in", ["red", "purple"]),
        ),
        Sample(
            "multi_choice",
            ["red", "blue"],
            ["red", "blue"],
            ["green"],
            ((["red", "red"], "repeated_value"), (["purple"], "unknown_option"), ("red", "wrong_type")),
            ("=red", "=blue&custom.my_multi_choice=purple"),
            ("has", "blue"),
            is_sorted=False,
        ),
        Sample("yes_no", False, False, True, (("true", "wrong_type"), (0, "wrong_type")), ("=false",), ("eq", False)),
        Sample(
            "link",
            "https://example.com/a",
            "https://example.com/a",
            "https://example.org/b",
            (("javascript:alert(1)", "url"), (5, "wrong_type")),
            ("=EXAMPLE.com",),
            ("contains", "example.com"),
        ),
        Sample(
            "user",
            cast.alice.id,
            cast.alice.id,
            cast.bob.id,
            ((999_999, "unknown_user"), ("alice", "wrong_type"), (0, "out_of_range")),
            (f"={cast.alice.id}",),
            ("in", [cast.alice.id]),
        ),
    ]


def declare(cast: Cast, sample: Sample, resource: str = "customers", **further: Any) -> dict[str, Any]:
    """Declare the field of a sample, with its options."""
    body = {"resource": resource, "key": sample.key, "kind": sample.kind, "label_zh": "字段", "label_en": "A field"}
    field = cast.root.made("/custom-fields", {**body, **further})
    if sample.kind in ("choice", "multi_choice"):
        for value in ("red", "green", "blue", "yellow"):
            cast.root.made("/options", {"list": f"{resource}.{sample.key}", "value": value})
    return field
