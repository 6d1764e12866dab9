"""A plain model of the workflow, from the glossary, the README and the replay contract.

It shares no code with handlers/ and schedules/: one town, one list of tickets, and what each word
and each passing moment may do to them. Every day works, from eight to nine in the evening.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LEVELS = {"M1": "microgrid", "M2": "microgrid", "B": "branch", "V": "village", "T": "township",
          "C": "city"}  # fmt: skip
ABOVE = {"M1": "B", "M2": "B", "B": "V", "V": "T", "T": "C"}
ROOMS = {"M1": "R-1", "M2": "R-2", "B": "R-B", "V": "R-V", "T": "R-T"}
GRID_OF = {room: grid for grid, room in ROOMS.items()}
HEADS = {"u-1": "M1", "u-1d": "M1", "u-2": "M2", "u-b": "B", "u-v": "V", "u-t": "T", "u-c": "C"}
MEMBERS = {"u-1m": "M1"}
NAMES = {"林网格": "u-1", "邓副": "u-1d", "孟党员": "u-1m", "罗网格": "u-2", "鲍书记": "u-b", "魏书记": "u-v",
         "陶主任": "u-t", "柯市长": "u-c"}  # fmt: skip
WHERE = {**HEADS, **MEMBERS}
SUPERVISORS = ("u-cs", "u-vs")

HOURS, MINUTES = timedelta(hours=1), timedelta(minutes=1)
CLAIM = {"normal": 2 * HOURS, "urgent": 1 * HOURS, "emergency": 10 * MINUTES}
NUDGE = {"normal": 1 * HOURS, "urgent": 30 * MINUTES, "emergency": 5 * MINUTES}
RESOLVE = {"normal": 72 * HOURS, "urgent": 24 * HOURS, "emergency": 4 * HOURS}
CONFIRM, NUDGES = 24 * HOURS, 2
STORY = 10 * MINUTES  # a report goes on that long
SPANS = {"路灯": 168 * HOURS, "下水道": 168 * HOURS, "电梯": 168 * HOURS, "停电": 12 * HOURS,
         "起火": 30 * MINUTES}  # fmt: skip
"""How long the same matter at the same place is the same problem."""

WAITING = {"open", "claimed", "suspended"}
LIVE = WAITING | {"resolved"}
FROM = {
    "claim": {"open"}, "progress": WAITING, "escalate": WAITING, "return": WAITING,
    "transfer": WAITING, "suspend": {"open", "claimed"}, "resume": {"suspended"},
    "resolve": WAITING, "confirm": {"resolved"}, "reopen": {"resolved", "closed"},
    "cancel": LIVE, "reject": WAITING, "merge": LIVE, "reclassify": LIVE,
}  # fmt: skip
"""From which states an order leads anywhere."""
ENDED = {"closed", "cancelled", "rejected", "merged"}


def opening(at: datetime) -> datetime:
    """The moment, or the next at which people work."""
    if at.hour < 8:
        return at.replace(hour=8, minute=0, second=0, microsecond=0)
    if at.hour >= 21:
        return at.replace(hour=8, minute=0, second=0, microsecond=0) + 24 * HOURS
    return at


def worked(at: datetime, span: timedelta) -> datetime:
    """The moment after so much working time; what falls on the evening is the next morning."""
    at = opening(at)
    while True:
        evening = at.replace(hour=21, minute=0, second=0, microsecond=0)
        if at + span < evening:
            return at + span
        span -= evening - at
        at = opening(evening)


@dataclass
class Owed:
    """Somebody must hear of a ticket: in a room, or directly."""

    ticket: int
    room: str | None
    person: str | None = None
    mentions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass
class Ticket:
    """What the model knows of a ticket."""

    number: int
    home: str
    reporter: str
    source: str
    topic: str
    urgency: str
    created: datetime
    touched: datetime
    grid: str = ""
    state: str = "open"
    handler: str = ""
    joined: list[str] = field(default_factory=list)
    reopened: int = 0
    due: datetime | None = None
    kind: str = ""
    nudges: int = 0
    until: datetime | None = None
    ended: datetime | None = None
    resolved: bool = False
    same: bool = True
    """Whether it is still of its matter's category."""

    @property
    def audience(self) -> list[str]:
        return [self.reporter, *self.joined]

    @property
    def room(self) -> str:
        return ROOMS[self.home]


