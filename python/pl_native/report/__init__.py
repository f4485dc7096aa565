"""Reports: findings on the paper's statements as text and as a page; its figures as one self-contained page.

table(found), rows(found), page(found, ...)     the statements, held against simulations (`pl-native check`)
rebuild(folder), verdicts(...)     report.html of the figures, or a page of the documentation
read(folder), keep(sources, ...)   their rows, from a folder of `reproduce` or of compact files; and into such
"""

from pl_native.report.content import Entry, entry
from pl_native.report.figures import rebuild, write
from pl_native.report.markdown import page as verdicts
from pl_native.report.sources import Note, Source, keep, notes, read, write_note
from pl_native.report.statements import COLUMNS, FIELDS, WIDTHS, cells_of, margin_text, page, rows, table

__all__ = [
    "COLUMNS",
    "FIELDS",
    "WIDTHS",
    "Entry",
    "Note",
    "Source",
    "cells_of",
    "entry",
    "keep",
    "margin_text",
    "notes",
    "page",
    "read",
    "rebuild",
    "rows",
    "table",
    "verdicts",
    "write",
    "write_note",
]
