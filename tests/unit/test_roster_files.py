from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from bot.models import Grid, Level, Role, RoleKind
from bot.roster_files import RosterError, load_roster, read_grids, read_people, warnings_of

Rows = list[list[object]]
Write = Callable[[str, Rows], Path]

GRID_HEAD: list[object] = ["code", "name", "level", "parent", "room"]
TREE: Rows = [
    ["C", "示例市", "city", "", ""],
    ["C-T", "集里街道", "township", "C", "R-T"],
    ["C-T-V", "百宜社区", "village", "C-T", "R-V"],
    ["C-T-V-1", "一支部", "branch", "C-T-V", "R-1"],
    ["C-T-V-1-1", "一网格", "microgrid", "C-T-V-1", "R-11"],
]
PEOPLE_HEAD: list[object] = ["id", "name", "role", "grid", "phone"]
GRIDS = [Grid("C", "示例市", Level.CITY), Grid("C-T", "集里街道", Level.TOWNSHIP, "C", "R-T")]


@pytest.fixture(params=["csv", "xlsx"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    """Write a table as either kind of file."""
    return lambda name, rows: save(tmp_path / f"{name}.{request.param}", rows)


def save(path: Path, rows: Rows) -> Path:
    if path.suffix == ".xlsx":
        book = Workbook()
        for row in rows:
            book.active.append([None if cell == "" else cell for cell in row])
        book.save(path)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    return path


def problems(read: Callable[[], object]) -> list[str]:
    with pytest.raises(RosterError) as caught:
        read()
    assert str(caught.value).splitlines() == [str(p) for p in caught.value.problems]
    return [f"{p.line}：{p.what}" for p in caught.value.problems]


# what is read


def test_reads_both_tables(write: Write) -> None:
    grids = write("grids", [GRID_HEAD, *TREE])
    people = write("people", [
        PEOPLE_HEAD,
        ["u1", "李春花", "leader", "C-T-V-1-1", "12000000001"],
        ["", "叶海燕", "supervisor", "C", ""],
    ])  # fmt: skip
    roster = load_roster(grids, people)
    assert roster.path("C-T-V-1-1") == "C/C-T/C-T-V/C-T-V-1/C-T-V-1-1/"
    assert roster.grids[1] == GRIDS[1]
    assert roster.roles == (
        Role("u1", "李春花", RoleKind.LEADER, "C-T-V-1-1", "12000000001"),
        Role("", "叶海燕", RoleKind.SUPERVISOR, "C"),
    )
    assert len(warnings_of(roster)) == 2


def test_columns_in_any_order_unknown_ones_ignored_blank_rows_skipped(write: Write) -> None:
    path = write("grids", [
        ["备注", " Parent", "LEVEL ", "name", "code"],
        ["", "", "", "", ""],
        ["x", "", "city", "  示例市\u3000", " C "],
        ["只有备注", "", "", " ", ""],
        ["", "C", "township", "集里 街道", "C-T"],
    ])  # fmt: skip
    assert read_grids(path) == [
        Grid("C", "示例市", Level.CITY),
        Grid("C-T", "集里 街道", Level.TOWNSHIP, "C"),
    ]


def test_line_numbers_count_blank_rows(write: Write) -> None:
    path = write("grids", [GRID_HEAD, TREE[0], [""], [""], ["C-T", "", "township", "C", ""]])
    assert problems(lambda: read_grids(path)) == ["5：缺网格名称（name）"]


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (1, ["乡镇", "街道", "乡", "镇", "乡镇/街道", "乡镇(街道)", "乡镇（街道）", "Township"]),
        (2, ["村", "社区", "村/社区", "村(社区)", "村（社区）", "village"]),
        (3, ["支部", "党小组", "党支部", "支部/党小组", "支部（党小组）", "BRANCH"]),
        (4, ["微网格", "网格", "微网格（网格）", "microgrid"]),
    ],
)
def test_level_words(tmp_path: Path, level: int, words: list[str]) -> None:
    tree = [[*row] for row in TREE]
    tree[0][2] = "市"
    for word in words:
        tree[level][2] = word
        grids = read_grids(save(tmp_path / "grids.csv", [GRID_HEAD, *tree]))
        assert [grid.level for grid in grids] == list(reversed(Level))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (RoleKind.LEADER, "微网格长 网格长 书记 支部书记 社区书记 leader Leader"),
        (RoleKind.DEPUTY, "副手 副网格长 deputy"),
        (RoleKind.MEMBER, "党员 志愿者 成员 党员/志愿者 member"),
        (RoleKind.SUPERVISOR, "督导 supervisor"),
        (RoleKind.ADMIN, "管理员 admin"),
    ],
)
def test_role_words(tmp_path: Path, kind: RoleKind, words: str) -> None:
    rows: Rows = [[f"u{n}", "甲", word, "C", ""] for n, word in enumerate(words.split())]
    roles = read_people(save(tmp_path / "people.csv", [PEOPLE_HEAD, *rows]), GRIDS)
    assert {role.kind for role in roles} == {kind}


