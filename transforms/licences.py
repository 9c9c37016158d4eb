"""Under which licence a repository's files stand: SPDX identifiers and expressions from licence files, and whether they are permitted (spec 5.2).

An expression is SPDX's: identifiers joined by AND, OR and parentheses, `NOASSERTION` where a licence file says nothing that is known. It passes where
the allowed licences are enough to fulfil it: `MIT OR GPL-2.0` passes, `MIT AND GPL-2.0` does not, `NOASSERTION` never does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from transforms import licence_names, licence_texts
from transforms.licence_names import is_licence_file, key

__all__ = ["ALLOWED", "expression", "governing", "identify", "is_licence_file", "key", "of_folder", "permitted"]

ALLOWED = ("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT")
"""paper: Apache, BSD, MIT (LLaMA section 2.1). ours: of each the forms that GitHub's keys know; RedPajama's prefixes (`mit*`, `bsd*`, `apache*`)
are the same set of keys. BSD-4-Clause (advertising), BSD-3-Clause-Clear (no patents), 0BSD, MIT-0 and Apache-1.1 are the user's choice."""

NONE = "NOASSERTION"
STATEMENT = 100
"""Words of its own at the start of a licence file in which it may offer a choice. ours: statements take 20 to 60, and lists of what a project
bundles, with choices of their own, come later."""
MOST = 3
"""Licences of the largest choice in one file. ours: GPL, LGPL and MPL is the largest known; more are a list of what a project bundles."""
RESTRICTED = "LicenseRef-restricted"
"""Beside a known licence: words that take back what it gives."""

_RESTRICTION = re.compile(
    r"\bcommons clause|\bnon ?commercial\b|\bhippocratic\b|\b(?:may|must|shall) not (?:sell|be used|be sold)\b"
    r"|\b(?:academic|research|evaluation|educational|personal|internal) (?:use|purposes?) only\b|\bonly for (?:academic|research|personal)\b"
)
_FAMILY = r"(?:mit|apache|bsd|unlicense|isc|l?gpl|mpl|zlib)"
_CHOICE = re.compile(
    r"\b(?:dual|tri|multi|double|triple)[- ]?licen[sc](?:ed|ing|e)\b|\b(?:at )?your (?:option|choice)\b(?! any later)"
    rf"|\beither (?:of\b|licen[sc]e|the\b|{_FAMILY}\b)|\bchoose (?:either|one|between|which)\b|\bone of the (?:following|two|licen[sc]es)"
    rf"|\bany (?:one )?of the following licen[sc]es|\b{_FAMILY}(?: licen[sc]e)? or (?:the )?(?:gnu |new )?{_FAMILY}\b",
    re.I,
)
_SLASH = re.compile(r"\bMIT ?/ ?Apache|Apache(?:-2\.0)? ?/ ?MIT\b|\bMIT ?/ ?GPL|\bMIT ?/ ?BSD|\bMIT ?/ ?X11 ?/", re.I)
_TOKEN = re.compile(r"\(|\)|[\w.+:-]+")


def identify(text: str) -> tuple[str, ...]:
    """SPDX identifiers of the licences in a licence file's text, sorted; none where nothing is known.

    A licence's full text counts first, then `SPDX-License-Identifier:` lines, then, in a short text, names ("MIT", "the Apache License 2.0").
    GPL's identifiers are those of the text (GPL-2.0): whether later versions may be used stands in the sources' headers.
    """
    names = sorted(set(_identifiers_in(expression(text))) - {NONE})
    return tuple(names)


def expression(text: str) -> str:
    """The SPDX expression of a licence file's text: joined by OR where its words offer a choice ("either of", "dual-licensed"), else by AND.

    `LicenseRef-restricted` is added where other words take something back (Commons Clause, non-commercial); `NOASSERTION` where nothing is known.
    """
    found = licence_texts.find(text)
    tags = [tag for tag in licence_names.tags(text) if _is_expression(tag)]
    names = found.identifiers or (() if tags else licence_names.named(text))
    own_words = found.rest.split()[:STATEMENT] if found.identifiers else text.split()[: licence_names.SHORT]
    joint = " OR " if len(names) <= MOST and _offers_choice(" ".join(own_words)) else " AND "
    parts = [joint.join(names)] if joint == " OR " and names else list(names)
    tagged = {name for tag in tags for name in _identifiers_in(tag)}
    if tags and tagged >= set(names):
        parts = []
    parts += [_grouped(tag) for tag in tags if tag not in parts]
    if parts and _RESTRICTION.search(found.rest):
        parts.append(RESTRICTED)
    return _joined(parts)


