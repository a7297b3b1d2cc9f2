"""Pieces of statements that every paper's query is made of. Aliases: `e` legal entity, `a` account, `o` order."""

SELLER = """
jsonb_build_object('code', e.code, 'name', e.name, 'street', e.street, 'city', e.city, 'postal_code', e.postal_code,
  'region', e.region, 'country', e.country, 'tax_id', e.tax_id, 'registration', e.registration, 'phone', e.phone,
  'email', e.email, 'website', e.website, 'bank_name', e.bank_name, 'iban', e.iban, 'bic', e.bic)
"""
ACCOUNT = "jsonb_build_object('code', a.code, 'name', a.name, 'vat_id', a.vat_id)"
# of the account itself, else the first contact that chose one, else of the company that sells to it
LANGUAGE = """
coalesce(a.language, (select c.language from contact c where c.account_id = a.id and c.language is not null
                      order by c.code limit 1), e.language)
"""
BILL_TO = """
coalesce((select jsonb_build_object('name', d.name, 'street', d.street, 'city', d.city, 'postal_code', d.postal_code,
            'region', d.region, 'country', d.country)
          from address d where d.account_id = a.id and d.kind = 'bill_to' order by d.is_default desc, d.code limit 1),
         jsonb_build_object('name', a.name, 'country', e.country))
"""
TERMS = "(select to_jsonb(t) from payment_terms t where t.code = o.terms_code)"
# what the customer calls an item: as it ordered it, else its only name in our cross-references
THEIR_ITEM = """
coalesce(ol.buyer_sku, (select min(x.number) from cross_reference x
                        where x.product_id = p.id and x.kind = 'customer' and x.account_id = ol.account_id
                        having count(*) = 1))
"""


def price_factor(uom: str) -> str:
    """The size of the price's unit in base units, as [numerator, denominator]; null where we know none."""
    return f"""
case when {uom} = p.base_uom then '[1, 1]'::jsonb
     else (select jsonb_build_array(u.numerator, u.denominator) from product_unit u where u.product_id = p.id and u.uom = {uom})
end"""  # noqa: S608 - a piece of ours


def day(moment: str) -> str:
    """The date of a moment where the legal entity is."""
    return f"to_char({moment} at time zone e.time_zone, 'YYYY-MM-DD')"


def text(number: str) -> str:
    """A number as exact text."""
    return f"trim_scale({number})::text"
