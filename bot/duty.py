"""Which accounts this worker serves. Each is leased to one worker at a time: it alone hears and
speaks for it. A worker that is gone loses its leases, and the others take its accounts over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from bot.clock import Clock
from storage.base import Session, StorageError, Store, Worker

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
"""How long an account, or a claimed deadline, waits for a worker that is gone."""
_RENEW = 5.0  # seconds between renewals
_SOON = 0.5  # the same while this worker has less than its share: another is about to let go
_WORKER = "worker "
_OFFICE = "office"
"""Leased beside the accounts: whoever has it warns the administrators, so that one does."""


class Duty:
    """Leases accounts and renews them; ``accounts`` gives the names of all there are."""

    def __init__(
        self, store: Store, worker: Worker, accounts: Callable[[], Iterable[str]], clock: Clock
    ) -> None:
        self._store, self._worker, self._clock = store, worker, clock
        self._accounts = accounts
        self._mine: frozenset[str] | None = None
        self.alone = True
        """Whether no other worker shares the database; so it is until the first renewal."""
        self._changed = asyncio.Condition()
        self._wanting = False
        self.gained: Callable[[Iterable[str]], Awaitable[None]] = _nobody
        """Called with accounts that are ours from now on."""

    @property
    def worker(self) -> str:
        """Return the name under which this worker has things in hand."""
        return self._worker.name

    def has(self, account: str) -> bool:
        """Return whether an account is ours, or none that is leased at all."""
        return self._holds(account) or account not in self._accounts()

    @property
    def in_office(self) -> bool:
        """Return whether it is this worker who warns the administrators."""
        return self._holds(_OFFICE)

    def _holds(self, name: str) -> bool:
        # as the last renewal found it: while the database is away nobody else can take it, and an
        # account that lets go of its gateway meanwhile misses what is said
        return self._mine is None or name in self._mine

    async def start(self) -> None:
        """Free what an earlier worker of this name had claimed; take what is free. Raises
        StorageError."""
        await self._store.claim(lambda s: s.release_claims(self.worker))
        await self.renew()

    async def run(self) -> None:
        """Renew until cancelled; then end the leases, so that others needn't wait."""
        try:
            while True:
                await asyncio.sleep(_SOON if self._wanting else _RENEW)
                try:
                    await self.renew()
                except StorageError as error:
                    log.error("%s", error)
                except Exception:
                    log.exception("leases met a fault and go on")
        finally:
            self._mine = frozenset()
            with contextlib.suppress(StorageError):
                await asyncio.shield(self._store.claim(self._leave))

    async def renew(self) -> None:
        """Renew our leases, take free accounts up to our share, let go of more. Raises
        StorageError."""
        before = self._mine or frozenset()
        mine = await self._store.claim(self._share)
        if mine - before:
            await self.gained(mine - before)
        if mine != self._mine:
            log.warning("this worker (%s) serves %s", self.worker, ", ".join(sorted(mine)) or "-")
        async with self._changed:
            self._mine = mine
            self._changed.notify_all()

    def _share(self, session: Session) -> frozenset[str]:
        """Lease this worker's share of the accounts, and free what a worker that is gone had in
        hand of them."""
        me, now = self.worker, self._clock()
        until = now + LEASE
        session.lease(_WORKER + me, me, now, until)
        known = session.leases(now, until)
        held = {name: holder for name, (holder, live) in known.items() if live}
        workers = sum(1 for name in held if name.startswith(_WORKER))
        self.alone = workers == 1
        accounts = (_OFFICE, *self._accounts())
        share = math.ceil(len(accounts) / workers)
        ours = [name for name in accounts if held.get(name) == me]
        for name in ours[share:]:
            session.end_lease(name, me)
        free = [name for name in accounts if name not in held]
        mine = ours[:share] + free[: max(share - len(ours), 0)]
        got = frozenset(name for name in mine if session.lease(name, me, now, until))
        self._wanting = len(got) < len(accounts) // workers
        for name in got - (self._mine or frozenset()):
            if name in known:  # its worker is gone; else it let go, and says what it has in hand
                session.release(name)
        return got

    def _leave(self, session: Session) -> None:
        now = self._clock()
        for name, (holder, _) in session.leases(now, now + LEASE).items():
            if holder == self.worker:
                session.end_lease(name, holder)

    async def serve(self, account: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` whenever an account is ours, and cancel it when it no longer is."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._holds(account))
            task = asyncio.ensure_future(work())
            try:
                while self._holds(account) and not task.done():
                    await asyncio.wait([task], timeout=1)
                if task.done():
                    return await task
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


async def _nobody(accounts: Iterable[str]) -> None:
    del accounts
