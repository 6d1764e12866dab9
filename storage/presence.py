"""One of the workers that share a PostgreSQL: its name, and its ear for the others' hints."""

from __future__ import annotations

import logging
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from storage.base import StorageError, Worker
from storage.postgres import HINT, connected, explain, shown

log = logging.getLogger(__name__)

_RUNNING = 0x6A696565
"""Advisory lock that all workers share, and that whoever wants the database alone takes whole."""
_NAMES = 0x6A696567
"""First half of the advisory lock of a worker's name."""
_LET_GO = "select pg_advisory_unlock_all()"  # at once; a connection that is closed takes a moment
_EAR = 5.0  # seconds between looks whether to stop
_MOST = 1000  # workers on one machine


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Hold a database that no worker uses. Raises StorageError if one does."""
    try:
        with connected(url) as connection:
            if not _locked(connection, "pg_try_advisory_lock(%s)", _RUNNING):
                raise StorageError(f"数据库 {shown(url)} 有 jiedan 在用，先全部停掉")
            yield
            connection.execute(_LET_GO)
    except psycopg.Error as error:
        raise StorageError(explain(error, url)) from error


@contextmanager
def present(url: str) -> Iterator[Worker]:
    """Be one of the workers. The name is the machine's with the lowest number that is free, so
    that a worker that is started anew finds its own leases. Raises StorageError if somebody has
    the database alone."""
    try:
        presence = _Presence(url)
    except psycopg.Error as error:
        raise StorageError(explain(error, url)) from error
    presence.start()
    try:
        yield presence.worker
    finally:
        presence.stop()


class _Presence(threading.Thread):
    """Keeps the name's lock and listens, on a connection of its own, made anew when it is lost."""

    def __init__(self, url: str) -> None:
        super().__init__(name="presence", daemon=True)
        self._url = url
        self._stopping = False
        self.worker = Worker("")
        self._connection = connected(url)
        try:
            self._introduce()
        except BaseException:
            self._connection.close()
            raise

    def run(self) -> None:
        while not self._stopping:
            try:
                for _ in self._connection.notifies(timeout=_EAR, stop_after=1):
                    self.worker.hint()
            except psycopg.Error:
                self._come_back()

    def stop(self) -> None:
        self._stopping = True
        # its own hint, so that it needn't sit its wait out
        with suppress(psycopg.Error), connected(self._url) as connection:
            connection.execute(f"notify {HINT}")
        self.join(timeout=2 * _EAR)
        with suppress(psycopg.Error):
            self._connection.execute(_LET_GO)
        self._connection.close()

    def _introduce(self) -> None:
        """Take a name and listen. Raises StorageError if somebody has the database alone."""
        if not _locked(self._connection, "pg_try_advisory_lock_shared(%s)", _RUNNING):
            raise StorageError(f"数据库 {shown(self._url)} 正被 jiedan copy 占着，等它做完")
        self._connection.execute(f"listen {HINT}")
        host = socket.gethostname()
        known = [self.worker.name] if self.worker.name else []
        for name in known + [f"{host}-{number}" for number in range(1, _MOST)]:
            key = zlib.crc32(name.encode()) - 2**31  # PostgreSQL's integers have a sign
            if _locked(self._connection, "pg_try_advisory_lock(%s, %s)", _NAMES, key):
                if self.worker.name not in {"", name}:
                    log.warning("this worker is now called %s", name)
                self.worker.name = name
                return
        raise StorageError(f"这台机器上已经有{_MOST}个 jiedan 了")

    def _come_back(self) -> None:
        with suppress(psycopg.Error, StorageError):
            self._connection.close()
            self._connection = connected(self._url)
            self._introduce()
            self.worker.hint()
            return
        time.sleep(0.5)


def _locked(connection: psycopg.Connection[Any], lock: str, *keys: int) -> bool:
    row = connection.execute(f"select {lock}", keys).fetchone()
    return bool(row and row[0])
