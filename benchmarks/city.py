"""A city's weight: whole lives of tickets, ticks, and a start, with few tickets and with a million.

    make bench-city [ARGS="--tickets 1000000 --url postgresql://..."]

Each figure with many tickets stands beside the same one with few, in the same run; the goals are
printed with them.
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
from pathlib import Path
from typing import Any

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
MORNING = datetime.fromisoformat("2026-11-24T10:00:00+08:00")
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


async def tick(app: App, clock: SetClock, count: int) -> float:
    """Seconds of a tick that finds that many due."""
    numbers = await app.store.read(lambda s: [a.number for a in s.aging(clock())][:count])

    def bring_forward(session: Session) -> None:
        for number in numbers:
            session._run("update deadlines set due = ? where ticket = ?", [stamp(clock()), number])  # type: ignore[attr-defined]

    await app.store.transact(bring_forward)
    began = time.perf_counter()
    await app.ticker.run_due(clock())
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
        "from bot.app import build, open_store\nfrom bot.channels.recorder import Recorder\n"
        "from bot.clock import machine\nfrom bot.config import Config\n"
        "from handlers.roster import Roster\n"
        "async def main():\n"
        "    store = open_store(sys.argv[1])\n"
        "    roster = Roster(*await store.read(lambda s: s.load_roster()))\n"
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


async def measure(url: str, tickets: int, count: int) -> dict[str, tuple[float, float]]:
    """Each figure with few tickets and with many."""
    store = open_store(url)
    roster, clock = city(), SetClock(MORNING)
    await store.transact(lambda s: save_roster(s, roster, "bench"))
    app = build(Config(), store, roster, Recorder(lambda *_: None), clock)
    await app.ticker.start(clock())
    await lives(app, clock, 50, "warm")
    found: dict[str, list[float]] = {"lives": [], "tick": [], "idle_ms": [], "start": []}
    for weight, open_ in ((0, 10_000), (tickets, tickets - 10_000)):
        await weigh_down(store, roster, weight, open_=False)
        found["lives"].append(await lives(app, clock, count, f"w{weight}-"))
        found["start"].append(start(url))
        await weigh_down(store, roster, open_, open_=True)
        found["tick"].append(await tick(app, clock, 1000))
        found["idle_ms"].append(await idle(app) * 1000)
    await store.close()
    return {name: (few, many) for name, (few, many) in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--lives", type=int, default=2000)
    parser.add_argument("--url", help="a database that may be filled; default a file thrown away")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jiedan-city-") as folder:
        url = options.url or f"sqlite:///{folder}/city.db"
        found = asyncio.run(measure(url, options.tickets, options.lives))
    many = f"{options.tickets:,}"
    rows = (
        (
            "whole lives a second (goal 500, within 10%)",
            "lives",
            "{:,.0f}",
            "no tickets",
            f"{many} ended",
        ),
        (
            "a tick that finds 1,000 due, s (within 10%)",
            "tick",
            "{:.2f}",
            "10,000 open",
            f"{many} open",
        ),
        ("an idle tick, ms (goal 5)", "idle_ms", "{:.2f}", "10,000 open", f"{many} open"),
        ("start to ready, s (goal 3)", "start", "{:.2f}", "no tickets", f"{many} ended"),
    )
    for what, key, shape, small, large in rows:
        few, lots = found[key]
        print(
            f"{what}: {small} {shape.format(few)}, {large} {shape.format(lots)}, ratio {lots / few:.2f}"
        )
    if options.json:
        options.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
