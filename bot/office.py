"""What the operator does with tables: `jiedan import` and `jiedan export`."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.app import open_store, save_roster
from bot.clock import machine
from bot.config import Config
from bot.roster_files import RosterError, load_roster, warnings_of
from bot.sheets import write_tickets
from handlers.categories import category_name
from handlers.masking import mask
from handlers.roster import Roster
from schedules.calendar import Calendar


async def import_roster(config: Config, grids: Path, people: Path) -> int:
    """Replace the roster by two tables, all rows or none; return the exit code."""
    try:
        roster = load_roster(grids, people, progress=sys.stderr.isatty())
    except RosterError as error:
        print(error, file=sys.stderr)
        print("名册没有导入，改好以后再来一次。", file=sys.stderr)
        return 2
    store = open_store(config.storage.url)
    try:
        await store.transact(lambda s: save_roster(s, roster, machine().isoformat()))
        roster = Roster(*await store.read(lambda s: s.load_roster()))  # with the chat's bindings
    finally:
        await store.close()
    for line in warnings_of(roster):
        print(f"提醒：{mask(line)}", file=sys.stderr)
    print(f"导入好了：{len(roster.grids)}个网格，{len(roster.roles)}个角色。")
    return 0


async def export(config: Config, out: Path, unmasked: bool) -> int:
    """Write tickets and their history to a sheet; return the exit code."""
    if out.suffix not in {".xlsx", ".csv"}:
        print(f"{out}：只会写 .xlsx 或 .csv", file=sys.stderr)
        return 2
    store = open_store(config.storage.url)
    zone = Calendar(config.calendar.timezone).zone
    try:
        roster = Roster(*await store.read(lambda s: s.load_roster()))

        def grid_name(code: str) -> str:
            grid = roster.grid(code)
            return grid.name if grid else code

        await store.read(
            lambda s: write_tickets(
                out, s.all_tickets(), s.all_events(), grid_name, category_name, zone, unmasked
            )
        )
    except OSError as error:
        print(f"写不了 {out}：{error.strerror}", file=sys.stderr)
        return 2
    finally:
        await store.close()
    print(f"导出好了：{out}")
    return 0
