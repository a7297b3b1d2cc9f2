"""Order files: CSV and XLSX as people fill them in, read into order drafts. Bytes in, rows and findings out; nothing else."""

from tradewind.channels.decide.sheets.drafts import SheetOrder, orders_of
from tradewind.channels.decide.sheets.mapping import Mapping, missing_columns, read_mapping
from tradewind.channels.decide.sheets.read import SheetFile, read_sheet

__all__ = ["Mapping", "SheetFile", "SheetOrder", "missing_columns", "orders_of", "read_mapping", "read_sheet"]
