"""What is replayed, and on which company."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tradewind.app.replay.company import Table, company, price_tables, reference_of, shelved, supply_table
from tradewind.channels.decide.history import (
    Document,
    DocumentKind,
    PriceList,
    ReturnMatch,
    SentBack,
    ShortPlan,
    Tier,
    learn_price_lists,
    match_returns,
    opening_stock,
    places_of,
    plan_short_stock,
    price_for,
    sent_back,
)
from tradewind.channels.decide.history import Mapping as FileMapping
from tradewind.channels.replay import Story
from tradewind.desk.stock import Receipt
from tradewind.kernel.problem import refuse

SHORT_SEED = 1
Lists = tuple[PriceList, PriceList]


@dataclass(frozen=True, slots=True)
class Plan:
    """The documents of a replay with the company they meet. `lists` and `short` only where prices were learnt. Not parallel
    where what comes in must be given out before the next order is placed."""

    name: str
    documents: Sequence[Document]
    tables: Mapping[str, Table]
    story: Story
    matches: Sequence[ReturnMatch]
    is_parallel: bool
    lists: Lists | None = None
    last_resort: PriceList | None = None
    short: ShortPlan | None = None


def of_kind(documents: Iterable[Document], kind: DocumentKind) -> list[Document]:
    """Those of one kind."""
    return [document for document in documents if document.kind is kind]


def exact_plan(documents: Sequence[Document], mapping: FileMapping, *, pay: bool) -> Plan:
    """All of it, priced as it says, with enough of everything on the shelf."""
    stock = shelved(opening_stock(documents), documents, mapping)
    matches, returns = _returns(documents)
    story = Story({sku: site for sku, site, _ in stock}, returns, pay=pay)
    return Plan(
        "exact",
        documents,
        company(documents, stock, mapping, price_policy="document"),
        story,
        matches,
        is_parallel=True,
    )


def _returns(documents: Sequence[Document]) -> tuple[tuple[ReturnMatch, ...], dict[str, tuple[SentBack, ...]]]:
    orders, returns = of_kind(documents, DocumentKind.ORDER), of_kind(documents, DocumentKind.RETURN)
    matches = match_returns(returns, orders)
    by_number, places = {match.document: match for match in matches}, places_of(orders)
    return matches, {one.number: sent_back(one, by_number[one.number], places) for one in returns}


def short_plan(documents: Sequence[Document], mapping: FileMapping) -> Plan:
    """The last month, priced from what the months before teach, on a shelf that runs short."""
    months = sorted({_month(document, mapping) for document in documents})
    if len(months) < 2:
        raise refuse(
            "channels.too_little_history", "the plan short needs a month to learn prices from and one to replay"
        )
    past = [document for document in documents if _month(document, mapping) != months[-1]]
    now = [document for document in documents if _month(document, mapping) == months[-1]]
    if not of_kind(now, DocumentKind.ORDER):
        raise refuse("channels.too_little_history", "the last month of the file has no orders")
    lists = learn_price_lists(past, cash_account=mapping.cash_account)
    rest = last_resort(now, lists, mapping, code=f"{now[-1].at.astimezone(mapping.zone):%B}".upper())
    short = plan_short_stock(now, seed=SHORT_SEED)
    stock = shelved(short.opening, now, mapping)
    sites = {sku: site for sku, site, _ in stock}
    sold = {line.sku for document in now for line in document.lines}
    known = [PriceList(one.code, {sku: tiers for sku, tiers in one.tiers.items() if sku in sold}) for one in lists]
    tables = company(now, stock, mapping, price_policy="list")
    tables |= price_tables([*known, rest], mapping, cash_list=lists[1].code)
    tables |= {"inbound_supply": supply_table(short.receipts, sites)}
    receipts = tuple(
        (one.at, Receipt(sites[one.sku], one.sku, one.qty, supply=reference_of(one))) for one in short.receipts
    )
    matches, returns = _returns(now)
    story = Story(sites, returns, receipts)
    return Plan("short", now, tables, story, matches, is_parallel=False, lists=lists, last_resort=rest, short=short)


def _month(document: Document, mapping: FileMapping) -> tuple[int, int]:
    at = document.at.astimezone(mapping.zone)
    return at.year, at.month


def last_resort(documents: Iterable[Document], lists: Lists, mapping: FileMapping, *, code: str) -> PriceList:
    """A list for the items that no list prices for who buys them, so that nothing is dropped: the price that most of their
    lines were charged, the lower one on a tie. An item that was only given away costs nothing there."""
    seen: defaultdict[str, Counter[Decimal]] = defaultdict(Counter)
    for document in of_kind(documents, DocumentKind.ORDER):
        for line in document.lines:
            if not _listed(document, line.sku, line.qty, lists, mapping):
                seen[line.sku][line.unit_price] += 1
    tiers: dict[str, tuple[Tier, ...]] = {}
    for sku in sorted(seen):
        price, lines = min(seen[sku].items(), key=lambda item: (not item[0], -item[1], item[0]))
        tiers[sku] = (Tier(Decimal(1), price, lines, seen[sku].total()),)
    return PriceList(code, tiers)


def _listed(document: Document, sku: str, qty: Decimal, lists: Lists, mapping: FileMapping) -> bool:
    found = price_for(lists, customer=document.customer, cash_account=mapping.cash_account, sku=sku, qty=qty)
    return found is not None