class Model:
    """The town's tickets, and what befalls them."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.tickets: dict[int, Ticket] = {}
        self.owed: list[Owed] = []
        self.fired = dict.fromkeys(("daily", "weekly", "monthly"), now)
        self.digests = 0

    # promises

    def promise(self, t: Ticket) -> None:
        """Begin a promise anew, as the ticket's state asks for."""
        t.nudges = 0
        t.kind = {"open": "claim", "claimed": "resolve", "suspended": "resume",
                  "resolved": "confirm"}.get(t.state, "")  # fmt: skip
        if t.state in ENDED:
            t.due = None
            t.ended = self.now
            return
        t.ended = None
        if t.state == "suspended":
            assert t.until is not None
            t.due = self.later(t, timedelta(0), t.until)
            return
        span = {"open": CLAIM[t.urgency], "claimed": RESOLVE[t.urgency], "resolved": CONFIRM}
        t.due = self.later(t, span[t.state])

    def later(self, t: Ticket, span: timedelta, since: datetime | None = None) -> datetime:
        """The moment so much later on the ticket's clock."""
        at = since or self.now
        return at + span if t.urgency == "emergency" else worked(at, span)

    # rights

    def heads(self, who: str, grid: str) -> bool:
        """Whether somebody leads a grid or one above it."""
        return who in HEADS and HEADS[who] in self.chain(grid)

    def hand(self, who: str, grid: str) -> bool:
        """Whether somebody may take what a grid holds."""
        return MEMBERS.get(who) == grid or self.heads(who, grid)

    @staticmethod
    def chain(grid: str) -> list[str]:
        """The grid and all above it."""
        found = [grid]
        while found[-1] in ABOVE:
            found.append(ABOVE[found[-1]])
        return found

    def may(self, what: str, t: Ticket, who: str) -> bool:
        """Whether somebody may do this to a ticket."""
        if what in {"confirm", "reopen"}:
            return who in t.audience
        if what == "cancel":
            return who == t.reporter
        if what == "claim":
            return self.hand(who, t.grid)
        if what in {"reject", "merge"}:
            return self.heads(who, t.grid)
        free = what in {"progress", "resolve"} and not t.handler and self.hand(who, t.grid)
        return who == t.handler or free or self.heads(who, t.grid)

    def can(self, what: str, number: int, who: str) -> Ticket | None:
        """The ticket, if somebody may do this to it as it stands."""
        t = self.tickets.get(number)
        good = t is not None and self.may(what, t, who) and t.state in FROM[what]
        return t if good else None

    def fitting(self, what: str, who: str, room: str) -> list[Ticket]:
        """The tickets that a command without a number may mean in a room: what its grid holds or
        reported, emergencies one level down, and the speaker's own there."""
        grid = GRID_OF[room]
        found = []
        for t in self.tickets.values():
            here = t.state in LIVE and (
                grid in {t.grid, t.home} or (t.urgency == "emergency" and ABOVE.get(t.grid) == grid)
            )
            lately = t.ended is None or t.ended >= self.now - 168 * HOURS
            own = who in t.audience and t.room == room and lately
            if (here or own) and self.can(what, t.number, who):
                found.append(t)
        return found

    # words

    def owe(self, t: Ticket, room: str | None, *mentions: str, to: str | None = None,
            reasons: tuple[str, ...] = ()) -> None:  # fmt: skip
        self.owed.append(Owed(t.number, room, to, mentions, reasons))

    def answer(self, t: Ticket, who: str, room: str | None) -> None:
        """Whoever spoke is answered where he is."""
        self.owe(t, room, to=who if room is None else None)

    def home_hears(self, t: Ticket, room: str | None, *mentions: str) -> None:
        """The household hears of what was said elsewhere."""
        if room != t.room:
            self.owe(t, t.room, *mentions)

    def report(self, who: str, room: str, topic: str, urgency: str, source: str) -> None:
        """A resident tells of a problem: a new ticket, more on one, or the same as a neighbour."""
        here = [t for t in self.tickets.values() if t.room == room and t.state in WAITING]
        story = [t for t in here if t.reporter == who and self.now - t.created <= STORY]
        if story and story[-1].topic == topic:
            story[-1].touched = self.now
            return
        same = [
            t for t in here
            if t.topic == topic and (t.same or topic == "停电") and self.now - t.created <= SPANS[topic]
        ]  # fmt: skip
        if same:
            self.more_or_join(same[-1], who)
            return
        number = 1001 + len(self.tickets)
        home = GRID_OF[room]
        t = Ticket(number, home, who, source, topic, urgency, self.now, self.now, grid=home)
        self.tickets[number] = t
        self.promise(t)
        self.owe(t, room, *self.takers(home), reasons=("ack",))
        if urgency == "emergency":
            self.owe(t, ROOMS["B"], *self.takers("B"), reasons=("alert",))
            self.owe(t, room, *self.takers(home), reasons=("alert",))

    @staticmethod
    def takers(grid: str) -> tuple[str, ...]:
        """Who is called on for what a grid holds: its leader."""
        return tuple(p for p, g in HEADS.items() if g == grid and p != "u-1d")

    def more_or_join(self, t: Ticket, who: str) -> None:
        """More words from who waits already; else one more who waits."""
        if who not in t.audience:
            t.joined.append(who)
        t.touched = self.now

    def me_too(self, who: str, room: str) -> None:
        """我家也是: what was spoken of in the last minutes."""
        here = [t for t in self.tickets.values() if t.room == room and t.state in WAITING]
        story = [t for t in here if t.reporter == who and self.now - t.created <= STORY]
        if story:
            story[-1].touched = self.now
            return
        told = [t for t in here if self.now - t.touched <= STORY]
        if told:
            self.more_or_join(max(told, key=lambda t: t.touched), who)

    def more(self, who: str, room: str) -> None:
        """在3栋2单元: more words on one's own report of the last minutes."""
        for t in reversed(self.tickets.values()):
            fresh = t.reporter == who and self.now - t.created <= STORY
            if t.room == room and t.state in WAITING and fresh:
                t.touched = self.now
                return

    def command(self, what: str, number: int, who: str, room: str | None, extra: str = "") -> None:
        """An order that names a ticket."""
        t = self.can(what, number, who)
        if t is not None:
            getattr(self, f"do_{what}")(t, who, room, extra)

    def take(self, t: Ticket, who: str) -> None:
        t.state, t.handler, t.touched = "claimed", who, self.now
        self.promise(t)

    def do_claim(self, t: Ticket, who: str, room: str | None, _: str) -> None:
        self.take(t, who)
        self.answer(t, who, room)
        self.home_hears(t, room, t.reporter)

    def do_progress(self, t: Ticket, who: str, room: str | None, _: str) -> None:
        if t.state == "open":
            self.take(t, who)
        t.touched = self.now
        self.answer(t, who, room)
        self.home_hears(t, room)

    def do_transfer(self, t: Ticket, who: str, room: str | None, name: str) -> None:
        person = NAMES.get(name, "")
        if WHERE.get(person) != t.grid:
            return
        t.until = None
        self.take(t, person)
        self.answer(t, who, room)
        self.home_hears(t, room)

    def do_suspend(self, t: Ticket, who: str, room: str | None, _: str) -> None:
        """For three days, until the morning."""
        t.state, t.handler, t.touched = "suspended", t.handler or who, self.now
        t.until = (self.now + 72 * HOURS).replace(hour=8, minute=0, second=0, microsecond=0)
        self.promise(t)
        self.answer(t, who, room)
        self.home_hears(t, room)

    def do_resume(self, t: Ticket, who: str, room: str | None, _: str) -> None:
        t.until = None
        self.take(t, t.handler)
        self.answer(t, who, room)
        self.home_hears(t, room)

    def move(self, t: Ticket, grid: str) -> None:
        """Another level holds it from now on, and nobody there has it."""
        t.grid, t.state, t.handler, t.until, t.touched = grid, "open", "", None, self.now
        self.promise(t)

    def climb(self, t: Ticket) -> None:
        """One level up; it must hear of it, and so must the household."""
        self.move(t, ABOVE[t.grid])
        if t.grid in ROOMS:
            self.owe(t, ROOMS[t.grid], *self.takers(t.grid), reasons=("escalate",))

    def do_escalate(self, t: Ticket, who: str, room: str | None, _: str) -> None:
        if t.grid in ABOVE:
            self.climb(t)
            self.home_hears(t, room)
        self.answer(t, who, room)

    def do_return(self, t: Ticket, who: str, room: str | None, why: str) -> None:
        if not why or t.grid == t.home:
            self.answer(t, who, room)
            return
        path = self.chain(t.home)
        self.move(t, path[path.index(t.grid) - 1])
        self.owe(t, ROOMS[t.grid], *self.takers(t.grid))
        self.owe(t, t.room)

    def do_resolve(self, t: Ticket, who: str, room: str | None, _: str) -> None:
        t.state, t.handler, t.until, t.touched = "resolved", t.handler or who, None, self.now
        t.resolved = True
        self.promise(t)
        self.owe(t, t.room, *t.audience, reasons=("confirm",))

    def do_confirm(self, t: Ticket, who: str, room: str | None, _: str) -> None:
        t.state, t.touched = "closed", self.now
        self.promise(t)
        self.answer(t, who, room)
        self.home_hears(t, room)
        self.holder_hears(t)

    def holder_hears(self, t: Ticket) -> None:
        """The level that worked on it hears how it ended."""
        if t.grid in ROOMS:
            self.owe(t, ROOMS[t.grid])

    def do_reopen(self, t: Ticket, who: str, room: str | None, _: str) -> None:
        """The second time also one level up."""
        t.reopened += 1
        t.resolved = False
        if t.reopened >= 2 and t.grid in ABOVE:
            self.climb(t)
        else:
            self.move(t, t.grid)
        self.answer(t, who, room)
        self.holder_hears(t)

    def left(self, t: Ticket) -> bool:
        """Its reporter waits no more; whoever joined first does in his place."""
        t.touched = self.now
        if t.joined:
            t.reporter = t.joined.pop(0)
            return True
        t.state = "cancelled"
        self.promise(t)
        return False

    def do_cancel(self, t: Ticket, who: str, room: str | None, _: str) -> None:
        if not self.left(t):
            self.home_hears(t, room)
            self.holder_hears(t)
        self.answer(t, who, room)

    def withdraw(self, source: str, who: str) -> None:
        """The message that opened a ticket is taken back."""
        for t in self.tickets.values():
            if (t.source, t.reporter) == (source, who) and t.state in LIVE and not self.left(t):
                self.owe(t, t.room, reasons=("outcome",))
                self.holder_hears(t)

    def do_reject(self, t: Ticket, who: str, room: str | None, why: str) -> None:
        if why:
            t.state, t.touched = "rejected", self.now
            self.promise(t)
            self.owe(t, t.room, *t.audience, reasons=("outcome",))
        self.answer(t, who, room)

    def do_merge(self, t: Ticket, who: str, room: str | None, into: str) -> None:
        other = self.tickets.get(int(into))
        good = other and other is not t and other.room == t.room and other.state in WAITING
        if other is None or not good or not self.heads(who, other.grid):
            return
        t.state = "merged"
        self.promise(t)
        t.touched = other.touched = self.now
        other.joined += [p for p in t.audience if p not in other.audience]
        self.answer(t, who, room)
        self.home_hears(t, room, *t.audience)

    def do_reclassify(self, t: Ticket, who: str, room: str | None, _: str) -> None:
        t.same, t.touched = False, self.now
        self.answer(t, who, room)

    def rate(self, number: int, who: str) -> None:
        """Stars, from who waited, for what was once done."""
        t = self.tickets.get(number)
        if t and who in t.audience and t.resolved:
            t.touched = self.now

    # the clock

    def tick(self) -> None:
        """Do what is due; each promise once, however late it is."""
        for t in self.tickets.values():
            if t.due is not None and t.due <= self.now:
                self.fall_due(t)
        for period in self.fired:
            if (last := self.last_digest(period)) > self.fired[period]:
                self.fired[period] = last
                self.digests += len(SUPERVISORS)

    def fall_due(self, t: Ticket) -> None:
        if t.urgency != "emergency" and opening(self.now) != self.now:
            t.due = opening(self.now)
        elif t.kind == "confirm":
            t.state, t.touched = "closed", self.now
            self.promise(t)
        elif t.kind == "resume":
            t.until = None
            self.take(t, t.handler)
            self.room_reminded(t)
        elif t.kind == "review":
            self.review(t)
        elif t.nudges < NUDGES:
            t.due, t.nudges = self.later(t, NUDGE[t.urgency]), t.nudges + 1
            self.room_reminded(t)
        elif t.grid in ABOVE:
            self.climb(t)
            self.owe(t, t.room)
        else:
            self.review(t)

    def review(self, t: Ticket) -> None:
        """Nothing is above: once a day its own level hears of it."""
        t.kind, t.nudges = "review", t.nudges + 1
        t.due = self.later(t, timedelta(0), self.now + 24 * HOURS)
        self.room_reminded(t)

    def room_reminded(self, t: Ticket) -> None:
        if t.grid in ROOMS:
            who = (t.handler,) if t.handler else self.takers(t.grid)
            self.owe(t, ROOMS[t.grid], *who, reasons=("nudge",))

    def last_digest(self, period: str) -> datetime:
        """The last moment up to now at which a digest is sent: each day at 18:00, each Monday and
        each first of a month at 09:00."""
        at = self.now.replace(hour=18 if period == "daily" else 9, minute=0, second=0)
        while at > self.now or not (
            period == "daily"
            or (period == "weekly" and at.weekday() == 0)
            or (period == "monthly" and at.day == 1)
        ):
            at -= 24 * HOURS
        return at
