from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from bot import sheets
from bot.models import SYSTEM, Event, Happened, Level, Place, State, Ticket, Urgency, Watcher
from bot.sheets import write_tickets

BEIJING = timezone(timedelta(hours=8))
NINE = datetime(2026, 9, 25, 1, 0, 5, tzinfo=UTC)
PHONE = "13800000001"
TICKET = Ticket(
    number=1001, state=State.RESOLVED, level=Level.VILLAGE, grid="C-V", home="C-V-1", room="R1",
    category="lighting", kind="service", domain="城管", urgency=Urgency.EMERGENCY, size="micro",
    text="3栋楼下路灯坏了", place=Place(estate="石坝垅", building="3栋"), topic="路灯",
    reporter="wxid-reporter", reporter_name="李姐", created_at=NINE, level_since=NINE,
    touched_at=NINE, path="C/C-V/C-V-1/", source="m1", handler="wxid-handler",
    handler_name="武勇", outcome="换了灯泡", claimed_at=NINE + timedelta(hours=1),
    joined=(Watcher("wxid-a", "张三"), Watcher("wxid-b", "王五")), reopened=1, stars=5,
)  # fmt: skip
EVENT = Event(
    1001, NINE, Happened.CREATED, State.OPEN, Level.MICROGRID, "C-V-1", "lighting",
    Urgency.NORMAL, "wxid-reporter", "李姐", "3栋楼下路灯坏了", "m1",
)  # fmt: skip
NAMES = {"C-V": "百宜社区", "C-V-1": "一网格", "lighting": "路灯照明"}

Table = list[list[object]]


def export(
    path: Path, tickets: Iterable[Ticket], events: Iterable[Event] = (), unmasked: bool = False
) -> tuple[Table, Table]:
    """Write both tables and read them back, blanks as empty text."""
    write_tickets(path, tickets, events, NAMES.__getitem__, NAMES.__getitem__, BEIJING, unmasked)
    if path.suffix == ".csv":
        return read_csv(path), read_csv(path.with_suffix(".history.csv"))
    book = load_workbook(path)
    assert book.sheetnames == ["诉求单", "经过"]
    first, second = ([list(row) for row in s.iter_rows(values_only=True)] for s in book)
    return blank(first), blank(second)


