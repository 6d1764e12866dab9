"""Messages a second through a real gateway: in (heard, on disk), out (said, acknowledged by the
gateway), and how long an answer takes; each beside a bare client of the same protocol.

    make bench-gateway        needs what `make test` installs; two processes share the cores
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.app import open_store, save_roster
from bot.channels.wechaty.wire import Endpoint, Gateway, Happening
from bot.clock import machine
from bot.config import (
    AccountConfig,
    AttachmentsConfig,
    Config,
    ConsoleConfig,
    RatesConfig,
    WechatyConfig,
)
from bot.live import group_service
from bot.models import Reason, Send
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES
from tests.gateway.conftest import WORLD
from tests.gateway.driver import TOKEN, MockGateway, free_port

AT_ONCE = 32
LAMP = "路灯坏了"
CHATTER = "今天的鱼好新鲜，谁家要带一条"


async def bare(gateway: MockGateway, count: int) -> tuple[float, float]:
    """What the protocol itself allows: messages a second in and out."""
    client = Gateway(Endpoint(gateway.address, TOKEN))
    await client.call("Start", 20)
    got, tasks = asyncio.Event(), asyncio.Semaphore(64)
    left = count

    async def words(message_id: str) -> None:
        nonlocal left
        async with tasks:
            await client.call("MessagePayload", 20, id=message_id)
        left -= 1
        if not left:
            got.set()

    async def listen() -> None:
        async for kind, payload in client.events():
            if kind == Happening.MESSAGE:
                asyncio.create_task(words(json.loads(payload)["messageId"]))  # noqa: RUF006

    listening = asyncio.create_task(listen())
    await asyncio.sleep(1)
    began = time.perf_counter()
    await gateway.order("flood", from_="r1", room="R-1", text=CHATTER, id="b", count=count)
    await got.wait()
    heard = count / (time.perf_counter() - began)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    said = await many(count, lambda i: client.call(
        "MessageSendText", 20, conversation_id="R-1", text=f"{CHATTER}{i}", mentional_ids=["r1"]))  # fmt: skip
    await client.close()
    return heard, said


async def many(count: int, say: Callable[[int], Awaitable[object]]) -> float:
    """Messages a second with AT_ONCE in flight."""
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            await say(number)

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)


async def program(gateway: MockGateway, folder: Path, count: int) -> dict[str, float]:
    """The same through the whole program, on a database file."""
    store = open_store(f"sqlite:///{folder / 'bench.db'}")
    roster = Roster(GRIDS, ROLES)
    await store.transact(lambda s: save_roster(s, roster, "bench"))
    config = replace(
        Config(), channel="wechaty", rates=RatesConfig(0, 0, 0, timedelta(0)),
        wechaty=WechatyConfig((AccountConfig("one", gateway.address, TOKEN),)),
        attachments=AttachmentsConfig(str(folder)), console=ConsoleConfig(port=free_port()),
    )  # fmt: skip
    found: dict[str, float] = {}
    async with group_service(config, store, roster, machine) as app:
        while not app.channel.states()[0].working:
            await asyncio.sleep(0.05)
        await gateway.say(
            "r59", "R-1", f"99栋1单元{LAMP}"
        )  # the dictionary is loaded with the first
        await gateway.hears("1001号")
        began = time.perf_counter()
        await gateway.order("flood", from_="r58", room="R-1", text=CHATTER, id="p", count=count)
        while not await store.read(lambda s: s.heard(f"p{count - 1}")):
            await asyncio.sleep(0.02)
        found["in"] = count / (time.perf_counter() - began)
        send = Send(Reason.ACK, CHATTER, "R-1", mentions=("r1",))
        found["out"] = await many(count, lambda i: app.channel.send(send, f"k{i}"))
        waits = []
        for number in range(50):
            said = len(gateway.told)
            began = time.perf_counter()
            await gateway.say(f"r{number}", "R-1", f"{number}栋{number}单元{LAMP}")
            await gateway.until(lambda n=said: len(gateway.told) > n)  # type: ignore[misc]
            waits.append(time.perf_counter() - began)
        found["answer_ms"] = statistics.median(waits) * 1000
    await store.close()
    return found


async def main(count: int, rounds: int) -> None:
    rows: list[dict[str, float]] = []
    people = {**WORLD["people"], **{f"r{i}": f"居民{i}" for i in range(60)}}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            gateway = MockGateway(Path(name), {**WORLD, "people": people})
            await gateway.start()
            heard, said = await bare(gateway, count)
            await gateway.kill()
            gateway = MockGateway(Path(name), {**WORLD, "people": people})
            await gateway.start()
            rows.append(
                {"bare in": heard, "bare out": said, **await program(gateway, Path(name), count)}
            )
            await gateway.kill()
    middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
    print(f"{count} messages, median of {rounds}; {AT_ONCE} at once going out")
    print(
        f"in, a second:   program {middle['in']:,.0f} (each on disk)   bare client {middle['bare in']:,.0f}"
    )
    print(f"out, a second:  program {middle['out']:,.0f}   bare client {middle['bare out']:,.0f}")
    print(f"a report's answer at the gateway after {middle['answer_ms']:.1f} ms (median of 50)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    asyncio.run(main(options.count, options.rounds))
