create sequence if not exists supplier_order_number;
CREATE TABLE vendor (
	id UUID NOT NULL, 
	code TEXT NOT NULL, 
	name TEXT NOT NULL, 
	delivery_url TEXT, 
	active BOOLEAN DEFAULT true NOT NULL, 
	CONSTRAINT pk_vendor PRIMARY KEY (id), 
	CONSTRAINT uq_vendor_code UNIQUE (code)
);
comment on table vendor is 'Who ships goods for us straight to buyers. Without a delivery address what is sent waits, parked under its code.';
grant select, insert, update, delete on vendor to tradewind_app;
grant select on vendor to tradewind_verifier;
create trigger vendor_mark after insert or update or delete or truncate on vendor for each statement execute function leave_mark('vendor');
CREATE TABLE vendor_product (
	vendor_id UUID NOT NULL, 
	product_id UUID NOT NULL, 
	scope_key TEXT DEFAULT 'all' NOT NULL, 
	vendor_sku TEXT NOT NULL, 
	cost NUMERIC(18, 6) NOT NULL, 
	currency TEXT NOT NULL, 
	lead_days INTEGER DEFAULT 0 NOT NULL, 
	pack NUMERIC(20, 6) DEFAULT 1 NOT NULL, 
	use_when TEXT DEFAULT 'short' NOT NULL, 
	rank INTEGER DEFAULT 100 NOT NULL, 
	active BOOLEAN DEFAULT true NOT NULL, 
	CONSTRAINT pk_vendor_product PRIMARY KEY (vendor_id, product_id, scope_key), 
	CONSTRAINT ck_vendor_product_use_when CHECK (use_when in ('short', 'always')), 
	CONSTRAINT ck_vendor_product_amounts CHECK (cost >= 0 and lead_days >= 0 and pack > 0), 
	CONSTRAINT fk_vendor_product_vendor_id FOREIGN KEY(vendor_id) REFERENCES vendor (id), 
	CONSTRAINT fk_vendor_product_product_id FOREIGN KEY(product_id) REFERENCES product (id)
);
CREATE INDEX ix_vendor_product_product_id ON vendor_product (product_id);
comment on table vendor_product is 'A product that a vendor ships for us, for all accounts, a segment or one account: its number there, cost a base unit, pack.';
grant select, insert, update, delete on vendor_product to tradewind_app;
grant select on vendor_product to tradewind_verifier;
create trigger vendor_product_mark after insert or update or delete or truncate on vendor_product for each statement execute function leave_mark('vendor');
CREATE TABLE supplier_order (
	id UUID NOT NULL, 
	number TEXT NOT NULL, 
	vendor_id UUID NOT NULL, 
	order_id UUID NOT NULL, 
	account_id UUID NOT NULL, 
	shipment_id UUID NOT NULL, 
	currency TEXT NOT NULL, 
	status TEXT DEFAULT 'open' NOT NULL, 
	sent_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expected_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	acknowledged_at TIMESTAMP WITH TIME ZONE, 
	closed_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_supplier_order PRIMARY KEY (id), 
	CONSTRAINT ck_supplier_order_status CHECK (status in ('open', 'closed')), 
	CONSTRAINT uq_supplier_order_number UNIQUE (number), 
	CONSTRAINT ck_supplier_order_closed CHECK ((status = 'closed') = (closed_at is not null)), 
	CONSTRAINT fk_supplier_order_vendor_id FOREIGN KEY(vendor_id) REFERENCES vendor (id), 
	CONSTRAINT fk_supplier_order_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id), 
	CONSTRAINT fk_supplier_order_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_supplier_order_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipment (id)
);
CREATE INDEX ix_supplier_order_account_id ON supplier_order (account_id);
CREATE INDEX ix_supplier_order_open ON supplier_order (sent_at) WHERE status = 'open';
CREATE INDEX ix_supplier_order_order_id ON supplier_order (order_id);
CREATE INDEX ix_supplier_order_vendor_id ON supplier_order (vendor_id);
comment on table supplier_order is 'What a vendor was asked to ship to a buyer; the shipment is the one that holds what it has not answered.';
grant select, insert, update, delete on supplier_order to tradewind_app;
grant select on supplier_order to tradewind_verifier;
alter table supplier_order enable row level security;
alter table supplier_order force row level security;
create policy staff on supplier_order to tradewind_app, current_user using (true) with check (true);
create policy verifier on supplier_order for select to tradewind_verifier using (true);
CREATE TABLE supplier_order_line (
	supplier_order_id UUID NOT NULL, 
	line_no INTEGER NOT NULL, 
	order_id UUID NOT NULL, 
	order_line_no INTEGER NOT NULL, 
	vendor_sku TEXT NOT NULL, 
	qty NUMERIC(20, 6) NOT NULL, 
	cost NUMERIC(18, 6) NOT NULL, 
	qty_shipped NUMERIC(20, 6) DEFAULT 0 NOT NULL, 
	qty_refused NUMERIC(20, 6) DEFAULT 0 NOT NULL, 
	qty_cancelled NUMERIC(20, 6) DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_supplier_order_line PRIMARY KEY (supplier_order_id, line_no), 
	CONSTRAINT fk_supplier_order_line_order_id_order_line_no FOREIGN KEY(order_id, order_line_no) REFERENCES order_line (order_id, line_no), 
	CONSTRAINT ck_supplier_order_line_quantities CHECK (qty > 0 and least(qty_shipped, qty_refused, qty_cancelled, cost) >= 0), 
	CONSTRAINT ck_supplier_order_line_answered_was_ordered CHECK (qty_shipped + qty_refused + qty_cancelled <= qty), 
	CONSTRAINT fk_supplier_order_line_supplier_order_id FOREIGN KEY(supplier_order_id) REFERENCES supplier_order (id)
)
 WITH (fillfactor = 85);
