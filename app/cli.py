"""Commands beside `flask db`: prepare a data folder, write the OpenAPI document, make demo data."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from flask import Flask, current_app
from sqlalchemy import select

from . import search_index
from .database import db, read_engine
from .deal import periods
from .demo import service as demo_service
from .demo.staff import COLLEAGUES, passphrase
from .errors import Problem
from .history import months, sealing, verification
from .installation import first_admin, seed
from .job.worker import work
from .mail import NotConfiguredError
from .messages import catalogue
from .migrated import migrate
from .openapi import document
from .operation import archive, backups
from .report import digest, sending
from .search_index import SearchEntry

_T = TypeVar("_T")


def register(app: Flask) -> None:
    """Add the commands to `flask`."""

    @app.cli.command("init")
    def init() -> None:
        """Seed roles, options and the first admin; print the admin's sign-in once."""
        _init()

    @app.cli.command("prepare")
    def prepare() -> None:
        """Migrate the database, then do what `init` does: all that a start needs."""
        _migrate()
        _init()
        _fill_periods()
        _fill_search()

    @app.cli.command("periods")
    def rebuild_periods() -> None:
        """Make the periods that reports read anew from the journal."""
        with db.engines[None].begin() as connection:
            click.echo(periods.rebuild(connection, periods.all_deals(connection)))

    @app.cli.group("search")
    def search() -> None:
        """Look after the search index."""

    @search.command("check")
    def check_search() -> None:
        """Compare the search index with the records; fails where they differ."""
        with db.engines[None].begin() as connection:
            wrong = search_index.check(connection)
        for resource, record_id in wrong:
            click.echo(f"{resource} {record_id}")
        if wrong:
            raise click.ClickException("The index differs from these records: flask search rebuild")

    @search.command("rebuild")
    def rebuild_search() -> None:
        """Make the search index anew from the records."""
        with db.engines[None].begin() as connection:
            click.echo(search_index.rebuild(connection))

    @app.cli.group("journal")
    def journal() -> None:
        """Look after the journal."""

    @journal.command("verify")
    @click.option("--head", help="Of an earlier run: the chain must still hold it.")
    def verify_journal(head: str | None) -> None:
        """Compare the journal with its seals and its values with their digests; fails where something is wrong."""
        _verify(head)

    @journal.command("seal")
    def seal_journal() -> None:
        """Seal now what the worker would seal within a minute."""
        click.echo(sealing.seal_journal())

    @journal.command("month")
    def begin_month() -> None:
        """Make the partition of the present month now, as the worker would within an hour (PostgreSQL)."""
        months.begin_month()

    @app.cli.command("openapi")
    @click.option("--output", type=click.Path(path_type=Path), help="Write to this file instead of printing.")
    def openapi(output: Path | None) -> None:
        """Write the OpenAPI 3.1 document."""
        text = json.dumps(document(current_app), indent=1, ensure_ascii=False, sort_keys=False) + "\n"
        if output is None:
            click.echo(text, nl=False)
        else:
            output.write_text(text, "utf-8")

    @app.cli.command("digest")
    @click.option("--owner", help="Only for this person, named by e-mail address.")
    @click.option("--send", is_flag=True, help="Mail those that are due this week and have not been sent.")
    def weekly_digest(owner: str | None, send: bool) -> None:
        """Print for every owner, in his or her language, the open deals that are wanting in something."""
        if send and owner is not None:
            raise click.UsageError("--send is for everybody who is due: leave --owner out.")
        if send:
            _send_digests()
        else:
            _digest(owner)

    @app.cli.group("backup", invoke_without_command=True)
    @click.pass_context
    def backup(context: click.Context) -> None:
        """Make a backup now, while everybody goes on working."""
        if context.invoked_subcommand is None:
            _backup()

    @backup.command("list")
    def list_backups() -> None:
        """The backups that there are, the newest first."""
        for one in backups.listed():
            click.echo(f"{one['made_at']:%Y-%m-%d %H:%M:%S} UTC {one['size']:>14,}  {backups.folder() / one['name']}")

    @backup.command("rehearse")
    def rehearse() -> None:
        """Prove the newest backup by restoring it into a place beside."""
        done = _told(backups.rehearse)
        click.echo(f"Proven 已验证 {done.file}: rows 行 {done.rows:,}, files 文件 {done.files:,}")

    @backup.command("key")
    def key() -> None:
        """Make a key for BACKUP_KEY. Keep it elsewhere too: without it nobody reads the backups."""
        click.echo(archive.new_key())

    @app.cli.command("restore")
    @click.argument("file", type=click.Path(path_type=Path))
    def restore(file: Path) -> None:
        """Put a backup into this place, which must be empty, and prove that it is whole."""
        proof = _told(lambda told: backups.restore(file.resolve(), current_app.config["LIANXI"], lambda n: told(n, 0)))
        click.echo(proof.said)
        click.echo(
            f"Restored 已恢复: rows 行 {proof.rows:,}, files 文件 {proof.manifest.file_count:,},"
            f" as of 备份时间 {proof.manifest.made_at}"
        )
        click.echo("Everybody signs in again. 所有人需重新登录。")

    @app.cli.command("worker")
    def worker() -> None:
        """Do jobs and chores, beside the processes that answer requests, until a signal ends it."""
        work()

    @app.cli.command("demo")
    @click.option("--clear", is_flag=True, help="Empty the database again, if it was this command that filled it.")
    @click.option(
        "--seed", "number", default=demo_service.SEED, show_default=True, help="Another one tells another story."
    )
    def demo(clear: bool, number: int) -> None:
        """Fill an empty database with a believable company, and print its sign-ins."""
        if clear:
            _clear_demo()
        else:
            _migrate()
            _make_demo(number)
            _fill_periods()


