-- The first schema: tables, roles, row-level security, guards and the functions they need.

create extension if not exists btree_gist;

CREATE TABLE installation (
  id SMALLINT NOT NULL,
  delivery_epoch INTEGER DEFAULT 1 NOT NULL,
  deliveries_paused BOOLEAN DEFAULT false NOT NULL,
  restored_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_installation PRIMARY KEY (id),
  CONSTRAINT ck_installation_single CHECK (id = 1)
);

COMMENT ON TABLE installation IS 'One row: this installation''s delivery epoch; a restored copy starts paused under a new epoch.';

CREATE TABLE event (
  xid BIGINT DEFAULT (pg_current_xact_id()::text)::bigint NOT NULL,
  seq BIGINT GENERATED ALWAYS AS IDENTITY,
  type TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id UUID NOT NULL,
  subject_seq INTEGER NOT NULL,
  actor_id UUID,
  channel TEXT NOT NULL,
  on_behalf_of UUID,
  mandate_id UUID,
  correlation UUID,
  causation BIGINT,
  account_id UUID,
  payload JSONB NOT NULL,
  CONSTRAINT pk_event PRIMARY KEY (xid, seq),
  CONSTRAINT uq_event_subject_id_subject_seq UNIQUE (subject_id, subject_seq)
);

COMMENT ON TABLE event IS 'The log: one row a fact, written in the transaction of the fact; read in (xid, seq) order below the fence.';

CREATE TABLE event_object (
  object_id UUID NOT NULL,
  event_xid BIGINT NOT NULL,
  event_seq BIGINT NOT NULL,
  qualifier TEXT NOT NULL,
  object_type TEXT NOT NULL,
  CONSTRAINT pk_event_object PRIMARY KEY (object_id, event_xid, event_seq, qualifier)
);

COMMENT ON TABLE event_object IS 'Which objects an event touched (OCEL 2.0 relations).';

CREATE TABLE log_cursor (
  reader TEXT NOT NULL,
  xid BIGINT DEFAULT 0 NOT NULL,
  seq BIGINT DEFAULT 0 NOT NULL,
  moved_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_log_cursor PRIMARY KEY (reader)
);

COMMENT ON TABLE log_cursor IS 'How far each reader of the log has come.';

CREATE TABLE idempotency (
  principal_id UUID NOT NULL,
  key TEXT NOT NULL,
  fingerprint BYTEA NOT NULL,
  answer JSONB,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_idempotency PRIMARY KEY (principal_id, key)
);

CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);

COMMENT ON TABLE idempotency IS 'A key, what it was used for, and the ids it answered with; written in the transaction of the effect.';

CREATE TABLE delivery (
  id UUID NOT NULL,
  effect_key TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  destination TEXT NOT NULL,
  kind TEXT NOT NULL,
  account_id UUID,
  subject_type TEXT NOT NULL,
  subject_id UUID NOT NULL,
  payload JSONB NOT NULL,
  status TEXT DEFAULT 'pending' NOT NULL,
  attempts INTEGER DEFAULT 0 NOT NULL,
  next_at TIMESTAMP WITH TIME ZONE NOT NULL,
  lease_until TIMESTAMP WITH TIME ZONE,
  lease_token BIGINT DEFAULT 0 NOT NULL,
  last_error TEXT,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_delivery PRIMARY KEY (id),
  CONSTRAINT ck_delivery_status CHECK (status in ('pending', 'sent', 'parked', 'dead')),
  CONSTRAINT uq_delivery_effect_key UNIQUE (effect_key)
);

CREATE INDEX ix_delivery_due ON delivery (next_at) WHERE status = 'pending';

COMMENT ON TABLE delivery IS 'What leaves the house: written with the fact, sent after the commit, once per effect key.';

CREATE TABLE principal (
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  login TEXT NOT NULL,
  name TEXT NOT NULL,
  password_hash TEXT,
  active BOOLEAN DEFAULT true NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_principal PRIMARY KEY (id),
  CONSTRAINT ck_principal_kind CHECK (kind in ('staff', 'buyer', 'agent', 'system')),
  CONSTRAINT uq_principal_login UNIQUE (login)
);

COMMENT ON TABLE principal IS 'A person, an integration or an agent that can act; never deleted, only switched off.';

CREATE TABLE legal_entity (
  id UUID NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  country TEXT NOT NULL,
  currency TEXT NOT NULL,
  tax_id TEXT,
  invoice_prefix TEXT DEFAULT 'INV' NOT NULL,
  time_zone TEXT DEFAULT 'UTC' NOT NULL,
  tax_rounding TEXT DEFAULT 'per_tax_group' NOT NULL,
  CONSTRAINT pk_legal_entity PRIMARY KEY (id),
  CONSTRAINT ck_legal_entity_tax_rounding CHECK (tax_rounding in ('per_line', 'per_tax_group')),
  CONSTRAINT uq_legal_entity_code UNIQUE (code)
);

COMMENT ON TABLE legal_entity IS 'A company of ours that sells and invoices.';

CREATE TABLE payment_terms (
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  net_days INTEGER NOT NULL,
  CONSTRAINT pk_payment_terms PRIMARY KEY (code)
);

COMMENT ON TABLE payment_terms IS 'When an invoice falls due.';

CREATE TABLE outside_id (
  system TEXT NOT NULL,
  noun TEXT NOT NULL,
  outside TEXT NOT NULL,
  our_id UUID NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_outside_id PRIMARY KEY (system, noun, outside)
);

CREATE INDEX ix_outside_id_our_id ON outside_id (our_id);

COMMENT ON TABLE outside_id IS 'What other systems call our accounts, products, orders and documents.';

CREATE TABLE record_owner (
  noun TEXT NOT NULL,
  attribute TEXT NOT NULL,
  system TEXT NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_record_owner PRIMARY KEY (noun, attribute)
);

COMMENT ON TABLE record_owner IS 'The system of record of an attribute; imports from another system leave the attribute alone.';

CREATE TABLE product (
  id UUID NOT NULL,
  sku TEXT NOT NULL,
  name TEXT NOT NULL,
  base_uom TEXT DEFAULT 'EA' NOT NULL,
  order_uom TEXT DEFAULT 'EA' NOT NULL,
  status TEXT DEFAULT 'active' NOT NULL,
  kind TEXT DEFAULT 'stocked' NOT NULL,
  tax_class TEXT DEFAULT 'standard' NOT NULL,
  category TEXT,
  gtin TEXT,
  weight_kg NUMERIC(20, 6),
  minimum_qty NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  multiple_qty NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  superseded_by UUID,
  CONSTRAINT pk_product PRIMARY KEY (id),
  CONSTRAINT ck_product_status CHECK (status in ('active', 'discontinued', 'blocked')),
  CONSTRAINT ck_product_kind CHECK (kind in ('stocked', 'service')),
  CONSTRAINT uq_product_sku UNIQUE (sku),
  CONSTRAINT ck_product_quantity_rules CHECK (minimum_qty >= 0 and multiple_qty >= 0),
  CONSTRAINT fk_product_superseded_by FOREIGN KEY(superseded_by) REFERENCES product (id)
);

CREATE INDEX ix_product_gtin ON product (gtin) WHERE gtin is not null;

COMMENT ON TABLE product IS 'A thing we sell; minimum and multiple count in base units, 0 means no rule.';

CREATE TABLE price_list (
  id UUID NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  currency TEXT NOT NULL,
  layer TEXT NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT pk_price_list PRIMARY KEY (id),
  CONSTRAINT ck_price_list_layer CHECK (layer in ('offer', 'agreement', 'account', 'parent', 'segment', 'channel', 'region', 'base')),
  CONSTRAINT uq_price_list_code UNIQUE (code)
);

COMMENT ON TABLE price_list IS 'A named set of prices in one currency on one layer.';

CREATE TABLE tax_rate (
  id UUID NOT NULL,
  country TEXT NOT NULL,
  region TEXT DEFAULT '' NOT NULL,
  tax_class TEXT NOT NULL,
  category TEXT DEFAULT 'S' NOT NULL,
  rate NUMERIC(18, 6) NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_tax_rate PRIMARY KEY (id),
  CONSTRAINT ck_tax_rate_category CHECK (category in ('S', 'Z', 'E', 'AE', 'K', 'G', 'O')),
  CONSTRAINT ck_tax_rate_rate_bounds CHECK (rate >= 0 and rate <= 100),
  CONSTRAINT ex_tax_rate_overlap EXCLUDE USING gist (country WITH =, region WITH =, tax_class WITH =, tstzrange(valid_from, valid_to) WITH &&)
);

COMMENT ON TABLE tax_rate IS 'Percent of tax for a class of goods in a jurisdiction over a period.';

CREATE TABLE fx_rate (
  from_currency TEXT NOT NULL,
  to_currency TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  rate NUMERIC(24, 10) NOT NULL,
  source TEXT NOT NULL,
  CONSTRAINT pk_fx_rate PRIMARY KEY (from_currency, to_currency, at),
  CONSTRAINT ck_fx_rate_rate_positive CHECK (rate > 0)
);

COMMENT ON TABLE fx_rate IS 'What one unit of a currency was worth in another, when, and who said so.';

CREATE TABLE stream_version (
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  bpmn TEXT NOT NULL,
  sha256 BYTEA NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_stream_version PRIMARY KEY (stream, version),
  CONSTRAINT uq_stream_version_stream_sha256 UNIQUE (stream, sha256)
);

COMMENT ON TABLE stream_version IS 'Published value streams; an instance keeps the version it started on.';

