"""What a handler sees, and how it finds the one ticket that a command means. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.models import (
    NOTHING,
    Code,
    Command,
    Decision,
    Grid,
    Happened,
    Message,
    Question,
    Reason,
    Role,
    Send,
    State,
    Ticket,
    Understanding,
)
from handlers import replies
from handlers.masking import mask
from handlers.rights import may
from handlers.roster import Roster
from handlers.workflow import allowed

FOCUS = timedelta(minutes=15)
"""A ticket spoken of this recently is what a room is talking about."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A message with all that deciding on it needs; the pipeline builds it."""

    now: datetime
    message: Message
    text: str
    """The words that count: the message's, or those of a message quoted to report it."""
    understanding: Understanding
    roster: Roster
    grid: Grid | None
    """Whose room it is; None in a direct message."""
    roles: tuple[Role, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    """Live tickets of this room's grid, and the speaker's own."""
    named: Ticket | None = None
    """The ticket whose number the command gives."""
    into: Ticket | None = None
    """The other ticket of a merge."""
    quoted: tuple[Ticket, ...] = ()
    """Tickets that the quoted message speaks of or opened."""
    reporter: str = ""
    reporter_name: str = ""
    """Whose report it is: the speaker, or the author of the quoted message."""
    source: str = ""
    lister: str = ""
    """The leader who picked these words from the list of doubtful ones; the message is then the one
    picked, and the grid None if there is none."""
    next_number: int = 0
    told_at: datetime | None = None
    """When the leader was last told of a voice message in this room."""
    plain: Understanding | None = None
    """The words of a natural saying understood as words, in case it orders nothing."""

    code: Code | None = None
    """What the code in the words is good for."""
    lost_grid: str = ""
    """The code of the grid that this group was bound to until it left the roster."""

    @property
    def speaker(self) -> str:
        """Return the name people know the speaker by."""
        return name_of(self.message, self.roles)


def name_of(message: Message, roles: Sequence[Role]) -> str:
    """Return the name people know a message's author by."""
    return message.name or next((r.name for r in roles), "") or message.sender


def answer(
    scene: Scene, text: str, *tickets: int, reason: Reason = Reason.ANSWER, mention: bool = False
) -> Send:
    """Return a line to where the speaker is."""
    sender = scene.message.sender
    if scene.message.room is None:
        return Send(reason, mask(text), to=sender, tickets=tickets)
    mentions = (sender,) if mention else ()
    return Send(reason, mask(text), scene.message.room, mentions=mentions, tickets=tickets)


def say(scene: Scene, text: str, *tickets: int) -> Decision:
    """Return a decision that only answers."""
    return Decision(sends=(answer(scene, text, *tickets, mention=True),))


def to_room(
    room: str,
    reason: Reason,
    text: str,
    *tickets: int,
    mentions: tuple[str, ...] = (),
    urgent: bool = False,
) -> tuple[Send, ...]:
    """Return a message to a room, or nothing where a grid has no room."""
    if not room:
        return ()
    return (Send(reason, mask(text), room, mentions=mentions, tickets=tickets, urgent=urgent),)


def allows(scene: Scene, what: Happened) -> Callable[[Ticket], bool]:
    """Return the question whether the speaker may do this to a ticket."""
    return lambda ticket: may(what, ticket, scene.message.sender, scene.roles, scene.roster)


def target(
    scene: Scene,
    command: Command,
    what: Happened,
) -> Ticket | Decision:
    """Return the one ticket the command means, or the decision to say why there is none.

    In this order: the number given, the message quoted, the only one it can mean. With several
    the bot asks.
    """
    fits = allows(scene, what)
    if command.args.get("ticket"):
        return _named(scene, command, what, fits)
    if scene.quoted:
        return _quoted(scene, command, what, fits)
    fitting = [t for t in scene.tickets if allowed(t, what) and fits(t)]
    if not fitting:
        return _miss(scene, command, what)
    fitting = narrow(scene, command, what, fitting)
    return fitting[0] if len(fitting) == 1 else which(scene, command, fitting)


_OUTCOMES = frozenset({Happened.CONFIRMED, Happened.REOPENED})


def _named(
    scene: Scene, command: Command, what: Happened, fits: Callable[[Ticket], bool]
) -> Ticket | Decision:
    ticket = scene.named
    if ticket is None:
        return say(scene, replies.no_such(command.args["ticket"]))
    if not fits(ticket):
        return say(scene, replies.not_yours(ticket, what, _holder(scene, ticket)), ticket.number)
    if not allowed(ticket, what):
        return say(scene, replies.too_late(ticket), ticket.number)
    return ticket


def _quoted(
    scene: Scene, command: Command, what: Happened, fits: Callable[[Ticket], bool]
) -> Ticket | Decision:
    fitting = [t for t in scene.quoted if allowed(t, what) and fits(t)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        return which(scene, command, fitting)
    if not command.explicit and what in _OUTCOMES:  # "又漏了" may also just go on with the story
        return NOTHING
    first = scene.quoted[0]
    if not fits(first):
        return say(scene, replies.not_yours(first, what, _holder(scene, first)), first.number)
    return say(scene, replies.too_late(first), first.number)


def _holder(scene: Scene, ticket: Ticket) -> str:
    grid = scene.roster.grid(ticket.grid)
    return grid.name if grid else ticket.grid


def narrow(scene: Scene, command: Command, what: Happened, fitting: list[Ticket]) -> list[Ticket]:
    """Return what is left when the words, the speaker's own claims and the talk of the last
    minutes are taken as hints; each hint counts only if it leaves something."""
    spoken = [t for t in fitting if _speaks_of(command.args.get("text", ""), t, scene)]
    recent = [t for t in fitting if scene.now - t.touched_at <= FOCUS]
    mine = [t for t in fitting if t.handler == scene.message.sender]
    # What a leader whistles up is what the room just talked about; what he reports on or
    # finishes is what he has taken.
    hints = [spoken, recent, mine] if what is Happened.ESCALATED else [spoken, mine, recent]
    for hint in hints:
        both = [t for t in fitting if t in hint]
        fitting = both or fitting
    return fitting


def _speaks_of(text: str, ticket: Ticket, scene: Scene) -> bool:
    if not text:
        return False
    place = ticket.place
    parts = [place.building, place.road, place.group, place.estate, ticket.topic]
    named = any(part and part in text for part in parts)
    return named or replies.category_word(ticket.category) in text or bool(
        ticket.topic and ticket.topic == scene.understanding.topic
    )  # fmt: skip


def which(scene: Scene, command: Command, choices: list[Ticket]) -> Decision:
    """Return the decision to ask which of several tickets is meant."""
    shown = choices[:6]
    numbers = tuple(t.number for t in shown)
    asked = Question(scene.message.room or "", scene.message.sender, command, numbers, scene.now)
    text = replies.which(command.name, shown, len(choices))
    return Decision(sends=(answer(scene, text, *numbers, mention=True),), question=asked)


def _miss(scene: Scene, command: Command, what: Happened) -> Decision:
    if what is Happened.CLAIMED:
        taken = [
            t for t in scene.tickets
            if t.state is State.CLAIMED and t.claimed_at and scene.now - t.claimed_at <= FOCUS
            and t.handler != scene.message.sender
        ]  # fmt: skip
        if taken and scene.roles:
            return say(scene, replies.taken(taken[-1]), taken[-1].number)
    if not command.explicit or what in _OUTCOMES:  # "满意" is also just a word
        return NOTHING
    own = [t for t in scene.tickets if scene.message.sender in t.audience]
    others = [t for t in scene.tickets if allowed(t, what)]
    if others:
        holder = _holder(scene, others[-1])
        return say(scene, replies.not_yours(others[-1], what, holder), others[-1].number)
    return say(scene, replies.none_here(command.name)) if scene.roles or own else NOTHING


def answered(decision: Decision) -> Decision:
    """Return the decision with the speaker's open question marked as done."""
    return replace(decision, answered=True)
