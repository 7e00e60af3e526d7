"""The weekly digest as a mail: a person's own deals, the team's owners for who leads one, with links to act on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from sqlalchemy import Connection, exists, or_, select

from ..access import Actor, Sight
from ..auth.identity import teams_below
from ..auth.models import Role, Team, User
from ..deal.hygiene import Fault
from ..mail import Mail
from ..messages import say_in
from .digest import DigestLine, lines_of, spoken
from .hygiene import run
from .scope import Scope

_MOST = 50
"""Lines of one mail; the page that it leads to has all."""


@dataclass(frozen=True)
class OwnerCounts:
    """How many open deals of a person are wanting in something, and in what."""

    owner_id: int
    name: str
    count: int
    by_fault: dict[str, int]


def mail_of(connection: Connection, actor: Actor, address: str, week: str, site: str) -> Mail | None:
    """What a person is told in a week; None where there is nothing to tell.

    Args:
        connection: of either engine.
        address: where to.
        week: such as `2026-W48`.
        site: the address of the product, without a slash at the end.
    """
    language = spoken(actor)
    lines, team = lines_of(connection, actor, language), team_of(connection, actor)
    if not lines and not team:
        return None
    if lines:
        subject = say_in(language, "digest.mail.subject", week=week, count=len(lines))
    else:
        subject = say_in(language, "digest.mail.team_subject", week=week, count=sum(one.count for one in team))
    page = _Page(actor, language, week, site)
    return Mail(address, actor.name, subject, page.text(lines, team), page.html(subject, lines, team), language)


def team_of(connection: Connection, actor: Actor) -> list[OwnerCounts]:
    """The others of the teams that a person leads who have something to do, first who has most."""
    leads = select(User.id).join(Role, Role.key == User.role).where(User.id == actor.user_id)
    leads = leads.where(or_(Role.sight == Sight.TEAM_BELOW, exists().where(Team.manager_id == User.id, Team.is_active)))
    if connection.execute(leads).first() is None:
        return []
    below = teams_below(connection, User.id == actor.user_id).get(actor.user_id, frozenset())
    members = set(connection.execute(select(User.id).where(User.team_id.in_(below))).scalars()) - {actor.user_id}
    return [
        OwnerCounts(
            row["key"], row["label"], row["faulty_count"], {str(fault): row[f"{fault}_count"] for fault in Fault}
        )
        for row in run(connection, actor, Scope.read(actor, {}), {})["rows"]
        if row["key"] in members and row["faulty_count"]
    ]


@dataclass(frozen=True)
class _Page:
    """The same content as text and as HTML."""

    actor: Actor
    language: str
    week: str
    site: str

    def text(self, lines: Sequence[DigestLine], team: Sequence[OwnerCounts]) -> str:
        return "\n".join(self._text(lines, team)) + "\n"

    def _text(self, lines: Sequence[DigestLine], team: Sequence[OwnerCounts]) -> Iterator[str]:
        yield self._title(lines)
        if lines:
            yield ""
        for line in lines[:_MOST]:
            yield f"- {line.text}"
            yield f"  {self._deal(line.deal_id)}"
        if len(lines) > _MOST:
            yield self._say("more", count=len(lines) - _MOST)
        if lines:
            yield from ("", f"{self._say('open')}: {self._hygiene(self.actor.user_id)}")
        if team:
            yield from ("", self._say("team", week=self.week))
        for one in team:
            yield f"- {self._say('team_row', name=one.name, count=one.count)} ({self._faults(one)})"
            yield f"  {self._hygiene(one.owner_id)}"
        yield from ("", f"{self._say('why')}: {self.site}/settings")

    def html(self, subject: str, lines: Sequence[DigestLine], team: Sequence[OwnerCounts]) -> str:
        """Plain markup with styles on the elements: mail programs take no more."""
        return (
            f'<!doctype html><html lang="{self.language}"><head><meta charset="utf-8"><title>{escape(subject)}</title>'
            '</head><body style="margin:0;padding:24px;font:15px/1.5 sans-serif;color:#1f2328;background:#ffffff">'
            f'<div style="max-width:640px;margin:0 auto">{"".join(self._html(lines, team))}</div></body></html>'
        )

    def _html(self, lines: Sequence[DigestLine], team: Sequence[OwnerCounts]) -> Iterator[str]:
        yield _heading(self._title(lines))
        if lines:
            shown = (self._row(self._deal(one.deal_id), one.deal, one.customer, one.words) for one in lines[:_MOST])
            yield f'<ul style="margin:0;padding:0;list-style:none">{"".join(shown)}</ul>'
            if len(lines) > _MOST:
                yield f'<p style="margin:8px 0;color:#59636e">{escape(self._say("more", count=len(lines) - _MOST))}</p>'
            yield (
                f'<p style="margin:20px 0"><a href="{escape(self._hygiene(self.actor.user_id))}" style="display:'
                "inline-block;padding:8px 16px;border-radius:6px;background:#1f5fbf;color:#ffffff;text-decoration:none"
                f'">{escape(self._say("open"))}</a></p>'
            )
        if team:
            rows = (
                self._row(
                    self._hygiene(one.owner_id),
                    self._say("team_row", name=one.name, count=one.count),
                    None,
                    self._faults(one),
                )
                for one in team
            )
            yield _heading(self._say("team", week=self.week))
            yield f'<ul style="margin:0;padding:0;list-style:none">{"".join(rows)}</ul>'
        yield (
            '<p style="margin:28px 0 0;font-size:13px;color:#59636e">'
            f'<a href="{escape(self.site)}/settings" style="color:#59636e">{escape(self._say("why"))}</a></p>'
        )

    def _row(self, link: str, name: str, beside: str | None, words: str) -> str:
        customer = "" if beside is None else f' <span style="color:#59636e">{escape(beside)}</span>'
        return (
            '<li style="padding:8px 0;border-top:1px solid #d9dee3">'
            f'<a href="{escape(link)}" style="color:#1f5fbf;font-weight:600">{escape(name)}</a>{customer}'
            f"<br>{escape(words)}</li>"
        )

    def _title(self, lines: Sequence[DigestLine]) -> str:
        if not lines:
            return say_in(self.language, "digest.nothing", name=self.actor.name, week=self.week)
        return say_in(self.language, "digest.title", name=self.actor.name, week=self.week, count=len(lines))

    def _faults(self, one: OwnerCounts) -> str:
        words = (say_in(self.language, f"digest.count.{name}", count=count) for name, count in one.by_fault.items())
        shown = [word for word, count in zip(words, one.by_fault.values(), strict=True) if count]
        return ("，" if self.language == "zh-CN" else ", ").join(shown)

    def _say(self, key: str, **params: object) -> str:
        return say_in(self.language, f"digest.mail.{key}", **params)

    def _deal(self, deal_id: int) -> str:
        return f"{self.site}/deals/{deal_id}"

    def _hygiene(self, owner_id: int) -> str:
        return f"{self.site}/deals/hygiene?owner_id={owner_id}"


def _heading(text: str) -> str:
    return f'<h1 style="margin:24px 0 12px;font-size:18px;line-height:1.35">{escape(text)}</h1>'