CREATE TABLE inbound_document (
  id UUID NOT NULL,
  channel TEXT NOT NULL,
  principal_id UUID,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  content_type TEXT NOT NULL,
  sha256 BYTEA NOT NULL,
  body BYTEA NOT NULL,
  outcome TEXT NOT NULL,
  results JSONB,
  CONSTRAINT pk_inbound_document PRIMARY KEY (id),
  CONSTRAINT ck_inbound_document_outcome CHECK (outcome in ('in_progress', 'order', 'duplicate', 'rejected', 'held', 'mixed'))
);

CREATE INDEX ix_inbound_document_received_at ON inbound_document (received_at);

COMMENT ON TABLE inbound_document IS 'What arrived, byte for byte, before anything was acknowledged, and what became of it.';

CREATE TABLE principal_role (
  principal_id UUID NOT NULL,
  role TEXT NOT NULL,
  CONSTRAINT pk_principal_role PRIMARY KEY (principal_id, role),
  CONSTRAINT fk_principal_role_principal_id FOREIGN KEY(principal_id) REFERENCES principal (id)
);

COMMENT ON TABLE principal_role IS 'The roles a principal holds; what a role may do stands in access.model.';

CREATE TABLE api_key (
  id UUID NOT NULL,
  hash BYTEA NOT NULL,
  hint TEXT NOT NULL,
  principal_id UUID NOT NULL,
  label TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_api_key PRIMARY KEY (id),
  CONSTRAINT uq_api_key_hash UNIQUE (hash),
  CONSTRAINT fk_api_key_principal_id FOREIGN KEY(principal_id) REFERENCES principal (id)
);

CREATE INDEX ix_api_key_principal_id ON api_key (principal_id);

COMMENT ON TABLE api_key IS 'API keys: only their SHA-256 is kept; the key itself is shown once.';

CREATE TABLE session (
  token_hash BYTEA NOT NULL,
  principal_id UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_session PRIMARY KEY (token_hash),
  CONSTRAINT fk_session_principal_id FOREIGN KEY(principal_id) REFERENCES principal (id)
);

CREATE INDEX ix_session_principal_id ON session (principal_id);

COMMENT ON TABLE session IS 'Logged-in people; only the hash of the token is kept.';

CREATE TABLE account (
  id UUID NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  parent_id UUID,
  legal_entity_id UUID NOT NULL,
  currency TEXT NOT NULL,
  segment TEXT,
  region TEXT,
  status TEXT DEFAULT 'active' NOT NULL,
  vat_id TEXT,
  vat_verified BOOLEAN,
  tax_exempt BOOLEAN DEFAULT false NOT NULL,
  terms_code TEXT DEFAULT 'NET30' NOT NULL,
  ship_policy TEXT DEFAULT 'partial' NOT NULL,
  price_policy TEXT DEFAULT 'list' NOT NULL,
  price_strategy TEXT DEFAULT 'first_match' NOT NULL,
  discount_percent NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  duplicate_po TEXT DEFAULT 'refuse' NOT NULL,
  approval_above NUMERIC(18, 3),
  priority INTEGER DEFAULT '100' NOT NULL,
  reserve_hours INTEGER DEFAULT 72 NOT NULL,
  over_ship_percent NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  delivery_url TEXT,
  CONSTRAINT pk_account PRIMARY KEY (id),
  CONSTRAINT ck_account_status CHECK (status in ('active', 'blocked', 'closed')),
  CONSTRAINT ck_account_ship_policy CHECK (ship_policy in ('partial', 'ship_complete', 'line_complete')),
  CONSTRAINT ck_account_price_policy CHECK (price_policy in ('list', 'document')),
  CONSTRAINT ck_account_price_strategy CHECK (price_strategy in ('first_match', 'lowest', 'merge_per_tier')),
  CONSTRAINT ck_account_duplicate_po CHECK (duplicate_po in ('refuse', 'hold', 'allow')),
  CONSTRAINT ck_account_over_ship_percent_bounds CHECK (over_ship_percent >= 0 and over_ship_percent <= 100),
  CONSTRAINT ck_account_discount_percent_bounds CHECK (discount_percent >= 0 and discount_percent <= 100),
  CONSTRAINT uq_account_code UNIQUE (code),
  CONSTRAINT fk_account_parent_id FOREIGN KEY(parent_id) REFERENCES account (id),
  CONSTRAINT fk_account_legal_entity_id FOREIGN KEY(legal_entity_id) REFERENCES legal_entity (id)
);

CREATE INDEX ix_account_parent_id ON account (parent_id);

COMMENT ON TABLE account IS 'A customer (sold-to): one node of a company tree.';

CREATE TABLE product_unit (
  product_id UUID NOT NULL,
  uom TEXT NOT NULL,
  numerator BIGINT NOT NULL,
  denominator BIGINT DEFAULT 1 NOT NULL,
  gtin TEXT,
  CONSTRAINT pk_product_unit PRIMARY KEY (product_id, uom),
  CONSTRAINT ck_product_unit_ratio CHECK (numerator > 0 and denominator > 0),
  CONSTRAINT fk_product_unit_product_id FOREIGN KEY(product_id) REFERENCES product (id)
);

CREATE INDEX ix_product_unit_gtin ON product_unit (gtin) WHERE gtin is not null;

COMMENT ON TABLE product_unit IS 'One unit of this measure is numerator/denominator base units, exactly.';

CREATE TABLE site (
  id UUID NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  legal_entity_id UUID NOT NULL,
  country TEXT NOT NULL,
  region TEXT DEFAULT '' NOT NULL,
  time_zone TEXT DEFAULT 'UTC' NOT NULL,
  rank INTEGER DEFAULT 100 NOT NULL,
  handling_cost NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  lead_days INTEGER DEFAULT 0 NOT NULL,
  cut_off TEXT DEFAULT '23:59' NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_site PRIMARY KEY (id),
  CONSTRAINT uq_site_code UNIQUE (code),
  CONSTRAINT fk_site_legal_entity_id FOREIGN KEY(legal_entity_id) REFERENCES legal_entity (id)
);

COMMENT ON TABLE site IS 'A warehouse, or any place that keeps stock.';

CREATE TABLE price_assignment (
  id UUID NOT NULL,
  list_id UUID NOT NULL,
  scope_key TEXT NOT NULL,
  precedence INTEGER NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_price_assignment PRIMARY KEY (id),
  CONSTRAINT ex_price_assignment_overlap EXCLUDE USING gist (list_id WITH =, scope_key WITH =, tstzrange(valid_from, valid_to) WITH &&),
  CONSTRAINT fk_price_assignment_list_id FOREIGN KEY(list_id) REFERENCES price_list (id)
);

CREATE INDEX ix_price_assignment_scope_key ON price_assignment (scope_key);

CREATE INDEX ix_price_assignment_list_id ON price_assignment (list_id);

COMMENT ON TABLE price_assignment IS 'Who a list is for: account:<id>, segment:<name>, channel:<name>, region:<name> or all. Lower precedence wins.';

CREATE TABLE price (
  id UUID NOT NULL,
  list_id UUID NOT NULL,
  product_id UUID NOT NULL,
  uom TEXT NOT NULL,
  kind TEXT DEFAULT 'volume' NOT NULL,
  tier_from NUMERIC(20, 6)[] NOT NULL,
  tier_price NUMERIC(18, 6)[] NOT NULL,
  price_basis NUMERIC(20, 6) DEFAULT 1 NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE,
  offer_expires_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_price PRIMARY KEY (id),
  CONSTRAINT ck_price_kind CHECK (kind in ('volume', 'graduated')),
  CONSTRAINT ck_price_ladder CHECK (cardinality(tier_from) = cardinality(tier_price) and cardinality(tier_from) between 1 and 50),
  CONSTRAINT ck_price_price_basis CHECK (price_basis > 0),
  CONSTRAINT ck_price_validity CHECK (valid_to is null or valid_to > valid_from),
  CONSTRAINT ex_price_overlap EXCLUDE USING gist (product_id WITH =, list_id WITH =, uom WITH =, tstzrange(valid_from, valid_to) WITH &&),
  CONSTRAINT fk_price_list_id FOREIGN KEY(list_id) REFERENCES price_list (id),
  CONSTRAINT fk_price_product_id FOREIGN KEY(product_id) REFERENCES product (id)
);

CREATE INDEX ix_price_product_list ON price (product_id, list_id);

COMMENT ON TABLE price IS 'One ladder: the unit price from each quantity on, for one product on one list over one period.';

CREATE TABLE document_counter (
  legal_entity_id UUID NOT NULL,
  series TEXT NOT NULL,
  prefix TEXT NOT NULL,
  last_no BIGINT DEFAULT 0 NOT NULL,
  CONSTRAINT pk_document_counter PRIMARY KEY (legal_entity_id, series),
  CONSTRAINT fk_document_counter_legal_entity_id FOREIGN KEY(legal_entity_id) REFERENCES legal_entity (id)
)
 WITH (fillfactor = 50);

COMMENT ON TABLE document_counter IS 'The last number of each series; a row-locked counter, so that a rollback leaves no gap.';

CREATE TABLE journal (
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  legal_entity_id UUID NOT NULL,
  reference_type TEXT NOT NULL,
  reference_id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_journal PRIMARY KEY (id),
  CONSTRAINT uq_journal_kind_reference_id UNIQUE (kind, reference_id),
  CONSTRAINT fk_journal_legal_entity_id FOREIGN KEY(legal_entity_id) REFERENCES legal_entity (id)
);

COMMENT ON TABLE journal IS 'One balanced entry of the receivables ledger.';

CREATE TABLE stream_instance (
  id UUID NOT NULL,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id UUID NOT NULL,
  part TEXT DEFAULT '' NOT NULL,
  account_id UUID,
  status TEXT NOT NULL,
  state TEXT NOT NULL,
  wake_at TIMESTAMP WITH TIME ZONE,
  attempts INTEGER DEFAULT 0 NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE NOT NULL,
  moved_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_stream_instance PRIMARY KEY (id),
  CONSTRAINT ck_stream_instance_status CHECK (status in ('running', 'incident', 'done', 'cancelled')),
  CONSTRAINT fk_stream_instance_stream_version FOREIGN KEY(stream, version) REFERENCES stream_version (stream, version)
)
 WITH (fillfactor = 70);

