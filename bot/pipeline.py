"""The way of a message: inbox, understand, decide, commit, in one transaction. Read this first.

A channel calls :meth:`Pipeline.receive`; when that returns, the message and all that follows from
it are on disk, and the outbox takes over.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.models import (
    BOT_MENTION,
    NOTHING,
    Command,
    Decision,
    Grid,
    Happened,
    Kind,
    Message,
    Role,
    Ticket,
    Understanding,
)
from handlers import bind, finish, menu, quoting
from handlers.names import plain_name
from handlers.report import SHOWN, SPOKEN, STORY
from handlers.rights import speaks_as
from handlers.roster import Roster
from handlers.scene import Scene, name_of
from handlers.triage import Triage
from schedules.doubts import DOUBTS
from schedules.policy import Promises
from storage.base import Session, Store

log = logging.getLogger(__name__)

_UNHEARD = "unheard"
"""The setting that holds when a room's leader was last asked to listen to a voice message."""
_QUIET = frozenset({"ignore", "repeat", "own"})
_OUR_FAULTS = (LookupError, TypeError, ValueError, AttributeError, AssertionError)
_BROKEN = re.compile("[\0\ud800-\udfff]")

REMEMBERED = timedelta(days=7)
"""How long after its end a ticket can still be asked about and reopened without its number."""


