"""What has to hold of a report of the figures, whatever its numbers, by the page and the rows alone."""

from __future__ import annotations

import base64
import html
import re
from html.parser import HTMLParser

from pl_native.experiments import _mu_measures, published
from pl_native.sweep import width

SIGNATURES = {"data:image/png": b"\x89PNG\r\n", "data:image/gif": b"GIF89a"}
INTERVAL = re.compile(r"\[[^\[\],]+, [^\[\],]+\]")
RANDOM = ("fig3", "fig4", "fig5", "fig6")
"""Figures whose numbers are means over runs."""


class Page(HTMLParser):
    """Tags of a page with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def all(self, tag):
        return [its for name, its in self.tags if name == tag]


def faults(text, sources):
    """What is wrong with the page `text` of `sources`, in words; empty if nothing is."""
    return [
        *(f"{name}: no picture" for name in _without_picture(text, sources)),
        *(f"asks for {what}" for what in outside(text)),
        *_of_claims(text, sources),
    ]


def _without_picture(text, sources):
    parts = re.split(r'<h2 id="(fig\d)">', text)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    return [one.name for one in sources if not _is_picture(sections.get(one.name, ""))]


def _is_picture(section):
    found = re.search(r'<img[^>]* src="([^;"]*);base64,([^"]*)"', section)
    return found is not None and base64.b64decode(found[2]).startswith(SIGNATURES.get(found[1], b"?"))


def outside(text):
    """Everything that a browser would fetch, or that a reader would leave the page by."""
    page = Page(text)
    inside = ("data:", "#")
    asked = [
        its.get(name) for its in (at for _, at in page.tags) for name in ("src", "href", "srcset", "data")
    ]
    found = [name for name in asked if name is not None and not name.startswith(inside)]
    found += ["a script"] * len(page.all("script"))
    plain = re.sub(r"base64,[^\"]*", "", text)
    return found + re.findall(r"https?://[^\s\"']*|url\([^)]*\)|@import", plain)


def claims_of(text):
    """The cells of the first table, by name."""
    first = text[text.index("<table>") : text.index("</table>")]
    head = re.findall(r"<th>(.*?)</th>", first)
    lines = [re.findall(r"<td>(.*?)</td>", line) for line in first.splitlines()]
    return [
        {name: html.unescape(re.sub(r"<[^>]*>", "", cell)) for name, cell in zip(head, cells, strict=True)}
        for cells in lines
        if cells
    ]


def _of_claims(text, sources):
    found = []
    rows = {one.name: one.rows for one in sources}
    for claim in claims_of(text):
        name, words = f"fig{claim['figure']}", claim["claim"]
        known = re.search(r"\d", claim["ours"]) and not re.search("[<>]=", claim["ours"])  # no bound
        if name in RANDOM and known and not INTERVAL.search(claim["ours"]):
            found.append(f"{words}: {claim['ours']} without an interval")
        runs = runs_of(name, words, rows[name])
        if claim["runs"] != f"{runs}":
            found.append(f"{words}: {claim['runs']} runs, the rows are {runs}")
    return found


def runs_of(name, words, rows):
    """How many runs a claim stands on, counted from the rows."""
    if name == "fig3":
        factor = int(re.search(r"width (\d)x", words)[1])
        return sum(r["p"] == width(r["n"], factor) and r["initialisation"] == "torch_linear" for r in rows)
    if name == "fig4" and "linearly" in words:
        return sum(r["initialisation"] in words for r in rows)
    if "share of converged" in words:
        size = {"fig4": "d", "fig5": "p"}[name]
        table = published.load({"fig4": "fig4_published_part", "fig5": "fig5_published_part"}[name])
        places = set(zip(table[size].tolist(), table["n"].tolist(), strict=True))
        return sum((r[size], r["n"]) in places and r["initialisation"] != "asymmetric" for r in rows)
    if name == "fig6":
        factor, scale = (4, 1.0) if "as drawn" in words else (1, 0.01)
        column = _mu_measures.MEASURES[re.search(r"mu_(\w+)", words)[1]]
        here = [r for r in rows if r["p"] == width(r["n"], factor) and r["scale"] == scale]
        return sum(r[column] is not None for r in here)
    return len(rows)
