"""Quantities and units: exact rational conversion, and the rules a quantity must keep.

A factor is two whole numbers, (numerator, denominator): base units in one unit. A case of twelve eaches is (12, 1), a
roll of 1.27 m kept in metres is (127, 100). A conversion that does not come out even is refused, or handled by the
policy the caller states; never rounded in silence.
"""

from decimal import ROUND_DOWN, Decimal
from math import gcd
from typing import Literal

from tradewind.kernel.money import LARGEST_AMOUNT, WIDE, plain, round_places
from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value

Factor = tuple[int, int]
InexactPolicy = Literal["reject", "up", "nearest"]
PackPolicy = Literal["reject", "down", "up", "break"]

ONE: Factor = (1, 1)
QUANTITY_DIGITS = 6

_EXPONENT = tuple(Decimal(1).scaleb(-digits) for digits in range(QUANTITY_DIGITS + 1))


@value(frozen=True, slots=True)
class Unit:
    """A unit of measure: its code, name, the places a quantity in it may have, and what it measures.

    `size` is the factor to the coherent unit of `measures` (kilogram, metre, …, or one for counts); None where the
    size is a matter of the product (a case) or of no fixed size.
    """

    code: str
    name: str
    decimals: int
    measures: str
    size: Factor | None = None


# Codes, names: UN/ECE Recommendation 20, revision 11e, and Recommendation 21, revision 9e, whose package codes are
# written with a leading X when they stand where a Rec 20 code does (Rec 20, rev. 9 and later; Peppol and EN 16931 use
# them so). BX, CS, CT, PK, RO … without the X are not Rec 20 codes. "Each" is EA; C62 is "one", H87 "piece".
# Sizes are exact by definition: pound 0.45359237 kg, inch 0.0254 m, US gallon 231 in³, UK gallon 4.54609 l.
_UNITS: tuple[Unit, ...] = (
    Unit("C62", "one", 0, "count", (1, 1)),
    Unit("EA", "each", 0, "count", (1, 1)),
    Unit("H87", "piece", 0, "count", (1, 1)),
    Unit("NAR", "number of articles", 0, "count", (1, 1)),
    Unit("PR", "pair", 0, "count", (2, 1)),
    Unit("TPR", "ten pair", 0, "count", (20, 1)),
    Unit("DZN", "dozen", 0, "count", (12, 1)),
    Unit("DPC", "dozen piece", 0, "count", (12, 1)),
    Unit("GRO", "gross", 0, "count", (144, 1)),
    Unit("CEN", "hundred", 0, "count", (100, 1)),
    Unit("MIL", "thousand", 3, "count", (1000, 1)),
    Unit("T3", "thousand piece", 3, "count", (1000, 1)),
    Unit("SET", "set", 0, "package"),
    Unit("KT", "kit", 0, "package"),
    Unit("NMP", "number of packs", 0, "package"),
    Unit("DZP", "dozen pack", 0, "package"),
    Unit("RM", "ream", 0, "package"),
    Unit("LEF", "leaf", 0, "package"),
    Unit("MGM", "milligram", 6, "mass", (1, 1_000_000)),
    Unit("GRM", "gram", 6, "mass", (1, 1000)),
    Unit("KGM", "kilogram", 6, "mass", (1, 1)),
    Unit("TNE", "tonne", 6, "mass", (1000, 1)),
    Unit("ONZ", "ounce (avoirdupois)", 6, "mass", (45359237, 1_600_000_000)),
    Unit("LBR", "pound", 6, "mass", (45359237, 100_000_000)),
    Unit("STN", "ton (US)", 6, "mass", (45359237, 50_000)),
    Unit("LTN", "ton (UK)", 6, "mass", (45359237 * 2240, 100_000_000)),
    Unit("MMT", "millimetre", 6, "length", (1, 1000)),
    Unit("CMT", "centimetre", 6, "length", (1, 100)),
    Unit("MTR", "metre", 6, "length", (1, 1)),
    Unit("KMT", "kilometre", 6, "length", (1000, 1)),
    Unit("INH", "inch", 6, "length", (254, 10_000)),
    Unit("FOT", "foot", 6, "length", (3048, 10_000)),
    Unit("YRD", "yard", 6, "length", (9144, 10_000)),
    Unit("SMI", "mile (statute)", 6, "length", (1_609_344, 1000)),
    Unit("MTK", "square metre", 6, "area", (1, 1)),
    Unit("INK", "square inch", 6, "area", (64_516, 100_000_000)),
    Unit("FTK", "square foot", 6, "area", (9_290_304, 100_000_000)),
    Unit("YDK", "square yard", 6, "area", (83_612_736, 100_000_000)),
    Unit("MLT", "millilitre", 6, "volume", (1, 1000)),
    Unit("CLT", "centilitre", 6, "volume", (1, 100)),
    Unit("DLT", "decilitre", 6, "volume", (1, 10)),
    Unit("LTR", "litre", 6, "volume", (1, 1)),
    Unit("HLT", "hectolitre", 6, "volume", (100, 1)),
    Unit("MTQ", "cubic metre", 6, "volume", (1000, 1)),
    Unit("FTQ", "cubic foot", 6, "volume", (28_316_846_592, 1_000_000_000)),
    Unit("OZA", "fluid ounce (US)", 6, "volume", (3_785_411_784, 128_000_000_000)),
    Unit("PTL", "liquid pint (US)", 6, "volume", (3_785_411_784, 8_000_000_000)),
    Unit("QTL", "liquid quart (US)", 6, "volume", (3_785_411_784, 4_000_000_000)),
    Unit("GLL", "gallon (US)", 6, "volume", (3_785_411_784, 1_000_000_000)),
    Unit("PTI", "pint (UK)", 6, "volume", (454_609, 800_000)),
    Unit("QTI", "quart (UK)", 6, "volume", (454_609, 400_000)),
    Unit("GLI", "gallon (UK)", 6, "volume", (454_609, 100_000)),
    Unit("SEC", "second", 6, "time", (1, 3600)),
    Unit("MIN", "minute", 6, "time", (1, 60)),
    Unit("HUR", "hour", 6, "time", (1, 1)),
    Unit("DAY", "day", 6, "time", (24, 1)),
    Unit("WEE", "week", 6, "time", (168, 1)),
    Unit("MON", "month", 6, "period"),
    Unit("ANN", "year", 6, "period"),
    Unit("KWH", "kilowatt hour", 6, "energy", (1, 1)),
    Unit("MWH", "megawatt hour", 6, "energy", (1000, 1)),
    Unit("E48", "service unit", 6, "service"),
    Unit("LS", "lump sum", 0, "service"),
    Unit("P1", "percent", 6, "ratio"),
    Unit("ZZ", "mutually defined", 6, "agreed"),
    Unit("XBA", "barrel", 0, "package"),
    Unit("XBE", "bundle", 0, "package"),
    Unit("XBG", "bag", 0, "package"),
    Unit("XBO", "bottle", 0, "package"),
    Unit("XBX", "box", 0, "package"),
    Unit("XCR", "crate", 0, "package"),
    Unit("XCS", "case", 0, "package"),
    Unit("XCT", "carton", 0, "package"),
    Unit("XDR", "drum", 0, "package"),
    Unit("XJR", "jar", 0, "package"),
    Unit("XKG", "keg", 0, "package"),
    Unit("XPA", "packet", 0, "package"),
    Unit("XPK", "package", 0, "package"),
    Unit("XPX", "pallet", 0, "package"),
    Unit("XRL", "reel", 0, "package"),
    Unit("XRO", "roll", 0, "package"),
    Unit("XSA", "sack", 0, "package"),
    Unit("XST", "sheet", 0, "package"),
    Unit("XTB", "tub", 0, "package"),
    Unit("XTU", "tube", 0, "package"),
)
UNITS: dict[str, Unit] = {unit.code: unit for unit in _UNITS}


