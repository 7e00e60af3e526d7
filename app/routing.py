"""Routes as declarations: one decorator says who may call, which row is loaded, what goes in and what comes out.

The order of one request is fixed here for all: size, type and JSON of the body, sign-in, permission, row, input,
version, use case, answer. The unit of work around it opens and commits in `CRM.dispatch_request`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial as bound
from typing import Any, Protocol

from flask import Blueprint, Flask, Response, current_app, g, request
from marshmallow import Schema
from sqlalchemy import inspect, select

from . import idempotency
from .access import Actor, Permission, Policy
from .caller import remembered_actor, twice, verified_actor
from .database import db
from .errors import Issue, Problem, conflict, forbidden, invalid, not_found, request_id
from .intake import load_query, read_early
from .listing import ListSpec, encode, etag_of, respond
from .metrics import ROUTE
from .record import Record
from .replica import far
from .schema import MAX_ID, StrictSchema, load
from .services import service_of
from .transaction import Unit, hold, now, run_after_refusal, seal, unit_of_work
from .versions import at_version

PREFIX = "/api/v1"

OPENED: list[Callable[[Actor, str, int], None]] = []
"""What is told of every record that a person reads by itself, or by its file: who, of which kind, its id."""


def _opened(actor: Actor, resource: str, record_id: int) -> None:
    for told in OPENED:
        told(actor, resource, record_id)


class _Undo(Exception):
    """Rolls a unit of work back whose answer is a refusal."""


def conclude(unit: Unit, answer: Response) -> None:
    """Seal what a request has done: the answer names the change set, counts its entries, and is kept for a retry.

    An answer that is given once more names its change set already. Who signs out has no change set: a sign-in is no
    record.
    """
    is_first = "X-Changeset-Id" not in answer.headers
    seal(unit, told=is_first and unit.actor_id is not None)
    if is_first and unit.changeset_id is not None:
        answer.headers["X-Changeset-Id"] = str(unit.changeset_id)
        answer.headers["X-Changeset-Entries"] = str(unit.entry_count)
    idempotency.keep(answer)


class CRM(Flask):
    """The application: opens a unit of work around every request that may write, and commits it before answering."""

    def add_url_rule(self, rule: str, *args: Any, **kwargs: Any) -> None:
        """Take a route, unless it is one of a service that another process answers for."""
        service = service_of(rule.removeprefix(f"{PREFIX}/"))
        if service is None or service in self.config["LIANXI"].services:
            super().add_url_rule(rule, *args, **kwargs)

    def dispatch_request(self) -> Response:
        """Run the view; a status of 400 and more rolls back."""
        view = self.view_functions.get(request.endpoint or "")
        if request.url_rule is not None:
            request.environ[ROUTE] = request.url_rule.rule
        road = getattr(view, "unit", "none") if request.routing_exception is None else "none"
        if road != "write":
            try:
                # What opens units of its own may have written already when its connection breaks.
                run = super().dispatch_request
                if getattr(view, "reads_far", False):
                    run = bound(far, run)
                answer: Response = self.make_response(run() if road == "own" else twice(run))
            except Exception:
                run_after_refusal()
                raise
            if answer.status_code >= 400:
                run_after_refusal()
            return answer
        try:
            with unit_of_work(source="http", request_id=request_id()) as unit:
                answer = self.make_response(super().dispatch_request())
                if answer.status_code >= 400:
                    raise _Undo
                conclude(unit, answer)
        except _Undo:
            run_after_refusal()
        except Exception:
            run_after_refusal()
            raise
        return answer


# ---- declarations ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """One endpoint, for the OpenAPI document and the tests that walk all of them."""

    method: str
    rule: str
    endpoint: str
    tag: str
    summary: str
    permission: Permission | str
    body: Schema | None
    partial: bool
    query: Schema | None
    status: int
    answer: Any
    listing: ListSpec | None
    loads: bool
    idempotent: bool
    conditional: bool
    filters: ListSpec | None = None
    form: Schema | None = None
    media: str | None = "application/json"
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Removable:
    """A resource whose records are deleted and brought back."""

    spec: ListSpec
    service: Removal
    write: Permission


@dataclass(frozen=True)
class Resource(Removable):
    """A resource with the standard endpoints, for what serves all of them, such as changing many at once."""

    service: Service
    create: Schema
    patch: Schema


REMOVABLE: dict[str, Removable] = {}
"""Every resource whose records are deleted and brought back, by the last segment of its path."""

RESOURCES: dict[str, Resource] = {}
"""Those of them that have the standard endpoints."""

TRANSFERS: dict[str, tuple[Schema, Callable[[Actor, Any, dict[str, Any]], Record]]] = {}
"""How records of a resource change hands where more goes along than their holder: what is asked, and the use case."""

SIGNED_IN = "signed-in"
PUBLIC = "public"

OPERATIONS: dict[str, Operation] = {}
"""Every endpoint by its Flask name."""


class Routes(Blueprint):
    """A blueprint whose endpoints are declared whole."""

    def __init__(self, name: str, import_name: str, *, reads_far: bool = False) -> None:
        """A blueprint by its name.

        Args:
            reads_far: whether its reads ask much of the database and go to the replica, where there is one.
        """
        super().__init__(name, import_name, url_prefix=PREFIX)
        self._reads_far = reads_far

    def endpoint_for(
        self,
        method: str,
        rule: str,
        *,
        permission: Permission | str,
        summary: str,
        loads: Policy | None = None,
        load_with: Callable[[Actor, int], Any] | None = None,
        writes_row: bool = True,
        body: type[Schema] | Schema | None = None,
        partial: bool = False,
        query: type[Schema] | None = None,
        status: int = 200,
        answer: ListSpec | type[Schema] | None = None,
        unit: str | None = None,
        raw: bool = False,
        filters: ListSpec | None = None,
        form: type[Schema] | None = None,
        media: str | None = "application/json",
        files: tuple[str, ...] = (),
        in_person: bool = False,
        ahead: Callable[[Any], None] | None = None,
        before_second_factor: bool = False,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare an endpoint.

        Args:
            method: HTTP method.
            rule: path below `/api/v1`; `<int:record_id>` is loaded by `loads`.
            permission: what the role needs, `SIGNED_IN` or `PUBLIC`.
            summary: one line for the documentation, in English.
            loads: policy by which the row is loaded and authorised before anything else is looked at.
            load_with: a loader of its own instead of the policy's; it also loads what has no id in its address.
            writes_row: whether the row must be writable or only visible.
            body: schema of the JSON body.
            partial: whether required fields may be absent.
            query: schema of the query string.
            status: of success.
            answer: what comes back: a record of this list's resource, or an object of this schema.
            unit: `write`, `read` (nothing opens) or `own` (the use case opens its units itself).
            raw: the function makes its own `Response`, nothing is checked about input.
            filters: list whose filters the query string takes besides `query`; the function parses it all.
            form: fields of a multipart form that come with a `file`; the function reads it.
            media: type of a successful answer that is no JSON; the function makes the `Response`. None for no content.
            files: types of files that the same answer can be asked for as.
            in_person: whether personal tokens are refused.
            ahead: what takes long with the body as it was sent, such as a scan: it is done before anything is asked of
                the database in the unit of work, so that no other writer waits for it.
            before_second_factor: whether who still has to set a second factor up may call: it leads there.

        The function is called with the actor (unless public), the loaded row, the body, the query and further path
        parameters, as far as they are declared, and returns a record, an object, None, or a finished response.
        """
        body_schema = body() if isinstance(body, type) else body
        query_schema = query() if isinstance(query, type) else query
        road = unit or ("read" if method == "GET" else "write")
        spec = answer if isinstance(answer, ListSpec) else None
        takes_key = method == "POST" and road in ("write", "own") and permission != PUBLIC
        # What a form says is known only when its file has been taken in.
        keyed = takes_key and form is None

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            def view(**path: Any) -> Response:
                sent, fault = read_early() if method != "GET" and not raw else ({}, None)
                if takes_key:
                    idempotency.check_header()
                given: list[Any] = []
                actor: Actor | None = None
                if permission != PUBLIC:
                    actor = verified_actor(before_second_factor=before_second_factor)
                    if permission != SIGNED_IN:
                        actor.need(permission)
                    if in_person:
                        actor.need_person()
                    if road != "read" and permission != Permission.EXPORT:
                        actor.need_pen()
                    given.append(actor)
                if ahead is not None and fault is None:
                    ahead(sent)
                record = None
                if loads is not None or load_with is not None:
                    assert actor is not None
                    # A single record, such as the company, stands at an address without an id.
                    record_id = path.pop("record_id", 0)
                    try:
                        record = _load(actor, record_id, loads, load_with, writes_row)
                    except Problem:
                        seen_by = loads or (spec.policy if spec is not None else None)
                        replay = _replay(actor, seen_by, record_id) if keyed else None
                        if replay is None:
                            raise
                        return replay
                    given.append(record)
                if fault is not None:
                    raise fault
                if keyed and actor is not None:
                    replay = idempotency.begin(actor.user_id) if road == "write" else _kept(actor)
                    if replay is not None:
                        return replay
                if body_schema is not None:
                    given.append(load(body_schema, sent, partial=partial))
                elif sent != {} and not raw:
                    load(_NOTHING, sent)
                if filters is not None:
                    given.append(request.query_string.decode("utf-8", "replace"))
                elif query_schema is not None:
                    given.append(load_query(query_schema))
                elif request.args and not raw:
                    raise invalid(*(Issue(name, "unknown_parameter") for name in request.args))
                if method == "GET" and isinstance(record, Record) and actor is not None:
                    _opened(actor, record.resource, record.id)
                if method == "GET" or not isinstance(record, Record):
                    return shape_answer(function(*given, **path), actor, spec, status)
                assert actor is not None
                required = current_app.config["LIANXI"].require_if_match and method in ("PATCH", "DELETE")
                with at_version(record, bound(_current, actor, spec, record), required):
                    result = function(*given, **path)
                return shape_answer(result, actor, spec, status)

            return self._add(
                function,
                view,
                method,
                rule,
                road,
                Operation(
                    method,
                    PREFIX + rule,
                    f"{self.name}.{function.__name__}",
                    self.name,
                    summary,
                    permission,
                    body_schema,
                    partial,
                    query_schema,
                    status,
                    answer,
                    None,
                    record_loaded := (loads is not None or load_with is not None),
                    takes_key,
                    record_loaded and method != "GET",
                    filters,
                    form() if form is not None else None,
                    media,
                    files,
                ),
            )

        return declare

    def _add(
        self,
        function: Callable[..., Any],
        view: Callable[..., Any],
        method: str,
        rule: str,
        road: str,
        operation: Operation,
    ) -> Callable[..., Any]:
        name = function.__name__
        view.__name__ = name
        view.__doc__ = function.__doc__
        view.unit = road  # type: ignore[attr-defined]
        view.reads_far = road == "read" and self._reads_far  # type: ignore[attr-defined]
        OPERATIONS[operation.endpoint] = operation
        self.add_url_rule(rule, name, view, methods=[method])
        return function

    # ---- the standard set ----------------------------------------------------------------------------------------

    def listing(
        self,
        spec: ListSpec,
        permission: Permission | str,
        rule: str | None = None,
        name: str | None = None,
        within: tuple[Policy, str] | None = None,
    ) -> None:
        """`GET` of the list.

        Args:
            within: policy of the record whose id stands in the path, and the filter that takes it: only what belongs
                to that record is listed.
        """

        def view(record_id: int | None = None) -> Response:
            def run(actor: Actor, fresh: bool) -> Response:
                if permission != SIGNED_IN:
                    actor.need(permission)
                asked = request.query_string.decode("utf-8", "replace")
                if within is not None:
                    assert record_id is not None
                    _load(actor, record_id, within[0], None, writes=False)
                    if within[1] in request.args:
                        raise invalid(Issue(within[1], "unknown_parameter"))
                    asked += f"&{within[1]}={record_id}"
                query = spec.parse(asked, actor)
                body = encode(spec.page(actor, query, fresh=fresh))
                return respond(body, etag_of(body))

            # The record of the path is asked for by itself, so who asks is verified before.
            return run(verified_actor(), True) if within is not None else remembered_actor(run)

        view.__name__ = name or f"list_{spec.plural.replace('-', '_')}"
        rule = rule or f"/{spec.plural}"
        self._add(
            view,
            view,
            "GET",
            rule,
            "read",
            Operation(
                "GET",
                PREFIX + rule,
                f"{self.name}.{view.__name__}",
                self.name,
                f"List {spec.plural}",
                permission,
                None,
                False,
                None,
                200,
                spec,
                spec,
                False,
                False,
                False,
            ),
        )

    def reading(self, spec: ListSpec, permission: Permission | str) -> None:
        """`GET` of one record."""

        def view(record_id: int) -> Response:
            def run(actor: Actor, fresh: bool) -> Response:
                if permission != SIGNED_IN:
                    actor.need(permission)
                if record_id > MAX_ID:
                    raise not_found()
                record = spec.one(actor, record_id, fresh=fresh)
                if request.args:
                    raise invalid(*(Issue(name, "unknown_parameter") for name in request.args))
                _opened(actor, spec.model.resource, record_id)
                body = encode(record)
                return respond(body, etag_of(body, record["version"]))

            return remembered_actor(run)  # type: ignore[no-any-return]

        view.__name__ = f"read_{spec.model.resource}"
        self._add(
            view,
            view,
            "GET",
            f"/{spec.plural}/<int:record_id>",
            "read",
            Operation(
                "GET",
                f"{PREFIX}/{spec.plural}/<int:record_id>",
                f"{self.name}.{view.__name__}",
                self.name,
                f"Read one of {spec.plural}",
                permission,
                None,
                False,
                None,
                200,
                spec,
                None,
                True,
                False,
                False,
            ),
        )

    def resource(
        self,
        spec: ListSpec,
        service: Service,
        *,
        read: Permission | str,
        write: Permission,
        create_schema: type[Schema] | None = None,
        patch_schema: type[Schema] | None = None,
        create_query: type[Schema] | None = None,
        restore: bool = True,
        external: bool = True,
    ) -> None:
        """The standard endpoints of a resource: list, create, read, edit, delete, restore, upsert by origin.

        Args:
            service: its use cases.
            read: what reading needs.
            write: what writing needs.
            create_schema: of the body of `POST`, where it differs from what is read.
            patch_schema: of the body of `PATCH`.
            create_query: of the query string of `POST`, whose values the use case takes by name.
        """
        one, policy = spec.model.resource, spec.policy
        created, patched = create_schema or spec.schema, patch_schema or create_schema or spec.schema
        REMOVABLE[spec.plural] = RESOURCES[spec.plural] = Resource(spec, service, write, created(), patched())
        self.listing(spec, read)
        self.reading(spec, read)

        def create(actor: Actor, body: dict[str, Any], query: Mapping[str, Any] | None = None) -> Record:
            spec.refuse_writing(actor, body)
            return service.create(actor, body, **(query or {}))

        create.__name__ = f"create_{one}"
        self.endpoint_for(
            "POST",
            f"/{spec.plural}",
            permission=write,
            body=created,
            query=create_query,
            status=201,
            answer=spec,
            summary=f"Create a {one}",
        )(create)

        def edit(actor: Actor, record: Record, body: dict[str, Any]) -> Record:
            spec.refuse_writing(actor, body)
            return service.edit(actor, record, body)

        edit.__name__ = f"edit_{one}"
        self.endpoint_for(
            "PATCH",
            f"/{spec.plural}/<int:record_id>",
            permission=write,
            loads=policy,
            body=patched,
            partial=True,
            answer=spec,
            summary=f"Edit a {one}",
        )(edit)

        self.removal(spec, service, write, restore=restore)
        if external:
            self._upsert(spec, service, write, created)

    def removal(self, spec: ListSpec, service: Removal, write: Permission, *, restore: bool = True) -> None:
        """Delete a record, and bring it back."""
        one = spec.model.resource
        REMOVABLE.setdefault(spec.plural, Removable(spec, service, write))

        def delete(actor: Actor, record: Record) -> None:
            service.remove(actor, record)

        delete.__name__ = f"delete_{one}"
        self.endpoint_for(
            "DELETE",
            f"/{spec.plural}/<int:record_id>",
            permission=write,
            loads=spec.policy,
            status=204,
            answer=spec,
            summary=f"Delete a {one} softly",
        )(delete)

        if restore:

            def bring_back(actor: Actor, record: Record) -> Record:
                return service.restore(actor, record)

            bring_back.__name__ = f"restore_{one}"
            self.endpoint_for(
                "POST",
                f"/{spec.plural}/<int:record_id>/restore",
                permission=write,
                answer=spec,
                load_with=lambda actor, record_id: deleted_row(spec.policy, actor, record_id),
                summary=f"Restore a deleted {one}",
            )(bring_back)

    def _upsert(self, spec: ListSpec, service: Service, write: Permission, schema_class: type[Schema]) -> None:
        model, one, schema = spec.model, spec.model.resource, schema_class()

        def find(actor: Actor, origin: dict[str, str]) -> Record | None:
            where = [getattr(model, name) == value for name, value in origin.items()]
            # The policy locks, because some have their writers queue before they lock a row.
            query = select(model.id, model.is_active).where(*where)
            found = db.session.execute(query).one_or_none()
            if found is None:
                hold_origin(one, origin)
                found = db.session.execute(query).one_or_none()
            if found is None:
                return None
            policy = spec.policy
            record: Record = (
                policy.writable(actor, found.id) if found.is_active else policy.get(actor, found.id, deleted=True)
            )
            return record

        def upsert(actor: Actor, source: str, external_id: str, sent: Any, fault: Problem | None) -> Response:
            given = {"external_source": source, "external_id": external_id}
            origin, issues = origin_of(schema, given)
            record = None if issues else find(actor, origin)
            if fault is not None:
                raise fault
            issues += [Issue(name, "unknown_parameter") for name in request.args]
            if not isinstance(sent, dict):
                issues.append(Issue("#", "wrong_type"))
                sent = {}
            for name, value in (origin or given).items():
                if name in sent and sent[name] not in (value, given[name]):
                    issues.append(Issue(f"#/{name}", "contradicts_path"))
            if issues:
                raise invalid(*issues)
            values = load(schema, {**sent, **origin}, partial=record is not None)
            spec.refuse_writing(actor, values)
            if record is None:
                return shape_answer(service.create(actor, values), actor, spec, 201)
            if not record.is_active:
                raise conflict("deleted", id=record.id)
            with at_version(record, bound(_current, actor, spec, record)):
                record = service.edit(actor, record, values)
            return shape_answer(record, actor, spec, 200)

        upsert.__name__ = f"upsert_{one}"
        rule = f"/{spec.plural}/external/<source>/<path:external_id>"

        def view(source: str, external_id: str) -> Response:
            sent, fault = read_early()
            actor = verified_actor()
            actor.need(write)
            return upsert(actor, source, external_id, sent, fault)

        self._add(
            upsert,
            view,
            "PUT",
            rule,
            "write",
            Operation(
                "PUT",
                PREFIX + rule,
                f"{self.name}.{upsert.__name__}",
                self.name,
                f"Create or update a {one} by its id elsewhere",
                write,
                schema,
                False,
                None,
                200,
                spec,
                None,
                False,
                False,
                True,
            ),
        )


