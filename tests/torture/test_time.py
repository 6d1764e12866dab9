"""Thirty days in a town whose clock can't be trusted: nothing is missed and nothing done twice.

The real program on a clock that is set by hand, as in a replay: people report and act at any hour,
and now and then the clock jumps an hour or a day, either way, as machines' clocks do. At every tick
each deadline that has come is seen to once, and rightly; nothing else is touched.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.app import App, build, open_store, promises_of, save_roster, schedule_of
from bot.auditor import kept_findings
from bot.clock import SetClock
from bot.config import Config
from bot.duty import LEASE
from bot.models import Event, Message, Reason, RoleKind, Send, State, Ticket
from bot.ticker import PERIODS
from handlers.roster import Roster
from schedules.policy import RENEWING
from storage.base import Session, Store
from tests.conftest import GRIDS, ROLES
from tests.network import Network

LARGE = os.environ.get("JIEDAN_TORTURE") == "1"
STARTS = (
    "2028-02-10", "2027-12-15", "2028-02-28", "2026-11-24", "2026-12-20", "2027-01-25", "2027-04-20",
    "2027-09-20", "2028-01-15", "2028-01-31",
) if LARGE else ("2028-02-10",)  # fmt: skip
"""Over 29 February, ends of months and years, and the long holidays."""
DAYS = timedelta(days=30)
JUMPS = (timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1))
EVERY = timedelta(days=1.5)  # between two jumps, on the average
AT_LAST = timedelta(days=25)  # by then whatever nobody cares for stands before the city
pytestmark = pytest.mark.timeout(3600 if LARGE else 120)

ROSTER = Roster(GRIDS, ROLES)
ZONE = ZoneInfo("Asia/Shanghai")
ROOM = {g.code: g.room for g in GRIDS}
SUPERVISORS = [r.person for r in ROLES if r.kind is RoleKind.SUPERVISOR]
MATTERS = (
    "{}栋的路灯坏了",
    "{}栋的下水道堵了",
    "{}栋电梯坏了",
    "{}栋停电了",
    "{}栋着火了",
    "{}栋的垃圾没人清",
)
ORDERS = (
    "接单 {}", "接单 {}", "进展 {} 在修了", "办结 {} 换好了", "办结 {} 好了", "吹哨 {}", "退回 {} 先核实", "挂起 {} 3天 等配件",
    "挂起 {} 明天 等人", "恢复 {}", "转给 {} 孟党员", "不受理 {} 不归我们管",
)  # fmt: skip
ANSWERS = ("满意 {}", "没解决 {}", "撤销 {}", "催办 {}")


@dataclass(frozen=True)
class Look:
    """What there is between two ticks."""

    due: dict[int, Ticket]
    fired: dict[str, datetime]
    events: int


@dataclass
class Month:
    """A town, its clock, and what was done to each promise."""

    store: Store
    start: datetime
    rng: random.Random
    clock: SetClock = field(init=False)
    app: App = field(init=False)
    network: Network = field(default_factory=lambda: Network(paced=False))
    done: Counter[tuple[object, ...]] = field(default_factory=Counter)
    """How often each step of each promise was made."""
    kinds: Counter[str] = field(default_factory=Counter)
    digests: Counter[str] = field(default_factory=Counter)
    latest: dict[str, datetime] = field(default_factory=dict)
    """The latest that the clock ever showed to the ticker, for each kind of digest."""
    said: int = 0

    async def open(self) -> None:
        self.clock = SetClock(self.start)
        await self.store.transact(lambda s: save_roster(s, ROSTER, "month"))
        self.app = build(Config(), self.store, ROSTER, self.network, self.clock)
        self.app.auditor.patience = 0.3
        await self.app.ticker.start(self.start)
        self.latest = dict.fromkeys(PERIODS, self.start)

    # the days

    async def live(self) -> None:
        """Thirty days as the clock shows them, some of which it shows twice."""
        jumps = itertools.cycle(self.rng.sample(JUMPS, len(JUMPS)))
        jump_at = self.clock.now + EVERY * self.rng.uniform(0.2, 1.8)
        while self.clock.now < self.start + DAYS:
            await self.run_on(self.clock.now + timedelta(minutes=self.rng.randint(1, 60)))
            if self.rng.random() < 0.3:
                await self.somebody_speaks()
            if self.clock.now >= jump_at:
                await self.jump(next(jumps))
                jump_at = self.clock.now + EVERY * self.rng.uniform(0.2, 1.8)
            if self.rng.random() < 0.25:
                await self.audit()

    async def run_on(self, until: datetime) -> None:
        """Let the clock run, with a tick at each moment at which something is due, and one more."""
        while (moment := await self.app.ticker.next_moment()) is not None and moment <= until:
            self.clock.now = max(moment.astimezone(ZONE), self.clock.now)
            await self.tick()
        self.clock.now = until
        await self.tick()

    async def jump(self, by: timedelta) -> None:
        """Somebody speaks, and before anything goes out the clock is set; the auditor comes before
        the ticker."""
        await self.somebody_speaks(drain=False)
        self.clock.now += by
        await self.app.outbox.drain()
        assert not await self.store.read(lambda s: s.first_waiting()), "a jump holds nothing up"
        await asyncio.gather(self.app.auditor.audit(), self.tick())
        await self.audit()

    async def somebody_speaks(self, drain: bool = True) -> None:
        rng = self.rng
        tickets = await self.store.read(_lately)
        room, who = rng.choice(("R-1", "R-2")), rng.choice(("r1", "r2", "r3"))
        text = rng.choice(MATTERS).format(rng.randint(1, 40))
        how = rng.random()
        if tickets and how < 0.5:
            ticket = rng.choice(tickets)
            room, who = ROOM[ticket.grid] or "R-T", rng.choice(("u-1", "u-b", "u-v", "u-t"))
            text = rng.choice(ORDERS).format(ticket.number)
        elif tickets and how < 0.7:
            ticket = rng.choice(tickets)
            room, who, text = (
                ticket.room,
                ticket.reporter,
                rng.choice(ANSWERS).format(ticket.number),
            )
        elif how < 0.75:
            text = "我家也是"
        self.said += 1
        message = Message(f"m{self.said}", self.clock(), room, who, who, text=text)
        assert await self.app.pipeline.receive(message) != "failed"
        if drain:
            await self.app.outbox.drain()

    async def audit(self) -> None:
        await self.app.auditor.audit()
        found = await self.store.read(kept_findings)
        assert (found.faults, found.repaired) == ((), 0)

    # a tick, and what it may do

    async def tick(self) -> None:
        before = await self.store.read(self._look)
        heard = len(self.network.sends)
        await self.app.tick()
        await self.app.outbox.drain()
        sends = self.network.sends[heard:]
        events = await self.store.read(lambda s: [e for _, e in s.events_after(before.events)])
        after = await self.store.read(lambda s: {n: s.ticket(n) for n in before.due})
        assert {e.ticket for e in events} <= set(before.due)
        for send in sends:
            assert send.reason is Reason.DIGEST or set(send.tickets) <= set(before.due)
        for number, ticket in before.due.items():
            now = after[number]
            assert now is not None
            mine = [e for e in events if e.ticket == number]
            self.one_step(ticket, now, mine, [s for s in sends if number in s.tickets])
            step = await self.store.read(lambda s, t=ticket: _step(s, t))  # type: ignore[misc]
            if mine or now.deadline is None or now.deadline.nudges != _nudges(ticket):
                self.done[(*step, len(mine))] += 1
        await self.digested(before, [s for s in sends if s.reason is Reason.DIGEST])

    def _look(self, session: Session) -> Look:
        due = {
            n: t
            for n, _ in session.due(self.clock.now, self.clock.now + LEASE, 10_000)
            if (t := session.ticket(n))
        }
        fired = {p: at for p in PERIODS if (at := session.fired(p))}
        return Look(due, fired, session.last_event())

    def one_step(self, was: Ticket, now: Ticket, events: list[Event], sends: list[Send]) -> None:
        """One thing happened to a ticket whose deadline had come, the right one, and it was told
        once."""
        assert was.deadline
        kind, nudges = was.deadline.kind, was.deadline.nudges
        what = [str(e.kind) for e in events]
        told = Counter(str(s.reason) for s in sends)
        room, above = bool(ROOM[was.grid]), ROSTER.parent(was.grid)
        assert (now.deadline is None) == now.state.ended
        assert now.deadline is None or now.deadline.due > self.clock.now
        if was.urgency != "emergency" and not self.open_now():
            assert replace(now, deadline=was.deadline) == was
            assert now.deadline
            assert (now.deadline.kind, now.deadline.nudges) == (kind, nudges)
            assert (what, told) == ([], {})
            self.kinds["postponed"] += 1
        elif kind == "confirm":
            assert (now.state, what, told) == (State.CLOSED, ["closed"], {})
            self.kinds["closed"] += 1
        elif kind == "resume":
            assert (now.state, what, told["nudge"]) == (State.CLAIMED, ["resumed"], room)
            self.kinds["resumed"] += 1
        elif kind == "review" or (nudges >= 2 and above is None):
            assert now.deadline
            assert now.deadline.kind == "review"
            assert (_nudges(now), what, told["nudge"]) == (nudges + 1, [], room)
            self.kinds["reviewed"] += 1
        elif nudges < 2:
            assert now.deadline
            assert now.deadline.kind == kind
            assert (_nudges(now), what, told["nudge"]) == (nudges + 1, [], room)
            self.kinds["nudged"] += 1
        else:
            assert above
            assert (now.grid, now.state, what) == (above.code, State.OPEN, ["escalated"])
            assert (told["escalate"], told["nudge"]) == (bool(above.room), 0)
            self.kinds["escalated"] += 1

    def open_now(self) -> bool:
        local = self.clock.now.astimezone(ZONE)
        return 8 <= local.hour < 21 and promises_of(Config()).calendar.is_open(local)

    async def digested(self, before: Look, sends: list[Send]) -> None:
        """Each digest in its turn, once to each supervisor."""
        fired = (await self.store.read(self._look)).fired
        expected = 0
        for period in PERIODS:
            self.latest[period] = max(self.latest[period], self.clock.now)
            if fired[period] != before.fired[period]:
                following = SCHEDULE.next_after(period, before.fired[period])
                assert fired[period] == following, "none is passed over"
                self.digests[period] += 1
                expected += 1
            following = SCHEDULE.next_after(period, fired[period])
            assert following
            assert following > self.latest[period], "none is left"
        assert sorted(s.to or "" for s in sends) == sorted(SUPERVISORS * expected)

    # the end

    async def end(self) -> None:
        """Nobody cares any more: each ticket comes to its end, or before the city."""
        last = self.clock.now + AT_LAST
        while self.clock.now < last:
            await self.run_on(self.clock.now + timedelta(hours=12))
            tickets = await self.store.read(lambda s: list(s.all_tickets()))
            live = [t for t in tickets if not t.state.ended]
            if all(t.grid == "C" and t.deadline and t.deadline.kind == "review" for t in live):
                break
        else:
            raise AssertionError(f"some stand still: {live}")
        assert set(self.done.values()) == {1}, "each step of each promise once"
        await self.audit()
        health = await self.store.read(lambda s: s.health(self.clock()))
        assert (health.failed_messages, health.open_without_deadline) == (0, 0)
        assert not health.waiting_sends


SCHEDULE = schedule_of(Config())


def _lately(session: Session) -> list[Ticket]:
    last = session.next_number()
    found = [session.ticket(n) for n in range(max(1001, last - 25), last)]
    return [t for t in found if t and t.state not in {State.CANCELLED, State.MERGED}]


def _nudges(ticket: Ticket) -> int:
    return ticket.deadline.nudges if ticket.deadline else -1


def _step(session: Session, ticket: Ticket) -> tuple[object, ...]:
    """Name a step of a promise: the ticket, which of its promises, and how many nudges went before
    on it. The last promise begun is the timer's own if it made one."""
    begun = [e for e in session.history(ticket.number) if e.kind in RENEWING]
    deadline = ticket.deadline
    assert deadline
    return ticket.number, len(begun), deadline.kind, deadline.nudges


@pytest.mark.parametrize("start", STARTS)
async def test_thirty_days_on_a_clock_that_jumps(start: str, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}", durable=False)
    begin = datetime.fromisoformat(f"{start}T07:00:00").replace(tzinfo=ZONE)
    month = Month(store, begin, random.Random(start))
    await month.open()
    await month.live()
    await month.end()
    await store.close()
    assert set(month.kinds) == {
        "postponed", "closed", "resumed", "reviewed", "nudged", "escalated"
    }  # fmt: skip
    print(
        f"\n{(month.clock.now - begin).days} days from {start}, {month.said} messages, "
        f"{month.kinds.total()} deadlines ({dict(month.kinds)}), {month.digests.total()} digests: "
        "none missed, none double"
    )
