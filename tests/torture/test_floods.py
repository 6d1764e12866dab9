"""Many at once: the same message from several accounts, the same ticket claimed by a crowd.

Small figures run with `make test`; JIEDAN_TORTURE=1 (`make torture`) runs the large ones.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import App, build, open_store, save_roster
from bot.clock import SetClock
from bot.config import Config
from bot.models import Message, Role, RoleKind
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network
from tests.postgres import fresh_database

LARGE = os.environ.get("JIEDAN_TORTURE") == "1"
MESSAGES = 100_000 if LARGE else 2_000
ROUNDS = 1_000 if LARGE else 20
CROWD = 200
pytestmark = pytest.mark.timeout(3600 if LARGE else 120)


@pytest.fixture(params=["sqlite", "postgresql"])
async def app(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[App]:
    url = f"sqlite:///{tmp_path / 'x.db'}" if request.param == "sqlite" else fresh_database()
    store = open_store(url)
    crowd = [Role(f"c{i}", f"党员{i}", RoleKind.MEMBER, "M1") for i in range(CROWD)]
    roster = Roster(GRIDS, [*ROLES, *crowd])
    await store.transact(lambda s: save_roster(s, roster, "torture"))
    yield build(Config(), store, roster, Network(paced=False), SetClock(moment("09:00")))
    await store.close()


async def test_each_message_is_one_ticket_however_often_it_comes(app: App) -> None:
    chance = random.Random(11)
    deliveries: list[tuple[float, Message]] = []
    for i in range(MESSAGES):
        text = f"{i % 97}栋{i}号门口的路灯坏了" if i % 10 == 0 else f"今天的鱼好新鲜{i}"
        message = Message(f"m{i}", app.clock(), f"R-{1 + i % 2}", f"r{i}", "居民", text=text)
        for _ in range(chance.randint(1, 5)):  # by one account twice, or by two or three
            deliveries.append((i / 50 + chance.uniform(0, 60), message))
    order = iter([message for _, message in sorted(deliveries, key=lambda d: d[0])])
    outcomes: dict[str, list[str]] = {}

    async def account() -> None:
        for message in order:
            outcome = await app.pipeline.receive(message)
            outcomes.setdefault(message.id, []).append(outcome)

    await asyncio.gather(*(account() for _ in range(32)))
    first = {id_: [o for o in got if o != "repeat"] for id_, got in outcomes.items()}
    assert all(len(got) == 1 for got in first.values())
    tickets = await app.store.read(lambda s: list(s.all_tickets()))
    sources = [t.source for t in tickets]
    assert len(set(sources)) == len(sources), "one ticket a message"
    told = await app.store.read(lambda s: list(s.all_events()))
    assert len({e.message for e in told}) == len(told), "each told once"
    problems = sum(1 for i in range(MESSAGES) if i % 10 == 0)
    assert len(told) == problems, "each problem opened a ticket, or joined one that was there"
    print(
        f"\n{len(deliveries)} deliveries of {MESSAGES} messages: {len(tickets)} tickets, none twice"
    )


async def test_of_two_hundred_who_claim_at_once_one_wins(app: App) -> None:
    for turn in range(ROUNDS):
        report = Message(
            f"p{turn}", app.clock(), "R-1", f"r{turn}", text=f"{turn}栋{turn}单元电梯坏了"
        )
        assert await app.pipeline.receive(report) == "ticket"
        number = 1001 + turn
        claims = [
            Message(f"{turn}-{i}", app.clock(), "R-1", f"c{i}", f"党员{i}", text=f"接单 {number}")
            for i in range(CROWD)
        ]
        await asyncio.gather(*(app.pipeline.receive(claim) for claim in claims))
        ticket = await app.store.read(lambda s, n=number: s.ticket(n))  # type: ignore[misc]
        events = await app.store.read(lambda s, n=number: s.history(n))  # type: ignore[misc]
        assert ticket is not None
        winners = [e.actor for e in events if e.kind == "claimed"]
        assert winners == [ticket.handler]
        for who, text in (
            (ticket.handler, "办结"),
            (f"r{turn}", "满意"),
        ):  # no group has a thousand
            end = Message(f"{turn}{text}", app.clock(), "R-1", who, text=f"{text} {number}")
            await app.pipeline.receive(end)
    live = await app.store.read(lambda s: s.aging(app.clock()))
    assert not live
    print(f"\n{ROUNDS} rounds of {CROWD} claims: one winner each")
