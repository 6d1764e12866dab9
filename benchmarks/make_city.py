"""Write a made-up city: grids.csv and people.csv (or .xlsx) of 35,553 grids and some 70,000 roles.

    .venv/bin/python benchmarks/make_city.py OUT_DIR [--xlsx] [--seed N]

The same seed gives the same tables. Names are drawn at random; no phone number can be dialled.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from openpyxl import Workbook

Row = tuple[str, ...]

GRID_COLUMNS = ("code", "name", "level", "parent", "room")
PEOPLE_COLUMNS = ("id", "name", "role", "grid", "phone")
CITY = "990001"
SHAPE = (
    ("township", 32, "{n}号街道"),
    ("village", 10, "{n}社区"),
    ("branch", 10, "{n}支部"),
    ("microgrid", 10, "{n}网格"),
)
"""Level, how many under each parent, and the name's last part."""
DEPUTIES = 0.65
MEMBERS = 1 / 3
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何罗高林郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉梅红春建国志文海燕云飞雪松林荣"


def make_grids() -> Iterator[Row]:
    """Yield the rows of the first table, a parent always before its children."""
    yield (CITY, "示例市", "city", "", "")
    yield from _below(CITY, "", 0)


def _below(parent: str, prefix: str, depth: int) -> Iterator[Row]:
    if depth == len(SHAPE):
        return
    level, count, pattern = SHAPE[depth]
    for n in range(1, count + 1):
        code, name = f"{parent}-{n:02}", prefix + pattern.format(n=n)
        yield (code, name, level, parent, f"R{code.removeprefix(CITY)}")
        yield from _below(code, name, depth + 1)


def make_people(grids: Iterable[Row], seed: int) -> Iterator[Row]:
    """Yield the rows of the second table for those grids."""
    random = Random(seed)
    count = 0
    for code, _, level, *_ in grids:
        for role in _roles(level, random):
            count += 1
            # No Chinese mobile number begins with 120.
            phone = f"120{count:08}" if role == "leader" else ""
            yield (f"u{count:06}", _name(random), role, code, phone)


def _roles(level: str, random: Random) -> Iterator[str]:
    yield "leader"
    if level == "city":
        yield "admin"
    if random.random() < DEPUTIES:
        yield "deputy"
    if level == "microgrid" and random.random() < MEMBERS:
        yield "member"
    if level in {"city", "township", "village"}:
        yield "supervisor"


def _name(random: Random) -> str:
    return random.choice(SURNAMES) + "".join(random.choices(GIVEN, k=random.choice((1, 2, 2))))


def write(path: Path, columns: Row, rows: Iterable[Row]) -> None:
    """Write one table, as .xlsx or .csv by the ending of its name."""
    if path.suffix == ".xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in (columns, *rows):
            sheet.append(row)
        book.save(path)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows((columns, *rows))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a made-up city's roster.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--xlsx", action="store_true", help="write .xlsx instead of .csv")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    ending = "xlsx" if args.xlsx else "csv"
    grids = list(make_grids())
    people = list(make_people(grids, args.seed))
    write(args.folder / f"grids.{ending}", GRID_COLUMNS, grids)
    write(args.folder / f"people.{ending}", PEOPLE_COLUMNS, people)
    print(f"{len(grids)} grids, {len(people)} roles -> {args.folder}")


if __name__ == "__main__":
    main()
