ALTER TABLE account ADD COLUMN unknown_items TEXT DEFAULT 'channel' NOT NULL;
ALTER TABLE account ADD CONSTRAINT ck_account_unknown_items CHECK (unknown_items in ('channel', 'refuse', 'hold'));
ALTER TABLE sales_order ADD COLUMN received_hash BYTEA;
