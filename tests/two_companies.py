"""Two companies that know nothing of each other, with everything the house can hold of a company, for tests of its walls.

Alma's is the caller's own, Bela's is foreign. Most of it came about by the house's own commands, the rest is written by hand.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo

from changing import ask
from shop import Shop, open_shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.mandates import NewMandate, grant_mandates
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import MANDATE_ACTIONS, ROLES_OF_KIND, Kind
from tradewind.app.postgres import Server
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.drop_ship import hear_vendor
from tradewind.desk.offers import offer, stage
from tradewind.desk.quote_orders import Accepting, accept_offer
from tradewind.desk.quotes import Asked, request_quote
from tradewind.desk.refunds import Refund, refund_payments
from tradewind.desk.returns import WantedLine, WantedReturn, authorise_returns
from tradewind.kernel.tx import Database, Tx
from tradewind.orders.decide.actions import SetQuantity
from tradewind.purchasing.commands import put_offer, put_vendor
from tradewind.purchasing.model import Offer, Vendor, VendorAnswer
from tradewind.quotes.model import Choice, Staged, StagedLine, Wish

OWN, FOREIGN = "ALMA", "BELA"
_BY_HAND = """
insert into contact (id, account_id, code, name, email) values (gen_random_uuid(), %(account)s, 'C1', %(token)s, %(token)s);
insert into cross_reference (id, kind, account_id, number, product_id)
  values (gen_random_uuid(), 'customer', %(account)s, %(token)s, %(cup)s);
insert into tax_certificate (id, account_id, country, number, valid_from)
  values (gen_random_uuid(), %(account)s, 'US', %(token)s, '2020-01-01');