def test_numbers_in_cells_become_text(tmp_path: Path) -> None:
    rows: Rows = [
        PEOPLE_HEAD,
        [7, "甲", "member", 430181.0, 12000000001],
        [7.5, "乙", "党员", 430181],
    ]
    path = save(tmp_path / "people.xlsx", rows)
    assert read_people(path, [Grid("430181", "市", Level.CITY)]) == [
        Role("7", "甲", RoleKind.MEMBER, "430181", "12000000001"),
        Role("7.5", "乙", RoleKind.MEMBER, "430181"),
    ]


def test_numbers_that_a_spreadsheet_has_spoilt_are_named(tmp_path: Path) -> None:
    rows: Rows = [
        GRID_HEAD,
        [430181001002003004, "示例市", "city", "", ""],
        [date(2026, 1, 2), "示例市", "city", "", ""],
    ]
    assert problems(lambda: read_grids(save(tmp_path / "grids.xlsx", rows))) == [
        "2：有一格数字太长，表格软件会改掉末几位，请把那一列设成文本再填",
        "3：有一格被表格软件当成了日期（2026-01-02 00:00:00），请把那一列设成文本再填",
    ]


def test_only_the_first_sheet_and_notes_beside_it_do_no_harm(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["code", "name", "level", "parent"], ["C", "示例市", "市", None, "这里是首府"]):
        book.active.append(row)
    book.create_sheet("说明").append(["别读我"])
    book.save(tmp_path / "grids.xlsx")
    assert read_grids(tmp_path / "grids.xlsx") == [GRIDS[0]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_as_programs_write_it(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "grids.CSV"
    text = end.join(["code,name,level,parent", '"C","示例\n市",市,', ",,,", "", "C-T,街道,镇,X"])
    path.write_bytes(text.encode(encoding))
    assert problems(lambda: read_grids(path)) == ["6：上级网格 X 不存在，请先在网格表里加上它"]


def test_the_bar_goes_to_stderr_when_asked(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write("grids", [GRID_HEAD, *TREE])
    read_grids(path)
    assert capsys.readouterr() == ("", "")
    read_grids(path, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert path.name in err


# rows that are wrong


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (["", "甲", "village", "C-T", ""], "缺网格编号（code）"),
        (["C-T-W", "", "village", "C-T", ""], "缺网格名称（name）"),
        (["C-T-W", "甲", "", "C-T", ""], "缺级别（level）"),
        (["C-T-W", "甲", "区", "C-T", ""], "不认识级别“区”，请写市、乡镇、村、支部或微网格"),
        (["C-T-W", "甲", "村(街道)", "C-T", ""],
         "不认识级别“村(街道)”，请写市、乡镇、村、支部或微网格"),
        (["C-T-W", "甲", "village", "", ""], "缺上级网格的编号（parent）"),
        (["C-T-W", "甲", "village", "C-X", ""], "上级网格 C-X 不存在，请先在网格表里加上它"),
        (["D", "甲", "city", "C", ""], "市没有上级，上级（parent）这一格请留空"),
        (["C-T-W", "甲", "village", "C", ""], "村的上级应当是乡镇，而示例市是市"),
        (["C-T-W", "甲", "village", "C-T-V", ""], "村的上级应当是乡镇，而百宜社区是村"),
        (["C-T-W", "甲", "village", "C-T-W", ""], "网格 C-T-W 的上级绕了一圈又回到它自己"),
        (["C-T/W", "甲", "village", "C-T", ""], "网格编号 C-T/W 里不能有“/”"),
        (["C-T-V", "甲", "village", "C-T", ""], "网格编号 C-T-V 重复，第 4 行已经用了"),
        (["C-T-W", "甲", "village", "C-T", "R-V"],
         "群 R-V 给了两个网格：百宜社区（第 4 行）和甲（第 7 行）"),
    ],
)  # fmt: skip
def test_a_bad_grid(write: Write, row: list[object], what: str) -> None:
    path = write("grids", [GRID_HEAD, *TREE, row])
    assert problems(lambda: read_grids(path)) == [f"7：{what}"]


def test_every_bad_grid_is_named_in_file_order(write: Write) -> None:
    path = write("grids", [
        GRID_HEAD, ["A", "甲", "branch", "B", "R"], ["B", "", "village", "A", "R"],
        ["", "丙", "city", "", ""], ["E", "戊", "村", "", ""],
    ])  # fmt: skip
    assert problems(lambda: read_grids(path)) == [
        "2：网格 A 的上级绕了一圈又回到它自己",
        "3：缺网格名称（name）",
        "3：群 R 给了两个网格：甲（第 2 行）和没写名称的网格（第 3 行）",
        "3：网格 B 的上级绕了一圈又回到它自己",
        "4：缺网格编号（code）",
        "5：缺上级网格的编号（parent）",
    ]


def test_only_those_in_the_circle_are_told_of_it(write: Write) -> None:
    path = write("grids", [
        GRID_HEAD, ["A", "甲", "branch", "B", ""], ["B", "乙", "village", "D", ""],
        ["D", "丁", "township", "B", ""],
    ])  # fmt: skip
    assert [line[0] for line in problems(lambda: read_grids(path))] == ["3", "4"]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (["u2", "", "leader", "C", ""], "缺姓名（name）"),
        (["u2", "乙", "", "C", ""], "缺角色（role）"),
        (["u2", "乙", "队长", "C", ""], "不认识角色“队长”，请写网格长、副手、成员、督导或管理员"),
        (["u2", "乙", "leader", "", ""], "缺网格编号（grid）"),
        (["u2", "乙", "leader", "C-X", ""], "网格 C-X 不存在，请先在网格表里加上它"),
        (["u1", "甲", "党员", "C", "120"], "甲的这一角色写了两次，第 2 行已经有了"),
        (["", "丙", "member", "C", ""], "丙的这一角色写了两次，第 3 行已经有了"),
    ],
)
def test_a_bad_role(write: Write, row: list[object], what: str) -> None:
    good: Rows = [["u1", "甲", "member", "C", ""], ["", "丙", "member", "C", ""]]
    path = write("people", [PEOPLE_HEAD, *good, row])
    assert problems(lambda: read_people(path, GRIDS)) == [f"4：{what}"]