def of_folder(files: Mapping[str, str]) -> str:
    """The expression of a folder from its licence files (name -> text).

    A choice: where one file offers it, over the licences that it names, of which the other files are the texts (COPYING, LICENSE-MIT, UNLICENSE); and
    between two or more files that bear a licence's name (LICENSE-MIT, LICENSE-APACHE). Everything else must be permitted together, ours, as nothing
    says that one may choose: LICENSE of MIT beside COPYING of GPL, LICENSE beside LICENSE-docs.
    """
    expressions = {name: expression(files[name]) for name in sorted(files)}
    if len(expressions) > 1:  # "under either of the licences in LICENSE.APACHE and LICENSE.BSD" names none by itself
        expressions = {name: found for name, found in expressions.items() if found != NONE or not _is_statement(files[name])}
    choices = [found for found in expressions.values() if " OR " in found]
    offered = {name for choice in choices for name in _identifiers_in(choice)}
    alternatives = [name for name in expressions if licence_names.is_alternative(name)]
    if not choices and len(alternatives) > 1:
        choices = [" OR ".join(dict.fromkeys(_grouped(expressions[name]) for name in alternatives))]
        offered = set(_identifiers_in(choices[0]))
    parts = dict.fromkeys(choices)
    parts.update(dict.fromkeys(found for found in expressions.values() if not offered >= set(_identifiers_in(found))))
    return _joined(list(parts))


def permitted(licence: str, allowed: Collection[str] = ALLOWED) -> bool:
    """Whether the licences in `allowed` fulfil the SPDX expression `licence`. Case of identifiers does not count.

    An exception (`Apache-2.0 WITH LLVM-exception`) only adds permissions, so the licence before WITH decides. ValueError for what is no expression.
    """
    lower = {name.lower() for name in allowed}
    return _evaluate(licence, lambda name: name.lower() in lower)


def governing(path: str, licence_folders: Collection[str]) -> str | None:
    """Of the folders that hold a licence file ("" is the root, "a/b" a folder), the nearest that `path` lies in; None if it lies in none.

    So a GPL in `third_party/x` governs that folder alone, and an Apache file at the root nothing in it.
    """
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        if folder in licence_folders:
            return folder
    return None


def _offers_choice(words: str) -> bool:
    return _CHOICE.search(words) is not None or _SLASH.search(words) is not None


def _is_statement(text: str) -> bool:
    """Whether a short text does no more than offer a choice."""
    words = text.split(maxsplit=STATEMENT + 1)
    return len(words) <= STATEMENT and _offers_choice(" ".join(words))


def _joined(parts: list[str]) -> str:
    return " AND ".join(map(_grouped, parts)) if len(parts) > 1 else (parts or [NONE])[0]


def _grouped(part: str) -> str:
    """In parentheses, if it has an operator outside of any."""
    depth = 0
    for token in _TOKEN.findall(part):
        depth += (token == "(") - (token == ")")
        if depth == 0 and token.upper() in ("AND", "OR"):
            return f"({part})"
    return part


def _identifiers_in(licence: str) -> list[str]:
    """The identifiers in an expression, without its exceptions."""
    tokens = _TOKEN.findall(licence)
    return [
        token
        for before, token in zip(["", *tokens], tokens, strict=False)
        if token.upper() not in ("AND", "OR", "WITH", "(", ")") and before.upper() != "WITH"
    ]


def _is_expression(licence: str) -> bool:
    try:
        _evaluate(licence, lambda _: True)
    except ValueError:
        return False
    return True


def _evaluate(licence: str, holds: Callable[[str], bool]) -> bool:
    """The truth of an expression: AND binds more than OR. Two passes over a stack, so depth is no limit."""
    tokens = _TOKEN.findall(licence)
    stack: list[list[list[bool]]] = [[[]]]
    """Per open parenthesis: the alternatives, each the terms joined by AND."""
    expects_term, skip = True, False
    for place, token in enumerate(tokens):
        word = token.upper()
        if skip:
            skip = False
        elif token == "(" and expects_term:
            stack.append([[]])
        elif token == ")" and not expects_term and len(stack) > 1:
            alternatives = stack.pop()
            stack[-1][-1].append(any(all(terms) for terms in alternatives))
        elif word in ("AND", "OR") and not expects_term:
            expects_term = True
            if word == "OR":
                stack[-1].append([])
        elif word == "WITH" and not expects_term and place + 1 < len(tokens):
            skip = True
        elif expects_term and word not in ("AND", "OR", "WITH", ")"):
            stack[-1][-1].append(holds(token))
            expects_term = False
        else:
            raise ValueError(
                f"expected an SPDX expression such as 'MIT OR Apache-2.0', found {licence!r}: {token!r} stands where it can not"
            )
    if expects_term or len(stack) > 1:
        raise ValueError(f"expected an SPDX expression such as 'MIT OR Apache-2.0', found {licence!r}: it ends too early")
    return any(all(terms) for terms in stack[0])
