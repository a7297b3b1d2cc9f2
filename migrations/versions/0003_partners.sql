alter table inbound_document drop constraint ck_inbound_document_outcome;
alter table inbound_document add constraint ck_inbound_document_outcome check (outcome in ('in_progress', 'order', 'duplicate', 'rejected', 'held', 'mixed', 'change', 'answer'));
CREATE TABLE inbound_work (
  document_id UUID NOT NULL,
  attempts INTEGER DEFAULT 0 NOT NULL,
  lease_until TIMESTAMP WITH TIME ZONE,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_inbound_work PRIMARY KEY (document_id),
  CONSTRAINT fk_inbound_work_document_id FOREIGN KEY(document_id) REFERENCES inbound_document (id)
);
CREATE INDEX ix_inbound_work_lease_until ON inbound_work (lease_until);
comment on table inbound_work is 'Documents that still have to be made into orders; whoever works on one holds a lease.';
grant select, insert, update, delete on inbound_work to tradewind_app;
grant select on inbound_work to tradewind_verifier;
CREATE TABLE trading_partner (
  id UUID NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  account_id UUID,
  sandbox_account_id UUID,
  in_test BOOLEAN DEFAULT false NOT NULL,
  our_qualifier TEXT NOT NULL,
  our_id TEXT NOT NULL,
  their_qualifier TEXT NOT NULL,
  their_id TEXT NOT NULL,
  our_group_id TEXT,
  their_group_id TEXT,
  version TEXT DEFAULT '004010' NOT NULL,
  separators JSONB NOT NULL,
  mapping JSONB NOT NULL,
  wants_997 BOOLEAN DEFAULT true NOT NULL,
  sends JSONB NOT NULL,
  answer_minutes INTEGER DEFAULT 1440 NOT NULL,
  ack_minutes INTEGER,
  send_by TEXT NOT NULL,
  send_to TEXT,
  door_hash BYTEA,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_trading_partner PRIMARY KEY (id),
  CONSTRAINT ck_trading_partner_send_by CHECK (send_by in ('http', 'folder', 'pickup')),
  CONSTRAINT uq_trading_partner_code UNIQUE (code),
  CONSTRAINT ck_trading_partner_send_to CHECK ((send_by = 'pickup') = (send_to is null)),
  CONSTRAINT fk_trading_partner_account_id FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT fk_trading_partner_sandbox_account_id FOREIGN KEY(sandbox_account_id) REFERENCES account (id)
);
CREATE UNIQUE INDEX uq_trading_partner_ids ON trading_partner (their_qualifier, their_id, our_qualifier, our_id) WHERE closed_at is null;
comment on table trading_partner is 'Who trades with us by X12: both sides'' ids, whose account, the map, which documents go out, how and by when.';
grant select, insert, update, delete on trading_partner to tradewind_app;
grant select on trading_partner to tradewind_verifier;
alter table trading_partner enable row level security;
alter table trading_partner force row level security;
create policy staff on trading_partner to tradewind_app, current_user using (true) with check (true);
create policy verifier on trading_partner for select to tradewind_verifier using (true);
CREATE TABLE partner_counter (
  partner_id UUID NOT NULL,
  interchanges BIGINT DEFAULT 0 NOT NULL,
  groups BIGINT DEFAULT 0 NOT NULL,
  sets BIGINT DEFAULT 0 NOT NULL,
  CONSTRAINT pk_partner_counter PRIMARY KEY (partner_id),
  CONSTRAINT fk_partner_counter_partner_id FOREIGN KEY(partner_id) REFERENCES trading_partner (id)
)
 WITH (fillfactor = 50);
