"""What goes out: pace, one breath a room, order, retries, leases."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app import open_store
from bot.channels.base import File, Hears, UnsureError
from bot.clock import SetClock, machine
from bot.models import Decision, Message, Reason, Send
from bot.outbox import Outbox, ease
from bot.pace import LONGEST, Pace, Rates, breath
from schedules.figures import Figures, to_json
from storage.base import Store, Waiting
from tests.contract.test_store import ticket
from tests.network import Network

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def waiting(id_: int, text: str, **more: object) -> Waiting:
    return Waiting(id_, NOW, Send(Reason.NUDGE, text, "R", tickets=(id_,), **more))  # type: ignore[arg-type]


class Even(random.Random):
    """Chance that always comes out in the middle."""

    def random(self) -> float:
        return 0.5


def pace(**rates: object) -> Pace:
    return Pace(Rates(**rates), lambda moment: moment, Even())  # type: ignore[arg-type]


def test_a_room_and_an_account_have_their_rates() -> None:
    some = pace(account_per_minute=4, room_per_minute=2)
    said = []
    for _ in range(3):
        for room in ("A", "B", "C"):
            if some.may("x", room, NOW):
                some.spend("x", room, NOW)
                said.append(room)
    assert said == ["A", "B", "C", "A"]  # four from the account, two at most a room
    assert some.may("y", "B", NOW), "another account has its own rate"
    assert not some.may("x", "B", NOW + timedelta(seconds=14))
    assert some.may("x", "B", NOW + timedelta(seconds=16))
    assert some.may("x", "A", NOW + timedelta(minutes=1))


def test_no_rate_is_no_limit_and_a_clock_set_back_does_no_harm() -> None:
    free = pace()
    for _ in range(100):
        assert free.may("x", "A", NOW)
        free.spend("x", "A", NOW)
    one = pace(account_per_minute=1, room_per_minute=1, pause=timedelta(seconds=3))
    one.spend("x", "A", NOW)
    assert not one.may("x", "A", NOW - timedelta(hours=1))
    assert one.may("x", "A", NOW - timedelta(hours=1), urgent=True)


def test_a_long_look_keeps_nobody_waiting_for_long() -> None:
    assert ease(0.001) < 0.01
    assert ease(0.1) > 0.2
    assert ease(10) <= 1


def test_an_account_pauses_between_two_messages() -> None:
    slow = pace(pause=timedelta(seconds=3))
    slow.spend("x", "A", NOW)
    assert not slow.may("x", "B", NOW + timedelta(seconds=3.9), urgent=True)
    assert slow.may("x", "B", NOW + timedelta(seconds=4.1))  # 3 s, and half of the chance of 2 s
    assert slow.may("y", "B", NOW)


def test_a_day_has_its_budget_and_emergencies_are_beyond_it() -> None:
    day = pace(account_per_day=3)
    day.said({"x": 1}, NOW)
    for _ in range(2):
        assert day.may("x", "A", NOW)
        day.spend("x", "A", NOW)
    assert not day.may("x", "A", NOW)
    assert day.spent("x", NOW)
    assert day.may("x", "A", NOW, urgent=True)
    assert day.may("y", "A", NOW)
    assert day.may("x", "A", NOW + timedelta(days=1))


def test_what_waits_together_leaves_in_one_breath() -> None:
    one = breath([waiting(1, "一", mentions=("a",)), waiting(2, "二", mentions=("b", "a"))])
    send = one.send
    assert (one.ids, send.text, send.mentions, send.tickets) == (
        (1, 2),
        "一\n\n二",
        ("a", "b"),
        (1, 2),
    )


def test_of_two_nudges_the_later_one_is_said_and_both_are_done_with() -> None:
    first, second = waiting(1, "等了2小时"), waiting(3, "等了3小时")
    about = [
        replace(r, send=replace(r.send, reason=Reason.NUDGE, tickets=(7,))) for r in (first, second)
    ]
    one = breath([about[0], waiting(2, "记下了"), about[1]])
    assert (one.ids, one.send.text) == ((1, 2, 3), "记下了\n\n等了3小时")
    other = replace(about[1], send=replace(about[1].send, tickets=(8,)))
    assert breath([about[0], other]).send.text == "等了2小时\n\n等了3小时"


def test_a_breath_has_an_end_and_a_digest_stays_by_itself() -> None:
    for rows in (
        [waiting(1, "长" * LONGEST), waiting(2, "短")],
        [waiting(1, "日报", chart="{}"), waiting(2, "短")],
        [waiting(1, "短"), waiting(2, "日报", chart="{}"), waiting(3, "短")],
    ):
        assert breath(rows).ids == (1,)


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
    async with serving(Outbox(store, network, pace(), machine)):
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
    async with serving(
        Outbox(store, network, pace(account_per_minute=20, room_per_minute=6), machine)
    ):
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
    outbox = Outbox(store, network, pace(), clock)
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
    outbox = Outbox(store, network, pace(), clock)
    await store.transact(lambda s: s.apply(Decision(sends=(Send(Reason.ACK, "一", "R"),)), NOW))
    for _ in range(220):
        clock.now += timedelta(minutes=11)
        await outbox.drain()
    assert network.said == [("R", "一")]
    await store.close()


async def test_what_the_timer_says_waits_for_working_hours(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network, clock, hours = Network(), SetClock(NOW), {"open": False}
    outbox = Outbox(store, network, pace(), clock, lambda _: hours["open"])
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
        async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
            if send.room == "R0":
                raise KeyError("a fault nobody thought of")
            return await super().send(send, key, files)

    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Faulty()
    sends = tuple(Send(Reason.ACK, f"{i}", f"R{i}") for i in range(3))
    await store.transact(lambda s: s.apply(Decision(sends=sends), machine()))
    async with serving(Outbox(store, network, pace(), machine)):
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
        await Outbox(store, network, pace(), SetClock(NOW)).drain()
        (files,) = network.files
        assert [f.data[:4] for f in files] == ([b"\x89PNG"] if pictures else [])
    await store.close()


async def test_urgent_first_then_what_matters_and_digests_last(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network()
    sends = (
        Send(Reason.DIGEST, "日报", "R1"), Send(Reason.NUDGE, "催", "R2"),
        Send(Reason.OUTCOME, "办好了", "R3"), Send(Reason.ALERT, "急", "R4", urgent=True),
    )  # fmt: skip
    await store.transact(lambda s: s.apply(Decision(sends=sends), machine()))
    async with serving(Outbox(store, network, pace(), machine)):
        await until_sent(store, 4)
    assert [text for _, text in network.said] == ["急", "办好了", "催", "日报"]
    assert network.most == 1
    await store.close()


async def test_a_slow_account_holds_nobody_else_up(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network()
    network.slow["S"] = 1.5
    sends = (
        Send(Reason.ACK, "慢", "S1"),
        Send(Reason.ACK, "也慢", "S2"),
        Send(Reason.ACK, "快", "R1"),
    )
    await store.transact(lambda s: s.apply(Decision(sends=sends), machine()))
    async with serving(Outbox(store, network, pace(), machine)):
        await until_sent(store, 3)
    assert [text for _, text in network.said] == ["快", "慢", "也慢"]
    await store.close()


async def test_what_nobody_can_reach_waits_without_a_try(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network()
    sends = (Send(Reason.ACK, "够不着", "Z"), Send(Reason.ACK, "够得着", "R"))
    await store.transact(lambda s: s.apply(Decision(sends=sends), machine()))
    async with serving(Outbox(store, network, pace(), machine)):
        await until_sent(store, 1)
    (queued,) = await store.read(lambda s: s.waiting(machine(), True))
    (row,) = await store.read(lambda s: s.ready(queued, machine(), True, 9))
    assert (row.send.text, row.attempts) == ("够不着", 0)
    await store.close()


async def test_nobody_knows_whether_it_arrived(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    clock = SetClock(NOW)
    for reason, again in ((Reason.ESCALATE, True), (Reason.ALERT, True), (Reason.OUTCOME, True),
                          (Reason.NUDGE, False), (Reason.DIGEST, False)):  # fmt: skip
        network = Network(failing=1, error=UnsureError("没有回音"))
        outbox = Outbox(store, network, pace(), clock)
        await store.transact(
            lambda s, r=reason: s.apply(Decision(sends=(Send(r, "话", "R"),)), clock.now)  # type: ignore[misc]
        )
        await outbox.drain()
        clock.now += timedelta(minutes=1)
        await outbox.drain()
        assert network.said == ([("R", "话")] if again else []), reason
    health = await store.read(lambda s: s.health(clock.now))
    assert health.dropped_sends == 2  # and so `doctor` says
    await store.close()


async def test_a_nudge_that_came_too_late_is_dropped(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network()
    at = machine() - timedelta(hours=1)
    moved, still = (
        ticket(1001, touched_at=machine()),
        ticket(1002, touched_at=at - timedelta(hours=1)),
    )
    sends = (
        Send(Reason.NUDGE, "催一", "R1", tickets=(1001,)),
        Send(Reason.NUDGE, "催二", "R2", tickets=(1002,)),
    )
    await store.transact(lambda s: s.apply(Decision(tickets=(moved, still), sends=sends), at))
    async with serving(Outbox(store, network, pace(), machine)):
        await until_sent(store, 1)
    assert network.said == [("R2", "催二")]
    assert await store.read(lambda s: s.waiting(machine(), True)) == []
    await store.close()


async def test_what_was_said_today_counts_after_a_restart(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network()
    for count in (2, 1):  # of the second program's two only one is left in the budget
        outbox = Outbox(store, network, pace(account_per_day=3), machine)
        sends = tuple(Send(Reason.ACK, f"话{i}", f"R{i}") for i in range(2))
        await store.transact(lambda s, m=sends: s.apply(Decision(sends=m), machine()))  # type: ignore[misc]
        before = len(network.said)
        await outbox.take_over(["R"])
        async with serving(outbox):
            await until_sent(store, before + count)
            await asyncio.sleep(0.1)
        assert len(network.said) == before + count
    await store.close()


async def test_names_stand_for_mentions_where_there_are_none(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network(mentions=False)
    outbox = Outbox(store, network, pace(), SetClock(NOW))
    outbox.name_of = {"u-1": "林网格"}.__getitem__
    sends = (Send(Reason.NUDGE, "请接单", "R", mentions=("u-1",)),)
    await store.transact(lambda s: s.apply(Decision(sends=sends), NOW))
    await outbox.drain()
    assert network.said == [("R", "@林网格 请接单")]
    await store.close()


async def test_how_to_answer_is_said_where_not_everything_is_heard(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    sends = (Send(Reason.CONFIRM, "您看行不行？", "R"), Send(Reason.DIGEST, "日报", "R"))
    for hears, more in (
        (Hears.EVERYTHING, ""),
        (Hears.MENTIONS, "（回话请先@我）"),
        (Hears.NOTHING, "（这里听不到"),
    ):
        network = Network(hears=hears)
        await store.transact(lambda s: s.apply(Decision(sends=sends), NOW))
        await Outbox(store, network, pace(), SetClock(NOW)).drain()
        (_, asked), (_, digest) = network.said
        assert asked.startswith(f"您看行不行？{more}")
        assert (len(asked) == len("您看行不行？")) == (hears is Hears.EVERYTHING)
        assert digest == "日报"
    await store.close()


async def test_who_never_wrote_is_not_written_to_where_that_is_forbidden(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network = Network(first=False)
    sends = (Send(Reason.DIGEST, "日报", to="u"), Send(Reason.ACK, "群里", "R"))
    await store.transact(lambda s: s.apply(Decision(sends=sends), machine()))
    async with serving(Outbox(store, network, pace(), machine)):
        await until_sent(store, 1)
        assert network.said == [("R", "群里")]
        await store.transact(
            lambda s: s.remember(Message("d", machine(), None, "u", text="在吗"), "ignore", 0, None)
        )
        await until_sent(store, 2)
    assert network.said[-1] == (None, "日报")
    await store.close()


async def test_a_repeat_is_harmless_where_the_network_knows_the_key(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network, clock = (
        Network(failing=1, error=UnsureError("没有回音"), idempotent=True),
        SetClock(NOW),
    )
    outbox = Outbox(store, network, pace(), clock)
    await store.transact(lambda s: s.apply(Decision(sends=(Send(Reason.NUDGE, "催", "R"),)), NOW))
    await outbox.drain()
    clock.now += timedelta(minutes=1)
    await outbox.drain()
    assert network.said == [("R", "催")]
    await store.close()


def test_what_surely_did_not_arrive_is_not_counted() -> None:
    day = pace(account_per_day=2, account_per_minute=2, room_per_minute=2)
    for _ in range(10):
        assert day.may("x", "A", NOW)
        day.spend("x", "A", NOW)
        day.refund("x", "A")
    assert not day.spent("x", NOW)


async def test_a_message_that_is_never_answered_goes_three_times_at_most(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    network, clock = Network(failing=99, error=UnsureError("没有回音")), SetClock(NOW)
    outbox = Outbox(store, network, pace(), clock)
    await store.transact(lambda s: s.apply(Decision(sends=(Send(Reason.ACK, "记下了", "R"),)), NOW))
    for _ in range(10):
        await outbox.drain()
        clock.now += timedelta(minutes=11)
    assert 99 - network.failing == 3
    assert (await store.read(lambda s: s.health(clock.now))).dropped_sends == 1
    await store.close()
