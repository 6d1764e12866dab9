"""The outcome: 办结, 满意, 没解决, 撤销, 不受理, 评价, and a message withdrawn. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.models import NO_PROBLEM, NOTHING, Command, Decision, Event, Happened, Reason, Send, Ticket
from handlers import climb, people, replies
from handlers.categories import category_name
from handlers.scene import Scene, answer, say, target, to_room
from handlers.take import act, household, taken_by


def resolve(scene: Scene, command: Command) -> Decision:
    """The handler says it is done: ask the residents who wait for it."""
    ticket = target(scene, command, Happened.RESOLVED)
    if isinstance(ticket, Decision):
        return ticket
    text = command.args.get("text", "")
    changes: dict[str, Any] = {} if ticket.handler else taken_by(scene)
    after, event = act(
        scene, ticket, Happened.RESOLVED, text, outcome=text or "已处理",
        resolved_at=scene.now, suspended_until=None, **changes,
    )  # fmt: skip
    ask = replies.confirm(after, scene.speaker, text)
    sends = to_room(ticket.room, Reason.CONFIRM, ask, ticket.number, mentions=ticket.audience)
    if ticket.room != scene.message.room:
        sends += (answer(scene, replies.resolved_noted(after), ticket.number),)
    return Decision((after,), (event,), sends)


def confirm(scene: Scene, command: Command) -> Decision:
    """The resident is content: the ticket is closed."""
    ticket = target(scene, command, Happened.CONFIRMED)
    if isinstance(ticket, Decision):
        return ticket
    text = command.args.get("text", "") or scene.message.text
    after, event = act(scene, ticket, Happened.CONFIRMED, text)
    sends: tuple[Send, ...] = (
        answer(scene, replies.confirmed(after), ticket.number, reason=Reason.OUTCOME),
    )
    sends += _tell_holder(scene, ticket, Reason.OUTCOME, replies.confirmed_above(after))
    return Decision((after,), (event,), sends)


def reopen(scene: Scene, command: Command) -> Decision:
    """The resident says it isn't solved: open again; the second time also one level up."""
    ticket = target(scene, command, Happened.REOPENED)
    if isinstance(ticket, Decision):
        return ticket
    text = command.args.get("text", "") or scene.message.text
    after, event = act(
        scene, ticket, Happened.REOPENED, text, reopened=ticket.reopened + 1, handler="",
        handler_name="", claimed_at=None, resolved_at=None, level_since=scene.now,
    )  # fmt: skip
    if after.reopened < 2:
        return _reopened(scene, ticket, after, event)
    step = climb.up(after, scene.now, scene.roster, text=text)
    if step is None:
        return _reopened(scene, ticket, after, event)
    step = replace(step, before=ticket)  # above they hear who had it
    note = replies.reopened(step.after, "", step.grid.name)
    sends: tuple[Send, ...] = (
        answer(scene, note, ticket.number),
        *climb.announce([step], scene.now, scene.roster),
    )
    if ticket.room != scene.message.room:
        sends += climb.tell_households([step])
    return Decision((step.after,), (event, step.event), sends)


def _reopened(scene: Scene, ticket: Ticket, after: Ticket, event: Event) -> Decision:
    called = people.takers(ticket.grid, scene.roster)
    who = ticket.handler_name or people.names(called)
    ids = (ticket.handler,) if ticket.handler else people.mentions(called)
    text = replies.reopened(after, who, "")
    room = scene.message.room
    sends: tuple[Send, ...] = (answer(scene, text, ticket.number),)
    if room:
        sends = to_room(room, Reason.ANSWER, text, ticket.number, mentions=ids)
    holder = scene.roster.grid(ticket.grid)
    if holder and holder.room != room:
        sends += to_room(
            holder.room, Reason.NOTICE, f"{text}居民说：{replies.shorten(event.text, 60)}",
            ticket.number, mentions=ids,
        )  # fmt: skip
    return Decision((after,), (event,), sends)


