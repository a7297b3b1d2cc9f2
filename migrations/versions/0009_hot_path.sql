create sequence if not exists master_mark;
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
end $$;
CREATE TABLE master_change (
	kind TEXT NOT NULL, 
	shard SMALLINT NOT NULL, 
	mark BIGINT NOT NULL, 
	CONSTRAINT pk_master_change PRIMARY KEY (kind, shard)
);
comment on table master_change is 'The last mark of each kind of master data that processes keep; by server process, so that writers do not wait.';
grant select, insert, update, delete on master_change to tradewind_app;
grant select on master_change to tradewind_verifier;
alter table price_list add column mark bigint not null default 0;
create trigger product_mark after insert or update or delete or truncate on product for each statement execute function leave_mark('product');
create trigger product_unit_mark after insert or update or delete or truncate on product_unit for each statement execute function leave_mark('product');
create trigger site_mark after insert or update or delete or truncate on site for each statement execute function leave_mark('lane');
create trigger legal_entity_mark after insert or update or delete or truncate on legal_entity for each statement execute function leave_mark('lane');
create trigger freight_lane_mark after insert or update or delete or truncate on freight_lane for each statement execute function leave_mark('lane');
create trigger price_list_mark after insert or update or delete or truncate on price_list for each statement execute function leave_mark('assignment');
create trigger price_assignment_mark after insert or update or delete or truncate on price_assignment for each statement execute function leave_mark('assignment');
create trigger tax_rate_mark after insert or update or delete or truncate on tax_rate for each statement execute function leave_mark('tax');
create trigger price_insert_mark after insert on price referencing new table as written for each statement execute function mark_price_lists();
create trigger price_update_mark after update on price referencing old table as gone new table as written for each statement execute function mark_price_lists();
create trigger price_delete_mark after delete on price referencing old table as gone for each statement execute function mark_price_lists();
create trigger price_truncate_mark after truncate on price  for each statement execute function mark_price_lists();
grant usage on sequence master_mark to tradewind_app;
alter table order_line alter column promise type text using promise::text;
create trigger price_mark after insert or update or delete or truncate on price for each statement execute function leave_mark('price');
create trigger stream_version_mark after insert or update or delete or truncate on stream_version for each statement execute function leave_mark('stream');
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
end $$;
grant execute on function names_as_seen to tradewind_app;
