"""The OpenAPI 3.1 document, generated from the declared endpoints, their schemas and lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flask import Flask, Response, request
from marshmallow import Schema, fields

from .caller import verified_actor
from .custom_values import RESOURCES_WITH_CUSTOM, CustomKind, Definition, Kinds, field_of
from .database import SCALE
from .errors import not_found
from .filtering import Filter
from .listing import SPECS, ListSpec, encode
from .projection import MASKED_FIELDS, Computed, LinkTo
from .record import Mergeable
from .routing import OPERATIONS, PREFIX, PUBLIC, RESOURCES, SIGNED_IN, Operation
from .schema import (
    Choice,
    DateField,
    DecimalText,
    Email,
    Flag,
    InstantField,
    Items,
    Line,
    Part,
    Prose,
    RateField,
    Texts,
    Whole,
)

Json = dict[str, Any]


def _text_schema(field: fields.Field[Any]) -> Json:
    schema: Json = {"type": "string"}
    for validator in field.validators:
        limit = getattr(validator, "max", None)
        if isinstance(limit, int):
            schema["maxLength"] = limit
    return schema


def _nullable(schema: Json) -> Json:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if isinstance(schema.get("type"), list):
        return {**schema, "type": [*schema["type"], "null"]}
    if isinstance(schema.get("type"), str):
        result = {**schema, "type": [schema["type"], "null"]}
        if "enum" in result:
            result["enum"] = [*result["enum"], None]
        return result
    return schema


CUSTOM: list[Callable[[str], Iterable[Definition]]] = []
"""What reads the custom fields of a kind of record; put in by `customer/custom_fields.py`."""


class _Writer:
    """Gathers the components while paths are written.

    Args:
        custom: the custom fields by the plural name of their records; without them `custom` is any object.
    """

    def __init__(self, custom: Mapping[str, Sequence[Definition]] = MappingProxyType({})) -> None:
        self.schemas: Json = {}
        self.custom = {
            type(schema): custom[plural]
            for plural, one in RESOURCES.items()
            if custom.get(plural)
            for schema in (one.spec.fields, one.create, one.patch)
        }
        self.kinds = {plural: tuple((one.key, one.kind) for one in found) for plural, found in custom.items()}

    def custom_values(self, definitions: Sequence[Definition], reading: bool) -> Json:
        """The object with the values of custom fields; retired ones are read only."""
        taken = [one for one in definitions if reading or not one.is_retired]
        properties = {one.key: self._custom_value(one, reading) for one in taken}
        return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}

    def _custom_value(self, definition: Definition, reading: bool) -> Json:
        if definition.kind == CustomKind.NUMBER and reading:
            return {"type": "number", "description": field_of(definition).metadata["description"]}
        found = self.field(field_of(definition), reading)
        if reading and isinstance(found.get("type"), list):
            # A value that was cleared is not there.
            found["type"] = next(one for one in found["type"] if one != "null")
        return found | ({"deprecated": True} if definition.is_retired else {})

    def field(self, field: fields.Field[Any], reading: bool) -> Json:
        """The JSON schema of one field."""
        schema = self._bare(field, reading)
        # A list that was cleared by null reads as an empty one.
        never = isinstance(field, LinkTo) or (reading and isinstance(field, (Items, Texts)))
        schema = _nullable(schema) if field.allow_none and not never else schema
        text = field.metadata.get("description")
        return {**schema, "description": text} if text else schema

    def _bare(self, field: fields.Field[Any], reading: bool) -> Json:
        if isinstance(field, Computed):
            return dict(field.document or {})
        if isinstance(field, LinkTo):
            return {
                "anyOf": [
                    {
                        "type": "object",
                        "required": ["id", "name"],
                        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
                    },
                    {"type": "null"},
                ]
            }
        if isinstance(field, Choice):
            return {"type": "string", "enum": list(field.options)}
        if isinstance(field, DecimalText):
            # Rates of exchange have more places than amounts and are kept as they were typed.
            digits = r"\.\d{2,4}" if field.places <= SCALE else rf"(\.\d{{1,{field.places}}})?"
            return {"type": "string", "pattern": rf"^-?\d+{digits}$"} if reading else {"type": ["string", "number"]}
        if isinstance(field, RateField):
            return {"type": "number", "minimum": 0, "maximum": 1}
        if isinstance(field, InstantField):
            return {"type": "string", "format": "date-time"}
        if isinstance(field, DateField):
            return {"type": "string", "format": "date"}
        if isinstance(field, Flag):
            return {"type": "boolean"}
        if isinstance(field, Whole):
            schema: Json = {"type": "integer"}
            if field.low is not None:
                schema["minimum"] = field.low
            if field.high is not None and field.high < 2**53:
                schema["maximum"] = field.high
            return schema
        if isinstance(field, Texts):
            items: Json = {"type": "array", "items": {"type": "string"}, "maxItems": field.most}
            return {"anyOf": [items, {"type": "string"}]} if field.commas and not reading else items
        if isinstance(field, Items):
            inner = field.inner
            assert isinstance(inner, fields.Nested)
            return {"type": "array", "items": self.schema(inner.schema, reading)}
        if isinstance(field, fields.Nested):
            return self.schema(field.schema, reading, partial=isinstance(field, Part))
        if isinstance(field, fields.List):
            return {"type": "array", "items": self.field(field.inner, reading)}
        if isinstance(field, (Email,)):
            return {**_text_schema(field), "format": "email"} if not reading else {"type": "string"}
        if isinstance(field, (Line, Prose, fields.String)):
            return _text_schema(field)
        if isinstance(field, fields.Float):
            return {"type": "number"}
        if isinstance(field, fields.Integer):
            return {"type": "integer"}
        if isinstance(field, fields.Boolean):
            return {"type": "boolean"}
        if isinstance(field, fields.Dict):
            of = self.field(field.value_field, reading) if field.value_field is not None else True
            return {"type": "object", "additionalProperties": of}
        return {}

    def schema(self, schema: Schema, reading: bool, partial: bool = False, extra: Json | None = None) -> Json:
        """A reference to the component of a schema, written once per direction."""
        base = type(schema).__name__.removeprefix("_").removesuffix("Schema")
        name = base if reading else f"{base}Patch" if partial else f"{base}Input"
        if extra:
            name += "Record"
        if name not in self.schemas:
            self.schemas[name] = {}
            properties: Json = {}
            required: list[str] = []
            for attribute, field in schema.fields.items():
                key = field.data_key or attribute
                if field.load_only if reading else field.dump_only:
                    continue
                read_as = field.metadata.get("read")
                if attribute == "custom" and type(schema) in self.custom:
                    properties[key] = self.custom_values(self.custom[type(schema)], reading)
                elif reading and read_as is not None and read_as.document is not None:
                    properties[key] = dict(read_as.document)
                else:
                    properties[key] = self.field(field, reading)
                # A part, such as an address, has the keys that were given, on the way in and out.
                needed = not field.metadata.get("optional") if reading else field.required
                if needed and not partial:
                    required.append(key)
            body: Json = {"type": "object", "properties": properties | (extra or {}), "additionalProperties": False}
            required += list(extra or {})
            if required:
                body["required"] = required
            self.schemas[name] = body
        return {"$ref": f"#/components/schemas/{name}"}

    def record(self, spec: ListSpec) -> Json:
        """A record as it is read over HTTP."""
        found = self.schema(spec.fields, True, extra={"can_write": {"type": "boolean"}})
        name = found["$ref"].rsplit("/", 1)[-1]
        self.schemas[name]["properties"] |= _DELETION
        if spec.told is not None:
            told = spec.told().fields.items()
            self.schemas[name]["properties"] |= {key: self.field(field, True) for key, field in told}
        if spec.has_masks:
            self.schemas[name]["properties"][MASKED_FIELDS] = dict(_MASKED)
            if MASKED_FIELDS not in self.schemas[name]["required"]:
                self.schemas[name]["required"].append(MASKED_FIELDS)
        for hidden in (*spec.right_fields, *(name for one in spec.guarded.items() for name in (one[0], *one[1].also))):
            if hidden in self.schemas[name]["required"]:
                self.schemas[name]["required"].remove(hidden)
        return found

    def list_of(self, spec: ListSpec) -> Json:
        """A page of records. With `fields=` a record has only the fields asked for."""
        return {
            "type": "object",
            "required": ["data", "meta"],
            "properties": {
                "data": {"type": "array", "items": self.record(spec)},
                "meta": {"$ref": "#/components/schemas/ListMeta"},
            },
        }


_ONLY_DELETED = "In lists with `deleted=only` alone."

_DELETION: Json = {
    "deleted_at": {"type": ["string", "null"], "format": "date-time", "description": _ONLY_DELETED},
    "deleted_by": {"type": ["integer", "null"], "description": _ONLY_DELETED},
    "deleter": {"anyOf": [{"$ref": "#/components/schemas/Link"}, {"type": "null"}], "description": _ONLY_DELETED},
    "deleted_with": {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "description": "How many records vanished with it, by the names of their lists. " + _ONLY_DELETED,
    },
}

_MASKED: Json = {
    "type": "array",
    "items": {"type": "string"},
    "description": "The fields that the caller sees masked; each can be revealed.",
}

_PROBLEM: Json = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": ["string", "null"]},
        "request_id": {"type": ["string", "null"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "parameter": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "current": {"type": "object"},
        "changed_fields": {"type": "array", "items": {"type": "string"}},
    },
}

_LIST_META: Json = {
    "type": "object",
    "required": ["total", "pages", "current_page", "per_page", "next_cursor"],
    "properties": {
        "total": {"type": ["integer", "null"]},
        "pages": {"type": ["integer", "null"]},
        "current_page": {"type": ["integer", "null"]},
        "per_page": {"type": "integer"},
        "next_cursor": {"type": ["string", "null"]},
        "total_is_capped": {"type": "boolean"},
        "q_read_as": {
            "type": "string",
            "description": "How `q` was read where nothing holds it as typed: a typing error was looked through.",
        },
    },
}

_STATUS_TEXT = {
    200: "Done",
    201: "Created",
    202: "Accepted",
    204: "Done, no content",
    301: "Merged into another record, which `Location` names",
    304: "Not modified",
    400: "Not JSON, duplicate keys, bad header",
    401: "Not signed in",
    403: "Not allowed",
    404: "Absent or out of sight",
    409: "Conflict",
    410: "Gone",
    412: "Stale version",
    413: "Too large",
    415: "Wrong type",
    422: "Against a rule",
    429: "Too many requests",
    503: "Unavailable",
}


def _list_parameters(spec: ListSpec, custom: Kinds) -> list[Json]:
    sorts = [*sorted(spec.sort), *spec.custom_sort(custom)]
    found: list[Json] = [
        {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10**12, "default": 1}},
        {"name": "per_page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 20}},
        {
            "name": "sort",
            "in": "query",
            "schema": {"type": "string", "default": spec.default_sort},
            "description": f"Comma list of {', '.join(sorts)}; a leading - sorts downwards.",
        },
        {
            "name": "cursor",
            "in": "query",
            "schema": {"type": "string"},
            "description": "From `next_cursor`; not with `page`.",
        },
        {
            "name": "count",
            "in": "query",
            "schema": {"type": "string", "enum": ["exact", "capped", "none"], "default": "exact"},
        },
        {"name": "fields", "in": "query", "schema": {"type": "string"}, "description": "Comma list of fields to send."},
        {"name": "deleted", "in": "query", "schema": {"type": "string", "enum": ["only"]}},
    ]
    return found + _filter_parameters(spec, custom)


def _filter_parameters(spec: ListSpec, custom: Kinds) -> list[Json]:
    filters = spec.filters | spec.custom_filters(custom)
    found: list[Json] = [
        {
            "name": "where",
            "in": "query",
            "schema": {"type": "string"},
            "description": "JSON tree of and, or, {field, op, value} over: "
            + "; ".join(f"{name} ({', '.join(one.ops)})" for name, one in filters.items()),
        },
    ]
    if spec.search:
        found.append({"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 200}})
    for name, one in filters.items():
        found += [_filter_parameter(one, parameter) for parameter in one.parameters(name)]
    return found


def _filter_parameter(_one: Filter, parameter: Any) -> Json:
    schema = parameter.schema
    if parameter.repeats:
        schema = {"type": "array", "items": {"anyOf": [schema, {"const": "none"}]}}
    found: Json = {"name": parameter.name, "in": "query", "schema": schema}
    if parameter.repeats:
        found |= {"style": "form", "explode": True}
    if parameter.text:
        found["description"] = parameter.text
    return found


def _path(rule: str) -> tuple[str, list[Json]]:
    parameters: list[Json] = []

    def one(match: re.Match[str]) -> str:
        kind, name = match.group(1) or "", match.group(2)
        name = "id" if name == "record_id" else name
        schema: Json = {"type": "integer", "minimum": 1} if kind.startswith("int") else {"type": "string"}
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
        return "{" + name + "}"

    return re.sub(r"<(?:(\w+):)?(\w+)>", one, rule), parameters


def _operation(writer: _Writer, operation: Operation, path_parameters: list[Json]) -> Json:
    body: Json = {
        "operationId": operation.endpoint.rsplit(".", 1)[-1],
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": list(path_parameters),
        "responses": {},
    }
    if operation.permission == PUBLIC:
        body["security"] = []
    elif operation.permission != SIGNED_IN:
        body["description"] = f"Needs the permission `{operation.permission}`."
    if operation.listing is not None:
        body["parameters"] += _list_parameters(operation.listing, writer.kinds.get(operation.listing.plural, ()))
    if operation.query is not None:
        body["parameters"] += [
            {"name": name, "in": "query", "required": field.required, "schema": writer.field(field, False)}
            for name, field in operation.query.fields.items()
        ]
    if operation.filters is not None:
        named = {parameter.get("name") for parameter in body["parameters"]}
        filters = _filter_parameters(operation.filters, writer.kinds.get(operation.filters.plural, ()))
        body["parameters"] += [one for one in filters if one["name"] not in named]
    if operation.idempotent:
        body["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
    if operation.conditional:
        body["parameters"].append({"$ref": "#/components/parameters/IfMatch"})
    if operation.body is not None:
        schema = writer.schema(operation.body, False, partial=operation.partial)
        name = schema["$ref"].rsplit("/", 1)[-1]
        required = bool(writer.schemas[name].get("required"))
        body["requestBody"] = {"required": required, "content": {"application/json": {"schema": schema}}}
    if operation.form is not None:
        properties = {name: writer.field(field, False) for name, field in operation.form.fields.items()}
        content = {"type": "object", "required": ["file"], "properties": {"file": _BINARY, **properties}}
        body["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": content}}}
    body["responses"] = _responses(writer, operation)
    return body


_BINARY: Json = {"type": "string", "format": "binary"}


def _responses(writer: _Writer, operation: Operation) -> Json:
    answer = operation.answer
    content: Json | None = None
    if operation.status != 204 and operation.media is not None:
        if operation.listing is not None:
            content = writer.list_of(operation.listing)
        elif isinstance(answer, ListSpec):
            content = writer.record(answer)
        elif answer is not None:
            content = writer.schema(answer(), True)
        elif operation.media == "application/json":
            content = {"type": "object"}
        else:
            # Bytes have no schema of their own; the media type says it all.
            content = {}
    found: Json = {}

    def done(status: int) -> None:
        found[str(status)] = {"description": _STATUS_TEXT[status]}
        if content is not None:
            shape = {"schema": content if operation.media == "application/json" else _BINARY}
            files: Json = {media: {"schema": _BINARY} for media in operation.files}
            found[str(status)]["content"] = {str(operation.media): shape, **files}

    done(operation.status)
    if operation.method == "PUT":
        done(201)
    statuses = {422, 429, 503}
    if operation.method == "GET":
        found["304"] = {"description": _STATUS_TEXT[304]}
    else:
        statuses |= {400, 409, 413, 415}
    statuses |= {401}
    if operation.permission != PUBLIC:
        # Where everybody may call, the use case or a personal token may still be refused.
        statuses |= {403}
    if "<" in operation.rule:
        statuses |= {404}
    if operation.conditional:
        statuses |= {400, 403, 412}
    if operation.listing is not None:
        statuses |= {400}
    if operation.method == "GET" and operation.rule.startswith(_merged_rules()):
        statuses |= {301}
    for status in sorted(statuses):
        found[str(status)] = {
            "description": _STATUS_TEXT[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return found


def _merged_rules() -> tuple[str, ...]:
    """Where records stand that may have been merged into another one."""
    plurals = [spec.plural for spec in SPECS.values() if issubclass(spec.model, Mergeable)]
    return tuple(f"{PREFIX}/{plural}/<int:record_id>" for plural in plurals)


def document(app: Flask, custom: Mapping[str, Sequence[Definition]] = MappingProxyType({})) -> Json:
    """The whole document: also of what other processes answer for, where the product is split into services.

    Args:
        custom: the custom fields of this installation, for the document of who is signed in.
    """
    writer = _Writer(custom)
    paths: Json = {}
    for operation in OPERATIONS.values():
        if operation.endpoint.rpartition(".")[0] in app.blueprints:
            path, parameters = _path(operation.rule)
            paths.setdefault(path, {})[operation.method.lower()] = _operation(writer, operation, parameters)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lianxi CRM",
            "version": "1.0.0",
            "description": "Customers, contact records and deals. Errors are RFC 9457 problems; lists, versions and "
            "safe retries work alike on every resource.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": name} for name in sorted({operation.tag for operation in OPERATIONS.values()})],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(writer.schemas.items())) | {"Problem": _PROBLEM, "ListMeta": _LIST_META},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "parameters": {
                "IdempotencyKey": {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "schema": {"type": "string", "maxLength": 255},
                    "description": "Same key and body: the same answer once more, for 24 hours.",
                },
                "IfMatch": {
                    "name": "If-Match",
                    "in": "header",
                    "schema": {"type": "string"},
                    "description": "The ETag that the change is based on; a stale one is 412.",
                },
            },
        },
    }


def register(app: Flask) -> None:
    """Serve the document; who is signed in gets it with the custom fields of the house.

    Making it takes longer than most requests do, so each of the two is kept, until the custom fields are others.
    """
    made: dict[bool, tuple[Mapping[str, Sequence[Definition]], bytes]] = {}

    def body(custom: Mapping[str, Sequence[Definition]]) -> bytes:
        kept = made.get(bool(custom))
        if kept is None or kept[0] != custom:
            kept = made[bool(custom)] = custom, encode(document(app, custom))
        return kept[1]

    @app.get(f"{PREFIX}/openapi.json")
    def openapi_document() -> Response:
        """The OpenAPI document."""
        if not app.config["LIANXI"].openapi_public:
            raise not_found()
        if "Authorization" in request.headers:
            verified_actor()
            custom = {plural: list(CUSTOM[0](plural)) for plural in RESOURCES_WITH_CUSTOM}
            answer = Response(body(custom), mimetype="application/json")
            answer.headers["Cache-Control"] = "private, no-cache"
            return answer
        return Response(body({}), mimetype="application/json")
