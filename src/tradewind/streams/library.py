"""The registry of value streams: a dict literal anybody can read."""

from collections.abc import Mapping
from importlib.resources import files

from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.steps import Stream
from tradewind.orchestration.commands.streams import publish
from tradewind.rules.decide.feel import read_expression
from tradewind.streams import assess, release, take
from tradewind.streams.order_locks import lock_orders
from tradewind.streams.order_work import open_orders


def diagram(code: str) -> bytes:
    """The diagram a stream ships with."""
    return files("tradewind.streams").joinpath(f"{code}.bpmn").read_bytes()


ORDER_TO_RELEASE = Stream(
    code="order_to_release",
    name="Order to release",
    subject_type="sales_order",
    bpmn=diagram("order_to_release"),
    steps={step.name: step for step in (assess.STEP, take.TAKE, take.GIVE_BACK, release.CONFIRM, release.RELEASE)},
    open=open_orders,
    lock=lock_orders,
)

STREAMS: Mapping[str, Stream] = {stream.code: stream for stream in (ORDER_TO_RELEASE,)}


def publish_streams(tx: Tx) -> int:
    """Publish every stream whose diagram is new; gives how many were."""
    return sum(
        publish(tx, stream.code, name=stream.name, bpmn=stream.bpmn, expressions=read_expression)
        for stream in STREAMS.values()
    )
