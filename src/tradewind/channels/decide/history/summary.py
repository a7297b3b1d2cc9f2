"""The arithmetic of a replay's summary: counts as numbers, money as strings, nothing rounded."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tradewind.channels.decide.history.model import Document, DocumentKind, Finding, Mapping
from tradewind.channels.decide.history.returns import ReturnMatch


@dataclass(slots=True)
class _Sums:
    documents: int = 0
    goods: Decimal = field(default_factory=Decimal)
    charges: Decimal = field(default_factory=Decimal)

    def add(self, document: Document, sign: int) -> None:
        self.documents += 1
        self.goods += sign * document.goods_amount
        self.charges += sign * document.charge_amount

    def as_json(self, decimals: int) -> dict[str, Any]:
        return {
            "documents": self.documents,
            "goods": _money(self.goods, decimals),
            "charges": _money(self.charges, decimals),
            "total": _money(self.goods + self.charges, decimals),
        }


def summarise(
    items: Iterable[Document | Finding],
    matches: Sequence[ReturnMatch],
    mapping: Mapping,
) -> dict[str, Any]:
    """What was in a file and what becomes of it, ready for JSON.

    `items` is what the reader gave, `matches` what `match_returns` said of its credit notes. Money in: orders.
    Money out: credit notes, as positive amounts, split into credited and held; a credit note without a match is held.
    """
    credited = {match.document: match.credited for match in matches}
    kinds: Counter[DocumentKind] = Counter()
    refused: Counter[str] = Counter()
    refused_documents: set[str] = set()
    sums = {name: _Sums() for name in ("order", "adjustment", "return", "credited", "held")}
    rows = 0
    for item in items:
        if isinstance(item, Finding):
            refused[item.problem.code] += 1
            refused_documents.add(item.document)
            continue
        kinds[item.kind] += 1
        rows += item.rows
        sign = -1 if item.kind is DocumentKind.RETURN else 1
        sums[item.kind.value].add(item, sign)
        if item.kind is DocumentKind.RETURN:
            sums["credited" if credited.get(item.number) else "held"].add(item, sign)
    money = {name: found.as_json(mapping.amount_decimals) for name, found in sums.items()}
    net = sums["order"].goods + sums["order"].charges - sums["credited"].goods - sums["credited"].charges
    return {
        "mapping": {"name": mapping.name, "version": mapping.version},
        "rows": rows + refused.total(),
        "rows_in_documents": rows,
        "documents": kinds.total(),
        "orders": kinds[DocumentKind.ORDER],
        "adjustments": kinds[DocumentKind.ADJUSTMENT],
        "returns": kinds[DocumentKind.RETURN],
        "credited": sums["credited"].documents,
        "held": {"documents": sums["held"].documents, **_held(matches)},
        "refused": {
            "rows": refused.total(),
            "documents": len(refused_documents - {""}),
            "reasons": dict(sorted(refused.items())),
        },
        "money": {
            "currency": mapping.currency,
            "in": {"orders": money["order"]},
            "out": {"returns": money["return"], "credited": money["credited"], "held": money["held"]},
            "net": _money(net, mapping.amount_decimals),
        },
    }


def _held(matches: Sequence[ReturnMatch]) -> dict[str, Any]:
    """Reasons by line, and by document: a document counts once under each reason that one of its lines has."""
    lines: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    for match in matches:
        codes = [line.problem.code for line in match.lines if line.problem is not None]
        lines.update(codes)
        documents.update(set(codes))
    return {
        "lines": lines.total(),
        "reasons": dict(sorted(lines.items())),
        "reasons_by_document": dict(sorted(documents.items())),
    }


def _money(amount: Decimal, decimals: int) -> str:
    return str(amount.quantize(Decimal(1).scaleb(-decimals)))
