"""The top of the overview: what the corpus holds in plain English, what is missing for the whole mixture and how to make it, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mixtures.mixture import Mixture
from pipeline.overview_figures import compact
from pipeline.overview_held import Held, Source
from pipeline.report_markup import Markup, escaped, number, share, size

RUN, TRAIN, TOKENIZE = "pipeline.run", "pipeline.train_tokenizer", "pipeline.tokenize"
"""The commands that make what may be missing."""


def head(held: Held, mixture: Mixture) -> Markup:
    """The page's head: alarms, tiles, a paragraph, and what is missing."""
    alarms = "".join(f'<p class="alarm">{line}</p>' for line in _alarms(held))
    return Markup(f"<h1>The corpus</h1>{alarms}{_tiles(held)}<p>{_told(held, mixture)}</p>{_missing(held, mixture)}")


def _tiles(held: Held) -> str:
    tokens = [tokens.all for tokens in held.tokenized.values()]
    tiles = {
        "sources": number(len(held.sources)),
        "documents kept": _short(sum(source.documents for source in held.sources)),
        "clean text": size(sum(source.text_bytes for source in held.sources)),
        "tokens": _short(sum(tokens)) if tokens else "–",
        "vocabulary": " and ".join(number(n) for n in sorted({found.vocabulary for found in held.tokenized.values()})) or "–",
    }
    return '<div class="tiles">' + "".join(f'<div class="tile"><b>{value}</b>{name}</div>' for name, value in tiles.items()) + "</div>"


def _short(count: int) -> str:
    """A number that fits a tile; the words below have it whole."""
    return number(count) if count < 1e8 else compact(count)


def _told(held: Held, mixture: Mixture) -> str:
    """What there is: sources, documents, bytes, tokens, tokenizer."""
    mixed = [source.name for source in held.sources if source.name in mixture.weights]
    others = [source.name for source in held.sources if source.name not in mixture.weights]
    kept = sum(source.books["kept"] for source in held.sources if source.books)
    read = sum(source.books["in"] for source in held.sources if source.books)
    text = size(sum(source.text_bytes for source in held.sources))
    words = [f"This output holds {_of(len(mixed), len(mixture.weights))} sources of the mixture"]
    words[0] += f" and {len(others)} of its own ({_listed(others)})." if others else "."
    words.append(f"Of {_counted(read, 'document')}, {number(kept)} ({share(kept, read)}) were kept: {text} of clean text.")
    return " ".join([*words, _tokens(held)])


def _tokens(held: Held) -> str:
    found = held.tokenized
    if not found:
        return "Nothing is tokenized yet."
    every, in_text, text = (sum(getattr(tokens, name) for tokens in found.values()) for name in ("all", "in_text", "text_bytes"))
    which = f"{_of(len(found), len(held.sources))} sources are tokenized" if len(held.sources) > 1 else "It is tokenized"
    ratio = f", {text / in_text:.2f} bytes of text a token" if in_text else ""
    models = {tokens.tokenizer: tokens.vocabulary for tokens in found.values()}
    by = " and ".join(f"<code>{escaped(digest[:12])}</code> (of {_counted(pieces, 'piece')})" for digest, pieces in models.items())
    return f"{which[0].upper()}{which[1:]}: {_counted(every, 'token')}, {number(in_text)} of them in text{ratio}, by the tokenizer {by}."


def _of(part: int, whole: int) -> str:
    return f"all {whole}" if part == whole else f"{part} of {whole}"


def _counted(count: int, what: str) -> str:
    return f"{number(count)} {what}" + ("" if count == 1 else "s")


def _listed(names: Sequence[str]) -> str:
    *first, last = (f"<bdi>{escaped(name)}</bdi>" for name in names)
    return f"{', '.join(first)} and {last}" if first else last


def _missing(held: Held, mixture: Mixture) -> str:
    """What the whole mixture lacks, a line with its command each; nothing where it lacks nothing."""
    ran = {source.name for source in held.sources}
    absent = [name for name in mixture.weights if name not in ran]
    plain = [source.name for source in held.sources if source.tokens is None]
    lines = []
    if absent:
        inputs = "".join(f" --input={name}:PATH" for name in absent) if len(absent) > 1 else " --input=PATH"
        lines.append((f"{_listed(absent)} {_is(absent)} not here", f"{RUN} --source={','.join(absent)}{inputs}"))
    if plain and held.tokenizer is None and not held.tokenized:
        lines.append(("There is no tokenizer", TRAIN))
    if plain:
        lines.append((f"{_listed(plain)} {_is(plain)} not tokenized", TOKENIZE))
    if not lines:
        return ""
    items = "".join(f"<li>{words}: {_command(command)}</li>" for words, command in lines)
    return f"<p>Still missing (DIR is this output):</p><ul>{items}</ul>"


def _command(words: str) -> str:
    """A command line for this output, which breaks between its words alone."""
    line = f"python -m {words} --output=DIR"
    return "<code>" + " ".join(f'<span style="display:inline-block">{escaped(word)}</span>' for word in line.split(" ")) + "</code>"


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _alarms(held: Held) -> Iterator[str]:
    for source in held.sources:
        yield from _wrong(source)
    models = {tokens.tokenizer for tokens in held.tokenized.values()}
    if len(models) > 1:
        yield (f"The tokens are of {len(models)} tokenizers, and cannot be mixed: {_command(f'{TOKENIZE} --overwrite')} makes all anew.")


def _wrong(source: Source) -> Iterator[str]:
    name = f"<bdi>{escaped(source.name)}</bdi>"
    again = f"{TOKENIZE} --source={source.name}"
    if source.books is not None and not source.books["closed"]:
        yield f"The books of {name} do not close."
    if source.tokens is not None and not source.tokens.closed:
        yield f"The books of the tokens of {name} do not close."
    if source.tokens is not None and not source.tokens.complete:
        yield f"Some clean shards of {name} could not be tokenized: {_command(again)} tries them again."
    if source.stale:
        yield f"The tokens of {name} are not of the clean text that is here: {_command(f'{again} --overwrite')} makes them anew."
