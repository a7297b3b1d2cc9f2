"""Intake: every document that came in became something, once."""

from tradewind.analytics.model import Check

# Time as the log tells it: a replayed day has its own.
LAST_EVENT = "(select coalesce((select at from event order by xid desc, seq desc limit 1), now()))"

INTAKE = (
    Check(
        "X1",
        "A key of a principal was used for one thing.",
        """
        select principal_id, key, count(*) as times from idempotency group by 1, 2 having count(*) > 1
        """,
    ),
    Check(
        "X2",
        "A buyer's order number lives once per account, release and allowed repeat, whatever the channel.",
        """
        select account_id, buyer_po_normal, release_no, duplicate_no, count(*) as orders, array_agg(number) as numbers
        from sales_order where buyer_po_normal is not null and status <> 'cancelled'
        group by 1, 2, 3, 4 having count(*) > 1
        """,
    ),
    Check(
        "X2.normal",
        "The number that orders are compared by is the buyer's number in capitals and digits, its parts kept apart.",
        """
        select id as order_id, number, buyer_po, buyer_po_normal from sales_order
        where (buyer_po is null or buyer_po ~ '^[ -~]*$')
          and replace(buyer_po_normal, '-', '') is distinct from nullif(ltrim(regexp_replace(upper(buyer_po), '[^0-9A-Z]+', '', 'g'), '0'), '')
        """,
    ),
    Check(
        "X3.files",
        "An order file was placed once for its account.",
        """
        select account_id, encode(sha256, 'hex') as sha256, count(*) as times, array_agg(document_id) as documents
        from order_file where outcome = 'placed' group by 1, 2 having count(*) > 1
        """,
    ),
    Check(
        "X4.files",
        "An order file is the document that came, has an outcome for each of its rows, and was placed where it has orders.",
        """
        select f.document_id, f.account_id, f.outcome, f.rows, jsonb_array_length(f.answer->'rows') as answered
        from order_file f join inbound_document d on d.id = f.document_id
        where d.sha256 <> f.sha256 or jsonb_array_length(f.answer->'rows') <> f.rows
           or (f.outcome = 'placed') <> exists (select from sales_order o where o.document_id = f.document_id)
           or exists (select from sales_order o where o.document_id = f.document_id and o.account_id <> f.account_id)
        """,
    ),
    Check(
        "X4",
        "A document that became an order has that order.",
        """
        select d.id as document_id, d.channel, d.received_at, d.outcome from inbound_document d
        where d.outcome = 'order' and d.results is null
          and not exists (select from sales_order o where o.document_id = d.id)
        """,
    ),
    Check(
        "X4.in_progress",
        "No document is in progress for more than an hour.",
        f"""
        select id as document_id, channel, received_at from inbound_document
        where outcome = 'in_progress' and received_at < {LAST_EVENT} - interval '1 hour'
        """,  # noqa: S608 - the house's own words
        kind="aged",
    ),
    Check(
        "X5",
        "The bytes that are kept are the bytes that came.",
        """
        select id as document_id, channel, received_at from inbound_document where sha256 <> sha256(body)
        """,
    ),
)
