"""From values to a sheet: the one function the rest of the house calls."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from tradewind.papers.decide.documents import credit_note, invoice, order_confirmation
from tradewind.papers.decide.parts import printable
from tradewind.papers.decide.slip import packing_slip
from tradewind.papers.decide.statement import statement
from tradewind.papers.decide.wording import Wording, wording
from tradewind.papers.model import Language, Sheet, Values

SHEETS: Mapping[str, Callable[[Values, Wording], Sheet]] = {
    "order_confirmation": order_confirmation,
    "packing_slip": packing_slip,
    "invoice": invoice,
    "credit_note": credit_note,
    "statement": statement,
}
"""How each kind of paper is made; its template has the same name."""


def sheet_of(
    values: Values, language: Language, covered: Collection[int], *, replaces: Mapping[str, Any] | None = None
) -> tuple[Sheet, tuple[dict[str, Any], ...]]:
    """What stands on the paper of these values in a language, and what a person should know of it.

    `covered` are the code points that our fonts have. `replaces` (`version`, `old`, `date`) names the version before this one.
    """
    words = wording(language)
    sheet = SHEETS[values["kind"]](values, words)
    if replaces:
        said = words.say(
            "replaces", version=str(replaces["version"]), old=str(replaces["old"]), date=words.day(replaces["date"])
        )
        sheet["notices"] = [said, *sheet["notices"]]
    made, findings = printable(sheet, covered)
    if findings:
        made["notices"] = [*made["notices"], words.say("unprintable")]
    return made, findings
