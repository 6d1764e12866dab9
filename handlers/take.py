"""Taking a ticket and working on it: 接单, 进展, 转给, 挂起, 恢复. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.models import (
    Command,
    Decision,
    Event,
    Happened,
    Reason,
    RoleKind,
    Send,
    State,
    Ticket,
)
from handlers import replies
from handlers.scene import Scene, answer, say, target, to_room
from handlers.when import until
from handlers.workflow import move


def act(
    scene: Scene, ticket: Ticket, what: Happened, text: str = "", **changes: Any
) -> tuple[Ticket, Event]:
    """Return the speaker's move on a ticket."""
    message = scene.message
    return move(
        ticket, what, scene.now, actor=message.sender, actor_name=scene.speaker, text=text,
        message=message.id, **changes,
    )  # fmt: skip


def taken_by(scene: Scene) -> dict[str, Any]:
    """Return the changes of a claim by the speaker."""
    sender = scene.message.sender
    return {"handler": sender, "handler_name": scene.speaker, "claimed_at": scene.now}


def where_from(scene: Scene, ticket: Ticket) -> str:
    """Name the grid that holds a ticket."""
    grid = scene.roster.grid(ticket.grid)
    return grid.name if grid else ticket.grid


def household(
    scene: Scene, ticket: Ticket, reason: Reason, text: str, mentions: tuple[str, ...] = ()
) -> tuple[Send, ...]:
    """Return a line to the ticket's household room, if that isn't where the speaker is."""
    if ticket.room == scene.message.room:
        return ()
    return to_room(ticket.room, reason, text, ticket.number, mentions=mentions)


def claim(scene: Scene, command: Command) -> Decision:
    """Take a ticket; of two, the first wins and the second is told who."""
    ticket = target(scene, command, Happened.CLAIMED)
    if isinstance(ticket, Decision):
        return ticket
    after, event = act(
        scene, ticket, Happened.CLAIMED, command.args.get("text", ""), **taken_by(scene)
    )
    note = replies.claimed(after, scene.speaker)
    above = replies.claimed_above(after, _own_grid(scene, ticket), scene.speaker)
    told = household(scene, after, Reason.NOTICE, above, (ticket.reporter,))
    return Decision((after,), (event,), (answer(scene, note, ticket.number), *told))


def _own_grid(scene: Scene, ticket: Ticket) -> str:
    """Name the grid in whose name the speaker acts on a ticket."""
    chain = scene.roster.chain(ticket.grid)
    own = {r.grid for r in scene.roles}
    return next((g.name for g in chain if g.code in own), "")


def progress(scene: Scene, command: Command) -> Decision:
    """Note what is being done; whoever works on an unclaimed ticket has taken it."""
    ticket = target(scene, command, Happened.PROGRESS)
    if isinstance(ticket, Decision):
        return ticket
    text = command.args.get("text", "") or scene.message.text
    events: list[Event] = []
    after = ticket
    if ticket.state is State.OPEN:
        after, event = act(scene, ticket, Happened.CLAIMED, **taken_by(scene))
        events.append(event)
    after, event = act(scene, after, Happened.PROGRESS, text)
    sends = household(
        scene, after, Reason.NOTICE, replies.progress_told(after, scene.speaker, text)
    )
    if command.explicit:
        sends = (answer(scene, replies.progress_noted(after), ticket.number), *sends)
    return Decision((after,), (*events, event), sends)


def transfer(scene: Scene, command: Command) -> Decision:
    """Hand a ticket to another person at the grid."""
    ticket = target(scene, command, Happened.TRANSFERRED)
    if isinstance(ticket, Decision):
        return ticket
    person, name = _person(scene, ticket, command.args.get("person", ""))
    if not person and not command.explicit:
        return progress(scene, command)  # "转给供电所了" hands it to nobody on the roster
    if not person:
        grid = where_from(scene, ticket)
        text = replies.no_such_person(command.args.get("person", ""), grid)
        return say(scene, text, ticket.number)
    after, event = act(
        scene, ticket, Happened.TRANSFERRED, command.args.get("text", ""),
        handler=person, handler_name=name, claimed_at=scene.now, suspended_until=None,
    )  # fmt: skip
    note = replies.transferred(after, name)
    room = scene.message.room or ""
    told = to_room(room, Reason.ANSWER, note, ticket.number, mentions=(person,))
    sends = told or (answer(scene, note, ticket.number),)
    return Decision((after,), (event,), sends + household(scene, after, Reason.NOTICE, note))


_HANDS = frozenset({RoleKind.LEADER, RoleKind.DEPUTY, RoleKind.MEMBER})


def _person(scene: Scene, ticket: Ticket, name: str) -> tuple[str, str]:
    """Return id and name of the one person with an account whom a mention or a name means."""
    here = scene.roster.people_at(ticket.grid, *_HANDS)
    called = {(r.person, r.name) for r in here if r.person in scene.message.mentions}
    known = scene.roster.find_person(name, ticket.grid)
    named = {(r.person, r.name) for r in known if r.person and r.kind in _HANDS}
    found = called or named
    return found.pop() if len(found) == 1 else ("", "")


def suspend(scene: Scene, command: Command) -> Decision:
    """Let a ticket rest until a day."""
    ticket = target(scene, command, Happened.SUSPENDED)
    if isinstance(ticket, Decision):
        return ticket
    moment: datetime = until(command.args.get("until", ""), scene.now)
    why = command.args.get("text", "")
    changes: dict[str, Any] = {} if ticket.handler else taken_by(scene)
    after, event = act(scene, ticket, Happened.SUSPENDED, why, suspended_until=moment, **changes)
    note = replies.suspended(after, replies.clock(moment, scene.now), why)
    told = household(scene, after, Reason.NOTICE, note)
    return Decision((after,), (event,), (answer(scene, note, ticket.number), *told))


def resume(scene: Scene, command: Command) -> Decision:
    """Put a resting ticket to work again."""
    ticket = target(scene, command, Happened.RESUMED)
    if isinstance(ticket, Decision):
        return ticket
    after, event = act(scene, ticket, Happened.RESUMED, suspended_until=None)
    note = replies.resumed(after)
    told = household(scene, after, Reason.NOTICE, note)
    return Decision((after,), (event,), (answer(scene, note, ticket.number), *told))
