create table trial (
  id uuid not null,
  name text not null,
  mode text default 'past' not null,
  state text default 'queued' not null,
  change jsonb not null,
  selection jsonb not null,
  assumed_hours numeric(14, 4),
  requested_by uuid,
  requested_at timestamp with time zone not null,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  as_of timestamp with time zone,
  orders integer default 0 not null,
  done integer default 0 not null,
  changed integer default 0 not null,
  seconds numeric(10, 2),
  summary jsonb not null,
  problem jsonb,
  cancel_asked boolean default false not null,
  attempts integer default 0 not null,
  lease_until timestamp with time zone,
  constraint pk_trial primary key (id),
  constraint ck_trial_mode check (mode in ('past', 'shadow')),
  constraint ck_trial_state check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  constraint ck_trial_counts check (done between 0 and orders and changed between 0 and done),
  constraint ck_trial_ended check ((state in ('done', 'failed', 'cancelled')) = (ended_at is not null)),
  constraint ck_trial_failed_says_why check ((state = 'failed') = (problem is not null)),
  constraint fk_trial_requested_by foreign key(requested_by) references principal (id)
);
create index ix_trial_waiting on trial (requested_at) where state in ('queued', 'running');
comment on table trial is 'A change run over past orders, or beside the ones that come: what was changed, by whom, how far it is and what it came to.';
grant select, insert, update, delete on trial to tradewind_app;
grant select on trial to tradewind_verifier;
create table trial_finding (
  trial_id uuid not null,
  place integer not null,
  order_id uuid not null,
  kinds text[] not null,
  value numeric(18, 3) not null,
  differences jsonb not null,
  touches_before integer default 0 not null,
  touches_after integer default 0 not null,
  hours_before numeric(14, 4),
  hours_after numeric(14, 4),
  constraint pk_trial_finding primary key (trial_id, place),
  constraint ck_trial_finding_something_differs check (cardinality(kinds) > 0),
  constraint fk_trial_finding_trial_id foreign key(trial_id) references trial (id),
  constraint fk_trial_finding_order_id foreign key(order_id) references sales_order (id)
);
create index ix_trial_finding_order_id on trial_finding (order_id);
create unique index uq_trial_finding_order on trial_finding (trial_id, order_id);
comment on table trial_finding is 'An order that comes out otherwise with the change of a trial: what changes from what to what, and why.';
grant select, insert, update, delete on trial_finding to tradewind_app;
grant select on trial_finding to tradewind_verifier;