insert into licence (id, account_id, code, number, valid_from) values (gen_random_uuid(), %(account)s, 'ADR', %(token)s, now());
insert into calendar (id, code, name) values (%(list)s, %(list_code)s, %(list_code)s);
insert into calendar_day (calendar_id, day, opens, closes)
  select %(list)s, day, '00:00', '23:59' from unnest(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']) as w(day);
insert into calendar_use (id, use, account_id, calendar_id) values (gen_random_uuid(), 'receiving', %(account)s, %(list)s);
insert into rule_set (id, code, name, point, governs, revision, created_at)
  values (%(list)s, %(list_code)s, %(token)s, 'order.validation', %(list_code)s, 4, now() - interval '9 days');
insert into rule_version (id, rule_set_id, version, stage, source, digest, tests, authors, reviewer, created_at, changed_at)
  values (gen_random_uuid(), %(list)s, 1, 'published', 'x', sha256('x'), '[]', array[%(one)s::uuid], %(other)s, now(), now());
insert into rule_act (rule_set_id, act_no, version, verb, by, at, digest)
  select %(list)s, no, 1, (array['draft', 'submit', 'review', 'publish'])[no], case no when 3 then %(other)s::uuid else %(one)s::uuid end,
    now() - interval '9 days', sha256('x') from generate_series(1, 4) no;
insert into rule_period (rule_set_id, entry, version, governs, since, until)
  values (%(list)s, 1, 1, %(list_code)s, now() - interval '3 days', now() - interval '2 days');
insert into rule_decision (id, decided_at, point, rule_set_id, version, subject_type, subject_id, inputs, answers, hits, misses)
  select gen_random_uuid(), since, 'order.validation', rule_set_id, 1, 'order', %(order)s, '{}', '[]', '[]', '[]'
  from rule_period where rule_set_id = %(list)s;
insert into order_warning (id, order_id, account_id, code, message, raised_at)
  select gen_random_uuid(), %(order)s, %(account)s, 'rules.large', %(token)s, since from rule_period where rule_set_id = %(list)s;
insert into line_substitution
  select l.order_id, l.line_no, l.account_id, p.id, 1, 'EA', 1, l.product_id, 1, 1, 1, 'ask', 'own', now(), null
  from order_line l join product p on p.id <> l.product_id where l.account_id = %(account)s order by l.order_id, p.sku limit 1;
insert into price_list (id, code, name, currency, layer) values (%(list)s, %(list_code)s, %(token)s, 'EUR', 'agreement');
insert into agreement (id, code, account_id, list_id, name, valid_from)
  values (gen_random_uuid(), %(list_code)s, %(account)s, %(list)s, %(token)s, '2020-01-01');
insert into credit_override (id, account_id, amount, currency, reason, valid_from, valid_to, requested_by, approved_by, approver_limit)
  values (gen_random_uuid(), %(account)s, 100, 'EUR', %(token)s, now(), now() + interval '1 day', %(one)s, %(other)s, 500);
insert into credit_request (id, account_id, order_id, kind, amount, currency, reason, alone_up_to, figures, proposed_by, proposed_at)
  values (%(request)s, %(account)s, %(order)s, 'release', 100, 'EUR', %(token)s, 0, '[]', %(one)s, now());
insert into payment_promise (id, account_id, currency, amount, due_at, note, made_at)
  values (gen_random_uuid(), %(account)s, 'EUR', 10, now() + interval '1 day', %(token)s, now());
insert into invoice_instalment (invoice_id, part_no, account_id, due_at, amount)
  select id, 1, account_id, due_at, total from invoice where order_id = %(order)s and kind = 'invoice';
insert into approval (id, order_id, account_id, content_hash, decision, decided_by, reason, decided_at)
  values (gen_random_uuid(), %(order)s, %(account)s, 'x', 'rejected', %(one)s, %(token)s, now());
insert into approval_policy (id, code, version, name, side, account_id, condition, tiers, binds, created_by, created_at)
  values (%(policy)s, %(list_code)s, 1, %(token)s, 'buyer', %(account)s, 'false',
    '[{"name": "x", "need": 1, "any_of": [{"role": "buyer_approver"}], "fallback": []}]', '{}', %(one)s, now());
insert into approval_delegation (id, principal_id, delegate_id, valid_from, valid_to, reason, created_at)
  values (%(delegation)s, %(principal)s, %(taker)s, now(), now() + interval '1 day', %(token)s, now());
insert into delivery (id, effect_key, epoch, destination, kind, account_id, subject_type, subject_id, payload, status, next_at,
    created_at, sent_at)
  values (gen_random_uuid(), %(token)s, 1, 'https://example.test', 'order.confirmed', %(account)s, 'sales_order', %(order)s,
    '{}', 'sent', now(), now(), now());
insert into issued_paper (id, kind, subject_id, account_id, number, state, language, issued_at, sha256, body, template_version, content,
    findings)
  values (gen_random_uuid(), 'order_confirmation', %(order)s, %(account)s, %(token)s, %(token)s, 'en', now(),
    sha256(convert_to(%(token)s, 'UTF8')), convert_to(%(token)s, 'UTF8'), 'x', '{}', '[]');
insert into inbound_document (id, channel, received_at, content_type, sha256, body, outcome, results)
  values (%(file)s, 'csv', now(), 'text/csv', sha256(convert_to(%(token)s, 'UTF8')), convert_to(%(token)s, 'UTF8'), 'rejected', '[]');
insert into order_file (document_id, account_id, sha256, name, mode, outcome, rows, accepted, answer, at)
  select id, %(account)s, sha256, %(token)s, 'accept-valid', 'refused', 0, 0, '{"rows": []}', now() from inbound_document where id = %(file)s;
insert into order_file_mapping (account_id, signature, header, mapping, updated_at)
  values (%(account)s, '0123456789abcdef', jsonb_build_array(%(token)s::text), '{"columns": {}}', now());
insert into inbound_document (id, channel, received_at, content_type, sha256, body, outcome, results)
  values (%(came)s, 'edi', now(), 'application/edi-x12', sha256(convert_to(%(token)s, 'UTF8')), convert_to(%(token)s, 'UTF8'), 'order', '{}');
insert into trading_partner (id, code, name, account_id, our_qualifier, our_id, their_qualifier, their_id, separators, mapping, sends,
    send_by, since)
  values (%(trader)s, %(partner)s, %(token)s, %(account)s, 'ZZ', 'US', 'ZZ', %(token)s, '{}', '{}', '["855"]', 'pickup', now());
insert into partner_counter values (%(trader)s, 1, 1, 1);
insert into partner_interchange (id, partner_id, document_id, place, control_no, digest, received_at, status, sets, message_id, finished_at)
  values (%(came)s, %(trader)s, %(came)s, 1, 1, 'x', now(), 'done', 1, %(letter)s, now());
insert into partner_set (interchange_id, place, type, group_no, group_code, set_no, verdict, outcome, number, account_id, order_id, at)
  values (%(came)s, 1, '850', '1', 'PO', '0001', 'A', 'order', %(token)s, %(account)s, %(order)s, now());
insert into partner_message (id, partner_id, serial, group_serial, type, body, created_at)
  values (%(letter)s, %(trader)s, 1, 1, '855', convert_to(rpad(%(token)s, 90) || '000000001', 'UTF8'), now());
insert into partner_message_set (message_id, place, partner_id, serial, type, effect_key, subject_type, subject_id, account_id)
  values (%(letter)s, 1, %(trader)s, 1, '855', '855:' || %(token)s, 'sales_order', %(order)s, %(account)s);
insert into delivery (id, effect_key, epoch, destination, kind, account_id, subject_type, subject_id, payload, status, next_at, created_at,
    last_error)
  values (gen_random_uuid(), 'edi:' || %(letter)s::text, 1, 'pickup', 'edi.855', null, 'partner_message', %(letter)s::uuid, '{}', 'parked', now(), now(),
    'collected');
insert into quote_pending (quote_id, account_id, version_no, digest, body, tiers, asked_at)
  select id, account_id, 1, 'x', jsonb_build_object('note', %(token)s::text), '[]', now() from quote
  where account_id = %(account)s and version_no = 0;
insert into quote_vote (id, quote_id, account_id, version_no, digest, decision, person_id, voice_id, tiers, reason, decided_at)
  select gen_random_uuid(), id, account_id, 1, 'x', 'rejected', %(one)s, %(one)s, '{1}', %(token)s, now() from quote
  where account_id = %(account)s and version_no = 0;
insert into promise_move (id, order_id, line_no, account_id, new_at, why, supplies, moved_at)
  values (gen_random_uuid(), %(order)s, 1, %(account)s, now(), 'goods', '[]', now());
insert into return_policy (code, version, name, account_id, valid_from) values (%(policy_code)s, 1, %(token)s, %(account)s, now());
insert into dunning_policy (code, version, name, currency, account_id, interest_percent, valid_from)
  values (%(policy_code)s, 1, %(token)s, 'EUR', %(account)s, 10, now());
insert into dunning_pause (id, account_id, kind, reason, opened_at) values (%(rest)s, %(account)s, 'stop', %(token)s, now());
insert into dunning_notice (id, number, account_id, legal_entity_id, currency, policy_code, policy_version, level, language, day, noticed_at,
  open_total, fee, interest, total)
  select %(reminder)s, %(reminder_no)s, account_id, legal_entity_id, currency, %(policy_code)s, 1, 1, 'en', '2026-06-01', issued_at + interval '1 hour',
    total - paid - credited, 0, round((total - paid - credited) * 73 * 10 / 36500, 2), total - paid - credited + round((total - paid - credited) * 73 * 10 / 36500, 2)
  from invoice where id = %(invoice)s;
insert into dunning_line (notice_id, line_no, account_id, invoice_id, part_no, level, due_day, days_overdue, open)
  select %(reminder)s, 1, account_id, id, 1, 1, '2026-03-20', 73, total - paid - credited from invoice where id = %(invoice)s;
insert into dunning_claim (id, account_id, notice_id, invoice_id, part_no, kind, currency, digits, amount, interest_percent, year_days, to_day, claimed_at)
  select %(claim)s, account_id, %(reminder)s, id, 1, 'interest', currency, 2, round((total - paid - credited) * 73 * 10 / 36500, 2), 10, 365, '2026-06-01', now()
  from invoice where id = %(invoice)s;
insert into dunning_span (claim_id, span_no, account_id, from_day, to_day, days, base)
  select %(claim)s, 1, account_id, '2026-03-20', '2026-06-01', 73, total - paid - credited from invoice where id = %(invoice)s;
insert into blanket (id, number, account_id, buyer_po, name, currency, valid_from, valid_to, priority_at, created_at)
  values (%(blanket)s, %(blanket_no)s, %(account)s, %(token)s, %(token)s, 'EUR', now() - interval '1 year', now() + interval '1 year', now(), now());
insert into blanket_line (id, blanket_id, line_no, account_id, product_id, uom, prices, quantity_mode, value_mode)
  values (%(blanket_line)s, %(blanket)s, 1, %(account)s, %(cup)s, 'EA', '[{"from": "2020-01-01T00:00:00+00:00", "price": "3"}]', 'open', 'open');
insert into call_off (order_id, line_no, account_id, blanket_line_id, qty, value, called_at)
  select order_id, line_no, account_id, %(blanket_line)s, qty_ordered - qty_cancelled, net, now() from order_line
  where order_id = %(order)s and product_id = %(cup)s;
update blanket_line l set called_off = c.qty, called_value = c.value
  from (select sum(qty) as qty, sum(value) as value from call_off where blanket_line_id = %(blanket_line)s) c where l.id = %(blanket_line)s;
insert into recurring_order (id, number, account_id, name, zone, rule, starts_on, lines, owner_id, next_day, due_at, periods_done, created_at,
    changed_at, status)
  values (%(standing)s, %(standing_no)s, %(account)s, %(token)s, 'UTC', '{"frequency": "daily", "interval": 1, "weekdays": [],
    "month_days": [], "nth": [], "count": null, "until": null, "short_months": "last"}', '2026-03-02',
    '[{"item": "CUP", "qty": "1", "uom": null, "unit_price": null, "basis": "1"}]', %(one)s, '2199-01-01', '2199-01-01', 1, now(), now(), 'active');
