from __future__ import annotations

import time
from dataclasses import replace

import pytest

from bot.models import Grid, Level, Role, RoleKind
from handlers.roster import Roster, warnings_of

GRIDS = [
    Grid("C", "示例市", Level.CITY),
    Grid("C-T", "集里街道", Level.TOWNSHIP, "C", "R-T"),
    Grid("C-T-V", "百宜社区", Level.VILLAGE, "C-T", "R-V"),
    Grid("C-T-V-1", "一支部", Level.BRANCH, "C-T-V", "R-1"),
    Grid("C-T-V-1-2", "二网格", Level.MICROGRID, "C-T-V-1", "R-12"),
    Grid("C-T-V-1-1", "一网格", Level.MICROGRID, "C-T-V-1", "R-11"),
]
ROLES = [
    Role("u1", "李春花", RoleKind.LEADER, "C-T-V-1-1", "12000000001"),
    Role("u2", "王春花", RoleKind.MEMBER, "C-T-V-1-1"),
    Role("u1", "李春花", RoleKind.MEMBER, "C-T-V-1-2"),
    Role("", "春花", RoleKind.DEPUTY, "C-T-V-1-1"),
    Role("", "张三", RoleKind.DEPUTY, "C-T-V-1-1"),
    Role("u9", "叶海燕", RoleKind.SUPERVISOR, "C"),
    Role("u8", "梁晓玲", RoleKind.SUPERVISOR, "C-T"),
]


@pytest.fixture
def roster() -> Roster:
    return Roster(iter(GRIDS), iter(ROLES))


def test_finds_grids_by_code_and_room(roster: Roster) -> None:
    assert roster.grid("C-T-V") == GRIDS[2]
    assert roster.grid("C-X") is None
    assert roster.by_room("R-12") == GRIDS[4]
    assert roster.by_room("R-X") is None


def test_a_grid_without_room_is_not_found_by_an_empty_room(roster: Roster) -> None:
    assert roster.by_room("") is None


def test_goes_up(roster: Roster) -> None:
    assert roster.parent("C-T") == GRIDS[0]
    assert roster.parent("C") is None
    assert roster.parent("C-X") is None
    assert [g.code for g in roster.chain("C-T-V-1-1")] == [
        "C-T-V-1-1", "C-T-V-1", "C-T-V", "C-T", "C",
    ]  # fmt: skip
    assert roster.chain("C-X") == ()


def test_path_runs_from_the_city_down(roster: Roster) -> None:
    assert roster.path("C-T-V") == "C/C-T/C-T-V/"
    assert roster.path("C-X") == ""


def test_goes_down_in_the_order_given(roster: Roster) -> None:
    assert list(roster.below("C-T-V-1")) == GRIDS[4:]
    assert list(roster.below("C-T-V-1-1")) == []
    assert list(roster.below("")) == [GRIDS[0]]


@pytest.mark.parametrize(
    ("ancestor", "code", "expected"),
    [
        ("C", "C-T-V-1-1", True),
        ("C-T-V", "C-T-V", True),
        ("C-T-V-1-1", "C-T-V", False),
        ("C-T-V-1-1", "C-T-V-1-2", False),
        ("C-X", "C-X", False),
        ("", "C", False),
    ],
)
def test_contains(roster: Roster, ancestor: str, code: str, expected: bool) -> None:
    assert roster.contains(ancestor, code) is expected


def test_roles_of_a_person(roster: Roster) -> None:
    assert roster.roles_of("u1") == (ROLES[0], ROLES[2])
    assert roster.roles_of("nobody") == ()


def test_nobody_is_the_empty_id(roster: Roster) -> None:
    assert roster.roles_of("") == ()


def test_people_at_a_grid_by_kind_in_file_order(roster: Roster) -> None:
    assert roster.people_at("C-T-V-1-1") == (ROLES[0], ROLES[1], ROLES[3], ROLES[4])
    hands = roster.people_at("C-T-V-1-1", RoleKind.DEPUTY, RoleKind.LEADER)
    assert hands == (ROLES[0], ROLES[3], ROLES[4])
    assert roster.people_at("C-T-V") == ()


def test_find_person_prefers_the_whole_name(roster: Roster) -> None:
    assert roster.find_person("李春花", "C-T-V-1-1") == (ROLES[0],)
    assert roster.find_person("春花", "C-T-V-1-1") == (ROLES[3],)


def test_find_person_by_the_end_of_a_name(roster: Roster) -> None:
    assert roster.find_person("三", "C-T-V-1-1") == (ROLES[4],)
    assert roster.find_person("花", "C-T-V-1-1") == (ROLES[0], ROLES[1], ROLES[3])
    assert roster.find_person("李春", "C-T-V-1-1") == ()
    assert roster.find_person("李春花", "C-T-V") == ()
    assert roster.find_person("", "C-T-V-1-1") == ()


