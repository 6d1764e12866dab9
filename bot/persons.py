"""What a person may ask for: all that is kept of them (`jiedan export-person`), and that it be
erased (`jiedan erase-person`)."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.app import open_store
from bot.config import Config
from bot.models import Ticket
from handlers.digits import count_digits
from handlers.masking import wiped
from storage.base import Session, StorageError

_NUMBER = 7  # digits from which on an argument is a number and no id


async def export_person(config: Config, person: str, out: Path) -> int:
    """Write all that is kept of a chat user to a file of JSON; return the exit code. Raises
    StorageError."""
    store = open_store(config.storage.url)
    try:
        kept = await store.read(lambda s: s.kept_of(person))
    finally:
        await store.close()
    if not kept:
        raise StorageError(f"数据库里没有 {person} 的任何记录；要写群里的账号（微信号的 id）")
    text = json.dumps(kept, ensure_ascii=False, indent=1)
    try:
        out.touch(mode=0o600)
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"写不了 {out}：{error.strerror}") from error
    print(
        f"导出好了：{out}（{sum(map(len, kept.values()))}行）。"
        "里面是本人的原话，交给本人以后请删掉。"
    )
    return 0


async def erase_person(config: Config, person: str, now: datetime) -> int:
    """Erase a chat user, or a number wherever it was said, from the database, its files and the
    folder of attachments; return the exit code. The program may run meanwhile. Raises
    StorageError, with nothing changed, if they have open tickets or a role."""
    store = open_store(config.storage.url)
    try:
        if count_digits(person) >= _NUMBER and not any(c.isalpha() for c in person):
            rows = await store.transact(
                lambda s: s.rewrite(lambda text: wiped(text, person), now, "number")
            )
            paths: list[str] = []
        else:
            rows, paths = await store.transact(partial(_erase, person=person, now=now))
        await store.scrub()
    finally:
        await store.close()
    for path in paths:
        (Path(config.attachments.folder) / path).unlink(missing_ok=True)
    if not rows:
        raise StorageError("数据库里没有找到，什么也没有改")
    print(f"删好了：{rows}行，{len(paths)}个文件。以前的备份里还有，到期会换掉，急的话请另外处理。")
    return 0


def _erase(session: Session, person: str, now: datetime) -> tuple[int, list[str]]:
    roles = [role for role in session.load_roster()[1] if role.person == person]
    if roles:
        raise StorageError("这个人在名册上，先从人员表里去掉、重新导入，再来删")
    open_ = [t.number for t in session.of_person(person, now) if _open(t, person)]
    if open_:
        numbers = "、".join(map(str, open_))
        raise StorageError(f"还有没办完的诉求 {numbers}，先办结或者撤销，再来删")
    return session.erase_person(person, now)


def _open(ticket: Ticket, person: str) -> bool:
    return ticket.reporter == person and not ticket.state.ended
