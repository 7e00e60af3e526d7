"""The wire's shape: field types shared by all schemas, with codes for errors instead of sentences.

A schema is pure: no query, no current user, no clock. Lengths and nullability come from the columns (`column(...)`).
Messages have the form `code;name=value`; `load` turns them into issues with JSON pointers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import email_validator
from flask_marshmallow import Marshmallow
from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate
from marshmallow_sqlalchemy import ModelConverter
from sqlalchemy import Boolean, Date, Integer, String, Text

from .database import Document, FixedDecimal, Instant, Rate
from .errors import Issue, invalid

ma = Marshmallow()

MAX_ID = 2**63 - 1
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_CONTROL_IN_LINE = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]")
_BIDI_OVERRIDE = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_CLEAN_LINE = re.compile(r"[!-~\u3400-\u9fff](?:[ -~\u3400-\u9fff]*[!-~\u3400-\u9fff])?")
"""Most lines are such: nothing to be cut off, nothing to be refused."""
SURROGATE = re.compile(r"[\ud800-\udfff]")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

_MESSAGES: dict[str, Any] = {
    "required": "required",
    "null": "required",
    "validator_failed": "invalid",
    "invalid": "invalid",
    "type": "wrong_type",
    "unknown": "unknown_field",
}


_SENTENCES = {
    sentence: _MESSAGES.get(name, "wrong_type") if name != "invalid" else "wrong_type"
    for kind in vars(fields).values()
    if isinstance(kind, type) and issubclass(kind, fields.Field)
    for name, sentence in getattr(kind, "default_error_messages", {}).items()
}
"""What the fields of the library say by themselves, for those that have no codes of ours."""


def issue_text(code: str, **params: Any) -> str:
    """A message in the form that `load` takes apart again."""
    return ";".join([code, *(f"{name}={value}" for name, value in params.items())])


class _Coded(fields.Field[Any]):
    """Base of our fields: error codes, and a place for how the value is read from the database."""

    default_error_messages = _MESSAGES

    def _validate(self, value: Any) -> None:
        # A blank text that became null has no length.
        if value is not None:
            super()._validate(value)


class Line(fields.String, _Coded):
    """One line of text, trimmed; control characters and bidirectional overrides are refused."""

    default_error_messages: dict[str, Any] = {**_MESSAGES, "invalid": "wrong_type"}  # noqa: RUF012

    def __init__(self, *, blank_is_null: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.blank_is_null = blank_is_null

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if _CLEAN_LINE.fullmatch(text):
            return text
        if SURROGATE.search(text) or _CONTROL_IN_LINE.search(text.strip("\t\r\n ")):
            raise ValidationError("control_characters")
        if _BIDI_OVERRIDE.search(text):
            raise ValidationError("bidi_override")
        text = text.strip()
        if not text:
            if self.blank_is_null and self.allow_none:
                return None
            if self.required or not self.allow_none:
                raise ValidationError("required")
        return text


class Prose(fields.String, _Coded):
    """Text of many lines, kept byte for byte but for line ends; NUL and lone surrogates are refused."""

    default_error_messages: dict[str, Any] = {**_MESSAGES, "invalid": "wrong_type"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if "\x00" in text or SURROGATE.search(text):
            raise ValidationError("control_characters")
        return text.replace("\r\n", "\n").replace("\r", "\n")


_SPECIAL = "|".join(name.rpartition(".")[2] for name in email_validator.SPECIAL_USE_DOMAIN_NAMES)
_PLAIN_EMAIL = re.compile(
    r"(?=.{1,254}\Z)(?=[^@]{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    rf"@(?:(?!..--)[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)+(?!(?:{_SPECIAL})\Z)[a-z]{{2,63}}\Z",
    re.ASCII | re.IGNORECASE,
)
"""Most addresses are such, and the library takes its time with each; a test holds the two against each other."""


class Email(Line):
    """An e-mail address as typed; an empty text is null."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(blank_is_null=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None or _PLAIN_EMAIL.match(text):
            return text
        try:
            email_validator.validate_email(text, check_deliverability=False, test_environment=True)
        except email_validator.EmailNotValidError as error:
            raise ValidationError("email") from error
        return text


