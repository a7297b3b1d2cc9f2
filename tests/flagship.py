"""One order for three doors: its company (a contract, packs, three sites, approvers, a limit nearly used), the order as X12, as CSV
and as JSON, what people do about it, and everything that became of it."""

import re
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from live_server import within
from shop import Shop, open_shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.channels.decide.partners.answer import answer_order
from tradewind.channels.decide.partners.model import OrderStanding
from tradewind.channels.decide.partners.said import said_in
from tradewind.channels.decide.x12.drafts import to_order_draft
from tradewind.channels.decide.x12.orders import purchase_order
from tradewind.channels.decide.x12.read import read_interchanges
from tradewind.channels.edi.standing import standing_of
from tradewind.kernel.money import plain
from tradewind.kernel.tx import Database, Reader, Tx
from tradewind.streams.order_work import read_orders
from trading import interchange, segments_of

V1 = "/api/v1"
DOORS = ("x12", "csv", "json")
PO = "4500017"
PEOPLE = {
    "bea": (Kind.BUYER, "buyer"),
    "ann": (Kind.BUYER, "buyer_approver"),
    "ben": (Kind.BUYER, "buyer_approver"),
    "cem": (Kind.BUYER, "buyer_approver"),
    "eve": (Kind.BUYER, "buyer_approver"),
    "kim": (Kind.STAFF, "credit_desk"),
    "lou": (Kind.STAFF, "credit_desk"),
    "wes": (Kind.STAFF, "warehouse"),
    "ada": (Kind.STAFF, "admin"),
    "lea": (Kind.STAFF, "analyst"),
}
STOCK = {("cup", "north"): "60", ("cup", "south"): "48", ("tea", "south"): "100"}
_CONTRACT = """
insert into site (id, code, name, legal_entity_id, country, rank) values (%(west)s, 'W', 'West', %(entity)s, 'DE', 3);
insert into stock (product_id, site_id, on_hand) values (%(cup)s, %(west)s, 36);
insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type)
  values (gen_random_uuid(), %(cup)s, %(west)s, 'opening', 36, %(now)s, %(now)s, 'import');
update product set minimum_qty = 12, multiple_qty = 12 where sku = 'CUP';
update product set minimum_qty = 24, multiple_qty = 6 where sku = 'TEA';
update credit_node set credit_limit = 900 where account_id = %(alma)s;
insert into cross_reference (id, kind, account_id, number, product_id) values (gen_random_uuid(), 'customer', %(alma)s, 'MUG-9', %(cup)s);
insert into address (id, account_id, code, kind, name, street, country)
  values (gen_random_uuid(), %(alma)s, 'DEPOT', 'ship_to', 'Alma depot', 'Field 9', 'DE');
insert into price_list (id, code, name, currency, layer) values (%(contract)s, 'ALMA-26', 'Contract of Alma', 'EUR', 'agreement');
insert into price_assignment (id, list_id, scope_key, precedence, valid_from)
  values (gen_random_uuid(), %(contract)s, 'account:' || %(alma)s, 10, '2020-01-01');
insert into agreement (id, code, account_id, list_id, name, valid_from)
  values (gen_random_uuid(), 'ALMA-26', %(alma)s, %(contract)s, 'Contract of Alma', '2020-01-01');
insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from) values
  (gen_random_uuid(), %(contract)s, %(cup)s, 'EA', '{1,60,120}', '{3.2,2.95,2.8}', '2020-01-01'),
  (gen_random_uuid(), %(contract)s, %(tea)s, 'EA', '{1,24}', '{1.85,1.7}', '2020-01-01')
"""
BUYERS_POLICY = {
    "code": "ALMA-BIG", "name": "Big orders", "account": "ALMA", "condition": "total > 300", "currency": "EUR",
    "tolerance_percent": "5",
    "tiers": [
        {"name": "Budget", "any_of": [{"login": "ann", "up_to": "1000"}, {"login": "eve"}]},
        {"name": "Board", "need": 2, "any_of": [{"login": "ben"}, {"login": "cem"}, {"login": "eve"}]},
    ],
}  # fmt: skip
SELLERS_POLICY = {
    "code": "LONG", "name": "Long terms", "side": "seller", "condition": "net_days >= 30 and total > 300",
    "tiers": [{"name": "Credit desk", "any_of": [{"role": "credit_desk"}, {"role": "admin"}]}],
}  # fmt: skip
PARTNER = {
    "name": "Alma's purchasing", "account": "ALMA", "answer_minutes": 0,
    "ours": {"qualifier": "ZZ", "id": "HOUSE"}, "theirs": {"qualifier": "ZZ", "id": "BUYER"},
    "names": {"ship_tos": {"1100": "HQ", "1200": "DEPOT"}},
}  # fmt: skip