CREATE INDEX ix_supplier_order_line_order ON supplier_order_line (order_id, order_line_no);
comment on table supplier_order_line is 'Units of an order line that a vendor was asked for, what it said of them, and what a base unit costs us.';
grant select, insert, update, delete on supplier_order_line to tradewind_app;
grant select on supplier_order_line to tradewind_verifier;
CREATE TABLE supplier_shipment (
	shipment_id UUID NOT NULL, 
	supplier_order_id UUID NOT NULL, 
	CONSTRAINT pk_supplier_shipment PRIMARY KEY (shipment_id), 
	CONSTRAINT fk_supplier_shipment_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipment (id), 
	CONSTRAINT fk_supplier_shipment_supplier_order_id FOREIGN KEY(supplier_order_id) REFERENCES supplier_order (id)
);
CREATE INDEX ix_supplier_shipment_supplier_order_id ON supplier_shipment (supplier_order_id);
comment on table supplier_shipment is 'The shipments of a supplier order: one an answer, and one of what is left.';
grant select, insert on supplier_shipment to tradewind_app;
grant select on supplier_shipment to tradewind_verifier;
create trigger supplier_shipment_append_only before update or delete on supplier_shipment for each row execute function refuse_change();
create trigger supplier_shipment_no_truncate before truncate on supplier_shipment for each statement execute function refuse_change();
CREATE TABLE supplier_answer (
	supplier_order_id UUID NOT NULL, 
	reference TEXT NOT NULL, 
	answer JSONB NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_supplier_answer PRIMARY KEY (supplier_order_id, reference), 
	CONSTRAINT fk_supplier_answer_supplier_order_id FOREIGN KEY(supplier_order_id) REFERENCES supplier_order (id)
);
comment on table supplier_answer is 'What a vendor said, under its own reference: the same again is the same answer.';
grant select, insert on supplier_answer to tradewind_app;
grant select on supplier_answer to tradewind_verifier;
create trigger supplier_answer_append_only before update or delete on supplier_answer for each row execute function refuse_change();
create trigger supplier_answer_no_truncate before truncate on supplier_answer for each statement execute function refuse_change();
grant usage on sequence supplier_order_number to tradewind_app;
