"""What people call the columns of an order file, in English and German; compared by letters and digits alone."""

from tradewind.semantics.decide.rows.columns import folded

FIELDS = (
    "item", "sku", "customer_item", "gtin", "manufacturer_item", "qty", "uom", "unit_price", "ship_to", "requested_at",
    "buyer_po", "release_no", "po_part", "description", "note",
)  # fmt: skip
_ENGLISH = {
    "item": "item|item no|item number|item code|item id|article|article no|article number|product|product no|product code|"
            "product number|product id|part|part no|part number|part #|material|material no|material number|code|catalog no|"
            "catalogue number|stock no|stock code",
    "sku": "sku|our sku|supplier sku|supplier part no|supplier part number|supplier item|supplier article|vendor sku|"
           "vendor part no|vendor part number|vendor item|vendor item no|vendor article|seller part no|stock keeping unit|"
           "supplier code|supplier product code",
    "customer_item": "customer item|customer part|customer part no|customer part number|customer article|customer sku|"
                     "customer material|customer item no|customer item number|customer product code|cust part no|buyer part|"
                     "buyer part no|buyer part number|buyer item|buyer sku|buyer article|own part no|my part no",
    "gtin": "gtin|ean|ean code|ean13|ean 13|upc|upc code|barcode|bar code|gtin13|gtin14|isbn",
    "manufacturer_item": "manufacturer part|manufacturer part no|manufacturer part number|manufacturer item|manufacturer no|"
                         "mpn|mfr part no|mfr part number|mfg part no|mfg part number|mfr no|oem no|oem number",
    "qty": "qty|quantity|order qty|order quantity|qty ordered|quantity ordered|ordered|ordered qty|amount ordered|"
           "requested qty|requested quantity|req qty|pcs|pieces|count|no of units|units",
    "uom": "uom|unit|unit of measure|unit of measurement|order unit|measure|um|u m|u o m|unit code|packaging unit",
    "unit_price": "unit price|price|price each|price per unit|net price|net unit price|unit cost|cost|cost each|po price|"
                  "contract price|price unit",
    "ship_to": "ship to|shipto|ship to code|ship to id|ship to no|ship to location|delivery address|delivery location|"
               "deliver to|delivery site|location|location code|store|store no|store number|store code|branch|destination|site",
    "requested_at": "requested at|requested date|request date|requested delivery date|requested delivery|delivery date|"
                    "deliver on|deliver by|due date|due|need by|need by date|needed by|required date|required by|ship date|"
                    "requested ship date|date required|date wanted|want date|eta|date",
    "buyer_po": "buyer po|po|po no|po number|po #|p o number|purchase order|purchase order no|purchase order number|order no|"
                "order number|order reference|customer po|customer po no|customer po number|cust po|cust po no|your order|"
                "order id|reference|order ref|po ref",
    "release_no": "release|release no|release number|release #|call off|call off no|calloff|blanket release",
    "po_part": "po part|po part no|order part|part of order|partial order no|partial no",
    "description": "description|item description|product description|product name|item name|name|article description|"
                   "designation|title|text",
    "note": "note|notes|remark|remarks|comment|comments|instruction|instructions|delivery instructions|special instructions|"
            "line note|message",
}  # fmt: skip
_GERMAN = {
    "item": "artikel|artikelnr|artikel nr|artikelnummer|art nr|artnr|art no|produkt|produktnummer|produktnr|produkt nr|"
            "materialnummer|materialnr|material nr|teilenummer|teilenr|teile nr|sachnummer|bestellnummer artikel|warennummer",
    "sku": "lieferantenartikelnummer|lieferantenartikelnr|lieferanten artikelnummer|lieferanten art nr|ihre artikelnummer|"
           "ihre art nr|ihre artikelnr|artikelnummer lieferant|lief art nr|hersteller sku",
    "customer_item": "kundenartikelnummer|kundenartikelnr|kunden artikelnummer|kunden art nr|unsere artikelnummer|"
                     "unsere artikelnr|unsere art nr|eigene artikelnummer|eigene art nr|artikelnummer kunde|kundenmaterialnummer",
    "gtin": "ean nummer|eannr|ean nr|strichcode|gtinnummer|gtin nr",
    "manufacturer_item": "herstellernummer|herstellernr|hersteller nr|hersteller artikelnummer|herstellerartikelnummer|"
                         "hersteller art nr|herstellerteilenummer|oem nummer",
    "qty": "menge|bestellmenge|anzahl|stückzahl|stueckzahl|auftragsmenge|abrufmenge|best menge|stk|stück|stueck",
    "uom": "einheit|me|mengeneinheit|bestelleinheit|verpackungseinheit|ve|vpe|maßeinheit|masseinheit|eh",
    "unit_price": "preis|einzelpreis|stückpreis|stueckpreis|ep|nettopreis|netto preis|preis pro einheit|ek|ek preis|"
                  "einkaufspreis|preis netto|epreis|e preis",
    "ship_to": "lieferadresse|lieferanschrift|lieferort|empfänger|empfaenger|warenempfänger|warenempfaenger|filiale|"
               "filialnummer|filialnr|filial nr|standort|werk|lager|abladestelle|lieferstelle|niederlassung",
    "requested_at": "liefertermin|lieferdatum|wunschtermin|wunschlieferdatum|wunsch lieferdatum|termin|lieferung am|"
                    "liefern bis|lieferung bis|bedarfstermin|bedarfsdatum|datum|lt|gewünschter liefertermin",
    "buyer_po": "bestellnummer|bestellnr|bestell nr|best nr|bestnr|bestellung|auftragsnummer kunde|auftragsnummer|auftragsnr|"
                "auftrags nr|ihre bestellung|unsere bestellnummer|unsere bestellung|kundenbestellnummer|referenz|belegnummer|"
                "belegnr|bestellreferenz",
    "release_no": "abruf|abrufnummer|abrufnr|abruf nr|lieferabruf",
    "po_part": "teilbestellung|teilbestellnummer|teilauftrag|teil der bestellung",
    "description": "bezeichnung|artikelbezeichnung|beschreibung|artikelbeschreibung|artikeltext|benennung|produktname|"
                   "produktbezeichnung|artikelname",
    "note": "bemerkung|bemerkungen|anmerkung|anmerkungen|notiz|hinweis|hinweise|kommentar|zusatztext",
}  # fmt: skip


