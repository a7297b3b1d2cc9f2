"""Tables of rows, whatever the file: CSV in many encodings and delimiters, or XLSX; streamed, bounded, as text and typed.

What always holds: nothing is unpacked before it is measured; a bad row is refused with its number, column and what would be
right, and the rest goes on; what could be read in two ways is not guessed at in silence.
"""
