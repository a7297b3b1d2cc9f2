create sequence if not exists dunning_number;
grant usage on sequence dunning_number to tradewind_app;
CREATE TABLE dunning_policy (
	code TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	account_id UUID, 
	segment TEXT, 
	interest_percent NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	year_days INTEGER DEFAULT 365 NOT NULL, 
	gap_days INTEGER DEFAULT 7 NOT NULL, 
	min_amount NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	fee_per TEXT DEFAULT 'notice' NOT NULL, 
	calendar_code TEXT, 
	language TEXT, 
	ended BOOLEAN DEFAULT false NOT NULL, 
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	put_by UUID, 
	CONSTRAINT pk_dunning_policy PRIMARY KEY (code, version), 
	CONSTRAINT ck_dunning_policy_fee_per CHECK (fee_per in ('notice', 'instalment')), 
	CONSTRAINT ck_dunning_policy_language CHECK (language in ('en', 'de')), 
	CONSTRAINT ck_dunning_policy_one_scope CHECK (account_id is null or segment is null), 
	CONSTRAINT ck_dunning_policy_interest CHECK (interest_percent >= 0 and year_days in (360, 365) and gap_days >= 1), 
	CONSTRAINT fk_dunning_policy_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_dunning_policy_put_by FOREIGN KEY(put_by) REFERENCES principal (id)
);
comment on table dunning_policy is 'How overdue debts are asked for, in versions: the newest one that is valid counts for notices from then on.';
grant select, insert on dunning_policy to tradewind_app;
grant select on dunning_policy to tradewind_verifier;
alter table dunning_policy enable row level security;
alter table dunning_policy force row level security;
create policy staff on dunning_policy to tradewind_app, current_user using (true) with check (true);
create policy verifier on dunning_policy for select to tradewind_verifier using (true);
create trigger dunning_policy_append_only before update or delete on dunning_policy for each row execute function refuse_change();
create trigger dunning_policy_no_truncate before truncate on dunning_policy for each statement execute function refuse_change();

CREATE TABLE dunning_level (
	policy_code TEXT NOT NULL, 
	policy_version INTEGER NOT NULL, 
	level INTEGER NOT NULL, 
	after_days INTEGER NOT NULL, 
	fee NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	texts JSONB NOT NULL, 
	CONSTRAINT pk_dunning_level PRIMARY KEY (policy_code, policy_version, level), 
	CONSTRAINT fk_dunning_level_policy_code_policy_version FOREIGN KEY(policy_code, policy_version) REFERENCES dunning_policy (code, version), 
	CONSTRAINT ck_dunning_level_level CHECK (level >= 1 and after_days >= 1 and fee >= 0)
);
comment on table dunning_level is 'A level of a dunning policy: how long after the due day, at what fee, in which words.';
grant select, insert on dunning_level to tradewind_app;
grant select on dunning_level to tradewind_verifier;
create trigger dunning_level_append_only before update or delete on dunning_level for each row execute function refuse_change();
create trigger dunning_level_no_truncate before truncate on dunning_level for each statement execute function refuse_change();

