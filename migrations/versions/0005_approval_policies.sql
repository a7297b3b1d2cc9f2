ALTER TABLE legal_entity ADD COLUMN approval_epoch INTEGER DEFAULT 0 NOT NULL;
CREATE INDEX ix_legal_entity_approval_epoch ON legal_entity (approval_epoch);
ALTER TABLE approval DROP CONSTRAINT ck_approval_decision;
ALTER TABLE approval ADD CONSTRAINT ck_approval_decision CHECK (decision in ('approved', 'rejected', 'asked', 'answered'));
ALTER TABLE approval ADD COLUMN request_id UUID;
ALTER TABLE approval ADD COLUMN tiers INTEGER[] DEFAULT '{}' NOT NULL;
ALTER TABLE approval ADD COLUMN on_behalf_of UUID;
ALTER TABLE approval ADD COLUMN carried_from UUID;
ALTER TABLE approval ADD COLUMN cap NUMERIC(18, 3);
ALTER TABLE approval ADD COLUMN snapshot JSONB;
ALTER TABLE approval ADD CONSTRAINT fk_approval_on_behalf_of FOREIGN KEY(on_behalf_of) REFERENCES principal (id);
CREATE INDEX ix_approval_request_id ON approval (request_id);

CREATE TABLE approval_policy (
  id UUID NOT NULL,
  code TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  side TEXT NOT NULL,
  account_id UUID,
  whole_tree BOOLEAN DEFAULT true NOT NULL,
  legal_entity_id UUID,
  condition TEXT NOT NULL,
  tiers JSONB NOT NULL,
  tier_order TEXT DEFAULT 'sequence' NOT NULL,
  distinct_people BOOLEAN DEFAULT true NOT NULL,
  own_orders BOOLEAN DEFAULT false NOT NULL,
  currency TEXT,
  tolerance_percent NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  binds TEXT[] NOT NULL,
  expire_hours INTEGER DEFAULT 720 NOT NULL,
  remind_hours INTEGER,
  escalate_hours INTEGER,
  on_expiry TEXT DEFAULT 'hold' NOT NULL,
  pending TEXT DEFAULT 'hold' NOT NULL,
  status TEXT DEFAULT 'draft' NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE,
  valid_to TIMESTAMP WITH TIME ZONE,
  created_by UUID,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  published_by UUID,
  published_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_approval_policy PRIMARY KEY (id),
  CONSTRAINT ck_approval_policy_side CHECK (side in ('buyer', 'seller')),
  CONSTRAINT ck_approval_policy_tier_order CHECK (tier_order in ('sequence', 'parallel')),
  CONSTRAINT ck_approval_policy_on_expiry CHECK (on_expiry in ('hold', 'cancel')),
  CONSTRAINT ck_approval_policy_pending CHECK (pending in ('hold', 'recheck')),
  CONSTRAINT ck_approval_policy_status CHECK (status in ('draft', 'published')),
  CONSTRAINT ck_approval_policy_published_from CHECK ((status = 'published') = (valid_from is not null)),
  CONSTRAINT ck_approval_policy_validity CHECK (valid_to is null or valid_to >= valid_from),
  CONSTRAINT ck_approval_policy_tolerance_percent_bounds CHECK (tolerance_percent between 0 and 100),
  CONSTRAINT ck_approval_policy_expire_hours CHECK (expire_hours > 0),
  CONSTRAINT uq_approval_policy_code_version UNIQUE (code, version),
  CONSTRAINT ex_approval_policy_overlap EXCLUDE USING gist (code WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE (status = 'published'),
  CONSTRAINT fk_approval_policy_account_id FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT fk_approval_policy_legal_entity_id FOREIGN KEY(legal_entity_id) REFERENCES legal_entity (id),
  CONSTRAINT fk_approval_policy_created_by FOREIGN KEY(created_by) REFERENCES principal (id),
  CONSTRAINT fk_approval_policy_published_by FOREIGN KEY(published_by) REFERENCES principal (id)
);

CREATE INDEX ix_approval_policy_account_id ON approval_policy (account_id);

COMMENT ON TABLE approval_policy IS 'When an order needs approval and by whom; a published version is superseded, never edited.';

CREATE TABLE approval_request (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  account_id UUID NOT NULL,
  request_no INTEGER NOT NULL,
  content_hash BYTEA NOT NULL,
  status TEXT NOT NULL,
  tiers JSONB NOT NULL,
  snapshot JSONB NOT NULL,
  waiting_roles TEXT[] DEFAULT '{}' NOT NULL,
  waiting_people UUID[] DEFAULT '{}' NOT NULL,
  on_expiry TEXT DEFAULT 'hold' NOT NULL,
  pending TEXT DEFAULT 'hold' NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  remind_at TIMESTAMP WITH TIME ZONE,
  escalate_at TIMESTAMP WITH TIME ZONE,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  ended_reason TEXT,
  CONSTRAINT pk_approval_request PRIMARY KEY (id),
  CONSTRAINT ck_approval_request_status CHECK (status in ('waiting', 'approved', 'rejected', 'expired', 'void')),
  CONSTRAINT ck_approval_request_on_expiry CHECK (on_expiry in ('hold', 'cancel')),
  CONSTRAINT ck_approval_request_pending CHECK (pending in ('hold', 'recheck')),
  CONSTRAINT ck_approval_request_ended CHECK ((status = 'waiting') = (ended_at is null)),
  CONSTRAINT uq_approval_request_order_id_request_no UNIQUE (order_id, request_no)
);

CREATE INDEX ix_approval_request_waiting ON approval_request (opened_at, id) WHERE status = 'waiting';

CREATE UNIQUE INDEX uq_approval_request_waiting ON approval_request (order_id) WHERE status = 'waiting';

COMMENT ON TABLE approval_request IS 'What an order''s content needs: tiers and reasons frozen when it was asked, and what it looked like.';

CREATE TABLE approval_seat (
  request_id UUID NOT NULL,
  tier_no INTEGER NOT NULL,
  seat_no INTEGER NOT NULL,
  approval_id UUID NOT NULL,
  person_id UUID NOT NULL,
  policy TEXT NOT NULL,
  counts_once BOOLEAN DEFAULT false NOT NULL,
  CONSTRAINT pk_approval_seat PRIMARY KEY (request_id, tier_no, seat_no),
  CONSTRAINT fk_approval_seat_request_id FOREIGN KEY(request_id) REFERENCES approval_request (id),
  CONSTRAINT fk_approval_seat_approval_id FOREIGN KEY(approval_id) REFERENCES approval (id)
);

CREATE UNIQUE INDEX uq_approval_seat_once ON approval_seat (request_id, policy, person_id) WHERE counts_once;

CREATE UNIQUE INDEX uq_approval_seat_person ON approval_seat (request_id, tier_no, person_id);

COMMENT ON TABLE approval_seat IS 'Whose decision filled which seat of which tier; written when every tier of a request is complete.';

CREATE TABLE approval_delegation (
  id UUID NOT NULL,
  principal_id UUID NOT NULL,
  delegate_id UUID NOT NULL,
  order_id UUID,
  cap NUMERIC(18, 3),
  currency TEXT,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE NOT NULL,
  reason TEXT NOT NULL,
  created_by UUID,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_approval_delegation PRIMARY KEY (id),
  CONSTRAINT ck_approval_delegation_not_to_oneself CHECK (principal_id <> delegate_id),
  CONSTRAINT ck_approval_delegation_validity CHECK (valid_to > valid_from),
  CONSTRAINT ck_approval_delegation_cap_in_a_currency CHECK ((cap is null) = (currency is null)),
  CONSTRAINT fk_approval_delegation_principal_id FOREIGN KEY(principal_id) REFERENCES principal (id),
  CONSTRAINT fk_approval_delegation_delegate_id FOREIGN KEY(delegate_id) REFERENCES principal (id),
  CONSTRAINT fk_approval_delegation_created_by FOREIGN KEY(created_by) REFERENCES principal (id)
);

CREATE INDEX ix_approval_delegation_delegate_id ON approval_delegation (delegate_id);

CREATE INDEX ix_approval_delegation_principal_id ON approval_delegation (principal_id);

COMMENT ON TABLE approval_delegation IS 'Who decides for whom, from when to when and up to which amount; for one order where one is named.';

grant select, insert, update, delete on approval_policy to tradewind_app;

grant select on approval_policy to tradewind_verifier;

alter table approval_policy enable row level security;

alter table approval_policy force row level security;

create policy staff on approval_policy to tradewind_app, current_user using (true) with check (true);

create policy verifier on approval_policy for select to tradewind_verifier using (true);

grant select, insert, update, delete on approval_request to tradewind_app;

grant select on approval_request to tradewind_verifier;

alter table approval_request enable row level security;

alter table approval_request force row level security;

create policy staff on approval_request to tradewind_app, current_user using (true) with check (true);

create policy verifier on approval_request for select to tradewind_verifier using (true);

grant select, insert on approval_seat to tradewind_app;

grant select on approval_seat to tradewind_verifier;

create trigger approval_seat_append_only before update or delete on approval_seat for each row execute function refuse_change();

create trigger approval_seat_no_truncate before truncate on approval_seat for each statement execute function refuse_change();

grant select, insert, update, delete on approval_delegation to tradewind_app;

grant select on approval_delegation to tradewind_verifier;
