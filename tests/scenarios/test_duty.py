"""Who serves which account, when several workers share a database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import only_one, open_store, present
from bot.clock import SetClock
from bot.duty import LEASE, Duty
from bot.models import Decision, Reason, Send
from storage.base import StorageError, Store, Worker
from tests.conftest import moment
from tests.postgres import fresh_database

ACCOUNTS = ("a", "b", "c", "d", "e")


class Office:
    """Some workers on one store and one clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = SetClock(moment("09:00"))
        self.gained: list[str] = []

    async def worker(self, name: str) -> Duty:
        duty = Duty(self.store, Worker(name), lambda: ACCOUNTS, self.clock)

        async def gained(accounts: Iterable[str]) -> None:
            self.gained += accounts

        duty.gained = gained
        await duty.start()
        return duty

    def served(self, *workers: Duty) -> list[list[str]]:
        return [[a for a in ACCOUNTS if worker.has(a)] for worker in workers]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(open_store(f"sqlite:///{tmp_path / 'x.db'}"))


async def test_one_alone_serves_all_and_two_share(office: Office) -> None:
    first = await office.worker("w1")
    assert office.served(first) == [list(ACCOUNTS)]
    assert first.alone
    assert first.in_office
    second = await office.worker("w2")
    assert office.served(second) == [[]], "nothing is free yet"
    await first.renew()
    await second.renew()
    mine, yours = office.served(first, second)
    assert sorted(mine + yours) == list(ACCOUNTS)
    assert abs(len(mine) - len(yours)) <= 1
    assert first.in_office
    assert not second.in_office
    assert not second.alone
    assert first.has("an account that nobody leases")
    assert set(office.gained) == {*ACCOUNTS, "office"}


async def test_who_is_gone_is_stood_in_for_and_what_it_had_in_hand_is_free(office: Office) -> None:
    first = await office.worker("w1")
    await office.store.transact(
        lambda s: s.apply(Decision(sends=(Send(Reason.ACK, "好", "R-1"),)), office.clock.now)
    )
    taken = lambda w: office.store.claim(lambda s: s.take([1], w, office.clock.now, "a"))  # noqa: E731
    assert await taken("w1")
    second = await office.worker("w2")
    assert not await taken("w2")
    office.clock.now += LEASE + timedelta(seconds=1)
    await second.renew()
    assert office.served(second) == [list(ACCOUNTS)]
    assert await taken("w2")
    del first


async def test_who_lets_go_keeps_what_it_is_just_saying(office: Office) -> None:
    first = await office.worker("w1")
    sends = tuple(Send(Reason.ACK, "好", f"R-{i}") for i in range(len(ACCOUNTS)))
    await office.store.transact(lambda s: s.apply(Decision(sends=sends), office.clock.now))
    for i, account in enumerate(ACCOUNTS, 1):
        assert await office.store.claim(
            lambda s, i=i, a=account: s.take([i], "w1", office.clock.now, a)  # type: ignore[misc]
        )
    second = await office.worker("w2")
    await first.renew()
    await second.renew()
    (theirs,) = office.served(second)
    assert theirs
    assert await office.store.read(lambda s: s.waiting(office.clock.now, True)) == []


async def test_a_worker_that_comes_back_finds_its_own(office: Office) -> None:
    await office.worker("w1")
    again = await office.worker("w1")
    assert office.served(again) == [list(ACCOUNTS)]


async def test_who_stops_ends_its_leases(office: Office) -> None:
    first = await office.worker("w1")
    running = asyncio.create_task(first.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    second = await office.worker("w2")
    assert office.served(first, second) == [[], list(ACCOUNTS)]


async def test_an_account_is_served_while_it_is_ours(office: Office) -> None:
    first, second = await office.worker("w1"), await office.worker("w2")
    at_work: list[str] = []

    async def work() -> None:
        at_work.append("e")
        try:
            await asyncio.Event().wait()
        finally:
            at_work.remove("e")

    serving = [asyncio.create_task(each.serve("e", work)) for each in (first, second)]
    await asyncio.sleep(0.05)
    assert at_work == ["e"]
    await first.renew()
    async with asyncio.timeout(5):
        while at_work:
            await asyncio.sleep(0.05)
    await second.renew()
    await asyncio.sleep(0.05)
    assert at_work == ["e"]
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)
    assert at_work == []


async def test_workers_on_postgresql_have_names_and_hear_of_each_others_messages() -> None:
    url = fresh_database()
    store = open_store(url)
    heard = threading.Event()
    with present(url) as first:
        with present(url) as second:
            assert first.name != second.name
            with pytest.raises(StorageError, match="在用"), only_one(url):
                pass
            name = second.name
            second.hint = heard.set
            await store.transact(
                lambda s: s.apply(Decision(sends=(Send(Reason.ACK, "好", "R-1"),)), moment("09:00"))
            )
            assert await asyncio.to_thread(heard.wait, 3)
        with present(url) as third:
            assert third.name == name, "a worker that comes back is called as before"
    with only_one(url), pytest.raises(StorageError, match="占着"), present(url):
        pass
    await store.close()