CREATE UNIQUE INDEX uq_stream_instance_live ON stream_instance (subject_id, stream, part) WHERE status in ('running', 'incident');

CREATE INDEX ix_stream_instance_subject_id ON stream_instance (subject_id);

CREATE INDEX ix_stream_instance_due ON stream_instance (wake_at) WHERE status = 'running' and wake_at is not null;

COMMENT ON TABLE stream_instance IS 'One run of a value stream for one subject: its tokens, and when it must be looked at next.';

CREATE TABLE principal_account (
  principal_id UUID NOT NULL,
  account_id UUID NOT NULL,
  granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_principal_account PRIMARY KEY (principal_id, account_id),
  CONSTRAINT fk_principal_account_principal_id FOREIGN KEY(principal_id) REFERENCES principal (id),
  CONSTRAINT fk_principal_account_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);

COMMENT ON TABLE principal_account IS 'The top of each company tree a buyer principal sees; the tree below comes with it.';

CREATE TABLE mandate (
  id UUID NOT NULL,
  principal_id UUID NOT NULL,
  account_id UUID NOT NULL,
  actions TEXT[] NOT NULL,
  order_max NUMERIC(18, 3),
  currency TEXT,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE,
  revoked_at TIMESTAMP WITH TIME ZONE,
  granted_by UUID NOT NULL,
  CONSTRAINT pk_mandate PRIMARY KEY (id),
  CONSTRAINT fk_mandate_principal_id FOREIGN KEY(principal_id) REFERENCES principal (id),
  CONSTRAINT fk_mandate_account_id FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT fk_mandate_granted_by FOREIGN KEY(granted_by) REFERENCES principal (id)
);

CREATE INDEX ix_mandate_principal_id ON mandate (principal_id);

COMMENT ON TABLE mandate IS 'What a company lets an agent do in its name, checked on every call, revocable at once.';

