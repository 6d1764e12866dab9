"""What is wrong with a ticket's deadline, and what would put it right. Pure.

This is asked apart from whatever set the deadline: it looks at the state alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.models import Deadline, Event, State, Ticket
from schedules.policy import RENEWING, Promises

LATE = timedelta(minutes=10)
"""How long past its moment a deadline may lie while the ticker runs each second."""
FAR = timedelta(days=366)
"""Ahead of now, a deadline that no promise asks for."""
SILENT = timedelta(minutes=1)
"""How long the ticker may not have beaten."""

KINDS: Mapping[State, Collection[str]] = {
    State.OPEN: ("claim", "review"),
    State.CLAIMED: ("resolve", "review"),
    State.SUSPENDED: ("resume",),
    State.RESOLVED: ("confirm",),
}
"""The deadlines that fit each live state."""


class Fault(StrEnum):
    """What can be wrong."""

    MISSING = "missing"
    """Live without a deadline: nobody would ever be reminded."""
    LEFT = "left"
    """Ended with a deadline."""
    UNFIT = "unfit"
    """A deadline of another state: when it comes, nothing could happen."""
    FAR = "far"
    """A deadline so far ahead that it is none."""
    ENDLESS = "endless"
    """Suspended without a day on which it resumes."""
    ORPHAN = "orphan"
    """A deadline of no ticket."""
    STUCK = "stuck"
    """Long due, though the ticker beats."""
    TORN = "torn"
    """The state and the end disagree."""
    UNREADABLE = "unreadable"
    """Its rows make no ticket."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a ticket, and the ticket put right; None where the auditor can't tell how."""

    number: int
    fault: Fault
    repaired: Ticket | None = None

    @property
    def mended(self) -> bool:
        """Whether nothing is left to do; a deadline of no ticket is simply dropped."""
        return self.repaired is not None or self.fault is Fault.ORPHAN


def examine(
    ticket: Ticket, history: Iterable[Event], now: datetime, promises: Promises
) -> Finding | None:
    """Return what is wrong with a ticket, None if nothing is; what can be repaired comes first.

    A promise that lost its deadline runs from when it began, not from when that was noticed:
    what would have been due long ago is due at once.
    """
    if ticket.state.ended:
        if ticket.deadline:
            return Finding(ticket.number, Fault.LEFT, replace(ticket, deadline=None))
        return Finding(ticket.number, Fault.TORN) if ticket.ended_at is None else None
    fault = _fault(ticket, now, promises)
    if fault is Fault.ENDLESS:
        kept = ticket.deadline if _fits(ticket, ticket.deadline) else None
        deadline = kept or promises.first(ticket, now)
        until = deadline.due if deadline else now
        return Finding(
            ticket.number, fault, replace(ticket, deadline=deadline, suspended_until=until)
        )
    if fault:
        began = max((e.at for e in history if e.kind in RENEWING), default=now)
        deadline = promises.first(ticket, min(began, now))
        return Finding(ticket.number, fault, replace(ticket, deadline=deadline))
    if ticket.ended_at is not None:
        return Finding(ticket.number, Fault.TORN)
    if ticket.deadline and ticket.deadline.due < now - LATE:
        return Finding(ticket.number, Fault.STUCK)
    return None


def _fault(ticket: Ticket, now: datetime, promises: Promises) -> Fault | None:
    deadline = ticket.deadline
    if ticket.state is State.SUSPENDED and ticket.suspended_until is None:
        return Fault.ENDLESS
    if deadline is None:
        return Fault.MISSING
    if not _fits(ticket, deadline):
        return Fault.UNFIT
    if deadline.due > now + FAR:
        ours = promises.first(ticket, now)
        if ours and ours.due + FAR < deadline.due:
            return Fault.FAR
    return None


def _fits(ticket: Ticket, deadline: Deadline | None) -> bool:
    return deadline is not None and deadline.kind in KINDS[ticket.state]


def silent(beat: datetime | None, since: datetime, now: datetime, span: timedelta) -> bool:
    """Return whether a heart that should beat since ``since`` has not for longer than ``span``.
    What lies in the future (the machine's clock was set back) counts for nothing."""
    past = [moment for moment in (beat, since) if moment and moment <= now + span]
    return not past or now - max(past) > span