def test_supervisors_grids_and_roles(roster: Roster) -> None:
    assert roster.supervisors() == (ROLES[5], ROLES[6])
    assert roster.grids == tuple(GRIDS)
    assert roster.roles == tuple(ROLES)


def test_a_circle_in_unchecked_rows_ends() -> None:
    loop = Roster([Grid("A", "甲", Level.BRANCH, "B"), Grid("B", "乙", Level.VILLAGE, "A")], [])
    assert len(loop.chain("A")) == 5


def test_an_empty_roster() -> None:
    roster = Roster([], [])
    assert (roster.grids, roster.roles, roster.supervisors()) == ((), (), ())
    assert warnings_of(roster) == []


def test_a_roster_that_limps_says_how() -> None:
    grids = [GRIDS[0]] + [Grid(f"C-{n}", f"{n}网格", Level.MICROGRID, "C") for n in range(1, 6)]
    roles = [
        Role("", "甲", RoleKind.LEADER, "C-1"),
        Role("u2", "乙", RoleKind.LEADER, "C-9"),
        Role("u2", "丙", RoleKind.MEMBER, "C-2"),
        Role("", "丁", RoleKind.SUPERVISOR, "C"),
    ]
    assert warnings_of(Roster(grids, roles)) == [
        "5 个网格没有网格长或书记，诉求会找不到人接：示例市、2网格、3网格等",
        "5 个微网格没有群号，收不到群里的话：1网格、2网格、3网格等",
        "1 个人不在任何网格里：乙",
        "1 个网格长或书记没有微信号（id），@不到人：甲",
        "1 个督导没有微信号（id），收不到日报：丁",
        "1 个微信号（id）写给了不同姓名的人：u2",
    ]


def test_a_roster_that_lacks_nothing_says_nothing() -> None:
    roles = [Role(f"u{n}", "甲", RoleKind.LEADER, g.code) for n, g in enumerate(GRIDS)]
    assert warnings_of(Roster(GRIDS, roles)) == []


def same(one: Roster, other: Roster) -> bool:
    """Whether two rosters answer every question alike."""
    people = {role.person for r in (one, other) for role in r.roles}
    rooms = {grid.room for r in (one, other) for grid in r.grids}
    codes = ["", *(grid.code for grid in one.grids)]
    return (
        (one.grids, one.roles, one.supervisors()) == (other.grids, other.roles, other.supervisors())
        and all(one.roles_of(p) == other.roles_of(p) for p in people)
        and all(one.by_room(r) == other.by_room(r) for r in rooms)
        and all(list(one.below(c)) == list(other.below(c)) for c in codes)
        and all(one.people_at(c) == other.people_at(c) for c in codes)
    )


@pytest.mark.parametrize("code", ["C", "C-T-V-1", "C-T-V-1-1"])
@pytest.mark.parametrize("room", ["R-new", ""])
def test_another_room_is_as_if_built_so(roster: Roster, code: str, room: str) -> None:
    changed = roster.with_room(code, room)
    grids = [replace(g, room=room) if g.code == code else g for g in GRIDS]
    assert same(changed, Roster(grids, ROLES))
    assert same(roster, Roster(GRIDS, ROLES)), "the first one stays as it was"


@pytest.mark.parametrize("person", ["u-new", "u2", "u1", ""])
@pytest.mark.parametrize("places", [(0,), (0, 2), (3,), (0, 3), (5,)])
def test_another_person_is_as_if_built_so(
    roster: Roster, person: str, places: tuple[int, ...]
) -> None:
    changed = roster.with_person(person, [roster.roles[place] for place in places])
    roles = [replace(r, person=person) if i in places else r for i, r in enumerate(ROLES)]
    assert same(changed, Roster(GRIDS, roles))
    assert same(roster, Roster(GRIDS, ROLES)), "the first one stays as it was"


def test_a_change_in_a_whole_city_takes_no_rebuild() -> None:
    grids = [Grid("C", "市", Level.CITY)]
    grids += [Grid(f"M{i}", f"{i}网格", Level.MICROGRID, "C", f"R{i}") for i in range(40_000)]
    roles = [Role(f"u{i}", f"某{i}", RoleKind.LEADER, f"M{i % 40_000}") for i in range(100_000)]
    city = Roster(grids, roles)
    began = time.process_time()
    for i in range(5):
        city = city.with_room(f"M{i}", f"new{i}")
        city = city.with_person(f"new{i}", city.people_at(f"M{i}"))
    assert time.process_time() - began < 1  # a bound against a rebuild each, not a benchmark
