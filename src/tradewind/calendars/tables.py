"""Working hours and holidays, and who keeps which."""

from sqlalchemy import CheckConstraint, Column, Text, UniqueConstraint

from tradewind.kernel.tables import id_column, one_of, ref, table, words

calendar = table(
    "calendar",
    id_column(),
    words("code"),
    words("name"),
    words("time_zone", default="UTC"),
    UniqueConstraint("code"),
    comment="When a place works, in its own time zone.",
    kept_as="rules",
)
calendar_day = table(
    "calendar_day",
    ref("calendar_id", "calendar.id", primary_key=True),
    Column("day", Text, primary_key=True),
    words("opens", nullable=True),
    words("closes", nullable=True),
    words("name", nullable=True),
    CheckConstraint("day ~ '^(mon|tue|wed|thu|fri|sat|sun|[0-9]{4}-[0-9]{2}-[0-9]{2})$'", name="day"),
    CheckConstraint(
        "(opens is null) = (closes is null) and coalesce(opens < closes, true) and coalesce(opens, '00:00') ~ '^[0-9]{2}:[0-9]{2}$' "
        "and coalesce(closes, '00:00') ~ '^[0-9]{2}:[0-9]{2}$'",
        name="hours",
    ),
    comment="Hours of a weekday (mon to sun) or of one date (2026-12-25), which goes first; without hours it is closed.",
    kept_as="rules",
)
calendar_use = table(
    "calendar_use",
    id_column(),
    *one_of("use", "shipping", "receiving"),
    ref("site_id", "site.id", nullable=True, index=True),
    ref("account_id", "account.id", nullable=True, index=True),
    ref("address_id", "address.id", nullable=True, index=True),
    words("ship_method", default=""),
    ref("calendar_id", "calendar.id", nullable=True, index=True),
    words("cut_off", nullable=True),
    UniqueConstraint("use", "site_id", "account_id", "address_id", "ship_method", postgresql_nulls_not_distinct=True),
    CheckConstraint(
        "case use when 'shipping' then site_id is not null and account_id is null and address_id is null "
        "else site_id is null and account_id is not null and calendar_id is not null and cut_off is null end",
        name="whose",
    ),
    CheckConstraint("coalesce(cut_off, '00:00') ~ '^[0-9]{2}:[0-9]{2}$'", name="cut_off"),
    comment="A site's shipping calendar and cut-off (per ship method), or when an account or one of its ship-tos receives.",
    kept_as="rules",
)
