"""Who is let in to our WeChat accounts, and which accounts are ours."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from bot.channels.wechaty.channel import Doors
from bot.clock import Clock
from handlers.bind import code_in
from handlers.roster import Roster
from storage.base import Session, Store

OWN = "own-accounts"
"""The setting that holds the ids of our accounts: the words of one that is down are still ours."""


class Porter:
    """Answers the channel from the roster and the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self.roster: Callable[[], Roster] = lambda: Roster((), ())
        self.removed: Callable[[str, str], Awaitable[None]] | None = None
        """Hears of an account that was put out of a group."""

    async def doors(self) -> Doors:
        """Return what the channel asks."""
        ours = await self._store.read(_own)
        return Doors(self._known, self._code, frozenset(ours), self._logged_in, self._removed)

    def _known(self, person: str) -> bool:
        return bool(self.roster().roles_of(person))

    async def _code(self, hello: str) -> str:
        code = code_in(hello)
        now = self._clock()
        about = await self._store.read(lambda s: s.code(code, now)) if code else None
        return code if about and about.name else ""  # a group's code makes nobody a friend

    async def _logged_in(self, person: str) -> None:
        await self._store.transact(lambda s: _remember(s, person))

    async def _removed(self, account: str, room: str) -> None:
        if self.removed:
            await self.removed(account, room)


def _own(session: Session) -> list[str]:
    return list(json.loads(session.setting(OWN) or "[]"))


def _remember(session: Session, person: str) -> None:
    known = _own(session)
    if person not in known:
        session.keep_setting(OWN, json.dumps([*known, person]))
