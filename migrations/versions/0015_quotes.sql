create sequence if not exists quote_number;
grant usage on sequence quote_number to tradewind_app;
CREATE TABLE quote (
	id UUID NOT NULL, 
	number TEXT NOT NULL, 
	account_id UUID NOT NULL, 
	status TEXT NOT NULL, 
	version_no INTEGER DEFAULT 0 NOT NULL, 
	title TEXT DEFAULT '' NOT NULL, 
	channel TEXT NOT NULL, 
	round_no INTEGER DEFAULT 0 NOT NULL, 
	acceptances INTEGER DEFAULT 0 NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	created_by UUID, 
	on_behalf_of UUID, 
	expires_at TIMESTAMP WITH TIME ZONE, 
	remind_at TIMESTAMP WITH TIME ZONE, 
	reminded_at TIMESTAMP WITH TIME ZONE, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	end_reason TEXT, 
	end_note TEXT, 
	CONSTRAINT pk_quote PRIMARY KEY (id), 
	CONSTRAINT ck_quote_status CHECK (status in ('requested', 'staged', 'approving', 'offered', 'renegotiating', 'partly_accepted', 'late', 'won', 'partly_won', 'lost', 'expired', 'withdrawn')), 
	CONSTRAINT uq_quote_number UNIQUE (number), 
	CONSTRAINT ck_quote_an_offer_ends CHECK ((version_no = 0) = (expires_at is null)), 
	CONSTRAINT ck_quote_used_is_not_expired CHECK (acceptances = 0 or status in ('partly_accepted', 'won', 'partly_won')), 
	CONSTRAINT ck_quote_ended CHECK ((ended_at is not null) = (status in ('won', 'partly_won', 'lost', 'expired', 'withdrawn'))), 
	CONSTRAINT fk_quote_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE INDEX ix_quote_account_id ON quote (account_id);
CREATE INDEX ix_quote_expiry ON quote (expires_at) WHERE status in ('offered', 'partly_accepted');
comment on table quote is 'A quote: who asked, how it stands, which version of the offer counts and until when.';
grant select, insert, update, delete on quote to tradewind_app;
grant select on quote to tradewind_verifier;
alter table quote enable row level security;
alter table quote force row level security;
create policy staff on quote to tradewind_app, current_user using (true) with check (true);
create policy verifier on quote for select to tradewind_verifier using (true);
grant select on quote to tradewind_buyer;
create policy buyer on quote for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

CREATE TABLE quote_pending (
	quote_id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	version_no INTEGER NOT NULL, 
	digest BYTEA NOT NULL, 
	body JSONB NOT NULL, 
	tiers JSONB NOT NULL, 
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	asked_by UUID, 
	CONSTRAINT pk_quote_pending PRIMARY KEY (quote_id), 
	CONSTRAINT fk_quote_pending_quote_id FOREIGN KEY(quote_id) REFERENCES quote (id)
);
comment on table quote_pending is 'An offer that waits for somebody on our side to agree: frozen as it would go out, with the tiers that were asked.';
grant select, insert, update, delete on quote_pending to tradewind_app;
grant select on quote_pending to tradewind_verifier;
alter table quote_pending enable row level security;
alter table quote_pending force row level security;
create policy staff on quote_pending to tradewind_app, current_user using (true) with check (true);
create policy verifier on quote_pending for select to tradewind_verifier using (true);

CREATE TABLE quote_round (
	id UUID NOT NULL, 
	quote_id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	round_no INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	version_no INTEGER DEFAULT 0 NOT NULL, 
	reason TEXT, 
	note TEXT, 
	buyer_po TEXT, 
	ship_to TEXT, 
	said_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	said_by UUID, 
	CONSTRAINT pk_quote_round PRIMARY KEY (id), 
	CONSTRAINT ck_quote_round_kind CHECK (kind in ('request', 'renegotiate', 'late', 'decline', 'withdraw')), 
	CONSTRAINT ck_quote_round_reason CHECK (reason in ('price', 'quantity', 'date', 'terms', 'item', 'budget', 'competitor', 'no_need', 'other')), 
	CONSTRAINT uq_quote_round_quote_id_round_no UNIQUE (quote_id, round_no), 
	CONSTRAINT fk_quote_round_quote_id FOREIGN KEY(quote_id) REFERENCES quote (id)
);
comment on table quote_round is 'What was said about a quote: the request, wishes for another version with their reason, a late acceptance, the end.';
grant select, insert on quote_round to tradewind_app;
grant select on quote_round to tradewind_verifier;
alter table quote_round enable row level security;
alter table quote_round force row level security;
create policy staff on quote_round to tradewind_app, current_user using (true) with check (true);
create policy verifier on quote_round for select to tradewind_verifier using (true);
grant select on quote_round to tradewind_buyer;
create policy buyer on quote_round for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger quote_round_append_only before update or delete on quote_round for each row execute function refuse_change();
create trigger quote_round_no_truncate before truncate on quote_round for each statement execute function refuse_change();

CREATE TABLE quote_staged (
	quote_id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	body JSONB NOT NULL, 
	staged_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	staged_by UUID, 
	CONSTRAINT pk_quote_staged PRIMARY KEY (quote_id), 
	CONSTRAINT fk_quote_staged_quote_id FOREIGN KEY(quote_id) REFERENCES quote (id)
);
comment on table quote_staged is 'The offer that a representative is working on; buyers never see it.';
grant select, insert, update, delete on quote_staged to tradewind_app;
grant select on quote_staged to tradewind_verifier;
alter table quote_staged enable row level security;
alter table quote_staged force row level security;
create policy staff on quote_staged to tradewind_app, current_user using (true) with check (true);
create policy verifier on quote_staged for select to tradewind_verifier using (true);

CREATE TABLE quote_version (
	quote_id UUID NOT NULL, 
	version_no INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	currency TEXT NOT NULL, 
	terms_code TEXT NOT NULL, 
	ship_to_id UUID, 
	ship_to JSONB NOT NULL, 
	valid_until TEXT NOT NULL, 
	zone TEXT NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	remind_at TIMESTAMP WITH TIME ZONE, 
	on_late TEXT NOT NULL, 
	partial TEXT NOT NULL, 
	net NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	note TEXT, 
	offered_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	offered_by UUID, 
	digest BYTEA NOT NULL, 
	CONSTRAINT pk_quote_version PRIMARY KEY (quote_id, version_no), 
	CONSTRAINT ck_quote_version_on_late CHECK (on_late in ('refuse', 'allow', 'approve', 'reprice')), 
	CONSTRAINT ck_quote_version_partial CHECK (partial in ('none', 'lines', 'quantities')), 
	CONSTRAINT ck_quote_version_validity CHECK (expires_at > offered_at), 
	CONSTRAINT fk_quote_version_quote_id FOREIGN KEY(quote_id) REFERENCES quote (id), 
	CONSTRAINT fk_quote_version_ship_to_id FOREIGN KEY(ship_to_id) REFERENCES address (id)
);
comment on table quote_version is 'What was offered: terms, place, validity in the buyer''s zone, and what holds after it. Never changes.';
grant select, insert on quote_version to tradewind_app;
grant select on quote_version to tradewind_verifier;
alter table quote_version enable row level security;
alter table quote_version force row level security;
create policy staff on quote_version to tradewind_app, current_user using (true) with check (true);
create policy verifier on quote_version for select to tradewind_verifier using (true);
grant select on quote_version to tradewind_buyer;
create policy buyer on quote_version for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger quote_version_append_only before update or delete on quote_version for each row execute function refuse_change();
create trigger quote_version_no_truncate before truncate on quote_version for each statement execute function refuse_change();

CREATE TABLE quote_vote (
	id UUID NOT NULL, 
	quote_id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	version_no INTEGER NOT NULL, 
	digest BYTEA NOT NULL, 
	decision TEXT NOT NULL, 
	person_id UUID NOT NULL, 
	voice_id UUID NOT NULL, 
	tiers INTEGER[] NOT NULL, 
	cap NUMERIC(18, 3), 
	reason TEXT NOT NULL, 
	decided_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_quote_vote PRIMARY KEY (id), 
	CONSTRAINT ck_quote_vote_decision CHECK (decision in ('approved', 'rejected')), 
	CONSTRAINT fk_quote_vote_quote_id FOREIGN KEY(quote_id) REFERENCES quote (id)
);
CREATE INDEX ix_quote_vote_quote_id ON quote_vote (quote_id);
comment on table quote_vote is 'Who agreed to an offer before it went out, in whose voice and for which tiers, bound to exactly what is offered.';
grant select, insert on quote_vote to tradewind_app;
grant select on quote_vote to tradewind_verifier;
alter table quote_vote enable row level security;
alter table quote_vote force row level security;
create policy staff on quote_vote to tradewind_app, current_user using (true) with check (true);
create policy verifier on quote_vote for select to tradewind_verifier using (true);
create trigger quote_vote_append_only before update or delete on quote_vote for each row execute function refuse_change();
create trigger quote_vote_no_truncate before truncate on quote_vote for each statement execute function refuse_change();

CREATE TABLE quote_acceptance (
	id UUID NOT NULL, 
	quote_id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	acceptance_no INTEGER NOT NULL, 
	version_no INTEGER NOT NULL, 
	order_id UUID NOT NULL, 
	buyer_po TEXT, 
	policy TEXT NOT NULL, 
	accepted_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	accepted_by UUID, 
	CONSTRAINT pk_quote_acceptance PRIMARY KEY (id), 
	CONSTRAINT ck_quote_acceptance_policy CHECK (policy in ('in_time', 'allow', 'approve')), 
	CONSTRAINT fk_quote_acceptance_quote_id_version_no FOREIGN KEY(quote_id, version_no) REFERENCES quote_version (quote_id, version_no), 
	CONSTRAINT uq_quote_acceptance_quote_id_acceptance_no UNIQUE (quote_id, acceptance_no), 
	CONSTRAINT uq_quote_acceptance_order_id UNIQUE (order_id), 
	CONSTRAINT fk_quote_acceptance_quote_id FOREIGN KEY(quote_id) REFERENCES quote (id), 
	CONSTRAINT fk_quote_acceptance_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id)
);
comment on table quote_acceptance is 'An acceptance, and the order that was placed by it in the same transaction.';
grant select, insert on quote_acceptance to tradewind_app;
grant select on quote_acceptance to tradewind_verifier;
alter table quote_acceptance enable row level security;
alter table quote_acceptance force row level security;
create policy staff on quote_acceptance to tradewind_app, current_user using (true) with check (true);
create policy verifier on quote_acceptance for select to tradewind_verifier using (true);
grant select on quote_acceptance to tradewind_buyer;
create policy buyer on quote_acceptance for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger quote_acceptance_append_only before update or delete on quote_acceptance for each row execute function refuse_change();
create trigger quote_acceptance_no_truncate before truncate on quote_acceptance for each statement execute function refuse_change();

