CREATE TABLE rule_set (
  id UUID NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  point TEXT DEFAULT '' NOT NULL,
  owner TEXT DEFAULT '' NOT NULL,
  segment TEXT DEFAULT '' NOT NULL,
  category TEXT DEFAULT '' NOT NULL,
  region TEXT DEFAULT '' NOT NULL,
  channel TEXT DEFAULT '' NOT NULL,
  governs TEXT NOT NULL,
  revision INTEGER DEFAULT 0 NOT NULL,
  created_by UUID,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_rule_set PRIMARY KEY (id),
  CONSTRAINT uq_rule_set_code UNIQUE (code),
  CONSTRAINT fk_rule_set_created_by FOREIGN KEY(created_by) REFERENCES principal (id)
);
CREATE INDEX ix_rule_set_point ON rule_set (point);
COMMENT ON TABLE rule_set IS 'A decision table that people keep under a code: which decision point it governs, for whom; its revision counts its acts.';
grant select, insert, update, delete on rule_set to tradewind_app;
grant select on rule_set to tradewind_verifier;
create trigger rule_set_posted before update or delete on rule_set for each row execute function refuse_change_of_posted('name', 'owner', 'revision');
create trigger rule_set_no_truncate before truncate on rule_set for each statement execute function refuse_change();
CREATE TABLE rule_version (
  id UUID NOT NULL,
  rule_set_id UUID NOT NULL,
  version INTEGER NOT NULL,
  stage TEXT DEFAULT 'draft' NOT NULL,
  source BYTEA NOT NULL,
  digest BYTEA NOT NULL,
  decision TEXT DEFAULT '' NOT NULL,
  tests JSONB NOT NULL,
  comment TEXT DEFAULT '' NOT NULL,
  authors UUID[] DEFAULT '{}' NOT NULL,
  reviewer UUID,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_rule_version PRIMARY KEY (id),
  CONSTRAINT ck_rule_version_stage CHECK (stage in ('draft', 'submitted', 'reviewed', 'published', 'withdrawn')),
  CONSTRAINT uq_rule_version_rule_set_id_version UNIQUE (rule_set_id, version),
  CONSTRAINT ck_rule_version_digest CHECK (digest = sha256(source)),
  CONSTRAINT ck_rule_version_reviewed CHECK (stage = 'withdrawn' or (stage in ('reviewed', 'published')) = (reviewer is not null)),
  CONSTRAINT ck_rule_version_four_eyes CHECK (reviewer is null or reviewer <> all(authors)),
  CONSTRAINT fk_rule_version_rule_set_id FOREIGN KEY(rule_set_id) REFERENCES rule_set (id),
  CONSTRAINT fk_rule_version_reviewer FOREIGN KEY(reviewer) REFERENCES principal (id)
);
COMMENT ON TABLE rule_version IS 'A version of a rule set: the DMN file as it was given, its tests, who wrote in it and who reviewed it.';
grant select, insert, update, delete on rule_version to tradewind_app;
grant select on rule_version to tradewind_verifier;
CREATE TABLE rule_period (
  rule_set_id UUID NOT NULL,
  entry INTEGER NOT NULL,
  version INTEGER NOT NULL,
  governs TEXT NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  until TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_rule_period PRIMARY KEY (rule_set_id, entry),
  CONSTRAINT fk_rule_period_rule_set_id_version FOREIGN KEY(rule_set_id, version) REFERENCES rule_version (rule_set_id, version),
  CONSTRAINT ck_rule_period_validity CHECK (until >= since),
  CONSTRAINT ex_rule_period_overlap EXCLUDE USING gist (governs WITH =, tstzrange(since, until) WITH &&),
  CONSTRAINT fk_rule_period_rule_set_id FOREIGN KEY(rule_set_id) REFERENCES rule_set (id)
);
COMMENT ON TABLE rule_period IS 'When which version is in force; at most one at a time for a point and scope. Empty where taken back before it began.';
grant select, insert, update, delete on rule_period to tradewind_app;
grant select on rule_period to tradewind_verifier;
create trigger rule_period_posted before update or delete on rule_period for each row execute function refuse_change_of_posted('until');
create trigger rule_period_no_truncate before truncate on rule_period for each statement execute function refuse_change();
create trigger rule_period_mark after insert or update or delete or truncate on rule_period for each statement execute function leave_mark('rule_table');
CREATE TABLE rule_act (
  rule_set_id UUID NOT NULL,
  act_no INTEGER NOT NULL,
  version INTEGER NOT NULL,
  verb TEXT NOT NULL,
  by UUID,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  effective TIMESTAMP WITH TIME ZONE,
  digest BYTEA NOT NULL,
  CONSTRAINT pk_rule_act PRIMARY KEY (rule_set_id, act_no),
  CONSTRAINT fk_rule_act_rule_set_id FOREIGN KEY(rule_set_id) REFERENCES rule_set (id),
  CONSTRAINT fk_rule_act_by FOREIGN KEY(by) REFERENCES principal (id)
);
COMMENT ON TABLE rule_act IS 'The history of a rule set: who did what to which version, when, why, and what the file was then.';
grant select, insert on rule_act to tradewind_app;
grant select on rule_act to tradewind_verifier;
create trigger rule_act_append_only before update or delete on rule_act for each row execute function refuse_change();
create trigger rule_act_no_truncate before truncate on rule_act for each statement execute function refuse_change();
CREATE TABLE rule_decision (
  id UUID NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
  point TEXT NOT NULL,
  rule_set_id UUID NOT NULL,
  version INTEGER NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id UUID NOT NULL,
  line_no INTEGER,
  inputs JSONB NOT NULL,
  answers JSONB NOT NULL,
  hits JSONB NOT NULL,
  misses JSONB NOT NULL,
  effect TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_rule_decision PRIMARY KEY (id),
  CONSTRAINT fk_rule_decision_rule_set_id_version FOREIGN KEY(rule_set_id, version) REFERENCES rule_version (rule_set_id, version)
);
CREATE INDEX ix_rule_decision_subject ON rule_decision (subject_id, decided_at, id);
COMMENT ON TABLE rule_decision IS 'What a published table decided about a subject: what it was asked, which rows matched or nearly did, and the effect.';
grant select, insert on rule_decision to tradewind_app;
grant select on rule_decision to tradewind_verifier;
create trigger rule_decision_append_only before update or delete on rule_decision for each row execute function refuse_change();
create trigger rule_decision_no_truncate before truncate on rule_decision for each statement execute function refuse_change();
