alter table payment_terms
  add column month_end text not null default 'none',
  add column months integer not null default 0,
  add column pay_day integer,
  add column starts_from text not null default 'invoice',
  add column not_before date,
  add column closed_days text not null default 'keep',
  add column discount_percent numeric(18, 3) not null default 0,
  add column discount_days integer not null default 0,
  add column grace_days integer not null default 0,
  add column prepay_percent numeric(18, 3) not null default 0,
  add constraint ck_payment_terms_month_end check (month_end in ('none', 'first', 'last')),
  add constraint ck_payment_terms_starts_from check (starts_from in ('invoice', 'ship', 'delivery')),
  add constraint ck_payment_terms_closed_days check (closed_days in ('keep', 'next', 'previous')),
  add constraint ck_payment_terms_rule check (pay_day between 1 and 31 and months between 0 and 60 and net_days >= 0),
  add constraint ck_payment_terms_discount
    check (discount_percent >= 0 and discount_percent < 100 and discount_days >= 0 and grace_days >= 0),
  add constraint ck_payment_terms_prepay check (prepay_percent >= 0 and prepay_percent <= 100);
comment on table payment_terms is 'When an invoice falls due: days, ends of months, a discount for paying early, what is paid before.';

alter table credit_node
  add column checks_submit boolean not null default true,
  add column checks_release boolean not null default false,
  add column checks_ship boolean not null default false,
  add column horizon_days integer,
  add column overdue_days integer,
  add column overdue_tolerated numeric(18, 3) not null default 0,
  add column blocks_returned boolean not null default false,
  add column blocks_promises boolean not null default false,
  add column blocks_orders boolean not null default true,
  add column blocks_release boolean not null default false,
  add column erp_balance numeric(18, 3),
  add column erp_overdue numeric(18, 3),
  add column erp_as_of timestamptz,
  add column erp_own numeric(18, 3) not null default 0,
  add constraint ck_credit_node_checked_somewhere check (checks_submit or checks_release),
  add constraint ck_credit_node_policy check (horizon_days >= 0 and overdue_days >= 0 and overdue_tolerated >= 0);
create index ix_credit_node_gate on credit_node (account_id)
  where checks_release or blocks_release or horizon_days is not null;

alter table credit_override
  add column alone_up_to numeric(18, 3) not null default 0,
  add column order_id uuid,
  add constraint fk_credit_override_order_id foreign key (order_id) references sales_order (id),
  drop constraint ck_credit_override_four_eyes,
  add constraint ck_credit_override_four_eyes check (requested_by <> approved_by or amount <= alone_up_to);
create index ix_credit_override_order_id on credit_override (order_id) where order_id is not null;
comment on table credit_override is
  'A temporary raise of a limit, or what one order was let through above it: amount, reason, expiry, and who decided.';

create index ix_order_hold_credit on order_hold (account_id) where released_at is null and kind = 'credit';

alter table payment
  add column refunded numeric(18, 3) not null default 0,
  add constraint ck_payment_refunded_was_free check (refunded >= 0 and applied + refunded <= amount);
alter table payment_application
  add column discount numeric(18, 3) not null default 0,
  add constraint ck_payment_application_discount_of_money check (discount = 0 or payment_id is not null);

CREATE TABLE payment_terms_part (
	terms_code TEXT NOT NULL, 
	part_no INTEGER NOT NULL, 
	percent NUMERIC(18, 3) NOT NULL, 
	net_days INTEGER DEFAULT 0 NOT NULL, 
	month_end TEXT DEFAULT 'none' NOT NULL, 
	months INTEGER DEFAULT 0 NOT NULL, 
	pay_day INTEGER, 
	CONSTRAINT pk_payment_terms_part PRIMARY KEY (terms_code, part_no), 
	CONSTRAINT ck_payment_terms_part_month_end CHECK (month_end in ('none', 'first', 'last')), 
	CONSTRAINT ck_payment_terms_part_percent CHECK (percent > 0 and percent <= 100), 
	CONSTRAINT ck_payment_terms_part_rule CHECK (pay_day between 1 and 31 and months between 0 and 60 and net_days >= 0), 
	CONSTRAINT fk_payment_terms_part_terms_code FOREIGN KEY(terms_code) REFERENCES payment_terms (code)
);
comment on table payment_terms_part is 'One instalment of payment terms: its share of the invoice and when it falls due.';
grant select, insert, update, delete on payment_terms_part to tradewind_app;
grant select on payment_terms_part to tradewind_verifier;

CREATE TABLE credit_authority (
	action TEXT NOT NULL, 
	alone_up_to NUMERIC(18, 3) NOT NULL, 
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_credit_authority PRIMARY KEY (action), 
	CONSTRAINT ck_credit_authority_action CHECK (action in ('limit', 'temporary', 'release')), 
	CONSTRAINT ck_credit_authority_alone_up_to CHECK (alone_up_to >= 0)
);
comment on table credit_authority is 'Up to which amount one person of the credit desk decides alone; above it a second person confirms.';
grant select, insert, update, delete on credit_authority to tradewind_app;
grant select on credit_authority to tradewind_verifier;

