"""Papers: what was issued is still what was issued, and says what the documents say."""

from tradewind.analytics.model import Check

PAPERS = (
    Check(
        "D1",
        "Every paper that was issued has the bytes its hash was made of.",
        """
        select id as paper_id, kind, number, version, sha256, sha256(body) as of_bytes from issued_paper
        where sha256 <> sha256(body)
        """,
    ),
    Check(
        "D1.versions",
        "The versions of a paper are numbered from 1 without a gap, and each names the one before.",
        """
        select p.id as paper_id, p.kind, p.number, p.language, p.version, o.version as replaces
        from issued_paper p left join issued_paper o on o.id = p.replaces_id
        where p.version <> coalesce(o.version, 0) + 1
           or (o.kind, o.subject_id, o.scope, o.language) is distinct from (p.kind, p.subject_id, p.scope, p.language) and o.id is not null
        """,
    ),
    Check(
        "D2",
        "The paper of an invoice or credit note was printed from the number, currency and amounts of its row, and is of its account.",
        """
        select p.id as paper_id, p.kind, p.number, i.number as of_row, p.content ->> 'total' as printed, i.total
        from issued_paper p left join invoice i on i.id = p.subject_id
        where p.kind in ('invoice', 'credit_note')
          and (i.id is null or p.kind <> i.kind or p.number <> i.number or p.account_id <> i.account_id
               or p.content ->> 'number' is distinct from i.number or p.content ->> 'currency' is distinct from i.currency
               or (p.content ->> 'total')::numeric is distinct from i.total or (p.content ->> 'net')::numeric is distinct from i.net_total
               or (p.content ->> 'charges')::numeric is distinct from i.charge_total
               or (p.content ->> 'tax')::numeric is distinct from i.tax_total)
        """,
    ),
    Check(
        "D2.subjects",
        "The paper of an order, a shipment or an account belongs to the account that its subject belongs to.",
        """
        select p.id as paper_id, p.kind, p.number, p.account_id, coalesce(o.account_id, s.account_id, a.id) as belongs_to
        from issued_paper p
        left join sales_order o on p.kind = 'order_confirmation' and o.id = p.subject_id
        left join shipment s on p.kind = 'packing_slip' and s.id = p.subject_id
        left join account a on p.kind = 'statement' and a.id = p.subject_id
        where p.kind not in ('invoice', 'credit_note') and p.account_id is distinct from coalesce(o.account_id, s.account_id, a.id)
        """,
    ),
)