CREATE TABLE account_closure (
  ancestor_id UUID NOT NULL,
  account_id UUID NOT NULL,
  depth INTEGER NOT NULL,
  CONSTRAINT pk_account_closure PRIMARY KEY (ancestor_id, account_id),
  CONSTRAINT fk_account_closure_ancestor_id FOREIGN KEY(ancestor_id) REFERENCES account (id),
  CONSTRAINT fk_account_closure_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE INDEX ix_account_closure_account_id ON account_closure (account_id);

COMMENT ON TABLE account_closure IS 'Every account with itself and all above it (depth 0 = itself); kept in step with parent_id.';

CREATE TABLE address (
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  code TEXT NOT NULL,
  kind TEXT DEFAULT 'ship_to' NOT NULL,
  name TEXT NOT NULL,
  street TEXT,
  city TEXT,
  postal_code TEXT,
  region TEXT,
  country TEXT NOT NULL,
  gln TEXT,
  is_default BOOLEAN DEFAULT false NOT NULL,
  CONSTRAINT pk_address PRIMARY KEY (id),
  CONSTRAINT ck_address_kind CHECK (kind in ('ship_to', 'bill_to')),
  CONSTRAINT uq_address_account_id_code UNIQUE (account_id, code),
  CONSTRAINT fk_address_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);

COMMENT ON TABLE address IS 'Where an account receives goods or invoices.';

CREATE TABLE contact (
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  email TEXT,
  phone TEXT,
  job TEXT,
  CONSTRAINT pk_contact PRIMARY KEY (id),
  CONSTRAINT uq_contact_account_id_code UNIQUE (account_id, code),
  CONSTRAINT fk_contact_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);

COMMENT ON TABLE contact IS 'A person at an account.';

CREATE TABLE tax_certificate (
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  country TEXT NOT NULL,
  region TEXT DEFAULT '' NOT NULL,
  number TEXT NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_tax_certificate PRIMARY KEY (id),
  CONSTRAINT uq_tax_certificate_account_id_country_region_number UNIQUE (account_id, country, region, number),
  CONSTRAINT fk_tax_certificate_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE INDEX ix_tax_certificate_account_id ON tax_certificate (account_id);

COMMENT ON TABLE tax_certificate IS 'An account''s exemption in a jurisdiction, with its expiry.';

CREATE TABLE cross_reference (
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  account_id UUID,
  number TEXT NOT NULL,
  product_id UUID NOT NULL,
  CONSTRAINT pk_cross_reference PRIMARY KEY (id),
  CONSTRAINT ck_cross_reference_kind CHECK (kind in ('customer', 'gtin', 'manufacturer', 'superseded')),
  CONSTRAINT fk_cross_reference_account_id FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT fk_cross_reference_product_id FOREIGN KEY(product_id) REFERENCES product (id)
);

CREATE UNIQUE INDEX uq_cross_reference_name ON cross_reference (number, kind, coalesce(account_id, '00000000-0000-0000-0000-000000000000'), product_id);

COMMENT ON TABLE cross_reference IS 'What a customer or manufacturer calls a product; numbers are stored normalised.';

CREATE TABLE agreement (
  id UUID NOT NULL,
  code TEXT NOT NULL,
  account_id UUID NOT NULL,
  list_id UUID NOT NULL,
  name TEXT NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_agreement PRIMARY KEY (id),
  CONSTRAINT uq_agreement_code UNIQUE (code),
  CONSTRAINT fk_agreement_account_id FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT fk_agreement_list_id FOREIGN KEY(list_id) REFERENCES price_list (id)
);

CREATE INDEX ix_agreement_account_id ON agreement (account_id);

COMMENT ON TABLE agreement IS 'A contract with an account: a period and its own price list.';

CREATE TABLE stock (
  product_id UUID NOT NULL,
  site_id UUID NOT NULL,
  on_hand NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  reserved NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  allocated NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  earmarked NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  shortage NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  safety NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  backorder_limit NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  observed_as_of TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_stock PRIMARY KEY (product_id, site_id),
  CONSTRAINT ck_stock_not_negative CHECK (on_hand >= 0 and reserved >= 0 and allocated >= 0 and earmarked >= 0 and shortage >= 0 and safety >= 0 and backorder_limit >= 0),
  CONSTRAINT ck_stock_allocated_is_there CHECK (allocated <= on_hand + shortage),
  CONSTRAINT ck_stock_no_oversell CHECK (reserved + allocated <= greatest(on_hand - safety, 0) + backorder_limit + shortage),
  CONSTRAINT fk_stock_product_id FOREIGN KEY(product_id) REFERENCES product (id),
  CONSTRAINT fk_stock_site_id FOREIGN KEY(site_id) REFERENCES site (id)
)
 WITH (fillfactor = 70);

CREATE INDEX ix_stock_earmarked ON stock (product_id) WHERE earmarked > 0;

COMMENT ON TABLE stock IS 'Counters of one product at one site in base units: reserved and allocated are disjoint; released goods stay allocated. Earmarked: came in while orders wait for it, and kept for them until the backorder crank has dealt with them.';

CREATE TABLE stock_observation (
  id UUID NOT NULL,
  product_id UUID NOT NULL,
  site_id UUID NOT NULL,
  qty NUMERIC(20, 6) NOT NULL,
  as_of TIMESTAMP WITH TIME ZONE NOT NULL,
  taken_in_at TIMESTAMP WITH TIME ZONE NOT NULL,
  source TEXT NOT NULL,
  adjusted_by NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  CONSTRAINT pk_stock_observation PRIMARY KEY (id),
  CONSTRAINT fk_stock_observation_product_id FOREIGN KEY(product_id) REFERENCES product (id),
  CONSTRAINT fk_stock_observation_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);

CREATE INDEX ix_stock_observation_product_id_site_id ON stock_observation (product_id, site_id, as_of);

COMMENT ON TABLE stock_observation IS 'What somebody counted or an ERP reported, as of a time; movements after that time are kept.';

CREATE TABLE inbound_supply (
  id UUID NOT NULL,
  reference TEXT NOT NULL,
  product_id UUID NOT NULL,
  site_id UUID NOT NULL,
  qty NUMERIC(20, 6) NOT NULL,
  received NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  promised NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  target_qty NUMERIC(20, 6),
  expected_at TIMESTAMP WITH TIME ZONE NOT NULL,
  status TEXT DEFAULT 'open' NOT NULL,
  CONSTRAINT pk_inbound_supply PRIMARY KEY (id),
  CONSTRAINT ck_inbound_supply_status CHECK (status in ('open', 'received', 'cancelled')),
  CONSTRAINT ck_inbound_supply_not_negative CHECK (qty > 0 and received >= 0 and promised >= 0),
  CONSTRAINT ck_inbound_supply_not_promised_twice CHECK (promised <= qty),
  CONSTRAINT fk_inbound_supply_product_id FOREIGN KEY(product_id) REFERENCES product (id),
  CONSTRAINT fk_inbound_supply_site_id FOREIGN KEY(site_id) REFERENCES site (id)
)
 WITH (fillfactor = 80);

CREATE INDEX ix_inbound_supply_open ON inbound_supply (product_id, expected_at) WHERE status = 'open';

CREATE UNIQUE INDEX uq_inbound_supply_reference ON inbound_supply (reference, product_id, site_id);

COMMENT ON TABLE inbound_supply IS 'Goods on their way to a site, and how much of them is promised to orders. A target is what the supplier cut it to; it takes effect as promises are moved elsewhere, 0 cancels.';

CREATE TABLE sales_order (
  id UUID NOT NULL,
  number TEXT NOT NULL,
  account_id UUID NOT NULL,
  legal_entity_id UUID NOT NULL,
  channel TEXT NOT NULL,
  buyer_po TEXT,
  buyer_po_normal TEXT,
  release_no TEXT DEFAULT '' NOT NULL,
  duplicate_no INTEGER DEFAULT 0 NOT NULL,
  content_hash BYTEA NOT NULL,
  currency TEXT NOT NULL,
  status TEXT NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  price_at TIMESTAMP WITH TIME ZONE NOT NULL,
  requested_at TIMESTAMP WITH TIME ZONE,
  terms_code TEXT NOT NULL,
  ship_policy TEXT DEFAULT 'partial' NOT NULL,
  price_policy TEXT DEFAULT 'list' NOT NULL,
  tax_rounding TEXT DEFAULT 'per_tax_group' NOT NULL,
  priority INTEGER DEFAULT 100 NOT NULL,
  net_total NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  charge_total NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  discount_total NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  tax_total NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  total NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  tax_groups JSONB NOT NULL,
  credit_taken NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  document_id UUID,
  principal_id UUID,
  on_behalf_of UUID,
  note TEXT,
  confirmed_at TIMESTAMP WITH TIME ZONE,
  closed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_sales_order PRIMARY KEY (id),
  CONSTRAINT ck_sales_order_status CHECK (status in ('held', 'waiting', 'confirmed', 'backordered', 'released', 'part_shipped', 'shipped', 'closed', 'cancelled')),
  CONSTRAINT ck_sales_order_ship_policy CHECK (ship_policy in ('partial', 'ship_complete', 'line_complete')),
  CONSTRAINT ck_sales_order_price_policy CHECK (price_policy in ('list', 'document')),
  CONSTRAINT ck_sales_order_tax_rounding CHECK (tax_rounding in ('per_line', 'per_tax_group')),
  CONSTRAINT ck_sales_order_total_adds_up CHECK (total = net_total + charge_total - discount_total + tax_total),
  CONSTRAINT ck_sales_order_credit_taken CHECK (credit_taken >= 0),
  CONSTRAINT uq_sales_order_number UNIQUE (number),
  CONSTRAINT fk_sales_order_account_id FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT fk_sales_order_legal_entity_id FOREIGN KEY(legal_entity_id) REFERENCES legal_entity (id),
  CONSTRAINT fk_sales_order_document_id FOREIGN KEY(document_id) REFERENCES inbound_document (id)
)
 WITH (fillfactor = 80);

CREATE UNIQUE INDEX uq_sales_order_buyer_po ON sales_order (account_id, buyer_po_normal, release_no, duplicate_no) WHERE buyer_po_normal is not null and status <> 'cancelled';

CREATE INDEX ix_sales_order_account_id ON sales_order (account_id, placed_at);

COMMENT ON TABLE sales_order IS 'What a customer ordered. Status is a function of the lines and holds; quantities live on the lines.';

CREATE TABLE credit_node (
  account_id UUID NOT NULL,
  currency TEXT NOT NULL,
  credit_limit NUMERIC(18, 3) NOT NULL,
  open_orders NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  receivables NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  unapplied NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  CONSTRAINT pk_credit_node PRIMARY KEY (account_id),
  CONSTRAINT ck_credit_node_not_negative CHECK (credit_limit >= 0 and open_orders >= 0 and receivables >= 0 and unapplied >= 0),
  CONSTRAINT fk_credit_node_account_id FOREIGN KEY(account_id) REFERENCES account (id)
)
 WITH (fillfactor = 70);

COMMENT ON TABLE credit_node IS 'An account that carries a limit for itself and its tree; exposure = open orders + receivables - unapplied.';

CREATE TABLE credit_override (
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  amount NUMERIC(18, 3) NOT NULL,
  currency TEXT NOT NULL,
  reason TEXT NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_to TIMESTAMP WITH TIME ZONE NOT NULL,
  requested_by UUID NOT NULL,
  approved_by UUID NOT NULL,
  approver_limit NUMERIC(18, 3) NOT NULL,
  CONSTRAINT pk_credit_override PRIMARY KEY (id),
  CONSTRAINT ck_credit_override_four_eyes CHECK (requested_by <> approved_by),
  CONSTRAINT ck_credit_override_within_the_approvers_limit CHECK (approver_limit >= amount and amount > 0),
  CONSTRAINT fk_credit_override_account_id FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT fk_credit_override_requested_by FOREIGN KEY(requested_by) REFERENCES principal (id),
  CONSTRAINT fk_credit_override_approved_by FOREIGN KEY(approved_by) REFERENCES principal (id)
);

CREATE INDEX ix_credit_override_account_id ON credit_override (account_id);

COMMENT ON TABLE credit_override IS 'A temporary raise of a limit: amount, reason, expiry, and two different people.';

CREATE TABLE freight_lane (
  site_id UUID NOT NULL,
  country TEXT NOT NULL,
  region TEXT DEFAULT '' NOT NULL,
  cost NUMERIC(18, 3) NOT NULL,
  currency TEXT NOT NULL,
  transit_days INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT pk_freight_lane PRIMARY KEY (site_id, country, region),
  CONSTRAINT fk_freight_lane_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);

COMMENT ON TABLE freight_lane IS 'What it costs and how long it takes to ship from a site to a country or region.';

CREATE TABLE payment (
  id UUID NOT NULL,
  number TEXT NOT NULL,
  account_id UUID NOT NULL,
  currency TEXT NOT NULL,
  amount NUMERIC(18, 3) NOT NULL,
  applied NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  method TEXT NOT NULL,
  reference TEXT,
  key TEXT,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  bounced_at TIMESTAMP WITH TIME ZONE,
  bounce_reason TEXT,
  CONSTRAINT pk_payment PRIMARY KEY (id),
  CONSTRAINT ck_payment_applied_was_received CHECK (amount > 0 and applied >= 0 and applied <= amount),
  CONSTRAINT uq_payment_number UNIQUE (number),
  CONSTRAINT uq_payment_account_id_key UNIQUE (account_id, key),
  CONSTRAINT fk_payment_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE INDEX ix_payment_account_id ON payment (account_id);

COMMENT ON TABLE payment IS 'Money received from an account; what is not applied lowers its exposure.';

CREATE TABLE posting (
  journal_id UUID NOT NULL,
  posting_no INTEGER NOT NULL,
  ledger_account TEXT NOT NULL,
  account_id UUID,
  currency TEXT NOT NULL,
  amount NUMERIC(18, 3) NOT NULL,
  CONSTRAINT pk_posting PRIMARY KEY (journal_id, posting_no),
  CONSTRAINT fk_posting_journal_id FOREIGN KEY(journal_id) REFERENCES journal (id)
);

COMMENT ON TABLE posting IS 'One side of a journal: debit positive, credit negative; the sides of a journal sum to zero.';

CREATE TABLE return_authorisation (
  id UUID NOT NULL,
  number TEXT NOT NULL,
  account_id UUID NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  outside_number TEXT,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_return_authorisation PRIMARY KEY (id),
  CONSTRAINT ck_return_authorisation_status CHECK (status in ('authorised', 'received', 'credited', 'held', 'refused')),
  CONSTRAINT uq_return_authorisation_number UNIQUE (number),
  CONSTRAINT fk_return_authorisation_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE INDEX ix_return_authorisation_account_id ON return_authorisation (account_id);

COMMENT ON TABLE return_authorisation IS 'Goods a customer may send back, and what became of them.';

CREATE TABLE stream_wait (
  instance_id UUID NOT NULL,
  token INTEGER NOT NULL,
  node TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT,
  key TEXT,
  due_at TIMESTAMP WITH TIME ZONE,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_stream_wait PRIMARY KEY (instance_id, token),
  CONSTRAINT ck_stream_wait_kind CHECK (kind in ('message', 'timer')),
  CONSTRAINT ck_stream_wait_kind_has_its_columns CHECK ((kind = 'timer') = (due_at is not null) and (kind = 'message') = (name is not null)),
  CONSTRAINT fk_stream_wait_instance_id FOREIGN KEY(instance_id) REFERENCES stream_instance (id)
);

CREATE INDEX ix_stream_wait_message ON stream_wait (name, key) WHERE kind = 'message';

COMMENT ON TABLE stream_wait IS 'What a token waits for: a message by name and key, or an instant.';

CREATE TABLE message (
  id UUID NOT NULL,
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  message_id TEXT NOT NULL,
  payload JSONB NOT NULL,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  consumed_by UUID,
  consumed_at TIMESTAMP WITH TIME ZONE,
  expired_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_message PRIMARY KEY (id),
  CONSTRAINT uq_message_name_key_message_id UNIQUE (name, key, message_id),
  CONSTRAINT fk_message_consumed_by FOREIGN KEY(consumed_by) REFERENCES stream_instance (id)
);

CREATE INDEX ix_message_waiting ON message (name, key) WHERE consumed_at is null and expired_at is null;

CREATE INDEX ix_message_expiry ON message (expires_at) WHERE consumed_at is null and expired_at is null;

COMMENT ON TABLE message IS 'Messages are stored first, once per message id, and consumed when a token waits for them, early or late.';

CREATE TABLE user_task (
  id UUID NOT NULL,
  instance_id UUID NOT NULL,
  token INTEGER NOT NULL,
  node TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  form TEXT,
  subject_type TEXT NOT NULL,
  subject_id UUID NOT NULL,
  account_id UUID,
  status TEXT NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE,
  claimed_by UUID,
  done_by UUID,
  done_at TIMESTAMP WITH TIME ZONE,
  outcome JSONB,
  CONSTRAINT pk_user_task PRIMARY KEY (id),
  CONSTRAINT ck_user_task_status CHECK (status in ('open', 'done', 'cancelled')),
  CONSTRAINT fk_user_task_instance_id FOREIGN KEY(instance_id) REFERENCES stream_instance (id)
);

CREATE INDEX ix_user_task_open ON user_task (role, due_at) WHERE status = 'open';

CREATE INDEX ix_user_task_instance_id ON user_task (instance_id);

CREATE UNIQUE INDEX uq_user_task_open ON user_task (instance_id, token) WHERE status = 'open';

COMMENT ON TABLE user_task IS 'Work that waits for a person.';

CREATE TABLE incident (
  id UUID NOT NULL,
  instance_id UUID,
  step TEXT,
  kind TEXT NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  trace TEXT,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  resolved_at TIMESTAMP WITH TIME ZONE,
  resolved_by UUID,
  resolution TEXT,
  CONSTRAINT pk_incident PRIMARY KEY (id),
  CONSTRAINT ck_incident_kind CHECK (kind in ('item', 'step', 'message')),
  CONSTRAINT fk_incident_instance_id FOREIGN KEY(instance_id) REFERENCES stream_instance (id)
);

CREATE INDEX ix_incident_open ON incident (opened_at) WHERE resolved_at is null;

CREATE INDEX ix_incident_instance_id ON incident (instance_id);

COMMENT ON TABLE incident IS 'What the engine could not do: one item alone, or a whole step that fails alike.';

CREATE TABLE stock_move (
  id UUID NOT NULL,
  product_id UUID NOT NULL,
  site_id UUID NOT NULL,
  kind TEXT NOT NULL,
  qty NUMERIC(20, 6) NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  as_of TIMESTAMP WITH TIME ZONE NOT NULL,
  reference_type TEXT NOT NULL,
  reference_id UUID,
  reason TEXT,
  CONSTRAINT pk_stock_move PRIMARY KEY (id),
  CONSTRAINT ck_stock_move_kind CHECK (kind in ('opening', 'receipt', 'adjustment', 'ship', 'return', 'scrap', 'transfer')),
  CONSTRAINT fk_stock_move_product_id_site_id FOREIGN KEY(product_id, site_id) REFERENCES stock (product_id, site_id)
);

CREATE INDEX ix_stock_move_product_id_site_id ON stock_move (product_id, site_id, as_of);

COMMENT ON TABLE stock_move IS 'Physical movements: on hand is their sum. Ship is negative.';

CREATE TABLE delivery_group (
  order_id UUID NOT NULL,
  group_no INTEGER NOT NULL,
  account_id UUID NOT NULL,
  ship_to_id UUID,
  ship_to JSONB NOT NULL,
  requested_at TIMESTAMP WITH TIME ZONE,
  release_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_delivery_group PRIMARY KEY (order_id, group_no),
  CONSTRAINT fk_delivery_group_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id),
  CONSTRAINT fk_delivery_group_ship_to_id FOREIGN KEY(ship_to_id) REFERENCES address (id)
);

COMMENT ON TABLE delivery_group IS 'One place and one requested date of an order; it is promised, sourced, shipped and invoiced on its own.';

CREATE TABLE order_charge (
  order_id UUID NOT NULL,
  charge_no INTEGER NOT NULL,
  account_id UUID NOT NULL,
  code TEXT NOT NULL,
  description TEXT NOT NULL,
  amount NUMERIC(18, 3) NOT NULL,
  tax_class TEXT NOT NULL,
  tax_category TEXT DEFAULT 'S' NOT NULL,
  tax_rate NUMERIC(18, 6) DEFAULT 0 NOT NULL,
  tax NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  invoiced NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  CONSTRAINT pk_order_charge PRIMARY KEY (order_id, charge_no),
  CONSTRAINT fk_order_charge_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id)
);

COMMENT ON TABLE order_charge IS 'Freight, fees and other amounts that are not goods, taxed by their own class.';

CREATE TABLE order_hold (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  account_id UUID NOT NULL,
  scope TEXT NOT NULL,
  group_no INTEGER,
  line_no INTEGER,
  kind TEXT NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  blocks TEXT[] NOT NULL,
  detail JSONB,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  opened_by UUID,
  released_at TIMESTAMP WITH TIME ZONE,
  released_by UUID,
  release_reason TEXT,
  CONSTRAINT pk_order_hold PRIMARY KEY (id),
  CONSTRAINT ck_order_hold_scope CHECK (scope in ('order', 'group', 'line')),
  CONSTRAINT ck_order_hold_kind CHECK (kind in ('credit', 'price', 'stock', 'address', 'approval', 'fraud', 'data', 'customer', 'dispute')),
  CONSTRAINT ck_order_hold_released_with_reason CHECK ((released_at is null) = (release_reason is null)),
  CONSTRAINT fk_order_hold_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id)
);

CREATE INDEX ix_order_hold_open ON order_hold (opened_at) WHERE released_at is null;

CREATE INDEX ix_order_hold_order_id ON order_hold (order_id);

CREATE UNIQUE INDEX uq_order_hold_open ON order_hold (order_id, kind, code, coalesce(group_no, 0), coalesce(line_no, 0)) WHERE released_at is null;

COMMENT ON TABLE order_hold IS 'A stall: why an order, group or line may not go on, and which transitions it blocks.';

CREATE TABLE approval (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  account_id UUID NOT NULL,
  content_hash BYTEA NOT NULL,
  decision TEXT NOT NULL,
  decided_by UUID NOT NULL,
  reason TEXT NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_approval PRIMARY KEY (id),
  CONSTRAINT ck_approval_decision CHECK (decision in ('approved', 'rejected')),
  CONSTRAINT fk_approval_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id),
  CONSTRAINT fk_approval_decided_by FOREIGN KEY(decided_by) REFERENCES principal (id)
);

