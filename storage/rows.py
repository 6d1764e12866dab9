"""Rows to values and back. Times are UTC text of one width, so that they sort as text."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Any

from bot.models import (
    Command,
    Deadline,
    Event,
    Happened,
    Kind,
    Level,
    Message,
    Place,
    Question,
    Reason,
    Send,
    State,
    Ticket,
    Urgency,
    Watcher,
)
from storage.base import Attachment, Heard, Waiting

TICKET_COLUMNS = tuple(f.name for f in fields(Ticket) if f.name not in {"joined", "deadline"})
EVENT_COLUMNS = ("ticket", "at", "event", "state", "level", "grid", "category", "urgency",
                 "actor", "actor_name", "text", "message")  # fmt: skip
TICKET_TIMES = ("created_at", "level_since", "touched_at", "claimed_at", "resolved_at",
                "ended_at", "suspended_until", "nudged_at")  # fmt: skip


def stamp(moment: datetime | None) -> str | None:
    """Write a moment as UTC text, microseconds always there; None stays None."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None


def moment(text: str | None) -> datetime | None:
    """Read a stamp."""
    return datetime.fromisoformat(text) if text else None


def moment_of(text: str) -> datetime:
    """Read a stamp that must be there."""
    return datetime.fromisoformat(text)


def ticket_row(ticket: Ticket) -> tuple[Any, ...]:
    """Return a ticket's values in the order of TICKET_COLUMNS."""
    return tuple(_plain(getattr(ticket, name)) for name in TICKET_COLUMNS)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, Place):
        return json.dumps(astuple(value), ensure_ascii=False)
    return value


def read_ticket(row: sqlite3.Row, joined: tuple[Watcher, ...]) -> Ticket:
    """Build a ticket from its row, its deadline's columns beside it, and who joined."""
    values: dict[str, Any] = {name: row[name] for name in TICKET_COLUMNS}
    for name in TICKET_TIMES:
        values[name] = moment(values[name])
    values["state"] = State(values["state"])
    values["level"] = Level(values["level"])
    values["urgency"] = Urgency(values["urgency"])
    values["place"] = Place(*json.loads(values["place"]))
    deadline = None
    if row["due"]:
        deadline = Deadline(row["deadline_kind"], moment_of(row["due"]), row["nudges"])
    return Ticket(**values, joined=joined, deadline=deadline)


def event_row(event: Event) -> tuple[Any, ...]:
    """Return an event's values in the order of EVENT_COLUMNS."""
    return (event.ticket, stamp(event.at), event.kind, event.state, event.level, event.grid,
            event.category, event.urgency, event.actor, event.actor_name, event.text,
            event.message)  # fmt: skip


def read_event(row: sqlite3.Row) -> Event:
    """Build an event from its row."""
    return Event(
        row["ticket"], moment_of(row["at"]), Happened(row["event"]), State(row["state"]),
        Level(row["level"]), row["grid"], row["category"], Urgency(row["urgency"]),
        row["actor"], row["actor_name"], row["text"], row["message"],
    )  # fmt: skip


def read_heard(row: sqlite3.Row) -> Heard:
    """Build an inbox entry from its row."""
    message = Message(
        row["id"], moment_of(row["at"]), row["room"], row["sender"], row["name"],
        Kind(row["kind"]), row["text"], tuple(json.loads(row["mentions"])), row["quote"],
    )  # fmt: skip
    return Heard(message, row["decision"], row["ticket"])


def read_waiting(row: sqlite3.Row) -> Waiting:
    """Build an outgoing message from its row."""
    send = Send(
        Reason(row["reason"]), row["text"], row["room"], row["person"],
        tuple(json.loads(row["mentions"])), tuple(json.loads(row["tickets"])),
        bool(row["urgent"]), row["chart"], bool(row["in_hours"]), tuple(json.loads(row["files"])),
    )  # fmt: skip
    return Waiting(
        row["id"], moment_of(row["at"]), send, row["attempts"], row["state"],
        row["sent_id"] or "", row["error"] or "",
    )  # fmt: skip


def read_question(row: sqlite3.Row) -> Question:
    """Build a question from its row."""
    name, args = json.loads(row["command"])
    choices = tuple(json.loads(row["choices"]))
    command = Command(name, args)
    return Question(row["room"], row["person"], command, choices, moment_of(row["asked_at"]))


def read_attachment(row: sqlite3.Row) -> Attachment:
    """Build a picture or file from its row."""
    return Attachment(
        row["message"], row["room"], Kind(row["kind"]), row["state"], row["name"], row["path"],
        row["size"], row["tries"], moment(row["again"]), row["why"],
    )  # fmt: skip
