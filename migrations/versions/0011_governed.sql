CREATE TABLE order_warning (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  account_id UUID NOT NULL,
  line_no INTEGER,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
  gone_at TIMESTAMP WITH TIME ZONE,
  acknowledged_at TIMESTAMP WITH TIME ZONE,
  acknowledged_by UUID,
  acknowledgement TEXT,
  CONSTRAINT pk_order_warning PRIMARY KEY (id),
  CONSTRAINT ck_order_warning_acknowledged_with_reason CHECK ((acknowledged_at is null) = (acknowledgement is null)),
  CONSTRAINT fk_order_warning_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id),
  CONSTRAINT fk_order_warning_acknowledged_by FOREIGN KEY(acknowledged_by) REFERENCES principal (id)
);
CREATE UNIQUE INDEX uq_order_warning_code ON order_warning (order_id, code, coalesce(line_no, 0));
COMMENT ON TABLE order_warning IS 'What a rule warns of: it stops nothing, and somebody may acknowledge it with a reason. Gone where it is not the case.';
grant select, insert, update, delete on order_warning to tradewind_app;
grant select on order_warning to tradewind_verifier;
alter table order_warning enable row level security;
alter table order_warning force row level security;
create policy staff on order_warning to tradewind_app, current_user using (true) with check (true);
create policy verifier on order_warning for select to tradewind_verifier using (true);
grant select on order_warning to tradewind_buyer;
create policy buyer on order_warning for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));
