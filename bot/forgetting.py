"""What is forgotten by itself when its time has come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from bot.clock import Clock
from bot.config import Config, ConfigError
from handlers.masking import wiped
from storage.base import Session, StorageError, Store

log = logging.getLogger(__name__)

_EVERY = 3600.0  # seconds between rounds
_TICKETS, _MESSAGES = 20, 500  # in one transaction, so that messages need not wait behind a round
_BREATH = 0.02  # seconds between transactions


class Forgetter:
    """Forgets until cancelled. ``keep`` is how long contact data stays after a ticket's end."""

    def __init__(self, store: Store, keep: timedelta, clock: Clock) -> None:
        self._store, self._keep, self._clock = store, keep, clock
        self.mine: Callable[[], bool] = lambda: True
        """Tells whether this worker is the one to do it."""

    async def run(self) -> None:
        """Forget at once and then every hour, until cancelled."""
        while True:
            try:
                if self.mine():
                    await self.forget()
            except StorageError as error:
                log.error("%s", error)
            except Exception:
                log.exception("forgetting met a fault; the next round comes")
            await asyncio.sleep(_EVERY)

    async def forget(self) -> int:
        """Forget all whose time has come; return how many tickets that were. Raises
        StorageError."""
        now = self._clock()
        before = now - self._keep
        count = 0
        while done := await self._store.transact(partial(_forget_tickets, before=before, now=now)):
            count += done
            await asyncio.sleep(_BREATH)
        while await self._store.transact(lambda s: s.forget_chatter(before, _MESSAGES, now)):
            await asyncio.sleep(_BREATH)
        if count:
            log.warning("contact data of %s tickets was erased", count)
        return count


def _forget_tickets(session: Session, before: datetime, now: datetime) -> int:
    numbers = session.erasable(before, _TICKETS)
    for number in numbers:
        session.erase_contacts(number, wiped, now, "time")
    return len(numbers)


def keep_of(config: Config) -> timedelta:
    """Return how long contact data is kept. Raises ConfigError."""
    if config.privacy.keep < timedelta(days=1):
        raise ConfigError("[privacy] keep：至少写 1d")
    return config.privacy.keep