def origin_of(schema: Schema, given: dict[str, str]) -> tuple[dict[str, str], list[Issue]]:
    """The origin that an address names, by the rules of its fields, and what is wrong with it."""
    try:
        origin = load(schema, given, partial=True)
    except Problem as problem:
        return {}, problem.issues
    return origin, [Issue(f"#/{name}", "required") for name, value in origin.items() if not value]


def _current(actor: Actor, spec: ListSpec | None, record: Record) -> dict[str, Any]:
    """A record as the caller sees it."""
    return spec.answer(actor, record.id) if spec is not None else {"id": record.id, "version": record.version}


def hold_origin(resource: str, origin: Mapping[str, str]) -> None:
    """Have others wait who bring the same record: of many at once, one creates it and the others find it."""
    hold("\n".join(("origin", resource, *origin.values())))


class Removal(Protocol):
    """The use cases of a resource whose records are deleted and brought back."""

    def remove(self, actor: Actor, record: Any) -> None:
        """Delete softly."""

    def restore(self, actor: Actor, record: Any) -> Record:
        """Bring a deleted record back."""


class Service(Removal, Protocol):
    """The use cases of a resource that the standard endpoints call."""

    @property
    def create(self) -> Callable[..., Record]:
        """A new record from validated values."""

    def edit(self, actor: Actor, record: Any, values: dict[str, Any]) -> Record:
        """Change the fields that are present in `values`."""


