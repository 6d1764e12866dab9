"""`jiedan backup` and `jiedan restore`: a city in one file, with its pictures beside it.

The file is the database, compressed by gzip, whose checksum tells a cut or altered one; `gunzip`
gives an ordinary SQLite file, should jiedan not be at hand. Pictures and files lie under the hash
of what is in them, so they are copied into a folder beside, which many nights' backups share.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from bot.app import is_postgres, only_one, promises_of, sqlite_path
from bot.config import Config
from storage.backup import Counts, kept_attachments, look_over, snapshot
from storage.base import StorageError

BESIDE = "attachments"
"""The folder beside a backup."""
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20  # bytes
_LEVEL = 3  # of compression: a third of the time of the usual one, at nearly its size
_OURS = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})(\.[a-z0-9]{1,8})?")
"""How bot.attachments names what it keeps; nothing else is a path that we follow."""


def backup(config: Config, out: Path, now: datetime) -> int:
    """Write the database, as it is now, and whatever its tickets show; return the exit code. The
    program may run meanwhile. Raises StorageError or ConfigError."""
    source = _database(config)
    if not source.is_file():
        raise StorageError(f"数据库 {source} 还没有，没有可备份的")
    _refuse_target(out, source)
    try:
        with _beside(out) as folder:
            raw, packed = folder / "city.db", folder / "city.gz"
            counts = _copied(source, raw)
            digest = _pack(raw, packed, now)
            _prove(packed, digest)
            missing = _copy_files(
                kept_attachments(raw), Path(config.attachments.folder), out.parent / BESIDE
            )
            shutil.copymode(source, packed)
            packed.replace(out)
            _flush(out.parent)
    except OSError as error:
        raise StorageError(f"备份没有写成：{error.strerror or error}（{out}）") from error
    _tell_missing(missing, "原来的文件夹里")
    size = out.stat().st_size / 1e6
    print(f"备份好了：{out}（{size:.1f}MB，{_summed(counts)}），核对无误。")
    return 0


def restore(config: Config, source: Path, replace: bool, now: datetime) -> int:
    """Put a backup in the database's place; return the exit code. Raises StorageError, with nothing
    changed, if a program runs, if the backup isn't whole, or if there is a database already and
    ``replace`` is not given; with it the old one is kept beside."""
    target = _database(config).resolve()
    with only_one(config.storage.url):
        if not replace and any(part.exists() for part in _parts(target)):
            raise StorageError(f"{target} 已经有数据库了；要换掉它，加上 --replace（旧的会留着）")
        try:
            with _beside(target) as folder:
                raw = folder / "city.db"
                made = _unpack(source, raw)
                counts = _checked(raw, source)
                missing = _copy_files(
                    kept_attachments(raw), source.parent / BESIDE, Path(config.attachments.folder)
                )
                kept = _set_aside(target, promises_of(config).calendar.local(now))
                _give(raw, kept or target.parent, kept is not None)
                raw.replace(target)
                _flush(target.parent)
        except OSError as error:
            raise StorageError(f"没有恢复成：{error.strerror or error}（{target}）") from error
        if _checked(target, source) != counts:
            raise StorageError(f"恢复出来的 {target} 和备份对不上，不要启动，换一个备份再试")
    _tell_missing(missing, "备份里")
    if kept:
        print(f"原来的数据库留在 {kept}。")
    local = promises_of(config).calendar.local(made)
    print(f"恢复好了：{target} 回到 {local:%Y-%m-%d %H:%M}（{_summed(counts)}），核对无误。")
    return 0


def _database(config: Config) -> Path:
    if is_postgres(config.storage.url):
        raise StorageError("这两个命令只管 SQLite；PostgreSQL 请用它自己的 pg_dump 和 pg_restore")
    return sqlite_path(config.storage.url)


def _refuse_target(out: Path, source: Path) -> None:
    """Raise StorageError rather than write over anything but an older backup."""
    if out.is_dir():
        raise StorageError(f"{out} 是个目录，请写上文件名，例如 {out / 'jiedan.db.gz'}")
    if not out.parent.is_dir():
        raise StorageError(f"没有 {out.parent} 这个目录")
    if out.exists() and (out.samefile(source) or not _is_gzip(out)):
        raise StorageError(f"{out} 已经有了，又不是备份，不敢覆盖，换个名字")


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give a folder on the same disk as ``target``, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=".jiedan-", dir=target.parent) as name:
        yield Path(name)


def _copied(source: Path, raw: Path) -> Counts:
    with tqdm(total=1, unit="页", disable=not sys.stderr.isatty(), leave=False) as bar:

        def progress(left: int, pages: int) -> None:
            bar.total = pages
            bar.update(pages - left - bar.n)

        counts = snapshot(source, raw, progress)
    try:
        copied = look_over(raw)
    except StorageError as error:
        raise StorageError(f"{source} 备份不了：{error}") from error
    if copied != counts:
        raise StorageError("抄出来的行数和数据库对不上，这次备份不作数，请再来一次")
    return counts


def _pack(raw: Path, packed: Path, now: datetime) -> str:
    """Compress a file to disk; return the hash of what went in."""
    digest = hashlib.sha256()
    with raw.open("rb") as source, packed.open("wb") as target:
        with gzip.GzipFile("", "wb", _LEVEL, target, now.timestamp()) as zipped:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                zipped.write(chunk)
        _sync(target)
    return digest.hexdigest()


def _prove(packed: Path, digest: str) -> None:
    """Read a backup again as a restore will. Raises StorageError."""
    found = hashlib.sha256()
    with gzip.open(packed) as zipped:
        while chunk := zipped.read(_CHUNK):
            found.update(chunk)
    if found.hexdigest() != digest:
        raise StorageError("备份写下去又读出来不一样，请检查磁盘")


def _unpack(source: Path, raw: Path) -> datetime:
    """Unpack a backup; return when it was made. Raises StorageError, or OSError of the disk."""
    try:
        with source.open("rb") as file:
            if file.read(2) != _GZIP:
                raise StorageError(f"{source} 不是 jiedan 的备份")
    except OSError as error:
        raise StorageError(f"读不了 {source}：{error.strerror}") from error
    try:
        with gzip.open(source) as zipped, raw.open("wb") as target:
            shutil.copyfileobj(zipped, target, _CHUNK)
            made = zipped.mtime or 0
            _sync(target)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise StorageError(f"备份 {source} 损坏或不完整，换一个备份再试") from error
    return datetime.fromtimestamp(made).astimezone()


def _checked(raw: Path, source: Path) -> Counts:
    try:
        return look_over(raw)
    except StorageError as error:
        raise StorageError(f"备份 {source} 不能用：{error}") from error


def _parts(database: Path) -> list[Path]:
    """Return the files of a database: SQLite would read an old journal into a new file."""
    return [database.with_name(database.name + end) for end in ("", "-wal", "-shm")]


def _set_aside(database: Path, at: datetime) -> Path | None:
    """Keep a database under another name; return it, None if there was none.

    All of it is there under the new name before any of it is gone under the old one.
    """
    kept = database.with_name(f"{database.name}.old-{at:%Y%m%d-%H%M%S}")
    parts = [p for p in zip(_parts(database), _parts(kept), strict=True) if p[0].exists()]
    if any(new.exists() for _, new in parts):
        raise StorageError(f"{kept} 已经有了，等一秒再来")
    for old, new in parts:
        try:
            os.link(old, new)
        except OSError:  # a disk without links
            shutil.copy2(old, new)
    _flush(database.parent)
    for old, _ in parts[::-1]:
        if old != database:  # that one is replaced, so that there is always one
            old.unlink()
    return kept if parts else None


def _give(raw: Path, model: Path, mode: bool) -> None:
    """Let a database belong to whoever has ``model``: an operator may restore as root."""
    if mode:
        shutil.copymode(model, raw)
    owner = model.stat()
    with contextlib.suppress(PermissionError):
        os.chown(raw, owner.st_uid, owner.st_gid)


def _copy_files(paths: Iterable[str], source: Path, target: Path) -> int:
    """Copy pictures and files that aren't there yet; return how many are missing or damaged."""
    missing = 0
    for path in paths:
        if not _OURS.fullmatch(path) or not _copy_file(source / path, target / path):
            missing += 1
    return missing


def _copy_file(source: Path, target: Path) -> bool:
    if target.exists():
        return True
    try:
        data = source.read_bytes()
    except OSError:
        return False
    if hashlib.sha256(data).hexdigest() != target.name.partition(".")[0]:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with part.open("wb") as file:
        file.write(data)
        _sync(file)
    part.replace(target)
    return True


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    """Have a folder's names on disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _summed(counts: Counts) -> str:
    return f"{counts['tickets']}单，{counts['inbox']}条消息"


def _tell_missing(missing: int, where: str) -> None:
    if missing:
        print(f"提醒：{missing}张图片或文件在{where}找不到或坏了。", file=sys.stderr)
