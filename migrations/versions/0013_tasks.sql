alter table user_task add column assigned_by uuid;
alter table user_task add column cared_at timestamptz;
alter table user_task add column remind_at timestamptz;
alter table user_task add column reminded_at timestamptz;
alter table user_task add column escalate_at timestamptz;
alter table user_task add column escalated_at timestamptz;
alter table user_task add column escalate_role text;
CREATE INDEX ix_user_task_claimed ON user_task (claimed_by) WHERE status = 'open';
CREATE INDEX ix_user_task_escalate ON user_task (escalate_at) WHERE status = 'open' and escalated_at is null;
CREATE INDEX ix_user_task_new ON user_task (opened_at) WHERE status = 'open' and cared_at is null;
CREATE INDEX ix_user_task_remind ON user_task (remind_at) WHERE status = 'open' and reminded_at is null;
CREATE TABLE task_form (
  code TEXT NOT NULL,
  title TEXT NOT NULL,
  fields JSONB NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by UUID,
  CONSTRAINT pk_task_form PRIMARY KEY (code)
);
COMMENT ON TABLE task_form IS 'What a task asks of a person: fields with types and bounds.';
grant select, insert, update, delete on task_form to tradewind_app;
grant select on task_form to tradewind_verifier;
CREATE TABLE task_rule (
  role TEXT NOT NULL,
  form TEXT NOT NULL,
  calendar TEXT NOT NULL,
  due_minutes INTEGER,
  remind_minutes INTEGER,
  escalate_minutes INTEGER,
  escalate_role TEXT NOT NULL,
  assign TEXT NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by UUID,
  CONSTRAINT pk_task_rule PRIMARY KEY (role, form),
  CONSTRAINT ck_task_rule_assign CHECK (assign in ('pool', 'load')),
  CONSTRAINT ck_task_rule_minutes CHECK (least(due_minutes, remind_minutes, escalate_minutes) is null or least(due_minutes, remind_minutes, escalate_minutes) > 0)
);
COMMENT ON TABLE task_rule IS 'How tasks of a role (and form; empty is any) are looked after: dates in working minutes, and who gets them.';
grant select, insert, update, delete on task_rule to tradewind_app;
grant select on task_rule to tradewind_verifier;
CREATE TABLE task_absence (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  substitute_id UUID,
  begins TIMESTAMP WITH TIME ZONE NOT NULL,
  ends TIMESTAMP WITH TIME ZONE NOT NULL,
  reason TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by UUID,
  withdrawn_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_task_absence PRIMARY KEY (id),
  CONSTRAINT ck_task_absence_period CHECK (begins < ends),
  CONSTRAINT ck_task_absence_somebody_else CHECK (person_id <> substitute_id)
);
CREATE INDEX ix_task_absence_ends ON task_absence (ends) WHERE withdrawn_at is null;
COMMENT ON TABLE task_absence IS 'Who is away and who does their tasks meanwhile.';
grant select, insert, update, delete on task_absence to tradewind_app;
grant select on task_absence to tradewind_verifier;
CREATE TABLE task_link (
  id UUID NOT NULL,
  task_id UUID NOT NULL,
  principal_id UUID NOT NULL,
  token_hash BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by UUID,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  looked_at TIMESTAMP WITH TIME ZONE,
  picture JSONB,
  used_at TIMESTAMP WITH TIME ZONE,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_task_link PRIMARY KEY (id),
  CONSTRAINT uq_task_link_token_hash UNIQUE (token_hash),
  CONSTRAINT fk_task_link_task_id FOREIGN KEY(task_id) REFERENCES user_task (id)
);
CREATE INDEX ix_task_link_task_id ON task_link (task_id);
COMMENT ON TABLE task_link IS 'Links that let one person do one task once, without a login; only the hash of the secret is kept.';
grant select, insert, update, delete on task_link to tradewind_app;
grant select on task_link to tradewind_verifier;
alter table approval_policy add column calendar text default '' not null;
