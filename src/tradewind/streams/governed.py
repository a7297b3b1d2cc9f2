"""Published tables asked about a set of orders: which ones govern each, what they may ask, and every decision kept for the log.

Where nothing is published there is no `Governed`, and nothing is asked or read. Every point is decided by the version that is in
force at the instant of the transaction (`reader.now`), in a preview as in placing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.approvals.queries.history import Asking, known_places, past_of
from tradewind.approvals.queries.requests import categories_of
from tradewind.catalog.model import Product
from tradewind.catalog.queries import products_by_id
from tradewind.credit.commands import RuledOver, let_over_by_rule
from tradewind.fulfilment.decide import SiteChoice
from tradewind.kernel.tx import Reader, Tx
from tradewind.orders.commands.warnings import Warned, keep_warnings
from tradewind.rules.commands.decisions import record
from tradewind.rules.decide.govern import Governing, Published
from tradewind.rules.model import RuleDecision, Ruling, Scope
from tradewind.rules.queries.published import published_tables
from tradewind.streams.approval_facts import floors_of
from tradewind.streams.decision_points import POINTS
from tradewind.streams.governed_facts import (
    CATEGORIES,
    FLOORS,
    HISTORY,
    PLACES,
    PRODUCTS,
    Asked,
    FactsRead,
    line_facts,
    order_facts,
)
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset

ORDER = "order"
Key = tuple[str, UUID, int | None, UUID, object]


@dataclass(frozen=True, slots=True)
class LineSites:
    """Where a table lets a line come from: how its sites are chosen, and the only ones, where it names any."""

    choice: SiteChoice
    only: frozenset[UUID] | None


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """How a table wants an order's credit checked: `limit`, `hold` or `ignore conduct`, and by how many percent it may be over."""

    decision: str
    text: str
    over: Decimal
    ruling: Ruling


@dataclass(slots=True)
class Governed:
    """What is published, for one turn over a set of orders: what was read for it, and what was decided so far."""

    published: Published
    at: datetime
    read: FactsRead = field(default_factory=FactsRead)
    products: Mapping[UUID, Product] = field(default_factory=dict)
    decided: dict[Key, RuleDecision] = field(default_factory=dict)
    sites: dict[tuple[UUID, int], LineSites] = field(default_factory=dict)
    sited: set[tuple[object, ...]] = field(default_factory=set)
    warned: dict[UUID, Warned] = field(default_factory=dict)
    risks: dict[UUID, tuple[Decimal, list[str]]] = field(default_factory=dict)
    terms: dict[UUID, CreditTerms] = field(default_factory=dict)
    signed: dict[tuple[UUID, int], tuple[UUID, UUID]] = field(default_factory=dict)
    let_over: list[RuledOver] = field(default_factory=list)
    _asked_past: set[UUID] = field(default_factory=set)

    def has(self, point: str) -> bool:
        """Whether anything is published for a point."""
        return point in self.published.points

    def tables(self, point: str, work: OrderWork, lines: Collection[LineWork]) -> list[Governing]:
        """The tables that govern an order or these lines of it, each once: for every category the most specific one."""
        if not self.has(point):
            return []
        categories = {self.read.categories.get(one.line.product_id) or "" for one in lines} or {""}
        found = [self._table(point, work, category) for category in sorted(categories)]
        return list({table.rule_set_id: table for table in found if table is not None}.values())

    def _table(self, point: str, work: OrderWork, category: str) -> Governing | None:
        account = work.account
        scope = Scope(account.segment or "", category, account.region or "", work.header.channel)
        return self.published.governing(point, scope, self.at)

    def ask(self, point: str, asked: Asked, *, part: object = None) -> list[Ruling]:
        """What the tables of a point say of an order: one that is in force for everybody, or those of its categories. `part`:
        what of the order it is about, where it is asked more than once of it."""
        rulings: list[Ruling] = []
        for table in self.tables(point, asked.work, asked.work.lines):
            ruling = table.decide(order_facts(asked, names_of(table)))
            self.decided[point, asked.work.id, None, table.rule_set_id, part] = RuleDecision(
                ruling, ORDER, asked.work.id
            )
            rulings.append(ruling)
        return rulings

    def ask_line(self, point: str, asked: Asked, one: LineWork) -> Ruling | None:
        """What the table of a point says of a line; None where none governs it."""
        for table in self.tables(point, asked.work, (one,)):
            names = names_of(table)
            ruling = table.decide({**order_facts(asked, names), **line_facts(asked, one, names)})
            key = (point, asked.work.id, one.line.line_no, table.rule_set_id, None)
            self.decided[key] = RuleDecision(ruling, ORDER, asked.work.id, one.line.line_no)
            return ruling
        return None

    @property
    def over(self) -> dict[UUID, Decimal]:
        """By how many percent orders may be over their limits; only where somebody wrote that and somebody else reviewed it."""
        return {
            order_id: one.over
            for order_id, one in self.terms.items()
            if one.over and (one.ruling.rule_set_id, one.ruling.version) in self.signed
        }

    def write(self, tx: Tx) -> None:
        """Keep what was decided and warned of since it was last written: a statement each, none for nothing."""
        record(tx, list(self.decided.values()))
        keep_warnings(tx, list(self.warned.values()))
        let_over_by_rule(tx, self.let_over)
        self.decided.clear()
        self.warned.clear()
        self.let_over.clear()

    # ---- what must be read -----------------------------------------------------------------------------------------

    def read_categories(self, reader: Reader, workset: OrderWorkset, works: Iterable[OrderWork]) -> None:
        """The items and their categories, where a table is for one or asks for them."""
        self.products = workset.products
        if any(PRODUCTS & set(names_of(one)) for one in self._ours()):
            unread = {one.line.product_id for work in works for one in work.lines} - workset.products.keys()
            workset.products.update(products_by_id(reader, unread) if unread else {})
        if any(one.scope.category or CATEGORIES & set(names_of(one)) for one in self._ours()):
            missing = {one.line.product_id for work in works for one in work.lines} - self.read.categories.keys()
            if missing:
                self.read.categories.update(categories_of(reader, missing))

    def read_past(self, reader: Reader, workset: OrderWorkset, works: Sequence[OrderWork]) -> None:
        """The history and the floors that the tables of these orders ask for: a statement a kind of fact, none for the rest."""
        names = {work.id: self._names(work) for work in works if work.id not in self._asked_past}
        self._asked_past |= names.keys()

        def asking(kind: frozenset[str]) -> list[OrderWork]:
            return [work for work in works if names.get(work.id, frozenset()) & kind]

        self.read.past.update(past_of(reader, [_asking(work) for work in asking(HISTORY)]))
        places = [
            (_asking(work), group.ship_to.address_id)
            for work in asking(PLACES)
            for group in work.groups
            if group.ship_to.address_id is not None
        ]
        self.read.places |= known_places(reader, places)
        if works := asking(FLOORS):
            self.read.floors.update(floors_of(reader, workset, works))

    def _ours(self) -> list[Governing]:
        return [one for one in self.published.tables if one.point in POINTS and one.holds(self.at)]

    def _names(self, work: OrderWork) -> frozenset[str]:
        tables = [table for point in POINTS for table in self.tables(point, work, work.lines)]
        return frozenset(name for table in tables for name in names_of(table))