def test_one_person_may_hold_several_roles(write: Write) -> None:
    path = write("people", [
        PEOPLE_HEAD, ["u1", "甲", "member", "C", ""], ["u1", "甲", "leader", "C", ""],
        ["u1", "甲", "member", "C-T", ""], ["", "丙", "member", "C", "1"],
        ["", "丙", "member", "C", "2"],
    ])  # fmt: skip
    assert len(read_people(path, GRIDS)) == 5


def test_problems_of_both_tables_come_together(write: Write) -> None:
    grids = write("grids", [GRID_HEAD, *TREE, ["C-T-W", "", "village", "C-T", ""]])
    people = write("people", [
        PEOPLE_HEAD, ["u1", "甲", "leader", "C-T-W", ""], ["u1", "甲", "leader", "C-X", ""],
    ])  # fmt: skip
    with pytest.raises(RosterError) as caught:
        load_roster(grids, people)
    assert str(caught.value).splitlines() == [
        f"{grids.name} 第 7 行：缺网格名称（name）",
        f"{people.name} 第 3 行：网格 C-X 不存在，请先在网格表里加上它",
    ]


# files that are wrong


def test_missing_columns(write: Write) -> None:
    path = write("grids", [["code", "name", "room"], ["C", "示例市", ""]])
    wanted = "第一行要写列名：code、name、level、parent、room"
    assert problems(lambda: read_grids(path)) == [f"1：缺少列 level、parent，{wanted}"]
    path = write("people", [["u1", "甲", "member", "C"]])
    wanted = "第一行要写列名：id、name、role、grid、phone"
    assert problems(lambda: read_people(path, GRIDS)) == [f"1：缺少列 name、role、grid，{wanted}"]


