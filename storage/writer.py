"""One thread that writes, whatever the engine.

Work that arrives together shares one transaction, so that a busy minute costs one fsync for many
messages; nobody is answered before it. A piece that fails by its own fault undoes them all, and
each is run again in a transaction of its own: that is rare, where a savepoint for each would be
two statements more a message. Work may therefore run more than once before it counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from storage.base import StorageError
from storage.session import SqlSession

T = TypeVar("T")

_SHARE = 256  # pieces of work in one commit at most, so that a flood can't delay the first for long


class Engine(Protocol):
    """A connection that writes."""

    errors: type[Exception]
    """What the database raises."""

    @property
    def session(self) -> SqlSession:
        """Return the session on the connection there is."""

    def run(self, sql: str) -> object:
        """Run a statement of the transaction's frame."""

    def is_fault(self, error: Exception) -> bool:
        """Return whether an error is of one piece of work alone, not the database's own trouble."""

    def again(self, error: Exception) -> bool:
        """Return whether a transaction that failed so is to be tried once more, after whatever
        helps (a lost connection is made anew)."""

    def explain(self, error: Exception) -> str:
        """Say in one line what is wrong and what to do."""


@dataclass(slots=True)
class Piece:
    """Some work, and what came of it."""

    work: Callable[[SqlSession], Any]
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Piece(Piece):
    """The same, with somebody who waits for it."""

    done: asyncio.Future[Any] = field(kw_only=True)


class Writer:
    """Runs pieces of work in order, on a thread of its own."""

    def __init__(self, engine: Engine, begin: str) -> None:
        self._frame = Frame(engine, begin)
        self._queue: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
        self._thread.start()

    async def transact(self, work: Callable[[SqlSession], T]) -> T:
        """Return what ``work`` returns when its commit is on disk."""
        loop = asyncio.get_running_loop()
        piece = _Piece(work, done=loop.create_future())
        self._queue.put(piece)
        result: T = await piece.done
        return result

    async def close(self) -> None:
        """Finish what is queued."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _write(self) -> None:
        while (first := self._queue.get()) is not None:
            pieces = [first]
            stop = False
            while len(pieces) < _SHARE and not self._queue.empty():
                piece = self._queue.get()
                if piece is None:
                    stop = True
                    break
                pieces.append(piece)
            self._frame.commit(pieces)
            _deliver(pieces)
            if stop:
                return


class Frame:
    """The transaction around pieces of work, on whichever thread it is asked for."""

    def __init__(self, engine: Engine, begin: str) -> None:
        self._engine = engine
        self._begin = begin

    def alone(self, work: Callable[[SqlSession], T]) -> T:
        """Return what ``work`` returns when its commit is on disk."""
        piece = Piece(work)
        self.commit([piece])
        if piece.error:
            raise piece.error
        result: T = piece.result
        return result

    def commit(self, pieces: Sequence[Piece]) -> None:
        """Run pieces of work in one transaction and note what came of each."""
        while True:
            try:
                self._engine.run(self._begin)
                faulty = any(map(self._fails, pieces))
                self._engine.run("rollback" if faulty else "commit")
            except self._engine.errors as error:
                with contextlib.suppress(self._engine.errors):
                    self._engine.run("rollback")
                if self._engine.again(error):
                    continue
                for piece in pieces:
                    piece.error = StorageError(self._engine.explain(error))
                return
            if faulty and len(pieces) > 1:
                for piece in pieces:
                    self.commit([piece])
            return

    def _fails(self, piece: Piece) -> bool:
        """Run a piece and note what came of it; return whether it failed by its own fault."""
        piece.error = None
        try:
            piece.result = piece.work(self._engine.session)
        except Exception as error:
            if isinstance(error, self._engine.errors) and not self._engine.is_fault(error):
                raise  # the database is in trouble, not the work
            piece.error = error
        return piece.error is not None


def _deliver(pieces: list[_Piece]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Piece]] = {}
    for piece in pieces:
        by_loop.setdefault(piece.done.get_loop(), []).append(piece)
    for loop, group in by_loop.items():
        with contextlib.suppress(RuntimeError):  # a loop that is closed has nobody waiting
            loop.call_soon_threadsafe(_settle, group)


def _settle(pieces: list[_Piece]) -> None:
    for piece in pieces:
        if piece.done.cancelled():
            continue
        if piece.error is not None:
            piece.done.set_exception(piece.error)
        else:
            piece.done.set_result(piece.result)
