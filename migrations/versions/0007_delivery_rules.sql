-- Delivery rules: entitlement, substitutes, price tolerance, calendars, and what a delivery group wishes.
CREATE TABLE calendar (
  id UUID NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  time_zone TEXT DEFAULT 'UTC' NOT NULL,
  CONSTRAINT pk_calendar PRIMARY KEY (id),
  CONSTRAINT uq_calendar_code UNIQUE (code)
);
comment on table calendar is 'When a place works, in its own time zone.';
CREATE TABLE price_tolerance (
  scope_key TEXT NOT NULL,
  take TEXT DEFAULT 'ours' NOT NULL,
  line_up_percent NUMERIC(18, 6),
  line_up_amount NUMERIC(18, 3),
  line_down_percent NUMERIC(18, 6),
  line_down_amount NUMERIC(18, 3),
  order_up_percent NUMERIC(18, 6),
  order_up_amount NUMERIC(18, 3),
  order_down_percent NUMERIC(18, 6),
  order_down_amount NUMERIC(18, 3),
  floor_percent NUMERIC(18, 6),
  CONSTRAINT pk_price_tolerance PRIMARY KEY (scope_key),
  CONSTRAINT ck_price_tolerance_take CHECK (take in ('ours', 'buyers', 'lower'))
);
comment on table price_tolerance is 'How far a buyer''s price may be above (up) or below ours and whose is taken then; beyond it the line is held.';
CREATE TABLE restriction (
  code TEXT NOT NULL,
  country TEXT DEFAULT '' NOT NULL,
  name TEXT NOT NULL,
  effect TEXT DEFAULT 'hold' NOT NULL,
  licence TEXT,
  CONSTRAINT pk_restriction PRIMARY KEY (code, country),
  CONSTRAINT ck_restriction_effect CHECK (effect in ('allow', 'hold', 'refuse'))
);
comment on table restriction is 'What selling goods of a code to a country needs: the licence that lifts it; no licence means never. Empty country: any.';
CREATE TABLE substitution_policy (
  scope_key TEXT NOT NULL,
  consent TEXT NOT NULL,
  price TEXT DEFAULT 'own' NOT NULL,
  CONSTRAINT pk_substitution_policy PRIMARY KEY (scope_key),
  CONSTRAINT ck_substitution_policy_consent CHECK (consent in ('automatic', 'ask', 'never')),
  CONSTRAINT ck_substitution_policy_price CHECK (price in ('own', 'original'))
);
comment on table substitution_policy is 'Whether a substitute is sent without asking, offered or never, and at whose price.';
CREATE TABLE assortment (
  id UUID NOT NULL,
  scope_key TEXT NOT NULL,
  effect TEXT NOT NULL,
  product_id UUID,
  category TEXT,
  reason TEXT,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_assortment PRIMARY KEY (id),
  CONSTRAINT ck_assortment_effect CHECK (effect in ('include', 'exclude')),
  CONSTRAINT uq_assortment_scope_key_effect_product_id_category_valid_from UNIQUE NULLS NOT DISTINCT (scope_key, effect, product_id, category, valid_from),
  CONSTRAINT ck_assortment_one_target CHECK (product_id is null or category is null),
  CONSTRAINT ck_assortment_validity CHECK (valid_to is null or valid_to > valid_from),
  CONSTRAINT fk_assortment_product_id FOREIGN KEY(product_id) REFERENCES product (id)
);
CREATE INDEX ix_assortment_product_id ON assortment (product_id);
comment on table assortment is 'What account:<id>, segment:<name>, region:<name>, channel:<name> or all may buy; without product and category: everything.';
CREATE TABLE calendar_day (
  calendar_id UUID NOT NULL,
  day TEXT NOT NULL,
  opens TEXT,
  closes TEXT,
  name TEXT,
  CONSTRAINT pk_calendar_day PRIMARY KEY (calendar_id, day),
  CONSTRAINT ck_calendar_day_day CHECK (day ~ '^(mon|tue|wed|thu|fri|sat|sun|[0-9]{4}-[0-9]{2}-[0-9]{2})$'),
  CONSTRAINT ck_calendar_day_hours CHECK ((opens is null) = (closes is null) and coalesce(opens < closes, true) and coalesce(opens, '00:00') ~ '^[0-9]{2}:[0-9]{2}$' and coalesce(closes, '00:00') ~ '^[0-9]{2}:[0-9]{2}$'),
  CONSTRAINT fk_calendar_day_calendar_id FOREIGN KEY(calendar_id) REFERENCES calendar (id)
);
comment on table calendar_day is 'Hours of a weekday (mon to sun) or of one date (2026-12-25), which goes first; without hours it is closed.';
CREATE TABLE product_restriction (
  product_id UUID NOT NULL,
  code TEXT NOT NULL,
  CONSTRAINT pk_product_restriction PRIMARY KEY (product_id, code),
  CONSTRAINT fk_product_restriction_product_id FOREIGN KEY(product_id) REFERENCES product (id)
);
comment on table product_restriction is 'Restricted goods: dangerous, controlled, for adults, not for export.';
CREATE TABLE substitute (
  product_id UUID NOT NULL,
  substitute_id UUID NOT NULL,
  rank INTEGER DEFAULT 1 NOT NULL,
  numerator BIGINT DEFAULT 1 NOT NULL,
  denominator BIGINT DEFAULT 1 NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_substitute PRIMARY KEY (product_id, substitute_id),
  CONSTRAINT ck_substitute_not_itself CHECK (product_id <> substitute_id),
  CONSTRAINT ck_substitute_ratio CHECK (numerator > 0 and denominator > 0),
  CONSTRAINT fk_substitute_product_id FOREIGN KEY(product_id) REFERENCES product (id),
  CONSTRAINT fk_substitute_substitute_id FOREIGN KEY(substitute_id) REFERENCES product (id)
);
CREATE INDEX ix_substitute_substitute_id ON substitute (substitute_id);
comment on table substitute is 'What replaces a product: numerator/denominator base units of the substitute stand for one of the product, exactly.';
CREATE TABLE licence (
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  code TEXT NOT NULL,
  number TEXT NOT NULL,
  country TEXT DEFAULT '' NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_licence PRIMARY KEY (id),
  CONSTRAINT uq_licence_account_id_code_country_number UNIQUE (account_id, code, country, number),
  CONSTRAINT ck_licence_validity CHECK (valid_to is null or valid_to > valid_from),
  CONSTRAINT fk_licence_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);
