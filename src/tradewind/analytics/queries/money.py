"""Money: what orders and invoices add up to, recomputed from quantities and prices, to the last minor unit."""

from tradewind.analytics.model import Check

# Places of the minor unit where it is not two; amounts are stored with three. A test holds them against kernel.money.
NO_PLACES = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "UYI",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
THREE_PLACES = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]


def digits(currency: str) -> str:
    """The SQL of a currency column's decimal places."""
    none, three = ("', '".join(codes) for codes in (NO_PLACES, THREE_PLACES))
    return f"(case when {currency} in ('{none}') then 0 when {currency} in ('{three}') then 3 else 2 end)"


# A quotient keeps 20 more places than its dividend has, so that a tie is a tie before it is rounded.
_EXACT = "1.00000000000000000000"

MONEY = (
    Check(
        "M1",
        "An order's total is its lines plus charges less discounts plus tax, to the last minor unit.",
        """
        select o.id as order_id, o.number, o.net_total, l.net as lines, o.charge_total, c.amount as charges, o.discount_total,
               o.tax_total, coalesce(l.tax, 0) + coalesce(c.tax, 0) as taxes, o.total
        from sales_order o
        left join (select order_id, sum(net) as net, sum(tax) as tax from order_line group by 1) l on l.order_id = o.id
        left join (select order_id, sum(amount) as amount, sum(tax) as tax from order_charge group by 1) c on c.order_id = o.id
        where o.net_total <> coalesce(l.net, 0) or o.charge_total <> coalesce(c.amount, 0)
           or o.tax_total <> coalesce(l.tax, 0) + coalesce(c.tax, 0)
           or o.total <> o.net_total + o.charge_total - o.discount_total + o.tax_total
        """,
    ),
    Check(
        "M1.invoices",
        "An invoice's total is its goods plus charges plus tax, and its lines are what it says.",
        """
        select i.id as invoice_id, i.number, i.net_total, l.net as goods, i.charge_total, l.charges, i.tax_total, i.total
        from invoice i
        left join (
          select invoice_id, coalesce(sum(net) filter (where charge_no is null), 0) as net,
                 coalesce(sum(net) filter (where charge_no is not null), 0) as charges
          from invoice_line group by 1
        ) l on l.invoice_id = i.id
        where i.net_total <> coalesce(l.net, 0) or i.charge_total <> coalesce(l.charges, 0)
           or i.total <> i.net_total + i.charge_total + i.tax_total
        """,
    ),
    Check(
        "M2",
        "A line's net is its priced quantity times unit price per basis, rounded once, less its allowance.",
        f"""
        with exact as (
          select l.order_id, l.line_no, l.price_qty, l.price_uom, l.unit_price, l.price_basis, l.allowance, l.net,
                 round(l.price_qty * l.unit_price * {_EXACT} / l.price_basis, {digits("o.currency")}) as gross
          from order_line l join sales_order o on o.id = l.order_id
        )
        select *, gross - allowance as recomputed from exact where net <> gross - allowance
        """,  # noqa: S608 - the house's own words
    ),
    Check(
        "M2.quantity",
        "The priced quantity is what was ordered and not cancelled, in the price's unit.",
        """
        with sized as (
          select l.order_id, l.line_no, l.qty, l.uom, l.qty_ordered, l.qty_cancelled, l.price_qty, l.price_uom,
                 case l.price_uom
                   when l.uom then round((l.qty_ordered - l.qty_cancelled) * l.factor_den / l.factor_num, 6)
                   when p.base_uom then l.qty_ordered - l.qty_cancelled
                   else round((l.qty_ordered - l.qty_cancelled) * u.denominator / u.numerator, 6) end as expected
          from order_line l
          join product p on p.id = l.product_id
          left join product_unit u on u.product_id = l.product_id and u.uom = l.price_uom
          where l.price_uom <> ''
        )
        select * from sized where price_qty <> expected
        """,
    ),
    Check(
        "M2.tax",
        "An order's tax is its lines and charges at their rates under its own rounding rule, for each place by itself.",
        f"""
        with places as (
          select order_id, group_no, concat_ws('-', ship_to ->> 'country', nullif(ship_to ->> 'region', '')) as place,
                 first_value(group_no) over (partition by order_id order by group_no) as first
          from delivery_group
        ), parts as (
          select l.order_id, p.place, l.tax_category, l.tax_rate, l.net, l.tax
          from order_line l left join places p on p.order_id = l.order_id and p.group_no = l.group_no
          union all
          select c.order_id, p.place, c.tax_category, c.tax_rate, c.amount, c.tax
          from order_charge c
          left join places p on p.order_id = c.order_id and p.group_no = coalesce(c.group_no, p.first)
        ), by_rate as (
          select order_id, place, tax_category, tax_rate, sum(net) as net, sum(tax) as tax from parts group by 1, 2, 3, 4
        )
        select o.id as order_id, o.number, o.tax_rounding, b.tax_category, b.tax_rate, b.net, b.tax,
               round(b.net * b.tax_rate / 100, {digits("o.currency")}) as recomputed
        from by_rate b join sales_order o on o.id = b.order_id
        where o.tax_rounding = 'per_tax_group' and o.discount_total = 0
          and b.tax <> round(b.net * b.tax_rate / 100, {digits("o.currency")})
        union all
        select o.id, o.number, o.tax_rounding, p.tax_category, p.tax_rate, p.net, p.tax,
               round(p.net * p.tax_rate / 100, {digits("o.currency")})
        from parts p join sales_order o on o.id = p.order_id
        where o.tax_rounding = 'per_line' and o.discount_total = 0
          and p.tax <> round(p.net * p.tax_rate / 100, {digits("o.currency")})
        """,  # noqa: S608 - the house's own words
    ),
    Check(
        "M2.invoices",
        "An invoice's tax is its lines at their rates under its own rounding rule.",
        f"""
        with by_rate as (
          select i.id, l.tax_category, l.tax_rate, {digits("i.currency")} as places, i.tax_rounding, sum(l.net) as net,
                 sum(round(l.net * l.tax_rate / 100, {digits("i.currency")})) as per_line
          from invoice i join invoice_line l on l.invoice_id = i.id group by 1, 2, 3, 4, 5
        ), taxes as (
          select id, sum(case when tax_rounding = 'per_line' then per_line else round(net * tax_rate / 100, places) end) as tax
          from by_rate group by 1
        )
        select i.id as invoice_id, i.number, i.tax_rounding, i.tax_total, t.tax as recomputed
        from invoice i left join taxes t on t.id = i.id
        where i.kind = 'invoice' and i.tax_total <> coalesce(t.tax, 0)
        """,  # noqa: S608 - the house's own words
    ),
    Check(
        "M3",
        "The price row a line names exists, is for its product and unit, and was valid when the line was priced.",
        """
        select l.order_id, l.line_no, l.price_id, l.at, p.valid_from, p.valid_to, p.offer_expires_at, p.product_id, p.uom
        from (
          select l.*, coalesce(m.priced_at, o.price_at) as at
          from order_line l
          join sales_order o on o.id = l.order_id
          left join changed_line m on m.order_id = l.order_id and m.line_no = l.line_no
          where l.price_id is not null
        ) l
        left join price p on p.id = l.price_id
        where p.id is null or p.product_id <> l.product_id or p.uom <> l.price_uom or l.at < p.valid_from
           or l.at >= p.valid_to or l.at >= p.offer_expires_at
        """,
    ),
    Check(
        "M4",
        "What was invoiced of a line is the shipped share of its net, and what its invoice lines sum to.",
        f"""
        with billed as (
          select il.order_id, il.order_line_no as line_no, sum(il.net) as net, sum(sl.qty_shipped) as qty
          from invoice_line il
          join invoice i on i.id = il.invoice_id and i.kind = 'invoice'
          left join shipment_line sl on sl.shipment_id = il.shipment_id and sl.line_no = il.shipment_line_no
          where il.charge_no is null group by 1, 2
        )
        select order_id, line_no, l.alive, l.net, l.qty_invoiced, b.qty as billed_qty, l.net_invoiced, b.net as billed_net
        from (
          select l.order_id, l.line_no, l.qty_ordered - l.qty_cancelled as alive, l.net, l.qty_invoiced, l.net_invoiced,
                 l.qty_cancelled > 0 or m.order_id is not null as cut, {digits("o.currency")} as places
          from order_line l
          join sales_order o on o.id = l.order_id
          left join changed_line m on m.order_id = l.order_id and m.line_no = l.line_no
          where l.qty_invoiced <> 0 or l.net_invoiced <> 0
        ) l
        full join billed b using (order_id, line_no)
        where coalesce(l.qty_invoiced, 0) <> coalesce(b.qty, 0) or coalesce(l.net_invoiced, 0) <> coalesce(b.net, 0)
           or abs(l.net_invoiced - round(l.net * l.qty_invoiced * {_EXACT} / nullif(l.alive, 0), l.places))
              > case when l.cut and l.qty_invoiced < l.alive then power(10::numeric, -l.places) else 0 end
        """,  # noqa: S608 - the house's own words
    ),
    Check(
        "M4.charges",
        "What was invoiced of a charge is what its invoice lines sum to, and never more than the charge.",
        """
        select order_id, charge_no, c.amount, c.invoiced, b.net as billed
        from (select order_id, charge_no, amount, invoiced from order_charge where invoiced <> 0) c
        full join (
          select il.order_id, il.charge_no, sum(il.net) as net
          from invoice_line il join invoice i on i.id = il.invoice_id and i.kind = 'invoice'
          where il.charge_no is not null group by 1, 2
        ) b using (order_id, charge_no)
        where coalesce(c.invoiced, 0) <> coalesce(b.net, 0) or abs(c.invoiced) > abs(c.amount)
        """,
    ),
    Check(
        "M4.once",
        "No shipment line and no shipment is invoiced twice.",
        """
        select shipment_id, shipment_line_no, count(*) as times from invoice_line
        where shipment_line_no is not null group by 1, 2 having count(*) > 1
        union all
        select shipment_id, null, count(*) from invoice
        where kind = 'invoice' and shipment_id is not null group by 1 having count(*) > 1
        """,
    ),
    Check(
        "M4.total",
        "The invoices of a wholly invoiced order sum to it: net and charges exactly, tax within the rounding of each invoice.",
        f"""
        with whole as (
          select o.id, o.number, o.net_total + o.charge_total - o.discount_total as net, o.tax_total, count(l.order_id) as lines,
                 0.5 * power(10::numeric, -{digits("o.currency")}) as half,
                 case o.tax_rounding when 'per_line' then count(*) else count(distinct (l.tax_category, l.tax_rate)) end as parts
          from sales_order o left join order_line l on l.order_id = o.id
          group by o.id
          having bool_and(l.order_id is null or (l.qty_invoiced = l.qty_ordered - l.qty_cancelled and l.qty_over_shipped = 0))
             and (count(l.order_id) = 0 or sum(l.qty_invoiced) > 0)
        ), billed as (
          select order_id, count(*) as invoices, sum(net_total + charge_total) as net, sum(tax_total) as tax
          from invoice where kind = 'invoice' group by 1
        ), charged as (
          select order_id, count(*) as charges from order_charge group by 1
        )
        select w.id as order_id, w.number, w.net, b.net as invoiced_net, w.tax_total, b.tax as invoiced_tax, b.invoices
        from whole w
        left join billed b on b.order_id = w.id
        left join charged c on c.order_id = w.id
        where (b.net is distinct from w.net and (w.lines > 0 or b.net is not null))
           or abs(b.tax - w.tax_total) > case when b.invoices = 1 then 0
                                              else (b.invoices + 1) * (w.parts + coalesce(c.charges, 0)) * w.half end
        """,  # noqa: S608 - the house's own words
    ),
    Check(
        "M5",
        "Invoice and credit note numbers have no gap and no double in their series, and the counter stands at the last one.",
        """
        select legal_entity_id, series, c.last_no, i.highest, i.documents
        from document_counter c
        full join (
          select legal_entity_id, series, max(series_no) as highest, count(distinct series_no) as documents,
                 count(*) as posted
          from invoice group by 1, 2
        ) i using (legal_entity_id, series)
        where coalesce(c.last_no, 0) <> coalesce(i.highest, 0) or coalesce(i.highest, 0) <> coalesce(i.documents, 0)
           or i.posted <> i.documents
        """,
    ),
)