class _Nothing(StrictSchema):
    """An empty body."""


_NOTHING = _Nothing()


def _load(
    actor: Actor, record_id: int, loads: Policy | None, load_with: Callable[[Actor, int], Any] | None, writes: bool
) -> Any:
    if record_id > MAX_ID:
        raise not_found()
    if load_with is not None:
        return load_with(actor, record_id)
    assert loads is not None
    return loads.writable(actor, record_id) if writes else loads.get(actor, record_id)


def _replay(actor: Actor, policy: Policy | None, record_id: int) -> Response | None:
    """The kept answer of an action that itself took the row out of the caller's reach, such as a release.

    It is given while the row, deleted or not, is in sight.
    """
    if policy is None or record_id > MAX_ID or "Idempotency-Key" not in request.headers:
        return None
    if not policy.sees(actor, record_id):
        return None
    try:
        return idempotency.begin(actor.user_id)
    except Problem:
        return None


def _kept(actor: Actor) -> Response | None:
    """The kept answer of a use case that opens its units itself, before it checks what no longer holds afterwards.

    Raises:
        Problem: as `idempotency.take`.
    """
    if "Idempotency-Key" not in request.headers:
        return None
    with unit_of_work(actor_id=actor.user_id, source="http", request_id=request_id()):
        return idempotency.begin(actor.user_id)


