"""What leaders taught by using the program; `jiedan train` learns from it."""

from __future__ import annotations

from bot.models import NO_PROBLEM, Label
from storage.part import Part


class LabelsPart(Part):
    """Labels, found in the tickets' histories: nothing else has to be kept."""

    def labels(self) -> list[Label]:
        """See storage.base."""
        rows = self._run(
            "select t.text, t.state = 'rejected' and t.outcome like ?, t.category, r.ticket"
            " from tickets t left join inbox i on i.id = t.source"
            " left join (select distinct ticket from events where event = 'reclassified') r"
            " on r.ticket = t.number"
            " where t.text != '' and (t.state = 'rejected' and t.outcome like ?"
            " or i.decision in ('ask', 'ignore') or r.ticket is not null)"
            " order by t.number",
            [f"%{NO_PROBLEM}%"] * 2)  # fmt: skip
        return [
            Label(text, not wrong, category if said else "")
            for text, wrong, category, said in rows
        ]  # fmt: skip