CREATE TABLE dunning_notice (
	id UUID NOT NULL, 
	number TEXT NOT NULL, 
	account_id UUID NOT NULL, 
	legal_entity_id UUID NOT NULL, 
	currency TEXT NOT NULL, 
	policy_code TEXT NOT NULL, 
	policy_version INTEGER NOT NULL, 
	level INTEGER NOT NULL, 
	language TEXT NOT NULL, 
	day DATE NOT NULL, 
	noticed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	open_total NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	fee NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	interest NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	total NUMERIC(18, 3) DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_dunning_notice PRIMARY KEY (id), 
	CONSTRAINT fk_dunning_notice_policy_code_policy_version FOREIGN KEY(policy_code, policy_version) REFERENCES dunning_policy (code, version), 
	CONSTRAINT ck_dunning_notice_total_adds_up CHECK (total = open_total + fee + interest), 
	CONSTRAINT uq_dunning_notice_number UNIQUE (number), 
	CONSTRAINT fk_dunning_notice_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_dunning_notice_legal_entity_id FOREIGN KEY(legal_entity_id) REFERENCES legal_entity (id)
);
CREATE INDEX ix_dunning_notice_account_id ON dunning_notice (account_id);
comment on table dunning_notice is 'A reminder that went out: everything of one debtor in one currency that was due for it that day.';
grant select, insert on dunning_notice to tradewind_app;
grant select on dunning_notice to tradewind_verifier;
alter table dunning_notice enable row level security;
alter table dunning_notice force row level security;
create policy staff on dunning_notice to tradewind_app, current_user using (true) with check (true);
create policy verifier on dunning_notice for select to tradewind_verifier using (true);
grant select on dunning_notice to tradewind_buyer;
create policy buyer on dunning_notice for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger dunning_notice_append_only before update or delete on dunning_notice for each row execute function refuse_change();
create trigger dunning_notice_no_truncate before truncate on dunning_notice for each statement execute function refuse_change();

CREATE TABLE dunning_claim (
	id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	notice_id UUID, 
	invoice_id UUID, 
	part_no INTEGER, 
	kind TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	digits INTEGER NOT NULL, 
	amount NUMERIC(18, 3) NOT NULL, 
	interest_percent NUMERIC(18, 3), 
	year_days INTEGER, 
	to_day DATE, 
	claimed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	status TEXT DEFAULT 'open' NOT NULL, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	ended_by UUID, 
	end_reason TEXT, 
	CONSTRAINT pk_dunning_claim PRIMARY KEY (id), 
	CONSTRAINT ck_dunning_claim_kind CHECK (kind in ('fee', 'interest')), 
	CONSTRAINT ck_dunning_claim_status CHECK (status in ('open', 'paid', 'waived')), 
	CONSTRAINT ck_dunning_claim_amount CHECK (amount > 0), 
	CONSTRAINT ck_dunning_claim_ended CHECK ((status = 'open') = (ended_at is null)), 
	CONSTRAINT ck_dunning_claim_interest_to_a_day CHECK ((kind = 'interest') = (to_day is not null)), 
	CONSTRAINT ck_dunning_claim_interest_of_an_instalment CHECK (kind = 'fee' or (invoice_id is not null and part_no is not null)), 
	CONSTRAINT fk_dunning_claim_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_dunning_claim_notice_id FOREIGN KEY(notice_id) REFERENCES dunning_notice (id), 
	CONSTRAINT fk_dunning_claim_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoice (id), 
	CONSTRAINT fk_dunning_claim_ended_by FOREIGN KEY(ended_by) REFERENCES principal (id)
);
CREATE INDEX ix_dunning_claim_account_id ON dunning_claim (account_id);
CREATE INDEX ix_dunning_claim_invoice_id ON dunning_claim (invoice_id);
CREATE INDEX ix_dunning_claim_notice_id ON dunning_claim (notice_id);
comment on table dunning_claim is 'A fee or interest that is owed beside the invoice; it stays when the invoice is paid, until it is paid or waived.';
grant select, insert, update, delete on dunning_claim to tradewind_app;
grant select on dunning_claim to tradewind_verifier;
alter table dunning_claim enable row level security;
alter table dunning_claim force row level security;
create policy staff on dunning_claim to tradewind_app, current_user using (true) with check (true);
create policy verifier on dunning_claim for select to tradewind_verifier using (true);
grant select on dunning_claim to tradewind_buyer;
create policy buyer on dunning_claim for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger dunning_claim_posted before update or delete on dunning_claim for each row execute function refuse_change_of_posted('status', 'ended_at', 'ended_by', 'end_reason');
create trigger dunning_claim_no_truncate before truncate on dunning_claim for each statement execute function refuse_change();

