"""Credit notes of the past as return authorisations: every line tied to the order line it returns, or with the reason why not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tradewind.channels.decide.history.model import Document
from tradewind.channels.decide.history.returns import ReturnMatch

HELD_WITH_OTHERS = "other lines of this credit note have no sale"
Place = tuple[int | None, int | None]  # order line, charge


@dataclass(frozen=True, slots=True)
class SentBack:
    """`qty` units of a line (or one charge as a piece) of the order placed for document `sale`; or `problem`."""

    qty: Decimal
    description: str
    sale: str | None = None
    line_no: int | None = None
    charge_no: int | None = None
    sku: str | None = None
    problem: str | None = None


def places_of(orders: Iterable[Document]) -> dict[tuple[str, int], Place]:
    """Where each row of these documents stands in the order made of it: by (document, row of the file)."""
    places: dict[tuple[str, int], Place] = {}
    for document in orders:
        for number, line in enumerate(document.lines, 1):
            places[document.number, line.row] = (number, None)
        for number, charge in enumerate(document.charges, 1):
            places[document.number, charge.row] = (None, number)
    return places


def sent_back(document: Document, match: ReturnMatch, places: Mapping[tuple[str, int], Place]) -> tuple[SentBack, ...]:
    """What a credit note sends back, line by line. One that is held keeps every line with a problem, so that nothing of a
    sale is taken by half of it."""
    skus = {line.row: line.sku for line in document.lines}
    words = {line.row: line.description for line in document.lines}
    words |= {charge.row: charge.description for charge in document.charges}
    found: list[SentBack] = []
    for line in match.lines:
        text = words[line.row] or line.code
        if not match.credited:
            problem = line.problem.message if line.problem is not None else HELD_WITH_OTHERS
            found.append(SentBack(line.qty, text, sku=skus.get(line.row), problem=problem))
            continue
        for part in line.parts:
            line_no, charge_no = places[part.sale, part.row]
            qty = part.qty if charge_no is None else Decimal(1)
            found.append(SentBack(qty, text, part.sale, line_no, charge_no, skus.get(line.row)))
    return tuple(found)
