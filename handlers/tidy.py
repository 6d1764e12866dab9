"""Keeping order: 合并, 改类, 催办. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.models import NOTHING, Command, Decision, Event, Happened, Reason, State, Ticket, Watcher
from handlers import people, replies
from handlers.categories import find_category
from handlers.rights import is_head, sees
from handlers.scene import Scene, answer, say, target, to_room, which
from handlers.take import act, household

_AT_WORK = frozenset({State.OPEN, State.CLAIMED, State.SUSPENDED})
NUDGE_AGAIN = timedelta(minutes=30)
"""A person's reminders closer together than this are answered but not passed on."""


def merge(scene: Scene, command: Command) -> Decision:
    """Put one ticket into another; whoever waited for the first waits for the second."""
    ticket = target(scene, command, Happened.MERGED)
    if isinstance(ticket, Decision):
        return ticket
    into = scene.into
    if into is None or into.number == ticket.number:
        return say(scene, replies.no_such(command.args.get("into", "")), ticket.number)
    if into.room != ticket.room:
        return say(scene, replies.MERGE_WHERE, ticket.number)
    if into.state not in _AT_WORK:
        return say(scene, replies.too_late(into), into.number)
    if not is_head(scene.roles, into.grid, scene.roster):
        holder = scene.roster.grid(into.grid)
        name = holder.name if holder else into.grid
        return say(scene, replies.not_yours(into, Happened.MERGED, name), into.number)
    moved, event = act(scene, ticket, Happened.MERGED, f"并入{into.number}")
    kept = replace(into, joined=_together(into, ticket), touched_at=scene.now)
    joined = _joined(scene, kept, ticket)
    text = replies.merged(ticket, into)
    sends = (answer(scene, text, ticket.number, into.number),)
    told = household(scene, ticket, Reason.OUTCOME, text, ticket.audience)
    return Decision((moved, kept), (event, joined), sends + told)


def _together(into: Ticket, ticket: Ticket) -> tuple[Watcher, ...]:
    new = (Watcher(ticket.reporter, ticket.reporter_name), *ticket.joined)
    known = set(into.audience)
    return into.joined + tuple(w for w in new if w.person not in known)


def _joined(scene: Scene, kept: Ticket, ticket: Ticket) -> Event:
    _, event = act(scene, kept, Happened.JOINED, ticket.text)
    return event


def reclassify(scene: Scene, command: Command) -> Decision:
    """Give a ticket another category."""
    ticket = target(scene, command, Happened.RECLASSIFIED)
    if isinstance(ticket, Decision):
        return ticket
    words = command.args.get("category", "") or command.args.get("text", "")
    category = find_category(words)
    if category is None:
        return say(scene, replies.no_such_category(words), ticket.number)
    after, event = act(
        scene, ticket, Happened.RECLASSIFIED, words, category=category.code, kind=category.kind,
        domain=category.domain or ticket.domain,
    )  # fmt: skip
    return Decision(
        (after,), (event,), (answer(scene, replies.reclassified(after), ticket.number),)
    )


def nudge(scene: Scene, command: Command) -> Decision:
    """Pass a person's reminder to those who hold the ticket; their clock runs on unchanged."""
    seen = [t for t in _meant(scene, command) if _sees(scene, t) and not t.state.ended]
    if not seen and not command.explicit:
        return NOTHING
    if not seen:
        number = command.args.get("ticket", "")
        return say(scene, replies.no_such(number) if number else replies.none_here("nudge"))
    if len(seen) > 1:
        return which(scene, command, seen)
    ticket = seen[0]
    if ticket.state is State.RESOLVED:
        return say(scene, replies.too_late(ticket), ticket.number)
    if ticket.nudged_at and scene.now - ticket.nudged_at < NUDGE_AGAIN:
        return say(scene, replies.just_nudged(ticket), ticket.number)
    holder = scene.roster.grid(ticket.grid)
    called = people.mentions(people.takers(ticket.grid, scene.roster))
    ids = (ticket.handler,) if ticket.handler else called
    text = replies.nudged_by(ticket, scene.speaker)
    room = (holder.room if holder else "") or ticket.room
    sends = to_room(room, Reason.NUDGE, text, ticket.number, mentions=ids)
    if room != scene.message.room:
        sends += (answer(scene, replies.nudge_passed(ticket), ticket.number),)
    return Decision((replace(ticket, nudged_at=scene.now),), (), sends)


def _meant(scene: Scene, command: Command) -> list[Ticket]:
    if command.args.get("ticket"):
        return [scene.named] if scene.named else []
    if scene.quoted:
        return list(scene.quoted)
    own = [t for t in scene.tickets if scene.message.sender in t.audience]
    only = list(scene.tickets) if len(scene.tickets) == 1 else []
    return own or only


def _sees(scene: Scene, ticket: Ticket) -> bool:
    message = scene.message
    return sees(ticket, message.sender, message.room, scene.roles, scene.roster)
