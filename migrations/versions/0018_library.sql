CREATE TABLE template_package (
  code TEXT NOT NULL,
  version INTEGER NOT NULL,
  file BYTEA NOT NULL,
  sha256 BYTEA NOT NULL,
  imported_at TIMESTAMP WITH TIME ZONE NOT NULL,
  imported_by UUID,
  CONSTRAINT pk_template_package PRIMARY KEY (code, version)
);
COMMENT ON TABLE template_package IS 'Templates that were imported, as the file that came.';
grant select, insert on template_package to tradewind_app;
grant select on template_package to tradewind_verifier;
create trigger template_package_append_only before update or delete on template_package for each row execute function refuse_change();
create trigger template_package_no_truncate before truncate on template_package for each statement execute function refuse_change();
CREATE TABLE template_install (
  id UUID NOT NULL,
  template TEXT NOT NULL,
  template_version INTEGER NOT NULL,
  stream TEXT NOT NULL,
  stream_version INTEGER,
  bpmn TEXT NOT NULL,
  parameters JSONB NOT NULL,
  installed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  installed_by UUID,
  CONSTRAINT pk_template_install PRIMARY KEY (id)
);
COMMENT ON TABLE template_install IS 'What was installed or upgraded when: the template''s own picture, and the draft that came of it.';
grant select, insert on template_install to tradewind_app;
grant select on template_install to tradewind_verifier;
create trigger template_install_append_only before update or delete on template_install for each row execute function refuse_change();
create trigger template_install_no_truncate before truncate on template_install for each statement execute function refuse_change();