def test_a_column_twice(write: Write) -> None:
    path = write("grids", [[*GRID_HEAD, "name"], *TREE])
    assert problems(lambda: read_grids(path)) == ["1：列名 name 写了两次"]


def test_no_rows(write: Write) -> None:
    assert problems(lambda: read_grids(write("grids", [GRID_HEAD]))) == [
        "0：只有表头，一个网格也没有"
    ]
    assert read_people(write("people", [PEOPLE_HEAD]), GRIDS) == []


def test_an_empty_file(write: Write) -> None:
    assert problems(lambda: read_grids(write("grids", [])))[0].startswith("1：缺少列 code、name")


def test_an_unreadable_grid_table_raises_no_alarm_about_people(
    write: Write, tmp_path: Path
) -> None:
    people = write("people", [PEOPLE_HEAD, ["u1", "甲", "leader", "C", ""]])
    with pytest.raises(RosterError) as caught:
        load_roster(tmp_path / "none.csv", people)
    assert str(caught.value) == "none.csv：没有这个文件"


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("g.csv", "code,name,level,parent\nC,示例市,市,\n".encode("gbk"),
         "0：是 GBK 编码，要的是 UTF-8，请在表格软件里另存为“CSV UTF-8”再导入"),
        ("g.csv", b"code,name,level,parent\nC,\xff\xff,,\n",
         "2：不是 UTF-8 编码，请在表格软件里另存为“CSV UTF-8”再导入"),
        ("g.csv", b"PK\x03\x04 and so on", "0：这其实是 Excel 文件，文件名请以 .xlsx 结尾"),
        ("g.xls", b"\xd0\xcf\x11\xe0 and so on", "0：这是旧的 .xls 文件，请另存为 .xlsx 再导入"),
        ("g.xlsx", b"code,name\n", "0：打不开，不是完好的 .xlsx 文件（有密码的请先去掉密码）"),
        ("g.xlsx", b"", "0：打不开，不是完好的 .xlsx 文件（有密码的请先去掉密码）"),
        ("g.csv", 'code,name,level,parent\nC,示例市,市,\nD,"示例市,市,\n'.encode(),
         "3：这一行的引号没有配对，后面的读不下去了"),
        ("g.csv", "code,name,level,parent\nC-T,集里,街道,街道,C\n".encode(),
         "2：格数比表头多，字里有逗号的话请把这一格加上引号"),
    ],
)  # fmt: skip
def test_an_unreadable_file(tmp_path: Path, name: str, data: bytes, what: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert problems(lambda: read_grids(path))[0] == what


def test_a_file_cut_short(tmp_path: Path) -> None:
    whole = save(tmp_path / "grids.xlsx", [GRID_HEAD, *TREE]).read_bytes()
    (tmp_path / "grids.xlsx").write_bytes(whole[: len(whole) // 2])
    assert problems(lambda: read_grids(tmp_path / "grids.xlsx"))[0].startswith("0：打不开")


@pytest.mark.parametrize("name", ["folder.csv", "folder.xlsx"])
def test_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    expected = ["0：这是文件夹，要的是 .csv 或 .xlsx 文件"]
    assert problems(lambda: read_grids(tmp_path / name)) == expected


def test_a_whole_line_as_people_read_it(tmp_path: Path) -> None:
    path = save(tmp_path / "people.csv", [PEOPLE_HEAD, ["u1", "甲", "leader", "430181-X", ""]])
    with pytest.raises(RosterError) as caught:
        read_people(path, GRIDS)
    assert str(caught.value) == "people.csv 第 2 行：网格 430181-X 不存在，请先在网格表里加上它"