CREATE TABLE credit_request (
	id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	order_id UUID, 
	kind TEXT NOT NULL, 
	amount NUMERIC(18, 3) NOT NULL, 
	currency TEXT NOT NULL, 
	new_limit NUMERIC(18, 3), 
	valid_from TIMESTAMP WITH TIME ZONE, 
	valid_to TIMESTAMP WITH TIME ZONE, 
	reason TEXT NOT NULL, 
	status TEXT DEFAULT 'open' NOT NULL, 
	alone_up_to NUMERIC(18, 3) NOT NULL, 
	figures JSONB NOT NULL, 
	proposed_by UUID NOT NULL, 
	proposed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	decided_by UUID, 
	decided_at TIMESTAMP WITH TIME ZONE, 
	decision_reason TEXT, 
	CONSTRAINT pk_credit_request PRIMARY KEY (id), 
	CONSTRAINT ck_credit_request_kind CHECK (kind in ('limit', 'temporary', 'release')), 
	CONSTRAINT ck_credit_request_status CHECK (status in ('open', 'confirmed', 'declined')), 
	CONSTRAINT ck_credit_request_amount CHECK (amount > 0), 
	CONSTRAINT ck_credit_request_decided CHECK ((status = 'open') = (decided_by is null)), 
	CONSTRAINT ck_credit_request_four_eyes CHECK (status <> 'confirmed' or decided_by <> proposed_by or amount <= alone_up_to), 
	CONSTRAINT fk_credit_request_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_credit_request_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id), 
	CONSTRAINT fk_credit_request_proposed_by FOREIGN KEY(proposed_by) REFERENCES principal (id), 
	CONSTRAINT fk_credit_request_decided_by FOREIGN KEY(decided_by) REFERENCES principal (id)
);
CREATE INDEX ix_credit_request_account_id ON credit_request (account_id);
CREATE INDEX ix_credit_request_open ON credit_request (proposed_at) WHERE status = 'open';
comment on table credit_request is 'What somebody of the credit desk proposed, with the figures of that moment, and who decided on it.';
grant select, insert, update, delete on credit_request to tradewind_app;
grant select on credit_request to tradewind_verifier;
alter table credit_request enable row level security;
alter table credit_request force row level security;
create policy staff on credit_request to tradewind_app, current_user using (true) with check (true);
create policy verifier on credit_request for select to tradewind_verifier using (true);

CREATE TABLE payment_promise (
	id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	currency TEXT NOT NULL, 
	amount NUMERIC(18, 3) NOT NULL, 
	due_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	note TEXT, 
	made_by UUID, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_payment_promise PRIMARY KEY (id), 
	CONSTRAINT ck_payment_promise_amount CHECK (amount > 0), 
	CONSTRAINT fk_payment_promise_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_payment_promise_made_by FOREIGN KEY(made_by) REFERENCES principal (id)
);
CREATE INDEX ix_payment_promise_account_id ON payment_promise (account_id);
comment on table payment_promise is 'A buyer''s word to pay so much until then; broken where less came in since by that time.';
grant select, insert on payment_promise to tradewind_app;
grant select on payment_promise to tradewind_verifier;
alter table payment_promise enable row level security;
alter table payment_promise force row level security;
create policy staff on payment_promise to tradewind_app, current_user using (true) with check (true);
create policy verifier on payment_promise for select to tradewind_verifier using (true);
create trigger payment_promise_append_only before update or delete on payment_promise for each row execute function refuse_change();
create trigger payment_promise_no_truncate before truncate on payment_promise for each statement execute function refuse_change();

CREATE TABLE invoice_instalment (
	invoice_id UUID NOT NULL, 
	part_no INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	due_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	amount NUMERIC(18, 3) NOT NULL, 
	discount_until TIMESTAMP WITH TIME ZONE, 
	discount NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_invoice_instalment PRIMARY KEY (invoice_id, part_no), 
	CONSTRAINT ck_invoice_instalment_discount CHECK (discount >= 0 and (discount = 0 or discount_until is not null)), 
	CONSTRAINT fk_invoice_instalment_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoice (id)
);
comment on table invoice_instalment is 'A part of an invoice that falls due on its own, or the discount for paying early; frozen with the invoice.';
grant select, insert on invoice_instalment to tradewind_app;
grant select on invoice_instalment to tradewind_verifier;
alter table invoice_instalment enable row level security;
alter table invoice_instalment force row level security;
create policy staff on invoice_instalment to tradewind_app, current_user using (true) with check (true);
create policy verifier on invoice_instalment for select to tradewind_verifier using (true);
grant select on invoice_instalment to tradewind_buyer;
create policy buyer on invoice_instalment for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger invoice_instalment_append_only before update or delete on invoice_instalment for each row execute function refuse_change();
create trigger invoice_instalment_no_truncate before truncate on invoice_instalment for each statement execute function refuse_change();

CREATE TABLE payment_refund (
	id UUID NOT NULL, 
	payment_id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	amount NUMERIC(18, 3) NOT NULL, 
	reason TEXT NOT NULL, 
	refunded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_payment_refund PRIMARY KEY (id), 
	CONSTRAINT ck_payment_refund_amount CHECK (amount > 0), 
	CONSTRAINT fk_payment_refund_payment_id FOREIGN KEY(payment_id) REFERENCES payment (id)
);
CREATE INDEX ix_payment_refund_payment_id ON payment_refund (payment_id);
comment on table payment_refund is 'Money of a payment that nothing needed and that went back to its source.';
grant select, insert on payment_refund to tradewind_app;
grant select on payment_refund to tradewind_verifier;
alter table payment_refund enable row level security;
alter table payment_refund force row level security;
create policy staff on payment_refund to tradewind_app, current_user using (true) with check (true);
create policy verifier on payment_refund for select to tradewind_verifier using (true);
grant select on payment_refund to tradewind_buyer;
create policy buyer on payment_refund for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger payment_refund_append_only before update or delete on payment_refund for each row execute function refuse_change();
create trigger payment_refund_no_truncate before truncate on payment_refund for each statement execute function refuse_change();

insert into credit_authority (action, alone_up_to, changed_at) values
  ('limit', 50000, now()), ('temporary', 10000, now()), ('release', 5000, now());