CREATE TABLE dunning_line (
	notice_id UUID NOT NULL, 
	line_no INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	invoice_id UUID NOT NULL, 
	part_no INTEGER NOT NULL, 
	level INTEGER NOT NULL, 
	due_day DATE NOT NULL, 
	days_overdue INTEGER NOT NULL, 
	open NUMERIC(18, 3) NOT NULL, 
	CONSTRAINT pk_dunning_line PRIMARY KEY (notice_id, line_no), 
	CONSTRAINT ck_dunning_line_owed CHECK (open > 0 and days_overdue > 0 and level > 0), 
	CONSTRAINT uq_dunning_line_invoice_id_part_no_level UNIQUE (invoice_id, part_no, level), 
	CONSTRAINT fk_dunning_line_notice_id FOREIGN KEY(notice_id) REFERENCES dunning_notice (id), 
	CONSTRAINT fk_dunning_line_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoice (id)
);
comment on table dunning_line is 'An overdue instalment in a notice, at its level; no instalment has the same level twice.';
grant select, insert on dunning_line to tradewind_app;
grant select on dunning_line to tradewind_verifier;
alter table dunning_line enable row level security;
alter table dunning_line force row level security;
create policy staff on dunning_line to tradewind_app, current_user using (true) with check (true);
create policy verifier on dunning_line for select to tradewind_verifier using (true);
grant select on dunning_line to tradewind_buyer;
create policy buyer on dunning_line for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger dunning_line_append_only before update or delete on dunning_line for each row execute function refuse_change();
create trigger dunning_line_no_truncate before truncate on dunning_line for each statement execute function refuse_change();

CREATE TABLE dunning_pause (
	id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	invoice_id UUID, 
	kind TEXT NOT NULL, 
	until_day DATE, 
	amount NUMERIC(18, 3), 
	reason TEXT NOT NULL, 
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	opened_by UUID, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	ended_by UUID, 
	end_reason TEXT, 
	CONSTRAINT pk_dunning_pause PRIMARY KEY (id), 
	CONSTRAINT ck_dunning_pause_kind CHECK (kind in ('dispute', 'promise', 'stop')), 
	CONSTRAINT ck_dunning_pause_a_promise_has_a_day CHECK (kind <> 'promise' or until_day is not null), 
	CONSTRAINT ck_dunning_pause_ended CHECK ((ended_at is null) = (end_reason is null)), 
	CONSTRAINT fk_dunning_pause_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_dunning_pause_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoice (id), 
	CONSTRAINT fk_dunning_pause_opened_by FOREIGN KEY(opened_by) REFERENCES principal (id), 
	CONSTRAINT fk_dunning_pause_ended_by FOREIGN KEY(ended_by) REFERENCES principal (id)
);
CREATE INDEX ix_dunning_pause_account_id ON dunning_pause (account_id);
comment on table dunning_pause is 'Why an account or one invoice of it is not dunned: disputed, promised to be paid by a day, or stopped.';
grant select, insert, update, delete on dunning_pause to tradewind_app;
grant select on dunning_pause to tradewind_verifier;
alter table dunning_pause enable row level security;
alter table dunning_pause force row level security;
create policy staff on dunning_pause to tradewind_app, current_user using (true) with check (true);
create policy verifier on dunning_pause for select to tradewind_verifier using (true);
create trigger dunning_pause_posted before update or delete on dunning_pause for each row execute function refuse_change_of_posted('ended_at', 'ended_by', 'end_reason');
create trigger dunning_pause_no_truncate before truncate on dunning_pause for each statement execute function refuse_change();

