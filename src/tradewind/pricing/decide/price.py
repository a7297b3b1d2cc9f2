"""Which price a line gets: the layers in their declared precedence, the tier its quantity reaches, and the waterfall.

A product's rows are ranked by precedence, then list code, then (in one list) the ordered unit before others, the later
start, the higher version: an account in several groups has one defined result. A row that does not apply (dates,
currency, quantity below its first tier, used up) is passed over, and named among the losers with the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.money import (
    LARGEST_AMOUNT,
    UNIT_PRICE_DIGITS,
    WIDE,
    ZERO,
    RoundingMode,
    less_percent,
    percent_of,
    plain,
    round_money,
    round_places,
    settle,
)
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import ONE
from tradewind.pricing import errors
from tradewind.pricing.decide.candidate import Candidate, candidate_of, in_price_unit, rank
from tradewind.pricing.model import (
    Adjustment,
    ExchangeRate,
    Loser,
    Part,
    PricedLine,
    PriceRequest,
    PriceRow,
    Step,
    Strategy,
)


def price_lines(
    requests: Sequence[PriceRequest],
    rows: Mapping[UUID, Sequence[PriceRow]],
    *,
    precedence: Mapping[UUID, int] | None = None,
    strategy: Strategy = "first_match",
    adjustments: Mapping[int, Sequence[Adjustment]] | None = None,
    account_adjustments: Sequence[Adjustment] = (),
    fx: Mapping[str, ExchangeRate] | None = None,
    mode: RoundingMode = "half_up",
    ranked: bool = False,
) -> list[PricedLine | Problem]:
    """`price_line` for the lines of one order, in their order; `rows` by product, `adjustments` by line number.

    Lines that draw on one agreement's maximum draw on it in turn: what the first line took, the second has no more.
    """
    taken: dict[tuple[UUID, UUID], Decimal] = {}
    answers: list[PricedLine | Problem] = []
    for request in requests:
        of_product = rows.get(request.product_id, ())
        limited = [row for row in of_product if row.available is not None]
        if limited and taken:
            of_product = [_less_taken(row, taken.get((row.list_id, request.product_id))) for row in of_product]
        own = adjustments.get(request.line_no, ()) if adjustments else ()
        answer = price_line(
            request,
            of_product,
            precedence=precedence,
            strategy=strategy,
            adjustments=(*account_adjustments, *own),
            fx=fx,
            mode=mode,
            ranked=ranked,
        )
        if limited and isinstance(answer, PricedLine):
            _note_taken(taken, request=request, limited=limited, answer=answer)
        answers.append(answer)
    return answers


def with_group_tiers(requests: Sequence[PriceRequest], groups: Mapping[UUID, str]) -> list[PriceRequest]:
    """The requests with breaks mixed across product groups (`groups` by product): tiers go by the sum of the group."""
    sums: dict[str, Decimal] = {}
    for request in requests:
        group = groups.get(request.product_id)
        if group is not None:
            sums[group] = sums.get(group, ZERO) + request.qty_base
    return [
        replace(request, tier_qty=sums[groups[request.product_id]]) if request.product_id in groups else request
        for request in requests
    ]


def price_line(
    request: PriceRequest,
    rows: Sequence[PriceRow],
    *,
    precedence: Mapping[UUID, int] | None = None,
    strategy: Strategy = "first_match",
    adjustments: Sequence[Adjustment] = (),
    fx: Mapping[str, ExchangeRate] | None = None,
    mode: RoundingMode = "half_up",
    ranked: bool = False,
) -> PricedLine | Problem:
    """The price of one line out of the price rows of its product, or `pricing.no_price`.

    `first_match`: the first row in rank that applies. `lowest`: the lowest amount among those that apply.
    `merge_per_tier`: one ladder of all lists, each tier from the first list that has it. `precedence` (by list) is
    the account's own, where the rows are shared by accounts: it replaces that of the rows, and rows of lists not in it
    do not exist for this account. `adjustments` are applied in the order given; `fx` holds rates by the row's currency,
    without one a row in another currency is passed over. `ranked`: the rows are of lists in `precedence` alone and stand in
    the order their lists are asked. `pricing.discount_exceeds_line` where a line falls below 0.
    """
    candidates: list[Candidate] = []
    losers: list[Loser] = []
    for row in rank(rows, request.uom, precedence, ranked=ranked):
        found = candidate_of(request, row, fx)
        if isinstance(found, str):
            losers.append(Loser(row.list_code, row.layer, row.version, found))
        else:
            candidates.append(found)
    if not candidates:
        return errors.no_price(
            request.line_no,
            currency=request.currency,
            at=request.at,
            candidates=tuple({"list": loser.list_code, "reason": loser.reason} for loser in losers),
        )
    at = 0 if len(candidates) == 1 or strategy == "first_match" else _chosen(candidates, strategy)
    winner = candidates[at]
    available = winner.row.available
    if available is not None and available < request.qty_base:
        return _with_maximum(
            request,
            winner,
            rows,
            precedence=precedence,
            strategy=strategy,
            adjustments=adjustments,
            fx=fx,
            mode=mode,
        )
    steps = _ladder(candidates, at, strategy)
    losers[:0] = [
        Loser(
            lost.row.list_code,
            lost.row.layer,
            lost.row.version,
            _why_lost(lost, winner, strategy, precedence),
            lost.unit_price,
            lost.amount,
        )
        for index, lost in enumerate(candidates)
        if index != at
    ]
    return _finish(request, winner, steps=steps, losers=losers, adjustments=adjustments, mode=mode)


def _chosen(candidates: Sequence[Candidate], strategy: Strategy) -> int:
    """The winner's place among ranked candidates; of equals the first."""
    if strategy == "lowest":
        return min(range(len(candidates)), key=lambda index: candidates[index].amount)
    # One merged ladder: the highest tier reached wins, and of one tier the first list that has it.
    frame = candidates[0].row
    return max(
        (index for index, candidate in enumerate(candidates) if _same_ladder(candidate.row, frame)),
        key=lambda index: candidates[index].tier,
    )