@dataclass
class Flagship:
    """The company and how it is reached. `send(who, method, path, body, key)` gives status and body; `until(what)` waits for it."""

    url: str
    keys: dict[str, str]
    send: Callable[[str, str, str, Any, str], tuple[int, Any]]
    until: Callable[[Callable[[], object]], None]
    today: datetime
    at: Callable[[str], None] = lambda _: None
    order: str = ""
    door: str = ""
    answered: int = 0

    def ask(self, who: str, method: str, path: str, body: Any = None, *, key: str = "", other: tuple[str, ...] = ()) -> Any:  # fmt: skip
        """The answer; an error only where its code is one of `other`: what a repeat of a request that was done is told."""
        status, found = self.send(who, method, V1 + path, body, key)
        assert status < 300 or found.get("code") in other, (who, path, status, found)
        return found

    def all(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """Rows as the owner reads them; a server that is being started again is waited for."""
        found: list[list[tuple[Any, ...]]] = []

        def ask() -> bool:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url, autocommit=True) as owner:
                found.append(owner.execute(sql, params or None).fetchall())
            return bool(found)

        assert within(30, ask), "PostgreSQL was not started again"
        return found[0]

    def agree(self) -> None:
        """Policies by one, published by another; a partner; and of the limit of 900 there are 450 left."""
        for writer, publisher, policy in (("ann", "ben", BUYERS_POLICY), ("lea", "ada", SELLERS_POLICY)):
            made = self.ask(writer, "POST", "/approval-policies", policy)
            self.ask(publisher, "POST", f"/approval-policies/{made['id']}/publish", {})
        self.ask("ada", "PUT", "/partners/ALMA-EDI", PARTNER)
        self.door = self.ask("ada", "POST", "/partners/ALMA-EDI/door")["address"].removeprefix(V1)
        self.ask("lou", "PUT", "/accounts/ALMA/credit-receivables", {"balance": "450"})

    # ---- the order ---------------------------------------------------------------------------------------------------

    def place(self, door: str) -> Any:
        """The order comes in by a door; what the door answers."""
        day = f"{self.today:%Y-%m-%d}"
        self.at("place")
        if door == "x12":
            found = self.ask("", "POST", self.door, x12_order(self.today))
        elif door == "csv":
            found = self.ask("bea", "POST", "/order-files?account=ALMA", csv_order(day))
        else:
            found = self.ask("bea", "POST", "/orders", json_order(day), key="order")
        self.until(lambda: self.all("select from sales_order where buyer_po = %s", PO))
        ((self.order,),) = self.all("select number from sales_order where buyer_po = %s", PO)
        return found

    def see(self) -> dict[str, Any]:
        """The order and its approvals as our own people read them now."""
        order = self.ask("ada", "GET", f"/orders/{self.order}")
        lines = range(1, len(order["lines"]) + 1)
        return {
            "order": order,
            "prices": [self.ask("ada", "GET", f"/orders/{self.order}/lines/{line}/price") for line in lines],
            "approvals": self.ask("ada", "GET", f"/orders/{self.order}/approvals"),
            "asked": {
                who: [one["order"] for one in self.ask(who, "GET", "/approvals")["approvals"]]
                for who in ("ann", "ben", "cem", "eve", "kim", "ada")
            },
        }

    # ---- what people do about it -------------------------------------------------------------------------------------

    def mend_quantity(self, qty: str) -> None:
        """The buyer takes the next right quantity."""
        self.at("mend")
        action = {"verb": "set_quantity", "line": 2, "qty": qty}
        self.ask(
            "bea", "POST", f"/orders/{self.order}/changes", {"reason": "by sixes", "actions": [action]}, key="mend"
        )

    def raise_limit(self, limit: str) -> None:
        self.at("limit")
        self.ask("lou", "PUT", "/accounts/ALMA/credit-limit", {"limit": limit, "reason": "a good year"})

    def approve(self, who: str) -> None:
        self.at(f"approve {who}")
        self.ask(who, "POST", f"/orders/{self.order}/approve", {"reason": "seen"}, other=("approvals.counted_already", "approvals.not_waiting"))  # fmt: skip

    def held_by(self) -> list[str]:
        """The codes of the holds that are open."""
        return [row[0] for row in self.all("select code from order_hold where released_at is null order by code")]

    def released(self, number: int) -> list[str]:
        """The shipments to answer, once there are so many."""
        sql = """select s.number from shipment s join site on site.id = s.site_id where s.status = 'released' order by s.number"""
        self.until(lambda: len(self.all(sql)) == number)
        return [row[0] for row in self.all(sql)]

    def ship(self, shipment: str) -> None:
        self.answered += 1
        self.at(f"ship {self.answered}")
        self.ask("wes", "POST", f"/shipments/{shipment}/answer", {"outcome": "shipped"}, other=("fulfilment.already_answered",))  # fmt: skip

    # ---- what became of it -------------------------------------------------------------------------------------------

    def sent(self, type_: str) -> list[Any]:
        """The sets of a type that were written to the partner."""
        found = []
        for (body,) in self.all("select body from partner_message where type = %s order by serial", type_):
            read = read_interchanges(bytes(body))
            found += [one for whole in read.interchanges for group in whole.groups for one in group.sets]
        return found

    def derived(self) -> tuple[Any, ...]:
        """What an 855 would say of the order now, whatever its door, to a buyer who said it as in the 850."""
        (one,) = read_interchanges(x12_order(self.today)).interchanges[0].groups[0].sets
        bought = purchase_order(one)
        drafted = to_order_draft(bought, account="ALMA")
        said = said_in(bought, drafted.draft, drafted.origins)

        def read(reader: Reader) -> OrderStanding:
            order_id = reader.value("select id from sales_order where number = %s", [self.order])
            return standing_of(read_orders(reader, [order_id]).orders[order_id])

        with closing(Database(self.url)) as database:
            found = answer_order(database.read(read), said, on=self.today.date())
        lines = [
            (one.line_no, plain(one.qty), one.uom, plain(one.price), *((ack.code, plain(ack.qty), ack.uom) for ack in one.answers))
            for one in found.lines
        ]  # fmt: skip
        return (found.code, *lines)

    def outcome(self) -> dict[str, Any]:
        """Order, shipments, invoices, stock and credit in the end."""
        return {
            **self.see(),
            "shipments": self.all(
                "select site.code, s.status, l.order_line_no, p.sku, l.qty_shipped from shipment s join site on site.id = s.site_id"
                " join shipment_line l on l.shipment_id = s.id join order_line o on o.order_id = l.order_id"
                " and o.line_no = l.order_line_no join product p on p.id = o.product_id order by site.rank, 3"
            ),
            "invoices": self.all(
                "select site.code, i.net_total, i.tax_total, i.total, array_agg((l.order_line_no, l.qty, l.unit_price, l.net)"
                " order by l.line_no)::text from invoice i join shipment s on s.id = i.shipment_id join site on site.id = s.site_id"
                " join invoice_line l on l.invoice_id = i.id group by i.id, site.id order by site.rank"
            ),
            "stock": self.all(
                "select p.sku, site.code, k.on_hand, k.reserved, k.allocated from stock k join product p on p.id = k.product_id"
                " join site on site.id = k.site_id order by 1, site.rank"
            ),
            "credit": self.all("select credit_limit, open_orders, receivables, unapplied from credit_node"),
            "decisions": self.all(
                "select s.tier_no, s.seat_no, p.login, s.policy from approval_seat s join principal p on p.id = s.person_id order by 1, 3"
            ),
            "facts": self.all(
                "select type, count(*) from event where subject_type in ('sales_order', 'invoice', 'shipment')"
                " and type not like 'stream.%' group by 1 order by 1"
            ),
        }


