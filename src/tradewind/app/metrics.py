"""What is measured, for `/metrics`. With PROMETHEUS_MULTIPROC_DIR set before this is imported, all processes' figures
are summed, whichever of them answers."""

import os
from collections.abc import Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tradewind.kernel.tx import Reader

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the text and say little
OURS = CollectorRegistry()

REQUESTS = Counter("tradewind_requests", "Answered requests.", ("method", "route", "status"), registry=OURS)
REQUEST_SECONDS = Histogram(
    "tradewind_request_seconds", "Time from a request's arrival to the end of its answer.", ("method", "route"),
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10), registry=OURS,
)  # fmt: skip
BATCH_ORDERS = Histogram(
    "tradewind_combiner_batch_orders", "Orders combined into one transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64), registry=OURS,
)  # fmt: skip
BATCH_SECONDS = Histogram(
    "tradewind_combiner_batch_seconds", "Time of one combined transaction.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5), registry=OURS,
)  # fmt: skip
CRANK_TURNS = Counter("tradewind_crank_turns", "Turns of the crank that moved something.", registry=OURS)
CRANK_INSTANCES = Counter("tradewind_crank_instances", "Instances the crank moved.", registry=OURS)

_STATE = """
select
  (select count(*) from incident where resolved_at is null),
  (select count(*) from stream_instance where status = 'running' and wake_at <= now()),
  (select count(*) from user_task where status = 'open'),
  (select count(*) from order_hold where released_at is null),
  (select count(*) from delivery where status = 'pending'),
  (select coalesce(extract(epoch from max(now() - xact_start)), 0)::float from pg_stat_activity
   where backend_xid is not null and datname = current_database())
"""
_GAUGES = (
    ("tradewind_open_incidents", "Incidents that nobody resolved."),
    ("tradewind_ready_instances", "Instances that the crank could move now."),
    ("tradewind_open_tasks", "Tasks that wait for a person."),
    ("tradewind_open_holds", "Holds that stop an order, a group or a line."),
    ("tradewind_pending_deliveries", "What has yet to leave the house."),
    ("tradewind_log_fence_age_seconds", "Age of the oldest writing transaction; readers of the log lag as much."),
)


class _State(Collector):
    def __init__(self, values: tuple[float, ...]) -> None:
        self.values = values

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for (name, sentence), value in zip(_GAUGES, self.values, strict=True):
            yield GaugeMetricFamily(name, sentence, value)


def measure_state(reader: Reader) -> tuple[float, ...]:
    """The gauges that are read from the database, in one statement."""
    row = reader.row(_STATE)
    return tuple(float(value) for value in row or ())


def exposition(state: tuple[float, ...] | None) -> bytes:
    """The Prometheus text of everything; without gauges where the database did not answer."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER_VARIABLE):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    if state is not None:
        registry.register(_State(state))
    text = generate_latest(registry)
    return text if os.environ.get(FOLDER_VARIABLE) else generate_latest(OURS) + text


def record_request(method: str, route: str, status: int, seconds: float) -> None:
    """One answered request; `route` is the template, never the path."""
    REQUESTS.labels(method, route, status).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)


def record_batch(orders: int, seconds: float) -> None:
    """One transaction of the combiner."""
    BATCH_ORDERS.observe(orders)
    BATCH_SECONDS.observe(seconds)


def record_crank(instances: int) -> None:
    """One turn of the crank that moved `instances`."""
    CRANK_TURNS.inc()
    CRANK_INSTANCES.inc(instances)
