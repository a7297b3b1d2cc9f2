"""Order files: CSV and XLSX taken in, row by row, as orders of one account.

What always holds: a file is one transaction, with its raw bytes, its orders and the outcome of every row; the same file for
the same account gives the same answer and no second order; a row that is not ordered says why, with what would be right; how
an account's columns were read is remembered and used again.
"""