CREATE TABLE quote_version_line (
	quote_id UUID NOT NULL, 
	version_no INTEGER NOT NULL, 
	line_no INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	alternative TEXT, 
	product_id UUID NOT NULL, 
	sku TEXT NOT NULL, 
	description TEXT DEFAULT '' NOT NULL, 
	qty NUMERIC(20, 6) NOT NULL, 
	uom TEXT NOT NULL, 
	factor_num INTEGER NOT NULL, 
	factor_den INTEGER NOT NULL, 
	min_qty NUMERIC(20, 6) DEFAULT 0 NOT NULL, 
	unit_price NUMERIC(18, 6) NOT NULL, 
	price_basis NUMERIC(20, 6) DEFAULT 1 NOT NULL, 
	price_uom TEXT NOT NULL, 
	price_qty NUMERIC(20, 6) NOT NULL, 
	allowance NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	net NUMERIC(18, 3) NOT NULL, 
	price_id UUID, 
	waterfall TEXT NOT NULL, 
	requested_at TIMESTAMP WITH TIME ZONE, 
	note TEXT, 
	qty_accepted NUMERIC(20, 6) DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_quote_version_line PRIMARY KEY (quote_id, version_no, line_no), 
	CONSTRAINT fk_quote_version_line_quote_id_version_no FOREIGN KEY(quote_id, version_no) REFERENCES quote_version (quote_id, version_no), 
	CONSTRAINT ck_quote_version_line_line CHECK (qty > 0 and min_qty between 0 and qty and unit_price >= 0), 
	CONSTRAINT ck_quote_version_line_accepted_was_offered CHECK (qty_accepted between 0 and qty), 
	CONSTRAINT fk_quote_version_line_product_id FOREIGN KEY(product_id) REFERENCES product (id)
);
CREATE UNIQUE INDEX uq_quote_version_line_chosen ON quote_version_line (quote_id, version_no, alternative) WHERE qty_accepted > 0 and alternative is not null;
comment on table quote_version_line is 'An offered line with its price and why; only what was accepted of it is counted up. Of alternatives one is taken.';
grant select, insert, update, delete on quote_version_line to tradewind_app;
grant select on quote_version_line to tradewind_verifier;
alter table quote_version_line enable row level security;
alter table quote_version_line force row level security;
create policy staff on quote_version_line to tradewind_app, current_user using (true) with check (true);
create policy verifier on quote_version_line for select to tradewind_verifier using (true);
grant select on quote_version_line to tradewind_buyer;
create policy buyer on quote_version_line for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger quote_version_line_posted before update or delete on quote_version_line for each row execute function refuse_change_of_posted('qty_accepted');
create trigger quote_version_line_no_truncate before truncate on quote_version_line for each statement execute function refuse_change();

