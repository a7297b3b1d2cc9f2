"""`/api/v1/payment-terms`: when invoices fall due, what paying early is worth, what is paid before."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.billing.commands.terms import put_terms
from tradewind.billing.decide.terms import check_terms, due_on
from tradewind.billing.events import terms_changed
from tradewind.billing.model import DueRule, Terms, TermsPart
from tradewind.billing.queries import all_terms, terms_of
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Tx

router = api_router("terms")
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=6, decimal_places=3)]
Days = Annotated[int, Field(ge=0, le=3_650)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class RuleIn(_Strict):
    """From the day the count starts: the end of the month before (`first`) or after (`last`) the days and months are added, then
    the day of the month that is paid on."""

    net_days: Days = 0
    month_end: Literal["none", "first", "last"] = "none"
    months: Annotated[int, Field(ge=0, le=60)] = 0
    pay_day: Annotated[int, Field(ge=1, le=31)] | None = None

    def rule(self) -> DueRule:
        """As the decision takes it."""
        return DueRule(self.net_days, self.month_end, self.months, self.pay_day)


class PartIn(RuleIn):
    """An instalment: its share, and when it falls due."""

    percent: Annotated[Decimal, Field(gt=0, le=100, max_digits=6, decimal_places=3)]


class TermsIn(RuleIn):
    """Payment terms."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    starts_from: Literal["invoice", "ship", "delivery"] = "invoice"
    not_before: date | None = None
    closed_days: Literal["keep", "next", "previous"] = "keep"
    discount_percent: Annotated[Decimal, Field(ge=0, lt=100, max_digits=6, decimal_places=3)] = Decimal(0)
    discount_days: Days = 0
    grace_days: Annotated[int, Field(ge=0, le=60)] = 0
    prepay_percent: Percent = Decimal(0)
    parts: Annotated[list[PartIn], Field(max_length=60)] = []

    def terms(self, code: str) -> Terms:
        """As the decision takes it."""
        parts = tuple(TermsPart(part.percent, part.rule()) for part in self.parts)
        return Terms(
            code,
            self.name,
            self.rule(),
            self.starts_from,
            self.not_before,
            self.closed_days,
            self.discount_percent,
            self.discount_days,
            self.grace_days,
            self.prepay_percent,
            parts,
        )


@router.get("/payment-terms", openapi_extra=permission("accounts.read"))
def list_terms(edge: CallerEdge) -> Response:
    """All payment terms."""
    return answer({"terms": [_terms(one) for one in edge.database.read(all_terms)]})


@router.get("/payment-terms/{terms}", openapi_extra=permission("accounts.read"))
def read_terms(terms: str, edge: CallerEdge, start: date | None = None) -> Response:
    """Payment terms; with `start` also the days on which what counts from that day falls due."""
    found = edge.database.read(lambda reader: terms_of(reader, [terms])).get(terms)
    if found is None:
        raise not_found()
    body = _terms(found)
    if start is not None:
        rules = [part.rule for part in found.parts] or [found.rule]
        body["due"] = [due_on(rule, start).isoformat() for rule in rules]
    return answer(body)


@router.put("/payment-terms/{terms}", openapi_extra=permission("credit.manage"))
def write_terms(terms: str, body: TermsIn, edge: CallerEdge) -> Response:
    """Store payment terms under a code. Invoices that were issued before keep the due dates they got."""
    wanted = body.terms(terms)
    problem = check_terms(wanted)
    if problem is not None:
        raise Refused([problem])

    def store(tx: Tx) -> None:
        put_terms(tx, wanted)
        tx.emit(terms_changed(tx.ids.new(), wanted))

    edge.write(store)
    return answer(_terms(wanted))


def _rule(rule: DueRule) -> dict[str, Any]:
    return {
        "net_days": rule.net_days,
        "month_end": rule.month_end,
        "months": rule.months,
        "pay_day": rule.pay_day,
    }


def _terms(terms: Terms) -> dict[str, Any]:
    return {
        "code": terms.code,
        "name": terms.name,
        **_rule(terms.rule),
        "starts_from": terms.starts_from,
        "not_before": terms.not_before,
        "closed_days": terms.closed_days,
        "discount_percent": plain(terms.discount_percent),
        "discount_days": terms.discount_days,
        "grace_days": terms.grace_days,
        "prepay_percent": plain(terms.prepay_percent),
        "parts": [{"percent": plain(part.percent), **_rule(part.rule)} for part in terms.parts],
    }