def read_csv(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def blank(table: Table) -> Table:
    return [["" if cell is None else cell for cell in row] for row in table]


def row(table: Table, number: int = 1) -> dict[object, object]:
    return dict(zip(table[0], table[number], strict=True))


@pytest.fixture(params=["xlsx", "csv"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"export.{request.param}"


def test_a_ticket_in_chinese(path: Path) -> None:
    tickets, _ = export(path, [TICKET])
    told = {heading: str(value) for heading, value in row(tickets).items()}
    assert told == {
        "编号": "1001", "状态": "待确认", "紧急程度": "紧急", "类别": "路灯照明",
        "内容": "3栋楼下路灯坏了", "地点": "石坝垅3栋", "下单人": "李姐", "同报人": "张三、王五",
        "下单网格": "一网格", "办理级别": "村（社区）", "办理网格": "百宜社区", "接单人": "武勇",
        "下单时间": "2026-09-25 09:00:05", "接单时间": "2026-09-25 10:00:05", "办结时间": "",
        "结束时间": "", "挂起到": "", "办理结果": "换了灯泡", "重办次数": "1", "评价（星）": "5",
    }  # fmt: skip


def test_history_in_chinese(path: Path) -> None:
    timer = replace(EVENT, kind=Happened.ESCALATED, actor=SYSTEM, actor_name="", text="")
    _, events = export(path, [], [EVENT, timer])
    assert {heading: str(value) for heading, value in row(events).items()} == {
        "编号": "1001", "时间": "2026-09-25 09:00:05", "经过": "下单", "谁": "李姐",
        "说明": "3栋楼下路灯坏了", "状态": "待接单", "办理级别": "微网格", "办理网格": "一网格",
        "类别": "路灯照明", "紧急程度": "一般",
    }  # fmt: skip
    assert (row(events, 2)["经过"], row(events, 2)["谁"]) == ("上报", "系统")


def test_every_value_has_a_word(path: Path) -> None:
    tickets = [replace(TICKET, state=s, level=lv) for s in State for lv in Level]
    events = [replace(EVENT, kind=k, urgency=u) for k in Happened for u in Urgency]
    both = export(path, tickets, events)
    assert {row(both[0], n)["状态"] for n in range(1, len(both[0]))} == {
        "待接单", "处理中", "已挂起", "待确认", "已办结", "已撤销", "不受理", "已合并",
    }  # fmt: skip
    assert [len(table) for table in both] == [1 + len(tickets), 1 + len(events)]


def test_nothing_to_export_is_two_headings(path: Path) -> None:
    tickets, events = export(path, [])
    assert (len(tickets), len(events)) == (1, 1)


def test_ids_stay_here(path: Path) -> None:
    tables = export(path, [TICKET], [EVENT], unmasked=True)
    assert "wxid" not in str(tables)
    assert "'m1'" not in str(tables)


def test_phones_are_masked_unless_told(path: Path) -> None:
    called = f"打我电话{PHONE}"
    ticket = replace(TICKET, text=called, outcome=called, reporter_name=called, handler_name=called)
    event = replace(EVENT, text=called, actor_name=called)
    assert PHONE not in str(export(path, [ticket], [event]))
    assert str(export(path, [ticket], [event], unmasked=True)).count(PHONE) == 6


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("+86", "'+86"),
        ("-3度", "'-3度"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("\t=1", "'\t=1"),
        ("\x00=1", "'=1"),
        ("a=1", "a=1"),
        ("两行\r\n第二行", "两行\n第二行"),
        ("响\x07铃\x1b[0m", "响铃[0m"),
        ("半个\ud83d字", "半个字"),
        ("😀", "😀"),
    ],
)
def test_what_people_wrote_is_only_text(path: Path, text: str, kept: str) -> None:
    ticket = replace(TICKET, text=text, reporter_name=text, outcome=text)
    tickets, events = export(path, [ticket], [replace(EVENT, text=text)], unmasked=True)
    told = row(tickets)
    assert (told["内容"], told["下单人"], told["办理结果"]) == (kept, kept, kept)
    assert row(events)["说明"] == kept


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
RISKY = st.builds(
    "".join, st.lists(st.sampled_from(["=", "+", "-", "@", "\x00", "\x0b", "\r", "\n", "'", '"',
                                       ",", " ", "\ud800", "\ufeff", "1", "好"]), max_size=8)
)  # fmt: skip


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(text=ANY_TEXT | RISKY)
def test_any_text_comes_back_as_text(kind: str, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tickets, _ = export(Path(folder) / f"x.{kind}", [replace(TICKET, text=text)], unmasked=True)
    told = str(row(tickets)["内容"])
    assert not told.lstrip().startswith(("=", "+", "-", "@"))
    assert not set(told) & {chr(code) for code in range(32) if chr(code) not in "\t\n"}
    assert plain(told.removeprefix("'")) == plain(text.removeprefix("'"))


def plain(text: str) -> str:
    gone = {"\ufeff", "\ufffe", "\uffff"}
    return "".join(
        char for char in text
        if char not in gone and not "\ud800" <= char <= "\udfff" and (char >= " " or char in "\t\n")
    )  # fmt: skip


def test_a_text_longer_than_a_cell_is_cut(tmp_path: Path) -> None:
    tickets, _ = export(tmp_path / "x.xlsx", [replace(TICKET, text="长" * 40_000)])
    assert row(tickets)["内容"] == "长" * 32_767


def test_the_sheet_looks_like_one(tmp_path: Path) -> None:
    export(tmp_path / "x.xlsx", [TICKET], [EVENT])
    for sheet in load_workbook(tmp_path / "x.xlsx"):
        assert sheet.freeze_panes == "A2"
        assert sheet.column_dimensions["E"].width > 40


def test_excel_knows_the_csv_for_utf8(tmp_path: Path) -> None:
    export(tmp_path / "x.csv", [TICKET], [EVENT])
    for name in ("x.csv", "x.history.csv"):
        assert (tmp_path / name).read_bytes().startswith(b"\xef\xbb\xbf")


def test_more_rows_than_a_sheet_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_SHEET_ROWS", 2)
    tickets = [replace(TICKET, number=number) for number in range(1, 6)]
    write_tickets(tmp_path / "x.xlsx", tickets, [], NAMES.get, NAMES.get, BEIJING)
    book = load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["诉求单", "诉求单2", "诉求单3", "经过"]
    numbers = [[cell.value for cell in sheet["A"]] for sheet in book]
    assert numbers == [["编号", 1, 2], ["编号", 3, 4], ["编号", 5], ["编号"]]


def test_a_failure_leaves_what_was_there(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    export(path, [TICKET], [EVENT])
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def broken() -> Iterator[Event]:
        yield EVENT
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        export(path, [TICKET, TICKET], broken())
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="只能导出"):
        export(tmp_path / "x.pdf", [TICKET])
    assert list(tmp_path.iterdir()) == []