def factor_of(size: Decimal | int | str, per: Decimal | int | str = 1) -> Factor:
    """The factor in lowest terms: `factor_of("1.27")` is (127, 100). ValueError unless both are above 0."""
    top_num, top_den = Decimal(size).as_integer_ratio()
    low_num, low_den = Decimal(per).as_integer_ratio()
    if top_num <= 0 or low_num <= 0:
        raise ValueError("a unit has a size above 0")
    return _lowest(top_num * low_den, top_den * low_num)


def factor_between(unit: str, base: str) -> Factor | None:
    """How many `base` are in one `unit`, where both have a fixed size and measure the same; None otherwise."""
    if unit == base:
        return ONE
    one, other = UNITS.get(unit), UNITS.get(base)
    if one is None or other is None or one.size is None or other.size is None or one.measures != other.measures:
        return None
    return _lowest(one.size[0] * other.size[1], one.size[1] * other.size[0])


def inverse(factor: Factor) -> Factor:
    """The factor of the way back."""
    return factor[1], factor[0]


def to_base(
    qty: Decimal, factor: Factor, *, decimals: int = QUANTITY_DIGITS, policy: InexactPolicy = "reject", where: str = ""
) -> Decimal | Problem:
    """`qty` units as base units, which may have `decimals` places (0 for things that are counted).

    Where the result needs more places: `reject` gives `quantity.inexact` with the two neighbours, `up` the next larger
    (away from zero), `nearest` the nearer one (a tie away from zero).
    """
    num, den = factor
    if den == 1:
        exact = qty if num == 1 else WIDE.multiply(qty, Decimal(num))
        result = exact.quantize(_EXPONENT[decimals], ROUND_DOWN, WIDE)
        if result == exact:
            return result
    top, low = qty.as_integer_ratio()
    numerator, denominator = abs(top) * num * 10**decimals, low * den
    whole, rest = divmod(numerator, denominator)
    if rest:
        if policy == "reject":
            return _inexact(qty, whole=whole, decimals=decimals, negative=top < 0, where=where)
        if policy == "up" or rest * 2 >= denominator:
            whole += 1
    return _scaled(whole, decimals=decimals, negative=top < 0)


