"""The default engine: one SQLite file, one writer thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database, Migrations

from storage.base import StorageError
from storage.migrations import SCRIPTS
from storage.readable import unreadable
from storage.session import SqlSession
from storage.writer import Frame, Writer

T = TypeVar("T")

_DAMAGED = (sqlite3.Error, UnicodeDecodeError)
"""What a file raises that is opened; its own words, in a fault's, may be broken too."""
_FAULTS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""Errors of one piece of work alone."""


def _migrations() -> Migrations:
    """Return the scripts as sqlite-utils' migrations."""
    made = Migrations("jiedan")
    for name, statements in SCRIPTS:
        made(name=name)(_step(statements))
    return made


def _step(statements: str) -> Callable[[Database], None]:
    def run(db: Database) -> None:
        for statement in statements.split(";"):  # not executescript: it would commit halfway
            db.execute(statement)

    return run


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
    except _DAMAGED as error:
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
    connection.execute("pragma cache_size = -4000")  # kB; what is read comes from the mapped file
    mapped = 256 if durable else 64  # MB that are read where the system has the file
    connection.execute(f"pragma mmap_size = {mapped << 20}")
    connection.execute("pragma secure_delete = on")  # what is deleted is overwritten
    connection.execute("pragma journal_size_limit = 67108864")
    db = Database(connection)
    _refuse_newer(db, path)
    _migrations().apply(db)
    return db


def _refuse_newer(db: Database, path: Path | str) -> None:
    ours = {name for name, _ in SCRIPTS}
    newer = [m.name for m in _migrations().applied(db) if m.name not in ours]
    if newer:
        raise StorageError(
            f"数据库 {path} 是更新版本的 jiedan 建的（多出 {newer[0]}），请先升级程序再打开"
        )


def explain(error: Exception, path: Path | str) -> str:
    """Say in one line what is wrong with a database and what to do."""
    text = str(error)
    if "full" in text:
        return f"磁盘满了，数据库 {path} 写不进去，腾出空间后会自动继续"
    broken = ("not a database", "malformed", "decode to UTF-8", "codec can't decode")
    if any(sign in text for sign in broken):
        return f"{path} 已损坏或不是 SQLite 数据库，请用备份恢复"
    if "unable to open" in text:
        return f"打不开数据库 {path}，请检查目录是否存在、有没有写权限"
    if "readonly" in text or "read-only" in text:
        return f"数据库 {path} 是只读的，请检查文件和目录的写权限"
    if "locked" in text:
        return f"数据库 {path} 被别的程序占用，请先停掉它"
    return f"数据库 {path} 出错：{text}"


class SqliteSession(SqlSession):
    """A transaction on SQLite."""

    def __init__(self, db: Database) -> None:
        super().__init__(db.conn.execute, db.conn.executemany)


class _Engine:
    """The connection that writes."""

    errors: type[Exception] = sqlite3.Error

    def __init__(self, path: Path | str, db: Database) -> None:
        self._path = path
        self._db = db
        self._session = SqliteSession(db)

    @property
    def session(self) -> SqlSession:
        """See storage.writer."""
        return self._session

    def run(self, sql: str) -> object:
        """See storage.writer."""
        return self._db.conn.execute(sql)

    def is_fault(self, error: Exception) -> bool:
        """See storage.writer."""
        return isinstance(error, _FAULTS)

    def again(self, error: Exception) -> bool:
        """See storage.writer: what fails here fails again."""
        del error
        return False

    def explain(self, error: Exception) -> str:
        """See storage.writer."""
        return explain(error, self._path)