CREATE TABLE quote_wish (
	round_id UUID NOT NULL, 
	line_no INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	item TEXT, 
	qty NUMERIC(20, 6), 
	uom TEXT, 
	target_price NUMERIC(18, 6), 
	requested_at TIMESTAMP WITH TIME ZONE, 
	reason TEXT, 
	note TEXT, 
	CONSTRAINT pk_quote_wish PRIMARY KEY (round_id, line_no), 
	CONSTRAINT ck_quote_wish_reason CHECK (reason in ('price', 'quantity', 'date', 'terms', 'item', 'budget', 'competitor', 'no_need', 'other')), 
	CONSTRAINT ck_quote_wish_wish CHECK (qty > 0 and target_price >= 0), 
	CONSTRAINT fk_quote_wish_round_id FOREIGN KEY(round_id) REFERENCES quote_round (id)
);
comment on table quote_wish is 'What a buyer wants of a line: item and quantity, a target price, a date, and why.';
grant select, insert on quote_wish to tradewind_app;
grant select on quote_wish to tradewind_verifier;
alter table quote_wish enable row level security;
alter table quote_wish force row level security;
create policy staff on quote_wish to tradewind_app, current_user using (true) with check (true);
create policy verifier on quote_wish for select to tradewind_verifier using (true);
grant select on quote_wish to tradewind_buyer;
create policy buyer on quote_wish for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger quote_wish_append_only before update or delete on quote_wish for each row execute function refuse_change();
create trigger quote_wish_no_truncate before truncate on quote_wish for each statement execute function refuse_change();

