"""What the bot says when groups and people are bound; beside handlers.replies. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.models import Grid, Level, Role, RoleKind
from handlers.replies import shorten
from handlers.roster import Roster

_LEADERS = {
    Level.MICROGRID: "微网格长", Level.BRANCH: "支部书记", Level.VILLAGE: "书记",
    Level.TOWNSHIP: "负责人", Level.CITY: "负责人",
}  # fmt: skip
_TITLES = {
    RoleKind.DEPUTY: "副手", RoleKind.MEMBER: "党员", RoleKind.SUPERVISOR: "督导",
    RoleKind.ADMIN: "管理员",
}  # fmt: skip
_SHOWN = 4

HOW = "绑定群，在群里发：绑定 网格编码 绑定码。认证自己，发：认证 认证码。码找管理员要。"
BAD_CODE = "这个码不对，或者过期了、用过了，找管理员再要一个就行。"
GONE = "这个码对不上名册里的人了，请管理员看一下名册，再要一个。"
IN_ITS_GROUP = "这句话要到那个群里说才行。"
UNBIND_WHICH = "解绑哪个网格？写上编码，比如：解绑 {0}。"


def title(role: Role, grid: Grid) -> str:
    """Return what people call a role at a grid of that level."""
    return _LEADERS[grid.level] if role.kind is RoleKind.LEADER else _TITLES[role.kind]


def _offices(roles: Sequence[Role], roster: Roster) -> str:
    at = [(role, roster.grid(role.grid)) for role in roles]
    names = dict.fromkeys(f"{grid.name}的{title(role, grid)}" for role, grid in at if grid)
    more = "等" if len(names) > _SHOWN else ""
    return "、".join(list(names)[:_SHOWN]) + more


def authenticated(roles: Sequence[Role], roster: Roster, replaced: bool) -> str:
    """Say what the speaker is now."""
    old = "原来的账号不再算数，手上的单也转过来了。" if replaced else ""
    return f"认证好了，您是{_offices(roles, roster)}。{old}"


def already(roles: Sequence[Role], roster: Roster) -> str:
    """Say that nothing was left to do."""
    return f"您已经认证过了，是{_offices(roles, roster)}。"


def bound(grid: Grid) -> str:
    """Say whose group this is now."""
    moved = "原来那个群不再用了，没办完的单都转到这里。" if grid.room else ""
    return f"绑定好了，这里就是{grid.name}的群。{moved}"


def already_bound(grid: Grid) -> str:
    """Say that nothing was left to do."""
    return f"这里已经是{grid.name}的群了，不用再绑。"


def no_longer(grid: Grid) -> str:
    """Tell the group that was the grid's."""
    return f"{grid.name}换了新群，这个群不再是它的群了，有事请到新群里说。"


def anothers(grid: Grid) -> str:
    """Refuse to give a grid's group to another grid."""
    return f"这里已经是{grid.name}的群。要换网格，先发：解绑 {grid.code}。"


def no_such_grid(code: str) -> str:
    """The grid isn't in the roster."""
    return f"名册里没有编码是“{shorten(code)}”的网格，看看写对没有。"


def need_code(grid: Grid) -> str:
    """The code is missing."""
    return f"还差绑定码，写成：绑定 {grid.code} 绑定码。码找管理员要。"


def neither(text: str) -> str:
    """A word that is no grid and no code."""
    return f"“{shorten(text)}”不是网格编码，也不是码。{HOW}"


def code_of_group(grid: str) -> str:
    """A group's code came without its grid."""
    return f"这是绑定群的码，请在群里发：绑定 {grid} 加上这个码。"


def authenticate_first(grid: Grid) -> str:
    """Only whoever answers for a grid may say which group is its."""
    return (
        f"绑定{grid.name}的群，要由它或上级的负责人来。您是的话，先发“认证 认证码”，"
        "再绑一次，这个码还能用。"
    )


def unbound(grid: Grid) -> str:
    """Say that a group is bound no longer."""
    return f"解绑了，这里不再是{grid.name}的群。要再绑，发：绑定 {grid.code} 绑定码。"


def not_its_group(grid: Grid) -> str:
    """Nothing to unbind here."""
    return f"这里不是{grid.name}的群，{IN_ITS_GROUP}"


def may_not_unbind(grid: Grid) -> str:
    """Only whoever answers for a grid may let its group go."""
    return f"解绑{grid.name}的群，要由它或上级的负责人来。"


def stranger(lost: str) -> str:
    """Answer a call in a group of no grid; ``lost`` is the grid it had, if that is gone."""
    why = f"这个群的网格 {lost} 已经不在名册里了" if lost else "这个群还没有绑定网格"
    return f"{why}，我还不能在这里办事。请网格的负责人在群里发：绑定 网格编码 绑定码。"
