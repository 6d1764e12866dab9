"""A gateway that is killed and started again, over and over, under traffic."""

from __future__ import annotations

import asyncio
import math
import os
import random
import time
from datetime import timedelta

import pytest

from tests.gateway.conftest import WORLD, Serve, Service
from tests.gateway.driver import MockGateway

RESTARTS = int(os.environ.get("JIEDAN_RESTARTS", "50"))
IN_FLIGHT = 0.1  # seconds before a kill in which an answer may still be inside the gateway
ROOMS = ("R-1", "R-2")
_FIVE_SECONDS = timedelta(seconds=5)


class Traffic:
    """People who talk all the time; one message in five is a problem, one in ten comes twice."""

    def __init__(self, gateway: MockGateway, chance: random.Random) -> None:
        self.gateway, self.chance = gateway, chance
        self.said: dict[str, str] = {}
        self.count = 0

    async def talk(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.count += 1
            number = self.count
            problem = number % 5 == 0
            text = f"{number}栋{number}单元的路灯坏了" if problem else f"今天天气不错{number}"
            room = self.chance.choice(ROOMS)
            self.said[f"m{number}"] = text
            for _ in range(2 if number % 10 == 0 else 1):
                await self.gateway.say(f"p{number}", room, text, id=f"m{number}")
            await asyncio.sleep(0.005)


def _read(gateway: MockGateway, first: int, before: float) -> set[str]:
    """Messages whose words the gateway has given, since and before."""
    told = gateway.told[first:]
    return {t["id"] for t in told if t["event"] == "read" and t["told_at"] < before}


async def back(service: Service) -> float:
    """Return the seconds from the gateway's return to the account's."""
    began = time.monotonic()
    async with asyncio.timeout(20):
        while not service.state().working:
            await asyncio.sleep(0.005)
    return time.monotonic() - began


@pytest.mark.timeout(60 + 10 * RESTARTS)
async def test_killed_and_started_again_under_traffic(serve: Serve) -> None:
    world = {
        **WORLD,
        "traced": True,
        "people": {**WORLD["people"], **{f"p{i}": f"居民{i}" for i in range(20_000)}},
    }
    service = await serve(world=world)
    gateway, chance = service.gateway, random.Random(7)
    traffic = Traffic(gateway, chance)
    waits, sure, unsure = [], set(), set()
    for _ in range(RESTARTS):
        first = len(gateway.told)
        stop = asyncio.create_task(asyncio.sleep(chance.uniform(0.2, 0.5)))
        talking = asyncio.create_task(traffic.talk(10))
        await stop
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        await asyncio.sleep(chance.choice((0, IN_FLIGHT)))
        killed_at = time.monotonic()
        await gateway.kill()
        seen = _read(gateway, first, killed_at - IN_FLIGHT)
        sure |= seen
        unsure |= _read(gateway, first, math.inf) - seen
        await asyncio.sleep(chance.uniform(0, 1))
        await gateway.start()
        waits.append(await back(service))
    await gateway.say("r1", "R-1", "大家好", id="last")
    store = service.app.store
    async with asyncio.timeout(60):
        while not await store.read(lambda s: s.heard("last")):
            await asyncio.sleep(0.05)
    tickets = await store.read(lambda s: list(s.all_tickets()))
    heard = {i for i in traffic.said if await store.read(lambda s, i=i: s.heard(i))}  # type: ignore[misc]
    problems = {i for i in heard if "路灯" in traffic.said[i]}
    async with asyncio.timeout(60):
        while await store.read(lambda s: s.first_waiting()):
            service.clock.ahead += _FIVE_SECONDS
            await asyncio.sleep(0.05)
    told = "\n".join(gateway.texts())
    print(
        f"\n{RESTARTS} restarts, {len(traffic.said)} messages said, {len(heard)} delivered and handled;"
        f" connected again after {sorted(waits)[len(waits) // 2]:.2f} s (median), {max(waits):.2f} s"
        f" (most); {len(unsure - heard)} of {len(unsure)} that were in flight at a kill were lost;"
        f" {len(tickets)} tickets"
    )
    assert not sure - heard, "the gateway gave its words, and they were not handled"
    assert max(waits) < 2
    assert sorted(t.source for t in tickets) == sorted(problems), "each once"
    assert all(f"{t.number}号" in told for t in tickets), "an answer is said again if it must be"
    repeats = sum(told.count(f"{t.number}号（") - 1 for t in tickets)
    assert repeats <= RESTARTS * len(ROOMS)