def from_base(
    qty_base: Decimal, factor: Factor, *, decimals: int = 0, policy: InexactPolicy = "reject", where: str = ""
) -> Decimal | Problem:
    """Base units as units of `factor`: the way back of `to_base`, with the same policies. 62.23 m of 1.27 m is 49."""
    return to_base(qty_base, inverse(factor), decimals=decimals, policy=policy, where=where)


def _scaled(whole: int, *, decimals: int, negative: bool) -> Decimal:
    return Decimal(-whole if negative else whole).scaleb(-decimals, WIDE)


def _inexact(qty: Decimal, *, whole: int, decimals: int, negative: bool, where: str) -> Problem:
    down = plain(_scaled(whole, decimals=decimals, negative=negative))
    up = plain(_scaled(whole + 1, decimals=decimals, negative=negative))
    return Problem(
        "quantity.inexact",
        f"{plain(qty)} does not convert evenly: it lies between {down} and {up}",
        where,
        detail={"down": down, "up": up},
    )


def _lowest(numerator: int, denominator: int) -> Factor:
    common = gcd(numerator, denominator)
    return numerator // common, denominator // common


def rounded_up_to(qty: Decimal, multiple: Decimal) -> Decimal:
    """The smallest multiple of `multiple` (above 0) that is at least `qty`."""
    top, low = qty.as_integer_ratio()
    step_top, step_low = multiple.as_integer_ratio()
    times = -((-top * step_low) // (low * step_top))
    return WIDE.multiply(multiple, Decimal(times))


def is_multiple(qty: Decimal, multiple: Decimal) -> bool:
    """Whether `qty` is a whole number of times `multiple`, exactly."""
    return not WIDE.remainder(qty, multiple)


def check_quantity(
    qty: Decimal,
    *,
    minimum: Decimal | None = None,
    multiple: Decimal | None = None,
    maximum: Decimal | None = None,
    decimals: int = QUANTITY_DIGITS,
    where: str = "",
) -> list[Problem]:
    """Every rule the quantity breaks, all in the same unit; each names the nearest quantity that keeps all of them.

    `detail["suggested"]` rounds up (to the minimum, then to the multiple); it is missing where nothing up to
    `maximum` keeps the rules. Multiples count from 0, so a minimum of 10 in sixes suggests 12.
    """
    if not qty.is_finite() or qty <= 0:
        return [Problem("quantity.not_positive", "a quantity is above 0", where)]
    if qty >= LARGEST_AMOUNT:
        return [Problem("quantity.too_large", f"quantities end below {LARGEST_AMOUNT:f}", where)]
    broken: list[tuple[str, str]] = []
    if round_places(qty, decimals) != qty:
        places = "a whole number" if decimals == 0 else f"a number of at most {decimals} decimal places"
        broken.append(("quantity.too_fine", f"the quantity is {places}"))
    if minimum is not None and qty < minimum:
        broken.append(("quantity.below_minimum", f"the least quantity is {plain(minimum)}"))
    if multiple is not None and not is_multiple(qty, multiple):
        broken.append(("quantity.not_a_multiple", f"the quantity goes in steps of {plain(multiple)}"))
    if maximum is not None and qty > maximum:
        broken.append(("quantity.above_maximum", f"the largest quantity is {plain(maximum)}"))
    if not broken:
        return []
    detail = _suggestion(qty, minimum=minimum, multiple=multiple, maximum=maximum, decimals=decimals)
    return [Problem(code, message, where, detail=detail) for code, message in broken]


def _suggestion(
    qty: Decimal, *, minimum: Decimal | None, multiple: Decimal | None, maximum: Decimal | None, decimals: int
) -> dict[str, str]:
    step = multiple if multiple is not None else _EXPONENT[decimals]
    least = minimum if minimum is not None and minimum > 0 else step
    wanted = rounded_up_to(max(qty, least), step)
    if maximum is not None and wanted > maximum:
        wanted = WIDE.multiply(step, WIDE.divide_int(maximum, step))
    if wanted <= 0 or wanted < rounded_up_to(least, step) or round_places(wanted, decimals) != wanted:
        return {}
    return {"suggested": plain(wanted)}


@value(frozen=True, slots=True)
class PackFit:
    """How a quantity goes into packs: `qty` in all, `packs` full ones and `loose` from a broken one."""

    qty: Decimal
    packs: int
    loose: Decimal

    @property
    def breaks_a_pack(self) -> bool:
        """Whether a break-pack fee is due."""
        return bool(self.loose)


def fit_to_packs(qty: Decimal, pack: Decimal, *, policy: PackPolicy = "reject", where: str = "") -> PackFit | Problem:
    """Seven each of a six-pack: refused (with 6 and 12 as the choice), 6, 12, or 7 with a pack broken."""
    packs = int(WIDE.divide_int(qty, pack))
    loose = WIDE.remainder(qty, pack)
    if not loose:
        return PackFit(qty, packs, loose)
    down, up = pack * packs, pack * (packs + 1)
    if policy == "break":
        return PackFit(qty, packs, loose)
    if policy == "up":
        return PackFit(up, packs + 1, loose - loose)
    if policy == "down" and packs:
        return PackFit(down, packs, loose - loose)
    choice = [plain(down), plain(up)] if packs else [plain(up)]
    return Problem(
        "quantity.not_a_multiple",
        f"packs hold {plain(pack)}: order {' or '.join(choice)}",
        where,
        detail={"suggested": plain(up), "choices": choice},
    )
