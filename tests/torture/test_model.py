"""The whole workflow against a plain model of it: whatever people say and however long it takes
them, tickets stand where the model has them, and who must hear of them does.

Hypothesis drives the real program (pipeline, ticker, store) and the model side by side. After each
step all tickets are compared whole: state, level and holder, handler, who waits, how often
reopened, and the deadline to the second; and what was said is compared with what was owed.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from bot.app import App, build, open_store, save_roster
from bot.clock import SetClock
from bot.config import CalendarConfig, Config
from bot.models import Happened, Kind, Message, Reason, Role, RoleKind, Send
from bot.models import Ticket as Stored
from handlers.roster import Roster
from storage.base import Session
from storage.moving import TABLES
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network
from tests.postgres import fresh_database
from tests.torture.model import GRID_OF, HEADS, LEVELS, NAMES, SUPERVISORS, WHERE, Model, Owed

LARGE = os.environ.get("JIEDAN_TORTURE") == "1"
EXAMPLES = 2_000 if LARGE else 100
WALKS = 400 if LARGE else 20
STEPS = 50
pytestmark = pytest.mark.timeout(3600 if LARGE else 120)

START = moment("09:00")
PEOPLE = [r for r in ROLES if r.kind is not RoleKind.SUPERVISOR]
TOWN = Roster(GRIDS, [
    *PEOPLE, Role("u-c", "柯市长", RoleKind.LEADER, "C"),
    Role("u-cs", "市督导", RoleKind.SUPERVISOR, "C"), Role("u-vs", "社区督导", RoleKind.SUPERVISOR, "V"),
])  # fmt: skip
CONFIG = replace(Config(), calendar=CalendarConfig(rest_days="none"))

RESIDENTS = ("r1", "r2", "r3", "r4")
EVERYBODY = (*RESIDENTS, *WHERE)
ROOMS = (*GRID_OF, None)
MATTERS = {
    "路灯": ("3栋的路灯坏了", "normal"), "下水道": ("5栋下水道堵了污水往外冒", "urgent"), "电梯": ("8栋电梯坏了", "normal"),
    "停电": ("9栋停电了", "urgent"), "起火": ("6栋着火了", "emergency"),
}  # fmt: skip
ORDERS = {
    "claim": "接单 {}", "progress": "进展 {} 在修了", "escalate": "吹哨 {}", "return": "退回 {} 先核实",
    "transfer": "转给 {} {more}", "suspend": "挂起 {} 3天 等配件", "resume": "恢复 {}",
    "resolve": "办结 {} 换好了", "confirm": "满意 {}", "reopen": "没解决 {}", "cancel": "撤销 {}",
    "reject": "不受理 {} 不归我们管", "merge": "合并 {} 到 {more}", "reclassify": "改类 {} 物业",
}  # fmt: skip
BARE = {"claim": "接单", "resolve": "办结 换好了", "escalate": "吹哨", "confirm": "满意", "reopen": "没解决",
        "cancel": "撤销"}  # fmt: skip
NO_REASON = {"return": "退回 {}", "reject": "不受理 {}"}
CHATTER = ("吃饭了没", "谢谢大家", "查询", "帮助", "我的待办", "接单 99999", "好的")
FORWARD = ("nudge", "escalate", "confirm")
"""Reasons for which the program speaks of a ticket only when it must."""


class Town:
    """A database that all examples share, one after the other, each from nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.runner = asyncio.Runner()
        self.store = open_store(url, durable=False)
        self.clock = SetClock(START)
        self.network = Network(paced=False)
        self.app: App | None = None
        self.happened: Counter[str] = Counter()
        self.restarts = 0

    def begin(self) -> None:
        """Empty the database and start the program on it."""
        self.clock.now = START
        self.runner.run(self.store.transact(_empty))
        self.start()

    def start(self) -> None:
        self.app = build(CONFIG, self.store, TOWN, self.network, self.clock)
        self.runner.run(self.app.ticker.start(START))

    def restart(self) -> None:
        """Start the program anew; each fourth time on a database that was shut meanwhile."""
        self.restarts += 1
        if self.restarts % 4 == 0:
            self.runner.run(self.store.close())
            self.store = open_store(self.url, durable=False)
            # PostgreSQL may leave a gap where a number was drawn and not used; the model has none
            self.runner.run(self.store.transact(_without_gap))
        self.start()

    def close(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()

    def count(self) -> None:
        """Count what happened in an example."""
        events = self.runner.run(self.store.read(lambda s: list(s.all_events())))
        self.happened.update(f"{e.kind} at {e.level}" for e in events)

    def receive(self, message: Message) -> str:
        assert self.app
        return self.runner.run(self.app.pipeline.receive(message))

    def tick(self) -> None:
        assert self.app
        self.runner.run(self.app.tick())

    def next_moment(self) -> datetime | None:
        assert self.app
        return self.runner.run(self.app.ticker.next_moment())

    def look(self) -> tuple[list[Stored], list[Send]]:
        """Return all tickets, and what the program said since the last look."""
        return self.runner.run(self.store.transact(self._look))

    def _look(self, session: Session) -> tuple[list[Stored], list[Send]]:
        now = self.clock.now
        waiting = session.waiting(now, open_=True)
        found = [row for q in waiting for row in session.ready(q, now, open_=True, most=1000)]
        rows = sorted(found, key=lambda row: row.id)
        session.sent([row.id for row in rows], "", self.clock.now)
        return list(session.all_tickets()), [row.send for row in rows]


def _without_gap(session: Session) -> None:
    session._renumber("tickets")  # type: ignore[attr-defined]


def _empty(session: Session) -> None:
    for table in TABLES:
        session._run(f"delete from {table}")  # type: ignore[attr-defined]  # noqa: S608
    session._renumber("tickets")  # type: ignore[attr-defined]
    save_roster(session, TOWN, "model")


class Workflow(RuleBasedStateMachine):
    """The program and the model, side by side."""

    town: Town

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(START)
        self.said: list[Message] = []
        self.digests = 0

    @initialize(topics=st.lists(st.sampled_from(sorted(MATTERS)), max_size=5, unique=True))
    def begin(self, topics: list[str]) -> None:
        """Some have told of something already."""
        self.town.begin()
        for topic, who in zip(topics, itertools.cycle(RESIDENTS), strict=False):
            self.report(who, "R-1", topic, asked=False)

    def teardown(self) -> None:
        self.town.count()

    # what people do

    def say(self, who: str, room: str | None, text: str, **more: Any) -> str:
        """Say it a second later; return the message's id."""
        self.model.now += timedelta(seconds=1)
        self.town.clock.now = self.model.now
        id_ = f"m{len(self.said)}"
        message = Message(id_, self.model.now, room, who, who, text=text, **more)
        self.said.append(message)
        assert self.town.receive(message) != "failed"
        return id_

    @rule(who=st.sampled_from(RESIDENTS), room=st.sampled_from(("R-1", "R-2")),
          topic=st.sampled_from(sorted(MATTERS)), asked=st.booleans())  # fmt: skip
    def report(self, who: str, room: str, topic: str, asked: bool) -> None:
        text, urgency = MATTERS[topic]
        id_ = self.say(who, room, f"下单 {text}" if asked else text)
        self.model.report(who, room, topic, urgency, id_)
        self.compare()

    @rule(who=st.sampled_from(RESIDENTS), room=st.sampled_from(("R-1", "R-2")), same=st.booleans())
    def join_or_go_on(self, who: str, room: str, same: bool) -> None:
        self.say(who, room, "我家也是" if same else "在3栋2单元")
        (self.model.me_too if same else self.model.more)(who, room)
        self.compare()

    @rule(what=st.sampled_from(sorted(ORDERS)), which=st.integers(0, 99), into=st.integers(0, 99),
          who=st.sampled_from(EVERYBODY), room=st.sampled_from(ROOMS),
          name=st.sampled_from(sorted(NAMES)))  # fmt: skip
    def order_anything(
        self, what: str, which: int, into: int, who: str, room: str | None, name: str
    ) -> None:
        """Anybody, of any ticket, anywhere: most of this is refused."""
        numbers = sorted(self.model.tickets)
        if numbers:
            more = str(numbers[into % len(numbers)]) if what == "merge" else name
            self.order(what, numbers[which % len(numbers)], who, room, more)

    def order_by_whom_it_is_allowed(
        self, what: str, data: st.DataObject, room: str | None, name: str
    ) -> None:
        """Somebody does what he may, if anybody may."""
        tickets = self.model.tickets
        numbers = [n for n in tickets if self.allowed(what, n)]
        if not numbers:
            return
        number = data.draw(st.sampled_from(numbers))
        who = data.draw(st.sampled_from(self.allowed(what, number)))
        beside = [n for n, t in tickets.items() if t.room == tickets[number].room and n != number]
        more = str(data.draw(st.sampled_from(beside or [number]))) if what == "merge" else name
        self.order(what, number, who, room, more)

    def allowed(self, what: str, number: int) -> list[str]:
        return [who for who in EVERYBODY if self.model.can(what, number, who)]

    def order(self, what: str, number: int, who: str, room: str | None, more: str) -> None:
        self.say(who, room, ORDERS[what].format(number, more=more))
        self.model.command(what, number, who, room, more)
        self.compare()

    @rule(what=st.sampled_from(sorted(NO_REASON)), which=st.integers(0, 99),
          who=st.sampled_from(sorted(HEADS)), room=st.sampled_from(ROOMS))  # fmt: skip
    def give_no_reason(self, what: str, which: int, who: str, room: str | None) -> None:
        numbers = sorted(self.model.tickets)
        if numbers:
            number = numbers[which % len(numbers)]
            self.say(who, room, NO_REASON[what].format(number))
            self.model.command(what, number, who, room, "")
            self.compare()

    @rule(what=st.sampled_from(sorted(BARE)), who=st.sampled_from(EVERYBODY),
          room=st.sampled_from(sorted(GRID_OF)))  # fmt: skip
    def order_without_a_number(self, what: str, who: str, room: str) -> None:
        """Where only one ticket, or none, can be meant; of several the bot asks."""
        self.model.now += timedelta(seconds=1)
        fitting = self.model.fitting(what, who, room)
        self.model.now -= timedelta(seconds=1)
        if len(fitting) > 1:
            return
        self.say(who, room, BARE[what])
        if fitting:
            self.model.command(what, fitting[0].number, who, room)
        self.compare()

    @rule(which=st.integers(0, 99), own=st.booleans(), who=st.sampled_from(RESIDENTS))
    def take_back(self, which: int, own: bool, who: str) -> None:
        """A message that opened a ticket is withdrawn, by its author or, in vain, by another."""
        tickets = list(self.model.tickets.values())
        if tickets:
            source = tickets[which % len(tickets)].source
            author = next(m.sender for m in self.said if m.id == source)
            by = author if own else who
            self.say(by, tickets[which % len(tickets)].room, "", kind=Kind.RECALLED, quote=source)
            if by == author:
                self.model.withdraw(source, by)
            self.compare()

    @rule(which=st.integers(0, 99), who=st.sampled_from(RESIDENTS), stars=st.integers(1, 5))
    def rate(self, which: int, who: str, stars: int) -> None:
        numbers = sorted(self.model.tickets)
        if numbers:
            number = numbers[which % len(numbers)]
            self.say(who, self.model.tickets[number].room, f"评价 {number} {stars}星")
            self.model.rate(number, who)
            self.compare()

    @rule(
        who=st.sampled_from(EVERYBODY), room=st.sampled_from(ROOMS), text=st.sampled_from(CHATTER)
    )
    def chat(self, who: str, room: str | None, text: str) -> None:
        self.say(who, room, text)
        self.compare()

    @rule(which=st.integers(0, 99))
    def hear_again(self, which: int) -> None:
        """The network delivers an old message once more."""
        if self.said:
            assert self.town.receive(self.said[which % len(self.said)]) == "repeat"
            self.compare()

    # what time does

    @rule(minutes=st.sampled_from((1, 5, 15, 45, 120, 600)))
    def wait(self, minutes: int) -> None:
        """The clock runs on, and the program with it."""
        self.run_on(self.model.now + timedelta(minutes=minutes))

    @rule()
    def wait_for_the_next_deadline(self) -> None:
        due = [t.due for t in self.model.tickets.values() if t.due]
        if due:
            self.run_on(max(min(due), self.model.now))

    @rule(hours=st.sampled_from((3, 14, 30, 200)))
    def be_away(self, hours: int) -> None:
        """The program slept, or the clock was put forward: all that was missed is due at once."""
        self.model.now += timedelta(hours=hours)
        self.tick()
        self.compare()

    def run_on(self, until: datetime) -> None:
        while (at := self.town.next_moment()) is not None and at <= until:
            self.model.now = max(self.model.now, at.astimezone(START.tzinfo))
            self.tick()
        self.model.now = self.town.clock.now = until
        self.compare()

    def tick(self) -> None:
        self.town.clock.now = self.model.now
        self.town.tick()
        self.model.tick()

    @rule()
    def restart(self) -> None:
        self.town.restart()
        self.tick()
        self.compare()

    # the difference

    def compare(self) -> None:
        stored, sends = self.town.look()
        assert [_of_program(t) for t in stored] == [
            _of_model(t) for t in self.model.tickets.values()
        ]
        owed, self.model.owed = self.model.owed, []
        for debt in owed:
            assert any(_pays(send, debt) for send in sends), f"nobody heard: {debt} {sends}"
        for send in sends:
            for number in send.tickets if send.reason in FORWARD else ():
                mine = [d for d in owed if (d.ticket, d.room) == (number, send.room)]
                assert any(send.reason in d.reasons for d in mine), f"said for nothing: {send}"
        digests = [send for send in sends if send.reason is Reason.DIGEST]
        assert {send.to for send in digests} <= set(SUPERVISORS)
        self.digests += len(digests)
        assert self.digests == self.model.digests


def _of_program(t: Stored) -> tuple[object, ...]:
    due = t.deadline
    return (
        t.number, str(t.state), t.grid, str(t.level), t.home, t.room, t.handler, t.reporter,
        sorted(w.person for w in t.joined), t.reopened, str(t.urgency), t.created_at, t.touched_at,
        t.ended_at is not None, (due.kind, due.due, due.nudges) if due else None,
    )  # fmt: skip


def _of_model(t: Any) -> tuple[object, ...]:
    return (
        t.number, t.state, t.grid, LEVELS[t.grid], t.home, t.room, t.handler, t.reporter,
        sorted(t.joined), t.reopened, t.urgency, t.created, t.touched, t.ended is not None,
        (t.kind, t.due, t.nudges) if t.due else None,
    )  # fmt: skip


def _pays(send: Send, debt: Owed) -> bool:
    return (
        (send.room, send.to) == (debt.room, debt.person)
        and debt.ticket in send.tickets
        and set(debt.mentions) <= set(send.mentions)
        and (not debt.reasons or send.reason in debt.reasons)
    )


def _rule_of(what: str) -> Any:
    """A rule of its own for each order: Hypothesis leaves rules out at random, so that each run
    has another temper."""

    def order(self: Workflow, data: st.DataObject, room: str | None, name: str) -> None:
        self.order_by_whom_it_is_allowed(what, data, room, name)

    order.__name__ = f"{what}_it"
    return rule(
        data=st.data(), room=st.sampled_from(ROOMS), name=st.sampled_from(sorted(NAMES))
    )(order)  # fmt: skip


def hasty(url: str) -> str:
    """The database's url, without waiting for the disk; what is tested isn't a crash."""
    mark = "&" if "?" in url else "?"
    return f"{url}{mark}options=-csynchronous_commit%3Doff"


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    url = f"sqlite:///{tmp_path / 'x.db'}" if request.param == "sqlite" else hasty(fresh_database())
    made = Town(url)
    yield made
    made.close()


def machine(town: Town) -> type[Workflow]:
    rules = {f"{what}_it": _rule_of(what) for what in ORDERS}
    return type("OfTown", (Workflow,), {"town": town, **rules})


def test_whatever_hypothesis_does_the_workflow_is_the_model(town: Town) -> None:
    run_state_machine_as_test(
        machine(town),
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
            derandomize=not LARGE, suppress_health_check=list(HealthCheck), print_blob=True,
        ),
    )  # fmt: skip
    print(f"\n{EXAMPLES} runs of {STEPS} steps: no difference in {town.happened.total()} events")