CREATE TABLE dunning_span (
	claim_id UUID NOT NULL, 
	span_no INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	from_day DATE NOT NULL, 
	to_day DATE NOT NULL, 
	days INTEGER NOT NULL, 
	base NUMERIC(18, 3) NOT NULL, 
	CONSTRAINT pk_dunning_span PRIMARY KEY (claim_id, span_no), 
	CONSTRAINT ck_dunning_span_owed CHECK (to_day > from_day and base > 0), 
	CONSTRAINT fk_dunning_span_claim_id FOREIGN KEY(claim_id) REFERENCES dunning_claim (id)
);
comment on table dunning_span is 'The days over which a balance bore interest, from the first up to, without, the last.';
grant select, insert on dunning_span to tradewind_app;
grant select on dunning_span to tradewind_verifier;
alter table dunning_span enable row level security;
alter table dunning_span force row level security;
create policy staff on dunning_span to tradewind_app, current_user using (true) with check (true);
create policy verifier on dunning_span for select to tradewind_verifier using (true);
grant select on dunning_span to tradewind_buyer;
create policy buyer on dunning_span for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger dunning_span_append_only before update or delete on dunning_span for each row execute function refuse_change();
create trigger dunning_span_no_truncate before truncate on dunning_span for each statement execute function refuse_change();

CREATE TABLE promise_move (
	id UUID NOT NULL, 
	order_id UUID NOT NULL, 
	line_no INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	old_at TIMESTAMP WITH TIME ZONE, 
	new_at TIMESTAMP WITH TIME ZONE, 
	wished_at TIMESTAMP WITH TIME ZONE, 
	breaks_wish BOOLEAN DEFAULT false NOT NULL, 
	why TEXT NOT NULL, 
	supplies JSONB NOT NULL, 
	moved_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_promise_move PRIMARY KEY (id), 
	CONSTRAINT ck_promise_move_why CHECK (why in ('supply', 'goods')), 
	CONSTRAINT fk_promise_move_order_id_line_no FOREIGN KEY(order_id, line_no) REFERENCES order_line (order_id, line_no), 
	CONSTRAINT fk_promise_move_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id)
);
CREATE INDEX ix_promise_move_account_id ON promise_move (account_id, moved_at);
CREATE INDEX ix_promise_move_order_id ON promise_move (order_id);
comment on table promise_move is 'A promised date that moved: from when to when, because of which goods on their way, and whether it is later than wished.';
grant select, insert on promise_move to tradewind_app;
grant select on promise_move to tradewind_verifier;
alter table promise_move enable row level security;
alter table promise_move force row level security;
create policy staff on promise_move to tradewind_app, current_user using (true) with check (true);
create policy verifier on promise_move for select to tradewind_verifier using (true);
grant select on promise_move to tradewind_buyer;
create policy buyer on promise_move for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger promise_move_append_only before update or delete on promise_move for each row execute function refuse_change();
create trigger promise_move_no_truncate before truncate on promise_move for each statement execute function refuse_change();

alter table return_authorisation drop constraint ck_return_authorisation_status;
alter table return_authorisation add constraint ck_return_authorisation_status check (status in ('authorised', 'received', 'credited', 'held', 'refused', 'expired'));
CREATE TABLE return_policy (
	code TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	account_id UUID, 
	category TEXT, 
	returnable BOOLEAN DEFAULT true NOT NULL, 
	window_days INTEGER, 
	wait_days INTEGER DEFAULT 30 NOT NULL, 
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	put_by UUID, 
	CONSTRAINT pk_return_policy PRIMARY KEY (code, version), 
	CONSTRAINT ck_return_policy_days CHECK (window_days >= 0 and wait_days >= 1), 
	CONSTRAINT fk_return_policy_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_return_policy_put_by FOREIGN KEY(put_by) REFERENCES principal (id)
);
comment on table return_policy is 'What may come back and until when, of an account and those below it, of a category of products, or of everything.';
grant select, insert on return_policy to tradewind_app;
grant select on return_policy to tradewind_verifier;
alter table return_policy enable row level security;
alter table return_policy force row level security;
create policy staff on return_policy to tradewind_app, current_user using (true) with check (true);
create policy verifier on return_policy for select to tradewind_verifier using (true);
create trigger return_policy_append_only before update or delete on return_policy for each row execute function refuse_change();
create trigger return_policy_no_truncate before truncate on return_policy for each statement execute function refuse_change();