def open_flagship(url: str) -> tuple[Shop, dict[str, str]]:
    """Found the company in the empty database at `url`; everybody's key by first name."""
    shop = open_shop(url, stock=STOCK)

    def found(tx: Tx) -> dict[str, str]:
        ids = {**shop.id, "west": tx.ids.new(), "contract": tx.ids.new(), "now": tx.now}
        for statement in _CONTRACT.split(";\n"):
            tx.run(statement, ids)
        people = [
            NewPrincipal(kind, name, name.title(), frozenset({role}), frozenset([shop.id["alma"]] if kind == Kind.BUYER else []))
            for name, (kind, role) in PEOPLE.items()
        ]  # fmt: skip
        made = [one for one in create_principals(tx, people) if isinstance(one, UUID)]
        return {name: key.key for name, key in zip(PEOPLE, create_keys(tx, [NewKey(one, "story") for one in made]), strict=True)}  # fmt: skip

    return shop, shop.database.write(found)


# ---- the order in three forms --------------------------------------------------------------------------------------


def x12_order(today: datetime) -> bytes:
    """An 850: cases and pieces by the partner's unit codes, the buyer's item number, their number of the ship-to."""
    body = [
        f"BEG*00*SA*{PO}**{today:%Y%m%d}",
        f"DTM*002*{today:%Y%m%d}",
        "N1*ST*Alma HQ*92*1100",
        "PO1*1*10*CA*33.6*PE*BP*MUG-9",
        "PO1*2*20*EA*1.85*PE*VP*TEA",
        "PO1*3*2*EA*12*PE*VP*ENGRAVE",
        "PO1*4*2*CA*38.4*PE*BP*MUG-9",
        "N1*ST*Alma depot*92*1200",
        "CTT*4",
    ]
    return interchange(["ST*850*0001", *body, f"SE*{len(body) + 2}*0001"])


