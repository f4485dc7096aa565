"""Reports: findings on the paper's statements as text and as a page; its figures as one self-contained page.

table(found), page(found, ...)     the statements, held against simulations (`pl-native check`)
rebuild(folder)                    report.html of the figures from stored rows (`pl-native report`)
"""

from pl_native.report.figures import Entry, entry, note, rebuild, write
from pl_native.report.statements import COLUMNS, WIDTHS, cells_of, margin_text, page, table

__all__ = [
    "COLUMNS",
    "WIDTHS",
    "Entry",
    "cells_of",
    "entry",
    "margin_text",
    "note",
    "page",
    "rebuild",
    "table",
    "write",
]
