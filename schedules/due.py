"""What the clock does to tickets: nudges, escalations, resumption, closing. Pure.

The rules are the replay contract's: so many nudges, then one level up, where the same policy
starts again; what falls due in one room at one moment is one message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.models import Decision, Event, Happened, Reason, Send, State, Ticket
from handlers import climb, people, replies
from handlers.roster import Roster
from handlers.scene import to_room
from handlers.workflow import allowed, move
from schedules.policy import Promises


def fall_due(
    tickets: Sequence[Ticket], now: datetime, roster: Roster, promises: Promises
) -> Decision:
    """Return what becomes of tickets whose deadline has come."""
    round_ = _Round(now, roster, promises)
    for ticket in tickets:
        round_.take(ticket)
    return round_.decision()


class _Round:
    """Tickets that fall due together, gathered so that each room hears one message."""

    def __init__(self, now: datetime, roster: Roster, promises: Promises) -> None:
        self.now, self.roster, self.promises = now, roster, promises
        self.tickets: list[Ticket] = []
        self.events: list[Event] = []
        self.nudged: list[Ticket] = []
        self.resumed: list[Ticket] = []
        self.climbs: list[climb.Climb] = []

    def take(self, ticket: Ticket) -> None:
        """Decide on one ticket."""
        if not self.promises.may_fire(ticket, self.now):
            self.keep(replace(ticket, deadline=self.promises.postponed(ticket, self.now)))
            return
        kind = ticket.deadline.kind if ticket.deadline else "claim"
        step: Callable[[Ticket], None] = {
            "confirm": self.close, "resume": self.resume, "review": self.review,
        }.get(kind, self.remind)  # fmt: skip
        step(ticket)

    def keep(self, ticket: Ticket, event: Event | None = None) -> None:
        """Store a ticket as it is now, and a line of its history."""
        self.tickets.append(ticket)
        if event:
            self.events.append(event)

    def close(self, ticket: Ticket) -> None:
        """The resident was silent: it counts as done. Nobody is disturbed; he was told so."""
        if allowed(ticket, Happened.CLOSED):
            after, event = move(ticket, Happened.CLOSED, self.now, text="居民没有回音")
            self.keep(replace(after, deadline=None), event)

    def resume(self, ticket: Ticket) -> None:
        """It has rested long enough."""
        if allowed(ticket, Happened.RESUMED):
            after, event = move(ticket, Happened.RESUMED, self.now, suspended_until=None)
            after = replace(after, deadline=self.promises.first(after, self.now))
            self.keep(after, event)
            self.resumed.append(after)

    def review(self, ticket: Ticket) -> None:
        """Nothing is above it: its own level, if it has a room, hears of it once a day."""
        self.keep(replace(ticket, deadline=self.promises.review(ticket, self.now)))
        self.nudged.append(ticket)

    def remind(self, ticket: Ticket) -> None:
        """Nudge those who hold it, or, when they have been nudged enough, forward it."""
        given = ticket.deadline.nudges if ticket.deadline else 0
        if given < self.promises.policy(ticket).nudges:
            self.keep(replace(ticket, deadline=self.promises.again(ticket, self.now)))
            self.nudged.append(ticket)
            return
        step = climb.up(ticket, self.now, self.roster)
        if step is None:
            self.review(ticket)
            return
        after = replace(step.after, deadline=self.promises.first(step.after, self.now))
        self.keep(after, step.event)
        self.climbs.append(replace(step, after=after))

    def decision(self) -> Decision:
        """Return the round as one decision."""
        sends = self._reminders() + climb.announce(self.climbs, self.now, self.roster)
        sends += climb.tell_households(self.climbs)
        return Decision(tuple(self.tickets), tuple(self.events), sends)

    def _reminders(self) -> tuple[Send, ...]:
        rooms: dict[str, list[Ticket]] = {}
        for ticket in (*self.nudged, *self.resumed):
            grid = self.roster.grid(ticket.grid)
            rooms.setdefault(grid.room if grid else "", []).append(ticket)
        sends: tuple[Send, ...] = ()
        for room, group in rooms.items():
            sends += self._reminder(room, group)
        return sends

    def _reminder(self, room: str, group: list[Ticket]) -> tuple[Send, ...]:
        called: dict[str, None] = {}
        for ticket in group:
            takers = people.mentions(people.takers(ticket.grid, self.roster))
            called.update(dict.fromkeys((ticket.handler,) if ticket.handler else takers))
        resumed = {t.number for t in self.resumed}
        shown = [replace(t, state=State.SUSPENDED) if t.number in resumed else t for t in group]
        return to_room(
            room, Reason.NUDGE, replies.nudge(shown, self.now), *(t.number for t in group),
            mentions=tuple(called), urgent=any(t.urgency == "emergency" for t in group),
        )  # fmt: skip