def _folded(names: dict[str, str]) -> dict[str, str]:
    return {folded(name): field for field, listed in names.items() for name in listed.split("|")}


GERMAN = frozenset(_folded(_GERMAN)) - frozenset(_folded(_ENGLISH))
NAMES = {**_folded(_GERMAN), **_folded(_ENGLISH), **{folded(field): field for field in FIELDS}}
NAMES_BY_LENGTH = {length: [name for name in NAMES if len(name) == length] for length in set(map(len, NAMES))}
# A word within a longer name, and how much it says.
WORDS = (
    ("customer_item", "customerpart", 0.8), ("customer_item", "customeritem", 0.8), ("customer_item", "kundenart", 0.8),
    ("sku", "supplierpart", 0.8), ("sku", "vendorpart", 0.8), ("sku", "lieferantenart", 0.8), ("sku", "sku", 0.78),
    ("gtin", "gtin", 0.8), ("gtin", "ean", 0.6), ("gtin", "barcode", 0.78),
    ("manufacturer_item", "manufacturerpart", 0.8), ("manufacturer_item", "hersteller", 0.6),
    ("buyer_po", "purchaseorder", 0.8), ("buyer_po", "ponumber", 0.8), ("buyer_po", "bestellnummer", 0.76),
    ("release_no", "release", 0.7), ("release_no", "abruf", 0.7),
    ("item", "artikel", 0.76), ("item", "article", 0.76), ("item", "itemno", 0.78), ("item", "partno", 0.78),
    ("item", "partnumber", 0.78), ("item", "product", 0.6), ("item", "material", 0.6), ("item", "item", 0.6),
    ("qty", "quantity", 0.8), ("qty", "menge", 0.8), ("qty", "qty", 0.8), ("qty", "anzahl", 0.78),
    ("uom", "unitofmeasure", 0.8), ("uom", "einheit", 0.78), ("unit_price", "price", 0.7), ("unit_price", "preis", 0.7),
    ("ship_to", "shipto", 0.8), ("ship_to", "lieferadresse", 0.8), ("ship_to", "filiale", 0.7), ("ship_to", "store", 0.6),
    ("requested_at", "deliverydate", 0.8), ("requested_at", "liefertermin", 0.8), ("requested_at", "lieferdatum", 0.8),
    ("requested_at", "date", 0.55), ("requested_at", "datum", 0.55), ("requested_at", "termin", 0.55),
    ("description", "bezeichnung", 0.7), ("description", "description", 0.7), ("note", "bemerkung", 0.7),
)  # fmt: skip
