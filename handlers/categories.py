"""The categories: code, what people call it, kind and line of government.

From the triage contract's table: the eighteen kinds of dispute of the national mediation tables,
then everyday requests.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Category:
    """One row of categories.csv."""

    code: str
    name: str
    kind: str
    domain: str


@cache
def categories() -> dict[str, Category]:
    """Return the table by code, in its own order."""
    text = (files("handlers") / "categories.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["code"]: Category(**row) for row in rows}


def category_name(code: str) -> str:
    """Return what people call a category; the code itself if it is unknown."""
    found = categories().get(code)
    return found.name if found else code


def find_category(words: str) -> Category | None:
    """Return the category a person means: its code, its name, or a part of one name only."""
    words = words.strip()
    if not words:
        return None
    table = categories()
    if words in table:
        return table[words]
    exact = [c for c in table.values() if c.name == words]
    partial = [c for c in table.values() if words in c.name or c.name.removesuffix("纠纷") in words]
    found = exact or partial
    return found[0] if len(found) == 1 else None
