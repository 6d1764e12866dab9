"""Who watches the accounts: an administrator hears, by another way, what the groups can't."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from bot.app import App
from bot.models import Reason
from storage.base import StorageError, Waiting

log = logging.getLogger(__name__)

LATE = timedelta(minutes=5)
"""How long a message may wait for an account before somebody is told."""
AGAIN = timedelta(hours=12)
"""Between two warnings of the same trouble."""
_LOOK = 2.0  # seconds between looks
_FAILURES = 3


class Watch:
    """Tells administrators, and whom `[alerts]` names, of accounts that are down and of groups
    that can't be reached."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._down: dict[str, datetime] = {}
        self._told: dict[str, datetime] = {}

    async def run(self) -> None:
        """Look every few seconds until cancelled."""
        while True:
            try:
                await self.look(self._app.clock())
            except StorageError as error:
                log.error("%s", error)
            except Exception:
                log.exception("the watch met a fault and goes on")
            await asyncio.sleep(_LOOK)

    async def look(self, now: datetime) -> None:
        """Look once; tell of each trouble once, and of an account's return."""
        found: list[str] = []
        for state in self._app.channel.states():
            if not self._app.duty.has(state.name):
                self._down.pop(state.name, None)
                continue  # another worker's
            found += self._account(state.name, state.working, state.why, now)
            if self._app.outbox.spent(state.name, now):
                text = f"账号{state.name}今天说的话到上限了，不急的消息等明天再发。"
                found += self._once(f"spent {state.name}", now, text)
        for text in found:
            log.error("%s", text)  # of accounts alone; the rest may name people
        late = []
        if self._app.duty.in_office:
            late = await self._app.store.read(lambda s: s.stuck(now - LATE))
        for row in late:
            found += self._unreachable(row, now)
        try:
            await self.tell(found, now)
        except StorageError:
            # not told: so it will be said again
            self._told = {what: at for what, at in self._told.items() if at != now}
            raise

    def _account(self, name: str, working: bool, why: str, now: datetime) -> list[str]:
        if not working:
            since = self._down.setdefault(name, now)
            if now - since < self._app.config.alerts.after:
                return []
            return self._once(f"down {name}", now, f"账号{name}掉线了：{why}。")
        since_ = self._down.pop(name, None)
        if since_ and self._told.pop(f"down {name}", None):
            return [f"账号{name}恢复了，断了{int((now - since_).total_seconds() // 60)}分钟。"]
        return []

    def _unreachable(self, row: Waiting, now: datetime) -> list[str]:
        address = row.send.room if row.send.room is not None else row.send.to or ""
        if row.send.reason is Reason.ALERT and row.send.room is None:
            return []  # a warning that can't leave is no reason for another
        if row.attempts < _FAILURES and self._app.channel.line(row.send):
            return []  # it only waits for its turn
        grid = self._app.roster.by_room(address)
        where = f"{grid.name}的群" if grid else next(
            (r.name for r in self._app.roster.roles_of(address)), address
        )  # fmt: skip
        why = row.error or "没有在线的账号够得着"
        return self._once(f"stuck {address}", now, f"给{where}的消息发不出去：{why}。还会再试。")

    def _once(self, what: str, now: datetime, text: str) -> list[str]:
        last = self._told.get(what)
        if last and now - last < AGAIN:
            return []
        self._told[what] = now
        return [text]

    async def removed(self, account: str, room: str) -> None:
        """Tell that an account was put out of a group."""
        grid = self._app.roster.by_room(room)
        where = f"{grid.name}的群" if grid else "一个没绑定网格的群"
        await self.tell([f"账号{account}被移出了{where}，请重新拉进去。"], self._app.clock())

    async def tell(self, texts: list[str], now: datetime) -> None:
        """Queue warnings to everybody who is to hear them."""
        await self._app.warn(texts, now)