def cancel(scene: Scene, command: Command) -> Decision:
    """The reporter takes the report back."""
    ticket = target(scene, command, Happened.CANCELLED)
    if isinstance(ticket, Decision):
        return ticket
    if ticket.joined:
        after, event = _handed_on(scene, ticket, "下单人撤销")
        return Decision((after,), (event,), (answer(scene, replies.left(after), ticket.number),))
    after, event = act(scene, ticket, Happened.CANCELLED, command.args.get("text", ""))
    sends = (answer(scene, replies.cancelled(after), ticket.number, reason=Reason.OUTCOME),)
    told = _tell_holder(scene, ticket, Reason.OUTCOME, replies.cancelled_above(after))
    return Decision((after,), (event,), sends + told)


def reject(scene: Scene, command: Command) -> Decision:
    """A leader says why nothing can be done here."""
    ticket = target(scene, command, Happened.REJECTED)
    if isinstance(ticket, Decision):
        return ticket
    why = command.args.get("text", "")
    if not why:
        return say(scene, replies.need_reason("reject", ticket), ticket.number)
    after, event = act(scene, ticket, Happened.REJECTED, why, outcome=why)
    text, called = replies.rejected(after, scene.speaker, why), tuple(ticket.audience)
    if NO_PROBLEM in why:  # nobody asked for it: nobody is called
        text, called = replies.no_plea(after), ()
    sends = to_room(ticket.room, Reason.OUTCOME, text, ticket.number, mentions=called)
    if ticket.room != scene.message.room:
        sends += (answer(scene, text, ticket.number),)
    return Decision((after,), (event,), sends)


def rate(scene: Scene, command: Command) -> Decision:
    """Stars for a finished ticket, from those who waited for it."""
    stars = command.args.get("stars", "")
    if stars not in {"1", "2", "3", "4", "5"}:
        return say(scene, replies.RATE_HOW)
    named = command.args.get("ticket")
    wanted = [scene.named] if named else list(scene.quoted or scene.tickets)
    person = scene.message.sender
    done = [t for t in wanted if t and person in t.audience and t.resolved_at]
    if not done and not command.explicit:
        return NOTHING
    if not done:
        return say(scene, replies.no_such(named) if named else replies.none_here("rate"))
    ticket = done[-1]
    after = replace(ticket, stars=int(stars), touched_at=scene.now)
    return Decision((after,), (), (answer(scene, replies.rated(after), ticket.number),))


def withdrawn(scene: Scene, ticket: Ticket) -> Decision:
    """The message that opened a ticket was recalled: the ticket goes with it, unless neighbours
    have joined, who still wait for it."""
    if ticket.joined:
        hidden = replace(ticket, text=category_name(ticket.category))
        after, event = _handed_on(scene, hidden, "原话已撤回")
        return Decision((after,), (event,))
    hidden = replace(ticket, text="（已撤回）")
    after, event = act(scene, hidden, Happened.CANCELLED, "消息撤回")
    text = replies.withdrawn(after)
    sends = to_room(ticket.room, Reason.OUTCOME, text, ticket.number)
    return Decision((after,), (event,), sends + _tell_holder(scene, ticket, Reason.OUTCOME, text))


def _handed_on(scene: Scene, ticket: Ticket, why: str) -> tuple[Ticket, Event]:
    """Return the ticket with the first who joined as its reporter."""
    first, *others = ticket.joined
    return act(
        scene, ticket, Happened.ADDED, why, reporter=first.person, reporter_name=first.name,
        joined=tuple(others),
    )  # fmt: skip


def _tell_holder(scene: Scene, ticket: Ticket, reason: Reason, text: str) -> tuple[Send, ...]:
    """Return a line to the room of the level that holds the ticket, if it isn't this one, and to
    the household room, if the speaker is elsewhere."""
    holder = scene.roster.grid(ticket.grid)
    sends = household(scene, ticket, reason, text)
    if holder and holder.room and holder.room not in {scene.message.room, ticket.room}:
        sends += to_room(holder.room, reason, text, ticket.number)
    return sends
