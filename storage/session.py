"""One transaction; the promises are in storage.base.Session.

The hot statements are written out: sqlite-utils' own insert and upsert look a table up each time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.models import (
    Decision,
    Event,
    Message,
    Question,
    Send,
    Ticket,
    Watcher,
)
from storage.attached import AttachedPart
from storage.base import Heard, Said
from storage.claims import ClaimsPart
from storage.erasing import ErasingPart
from storage.figures import FiguresPart
from storage.labels import LabelsPart
from storage.moving import MovingPart
from storage.office import OfficePart
from storage.outgoing import OutgoingPart
from storage.part import AT_ONCE, places, upsert
from storage.rows import (
    EVENT_COLUMNS,
    TICKET_COLUMNS,
    event_row,
    read_event,
    read_heard,
    read_question,
    read_ticket,
    read_waiting,
    stamp,
    ticket_row,
)


def _said_heard(row: sqlite3.Row) -> Said:
    heard = read_heard(row)
    return Said(row["seq"], heard.message.id, heard.message.at, heard.message, None)


def _said_sent(row: sqlite3.Row) -> Said:
    waiting = read_waiting(row)
    return Said(waiting.id, waiting.sent_id, waiting.at, None, waiting.send)


_TICKET = (
    "select t.*, d.kind as deadline_kind, d.due, d.nudges"
    " from tickets t left join deadlines d on d.ticket = t.number"
)
_KNOWN = (
    "select 'repeat' from inbox where id = ?"
    " union all select 'own' from outbox where sent_id = ? limit 1"
)
_HAS_ANY = (
    "select number from tickets where reporter = ?"
    " union all select ticket from watchers where person = ? limit 1"
)
_NEW_TICKET = (
    f"insert into tickets ({', '.join(TICKET_COLUMNS)}) values ({places(len(TICKET_COLUMNS))})"
)
_SAVE_DEADLINE = upsert(
    "deadlines", ("ticket", "kind", "due", "nudges", "claim", "claimed_until"), ("ticket",)
)
_SAVE_QUESTION = upsert(
    "questions", ("room", "person", "command", "choices", "asked_at"), ("room", "person")
)
_SAVE_EVENT = (
    f"insert into events ({', '.join(EVENT_COLUMNS)}) values ({places(len(EVENT_COLUMNS))})"
)
FIRST_NUMBER = 1001  # short, and never taken for a building or a room


class SqlSession(
    ErasingPart,
    ClaimsPart,
    OutgoingPart,
    AttachedPart,
    FiguresPart,
    OfficePart,
    MovingPart,
    LabelsPart,
):
    """Reads and writes on one connection; the caller holds the transaction."""

    # what was heard

    def heard(self, message_id: str) -> Heard | None:
        """See storage.base."""
        row = self._run("select * from inbox where id = ?", [message_id]).fetchone()
        return read_heard(row) if row else None

    def known(self, message_id: str) -> str:
        """See storage.base."""
        row = self._run(_KNOWN, [message_id, message_id]).fetchone()
        return row[0] if row else ""

    def heard_at(self, seq: int) -> Heard | None:
        """See storage.base."""
        row = self._run("select * from inbox where seq = ?", [seq]).fetchone()
        return read_heard(row) if row else None

    def remember(
        self, message: Message, decision: str, score: float, ticket: int | None, note: str = ""
    ) -> None:
        """See storage.base."""
        mentions = json.dumps(message.mentions) if message.mentions else "[]"
        self._run(
            "insert into inbox (id, at, room, sender, name, kind, text, mentions, quote, decision,"
            " score, ticket, note) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (message.id, stamp(message.at), message.room, message.sender, message.name,
             message.kind, message.text, mentions, message.quote, decision, score, ticket,
             note),
        )  # fmt: skip

    def question(self, room: str, person: str) -> Question | None:
        """See storage.base."""
        sql = "select * from questions where room = ? and person = ?"
        row = self._run(sql, [room, person]).fetchone()
        return read_question(row) if row else None

    # tickets

    def next_number(self) -> int:
        """See storage.base."""
        row = self._run("select max(number) from tickets").fetchone()
        return (row[0] or FIRST_NUMBER - 1) + 1

    def ticket(self, number: int) -> Ticket | None:
        """See storage.base."""
        found = self._tickets("where t.number = ?", [number])
        return found[0] if found else None

    def live_at(self, grid: str, children: Sequence[str] = ()) -> list[Ticket]:
        """See storage.base."""
        found = {t.number: t for t in self._tickets(
            "where t.grid = ? and t.ended_at is null", [grid])}  # fmt: skip
        for t in self._tickets("where t.home = ? and t.ended_at is null", [grid]):
            found[t.number] = t
        if children:
            where = (
                f"where t.grid in ({places(len(children))}) and t.ended_at is null"
                " and t.urgency = 'emergency'"
            )
            for t in self._tickets(where, children):
                found[t.number] = t
        return [found[number] for number in sorted(found)]

    def of_person(self, person: str, ended_since: datetime) -> list[Ticket]:
        """See storage.base."""
        if self._run(_HAS_ANY, [person, person]).fetchone() is None:
            return []  # as most who speak; this is asked of each message
        return self._tickets(
            "where (t.reporter = ? or t.number in (select ticket from watchers where person = ?))"
            " and (t.ended_at is null or t.ended_at >= ?) order by t.number",
            [person, person, stamp(ended_since)],
        )

    def held_by(self, person: str, grids: Sequence[str]) -> list[Ticket]:
        """See storage.base."""
        mine = self._tickets("where t.handler = ? and t.ended_at is null", [person])
        open_: list[Ticket] = []
        if grids:  # of an empty list PostgreSQL makes nothing
            open_ = self._tickets(
                f"where t.grid in ({places(len(grids))}) and t.ended_at is null"
                " and t.state = 'open'",
                grids,
            )
        return sorted({t.number: t for t in mine + open_}.values(), key=lambda t: t.number)

    def by_source(self, message_id: str) -> Ticket | None:
        """See storage.base."""
        found = self._tickets("where t.source = ?", [message_id])
        return found[0] if found else None

    def history(self, number: int) -> list[Event]:
        """See storage.base."""
        sql = "select * from events where ticket = ? order by seq"
        return [read_event(row) for row in self._run(sql, [number])]

    def all_tickets(self) -> Iterator[Ticket]:
        """See storage.base."""
        for (number,) in self._run("select number from tickets order by number"):
            ticket = self.ticket(number)
            if ticket:
                yield ticket

    def all_events(self) -> Iterator[Event]:
        """See storage.base."""
        for row in self._run("select * from events order by seq"):
            yield read_event(row)

    def chat_after(self, inbox: int, outbox: int) -> list[Said]:
        """See storage.base."""
        heard = self._run("select * from inbox where seq > ? order by seq", [inbox])
        said = [_said_heard(row) for row in heard]
        sent = self._run(
            "select * from outbox where id > ? and state = 'sent' order by id", [outbox]
        )
        said += [_said_sent(row) for row in sent]
        return sorted(said, key=lambda s: (s.at, s.send is not None, s.place))

    def last_event(self) -> int:
        """See storage.base."""
        return int(self._run("select coalesce(max(seq), 0) from events").fetchone()[0])

    def events_after(self, seq: int) -> list[tuple[int, Event]]:
        """See storage.base."""
        rows = self._run("select * from events where seq > ? order by seq", [seq])
        return [(row["seq"], read_event(row)) for row in rows]

    def _tickets(self, where: str, values: Sequence[object]) -> list[Ticket]:
        rows = self._run(f"{_TICKET} {where}", values).fetchall()
        joined = self._joined([row["number"] for row in rows]) if rows else {}
        return [read_ticket(row, tuple(joined.get(row["number"], ()))) for row in rows]

    def _joined(self, numbers: Sequence[int]) -> dict[int, list[Watcher]]:
        found: dict[int, list[Watcher]] = {}
        # in portions, since a city may hold more tickets than a statement may have values
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            sql = (
                "select ticket, person, name from watchers"
                f" where ticket in ({places(len(some))}) order by ticket, place, person"
            )
            for ticket, person, name in self._run(sql, some):
                found.setdefault(ticket, []).append(Watcher(person, name))
        return found

    # writing a decision

    def apply(self, decision: Decision, at: datetime) -> None:
        """See storage.base."""
        for ticket in decision.tickets:
            self._save_ticket(ticket)
        for event in decision.events:
            self._run(_SAVE_EVENT, event_row(event))
        for send in decision.sends:
            self._queue(send, at)
        if decision.question:
            self._ask(decision.question)
        for binding in decision.bindings:
            self.bind(binding, at)

    def withdraw(self, message_id: str) -> None:
        """See storage.base."""
        self._run("update inbox set text = '' where id = ?", [message_id])
        self._run("update events set text = '（已撤回）' where message = ?", [message_id])
        self._run("update tickets set text = '（已撤回）' where source = ?", [message_id])

    def forget_question(self, room: str, person: str) -> None:
        """See storage.base."""
        self._run("delete from questions where room = ? and person = ?", [room, person])

    def _save_row(self, ticket: Ticket) -> None:
        """Insert a ticket, or write the columns that differ: what stays as it is costs no index a
        page, and a million tickets have many."""
        row = ticket_row(ticket)
        old = self._run("select * from tickets where number = ?", [ticket.number]).fetchone()
        if old is None:
            self._run(_NEW_TICKET, row)
            return
        pairs = zip(TICKET_COLUMNS, row, strict=True)
        changed = {name: value for name, value in pairs if old[name] != value}
        if changed:
            sets = ", ".join(f"{name} = ?" for name in changed)
            self._run(
                f"update tickets set {sets} where number = ?", [*changed.values(), ticket.number]
            )
        if "reporter" in changed:  # who only waited for it reports it now
            self._run(
                "delete from watchers where ticket = ? and person = ?",
                [ticket.number, ticket.reporter],
            )

    def _save_ticket(self, ticket: Ticket) -> None:
        self._save_row(ticket)
        for watcher in ticket.joined:
            self._run(
                "insert into watchers (ticket, person, name, place)"
                " select ?, ?, ?, coalesce(max(place), 0) + 1 from watchers where ticket = ?"
                " on conflict do nothing",
                [ticket.number, watcher.person, watcher.name, ticket.number],
            )
        deadline = ticket.deadline
        if deadline is None:
            self._run("delete from deadlines where ticket = ?", [ticket.number])
        else:
            self._run(
                _SAVE_DEADLINE,
                [ticket.number, deadline.kind, stamp(deadline.due), deadline.nudges, "", None],
            )

    def _queue(self, send: Send, at: datetime) -> None:
        when = stamp(at)
        self._run(
            "insert into outbox (at, reason, room, person, text, mentions, tickets, urgent, chart,"
            " in_hours, files, state, not_before, attempts)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, 0)",
            (when, send.reason, send.room, send.to, send.text, json.dumps(send.mentions),
             json.dumps(send.tickets), int(send.urgent), send.chart,
             int(send.in_hours), json.dumps(send.files) if send.files else "[]", when),
        )  # fmt: skip

    def _ask(self, question: Question) -> None:
        command = json.dumps([question.command.name, question.command.args], ensure_ascii=False)
        self._run(
            _SAVE_QUESTION,
            [question.room, question.person, command, json.dumps(question.choices),
             stamp(question.asked_at)],
        )  # fmt: skip
