"""Schemathesis over the served OpenAPI document, as each role, in the process of the test: `make fuzz`.

The application is the real one on an embedded database with the records of the permission matrix. Whoever is asked as
gets a new sign-in when a case has ended the last one or changed the account, so that no case spoils those after it.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from flask_migrate import upgrade
from schemathesis import auths
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    ExamplesPhaseConfig,
    FuzzingPhaseConfig,
    GenerationConfig,
    PhasesConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    SimpleCheckConfig,
    StatefulPhaseConfig,
)
from schemathesis.engine import events, from_schema
from schemathesis.schemas import BaseSchema
from schemathesis.transport.wsgi import WSGI_TRANSPORT, WSGITransport

from app import create_app
from app.auth.identity import read_actor
from app.auth.models import User
from app.database import db
from app.errors import Problem
from app.job import queue
from app.routing import CRM, PREFIX
from app.transaction import unit_of_work
from config import settings_from

from ..cast import Member, sign_in
from ..permissions.stage import PEOPLE, Stage, set_up

ROLES = {"admin": "admin", "manager": "manager", "sales": "owner", "viewer": "viewer"}
"""Whom each role is tried as, by the names of the stage."""

PHASES = ("examples", "coverage", "fuzzing", "stateful")


class _Transport(WSGITransport):
    """Leaves out what only a network can do; some checks ask an application for it, too."""

    def send(self, case: Any, **kwargs: Any) -> Any:
        for name in ("max_redirects", "verify", "cert", "proxies"):
            kwargs.pop(name, None)
        # Files are read to their end and closed.
        return super().send(case, buffered=True, **kwargs)


WSGI_TRANSPORT.__class__ = _Transport


@dataclass
class Plan:
    """How much is tried.

    Attributes:
        examples: generated cases an operation in the phase of fuzzing.
        chains: sequences of operations that build on each other's answers.
        seed: what the generated values follow from.
        phases: which phases of schemathesis run.
        only: regular expression of paths; None for all.
        max_seconds: after which a run ends early.
    """

    examples: int = 200
    chains: int = 200
    seed: int = 20_261_128
    phases: tuple[str, ...] = PHASES
    only: str | None = None
    max_seconds: int | None = None


@dataclass
class Finding:
    """One kind of failure at one operation, with the first case that showed it."""

    check: str
    operation: str
    message: str
    sample: str


@dataclass
class Report:
    """What came of a run.

    Attributes:
        answers: how many answers had which status.
        findings: failures, one for each check and operation.
        errors: what kept schemathesis itself from trying something.
    """

    answers: Counter[int] = field(default_factory=Counter)
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Everything that was found, for people."""
        told = [
            f"{one.check}  {one.operation}\n    {one.message}\n    {one.sample}"
            for one in sorted(self.findings.values(), key=lambda one: (one.check, one.operation))
        ]
        return "\n".join([*told, *self.errors])


