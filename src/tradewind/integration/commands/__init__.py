"""Imports: a file into the database in chunks, or typed rows within a transaction."""

from tradewind.integration.commands.importing import ImportOptions, import_file, import_rows

__all__ = ["ImportOptions", "import_file", "import_rows"]