CREATE INDEX ix_approval_order_id ON approval (order_id);

COMMENT ON TABLE approval IS 'An approval binds to the hash of the order content it was given for.';

CREATE TABLE shipment (
  id UUID NOT NULL,
  number TEXT NOT NULL,
  order_id UUID NOT NULL,
  group_no INTEGER NOT NULL,
  account_id UUID NOT NULL,
  site_id UUID,
  status TEXT NOT NULL,
  ship_to JSONB NOT NULL,
  reason TEXT NOT NULL,
  released_at TIMESTAMP WITH TIME ZONE NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE,
  shipped_at TIMESTAMP WITH TIME ZONE,
  tracking TEXT,
  answer JSONB,
  CONSTRAINT pk_shipment PRIMARY KEY (id),
  CONSTRAINT ck_shipment_status CHECK (status in ('released', 'shipped', 'refused', 'cancelled')),
  CONSTRAINT uq_shipment_number UNIQUE (number),
  CONSTRAINT fk_shipment_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id),
  CONSTRAINT fk_shipment_site_id FOREIGN KEY(site_id) REFERENCES site (id)
)
 WITH (fillfactor = 85);

CREATE INDEX ix_shipment_order_id ON shipment (order_id);

CREATE INDEX ix_shipment_open ON shipment (released_at) WHERE status = 'released';

COMMENT ON TABLE shipment IS 'One handing-over to one site''s warehouse for one delivery group; the warehouse answers shipped, short or refused.';

CREATE TABLE step_pause (
  step TEXT NOT NULL,
  paused_at TIMESTAMP WITH TIME ZONE NOT NULL,
  incident_id UUID NOT NULL,
  CONSTRAINT pk_step_pause PRIMARY KEY (step),
  CONSTRAINT fk_step_pause_incident_id FOREIGN KEY(incident_id) REFERENCES incident (id)
);

COMMENT ON TABLE step_pause IS 'A step that is paused by an incident of its own; the crank leaves its instances alone.';

CREATE TABLE order_line (
  order_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  group_no INTEGER NOT NULL,
  account_id UUID NOT NULL,
  product_id UUID NOT NULL,
  buyer_sku TEXT,
  description TEXT,
  qty NUMERIC(20, 6) NOT NULL,
  uom TEXT NOT NULL,
  factor_num INTEGER DEFAULT 1 NOT NULL,
  factor_den INTEGER DEFAULT 1 NOT NULL,
  qty_ordered NUMERIC(20, 6) NOT NULL,
  qty_over_shipped NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  qty_open NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  qty_reserved NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  qty_allocated NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  qty_released NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  qty_shipped NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  qty_cancelled NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  qty_backordered NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  qty_returned NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  unit_price NUMERIC(18, 6) DEFAULT 0 NOT NULL,
  price_basis NUMERIC(20, 6) DEFAULT 1 NOT NULL,
  price_uom TEXT NOT NULL,
  price_id UUID,
  price_qty NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  allowance NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  net NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  tax_class TEXT NOT NULL,
  tax_category TEXT DEFAULT 'S' NOT NULL,
  tax_rate NUMERIC(18, 6) DEFAULT 0 NOT NULL,
  tax NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  promised_at TIMESTAMP WITH TIME ZONE,
  promise JSONB,
  waterfall TEXT,
  qty_invoiced NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  net_invoiced NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  CONSTRAINT pk_order_line PRIMARY KEY (order_id, line_no),
  CONSTRAINT fk_order_line_order_id_group_no FOREIGN KEY(order_id, group_no) REFERENCES delivery_group (order_id, group_no),
  CONSTRAINT ck_order_line_quantities_are_disjoint CHECK (qty_ordered + qty_over_shipped = qty_open + qty_reserved + qty_allocated + qty_released + qty_shipped + qty_cancelled),
  CONSTRAINT ck_order_line_not_negative CHECK (qty_ordered >= 0 and qty_over_shipped >= 0 and qty_open >= 0 and qty_reserved >= 0 and qty_allocated >= 0 and qty_released >= 0 and qty_shipped >= 0 and qty_cancelled >= 0 and qty_backordered >= 0),
  CONSTRAINT ck_order_line_backordered_is_open CHECK (qty_backordered <= qty_open),
  CONSTRAINT ck_order_line_returned_was_shipped CHECK (qty_returned between 0 and qty_shipped),
  CONSTRAINT ck_order_line_invoiced_was_shipped CHECK (qty_invoiced between 0 and qty_shipped),
  CONSTRAINT ck_order_line_factor CHECK (factor_num > 0 and factor_den > 0),
  CONSTRAINT fk_order_line_product_id FOREIGN KEY(product_id) REFERENCES product (id)
)
 WITH (fillfactor = 80);

