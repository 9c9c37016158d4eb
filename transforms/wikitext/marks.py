"""Marks that stand in rendered text for what is settled once the whole text is there: characters that XML 1.0 forbids, so that no page holds them."""

HOLE = "\x01"  # something went here: spaces and brackets around it may go too
BREAK = "\x02"  # a line ends here, unless it has just ended
ITEM = "\x03"  # a list item begins
HEADING = "\x04"  # a heading begins: its level follows as one digit
HEADING_END = "\x05"
BOLD = "\x06"
ITALIC = "\x0e"

ALL = HOLE + BREAK + ITEM + HEADING + HEADING_END + BOLD + ITALIC
REMOVED = dict.fromkeys(map(ord, ALL))
"""For str.translate: a page's own control characters of this kind go, before anything is read."""
