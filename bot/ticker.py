"""The way of time: claim what is due, decide, commit. The same for a live group and a replay."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from bot.clock import Clock
from bot.duty import LEASE
from bot.models import Decision, Reason, Send
from handlers.categories import category_name
from handlers.roster import Roster
from schedules.digests import Schedule, caption, digest_text
from schedules.doubts import doubt_lists
from schedules.due import fall_due
from schedules.figures import to_json
from schedules.policy import Promises
from schedules.rollup import roll_up
from storage.base import Session, StorageError, Store, Worker

log = logging.getLogger(__name__)

_ASIDE = timedelta(hours=1)
_TOGETHER = 500  # tickets in one transaction, so that messages need not wait behind a flood
_AT_MOST = 10_000  # tickets looked for at once; of a flood beyond it a room may hear twice

PERIODS = ("daily", "weekly", "monthly")
HEARTBEAT = "tick"
"""The setting that holds when the ticker last ran."""


class Ticker:
    """Fires deadlines and digests."""

    def __init__(
        self,
        store: Store,
        promises: Promises,
        schedule: Schedule,
        roster: Roster,
        worker: Worker | None = None,
    ) -> None:
        self._store = store
        self._promises = promises
        self._schedule = schedule
        self.roster = roster
        self.worker = worker or Worker()
        self.committed: Callable[[], None] = lambda: None
        self._aside: dict[int, datetime] = {}

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the city's time zone."""
        return self._promises.calendar.local(moment)

    async def start(self, now: datetime) -> None:
        """Note from when digests are counted, on a database that has never run."""
        await self._store.transact(lambda s: _first_times(s, now))

    async def run_due(self, clock: Clock) -> None:
        """Do all that is due: deadlines first, then digests. The clock is read for each portion, so
        that what a dead worker had in hand counts as free as soon as its claim has run out."""
        while await self._fire_some(clock()):
            pass
        now = clock()
        fired = await self._store.read(lambda s: [s.fired(period) for period in PERIODS])
        for period, last in zip(PERIODS, fired, strict=True):
            await self._digest(period, last, now)

    async def _fire_some(self, now: datetime) -> bool:
        """Fire a portion of the deadlines that are due; return whether there are more."""
        until = now + LEASE
        due = await self._store.read(lambda s: s.due(now, until, _AT_MOST))
        portion = self._portion(due)
        if not portion:
            return False
        claim = f"{self.worker.name} {uuid4().hex}"
        numbers = await self._store.claim(lambda s: s.claim_due(portion, now, until, claim))
        await self._fire_portion(numbers, claim, now)
        self.committed()
        return len(portion) < len(due)

    def _portion(self, due: Sequence[tuple[int, str]]) -> list[int]:
        """Choose what is fired together. Tickets of one room, and of rooms under one parent, stay
        together, so that each room hears one message."""
        families: dict[str, list[int]] = {}
        for number, grid in due:
            families.setdefault(self._family(grid), []).append(number)
        portion: list[int] = []
        for numbers in families.values():
            portion += numbers
            if len(portion) >= _TOGETHER:
                break
        return portion

    def _family(self, grid: str) -> str:
        parent = self.roster.parent(grid)
        return parent.code if parent else grid

    async def _fire_portion(self, numbers: list[int], claim: str, now: datetime) -> None:
        """Fire a portion; if it meets a fault, each ticket alone, so that one stops no other."""
        numbers = [n for n in numbers if self._aside.get(n, now) <= now]
        try:
            await self._store.transact(partial(self._fire, numbers=numbers, claim=claim, now=now))
        except StorageError:
            raise
        except Exception:
            if len(numbers) == 1:
                log.exception("ticket %s could not be brought up; in an hour again", numbers[0])
                self._aside[numbers[0]] = now + _ASIDE
                return
            for number in numbers:
                await self._fire_portion([number], claim, now)

    async def next_moment(self) -> datetime | None:
        """Return when something falls due next."""
        return await self._store.read(self._next)

    def _next(self, session: Session) -> datetime | None:
        moments = [session.next_due()]
        for period in PERIODS:
            fired = session.fired(period)
            moments.append(self._schedule.next_after(period, fired) if fired else None)
        return min((m for m in moments if m), default=None)

    def _fire(self, session: Session, numbers: list[int], claim: str, now: datetime) -> None:
        tickets = [t for t in map(session.ticket, session.claimed(numbers, claim)) if t]
        still = [t for t in tickets if t.deadline and t.deadline.due <= now]
        local = self._promises.calendar.local(now)
        decision = fall_due(still, local, self.roster, self._promises)
        sends = tuple(replace(s, in_hours=not s.urgent) for s in decision.sends)
        session.apply(replace(decision, sends=sends), now)

    async def _digest(self, period: str, fired: datetime | None, now: datetime) -> None:
        """Send a period's digest if its time has come; only the latest of several missed ones."""
        fire = self._schedule.next_after(period, fired) if fired else None
        if fire is None or fire > now:
            return
        while (later := self._schedule.next_after(period, fire)) and later <= now:
            fire = later
        # counting may take a second in a big city: beside the writer, so that messages go on
        gather = partial(self._digests, period=period, fire=fire, now=now)
        sends = tuple(await self._store.read(lambda s: list(gather(s))))
        lists = await self._doubts(fire, now) if period == "daily" else []
        decisions = (Decision(sends=sends), *lists)
        await self._store.transact(partial(_send_digest, period, fired, fire, decisions, now))
        self.committed()

    async def _doubts(self, fire: datetime, now: datetime) -> list[Decision]:
        since, until = self._schedule.window("daily", fire)
        doubts = await self._store.read(lambda s: s.doubts(since, until))
        return list(doubt_lists(doubts, self.roster, now))

    def _digests(
        self, session: Session, period: str, fire: datetime, now: datetime
    ) -> Iterator[Send]:
        supervised = [r for r in self.roster.supervisors() if r.person]
        wanted = {r.grid for r in supervised}
        since, until = self._schedule.window(period, fire)
        earlier = self._schedule.previous_window(period, fire)
        figures = roll_up(
            wanted, self.roster, session.tallies(since, until), session.aging(now),
            session.slowest(since, until),
        )  # fmt: skip
        before = roll_up(wanted, self.roster, session.tallies(*earlier))
        for role in supervised:
            grid = self.roster.grid(role.grid)
            name = grid.name if grid else role.grid
            now_, then = figures[role.grid], before[role.grid]
            text = digest_text(name, period, since, until, now_, then, category_name)
            chart = to_json(now_, then, caption(name, period, since, until))
            yield Send(Reason.DIGEST, text, to=role.person, chart=chart)


def _send_digest(
    period: str, fired: datetime | None, fire: datetime, decisions: tuple[Decision, ...],
    now: datetime, session: Session,
) -> None:  # fmt: skip
    if session.fired(period) == fired:  # nobody was faster
        for decision in decisions:
            session.apply(decision, now)
        session.set_fired(period, fire)


def _first_times(session: Session, now: datetime) -> None:
    for period in PERIODS:
        if session.fired(period) is None:
            session.set_fired(period, now)
