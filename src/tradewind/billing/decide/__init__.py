"""Pure decisions about billing: what an invoice bills, what a credit note credits, which items money settles, what is posted."""
