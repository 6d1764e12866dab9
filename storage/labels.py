"""What leaders taught by using the program; `jiedan train` learns from it."""

from __future__ import annotations

from bot.models import Label
from storage.part import Part

NO_PROBLEM = "不是诉求"
"""In the outcome of a ticket that should never have been one."""


class LabelsPart(Part):
    """Labels, found in the tickets' histories: nothing else has to be kept."""

    def labels(self) -> list[Label]:
        """See storage.base."""
        rows = self._run(
            "select t.text, t.state = 'rejected' and t.outcome like ?, t.category"
            " from tickets t left join inbox i on i.id = t.source"
            " where t.text != '' and (t.state = 'rejected' and t.outcome like ?"
            " or i.decision in ('ask', 'ignore')"
            " or exists (select 1 from events e where e.ticket = t.number"
            "            and e.event = 'reclassified'))"
            " order by t.number",
            [f"%{NO_PROBLEM}%"] * 2)  # fmt: skip
        return [Label(text, not wrong, category) for text, wrong, category in rows]
