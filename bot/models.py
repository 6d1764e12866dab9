"""The words of the field as plain values; imports the standard library alone.

Times are aware datetimes. Texts are what people wrote or will read, unmasked unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """The five levels of linkage, lowest first."""

    MICROGRID = "microgrid"
    BRANCH = "branch"
    VILLAGE = "village"
    TOWNSHIP = "township"
    CITY = "city"

    @property
    def rank(self) -> int:
        """0 for a micro-grid, 4 for the city."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


class Kind(StrEnum):
    """What a message is made of."""

    TEXT = "text"
    IMAGE = "image"
    FILE = "file"
    VOICE = "voice"
    VIDEO = "video"
    LOCATION = "location"
    RECALLED = "recalled"


class State(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    SUSPENDED = "suspended"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    MERGED = "merged"

    @property
    def ended(self) -> bool:
        """Nothing more falls due."""
        return self in _ENDED


_ENDED = frozenset({State.CLOSED, State.CANCELLED, State.REJECTED, State.MERGED})


class Happened(StrEnum):
    """What can happen to a ticket; the names of the replay contract."""

    CREATED = "created"
    ADDED = "added"
    JOINED = "joined"
    CLAIMED = "claimed"
    PROGRESS = "progress"
    ESCALATED = "escalated"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    RESOLVED = "resolved"
    CONFIRMED = "confirmed"
    REOPENED = "reopened"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    MERGED = "merged"
    RECLASSIFIED = "reclassified"
    CLOSED = "closed"


class Urgency(StrEnum):
    """How soon a ticket must move; each has its own promises."""

    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class Reason(StrEnum):
    """Why the bot speaks."""

    ACK = "ack"
    ANSWER = "answer"
    NUDGE = "nudge"
    ESCALATE = "escalate"
    OUTCOME = "outcome"
    CONFIRM = "confirm"
    DIGEST = "digest"
    NOTICE = "notice"
    ALERT = "alert"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Return 0 for what an account that has to wait says first, 3 for what it says last."""
        return _REASON_RANKS.get(self, 1)

    @property
    def repeats(self) -> bool:
        """Return whether a message is rather said twice than not at all, should nobody know
        whether it arrived: all but what the clock will say again anyway."""
        return self not in _SAID_AGAIN


_REASON_RANKS = {Reason.ALERT: 0, Reason.NUDGE: 2, Reason.NOTICE: 2, Reason.DIGEST: 3}
_SAID_AGAIN = frozenset({Reason.NUDGE, Reason.NOTICE, Reason.DIGEST})


class RoleKind(StrEnum):
    """What a person may be at a grid."""

    LEADER = "leader"
    DEPUTY = "deputy"
    MEMBER = "member"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


SYSTEM = "system"
"""The actor of whatever the timer does."""

BOT_MENTION = "@bot"
"""How a channel writes a mention of the bot itself."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A node of the tree. ``room`` is its group's id, empty until bound; a city has no parent."""

    code: str
    name: str
    level: Level
    parent: str = ""
    room: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """One person's role at one grid; ``person`` is a chat user id, empty until bound."""

    person: str
    name: str
    kind: RoleKind
    grid: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel heard. ``room`` is None for a direct message, ``quote`` the id replied to."""

    id: str
    at: datetime
    room: str | None
    sender: str
    name: str = ""
    kind: Kind = Kind.TEXT
    text: str = ""
    mentions: tuple[str, ...] = ()
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Parts of an address in the text's own words; empty where none was found."""

    estate: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    road: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """An order to the bot: a name of the triage contract and its arguments."""

    name: str
    args: dict[str, str] = field(default_factory=dict)
    explicit: bool = True
    """False when read from natural words ("修好了"): a miss is then passed over in silence."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What triage makes of a message: the triage contract's fields but the phones, which only
    `jiedan triage` shows, and two for the pipeline."""

    decision: str
    """``ticket``, ``ask``, ``ignore`` or ``command``."""
    score: float = 0.0
    kind: str = "service"
    category: str = "other-service"
    domain: str = ""
    urgency: Urgency = Urgency.NORMAL
    size: str = "micro"
    place: Place = Place()
    command: Command | None = None
    why: tuple[str, ...] = ()
    topic: str = ""
    """The matter in one word (停电, 路灯); the same topic twice in a room may be one problem."""
    follows: str = ""
    """``more`` if it reads as more words on the speaker's own report ("在3栋"), ``same`` if as a
    neighbour's assent ("我家也是"), else empty."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """What falls due next on a ticket: ``kind`` is claim, resolve, resume, confirm or review."""

    kind: str
    due: datetime
    nudges: int = 0
    """Nudges given so far on this promise."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Somebody who waits for the outcome beside the reporter."""

    person: str
    name: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """One problem, from report to outcome. ``grid`` holds it now, ``home`` reported it."""

    number: int
    state: State
    level: Level
    grid: str
    home: str
    room: str
    category: str
    kind: str
    domain: str
    urgency: Urgency
    size: str
    text: str
    place: Place
    topic: str
    reporter: str
    reporter_name: str
    created_at: datetime
    level_since: datetime
    """When it came to the level that holds it."""
    touched_at: datetime
    """When anybody last spoke of it; never a promise's clock."""
    path: str
    """Codes from the city down to ``home``, each followed by a slash."""
    source: str = ""
    """The id of the message that opened it."""
    handler: str = ""
    handler_name: str = ""
    outcome: str = ""
    claimed_at: datetime | None = None
    resolved_at: datetime | None = None
    ended_at: datetime | None = None
    suspended_until: datetime | None = None
    nudged_at: datetime | None = None
    reopened: int = 0
    stars: int = 0
    joined: tuple[Watcher, ...] = ()
    deadline: Deadline | None = None

    @property
    def audience(self) -> tuple[str, ...]:
        """Who hears the outcome: the reporter first, then whoever joined."""
        return (self.reporter, *(w.person for w in self.joined if w.person != self.reporter))


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a ticket's append-only history, with the ticket's fields after it."""

    ticket: int
    at: datetime
    kind: Happened
    state: State
    level: Level
    grid: str
    category: str
    urgency: Urgency
    actor: str
    actor_name: str = ""
    text: str = ""
    message: str = ""
    """The id of the message that caused it; empty for the timer."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something happened: one row of the counts that digests are added up from."""

    home: str
    event: str
    level: str
    category: str
    count: int


@dataclass(frozen=True, slots=True)
class Aged:
    """A ticket with its age or its length in hours, for the oldest and the slowest."""

    number: int
    home: str
    level: str
    text: str
    hours: float
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """A message to go out: to a ``room``, or to one person (``to``). Text is masked already."""

    reason: Reason
    text: str
    room: str | None = None
    to: str | None = None
    mentions: tuple[str, ...] = ()
    tickets: tuple[int, ...] = ()
    urgent: bool = False
    """Goes before others when an account has to wait."""
    chart: str = ""
    """JSON of the figures to draw, for channels that take pictures."""
    in_hours: bool = False
    """Waits for working hours, should it be held up until they are over."""
    files: tuple[str, ...] = ()
    """Ids of messages whose pictures or files go along."""


@dataclass(frozen=True, slots=True)
class Question:
    """The bot asked which ticket was meant; a bare number from the same person answers it."""

    room: str
    person: str
    command: Command
    choices: tuple[int, ...]
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Doubt:
    """Words in a group of which triage wasn't sure: ``seq`` is their place in the inbox."""

    seq: int
    room: str
    name: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Label:
    """What leaders taught of some words: whether they are a problem, and of which category; empty
    where nobody has said it."""

    text: str
    problem: bool
    category: str


NO_PROBLEM = "不是诉求"
"""In the outcome of a ticket that should never have been one."""


@dataclass(frozen=True, slots=True)
class Code:
    """A one-time code: ``kind`` is ``room`` (binds a group to ``grid``) or ``person`` (``name``,
    who has a role there). ``digest`` stands for the code itself, which is kept nowhere."""

    kind: str
    grid: str
    name: str
    created_at: datetime
    expires_at: datetime
    digest: str = ""


@dataclass(frozen=True, slots=True)
class RoomBinding:
    """A grid's group from now on; an empty ``room`` unbinds. ``code`` is a digest, used up."""

    grid: str
    room: str
    by: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class PersonBinding:
    """Who has these ``roles`` (as they were before) from now on; an empty ``person`` unbinds.
    Live tickets of ``old``, the id that no longer counts, go to ``person``."""

    person: str
    roles: tuple[Role, ...]
    old: str = ""
    by: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a message or the clock leads to: rows to store and messages to send."""

    tickets: tuple[Ticket, ...] = ()
    events: tuple[Event, ...] = ()
    sends: tuple[Send, ...] = ()
    question: Question | None = None
    answered: bool = False
    """The speaker's open question, if any, is done with."""
    bindings: tuple[RoomBinding | PersonBinding, ...] = ()


NOTHING = Decision()