def _migrate() -> None:
    _told(lambda _: migrate())


def _told(work: Callable[[Callable[[int, int], None]], _T]) -> _T:
    """Do what an operator asked for; a refusal is said in both languages, for nobody knows who sits there."""
    try:
        return work(lambda _done, _total: None)
    except Problem as problem:
        said = (catalogue(language)[f"problem.{problem.slug}.detail"] for language in ("en", "zh-CN"))
        raise click.ClickException(" ".join(said)) from problem


def _backup() -> None:
    done = _told(backups.make)
    click.echo(
        f"{backups.folder() / str(done.file)}\n"
        f"Bytes 字节 {done.size:,}, rows 行 {done.rows:,}, files 文件 {done.files:,}"
    )


def _verify(head: str | None) -> None:
    found = verification.verify(head)
    for fault in found.faults:
        click.echo(fault)
    if found.fault_count:
        raise click.ClickException(
            f"The journal was altered, faults: {found.fault_count}. 操作日志已被改动，异常 {found.fault_count} 处。"
        )
    click.echo(
        f"Entries 日志条目 {found.entries}, not sealed yet 待封存 {found.unsealed},"
        f" with erased values 含已擦除内容 {found.erased}, seals 封印 {found.seals}"
    )
    click.echo(f"Head 链首 {found.head or '-'}")


def _init() -> None:
    settings = current_app.config["LIANXI"]
    seed()
    made = first_admin(settings)
    if made is not None:
        email, password = made
        shown = password or "(from LIANXI_ADMIN_PASSWORD)"
        click.echo(f"\n  First sign-in 首次登录\n    {email}\n    {shown}\n  It is printed only now. 仅显示这一次。\n")


def _digest(email: str | None) -> None:
    with read_engine().connect() as connection:
        owners = digest.owners(connection, email)
        if email is not None and not owners:
            raise click.ClickException(f"Nobody who is active has this address. 没有使用此邮箱的在用账号。 {email}")
        for owner_id in owners:
            text = digest.text_for(connection, owner_id)
            if text is not None:
                click.echo(f"{text}\n")


def _send_digests() -> None:
    try:
        done = sending.send_due_digests()
    except NotConfiguredError:
        raise click.ClickException(
            "SMTP_URL is not set: nothing is sent, and nothing is lost. 未设置 SMTP_URL，未发送任何邮件。"
        ) from None
    click.echo(f"Sent 已发送 {done.sent}, nothing to tell 无需发送 {done.empty}, failed 失败 {done.failed}")
    if done.failed:
        raise click.ClickException("What failed is tried again by the next run; the log says why. 失败的下次重试。")


def _fill_periods() -> None:
    """A database from before there were periods gets them."""
    with db.engines[None].begin() as connection:
        periods.rebuild(connection, periods.without_any(connection))


def _fill_search() -> None:
    """A database from before there was a search index gets one."""
    with db.engines[None].begin() as connection:
        if connection.execute(select(SearchEntry.id).limit(1)).first() is None:
            search_index.rebuild(connection)


def _make_demo(number: int) -> None:
    if demo_service.state() is demo_service.State.DEMO:
        click.echo("\n  The demo data are there already. 演示数据已经存在。")
        _echo_sign_ins()
        return
    began = time.monotonic()
    try:
        with click.progressbar(length=1, label="Demo data 演示数据", hidden=not sys.stdout.isatty()) as bar:

            def length(steps: int) -> None:
                bar.length = steps

            demo_service.make(number, length=length, told=bar.update)
    except demo_service.NotADemoError:
        raise click.ClickException(
            "This database holds other data; the demo wants one of its own, such as by: make demo\n"
            "此数据库中已有其他数据；演示数据需要单独的数据库，例如：make demo"
        ) from None
    click.echo(f"\n  The demo data are made, in {time.monotonic() - began:.0f} s. 演示数据已生成。")
    _echo_sign_ins()


def _clear_demo() -> None:
    if demo_service.state() is demo_service.State.EMPTY:
        click.echo("There are no demo data. 没有演示数据。")
        return
    try:
        demo_service.clear()
    except demo_service.NotADemoError:
        raise click.ClickException(
            "This database was not filled by the demo: nothing is deleted.\n"
            "此数据库不是由演示命令创建的，未删除任何数据。"
        ) from None
    click.echo("The demo data are gone. 演示数据已清除。")


def _echo_sign_ins() -> None:
    password = passphrase(current_app.config["LIANXI"].password_min_length)
    click.echo(f"\n  Sign-ins, all with the password 登录账号，统一密码:  {password}\n")
    for one in COLLEAGUES:
        click.echo(f"    {one.email:<24}{one.role:<10}{one.name}, {one.title}")
    click.echo()
