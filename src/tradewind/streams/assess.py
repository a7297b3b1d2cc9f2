"""Step `orders.assess`: every finding at once. Prices, taxes and checks a set of orders; opens and closes the holds that follow.

Prices are frozen at submit (PR6): a line that has one keeps it when its order is assessed again.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from tradewind.accounts.model import Account, Certificate
from tradewind.accounts.queries import certificates
from tradewind.catalog.model import UNIDENTIFIED, Product, Substitution
from tradewind.catalog.queries import products_by_id
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import UNITS, check_quantity
from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration.commands.steps import Call, Step
from tradewind.orders.model import Charge, LinePrice, LineTax, Totals
from tradewind.pricing.decide import Tolerance, price_lines, waterfall_text
from tradewind.pricing.decide.tax import RateIndex
from tradewind.pricing.model import (
    Adjustment,
    PricedLine,
    PriceRequest,
    PriceRow,
    Strategy,
)
from tradewind.pricing.queries import RowsByProduct, assigned_lists, price_rows, rates_of
from tradewind.semantics.model import ZERO, Finding
from tradewind.streams.call_offs import agreed_prices, settle_calls
from tradewind.streams.check_holds import settle_holds
from tradewind.streams.governed_orders import fees_of, findings_of, tolerances_of
from tradewind.streams.order_work import NO_TAX, LineWork, OrderWork, OrderWorkset
from tradewind.streams.ruled import Ruled, look_ruled
from tradewind.streams.substitutes import as_substitute, asked_as_ordered, not_sold
from tradewind.streams.taxes import order_taxes
from tradewind.streams.tolerances import Stated, at_document_price, by_tolerance, priced_within
from tradewind.streams.unidentified import unidentified_lines

ONE = Decimal(1)


@value(frozen=True, slots=True)
class Facts:
    """What assessing needs from the database; all of it is versioned, so none of it needs a lock."""

    lists: dict[UUID, dict[UUID, int]]
    prices: dict[UUID, RowsByProduct]
    rates: RateIndex
    certificates: dict[UUID, list[Certificate]]
    products: dict[UUID, Product]
    ruled: Ruled | None = None


@value(frozen=True, slots=True)
class Assessment:
    """What assessing found for one order."""

    prices: dict[int, LinePrice]
    taxes: dict[int, LineTax]
    charge_taxes: tuple[LineTax, ...]
    totals: Totals
    findings: tuple[Finding, ...]
    fees: tuple[Charge, ...] = ()


def look(tx: Tx, workset: OrderWorkset, calls: Sequence[Call]) -> Facts:
    """Products, the price lists of each account, their candidates for the lines without a price, tax rates, certificates."""
    works = workset.of(call.subject_id for call in calls)
    wanted = {one.line.product_id for work in works for one in work.lines} - workset.products.keys()
    if wanted:
        workset.products.update(products_by_id(tx, wanted))
    ruled = look_ruled(tx, workset, works)
    assigned = assigned_lists(
        tx, [(work.account.price_scopes(work.header.channel), work.header.price_at) for work in works]
    )
    lists = {work.id: found for work, found in zip(works, assigned, strict=True)}
    asked: dict[UUID, set[UUID]] = {}
    for work in works:
        products = {one.line.product_id for one in work.lines if one.price.waterfall is None}
        products |= {kept.ordered_product_id for kept in work.substituted.values()}
        for list_id in lists[work.id] if products else ():
            asked.setdefault(list_id, set()).update(products)
    moments = [work.header.price_at for work in works]
    moments += [work.priced_at(one) for work in works if work.version > 1 for one in work.lines]
    prices: dict[UUID, RowsByProduct] = {}
    if asked:
        units = {product.id: product.units for product in workset.products.values()}
        prices = price_rows(tx, asked, since=min(moments), units=units)
    countries = {group.ship_to.country for work in works for group in work.groups} | {
        work.account.entity_country for work in works
    }
    if ruled is not None and ruled.origins:
        countries |= set(ruled.origins.values())
    exempt = [work.account.id for work in works if work.account.tax_exempt]
    return Facts(lists, prices, rates_of(tx, countries), certificates(tx, exempt), workset.products, ruled)


def load(tx: Tx, workset: OrderWorkset, calls: Sequence[Call], looked: Facts) -> Facts:
    """What blanket orders have left is known under the locks; nothing else is needed."""
    works = [work for work in workset.of(call.subject_id for call in calls) if work.called or work.holds]
    if works:
        settle_calls(tx, workset, works)
    return looked


def decide(workset: OrderWorkset, calls: Sequence[Call], facts: Facts) -> list[dict[str, Any]]:
    """An `Assessment` for each order."""
    return [{"assessment": assess(workset.orders[call.subject_id], facts)} for call in calls]


def assess(work: OrderWork, facts: Facts) -> Assessment:
    """Everything that is to be said about one order, in one go."""
    findings, ruled = _account_findings(work.account), facts.ruled
    for one in work.lines:
        if _left(one):
            product = facts.products[one.line.product_id]
            findings += _line_findings(
                work, one, product, None if ruled is None else ruled.offers.get((work.id, one.line.line_no))
            )
    if ruled is not None:
        findings += ruled.findings(work, facts.products)
    if UNIDENTIFIED in facts.products:
        findings += unidentified_lines(work)
    prices = _prices(work, facts, findings)
    papers, origins = facts.certificates.get(work.account.id, ()), None if ruled is None else ruled.origins
    governed, fees, priced = None if ruled is None else ruled.governed, list[Charge](), work
    if governed is not None:
        fees, said = fees_of(governed, work, prices)
        findings += said
        priced = replace(work, charges=[*work.charges, *((fee, NO_TAX) for fee in fees)]) if fees else work
    taxes, charge_taxes, totals = order_taxes(
        priced, prices, findings, rates=facts.rates, certificates=papers, origins=origins
    )
    if governed is not None:
        findings += findings_of(governed, work, prices=prices, totals=totals)
    return Assessment(prices, taxes, charge_taxes, totals, tuple(findings), tuple(fees))


def _account_findings(account: Account) -> list[Finding]:
    if account.status == "active":
        return []
    return [
        Finding(
            "accounts.not_active",
            "hold",
            f"{account.code} is {account.status}",
            hold_kind="credit",
            suggestion="Ask the credit desk.",
        )
    ]


def _line_findings(work: OrderWork, one: LineWork, product: Product, offer: Substitution | None) -> list[Finding]:
    line, found = one.line, []
    if product.status != "active":
        if product.id == UNIDENTIFIED:
            return []
        found.append(not_sold(one, product, offer))
    if product.minimum_qty or product.multiple_qty:
        decimals = UNITS[product.base_uom].decimals if product.base_uom in UNITS else 6
        for problem in check_quantity(
            one.quantities.ordered if one.mark is None else _left_with_added(work, one),
            minimum=product.minimum_qty or None,
            multiple=product.multiple_qty or None,
            decimals=decimals,
        ):
            suggested = problem.detail.get("suggested")
            found.append(
                Finding(
                    problem.code,
                    "hold",
                    f"{problem.message} ({product.base_uom})",
                    line.line_no,
                    "qty",
                    suggested and f"{suggested} {product.base_uom}",
                    "data",
                )
            )
    return found


def _left_with_added(work: OrderWork, one: LineWork) -> Decimal:
    """What is left of a line and of those that changes added to it at another price: they are one quantity of the product."""
    origins = {each.line.line_no: each.mark.origin_line for each in work.lines if each.mark is not None}
    products = {each.line.line_no: each.line.product_id for each in work.lines}

    def root(line_no: int) -> int:
        origin = origins.get(line_no)
        while origin is not None and products[origin] == products[line_no]:
            line_no, origin = origin, origins.get(origin)
        return line_no

    mine = root(one.line.line_no)
    return sum((_left(each) for each in work.lines if root(each.line.line_no) == mine), ZERO)


def _left(one: LineWork) -> Decimal:
    """What of a line was not cancelled, in base units; nothing is asked of a line without anything left."""
    return one.quantities.ordered - one.quantities.cancelled


def _prices(work: OrderWork, facts: Facts, findings: list[Finding]) -> dict[int, LinePrice]:
    requests: list[PriceRequest] = []
    stated: list[tuple[LineWork, PriceRequest]] = []
    agreed = agreed_prices(work, facts.products) if work.agreed or work.called else {}
    for one in work.lines if not agreed else [one for one in work.lines if one.line.line_no not in agreed]:
        left = _left(one)
        if one.price.waterfall is not None or not left:
            continue
        line = one.line
        request = PriceRequest(
            line.line_no,
            line.product_id,
            line.qty if left == one.quantities.ordered else left * line.factor_den / line.factor_num,
            line.uom,
            left,
            work.priced_at(one),
            work.header.currency,
        )
        if not line.stocked and line.product_id == UNIDENTIFIED:
            continue
        if work.substituted:
            request = asked_as_ordered(request, work.substituted.get(line.line_no))
        if work.header.price_policy == "document" and one.stated_price is not None and not work.substituted:
            stated.append((one, request))
        else:
            requests.append(request)
    prices = {line_no: _line_price(*found, findings) for line_no, found in agreed.items()}
    if not requests and not stated:
        return prices
    strategy = cast(Strategy, work.account.price_strategy)
    discount = work.account.discount_percent
    adjustments = [Adjustment("discount", "percent", discount, "account")] if discount else []
    priced = price_lines(
        requests,
        _rows_for(requests, work, facts),
        precedence=facts.lists[work.id],
        strategy=strategy,
        account_adjustments=adjustments,
        ranked=True,
    )
    for request, answer in zip(requests, priced, strict=True):
        prices[request.line_no] = _line_price(answer, request, findings)
    for one, request in stated:
        assert one.stated_price is not None
        prices[request.line_no] = _line_price(at_document_price(one, request), request, findings)
    if facts.ruled is not None:
        _rule_prices(work, facts.ruled, facts.products, list(zip(requests, priced, strict=True)), prices, findings)
    return prices


def _rule_prices(
    work: OrderWork,
    ruled: Ruled,
    products: dict[UUID, Product],
    priced: Sequence[tuple[PriceRequest, PricedLine | Problem]],
    prices: dict[int, LinePrice],
    findings: list[Finding],
) -> None:
    """Substitutes at the original's price, and buyers' prices within the tolerance that is agreed."""
    for line_no, kept in work.substituted.items():
        if kept.price == "original" and line_no in prices:
            original = products[kept.ordered_product_id]
            prices[line_no] = as_substitute(
                prices[line_no], work.line(line_no), kept, original, currency=work.header.currency
            )
    tolerance, governed = ruled.tolerance(work), ruled.governed
    if tolerance is None and governed is None:
        return
    stated = {
        request.line_no: Stated(work.line(request.line_no), request, answer)
        for request, answer in priced
        if isinstance(answer, PricedLine)
        and request.line_no not in work.substituted
        and work.line(request.line_no).stated_price is not None
    }
    own: dict[int, Tolerance] = {}
    if governed is not None and stated and work.header.price_policy != "document":
        own = tolerances_of(governed, work, [work.line(line_no) for line_no in stated], prices)
    for within, lines in by_tolerance(stated, tolerance, own):
        for line_no, theirs in priced_within(work, lines, within, findings).items():
            prices[line_no] = _line_price(theirs, lines[line_no].request, findings)


def _rows_for(requests: Sequence[PriceRequest], work: OrderWork, facts: Facts) -> dict[UUID, list[PriceRow]]:
    """The rows of the account's lists that are valid when the lines are priced, by product, in the order the lists are asked."""
    lists = [facts.prices[list_id] for list_id in facts.lists[work.id]]
    earliest = min((request.at for request in requests), default=work.header.price_at)
    latest = max((request.at for request in requests), default=work.header.price_at)
    return {
        request.product_id: [
            row
            for of_list in lists
            for row in of_list[request.product_id]
            if row.valid_from <= latest and (row.valid_to is None or earliest < row.valid_to)
        ]
        for request in requests
    }


