"""The decisions of pricing: pure functions, values in, values with reasons out."""

from tradewind.pricing.decide.document import document_price, is_stale, price_instant, reprice_policy, starts_at
from tradewind.pricing.decide.price import price_line, price_lines, with_group_tiers
from tradewind.pricing.decide.row import check_row
from tradewind.pricing.decide.tax import jurisdiction_of, rate_index, tax_lines
from tradewind.pricing.decide.tax_parts import TaxedParts, TaxPart, tax_parts
from tradewind.pricing.decide.tolerance import PriceVerdict, StatedNet, Tolerance, above_floor, compare_prices
from tradewind.pricing.decide.totals import order_totals, share
from tradewind.pricing.decide.waterfall import explain, read_waterfall, waterfall_text

__all__ = [
    "PriceVerdict",
    "StatedNet",
    "TaxPart",
    "TaxedParts",
    "Tolerance",
    "above_floor",
    "check_row",
    "compare_prices",
    "document_price",
    "explain",
    "is_stale",
    "jurisdiction_of",
    "order_totals",
    "price_instant",
    "price_line",
    "price_lines",
    "rate_index",
    "read_waterfall",
    "reprice_policy",
    "share",
    "starts_at",
    "tax_lines",
    "tax_parts",
    "waterfall_text",
    "with_group_tiers",
]
