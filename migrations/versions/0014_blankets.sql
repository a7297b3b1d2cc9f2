alter table sales_order add column queue_at timestamptz;
create sequence if not exists blanket_number;
create sequence if not exists recurring_number;
CREATE TABLE blanket (
	id UUID NOT NULL, 
	number TEXT NOT NULL, 
	account_id UUID NOT NULL, 
	buyer_po TEXT, 
	name TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	status TEXT DEFAULT 'open' NOT NULL, 
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	valid_to TIMESTAMP WITH TIME ZONE NOT NULL, 
	priority_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	consumption TEXT DEFAULT 'named' NOT NULL, 
	overflow TEXT DEFAULT 'hold' NOT NULL, 
	ship_tos TEXT[] DEFAULT '{}' NOT NULL, 
	tolerance_percent NUMERIC(18, 6) DEFAULT 0 NOT NULL, 
	note TEXT, 
	version INTEGER DEFAULT 1 NOT NULL, 
	created_by UUID, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	end_noted_at TIMESTAMP WITH TIME ZONE, 
	expired_at TIMESTAMP WITH TIME ZONE, 
	decision TEXT, 
	reason TEXT, 
	closed_at TIMESTAMP WITH TIME ZONE, 
	closed_by UUID, 
	shortfall_order_id UUID, 
	CONSTRAINT pk_blanket PRIMARY KEY (id), 
	CONSTRAINT ck_blanket_status CHECK (status in ('open', 'closed')), 
	CONSTRAINT ck_blanket_consumption CHECK (consumption in ('named', 'automatic')), 
	CONSTRAINT ck_blanket_overflow CHECK (overflow in ('standard', 'hold')), 
	CONSTRAINT ck_blanket_decision CHECK (decision in ('cancel', 'shortfall')), 
	CONSTRAINT ck_blanket_valid CHECK (valid_to > valid_from), 
	CONSTRAINT ck_blanket_tolerance CHECK (tolerance_percent between 0 and 100), 
	CONSTRAINT ck_blanket_closed CHECK ((status = 'closed') = (closed_at is not null) and (closed_at is null) = (reason is null)), 
	CONSTRAINT uq_blanket_number UNIQUE (number), 
	CONSTRAINT fk_blanket_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE INDEX ix_blanket_account_id ON blanket (account_id);
CREATE INDEX ix_blanket_open ON blanket (valid_to) WHERE status = 'open';
CREATE UNIQUE INDEX uq_blanket_buyer_po ON blanket (account_id, buyer_po) WHERE buyer_po is not null;
comment on table blanket is 'What a buyer committed to take within a time: who, until when, and what becomes of orders for its goods.';
grant select, insert, update, delete on blanket to tradewind_app;
grant select on blanket to tradewind_verifier;
alter table blanket enable row level security;
alter table blanket force row level security;
create policy staff on blanket to tradewind_app, current_user using (true) with check (true);
create policy verifier on blanket for select to tradewind_verifier using (true);
grant select on blanket to tradewind_buyer;
create policy buyer on blanket for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger blanket_mark after insert or update or delete or truncate on blanket for each statement execute function leave_mark('blanket');
CREATE TABLE blanket_line (
	id UUID NOT NULL, 
	blanket_id UUID NOT NULL, 
	line_no INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	product_id UUID NOT NULL, 
	uom TEXT NOT NULL, 
	prices JSONB NOT NULL, 
	price_basis NUMERIC(20, 6) DEFAULT 1 NOT NULL, 
	quantity_mode TEXT NOT NULL, 
	committed_qty NUMERIC(20, 6), 
	qty_limit NUMERIC(20, 6), 
	value_mode TEXT NOT NULL, 
	committed_value NUMERIC(18, 3), 
	value_limit NUMERIC(18, 3), 
	min_release NUMERIC(20, 6), 
	max_release NUMERIC(20, 6), 
	called_off NUMERIC(20, 6) DEFAULT 0 NOT NULL, 
	called_value NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	nearly_used_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_blanket_line PRIMARY KEY (id), 
	CONSTRAINT ck_blanket_line_quantity_mode CHECK (quantity_mode in ('capped', 'open')), 
	CONSTRAINT ck_blanket_line_value_mode CHECK (value_mode in ('capped', 'open')), 
	CONSTRAINT ck_blanket_line_quantity_mode_is_said CHECK ((quantity_mode = 'capped') = (qty_limit is not null) and (qty_limit is null) = (committed_qty is null)), 
	CONSTRAINT ck_blanket_line_value_mode_is_said CHECK ((value_mode = 'capped') = (value_limit is not null) and (value_limit is null) = (committed_value is null)), 
	CONSTRAINT ck_blanket_line_committed_qty CHECK (qty_limit >= committed_qty and committed_qty >= 0), 
	CONSTRAINT ck_blanket_line_committed_value CHECK (value_limit >= committed_value and committed_value >= 0), 
	CONSTRAINT ck_blanket_line_called_off_within_limit CHECK (called_off >= 0 and (qty_limit is null or called_off <= qty_limit)), 
	CONSTRAINT ck_blanket_line_called_value_within_limit CHECK (called_value >= 0 and (value_limit is null or called_value <= value_limit)), 
	CONSTRAINT ck_blanket_line_release CHECK (min_release > 0 and max_release > 0 and min_release <= max_release), 
	CONSTRAINT ck_blanket_line_price_basis CHECK (price_basis > 0), 
	CONSTRAINT uq_blanket_line_blanket_id_line_no UNIQUE (blanket_id, line_no), 
	CONSTRAINT uq_blanket_line_blanket_id_product_id UNIQUE (blanket_id, product_id), 
	CONSTRAINT fk_blanket_line_blanket_id FOREIGN KEY(blanket_id) REFERENCES blanket (id), 
	CONSTRAINT fk_blanket_line_product_id FOREIGN KEY(product_id) REFERENCES product (id)
)
 WITH (fillfactor = 70);
CREATE INDEX ix_blanket_line_product ON blanket_line (account_id, product_id);
comment on table blanket_line is 'Goods of a blanket order: their prices, how much may be called off in all and at once, and how much was.';
grant select, insert, update, delete on blanket_line to tradewind_app;
grant select on blanket_line to tradewind_verifier;
alter table blanket_line enable row level security;
alter table blanket_line force row level security;
create policy staff on blanket_line to tradewind_app, current_user using (true) with check (true);
create policy verifier on blanket_line for select to tradewind_verifier using (true);
grant select on blanket_line to tradewind_buyer;
create policy buyer on blanket_line for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
CREATE TABLE call_off (
	order_id UUID NOT NULL, 
	line_no INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	blanket_line_id UUID NOT NULL, 
	automatic BOOLEAN DEFAULT false NOT NULL, 
	qty NUMERIC(20, 6) NOT NULL, 
	value NUMERIC(18, 3) NOT NULL, 
	called_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_call_off PRIMARY KEY (order_id, line_no), 
	CONSTRAINT fk_call_off_order_id_line_no FOREIGN KEY(order_id, line_no) REFERENCES order_line (order_id, line_no), 
	CONSTRAINT ck_call_off_not_negative CHECK (qty >= 0 and value >= 0), 
	CONSTRAINT fk_call_off_blanket_line_id FOREIGN KEY(blanket_line_id) REFERENCES blanket_line (id)
);
CREATE INDEX ix_call_off_blanket_line_id ON call_off (blanket_line_id);
comment on table call_off is 'An order line that calls goods off a blanket order, and what it counts there: what of it was not cancelled.';
grant select, insert, update, delete on call_off to tradewind_app;
grant select on call_off to tradewind_verifier;
alter table call_off enable row level security;
alter table call_off force row level security;
create policy staff on call_off to tradewind_app, current_user using (true) with check (true);
create policy verifier on call_off for select to tradewind_verifier using (true);
grant select on call_off to tradewind_buyer;
create policy buyer on call_off for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
CREATE TABLE recurring_order (
	id UUID NOT NULL, 
	number TEXT NOT NULL, 
	account_id UUID NOT NULL, 
	name TEXT NOT NULL, 
	status TEXT DEFAULT 'active' NOT NULL, 
	zone TEXT NOT NULL, 
	rule JSONB NOT NULL, 
	starts_on DATE NOT NULL, 
	place_at TEXT DEFAULT '06:00' NOT NULL, 
	lead_days INTEGER DEFAULT 0 NOT NULL, 
	shift TEXT DEFAULT 'none' NOT NULL, 
	calendar TEXT, 
	pricing TEXT DEFAULT 'dynamic' NOT NULL, 
	catch_up TEXT DEFAULT 'latest' NOT NULL, 
	ship_to TEXT, 
	lines JSONB NOT NULL, 
	note TEXT, 
	buyer_po TEXT, 
	owner_id UUID NOT NULL, 
	version INTEGER DEFAULT 1 NOT NULL, 
	periods_done INTEGER DEFAULT 0 NOT NULL, 
	next_day DATE, 
	due_at TIMESTAMP WITH TIME ZONE, 
	skip_next INTEGER DEFAULT 0 NOT NULL, 
	next_change JSONB, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	end_reason TEXT, 
	CONSTRAINT pk_recurring_order PRIMARY KEY (id), 
	CONSTRAINT ck_recurring_order_status CHECK (status in ('active', 'paused', 'ended')), 
	CONSTRAINT ck_recurring_order_shift CHECK (shift in ('none', 'before', 'after', 'skip')), 
	CONSTRAINT ck_recurring_order_pricing CHECK (pricing in ('dynamic', 'fixed')), 
	CONSTRAINT ck_recurring_order_catch_up CHECK (catch_up in ('each', 'latest', 'none')), 
	CONSTRAINT ck_recurring_order_next_is_known CHECK (status = 'ended' or (next_day is not null and due_at is not null)), 
	CONSTRAINT ck_recurring_order_counts CHECK (lead_days between 0 and 366 and skip_next >= 0 and periods_done >= 0), 
	CONSTRAINT ck_recurring_order_shift_needs_a_calendar CHECK ((shift = 'none') = (calendar is null)), 
	CONSTRAINT uq_recurring_order_number UNIQUE (number), 
	CONSTRAINT fk_recurring_order_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_recurring_order_owner_id FOREIGN KEY(owner_id) REFERENCES principal (id)
);
CREATE INDEX ix_recurring_order_account_id ON recurring_order (account_id);
CREATE INDEX ix_recurring_order_due ON recurring_order (due_at) WHERE status = 'active';
comment on table recurring_order is 'A standing order: what is ordered again and again, by which calendar, in whose name, and the day it comes to next.';
grant select, insert, update, delete on recurring_order to tradewind_app;
grant select on recurring_order to tradewind_verifier;
alter table recurring_order enable row level security;
alter table recurring_order force row level security;
create policy staff on recurring_order to tradewind_app, current_user using (true) with check (true);
create policy verifier on recurring_order for select to tradewind_verifier using (true);
grant select on recurring_order to tradewind_buyer;
create policy buyer on recurring_order for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
CREATE TABLE recurring_period (
	recurring_id UUID NOT NULL, 
	day DATE NOT NULL, 
	account_id UUID NOT NULL, 
	period_no INTEGER NOT NULL, 
	wanted_on DATE NOT NULL, 
	due_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	status TEXT NOT NULL, 
	code TEXT, 
	reason TEXT, 
	order_id UUID, 
	tries INTEGER DEFAULT 0 NOT NULL, 
	try_at TIMESTAMP WITH TIME ZONE, 
	change JSONB, 
	settled_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_recurring_period PRIMARY KEY (recurring_id, day), 
	CONSTRAINT ck_recurring_period_status CHECK (status in ('placed', 'skipped', 'missed', 'failed', 'given_up')), 
	CONSTRAINT ck_recurring_period_placed_has_its_order CHECK ((status = 'placed') = (order_id is not null)), 
	CONSTRAINT ck_recurring_period_failed_is_tried_again CHECK ((status = 'failed') = (try_at is not null)), 
	CONSTRAINT ck_recurring_period_says_why CHECK (status = 'placed' or reason is not null), 
	CONSTRAINT uq_recurring_period_order_id UNIQUE (order_id), 
	CONSTRAINT uq_recurring_period_recurring_id_period_no UNIQUE (recurring_id, period_no), 
	CONSTRAINT fk_recurring_period_recurring_id FOREIGN KEY(recurring_id) REFERENCES recurring_order (id)
);
CREATE INDEX ix_recurring_period_try ON recurring_period (try_at) WHERE status = 'failed';
comment on table recurring_period is 'One period of a standing order: its one order, or why there is none.';
grant select, insert, update, delete on recurring_period to tradewind_app;
grant select on recurring_period to tradewind_verifier;
alter table recurring_period enable row level security;
alter table recurring_period force row level security;
create policy staff on recurring_period to tradewind_app, current_user using (true) with check (true);
create policy verifier on recurring_period for select to tradewind_verifier using (true);
grant select on recurring_period to tradewind_buyer;
create policy buyer on recurring_period for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
grant usage on sequence blanket_number, recurring_number to tradewind_app;
