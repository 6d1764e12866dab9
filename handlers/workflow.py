"""The table of states and moves, and the one function that makes a move. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.models import SYSTEM, Event, Grid, Happened, State, Ticket

_LIVE = frozenset({State.OPEN, State.CLAIMED, State.SUSPENDED, State.RESOLVED})
_HELD = frozenset({State.OPEN, State.CLAIMED, State.SUSPENDED})

MOVES: dict[Happened, tuple[frozenset[State], State | None]] = {
    # what happens: (from which states, to which; None: it stays as it is)
    Happened.ADDED: (_LIVE, None),
    Happened.JOINED: (_LIVE, None),
    Happened.CLAIMED: (frozenset({State.OPEN}), State.CLAIMED),
    Happened.PROGRESS: (_HELD, None),
    Happened.ESCALATED: (_HELD, State.OPEN),
    Happened.RETURNED: (_HELD, State.OPEN),
    Happened.TRANSFERRED: (_HELD, State.CLAIMED),
    Happened.SUSPENDED: (frozenset({State.OPEN, State.CLAIMED}), State.SUSPENDED),
    Happened.RESUMED: (frozenset({State.SUSPENDED}), State.CLAIMED),
    Happened.RESOLVED: (_HELD, State.RESOLVED),
    Happened.CONFIRMED: (frozenset({State.RESOLVED}), State.CLOSED),
    Happened.CLOSED: (frozenset({State.RESOLVED}), State.CLOSED),
    # a resident may come back after silence closed it
    Happened.REOPENED: (frozenset({State.RESOLVED, State.CLOSED}), State.OPEN),
    Happened.CANCELLED: (_LIVE, State.CANCELLED),
    Happened.REJECTED: (_HELD, State.REJECTED),
    Happened.MERGED: (_LIVE, State.MERGED),
    Happened.RECLASSIFIED: (_LIVE, None),
}


def allowed(ticket: Ticket, what: Happened) -> bool:
    """Return whether ``what`` can happen to a ticket as it stands."""
    return ticket.state in MOVES[what][0]


def move(
    ticket: Ticket,
    what: Happened,
    now: datetime,
    *,
    actor: str = SYSTEM,
    actor_name: str = "",
    text: str = "",
    message: str = "",
    **changes: Any,
) -> tuple[Ticket, Event]:
    """Return the ticket after the move and the line for its history.

    ``changes`` are further fields of the ticket. Raises ValueError for a move not in the table:
    handlers ask :func:`allowed` first.
    """
    if not allowed(ticket, what):
        raise ValueError(f"{ticket.number}: {what} from {ticket.state}")
    state = MOVES[what][1] or ticket.state
    ended = now if state.ended else None
    changes.setdefault("ended_at", ended)
    changes.setdefault("touched_at", now)
    after = replace(ticket, state=state, **changes)
    return after, history_line(after, what, now, actor, actor_name, text, message)


def history_line(
    ticket: Ticket,
    what: Happened,
    now: datetime,
    actor: str = SYSTEM,
    actor_name: str = "",
    text: str = "",
    message: str = "",
) -> Event:
    """Return the history line of ``what`` with the ticket's fields after it."""
    return Event(
        ticket.number, now, what, ticket.state, ticket.level, ticket.grid, ticket.category,
        ticket.urgency, actor, actor_name, text, message,
    )  # fmt: skip


def held_by(grid: Grid, now: datetime) -> dict[str, Any]:
    """Return the changes that put a ticket, unclaimed, at another grid of the tree."""
    return {
        "grid": grid.code, "level": grid.level, "level_since": now,
        "handler": "", "handler_name": "", "claimed_at": None, "suspended_until": None,
        "resolved_at": None,
    }  # fmt: skip
