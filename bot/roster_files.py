"""Reads the roster's two tables, from UTF-8 CSV or .xlsx: all rows or none.

Whatever is wrong is found in one reading and named by file, line and reason, in Chinese.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import islice
from pathlib import Path
from sys import intern
from typing import BinaryIO, NamedTuple, TypeVar

from openpyxl import load_workbook
from tqdm import tqdm

from bot.models import Grid, Level, Role, RoleKind
from handlers.roster import Roster, warnings_of

__all__ = ["Problem", "RosterError", "load_roster", "read_grids", "read_people", "warnings_of"]

T = TypeVar("T")
_Cells = Sequence[object]
_Source = tuple[int | None, Iterator[tuple[int, _Cells]]]
"""About how many lines there are, and each line's number (from 1) with its cells."""

_GRID_COLUMNS = {"code": True, "name": True, "level": True, "parent": True, "room": False}
_PEOPLE_COLUMNS = {"id": False, "name": True, "role": True, "grid": True, "phone": False}
"""Column names; True for those that the header must have."""

_LEVELS = {
    Level.CITY: "市",
    Level.TOWNSHIP: "乡镇 街道 乡 镇",
    Level.VILLAGE: "村 社区",
    Level.BRANCH: "支部 党小组 党支部",
    Level.MICROGRID: "微网格 网格",
}
_ROLES = {
    RoleKind.LEADER: "微网格长 网格长 书记 支部书记 党支部书记 社区书记 村书记 党小组长",
    RoleKind.DEPUTY: "副手 副网格长 副微网格长 副书记",
    RoleKind.MEMBER: "党员 志愿者 成员",
    RoleKind.SUPERVISOR: "督导",
    RoleKind.ADMIN: "管理员",
}
_LEVEL_WORDS = {w: level for level, words in _LEVELS.items() for w in (level, *words.split())}
_ROLE_WORDS = {w: kind for kind, words in _ROLES.items() for w in (kind, *words.split())}
_LEVEL_NAMES = {level: words.split()[0] for level, words in _LEVELS.items()}
_SAVE_AS = "请在表格软件里另存为“CSV UTF-8”再导入"
_WONT_OPEN: dict[type[OSError], str] = {
    FileNotFoundError: "没有这个文件",
    IsADirectoryError: "这是文件夹，要的是 .csv 或 .xlsx 文件",
}
_LONGEST_NUMBER = 10**15
"""From here on a spreadsheet puts zeros for the last digits."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line of a file; line 0 stands for the file as a whole."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        place = f"{self.file} 第 {self.line} 行" if self.line else self.file
        return f"{place}：{self.what}"


class RosterError(Exception):
    """The tables can't be taken; ``problems`` says why, one a line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class _Unreadable(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, what: str, line: int = 0) -> None:
        self.what, self.line = what, line


class _Node(NamedTuple):
    line: int
    code: str
    name: str
    level: Level | None
    parent: str
    room: str

    def said(self) -> str:
        return f"{self.name or '没写名称的网格'}（第 {self.line} 行）"


def load_roster(grids_path: Path, people_path: Path, progress: bool = False) -> Roster:
    """Read both tables. ``progress`` draws bars on stderr. Raises RosterError with the problems of
    both."""
    problems: list[Problem] = []
    nodes = _scan_grids(grids_path, progress, problems)
    # Without a grid table every person's grid would be unknown, which tells nobody anything.
    codes = {node.code for node in nodes} if nodes else None
    roles = _scan_people(people_path, codes, progress, problems)
    if problems:
        raise RosterError(problems)
    return Roster(_grids(nodes), roles)


def read_grids(path: Path, progress: bool = False) -> list[Grid]:
    """Read the table of grids, in file order. Raises RosterError."""
    problems: list[Problem] = []
    nodes = _scan_grids(path, progress, problems)
    if problems:
        raise RosterError(problems)
    return _grids(nodes)


def read_people(path: Path, grids: Iterable[Grid], progress: bool = False) -> list[Role]:
    """Read the table of roles at those ``grids``, in file order. Raises RosterError."""
    problems: list[Problem] = []
    roles = _scan_people(path, {grid.code for grid in grids}, progress, problems)
    if problems:
        raise RosterError(problems)
    return roles


def _grids(nodes: Iterable[_Node]) -> list[Grid]:
    return [Grid(n.code, n.name, n.level, n.parent, n.room) for n in nodes if n.level]


# the table of grids


