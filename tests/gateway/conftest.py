"""A town on a real gateway: the program as `jiedan run` serves it, and people who talk."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import App, open_store, save_roster
from bot.channels.base import AccountState
from bot.clock import ShiftedClock, machine
from bot.config import (
    AccountConfig,
    AlertsConfig,
    AttachmentsConfig,
    Config,
    ConsoleConfig,
    RatesConfig,
    WechatyConfig,
)
from bot.live import group_service
from bot.models import Role, RoleKind
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES, moment
from tests.gateway.driver import BOT, TOKEN, MockGateway, free_port

NAMES = {role.person: role.name for role in ROLES} | {
    "r1": "老张", "r2": "李姐", "u-a": "管理员", BOT: "接单助手", "wxid_bot2": "接单助手二",
}  # fmt: skip
ROOMS = {grid.room: {"topic": grid.name, "members": [*NAMES]} for grid in GRIDS if grid.room}
WORLD: dict[str, Any] = {"people": NAMES, "rooms": ROOMS, "friends": [r.person for r in ROLES]}
ADMIN = Role("u-a", "管理员", RoleKind.ADMIN, "C")


@dataclass
class Service:
    """The running program with its clock and its gateways."""

    app: App
    clock: ShiftedClock
    gateways: list[MockGateway]

    @property
    def gateway(self) -> MockGateway:
        return self.gateways[0]

    def state(self, name: str = "one") -> AccountState:
        return next(s for s in self.app.channel.states() if s.name == name)

    async def pass_(self, **time: float) -> None:
        """Let time pass, and what falls due happen."""
        self.clock.ahead += timedelta(**time)
        await self.app.tick()

    async def story(self, number: int = 1001) -> list[str]:
        return [e.kind.value for e in await self.app.store.read(lambda s: s.history(number))]


def config_for(gateways: list[MockGateway], folder: Path, **more: Any) -> Config:
    names = ("one", "two", "three")
    accounts = tuple(
        AccountConfig(name, gateway.address, TOKEN)
        for name, gateway in zip(names, gateways, strict=False)
    )
    config = replace(
        Config(), channel="wechaty", wechaty=WechatyConfig(accounts),
        rates=RatesConfig(0, 0, 0, timedelta(0)), alerts=AlertsConfig((), timedelta(seconds=1)),
        attachments=AttachmentsConfig(str(folder / "attachments"), 1),
        console=ConsoleConfig(port=free_port()),
    )  # fmt: skip
    return replace(config, **more)


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """What a test leaves open is its own failure, not that of a test an hour later."""
    yield
    gc.collect()


Serve = Callable[..., Awaitable[Service]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Start gateways (or take them) and the program; all is stopped at the end."""
    async with AsyncExitStack() as stack:

        async def start(
            *bots: str, world: dict[str, Any] | None = None, at: str = "09:00", **more: Any
        ) -> Service:
            gateways = [MockGateway(tmp_path, world or WORLD, bot) for bot in bots or (BOT,)]
            for gateway in gateways:
                await gateway.start()
                stack.push_async_callback(gateway.kill)
            store = open_store(f"sqlite:///{tmp_path / 'live.db'}")
            stack.push_async_callback(store.close)
            roster = Roster(GRIDS, [*ROLES, ADMIN])
            await store.transact(lambda s: save_roster(s, roster, "test"))
            clock = ShiftedClock(moment(at) - machine())
            for gateway in gateways:
                gateway.clock = clock
            config = config_for(gateways, tmp_path, **more)
            app = await stack.enter_async_context(group_service(config, store, roster, clock))
            service = Service(app, clock, gateways)
            for gateway, state in zip(gateways, app.channel.states(), strict=False):
                await gateway.until(lambda name=state.name: service.state(name).working)  # type: ignore[misc]
            return service

        yield start
