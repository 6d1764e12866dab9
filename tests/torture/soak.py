"""An hour's ordinary traffic, in a process of its own: `python -m tests.torture.soak URL SECONDS`.

Prints a line of JSON now and then: seconds since the start, bytes of memory of its own, open files,
bytes of the journal, messages handled.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.app import App, build, open_store, running, save_roster, sqlite_path
from bot.channels.base import File
from bot.clock import ShiftedClock, machine
from bot.config import Config, RatesConfig
from bot.models import Message, Send
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network

RATE = 20  # messages a second
_LOOK = 2.0  # seconds between lines
_CHATTER = (
    "今天的鱼好新鲜",
    "早上好",
    "有没有人去赶集",
    "收到",
    "孩子放学了吗",
    "明天下雨",
    "好的",
    "谢谢大家",
)


class Forgetful(Network):
    """Delivers, and keeps nothing of it."""

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        del send, files
        return f"n{key}"


async def talk(app: App) -> None:
    """Twenty messages a second, one in ten a problem; each is claimed, done and confirmed."""
    loop = asyncio.get_running_loop()
    due, turn = loop.time(), 0
    while True:
        number, step = divmod(turn, 40)
        room = f"R-{1 + number % 2}"
        leader = f"u-{1 + number % 2}"
        said = {0: (f"r{number}", f"{number % 97}栋{number}号门口的路灯坏了")}
        opened = 1001 + number
        said |= {
            10: (leader, f"接单 {opened}"),
            20: (leader, f"办结 {opened} 修好了"),
            30: (f"r{number}", f"满意 {opened}"),
        }
        sender, text = said.get(step, (f"c{turn % 500}", f"{_CHATTER[turn % len(_CHATTER)]}{turn}"))
        message = Message(f"m{turn}", app.clock(), room, sender, "居民", text=text)
        await app.pipeline.receive(message)
        turn += 1
        due += 1 / RATE
        await asyncio.sleep(max(due - loop.time(), 0))
        app_turns[0] = turn


app_turns = [0]


async def look(url: str, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    journal = Path(f"{sqlite_path(url)}-wal")
    while (passed := loop.time() - began) < seconds:
        await asyncio.sleep(_LOOK)
        print(
            json.dumps({
                "at": passed, "memory": _own_memory(), "files": _open_files(),
                "journal": journal.stat().st_size, "messages": app_turns[0],
            }),
            flush=True,
        )  # fmt: skip


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _own_memory() -> int:
    """Return the bytes that the program holds, without the pages of files that the system lends."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise LookupError("RssAnon")


async def main(url: str, seconds: float) -> None:
    store = open_store(url)
    roster = Roster(GRIDS, ROLES)
    await store.transact(lambda s: save_roster(s, roster, "soak"))
    config = replace(Config(), rates=RatesConfig(0, 0, 0, timedelta(0)))
    clock = ShiftedClock(moment("09:00") - machine())
    async with running(build(config, store, roster, Forgetful(paced=False), clock)) as app:
        talking = asyncio.create_task(talk(app))
        await look(url, seconds)
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
    tickets = await store.read(lambda s: sum(1 for _ in s.all_tickets()))
    print(
        json.dumps({"tickets": tickets, "waiting": await store.read(lambda s: s.first_waiting())})
    )
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
