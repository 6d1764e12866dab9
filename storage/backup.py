"""A database of SQLite, copied as it was at one moment while a program writes to it, and looked
over: what `jiedan backup` and `jiedan restore` do with files."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from storage.base import StorageError
from storage.migrations import SCRIPTS
from storage.sqlite import explain

Counts = dict[str, int]
"""How many rows each table has."""

_STEP = 256  # pages at once: a megabyte
_BREATH = 0.002  # seconds between steps, in which the program's own writes get at the disk


def snapshot(
    source: Path, target: Path, progress: Callable[[int, int], None] = lambda *_: None
) -> Counts:
    """Copy a database as it is now to a new file, and return the rows that this moment has.

    The program may go on writing: what it commits meanwhile is not in the copy. ``progress`` is
    told the pages that are left and the pages in all. Raises StorageError.
    """
    try:
        with closing(_opened(source, "rw")) as old, closing(sqlite3.connect(target)) as new:
            # One reading transaction over all steps: a copy without it begins anew whenever
            # another process writes, and in a busy city it would never end.
            old.execute("begin")
            counts = _counts(old)

            def step(_: int, left: int, pages: int) -> None:
                progress(left, pages)
                time.sleep(_BREATH)

            old.backup(new, pages=_STEP, progress=step)
            old.execute("rollback")
    except sqlite3.Error as error:
        raise StorageError(explain(error, source)) from error
    return counts


def look_over(path: Path) -> Counts:
    """Return the rows of a copy that nobody uses. Raises StorageError if it is damaged, no
    database of jiedan's, or of a newer version."""
    with _whole(path) as db:
        damage = db.execute("pragma integrity_check(1)").fetchone()[0]
        if damage != "ok":
            raise StorageError(f"数据库自检不通过（{damage}）")
        _refuse_strangers(db)
        return _counts(db)


def kept_attachments(path: Path) -> list[str]:
    """Return the paths, in the folder of attachments, of all pictures and files that a copy knows
    to be kept. Raises StorageError."""
    with _whole(path) as db:
        rows = db.execute("select path from attachments where state = 'kept' order by path")
        return [row[0] for row in rows]


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    where = f"file:{quote(str(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(where, uri=True, timeout=10, isolation_level=None)
    connection.execute("pragma query_only = on")
    return connection


@contextmanager
def _whole(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file that nobody writes to, leaving nothing beside it."""
    try:
        with closing(_opened(path, "ro&immutable=1")) as db:
            yield db
    except sqlite3.Error as error:
        raise StorageError(f"里面的数据库读不了（{error}）") from error


def _refuse_strangers(db: sqlite3.Connection) -> None:
    tables = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    if not {"_sqlite_migrations", "tickets"} <= tables:
        raise StorageError("不是 jiedan 的数据库")
    made = db.execute("select name from _sqlite_migrations where migration_set = 'jiedan'")
    newer = sorted({row[0] for row in made} - {name for name, _ in SCRIPTS})
    if newer:
        raise StorageError(f"是更新版本的 jiedan 建的（多出 {newer[0]}），请先升级程序")


def _counts(db: sqlite3.Connection) -> Counts:
    tables = [
        row[0]
        for row in db.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        )
    ]
    return {t: db.execute(f'select count(*) from "{t}"').fetchone()[0] for t in sorted(tables)}
