alter table stream_wait drop constraint ck_stream_wait_kind;
alter table stream_wait add constraint ck_stream_wait_kind check (kind in ('message', 'timer', 'signal'));
alter table stream_wait drop constraint ck_stream_wait_kind_has_its_columns;
alter table stream_wait add constraint ck_stream_wait_kind_has_its_columns
  check ((kind = 'timer') = (due_at is not null) and (kind <> 'timer') = (name is not null));
create index ix_stream_wait_signal on stream_wait (name) where kind = 'signal';
comment on table stream_wait is 'What a token waits for: a message by name and key, a signal by name, or an instant.';
CREATE TABLE stream_signal (
  instance_id UUID NOT NULL,
  token INTEGER NOT NULL,
  signal_id UUID NOT NULL,
  name TEXT NOT NULL,
  payload JSONB NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_stream_signal PRIMARY KEY (instance_id, token, signal_id),
  CONSTRAINT fk_stream_signal_instance_id FOREIGN KEY(instance_id) REFERENCES stream_instance (id)
);
COMMENT ON TABLE stream_signal IS 'A signal on its way to one token that waited for it when it was sent; gone when the instance took it.';
grant select, insert, update, delete on stream_signal to tradewind_app;
grant select on stream_signal to tradewind_verifier;
