"""What breaks each invariant in the small company, and nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plant:
    """A check's code and what breaks it; statements are separated by semicolons."""

    code: str
    sql: str


_ASKED = (
    "insert into vendor (id, code, name) values ('{shelf}', 'V', 'Vendor'); "
    "insert into supplier_order (id, number, vendor_id, order_id, account_id, shipment_id, currency, status, sent_at, expected_at, closed_at) "
    "values ('{handling}', 'PU-1', '{shelf}', '{order4}', '{root}', '{ship1}', 'EUR', 'closed', {t}, {t}, {t}); "
)
_SHIPPED = _ASKED + (  # noqa: S608 - ours
    "insert into shipment (id, number, order_id, group_no, account_id, status, ship_to, reason, released_at, answered_at) values "
    "('{handling}', 'SH-9', '{order4}', 1, '{root}', 'refused', '{{}}', 'x', {t}, {t}); "
    "insert into shipment_line (shipment_id, line_no, account_id, order_id, order_line_no, claim_no, qty_released, qty_short) values "
    "('{handling}', 1, '{root}', '{order4}', 1, 0, 1, 1); "
    "insert into supplier_shipment (shipment_id, supplier_order_id) values ('{handling}', '{handling}'); "
    "insert into supplier_order_line (supplier_order_id, line_no, order_id, order_line_no, vendor_sku, qty, cost, qty_refused) values "
    "('{handling}', 1, '{order4}', 1, '7', 1, 2, 1); "
)
PLANTS = (
    Plant("S1", "update stock set on_hand = on_hand + 1 where site_id = '{north}'"),
    Plant("S2", "update stock set reserved = reserved - 1 where site_id = '{north}'"),
    Plant("S2", "delete from stock_claim where order_id = '{order2}' and state = 'reserved'; "
                "update order_line set qty_reserved = 0, qty_open = 7 where order_id = '{order2}'"),
    Plant("S2.inbound", "update inbound_supply set promised = 5"),
    Plant("S3", "alter table stock drop constraint ck_stock_not_negative, drop constraint ck_stock_allocated_is_there; "
                "update stock set on_hand = -1, backorder_limit = 1 where site_id = '{south}'; "
                "update stock_move set qty = -1, kind = 'adjustment' where site_id = '{south}'"),
    Plant("S4", "alter table stock drop constraint ck_stock_no_oversell; "
                "update stock set safety = 77 where site_id = '{north}'"),
    Plant("S4.inbound", "update inbound_supply set status = 'cancelled'"),
    Plant("S4.inbound", "alter table inbound_supply drop constraint ck_inbound_supply_not_promised_twice; "
                        "update inbound_supply set received = 48"),
    Plant("S5.signs", "insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type) values "
                      "(gen_random_uuid(), '{product}', '{north}', 'scrap', 1, {t}, {t}, 'x'), "
                      "(gen_random_uuid(), '{product}', '{north}', 'adjustment', -1, {t}, {t}, 'x')"),
    Plant("S5.shipped", "update stock_move set kind = 'adjustment' where reference_id = '{ship3b}'"),
    Plant("S5.transfers", "update stock_move set qty = 6 where kind = 'transfer' and qty > 0; "
                          "update stock set on_hand = 6 where site_id = '{south}'"),
    Plant("S5.returned", "update stock_move set kind = 'adjustment' where kind = 'return'"),
    Plant("S6", "update stock_claim set state = 'promised', supply_id = '{supply}' where order_id = '{order4}'; "
                "update inbound_supply set promised = 5; "
                "update order_line set qty_open = 1, qty_cancelled = 0, price_uom = '' where order_id = '{order4}'; "
                "update sales_order set closed_at = placed_at, status = 'closed', buyer_po = null, buyer_po_normal = null "
                "where id = '{order4}'"),
    Plant("L1", "alter table order_line drop constraint ck_order_line_quantities_are_disjoint; "
                "update order_line set qty_open = 5 where order_id = '{order2}'"),
    Plant("L1.claims", "update order_line set qty_reserved = 2, qty_allocated = 3 where order_id = '{order2}'"),
    Plant("L1.claims", "update order_line set qty_open = 3, qty_cancelled = 1, qty_backordered = 3, price_qty = 11, "
                       "allowance = -2.5 where order_id = '{order2}'"),
    Plant("L1.released", "insert into shipment_line (shipment_id, line_no, account_id, order_id, order_line_no, claim_no, "
                         "qty_released) values ('{ship2}', 2, '{root}', '{order1}', 2, 0, 1)"),
    Plant("L1.shipments", "update shipment set site_id = '{south}' where id = '{ship2}'"),
    Plant("L2", "insert into shipment_line (shipment_id, line_no, account_id, order_id, order_line_no, claim_no, qty_released, "
                "qty_shipped) values ('{ship1}', 3, '{root}', '{order1}', 2, 0, 1, 1)"),
    Plant("L2.answered", "update shipment set answered_at = null where id = '{ship3a}'"),
    Plant("L2.returned", "update order_line set qty_returned = 3 where order_id = '{order1}' and line_no = 1"),
    Plant("L3", "update order_line set factor_num = 6 where order_id = '{order2}'"),
    Plant("L4", "update sales_order set status = 'part_shipped' where id = '{order2}'; "
                "update event set payload = '{{\"status\": \"part_shipped\"}}' where subject_id = '{order2}' and subject_seq = 2; "
                "update event set payload = '{{\"status\": \"released\"}}' where subject_id = '{order2}' and subject_seq = 1"),
    Plant("L5", "update event set payload = '{{\"status\": \"shipped\"}}' where subject_id = '{order2}' and subject_seq = 1"),
    Plant("L6", "delete from delivery_group where order_id = '{order2}'"),
    Plant("L8.versions", "update sales_order set version = 3 where id = '{order2}'"),
    Plant("L8.versions", "update sales_order set version = 2 where id = '{order1}'"),
    Plant("L8.versions", "update order_change set from_version = 2, to_version = 3; "
                         "update sales_order set version = 3 where id = '{order2}'"),
    Plant("L8.quantities", "update changed_line set qty_placed = 11"),
    Plant("L8.quantities", "update order_change set after = '{{\"lines\": {{\"1\": {{\"ordered\": \"13\"}}}}}}'"),
    Plant("L8.quantities", "update order_change set before = '{{\"lines\": {{\"1\": {{\"ordered\": \"13\"}}}}}}'"),
    Plant("L8.site", "update changed_line set site_id = '{south}'"),
    Plant("L7", "insert into product (id, sku, name, base_uom, order_uom, kind) values "
                "('00000000-0000-7000-8000-000000000001', '(unidentified)', 'x', 'E48', 'E48', 'service'); "
                "update order_line set product_id = '00000000-0000-7000-8000-000000000001' where order_id = '{order1}' and line_no = 2"),
    Plant("M1", "update sales_order set charge_total = 6, discount_total = 1 where id = '{order1}'"),
    Plant("M1", "update order_charge set tax = 0.96; update sales_order set discount_total = 0.01, net_total = 35.01 "
                "where id = '{order1}'"),
    Plant("M1.invoices", "update invoice set net_total = 36, charge_total = 4 where id = '{invoice1}'"),
    Plant("M2", "update order_line set unit_price = 3.34 where order_id = '{order3}'"),
    Plant("M2", "update order_line set allowance = 1 where order_id = '{order1}' and line_no = 2"),
    Plant("M2.quantity", "update order_line set price_uom = 'CS', price_id = null where order_id = '{order2}'"),
    Plant("M2.tax", "update order_line set tax = 1.91 where order_id = '{order3}'; "
                    "update sales_order set tax_total = 1.91, total = 11.91 where id = '{order3}'; "
                    "update event set payload = payload || '{{\"total\": \"11.91\"}}' where subject_id = '{order3}'"),
    Plant("M2.tax", "update order_line set tax_rate = 7 where order_id = '{order2}'"),
    Plant("M2.invoices", "update invoice_line set tax_rate = 7 where invoice_id = '{invoice1}'"),
    Plant("M3", "update price set valid_from = {t} + interval '1 day'"),
    Plant("M3", "update order_line set price_id = '{shelf}' where order_id = '{order2}'"),
    Plant("M4", "update order_line set net_invoiced = 9.99 where order_id = '{order1}' and line_no = 2"),
    Plant("M4", "update order_line set qty_invoiced = 9, net_invoiced = 22.50 where order_id = '{order1}' and line_no = 1"),
    Plant("M4.charges", "update order_charge set invoiced = 4"),
    Plant("M4.once", "drop index uq_invoice_line_shipped_once; "
                     "create temp table again as select * from invoice_line where invoice_id = '{invoice3a}'; "
                     "update again set line_no = 9, charge_no = 2, net = 0; insert into invoice_line select * from again"),
    Plant("M4.total", "update sales_order set discount_total = 1, total = 46.60 where id = '{order1}'; "
                      "update event set payload = payload || '{{\"total\": \"46.6\"}}' where subject_id = '{order1}' "
                      "and subject_seq = 1"),
    Plant("M5", "update invoice set series_no = 4 where id = '{invoice3b}'; update document_counter set last_no = 4 "
                "where series = 'invoice'"),
    Plant("M5", "update document_counter set last_no = 5 where series = 'credit_note'"),
    Plant("M6", "update posting set amount = -41 where ledger_account = 'revenue' and journal_id = '{j_invoice1}'"),
    Plant("M6.open_items", "update posting set amount = amount + 1 where journal_id = '{j_payment1}' and posting_no = 1; "
                           "update posting set amount = amount - 1 where journal_id = '{j_payment1}' and posting_no = 2"),
    Plant("M6.journals", "update journal set reference_id = '{shelf}' where id = '{j_note1}'"),
    Plant("M6.journals", "update payment set bounced_at = {t} where id = '{payment1}'; "
                         "insert into payment_application (id, payment_id, invoice_id, account_id, amount, applied_at) "
                         "values (gen_random_uuid(), '{payment1}', '{invoice1}', '{root}', -15, {t}); "
                         "update payment set applied = 0 where id = '{payment1}'; "
                         "update invoice set paid = 0 where id = '{invoice1}'; "
                         "update credit_node set receivables = 44.60, unapplied = 2.95; "
                         "update posting set ledger_account = 'bank' where journal_id = '{j_payment1}'"),
    Plant("M7", "update payment set applied = 14, amount = 19 where id = '{payment1}'; "
                "update posting set amount = sign(amount) * 19 where journal_id = '{j_payment1}'"),
    Plant("M7.invoices", "update invoice set closed_at = {t} where id = '{invoice1}'"),
    Plant("M7.invoices", "update invoice set paid = 14, credited = 4 where id = '{invoice1}'"),
    Plant("M7.credit_notes", "update payment_application set amount = 7 where credit_note_id is not null; "
                             "update invoice set credited = 7 where id = '{invoice1}'; "
                             "alter table invoice drop constraint ck_invoice_not_overpaid; "
                             "update invoice set paid = 7 where id = '{note1}'; "
                             "update credit_node set receivables = 25.60, unapplied = 3.95"),
    Plant("M7.credit_notes", "update invoice set paid = 2 where id = '{note1}'"),
    Plant("M7.currency", "update posting set currency = 'USD' where journal_id = '{j_invoice1}' and posting_no > 1; "
                         "update posting set currency = 'USD', ledger_account = 'revenue' "
                         "where journal_id = '{j_invoice1}' and posting_no = 1; "
                         "insert into posting values ('{j_note1}', 8, 'receivables', '{root}', 'EUR', 47.60), "
                         "('{j_note1}', 9, 'suspense', null, 'EUR', -47.60)"),
    Plant("M8", "update invoice_line set credited_qty = 1 where invoice_id = '{invoice1}' and line_no = 1"),
    Plant("C1", "update credit_node set credit_limit = 10; update credit_override set amount = 20"),
    Plant("C2.orders", "update credit_node set open_orders = 30"),
    Plant("C2.receivables", "update credit_node set receivables = 30"),
    Plant("C2.unapplied", "update credit_node set unapplied = 0"),
    Plant("C4", "insert into order_hold (id, order_id, account_id, scope, kind, code, reason, blocks, opened_at) values "
                "(gen_random_uuid(), '{order2}', '{branch}', 'order', 'credit', 'credit.blocked', 'late', '{{release}}', {t}); "
                "update credit_node set overdue_days = 1"),
    Plant("C4", "insert into order_hold (id, order_id, account_id, scope, kind, code, reason, blocks, opened_at) values "
                "(gen_random_uuid(), '{order2}', '{branch}', 'order', 'credit', 'credit.blocked', 'late', '{{release}}', "
                "{t} + interval '3 days'); update credit_node set overdue_days = 1, overdue_tolerated = 29.60"),
    Plant("C5", "insert into credit_override (id, account_id, amount, currency, reason, valid_from, valid_to, requested_by, "
                "approved_by, approver_limit, order_id) values (gen_random_uuid(), '{root}', 50, 'EUR', 'x', {t}, {t}, '{anna}', "
                "'{boris}', 500, '{order2}'); insert into credit_request (id, account_id, order_id, kind, amount, currency, reason, "
                "status, alone_up_to, figures, proposed_by, proposed_at, decided_by, decided_at) values (gen_random_uuid(), "
                "'{root}', '{order2}', 'release', 49, 'EUR', 'x', 'confirmed', 0, '[]', '{anna}', {t}, '{boris}', {t})"),
    Plant("A2", "alter table credit_request drop constraint ck_credit_request_four_eyes; "
                "insert into credit_request (id, account_id, kind, amount, currency, reason, status, alone_up_to, figures, "
                "proposed_by, proposed_at, decided_by, decided_at) values (gen_random_uuid(), '{root}', 'limit', 50, 'EUR', 'x', "
                "'confirmed', 49, '[]', '{anna}', {t}, '{anna}', {t})"),
    Plant("C6", "insert into order_hold (id, order_id, account_id, scope, kind, code, reason, blocks, detail, line_no, opened_at) "
                "values (gen_random_uuid(), '{order2}', '{branch}', 'line', 'credit', 'credit.part_held', 'x', '{{release}}', "
                "'{{\"qty\": \"10\"}}', 1, {t})"),
    Plant("M9", "insert into invoice_instalment (invoice_id, part_no, account_id, due_at, amount) values "
                "('{invoice1}', 1, '{root}', {t}, 40), ('{invoice1}', 2, '{root}', {t}, 7.50)"),
    Plant("M10", "insert into invoice_instalment (invoice_id, part_no, account_id, due_at, amount, discount_until, discount) values "
                 "('{invoice1}', 1, '{root}', {t}, 47.60, {t} - interval '1 day', 0.95); "
                 "update payment_application set discount = 0.50 where payment_id = '{payment1}'; "
                 "update invoice set credited = 3.50 where id = '{invoice1}'; update credit_node set receivables = 29.10; "
                 "insert into journal (id, kind, legal_entity_id, reference_type, reference_id, at) "
                 "select '{stuck}', 'discount', '{entity}', 'payment_application', id, {t} from payment_application "
                 "where payment_id = '{payment1}'; insert into posting values ('{stuck}', 1, 'receivables', '{root}', 'EUR', -0.50), "
                 "('{stuck}', 2, 'discounts', null, 'EUR', 0.50)"),
    Plant("M7", "update payment set refunded = 5 where id = '{payment1}'; "
                "update credit_node set unapplied = 2.95; "
                "update posting set amount = sign(amount) * 15 where journal_id = '{j_payment1}'"),
    Plant("C3", "update sales_order set credit_taken = 1 where id = '{order4}'"),
    Plant("A1", "update order_line set unit_price = 2.4, allowance = -1.20 where order_id = '{order2}'"),
    Plant("A1", "update approval set decision = 'rejected'"),
    Plant("A1", "delete from approval_seat"),
    Plant("A1", "update approval_request set status = 'expired'"),
    Plant("A1", "update approval_request set snapshot = '{{\"total\": \"35.7\", \"lines\": [{{\"line\": 1, \"left\": \"2\"}}]}}'"),
    Plant("A1", "update approval_request set tiers = '[{{\"no\": 1, \"need\": 2, \"own_orders\": false}}]'"),
    Plant("A1.asked", "delete from approval; delete from approval_seat; delete from approval_request"),
    Plant("A1.waiting", "insert into approval_request select gen_random_uuid(), '{order4}', '{root}', 1, content_hash, 'waiting', tiers, "
                        "snapshot, '{{}}', '{{}}', on_expiry, pending, {t}, null, null, {t}, null, null from approval_request"),
    Plant("A2", "update approval set decided_by = '{buyer}'; update approval_seat set person_id = '{buyer}'"),
    Plant("A2", "update approval set on_behalf_of = '{buyer}'"),
    Plant("A2", "update event set type = 'order.changed', actor_id = '{boris}' where subject_id = '{order2}' and subject_seq = 2; "
                "update approval set decided_at = {t} + interval '1 second'"),
    Plant("A2.once", "insert into approval select gen_random_uuid(), order_id, account_id, content_hash, decision, '{anna}', reason, "
                     "decided_at, request_id, tiers, '{boris}', null, null, null from approval; "
                     "insert into approval_seat select request_id, 1, 2, id, '{anna}', 'approval_above v0', true "
                     "from approval where on_behalf_of is not null"),
    Plant("A2.cap", "update approval set cap = 35"),
    Plant("X1", "alter table idempotency drop constraint pk_idempotency; insert into idempotency select * from idempotency"),
    Plant("X2", "drop index uq_sales_order_buyer_po; "
                "update sales_order set buyer_po = '0007', buyer_po_normal = '7' where id = '{order1}'"),
    Plant("X2.normal", "update sales_order set buyer_po_normal = 'PO01' where id = '{order1}'"),
    Plant("X3.files", "drop index uq_order_file_placed; "
                      "insert into inbound_document (id, channel, received_at, content_type, sha256, body, outcome) values "
                      "('{delivery}', 'csv', {t}, 'text/csv', sha256('raw'), 'raw', 'order'); "
                      "update sales_order set document_id = '{delivery}' where id = '{order3}'; "
                      "insert into order_file (document_id, account_id, sha256, mode, outcome, rows, accepted, answer, at) "
                      "select id, '{root}', sha256, 'accept-valid', 'placed', 0, 0, '{{\"rows\": []}}', {t} from inbound_document"),
    Plant("X4.files", "insert into order_file (document_id, account_id, sha256, mode, outcome, rows, accepted, answer, at) "
                      "values ('{document}', '{root}', sha256('raw'), 'accept-valid', 'refused', 0, 0, '{{\"rows\": []}}', {t})"),
    Plant("X4", "update sales_order set document_id = null"),
    Plant("X4.in_progress", "update inbound_document set outcome = 'in_progress', received_at = {t} - interval '2 hours'"),
    Plant("X3.interchanges", "alter table partner_interchange drop constraint uq_partner_interchange_partner_id_control_no_digest; "
                             "insert into partner_interchange (id, partner_id, document_id, place, control_no, digest, received_at, status) "
                             "select gen_random_uuid(), partner_id, document_id, 2, control_no, digest, {t}, 'held' from partner_interchange"),
    Plant("X4.sets", "delete from partner_set where place = 2"),
    Plant("X4.sets", "update partner_interchange set sets = 3"),
    Plant("X4.set_orders", "update partner_set set order_id = null where place = 1"),
    Plant("X4.set_orders", "update partner_set set outcome = 'order', order_id = '{order1}' where place = 2"),
    Plant("X4.set_orders", "update sales_order set channel = 'edi' where id = '{order4}'"),
    Plant("X4.acknowledged", "update partner_interchange set message_id = null"),
    Plant("X4.answered", "update partner_set set answered_at = null, answer_due_at = {t} - interval '11 minutes' where place = 1"),
    Plant("X3.numbers_out", "update partner_counter set interchanges = 3"),
    Plant("X3.numbers_out", "delete from partner_message_set where serial = 2"),
    Plant("X3.numbers_written", "update partner_message set body = decode(repeat('2a', 90), 'hex') || '000000007' where serial = 2"),
    Plant("E4.partners", "delete from delivery where kind = 'edi.855'"),
    Plant("X5", "update inbound_document set body = 'rew'"),
    Plant("E1", "update event set subject_seq = 4 where subject_id = '{order1}' and subject_seq = 3"),
    Plant("E2", "update event set payload = payload || '{{\"total\": \"12\"}}' where subject_id = '{order3}'"),
    Plant("E3", "drop trigger posting_no_truncate on posting"),
    Plant("E3", "alter table event disable trigger event_append_only"),
    Plant("E3", "grant update on stock_move to tradewind_app"),
    Plant("E4", "update delivery set status = 'pending', sent_at = null, next_at = {t} - interval '3 days'"),
    Plant("E4.ended", "update delivery set status = 'dead', sent_at = null"),
    Plant("E5", "delete from event_object where event_seq = 4"),
    Plant("W1", "alter table delivery drop constraint uq_delivery_effect_key, drop constraint pk_delivery; "
                "insert into delivery select * from delivery"),
    Plant("W3", "update stream_instance set version = 2 where id = '{waiting}'"),
    Plant("W4", "delete from stream_wait"),
    Plant("W4", "update incident set resolved_at = {t}"),
    Plant("W4.timer", "insert into stream_wait (instance_id, token, node, kind, due_at, since) "
                      "values ('{waiting}', '2', 'n', 'timer', {t}, {t})"),
    Plant("W4.answer", "update user_task set instance_id = '{waiting}', token = 3, status = 'done', "
                       "done_at = {t} + interval '1 minute'; "
                       "insert into user_task (id, instance_id, token, node, name, role, subject_type, subject_id, status, opened_at) "
                       "values (gen_random_uuid(), '{tasked}', 1, 'n', 'n', 'r', 'sales_order', '{order3}', 'open', {t})"),
    Plant("W8", "insert into stream_escalation (id, instance_id, stream, role, promised_at, expected_at, reasons, opened_at) "
                "values (gen_random_uuid(), '{done}', 'order_to_release', 'sales', {t}, {t}, '[]', {t}); "
                "update stream_instance set ended_at = {t} - interval '9 days' where id = '{done}'"),
    Plant("V1", "insert into stream_period (stream, entry, version, since, until) "
                "values ('order_to_release', 2, 1, '2001-01-01', '2001-02-01')"),
    Plant("V1.always", "update stream_period set until = '2002-01-01' where stream = 'invoice_to_cash'"),
    Plant("V2", "insert into stream_draft (stream, version, name, stage, bpmn, parameters, timeouts, authors, reviewer_id, created_at, "
                "changed_at) values ('order_to_release', 2, 'x', 'reviewed', 'x', '{{}}', '{{}}', '[\"{anna}\"]', '{anna}', {t}, {t})"),
    Plant("V2", "insert into stream_draft (stream, version, name, stage, bpmn, parameters, timeouts, authors, reviewer_id, created_at, "
                "changed_at) values ('order_to_release', 2, 'x', 'published', 'x', '{{}}', '{{}}', '[\"{anna}\"]', '{boris}', {t}, {t})"),
    Plant("V3", "insert into stream_draft (stream, version, name, stage, bpmn, parameters, timeouts, authors, reviewer_id, created_at, "
                "changed_at) values ('order_to_release', 1, 'x', 'published', '<x/>', '{{}}', '{{}}', '[\"{anna}\"]', '{boris}', {t}, {t})"),
    Plant("W5", "insert into stream_wait (instance_id, token, node, kind, due_at, since) "
                "values ('{done}', '1', 'n', 'timer', {t}, {t})"),
    Plant("W5.stuck", "update stream_instance set status = 'done', wake_at = null where id = '{cash}'"),
    Plant("W5.stuck", "update stream_instance set status = 'cancelled', wake_at = null where id = '{handling}'"),
    Plant("W5.stuck", "insert into stream_version values ('x', 1, 'x', 'x', 'x', {t}); "
                      "update stream_instance set subject_id = '{order3}', stream = 'x' where id = '{waiting}'; "
                      "update stream_instance set subject_id = '{shelf}' where id = '{handling}'; "
                      "update shipment set status = 'cancelled' where id = '{ship2}'; "
                      "update order_line set qty_released = 0, qty_allocated = 5 where order_id = '{order2}'; "
                      "update stock_claim set state = 'allocated' where state = 'released'; "
                      "update sales_order set status = 'backordered' where id = '{order2}'; "
                      "update event set payload = '{{\"status\": \"backordered\"}}' "
                      "where subject_id = '{order2}' and subject_seq = 2"),
    Plant("W6", "update message set consumed_by = null, consumed_at = null, expires_at = {t} - interval '2 days'"),
    Plant("W6.once", "update message set consumed_by = null"),
    Plant("D1", "alter table issued_paper drop constraint ck_issued_paper_hash_of_its_bytes; update issued_paper set body = 'other'"),
    Plant("D1.versions", "update issued_paper set version = 3, replaces_id = id where id = '{paper1}'"),
    Plant("D2", "update issued_paper set content = content || '{{\"total\": \"47.61\"}}' where id = '{paper1}'"),
    Plant("D2", "update issued_paper set number = 'INV-3' where id = '{paper1}'"),
    Plant("D2.subjects", "update issued_paper set account_id = '{stranger}' where id = '{paper2}'"),
    Plant("R1", "insert into line_substitution values ('{order1}', 1, '{root}', '{service}', 10, 'EA', 10, '{product}', 9, 1, 1, 'ask', 'own', "
                "{t}, null)"),
    Plant("R1.circles", "insert into substitute values ('{product}', '{service}', 1, 1, 1, {t}), ('{service}', '{product}', 1, 1, 1, {t})"),
    Plant("R2", "insert into calendar (id, code, name) values ('{shelf}', 'C', 'C'); insert into address (id, account_id, "
                "code, name, country) values ('{address}', '{root}', 'HQ', 'HQ', 'DE'); insert into calendar_use (id, use, account_id, "
                "address_id, calendar_id) values ('{shelf}', 'receiving', '{stranger}', '{address}', '{shelf}')"),
    Plant("R3", "update delivery_group set not_before = {t}, arrive_by = {t} - interval '1 day' where order_id = '{order4}'"),
    Plant("R3", "update order_charge set group_no = 7"),
    Plant("DT1", "alter table rule_period drop constraint ex_rule_period_overlap; update rule_period set until = null"),
    Plant("DT1", "update rule_period set governs = 'something else' where version = 1"),
    Plant("DT2", "alter table rule_version drop constraint ck_rule_version_four_eyes; update rule_version set reviewer = '{anna}'; "
                 "update rule_act set by = '{anna}' where verb = 'review'"),
    Plant("DT2", "update rule_act set by = '{boris}' where verb = 'edit'"),
    Plant("DT2", "delete from rule_act where verb = 'review'"),
    Plant("DT2", "insert into rule_act (rule_set_id, act_no, version, verb, by, at, digest) values "
                 "('{ruled}', 10, 2, 'edit', '{anna}', {t}, sha256('two'))"),
    Plant("DT3", "update rule_version set source = 'other', digest = sha256('other') where version = 2"),
    Plant("DT3", "alter table rule_version drop constraint ck_rule_version_digest; update rule_version set digest = 'x'"),
    Plant("DT4", "update rule_decision set version = 1"),
    Plant("DT4", "update rule_decision set point = 'line.validation'"),
    Plant("GO1", "insert into order_hold (id, order_id, account_id, scope, kind, code, reason, blocks, opened_at, released_at, "
                 "release_reason) values (gen_random_uuid(), '{order2}', '{branch}', 'order', 'data', 'rules.large', 'large', "
                 "'{{confirm}}', {t}, {t}, 'seen')"),
    Plant("GO1", "insert into order_warning (id, order_id, account_id, line_no, code, message, raised_at) values "
                 "(gen_random_uuid(), '{order1}', '{root}', 1, 'rules.large', 'large', {t} - interval '1 day')"),
    Plant("TR1", "insert into trial (id, name, state, change, selection, requested_at, ended_at, orders, done, changed, summary) "
                 "values (gen_random_uuid(), 'x', 'done', '{{}}', '{{}}', {t}, {t}, 2, 2, 1, '{{}}')"),
    Plant("TR1", "insert into trial (id, name, state, change, selection, requested_at, ended_at, orders, done, changed, summary) "
                 "values (gen_random_uuid(), 'x', 'done', '{{}}', '{{}}', {t}, {t}, 2, 1, 0, '{{}}')"),
    Plant("B1", "alter table blanket_line drop constraint ck_blanket_line_called_off_within_limit; "
                "alter table blanket_line drop constraint ck_blanket_line_committed_qty; update blanket_line set qty_limit = 9"),
    Plant("B1", "alter table blanket_line drop constraint ck_blanket_line_quantity_mode_is_said; update blanket_line set qty_limit = null"),
    Plant("B2", "update blanket_line set called_off = called_off - 1"),
    Plant("B2", "update blanket_line set called_value = called_value + 0.01"),
    Plant("B2.lines", "update call_off set qty = 9 where order_id = '{order1}'; update blanket_line set called_off = 9"),
    Plant("B2.lines", "update call_off set value = 24 where order_id = '{order1}'; update blanket_line set called_value = 24"),
    Plant("B3", "update blanket_line set product_id = '{service}'"),
    Plant("B3", "update blanket_line set account_id = '{stranger}'"),
    Plant("B4", "update sales_order set channel = 'recurring' where id = '{order1}'"),
    Plant("B4", "update recurring_period set order_id = gen_random_uuid()"),
    Plant("B5", "update recurring_order set next_day = '2026-03-02'"),
    Plant("B5", "update recurring_order set periods_done = 0"),
    Plant("P1", _ASKED),
    Plant("P1", _SHIPPED + "update supplier_order set status = 'open', closed_at = null"),  # noqa: S608 - ours
    Plant("P1", _SHIPPED + "alter table supplier_order_line drop constraint ck_supplier_order_line_answered_was_ordered; "  # noqa: S608 - ours
                           "update supplier_order_line set qty_cancelled = 1"),
    Plant("P1.units", _SHIPPED + "update supplier_order_line set qty = 2, qty_cancelled = 1"),  # noqa: S608 - ours
    Plant("P1.shipped", _SHIPPED + "update supplier_order_line set qty_shipped = 1, qty_refused = 0"),  # noqa: S608 - ours
    Plant("P2", _SHIPPED + "update supplier_order set account_id = '{stranger}'"),  # noqa: S608 - ours
    Plant("P3", "insert into delivery (id, effect_key, epoch, destination, kind, subject_type, subject_id, payload, status, next_at, created_at, "
                "sent_at) values (gen_random_uuid(), 'x', 1, 'vendor:V', 'supplier_order.sent', 'supplier_order', '{handling}', "
                "'{{\"lines\": [{{\"net\": \"3\"}}]}}', 'sent', {t}, {t}, {t})"),
    Plant("Q1", "update quote_version_line set qty_accepted = 9 where line_no = 1"),
    Plant("Q1", "alter table quote_version_line drop constraint ck_quote_version_line_accepted_was_offered; "
                "update quote_version_line set qty_accepted = 2 where line_no = 2"),
    Plant("Q1.alternatives", "drop index uq_quote_version_line_chosen; update quote_version_line set qty_accepted = 1 where line_no = 3; "
                             "insert into quote_acceptance_line values ('{taken}', 3, '{root}', 1, 14, 1, 14, '{order1}', 9)"),
    Plant("Q2", "update quote_acceptance_line set unit_price = 2.4 where line_no = 1"),
    Plant("Q2", "update quote_version_line set unit_price = 2.4 where line_no = 1"),
    Plant("Q2.sums", "update quote_version_line set net = 26 where line_no = 1"),
    Plant("Q3", "insert into event (xid, seq, type, at, subject_type, subject_id, subject_seq, channel, payload) overriding system value "
                "values (8, 10, 'quote.expired', {t}, 'quote', '{quote}', 3, 'system', '{{\"status\": \"expired\"}}'); "
                "insert into event_object (object_id, event_xid, event_seq, qualifier, object_type) "
                "values ('{quote}', 8, 10, 'subject', 'quote')"),
    Plant("Q4", "update quote set expires_at = expires_at + interval '1 second'"),
    Plant("Q4", "update quote_version set version_no = 2; update quote_version_line set version_no = 2; update quote_acceptance set version_no = 2"),
    Plant("Q5", "update quote_acceptance set accepted_at = accepted_at + interval '6 days'"),
    Plant("Q5", "update quote_acceptance set accepted_at = accepted_at + interval '6 days', policy = 'allow'"),
    Plant("Q6", "update quote set status = 'partly_accepted', ended_at = null, end_reason = null"),
    Plant("Q6", "update quote_version set account_id = '{stranger}'"),
    Plant("DU1", "update payment_application set applied_at = {t} + interval '1 day' where invoice_id = '{invoice1}'"),
    Plant("DU1", "update dunning_line set open = 29.59; update dunning_notice set open_total = 29.59, total = 32.16"),
    Plant("DU1.rests", "insert into order_hold (id, order_id, account_id, scope, kind, code, reason, blocks, opened_at, released_at, "
                       "release_reason) values (gen_random_uuid(), '{order1}', '{root}', 'order', 'dispute', 'x', 'x', '{{}}', "
                       "{t} - interval '1 day', {t} + interval '1 day', 'x')"),
    Plant("DU1.rests", "insert into dunning_pause (id, account_id, kind, until_day, reason, opened_at) values "
                       "('{shelf}', '{root}', 'promise', '2026-03-02', 'x', {t} - interval '1 day')"),
    Plant("DU2", "update dunning_line set level = 2; update dunning_notice set level = 2"),
    Plant("DU3", "update dunning_claim set amount = 0.08 where kind = 'interest'; update dunning_notice set interest = 0.08, total = 32.18"),
    Plant("DU3", "update dunning_span set days = 11"),
    Plant("DU3.days", "insert into dunning_span values ('{interest}', 2, '{root}', '2026-03-01', '2026-03-02', 1, 0.01)"),
    Plant("DU4", "update dunning_notice set fee = 2, total = 31.67"),
    Plant("DU4", "update dunning_line set account_id = '{branch}'"),
    Plant("T2", "update order_line set account_id = '{stranger}' where order_id = '{order4}'"),
    Plant("T2.tree", "insert into account_closure values ('{stranger}', '{branch}', 1)"),
    Plant("T2.tree", "update account_closure set depth = 2 where depth = 1"),
    Plant("T3", "alter table shipment no force row level security"),
    Plant("T3", "create table leak (account_id uuid)"),
    Plant("T3.roles", "alter role tradewind_app bypassrls"),
    Plant("T3.roles", "create table owned (id int); alter table owned owner to tradewind_app"),
    Plant("T3.buyer", "grant select on credit_node, principal to tradewind_buyer"),
    Plant("T3.buyer", "create policy leak on invoice for select to tradewind_buyer using (true)"),
    Plant("T3.views", "create view leak as select * from invoice"),
    Plant("T3.definers", "create function leak() returns int language sql security definer as 'select 1'"),
)  # fmt: skip