CREATE INDEX ix_order_line_backorder ON order_line (product_id) WHERE qty_backordered > 0;

COMMENT ON TABLE order_line IS 'One ordered item; quantities in base units, each unit in exactly one bucket.';

CREATE TABLE invoice (
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  legal_entity_id UUID NOT NULL,
  series TEXT NOT NULL,
  series_no BIGINT NOT NULL,
  number TEXT NOT NULL,
  account_id UUID NOT NULL,
  order_id UUID NOT NULL,
  shipment_id UUID,
  corrects_id UUID,
  return_id UUID,
  currency TEXT NOT NULL,
  net_total NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  charge_total NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  tax_total NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  total NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  tax_groups JSONB NOT NULL,
  tax_rounding TEXT NOT NULL,
  bill_to JSONB NOT NULL,
  buyer_po TEXT,
  issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  paid NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  credited NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  overdue_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_invoice PRIMARY KEY (id),
  CONSTRAINT ck_invoice_kind CHECK (kind in ('invoice', 'credit_note')),
  CONSTRAINT ck_invoice_total_adds_up CHECK (total = net_total + charge_total + tax_total),
  CONSTRAINT ck_invoice_not_overpaid CHECK (paid >= 0 and credited >= 0 and (total < 0 or paid + credited <= total)),
  CONSTRAINT uq_invoice_legal_entity_id_series_series_no UNIQUE (legal_entity_id, series, series_no),
  CONSTRAINT uq_invoice_number UNIQUE (number),
  CONSTRAINT fk_invoice_legal_entity_id FOREIGN KEY(legal_entity_id) REFERENCES legal_entity (id),
  CONSTRAINT fk_invoice_account_id FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT fk_invoice_order_id FOREIGN KEY(order_id) REFERENCES sales_order (id),
  CONSTRAINT fk_invoice_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipment (id),
  CONSTRAINT fk_invoice_corrects_id FOREIGN KEY(corrects_id) REFERENCES invoice (id),
  CONSTRAINT fk_invoice_return_id FOREIGN KEY(return_id) REFERENCES return_authorisation (id)
)
 WITH (fillfactor = 80);

CREATE INDEX ix_invoice_open ON invoice (account_id, due_at) WHERE closed_at is null;

CREATE INDEX ix_invoice_order_id ON invoice (order_id);

CREATE INDEX ix_invoice_corrects_id ON invoice (corrects_id);

CREATE UNIQUE INDEX uq_invoice_shipment ON invoice (shipment_id, kind) WHERE kind = 'invoice';

COMMENT ON TABLE invoice IS 'A posted document: an invoice of a shipment, or a credit note that corrects one. What it says never changes.';

CREATE TABLE stock_claim (
  order_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  claim_no SMALLINT NOT NULL,
  account_id UUID NOT NULL,
  product_id UUID NOT NULL,
  site_id UUID NOT NULL,
  qty NUMERIC(20, 6) NOT NULL,
  state TEXT NOT NULL,
  supply_id UUID,
  expires_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_stock_claim PRIMARY KEY (order_id, line_no, claim_no),
  CONSTRAINT ck_stock_claim_state CHECK (state in ('promised', 'reserved', 'allocated', 'released', 'shipped', 'ended')),
  CONSTRAINT fk_stock_claim_order_id_line_no FOREIGN KEY(order_id, line_no) REFERENCES order_line (order_id, line_no),
  CONSTRAINT fk_stock_claim_product_id_site_id FOREIGN KEY(product_id, site_id) REFERENCES stock (product_id, site_id),
  CONSTRAINT ck_stock_claim_qty_positive CHECK (qty > 0),
  CONSTRAINT ck_stock_claim_promised_from_supply CHECK ((state = 'promised') = (supply_id is not null) or state = 'ended'),
  CONSTRAINT fk_stock_claim_supply_id FOREIGN KEY(supply_id) REFERENCES inbound_supply (id)
)
 WITH (fillfactor = 85);

CREATE INDEX ix_stock_claim_expiry ON stock_claim (expires_at) WHERE state = 'reserved';

CREATE INDEX ix_stock_claim_promised ON stock_claim (supply_id) WHERE state = 'promised';

COMMENT ON TABLE stock_claim IS 'What an order line holds: promised from inbound, reserved softly, allocated for a pick, released to the warehouse.';

CREATE TABLE shipment_line (
  shipment_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  account_id UUID NOT NULL,
  order_id UUID NOT NULL,
  order_line_no INTEGER NOT NULL,
  claim_no SMALLINT NOT NULL,
  qty_released NUMERIC(20, 6) NOT NULL,
  qty_shipped NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  qty_short NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  short_reason TEXT,
  CONSTRAINT pk_shipment_line PRIMARY KEY (shipment_id, line_no),
  CONSTRAINT fk_shipment_line_order_id_order_line_no FOREIGN KEY(order_id, order_line_no) REFERENCES order_line (order_id, line_no),
  CONSTRAINT ck_shipment_line_quantities CHECK (qty_released > 0 and qty_shipped >= 0 and qty_short >= 0 and qty_short <= qty_released),
  CONSTRAINT fk_shipment_line_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipment (id)
)
 WITH (fillfactor = 85);

CREATE INDEX ix_shipment_line_order ON shipment_line (order_id, order_line_no);

COMMENT ON TABLE shipment_line IS 'What the warehouse was asked to ship of an order line, and what it shipped.';

CREATE TABLE invoice_line (
  invoice_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  account_id UUID NOT NULL,
  order_id UUID NOT NULL,
  order_line_no INTEGER,
  charge_no INTEGER,
  shipment_id UUID,
  shipment_line_no INTEGER,
  corrects_invoice_id UUID,
  corrects_line_no INTEGER,
  product_id UUID,
  description TEXT,
  qty NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  uom TEXT,
  unit_price NUMERIC(18, 6) DEFAULT 0 NOT NULL,
  price_basis NUMERIC(20, 6) DEFAULT 1 NOT NULL,
  price_uom TEXT,
  net NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  tax_category TEXT NOT NULL,
  tax_rate NUMERIC(18, 6) DEFAULT 0 NOT NULL,
  credited_qty NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  credited_net NUMERIC(18, 3) DEFAULT 0 NOT NULL,
  CONSTRAINT pk_invoice_line PRIMARY KEY (invoice_id, line_no),
  CONSTRAINT fk_invoice_line_corrects_invoice_id_corrects_line_no FOREIGN KEY(corrects_invoice_id, corrects_line_no) REFERENCES invoice_line (invoice_id, line_no),
  CONSTRAINT ck_invoice_line_credited_qty CHECK (credited_qty >= 0 and credited_qty <= qty),
  CONSTRAINT ck_invoice_line_credited_net CHECK (abs(credited_net) <= abs(net)),
  CONSTRAINT fk_invoice_line_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoice (id)
);

CREATE INDEX ix_invoice_line_order ON invoice_line (order_id, order_line_no);

CREATE UNIQUE INDEX uq_invoice_line_shipped_once ON invoice_line (shipment_id, shipment_line_no) WHERE shipment_line_no is not null;

COMMENT ON TABLE invoice_line IS 'A line of a posted document, tied to the shipment line it bills or the invoice line it corrects.';

CREATE TABLE payment_application (
  id UUID NOT NULL,
  payment_id UUID,
  credit_note_id UUID,
  invoice_id UUID NOT NULL,
  account_id UUID NOT NULL,
  amount NUMERIC(18, 3) NOT NULL,
  applied_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_payment_application PRIMARY KEY (id),
  CONSTRAINT ck_payment_application_one_source CHECK ((payment_id is null) <> (credit_note_id is null)),
  CONSTRAINT fk_payment_application_payment_id FOREIGN KEY(payment_id) REFERENCES payment (id),
  CONSTRAINT fk_payment_application_credit_note_id FOREIGN KEY(credit_note_id) REFERENCES invoice (id),
  CONSTRAINT fk_payment_application_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoice (id)
);

CREATE INDEX ix_payment_application_payment_id ON payment_application (payment_id);

CREATE INDEX ix_payment_application_invoice_id ON payment_application (invoice_id);

COMMENT ON TABLE payment_application IS 'How much of a payment or credit note settles which invoice; a bounce is a negative row.';

CREATE TABLE return_line (
  return_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  account_id UUID NOT NULL,
  order_id UUID,
  order_line_no INTEGER,
  invoice_id UUID,
  invoice_line_no INTEGER,
  description TEXT,
  qty NUMERIC(20, 6) NOT NULL,
  qty_received NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  qty_credited NUMERIC(20, 6) DEFAULT 0 NOT NULL,
  disposition TEXT DEFAULT 'restock' NOT NULL,
  site_id UUID,
  problem TEXT,
  CONSTRAINT pk_return_line PRIMARY KEY (return_id, line_no),
  CONSTRAINT ck_return_line_disposition CHECK (disposition in ('restock', 'scrap', 'none')),
  CONSTRAINT fk_return_line_order_id_order_line_no FOREIGN KEY(order_id, order_line_no) REFERENCES order_line (order_id, line_no),
  CONSTRAINT fk_return_line_invoice_id_invoice_line_no FOREIGN KEY(invoice_id, invoice_line_no) REFERENCES invoice_line (invoice_id, line_no),
  CONSTRAINT ck_return_line_quantities CHECK (qty > 0 and qty_received >= 0 and qty_received <= qty and qty_credited >= 0 and qty_credited <= qty),
  CONSTRAINT fk_return_line_return_id FOREIGN KEY(return_id) REFERENCES return_authorisation (id),
  CONSTRAINT fk_return_line_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);