class InlineStore:
    """The Store over a file that will be thrown away, for one program that does one thing after the
    other: a replay, in which going to another thread and back would be most of the time."""

    def __init__(self, path: Path | str) -> None:
        """Open the file, creating and migrating it as needed. Raises StorageError."""
        self._path = path
        self._db = open_database(path, durable=False)
        self._session = SqliteSession(self._db)
        self._frame = Frame(_Engine(path, self._db), "begin immediate")

    async def transact(self, work: Callable[[SqlSession], T]) -> T:
        """See storage.base."""
        return self._frame.alone(work)

    async def claim(self, work: Callable[[SqlSession], T]) -> T:
        """See storage.base."""
        return self._frame.alone(work)

    async def read(self, work: Callable[[SqlSession], T]) -> T:
        """See storage.base."""
        try:
            return work(self._session)
        except sqlite3.Error as error:
            raise StorageError(explain(error, self._path)) from error

    async def examine(self) -> None:
        """See storage.base: it was made just now."""

    async def scrub(self) -> None:
        """See storage.base: all of it goes soon."""

    async def close(self) -> None:
        """See storage.base."""
        self._db.close()


def _torn(run: Callable[[str], sqlite3.Cursor]) -> str:
    """Return what the engine itself finds wrong with its pages and indexes; empty if nothing."""
    found = str(run("pragma integrity_check(1)").fetchone()[0])
    return "" if found == "ok" else found


class SqliteStore:
    """The Store over one file. Open it with :meth:`open`; use it from one event loop."""

    def __init__(self, path: Path | str, db: Database, reader: Database) -> None:
        self._path = path
        self._db = db
        self._reading = reader
        self._reader = SqliteSession(reader)
        self._readers = ThreadPoolExecutor(1, "reader")
        self._writer = Writer(_Engine(path, db), "begin immediate")
        self._closed = False

    @classmethod
    def open(cls, path: Path | str) -> SqliteStore:
        """Open the file, creating and migrating it as needed. Raises StorageError."""
        db = open_database(path)
        reader = sqlite3.connect(path, check_same_thread=False, timeout=10)
        reader.row_factory = sqlite3.Row
        reader.execute("pragma query_only = on")
        return cls(path, db, Database(reader))

    async def transact(self, work: Callable[[SqlSession], T]) -> T:
        """Run ``work`` on the writer thread; return when its commit is on disk."""
        if self._closed:
            raise StorageError(f"数据库 {self._path} 已经关上了")
        return await self._writer.transact(work)

    async def claim(self, work: Callable[[SqlSession], T]) -> T:
        """See storage.base: whoever writes is alone."""
        return await self.transact(work)

    async def read(self, work: Callable[[SqlSession], T]) -> T:
        """Run ``work`` on the reader's connection, beside the writer."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._readers, work, self._reader)
        except sqlite3.Error as error:
            raise StorageError(explain(error, self._path)) from error

    async def examine(self) -> None:
        """See storage.base: every page, every row in every index, and whether rows can be read."""
        looks = (asyncio.to_thread(self._examine, look) for look in (_torn, unreadable))
        await asyncio.gather(*looks)

    def _examine(self, look: Callable[[Callable[[str], sqlite3.Cursor]], str]) -> None:
        try:
            with closing(sqlite3.connect(self._path, timeout=10)) as connection:
                found = look(connection.execute)
        except _DAMAGED as error:
            raise StorageError(explain(error, self._path)) from error
        if found:
            what = " ".join(found.split())
            raise StorageError(f"{self._path} 自检不通过（{what}），请用备份恢复：jiedan restore")

    async def scrub(self) -> None:
        """See storage.base: a file made anew, and an empty journal."""
        await asyncio.to_thread(self._scrub)

    def _scrub(self) -> None:
        try:
            connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
            with closing(connection):
                connection.execute("vacuum")
                busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        except sqlite3.Error as error:
            raise StorageError(explain(error, self._path)) from error
        if busy:
            raise StorageError(f"数据库 {self._path} 正忙，旧的痕迹还没清干净，过一会儿再来一次")

    async def close(self) -> None:
        """Finish what is queued, then close the file."""
        self._closed = True
        await self._writer.close()
        self._readers.shutdown()
        self._reading.close()
        self._db.close()