def _scan_grids(path: Path, progress: bool, problems: list[Problem]) -> list[_Node]:
    found: list[Problem] = []
    nodes: list[_Node] = []
    codes: dict[str, _Node] = {}
    rooms: dict[str, _Node] = {}
    for line, (code, name, word, parent, room) in _rows(path, _GRID_COLUMNS, progress, found):
        level = _meaning(word, _LEVEL_WORDS)
        node = _Node(line, intern(code), name, level, intern(parent), room)
        found += (Problem(path.name, line, w) for w in _grid_flaws(node, word, codes, rooms))
        nodes.append(node)
        if code:
            codes.setdefault(code, node)
        rooms.setdefault(room, node)
    if not nodes and not found:
        found.append(Problem(path.name, 0, "只有表头，一个网格也没有"))
    loops = _loops({node.code: node.parent for node in codes.values()})
    found += (Problem(path.name, n.line, w) for n in nodes for w in _tree_flaws(n, codes, loops))
    problems += sorted(found, key=lambda problem: problem.line)
    return nodes


def _grid_flaws(
    node: _Node, word: str, codes: Mapping[str, _Node], rooms: Mapping[str, _Node]
) -> Iterator[str]:
    if not node.code:
        yield "缺网格编号（code）"
    elif "/" in node.code:
        yield f"网格编号 {node.code} 里不能有“/”"
    elif node.code in codes:
        yield f"网格编号 {node.code} 重复，第 {codes[node.code].line} 行已经用了"
    if not node.name:
        yield "缺网格名称（name）"
    if not word:
        yield "缺级别（level）"
    elif node.level is None:
        yield f"不认识级别“{word}”，请写市、乡镇、村、支部或微网格"
    if node.room and node.room in rooms:
        yield f"群 {node.room} 给了两个网格：{rooms[node.room].said()}和{node.said()}"


def _tree_flaws(node: _Node, codes: Mapping[str, _Node], loops: Collection[str]) -> Iterator[str]:
    level, above = node.level, codes.get(node.parent)
    if level is Level.CITY:
        if node.parent:
            yield "市没有上级，上级（parent）这一格请留空"
    elif not node.parent:
        if level:
            yield "缺上级网格的编号（parent）"
    elif above is None:
        yield f"上级网格 {node.parent} 不存在，请先在网格表里加上它"
    elif node.code in loops:
        yield f"网格 {node.code} 的上级绕了一圈又回到它自己"
    elif level and above.level and above.level.rank != level.rank + 1:
        right, there = _LEVEL_NAMES[tuple(Level)[level.rank + 1]], _LEVEL_NAMES[above.level]
        yield f"{_LEVEL_NAMES[level]}的上级应当是{right}，而{above.name or above.code}是{there}"


def _loops(parents: Mapping[str, str]) -> set[str]:
    """Return the codes from which the way up comes back to them; each code is walked once."""
    walked: set[str] = set()
    found: set[str] = set()
    for start in parents:
        trail: dict[str, int] = {}
        code = start
        while code in parents and code not in walked and code not in trail:
            trail[code] = len(trail)
            code = parents[code]
        if code in trail:
            found.update(list(trail)[trail[code] :])
        walked.update(trail)
    return found


# the table of people


def _scan_people(
    path: Path, codes: Collection[str] | None, progress: bool, problems: list[Problem]
) -> list[Role]:
    roles: list[Role] = []
    seen: dict[tuple[str, ...], int] = {}
    for line, (person, name, word, grid, phone) in _rows(path, _PEOPLE_COLUMNS, progress, problems):
        kind = _meaning(word, _ROLE_WORDS)
        flaws = list(_role_flaws(name, word, kind, grid, codes))
        if kind and grid:
            key = (person, "" if person else name, "" if person else phone, kind, grid)
            first = seen.setdefault(key, line)
            if first != line:
                flaws.append(f"{name or person}的这一角色写了两次，第 {first} 行已经有了")
            roles.append(Role(person, name, kind, intern(grid), phone))
        problems += (Problem(path.name, line, flaw) for flaw in flaws)
    return roles


def _role_flaws(
    name: str, word: str, kind: RoleKind | None, grid: str, codes: Collection[str] | None
) -> Iterator[str]:
    if not name:
        yield "缺姓名（name）"
    if not word:
        yield "缺角色（role）"
    elif kind is None:
        yield f"不认识角色“{word}”，请写网格长、副手、成员、督导或管理员"
    if not grid:
        yield "缺网格编号（grid）"
    elif codes is not None and grid not in codes:
        yield f"网格 {grid} 不存在，请先在网格表里加上它"


# rows of cells


def _meaning(word: str, words: Mapping[str, T]) -> T | None:
    """Look a word up; 村（社区） and 村/社区 are two words that must mean the same."""
    found = words.get(word)
    if found is None:
        parts = {part.strip() for part in re.split(r"[()（）/／、]", word.lower())} - {""}
        meanings = {words.get(part) for part in parts}
        found = meanings.pop() if len(meanings) == 1 else None
    return found


