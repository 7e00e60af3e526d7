"""Commands beside `flask db`: prepare a data folder, write the OpenAPI document, make demo data."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask import Flask, current_app
from flask_migrate import upgrade

from .installation import first_admin, seed
from .openapi import document


def register(app: Flask) -> None:
    """Add the commands to `flask`."""

    @app.cli.command("init")
    def init() -> None:
        """Seed roles, options and the first admin; print the admin's sign-in once."""
        _init()

    @app.cli.command("prepare")
    def prepare() -> None:
        """Migrate the database, then do what `init` does: all that a start needs."""
        upgrade()
        _init()

    @app.cli.command("openapi")
    @click.option("--output", type=click.Path(path_type=Path), help="Write to this file instead of printing.")
    def openapi(output: Path | None) -> None:
        """Write the OpenAPI 3.1 document."""
        text = json.dumps(document(current_app), indent=1, ensure_ascii=False, sort_keys=False) + "\n"
        if output is None:
            click.echo(text, nl=False)
        else:
            output.write_text(text, "utf-8")


def _init() -> None:
    settings = current_app.config["LIANXI"]
    seed()
    made = first_admin(settings)
    if made is not None:
        email, password = made
        shown = password or "(from LIANXI_ADMIN_PASSWORD)"
        click.echo(f"\n  First sign-in 首次登录\n    {email}\n    {shown}\n  It is printed only now. 仅显示这一次。\n")
