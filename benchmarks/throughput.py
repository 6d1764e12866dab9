"""Group messages a second through the whole program, durable on a file database.

One message in ten becomes a ticket and is answered; the outbox empties itself meanwhile. Beside it,
in the same run and on the same core: `jieba.lcut` on the same messages, and bare SQLite commits of
one row. With 100 and with 100,000 tickets in the database before the start.

    python benchmarks/throughput.py [--messages 10000] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jieba

from bot.app import App, build, open_store, save_roster
from bot.channels.recorder import Recorder
from bot.clock import machine
from bot.config import Config
from bot.models import (
    Deadline,
    Decision,
    Event,
    Grid,
    Happened,
    Level,
    Message,
    Place,
    Role,
    RoleKind,
    State,
    Ticket,
    Urgency,
)
from handlers.roster import Roster

ROOMS = 500
IN_FLIGHT = 64  # messages that arrive together, as they do from one gateway stream
TARGET = 2000

CHATTER = (
    "晚饭吃了没各位", "哈哈哈今天的鱼好新鲜", "周末去爬山的举手", "谢谢张姐", "好的收到", "明天几点集合",
    "这个菜怎么做的，教教我", "孩子们放假啦", "今天天气真好", "我刚到家", "哪家的米粉好吃", "恭喜恭喜",
    "快递放门口就行", "晚上一起打球不", "这照片拍得真好看", "新年快乐，阖家幸福", "等下再说吧",
    "我家猫又生了三只", "球赛几点开始", "昨天那集看了没", "在吗", "嗯嗯", "哪里买的，链接发我",
)  # fmt: skip
PROBLEMS = (
    "{}栋{}单元门口的路灯坏了，晚上看不见路", "{}栋{}单元下水道堵了，污水漫到一楼了",
    "{}栋{}单元电梯又坏了，停在{}楼", "{}栋{}单元楼道堆满杂物没人清", "{}栋门口的垃圾好几天没人收，臭死了",
    "{}栋{}单元楼上半夜装修吵得睡不着", "{}栋前面的井盖破了，容易绊倒人",
)  # fmt: skip


class Sink(Recorder):
    """A network that takes everything at once."""

    def __init__(self) -> None:
        super().__init__(lambda *_: None)


def town() -> Roster:
    grids = [Grid("C", "市", Level.CITY), Grid("T", "街道", Level.TOWNSHIP, "C", "RT"),
             Grid("V", "社区", Level.VILLAGE, "T", "RV")]  # fmt: skip
    roles = []
    for b in range(ROOMS // 10):
        grids.append(Grid(f"B{b}", f"{b}支部", Level.BRANCH, "V", f"RB{b}"))
        for m in range(10):
            code = f"M{b}-{m}"
            grids.append(Grid(code, f"{b}支部{m}网格", Level.MICROGRID, f"B{b}", f"R{b}-{m}"))
            roles.append(Role(f"u{b}-{m}", f"网格长{b}-{m}", RoleKind.LEADER, code))
    return Roster(grids, roles)


def messages(count: int, prefix: str) -> list[Message]:
    chance = random.Random(7)
    rooms = [f"R{b}-{m}" for b in range(ROOMS // 10) for m in range(10)]
    at = machine()
    made = []
    for i in range(count):
        if i % 10 == 0:
            numbers = [chance.randint(1, 30) for _ in range(3)]
            text = chance.choice(PROBLEMS).format(*numbers)
        else:
            text = chance.choice(CHATTER)
        sender = f"r{chance.randrange(1_500_000)}"
        made.append(Message(f"{prefix}{i}", at, chance.choice(rooms), sender, "居民", text=text))
    return made


def seed(app_roster: Roster, count: int, start: int) -> list[Decision]:
    """Return decisions that store ``count`` tickets, one in fifty still open."""
    grids = [g for g in app_roster.grids if g.level is Level.MICROGRID]
    now = datetime.now(UTC) - timedelta(days=30)
    made = []
    for i in range(count):
        grid = grids[i % len(grids)]
        live = i % 50 == 0
        state = State.CLAIMED if live else State.CLOSED
        number = start + i
        ticket = Ticket(
            number, state, Level.MICROGRID, grid.code, grid.code, grid.room, "roads", "service",
            "城乡建设", Urgency.NORMAL, "micro", f"旧单{number}", Place(building=f"{i}栋"), "路面",
            f"old{i}", "居民", now, now, now, app_roster.path(grid.code), handler="u",
            ended_at=None if live else now,
            deadline=Deadline("resolve", now + timedelta(days=400)) if live else None,
        )  # fmt: skip
        event = Event(number, now, Happened.CREATED, state, Level.MICROGRID, grid.code, "roads",
                      Urgency.NORMAL, f"old{i}", "", ticket.text)  # fmt: skip
        made.append(Decision((ticket,), (event,)))
    return made


async def drive(app: App, batch: list[Message]) -> float:
    """Return seconds to have all messages acknowledged, so many at a time."""
    queue = iter(batch)

    async def worker() -> None:
        for message in queue:
            await app.pipeline.receive(message)

    outbox = asyncio.create_task(app.outbox.run())
    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    while await app.store.read(lambda s: s.first_waiting()):
        await asyncio.sleep(0.01)
    took = time.perf_counter() - began
    outbox.cancel()
    return took


async def measure(folder: Path, tickets: int, count: int) -> dict[str, float]:
    store = open_store(f"sqlite:///{folder / f'{tickets}.db'}")
    roster = town()
    await store.transact(lambda s: save_roster(s, roster, "bench"))
    made = seed(roster, tickets, 1001)
    at = machine()
    for i in range(0, len(made), 5000):
        part = made[i : i + 5000]
        await store.transact(lambda s, p=part: [s.apply(d, at) for d in p])
    app = build(Config(), store, roster, Sink(), machine)
    await drive(app, messages(1000, "warm"))
    before = await store.read(lambda s: s.next_number())
    took = await drive(app, messages(count, "m"))
    opened = (await store.read(lambda s: s.next_number())) - before
    await store.close()
    return {"messages_a_second": count / took, "tickets": opened}


def jieba_speed(batch: list[Message]) -> float:
    jieba.setLogLevel(logging.ERROR)
    jieba.lcut("热身")
    began = time.perf_counter()
    for message in batch:
        jieba.lcut(message.text)
    return len(batch) / (time.perf_counter() - began)


def commit_speed(folder: Path, seconds: float = 2.0) -> float:
    db = sqlite3.connect(folder / "bare.db", isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute("create table t (id integer primary key, text text)")
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        db.execute("begin immediate")
        db.execute("insert into t (text) values ('一行字')")
        db.execute("commit")
        done += 1
    return done / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows: dict[str, list[float]] = {}
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="jiedan-bench-") as name:
            folder = Path(name)
            rows.setdefault("jieba.lcut", []).append(jieba_speed(messages(20_000, "j")))
            rows.setdefault("bare commits", []).append(commit_speed(folder))
            for tickets in (100, 100_000):
                result = asyncio.run(measure(folder, tickets, options.messages))
                rows.setdefault(f"program, {tickets:,} tickets", []).append(
                    result["messages_a_second"]
                )
    middle = {name: statistics.median(values) for name, values in rows.items()}
    print(f"one core, median of {options.runs}; target {TARGET:,} messages a second")
    for name, value in middle.items():
        low, high = min(rows[name]), max(rows[name])
        ratio = value / middle["jieba.lcut"]
        print(f"{name:>28}  {value:>9,.0f}/s  ({low:,.0f}-{high:,.0f})  {ratio:.2f} of jieba.lcut")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