class Pipeline:
    """Takes messages of all channels."""

    def __init__(
        self, store: Store, triage: Triage, promises: Promises, roster: Roster, clock: Clock
    ) -> None:
        self._store = store
        self._triage = triage
        self._promises = promises
        self.roster = roster
        self._clock = clock
        self.committed: Callable[[], None] = lambda: None
        """Called after each commit; the outbox listens."""
        self.rebound: Callable[[Session, Roster, Roster], None] = lambda *_: None
        """Called in the transaction with the roster a binding was decided on and the new one."""

    async def receive(self, message: Message) -> str:
        """Handle a message once; return what became of it when that is on disk.

        The same id again changes nothing and returns ``repeat``. Raises StorageError when the
        message could not be kept: the channel must deliver it again.
        """
        whole = _writable(message)
        try:
            outcome = await self._store.transact(lambda session: self._once(session, whole))
        except _OUR_FAULTS as error:
            # A fault of ours must not lose the message: it is kept and `doctor` shows it.
            log.exception("message %s could not be handled", whole.id)
            why = type(error).__name__
            outcome = await self._store.transact(lambda session: _keep(session, whole, why))
        self.committed()
        return outcome

    async def receive_quiet(
        self, messages: Sequence[Message], arrives: Callable[[Message], None]
    ) -> tuple[int, str]:
        """Handle messages in one commit, up to the first that changes more than the inbox; return
        how many that were, and what became of the last. ``arrives`` is called before each: it
        moves the clock of a replay, for which a commit each would be most of a long day."""
        whole = [_writable(message) for message in messages]

        def handle(session: Session) -> tuple[int, str]:
            outcome = ""
            for count, message in enumerate(whole, 1):
                arrives(message)
                outcome = self._once(session, message)
                if outcome not in _QUIET:
                    return count, outcome
            return len(whole), outcome

        try:
            return await self._store.transact(handle)
        except _OUR_FAULTS:  # of none of them anything is kept: the first alone shows whose it is
            arrives(whole[0])
            return 1, await self.receive(whole[0])

    def _once(self, session: Session, message: Message) -> str:
        return session.known(message.id) or self._handle(session, message)

    def _handle(self, session: Session, message: Message) -> str:
        grid = self.roster.by_room(message.room) if message.room else None
        if message.room and grid is None:
            return self._unbound(session, message)
        if message.kind is Kind.RECALLED:
            return self._recall(session, message, grid)
        reply, quote = _unquoted(session, message)
        own_words = message
        if quote != message.quote or reply != message.text:
            own_words = replace(message, text=reply, quote=quote)
        scene = self._scene(session, own_words, grid)
        decision = menu.decide(scene)
        self._commit(session, message, decision)
        number = decision.events[0].ticket if decision.events else None
        understood = scene.understanding
        outcome = understood.decision
        if number and outcome in {"ask", "ignore"}:
            outcome = "followed"  # more on a ticket, or a neighbour's assent
        whole = message if quote == message.quote else replace(message, quote=quote)
        session.remember(whole, outcome, understood.score, number)
        self._attach(session, message, decision, number)
        if message.kind in SPOKEN and decision.sends and number is None:
            session.keep_setting(f"{_UNHEARD} {message.room}", self._clock().isoformat())
        self._rebind(session, scene, decision)
        return outcome

    def _attach(
        self, session: Session, message: Message, decision: Decision, number: int | None
    ) -> None:
        """Have the pictures of a ticket kept: one that comes with it, and those that the reporter
        sent just before the words that opened it."""
        if number is None:
            return
        now = self._clock()
        if message.kind in SHOWN:
            session.want(message.id, now)
        if message.room and decision.events[0].kind is Happened.CREATED:
            for earlier in session.unclaimed_pictures(message.room, message.sender, now - STORY):
                session.adopt(earlier, number)
                session.want(earlier, now)

    def _unbound(self, session: Session, message: Message) -> str:
        """Keep what is said in a group of no grid, and keep silent, but to the words that bind
        it and to whoever calls the bot."""
        command = bind.ordered(message.text)
        called = BOT_MENTION in message.mentions
        if message.kind is not Kind.TEXT or not (command or called):
            session.remember(message, "unbound", 0.0, None)
            return "unbound"
        now = self._promises.calendar.local(self._clock())
        scene = Scene(
            now, message, message.text, Understanding("command", command=command), self.roster,
            None, self.roster.roles_of(message.sender),
            lost_grid=session.lost_grid(message.room or ""),
        )  # fmt: skip
        decision = bind.stranger(scene)
        if command:
            decision = menu.decide(self._with_code(session, scene, command))
        self._commit(session, message, decision)
        session.remember(message, "command", 0.0, None)
        self._rebind(session, scene, decision)
        return "command"

    def _with_code(self, session: Session, scene: Scene, command: Command) -> Scene:
        return replace(scene, code=session.code(bind.secret(command), scene.now))

    def _rebind(self, session: Session, scene: Scene, decision: Decision) -> None:
        """Serve the roster as a decision leaves it from the next message on, even in the same
        commit. The last step, since a fault after it could not undo it."""
        if decision.bindings:
            self.rebound(session, scene.roster, bind.rebound(scene.roster, decision.bindings))

    def _commit(self, session: Session, message: Message, decision: Decision) -> None:
        if decision is NOTHING:
            return
        if decision.answered:
            session.forget_question(message.room or "", message.sender)
        now = self._clock()
        session.apply(self._promises.keep(decision, now), now)

    def _scene(self, session: Session, message: Message, grid: Grid | None) -> Scene:
        """Gather what deciding needs; most chatter needs nothing but the words."""
        now = self._promises.calendar.local(self._clock())
        roles = self.roster.roles_of(message.sender)
        own = [
            t for t in session.of_person(message.sender, now - REMEMBERED)
            if message.room in {None, t.room}
        ]  # fmt: skip
        quoted = _quoted(session, message)
        understood = self._understand(session, message, grid, roles, own, quoted)
        scene = Scene(
            now, message, message.text, understood, self.roster, grid, roles,
            quoted=quoted, reporter=message.sender, reporter_name=name_of(message, roles),
            source=message.id,
        )  # fmt: skip
        command = understood.command
        if command and command.name == "bind":
            return self._with_code(session, scene, command)
        if command and command.name == "report":
            scene = self._reported(session, scene, command)
        elif command and not command.explicit:
            scene = replace(scene, plain=self._triage.judge(message.text, role=_role(scene)))
        if message.kind in SPOKEN:
            told = session.setting(f"{_UNHEARD} {message.room}")
            scene = replace(scene, told_at=datetime.fromisoformat(told) if told else None)
        if _idle(scene, own):
            return scene
        return self._with_tickets(session, scene, own)

    def _understand(
        self,
        session: Session,
        message: Message,
        grid: Grid | None,
        roles: tuple[Role, ...],
        own: list[Ticket],
        quoted: tuple[Ticket, ...],
    ) -> Understanding:
        if menu.bare_number(message.text):
            asked = session.question(message.room or "", message.sender)
            command = menu.completed(asked, message.text, self._clock())
            if command:
                return Understanding("command", command=command)
        if not message.text and message.kind is not Kind.TEXT:
            return Understanding("ignore", follows="more")
        role = speaks_as(message.sender, roles, grid.code if grid else None, own, self.roster)
        mentioned = BOT_MENTION in message.mentions
        return self._triage.understand(
            message.text, mentioned=mentioned, role=role, quoted=len(quoted) == 1
        )

    def _reported(self, session: Session, scene: Scene, command: Command) -> Scene:
        """Return the scene with the subject of a 下单: its own words, or the quoted message's."""
        text = command.args.get("text", "")
        picked = self._picked(session, scene, text)
        if picked is not None:
            return picked
        message = scene.message
        if not text and message.quote:
            heard = session.heard(message.quote)
            if heard:
                scene = replace(
                    scene, reporter=heard.message.sender, source=heard.message.id,
                    reporter_name=heard.message.name or heard.message.sender,
                )  # fmt: skip
                text = heard.message.text
        subject = self._triage.understand(text, mentioned=True)
        if subject.command:  # "下单 接单": words that name a command are still only words here
            subject = Understanding("ticket")
        return replace(
            scene, text=text, understanding=replace(subject, decision="command", command=command)
        )

    def _picked(self, session: Session, scene: Scene, text: str) -> Scene | None:
        """Return the scene of the doubtful words that 立单 1 picks from the speaker's list, None
        if the words are no such number or there is no list."""
        number = menu.bare_number(text)
        listed = session.question(DOUBTS, scene.message.sender) if number else None
        if listed is None:
            return None
        place = int(number) - 1
        found = place in range(len(listed.choices)) and session.heard_at(listed.choices[place])
        if not found or session.by_source(found.message.id):
            return replace(scene, lister=scene.message.sender, grid=None)
        heard = found.message
        subject = self._triage.understand(heard.text, mentioned=True)
        return replace(
            scene, grid=self.roster.by_room(heard.room or ""), text=heard.text,
            message=heard, reporter=heard.sender, reporter_name=heard.name or heard.sender,
            source=heard.id, lister=scene.message.sender,
            understanding=replace(
                subject, decision="command", command=scene.understanding.command
            ),
        )  # fmt: skip

    def _with_tickets(self, session: Session, scene: Scene, own: list[Ticket]) -> Scene:
        command = scene.understanding.command
        found = {t.number: t for t in own}
        if scene.grid:
            below = [g.code for g in self.roster.below(scene.grid.code)]
            found.update({t.number: t for t in session.live_at(scene.grid.code, below)})
        if command and (command.args.get("text") == "mine" or scene.grid is None):
            grids = [r.grid for r in scene.roles]
            held = session.held_by(scene.message.sender, grids)
            found.update({t.number: t for t in held})
        args = command.args if command else {}
        return replace(
            scene,
            tickets=tuple(found[number] for number in sorted(found)),
            named=_by_number(session, args.get("ticket")),
            into=_by_number(session, args.get("into")),
            next_number=session.next_number(),
        )

    def _recall(self, session: Session, message: Message, grid: Grid | None) -> str:
        """Honour a withdrawn message: its words go, and the ticket it opened with them."""
        now = self._promises.calendar.local(self._clock())
        original = session.heard(message.quote) if message.quote else None
        ticket = session.by_source(message.quote) if message.quote else None
        if original is None or original.message.sender != message.sender:
            session.remember(message, "ignore", 0.0, None)
            return "ignore"
        if ticket and ticket.reporter == message.sender and not ticket.state.ended:
            scene = Scene(now, message, "", Understanding("ignore"), self.roster, grid)
            self._commit(session, message, finish.withdrawn(scene, ticket))
        session.withdraw(original.message.id)
        session.remember(message, "recalled", 0.0, ticket.number if ticket else None)
        return "recalled"


