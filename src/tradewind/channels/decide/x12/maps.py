"""What differs from partner to partner, as data: which qualifier holds what, units, where a release is said, what is tolerated."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from tradewind.kernel.problem import Problem

# Element 355 to UN/ECE Rec 20 (packages of Rec 21 with a leading X). What is not here is taken as it is.
UNITS: Mapping[str, str] = MappingProxyType(
    {
        "BD": "XBE", "BG": "XBG", "BO": "XBO", "BR": "XBA", "BX": "XBX", "CA": "XCS", "CF": "FTQ", "CM": "CMT",
        "CR": "MTQ", "CS": "XCS", "CT": "XCT", "DA": "DAY", "DR": "XDR", "DZ": "DZN", "EA": "EA", "FT": "FOT",
        "GA": "GLL", "GR": "GRM", "GS": "GRO", "HR": "HUR", "HU": "CEN", "IN": "INH", "JR": "XJR", "KE": "XKG",
        "KG": "KGM", "KT": "KT", "LB": "LBR", "LT": "LTR", "MC": "MGM", "ML": "MLT", "MM": "MMT", "MO": "MON",
        "MR": "MTR", "OZ": "ONZ", "PC": "H87", "PK": "XPK", "PL": "XPX", "PR": "PR", "PT": "PTL", "QT": "QTL",
        "RE": "XRL", "RL": "XRO", "RM": "RM", "RO": "XRO", "SF": "FTK", "SH": "XST", "SM": "MTK", "ST": "SET",
        "SY": "YDK", "TH": "MIL", "TN": "STN", "TU": "XTU", "UN": "C62", "YD": "YRD",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PartnerMap:
    """How one partner fills the segments, and how we fill ours for them. The default suits most.

    `our_item`, `gtin`, `buyer_item`, `maker_item`: qualifiers of element 235 in order of trust; `items` is the order in which
    these four are asked for a line's item. `release`, `account_ref`: `BEG04`, or `REF*` and a qualifier. `requested`: date
    qualifiers for the requested date, best first (002 delivery requested, 010 ship requested …). `tolerated`: codes of
    faults that are only noted for this partner. `units`: their code to ours, over the common table. `new_dates`: a date that
    moves after we confirmed it is said in another 855.
    """

    name: str = "default"
    our_item: tuple[str, ...] = ("VN", "VP", "VC", "SK", "VA", "ST")
    gtin: tuple[str, ...] = ("GT", "UK", "UP", "EN", "EO", "UI", "UA", "EM", "IB")
    buyer_item: tuple[str, ...] = ("BP", "IN", "CB", "PN", "PI", "PO")
    maker_item: tuple[str, ...] = ("MG", "MN", "MF", "MP")
    items: tuple[str, ...] = ("our_item", "buyer_item", "gtin", "maker_item")
    units: Mapping[str, str] = field(default_factory=lambda: UNITS)
    release: tuple[str, ...] = ("BEG04", "REF*RE")
    requested: tuple[str, ...] = ("002", "010", "074", "067", "106", "079")
    ship_to: tuple[str, ...] = ("ST",)
    ship_to_qualifiers: tuple[str, ...] = ()
    bill_to: tuple[str, ...] = ("BT",)
    buyer: tuple[str, ...] = ("BY", "OB", "BO")
    tolerated: frozenset[str] = frozenset()
    currency: str | None = None
    new_dates: bool = True

    def unit(self, code: str) -> str | None:
        """Our unit for theirs; None if the line says none."""
        return self.units.get(code, code) or None


DEFAULT = PartnerMap()
ITEM_KINDS = frozenset(("our_item", "gtin", "buyer_item", "maker_item"))


def map_from_json(given: Any, *, name: str = "") -> PartnerMap | Problem:
    """A map out of its JSON form: an object with any of the fields; those left out are as in `DEFAULT`.

    Lists are lists of strings; `units` is an object that goes over the common table. Anything else is a refusal by its place.
    """
    if not isinstance(given, dict):
        return Problem("channels.map_unreadable", "A partner map is an object.", "/")
    known = {one.name: one for one in fields(PartnerMap)}
    values: dict[str, Any] = {"name": name} if name else {}
    for key, value in given.items():
        where = f"/{key}"
        if key not in known:
            return Problem(
                "channels.map_unreadable", f"A partner map has no {key!r}.", where, detail={"known": sorted(known)}
            )
        if key in ("name", "currency"):
            if not isinstance(value, str) and (value is not None or key == "name"):
                return Problem("channels.map_unreadable", f"{key} is a text.", where)
            values[key] = value
        elif key == "new_dates":
            if not isinstance(value, bool):
                return Problem("channels.map_unreadable", f"{key} is true or false.", where)
            values[key] = value
        elif key == "units":
            if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
                return Problem("channels.map_unreadable", "units is an object of their code and ours.", where)
            values[key] = MappingProxyType({**UNITS, **value})
        elif not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            return Problem("channels.map_unreadable", f"{key} is a list of texts.", where)
        else:
            values[key] = frozenset(value) if key == "tolerated" else tuple(value)
    if not set(values.get("items", ())) <= ITEM_KINDS:
        return Problem("channels.map_unreadable", f"items are of {', '.join(sorted(ITEM_KINDS))}.", "/items")
    return PartnerMap(**values)


def map_as_json(given: PartnerMap) -> dict[str, Any]:
    """The JSON form: only what differs from `DEFAULT`, so that a better default reaches old maps."""
    made: dict[str, Any] = {}
    for one in fields(PartnerMap):
        value = getattr(given, one.name)
        if value == getattr(DEFAULT, one.name):
            continue
        if one.name == "units":
            made[one.name] = {theirs: ours for theirs, ours in value.items() if UNITS.get(theirs) != ours}
        else:
            made[one.name] = (
                sorted(value) if isinstance(value, frozenset) else list(value) if isinstance(value, tuple) else value
            )
    return made
