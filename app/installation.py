"""The first start: secrets, built-in roles, option values, a pipeline, the first admin. Safe to run at every start."""

from __future__ import annotations

import json
import os
import secrets
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select, text

from config import ConfigurationError, Settings

from .auth.models import ROLES, Role, User, role_of
from .auth.passwords import hash_password, password_faults
from .customer.models import Option
from .customer.options import LISTS
from .database import db
from .deal.models import Pipeline, Stage
from .folding import email_key, fold
from .journal import Setting
from .messages import catalogue
from .quote.models import Company
from .quote.pattern import DEFAULT_PATTERN
from .routing import assign
from .setting.models import InstallationSettings
from .transaction import unit_of_work

FIRST_PIPELINE = {
    "zh-CN": ("销售流程", "初步接触", "需求确认", "方案报价", "商务谈判", "赢单", "输单"),
    "en": ("Sales pipeline", "First contact", "Needs confirmed", "Proposal", "Negotiation", "Won", "Lost"),
}
"""Names of the first pipeline and of its stages, by the installation's default language."""

FIRST_STAGES: tuple[tuple[str, float, int | None], ...] = (
    ("open", 0.1, 14),
    ("open", 0.3, 14),
    ("open", 0.5, 21),
    ("open", 0.8, 14),
    ("won", 1.0, None),
    ("lost", 0.0, None),
)
"""Kind, win probability and expected days of its stages."""

_PLACEHOLDERS = {"changeme", "secret", "dev", "development", "your-secret-key", "please-change-me"}


def secret_keys(settings: Settings) -> str:
    """The signing key: from the environment, else made once and kept readable for the owner of the data folder only.

    Raises:
        ConfigurationError: the kept key is too short or a placeholder.
    """
    if settings.secret_key:
        return settings.secret_key
    path = settings.data_dir / "secret.json"
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        _write_once(path, json.dumps({"signing_key": secrets.token_hex(32)}))
    key = str(json.loads(path.read_text("utf-8")).get("signing_key", ""))
    if len(key.encode()) < 32 or key.lower() in _PLACEHOLDERS:
        raise ConfigurationError(f"{path}: the signing key is too weak. Remove the file to have a new one made.")
    return key


def _write_once(path: Path, content: str) -> None:
    """Create a file for the owner's eyes; of two processes that start at once, one wins and both read the same."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def seed(at: datetime | None = None) -> None:
    """Write what every installation has: roles from `ROLES`, option values, the company, the feed's generation.

    Args:
        at: the moment that it carries; now by default.
    """
    with unit_of_work(source="cli", at=at):
        connection = db.session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7231001)"))
        for key, (name_zh, name_en, sight, permissions) in ROLES.items():
            values = {"name_zh": name_zh, "name_en": name_en, "permissions": sorted(permissions), "is_builtin": True}
            role = role_of(key)
            if role is None:
                db.session.add(Role(key=key, sight=sight, **values))
                db.session.flush()
            else:
                # What sales may see is the admin's to widen; what the built-in roles may do is the code's.
                assign(role, values)
        if db.session.get(Setting, "feed_generation") is None:
            db.session.add(Setting(name="feed_generation", value=1))
        if db.session.get(Setting, "installation") is None:
            # By it an import tells files of this installation from those of another one.
            db.session.add(Setting(name="installation", value=secrets.token_hex(4)))
        # A list that a newer version brings is filled; one that an admin emptied stays, its rows are there still.
        filled = set(db.session.execute(select(Option.list).distinct()).scalars())
        for name, values_of_list in LISTS.items():
            for rank, (value, label_zh, label_en) in enumerate(values_of_list if name not in filled else ()):
                db.session.add(Option(list=name, value=value, label_zh=label_zh, label_en=label_en, rank=rank))
        if not db.session.execute(select(func.count()).select_from(Company)).scalar_one():
            db.session.add(Company(number_pattern=DEFAULT_PATTERN))
        if not db.session.execute(select(func.count()).select_from(InstallationSettings)).scalar_one():
            db.session.add(InstallationSettings())
        if not db.session.execute(select(func.count()).select_from(Pipeline)).scalar_one():
            _seed_pipeline(current_app.config["LIANXI"].default_language)


def _seed_pipeline(language: str) -> None:
    """The pipeline that an installation starts with, named in its default language; an admin changes it at will."""
    name, *names = FIRST_PIPELINE[language]
    pipeline = Pipeline(name=name, name_key=fold(name))
    db.session.add(pipeline)
    db.session.flush()
    for position, (stage_name, (kind, probability, days)) in enumerate(zip(names, FIRST_STAGES, strict=True)):
        stage = Stage(
            pipeline_id=pipeline.id,
            position=position,
            name=stage_name,
            kind=kind,
            win_probability=probability,
            expected_days=days,
        )
        db.session.add(stage)


def first_admin(settings: Settings) -> tuple[str, str] | None:
    """Make the first admin where there is no user at all.

    Returns:
        The sign-in to print once: address, and password where it was made here; None when users exist.

    Raises:
        ConfigurationError: `LIANXI_ADMIN_PASSWORD` is too weak.
    """
    email = settings.admin_email or "admin@lianxi.local"
    password = settings.admin_password or secrets.token_urlsafe(15)
    faults = password_faults(password, settings.password_min_length, [email.split("@")[0]])
    if faults:
        why = "; ".join(catalogue("en")[f"error.{fault.code}"].format(**fault.params) for fault in faults)
        raise ConfigurationError(f"LIANXI_ADMIN_PASSWORD: {why}")
    if db.session.execute(select(func.count()).select_from(User)).scalar_one():
        return None
    hashed = hash_password(password)
    with unit_of_work(source="cli"):
        connection = db.session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7231001)"))
        if db.session.execute(select(func.count()).select_from(User)).scalar_one():
            return None
        name = "管理员" if settings.default_language == "zh-CN" else "Administrator"
        db.session.add(
            User(
                name=name,
                name_key=fold(name),
                email=email,
                email_key=email_key(email),
                role="admin",
                password_hash=hashed,
                must_change_password=not settings.admin_password,
            )
        )
    if not settings.admin_password:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        path = settings.data_dir / "first-admin.txt"
        path.unlink(missing_ok=True)
        _write_once(path, f"{email}\n{password}\n")
    return email, "" if settings.admin_password else password