def _same_ladder(row: PriceRow, frame: PriceRow) -> bool:
    """Whether two rows' tiers can be merged: they count the same thing."""
    return row is frame or (
        row.kind == frame.kind == "volume"
        and row.tier_by == frame.tier_by
        and row.uom_factor == frame.uom_factor
        and row.price_basis == frame.price_basis
    )


def _why_lost(lost: Candidate, winner: Candidate, strategy: Strategy, precedence: Mapping[UUID, int] | None) -> str:
    if strategy == "lowest":
        return "dearer" if lost.amount > winner.amount else "same_amount"
    if strategy == "merge_per_tier" and lost.tier < winner.tier:
        return "lower_tier"
    if strategy == "merge_per_tier" and not _same_ladder(lost.row, winner.row):
        return "other_ladder"
    if lost.row.list_code != winner.row.list_code:
        own, other = lost.row.precedence, winner.row.precedence
        if precedence is not None:
            own, other = precedence[lost.row.list_id], precedence[winner.row.list_id]
        return "lower_precedence" if own != other else "later_list_code"
    return "other_unit" if lost.row.uom != winner.row.uom else "superseded"


_REASON: dict[Strategy, str] = {"first_match": "precedence", "lowest": "lowest", "merge_per_tier": "merged_tier"}


def _ladder(candidates: Sequence[Candidate], winner_at: int, strategy: Strategy) -> list[Step]:
    """From the list (the last in rank) up to the winner, one step a layer."""
    steps: list[Step] = []
    before = candidates[-1].amount
    for index in range(len(candidates) - 1, winner_at - 1, -1):
        row, tier, unit_price, amount, _, note = candidates[index]
        if index != winner_at and steps and strategy != "first_match":
            continue
        steps.append(
            Step(
                row.layer if steps else "list",
                row.list_code,
                row.version,
                unit_price,
                tier,
                before,
                amount,
                note or (_REASON[strategy] if steps else "list_price"),
            )
        )
        before = amount
    return steps


def _finish(
    request: PriceRequest,
    winner: Candidate,
    *,
    steps: list[Step],
    losers: Iterable[Loser],
    adjustments: Sequence[Adjustment],
    mode: RoundingMode,
) -> PricedLine | Problem:
    """The winner's amount through adjustments and rounding."""
    row, tier, unit_price, amount, parts, _ = winner
    if abs(amount) >= LARGEST_AMOUNT:
        return errors.price_out_of_range(request.line_no)
    factor = row.uom_factor
    qty = request.qty_base if factor == ONE else in_price_unit(request.qty_base, factor)
    gross = round_money(amount, request.currency, mode)
    for adjustment in adjustments:
        before = amount
        amount, reason = _adjusted(amount, adjustment, qty=qty, discountable=row.discountable)
        steps.append(Step(adjustment.kind, adjustment.source, 0, None, None, before, amount, reason))
    net = round_money(settle(amount), request.currency, mode) if adjustments else gross
    if net < 0 <= gross:
        return errors.discount_exceeds_line(request.line_no, gross=f"{gross:f}", net=f"{net:f}")
    steps.append(Step("net", request.currency, 0, None, None, amount, net, mode))
    return PricedLine(
        request.line_no,
        request.currency,
        qty,
        row.uom,
        unit_price,
        row.price_basis,
        tier,
        gross,
        net,
        row.list_id,
        row.list_code,
        row.layer,
        row.version,
        request.at,
        tuple(steps),
        tuple(losers),
        parts,
        row.row_id,
    )


