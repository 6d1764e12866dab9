"""A city's weight: whole lives of tickets, ticks, and a start, with few tickets and with a million.

    python -m benchmarks.city [--tickets N] [--urls postgresql://.../few postgresql://.../many]

Each figure with many tickets stands beside the same one with few; the two take turns, so that what
else the machine does hits both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.figures import Figure, table
from benchmarks.make_city import make_grids, make_people
from bot.app import App, build, open_store, save_roster
from bot.channels.recorder import Recorder
from bot.clock import SetClock
from bot.config import Config
from bot.models import Grid, Level, Message, Role, RoleKind
from handlers.roster import Roster
from storage.base import Session, Store
from storage.rows import TICKET_COLUMNS, stamp

AT_ONCE = 64
ROUNDS = 3
TICKS = 7  # rounds of what takes little
MORNING = datetime.fromisoformat("2026-11-24T10:00:00+08:00")
Rounds = list[list[float]]
Rows = list[tuple[Any, ...]]
LEVELS = {level.value: level for level in Level}


def city() -> Roster:
    """The city of make_city: 35,553 grids, each micro-grid with a leader who has an account."""
    rows = list(make_grids())
    grids = [
        Grid(code, name, LEVELS[level], parent, room) for code, name, level, parent, room in rows
    ]
    people = [
        Role(id_, name, RoleKind(role), grid, phone)
        for id_, name, role, grid, phone in make_people(rows, 1)
    ]
    return Roster(grids, people)


def old_tickets(
    roster: Roster, first: int, count: int, open_: bool
) -> Iterator[tuple[list[Any], list[Any] | None]]:
    """Rows of tickets and of their deadlines: ended ones of the last year, or open ones that fall
    due in a week."""
    homes = [g for g in roster.grids if g.level is Level.MICROGRID]
    paths = {g.code: roster.path(g.code) for g in homes}
    for i in range(count):
        home = homes[i * 7919 % len(homes)]
        at = stamp(MORNING - timedelta(minutes=5 * (count - i) / 10))
        row = dict.fromkeys(TICKET_COLUMNS)
        row |= {
            "number": first + i, "state": "open" if open_ else "closed", "level": "microgrid",
            "grid": home.code, "home": home.code, "room": home.room, "category": "lighting",
            "kind": "service", "domain": "城乡建设", "urgency": "normal", "size": "micro",
            "text": f"{i % 60}栋的路灯坏了", "place": json.dumps([""] * 6), "topic": f"旧事{i % 997}",
            "reporter": f"old{i}", "reporter_name": "居民", "created_at": at, "level_since": at,
            "touched_at": at, "path": paths[home.code], "source": f"o{first + i}", "handler": "",
            "handler_name": "", "outcome": "", "ended_at": None if open_ else at, "reopened": 0,
            "stars": 0,
        }  # fmt: skip
        due = stamp(MORNING + timedelta(days=7, seconds=i % 86_400))
        yield (
            [row[c] for c in TICKET_COLUMNS],
            [first + i, "claim", due, 0, "", None] if open_ else None,
        )


async def weigh_down(store: Store, roster: Roster, count: int, open_: bool) -> None:
    """Put that many tickets into the database."""
    first = await store.transact(lambda s: s.next_number())
    rows = old_tickets(roster, first, count, open_)
    while portion := [pair for _, pair in zip(range(20_000), rows, strict=False)]:
        tickets = [tuple(ticket) for ticket, _ in portion]
        deadlines = [tuple(deadline) for _, deadline in portion if deadline]

        def write(session: Session, t: Rows = tickets, d: Rows = deadlines) -> None:
            session.fill("tickets", t)
            if d:
                session.fill("deadlines", d)

        await store.transact(write)


async def lives(app: App, clock: SetClock, count: int, mark: str) -> float:
    """Whole lives a second: report, claim, resolve, confirm, AT_ONCE at a time."""
    homes = [g for g in app.roster.grids if g.level is Level.MICROGRID]
    leaders = {
        g.code: next(r.person for r in app.roster.people_at(g.code, RoleKind.LEADER))
        for g in homes[:count]
    }
    numbers = iter(range(count))

    async def live() -> None:
        for i in numbers:
            home = homes[i]
            for who, text in (
                (f"{mark}{i}", f"{i % 60}栋{i % 9}单元的路灯坏了"), (leaders[home.code], "接单"),
                (leaders[home.code], "办结 换了灯泡"), (f"{mark}{i}", "满意"),
            ):  # fmt: skip
                id_ = f"{mark}{i}{text[:2]}{who}"
                await app.pipeline.receive(Message(id_, clock(), home.room, who, text=text))

    began = time.perf_counter()
    await asyncio.gather(*(live() for _ in range(AT_ONCE)))
    spent = time.perf_counter() - began
    closed = await app.store.read(
        lambda s: sum(
            1
            for i in range(count)
            for t in s.of_person(f"{mark}{i}", clock())
            if t.state == "closed"
        )
    )
    assert closed == count, f"only {closed} of {count} lives came to their end"
    return count / spent


async def tick(app: App, clock: SetClock, count: int, round_: int) -> float:
    """Seconds of a tick that finds that many due: open tickets, made due, others in each round."""

    def bring_forward(session: Session) -> None:
        # no more is read than is made due: a million tickets in memory would slow what follows
        made = session._run(  # type: ignore[attr-defined]
            "update deadlines set due = ? where ticket in"
            " (select number from tickets where state = 'open' order by number limit ? offset ?)",
            [stamp(clock()), count, count * round_],
        )
        assert made.rowcount == count, f"only {made.rowcount} tickets to be made due"

    await app.store.transact(bring_forward)
    began = time.perf_counter()
    await app.ticker.run_due(clock)
    return time.perf_counter() - began


async def idle(app: App) -> float:
    """Seconds of a tick that finds nothing, the median of fifty."""
    times = []
    for _ in range(50):
        began = time.perf_counter()
        await app.tick()
        times.append(time.perf_counter() - began)
    return sorted(times)[25]


def start(url: str) -> float:
    """Seconds from a new process to a program that is ready for messages."""
    code = (
        "import asyncio, sys\n"
        "from bot.app import build, get_ready, open_store\nfrom bot.channels.recorder import Recorder\n"
        "from bot.clock import machine\nfrom bot.config import Config\n"
        "async def main():\n"
        "    store = open_store(sys.argv[1])\n"
        "    roster = await get_ready(store, Config())\n"
        "    app = build(Config(), store, roster, Recorder(lambda *_: None), machine)\n"
        "    await app.ticker.start(app.clock())\n"
        "    print('ready', flush=True)\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
    )
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        return time.perf_counter() - began


class Weighed:
    """A city on a database, with few tickets or with many."""

    def __init__(self, url: str, roster: Roster) -> None:
        self.url = url
        self.roster = roster
        self.clock = SetClock(MORNING)
        self._open()

    def _open(self) -> None:
        self.store = open_store(self.url)
        channel = Recorder(lambda *_: None)
        self.app = build(Config(), self.store, self.roster, channel, self.clock)

    async def reopen(self) -> None:
        """Close and open it: a million tickets come over months, and the journal that is left of
        filling them in at once (64 MB) is no part of a tick."""
        await self.store.close()
        self._open()
        await self.app.ticker.start(self.clock())

    async def start(self, ended: int) -> None:
        """Be ready, with so many tickets that have ended."""
        await self.store.transact(lambda s: save_roster(s, self.roster, "bench"))
        await self.app.ticker.start(self.clock())
        await weigh_down(self.store, self.roster, ended, open_=False)
        await lives(self.app, self.clock, 50, "warm")


async def measure(urls: tuple[str, str], tickets: int, count: int) -> dict[str, Rounds]:
    """Measure each figure with few tickets and with many, in turns: rounds of a pair each."""
    roster = city()
    both = [Weighed(url, roster) for url in urls]
    for weighed, ended in zip(both, (0, tickets), strict=True):
        await weighed.start(ended)
    found: dict[str, Rounds] = {"lives": [], "start": [], "tick": [], "idle": []}
    for n in range(ROUNDS):
        found["lives"].append([await lives(w.app, w.clock, count, f"w{n}-") for w in both])
        found["start"].append([start(w.url) for w in both])
    for weighed, open_ in zip(both, (10_000, tickets), strict=True):
        await weigh_down(weighed.store, roster, open_, open_=True)
        await weighed.reopen()
    for n in range(TICKS):
        found["tick"].append([await tick(w.app, w.clock, 1000, n) for w in both])
        found["idle"].append([await idle(w.app) * 1000 for w in both])
    for weighed in both:
        await weighed.store.close()
    return found


def figures(
    tickets: int = 1_000_000, count: int = 2000, urls: tuple[str, str] | None = None
) -> list[Figure]:
    """Measure; the databases are files thrown away if no urls are given."""
    with tempfile.TemporaryDirectory(prefix="jiedan-city-") as folder:
        files = (f"sqlite:///{folder}/few.db", f"sqlite:///{folder}/many.db")
        found = asyncio.run(measure(urls or files, tickets, count))
    lots = f"{tickets:,}"
    few, many = {}, {}
    for name, rounds in found.items():
        few[name], many[name] = (median(column) for column in zip(*rounds, strict=True))
    lives_kept = many["lives"] >= max(500, 0.9 * few["lives"])
    tick_kept = many["tick"] <= 1.1 * few["tick"]
    return [
        Figure(f"whole lives with {lots} tickets", many["lives"], "a second", "with none",
               few["lives"], "500, within 10%", lives_kept),
        Figure(f"a tick that finds 1,000 due among {lots}", many["tick"], "s", "among 10,000",
               few["tick"], "within 10%", tick_kept),
        Figure(f"an idle tick, {lots} open", many["idle"], "ms", "10,000 open", few["idle"],
               "under 5 ms", many["idle"] < 5),
        Figure(f"start to ready with {lots} tickets", many["start"], "s", "with none",
               few["start"], "under 3 s", many["start"] < 3),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--lives", type=int, default=2000)
    parser.add_argument("--urls", nargs=2, metavar=("FEW", "MANY"), help="databases to be filled")
    options = parser.parse_args()
    print(table(figures(options.tickets, options.lives, options.urls)))


if __name__ == "__main__":
    main()