class Dice:
    """Draws from what a strategy offers, as chance would have it."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def draw(self, strategy: Any) -> Any:
        return self.rng.choice(strategy.elements)


def walk(of: Workflow, dice: Dice) -> None:
    """STEPS steps, most of which do something: Hypothesis repeats itself and forbids itself rules,
    to make its failures small; so it seldom comes far."""
    rng, here = dice.rng, ("R-1", "R-2")
    of.begin(rng.sample(sorted(MATTERS), 3))
    for _ in range(STEPS):
        who, room, name = rng.choice(RESIDENTS), rng.choice(ROOMS), rng.choice(sorted(NAMES))
        what, which, into = rng.choice(sorted(ORDERS)), rng.randrange(99), rng.randrange(99)
        step = rng.randrange(20)
        if step < 9:
            of.order_by_whom_it_is_allowed(what, dice, room, name)  # type: ignore[arg-type]
        elif step < 11:
            of.report(who, rng.choice(here), rng.choice(sorted(MATTERS)), rng.random() < 0.5)
        elif step == 11:
            of.join_or_go_on(who, rng.choice(here), rng.random() < 0.7)
        elif step == 12:
            of.order_anything(what, which, into, rng.choice(EVERYBODY), room, name)
        elif step == 13:
            bare = rng.choice(sorted(BARE))
            of.order_without_a_number(bare, rng.choice(EVERYBODY), rng.choice(sorted(GRID_OF)))
        elif step == 14:
            of.take_back(which, rng.random() < 0.7, who)
        elif step == 15:
            of.wait(rng.choice((1, 5, 45, 120, 600)))
        elif step < 19:
            of.wait_for_the_next_deadline()
        else:
            rng.choice((of.restart, lambda: of.be_away(rng.choice((3, 14, 30, 200)))))()
    of.teardown()


def test_on_any_random_walk_the_workflow_is_the_model(town: Town) -> None:
    of_town = machine(town)
    for seed in range(WALKS):
        walk(of_town(), Dice(seed))
    reached = {kind.split(" at ")[0] for kind in town.happened}
    assert reached == set(Happened), "each thing that can happen did"
    assert town.happened["escalated at city"]
    print(f"\n{WALKS} walks of {STEPS} steps: no difference in {town.happened.total()} events")