def _adjusted(amount: Decimal, adjustment: Adjustment, *, qty: Decimal, discountable: bool) -> tuple[Decimal, str]:
    """The amount after one adjustment, and what to say of it."""
    value = adjustment.value
    if adjustment.kind == "discount":
        if adjustment.scope == "account" and not discountable:
            return amount, "net_price_takes_no_discount"
        sign = -1
    else:
        sign = 1
    if adjustment.unit == "percent":
        after = less_percent(amount, value) if sign < 0 else WIDE.add(amount, percent_of(amount, value))
        return after, adjustment.reason or f"{plain(value)} %"
    change = value if adjustment.unit == "amount" else WIDE.multiply(value, qty)
    return WIDE.add(amount, change * sign), adjustment.reason or f"{plain(value)} {adjustment.unit}"


def _with_maximum(
    request: PriceRequest,
    winner: Candidate,
    rows: Sequence[PriceRow],
    *,
    precedence: Mapping[UUID, int] | None,
    strategy: Strategy,
    adjustments: Sequence[Adjustment],
    fx: Mapping[str, ExchangeRate] | None,
    mode: RoundingMode,
) -> PricedLine | Problem:
    """A maximum reached mid-line: what is left at the winner's price, the rest at the next; 60 at 9.00, 40 at 9.80.

    Tiers go by the whole line's quantity in both stretches.
    """
    row = winner.row
    available = row.available or ZERO
    tier_qty = request.qty_base if request.tier_qty is None else request.tier_qty
    at_price = price_line(replace(request, qty_base=available, tier_qty=tier_qty), [row], fx=fx, mode=mode)
    beyond = price_line(
        replace(request, qty_base=request.qty_base - available, tier_qty=tier_qty),
        [other for other in rows if other is not row],
        precedence=precedence,
        strategy=strategy,
        fx=fx,
        mode=mode,
    )
    if isinstance(at_price, Problem):
        return at_price
    if isinstance(beyond, Problem):
        return beyond
    amount = WIDE.add(at_price.waterfall[-1].before, beyond.waterfall[-1].before)
    qty = in_price_unit(request.qty_base, row.uom_factor)
    average = round_places(settle(WIDE.divide(WIDE.multiply(amount, row.price_basis), qty)), UNIT_PRICE_DIGITS)
    parts = (*_parts_of(at_price), *_parts_of(beyond))
    steps = [
        *beyond.waterfall[:-1],
        Step(
            row.layer,
            row.list_code,
            row.version,
            at_price.unit_price,
            at_price.tier,
            beyond.waterfall[-1].before,
            amount,
            f"maximum: {plain(available)} left at this price",
        ),
    ]
    both = winner._replace(amount=amount, unit_price=average, parts=parts)
    return _finish(request, both, steps=steps, losers=beyond.losers, adjustments=adjustments, mode=mode)


def _parts_of(priced: PricedLine) -> tuple[Part, ...]:
    return priced.parts or (Part(priced.qty, priced.uom, priced.unit_price, priced.price_basis, priced.list_code),)


def _less_taken(row: PriceRow, taken: Decimal | None) -> PriceRow:
    if row.available is None or not taken:
        return row
    return replace(row, available=max(ZERO, row.available - taken))


def _note_taken(
    taken: dict[tuple[UUID, UUID], Decimal], *, request: PriceRequest, limited: Iterable[PriceRow], answer: PricedLine
) -> None:
    """Adds what the answer draws from limited rows, in base units."""
    for row in limited:
        drawn = [part.qty for part in _parts_of(answer) if part.list_code == row.list_code]
        if drawn:
            num, den = row.uom_factor
            base = settle(WIDE.divide(WIDE.multiply(sum(drawn, ZERO), Decimal(num)), Decimal(den)))
            key = (row.list_id, request.product_id)
            taken[key] = taken.get(key, ZERO) + base
