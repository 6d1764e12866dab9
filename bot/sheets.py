"""Exports tickets and their history to .xlsx or CSV, a row at a time.

What people wrote can't become a formula, and no phone or identity number leaves unasked.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from secrets import token_hex
from typing import TypeVar

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from bot.models import SYSTEM, Event, Place, State, Ticket, Urgency
from handlers import replies
from handlers.masking import mask

T = TypeVar("T")
_Value = int | str
_Row = list[_Value]

_STATES = replies.STATES | {State.RESOLVED: "待确认"}
_URGENCIES = {Urgency.NORMAL: "一般", Urgency.URGENT: "加急", Urgency.EMERGENCY: "紧急"}

_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufeff\ufffe\uffff]")
"""What XML can't hold, and what readers turn into something else."""
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_SHEET_ROWS = 1_048_575
"""Rows that a sheet holds below its heading; what is more goes on to another sheet."""


@dataclass(frozen=True, slots=True)
class _Words:
    """How values are said in the cells."""

    grid: Callable[[str], str]
    category: Callable[[str], str]
    timezone: tzinfo
    unmasked: bool

    def said(self, text: str) -> str:
        return text if self.unmasked else mask(text)

    def time(self, moment: datetime | None) -> str:
        return f"{moment.astimezone(self.timezone):%Y-%m-%d %H:%M:%S}" if moment else ""


_Columns = tuple[tuple[str, int, Callable[[T, _Words], _Value]], ...]
"""Heading, width in a sheet in characters, and the value."""

_TICKETS: _Columns[Ticket] = (
    ("编号", 8, lambda t, _: t.number),
    ("状态", 10, lambda t, _: _STATES[t.state]),
    ("紧急程度", 10, lambda t, _: _URGENCIES[t.urgency]),
    ("类别", 16, lambda t, w: w.category(t.category)),
    ("内容", 48, lambda t, w: w.said(t.text)),
    ("地点", 20, lambda t, w: w.said(_where(t.place))),
    ("下单人", 14, lambda t, w: w.said(t.reporter_name)),
    ("同报人", 20, lambda t, w: w.said("、".join(watcher.name for watcher in t.joined))),
    ("下单网格", 26, lambda t, w: w.grid(t.home)),
    ("办理级别", 14, lambda t, _: replies.LEVELS[t.level]),
    ("办理网格", 26, lambda t, w: w.grid(t.grid)),
    ("接单人", 14, lambda t, w: w.said(t.handler_name)),
    ("下单时间", 20, lambda t, w: w.time(t.created_at)),
    ("接单时间", 20, lambda t, w: w.time(t.claimed_at)),
    ("办结时间", 20, lambda t, w: w.time(t.resolved_at)),
    ("结束时间", 20, lambda t, w: w.time(t.ended_at)),
    ("挂起到", 20, lambda t, w: w.time(t.suspended_until)),
    ("办理结果", 48, lambda t, w: w.said(t.outcome)),
    ("重办次数", 10, lambda t, _: t.reopened),
    ("评价（星）", 10, lambda t, _: t.stars or ""),
)
_EVENTS: _Columns[Event] = (
    ("编号", 8, lambda e, _: e.ticket),
    ("时间", 20, lambda e, w: w.time(e.at)),
    ("经过", 10, lambda e, _: replies.EVENTS[e.kind]),
    ("谁", 14, lambda e, w: "系统" if e.actor == SYSTEM else w.said(e.actor_name)),
    ("说明", 60, lambda e, w: w.said(e.text)),
    ("状态", 10, lambda e, _: _STATES[e.state]),
    ("办理级别", 14, lambda e, _: replies.LEVELS[e.level]),
    ("办理网格", 26, lambda e, w: w.grid(e.grid)),
    ("类别", 16, lambda e, w: w.category(e.category)),
    ("紧急程度", 10, lambda e, _: _URGENCIES[e.urgency]),
)


def write_tickets(
    path: Path,
    tickets: Iterable[Ticket],
    events: Iterable[Event],
    grid_names: Callable[[str], str],
    category_names: Callable[[str], str],
    timezone: tzinfo,
    unmasked: bool = False,
) -> None:
    """Write the sheets 诉求单 and 经过 to an ``.xlsx``, or for ``x.csv`` the files ``x.csv`` and
    ``x.history.csv``; a file stands there whole or not at all. Times are local to ``timezone``.
    Both iterables are read once, tickets first, and never held. Raises ValueError for another
    ending, OSError if it can't be written."""
    words = _Words(grid_names, category_names, timezone, unmasked)
    if path.suffix.lower() == ".xlsx":
        _write_xlsx(path, tickets, events, words)
    elif path.suffix.lower() == ".csv":
        # Entered first, put in place last: where x.csv is new, its history is too.
        with _csv(path, _TICKETS) as write_ticket, _csv(_history(path), _EVENTS) as write_event:
            write_ticket(_rows(_TICKETS, tickets, words))
            write_event(_rows(_EVENTS, events, words))
    else:
        raise ValueError(f"只能导出 .xlsx 或 .csv，不能导出“{path.name}”")


def _history(path: Path) -> Path:
    return path.with_suffix(".history.csv")


def _where(place: Place) -> str:
    parts = (place.road, place.estate, place.group, place.building, place.unit, place.room)
    return "".join(parts)


def _rows(columns: _Columns[T], things: Iterable[T], words: _Words) -> Iterator[_Row]:
    for thing in things:
        yield [_cell(value(thing, words)) for _, _, value in columns]


def _headings(columns: _Columns[T]) -> list[str]:
    return [heading for heading, _, _ in columns]


def _cell(value: _Value) -> _Value:
    """Keep a number; make a text fit for a cell, with an apostrophe where a formula could start."""
    if isinstance(value, int):
        return value
    text = _UNFIT.sub("", value.replace("\r\n", "\n"))
    return f"'{text}" if _FORMULA.match(text) else text


def _write_xlsx(
    path: Path, tickets: Iterable[Ticket], events: Iterable[Event], words: _Words
) -> None:
    book = Workbook(write_only=True)
    with _whole(path) as part:
        try:
            _fill(book, "诉求单", _TICKETS, _rows(_TICKETS, tickets, words))
            _fill(book, "经过", _EVENTS, _rows(_EVENTS, events, words))
        finally:
            # After a failure too: saving is what removes the library's own temporary files.
            book.save(part)


def _fill(book: Workbook, title: str, columns: _Columns[T], rows: Iterable[_Row]) -> None:
    sheet = _sheet(book, title, columns)
    for count, row in enumerate(rows):
        if count and count % _SHEET_ROWS == 0:
            sheet = _sheet(book, f"{title}{count // _SHEET_ROWS + 1}", columns)
        sheet.append(row)


def _sheet(book: Workbook, title: str, columns: _Columns[T]) -> Worksheet:
    sheet: Worksheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for place, (_, width, _) in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.append(_headings(columns))
    return sheet


@contextmanager
def _csv(path: Path, columns: _Columns[T]) -> Iterator[Callable[[Iterable[_Row]], None]]:
    # The mark at the start is how Excel knows UTF-8.
    with _whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_headings(columns))
        yield writer.writerows


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Lend a name beside ``path``; what was written there takes its place if all went well."""
    part = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