comment on table licence is 'What an account is licensed to buy (a code that restrictions name), where (empty: anywhere) and until when.';
CREATE TABLE calendar_use (
  id UUID NOT NULL,
  use TEXT NOT NULL,
  site_id UUID,
  account_id UUID,
  address_id UUID,
  ship_method TEXT DEFAULT '' NOT NULL,
  calendar_id UUID,
  cut_off TEXT,
  CONSTRAINT pk_calendar_use PRIMARY KEY (id),
  CONSTRAINT ck_calendar_use_use CHECK (use in ('shipping', 'receiving')),
  CONSTRAINT uq_calendar_use_use_site_id_account_id_address_id_ship_method UNIQUE NULLS NOT DISTINCT (use, site_id, account_id, address_id, ship_method),
  CONSTRAINT ck_calendar_use_whose CHECK (case use when 'shipping' then site_id is not null and account_id is null and address_id is null else site_id is null and account_id is not null and calendar_id is not null and cut_off is null end),
  CONSTRAINT ck_calendar_use_cut_off CHECK (coalesce(cut_off, '00:00') ~ '^[0-9]{2}:[0-9]{2}$'),
  CONSTRAINT fk_calendar_use_site_id FOREIGN KEY(site_id) REFERENCES site (id),
  CONSTRAINT fk_calendar_use_account_id FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT fk_calendar_use_address_id FOREIGN KEY(address_id) REFERENCES address (id),
  CONSTRAINT fk_calendar_use_calendar_id FOREIGN KEY(calendar_id) REFERENCES calendar (id)
);
CREATE INDEX ix_calendar_use_account_id ON calendar_use (account_id);
CREATE INDEX ix_calendar_use_address_id ON calendar_use (address_id);
CREATE INDEX ix_calendar_use_calendar_id ON calendar_use (calendar_id);
CREATE INDEX ix_calendar_use_site_id ON calendar_use (site_id);
comment on table calendar_use is 'A site''s shipping calendar and cut-off (per ship method), or when an account or one of its ship-tos receives.';
CREATE TABLE line_substitution (
  order_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  account_id UUID NOT NULL,
  ordered_product_id UUID NOT NULL,
  ordered_qty NUMERIC(20, 6) NOT NULL,
  ordered_uom TEXT NOT NULL,
  ordered_base NUMERIC(20, 6) NOT NULL,
  substitute_id UUID NOT NULL,
  substitute_base NUMERIC(20, 6) NOT NULL,
  numerator BIGINT NOT NULL,
  denominator BIGINT NOT NULL,
  consent TEXT NOT NULL,
  price TEXT NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_by UUID,
  CONSTRAINT pk_line_substitution PRIMARY KEY (order_id, line_no),
  CONSTRAINT ck_line_substitution_consent CHECK (consent in ('automatic', 'ask')),
  CONSTRAINT ck_line_substitution_price CHECK (price in ('own', 'original')),
  CONSTRAINT fk_line_substitution_order_id_line_no FOREIGN KEY(order_id, line_no) REFERENCES order_line (order_id, line_no),
  CONSTRAINT fk_line_substitution_ordered_product_id FOREIGN KEY(ordered_product_id) REFERENCES product (id),
  CONSTRAINT fk_line_substitution_substitute_id FOREIGN KEY(substitute_id) REFERENCES product (id)
);
comment on table line_substitution is 'What was ordered where a line is served by a substitute: the item, its quantity, and on whose word.';
alter table delivery_group add column not_before timestamp with time zone, add column arrive_by timestamp with time zone, add column ship_method text not null default '';
alter table order_charge add column group_no integer;
grant select, insert, update, delete on calendar to tradewind_app;
grant select on calendar to tradewind_verifier;
grant select, insert, update, delete on price_tolerance to tradewind_app;
grant select on price_tolerance to tradewind_verifier;
grant select, insert, update, delete on restriction to tradewind_app;
grant select on restriction to tradewind_verifier;
grant select, insert, update, delete on substitution_policy to tradewind_app;
grant select on substitution_policy to tradewind_verifier;
grant select, insert, update, delete on assortment to tradewind_app;
grant select on assortment to tradewind_verifier;
grant select, insert, update, delete on calendar_day to tradewind_app;
grant select on calendar_day to tradewind_verifier;
grant select, insert, update, delete on product_restriction to tradewind_app;
grant select on product_restriction to tradewind_verifier;
grant select, insert, update, delete on substitute to tradewind_app;
grant select on substitute to tradewind_verifier;
grant select, insert, update, delete on licence to tradewind_app;
grant select on licence to tradewind_verifier;
alter table licence enable row level security;
alter table licence force row level security;
create policy staff on licence to tradewind_app, current_user using (true) with check (true);
create policy verifier on licence for select to tradewind_verifier using (true);
grant select on licence to tradewind_buyer;
create policy buyer on licence for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
grant select, insert, update, delete on calendar_use to tradewind_app;
grant select on calendar_use to tradewind_verifier;
alter table calendar_use enable row level security;
alter table calendar_use force row level security;
create policy staff on calendar_use to tradewind_app, current_user using (true) with check (true);
create policy verifier on calendar_use for select to tradewind_verifier using (true);
grant select, insert on line_substitution to tradewind_app;
grant select on line_substitution to tradewind_verifier;
alter table line_substitution enable row level security;
alter table line_substitution force row level security;
create policy staff on line_substitution to tradewind_app, current_user using (true) with check (true);
create policy verifier on line_substitution for select to tradewind_verifier using (true);
grant select on line_substitution to tradewind_buyer;
create policy buyer on line_substitution for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger line_substitution_append_only before update or delete on line_substitution for each row execute function refuse_change();
create trigger line_substitution_no_truncate before truncate on line_substitution for each statement execute function refuse_change();
create sequence if not exists master_mark;
create or replace function leave_mark() returns trigger language plpgsql as $$
begin
  insert into master_change (kind, shard, mark) values (tg_argv[0], pg_backend_pid() % 64, nextval('master_mark'))
  on conflict (kind, shard) do update set mark = excluded.mark;
  return null;
end $$;
create trigger assortment_mark after insert or update or delete or truncate on assortment for each statement execute function leave_mark('rules');
create trigger restriction_mark after insert or update or delete or truncate on restriction for each statement execute function leave_mark('rules');
create trigger product_restriction_mark after insert or update or delete or truncate on product_restriction for each statement execute function leave_mark('rules');
create trigger substitution_policy_mark after insert or update or delete or truncate on substitution_policy for each statement execute function leave_mark('rules');
create trigger price_tolerance_mark after insert or update or delete or truncate on price_tolerance for each statement execute function leave_mark('rules');
create trigger calendar_mark after insert or update or delete or truncate on calendar for each statement execute function leave_mark('rules');
create trigger calendar_day_mark after insert or update or delete or truncate on calendar_day for each statement execute function leave_mark('rules');
create trigger calendar_use_mark after insert or update or delete or truncate on calendar_use for each statement execute function leave_mark('rules');
create trigger fx_rate_mark after insert or update or delete or truncate on fx_rate for each statement execute function leave_mark('lane');
alter table order_change drop constraint ck_order_change_kind;
alter table order_change add constraint ck_order_change_kind check (kind in ('change', 'revert', 'cancel', 'answer', 'identify', 'substitute', 'price', 'unrecorded'));