class Link(Line):
    """An address of the web; only http and https, because it becomes a link on a page."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text and ":" in text.split("/")[0] and not text.lower().startswith(("http://", "https://")):
            head = text.split("/")[0]
            if not re.fullmatch(r"[\w.-]+:\d{1,5}", head):
                raise ValidationError("url")
        return text


class Whole(fields.Integer, _Coded):
    """A whole number; texts and fractions are refused."""

    default_error_messages: dict[str, Any] = {  # noqa: RUF012
        **_MESSAGES,
        "invalid": "wrong_type",
        "too_large": "out_of_range",
    }

    def __init__(self, *, low: int | None = None, high: int | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("strict", True)
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError("wrong_type")
        low = -(2**63) if self.low is None else self.low
        high = MAX_ID if self.high is None else self.high
        if not low <= value <= high:
            raise ValidationError(issue_text("out_of_range", min=low, max=high))
        return value


class IdField(Whole):
    """The id of another record."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(low=1, high=MAX_ID, **kwargs)


class Flag(fields.Boolean, _Coded):
    """true or false, nothing that merely looks like it."""

    default_error_messages: dict[str, Any] = _MESSAGES

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise ValidationError("wrong_type")
        return value


class DecimalText(_Coded):
    """A decimal with up to 14 + 4 digits, written and read as a string; JSON numbers are taken too.

    Args:
        low: smallest value allowed.
        high: largest value allowed.
        places: decimal places allowed.
    """

    def __init__(
        self, *, low: str | None = "0", high: str = "99999999999999.99", places: int = 4, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.low = None if low is None else Decimal(low)
        self.high = Decimal(high)
        self.places = places

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise ValidationError("wrong_type")
        if isinstance(value, str) and not re.fullmatch(r"\s*[+-]?\d{1,30}(\.\d{1,30})?\s*", value, re.ASCII):
            raise ValidationError("decimal")
        try:
            number = Decimal(value)
        except InvalidOperation as error:
            raise ValidationError("decimal") from error
        low = -self.high if self.low is None else self.low
        if not number.is_finite() or not low <= number <= self.high:
            raise ValidationError(issue_text("out_of_range", min=low, max=self.high))
        if number != round(number, self.places):
            raise ValidationError(issue_text("too_precise", places=self.places))
        return number


class RateField(_Coded):
    """A share as a number in 0..1 with up to four decimal places."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
            raise ValidationError("wrong_type")
        if not 0 <= value <= 1:
            raise ValidationError(issue_text("out_of_range", min=0, max=1))
        if round(Decimal(value), 4) != Decimal(value):
            raise ValidationError(issue_text("too_precise", places=4))
        return float(value)


def parse_instant(text: str) -> datetime:
    """A moment from RFC 3339 text with an offset, years 1900 to 2200.

    Raises:
        ValueError: not such a text.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError(text)
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.upper().replace(" ", "T"))
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
    if not 1900 <= moment.year <= 2200:
        raise ValueError(text)
    return moment


def parse_date(text: str) -> date:
    """A date from `YYYY-MM-DD`, years 1900 to 2200.

    Raises:
        ValueError: not such a text.
    """
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) or not 1900 <= int(text[:4]) <= 2200:
        raise ValueError(text)
    return date.fromisoformat(text)


class InstantField(_Coded):
    """A moment, RFC 3339 with an offset."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise ValidationError("wrong_type")
        try:
            return parse_instant(value)
        except ValueError as error:
            raise ValidationError("instant") from error


class DateField(_Coded):
    """A date, `YYYY-MM-DD`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise ValidationError("wrong_type")
        try:
            return parse_date(value)
        except ValueError as error:
            raise ValidationError("date") from error


