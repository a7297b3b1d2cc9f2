"""The registry of value streams: a dict literal anybody can read."""

from collections.abc import Mapping
from importlib.resources import files

from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.steps import Stream
from tradewind.orchestration.commands.streams import publish
from tradewind.streams import approval_late, assess, dunning, invoices, quotes, release, returns, shipments, take
from tradewind.streams.language import read_expression
from tradewind.streams.order_locks import lock_orders
from tradewind.streams.order_work import open_orders
from tradewind.streams.rule_tasks import ask_rules, kept_of
from tradewind.streams.shipment_work import lock_for_shipments, open_shipments


def diagram(code: str) -> bytes:
    """The diagram a stream ships with."""
    return files("tradewind.streams").joinpath(f"{code}.bpmn").read_bytes()


ORDER_TO_RELEASE = Stream(
    code="order_to_release",
    name="Order to release",
    subject_type="sales_order",
    decisions=ask_rules,
    keep_decisions=kept_of("sales_order"),
    bpmn=diagram("order_to_release"),
    steps={
        step.name: step
        for step in (
            assess.STEP,
            take.TAKE,
            take.GIVE_BACK,
            approval_late.REMIND,
            approval_late.EXPIRE,
            release.CONFIRM,
            release.RELEASE,
        )
    },
    open=open_orders,
    lock=lock_orders,
)

GOODS_TO_RELEASE = Stream(
    code="goods_to_release",
    name="Goods to release",
    subject_type="sales_order",
    decisions=ask_rules,
    keep_decisions=kept_of("sales_order"),
    bpmn=diagram("goods_to_release"),
    steps={release.RELEASE.name: release.RELEASE},
    open=open_orders,
    lock=lock_orders,
)
SHIPMENT_TO_INVOICE = Stream(
    code="shipment_to_invoice",
    name="Shipment to invoice",
    subject_type="shipment",
    decisions=ask_rules,
    keep_decisions=kept_of("shipment"),
    bpmn=diagram("shipment_to_invoice"),
    steps={step.name: step for step in (shipments.BOOK, shipments.INVOICE)},
    open=open_shipments,
    lock=lock_for_shipments,
)
INVOICE_TO_CASH = Stream(
    code="invoice_to_cash",
    name="Invoice to cash",
    subject_type="invoice",
    decisions=ask_rules,
    keep_decisions=kept_of("invoice"),
    bpmn=diagram("invoice_to_cash"),
    steps={step.name: step for step in (invoices.MARK_OVERDUE, invoices.SETTLE)},
    open=invoices.open_invoices,
    lock=invoices.lock_for_invoices,
)
QUOTE_TO_ORDER = Stream(
    code=quotes.STREAM,
    name="Quote to order",
    subject_type="quote",
    decisions=ask_rules,
    keep_decisions=kept_of("quote"),
    bpmn=diagram(quotes.STREAM),
    steps={step.name: step for step in (quotes.FOLLOW, quotes.REMIND, quotes.EXPIRE)},
    open=quotes.open_quotes,
    lock=quotes.lock_nothing,
)
DUNNING = Stream(
    code=dunning.STREAM,
    name="Dunning",
    subject_type="account",
    decisions=ask_rules,
    keep_decisions=kept_of("account"),
    bpmn=diagram(dunning.STREAM),
    steps={dunning.ASK.name: dunning.ASK},
    open=dunning.open_debtors,
    lock=dunning.lock_nothing,
)
RETURN_TO_CREDIT = Stream(
    code=returns.STREAM,
    name="Return to credit",
    subject_type="return",
    decisions=ask_rules,
    keep_decisions=kept_of("return"),
    bpmn=diagram(returns.STREAM),
    steps={step.name: step for step in (returns.FOLLOW, returns.EXPIRE)},
    open=returns.open_returns,
    lock=returns.lock_nothing,
)

STREAMS: Mapping[str, Stream] = {
    stream.code: stream
    for stream in (
        ORDER_TO_RELEASE,
        GOODS_TO_RELEASE,
        SHIPMENT_TO_INVOICE,
        INVOICE_TO_CASH,
        QUOTE_TO_ORDER,
        DUNNING,
        RETURN_TO_CREDIT,
    )
}


def publish_streams(tx: Tx) -> int:
    """Publish every stream whose diagram is new; gives how many were."""
    return sum(
        publish(tx, stream.code, name=stream.name, bpmn=stream.bpmn, expressions=read_expression)
        for stream in STREAMS.values()
    )
