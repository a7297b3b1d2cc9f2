ALTER TABLE account ADD COLUMN change_pricing TEXT DEFAULT 'added' NOT NULL;
ALTER TABLE account ADD CONSTRAINT ck_account_change_pricing CHECK (change_pricing in ('added', 'frozen', 'whole'));
CREATE TABLE order_change (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  account_id UUID NOT NULL,
  from_version INTEGER NOT NULL,
  to_version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  actions JSONB NOT NULL,
  answers JSONB NOT NULL,
  consequences JSONB NOT NULL,
  before JSONB NOT NULL,
  after JSONB NOT NULL,
  reason TEXT NOT NULL,
  channel TEXT NOT NULL,
  changed_by UUID,
  on_behalf_of UUID,
  document_id UUID,
  source TEXT,
  reverts UUID,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_order_change PRIMARY KEY (id),
  CONSTRAINT ck_order_change_kind CHECK (kind in ('change', 'revert', 'cancel', 'answer', 'identify', 'unrecorded')),
  CONSTRAINT ck_order_change_versions CHECK (to_version > from_version and from_version >= 1),
  CONSTRAINT uq_order_change_order_id_to_version UNIQUE (order_id, to_version),
  CONSTRAINT uq_order_change_reverts UNIQUE (reverts),
  CONSTRAINT fk_order_change_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id),
  CONSTRAINT fk_order_change_document_id FOREIGN KEY(document_id) REFERENCES inbound_document (id),
  CONSTRAINT fk_order_change_reverts FOREIGN KEY(reverts) REFERENCES order_change (id)
);
CREATE UNIQUE INDEX uq_order_change_source ON order_change (order_id, source) WHERE source is not null;
COMMENT ON TABLE order_change IS 'One step of an order from a version to the next: who asked what, each action''s answer, and what it did.';
grant select, insert on order_change to tradewind_app;
grant select on order_change to tradewind_verifier;
alter table order_change enable row level security;
alter table order_change force row level security;
create policy staff on order_change to tradewind_app, current_user using (true) with check (true);
create policy verifier on order_change for select to tradewind_verifier using (true);
grant select on order_change to tradewind_buyer;
create policy buyer on order_change for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
create trigger order_change_append_only before update or delete on order_change for each row execute function refuse_change();
create trigger order_change_no_truncate before truncate on order_change for each statement execute function refuse_change();
CREATE TABLE changed_line (
  order_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  account_id UUID NOT NULL,
  qty_placed NUMERIC(20, 6) NOT NULL,
  anchor_qty NUMERIC(20, 6) NOT NULL,
  anchor_allowance NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  priced_at TIMESTAMP WITH TIME ZONE,
  site_id UUID,
  origin_line INTEGER,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_changed_line PRIMARY KEY (order_id, line_no),
  CONSTRAINT fk_changed_line_order_id_line_no FOREIGN KEY(order_id, line_no) REFERENCES order_line (order_id, line_no),
  CONSTRAINT fk_changed_line_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);
COMMENT ON TABLE changed_line IS 'What changes left on a line: the quantity it was placed with, where its allowance counts from, when it was priced, and the one site it may come from.';
grant select, insert, update, delete on changed_line to tradewind_app;
grant select on changed_line to tradewind_verifier;
alter table changed_line enable row level security;
alter table changed_line force row level security;
create policy staff on changed_line to tradewind_app, current_user using (true) with check (true);
create policy verifier on changed_line for select to tradewind_verifier using (true);
grant select on changed_line to tradewind_buyer;
create policy buyer on changed_line for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
-- orders that were changed before their changes were recorded: their steps so far are one row without a story
insert into order_change (id, order_id, account_id, from_version, to_version, kind, actions, answers, consequences, before, after,
  reason, channel, changed_at)
select gen_random_uuid(), id, account_id, 1, version, 'unrecorded', '[]', '[]', '{}', '{}', '{}',
  'Changed before changes were recorded.', 'migration', now()
from sales_order where version > 1;
