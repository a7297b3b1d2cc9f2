-- The limit's own work, for a clone without the shared probe: one order of several lines in one function, one round trip, one
-- commit. The same as the probe does: headroom by a conditional update, shelf rows locked in ascending order, stock taken by
-- a conditional update, header, lines and one outgoing fact stored. No foreign keys, no prices, nothing else.
drop schema if exists ceiling cascade;
create schema ceiling;
create table ceiling.buyer (
  id int primary key, allowed numeric(14,2) not null, used numeric(14,2) not null default 0
) with (fillfactor = 80);
create table ceiling.shelf (
  item int primary key, present int not null, promised int not null default 0, check (promised <= present)
) with (fillfactor = 70);
create table ceiling.sale (
  id bigint generated always as identity primary key, buyer int not null, state text not null, amount numeric(14,2) not null,
  at timestamptz not null default now()
);
create table ceiling.sale_line (
  sale bigint not null, line int not null, item int not null, pieces int not null, price numeric(12,4) not null,
  promised int not null, primary key (sale, line)
);
create table ceiling.fact (
  id bigint generated always as identity primary key, sale bigint not null, kind text not null, payload jsonb not null,
  at timestamptz not null default now()
);
insert into ceiling.buyer (id, allowed) select n, 1e9 from generate_series(1, 5000) as n;
insert into ceiling.shelf (item, present) select n, 100000000 from generate_series(1, 20000) as n;

create function ceiling.take_order(who int, items int[], pieces int[], prices numeric[]) returns bigint language plpgsql as $$
declare
  worth numeric(14,2) := (select sum(n * p) from unnest(pieces, prices) as line(n, p));
  taken int;
  number bigint;
begin
  update ceiling.buyer set used = used + worth where id = who and used + worth <= allowed;
  if not found then
    raise exception 'over the limit' using errcode = 'P0003';
  end if;
  perform from ceiling.shelf where item = any(items) order by item for update;
  update ceiling.shelf as s set promised = s.promised + asked.n
  from (select line.i, sum(line.n)::int as n from unnest(items, pieces) as line(i, n) group by line.i) as asked
  where s.item = asked.i and s.present - s.promised >= asked.n;
  get diagnostics taken = row_count;
  if taken <> (select count(distinct i) from unnest(items) as line(i)) then
    raise exception 'too little there' using errcode = 'P0002';
  end if;
  insert into ceiling.sale (buyer, state, amount) values (who, 'accepted', worth) returning id into number;
  insert into ceiling.sale_line
    select number, line.ord, line.i, line.n, line.p, line.n
    from unnest(items, pieces, prices) with ordinality as line(i, n, p, ord);
  insert into ceiling.fact (sale, kind, payload)
    values (number, 'order.accepted', jsonb_build_object('order', number, 'total', worth));
  return number;
end $$;
