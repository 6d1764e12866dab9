"""Pictures and files of tickets: fetched from the network in the background, kept in a folder."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath

from bot.channels.base import Channel, FetchError, File, GoneError
from bot.clock import Clock
from storage.base import Attachment, StorageError, Store

log = logging.getLogger(__name__)

_FIRST_RETRY = timedelta(seconds=5)
_LONGEST_RETRY = timedelta(minutes=30)
_TRIES = 20  # over some seven hours; by then a gateway has forgotten the message
_POLL = 5.0  # seconds between looks
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


class Cabinet:
    """The folder of attachments, and the task that fills it."""

    def __init__(
        self, store: Store, channel: Channel, clock: Clock, folder: Path, largest: int
    ) -> None:
        """``largest`` is in bytes."""
        self._store, self._channel, self._clock = store, channel, clock
        self._folder, self._largest = folder, largest
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()  # the outbox may fetch the same picture at the same moment
        self.reaches: Callable[[str | None], bool] = lambda _: True
        """Tells whether this worker is the one to fetch what was sent to a room."""

    def wake(self) -> None:
        """Look for something to fetch now."""
        self._wake.set()

    async def run(self) -> None:
        """Fetch what is wanted until cancelled."""
        while True:
            self._wake.clear()
            try:
                now = self._clock()
                for attachment in await self._store.read(lambda s, n=now: s.wanted(n)):  # type: ignore[misc]
                    if self.reaches(attachment.room):
                        await self._fetch(attachment)
            except StorageError as error:
                log.error("%s", error)
            except Exception:
                log.exception("an attachment met a fault; the next one comes")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL):
                    await self._wake.wait()

    async def _fetch(self, wanted: Attachment) -> None:
        try:
            file = await self._channel.fetch(wanted.message, wanted.room, self._largest)
            async with self._writing:
                path = await asyncio.to_thread(self._put, file)
        except GoneError as error:
            kept = replace(wanted, state="gone", why=str(error))
        except Exception as error:  # of one picture: the next ones are fetched
            if not isinstance(error, (FetchError, OSError)):
                log.exception("an attachment met a fault")
            kept = self._put_off(wanted, str(error) or type(error).__name__)
        else:
            kept = replace(
                wanted, state="kept", name=file.name, path=path, size=len(file.data), why=""
            )
        if not await self._store.transact(lambda s: s.keep_attachment(kept)) and kept.path:
            # an erased person's picture must not stay; one that a second fetch kept must
            for path in await self._store.read(lambda s: s.unclaimed_paths([kept.path])):
                (self._folder / path).unlink(missing_ok=True)

    def _put_off(self, wanted: Attachment, why: str) -> Attachment:
        log.warning("an attachment could not be fetched yet: %s", why)
        wait = min(_FIRST_RETRY * 2 ** min(wanted.tries, 12), _LONGEST_RETRY)
        state = "gone" if wanted.tries + 1 >= _TRIES else "wanted"
        again = self._clock() + wait
        return replace(wanted, state=state, tries=wanted.tries + 1, again=again, why=why)

    def _put(self, file: File) -> str:
        """Write a file under the hash of what is in it; return its path in the folder."""
        digest = hashlib.sha256(file.data).hexdigest()
        suffix = PurePosixPath(file.name).suffix
        # a name from outside gives its ending and nothing else to a path
        ending = suffix.lower() if _SUFFIX.fullmatch(suffix) else ""
        path = self._folder / digest[:2] / f"{digest}{ending}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.part")
            part.write_bytes(file.data)
            part.replace(path)
        return str(path.relative_to(self._folder))

    async def take_out(self, message_id: str) -> File | None:
        """Return the picture or file of a message, if it is kept."""
        known = await self._store.read(lambda s: s.attachment(message_id))
        if known and known.state == "wanted":
            await self._fetch(known)
            known = await self._store.read(lambda s: s.attachment(message_id))
        if known is None or known.state != "kept":
            return None
        try:
            data = await asyncio.to_thread((self._folder / known.path).read_bytes)
        except OSError as error:
            log.error("attachment %s can't be read: %s", known.path, error.strerror)
            return None
        return File(known.name, data, known.kind)
