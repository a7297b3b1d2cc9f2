"""What papers say, as values: one JSON object a document, read in the reader's own sight.

Numbers are exact text, dates `YYYY-MM-DD` in the time zone of the legal entity, and nothing is in any language yet.
"""
