"""Counts for digests, and the examination of the file; promises in storage.base.Session."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from bot.models import Aged, Doubt, State, Tally
from storage.base import Health
from storage.part import Part, places
from storage.rows import moment_of, stamp

_RECENT = timedelta(days=7)


class FiguresPart(Part):
    """Figures and health."""

    def tallies(self, since: datetime, until: datetime) -> list[Tally]:
        """See storage.base."""
        span = [stamp(since), stamp(until)]
        rows = self._run(
            "select t.home, e.event, e.level, e.category, count(*) from events e"
            " join tickets t on t.number = e.ticket where e.at >= ? and e.at < ?"
            " group by 1, 2, 3, 4", span).fetchall()  # fmt: skip
        rows += self._run(
            "select home, 'settled', level, category, count(*) from tickets"
            " where state = 'closed' and ended_at >= ? and ended_at < ? group by 1, 3, 4",
            span).fetchall()  # fmt: skip
        asked = dict(self._run(
            "select room, count(*) from inbox indexed by inbox_asks"
            " where decision = 'ask' and room is not null and at >= ? and at < ? group by room",
            span).fetchall())  # fmt: skip
        if (
            asked
        ):  # looked up here: the rooms that count are worked out row by row, without an index
            grids = self._run("select code, level, room from grids_now where room != ''")
            rows += [(g[0], "ask", g[1], "", asked[g[2]]) for g in grids if g[2] in asked]
        return [Tally(*row) for row in rows]

    def doubts(self, since: datetime, until: datetime) -> list[Doubt]:
        """See storage.base."""
        rows = self._run(
            "select i.seq, i.room, i.name, i.text, i.score from inbox i"
            " where i.decision = 'ask' and i.room is not null and i.text != ''"
            " and i.at >= ? and i.at < ?"
            " and not exists (select 1 from tickets t where t.source = i.id) order by i.seq",
            [stamp(since), stamp(until)])  # fmt: skip
        return [Doubt(*row) for row in rows]

    def aging(self, now: datetime) -> list[Aged]:
        """See storage.base."""
        rows = self._run(
            "select t.number, t.home, t.level, t.text, t.created_at, d.nudges > 0"
            " or d.kind = 'review' as late"
            " from tickets t left join deadlines d on d.ticket = t.number"
            ""
            " where t.ended_at is null order by t.created_at, t.number")  # fmt: skip
        return [
            Aged(number, home, level, text, _hours(moment_of(created), now), bool(late))
            for number, home, level, text, created, late in rows
        ]

    def slowest(self, since: datetime, until: datetime) -> list[Aged]:
        """See storage.base."""
        rows = self._run(
            "select number, home, level, text, created_at, ended_at from tickets"
            " where state = 'closed' and ended_at >= ? and ended_at < ?",
            [stamp(since), stamp(until)])  # fmt: skip
        aged = [
            Aged(number, home, level, text, _hours(moment_of(created), moment_of(ended)))
            for number, home, level, text, created, ended in rows
        ]
        return sorted(aged, key=lambda a: (-a.hours, a.number))

    def health(self, now: datetime) -> Health:
        """See storage.base."""
        late = stamp(now - timedelta(minutes=5))
        rooms = self._run(
            "select distinct room from inbox where decision = 'unbound'"
            " and room not in (select room from grids_now) limit 100"
        )
        return Health(
            open_without_deadline=self._count(
                "tickets t left join deadlines d on d.ticket = t.number"
                " where t.ended_at is null and d.ticket is null"
            ),
            overdue=self._count("deadlines where due < ?", late),
            failed_messages=self._count(
                "inbox where decision = 'failed' and at > ?", stamp(now - _RECENT)
            ),
            unbound_rooms=tuple(row[0] for row in rooms),
            waiting_sends=self._count("outbox where state = 'waiting' and at < ?", late),
            dropped_sends=self._count(
                "outbox where state = 'dropped' and sent_at > ?", stamp(now - _RECENT)
            ),
            gone_attachments=self._count(
                "attachments where state = 'gone' and again > ?", stamp(now - _RECENT)
            ),
        )

    def suspects(
        self, late: datetime, far: datetime, kinds: Mapping[State, Collection[str]]
    ) -> list[int]:
        """See storage.base."""
        fitting = [f"{state}/{kind}" for state, some in kinds.items() for kind in some]
        live = [str(state) for state in kinds]
        rows = self._run(
            "select t.number from tickets t left join deadlines d on d.ticket = t.number"
            " where t.ended_at is null and (d.due is null or d.due < ? or d.due > ?"
            f" or t.state || '/' || d.kind not in ({places(len(fitting))})"
            " or t.state = 'suspended' and t.suspended_until is null)"
            " union select d.ticket from deadlines d left join tickets t on t.number = d.ticket"
            " where t.number is null or t.ended_at is not null"
            " union select number from tickets where ended_at is not null"
            f" and ended_at > ? and state in ({places(len(live))}) order by 1",
            [stamp(late), stamp(far), *fitting, stamp(late - _RECENT), *live])  # fmt: skip
        return [int(row[0]) for row in rows]

    def drop_deadline(self, number: int) -> None:
        """See storage.base."""
        self._run("delete from deadlines where ticket = ?", [number])

    def _count(self, what: str, *values: object) -> int:
        return int(self._run(f"select count(*) from {what}", values).fetchone()[0])


def _hours(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() / 3600