CREATE TABLE quote_acceptance_line (
	acceptance_id UUID NOT NULL, 
	line_no INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	qty NUMERIC(20, 6) NOT NULL, 
	unit_price NUMERIC(18, 6) NOT NULL, 
	price_basis NUMERIC(20, 6) NOT NULL, 
	net NUMERIC(18, 3) NOT NULL, 
	order_id UUID NOT NULL, 
	order_line_no INTEGER NOT NULL, 
	CONSTRAINT pk_quote_acceptance_line PRIMARY KEY (acceptance_id, line_no), 
	CONSTRAINT fk_quote_acceptance_line_order_id_order_line_no FOREIGN KEY(order_id, order_line_no) REFERENCES order_line (order_id, line_no), 
	CONSTRAINT uq_quote_acceptance_line_order_id_order_line_no UNIQUE (order_id, order_line_no), 
	CONSTRAINT ck_quote_acceptance_line_qty CHECK (qty > 0), 
	CONSTRAINT fk_quote_acceptance_line_acceptance_id FOREIGN KEY(acceptance_id) REFERENCES quote_acceptance (id)
);
comment on table quote_acceptance_line is 'Units of an offered line that were accepted, at which price, and the order line they became.';
grant select, insert on quote_acceptance_line to tradewind_app;
grant select on quote_acceptance_line to tradewind_verifier;
alter table quote_acceptance_line enable row level security;
alter table quote_acceptance_line force row level security;
create policy staff on quote_acceptance_line to tradewind_app, current_user using (true) with check (true);
create policy verifier on quote_acceptance_line for select to tradewind_verifier using (true);
grant select on quote_acceptance_line to tradewind_buyer;
create policy buyer on quote_acceptance_line for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger quote_acceptance_line_append_only before update or delete on quote_acceptance_line for each row execute function refuse_change();
create trigger quote_acceptance_line_no_truncate before truncate on quote_acceptance_line for each statement execute function refuse_change();

