"""All declared tables in one place, and the promises that SQLAlchemy has no word for, as SQL.

Read by migrations, the drift check and `verify`; nothing that serves requests imports it.
"""

from collections.abc import Iterator
from importlib import import_module

from sqlalchemy import Table

from tradewind.kernel.tables import metadata as metadata

ROOMS = (
    "access",
    "accounts",
    "semantics",
    "catalog",
    "calendars",
    "pricing",
    "inventory",
    "orders",
    "credit",
    "approvals",
    "fulfilment",
    "billing",
    "returns",
    "orchestration",
    "channels",
    "papers",
    "rules",
    "blankets",
    "recurring",
    "quotes",
    "purchasing",
    "trials",
    "library",
)
for _room in ROOMS:
    import_module(f"tradewind.{_room}.tables")

APP, BUYER, VERIFIER = "tradewind_app", "tradewind_buyer", "tradewind_verifier"
VISIBLE = "(select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]"

_ROLES = f"""
do $$ begin
  if not exists (select from pg_roles where rolname = '{APP}') then create role {APP} login nosuperuser nobypassrls; end if;
  if not exists (select from pg_roles where rolname = '{BUYER}') then create role {BUYER} nologin nosuperuser nobypassrls; end if;
  if not exists (select from pg_roles where rolname = '{VERIFIER}') then create role {VERIFIER} login nosuperuser nobypassrls; end if;
exception when duplicate_object or unique_violation then null;
end $$
"""  # noqa: S608 - names of ours
_APPEND_ONLY = """
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are never changed or deleted', tg_table_name using errcode = 'TW001';
end $$
"""
_FROZEN = """
create or replace function refuse_change_of_posted() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'posted rows of % are never deleted', tg_table_name using errcode = 'TW001';
  end if;
  if to_jsonb(old) - tg_argv::text[] is distinct from to_jsonb(new) - tg_argv::text[] then
    raise exception 'posted rows of % never change', tg_table_name using errcode = 'TW001';
  end if;
  return new;
end $$
"""

# Marks come from a sequence, so that not even a rolled back transaction's mark is ever left again.
_MARKS = """
create or replace function leave_mark() returns trigger language plpgsql as $$
begin
  insert into master_change (kind, shard, mark) values (tg_argv[0], pg_backend_pid() % 64, nextval('master_mark'))
  on conflict (kind, shard) do update set mark = excluded.mark;
  return null;
end $$;
create or replace function mark_price_lists() returns trigger language plpgsql as $$
begin
  if tg_op = 'TRUNCATE' then
    update price_list set mark = nextval('master_mark');
  elsif tg_op = 'INSERT' then
    perform from price_list where id in (select list_id from written) order by id for no key update;
    update price_list set mark = nextval('master_mark') where id in (select list_id from written);
  elsif tg_op = 'DELETE' then
    update price_list set mark = nextval('master_mark') where id in (select list_id from gone);
  else
    perform from price_list where id in (select list_id from written union select list_id from gone) order by id for no key update;
    update price_list set mark = nextval('master_mark')
    where id in (select list_id from written union select list_id from gone);
  end if;
  return null;
end $$
"""
_PRICE_TRIGGERS = (
    ("insert", "referencing new table as written"),
    ("update", "referencing old table as gone new table as written"),
    ("delete", "referencing old table as gone"),
    ("truncate", ""),
)

# Resolves what callers name, each under its own sight: one call for a whole batch. It runs as the buyer role, whoever
# calls it, so that row-level security decides anew for every caller; rights are narrowed by it, never widened.
_NAMES_AS_SEEN = """
create or replace function names_as_seen(sights text[], codes text[])
returns table (place int, account_id uuid, address_id uuid, address_code text, is_default boolean, name text, country text,
               region text, street text, city text, postal_code text)
language plpgsql security invoker set search_path = public set role = 'tradewind_buyer' as $$
begin
  for i in 1 .. cardinality(codes) loop
    perform set_config('tradewind.visible_accounts', sights[i], true);
    return query
      select i, a.id, d.id, d.code, d.is_default, d.name, d.country, coalesce(d.region, ''), d.street, d.city, d.postal_code
      from account a left join address d on d.account_id = a.id and d.kind = 'ship_to'
      where a.code = codes[i] order by d.is_default desc, d.code;
  end loop;
  perform set_config('tradewind.visible_accounts', '', true);
end $$
"""