COMMENT ON TABLE return_line IS 'One returned item, tied to the invoice line it was billed on; a line without one is held with its problem.';

do $$ begin
  if not exists (select from pg_roles where rolname = 'tradewind_app') then create role tradewind_app login nosuperuser nobypassrls; end if;
  if not exists (select from pg_roles where rolname = 'tradewind_buyer') then create role tradewind_buyer nologin nosuperuser nobypassrls; end if;
  if not exists (select from pg_roles where rolname = 'tradewind_verifier') then create role tradewind_verifier login nosuperuser nobypassrls; end if;
exception when duplicate_object or unique_violation then null;
end $$;

grant tradewind_buyer to tradewind_app;

grant usage on schema public to tradewind_app, tradewind_buyer, tradewind_verifier;

create or replace function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are never changed or deleted', tg_table_name using errcode = 'TW001';
end $$;

create or replace function refuse_change_of_posted() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'posted rows of % are never deleted', tg_table_name using errcode = 'TW001';
  end if;
  if to_jsonb(old) - tg_argv::text[] is distinct from to_jsonb(new) - tg_argv::text[] then
    raise exception 'posted rows of % never change', tg_table_name using errcode = 'TW001';
  end if;
  return new;
end $$;

grant select, insert, update, delete on delivery to tradewind_app;

grant select on delivery to tradewind_verifier;

alter table delivery enable row level security;

alter table delivery force row level security;

create policy staff on delivery to tradewind_app, current_user using (true) with check (true);

create policy verifier on delivery for select to tradewind_verifier using (true);

grant select, insert on event to tradewind_app;

grant select on event to tradewind_verifier;

alter table event enable row level security;

alter table event force row level security;

create policy staff on event to tradewind_app, current_user using (true) with check (true);

create policy verifier on event for select to tradewind_verifier using (true);

grant select on event to tradewind_buyer;

create policy buyer on event for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

create trigger event_append_only before update or delete on event for each row execute function refuse_change();

create trigger event_no_truncate before truncate on event for each statement execute function refuse_change();

grant select, insert on event_object to tradewind_app;

grant select on event_object to tradewind_verifier;

create trigger event_object_append_only before update or delete on event_object for each row execute function refuse_change();

create trigger event_object_no_truncate before truncate on event_object for each statement execute function refuse_change();

grant select, insert, update, delete on fx_rate to tradewind_app;

grant select on fx_rate to tradewind_verifier;

grant select, insert, update, delete on idempotency to tradewind_app;

grant select on idempotency to tradewind_verifier;

grant select, insert, update, delete on inbound_document to tradewind_app;

grant select on inbound_document to tradewind_verifier;

grant select, insert, update, delete on installation to tradewind_app;

grant select on installation to tradewind_verifier;

grant select, insert, update, delete on legal_entity to tradewind_app;

grant select on legal_entity to tradewind_verifier;

grant select, insert, update, delete on log_cursor to tradewind_app;

grant select on log_cursor to tradewind_verifier;

grant select, insert, update, delete on outside_id to tradewind_app;

grant select on outside_id to tradewind_verifier;

grant select, insert, update, delete on payment_terms to tradewind_app;

grant select on payment_terms to tradewind_verifier;

grant select, insert, update, delete on price_list to tradewind_app;

grant select on price_list to tradewind_verifier;

grant select, insert, update, delete on principal to tradewind_app;

grant select on principal to tradewind_verifier;

grant select, insert, update, delete on product to tradewind_app;

grant select on product to tradewind_verifier;

grant select, insert, update, delete on record_owner to tradewind_app;

grant select on record_owner to tradewind_verifier;

grant select, insert on stream_version to tradewind_app;

grant select on stream_version to tradewind_verifier;

create trigger stream_version_append_only before update or delete on stream_version for each row execute function refuse_change();

create trigger stream_version_no_truncate before truncate on stream_version for each statement execute function refuse_change();

grant select, insert, update, delete on tax_rate to tradewind_app;

grant select on tax_rate to tradewind_verifier;

grant select, insert, update, delete on account to tradewind_app;

grant select on account to tradewind_verifier;

alter table account enable row level security;

alter table account force row level security;

create policy staff on account to tradewind_app, current_user using (true) with check (true);

create policy verifier on account for select to tradewind_verifier using (true);

grant select on account to tradewind_buyer;

create policy buyer on account for select to tradewind_buyer using (id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on api_key to tradewind_app;

grant select on api_key to tradewind_verifier;

grant select, insert, update, delete on document_counter to tradewind_app;

grant select on document_counter to tradewind_verifier;

grant select, insert on journal to tradewind_app;

grant select on journal to tradewind_verifier;

create trigger journal_append_only before update or delete on journal for each row execute function refuse_change();

create trigger journal_no_truncate before truncate on journal for each statement execute function refuse_change();

grant select, insert, update, delete on price to tradewind_app;

grant select on price to tradewind_verifier;

grant select, insert, update, delete on price_assignment to tradewind_app;

grant select on price_assignment to tradewind_verifier;

grant select, insert, update, delete on principal_role to tradewind_app;

grant select on principal_role to tradewind_verifier;

grant select, insert, update, delete on product_unit to tradewind_app;

grant select on product_unit to tradewind_verifier;

grant select, insert, update, delete on session to tradewind_app;

grant select on session to tradewind_verifier;

grant select, insert, update, delete on site to tradewind_app;

grant select on site to tradewind_verifier;

grant select, insert, update, delete on stream_instance to tradewind_app;

grant select on stream_instance to tradewind_verifier;

alter table stream_instance enable row level security;

alter table stream_instance force row level security;

create policy staff on stream_instance to tradewind_app, current_user using (true) with check (true);

create policy verifier on stream_instance for select to tradewind_verifier using (true);

grant select, insert, update, delete on account_closure to tradewind_app;

grant select on account_closure to tradewind_verifier;

alter table account_closure enable row level security;

alter table account_closure force row level security;

create policy staff on account_closure to tradewind_app, current_user using (true) with check (true);

create policy verifier on account_closure for select to tradewind_verifier using (true);

grant select on account_closure to tradewind_buyer;

create policy buyer on account_closure for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on address to tradewind_app;

grant select on address to tradewind_verifier;

alter table address enable row level security;

alter table address force row level security;

create policy staff on address to tradewind_app, current_user using (true) with check (true);

create policy verifier on address for select to tradewind_verifier using (true);

grant select on address to tradewind_buyer;

create policy buyer on address for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on agreement to tradewind_app;

grant select on agreement to tradewind_verifier;

alter table agreement enable row level security;

alter table agreement force row level security;

create policy staff on agreement to tradewind_app, current_user using (true) with check (true);

create policy verifier on agreement for select to tradewind_verifier using (true);

grant select on agreement to tradewind_buyer;

create policy buyer on agreement for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on contact to tradewind_app;

grant select on contact to tradewind_verifier;

alter table contact enable row level security;

alter table contact force row level security;

create policy staff on contact to tradewind_app, current_user using (true) with check (true);

create policy verifier on contact for select to tradewind_verifier using (true);

grant select on contact to tradewind_buyer;

create policy buyer on contact for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on credit_node to tradewind_app;

grant select on credit_node to tradewind_verifier;

alter table credit_node enable row level security;

alter table credit_node force row level security;

create policy staff on credit_node to tradewind_app, current_user using (true) with check (true);

create policy verifier on credit_node for select to tradewind_verifier using (true);

grant select on credit_node to tradewind_buyer;

create policy buyer on credit_node for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on credit_override to tradewind_app;

grant select on credit_override to tradewind_verifier;

alter table credit_override enable row level security;

alter table credit_override force row level security;

create policy staff on credit_override to tradewind_app, current_user using (true) with check (true);

create policy verifier on credit_override for select to tradewind_verifier using (true);

grant select on credit_override to tradewind_buyer;

create policy buyer on credit_override for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on cross_reference to tradewind_app;

grant select on cross_reference to tradewind_verifier;

alter table cross_reference enable row level security;

alter table cross_reference force row level security;

create policy staff on cross_reference to tradewind_app, current_user using (true) with check (true);

create policy verifier on cross_reference for select to tradewind_verifier using (true);

grant select on cross_reference to tradewind_buyer;

create policy buyer on cross_reference for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]) or account_id is null);

grant select, insert, update, delete on freight_lane to tradewind_app;

grant select on freight_lane to tradewind_verifier;

grant select, insert, update, delete on inbound_supply to tradewind_app;

grant select on inbound_supply to tradewind_verifier;

grant select, insert, update, delete on incident to tradewind_app;

grant select on incident to tradewind_verifier;

grant select, insert, update, delete on mandate to tradewind_app;

grant select on mandate to tradewind_verifier;

alter table mandate enable row level security;

alter table mandate force row level security;

create policy staff on mandate to tradewind_app, current_user using (true) with check (true);

create policy verifier on mandate for select to tradewind_verifier using (true);

grant select, insert, update, delete on message to tradewind_app;

grant select on message to tradewind_verifier;

grant select, insert, update, delete on payment to tradewind_app;

grant select on payment to tradewind_verifier;

alter table payment enable row level security;

alter table payment force row level security;

create policy staff on payment to tradewind_app, current_user using (true) with check (true);

create policy verifier on payment for select to tradewind_verifier using (true);

grant select on payment to tradewind_buyer;

create policy buyer on payment for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert on posting to tradewind_app;

