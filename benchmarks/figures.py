"""What a benchmark says: a figure beside its limit, and the goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``beside`` names the limit of the same run and ``limit`` is its value;
    ``met`` is None where there is no goal."""

    what: str
    value: float
    unit: str
    beside: str
    limit: float
    goal: str
    met: bool | None

    @property
    def ratio(self) -> float:
        """Return the value as a part of the limit."""
        return self.value / self.limit if self.limit else 0.0


def table(figures: list[Figure]) -> str:
    """Return the figures as a table in Markdown."""
    lines = [
        "| figure | here | beside it | ratio | goal | met |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for f in figures:
        met = {True: "yes", False: "**no**", None: ""}[f.met]
        lines.append(
            f"| {f.what} | {_short(f.value)} {f.unit} | {f.beside}: {_short(f.limit)} |"
            f" {f.ratio:.2f} | {f.goal} | {met} |"
        )
    return "\n".join(lines)


def _short(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
