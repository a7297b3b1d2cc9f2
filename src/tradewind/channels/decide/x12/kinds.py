"""The transaction sets we know: which group they travel in, and what they are called here."""

from types import MappingProxyType

# type: (functional id of its group, our word)
KINDS = MappingProxyType(
    {
        "180": ("AN", "return_authorization"),
        "810": ("IN", "invoice"),
        "812": ("CD", "credit_note"),
        "820": ("RA", "payment"),
        "824": ("AG", "application_advice"),
        "832": ("SC", "price_catalog"),
        "846": ("IB", "stock_report"),
        "850": ("PO", "order"),
        "852": ("PD", "product_activity"),
        "855": ("PR", "order_answer"),
        "856": ("SH", "ship_notice"),
        "860": ("PC", "order_change"),
        "865": ("CA", "change_answer"),
        "870": ("RS", "order_status"),
        "875": ("OG", "order"),
        "940": ("OW", "warehouse_order"),
        "945": ("SW", "warehouse_answer"),
        "997": ("FA", "acknowledgement"),
        "999": ("FA", "acknowledgement"),
    }
)


def functional_id_of(type_: str) -> str:
    """Of the group a set of this type travels in; "" for types we do not know."""
    return KINDS.get(type_, ("", ""))[0]


def kind_of(type_: str) -> str:
    """Our word for a type; `other` for those we do not know."""
    return KINDS.get(type_, ("", "other"))[1]
