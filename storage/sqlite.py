"""The default engine: one SQLite file, one writer thread.

Work that arrives together shares one BEGIN IMMEDIATE ... COMMIT (each piece in a savepoint of its
own), so that a busy minute costs one fsync for many messages; nobody is answered before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from storage.base import StorageError
from storage.migrations import migrations
from storage.session import SqliteSession

T = TypeVar("T")

_FAULTS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""Errors of one piece of work alone."""
_SHARE = 256  # pieces of work in one commit at most, so that a flood can't delay the first for long


def open_database(path: Path | str, durable: bool = True) -> Database:
    """Open and migrate a database file; ``durable=False`` is for one that will be thrown away.

    Raises StorageError in one line when the file is unusable or from a newer version.
    """
    try:
        connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
    except sqlite3.Error as error:
        raise StorageError(explain(error, path)) from error
    try:
        return _prepared(connection, path, durable)
    except sqlite3.Error as error:
        connection.close()
        raise StorageError(explain(error, path)) from error
    except StorageError:
        connection.close()
        raise


def _prepared(connection: sqlite3.Connection, path: Path | str, durable: bool) -> Database:
    connection.row_factory = sqlite3.Row
    connection.isolation_level = None
    connection.execute("pragma journal_mode = wal")
    connection.execute(f"pragma synchronous = {'full' if durable else 'off'}")
    connection.execute("pragma cache_size = -32000")
    connection.execute("pragma journal_size_limit = 67108864")
    db = Database(connection)
    _refuse_newer(db, path)
    migrations.apply(db)
    return db


def _refuse_newer(db: Database, path: Path | str) -> None:
    ours = {m.name for m in migrations._migrations}  # the set has no public list of its names
    newer = [m.name for m in migrations.applied(db) if m.name not in ours]
    if newer:
        raise StorageError(
            f"数据库 {path} 是更新版本的 jiedan 建的（多出 {newer[0]}），请先升级程序再打开"
        )


def explain(error: sqlite3.Error, path: Path | str) -> str:
    """Say in one line what is wrong with a database and what to do."""
    text = str(error)
    if "full" in text:
        return f"磁盘满了，数据库 {path} 写不进去，腾出空间后会自动继续"
    if "not a database" in text or "malformed" in text:
        return f"{path} 已损坏或不是 SQLite 数据库，请用备份恢复"
    if "unable to open" in text:
        return f"打不开数据库 {path}，请检查目录是否存在、有没有写权限"
    if "readonly" in text or "read-only" in text:
        return f"数据库 {path} 是只读的，请检查文件和目录的写权限"
    if "locked" in text:
        return f"数据库 {path} 被别的程序占用，请先停掉它"
    return f"数据库 {path} 出错：{text}"


@dataclass(slots=True)
class _Piece:
    work: Callable[[SqliteSession], Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class SqliteStore:
    """The Store over one file. Open it with :meth:`open`; use it from one event loop."""

    def __init__(self, path: Path | str, db: Database, reader: Database) -> None:
        self._path = path
        self._db = db
        self._session = SqliteSession(db)
        self._reader = SqliteSession(reader)
        self._queue: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="writer", daemon=True)
        self._readers = ThreadPoolExecutor(1, "reader")
        self._closed = False
        self._writer.start()

    @classmethod
    def open(cls, path: Path | str, durable: bool = True) -> SqliteStore:
        """Open the file, creating and migrating it as needed. Raises StorageError."""
        db = open_database(path, durable)
        reader = sqlite3.connect(path, check_same_thread=False, timeout=10)
        reader.row_factory = sqlite3.Row
        reader.execute("pragma query_only = on")
        return cls(path, db, Database(reader))

    async def transact(self, work: Callable[[SqliteSession], T]) -> T:
        """Run ``work`` on the writer thread; return when its commit is on disk."""
        if self._closed:
            raise StorageError(f"数据库 {self._path} 已经关上了")
        loop = asyncio.get_running_loop()
        piece = _Piece(work, loop, loop.create_future())
        self._queue.put(piece)
        result: T = await piece.done
        return result

    async def read(self, work: Callable[[SqliteSession], T]) -> T:
        """Run ``work`` on the reader's connection, beside the writer."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._readers, work, self._reader)
        except sqlite3.Error as error:
            raise StorageError(explain(error, self._path)) from error

    async def close(self) -> None:
        """Finish what is queued, then close the file."""
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        self._readers.shutdown()
        self._reader.db.close()
        self._db.close()

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
            self._commit(pieces)
            _deliver(pieces)
            if stop:
                return

    def _commit(self, pieces: list[_Piece]) -> None:
        run = self._db.conn.execute
        try:
            run("begin immediate")
            for piece in pieces:
                self._run(piece)
            run("commit")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._db.conn.rollback()
            for piece in pieces:
                piece.error = StorageError(explain(error, self._path))

    def _run(self, piece: _Piece) -> None:
        run = self._db.conn.execute
        run("savepoint piece")
        try:
            piece.result = piece.work(self._session)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, _FAULTS):
                raise  # the file is in trouble, not the work: nothing of this commit stands
            piece.error = error
            run("rollback to piece")
        run("release piece")


def _deliver(pieces: list[_Piece]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Piece]] = {}
    for piece in pieces:
        by_loop.setdefault(piece.loop, []).append(piece)
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
