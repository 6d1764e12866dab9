"""What the program remembers, as promises; the engines keep them.

Every change runs as one function of a :class:`Session` inside one transaction: it reads, decides
and writes, and either all of it is durable or none of it happened. Sessions are synchronous and
used by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from bot.models import (
    Aged,
    Code,
    Decision,
    Doubt,
    Event,
    Grid,
    Kind,
    Label,
    Message,
    PersonBinding,
    Question,
    Role,
    RoomBinding,
    Send,
    State,
    Tally,
    Ticket,
)

T = TypeVar("T")


class StorageError(Exception):
    """The database can't be used; the text is one clear line for the operator."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as the inbox keeps it, with what became of it."""

    message: Message
    decision: str
    ticket: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An outgoing message with its place in the queue. ``attempts`` counts failed sends."""

    id: int
    at: datetime
    send: Send
    attempts: int = 0
    state: str = "waiting"
    sent_id: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Queued:
    """An address that something may leave for: its first message, whether that is urgent, and the
    rank of the most important one."""

    id: int
    room: str | None
    to: str | None
    urgent: bool
    rank: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or file of a message that belongs to a ticket.

    ``state`` is ``wanted``, ``kept`` or ``gone``; ``path`` is where it lies in the folder of
    attachments, ``size`` in bytes; ``room`` is None for a direct message.
    """

    message: str
    room: str | None
    kind: Kind
    state: str = "wanted"
    name: str = ""
    path: str = ""
    size: int = 0
    tries: int = 0
    again: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """What an examination of the database found; numbers of rows."""

    open_without_deadline: int
    overdue: int
    failed_messages: int
    unbound_rooms: tuple[str, ...]
    waiting_sends: int
    dropped_sends: int = 0
    gone_attachments: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a chat: ``place`` is its row, ``send`` is None for what was heard."""

    place: int
    id: str
    at: datetime
    message: Message | None
    send: Send | None


@dataclass(slots=True)
class Worker:
    """A running program: the name under which it has things in hand, which nobody else has; and
    what is called, on any thread, when another worker says that there is something to send."""

    name: str = "jiedan"
    hint: Callable[[], None] = lambda: None


class Session(Protocol):
    """One transaction's view of the store."""

    def heard(self, message_id: str) -> Heard | None:
        """Return the inbox row of a message id, or None: the id was never seen."""

    def remember(
        self, message: Message, decision: str, score: float, ticket: int | None, note: str = ""
    ) -> None:
        """Keep a message and what became of it; its id must be new."""

    def next_number(self) -> int:
        """Return the number that the next new ticket gets."""

    def ticket(self, number: int) -> Ticket | None:
        """Return a ticket whole, with its deadline and who joined."""

    def live_at(self, grid: str, children: Sequence[str] = ()) -> list[Ticket]:
        """Return tickets not ended that ``grid`` holds or reported, and emergencies of
        ``children``; oldest first."""

    def of_person(self, person: str, ended_since: datetime) -> list[Ticket]:
        """Return a person's tickets, reported or joined, that are live or ended since then."""

    def held_by(self, person: str, grids: Sequence[str]) -> list[Ticket]:
        """Return live tickets the person has claimed, and unclaimed ones at ``grids``."""

    def tickets_of_sent(self, sent_id: str) -> tuple[int, ...]:
        """Return the numbers a sent message of the bot's speaks of; empty if it isn't the bot's."""

    def known(self, message_id: str) -> str:
        """Return ``repeat`` of an id that was heard before, ``own`` of one that the bot sent,
        nothing of a new one."""

    def heard_at(self, seq: int) -> Heard | None:
        """Return the inbox's entry at a place."""

    def question(self, room: str, person: str) -> Question | None:
        """Return what the bot last asked this person in this room, unanswered."""

    def by_source(self, message_id: str) -> Ticket | None:
        """Return the ticket that this message opened."""

    def withdraw(self, message_id: str) -> None:
        """Blank the words of a message that its author took back: in the inbox, the history and
        the ticket it opened. What was said of it already can't be unsaid."""

    def forget_question(self, room: str, person: str) -> None:
        """Drop what the bot asked this person in this room."""

    def history(self, number: int) -> list[Event]:
        """Return a ticket's events, oldest first."""

    def all_tickets(self) -> Iterator[Ticket]:
        """Yield every ticket, by number."""

    def all_events(self) -> Iterator[Event]:
        """Yield every history line, oldest first."""

    def chat_after(self, inbox: int, outbox: int) -> list[Said]:
        """Return what was heard and what was sent after these places, oldest first."""

    def first_waiting(self) -> int | None:
        """Return the place of the first outgoing message not sent yet."""

    def last_event(self) -> int:
        """Return the place of the newest history line, 0 if there is none."""

    def events_after(self, seq: int) -> list[tuple[int, Event]]:
        """Return history lines of all tickets after a place, with their places."""

    def due(self, now: datetime, until: datetime, most: int) -> list[tuple[int, str]]:
        """Return number and holding grid of tickets whose deadline is ``now`` or earlier and that
        nobody has claimed, the earliest first, ``most`` of them. A claim that reaches beyond
        ``until`` is of a clock that was set back since, and counts for nothing."""

    def claim_due(
        self, numbers: Sequence[int], now: datetime, until: datetime, claim: str
    ) -> list[int]:
        """Claim until then those of ``numbers`` that are still due and free; return them. ``claim``
        is a word that nobody else uses. Call it in Store.claim."""

    def claimed(self, numbers: Sequence[int], claim: str) -> list[int]:
        """Return those whose deadline still stands under a claim: it has not run out and been
        taken by another worker, and nothing was done with the ticket since."""

    def suspects(
        self, late: datetime, far: datetime, kinds: Mapping[State, Collection[str]]
    ) -> list[int]:
        """Return numbers of tickets with which something may be wrong, lowest first: live ones
        without a deadline, or with one before ``late``, after ``far`` or of none of the ``kinds``
        of their state; deadlines of no live ticket; states and ends that disagree."""

    def drop_deadline(self, number: int) -> None:
        """Delete a deadline, whatever is in its row."""

    def next_due(self) -> datetime | None:
        """Return the earliest deadline."""

    def apply(self, decision: Decision, at: datetime) -> None:
        """Write tickets, deadlines, history, questions, outgoing messages and bindings of a
        decision. Raises LookupError if a binding's code was used meanwhile."""

    def fired(self, job: str) -> datetime | None:
        """Return when a fixed-time job last fired."""

    def set_fired(self, job: str, at: datetime) -> None:
        """Note that a fixed-time job fired."""

    def setting(self, key: str) -> str:
        """Return a kept value, empty if none."""

    def keep_setting(self, key: str, value: str) -> None:
        """Keep a value."""

    def tallies(self, since: datetime, until: datetime) -> list[Tally]:
        """Return counts of events with since <= at < until, of tickets closed in that time
        (event ``settled``, at the level that solved them) and of unsure messages (``ask``)."""

    def doubts(self, since: datetime, until: datetime) -> list[Doubt]:
        """Return unsure messages of groups with since <= at < until that no ticket came of, in
        order; withdrawn ones left out."""

    def labels(self) -> list[Label]:
        """Return what leaders taught, in order: tickets rejected as 不是诉求, tickets given another
        category, and words that triage took for none until a person made a ticket of them. The
        category is empty where no person gave it."""

    def aging(self, now: datetime) -> list[Aged]:
        """Return live tickets, the oldest first."""

    def slowest(self, since: datetime, until: datetime) -> list[Aged]:
        """Return tickets closed in the period, the longest first."""

    def waiting(self, now: datetime, open_: bool) -> list[Queued]:
        """Return addresses for which something may be tried now; urgent ones first, then in
        order. ``open_`` tells whether what waits for working hours may go."""

    def ready(self, queued: Queued, now: datetime, open_: bool, most: int) -> list[Waiting]:
        """Return the messages for an address that may be tried now and nobody has in hand, in the
        order in which they leave; none before an earlier one."""

    def take(self, ids: Sequence[int], worker: str, now: datetime, account: str = "") -> bool:
        """Lease outgoing messages to a worker, to leave by ``account``; return False, changing
        nothing, if one is gone, if anything of the same address is in flight, or if another worker
        has the account. Call it in
        Store.claim."""

    def sent(self, ids: Sequence[int], sent_id: str, at: datetime) -> None:
        """Mark outgoing messages delivered, under the channel's id."""

    def failed(self, ids: Sequence[int], worker: str, why: str, again: datetime) -> None:
        """Put a send that failed in a worker's hands off to ``again``; in another's hands by now,
        it stays as it is."""

    def drop(self, ids: Sequence[int], worker: str, why: str, at: datetime) -> None:
        """Give up outgoing messages in a worker's hands; they stay in the outbox with the
        reason."""

    def spoken(self, since: datetime) -> dict[str, int]:
        """Return how many messages each account has sent since then."""

    def stuck(self, before: datetime) -> list[Waiting]:
        """Return outgoing messages that wait since before then, the oldest of each address; what
        waits for working hours is left out."""

    def has_written(self, person: str) -> bool:
        """Return whether a person ever wrote to the bot directly."""

    def said_in(self, room: str, since: datetime) -> list[tuple[str, str, str]]:
        """Return id, speaker's name and text of what was said lately in a room, by anybody and by
        the bot (no name), the newest first; some hundreds at most."""

    def unclaimed_pictures(self, room: str, sender: str, since: datetime) -> list[str]:
        """Return ids of pictures and files that a person sent to a room since then and that belong
        to no ticket, oldest first."""

    def adopt(self, message_id: str, ticket: int) -> None:
        """Note that a message heard earlier belongs to a ticket."""

    def want(self, message_id: str, at: datetime) -> None:
        """Note that the picture or file of a message heard is to be kept."""

    def wanted(self, now: datetime) -> list[Attachment]:
        """Return pictures and files to be fetched now, oldest first."""

    def attachment(self, message_id: str) -> Attachment | None:
        """Return what is known of a message's picture or file."""

    def attachments_of(self, ticket: int) -> list[Attachment]:
        """Return pictures and files of a ticket, wanted, kept or gone, oldest first."""

    def keep_attachment(self, attachment: Attachment) -> bool:
        """Note what became of a picture or file, if it is still wanted; return whether it was. Else
        it was fetched twice at once, or its sender was erased meanwhile."""

    def unclaimed_paths(self, paths: Iterable[str]) -> list[str]:
        """Return those of the paths in the folder of attachments that belong to no message."""

    def lease(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Lease something to a holder, or renew it, until then; return whether it is theirs. Call
        it in Store.claim."""

    def leases(self, now: datetime, until: datetime) -> dict[str, tuple[str, bool]]:
        """Return what is leased or was until its holder was gone, with the holder and whether it
        is leased at ``now``; ``until`` as in :meth:`due`."""

    def end_lease(self, name: str, holder: str) -> None:
        """End a holder's lease."""

    def release(self, account: str) -> None:
        """Free the messages that whoever had an account before had in hand."""

    def release_claims(self, worker: str) -> None:
        """Free the deadlines that a worker of this name had claimed."""

    def erasable(self, before: datetime, most: int) -> list[int]:
        """Return numbers of tickets that ended before then and keep their contact data, the oldest
        first."""

    def erase_contacts(
        self, number: int, wash: Callable[[str], str], at: datetime, why: str
    ) -> None:
        """Erase who reported and joined an ended ticket, wherever it is kept, and have what was
        said of it washed. A tombstone stays."""

    def forget_chatter(self, before: datetime, most: int, at: datetime) -> int:
        """Delete what people said before then that belongs to no ticket, and what the bot said,
        ``most`` messages of each at once; return how many were looked at."""

    def kept_of(self, person: str) -> dict[str, list[dict[str, object]]]:
        """Return all rows that are kept of a person, by table."""

    def erase_person(self, person: str, at: datetime) -> tuple[int, list[str]]:
        """Erase a person who has no open ticket and no role: words, names, ids; return how many
        rows, and the paths of pictures that nobody needs any more. A tombstone stays."""

    def rewrite(self, change: Callable[[str], str], at: datetime, why: str) -> int:
        """Change the words in each row that has any; return how many changed. A tombstone
        stays."""

    def health(self, now: datetime) -> Health:
        """Examine the database."""

    def load_roster(self) -> tuple[list[Grid], list[Role]]:
        """Return the roster: the last import's rows with what was bound in the chat since."""

    def uprooted(self) -> list[tuple[int, str]]:
        """Return number and path of live tickets whose holding or home grid is gone."""

    def replant(self, number: int, grid: Grid) -> None:
        """Put a ticket whose grid is gone at another."""

    def save_roster(self, grids: Iterable[Grid], roles: Iterable[Role]) -> None:
        """Replace the roster; live tickets follow their home grid to its new room.

        The newest word wins: a room or id that differs from the last import's for that row drops
        what was bound in the chat; an empty or repeated one doesn't.
        """

    def keep_code(self, code: str, about: Code) -> None:
        """Keep a new one-time code (normalised: capitals and digits alone) as its digest."""

    def code(self, code: str, now: datetime) -> Code | None:
        """Return what a normalised code is for; None if it is unknown, used or expired."""

    def bind(self, binding: RoomBinding | PersonBinding, at: datetime) -> None:
        """Bind a group or a person and use the code up: live tickets follow to the new room, or
        from the old id. Raises LookupError if the code was used meanwhile."""

    def lost_grid(self, room: str) -> str:
        """Return the code of the grid that a room was bound to when an import left it out; empty
        if there is none."""

    def dump(self, table: str, start: int, count: int) -> list[tuple[object, ...]]:
        """Return rows of a table in the order of its key, ``count`` at most after ``start``."""

    def fill(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Write rows into a table as another database held them."""


class Store(Protocol):
    """An engine."""

    async def transact(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in a transaction; return its result when that is durable."""

    async def claim(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` as :meth:`transact` does, while no other worker is in a claim: what it reads
        of others' claims is what stands."""

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` beside the writer; it must not write."""

    async def examine(self) -> None:
        """Raise StorageError, in one line, if the database is damaged, as far as the engine can
        tell. Half a second for a million tickets on SQLite; a server looks after its own."""

    async def scrub(self) -> None:
        """Leave no byte of what was deleted in the engine's files, as far as the engine can tell.
        Raises StorageError."""

    async def close(self) -> None:
        """Finish what is queued and let go of the database."""
