"""What workers that share a store have in hand; the same promises on each engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app import open_store
from bot.models import Deadline, Decision, Message, Reason, Send
from storage.base import Session, Store
from tests.contract.test_store import HOUR, NOW, ticket
from tests.postgres import fresh_database

DUE = NOW + HOUR
HALF = timedelta(seconds=30)


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    sqlite = request.param == "sqlite"
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}" if sqlite else fresh_database())
    yield store
    await store.close()


async def keep(store: Store, *numbers: int, grid: str = "M1") -> None:
    tickets = tuple(ticket(number, grid=grid) for number in numbers)
    await store.transact(lambda s: s.apply(Decision(tickets), NOW))


async def claim(store: Store, word: str, at: datetime = DUE) -> list[int]:
    def taken(session: Session) -> list[int]:
        numbers = [number for number, _ in session.due(at, at + HALF, 100)]
        return session.claim_due(numbers, at, at + HALF, word)

    return await store.claim(taken)


async def test_what_is_claimed_is_nobody_elses_until_the_claim_runs_out(store: Store) -> None:
    await keep(store, 1001, 1002)
    assert await claim(store, "a 1", DUE - HALF) == []
    assert await claim(store, "a 1") == [1001, 1002]
    assert await claim(store, "b 1") == []
    later = DUE + 2 * HALF
    assert await claim(store, "b 1", later) == [1001, 1002]
    assert await store.read(lambda s: s.claimed([1001, 1002], "a 1")) == [], "fenced off"
    assert await store.read(lambda s: s.claimed([1002, 1001], "b 1")) == [1002, 1001]


async def test_a_clock_set_back_frees_what_was_claimed_ahead_of_it(store: Store) -> None:
    await keep(store, 1001)
    assert await claim(store, "a 1", DUE + 24 * HOUR) == [1001]
    assert await claim(store, "b 1", DUE) == [1001]


async def test_whatever_happens_to_a_ticket_ends_the_claim(store: Store) -> None:
    await keep(store, 1001, 1002)
    await claim(store, "a 1")
    moved = ticket(1001, deadline=Deadline("outcome", DUE + HOUR))
    await store.transact(lambda s: s.apply(Decision((moved,)), DUE))
    assert await store.read(lambda s: s.claimed([1001, 1002], "a 1")) == [1002]
    await store.transact(lambda s: s.release_claims("a"))
    assert await claim(store, "b 1") == [1002]


async def test_due_tickets_are_found_with_the_grid_that_holds_them(store: Store) -> None:
    await keep(store, 1001, 1003)
    await keep(store, 1002, grid="M2")
    found = await store.read(lambda s: s.due(DUE, DUE + HALF, 10))
    assert found == [(1001, "M1"), (1002, "M2"), (1003, "M1")]
    assert await store.read(lambda s: s.due(NOW, NOW + HALF, 10)) == []


async def test_a_lease_has_one_holder(store: Store) -> None:
    async def lease(holder: str, at: datetime) -> bool:
        return await store.claim(lambda s: s.lease("account", holder, at, at + HALF))

    async def held(at: datetime) -> dict[str, tuple[str, bool]]:
        return await store.read(lambda s: s.leases(at, at + HALF))

    assert await lease("a", NOW)
    assert not await lease("b", NOW + HALF / 2)
    assert await lease("a", NOW + HALF / 2), "renewed"
    assert not await lease("b", NOW + HALF)
    assert await held(NOW + HALF) == {"account": ("a", True)}
    assert await held(NOW + 2 * HALF) == {"account": ("a", False)}
    assert await lease("b", NOW + 2 * HALF), "its holder is gone"
    assert await lease("a", NOW), "the clock was set back"
    await store.claim(lambda s: s.end_lease("account", "b"))
    assert await held(NOW) == {"account": ("a", True)}, "nobody ends another's lease"
    await store.claim(lambda s: s.end_lease("account", "a"))
    assert await held(NOW) == {}


async def test_one_message_of_a_group_is_in_flight_whoever_sends(store: Store) -> None:
    sends = tuple(Send(Reason.ACK, str(i), f"R-{i % 2}") for i in range(4))
    await store.transact(lambda s: s.apply(Decision(sends=sends), NOW))

    async def take(ids: list[int], worker: str, account: str = "x") -> bool:
        return await store.claim(lambda s: s.take(ids, worker, NOW, account))

    taken = await asyncio.gather(*(take([1 + 2 * (i % 2)], f"w{i}") for i in range(10)))
    assert taken.count(True) == 1, "1 and 3 are of one group"
    assert await take([2], "w9")
    assert not await take([4], "w9")
    await store.claim(lambda s: s.release("x"))
    assert await take([4], "w9"), "who had the account before is gone"


async def test_only_who_has_an_account_speaks_for_it(store: Store) -> None:
    await store.transact(lambda s: s.apply(Decision(sends=(Send(Reason.ACK, "好", "R-1"),)), NOW))
    await store.claim(lambda s: s.lease("x", "b", NOW, NOW + HALF))
    assert not await store.claim(lambda s: s.take([1], "a", NOW, "x"))
    assert await store.claim(lambda s: s.take([1], "b", NOW, "x"))


async def test_who_lost_a_message_changes_nothing_about_it(store: Store) -> None:
    await store.transact(lambda s: s.apply(Decision(sends=(Send(Reason.ACK, "好", "R-1"),)), NOW))
    late = NOW + HOUR
    assert await store.claim(lambda s: s.take([1], "a", NOW))
    assert await store.claim(lambda s: s.take([1], "b", late)), "the lease ran out"
    await store.transact(lambda s: s.failed([1], "a", "断了", late))
    await store.transact(lambda s: s.drop([1], "a", "算了", late))
    assert not await store.claim(lambda s: s.take([1], "c", late)), "still b's"
    await store.transact(lambda s: s.sent([1], "x1", late))
    await store.transact(lambda s: s.sent([1], "x2", late))
    assert await store.read(lambda s: s.known("x1") == "own")
    assert not await store.read(lambda s: s.known("x2"))


async def test_two_workers_that_change_a_ticket_at_once_change_it_one_after_the_other() -> None:
    url = fresh_database()
    stores = [open_store(url) for _ in range(3)]
    await keep(stores[0], 1001)

    def more(session: Session) -> None:
        known = session.ticket(1001)
        assert known is not None
        session.apply(Decision((replace(known, reopened=known.reopened + 1),)), NOW)

    await asyncio.gather(*(stores[i % 3].transact(more) for i in range(60)))
    known = await stores[0].read(lambda s: s.ticket(1001))
    assert known is not None
    assert known.reopened == 60
    for each in stores:
        await each.close()


async def test_two_workers_that_hear_the_same_message_keep_it_once() -> None:
    url = fresh_database()
    stores = [open_store(url) for _ in range(3)]

    def hear(session: Session, id_: str) -> str:
        if session.heard(id_):
            return "repeat"
        session.remember(Message(id_, NOW, "R-1", "r1", text="你好"), "ignore", 0.0, None)
        return "new"

    for turn in range(40):
        said = await asyncio.gather(
            *(each.transact(lambda s, i=f"m{turn}": hear(s, i)) for each in stores)  # type: ignore[misc]
        )
        assert sorted(said) == ["new", "repeat", "repeat"]
    for each in stores:
        await each.close()


async def test_two_workers_never_give_a_number_twice() -> None:
    url = fresh_database()
    stores = [open_store(url) for _ in range(3)]

    def open_one(session: Session) -> int:
        number = session.next_number()
        session.apply(Decision((ticket(number),)), NOW)
        return number

    numbers = await asyncio.gather(*(stores[i % 3].transact(open_one) for i in range(90)))
    assert len(set(numbers)) == 90
    assert min(numbers) == 1001
    for each in stores:
        await each.close()
