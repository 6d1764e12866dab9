"""What goes out: pace, one breath a room, order, retries, leases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app import open_store
from bot.channels.base import Abilities, SendError
from bot.clock import SetClock, machine
from bot.models import Decision, Reason, Send
from bot.outbox import Outbox
from bot.pace import LONGEST, Pace, breath
from schedules.figures import Figures, to_json
from storage.base import Store, Waiting

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def waiting(id_: int, text: str, **more: object) -> Waiting:
    return Waiting(id_, NOW, Send(Reason.NUDGE, text, "R", tickets=(id_,), **more))  # type: ignore[arg-type]


def test_a_room_and_an_account_have_their_rates() -> None:
    pace = Pace(account_per_minute=4, room_per_minute=2)
    said = []
    for _ in range(3):
        for room in ("A", "B", "C"):
            if pace.may(room, NOW):
                pace.spend(room, NOW)
                said.append(room)
    assert said == ["A", "B", "C", "A"]  # four from the account, two at most a room
    assert not pace.may("B", NOW + timedelta(seconds=14))
    assert pace.may("B", NOW + timedelta(seconds=16))
    assert pace.may("A", NOW + timedelta(minutes=1))


def test_no_rate_is_no_limit_and_a_clock_set_back_does_no_harm() -> None:
    free = Pace(0, 0)
    for _ in range(100):
        assert free.may("A", NOW)
        free.spend("A", NOW)
    pace = Pace(1, 1)
    pace.spend("A", NOW)
    assert not pace.may("A", NOW - timedelta(hours=1))


def test_what_waits_together_leaves_in_one_breath() -> None:
    ids, send = breath([waiting(1, "一", mentions=("a",)), waiting(2, "二", mentions=("b", "a"))])
    assert (ids, send.text, send.mentions, send.tickets) == ([1, 2], "一\n\n二", ("a", "b"), (1, 2))


def test_a_breath_has_an_end_and_a_digest_stays_by_itself() -> None:
    ids, _ = breath([waiting(1, "长" * LONGEST), waiting(2, "短")])
    assert ids == [1]
    ids, _ = breath([waiting(1, "日报", chart="{}"), waiting(2, "短")])
    assert ids == [1]
    ids, _ = breath([waiting(1, "短"), waiting(2, "日报", chart="{}"), waiting(3, "短")])
    assert ids == [1]


class Network:
    """Takes messages, refusing as told; notes how many were in flight in a room at once."""

    def __init__(self, failing: int = 0, paced: bool = True, pictures: bool = False) -> None:
        self.abilities = Abilities(pictures=pictures, paced=paced)
        self.failing = failing
        self.said: list[tuple[str | None, str]] = []
        self.pictures: list[bytes | None] = []
        self.most = 0
        self._now: dict[str | None, int] = {}

    async def send(self, send: Send, key: str, picture: bytes | None = None) -> str:
        self._now[send.room] = self._now.get(send.room, 0) + 1
        self.most = max(self.most, self._now[send.room])
        await asyncio.sleep(0.005)
        self._now[send.room] -= 1
        if self.failing:
            self.failing -= 1
            raise SendError("断线")
        self.said.append((send.room, send.text))
        self.pictures.append(picture)
        return f"n{key}"


@asynccontextmanager
async def serving(outbox: Outbox) -> AsyncIterator[None]:
    task = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_sent(store: Store, count: int) -> None:
    async with asyncio.timeout(20):
        while len([s for s in await store.read(lambda s: s.chat_after(0, 0)) if s.send]) < count:
            await asyncio.sleep(0.02)


async def test_in_order_within_a_room_and_one_in_flight(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network(paced=False)
    sends = tuple(Send(Reason.ACK, str(i), f"R{i % 3}") for i in range(30))
    await store.transact(lambda s: s.apply(Decision(sends=sends), machine()))
    async with serving(Outbox(store, network, Pace(0, 0), machine)):
        await until_sent(store, 30)
    for room in ("R0", "R1", "R2"):
        mine = [int(t) for r, t in network.said if r == room]
        assert mine == sorted(mine)
    assert network.most == 1
    await store.close()


async def test_a_backlog_is_one_message_a_room(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network()
    sends = tuple(Send(Reason.NUDGE, f"第{i}条", f"R{i % 2}") for i in range(20))
    await store.transact(lambda s: s.apply(Decision(sends=sends), machine()))
    async with serving(Outbox(store, network, Pace(20, 6), machine)):
        await until_sent(store, 20)
    assert len(network.said) == 2
    assert "".join(t for _, t in network.said).count("条") == 20
    await store.close()


async def test_a_failed_send_is_tried_again_later_and_nothing_overtakes_the_clock(
    tmp_path: Path,
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network(failing=2)
    clock = SetClock(NOW)
    outbox = Outbox(store, network, Pace(0, 0), clock)
    await store.transact(lambda s: s.apply(Decision(sends=(Send(Reason.ACK, "一", "R"),)), NOW))
    await outbox.drain()
    assert network.said == []
    clock.now = NOW + timedelta(seconds=6)
    await outbox.drain()
    clock.now = NOW + timedelta(seconds=60)
    await outbox.drain()
    assert network.said == [("R", "一")]
    await store.close()


async def test_a_message_is_never_given_up(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network(failing=200)
    clock = SetClock(NOW)
    outbox = Outbox(store, network, Pace(0, 0), clock)
    await store.transact(lambda s: s.apply(Decision(sends=(Send(Reason.ACK, "一", "R"),)), NOW))
    for _ in range(220):
        clock.now += timedelta(minutes=11)
        await outbox.drain()
    assert network.said == [("R", "一")]
    await store.close()


async def test_what_the_timer_says_waits_for_working_hours(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network, clock, hours = Network(), SetClock(NOW), {"open": False}
    outbox = Outbox(store, network, Pace(0, 0), clock, lambda _: hours["open"])
    sends = (
        Send(Reason.NUDGE, "催", "R", in_hours=True),
        Send(Reason.ALERT, "急", "R", urgent=True),
    )
    await store.transact(lambda s: s.apply(Decision(sends=sends), NOW))
    await outbox.drain()
    assert network.said == [("R", "急")]
    hours["open"] = True
    await outbox.drain()
    assert network.said == [("R", "急"), ("R", "催")]
    await store.close()


async def test_a_fault_of_the_channel_stops_nothing(tmp_path: Path) -> None:
    class Faulty(Network):
        async def send(self, send: Send, key: str, picture: bytes | None = None) -> str:
            if send.room == "R0":
                raise KeyError("a fault nobody thought of")
            return await super().send(send, key, picture)

    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Faulty()
    sends = tuple(Send(Reason.ACK, f"{i}", f"R{i}") for i in range(3))
    await store.transact(lambda s: s.apply(Decision(sends=sends), machine()))
    async with serving(Outbox(store, network, Pace(0, 0), machine)):
        await until_sent(store, 2)
    assert {room for room, _ in network.said} == {"R1", "R2"}
    await store.close()


async def test_a_chart_is_drawn_where_the_channel_takes_pictures(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    chart = to_json(Figures(created=3, by_category={"lighting": 3}), Figures())
    send = Send(Reason.DIGEST, "日报", to="u", chart=chart)
    for pictures in (True, False):
        network = Network(pictures=pictures)
        await store.transact(lambda s: s.apply(Decision(sends=(send,)), NOW))
        await Outbox(store, network, Pace(0, 0), SetClock(NOW)).drain()
        (picture,) = network.pictures
        assert (picture is not None and picture.startswith(b"\x89PNG")) == pictures
    await store.close()
