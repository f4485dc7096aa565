"""tmp"""


def page(rows):
    return ""
