"""What the made-up company sells: families of ordinary products, and the few that the scripted day tells stories with."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Family:
    """Products that differ by kind and size. `packs`: unit → base units in it. `cents`: cheapest and dearest in EUR cents."""

    prefix: str
    category: str
    kinds: tuple[str, ...]
    sizes: tuple[str, ...]
    packs: dict[str, int]
    cents: tuple[int, int]
    base_uom: str = "EA"
    tax_class: str = "standard"
    grams: int = 500


@dataclass(frozen=True)
class Featured:
    """A product of the day: its price ladder in EUR (from quantity, price), its stock by site, and what is special."""

    sku: str
    name: str
    category: str
    ladder: tuple[tuple[int, str], ...]
    stock: dict[str, int]
    base_uom: str = "EA"
    order_uom: str = ""
    packs: dict[str, int] | None = None
    tax_class: str = "standard"
    status: str = "active"
    kind: str = "stocked"
    superseded_by: str = ""
    minimum: int = 0
    multiple: int = 0
    basis: int = 1
    weight_kg: str = "0.5"

    @property
    def list_price(self) -> Decimal:
        return Decimal(self.ladder[0][1])


FAMILIES = (
    Family("CLN", "Cleaning", ("All-purpose cleaner", "Glass cleaner", "Descaler", "Hand soap", "Disinfectant"),
           ("500 ml", "1 l", "5 l", "10 l"), {"XCS": 6, "XPX": 240}, (290, 3900), grams=1100),
    Family("MOP", "Cleaning", ("Flat mop", "Broom", "Microfibre cloth", "Squeegee", "Bucket"),
           ("small", "medium", "large", "extra large"), {"XCS": 10}, (180, 2900), grams=600),
    Family("PPE", "Safety", ("Nitrile glove", "Leather glove", "Ear defender", "Safety goggle", "Dust mask"),
           ("S", "M", "L", "XL"), {"XPK": 12, "XCS": 144}, (140, 2600), grams=120),
    Family("SHO", "Safety", ("Safety shoe", "Rubber boot", "Work sandal"),
           ("38", "40", "41", "42", "43", "44", "45", "46"), {"XCS": 5}, (2900, 11900), "PR", grams=1400),
    Family("FST", "Fasteners", ("Hex bolt", "Wood screw", "Threaded rod", "Lock nut", "Washer"),
           ("M4", "M5", "M6", "M8", "M10", "M12"), {"XPK": 100, "XCS": 2000}, (3, 190), grams=18),
    Family("TOL", "Tools", ("Claw hammer", "Screwdriver", "Pipe wrench", "Spirit level", "Hacksaw", "File"),
           ("light", "standard", "heavy"), {"XCS": 12}, (490, 5900), grams=800),
    Family("PAP", "Office", ("Copier paper", "Envelope", "Notebook", "Shipping label"),
           ("A3", "A4", "A5", "A6"), {"XCS": 5, "XPX": 200}, (190, 1900), grams=2500),
    Family("PEN", "Office", ("Ballpoint pen", "Marker", "Highlighter", "Pencil"),
           ("blue", "black", "red", "green", "assorted"), {"XPK": 10, "XCS": 200}, (35, 490), grams=12),
    Family("PCK", "Packaging", ("Folding box", "Stretch film", "Packing tape", "Bubble wrap", "Padded bag"),
           ("20 cm", "30 cm", "40 cm", "60 cm"), {"XBE": 25, "XPX": 1000}, (25, 1900), grams=300),
    Family("CAT", "Catering", ("Coffee beans", "Black tea", "Sugar sticks", "Oat biscuits", "Apple juice"),
           ("250 g", "500 g", "1 kg"), {"XCS": 8}, (260, 2400), tax_class="reduced", grams=600),
    Family("CUP", "Catering", ("Paper cup", "Wooden spoon", "Napkin", "Lunch box"),
           ("small", "medium", "large"), {"XPK": 50, "XCS": 1000}, (4, 60), grams=9),
    Family("LMP", "Electrical", ("LED lamp", "Floodlight", "Torch", "Emergency light"),
           ("5 W", "9 W", "14 W", "30 W"), {"XCS": 20}, (390, 7900), grams=250),
    Family("CBL", "Electrical", ("Installation cable", "Data cable", "Flexible cord"),
           ("1.5 mm", "2.5 mm", "4 mm", "6 mm"), {"XRL": 250}, (45, 460), "MTR", grams=90),
    Family("BAT", "Electrical", ("Alkaline battery", "Rechargeable battery", "Lithium cell"),
           ("AAA", "AA", "C", "D", "9 V"), {"XPK": 4, "XCS": 96}, (55, 990), grams=40),
    Family("PNT", "Paint", ("Wall paint", "Primer", "Wood varnish", "Metal lacquer"),
           ("1 l", "2.5 l", "5 l", "12.5 l"), {"XCS": 4, "XPX": 96}, (890, 7900), grams=3200),
)  # fmt: skip

FEATURED = (
    Featured("CLN-1001", "Floor cleaner concentrate 5 l", "Cleaning", ((1, "18.90"), (20, "17.50"), (160, "15.90")),
             {"HAM": 900, "MUC": 700, "LDS": 800, "BRS": 500}, packs={"XCS": 4, "XPX": 160}, weight_kg="5.3"),
    Featured("PPE-2001", "Nitrile gloves, box of 100", "Safety", ((1, "9.80"), (50, "8.95")),
             {"HAM": 1200, "MUC": 900, "LDS": 900, "BRS": 600}, packs={"XCS": 10}, order_uom="XCS"),
    Featured("PPE-2002", "Safety helmet, ventilated", "Safety", ((1, "24.50"),), {"HAM": 60, "MUC": 60}),
    Featured("FST-3001", "Hex bolt M8 × 40, zinc plated", "Fasteners", ((100, "14.60"), (5000, "11.90")),
             {"HAM": 60000, "MUC": 40000}, packs={"XPK": 100}, minimum=100, multiple=50, basis=100, weight_kg="0.021"),
    Featured("PAP-4001", "Copier paper A4, 80 g, 500 sheets", "Office", ((1, "4.90"), (200, "4.20"), (1000, "3.75")),
             {"HAM": 4000, "MUC": 3000, "LDS": 3000}, packs={"XCS": 5, "XPX": 200}, weight_kg="2.5"),
    Featured("CAT-5001", "Coffee beans, house blend 1 kg", "Catering", ((1, "16.40"), (24, "15.10")),
             {"HAM": 400, "MUC": 300, "LDS": 300}, packs={"XCS": 8}, tax_class="reduced", weight_kg="1"),
    Featured("MET-6001", "Copper granulate, recycled", "Metals", ((1, "7.85"),), {"MUC": 5000}, base_uom="KGM",
             packs={"XSA": 25}, tax_class="metal", weight_kg="1"),
    Featured("CBL-7001", "Installation cable 3 × 1.5 mm", "Electrical", ((1, "0.92"), (500, "0.79")),
             {"HAM": 8000, "LDS": 5000}, base_uom="MTR", packs={"XRL": 250}, weight_kg="0.11"),
    Featured("BAT-8001", "Battery pack 18 V", "Electrical", ((1, "64.00"),), {"HAM": 20}),
    Featured("BAT-8002", "Battery pack 36 V", "Electrical", ((1, "119.00"),), {"HAM": 0}),
    Featured("BAT-8003", "Charger 18 V, fast", "Electrical", ((1, "49.00"),), {"HAM": 30}),
    Featured("LMP-9001", "LED panel, first series", "Electrical", ((1, "39.00"),), {"HAM": 4}, status="discontinued",
             superseded_by="LMP-9002"),
    Featured("LMP-9002", "LED panel, second series", "Electrical", ((1, "42.00"), (50, "38.50")), {"HAM": 300, "LDS": 300}),
    Featured("TOL-9101", "Torque wrench 20–200 Nm", "Tools", ((1, "129.00"),), {"HAM": 40, "LDS": 40}),
    Featured("TOL-9102", "Tool trolley, seven drawers", "Tools", ((1, "649.00"),), {"HAM": 25, "MUC": 25, "LDS": 20}),
    Featured("BOK-9201", "Safety handbook, printed", "Office", ((1, "28.00"),), {"LDS": 200}, tax_class="book"),
    Featured("SRV-9301", "Assembly on site, hour", "Services", ((1, "72.00"),), {}, base_uom="HUR", kind="service"),
    Featured("NEW-9401", "Cordless drill, not yet priced", "Tools", (), {"HAM": 50}),
)  # fmt: skip

GROUPS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("HANSA", "Hansa Workshops", "DE", ("Hamburg", "Bremen", "Kiel")),
    ("LINDEN", "Linden Facility Care", "DE", ("Hannover", "Braunschweig", "Kassel")),
    ("FALKE", "Falke Building", "DE", ("Berlin", "Potsdam", "Leipzig")),
    ("ISAR", "Isar Hotels", "DE", ("München", "Augsburg", "Passau")),
    ("MOSEL", "Mosel Cellars", "DE", ("Trier", "Koblenz", "Cochem")),
    ("KRANICH", "Kranich Logistics", "DE", ("Rostock", "Lübeck", "Stralsund")),
    ("ALPEN", "Alpen Sport", "AT", ("Innsbruck", "Salzburg", "Bregenz")),
    ("HELVIA", "Helvia Works", "CH", ("Zürich", "Bern", "Chur")),
    ("MERCIA", "Mercia Schools", "GB", ("Birmingham", "Coventry", "Stafford")),
    ("PENNINE", "Pennine Care", "GB", ("Leeds", "Halifax", "Skipton")),
    ("SEVERN", "Severn Trade Supplies", "GB", ("Bristol", "Gloucester", "Newport")),
    ("WESSEX", "Wessex Estates", "GB", ("Winchester", "Salisbury", "Poole")),
)
"""Company trees: code, name, country, places of the subsidiaries."""

SINGLES: tuple[tuple[str, str, str, str], ...] = (
    ("KLINIK", "Nordklinik Foundation", "DE", "Flensburg"),
    ("STADTWERK", "Stadtwerk Elbufer", "DE", "Magdeburg"),
    ("KIOSK", "Kiosk am Hafen", "DE", "Hamburg"),
    ("GRAUBAU", "Graubau", "DE", "Essen"),
    ("TISCHLER", "Tischlerei Morgenrot", "DE", "Fulda"),
    ("SEEHOF", "Seehof", "DE", "Lindau"),
    ("OBERLAND", "Oberland Bikes", "AT", "Linz"),
    ("BAKKER", "Bakker Groenten", "NL", "Utrecht"),
    ("MORAY", "Moray Instruments", "GB", "Inverness"),
    ("ARDEN", "Arden Printworks", "GB", "Warwick"),
    ("CAIRN", "Cairn Outdoor", "GB", "Fort William"),
    ("FENLAND", "Fenland Growers", "GB", "Ely"),
)
"""Companies without subsidiaries."""

SEGMENTS = {
    "HANSA": "TRADE", "LINDEN": "CARE", "FALKE": "TRADE", "ISAR": "HOTEL", "MOSEL": "HOTEL", "KRANICH": "TRADE",
    "ALPEN": "TRADE", "HELVIA": "TRADE", "MERCIA": "PUBLIC", "PENNINE": "CARE", "SEVERN": "TRADE", "WESSEX": "HOTEL",
    "KLINIK": "CARE", "STADTWERK": "PUBLIC", "SEEHOF": "HOTEL",
}  # fmt: skip
REGIONS = {"DE": "GERMANY", "AT": "ALPS", "CH": "ALPS", "NL": "BENELUX", "GB": "BRITAIN"}
POLICIES: dict[str, dict[str, str]] = {
    "ISAR": {"ship_policy": "ship_complete"},
    "FALKE": {"ship_policy": "line_complete"},
    "MOSEL": {"price_strategy": "lowest", "discount_percent": "3"},
    "KRANICH": {"duplicate_po": "hold"},
    "SEVERN": {"price_policy": "document"},
    "WESSEX": {"price_strategy": "merge_per_tier"},
    "STADTWERK": {"approval_above": "2000", "priority": "10"},
    "GRAUBAU": {"status": "blocked"},
    "KLINIK": {"tax_exempt": "yes"},
    "PENNINE": {"tax_exempt": "yes"},
}
"""Where an account differs from the ordinary; subsidiaries are as their parent."""

LIMITS = {"KIOSK": "500", "TISCHLER": "1500", "HANSA": "250000"}
"""Credit limits that a story needs; the others get a generous one."""
