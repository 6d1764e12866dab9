"""Groups and people are bound from inside the chat."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App, build, open_store, save_roster
from bot.channels.recorder import Recorder
from bot.clock import SetClock
from bot.config import Config
from bot.models import (
    BOT_MENTION,
    Code,
    Grid,
    Message,
    Role,
    RoleKind,
    Send,
)
from handlers.roster import Roster
from storage.base import StorageError
from storage.sqlite import SqliteStore
from tests.conftest import GRIDS, ROLES, moment

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"
NINE = moment("09:00")
BARE = [replace(g, room="") if g.code == "M1" else g for g in GRIDS]
"""The town before M1 has its group."""


@dataclass
class Chat:
    """The real program, with groups that no roster knows of."""

    store: SqliteStore
    grids: list[Grid] = field(default_factory=lambda: list(BARE))
    roles: list[Role] = field(default_factory=lambda: list(ROLES))
    sent: list[Send] = field(default_factory=list)
    clock: SetClock = field(default_factory=lambda: SetClock(NINE))
    heard: int = 0
    imports: int = 0

    async def start(self) -> App:
        await self.load()
        self.app = build(
            Config(), self.store, Roster(self.grids, self.roles),
            Recorder(lambda _, send: self.sent.append(send)), self.clock,
        )  # fmt: skip
        await self.app.tick()
        return self.app

    async def load(self) -> None:
        """Import the roster as its files stand."""
        roster = Roster(self.grids, self.roles)
        self.imports += 1
        version = f"import {self.imports}"
        await self.store.transact(lambda s: save_roster(s, roster, version))

    async def code(self, text: str, grid: str, name: str = "", hours: float = 72) -> None:
        about = Code("person" if name else "room", grid, name, NINE, NINE + timedelta(hours=hours))
        await self.store.transact(lambda s: s.keep_code(text, about))

    async def still_good(self, text: str) -> bool:
        return await self.store.read(lambda s: s.code(text, self.clock.now)) is not None

    def message(self, room: str | None, sender: str, text: str, *mentions: str) -> Message:
        self.heard += 1
        return Message(
            f"m{self.heard}", self.clock.now, room, sender, sender, text=text, mentions=mentions
        )

    async def say(self, room: str | None, sender: str, text: str, *mentions: str) -> str:
        """Say it and return what is answered there."""
        before = len(self.sent)
        message = self.message(room, sender, text, *mentions)
        self.outcome = await self.app.pipeline.receive(message)
        await self.app.outbox.drain()
        here = [s for s in self.sent[before:] if s.room == room and (room or s.to == sender)]
        return "\n".join(s.text for s in here)

    def told(self, room: str) -> list[str]:
        return [s.text for s in self.sent if s.room == room]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = open_store(f"sqlite:///{tmp_path / 'chat.db'}")
    yield store
    await store.close()


@pytest.fixture
async def chat(store: SqliteStore) -> Chat:
    made = Chat(store)
    await made.start()
    await made.code("8K3Q7PMA", "M1")
    await made.code("PERS2N22", "M1", "林网格")
    return made


# a group


@pytest.mark.parametrize("who", ["u-1", "u-1d", "u-b", "u-t"])
async def test_a_leader_or_deputy_there_or_above_binds_a_group(chat: Chat, who: str) -> None:
    assert "还没有绑定" in await chat.say("R-new", "r1", LAMP, BOT_MENTION)
    assert "就是一支部一网格的群" in await chat.say("R-new", who, "绑定 M1 8K3Q-7PMA")
    assert chat.outcome == "command"
    assert "1001" in await chat.say("R-new", "r1", LAMP)
    assert not await chat.still_good("8K3Q7PMA")


async def test_an_admin_of_the_city_binds_any_group_the_city_s_too(chat: Chat) -> None:
    chat.roles.append(Role("u-a", "安管理", RoleKind.ADMIN, "C"))
    await chat.load()
    await chat.app.tick()
    await chat.code("AAAABBBB", "C")
    assert "就是浏川市的群" in await chat.say("R-city", "u-a", "绑定 C AAAA-BBBB")
    assert "就是一支部一网格的群" in await chat.say("R-new", "u-a", "绑定 M1 8K3Q-7PMA")


@pytest.mark.parametrize(
    "text",
    ["绑定 m1 8k3q7pma", "绑定M1 8K3Q-7PMA", "绑定：M1 8K3Q 7PMA", "绑定 Ｍ１ ８Ｋ３Ｑ－７ＰＭＡ"],
)
async def test_the_code_as_people_type_it(chat: Chat, text: str) -> None:
    assert "绑定好了" in await chat.say("R-new", "u-1", text)


@pytest.mark.parametrize("who", ["r1", "u-1m", "u-2", "u-vs"])
async def test_a_good_code_without_a_right_is_told_to_authenticate(chat: Chat, who: str) -> None:
    assert "认证" in await chat.say("R-new", who, "绑定 M1 8K3Q-7PMA")
    assert await chat.still_good("8K3Q7PMA")
    assert await chat.say("R-new", "r1", LAMP) == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("绑定 M1 8K3Q-7PMB", "这个码不对"),  # unknown
        ("绑定 M1 12345", "这个码不对"),
        ("绑定 M2 8K3Q-7PMA", "这个码不对"),  # another grid's
        ("绑定 M1 PAST2222", "这个码不对"),  # expired
        ("绑定 M1 USED2222", "这个码不对"),
        ("绑定 X9 8K3Q-7PMA", "没有编码是“X9”"),
        ("绑定 M1", "还差绑定码"),
        ("绑定", "绑定 网格编码 绑定码"),
        ("绑定 8K3Q-7PMA", "绑定 M1"),
        ("绑定 4301-A", "不是网格编码"),
    ],
)
async def test_what_is_wrong_gets_one_clear_answer(chat: Chat, text: str, says: str) -> None:
    await chat.code("PAST2222", "M1", hours=-1)
    await chat.code("USED2222", "M1")
    assert "绑定好了" in await chat.say("R-was", "u-1", "绑定 M1 USED2222")
    assert "解绑了" in await chat.say("R-was", "u-1", "解绑 M1")
    assert says in await chat.say("R-new", "u-1", text)
    assert await chat.still_good("8K3Q7PMA")
    assert chat.app.roster.by_room("R-new") is None


async def test_a_group_is_not_bound_from_a_direct_message(chat: Chat) -> None:
    assert "到那个群里" in await chat.say(None, "u-1", "绑定 M1 8K3Q-7PMA")
    assert await chat.still_good("8K3Q7PMA")


async def test_a_group_made_anew_takes_over_with_its_tickets(chat: Chat) -> None:
    await chat.say("R-new", "u-1", "绑定 M1 8K3Q-7PMA")
    await chat.say("R-new", "r1", LAMP)
    await chat.code("AAAABBBB", "M1")
    assert "都转到这里" in await chat.say("R-newer", "u-1", "绑定 M1 AAAA-BBBB")
    assert "换了新群" in chat.told("R-new")[-1]
    assert "接单了" in await chat.say("R-newer", "u-1", "接单")
    assert await chat.say("R-new", "r1", LAMP) == ""
    ticket = await chat.store.read(lambda s: s.ticket(1001))
    assert ticket is not None
    assert ticket.room == "R-newer"


async def test_another_grid_s_group_is_refused_by_name(chat: Chat) -> None:
    answer = await chat.say("R-2", "u-b", "绑定 M1 8K3Q-7PMA")
    assert "一支部二网格" in answer
    assert "解绑 M2" in answer
    assert await chat.still_good("8K3Q7PMA")
    assert "解绑了" in await chat.say("R-2", "u-b", "解绑 M2")
    assert "就是一支部一网格的群" in await chat.say("R-2", "u-b", "绑定 M1 8K3Q-7PMA")


async def test_the_same_again_is_said_and_costs_no_code(chat: Chat) -> None:
    await chat.code("AAAABBBB", "M2")
    assert "已经是一支部二网格的群" in await chat.say("R-2", "u-2", "绑定 M2 AAAA-BBBB")
    assert await chat.still_good("AAAABBBB")


async def test_unbinding_wants_the_right_and_the_group(chat: Chat) -> None:
    assert "上级的负责人" in await chat.say("R-2", "r1", "解绑 M2")
    assert "上级的负责人" in await chat.say("R-2", "u-1", "解绑 M2")
    assert "不是一支部二网格的群" in await chat.say("R-B", "u-2", "解绑 M2")
    assert "到那个群里" in await chat.say(None, "u-2", "解绑 M2")
    assert "没有编码是“M9”" in await chat.say("R-2", "u-2", "解绑 M9")
    assert "解绑 M2" in await chat.say("R-2", "u-2", "解绑")
    assert "解绑了" in await chat.say("R-2", "u-2", "解绑 M2")
    assert await chat.say("R-2", "r1", LAMP) == ""
    assert chat.outcome == "unbound"


async def test_a_group_of_no_grid_hears_nothing_unless_it_calls(chat: Chat) -> None:
    for text in (LAMP, "帮助", "接单", "我家也是", "绑定手机号才能领", "解绑 银行卡"):
        assert await chat.say("R-new", "u-1", text) == "", text
        assert chat.outcome == "unbound"
    assert "绑定 网格编码 绑定码" in await chat.say("R-new", "r1", "帮助", BOT_MENTION)
    assert chat.outcome == "command"
    heard = await chat.store.read(lambda s: s.heard("m1"))
    assert heard is not None
    assert (heard.message.text, heard.decision) == (LAMP, "unbound")
    assert await chat.store.read(lambda s: s.next_number()) == 1001


async def test_a_group_whose_grid_left_the_roster_is_told_so(chat: Chat) -> None:
    await chat.say("R-new", "u-1", "绑定 M1 8K3Q-7PMA")
    chat.grids = [g for g in chat.grids if g.code not in {"M1", "M2"}]
    chat.roles = [r for r in chat.roles if r.grid not in {"M1", "M2"}]
    await chat.load()
    await chat.app.tick()
    assert await chat.say("R-new", "r1", LAMP) == ""
    assert "M1 已经不在名册里" in await chat.say("R-new", "r1", "在吗", BOT_MENTION)
    assert "M2 已经不在名册里" in await chat.say("R-2", "r1", "在吗", BOT_MENTION)


# a person


async def test_a_person_is_what_the_code_says_never_the_nickname(chat: Chat) -> None:
    chat.roles = [replace(r, person="") if r.name == "林网格" else r for r in chat.roles]
    await chat.load()
    await chat.app.tick()
    await chat.say("R-new", "u-b", "绑定 M1 8K3Q-7PMA")
    message = replace(chat.message("R-new", "new-1", "解绑 M1"), name="林网格")
    await chat.app.pipeline.receive(message)
    assert chat.app.roster.by_room("R-new") is not None
    answer = await chat.say(None, "new-1", "认证 PERS-2N22")
    assert answer == "认证好了，您是一支部一网格的微网格长。"
    assert "解绑了" in await chat.say("R-new", "new-1", "解绑 M1")


async def test_a_new_account_replaces_the_old_one_everywhere(chat: Chat) -> None:
    chat.roles += [
        Role("u-1", "林网格", RoleKind.MEMBER, "M1"),
        Role("u-1", "林", RoleKind.DEPUTY, "B"),
    ]
    await chat.load()
    await chat.app.tick()
    await chat.say("R-new", "u-1", "绑定 M1 8K3Q-7PMA")
    await chat.say("R-new", "r1", LAMP)
    assert "接单了" in await chat.say("R-new", "u-1", "接单 1001")
    answer = await chat.say("R-new", "u-new", "认证 PERS-2N22")
    assert "原来的账号不再算数" in answer
    assert "一支部一网格的微网格长" in answer
    assert "柳岸一支部的副手" in answer
    assert chat.app.roster.roles_of("u-1") == ()
    assert [r.grid for r in chat.app.roster.roles_of("u-new")] == ["M1", "M1", "B"]
    ticket = await chat.store.read(lambda s: s.ticket(1001))
    assert ticket is not None
    assert (ticket.handler, ticket.handler_name) == ("u-new", "u-1")
    assert "上级的负责人" in await chat.say("R-new", "u-1", "解绑 M1")
    assert "办好了" in await chat.say("R-new", "u-new", "办结 换了灯泡")


@pytest.mark.parametrize("room", [None, "R-2", "R-strange"])
async def test_a_person_authenticates_anywhere(chat: Chat, room: str | None) -> None:
    assert "您是一支部一网格的微网格长" in await chat.say(room, "u-new", "认证 PERS-2N22")
    assert not await chat.still_good("PERS2N22")


async def test_who_is_authenticated_already_keeps_the_code(chat: Chat) -> None:
    assert "已经认证过了" in await chat.say(None, "u-1", "认证 PERS-2N22")
    assert await chat.still_good("PERS2N22")


@pytest.mark.parametrize("text", ["认证 PERS-2N23", "认证 PAST-2222"])
async def test_a_wrong_or_expired_code_makes_nobody(chat: Chat, text: str) -> None:
    await chat.code("PAST2222", "M1", "林网格", hours=-1)
    assert "这个码不对" in await chat.say(None, "u-new", text)
    assert chat.app.roster.roles_of("u-new") == ()


async def test_a_code_works_once(chat: Chat) -> None:
    assert "认证好了" in await chat.say(None, "u-new", "认证 PERS-2N22")
    assert "这个码不对" in await chat.say(None, "u-thief", "认证 PERS-2N22")
    assert "这个码不对" in await chat.say(None, "u-new", "认证 PERS-2N22")


async def test_a_code_for_somebody_who_left_or_whose_name_is_two_people_s(chat: Chat) -> None:
    await chat.code("AAAABBBB", "M2", "走了的人")
    assert "对不上名册" in await chat.say(None, "u-new", "认证 AAAA-BBBB")
    chat.roles.append(Role("u-9", "林网格", RoleKind.MEMBER, "M1"))
    await chat.load()
    await chat.app.tick()
    assert "对不上名册" in await chat.say(None, "u-new", "认证 PERS-2N22")
    assert await chat.still_good("PERS2N22")


# at once, and for good


async def together(chat: Chat, *works: Awaitable[object]) -> list[object]:
    """Do pieces of work in one commit: they queue up while the writer is held."""
    go = threading.Event()
    held = asyncio.ensure_future(chat.store.transact(lambda _: go.wait(10)))
    waiting = [asyncio.ensure_future(work) for work in works]
    await asyncio.sleep(0.05)
    go.set()
    _, *done = await asyncio.gather(held, *waiting, return_exceptions=True)
    return done


async def test_two_at_once_one_wins(chat: Chat) -> None:
    receive = chat.app.pipeline.receive
    messages = [chat.message(None, who, "认证 PERS-2N22") for who in ("u-x", "u-y")]
    await together(chat, *map(receive, messages))
    await chat.app.outbox.drain()
    assert [("认证好了" in s.text, s.to) for s in chat.sent] == [(True, "u-x"), (False, "u-y")]
    assert chat.app.roster.roles_of("u-y") == ()


async def test_the_next_message_of_the_same_commit_sees_it(chat: Chat) -> None:
    messages = [
        chat.message(None, "u-new", "认证 PERS-2N22"),
        chat.message("R-new", "u-new", "绑定 M1 8K3Q-7PMA"),
        chat.message("R-new", "r1", LAMP),
        chat.message("R-new", "u-new", "接单"),
    ]
    outcomes = await together(chat, *map(chat.app.pipeline.receive, messages))
    assert outcomes == ["command", "command", "ticket", "command"]
    ticket = await chat.store.read(lambda s: s.ticket(1001))
    assert ticket is not None
    assert ticket.handler == "u-new"


async def test_what_could_not_be_stored_is_not_served_for_long(chat: Chat) -> None:
    pages = "pragma max_page_count = {}"
    run = chat.store._db.conn.execute
    run(pages.format(run("pragma page_count").fetchone()[0] + 2))  # SQLITE_FULL, for real
    text = "绑定 M1 8K3Q-7PMA"
    bind = chat.app.pipeline.receive(chat.message("R-new", "u-1", text))
    big = chat.store.transact(lambda s: s.keep_setting("big", "x" * 100_000))
    lost = await together(chat, bind, big)
    assert all(isinstance(error, StorageError) for error in lost), lost
    assert chat.app.roster.by_room("R-new"), "it was served for a moment"
    run(pages.format(1_000_000))
    await chat.app.tick()
    assert chat.app.roster.by_room("R-new") is None
    assert "绑定好了" in await chat.say("R-new", "u-1", text)


async def test_other_processes_take_it_at_their_next_tick(chat: Chat) -> None:
    other = build(Config(), chat.store, Roster([], []), Recorder(lambda *_: None), chat.clock)
    await other.tick()
    await chat.say("R-new", "u-1", "绑定 M1 8K3Q-7PMA")
    served = chat.app.roster
    await other.tick()
    await chat.app.tick()
    found = other.roster.by_room("R-new")
    assert found is not None
    assert found.code == "M1"
    assert chat.app.roster is served, "no need to load what was made here"
    assert other.roster.grids == served.grids
    assert other.roster.roles == served.roles


async def test_an_import_that_came_between_is_not_lost(chat: Chat) -> None:
    chat.roles.append(Role("u-z", "新来的", RoleKind.MEMBER, "M1"))
    await chat.load()
    await chat.say("R-new", "u-1", "绑定 M1 8K3Q-7PMA")
    await chat.app.tick()
    assert chat.app.roster.roles_of("u-z")
    assert chat.app.roster.by_room("R-new")


async def test_it_survives_a_restart_and_an_import_of_the_same_files(chat: Chat) -> None:
    await chat.say("R-new", "u-1", "绑定 M1 8K3Q-7PMA")
    await chat.say(None, "u-new", "认证 PERS-2N22")
    await chat.load()
    await chat.start()
    assert chat.app.roster.by_room("R-new")
    assert [r.name for r in chat.app.roster.roles_of("u-new")] == ["林网格"]
    assert chat.app.roster.roles_of("u-1") == ()
