"""Code lists that cells are held to, and how to find the code somebody meant."""

from collections.abc import Iterable

# ISO 3166-1 alpha-2, and XI (Northern Ireland, as VAT numbers and customs have it).
_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XI YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_COUNTRIES.split())
COUNTRIES_MEANT = {
    "UK": "GB",
    "EL": "GR",
    "GER": "DE",
    "DEU": "DE",
    "GERMANY": "DE",
    "DEUTSCHLAND": "DE",
    "GBR": "GB",
    "UNITED KINGDOM": "GB",
    "GREAT BRITAIN": "GB",
    "ENGLAND": "GB",
    "USA": "US",
    "UNITED STATES": "US",
    "FRA": "FR",
    "FRANCE": "FR",
    "ITA": "IT",
    "ITALY": "IT",
    "ESP": "ES",
    "SPAIN": "ES",
    "NLD": "NL",
    "NETHERLANDS": "NL",
    "AUT": "AT",
    "AUSTRIA": "AT",
    "CHE": "CH",
    "SWITZERLAND": "CH",
    "BEL": "BE",
    "BELGIUM": "BE",
    "POL": "PL",
    "POLAND": "PL",
    "IRL": "IE",
    "IRELAND": "IE",
    "EIRE": "IE",
    "SWE": "SE",
    "SWEDEN": "SE",
    "DNK": "DK",
    "DENMARK": "DK",
    "CAN": "CA",
    "CANADA": "CA",
    "AUS": "AU",
    "AUSTRALIA": "AU",
    "JPN": "JP",
    "JAPAN": "JP",
    "CHN": "CN",
    "CHINA": "CN",
}

CURRENCIES_MEANT = {
    "€": "EUR",
    "EURO": "EUR",
    "£": "GBP",
    "$": "USD",
    "US$": "USD",
    "¥": "JPY",
    "RMB": "CNY",
    "SFR": "CHF",
    "FR": "CHF",
}

UNITS_MEANT = {
    "EACH": "EA",
    "PC": "H87",
    "PCE": "H87",
    "PCS": "H87",
    "PIECE": "H87",
    "PIECES": "H87",
    "STK": "H87",
    "ST": "H87",
    "ONE": "C62",
    "CS": "XCS",
    "CASE": "XCS",
    "BX": "XBX",
    "BOX": "XBX",
    "CT": "XCT",
    "CTN": "XCT",
    "CARTON": "XCT",
    "PK": "XPK",
    "PACK": "XPK",
    "PAL": "XPX",
    "PALLET": "XPX",
    "BAG": "XBG",
    "BG": "XBG",
    "ROLL": "XRO",
    "RO": "XRO",
    "DZ": "DZN",
    "DOZ": "DZN",
    "DOZEN": "DZN",
    "KG": "KGM",
    "G": "GRM",
    "T": "TNE",
    "LB": "LBR",
    "LBS": "LBR",
    "OZ": "ONZ",
    "M": "MTR",
    "CM": "CMT",
    "MM": "MMT",
    "M2": "MTK",
    "M3": "MTQ",
    "L": "LTR",
    "LITRE": "LTR",
    "ML": "MLT",
    "FT": "FOT",
    "IN": "INH",
    "YD": "YRD",
    "GAL": "GLL",
    "PAIR": "PR",
    "H": "HUR",
    "HOUR": "HUR",
    "STÜCK": "H87",
    "STUECK": "H87",
    "STCK": "H87",
    "KARTON": "XCT",
    "KTN": "XCT",
    "KRT": "XCT",
    "KISTE": "XCR",
    "SCHACHTEL": "XBX",
    "PACKUNG": "XPK",
    "PALETTE": "XPX",
    "ROLLE": "XRO",
    "BEUTEL": "XBG",
    "SACK": "XSA",
    "FLASCHE": "XBO",
    "PAAR": "PR",
    "DUTZEND": "DZN",
    "LITER": "LTR",
    "METER": "MTR",
    "STUNDE": "HUR",
    "STD": "HUR",
}


def nearest(word: str, candidates: Iterable[str], distance_max: int | None = None) -> str | None:
    """The candidate closest to `word` (letters changed, left out, put in or swapped), None where none is close."""
    folded = word.casefold()
    bound = distance_max if distance_max is not None else max(1, len(folded) // 3)
    best, best_distance = None, bound + 1
    for candidate in candidates:
        if abs(len(candidate) - len(folded)) < best_distance:
            distance = edit_distance(folded, candidate.casefold())
            if distance < best_distance:
                best, best_distance = candidate, distance
    return best


def edit_distance(left: str, right: str) -> int:
    """How many single-letter edits or swaps of neighbours lead from one word to the other."""
    older: list[int] = []
    old = list(range(len(right) + 1))
    for row, letter in enumerate(left, 1):
        new = [row]
        for column, other in enumerate(right, 1):
            cost = min(old[column] + 1, new[column - 1] + 1, old[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == right[column - 2] and left[row - 2] == other:
                cost = min(cost, older[column - 2] + 1)
            new.append(cost)
        older, old = old, new
    return old[-1]


def gs1_check_digit(digits: str) -> str:
    """The last digit of a GTIN, GLN or SSCC whose other digits are given."""
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)


def is_sscc(digits: str) -> bool:
    """The number of a carton or pallet: 18 digits of which the last is right."""
    return len(digits) == 18 and digits.isascii() and digits.isdigit() and digits[-1] == gs1_check_digit(digits[:-1])


def is_gtin(digits: str) -> bool:
    """8, 12, 13 or 14 digits of which the last is right."""
    return (
        len(digits) in (8, 12, 13, 14)
        and digits.isascii()
        and digits.isdigit()
        and digits[-1] == gs1_check_digit(digits[:-1])
    )
