"""The command line. Bad input is one clear line and exit 2, never a traceback."""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bot.clock import machine
from bot.config import Config, ConfigError, load
from storage.base import StorageError


class UsageError(Exception):
    """What was asked can't be done; the text is one clear line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    for stream in (sys.stdout, sys.stderr):  # the same bytes whatever the machine's language is
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (ConfigError, StorageError, UsageError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has seen enough
        return 0
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jiedan", description="接单：联户群里的事，一件不落")
    commands = parser.add_subparsers(required=True, metavar="命令")
    _add(commands, "run", _run, "在群里值守", "--config")
    demo = _add(commands, "demo", _demo, "打开模拟器：一个样板街道的四级群")
    demo.add_argument("--port", type=int, help="网页端口，默认 8734")
    demo.add_argument("--data", type=Path, default=Path("data"), help="数据目录，默认 data")
    replay = _add(commands, "replay", _replay, "把一段聊天记录放一遍，看机器人会怎么做", "--config")
    replay.add_argument("transcript", help="聊天记录（JSON Lines），- 表示标准输入")
    replay.add_argument("--until", type=_moment, help="最后一行之后，时钟走到这一刻（ISO 8601）")
    replay.add_argument("--database", help="用这个数据库（sqlite:///文件），默认用完即删")
    replay.add_argument("--seed", type=int, default=0, help="随机种子；现在没有随机的地方")
    replay.add_argument("--strict", action="store_true", help="遇到第一行坏数据就停")
    imports = _add(commands, "import", _import, "导入名册：网格表和人员表", "--config")
    for sub in (replay, imports):
        sub.add_argument("--grids", type=Path, required=True, help="网格表，CSV 或 .xlsx")
        sub.add_argument("--people", type=Path, required=True, help="人员表，CSV 或 .xlsx")
    code = _add(commands, "bind-code", _bind_code, "要一个一次性的码，绑定群或认证人", "--config")
    code.add_argument("--hours", type=int, default=72, help="几小时内有效，默认 72")
    unbind = _add(commands, "unbind", _unbind, "解开一个网格的群，或一个人的账号", "--config")
    for sub in (code, unbind):
        sub.add_argument("--grid", required=True, help="网格编码")
        sub.add_argument("--person", default="", help="姓名；不写就是这个网格的群")
    doctor = _add(
        commands, "doctor", _doctor, "检查配置、名册和数据库，用大白话说哪里不对", "--config"
    )
    doctor.add_argument("--online", action="store_true", help="再看看网关和正在跑的程序")
    export = _add(commands, "export", _export, "导出诉求单和经过", "--config")
    export.add_argument("out", type=Path, help="输出文件，.xlsx 或 .csv")
    export.add_argument("--unmasked", action="store_true", help="不遮盖电话和证件号（要有权限）")
    copies = _add(commands, "copy", _copy, "把整个城市的数据从一个数据库抄到另一个，逐行核对")
    copies.add_argument("--from", dest="source", required=True, help="旧的 storage.url")
    copies.add_argument("--to", dest="target", required=True, help="新的 storage.url，要是空的")
    person = _add(commands, "export-person", _export_person, "导出一个人的全部记录", "--config")
    person.add_argument("person", help="群里的账号")
    person.add_argument("--out", type=Path, required=True, help="输出文件，JSON")
    erase = _add(commands, "erase-person", _erase_person, "删去一个人，或一个号码", "--config")
    erase.add_argument("person", help="群里的账号，或电话、证件号")
    backup = _add(commands, "backup", _backup, "备份：数据库压成一个文件，图片放在旁边", "--config")
    backup.add_argument("out", type=Path, help="写到哪个文件，例如 /backup/jiedan.db.gz")
    restore = _add(commands, "restore", _restore, "用备份恢复，先停下程序", "--config")
    restore.add_argument("backup", type=Path, help="备份文件")
    restore.add_argument("--replace", action="store_true", help="换掉现有的数据库，旧的留在旁边")
    triage = _add(commands, "triage", _triage, "逐行说明对一条消息的理解，不立单", "--config")
    triage.add_argument("--explain", action="store_true", help="用话说清楚是哪些词、哪条规则定的")
    _add(commands, "train", _train, "从网格长的改正里学，学好了才用", "--config")
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    about: str,
    *flags: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    if "--config" in flags:
        parser.add_argument("--config", type=Path, help="配置文件，默认全用默认值")
    return parser


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} 不是 ISO 8601 时间") from error
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} 没有写时区，例如 2026-11-24T09:00:00+08:00")
    return moment


def _run(options: argparse.Namespace) -> int:
    from bot.live import serve  # noqa: PLC0415 - the web server is not needed elsewhere

    return asyncio.run(serve(load(options.config)))


def _demo(options: argparse.Namespace) -> int:
    from bot.live import demo  # noqa: PLC0415

    return asyncio.run(demo(options.data, options.port))


def _replay(options: argparse.Namespace) -> int:
    from bot.roster_files import RosterError, load_roster  # noqa: PLC0415

    config = load(options.config)
    try:
        roster = load_roster(options.grids, options.people)
    except RosterError as error:
        first, *more = error.problems
        rest = f"（还有{len(more)}处，jiedan import 会全部列出）" if more else ""
        raise UsageError(f"{first}{rest}") from error
    from bot.replay import rehearse  # noqa: PLC0415

    with _lines(options.transcript) as lines, _database(options.database) as url:
        durable = options.database is not None
        good = asyncio.run(
            rehearse(config, url, durable, roster, lines, options.until, options.strict)
        )
    return 0 if good else 2


@contextmanager
def _database(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="jiedan-") as folder:
        yield f"sqlite:///{folder}/replay.db"


@contextmanager
def _lines(name: str) -> Iterator[Iterable[str]]:
    """Give a file's lines; a byte that isn't UTF-8 spoils its own line only."""
    if name == "-":
        yield (line.decode("utf-8-sig", "replace") for line in sys.stdin.buffer)
        return
    try:
        with Path(name).open("rb") as file:
            yield (line.decode("utf-8-sig", "replace") for line in file)
    except OSError as error:
        raise UsageError(f"读不了 {name}：{error.strerror}") from error


def _import(options: argparse.Namespace) -> int:
    from bot.office import import_roster  # noqa: PLC0415

    config = load(options.config)
    return asyncio.run(import_roster(config, options.grids, options.people))


def _bind_code(options: argparse.Namespace) -> int:
    from bot.binding import LONGEST, give_code  # noqa: PLC0415

    if not 1 <= options.hours <= LONGEST:
        raise UsageError(f"--hours {options.hours}：写 1 到 {LONGEST} 之间的整数")
    config = load(options.config)
    return asyncio.run(give_code(config, options.grid, options.person, options.hours))


def _unbind(options: argparse.Namespace) -> int:
    from bot.binding import unbind  # noqa: PLC0415

    return asyncio.run(unbind(load(options.config), options.grid, options.person))


def _doctor(options: argparse.Namespace) -> int:
    from bot.doctor import examine  # noqa: PLC0415

    return asyncio.run(examine(load(options.config), options.online))


def _export(options: argparse.Namespace) -> int:
    from bot.office import export  # noqa: PLC0415

    config: Config = load(options.config)
    return asyncio.run(export(config, options.out, options.unmasked))


def _copy(options: argparse.Namespace) -> int:
    from bot.moving import copy  # noqa: PLC0415

    return asyncio.run(copy(options.source, options.target))


def _export_person(options: argparse.Namespace) -> int:
    from bot.persons import export_person  # noqa: PLC0415

    return asyncio.run(export_person(load(options.config), options.person, options.out))


def _erase_person(options: argparse.Namespace) -> int:
    from bot.persons import erase_person  # noqa: PLC0415

    return asyncio.run(erase_person(load(options.config), options.person, machine()))


def _backup(options: argparse.Namespace) -> int:
    from bot.backup import backup  # noqa: PLC0415

    return backup(load(options.config), options.out, machine())


def _restore(options: argparse.Namespace) -> int:
    from bot.backup import restore  # noqa: PLC0415

    return restore(load(options.config), options.backup, options.replace, machine())


def _train(options: argparse.Namespace) -> int:
    from bot.train import train  # noqa: PLC0415

    return asyncio.run(train(load(options.config)))


def _triage(options: argparse.Namespace) -> int:
    from bot.app import triage_of  # noqa: PLC0415
    from bot.triage_lines import understand_lines  # noqa: PLC0415

    triage = triage_of(load(options.config))
    with _lines("-") as lines:
        for line in understand_lines(lines, triage, explained=options.explain):
            sys.stdout.write(line.rstrip("\n") + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