def account_column(table: Table) -> str | None:
    """The column that says whose row it is: `account_id`, or the id of the account itself."""
    if table.name == "account":
        return "id"
    return "account_id" if "account_id" in table.c else None


def guard_statements(table: Table) -> Iterator[str]:
    """Triggers that refuse what an append-only or posted table must never see."""
    name = table.name
    if table.info["append_only"]:
        yield (
            f"create trigger {name}_append_only before update or delete on {name} for each row execute function refuse_change()"
        )
        yield (
            f"create trigger {name}_no_truncate before truncate on {name} for each statement execute function refuse_change()"
        )
    if table.info["frozen_but"]:
        columns = ", ".join(f"'{column}'" for column in table.info["frozen_but"])
        yield (
            f"create trigger {name}_posted before update or delete on {name} for each row "
            f"execute function refuse_change_of_posted({columns})"
        )
        yield (
            f"create trigger {name}_no_truncate before truncate on {name} for each statement execute function refuse_change()"
        )
    if table.info["kept_as"]:
        yield (
            f"create trigger {name}_mark after insert or update or delete or truncate on {name} for each statement "
            f"execute function leave_mark('{table.info['kept_as']}')"
        )
    if name == "price":
        for verb, tables in _PRICE_TRIGGERS:
            yield (
                f"create trigger price_{verb}_mark after {verb} on price {tables} for each statement "
                "execute function mark_price_lists()"
            )


def grant_statements(table: Table) -> Iterator[str]:
    """Rights and row-level security of one table."""
    name, own = table.name, account_column(table)
    writes = "select, insert" if table.info["append_only"] else "select, insert, update, delete"
    yield f"grant {writes} on {name} to {APP}"
    yield f"grant select on {name} to {VERIFIER}"
    if own is None:
        return
    yield f"alter table {name} enable row level security"
    yield f"alter table {name} force row level security"
    yield f"create policy staff on {name} to {APP}, current_user using (true) with check (true)"
    yield f"create policy verifier on {name} for select to {VERIFIER} using (true)"
    if table.info["buyer"]:
        yield f"grant select on {name} to {BUYER}"
        shared = f" or {own} is null" if table.c[own].nullable and name == "cross_reference" else ""
        yield f"create policy buyer on {name} for select to {BUYER} using ({own} = any({VISIBLE}){shared})"


def security_statements() -> Iterator[str]:
    """Roles, rights, row-level security and guards of the whole schema, in order."""
    yield _ROLES
    yield f"grant {BUYER} to {APP}"
    yield f"grant usage on schema public to {APP}, {BUYER}, {VERIFIER}"
    yield _APPEND_ONLY
    yield _FROZEN
    yield "create sequence if not exists master_mark"
    yield _MARKS
    for table in metadata.sorted_tables:
        yield from grant_statements(table)
        yield from guard_statements(table)
    yield f"grant select on product, product_unit, site, legal_entity, payment_terms to {BUYER}"
    yield "create sequence if not exists order_number"
    yield "create sequence if not exists shipment_number"
    yield "create sequence if not exists payment_number"
    yield "create sequence if not exists return_number"
    yield "create sequence if not exists blanket_number"
    yield "create sequence if not exists recurring_number"
    yield "create sequence if not exists quote_number"
    yield "create sequence if not exists dunning_number"
    yield "create sequence if not exists supplier_order_number"
    yield _NAMES_AS_SEEN
    yield "revoke execute on function names_as_seen from public"
    yield f"grant execute on function names_as_seen to {APP}, {BUYER}"
    yield f"grant usage on all sequences in schema public to {APP}"
    yield "insert into installation (id) values (1) on conflict do nothing"