class _Signed:
    """Signs a case as one person, who is put right and signed in anew when a case before has ended that."""

    def __init__(self, app: CRM, member: Member, role: str) -> None:
        self.app, self.member, self.role = app, member, role

    def get(self, _case: Any, _context: Any) -> str:
        with self.app.app_context():
            try:
                if read_actor(self.member.token).role == self.role:
                    return self.member.token
            except Problem:
                pass
            with unit_of_work():
                user = db.session.get_one(User, self.member.id)
                user.is_active, user.role, user.team_id = True, self.role, self.member.team_id
            self.member.token = sign_in(self.app, self.member.id)
            return self.member.token

    def set(self, case: Any, token: str, _context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


def settings_of(plan: Plan) -> SchemathesisConfig:
    """How schemathesis is told what to try."""
    checks = ChecksConfig(
        # A schema cannot say all rules, such as that a customer exists: a refusal of what fits it is no fault.
        positive_data_acceptance=PositiveDataAcceptanceConfig(enabled=False),
        # Who sees which record is the matter of `tests/permissions`.
        object_level_authorization=SimpleCheckConfig(enabled=False),
    )
    project = ProjectConfig(
        checks=checks,
        headers={"Accept-Encoding": "identity", "Accept-Language": "en"},
        continue_on_failure=True,
        generation=GenerationConfig(max_examples=plan.examples, database="none", no_shrink=True),
        phases=PhasesConfig(
            examples=ExamplesPhaseConfig(enabled="examples" in plan.phases),
            coverage=CoveragePhaseConfig(enabled="coverage" in plan.phases),
            fuzzing=FuzzingPhaseConfig(enabled="fuzzing" in plan.phases),
            stateful=StatefulPhaseConfig(
                enabled="stateful" in plan.phases, generation=GenerationConfig(max_examples=plan.chains, no_shrink=True)
            ),
        ),
    )
    return SchemathesisConfig(seed=plan.seed, max_time=plan.max_seconds, projects=ProjectsConfig(default=project))


def fuzz(stage: Stage, role: str, plan: Plan) -> Report:
    """Try every operation as one role.

    Args:
        stage: the application that is asked, its people and records.
        role: a name of `ROLES`.
        plan: how much is tried.
    """
    who = ROLES[role]
    member = stage[who]
    schema: BaseSchema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", stage.app, config=settings_of(plan))
    if plan.only:
        schema = schema.include(path_regex=plan.only)
    auths.unregister()

    class Signed(_Signed):
        def __init__(self) -> None:
            super().__init__(stage.app, member, PEOPLE[who][0])

    schemathesis.auth(refresh_interval=None)(Signed)
    report = Report()
    try:
        for event in from_schema(schema).execute():
            _note(report, event)
    finally:
        auths.unregister()
    return report


def _note(report: Report, event: Any) -> None:
    if isinstance(event, (events.NonFatalError, events.FatalError)):
        value = event.value if isinstance(event, events.NonFatalError) else event.exception
        label = getattr(event, "label", "")
        report.errors.append(f"{label}: {type(value).__name__}: {value}")
    if not isinstance(event, events.ScenarioFinished):
        return
    for interaction in event.recorder.interactions.values():
        if interaction.response is not None:
            report.answers[interaction.response.status_code] += 1
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is None:
                continue
            failure = check.failure_info.failure
            response = event.recorder.find_response(case_id=case_id)
            if check.name == "missing_required_header" and response is not None and response.status_code == 400:
                continue  # a header that cannot be read is refused before anybody is asked for
            if check.name == "negative_data_rejection" and response is not None and response.status_code == 413:
                continue  # what is too large is refused before it is looked at
            operation = event.recorder.cases[case_id].value.operation.label
            key = (check.name, operation, failure.title)
            if key not in report.findings:
                said = "" if response is None else f" -> {response.status_code} {response.content[:400]!r}"
                report.findings[key] = Finding(
                    check.name,
                    operation,
                    f"{failure.title}: {failure.message[:900]}",
                    check.failure_info.code_sample[:1500] + said,
                )


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """An application on an embedded database of its own, with the records of the permission matrix."""
    app = create_app(settings_from({"DATA_DIR": str(folder), "DATABASE_URL": "", "RATELIMIT_ENABLED": "0"}))
    app.testing = True
    with app.app_context():
        upgrade()
        yield set_up(app)
        db.session.remove()
        queue.close()
        for engine in db.engines.values():
            engine.dispose()


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all roles; gives the exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--chains", type=int, default=200)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--roles", nargs="*", default=list(ROLES))
    parser.add_argument("--phases", nargs="*", default=list(PHASES))
    parser.add_argument("--only")
    parser.add_argument("--max-seconds", type=int)
    asked = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    plan = Plan(asked.examples, asked.chains, asked.seed, tuple(asked.phases), asked.only, asked.max_seconds)
    found = 0
    for role in asked.roles:
        with tempfile.TemporaryDirectory(prefix="lianxi-fuzz-") as folder, staged(Path(folder)) as stage:
            report = fuzz(stage, role, plan)
        found += len(report.findings) + len(report.errors)
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(report.answers.items()))
        sys.stdout.write(f"{role}, seed {plan.seed}: {answers}\n{report.text() or 'nothing found'}\n\n")
        sys.stdout.flush()
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