def _asking(work: OrderWork) -> Asking:
    return Asking(work.id, work.account.id, work.header.placed_at, work.header.currency)


def names_of(table: Governing) -> tuple[str, ...]:
    """The facts a table asks for."""
    return () if table.compiled is None else tuple(table.compiled.plan.inputs)


def govern(reader: Reader, workset: OrderWorkset) -> Governed | None:
    """What is published, kept with the working copies for this turn; None, and no statement, where nothing is."""
    if workset.governed is None:
        published = published_tables(reader)
        if published is None or not published.points & POINTS.keys():
            return None
        workset.governed = Governed(published, reader.now)
    return workset.governed


def answer(rulings: Iterable[Ruling | None], name: str) -> object:
    """The first answer of this name; None where no table gave one."""
    for ruling in rulings:
        for one in ruling.answers if ruling is not None else ():
            if one.get(name) is not None:
                return one[name]
    return None


def number(value: object) -> Decimal | None:
    """An answer as a number; what is none counts as not given."""
    return value if isinstance(value, Decimal) and value.is_finite() else None


def word(value: object) -> str:
    """An answer as text, without spaces around; empty where it is none."""
    return value.strip() if isinstance(value, str) else ""


def names_in(value: object) -> tuple[str, ...]:
    """Several words in a text with commas between, or a list of texts."""
    parts = value if isinstance(value, list) else word(value).split(",")
    return tuple(found for one in parts if (found := word(one)))


def is_broken(ruling: Ruling) -> bool:
    """Whether a table could not answer (two rows of a unique one, a value of another type): what cannot be judged is not passed."""
    return bool(ruling.findings) and not ruling.answers


def source_of(ruling: Ruling) -> dict[str, object]:
    """Where a finding comes from, for its detail."""
    return {
        "rule": ruling.code,
        "version": ruling.version,
        "point": ruling.point,
        "rows": [hit.number for hit in ruling.hits],
    }