def _line_price(answer: PricedLine | Problem, request: PriceRequest, findings: list[Finding]) -> LinePrice:
    if isinstance(answer, Problem):
        findings.append(
            Finding(
                answer.code,
                "hold",
                answer.message,
                request.line_no,
                "price",
                "Give the item a price or the account a list that has it.",
                "price",
            )
        )
        return LinePrice(ZERO, ONE, "", ZERO, None, None)
    plain_amount = _rounded(answer.qty * answer.unit_price / answer.price_basis, answer.net)
    return LinePrice(
        answer.unit_price,
        answer.price_basis,
        answer.uom,
        answer.net,
        answer.row_id,
        waterfall_text(answer),
        answer.qty,
        plain_amount - answer.net,
    )


def _rounded(amount: Decimal, like: Decimal) -> Decimal:
    """Half up, to as many places as an amount in the currency has."""
    return amount.quantize(like, rounding="ROUND_HALF_UP")


def apply(tx: Tx, workset: OrderWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep prices, taxes and totals; open a hold for each finding that asks for one, close those whose reason is gone."""
    for call, outcome in zip(calls, outcomes, strict=True):
        work, found = workset.orders[call.subject_id], outcome["assessment"]
        _keep_amounts(work, found)
        work.findings = list(found.findings)
        settle_holds(tx, work, tx.now)
    return [{} for _ in calls]


def _keep_amounts(work: OrderWork, found: Assessment) -> None:
    for one in work.lines:
        price = found.prices.get(one.line.line_no)
        tax = found.taxes[one.line.line_no]
        if (price is not None and price != one.price) or tax != one.tax:
            one.price = price or one.price
            one.tax = tax
            one.repriced = True
    charges = [*(charge for charge, _ in work.charges), *found.fees]
    work.charges = list(zip(charges, found.charge_taxes, strict=True))
    if work.totals != found.totals:
        work.totals = found.totals
        work.touched = True


STEP = Step(name="orders.assess", look=look, load=load, decide=decide, apply=apply)
