"""What became of a page, in words. Whatever comes from a page is made visible first: a terminal obeys control characters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipeline.visible import visible

GROUPS = 20
"""Duplicated documents named for one page; --json names all. ours: a screenful."""


def tell(told: dict[str, Any]) -> str:
    """The whole answer."""
    if not told["found"]:
        return "\n".join(_unknown(told))
    matches = told["matches"]
    count = [f"{len(matches)} records match:"] if len(matches) > 1 else []
    return "\n\n".join([*count, *("\n".join(_match(one, told["page"])) for one in matches)])


def _match(one: dict[str, Any], page: str) -> list[str]:
    if one["outcome"] == "broken":
        place = _place(one["file"], one["offset"], one["inner"])
        return [f"broken: a record that names it could not be read: {visible(one['reason'])} ({place}, {one['bytes']:,} bytes)"]
    lines = [visible(one["url"] or "(no URL)"), f"  id {visible(one['id'])}", f"  read from {_place(*_origin(one))}"]
    if not one["exact"]:
        lines.insert(0, f"nothing is called exactly {visible(page)}; this is:")
    lines += [f"  noted: {visible(note)}" for note in one["notes"] or []]
    lines += _kept(one) if one["outcome"] == "kept" else _dropped(one)
    return lines + _removed(one)


def _origin(one: dict[str, Any]) -> tuple[str, int, int | None]:
    return one["origin_file"], one["origin_offset"], one["origin_inner"]


def _place(name: str, offset: int, inner: int | None) -> str:
    return f"{visible(name)}, offset {offset}" + (f", byte {inner} of the expanded member" if inner else "")


def _kept(one: dict[str, Any]) -> list[str]:
    return [f"  kept: row {one['row']} of {one['shard']}", *(f"    {_measure(measure)}" for measure in one["measures"])]


def _measure(measure: dict[str, Any]) -> str:
    value, bound = measure["value"], measure["bound"]
    found = "not measured" if value is None else _number(value)
    if bound is None:
        return f"{measure['column']} {found} (no bound: {measure['setting']} is off)"
    allowed = " or ".join(bound) if isinstance(bound, list) else f"{measure['must_be']} {_number(bound)}"
    return f"{measure['column']} {found} ({measure['setting']}: {allowed})"


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else visible(str(value))


def _dropped(one: dict[str, Any]) -> list[str]:
    value = f" (it is {visible(one['value'][:200])})" if one["value"] else ""
    said = [f"  dropped at the step {one['step']!r}: {visible(one['reason'])}{value}"]
    if one["partner"]:
        said.append(f"    that is {_partner(one['partner'], one)}")
    return said


def _removed(one: dict[str, Any]) -> list[str]:
    """The removed lines, together where they have the same reason and partner, in the order of the first of each."""
    groups: dict[tuple[str, str | None], list[int]] = {}
    for row in one["removed_lines"]:
        groups.setdefault((row["reason"], row["partner"]), []).append(row["line"] + 1)
    total = sum(map(len, groups.values()))
    if not total:
        return ["  no line of it was removed as a duplicate"] if one["outcome"] == "kept" else []
    of = f" of its {one['original_lines']:,}" if one.get("original_lines") else ""
    said = [f"  {total:,}{of} lines were removed as duplicates (counted from 1, without the title):"]
    for (reason, partner), numbers in list(groups.items())[:GROUPS]:
        word = f"line{'s' if len(numbers) > 1 else ''} {_spans(numbers)}"
        own = partner is None or partner == one["id"]
        said.append(f"    {word}: {visible(reason)}" + ("" if own else f": {_partner(partner or '', one)}"))
    if len(groups) > GROUPS:
        said.append(f"    and more, of {len(groups) - GROUPS:,} other documents (--json names all)")
    return said


def _partner(name: str, one: dict[str, Any]) -> str:
    known = one["partners"].get(name)
    return f"{visible(name)} ({visible(known['url'] or 'no URL')}, {known['outcome']})" if known else visible(name)


def _spans(numbers: Iterable[int]) -> str:
    """1-3, 7: consecutive numbers together."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


def _unknown(told: dict[str, Any]) -> list[str]:
    said = [f"unknown: no record that was read is called {visible(told['page'])}"]
    if told["near"]:
        said += ["did you mean", *(f"  {visible(name)}" for name in told["near"])]
    if told["broken"]:
        named = list(told["broken"].items())
        shown = ", ".join(f"{count:,} in {visible(name)}" for name, count in named[:GROUPS])
        more = f" and {len(named) - GROUPS:,} other files" if len(named) > GROUPS else ""
        total = sum(told["broken"].values())
        said.append(f"{total:,} record{'s' if total > 1 else ''} could not be read, so it may be among them: {shown}{more}")
    if told["quarantined"]:
        said.append(f"pages of quarantined inputs are in no shard: {', '.join(map(visible, told['quarantined'][:GROUPS]))}")
    return said