grant select on posting to tradewind_verifier;

alter table posting enable row level security;

alter table posting force row level security;

create policy staff on posting to tradewind_app, current_user using (true) with check (true);

create policy verifier on posting for select to tradewind_verifier using (true);

create trigger posting_append_only before update or delete on posting for each row execute function refuse_change();

create trigger posting_no_truncate before truncate on posting for each statement execute function refuse_change();

grant select, insert, update, delete on principal_account to tradewind_app;

grant select on principal_account to tradewind_verifier;

alter table principal_account enable row level security;

alter table principal_account force row level security;

create policy staff on principal_account to tradewind_app, current_user using (true) with check (true);

create policy verifier on principal_account for select to tradewind_verifier using (true);

grant select, insert, update, delete on return_authorisation to tradewind_app;

grant select on return_authorisation to tradewind_verifier;

alter table return_authorisation enable row level security;

alter table return_authorisation force row level security;

create policy staff on return_authorisation to tradewind_app, current_user using (true) with check (true);

create policy verifier on return_authorisation for select to tradewind_verifier using (true);

grant select on return_authorisation to tradewind_buyer;

create policy buyer on return_authorisation for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on sales_order to tradewind_app;

grant select on sales_order to tradewind_verifier;

alter table sales_order enable row level security;

alter table sales_order force row level security;

create policy staff on sales_order to tradewind_app, current_user using (true) with check (true);

create policy verifier on sales_order for select to tradewind_verifier using (true);

grant select on sales_order to tradewind_buyer;

create policy buyer on sales_order for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on stock to tradewind_app;

grant select on stock to tradewind_verifier;

grant select, insert on stock_observation to tradewind_app;

grant select on stock_observation to tradewind_verifier;

create trigger stock_observation_append_only before update or delete on stock_observation for each row execute function refuse_change();

create trigger stock_observation_no_truncate before truncate on stock_observation for each statement execute function refuse_change();

grant select, insert, update, delete on stream_wait to tradewind_app;

grant select on stream_wait to tradewind_verifier;

grant select, insert, update, delete on tax_certificate to tradewind_app;

grant select on tax_certificate to tradewind_verifier;

alter table tax_certificate enable row level security;

alter table tax_certificate force row level security;

create policy staff on tax_certificate to tradewind_app, current_user using (true) with check (true);

create policy verifier on tax_certificate for select to tradewind_verifier using (true);

grant select on tax_certificate to tradewind_buyer;

create policy buyer on tax_certificate for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on user_task to tradewind_app;

grant select on user_task to tradewind_verifier;

alter table user_task enable row level security;

alter table user_task force row level security;

create policy staff on user_task to tradewind_app, current_user using (true) with check (true);

create policy verifier on user_task for select to tradewind_verifier using (true);

grant select, insert on approval to tradewind_app;

grant select on approval to tradewind_verifier;

alter table approval enable row level security;

alter table approval force row level security;

create policy staff on approval to tradewind_app, current_user using (true) with check (true);

create policy verifier on approval for select to tradewind_verifier using (true);

grant select on approval to tradewind_buyer;

create policy buyer on approval for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

create trigger approval_append_only before update or delete on approval for each row execute function refuse_change();

create trigger approval_no_truncate before truncate on approval for each statement execute function refuse_change();

grant select, insert, update, delete on delivery_group to tradewind_app;

grant select on delivery_group to tradewind_verifier;

alter table delivery_group enable row level security;

alter table delivery_group force row level security;

create policy staff on delivery_group to tradewind_app, current_user using (true) with check (true);

create policy verifier on delivery_group for select to tradewind_verifier using (true);

grant select on delivery_group to tradewind_buyer;

create policy buyer on delivery_group for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on order_charge to tradewind_app;

grant select on order_charge to tradewind_verifier;

alter table order_charge enable row level security;

alter table order_charge force row level security;

create policy staff on order_charge to tradewind_app, current_user using (true) with check (true);

create policy verifier on order_charge for select to tradewind_verifier using (true);

grant select on order_charge to tradewind_buyer;

create policy buyer on order_charge for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on order_hold to tradewind_app;

grant select on order_hold to tradewind_verifier;

alter table order_hold enable row level security;

alter table order_hold force row level security;

create policy staff on order_hold to tradewind_app, current_user using (true) with check (true);

create policy verifier on order_hold for select to tradewind_verifier using (true);

grant select on order_hold to tradewind_buyer;

create policy buyer on order_hold for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on shipment to tradewind_app;

grant select on shipment to tradewind_verifier;

alter table shipment enable row level security;

alter table shipment force row level security;

create policy staff on shipment to tradewind_app, current_user using (true) with check (true);

create policy verifier on shipment for select to tradewind_verifier using (true);

grant select on shipment to tradewind_buyer;

create policy buyer on shipment for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on step_pause to tradewind_app;

grant select on step_pause to tradewind_verifier;

grant select, insert on stock_move to tradewind_app;

grant select on stock_move to tradewind_verifier;

create trigger stock_move_append_only before update or delete on stock_move for each row execute function refuse_change();

create trigger stock_move_no_truncate before truncate on stock_move for each statement execute function refuse_change();

grant select, insert, update, delete on invoice to tradewind_app;

grant select on invoice to tradewind_verifier;

alter table invoice enable row level security;

alter table invoice force row level security;

create policy staff on invoice to tradewind_app, current_user using (true) with check (true);

create policy verifier on invoice for select to tradewind_verifier using (true);

grant select on invoice to tradewind_buyer;

create policy buyer on invoice for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

create trigger invoice_posted before update or delete on invoice for each row execute function refuse_change_of_posted('paid', 'credited', 'closed_at', 'overdue_at');

create trigger invoice_no_truncate before truncate on invoice for each statement execute function refuse_change();

grant select, insert, update, delete on order_line to tradewind_app;

grant select on order_line to tradewind_verifier;

alter table order_line enable row level security;

alter table order_line force row level security;

create policy staff on order_line to tradewind_app, current_user using (true) with check (true);

create policy verifier on order_line for select to tradewind_verifier using (true);

grant select on order_line to tradewind_buyer;

create policy buyer on order_line for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on invoice_line to tradewind_app;

grant select on invoice_line to tradewind_verifier;

alter table invoice_line enable row level security;

alter table invoice_line force row level security;

create policy staff on invoice_line to tradewind_app, current_user using (true) with check (true);

create policy verifier on invoice_line for select to tradewind_verifier using (true);

grant select on invoice_line to tradewind_buyer;

create policy buyer on invoice_line for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

create trigger invoice_line_posted before update or delete on invoice_line for each row execute function refuse_change_of_posted('credited_qty', 'credited_net');

create trigger invoice_line_no_truncate before truncate on invoice_line for each statement execute function refuse_change();

grant select, insert on payment_application to tradewind_app;

grant select on payment_application to tradewind_verifier;

alter table payment_application enable row level security;

alter table payment_application force row level security;

create policy staff on payment_application to tradewind_app, current_user using (true) with check (true);

create policy verifier on payment_application for select to tradewind_verifier using (true);

grant select on payment_application to tradewind_buyer;

create policy buyer on payment_application for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

create trigger payment_application_append_only before update or delete on payment_application for each row execute function refuse_change();

create trigger payment_application_no_truncate before truncate on payment_application for each statement execute function refuse_change();

grant select, insert, update, delete on shipment_line to tradewind_app;

grant select on shipment_line to tradewind_verifier;

alter table shipment_line enable row level security;

alter table shipment_line force row level security;

create policy staff on shipment_line to tradewind_app, current_user using (true) with check (true);

create policy verifier on shipment_line for select to tradewind_verifier using (true);

grant select on shipment_line to tradewind_buyer;

create policy buyer on shipment_line for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on stock_claim to tradewind_app;

grant select on stock_claim to tradewind_verifier;

alter table stock_claim enable row level security;

alter table stock_claim force row level security;

create policy staff on stock_claim to tradewind_app, current_user using (true) with check (true);

create policy verifier on stock_claim for select to tradewind_verifier using (true);

grant select on stock_claim to tradewind_buyer;

create policy buyer on stock_claim for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select, insert, update, delete on return_line to tradewind_app;

grant select on return_line to tradewind_verifier;

alter table return_line enable row level security;

alter table return_line force row level security;

create policy staff on return_line to tradewind_app, current_user using (true) with check (true);

create policy verifier on return_line for select to tradewind_verifier using (true);

grant select on return_line to tradewind_buyer;

create policy buyer on return_line for select to tradewind_buyer using (account_id = any((select string_to_array(current_setting('tradewind.visible_accounts', true), ','))::uuid[]));

grant select on product, product_unit, site, legal_entity, payment_terms to tradewind_buyer;

create sequence if not exists order_number;

create sequence if not exists shipment_number;

create sequence if not exists payment_number;

create sequence if not exists return_number;

create or replace function names_as_seen(sights text[], codes text[])
returns table (place int, account_id uuid, address_id uuid, address_code text, is_default boolean, name text, country text,
               region text, street text, city text, postal_code text)
language plpgsql security invoker set search_path = public as $$
begin
  for i in 1 .. cardinality(codes) loop
    perform set_config('tradewind.visible_accounts', sights[i], true);
    return query
      select i, a.id, d.id, d.code, d.is_default, d.name, d.country, coalesce(d.region, ''), d.street, d.city, d.postal_code
      from account a left join address d on d.account_id = a.id and d.kind = 'ship_to'
      where a.code = codes[i] order by d.is_default desc, d.code;
  end loop;
  perform set_config('tradewind.visible_accounts', '', true);
end $$;

revoke execute on function names_as_seen from public;

grant execute on function names_as_seen to tradewind_buyer;

grant usage on all sequences in schema public to tradewind_app;

insert into installation (id) values (1) on conflict do nothing;
