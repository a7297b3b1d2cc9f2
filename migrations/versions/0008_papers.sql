-- Papers that were issued, and what letterheads and languages need.

ALTER TABLE legal_entity ADD COLUMN street TEXT;
ALTER TABLE legal_entity ADD COLUMN city TEXT;
ALTER TABLE legal_entity ADD COLUMN postal_code TEXT;
ALTER TABLE legal_entity ADD COLUMN region TEXT;
ALTER TABLE legal_entity ADD COLUMN registration TEXT;
ALTER TABLE legal_entity ADD COLUMN phone TEXT;
ALTER TABLE legal_entity ADD COLUMN email TEXT;
ALTER TABLE legal_entity ADD COLUMN website TEXT;
ALTER TABLE legal_entity ADD COLUMN bank_name TEXT;
ALTER TABLE legal_entity ADD COLUMN iban TEXT;
ALTER TABLE legal_entity ADD COLUMN bic TEXT;
ALTER TABLE legal_entity ADD COLUMN language TEXT DEFAULT 'en' NOT NULL;
ALTER TABLE legal_entity ADD CONSTRAINT ck_legal_entity_language CHECK (language in ('en', 'de'));
ALTER TABLE account ADD COLUMN language TEXT;
ALTER TABLE account ADD CONSTRAINT ck_account_language CHECK (language in ('en', 'de'));
ALTER TABLE contact ADD COLUMN language TEXT;
ALTER TABLE contact ADD CONSTRAINT ck_contact_language CHECK (language in ('en', 'de'));
-- what a statement of account looks for
CREATE INDEX ix_invoice_account_id ON invoice (account_id, issued_at);
CREATE INDEX ix_payment_application_credit_note_id ON payment_application (credit_note_id) WHERE credit_note_id is not null;

CREATE TABLE issued_paper (
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  subject_id UUID NOT NULL,
  account_id UUID NOT NULL,
  number TEXT NOT NULL,
  scope TEXT DEFAULT '' NOT NULL,
  state TEXT DEFAULT '' NOT NULL,
  language TEXT NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  replaces_id UUID,
  issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
  sha256 BYTEA NOT NULL,
  body BYTEA NOT NULL,
  template_version TEXT NOT NULL,
  content JSONB NOT NULL,
  findings JSONB NOT NULL,
  CONSTRAINT pk_issued_paper PRIMARY KEY (id),
  CONSTRAINT ck_issued_paper_kind CHECK (kind in ('order_confirmation', 'packing_slip', 'invoice', 'credit_note', 'statement')),
  CONSTRAINT ck_issued_paper_language CHECK (language in ('en', 'de')),
  CONSTRAINT ck_issued_paper_hash_of_its_bytes CHECK (sha256 = sha256(body)),
  CONSTRAINT ck_issued_paper_names_what_it_replaces CHECK ((version = 1) = (replaces_id is null)),
  CONSTRAINT uq_issued_paper_kind_subject_id_scope_language_version UNIQUE (kind, subject_id, scope, language, version),
  CONSTRAINT uq_issued_paper_kind_subject_id_scope_language_state UNIQUE (kind, subject_id, scope, language, state),
  CONSTRAINT fk_issued_paper_account_id FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT fk_issued_paper_replaces_id FOREIGN KEY(replaces_id) REFERENCES issued_paper (id)
);

CREATE INDEX ix_issued_paper_account_id ON issued_paper (account_id, issued_at);

COMMENT ON TABLE issued_paper IS 'A paper as it was issued, with the values it was printed from; a newer one of the same document names the old.';

grant select, insert on issued_paper to tradewind_app;
grant select on issued_paper to tradewind_verifier;
alter table issued_paper enable row level security;
alter table issued_paper force row level security;
create policy staff on issued_paper to tradewind_app, current_user using (true) with check (true);
create policy verifier on issued_paper for select to tradewind_verifier using (true);
grant select on issued_paper to tradewind_buyer;
create policy buyer on issued_paper for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger issued_paper_append_only before update or delete on issued_paper for each row execute function refuse_change();
create trigger issued_paper_no_truncate before truncate on issued_paper for each statement execute function refuse_change();
