"""Up and down the five levels: 上报 / 吹哨, and 退回. Pure; the timer uses it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.models import (
    NOTHING,
    SYSTEM,
    Command,
    Decision,
    Event,
    Grid,
    Happened,
    Reason,
    Send,
    Ticket,
)
from handlers import people, replies
from handlers.masking import mask
from handlers.roster import Roster
from handlers.scene import Scene, answer, say, target, to_room
from handlers.workflow import held_by, move


@dataclass(frozen=True, slots=True)
class Climb:
    """One ticket's step up: before, after, its history line, and the grid it came to."""

    before: Ticket
    after: Ticket
    event: Event
    grid: Grid
    words: str = ""


def up(
    ticket: Ticket,
    now: datetime,
    roster: Roster,
    *,
    actor: str = SYSTEM,
    actor_name: str = "",
    text: str = "",
    message: str = "",
) -> Climb | None:
    """Return the ticket one level up, open there; None if nothing is above."""
    above = roster.parent(ticket.grid)
    if above is None:
        return None
    after, event = move(
        ticket, Happened.ESCALATED, now, actor=actor, actor_name=actor_name, text=text,
        message=message, **held_by(above, now),
    )  # fmt: skip
    return Climb(ticket, after, event, above, text)


def announce(climbs: Sequence[Climb], now: datetime, roster: Roster) -> tuple[Send, ...]:
    """Return the messages to the rooms above, one a room, for tickets that climbed together.

    A level without a room (the city) hears through its list: digest and export.
    """
    rooms: dict[str, list[Climb]] = {}
    for climb in climbs:
        rooms.setdefault(climb.grid.room, []).append(climb)
    sends: tuple[Send, ...] = ()
    for room, group in rooms.items():
        text = "\n\n".join(_forwarded(c, now, roster) for c in group)
        called = people.mentions(people.takers(group[0].grid.code, roster))
        urgent = any(c.after.urgency == "emergency" for c in group)
        numbers = tuple(c.after.number for c in group)
        sends += to_room(
            room, Reason.ESCALATE, text, *numbers, mentions=called, urgent=urgent
        )  # fmt: skip
    return sends


def _forwarded(climb: Climb, now: datetime, roster: Roster) -> str:
    before = climb.before
    held = roster.grid(before.grid)
    name = held.name if held else before.grid
    if before.handler:
        waited = replies.span(now - (before.claimed_at or before.level_since))
        had = f"{before.handler_name}接单{waited}"
    else:
        had = f"{name}等了{replies.span(now - before.level_since)}没人接"
    home = roster.grid(before.home)
    since = replies.clock(before.created_at, now)
    origin = home.name if home else before.home
    return replies.escalated(before, origin, had, since, climb.words)


def tell_households(climbs: Sequence[Climb]) -> tuple[Send, ...]:
    """Return one line a household room: where its tickets went."""
    rooms: dict[tuple[str, str], list[Climb]] = {}
    for climb in climbs:
        rooms.setdefault((climb.after.room, climb.grid.name), []).append(climb)
    sends: tuple[Send, ...] = ()
    for (room, grid), group in rooms.items():
        tickets = [c.after for c in group]
        text = replies.gone_up(tickets, grid)
        urgent = any(t.urgency == "emergency" for t in tickets)
        sends += to_room(room, Reason.NOTICE, text, *(t.number for t in tickets), urgent=urgent)
    return sends


def escalate(scene: Scene, command: Command) -> Decision:
    """Whistle: the ticket goes one level up at once."""
    ticket = target(scene, command, Happened.ESCALATED)
    if isinstance(ticket, Decision):
        return ticket
    words = command.args.get("text", "")
    message = scene.message
    climb = up(
        ticket, scene.now, scene.roster, actor=message.sender, actor_name=scene.speaker,
        text=words, message=message.id,
    )  # fmt: skip
    if climb is None:
        return say(scene, replies.no_level_above(ticket), ticket.number)
    sends = announce([climb], scene.now, scene.roster)
    home = ticket.room == message.room
    note = replies.gone_up([climb.after], climb.grid.name, home)
    sends += (answer(scene, note, ticket.number),)
    if not home:
        sends += tell_households([climb])
    return Decision((climb.after,), (climb.event,), sends)


def send_back(scene: Scene, command: Command) -> Decision:
    """Return a ticket one level down, towards its home, with a reason."""
    ticket = target(scene, command, Happened.RETURNED)
    if isinstance(ticket, Decision):
        return ticket
    below = _below(ticket, scene.roster)
    if below is None and not command.explicit:
        return NOTHING
    if below is None:
        return say(scene, replies.no_level_below(ticket), ticket.number)
    why = command.args.get("text", "")
    if not why:
        return say(scene, replies.need_reason("return", ticket), ticket.number)
    message = scene.message
    after, event = move(
        ticket, Happened.RETURNED, scene.now, actor=message.sender, actor_name=scene.speaker,
        text=why, message=message.id, **held_by(below, scene.now),
    )  # fmt: skip
    return Decision((after,), (event,), _returned(scene, ticket, after, below, why))


def _returned(
    scene: Scene, ticket: Ticket, after: Ticket, below: Grid, why: str
) -> tuple[Send, ...]:
    holder = scene.roster.grid(ticket.grid)
    text = replies.returned(after, holder.name if holder else ticket.grid, why)
    called = people.mentions(people.takers(below.code, scene.roster))
    sends = to_room(below.room, Reason.NOTICE, text, ticket.number, mentions=called)
    if ticket.room != below.room:
        sends += to_room(ticket.room, Reason.NOTICE, text, ticket.number)
    if scene.message.room not in {below.room, ticket.room}:
        sends += (answer(scene, mask(text), ticket.number),)
    return sends


def _below(ticket: Ticket, roster: Roster) -> Grid | None:
    chain = [g.code for g in roster.chain(ticket.home)]
    place = chain.index(ticket.grid) if ticket.grid in chain else 0
    return roster.grid(chain[place - 1]) if place else None
