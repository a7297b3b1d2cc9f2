"""The data dictionary of decision tables: where the house asks one, what the table may ask back, and what it may answer.

A table of a point that answers nothing changes nothing. Facts of the history and of floors are read only where a table in
force asks for them. Every number is a decimal; amounts are in the order's currency.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from tradewind.rules.model import DecisionPoint, Fact

_WHO = (
    Fact("account", "string", "code of the account that ordered", "ALMA"),
    Fact("account status", "string", "active, blocked or closed", "active"),
    Fact("segment", "string", "segment of the account", "key account"),
    Fact("region", "string", "sales region of the account", "north"),
    Fact("currency", "string", "currency of the order", "EUR"),
    Fact("channel", "string", "how the order came: api, web, edi, file, agent, …", "edi"),
    Fact("payment terms", "string", "code of the payment terms", "NET30"),
    Fact("net days", "number", "days to pay", Decimal(30)),
    Fact("prepay percent", "number", "share that the account pays before, in percent", Decimal(0)),
    Fact("has buyer order number", "boolean", "whether the buyer gave a number of their own", example=True),
    Fact("priority", "number", "priority of the account; lower is served first", Decimal(5)),
    Fact("asked ship policy", "string", "what was asked for: partial, line_complete or ship_complete", "partial"),
    Fact("line count", "number", "lines of which anything is left", Decimal(3)),
    Fact("items", "list", "item numbers of the lines", ["CUP", "TEA"]),
    Fact("categories", "list", "categories of the items", ["tableware"]),
    Fact("ship to", "string", "code of the first place it goes to", "HQ"),
    Fact("ship to country", "string", "country of that place", "DE"),
    Fact("ship to region", "string", "region of that place", "BY"),
    Fact("ship to countries", "list", "every country it goes to", ["DE", "AT"]),
    Fact("days to requested date", "number", "days from placing to the first requested date; null without one", Decimal(3)),
    Fact("is change", "boolean", "whether the order was changed after it was placed", example=False),
    Fact("data confidence", "number", "share of lines about which nothing was unclear on reading, in percent", Decimal(100)),
)  # fmt: skip
_WORTH = (
    Fact("order total", "number", "total with tax and charges", Decimal("118.99")),
    Fact("order net", "number", "sum of the lines", Decimal("99.99")),
    Fact("charges", "number", "freight, fees and other charges", Decimal("4.90")),
)
_PAST = (
    Fact("first order", "boolean", "whether the account never ordered before", example=False),
    Fact("orders in 90 days", "number", "orders of the account in the 90 days before this one", Decimal(12)),
    Fact("value in 90 days", "number", "what these came to, with tax", Decimal("14250.00")),
    Fact("average order value", "number", "what one of them came to; null without any", Decimal("1187.50")),
    Fact("largest order value", "number", "the largest of them; null without any", Decimal("3400.00")),
    Fact("times the average", "number", "the total by that average; null without any", Decimal("2.4")),
    Fact("new ship to", "boolean", "whether nothing went to one of its places in the year before", example=False),
)
_MARGIN = (
    Fact("below floor", "boolean", "whether a line is priced below the floor lists", example=False),
    Fact("floor percent", "number", "the largest share a line lies below its floor, in percent", Decimal(0)),
    Fact(
        "margin percent", "number", "what the lines with a floor bring above it, in percent; null without", Decimal(18)
    ),
)
_CREDIT = (
    Fact("has limit", "boolean", "whether a credit limit stands above the account", example=True),
    Fact(
        "credit used percent", "number", "exposure with this order, in percent of the limit; null without", Decimal(74)
    ),
    Fact(
        "credit over percent", "number", "by how much the limit would be passed, in percent of it; 0 within", Decimal(0)
    ),
    Fact("payments overdue", "boolean", "whether the account's credit policy minds how it pays now", example=False),
    Fact("prepaid", "boolean", "whether what it has paid and not used covers the order", example=False),
)
_RISK = (
    Fact("risk score", "number", "what the risk tables came to, 0 to 100; null where there is none", Decimal(35)),
    Fact("risk reasons", "list", "their reasons", ["three times the average order"]),
)
_LINE = (
    Fact("line", "number", "number of the line", Decimal(1)),
    Fact("item", "string", "item number", "CUP"),
    Fact("item name", "string", "its name", "Cup"),
    Fact("category", "string", "category of the item", "tableware"),
    Fact("item status", "string", "active, discontinued or blocked", "active"),
    Fact("stocked", "boolean", "whether it is kept in stock; a service is not", example=True),
    Fact("quantity", "number", "what is left of it, in base units", Decimal(144)),
    Fact("ordered quantity", "number", "as ordered", Decimal(12)),
    Fact("unit", "string", "the ordered unit", "CS"),
    Fact("line ship to country", "string", "where this line goes", "DE"),
    Fact("line ship to region", "string", "region of that place", "BY"),
    Fact("days to line date", "number", "days from placing to its requested date; null without one", Decimal(3)),
)
_LINE_WORTH = (
    Fact("line amount", "number", "what the line comes to, net", Decimal("39.99")),
    Fact("unit price", "number", "our price for one of the ordered unit", Decimal("3.333")),
    Fact("stated price", "number", "the price the buyer's document states for one; null without", Decimal("3.30")),
    Fact("price difference percent", "number", "stated less ours, in percent of ours; null without", Decimal("-0.99")),
)
_EFFECT = Fact("effect", "string", "what it does", "warn", ("info", "warn", "hold", "reject"))
_TEXT = Fact("text", "string", "what is said; buyers read it", "orders of this size need a delivery slot")
_REASON = Fact("reason", "string", "why, for those who read the decision", "new account")
_CODE = Fact("code", "string", "a word of its own for the finding; without it one is made of the text", "no_slot")
_SAYS = (
    _EFFECT,
    _TEXT,
    _CODE,
    Fact("hold kind", "string", "what kind of hold; data where nothing is said", "data",
         ("data", "price", "address", "fraud", "customer", "stock")),
)  # fmt: skip


def _point(code: str, title: str, meaning: str, inputs: tuple[Fact, ...], outputs: tuple[Fact, ...]) -> DecisionPoint:
    return DecisionPoint(code, title, meaning, inputs, outputs)


POINTS: Mapping[str, DecisionPoint] = MappingProxyType(
    {
        point.code: point
        for point in (
            _point(
                "order.acceptance",
                "Acceptance",
                "Whether an order is taken at all: by itself, after a person looked, or not.",
                _WHO + _WORTH + _PAST + _MARGIN,
                (
                    Fact("decision", "string", "accept, hold for a person, refuse", "hold", ("accept", "hold", "refuse")),
                    _TEXT,
                ),
            ),
            _point(
                "order.validation",
                "Checks of an order",
                "What is said of an order, and what that does to it. A refusal of an order that was placed before holds it.",
                _WHO + _WORTH + _PAST + _MARGIN,
                _SAYS,
            ),
            _point(
                "line.validation",
                "Checks of a line",
                "What is said of each line, and what that does to it.",
                _WHO + _LINE + _LINE_WORTH,
                _SAYS,
            ),
            _point(
                "order.risk",
                "Risk",
                "Points for what makes an order risky; they are added up, at least 0 and at most 100.",
                _WHO + _WORTH + _PAST + _MARGIN + _CREDIT,
                (Fact("points", "number", "added to the score", Decimal(20)), _REASON),
            ),
            _point(
                "order.approval",
                "Approvals",
                "Who must approve beside what approval policies and the account's own amount ask for. It adds, it never takes away.",
                _WHO + _WORTH + _PAST + _MARGIN + _CREDIT + _RISK,
                (
                    Fact("tier", "string", "the role that approves; auto asks nobody", "sales",
                         ("auto", "approver", "sales", "credit_desk", "accounting", "analyst", "admin", "buyer_approver")),
                    Fact("people", "number", "how many of them; 1 where nothing is said", Decimal(1)),
                    _REASON,
                ),
            ),
            _point(
                "order.credit",
                "Credit",
                "How an order is checked: as the limit says, held whatever the limit says, or let over it by some percent of it. "
                "What is let over is an override in the names of who wrote and who reviewed the table.",
                _WHO + _WORTH + _PAST + _CREDIT + _RISK,
                (
                    Fact("decision", "string", "limit: as agreed; hold: the credit desk decides; ignore conduct: how the account "
                         "pays does not stop it, the limit does", "limit", ("limit", "hold", "ignore conduct")),
                    Fact("over percent", "number", "how far over the limit, in percent of it, at most 50", Decimal(5)),
                    _TEXT,
                ),
            ),
            _point(
                "line.price_tolerance",
                "Price tolerance",
                "How far the price a buyer's document states may be off ours, and whose price then counts.",
                _WHO + _LINE + _LINE_WORTH,
                (
                    Fact("take", "string", "whose price counts within", "ours", ("ours", "buyers", "lower")),
                    Fact("up percent", "number", "how far theirs may be above ours", Decimal(5)),
                    Fact("up amount", "number", "the same as an amount of the line", Decimal(20)),
                    Fact("down percent", "number", "how far theirs may be below ours", Decimal(2)),
                    Fact("down amount", "number", "the same as an amount of the line", Decimal(5)),
                ),
            ),
            _point(
                "line.sourcing",
                "Sourcing",
                "Where a line may come from, and how its sites are chosen.",
                _WHO + _LINE + (Fact("sites", "list", "codes of the sites that ship there", ["N", "S"]),),
                (
                    Fact("strategy", "string", "fewest: as few sites as can be; nearest: fewest days first; cheapest: line by line "
                         "the cheapest; one site: one or none", "nearest", ("fewest", "nearest", "cheapest", "one site")),
                    Fact("only", "string", "codes of the sites it may come from, with commas between", "N, S"),
                    Fact("prefer", "string", "codes of the sites asked first", "S"),
                    Fact("avoid", "string", "codes of the sites asked last", "N"),
                ),
            ),
            _point(
                "order.shipping",
                "Shipping",
                "What may leave separately; asked whenever goods could go to a warehouse.",
                _WHO + _WORTH + (
                    Fact("group", "number", "number of the delivery group", Decimal(1)),
                    Fact("ready amount", "number", "what could leave now, net", Decimal(80)),
                    Fact("ready percent", "number", "the same in percent of what is still to leave", Decimal(40)),
                    Fact("days since placed", "number", "whole days since it was placed", Decimal(2)),
                ),
                (
                    Fact("ship policy", "string", "what may leave separately", "ship_complete",
                         ("partial", "line_complete", "ship_complete")),
                    Fact("minimum part", "number", "a part below that amount waits for more", Decimal(50)),
                ),
            ),
            _point(
                "line.substitution",
                "Substitution",
                "Whether something else is sent for an item that is not sold any more.",
                _WHO + _LINE,
                (
                    Fact("consent", "string", "never; ask: the buyer accepts it; automatic", "ask", ("never", "ask", "automatic")),
                    Fact("price", "string", "at its own price, or the original's", "own", ("own", "original")),
                ),
            ),
            _point(
                "order.mutation",
                "Added fees",
                "A fee that is added to an order when it is placed; it is shown as a charge, and as added by a rule.",
                (*_WHO, Fact("order net", "number", "sum of the lines", Decimal("99.99"))),
                (
                    Fact("fee", "string", "code of the charge", "SMALL_ORDER"),
                    Fact("amount", "number", "what it comes to", Decimal("9.90")),
                    _TEXT,
                ),
            ),
        )
    }
)  # fmt: skip
"""What a table can be published for."""
