"""A small company in which everything is right, written by hand: no command of ours can hide a wrong check here.

Order 1 was shipped, invoiced, partly paid, and two of ten pieces came back. Order 2 is on its way: its line stands in
four buckets. Order 3 was shipped in two parts and is paid and closed. Order 4 was cancelled.
"""

from decimal import Decimal
from uuid import UUID

import psycopg

from tradewind.orders.decide import approval_hash

NAMES = """
entity root branch stranger anna boris buyer product service north south shelf price supply document order1 order2
order3 order4 hold2 approval2 ship1 ship2 ship3a ship3b invoice1 invoice3a invoice3b note1 return1 payment1 payment3
j_invoice1 j_invoice3a j_invoice3b j_note1 j_payment1 j_payment3 override address waiting tasked stuck done cash handling task
delivery message request2 paper1 paper2 trader arrived letter1 letter2 ruled ruled1 ruled2 decided
blanket blanketline standing quote taken reminder interest wished
"""
ID = {name: str(UUID(int=(0x7 << 76) | (0x2 << 62) | number)) for number, name in enumerate(NAMES.split(), 1)}
CONTENT = b"\x02" * 32
ID["hash2"] = approval_hash(CONTENT, prices=[Decimal("2.500000")], terms="NET30").hex()

_COMPANY = """
insert into legal_entity (id, code, name, country, currency) values ('{entity}', 'DE01', 'House', 'DE', 'EUR');
insert into principal (id, kind, login, name, created_at) values
  ('{anna}', 'staff', 'anna', 'Anna', {t}), ('{boris}', 'staff', 'boris', 'Boris', {t}), ('{buyer}', 'buyer', 'buyer', 'B', {t});
insert into account (id, code, name, parent_id, legal_entity_id, currency, terms_code, approval_above) values
  ('{root}', 'A', 'Root', null, '{entity}', 'EUR', 'NET30', null),
  ('{branch}', 'A-1', 'Branch', '{root}', '{entity}', 'EUR', 'NET30', 10),
  ('{stranger}', 'Z', 'Stranger', null, '{entity}', 'EUR', 'NET30', null);
insert into account_closure values
  ('{root}', '{root}', 0), ('{branch}', '{branch}', 0), ('{root}', '{branch}', 1), ('{stranger}', '{stranger}', 0);
insert into credit_node (account_id, currency, credit_limit, open_orders, receivables, unapplied) values
  ('{root}', 'EUR', 1000, 35.70, 29.60, 7.95);
insert into credit_override (id, account_id, amount, currency, reason, valid_from, valid_to, requested_by, approved_by,
  approver_limit) values ('{override}', '{root}', 100, 'EUR', 'season', {t}, {t}, '{anna}', '{boris}', 500);
insert into product (id, sku, name, base_uom, order_uom, kind) values
  ('{product}', 'P', 'Cup', 'EA', 'EA', 'stocked'), ('{service}', 'S', 'Engraving', 'E48', 'E48', 'service');
insert into product_unit (product_id, uom, numerator) values ('{product}', 'CS', 12);
insert into site (id, code, name, legal_entity_id, country) values
  ('{north}', 'N', 'North', '{entity}', 'DE'), ('{south}', 'S', 'South', '{entity}', 'DE');
insert into price_list (id, code, name, currency, layer) values ('{shelf}', 'BASE', 'Base', 'EUR', 'base');
insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from) values
  ('{price}', '{shelf}', '{product}', 'EA', '{{1}}', '{{2.5}}', {t} - interval '30 days');
insert into inbound_document (id, channel, received_at, content_type, sha256, body, outcome) values
  ('{document}', 'api', {t}, 'application/json', sha256('raw'), 'raw', 'order');

insert into stock (product_id, site_id, on_hand, reserved, allocated) values
  ('{product}', '{north}', 84, 3, 5), ('{product}', '{south}', 5, 0, 0);
insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type, reference_id) values
  (gen_random_uuid(), '{product}', '{north}', 'opening', 100, {t}, {t}, 'import', null),
  (gen_random_uuid(), '{product}', '{north}', 'ship', -10, {t}, {t}, 'shipment', '{ship1}'),
  (gen_random_uuid(), '{product}', '{north}', 'ship', -1, {t}, {t}, 'shipment', '{ship3a}'),
  (gen_random_uuid(), '{product}', '{north}', 'ship', -2, {t}, {t}, 'shipment', '{ship3b}'),
  (gen_random_uuid(), '{product}', '{north}', 'return', 2, {t}, {t}, 'return', '{return1}'),
  (gen_random_uuid(), '{product}', '{north}', 'transfer', -5, {t}, {t}, 'transfer', '{shelf}'),
  (gen_random_uuid(), '{product}', '{south}', 'transfer', 5, {t}, {t}, 'transfer', '{shelf}');
insert into inbound_supply (id, reference, product_id, site_id, qty, promised, expected_at) values
  ('{supply}', 'PO-1', '{product}', '{north}', 50, 4, {t} + interval '9 days');

insert into sales_order (id, number, account_id, legal_entity_id, channel, buyer_po, buyer_po_normal, content_hash, currency,
  status, placed_at, price_at, terms_code, tax_rounding, net_total, charge_total, tax_total, total, tax_groups, credit_taken,
  document_id, principal_id, confirmed_at, closed_at) values
  ('{order1}', 'SO-1', '{root}', '{entity}', 'api', 'po 0-01', 'PO001', 'x', 'EUR', 'shipped', {t}, {t}, 'NET30',
   'per_tax_group', 35, 5, 7.60, 47.60, '[]', 0, '{document}', '{buyer}', {t}, null),
  ('{order2}', 'SO-2', '{branch}', '{entity}', 'web', null, null, '\\x{content}', 'EUR', 'released', {t}, {t}, 'NET30',
   'per_tax_group', 30, 0, 5.70, 35.70, '[]', 35.70, null, '{buyer}', {t}, null),
  ('{order3}', 'SO-3', '{root}', '{entity}', 'web', '7', '7', 'x', 'EUR', 'closed', {t}, {t}, 'NET30',
   'per_line', 10, 0, 1.90, 11.90, '[]', 0, null, '{buyer}', {t}, {t}),
  ('{order4}', 'SO-4', '{root}', '{entity}', 'web', '7', '7', 'x', 'EUR', 'cancelled', {t}, {t}, 'NET30',
   'per_tax_group', 0, 0, 0, 0, '[]', 0, null, '{buyer}', null, null);
insert into delivery_group (order_id, group_no, account_id, ship_to) values
  ('{order1}', 1, '{root}', '{{}}'), ('{order2}', 1, '{branch}', '{{}}'), ('{order3}', 1, '{root}', '{{}}'),
  ('{order4}', 1, '{root}', '{{}}');
insert into order_line (order_id, line_no, group_no, account_id, product_id, qty, uom, factor_num, qty_ordered, qty_open,
  qty_reserved, qty_allocated, qty_released, qty_shipped, qty_cancelled, qty_backordered, qty_returned, unit_price, price_uom,
  price_id, price_qty, allowance, net, tax_class, tax_rate, tax, qty_invoiced, net_invoiced) values
  ('{order1}', 1, 1, '{root}', '{product}', 10, 'EA', 1, 10, 0, 0, 0, 0, 10, 0, 0, 2, 2.5, 'EA', '{price}', 10, 0, 25,
   'standard', 19, 4.75, 10, 25),
  ('{order1}', 2, 1, '{root}', '{service}', 1, 'E48', 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 12, 'E48', null, 1, 2, 10,
   'standard', 19, 1.90, 1, 10),
  ('{order2}', 1, 1, '{branch}', '{product}', 1, 'CS', 12, 12, 4, 3, 2, 3, 0, 0, 4, 0, 2.5, 'EA', '{price}', 12, 0, 30,
   'standard', 19, 5.70, 0, 0),
  ('{order3}', 1, 1, '{root}', '{product}', 3, 'EA', 1, 3, 0, 0, 0, 0, 3, 0, 0, 0, 3.333333, 'EA', null, 3, 0, 10,
   'standard', 19, 1.90, 3, 10),
  ('{order4}', 1, 1, '{root}', '{product}', 1, 'EA', 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 2.5, 'EA', null, 0, 0, 0,
   'standard', 19, 0, 0, 0);
update sales_order set version = 2 where id = '{order2}';
insert into changed_line (order_id, line_no, account_id, qty_placed, anchor_qty, site_id, changed_at) values
  ('{order2}', 1, '{branch}', 12, 12, '{north}', {t});
insert into order_change (id, order_id, account_id, from_version, to_version, kind, actions, answers, consequences, before, after,
  reason, channel, changed_at) values (gen_random_uuid(), '{order2}', '{branch}', 1, 2, 'change', '[]', '[]', '{{}}',
  '{{"lines": {{"1": {{"ordered": "12"}}}}}}', '{{"lines": {{"1": {{"ordered": "12"}}}}}}', 'pinned', 'web', {t});
insert into order_charge (order_id, charge_no, account_id, code, description, amount, tax_class, tax_rate, tax, invoiced) values
  ('{order1}', 1, '{root}', 'FREIGHT', 'Freight', 5, 'standard', 19, 0.95, 5);
insert into order_hold (id, order_id, account_id, scope, kind, code, reason, blocks, opened_at, released_at, release_reason) values
  ('{hold2}', '{order2}', '{branch}', 'order', 'approval', 'above', 'over 10', '{{confirm,release}}', {t}, {t}, 'approved');
insert into approval (id, order_id, account_id, content_hash, decision, decided_by, reason, decided_at, request_id, tiers) values
  ('{approval2}', '{order2}', '{branch}', '\\x{hash2}', 'approved', '{boris}', 'fine', {t}, '{request2}', '{{1}}');
insert into approval_request (id, order_id, account_id, request_no, content_hash, status, tiers, snapshot, opened_at, expires_at,
  ended_at, ended_reason) values ('{request2}', '{order2}', '{branch}', 1, '\\x{hash2}', 'approved',
  '[{{"no": 1, "need": 1, "own_orders": false}}]', '{{"total": "35.7", "lines": [{{"line": 1, "left": "12"}}]}}', {t}, {t}, {t}, 'approved');
insert into approval_seat (request_id, tier_no, seat_no, approval_id, person_id, policy, counts_once) values
  ('{request2}', 1, 1, '{approval2}', '{boris}', 'approval_above v0', true);
insert into stock_claim (order_id, line_no, claim_no, account_id, product_id, site_id, qty, state, supply_id) values
  ('{order1}', 1, 1, '{root}', '{product}', '{north}', 10, 'shipped', null),
  ('{order2}', 1, 1, '{branch}', '{product}', '{north}', 3, 'reserved', null),
  ('{order2}', 1, 2, '{branch}', '{product}', '{north}', 2, 'allocated', null),
  ('{order2}', 1, 3, '{branch}', '{product}', '{north}', 3, 'released', null),
  ('{order2}', 1, 4, '{branch}', '{product}', '{north}', 4, 'promised', '{supply}'),
  ('{order3}', 1, 1, '{root}', '{product}', '{north}', 1, 'shipped', null),
  ('{order3}', 1, 2, '{root}', '{product}', '{north}', 2, 'shipped', null),
  ('{order4}', 1, 1, '{root}', '{product}', '{north}', 1, 'ended', null);
insert into shipment (id, number, order_id, group_no, account_id, site_id, status, ship_to, reason, released_at, answered_at) values
  ('{ship1}', 'SH-1', '{order1}', 1, '{root}', '{north}', 'shipped', '{{}}', 'near', {t}, {t}),
  ('{ship2}', 'SH-2', '{order2}', 1, '{branch}', '{north}', 'released', '{{}}', 'near', {t}, null),
  ('{ship3a}', 'SH-3', '{order3}', 1, '{root}', '{north}', 'shipped', '{{}}', 'near', {t}, {t}),
  ('{ship3b}', 'SH-4', '{order3}', 1, '{root}', '{north}', 'shipped', '{{}}', 'near', {t}, {t});
insert into shipment_line (shipment_id, line_no, account_id, order_id, order_line_no, claim_no, qty_released, qty_shipped) values
  ('{ship1}', 1, '{root}', '{order1}', 1, 1, 10, 10), ('{ship1}', 2, '{root}', '{order1}', 2, 0, 1, 1),
  ('{ship2}', 1, '{branch}', '{order2}', 1, 3, 3, 0),
  ('{ship3a}', 1, '{root}', '{order3}', 1, 1, 1, 1), ('{ship3b}', 1, '{root}', '{order3}', 1, 2, 2, 2);
insert into return_authorisation (id, number, account_id, status, reason, opened_at) values
  ('{return1}', 'RA-1', '{root}', 'credited', 'chipped', {t});

insert into document_counter (legal_entity_id, series, prefix, last_no) values
  ('{entity}', 'invoice', 'INV', 3), ('{entity}', 'credit_note', 'CN', 1);
insert into invoice (id, kind, legal_entity_id, series, series_no, number, account_id, order_id, shipment_id, corrects_id,
  return_id, currency, net_total, charge_total, tax_total, total, tax_groups, tax_rounding, bill_to, issued_at, due_at, paid,
  credited, closed_at) values
  ('{invoice1}', 'invoice', '{entity}', 'invoice', 1, 'INV-1', '{root}', '{order1}', '{ship1}', null, null, 'EUR', 35, 5, 7.60,
   47.60, '[]', 'per_tax_group', '{{}}', {t}, {t}, 15, 3, null),
  ('{invoice3a}', 'invoice', '{entity}', 'invoice', 2, 'INV-2', '{root}', '{order3}', '{ship3a}', null, null, 'EUR', 3.33, 0,
   0.63, 3.96, '[]', 'per_line', '{{}}', {t}, {t}, 3.96, 0, {t}),
  ('{invoice3b}', 'invoice', '{entity}', 'invoice', 3, 'INV-3', '{root}', '{order3}', '{ship3b}', null, null, 'EUR', 6.67, 0,
   1.27, 7.94, '[]', 'per_line', '{{}}', {t}, {t}, 7.94, 0, {t}),
  ('{note1}', 'credit_note', '{entity}', 'credit_note', 1, 'CN-1', '{root}', '{order1}', null, '{invoice1}', '{return1}', 'EUR',
   5, 0, 0.95, 5.95, '[]', 'per_tax_group', '{{}}', {t}, {t}, 3, 0, null);
insert into invoice_line (invoice_id, line_no, account_id, order_id, order_line_no, charge_no, shipment_id, shipment_line_no,
  corrects_invoice_id, corrects_line_no, qty, unit_price, net, tax_category, tax_rate, credited_qty, credited_net) values
  ('{invoice1}', 1, '{root}', '{order1}', 1, null, '{ship1}', 1, null, null, 10, 2.5, 25, 'S', 19, 2, 5),
  ('{invoice1}', 2, '{root}', '{order1}', 2, null, '{ship1}', 2, null, null, 1, 12, 10, 'S', 19, 0, 0),
  ('{invoice1}', 3, '{root}', '{order1}', null, 1, null, null, null, null, 1, 5, 5, 'S', 19, 0, 0),
  ('{invoice3a}', 1, '{root}', '{order3}', 1, null, '{ship3a}', 1, null, null, 1, 3.333333, 3.33, 'S', 19, 0, 0),
  ('{invoice3b}', 1, '{root}', '{order3}', 1, null, '{ship3b}', 1, null, null, 2, 3.333333, 6.67, 'S', 19, 0, 0),
  ('{note1}', 1, '{root}', '{order1}', 1, null, null, null, '{invoice1}', 1, 2, 2.5, 5, 'S', 19, 0, 0);
insert into return_line (return_id, line_no, account_id, order_id, order_line_no, invoice_id, invoice_line_no, qty, qty_received,
  site_id) values ('{return1}', 1, '{root}', '{order1}', 1, '{invoice1}', 1, 2, 2, '{north}');
insert into payment (id, number, account_id, currency, amount, applied, method, received_at) values
  ('{payment1}', 'PAY-1', '{root}', 'EUR', 20, 15, 'wire', {t}), ('{payment3}', 'PAY-3', '{root}', 'EUR', 11.90, 11.90, 'wire', {t});
insert into payment_application (id, payment_id, credit_note_id, invoice_id, account_id, amount, applied_at) values
  (gen_random_uuid(), '{payment1}', null, '{invoice1}', '{root}', 15, {t}), (gen_random_uuid(), null, '{note1}', '{invoice1}', '{root}', 3, {t}),
  (gen_random_uuid(), '{payment3}', null, '{invoice3a}', '{root}', 3.96, {t}), (gen_random_uuid(), '{payment3}', null, '{invoice3b}', '{root}', 7.94, {t});
insert into journal (id, kind, legal_entity_id, reference_type, reference_id, at) values
  ('{j_invoice1}', 'invoice', '{entity}', 'invoice', '{invoice1}', {t}), ('{j_invoice3a}', 'invoice', '{entity}', 'invoice', '{invoice3a}', {t}),
  ('{j_invoice3b}', 'invoice', '{entity}', 'invoice', '{invoice3b}', {t}), ('{j_note1}', 'credit_note', '{entity}', 'invoice', '{note1}', {t}),
  ('{j_payment1}', 'payment', '{entity}', 'payment', '{payment1}', {t}), ('{j_payment3}', 'payment', '{entity}', 'payment', '{payment3}', {t});
insert into posting (journal_id, posting_no, ledger_account, account_id, currency, amount) values
  ('{j_invoice1}', 1, 'receivables', '{root}', 'EUR', 47.60), ('{j_invoice1}', 2, 'revenue', null, 'EUR', -40), ('{j_invoice1}', 3, 'tax', null, 'EUR', -7.60),
  ('{j_invoice3a}', 1, 'receivables', '{root}', 'EUR', 3.96), ('{j_invoice3a}', 2, 'revenue', null, 'EUR', -3.33), ('{j_invoice3a}', 3, 'tax', null, 'EUR', -0.63),
  ('{j_invoice3b}', 1, 'receivables', '{root}', 'EUR', 7.94), ('{j_invoice3b}', 2, 'revenue', null, 'EUR', -6.67), ('{j_invoice3b}', 3, 'tax', null, 'EUR', -1.27),
  ('{j_note1}', 1, 'receivables', '{root}', 'EUR', -5.95), ('{j_note1}', 2, 'revenue', null, 'EUR', 5), ('{j_note1}', 3, 'tax', null, 'EUR', 0.95),
  ('{j_payment1}', 1, 'cash', null, 'EUR', 20), ('{j_payment1}', 2, 'receivables', '{root}', 'EUR', -20),
  ('{j_payment3}', 1, 'cash', null, 'EUR', 11.90), ('{j_payment3}', 2, 'receivables', '{root}', 'EUR', -11.90);

insert into dunning_policy (code, version, name, currency, interest_percent, valid_from) values ('D', 1, 'House', 'EUR', 9, {t});
insert into dunning_level (policy_code, policy_version, level, after_days, fee, texts) values ('D', 1, 1, 5, 2.5, '{{}}');
insert into dunning_notice (id, number, account_id, legal_entity_id, currency, policy_code, policy_version, level, language, day,
  noticed_at, open_total, fee, interest, total) values ('{reminder}', 'DN-1', '{root}', '{entity}', 'EUR', 'D', 1, 1, 'en', '2026-03-02',
  {t}, 29.60, 2.5, 0.07, 32.17);
insert into dunning_line (notice_id, line_no, account_id, invoice_id, part_no, level, due_day, days_overdue, open) values
  ('{reminder}', 1, '{root}', '{invoice1}', 1, 1, '2026-02-20', 10, 29.60);
insert into dunning_claim (id, account_id, notice_id, invoice_id, part_no, kind, currency, digits, amount, interest_percent, year_days,
  to_day, claimed_at) values
  (gen_random_uuid(), '{root}', '{reminder}', null, null, 'fee', 'EUR', 2, 2.5, null, null, null, {t}),
  ('{interest}', '{root}', '{reminder}', '{invoice1}', 1, 'interest', 'EUR', 2, 0.07, 9, 365, '2026-03-02', {t});
insert into dunning_span (claim_id, span_no, account_id, from_day, to_day, days, base) values
  ('{interest}', 1, '{root}', '2026-02-20', '2026-03-02', 10, 29.60);

insert into blanket (id, number, account_id, name, currency, valid_from, valid_to, priority_at, created_at) values
  ('{blanket}', 'BL-1', '{root}', 'Cups', 'EUR', {t}, {t} + interval '1 year', {t}, {t});
insert into blanket_line (id, blanket_id, line_no, account_id, product_id, uom, prices, quantity_mode, committed_qty, qty_limit, value_mode,
  committed_value, value_limit, called_off, called_value) values
  ('{blanketline}', '{blanket}', 1, '{root}', '{product}', 'EA', '[]', 'capped', 100, 110, 'capped', 300, 300, 10, 25);
insert into call_off (order_id, line_no, account_id, blanket_line_id, qty, value, called_at) values
  ('{order1}', 1, '{root}', '{blanketline}', 10, 25, {t});
insert into recurring_order (id, number, account_id, name, zone, rule, starts_on, lines, owner_id, periods_done, next_day, due_at, created_at,
  changed_at) values ('{standing}', 'RO-1', '{root}', 'Cups', 'UTC', '{{}}', '2026-03-01', '[]', '{buyer}', 1, '2026-03-03',
  {t} + interval '1 day', {t}, {t});
insert into recurring_period (recurring_id, day, account_id, period_no, wanted_on, due_at, status, order_id, settled_at) values
  ('{standing}', '2026-03-02', '{root}', 1, '2026-03-02', {t}, 'placed', '{order3}', {t});

insert into quote (id, number, account_id, status, version_no, channel, acceptances, created_at, expires_at, ended_at, end_reason) values
  ('{quote}', 'QU-1', '{root}', 'won', 1, 'web', 1, {t} - interval '2 days', {t} + interval '5 days', {t}, 'accepted');
insert into quote_version (quote_id, version_no, account_id, currency, terms_code, ship_to, valid_until, zone, expires_at, on_late,
  partial, net, offered_at, digest) values ('{quote}', 1, '{root}', 'EUR', 'NET30', '{{}}', '2026-03-06', 'UTC', {t} + interval '5 days',
  'refuse', 'lines', 49, {t} - interval '1 day', 'x');
insert into quote_version_line (quote_id, version_no, line_no, account_id, alternative, product_id, sku, qty, uom, factor_num, factor_den,
  unit_price, price_uom, price_qty, allowance, net, waterfall, qty_accepted) values
  ('{quote}', 1, 1, '{root}', null, '{product}', 'P', 10, 'EA', 1, 1, 2.5, 'EA', 10, 0, 25, '{{}}', 10),
  ('{quote}', 1, 2, '{root}', 'either', '{service}', 'S', 1, 'E48', 1, 1, 12, 'E48', 1, 2, 10, '{{}}', 1),
  ('{quote}', 1, 3, '{root}', 'either', '{service}', 'S', 1, 'E48', 1, 1, 14, 'E48', 1, 0, 14, '{{}}', 0);
insert into quote_acceptance (id, quote_id, account_id, acceptance_no, version_no, order_id, policy, accepted_at) values
  ('{taken}', '{quote}', '{root}', 1, 1, '{order1}', 'in_time', {t});
insert into quote_acceptance_line (acceptance_id, line_no, account_id, qty, unit_price, price_basis, net, order_id, order_line_no) values
  ('{taken}', 1, '{root}', 10, 2.5, 1, 25, '{order1}', 1), ('{taken}', 2, '{root}', 1, 12, 1, 10, '{order1}', 2);

insert into event (xid, seq, type, at, subject_type, subject_id, subject_seq, channel, payload) overriding system value values
  (1, 1, 'order.received', {t}, 'sales_order', '{order1}', 1, 'api', '{{"number": "SO-1", "total": "47.60", "status": "waiting"}}'),
  (1, 2, 'order.confirmed', {t}, 'sales_order', '{order1}', 2, 'api', '{{"status": "confirmed"}}'),
  (2, 1, 'order.shipped', {t}, 'sales_order', '{order1}', 3, 'api', '{{"status": "shipped"}}'),
  (3, 3, 'order.received', {t}, 'sales_order', '{order2}', 1, 'web', '{{"number": "SO-2", "total": "35.7", "status": "confirmed"}}'),
  (4, 4, 'order.released', {t}, 'sales_order', '{order2}', 2, 'web', '{{"status": "released"}}'),
  (5, 5, 'order.received', {t}, 'sales_order', '{order3}', 1, 'web', '{{"number": "SO-3", "total": "11.9"}}'),
  (6, 6, 'order.received', {t}, 'sales_order', '{order4}', 1, 'web', '{{"number": "SO-4"}}'),
  (6, 7, 'stock.counted', {t}, 'product', '{product}', 1, 'system', '{{}}'),
  (7, 8, 'quote.offered', {t}, 'quote', '{quote}', 1, 'web', '{{"status": "offered"}}'),
  (7, 9, 'quote.accepted', {t}, 'quote', '{quote}', 2, 'web', '{{"status": "won"}}');
insert into event_object (object_id, event_xid, event_seq, qualifier, object_type)
  select subject_id, xid, seq, 'subject', subject_type from event;
insert into issued_paper (id, kind, subject_id, account_id, number, language, issued_at, sha256, body, template_version, content,
  findings) values
  ('{paper1}', 'invoice', '{invoice3a}', '{root}', 'INV-2', 'en', {t}, sha256('pages'), 'pages', 'x', '{{"number": "INV-2", "currency": "EUR",
   "net": "3.33", "charges": "0", "tax": "0.63", "total": "3.96"}}', '[]'),
  ('{paper2}', 'order_confirmation', '{order1}', '{root}', 'SO-1', 'en', {t}, sha256('pages'), 'pages', 'x', '{{}}', '[]');
insert into idempotency (principal_id, key, fingerprint, created_at) values ('{buyer}', 'k1', 'f', {t});
insert into delivery (id, effect_key, epoch, destination, kind, subject_type, subject_id, payload, status, next_at, created_at,
  sent_at) values ('{delivery}', 'order1/confirmed', 1, 'https://buyer.example', 'webhook', 'sales_order', '{order1}', '{{}}',
  'sent', {t}, {t}, {t});
insert into stream_version (stream, version, name, bpmn, sha256, published_at) values
  ('order_to_release', 1, 'Order to release', '<x/>', 'x', {t}), ('invoice_to_cash', 1, 'Invoice to cash', '<x/>', 'y', {t}),
  ('shipment_to_invoice', 1, 'Shipment to invoice', '<x/>', 'z', {t});
insert into stream_period (stream, entry, version, since, until) values
  ('order_to_release', 1, 1, '2000-01-01', null), ('invoice_to_cash', 1, 1, '2000-01-01', null),
  ('shipment_to_invoice', 1, 1, '2000-01-01', null);
insert into stream_instance (id, stream, version, subject_type, subject_id, status, state, started_at, moved_at, wake_at) values
  ('{waiting}', 'order_to_release', 1, 'sales_order', '{order2}', 'running', '', {t}, {t}, null),
  ('{tasked}', 'order_to_release', 1, 'sales_order', '{order3}', 'running', '', {t}, {t}, null),
  ('{stuck}', 'order_to_release', 1, 'sales_order', '{order4}', 'incident', '', {t}, {t}, null),
  ('{done}', 'order_to_release', 1, 'sales_order', '{order1}', 'done', '', {t}, {t}, null),
  ('{cash}', 'invoice_to_cash', 1, 'invoice', '{invoice1}', 'running', '', {t}, {t}, {t} + interval '30 days'),
  ('{handling}', 'shipment_to_invoice', 1, 'shipment', '{ship2}', 'running', '', {t}, {t}, {t} + interval '2 days');
insert into stream_wait (instance_id, token, node, kind, name, key, since) values
  ('{waiting}', '1', 'answer', 'message', 'warehouse.answered', 'SH-2', {t});
insert into user_task (id, instance_id, token, node, name, role, subject_type, subject_id, status, opened_at) values
  ('{task}', '{tasked}', '1', 'approve', 'Approve', 'sales', 'sales_order', '{order3}', 'open', {t});
insert into incident (id, instance_id, kind, code, message, opened_at) values (gen_random_uuid(), '{stuck}', 'item', 'x', 'x', {t});
insert into message (id, name, key, message_id, payload, received_at, expires_at, consumed_by, consumed_at) values
  ('{message}', 'warehouse.answered', 'SH-1', 'm1', '{{}}', {t}, {t} + interval '30 days', '{done}', {t});
insert into trading_partner (id, code, name, account_id, our_qualifier, our_id, their_qualifier, their_id, separators, mapping, sends,
  send_by, since) values ('{trader}', 'T', 'Trader', '{root}', 'ZZ', 'US', 'ZZ', 'THEM', '{{}}', '{{}}', '["855"]', 'pickup',
  {t} - interval '1 day');
insert into partner_counter values ('{trader}', 2, 2, 3);
insert into partner_interchange (id, partner_id, document_id, place, control_no, digest, received_at, status, sets, message_id,
  finished_at) values ('{arrived}', '{trader}', '{document}', 1, 1, 'x', {t}, 'done', 2, '{letter1}', {t});
insert into partner_set (interchange_id, place, type, group_no, group_code, set_no, verdict, outcome, number, account_id, order_id, at,
  answer_due_at, answered_at, answer_code) values
  ('{arrived}', 1, '850', '1', 'PO', '0001', 'A', 'order', 'PO-1', '{root}', '{order1}', {t}, {t}, {t}, 'AD'),
  ('{arrived}', 2, '850', '1', 'PO', '0002', 'R', 'rejected', null, null, null, {t}, null, null, null);
insert into partner_message (id, partner_id, serial, group_serial, type, body, created_at) values
  ('{letter1}', '{trader}', 1, 1, '997', decode(repeat('2a', 90), 'hex') || '000000001', {t}),
  ('{letter2}', '{trader}', 2, 2, '855', decode(repeat('2a', 90), 'hex') || '000000002', {t});
insert into partner_message_set (message_id, place, partner_id, serial, type, effect_key, subject_type, subject_id, account_id) values
  ('{letter1}', 1, '{trader}', 1, '997', '997:1', 'partner_interchange', '{arrived}', null),
  ('{letter2}', 1, '{trader}', 2, '855', '855:1', 'sales_order', '{order1}', '{root}'),
  ('{letter2}', 2, '{trader}', 3, '855', '855:2', 'sales_order', '{order3}', '{root}');
insert into delivery (id, effect_key, epoch, destination, kind, subject_type, subject_id, payload, status, next_at, created_at,
  last_error)
  select gen_random_uuid(), 'edi:' || id, 1, 'pickup', 'edi.' || type, 'partner_message', id, '{{}}', 'parked', {t}, {t}, 'collected'
  from partner_message;

insert into rule_set (id, code, name, point, governs, revision, created_at) values
  ('{ruled}', 'LARGE', 'Large orders', 'order.validation', '["order.validation"]', 9, {t} - interval '9 days');
insert into rule_version (id, rule_set_id, version, stage, source, digest, tests, authors, reviewer, created_at, changed_at) values
  ('{ruled1}', '{ruled}', 1, 'published', 'one', sha256('one'), '[]', '{{{anna}}}', '{boris}', {t} - interval '9 days', {t}),
  ('{ruled2}', '{ruled}', 2, 'published', 'two', sha256('two'), '[]', '{{{anna}}}', '{boris}', {t} - interval '5 days', {t});
insert into rule_act (rule_set_id, act_no, version, verb, by, at, effective, digest) values
  ('{ruled}', 1, 1, 'draft', '{anna}', {t} - interval '9 days', null, sha256('none')),
  ('{ruled}', 2, 1, 'edit', '{anna}', {t} - interval '9 days', null, sha256('one')),
  ('{ruled}', 3, 1, 'submit', '{anna}', {t} - interval '9 days', null, sha256('one')),
  ('{ruled}', 4, 1, 'review', '{boris}', {t} - interval '9 days', null, sha256('one')),
  ('{ruled}', 5, 1, 'publish', '{anna}', {t} - interval '9 days', null, sha256('one')),
  ('{ruled}', 6, 2, 'draft', '{anna}', {t} - interval '5 days', null, sha256('two')),
  ('{ruled}', 7, 2, 'submit', '{anna}', {t} - interval '5 days', null, sha256('two')),
  ('{ruled}', 8, 2, 'review', '{boris}', {t} - interval '5 days', null, sha256('two')),
  ('{ruled}', 9, 2, 'publish', '{anna}', {t} - interval '5 days', {t} - interval '2 days', sha256('two'));
insert into rule_period (rule_set_id, entry, version, governs, since, until) values
  ('{ruled}', 1, 1, '["order.validation"]', {t} - interval '9 days', {t} - interval '2 days'),
  ('{ruled}', 2, 2, '["order.validation"]', {t} - interval '2 days', null);
insert into rule_decision (id, decided_at, point, rule_set_id, version, subject_type, subject_id, inputs, answers, hits, misses) values
  ('{decided}', {t} - interval '1 day', 'order.validation', '{ruled}', 2, 'order', '{order1}', '{{}}', '[]', '[]', '[]');
"""


def sql(text: str) -> str:
    """SQL with the company's ids filled in; `{t}` is its one instant."""
    return text.format(t="timestamptz '2026-03-02 09:00+00'", content=CONTENT.hex(), **ID)


def found(connection: psycopg.Connection) -> None:
    """Write the company; the connection is the owner's, and nothing is checked on the way."""
    connection.execute("set local session_replication_role = replica")
    connection.execute(sql(_COMPANY))
