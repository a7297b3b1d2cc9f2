alter table stream_version add column parameters jsonb default '{}' not null;
alter table stream_version add column timeouts jsonb default '{}' not null;
alter table stream_version add column published_by uuid;
alter table stream_wait add column expires_at timestamptz;
create index ix_stream_wait_expiry on stream_wait (expires_at) where expires_at is not null;
CREATE TABLE stream_draft (
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  stage TEXT NOT NULL,
  bpmn TEXT NOT NULL,
  parameters JSONB NOT NULL,
  timeouts JSONB NOT NULL,
  authors JSONB NOT NULL,
  reviewer_id UUID,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_stream_draft PRIMARY KEY (stream, version),
  CONSTRAINT ck_stream_draft_stage CHECK (stage in ('draft', 'submitted', 'reviewed', 'published', 'withdrawn')),
  CONSTRAINT ck_stream_draft_reviewed_by_somebody CHECK (stage not in ('reviewed', 'published') or reviewer_id is not null)
);
COMMENT ON TABLE stream_draft IS 'Versions of streams that people write, from the first draft on; what is published of them is stream_version.';
grant select, insert, update, delete on stream_draft to tradewind_app;
grant select on stream_draft to tradewind_verifier;
CREATE TABLE stream_period (
  stream TEXT NOT NULL,
  entry INTEGER NOT NULL,
  version INTEGER NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  until TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_stream_period PRIMARY KEY (stream, entry),
  CONSTRAINT fk_stream_period_stream_version FOREIGN KEY(stream, version) REFERENCES stream_version (stream, version),
  CONSTRAINT ck_stream_period_in_order CHECK (until is null or until >= since)
);
CREATE UNIQUE INDEX uq_stream_period_last ON stream_period (stream) WHERE until is null;
COMMENT ON TABLE stream_period IS 'When which version of a stream is in force for new instances; an empty one was taken back before it began.';
grant select, insert, update, delete on stream_period to tradewind_app;
grant select on stream_period to tradewind_verifier;
create trigger stream_period_mark after insert or update or delete or truncate on stream_period for each statement execute function leave_mark('stream');
CREATE TABLE stream_act (
  id UUID NOT NULL,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  verb TEXT NOT NULL,
  by UUID,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  reason TEXT NOT NULL,
  effective TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_stream_act PRIMARY KEY (id)
);
CREATE INDEX ix_stream_act_stream ON stream_act (stream, version);
COMMENT ON TABLE stream_act IS 'Who drafted, reviewed, published, withdrew or rolled back which version of a stream, when and why.';
grant select, insert on stream_act to tradewind_app;
grant select on stream_act to tradewind_verifier;
create trigger stream_act_append_only before update or delete on stream_act for each row execute function refuse_change();
create trigger stream_act_no_truncate before truncate on stream_act for each statement execute function refuse_change();
CREATE TABLE escalation_policy (
  stream TEXT NOT NULL,
  pace TEXT NOT NULL,
  ahead_minutes INTEGER NOT NULL,
  role TEXT NOT NULL,
  active BOOLEAN DEFAULT true NOT NULL,
  changed_by UUID,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_escalation_policy PRIMARY KEY (stream),
  CONSTRAINT ck_escalation_policy_pace CHECK (pace in ('p50', 'p90')),
  CONSTRAINT ck_escalation_policy_ahead CHECK (ahead_minutes between 0 and 43200)
);
COMMENT ON TABLE escalation_policy IS 'Whether, at which pace and how long before the promise a stream''s instances are escalated, and to whom.';
grant select, insert, update, delete on escalation_policy to tradewind_app;
grant select on escalation_policy to tradewind_verifier;
CREATE TABLE stream_escalation (
  id UUID NOT NULL,
  instance_id UUID NOT NULL,
  stream TEXT NOT NULL,
  role TEXT NOT NULL,
  account_id UUID,
  promised_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expected_at TIMESTAMP WITH TIME ZONE NOT NULL,
  reasons JSONB NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  outcome TEXT,
  CONSTRAINT pk_stream_escalation PRIMARY KEY (id),
  CONSTRAINT fk_stream_escalation_instance_id FOREIGN KEY(instance_id) REFERENCES stream_instance (id)
);
CREATE INDEX ix_stream_escalation_open ON stream_escalation (opened_at) WHERE closed_at is null;
CREATE UNIQUE INDEX uq_stream_escalation_open ON stream_escalation (instance_id) WHERE closed_at is null;
COMMENT ON TABLE stream_escalation IS 'An instance that will miss its promise at the pace of the past; opened before it does.';
grant select, insert, update, delete on stream_escalation to tradewind_app;
grant select on stream_escalation to tradewind_verifier;
alter table stream_escalation enable row level security;
alter table stream_escalation force row level security;
create policy staff on stream_escalation to tradewind_app, current_user using (true) with check (true);
create policy verifier on stream_escalation for select to tradewind_verifier using (true);
insert into stream_period (stream, entry, version, since, until)
select stream, row_number() over w, version, case when row_number() over w = 1 then '2000-01-01 00:00:00+00' else published_at end,
  lead(published_at) over w
from stream_version window w as (partition by stream order by version);
