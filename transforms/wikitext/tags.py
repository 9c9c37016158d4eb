"""HTML and extension tags: which end a line, which are dropped around their contents; what is no tag stays text, as in MediaWiki."""

from __future__ import annotations

BREAKING = frozenset(
    "br p div li ul ol dl dt dd tr table caption blockquote center hr h1 h2 h3 h4 h5 h6 poem th td tbody thead tfoot section article pre gallery".split()
)
"""Tags at which a line of text ends."""

INLINE = frozenset(
    "abbr b bdi bdo big cite code data del dfn em font i ins kbd link mark meta nobr noinclude onlyinclude q rb rp rt rtc ruby s samp small span strike strong sub "
    "sup time tt u var wbr languages translate tvar col colgroup img includeonly noinclude nowiki ref references math chem ce source syntaxhighlight".split()
)
"""Tags that go from around their contents. code: MediaWiki's sanitizer, and the extensions of Wikipedia; `<stdio.h>` is none, and stays."""