comment on table partner_counter is 'How many interchanges, groups and sets were written to a partner; control numbers are these, wrapped.';
grant select, insert, update, delete on partner_counter to tradewind_app;
grant select on partner_counter to tradewind_verifier;
CREATE TABLE partner_interchange (
  id UUID NOT NULL,
  partner_id UUID NOT NULL,
  document_id UUID NOT NULL,
  place INTEGER NOT NULL,
  control_no BIGINT NOT NULL,
  digest BYTEA NOT NULL,
  is_test BOOLEAN DEFAULT false NOT NULL,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  status TEXT NOT NULL,
  sets INTEGER DEFAULT 0 NOT NULL,
  findings JSONB,
  message_id UUID,
  finished_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_partner_interchange PRIMARY KEY (id),
  CONSTRAINT ck_partner_interchange_status CHECK (status in ('in_progress', 'done', 'held')),
  CONSTRAINT uq_partner_interchange_partner_id_control_no_digest UNIQUE (partner_id, control_no, digest),
  CONSTRAINT fk_partner_interchange_partner_id FOREIGN KEY(partner_id) REFERENCES trading_partner (id),
  CONSTRAINT fk_partner_interchange_document_id FOREIGN KEY(document_id) REFERENCES inbound_document (id)
);
CREATE INDEX ix_partner_interchange_document_id ON partner_interchange (document_id);
comment on table partner_interchange is 'An interchange of a partner; the same bytes under the same control number are one.';
grant select, insert, update, delete on partner_interchange to tradewind_app;
grant select on partner_interchange to tradewind_verifier;
CREATE TABLE partner_set (
  interchange_id UUID NOT NULL,
  place INTEGER NOT NULL,
  type TEXT NOT NULL,
  group_no TEXT NOT NULL,
  group_code TEXT NOT NULL,
  set_no TEXT NOT NULL,
  verdict TEXT NOT NULL,
  outcome TEXT NOT NULL,
  number TEXT,
  account_id UUID,
  order_id UUID,
  findings JSONB,
  ack JSONB,
  said JSONB,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  answer_due_at TIMESTAMP WITH TIME ZONE,
  answered_at TIMESTAMP WITH TIME ZONE,
  answer_code TEXT,
  CONSTRAINT pk_partner_set PRIMARY KEY (interchange_id, place),
  CONSTRAINT ck_partner_set_verdict CHECK (verdict in ('A', 'E', 'R')),
  CONSTRAINT ck_partner_set_outcome CHECK (outcome in ('order', 'change', 'duplicate', 'rejected', 'held', 'answer', 'ignored')),
  CONSTRAINT fk_partner_set_interchange_id FOREIGN KEY(interchange_id) REFERENCES partner_interchange (id),
  CONSTRAINT fk_partner_set_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id)
);
CREATE INDEX ix_partner_set_held ON partner_set (at) WHERE outcome = 'held';
CREATE INDEX ix_partner_set_order_id ON partner_set (order_id);
CREATE INDEX ix_partner_set_unanswered ON partner_set (answer_due_at) WHERE answered_at is null and answer_due_at is not null;
comment on table partner_set is 'A transaction set that came in: what its 997 says, what became of it, and by when it must be answered.';
grant select, insert, update, delete on partner_set to tradewind_app;
grant select on partner_set to tradewind_verifier;
alter table partner_set enable row level security;
alter table partner_set force row level security;
create policy staff on partner_set to tradewind_app, current_user using (true) with check (true);
create policy verifier on partner_set for select to tradewind_verifier using (true);
CREATE TABLE partner_message (
  id UUID NOT NULL,
  partner_id UUID NOT NULL,
  serial BIGINT NOT NULL,
  group_serial BIGINT NOT NULL,
  type TEXT NOT NULL,
  is_test BOOLEAN DEFAULT false NOT NULL,
  body BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ack_due_at TIMESTAMP WITH TIME ZONE,
  missed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_partner_message PRIMARY KEY (id),
  CONSTRAINT uq_partner_message_partner_id_serial UNIQUE (partner_id, serial),
  CONSTRAINT uq_partner_message_partner_id_group_serial UNIQUE (partner_id, group_serial),
  CONSTRAINT fk_partner_message_partner_id FOREIGN KEY(partner_id) REFERENCES trading_partner (id)
);
CREATE INDEX ix_partner_message_ack_due ON partner_message (ack_due_at) WHERE ack_due_at is not null and missed_at is null;
comment on table partner_message is 'An interchange to a partner, byte for byte as it was written.';
grant select, insert, update, delete on partner_message to tradewind_app;
grant select on partner_message to tradewind_verifier;
create trigger partner_message_posted before update or delete on partner_message for each row execute function refuse_change_of_posted('ack_due_at', 'missed_at');
create trigger partner_message_no_truncate before truncate on partner_message for each statement execute function refuse_change();
CREATE TABLE partner_message_set (
  message_id UUID NOT NULL,
  place INTEGER NOT NULL,
  partner_id UUID NOT NULL,
  serial BIGINT NOT NULL,
  type TEXT NOT NULL,
  effect_key TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id UUID NOT NULL,
  account_id UUID,
  verdict TEXT,
  answered_at TIMESTAMP WITH TIME ZONE,
  notes JSONB,
  CONSTRAINT pk_partner_message_set PRIMARY KEY (message_id, place),
  CONSTRAINT ck_partner_message_set_verdict CHECK (verdict in ('accepted', 'with_errors', 'rejected')),
  CONSTRAINT uq_partner_message_set_partner_id_serial UNIQUE (partner_id, serial),
  CONSTRAINT uq_partner_message_set_effect_key UNIQUE (effect_key),
  CONSTRAINT fk_partner_message_set_message_id FOREIGN KEY(message_id) REFERENCES partner_message (id),
  CONSTRAINT fk_partner_message_set_partner_id FOREIGN KEY(partner_id) REFERENCES trading_partner (id)
);
CREATE INDEX ix_partner_message_set_subject_id ON partner_message_set (subject_id);
comment on table partner_message_set is 'A transaction set to a partner: what it is about, and what the partner''s 997 said of it.';
grant select, insert, update, delete on partner_message_set to tradewind_app;
grant select on partner_message_set to tradewind_verifier;
alter table partner_message_set enable row level security;
alter table partner_message_set force row level security;
create policy staff on partner_message_set to tradewind_app, current_user using (true) with check (true);
create policy verifier on partner_message_set for select to tradewind_verifier using (true);
create trigger partner_message_set_posted before update or delete on partner_message_set for each row execute function refuse_change_of_posted('verdict', 'answered_at', 'notes');
create trigger partner_message_set_no_truncate before truncate on partner_message_set for each statement execute function refuse_change();
