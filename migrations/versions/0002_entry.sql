ALTER TABLE account ADD COLUMN unknown_items TEXT DEFAULT 'channel' NOT NULL;
ALTER TABLE account ADD CONSTRAINT ck_account_unknown_items CHECK (unknown_items in ('channel', 'refuse', 'hold'));
ALTER TABLE sales_order ADD COLUMN received_hash BYTEA;
CREATE TABLE order_file (
  document_id UUID NOT NULL,
  account_id UUID NOT NULL,
  sha256 BYTEA NOT NULL,
  name TEXT,
  mode TEXT NOT NULL,
  outcome TEXT NOT NULL,
  rows INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  answer JSONB NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_order_file PRIMARY KEY (document_id),
  CONSTRAINT ck_order_file_mode CHECK (mode in ('accept-valid', 'all-or-nothing')),
  CONSTRAINT ck_order_file_outcome CHECK (outcome in ('placed', 'refused')),
  CONSTRAINT ck_order_file_accepted_of_rows CHECK (accepted >= 0 and accepted <= rows),
  CONSTRAINT fk_order_file_document_id FOREIGN KEY(document_id) REFERENCES inbound_document (id),
  CONSTRAINT fk_order_file_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE UNIQUE INDEX uq_order_file_placed ON order_file (account_id, sha256) WHERE outcome = 'placed';
COMMENT ON TABLE order_file IS 'A file of orders that came in for an account, and what became of each of its rows.';
grant select, insert on order_file to tradewind_app;
grant select on order_file to tradewind_verifier;
alter table order_file enable row level security;
alter table order_file force row level security;
create policy staff on order_file to tradewind_app, current_user using (true) with check (true);
create policy verifier on order_file for select to tradewind_verifier using (true);
grant select on order_file to tradewind_buyer;
create policy buyer on order_file for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger order_file_append_only before update or delete on order_file for each row execute function refuse_change();
create trigger order_file_no_truncate before truncate on order_file for each statement execute function refuse_change();
CREATE TABLE order_file_mapping (
  account_id UUID NOT NULL,
  signature TEXT NOT NULL,
  header JSONB NOT NULL,
  mapping JSONB NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  updated_by UUID,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_order_file_mapping PRIMARY KEY (account_id, signature),
  CONSTRAINT fk_order_file_mapping_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);
COMMENT ON TABLE order_file_mapping IS 'Which column of an account''s order files is what, by the names of their columns.';
grant select, insert, update, delete on order_file_mapping to tradewind_app;
grant select on order_file_mapping to tradewind_verifier;
alter table order_file_mapping enable row level security;
alter table order_file_mapping force row level security;
create policy staff on order_file_mapping to tradewind_app, current_user using (true) with check (true);
create policy verifier on order_file_mapping for select to tradewind_verifier using (true);
grant select on order_file_mapping to tradewind_buyer;
create policy buyer on order_file_mapping for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