def _keep(session: Session, message: Message, why: str) -> str:
    """Keep a message that a fault of ours left unhandled."""
    known = session.known(message.id)
    if not known:
        session.remember(message, "failed", 0.0, None, why)
    return known or "failed"


def _writable(message: Message) -> Message:
    """Return the message with what can't be stored (lone surrogates of broken JSON; NUL, which
    PostgreSQL refuses) replaced."""
    name = plain_name(_whole(message.name))
    texts = (message.id, message.sender, message.text, message.quote or "")
    if name == message.name and not any(map(_BROKEN.search, texts)):
        return message
    return replace(
        message, id=_whole(message.id), sender=_whole(message.sender), name=name,
        text=_whole(message.text), quote=_whole(message.quote) if message.quote else None,
    )  # fmt: skip


def _whole(text: str) -> str:
    text = text.replace("\0", "\ufffd")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _role(scene: Scene) -> str:
    """Return the role in which free words are judged: staff speak to residents, others report."""
    here = scene.grid.code if scene.grid else None
    return speaks_as(scene.message.sender, scene.roles, here, [], scene.roster)


def _unquoted(session: Session, message: Message) -> tuple[str, str | None]:
    """Return the speaker's own words, and the id of the message they reply to: given by the
    network, or found by the words that WeChat quotes in the text."""
    parts = quoting.split(message.text) if message.room and not message.quote else None
    if parts is None or message.room is None:
        return message.text, message.quote
    lately = session.said_in(message.room, message.at - REMEMBERED)
    return parts.reply, quoting.find(parts, [quoting.Spoken(*said) for said in lately])


def _quoted(session: Session, message: Message) -> tuple[Ticket, ...]:
    if not message.quote:
        return ()
    numbers = session.tickets_of_sent(message.quote)
    opened = session.by_source(message.quote)
    found = [session.ticket(number) for number in numbers] or [opened]
    return tuple(ticket for ticket in found if ticket)


def _by_number(session: Session, number: str | None) -> Ticket | None:
    return session.ticket(int(number)) if number and number.isdecimal() else None


def _idle(scene: Scene, own: list[Ticket]) -> bool:
    """Return whether no ticket can matter to this message."""
    understood = scene.understanding
    speaks = understood.decision in {"ticket", "command"} or understood.follows
    return not speaks and not own and BOT_MENTION not in scene.message.mentions