insert into recurring_period (recurring_id, day, account_id, period_no, wanted_on, due_at, status, code, reason, tries, settled_at)
  values (%(standing)s, '2026-03-02', %(account)s, 1, '2026-03-02', now(), 'given_up', 'x.y', %(token)s, 5, now());
insert into incident (id, instance_id, kind, code, message, opened_at, resolved_at, resolution)
  values (%(incident)s, %(instance)s, 'item', 'x.y', %(token)s, now(), now(), %(token)s);
insert into stream_escalation (id, instance_id, stream, role, account_id, promised_at, expected_at, reasons, opened_at)
  values (gen_random_uuid(), %(instance)s, 'order_to_release', 'sales', %(account)s, now(), now(), '[]', now())
"""
_ACCOUNT = "update account set approval_above = 500 where code = any(%s)"
_LIMIT = """
insert into credit_node (account_id, currency, credit_limit) select id, 'EUR', 100000 from account where code = 'BELA'
"""
# columns that name things of the account a row belongs to; others may name what everybody shares
_IDS = ("id", "account_id", "order_id", "shipment_id", "invoice_id", "payment_id", "return_id", "instance_id", "journal_id",
        "credit_note_id")  # fmt: skip
_NUMBERS = ("number", "effect_key")


@dataclass
class Names:
    """What one company's things are called, in the paths and bodies of calls."""

    account: str
    account_id: str
    order: str = ""
    order_id: str = ""
    waiting: str = ""
    changed: str = ""
    change: str = ""
    shipment: str = ""
    shipment_id: str = ""
    open_shipment: str = ""
    invoice: str = ""
    invoice_id: str = ""
    payment: str = ""
    returned: str = ""
    return_id: str = ""
    task: str = ""
    hold: str = ""
    instance: str = ""
    incident: str = ""
    credit_request: str = ""
    mandate: str = ""
    principal: str = ""
    key: str = ""
    price_list: str = ""
    policy: str = ""
    delegation: str = ""
    po: str = ""
    order_file: str = ""
    partner: str = ""
    letter: str = ""
    came: str = ""
    blanket: str = ""
    blanket_id: str = ""
    standing: str = ""
    standing_id: str = ""
    quote: str = ""
    quote_id: str = ""
    supplier_order: str = ""
    supplier_order_id: str = ""
    reminder: str = ""
    reminder_id: str = ""
    rest: str = ""
    claim: str = ""

    def values(self) -> list[str]:
        """Everything that is named, longest first."""
        return sorted({text for text in vars(self).values() if text}, key=len, reverse=True)