def deleted_row(policy: Policy, actor: Actor, record_id: int) -> Any:
    """A deleted row that this person may bring back.

    It must be his or hers to change; besides, he or she deleted it or the role has `record:restore`.

    Raises:
        Problem: 404; 403 for others.
    """
    record = policy.get(actor, record_id, deleted=True)
    is_due = record.deleted_by == actor.user_id or actor.may(Permission.RECORD_RESTORE)
    if not is_due or not policy.may_write(actor, record):
        raise forbidden()
    return record


def remove(actor: Actor, record: Record) -> None:
    """Delete a record softly: it vanishes everywhere, the journal and the recycle bin keep it."""
    record.is_active = False
    record.deleted_at = now()
    record.deleted_by = actor.user_id


def restore(_actor: Actor, record: Record) -> Record:
    """Bring a softly deleted record back."""
    record.is_active = True
    record.deleted_at = None
    record.deleted_by = None
    return record


def assign(record: Any, values: Mapping[str, Any]) -> None:
    """Set the attributes of a record that differ from what is stored, so that a change of nothing changes nothing."""
    if inspect(record).transient:
        # Nothing of it is stored.
        record.__dict__.update(values)
        return
    for name, value in values.items():
        if getattr(record, name) != value:
            setattr(record, name, value)


