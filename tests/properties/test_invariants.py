"""Whatever people say and however the time runs, the promises hold."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import open_store, promises_of
from bot.config import Config
from bot.models import State
from handlers.workflow import MOVES
from schedules.audit import FAR, KINDS, LATE, examine
from tests.conftest import Town, moment

RESIDENTS = ("r1", "r2", "r3")
HANDS = ("u-1", "u-1d", "u-1m", "u-b", "u-v", "u-t")
WORDS = (
    "3栋路灯坏了", "5栋下水道堵了", "停电了", "我家也是", "在3栋2单元", "快来人，有人摔倒了起不来",
    "满意", "没解决", "还是坏的", "撤销", "催办", "查询", "评价 5星", "吃饭了没", "建议装个健身器材",
)  # fmt: skip
ORDERS = (
    "接单", "接单 1001", "接单 1002", "进展 在修了", "办结 1001", "办结 1002 换了", "办结", "吹哨", "吹哨 1001",
    "退回 1001 先核实", "转给 孟党员", "挂起 1001 3天 等配件", "恢复 1001", "不受理 1002 不归我们",
    "合并 1002 到 1001", "改类 1001 物业", "我的待办", "我来处理", "修好了", "1001", "1002",
)  # fmt: skip

step = st.one_of(
    st.tuples(st.sampled_from(("R-1", "R-2")), st.sampled_from(RESIDENTS), st.sampled_from(WORDS)),
    st.tuples(
        st.sampled_from(("R-1", "R-B", "R-V", "R-T", None)),
        st.sampled_from(HANDS),
        st.sampled_from(ORDERS),
    ),
)
gap = st.sampled_from((0, 1, 5, 30, 120, 600, 2000))


async def played(folder: Path, steps: list[tuple[Any, ...]]) -> tuple[Town, str]:
    town = Town(folder)
    at = moment("09:00")
    for (room, who, text), minutes in steps:
        at += timedelta(minutes=minutes)
        town.say(at.isoformat(), room, who, text)
    url = f"sqlite:///{folder / 'kept.db'}"
    await town.play((at + timedelta(days=1)).isoformat(), url=url)
    return town, url


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(step, gap), min_size=1, max_size=25))
def test_the_promises_hold(steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(check(Path(name), steps))


async def check(folder: Path, steps: list[tuple[Any, ...]]) -> None:
    town, url = await played(folder, steps)
    store = open_store(url)
    tickets = await store.read(lambda s: list(s.all_tickets()))
    now = datetime.fromisoformat(town.out[-1]["at"])
    suspects = await store.read(lambda s: s.suspects(now - LATE, now + FAR, KINDS))
    health = await store.read(lambda s: s.health(moment("09:00") + timedelta(days=400)))
    await store.examine()
    await store.close()
    assert health.failed_messages == 0
    for ticket in tickets:  # nothing open without a deadline, nothing ended with one
        assert (ticket.deadline is None) == ticket.state.ended
        assert (ticket.ended_at is None) != ticket.state.ended
        assert (ticket.handler != "") == (ticket.state in _HELD) or ticket.state.ended
    promises = promises_of(Config())
    assert all(examine(ticket, [], now, promises) is None for ticket in tickets)
    assert suspects == []
    _moves_are_in_the_table(town)
    _each_is_answered_at_once(town)
    times = [o["at"] for o in town.out]
    assert times == sorted(times)


_HELD = {State.CLAIMED, State.SUSPENDED, State.RESOLVED}


def _moves_are_in_the_table(town: Town) -> None:
    state: dict[str, str] = {}
    for event in town.events():
        before = state.get(event["ticket"])
        if event["event"] == "created":
            assert before is None
        else:
            sources, target = MOVES[event["event"]]
            assert before in sources
            assert event["state"] == (target or before)
        state[event["ticket"]] = event["state"]


def _each_is_answered_at_once(town: Town) -> None:
    for event in town.events("created"):
        acks = [s for s in town.sends("ack") if event["ticket"] in s["tickets"]]
        assert [s["at"] for s in acks] == [event["at"]]
    for event in town.events("escalated"):
        if event["level"] == "city":
            continue
        told = [s for s in town.sends("escalate") if event["ticket"] in s["tickets"]]
        assert event["at"] in [s["at"] for s in told]
