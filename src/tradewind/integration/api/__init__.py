"""The HTTP edge of integration: master data by file, rules of delivery as rows."""
