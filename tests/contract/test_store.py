"""What a store promises; one class, run over each engine."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import open_store
from bot.models import (
    Code,
    Command,
    Deadline,
    Decision,
    Event,
    Grid,
    Happened,
    Level,
    Message,
    PersonBinding,
    Place,
    Question,
    Reason,
    Role,
    RoleKind,
    RoomBinding,
    Send,
    State,
    Ticket,
    Urgency,
    Watcher,
)
from storage.base import Session, StorageError, Store
from tests.postgres import fresh_database

NOW = datetime(2026, 11, 24, 9, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ticket(number: int = 1001, **changes: object) -> Ticket:
    made = Ticket(
        number, State.OPEN, Level.MICROGRID, "M1", "M1", "R-1", "lighting", "service", "城乡建设",
        Urgency.NORMAL, "micro", "灯坏了", Place(building="3栋"), "路灯", "r1", "老张", NOW, NOW, NOW,
        "C/T/V/B/M1/", source=f"m{number}", deadline=Deadline("claim", NOW + HOUR, 1),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def event(number: int = 1001, kind: Happened = Happened.CREATED) -> Event:
    return Event(number, NOW, kind, State.OPEN, Level.MICROGRID, "M1", "lighting",
                 Urgency.NORMAL, "r1", "老张", "灯坏了", f"m{number}")  # fmt: skip


GRIDS = [
    Grid("C", "市", Level.CITY),
    Grid("M1", "一网格", Level.MICROGRID, "C", "R-1"),
    Grid("M2", "二网格", Level.MICROGRID, "C", "R-2"),
]
ROLES = [
    Role("u-1", "林网格", RoleKind.LEADER, "M1"),
    Role("u-2", "罗网格", RoleKind.LEADER, "M2"),
]


def rooms(session: Session) -> dict[str, str]:
    return {grid.code: grid.room for grid in session.load_roster()[0] if grid.room}


def people(session: Session) -> list[str]:
    return [role.person for role in session.load_roster()[1]]


async def _refused(work: Awaitable[None]) -> None:
    with pytest.raises(LookupError):
        await work


class TestStore:
    @pytest.fixture(params=["sqlite", "postgresql"])
    async def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
        sqlite = request.param == "sqlite"
        store = open_store(f"sqlite:///{tmp_path / 'x.db'}" if sqlite else fresh_database())
        yield store
        await store.close()

    async def test_a_ticket_comes_back_as_it_went_in(self, store: Store) -> None:
        kept = ticket(joined=(Watcher("r2", "李姐"),), claimed_at=NOW, stars=4)
        await store.transact(lambda s: s.apply(Decision((kept,), (event(),)), NOW))
        assert await store.read(lambda s: s.ticket(1001)) == kept
        assert await store.read(lambda s: s.history(1001)) == [event()]
        assert await store.read(lambda s: s.by_source("m1001")) == kept
        assert await store.transact(lambda s: s.next_number()) == 1002

    async def test_a_message_is_heard_once(self, store: Store) -> None:
        message = Message("m1", NOW, "R-1", "r1", "老张", text="你好", mentions=("u",), quote="q")
        await store.transact(lambda s: s.remember(message, "ignore", 0.1, None))
        heard = await store.read(lambda s: s.heard("m1"))
        assert heard is not None
        assert heard.message == message
        other = store.transact(lambda s: s.keep_setting("a", "1"))
        with pytest.raises(Exception, match=r"(?i)unique"):
            await store.transact(lambda s: s.remember(message, "ignore", 0.1, None))
        await other

    async def test_all_or_nothing(self, store: Store) -> None:
        def half(session: Session) -> None:
            session.apply(Decision((ticket(),), (event(),)), NOW)
            raise LookupError("half way")

        before, _, after = await asyncio.gather(
            store.transact(lambda s: s.keep_setting("a", "1")),
            _refused(store.transact(half)),
            store.transact(lambda s: s.keep_setting("b", "2")),
        )
        assert (before, after) == (None, None)
        assert await store.read(lambda s: s.ticket(1001)) is None
        assert await store.read(lambda s: (s.setting("a"), s.setting("b"))) == ("1", "2")

    async def test_due_is_found_by_its_moment_and_ended_tickets_have_none(
        self, store: Store
    ) -> None:
        late = ticket(1002, deadline=Deadline("claim", NOW + 2 * HOUR))
        await store.transact(lambda s: s.apply(Decision((late, ticket())), NOW))
        assert await store.read(lambda s: s.next_due()) == NOW + HOUR

        async def due(now: datetime, most: int = 9) -> list[tuple[int, str]]:
            return await store.read(lambda s: s.due(now, now + HOUR, most))

        assert await due(NOW) == []
        assert await due(NOW + HOUR) == [(1001, "M1")]
        assert [n for n, _ in await due(NOW + 9 * HOUR)] == [1001, 1002]
        assert [n for n, _ in await due(NOW + 9 * HOUR, 1)] == [1001]
        done = ticket(state=State.CLOSED, ended_at=NOW, deadline=None)
        await store.transact(lambda s: s.apply(Decision((done,)), NOW))
        assert [n for n, _ in await due(NOW + 9 * HOUR)] == [1002]

    async def test_who_sees_which_tickets(self, store: Store) -> None:
        mine = ticket()
        above = ticket(1002, grid="B", level=Level.BRANCH, reporter="r2", handler="u-b")
        urgent = ticket(1003, grid="M2", home="M2", room="R-2", urgency=Urgency.EMERGENCY)
        done = ticket(1004, state=State.CLOSED, ended_at=NOW, deadline=None)
        joined = ticket(1005, reporter="r3", joined=(Watcher("r1", "老张"),))
        every = (mine, above, urgent, done, joined)
        await store.transact(lambda s: s.apply(Decision(every), NOW))

        async def numbers(query: object) -> list[int]:
            return [t.number for t in await store.read(query)]  # type: ignore[arg-type]

        assert await numbers(lambda s: s.live_at("M1")) == [1001, 1002, 1005]
        assert await numbers(lambda s: s.live_at("B", ["M1", "M2"])) == [1002, 1003]
        assert await numbers(lambda s: s.of_person("r1", NOW + HOUR)) == [1001, 1003, 1005]
        assert await numbers(lambda s: s.of_person("r1", NOW)) == [1001, 1003, 1004, 1005]
        assert await numbers(lambda s: s.held_by("u-b", ["M1"])) == [1001, 1002, 1005]

    async def test_what_goes_out_waits_its_turn(self, store: Store) -> None:
        sends = (
            Send(Reason.ACK, "一", "R-1", tickets=(1001,)),
            Send(Reason.ALERT, "二", "R-1", urgent=True),
            Send(Reason.DIGEST, "三", to="u", chart="{}"),
            Send(Reason.NUDGE, "四", "R-1", in_hours=True),
        )
        await store.transact(lambda s: s.apply(Decision(sends=sends), NOW))

        async def ready(now: datetime, open_: bool = True) -> list[int]:
            def rows(session: Session) -> list[int]:
                found = session.waiting(now, open_)
                return [row.id for q in found for row in session.ready(q, now, open_, 9)]

            return await store.read(rows)

        assert await ready(NOW) == [2, 1, 4, 3]  # by address, the urgent one's first
        assert await ready(NOW, open_=False) == [2, 1, 3]
        first = await store.read(lambda s: s.waiting(NOW, True)[0])
        assert (first.id, first.room, first.urgent, first.rank) == (2, "R-1", True, 0)
        rows = await store.read(lambda s: s.ready(first, NOW, True, 2))
        assert [row.send for row in rows] == [sends[1], sends[0]]
        await store.transact(lambda s: s.take([1], "w", NOW))
        assert await ready(NOW) == [2, 3]  # the fourth doesn't overtake the first
        assert await ready(NOW + 2 * HOUR) == [2, 1, 4, 3]
        await store.transact(lambda s: s.failed([2, 3], "", "断了", NOW + HOUR))
        await store.transact(lambda s: s.sent([1], "x1", NOW))
        assert await ready(NOW) == [4]
        assert await store.read(lambda s: s.first_waiting()) == 2
        assert await store.read(lambda s: s.tickets_of_sent("x1")) == (1001,)
        assert await store.read(lambda s: s.known("x1") == "own")
        assert not await store.read(lambda s: s.known("x2"))
        await store.examine()
        assert (await store.read(lambda s: s.health(NOW + HOUR))).waiting_sends == 3

    async def test_what_waits_for_the_morning_keeps_no_answer_back(self, store: Store) -> None:
        sends = (
            Send(Reason.NUDGE, "请接单", "R-1", in_hours=True),
            Send(Reason.ACK, "收到", "R-1"),
        )
        await store.transact(lambda s: s.apply(Decision(sends=sends), NOW))
        (queued,) = await store.read(lambda s: s.waiting(NOW, False))
        assert [r.id for r in await store.read(lambda s: s.ready(queued, NOW, False, 9))] == [2]
        (queued,) = await store.read(lambda s: s.waiting(NOW, True))
        assert [r.id for r in await store.read(lambda s: s.ready(queued, NOW, True, 9))] == [1, 2]

    async def test_a_clock_set_back_holds_nothing_up(self, store: Store) -> None:
        sends = (Send(Reason.ACK, "一", "R-1"), Send(Reason.ACK, "二", "R-2"))
        await store.transact(lambda s: s.apply(Decision(sends=sends), NOW))
        await store.transact(lambda s: s.failed([2], "", "断了", NOW + timedelta(seconds=5)))
        for back in (timedelta(minutes=5), HOUR, timedelta(days=1)):
            waiting = await store.read(lambda s, b=back: s.waiting(NOW - b, True))  # type: ignore[misc]
            assert [w.id for w in waiting] == ([1] if back < HOUR else [1, 2])

    async def test_questions_are_asked_and_forgotten(self, store: Store) -> None:
        asked = Question("R-1", "u-1", Command("claim", {"text": "好"}), (1001, 1002), NOW)
        await store.transact(lambda s: s.apply(Decision(question=asked), NOW))
        assert await store.read(lambda s: s.question("R-1", "u-1")) == asked
        await store.transact(lambda s: s.forget_question("R-1", "u-1"))
        assert await store.read(lambda s: s.question("R-1", "u-1")) is None

    async def test_a_withdrawn_message_is_blank_everywhere(
        self, store: Store, tmp_path: Path
    ) -> None:
        message = Message("m1001", NOW, "R-1", "r1", text="灯坏了")
        await store.transact(lambda s: s.remember(message, "ticket", 1, 1001))
        await store.transact(lambda s: s.apply(Decision((ticket(),), (event(),)), NOW))
        await store.transact(lambda s: s.withdraw("m1001"))
        heard = await store.read(lambda s: s.heard("m1001"))
        assert heard is not None
        assert heard.message.text == ""
        assert "灯坏了" not in (await store.read(lambda s: s.history(1001)))[0].text

    async def test_the_roster_is_replaced_whole(self, store: Store) -> None:
        grids = [Grid("C", "市", Level.CITY), Grid("T", "街道", Level.TOWNSHIP, "C", "R")]
        roles = [Role("u", "陶", RoleKind.LEADER, "T", "1"), Role("u", "陶", RoleKind.ADMIN, "C")]
        await store.transact(lambda s: s.save_roster(grids, roles))
        await store.transact(lambda s: s.save_roster(grids, roles))
        assert await store.read(lambda s: s.load_roster()) == (grids, roles)

    async def test_a_code_is_good_once_and_until_its_time(self, store: Store) -> None:
        about = Code("room", "T", "", NOW, NOW + HOUR)
        await store.transact(lambda s: s.keep_code("8K3Q7PMA", about))
        found = await store.read(lambda s: s.code("8K3Q7PMA", NOW))
        assert found is not None
        assert replace(found, digest="") == about
        assert await store.read(lambda s: s.code("8K3Q7PMB", NOW)) is None
        assert await store.read(lambda s: s.code("8K3Q7PMA", NOW + HOUR)) is None
        bound = Decision(bindings=(RoomBinding("T", "R", "u", found.digest),))
        await store.transact(lambda s: s.apply(bound, NOW))
        assert await store.read(lambda s: s.code("8K3Q7PMA", NOW)) is None
        again = Decision(bindings=(RoomBinding("T", "R2", "u", found.digest),))
        with pytest.raises(LookupError):
            await store.transact(lambda s: s.apply(again, NOW))
        assert await store.read(rooms) == {}

    async def test_a_code_is_kept_nowhere(self, store: Store) -> None:
        about = Code("person", "T", "陶", NOW, NOW + HOUR)
        await store.transact(lambda s: s.keep_code("8K3Q7PMA", about))
        rows = await store.read(lambda s: s._run("select * from codes").fetchall())  # type: ignore[attr-defined]
        assert hashlib.sha256(b"8K3Q7PMA").hexdigest() in str([tuple(row) for row in rows])
        assert "8K3Q7PMA" not in str([tuple(row) for row in rows])

    async def test_tickets_follow_a_binding(self, store: Store) -> None:
        await store.transact(lambda s: s.save_roster(GRIDS, ROLES))
        done = ticket(1002, state=State.CLOSED, ended_at=NOW, deadline=None, handler="u-1")
        live = ticket(handler="u-1", grid="B", level=Level.BRANCH)
        await store.transact(lambda s: s.apply(Decision((live, done)), NOW))
        bindings = (RoomBinding("M1", "R-new"), PersonBinding("u-new", (ROLES[0],), "u-1"))
        await store.transact(lambda s: s.apply(Decision(bindings=bindings), NOW))
        moved = await store.read(lambda s: s.ticket(1001))
        assert moved == replace(live, room="R-new", handler="u-new")
        assert await store.read(lambda s: s.ticket(1002)) == done
        await store.transact(lambda s: s.bind(RoomBinding("M1", ""), NOW))
        assert await store.read(lambda s: s.ticket(1001)) == moved, "an outcome is still heard"

    @pytest.mark.parametrize(
        ("filed", "now"),
        [
            ("R-1", "R-chat"),  # as before
            ("", "R-chat"),  # silent
            ("R-file", "R-file"),  # news
        ],
    )
    async def test_for_a_room_the_newest_word_wins(
        self, store: Store, filed: str, now: str
    ) -> None:
        await store.transact(lambda s: s.save_roster(GRIDS, ROLES))
        await store.transact(lambda s: s.apply(Decision((ticket(),)), NOW))
        await store.transact(lambda s: s.bind(RoomBinding("M1", "R-chat"), NOW))
        assert await store.read(rooms) == {"M1": "R-chat", "M2": "R-2"}
        files = [replace(g, room=filed) if g.code == "M1" else g for g in GRIDS]
        for _ in range(2):
            await store.transact(lambda s: s.save_roster(files, ROLES))
            assert await store.read(rooms) == {"M1": now, "M2": "R-2"}
        moved = await store.read(lambda s: s.ticket(1001))
        assert moved is not None
        assert moved.room == now

    async def test_an_unbound_group_stays_so_until_a_file_has_news(self, store: Store) -> None:
        await store.transact(lambda s: s.save_roster(GRIDS, ROLES))
        await store.transact(lambda s: s.bind(RoomBinding("M2", "R-1"), NOW))
        assert await store.read(rooms) == {"M2": "R-1"}, "one group, one grid"
        await store.transact(lambda s: s.bind(RoomBinding("M2", "R-2"), NOW))
        await store.transact(lambda s: s.bind(RoomBinding("M1", ""), NOW))
        await store.transact(lambda s: s.save_roster(GRIDS, ROLES))
        assert await store.read(rooms) == {"M2": "R-2"}
        await store.transact(lambda s: s.bind(RoomBinding("M2", "R-1"), NOW))
        assert await store.read(rooms) == {"M2": "R-1"}
        files = [replace(g, room="") if g.code == "M1" else g for g in GRIDS]
        await store.transact(lambda s: s.save_roster(files, ROLES))
        await store.transact(lambda s: s.save_roster(GRIDS, ROLES))
        assert await store.read(rooms) == {"M1": "R-1", "M2": "R-2"}, "a file gave M1 its group"

    async def test_the_group_of_a_grid_that_left_is_known(self, store: Store) -> None:
        await store.transact(lambda s: s.save_roster(GRIDS, ROLES))
        assert await store.read(lambda s: s.lost_grid("R-1")) == ""
        await store.transact(lambda s: s.save_roster([GRIDS[0], GRIDS[2]], []))
        assert await store.read(lambda s: s.lost_grid("R-1")) == "M1"
        assert await store.read(lambda s: s.lost_grid("R-2")) == ""
        await store.transact(lambda s: s.bind(RoomBinding("M2", "R-1"), NOW))
        assert await store.read(lambda s: s.lost_grid("R-1")) == ""
        renamed = replace(GRIDS[1], code="M1-new")
        await store.transact(lambda s: s.save_roster([GRIDS[0], renamed], []))
        assert await store.read(rooms) == {"M1-new": "R-1"}

    @pytest.mark.parametrize(
        ("filed", "now"), [("u-1", "u-chat"), ("", "u-chat"), ("u-file", "u-file")]
    )
    async def test_for_a_person_the_newest_word_wins(
        self, store: Store, filed: str, now: str
    ) -> None:
        await store.transact(lambda s: s.save_roster(GRIDS, ROLES))
        await store.transact(lambda s: s.bind(PersonBinding("u-chat", (ROLES[0],), "u-1"), NOW))
        assert await store.read(people) == ["u-chat", "u-2"]
        promoted = [replace(ROLES[0], person=filed, kind=RoleKind.DEPUTY), ROLES[1]]
        for _ in range(2):
            await store.transact(lambda s: s.save_roster(GRIDS, promoted))
            assert await store.read(people) == [now, "u-2"]

    async def test_a_person_is_bound_again_and_again_and_let_go(self, store: Store) -> None:
        empty = [replace(r, person="") for r in ROLES]
        await store.transact(lambda s: s.save_roster(GRIDS, empty))
        later = NOW
        for before, after in (("", "a"), ("a", "b"), ("b", ""), ("", "c")):
            later += HOUR
            bound = PersonBinding(after, (replace(ROLES[0], person=before),), before)
            await store.transact(lambda s, b=bound, at=later: s.bind(b, at))
            assert await store.read(people) == [after, ""]

    async def test_a_namesake_with_another_id_is_left_alone(self, store: Store) -> None:
        both = [ROLES[0], replace(ROLES[0], person="u-other", kind=RoleKind.MEMBER)]
        await store.transact(lambda s: s.save_roster(GRIDS, both))
        await store.transact(lambda s: s.bind(PersonBinding("u-chat", (ROLES[0],), "u-1"), NOW))
        assert await store.read(people) == ["u-chat", "u-other"]

    async def test_figures_count_events_endings_and_doubts(self, store: Store) -> None:
        closed = ticket(1002, state=State.CLOSED, ended_at=NOW + 3 * HOUR, deadline=None)
        decision = Decision((ticket(), closed), (event(), event(1002)))
        grids = [Grid("M1", "一网格", Level.MICROGRID, "", "R-1")]
        await store.transact(lambda s: s.save_roster(grids, []))
        await store.transact(lambda s: s.apply(decision, NOW))
        doubt = Message("d", NOW, "R-1", "r9", text="是不是有点味道")
        await store.transact(lambda s: s.remember(doubt, "ask", 0.4, None))
        found = await store.read(lambda s: s.tallies(NOW, NOW + 4 * HOUR))
        counts = {(t.home, t.event): t.count for t in found}
        assert counts == {("M1", "created"): 2, ("M1", "settled"): 1, ("M1", "ask"): 1}
        assert await store.read(lambda s: s.tallies(NOW - HOUR, NOW)) == []
        aging = await store.read(lambda s: s.aging(NOW + HOUR))
        assert [(a.number, a.hours, a.overdue) for a in aging] == [(1001, 1.0, True)]
        slow = await store.read(lambda s: s.slowest(NOW, NOW + 4 * HOUR))
        assert [(a.number, a.hours) for a in slow] == [(1002, 3.0)]

    async def test_it_is_all_there_after_a_restart(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'again.db'}"
        first = open_store(url)
        await first.transact(lambda s: s.apply(Decision((ticket(),), (event(),)), NOW))
        await first.close()
        second = open_store(url)
        assert await second.read(lambda s: s.ticket(1001)) == ticket()
        await second.close()

    async def test_many_at_once_keep_their_order_and_lose_nothing(self, store: Store) -> None:
        def claim(session: Session) -> int:
            number = session.next_number()
            session.apply(Decision((ticket(number),)), NOW)
            return number

        numbers = await asyncio.gather(*(store.transact(claim) for _ in range(300)))
        assert numbers == list(range(1001, 1301))


def test_a_database_from_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    db = sqlite3.connect(path)
    db.executescript(
        "create table _sqlite_migrations (id integer primary key, migration_set text, name text,"
        " applied_at text);"
        "insert into _sqlite_migrations values (1, 'jiedan', 'of_the_future', 'x');"
    )
    db.close()
    with pytest.raises(StorageError, match="更新版本"):
        open_store(f"sqlite:///{path}")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"not a database, but long enough to be looked at" * 40)
    with pytest.raises(StorageError, match="备份"):
        open_store(f"sqlite:///{path}")


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="目录"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'x.db'}")


async def test_a_full_disk_refuses_clearly_and_recovers_alone(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    pages = await store.transact(lambda s: s._run("pragma page_count").fetchone()[0])
    await store.transact(lambda s: s.keep_setting("small", "1"))
    limit = "pragma max_page_count = {}"
    await store.read(lambda s: None)
    store._db.conn.execute(limit.format(pages + 2))  # the file may not grow: SQLITE_FULL, for real
    with pytest.raises(StorageError, match="磁盘满了"):
        await store.transact(lambda s: s.keep_setting("big", "x" * 100_000))
    assert await store.read(lambda s: s.setting("big")) == ""
    store._db.conn.execute(limit.format(1_000_000))
    await store.transact(lambda s: s.keep_setting("big", "x" * 100_000))
    assert len(await store.read(lambda s: s.setting("big"))) == 100_000
    await store.close()