def csv_order(day: str) -> bytes:
    """The same as somebody's spreadsheet."""
    rows = [
        "PO;Article;Quantity;UoM;Unit price;Ship to;Requested date",
        f"{PO};MUG-9;10;CS;33,60;HQ;{day}",
        f"{PO};TEA;20;EA;1,85;HQ;{day}",
        f"{PO};ENGRAVE;2;EA;12,00;HQ;{day}",
        f"{PO};MUG-9;2;CS;38,40;DEPOT;{day}",
    ]
    return "\n".join([*rows, ""]).encode()


def json_order(day: str) -> dict[str, Any]:
    """The same for a program."""
    return {
        "account": "ALMA",
        "buyer_po": PO,
        "groups": [
            {"group_no": 1, "ship_to": "HQ", "requested_at": f"{day}T00:00:00Z"},
            {"group_no": 2, "ship_to": "DEPOT", "requested_at": f"{day}T00:00:00Z"},
        ],
        "lines": [
            {"item": "MUG-9", "qty": "10", "uom": "CS", "unit_price": "33.60"},
            {"item": "TEA", "qty": "20", "uom": "EA", "unit_price": "1.85"},
            {"item": "ENGRAVE", "qty": "2", "uom": "EA", "unit_price": "12.00"},
            {"item": "MUG-9", "qty": "2", "uom": "CS", "unit_price": "38.40", "group_no": 2},
        ],
    }


# ---- comparing -----------------------------------------------------------------------------------------------------

_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)")
_HASHES = re.compile(r"[0-9a-f]{64}")


_NUMBERS = re.compile(r"\b(SO|SH|INV)-\d+")


def masked(value: Any, *, times: bool = False) -> Any:
    """Without what may differ: the channel, ids, hashes over ids; and where the clock ran, `times` and documents' numbers."""
    if isinstance(value, dict):
        return {name: masked(one, times=times) for name, one in value.items() if name != "channel"}
    if isinstance(value, list | tuple):
        return [masked(one, times=times) for one in value]
    if isinstance(value, str):
        text = _HASHES.sub("<hash>", _IDS.sub("<id>", value))
        return _NUMBERS.sub(r"<\1>", _TIMES.sub("<time>", text)) if times else text
    return value


def as_answered_by_file(order: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of an order of the JSON answer in the words of an order file's rows."""
    held = {hold["line_no"] for hold in order["holds"]}
    shown = []
    for line in order["lines"]:
        found = [
            {name: value for name, value in one.items() if name not in ("line", "detail")}
            for one in order["findings"]
            if one.get("line") == line["line_no"]
        ]
        row: dict[str, Any] = {"outcome": "held" if line["line_no"] in held else "accepted", "line_no": line["line_no"]}
        names = ("sku", "buyer_sku", "qty", "uom", "unit_price", "price_uom", "net", "promised_at")
        row |= {name: line[name] for name in names if line[name] is not None}
        row["promise"] = [{name: one[name] for name in ("qty", "at", "from")} for one in line["promise"]]
        row["findings"] = found
        shown.append({name: value for name, value in row.items() if value not in (None, [])})
    return shown


def codes_of(sets: list[Any]) -> list[tuple[Any, ...]]:
    """Of each 855: its code, and per line (number, quantity, unit, price, the codes of its ACKs with quantity)."""
    found: list[tuple[Any, ...]] = []
    for one in sets:
        lines: list[list[Any]] = []
        for segment in one.segments:
            if segment[0] == "PO1":
                lines.append([segment[1], segment[2], segment[3], segment[4]])
            elif segment[0] == "ACK":
                lines[-1].append((segment[1], segment[2], segment[3]))
        found.append((segments_of(one, "BAK")[0][2], *map(tuple, lines)))
    return found
