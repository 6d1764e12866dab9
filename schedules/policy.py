"""How long each promise runs, and which promise a ticket stands under. Pure.

The rules are the replay contract's: the policy tables, the working calendar, and that a promise
starts anew at each level. A promise's clock is its own row, never "last changed".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.models import Deadline, Decision, Happened, State, Ticket, Urgency
from schedules.calendar import Calendar


@dataclass(frozen=True, slots=True)
class Policy:
    """One urgency's promises; durations run on the working calendar if ``working_hours``."""

    claim_within: timedelta = timedelta(hours=2)
    nudge_every: timedelta = timedelta(hours=1)
    nudges: int = 2
    resolve_within: timedelta = timedelta(days=3)
    confirm_within: timedelta = timedelta(hours=24)
    working_hours: bool = True


DEFAULTS: Mapping[Urgency, Policy] = {
    Urgency.NORMAL: Policy(),
    Urgency.URGENT: Policy(
        timedelta(hours=1), timedelta(minutes=30), 2, timedelta(days=1), timedelta(hours=24)
    ),
    Urgency.EMERGENCY: Policy(
        timedelta(minutes=10), timedelta(minutes=5), 2, timedelta(hours=4), timedelta(hours=24),
        working_hours=False,
    ),
}  # fmt: skip

REVIEW_EVERY = timedelta(days=1)
"""How often a ticket that can climb no further is brought up again."""

RENEWING = frozenset({
    Happened.CREATED, Happened.CLAIMED, Happened.TRANSFERRED, Happened.ESCALATED,
    Happened.RETURNED, Happened.SUSPENDED, Happened.RESUMED, Happened.RESOLVED,
    Happened.REOPENED,
})  # fmt: skip
"""What starts a promise anew."""


class Promises:
    """The policies and the calendar together: when things fall due."""

    def __init__(self, policies: Mapping[Urgency, Policy], calendar: Calendar) -> None:
        self._policies = policies
        self.calendar = calendar

    def policy(self, ticket: Ticket) -> Policy:
        """Return the policy a ticket stands under."""
        return self._policies[ticket.urgency]

    def after(self, ticket: Ticket, moment: datetime, span: timedelta) -> datetime:
        """Return the moment ``span`` later on the ticket's clock."""
        if self.policy(ticket).working_hours:
            return self.calendar.add(moment, span)
        return moment + span

    def may_fire(self, ticket: Ticket, moment: datetime) -> bool:
        """Return whether the timer may speak of this ticket now."""
        return not self.policy(ticket).working_hours or self.calendar.is_open(moment)

    def first(self, ticket: Ticket, now: datetime) -> Deadline | None:
        """Return the deadline of the promise that starts now; None for an ended ticket."""
        policy = self.policy(ticket)
        if ticket.state is State.SUSPENDED and ticket.suspended_until:
            until = max(ticket.suspended_until, now)
            return Deadline("resume", self.after(ticket, until, timedelta(0)))
        kind, span = {
            State.OPEN: ("claim", policy.claim_within),
            State.CLAIMED: ("resolve", policy.resolve_within),
            State.SUSPENDED: ("resume", policy.resolve_within),
            State.RESOLVED: ("confirm", policy.confirm_within),
        }.get(ticket.state, ("", timedelta(0)))
        return Deadline(kind, self.after(ticket, now, span)) if kind else None

    def again(self, ticket: Ticket, now: datetime) -> Deadline:
        """Return the deadline after one more nudge."""
        kept = ticket.deadline or Deadline("claim", now)
        due = self.after(ticket, now, self.policy(ticket).nudge_every)
        return Deadline(kept.kind, due, kept.nudges + 1)

    def review(self, ticket: Ticket, now: datetime) -> Deadline:
        """Return the deadline of a ticket that can climb no further."""
        kept = ticket.deadline or Deadline("review", now)
        due = self.after(ticket, now + REVIEW_EVERY, timedelta(0))
        return Deadline("review", due, kept.nudges + 1)

    def postponed(self, ticket: Ticket, now: datetime) -> Deadline:
        """Return the ticket's deadline moved to the next opening."""
        kept = ticket.deadline or Deadline("claim", now)
        return replace(kept, due=self.calendar.next_open(now))

    def keep(self, decision: Decision, now: datetime) -> Decision:
        """Return the decision with each ticket's deadline set.

        Every decision on a message passes here, so no handler can leave an open ticket without a
        deadline or an ended one with it.
        """
        renewed = {e.ticket for e in decision.events if e.kind in RENEWING}
        tickets = tuple(self._kept(t, t.number in renewed, now) for t in decision.tickets)
        return replace(decision, tickets=tickets)

    def _kept(self, ticket: Ticket, renewed: bool, now: datetime) -> Ticket:
        if renewed or ticket.state.ended or ticket.deadline is None:
            return replace(ticket, deadline=self.first(ticket, now))
        return ticket
