"""Which running instances will miss the promise of the order that they are about, at the pace of the past."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tradewind.fulfilment.queries import order_of_shipment
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader
from tradewind.orchestration.commands.streams import graph_of
from tradewind.orchestration.decide.forecast import Ahead, Place, Reason, forecast
from tradewind.orchestration.decide.state_json import from_json
from tradewind.orchestration.model import State
from tradewind.orchestration.queries.instances import Filter, Instance, find_instances, waiting_since
from tradewind.orchestration.queries.monitor import paces
from tradewind.orders.queries import earliest_promises
from tradewind.streams.language import read_expression

CHUNK = 500
MOST = 5_000  # live instances of a stream that one look takes in, the oldest first


@dataclass(frozen=True, slots=True)
class Risk:
    """An instance that will end after its promise: by how much, and what takes longest until then."""

    instance: Instance
    promised_at: datetime
    expected_at: datetime
    reasons: tuple[Reason, ...]

    @property
    def late_by(self) -> timedelta:
        return self.expected_at - self.promised_at


def at_risk(reader: Reader, stream: str, *, pace: str = "p90", ahead: timedelta = timedelta()) -> list[Risk]:
    """Live instances of a stream about orders or shipments that come to their end later than `ahead` before the promise; those
    that will be latest first."""
    ways: dict[int, Ahead] = {}
    found: list[Risk] = []
    for page in _pages(reader, stream):
        promised = _promises(reader, page)
        concerned = [one for one in page if one.id in promised]
        since = waiting_since(reader, [one.id for one in concerned])
        for one in concerned:
            way = ways.get(one.version)
            if way is None:
                graph = graph_of(reader, stream, one.version, expressions=read_expression)
                way = ways[one.version] = Ahead(graph, paces(reader, stream), pace)
            seen = forecast(way, _places(one, since), now=reader.now)
            if seen.expected_at > promised[one.id] - ahead:
                found.append(Risk(one, promised[one.id], seen.expected_at, seen.reasons))
    return sorted(found, key=lambda one: (one.late_by, one.instance.id), reverse=True)


def _pages(reader: Reader, stream: str) -> Iterator[list[Instance]]:
    after: UUID | None = None
    for _ in range(MOST // CHUNK):
        page = find_instances(reader, Filter(stream), after=after, limit=CHUNK)
        if page:
            yield page
        if len(page) < CHUNK:
            return
        after = page[-1].id


def _promises(reader: Reader, page: Sequence[Instance]) -> dict[UUID, datetime]:
    """What was promised of the order that each instance is about, by instance."""
    shipments = order_of_shipment(reader, [one.subject_id for one in page if one.subject_type == "shipment"])
    orders = {one.id: one.subject_id for one in page if one.subject_type == "sales_order"}
    orders |= {one.id: shipments[one.subject_id] for one in page if one.subject_id in shipments}
    dates = earliest_promises(reader, orders.values())
    return {instance: dates[order] for instance, order in orders.items() if order in dates}


def _places(one: Instance, since: Mapping[tuple[UUID, int], tuple[str, datetime, datetime | None]]) -> list[Place]:
    """Where the tokens of an instance wait; one that stands for what runs inside it is left out."""
    state = from_json(one.state)
    if isinstance(state, Problem):
        state = State()
    hosts = {scope.token for scope in state.scopes}
    places: list[Place] = []
    for token in state.tokens:
        if token.id not in hosts:
            _, began, due_at = since.get((one.id, token.id), ("", one.moved_at, None))
            places.append(Place(token.node, began, due_at))
    return places