@dataclass
class Person:
    """Who calls: its role and key, whether it sees one company only, and a key of its own that it may revoke."""

    name: str
    role: str
    kind: Kind
    key: str
    walled: bool
    spare_key: str = ""


@dataclass
class TwoCompanies:
    database: Database
    url: str
    own: Names
    foreign: Names
    people: dict[str, Person] = field(default_factory=dict)
    owner: psycopg.Connection = field(init=False)

    def __post_init__(self) -> None:
        self.owner = psycopg.connect(self.url, autocommit=True)

    def ask(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        """Rows, as the owner of the tables sees them."""
        return self.owner.execute(sql, params).fetchall()

    def account_tables(self) -> list[str]:
        """Every table with a column `account_id`."""
        rows = self.ask(
            "select table_name from information_schema.columns join information_schema.tables using (table_schema, table_name) "
            "where column_name = 'account_id' and table_schema = 'public' and table_type = 'BASE TABLE' order by 1"
        )
        return [row[0] for row in rows]

    def secrets(self) -> set[str]:
        """What no stranger may read: the ids and numbers of Bela's things, and the word that all her texts hold."""
        found = {"bela", self.foreign.account_id}
        for table in self.account_tables():
            columns = [
                row[0]
                for row in self.ask("select column_name from information_schema.columns where table_name = %s", [table])
                if row[0] in (*_IDS, *_NUMBERS)
            ]
            rows = self.ask(
                f"select {', '.join(columns)} from {table} where account_id = %s",  # noqa: S608 - from the catalogue
                [self.foreign.account_id],
            )
            found |= {str(value).lower() for row in rows for value in row if value is not None}
        return found - {text.lower() for text in self.own.values()}

    def of_foreign(self) -> dict[str, Any]:
        """A picture of all of Bela's rows, without the refusals that were noted."""
        return {
            table: self.ask(
                f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from {table} t where account_id = %s"  # noqa: S608
                + (" and type <> 'access.refused'" if table == "event" else ""),
                [self.foreign.account_id],
            )
            for table in self.account_tables()
        }

    def close(self) -> None:
        self.database.close()
        self.owner.close()


def application_url(server: Server, database: str) -> str:
    """The address of `database` as the application's role; where that role has no login, the owner becomes it."""
    if server.data is None:
        return make_conninfo(server.url(database), options="-c role=tradewind_app")
    return server.url(database, "tradewind_app")


def open_two_companies(owner_url: str, app_url: str) -> TwoCompanies:
    """Found both in the empty database; `app_url` is what the application logs in with."""
    shop = open_shop(owner_url, stock={("cup", "north"): "1000", ("tea", "north"): "1000"})
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("grant select on alembic_version to tradewind_app")
        owner.execute(_ACCOUNT, [[OWN, FOREIGN]])
        owner.execute(_LIMIT)
    names = {code: _trade(shop, code) for code in (OWN, FOREIGN)}
    world = TwoCompanies(Database(app_url), owner_url, names[OWN], names[FOREIGN])
    with closing(shop.database):
        shop.database.write(lambda tx: _people(tx, world, shop))
        for code in (OWN, FOREIGN):
            _by_hand(shop, names[code], world)
    return world


def _trade(shop: Shop, code: str) -> Names:
    """One company's business: shipped and partly paid with a return, released, waiting for an approval, waiting for goods."""
    account_id = shop.one("select id from account where code = %s", [code])[0]
    names = Names(code, str(account_id), po=f"{code}-1", price_list=f"{code}-CONTRACT")
    shipped = shop.order(
        ("CUP", "10"), ("TEA", "2"), account=code, charges=(("FREIGHT", "7.50"),), buyer_po=names.po, note=code
    )
    (first,) = shop.shipments(shipped)
    shop.ship(first)
    released = shop.order(("CUP", "3"), account=code, note=code)
    waiting = shop.order(("TEA", "300"), account=code, note=code)
    changed = shop.order(("GIFT", "4"), ("CUP", "1"), account=code, note=code)
    change = ask(shop, changed, SetQuantity(1, Decimal(5)), reason=code)
    shop.turn()
    money = Received(code, Decimal("20.00"), "EUR", reference=code)
    shop.database.write(lambda tx: record_payments(tx, [money]))
    more = Received(code, Decimal("5.00"), "EUR", reference=code, applications=())
    spare = shop.database.write(lambda tx: record_payments(tx, [more]))[0].payment
    assert spare is not None
    shop.database.write(lambda tx: refund_payments(tx, [Refund(spare.number, code, Decimal("2.00"))]))
    number = shop.one("select number from sales_order where id = %s", [shipped])[0]
    wish = WantedReturn(code, code, (WantedLine(Decimal(2), number, 1),))
    back = shop.database.write(lambda tx: authorise_returns(tx, [wish]))[0]
    assert back.found is not None, back.problems
    shop.turn()

    def text(sql: str, *params: Any) -> str:
        return str(shop.one(sql, params)[0])

    names.changed, names.change = str(changed), str(change.change_id)
    names.order, names.order_id, names.waiting = number, str(shipped), str(waiting)
    names.shipment = text("select number from shipment where id = %s", first)
    names.shipment_id = str(first)
    names.open_shipment = str(shop.shipments(released)[0])
    names.invoice = text("select number from invoice where order_id = %s", shipped)
    names.invoice_id = text("select id from invoice where order_id = %s", shipped)
    names.payment = text("select number from payment where account_id = %s order by number", account_id)
    names.returned, names.return_id = back.found.number, str(back.found.id)
    names.task = text("select id from user_task where subject_id = %s", waiting)
    names.hold = text("select id from order_hold where order_id = %s", waiting)
    names.instance = text("select id from stream_instance where subject_id = %s and status = 'running'", waiting)
    names.quote, names.quote_id = _quoted(shop, names)
    names.supplier_order, names.supplier_order_id = _drop_shipped(shop, names)
    names.reminder, names.reminder_id = f"DN-{code}", str(shop.database.ids.new())
    names.rest, names.claim = map(str, shop.database.ids.many(2))
    return names


def _drop_shipped(shop: Shop, names: Names) -> tuple[str, str]:
    """A supplier order for a company: part of it shipped, the rest not answered."""

    def offered(tx: Tx) -> None:
        vendor = Vendor(tx.ids.new(), f"V-{names.account}", names.account, None)
        vendor = Vendor(put_vendor(tx, vendor), vendor.code, vendor.name, None)
        scope = f"account:{names.account_id}"
        put_offer(
            tx, Offer(vendor, shop.id["gift"], scope, names.account, Decimal(2), "EUR", 1, Decimal(1), "always", 1)
        )

    shop.database.write(offered)
    order = shop.order(("GIFT", "3"), account=names.account, note=names.account)
    sent = shop.one("select number, id from supplier_order where order_id = %s", [order])
    part = VendorAnswer(names.account, "shipped", ((1, Decimal(1)),))
    shop.database.write(lambda tx: hear_vendor(tx, sent[1], part))
    shop.turn()
    return sent[0], str(sent[1])


def _quoted(shop: Shop, names: Names) -> tuple[str, str]:
    """A quote of a company: asked for, offered, partly ordered; and one that is only asked for."""
    account_id = UUID(names.account_id)
    asked = Asked(account_id, (Wish(1, "CUP", Decimal(4), note=names.account),), names.account, names.account)
    quote = shop.database.write(lambda tx: request_quote(tx, asked))
    shop.database.write(lambda tx: request_quote(tx, asked))
    staged = Staged((StagedLine(1, "CUP", Decimal(4), note=names.account),), "2026-03-20", "UTC", note=names.account)
    shop.database.write(lambda tx: stage(tx, quote.id, staged))
    shop.database.write(lambda tx: offer(tx, quote.id))
    part = Accepting(quote.id, 1, (Choice(1, Decimal(1)),), f"{names.account}-Q")
    shop.database.write(lambda tx: accept_offer(tx, part))
    shop.turn()
    return quote.number, str(quote.id)


def _people(tx: Tx, world: TwoCompanies, shop: Shop) -> None:
    """Everybody who may call; an agent with and one without a mandate; for each company a person that others may change."""
    seen = {OWN: frozenset({shop.id["alma"]}), FOREIGN: frozenset({shop.id["bela"]})}
    wanted = [
        (role if kind is not Kind.SYSTEM or role != "admin" else "system_admin", role, kind)
        for kind in (Kind.BUYER, Kind.STAFF, Kind.SYSTEM)
        for role in sorted(ROLES_OF_KIND[kind])
    ]
    wanted += [
        ("agent", "agent", Kind.AGENT),
        ("agent_without_mandate", "agent", Kind.AGENT),
        ("agent_for_prices", "agent", Kind.AGENT),
    ]
    news = [
        NewPrincipal(
            kind, name.replace("_", "-"), name, frozenset({role}), seen[OWN] if kind is Kind.BUYER else frozenset()
        )
        for name, role, kind in wanted
    ]
    news += [
        NewPrincipal(Kind.BUYER, f"spare-{code}", code, frozenset({"buyer"}), seen[code]) for code in (OWN, FOREIGN)
    ]
    ids = [one for one in create_principals(tx, news) if isinstance(one, UUID)]
    keys = create_keys(tx, [NewKey(one, "test") for one in ids])
    spares = create_keys(tx, [NewKey(one, "spare") for one in ids])
    for (name, role, kind), key, spare in zip(wanted, keys, spares, strict=False):
        world.people[name] = Person(name, role, kind, key.key, kind in (Kind.BUYER, Kind.AGENT), str(spare.id))
    world.people["nobody"] = Person("nobody", "", Kind.BUYER, "", walled=True)
    principals = {new.login: one for new, one in zip(news, ids, strict=True)}
    by = principals["sales"]
    mandates = [
        NewMandate("agent", shop.id["alma"], MANDATE_ACTIONS),
        NewMandate("agent-without-mandate", shop.id["alma"], MANDATE_ACTIONS),
        NewMandate("agent", shop.id["bela"], MANDATE_ACTIONS),
        NewMandate("agent", shop.id["alma"], frozenset({"orders.read"})),
        NewMandate("agent-for-prices", shop.id["alma"], frozenset({"prices.read"})),
    ]
    made = [one for one in grant_mandates(tx, mandates, granted_by=by) if isinstance(one, UUID)]
    tx.run("update mandate set revoked_at = now() where id = any(%s)", [made[1:3]])
    for names, code in ((world.own, OWN), (world.foreign, FOREIGN)):
        names.principal = str(principals[f"spare-{code}"])
        names.key = str(spares[news.index(next(new for new in news if new.login == f"spare-{code}"))].id)
    world.own.mandate, world.foreign.mandate = str(made[3]), str(made[2])


def _by_hand(shop: Shop, names: Names, world: TwoCompanies) -> None:
    """What no command of the house makes yet, or not without the outside world."""
    names.incident, names.order_file = str(shop.database.ids.new()), str(shop.database.ids.new())
    names.policy, names.delegation = map(str, shop.database.ids.many(2))
    names.credit_request = str(shop.database.ids.new())
    names.blanket, names.standing = f"BL-{names.account}", f"RO-{names.account}"
    names.blanket_id, names.standing_id = map(str, shop.database.ids.many(2))
    names.partner, names.letter, names.came = f"{names.account}-EDI", *map(str, shop.database.ids.many(2))
    mine = "buyer-approver" if names.account == OWN else "sales"
    taker = world.ask("select id from principal where login = %s", [mine])[0][0]
    people = [row[0] for row in world.ask("select id from principal where kind = 'staff' order by login limit 2")]
    columns = {
        "account": names.account_id, "token": names.account, "list": shop.database.ids.new(), "list_code": names.price_list,
        "cup": shop.id["cup"], "order": names.order_id, "one": people[0], "other": people[1],
        "instance": names.instance, "incident": names.incident, "file": names.order_file,
        "policy": names.policy, "delegation": names.delegation, "principal": names.principal,
        "taker": taker, "request": names.credit_request, "partner": names.partner, "letter": names.letter, "came": names.came,
        "trader": shop.database.ids.new(), "blanket": names.blanket_id, "blanket_no": names.blanket,
        "reminder": names.reminder_id, "reminder_no": names.reminder, "rest": names.rest, "claim": names.claim,
        "invoice": names.invoice_id, "policy_code": f"D-{names.account}",
        "blanket_line": shop.database.ids.new(), "standing": names.standing_id, "standing_no": names.standing,
    }  # fmt: skip
    with psycopg.connect(world.url, autocommit=True) as owner:
        for statement in _BY_HAND.split(";\n"):
            owner.execute(statement, columns)


def someone_else(ids: Iterable[UUID]) -> Names:
    """A company that does not exist."""
    fresh = iter(str(one) for one in ids)
    names = Names(account="NOWHERE", account_id=next(fresh))
    for name in vars(names):
        if not getattr(names, name):
            setattr(names, name, next(fresh))
    for name, text in {"order": "SO-2026-999999", "shipment": "SH-2026-999999", "invoice": "INV-2026-999999", "payment": "PAY-2026-999999",
                       "returned": "RA-2026-999999", "price_list": "NOWHERE-CONTRACT", "po": "NOWHERE-1", "partner": "NOWHERE-EDI", "blanket": "BL-NOWHERE",
                       "standing": "RO-NOWHERE", "quote": "QU-99999999", "reminder": "DN-99999999", "supplier_order": "PU-99999999"}.items():  # fmt: skip
        setattr(names, name, text)
    return names
