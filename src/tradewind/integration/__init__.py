"""Integration: master data comes in from files and other systems.

What always holds: a bad row is refused with its number, column and what would be right, and the rest of the file goes on;
the same file imported twice changes nothing the second time; a dry run is the real run, rolled back; prices that were
used are superseded, never edited; stock arrives as an observation with its time, and movements after that time are kept.
"""