def empty_answer(status: int = 204) -> Response:
    """An answer without content, which therefore has no type either."""
    answer = Response(status=status)
    del answer.headers["Content-Type"]
    return answer


def secret_answer(body: Any, status: int = 200) -> Response:
    """An answer that shows a secret: nobody keeps it, a retry under the same `Idempotency-Key` included."""
    idempotency.never_keep()
    return Response(encode(body), status, mimetype="application/json")


def tell(**extra: Any) -> None:
    """Have the answer say more than the record itself, such as what it resembles."""
    g.answer_extra = {**g.get("answer_extra", {}), **extra}


def told() -> dict[str, Any]:
    """What a use case has told besides its record; it is told once."""
    extra: dict[str, Any] = g.pop("answer_extra", {})
    return extra


def shape_answer(result: Any, actor: Actor | None, spec: ListSpec | None, status: int) -> Response:
    """What a use case returned as an HTTP answer: a record, an object, nothing, or a finished response."""
    if isinstance(result, Response):
        return result
    if result is None:
        return empty_answer()
    if isinstance(result, Record):
        assert actor is not None
        assert spec is not None
        shown = spec.answer(actor, result.id)
        shown |= told()
        body = encode(shown)
        answer = respond(body, etag_of(body, shown["version"]), status)
        if status == 201:
            answer.headers["Location"] = f"{PREFIX}/{spec.plural}/{result.id}"
        return answer
    body = encode(result)
    return respond(body, etag_of(body), status)