class Choice(_Coded):
    """One word of a fixed set."""

    def __init__(self, options: type[StrEnum] | tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options = tuple(str(option) for option in options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise ValidationError("wrong_type")
        if value not in self.options:
            raise ValidationError(issue_text("not_allowed", options=", ".join(self.options)))
        return value


class OptionField(Line):
    """A value of an option list; whether it exists is asked by the service (`customer/options.py`)."""

    def __init__(self, option_list: str, **kwargs: Any) -> None:
        super().__init__(blank_is_null=True, **kwargs)
        self.option_list = option_list


class _Whole(fields.List[Any], _Coded):
    """A list that is replaced whole: null, where it is allowed, clears it."""

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """As every field; null is the empty list."""
        found = super().deserialize(value, attr, data, **kwargs)
        return [] if found is None else found


class Texts(_Whole):
    """A list of short texts; with `commas`, one text with commas is taken apart."""

    default_error_messages: dict[str, Any] = {**_MESSAGES, "invalid": "wrong_type"}  # noqa: RUF012

    def __init__(self, *, commas: bool = False, length: int = 100, most: int = 100, **kwargs: Any) -> None:
        super().__init__(Line(required=True, validate=max_length(length)), **kwargs)
        self.commas = commas
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if self.commas and isinstance(value, str):
            value = [part for part in re.split(r"[,，、;；]", value) if part.strip()]
        if isinstance(value, list) and len(value) > self.most:
            raise ValidationError(issue_text("too_many", max=self.most))
        return super()._deserialize(value, attr, data, **kwargs)


class Several(fields.List[Any], _Coded):
    """A list of values of one field."""

    default_error_messages: dict[str, Any] = {**_MESSAGES, "invalid": "wrong_type"}  # noqa: RUF012


class ByName(fields.Dict, _Coded):
    """An object of any names whose values are all of one field."""

    default_error_messages: dict[str, Any] = {**_MESSAGES, "invalid": "wrong_type"}  # noqa: RUF012

    def __init__(self, of: fields.Field[Any], **kwargs: Any) -> None:
        super().__init__(keys=fields.String(), values=of, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as error:
            if isinstance(error.messages, list):
                raise
            # What is wrong with a value stands at its name.
            found = {name: told.get("value", told.get("key")) for name, told in error.messages.items()}
            raise ValidationError(found) from error


class _Element(fields.Nested):
    """An object in a list: lists are replaced whole, so it is whole too, however partial the record around it."""

    def _load(self, value: Any, partial: Any = None) -> Any:
        return super()._load(value, partial=False)


class Items(_Whole):
    """A list of objects of one schema."""

    default_error_messages: dict[str, Any] = {**_MESSAGES, "invalid": "wrong_type"}  # noqa: RUF012

    def __init__(self, schema: type[Schema], *, most: int = 200, **kwargs: Any) -> None:
        super().__init__(_Element(schema, error_messages={"type": "wrong_type"}), **kwargs)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, list) and len(value) > self.most:
            raise ValidationError(issue_text("too_many", max=self.most))
        # Lists are replaced whole, so their items are whole too, in a PATCH as well.
        return super()._deserialize(value, attr, data, **{**kwargs, "partial": False})


class Part(fields.Nested, _Coded):
    """An object inside the record, such as an address; only the keys that are sent change."""

    default_error_messages: dict[str, Any] = {**_MESSAGES, "type": "wrong_type"}  # noqa: RUF012

    def _load(self, value: Any, partial: Any = None) -> Any:
        found = None if partial or self.unknown else _plainly(self.schema, value)
        return super()._load(value, partial=partial) if found is None else found


def max_length(limit: int) -> validate.Length:
    """Refuse texts with more characters."""
    return validate.Length(max=limit, error="too_long;max={max}")


class _Converter(ModelConverter):
    """Fields from columns: our types, lengths and nullability of the database."""

    SQLA_TYPE_MAPPING = {  # noqa: RUF012
        Instant: InstantField,
        FixedDecimal: DecimalText,
        Rate: RateField,
        Text: Prose,
        String: Line,
        Date: DateField,
        Boolean: Flag,
        Integer: Whole,
        type(Document): fields.Raw,
    }

    def _add_column_kwargs(self, kwargs: dict[str, Any], column: Any) -> None:
        kwargs["allow_none"] = bool(column.nullable)
        length = getattr(column.type, "length", None)
        if isinstance(column.type, String) and length:
            kwargs["validate"] = max_length(length)
        elif isinstance(column.type, Text):
            kwargs["validate"] = max_length(20_000)


class StrictSchema(Schema):
    """A body or query whose unknown keys are refused by name."""

    class Meta:
        """Unknown keys are errors; keys keep their order."""

        unknown = RAISE

    error_messages = {"unknown": "unknown_field", "type": "wrong_type"}  # noqa: RUF012


if TYPE_CHECKING:
    SQLAlchemySchema = Schema
    auto_field = fields.Field
else:
    SQLAlchemySchema, auto_field = ma.SQLAlchemySchema, ma.auto_field


class RecordSchema(SQLAlchemySchema):
    """Base of what a record looks like on the wire, both ways."""

    class Meta:
        """Subclasses name their model."""

        unknown = RAISE
        model_converter = _Converter
        load_instance = False

    error_messages = {"unknown": "unknown_field", "type": "wrong_type"}  # noqa: RUF012

    def load(self, data: Any, **kwargs: Any) -> Any:
        """Plain values, as `Schema.load` gives them.

        What stands in between makes model instances, which is not wanted here, and asks for the version of a package
        each time: a tenth of the time that an import takes.
        """
        return Schema.load(self, data, **kwargs)


def column(**kwargs: Any) -> Any:
    """A field whose type, length and nullability come from the model's column of the same name."""
    return auto_field(**kwargs)


def _issues(messages: Any, pointer: str, schema: Schema) -> list[Issue]:
    if isinstance(messages, str):
        # A value, such as the delimiters to choose from, may hold what parts the values.
        code, *params = re.split(r";(?=\w+=)", _SENTENCES.get(messages, messages))
        return [Issue(pointer or "#", code, dict(param.split("=", 1) for param in params))]
    if isinstance(messages, Mapping):
        found: list[Issue] = []
        for key, inner in messages.items():
            at = pointer if key == "_schema" else f"{pointer or '#'}/{str(key).replace('~', '~0').replace('/', '~1')}"
            found += _issues(inner, at, schema)
        return found
    return [issue for inner in messages for issue in _issues(inner, pointer, schema)]


_PLAIN: WeakKeyDictionary[Schema, list[tuple[str, fields.Field[Any]]]] = WeakKeyDictionary()


def _plain_fields(schema: Schema) -> list[tuple[str, fields.Field[Any]]]:
    """The fields of a schema that does nothing but read them one by one; none of another one."""
    found = list(schema.load_fields.items())
    # What would make an instance of a model does nothing: no schema of ours loads instances.
    hooks = {name for some in schema._hooks.values() for name, *_ in some} - {"make_instance"}
    is_plain = not (hooks or schema.many or schema.partial) and schema.unknown == RAISE
    return found if is_plain and all(one.data_key is one.attribute is None for _, one in found) else []


def _plainly(schema: Schema, body: Any) -> dict[str, Any] | None:
    """The values of a body in which nothing is wrong; None for any other, whose faults `Schema.load` tells.

    Most of the time of `Schema.load` goes into gathering what is wrong, and an import asks for every row.
    """
    known = _PLAIN.get(schema)
    if known is None:
        known = _PLAIN[schema] = _plain_fields(schema)
    if not known or type(body) is not dict:
        return None
    found: dict[str, Any] = {}
    left = len(body)
    try:
        for name, field in known:
            value = body.get(name, missing)
            if value is missing:
                value = field.deserialize(missing) if field.required or field.load_default is not missing else missing
            else:
                left -= 1
                value = field.deserialize(value, name, body, partial=False)
            if value is not missing:
                found[name] = value
    except ValidationError:
        return None
    return None if left else found


def load(schema: Schema, body: Any, *, partial: bool = False) -> dict[str, Any]:
    """Plain values from a body.

    Args:
        schema: what the body must look like.
        body: the parsed JSON.
        partial: whether required fields may be absent (PATCH).

    Raises:
        Problem: 422 with every fault at once.
    """
    plain = None if partial else _plainly(schema, body)
    if plain is not None:
        return plain
    try:
        loaded: dict[str, Any] = schema.load(body, partial=partial)
    except ValidationError as error:
        issues = _issues(error.messages, "", schema)
        names = schema.fields
        raise invalid(
            *(
                Issue(issue.at, "read_only")
                if issue.code == "unknown_field" and issue.at.count("/") == 1 and issue.at[2:] in names
                else issue
                for issue in issues
            )
        ) from error
    return loaded


def shown(value: str) -> str:
    """A text for a person's eye in messages: shortened, without control characters."""
    clean = "".join(c for c in value if unicodedata.category(c)[0] != "C")
    return clean if len(clean) <= 60 else clean[:57] + "..."
