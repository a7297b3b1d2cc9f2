"""A company's past, read from one file of historic invoice lines and made ready for `tradewind replay`.

    mapping = mapping_from(toml_text)              what the columns mean: data, not code
    read_documents(lines, mapping)                 orders, adjustments and returns; every bad row a finding
    master_data(documents, mapping)                the products, accounts and charge codes they speak of
    opening_stock(documents)                       what must lie on the shelf so that everything allocates
    plan_short_stock(documents, seed=…)            a shelf that runs short, and the receipts that end it
    learn_price_lists(documents, …)                lists with quantity tiers, learnt from what was charged
    match_returns(returns, sales)                  each credit line tied to the sale lines it returns
    batches(documents, zone=…)                     the documents in time, cut into what one transaction holds
    draft_of(document)                             the order a historic document stands for
    sent_back(document, match, places)             a credit note as what comes back of which order line
    summarise(items, matches, mapping)             counts and sums, as strings

Everything here is a pure function. Invariant: rows in = rows in documents + rows in findings.
"""

from tradewind.channels.decide.history.mapping import charge_for, mapping_from
from tradewind.channels.decide.history.masterdata import master_data
from tradewind.channels.decide.history.model import (
    AccountRecord,
    ChargeCode,
    ChargeKind,
    Document,
    DocumentCharge,
    DocumentKind,
    DocumentLine,
    DocumentRule,
    Finding,
    House,
    Mapping,
    MasterData,
    ProductRecord,
)
from tradewind.channels.decide.history.prices import (
    PriceComparison,
    PriceList,
    Tier,
    compare_prices,
    learn_price_lists,
    price_for,
    tier_for,
)
from tradewind.channels.decide.history.read import read_documents
from tradewind.channels.decide.history.returns import LineMatch, Part, ReturnMatch, match_returns
from tradewind.channels.decide.history.sendbacks import SentBack, places_of, sent_back
from tradewind.channels.decide.history.stock import (
    Receipt,
    ShortLine,
    ShortPlan,
    opening_stock,
    plan_short_stock,
    run_short,
)
from tradewind.channels.decide.history.summary import summarise
from tradewind.channels.decide.history.timeline import Batch, batches, draft_of, in_time

__all__ = [
    "AccountRecord",
    "Batch",
    "ChargeCode",
    "ChargeKind",
    "Document",
    "DocumentCharge",
    "DocumentKind",
    "DocumentLine",
    "DocumentRule",
    "Finding",
    "House",
    "LineMatch",
    "Mapping",
    "MasterData",
    "Part",
    "PriceComparison",
    "PriceList",
    "ProductRecord",
    "Receipt",
    "ReturnMatch",
    "SentBack",
    "ShortLine",
    "ShortPlan",
    "Tier",
    "batches",
    "charge_for",
    "compare_prices",
    "draft_of",
    "in_time",
    "learn_price_lists",
    "mapping_from",
    "master_data",
    "match_returns",
    "opening_stock",
    "places_of",
    "plan_short_stock",
    "price_for",
    "read_documents",
    "run_short",
    "sent_back",
    "summarise",
    "tier_for",
]