def _rows(
    path: Path, columns: Mapping[str, bool], progress: bool, problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of ``columns`` of every row that isn't blank."""
    try:
        with _opened(path) as (total, source):
            lines = iter(tqdm(source, path.name, total, unit=" 行", disable=not progress))
            header = _header(next(lines, (1, ()))[1])
            places = _places(header, columns)
            # Notes beside a spreadsheet's table do no harm; in CSV a stray comma moves the cells.
            width = None if _is_xlsx(path) else len(header)
            for line, cells in lines:
                try:
                    row = _picked(cells, places, width)
                except _Unreadable as error:
                    problems.append(Problem(path.name, line, error.what))
                    continue
                if any(row):
                    yield line, row
    except _Unreadable as error:
        problems.append(Problem(path.name, error.line, error.what))


def _header(cells: _Cells) -> list[str]:
    return [" ".join(str(cell or "").lower().split()) for cell in cells]


def _places(header: Sequence[str], columns: Mapping[str, bool]) -> list[int]:
    """Return where each of ``columns`` stands; -1 for one that may be missing and is."""
    missing = [name for name, needed in columns.items() if needed and name not in header]
    if missing:
        raise _Unreadable(f"缺少列 {'、'.join(missing)}，第一行要写列名：{'、'.join(columns)}", 1)
    twice = [name for name in columns if header.count(name) > 1]
    if twice:
        raise _Unreadable(f"列名 {'、'.join(twice)} 写了两次", 1)
    return [header.index(name) if name in header else -1 for name in columns]


def _picked(cells: _Cells, places: Iterable[int], width: int | None) -> list[str]:
    if width is not None and any(str(cell).strip() for cell in cells[width:]):
        raise _Unreadable("格数比表头多，字里有逗号的话请把这一格加上引号")
    return [_text(cells[place]) if 0 <= place < len(cells) else "" for place in places]


def _text(cell: object) -> str:
    if isinstance(cell, str):
        return " ".join(cell.split())
    if cell is None:
        return ""
    if isinstance(cell, date | time | timedelta):
        raise _Unreadable(f"有一格被表格软件当成了日期（{cell}），请把那一列设成文本再填")
    if isinstance(cell, int | float):
        if abs(cell) >= _LONGEST_NUMBER:
            raise _Unreadable("有一格数字太长，表格软件会改掉末几位，请把那一列设成文本再填")
        return str(int(cell)) if cell == int(cell) else str(cell)
    return " ".join(str(cell).split())


# files


@contextmanager
def _opened(path: Path) -> Iterator[_Source]:
    try:
        file = path.open("rb")
    except OSError as error:
        why = _WONT_OPEN.get(type(error), f"文件打不开（{error.strerror}）")
        raise _Unreadable(why) from None
    with file:
        if _is_xlsx(path):
            yield _xlsx(file)
        else:
            text = _decoded(file.read())
            yield text.count("\n"), _csv_lines(text)


def _decoded(data: bytes) -> str:
    if data.startswith(b"PK\x03\x04"):
        raise _Unreadable("这其实是 Excel 文件，文件名请以 .xlsx 结尾")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _Unreadable("这是旧的 .xls 文件，请另存为 .xlsx 再导入")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        raise _Unreadable(f"不是 UTF-8 编码，{_SAVE_AS}", line) from None
    raise _Unreadable(f"是 GBK 编码，要的是 UTF-8，{_SAVE_AS}")


def _csv_lines(text: str) -> Iterator[tuple[int, _Cells]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    # All at once: half a table would make the other table's rows look wrong.
    lines: list[tuple[int, _Cells]] = []
    line = 1
    try:
        for cells in reader:
            lines.append((line, cells))
            line = reader.line_num + 1
    except csv.Error:
        raise _Unreadable("这一行的引号没有配对，后面的读不下去了", line) from None
    return iter(lines)


def _is_xlsx(path: Path) -> bool:
    return path.suffix.lower() == ".xlsx"


def _xlsx(file: BinaryIO) -> _Source:
    with _reading_xlsx():
        sheet = load_workbook(file, read_only=True, data_only=True).worksheets[0]
        total = sheet.max_row
        # Some programs write a wrong size, by which rows would be cut off.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True)
    return total, enumerate(_xlsx_rows(rows), 1)


def _xlsx_rows(rows: Iterator[_Cells]) -> Iterator[_Cells]:
    batch: Sequence[_Cells] = ((),)
    while batch:
        with _reading_xlsx():
            batch = list(islice(rows, 1000))
        yield from batch


@contextmanager
def _reading_xlsx() -> Iterator[None]:
    try:
        # The warnings are about styles and checks that aren't read here.
        with warnings.catch_warnings(action="ignore"):
            yield
    except Exception as error:  # what a broken file makes openpyxl raise is open-ended
        raise _Unreadable("打不开，不是完好的 .xlsx 文件（有密码的请先去掉密码）") from error
