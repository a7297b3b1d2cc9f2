"""Isolation: rows belong to the account of what they are part of, and the database itself keeps buyers apart."""

from tradewind.analytics.model import Check

# (table, its order's id) for rows that carry the account of their order.
_PARTS = (
    ("order_line", "order_id"),
    ("delivery_group", "order_id"),
    ("order_charge", "order_id"),
    ("order_hold", "order_id"),
    ("approval", "order_id"),
    ("approval_request", "order_id"),
    ("shipment", "order_id"),
    ("shipment_line", "order_id"),
    ("stock_claim", "order_id"),
    ("invoice", "order_id"),
    ("invoice_line", "order_id"),
)
_OF_AN_ORDER = " union all ".join(
    f"select '{name}' as what, t.{column} as id, t.account_id, o.account_id as belongs_to "  # noqa: S608 - ours
    f"from {name} t join sales_order o on o.id = t.{column} where t.account_id <> o.account_id"
    for name, column in _PARTS
)

ISOLATION = (
    Check(
        "T2",
        "Every part of an order or a return carries the account it belongs to.",
        f"""
        {_OF_AN_ORDER}
        union all
        select 'return_line', t.return_id, t.account_id, r.account_id
        from return_line t join return_authorisation r on r.id = t.return_id where t.account_id <> r.account_id
        union all
        select 'payment_application', t.id, t.account_id, i.account_id
        from payment_application t join invoice i on i.id = t.invoice_id where t.account_id <> i.account_id
        """,  # noqa: S608 - the house's own words
    ),
    Check(
        "T2.tree",
        "The company trees that decide who sees what are those of the accounts' parents.",
        """
        with recursive above as (
          select id as account_id, id as ancestor_id, 0 as depth from account
          union all
          select u.account_id, a.parent_id, u.depth + 1
          from above u join account a on a.id = u.ancestor_id where a.parent_id is not null and u.depth < 100
        )
        select account_id, ancestor_id, c.depth as stored, u.depth as real
        from account_closure c full join above u using (account_id, ancestor_id)
        where c.depth is distinct from u.depth
        """,
    ),
    Check(
        "T3",
        "Every table with an account has row-level security enabled and forced, and a policy.",
        """
        select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
               (select count(*) from pg_policy p where p.polrelid = c.oid) as policies
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
          and (c.relname = 'account' or exists (
                select from pg_attribute a where a.attrelid = c.oid and a.attname = 'account_id' and not a.attisdropped))
          and (not c.relrowsecurity or not c.relforcerowsecurity
               or not exists (select from pg_policy p where p.polrelid = c.oid))
        """,
        kind="catalogue",
    ),
    Check(
        "T3.roles",
        "The roles that serve requests are no superusers, do not pass row-level security, and own no table.",
        """
        select w.name, r.rolsuper, r.rolbypassrls,
               (select count(*) from pg_class c where c.relowner = r.oid and c.relnamespace = 'public'::regnamespace) as owns
        from (values ('tradewind_app'), ('tradewind_buyer'), ('tradewind_verifier')) as w(name)
        left join pg_roles r on r.rolname = w.name
        where r.oid is null or r.rolsuper or r.rolbypassrls
           or exists (select from pg_class c where c.relowner = r.oid and c.relnamespace = 'public'::regnamespace)
        """,
        kind="catalogue",
    ),
    Check(
        "T3.buyer",
        "Every policy of the buyer role lets it read, and nothing else, and only by the accounts it may see.",
        """
        select c.relname as name, p.polname as policy, p.polcmd as command, pg_get_expr(p.polqual, p.polrelid) as condition
        from pg_policy p
        join pg_class c on c.oid = p.polrelid
        join pg_roles r on r.rolname = 'tradewind_buyer' and (r.oid = any(p.polroles) or 0 = any(p.polroles))
        where p.polcmd <> 'r' or pg_get_expr(p.polqual, p.polrelid) not like '%tradewind.visible_accounts%'
        union all
        select c.relname, 'right', null, null
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
          and (has_table_privilege('tradewind_buyer', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
               or (has_table_privilege('tradewind_buyer', c.oid, 'SELECT') and not c.relrowsecurity
                   and c.relname not in ('legal_entity', 'payment_terms', 'product', 'product_unit', 'site')))
        """,
        kind="catalogue",
    ),
    Check(
        "T3.views",
        "Every view reads with the rights of who asks.",
        """
        select c.relname as name, c.relkind as kind from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
          and not coalesce(c.reloptions @> array['security_invoker=true'] or c.reloptions @> array['security_invoker=on'], false)
        """,
        kind="catalogue",
    ),
    Check(
        "T3.definers",
        "No function runs with its owner's rights unless its search path is pinned.",
        """
        select p.proname as name, p.proconfig as settings from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.prosecdef
          and not exists (select from unnest(p.proconfig) as s(setting) where s.setting like 'search_path=%')
        """,
        kind="catalogue",
    ),
)
