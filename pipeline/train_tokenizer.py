"""Trains the tokenizer: `python -m pipeline.train_tokenizer --output=out`.

SentencePiece BPE with the options that LLaMA's own tokenizer.model stores (spec: Tokenizer), on the clean shards of an output, each source in its share of
the mixture; into OUT/tokenizer/tokenizer.model, with a manifest beside it. LLaMA does not say which text its tokenizer was trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mixtures import named
from mixtures.mixture import Mixture
from pipeline import command_line, files, settings, tokenizer_sample, training
from pipeline.settings import setting
from pipeline.stores import scheme
from pipeline.tokenizer_sample import CleanSource, Drawn, FileSource, Source
from pipeline.training import Say, TrainingError
from pipeline.training_texts import Lines
from transforms import sentencepiece_file, tokenizer_training

RULES = 1
"""Raised by hand where the same documents and settings give another model than before: it is in the fingerprint."""

FOLDER, MODEL, MANIFEST = "tokenizer", "tokenizer.model", "manifest.json"
INPUT = "input"
"""The one source of a training on --input."""

COUNTED = [name for name in tokenizer_training.Split._fields if name != "lines"]

STORED = "code: LLaMA's tokenizer.model, trainer_spec"
NORMALIZER = "code: LLaMA's tokenizer.model, normalizer_spec"


@dataclass(frozen=True)
class TokenizerTraining:
    """How a tokenizer is trained. Options of SentencePiece have its names; what it stores that is not here has its default, which LLaMA's file has too."""

    sample_bytes: int = setting(
        2**30,
        "ours: bytes of text that are trained on at most, for a machine of 16 GB: the trainer took 2.7 GB for 160 MB and 4.5 GB for 320 MB of many "
        "languages and code, most of it for distinct words, which come to some 12 GB for 1 GiB if it goes on so, and less for prose",
    )
    column: str = setting("text", "ours: of --input, the Parquet column or JSON key of the text; what RedPajama and C4 call it")
    whitespace_score: float | None = setting(
        -1e9,
        "code: LLaMA's tokenizer.model, the scores of its 16 pieces of spaces, which the trainer does not give: so they merge last, and the last "
        "space of a run goes with the word behind it; none: the trainer's own",
    )
    vocab_size: int = setting(32_000, f"{STORED}; on little text the largest that can be had")
    character_coverage: float = setting(0.99995, STORED)
    input_sentence_size: int = setting(200_000_000, f"{STORED}; more lines than that are refused: the sample is ours to draw")
    shuffle_input_sentence: bool = setting(True, f"{STORED}; without effect, since no more lines are given than are taken")
    max_sentence_length: int = setting(
        4192, f"{STORED}, bytes of a line. ours: longer ones are cut at spaces, where LLaMA's trainer lost them"
    )
    num_threads: int = setting(80, f"{STORED}; stored, but without effect on the pieces (tested), so it is no matter of the machine")
    max_sentencepiece_length: int = setting(16, STORED)
    split_by_unicode_script: bool = setting(True, STORED)
    split_by_number: bool = setting(True, STORED)
    split_by_whitespace: bool = setting(True, STORED)
    treat_whitespace_as_suffix: bool = setting(False, STORED)
    allow_whitespace_only_pieces: bool = setting(True, STORED)
    split_digits: bool = setting(True, STORED)
    byte_fallback: bool = setting(True, STORED)
    hard_vocab_limit: bool = setting(
        True, f"{STORED}; the largest vocabulary that a small text gives is found first, so that it holds there too"
    )
    unk_id: int = setting(0, STORED)
    bos_id: int = setting(1, STORED)
    eos_id: int = setting(2, STORED)
    pad_id: int = setting(-1, f"{STORED}; -1: no such piece")
    normalization_rule_name: str = setting("identity", f"{NORMALIZER}, name")
    add_dummy_prefix: bool = setting(True, NORMALIZER)
    remove_extra_whitespaces: bool = setting(False, NORMALIZER)

    def __post_init__(self) -> None:
        for name, least, most in [
            ("sample_bytes", 1, None),
            ("vocab_size", 1, None),
            ("input_sentence_size", 101, None),  # SentencePiece refuses less
            ("num_threads", 1, 1024),
            ("max_sentence_length", 16, 2**16 - 1),  # it counts a line's characters in two bytes
            ("max_sentencepiece_length", 1, 512),
        ]:
            value = getattr(self, name)
            if value < least or (most is not None and value > most):
                raise settings.SettingError(f"{name} is {least} {f'to {most}' if most else 'or more'}, not {value}")
        ids = [number for number in (self.unk_id, self.bos_id, self.eos_id, self.pad_id) if number >= 0]
        if self.unk_id < 0 or sorted(ids) != list(range(len(ids))):
            raise settings.SettingError(
                f"unk_id, bos_id, eos_id and pad_id are 0, 1, 2, ... in any order, or -1 for none but unk_id, not {ids}"
            )
        if not 0.98 <= self.character_coverage <= 1:
            raise settings.SettingError(f"character_coverage is a share from 0.98 to 1, not {self.character_coverage:g}")

    @property
    def options(self) -> dict[str, tokenizer_training.Option]:
        """SentencePiece's options by their names."""
        ours = ("sample_bytes", "column", "whitespace_score")
        return {name: value for name, value, _ in settings.fields(self) if name not in ours}


@dataclass(frozen=True)
class Plan:
    """What is trained on, known before any text is read."""

    sources: Sequence[Source]
    mixture: Mixture
    inputs: dict[str, dict[str, dict[str, Any]]]
    """source -> file -> bytes as stored and sha256"""
    left_out: dict[str, str]
    """Sources of the output or of the mixture that give nothing, and why."""


def train(
    output: str,
    inputs: Sequence[str] = (),
    mixture: str = "llama",
    config: TokenizerTraining = TokenizerTraining(),
    overwrite: bool = False,
    say: Say = print,
) -> str:
    """Trains on the clean shards of `output`, or on the files `inputs` where there are any, into `output`/tokenizer, which is named.

    Where the same tokenizer stands already, it is left as it is. Raises InputError for files that cannot be used, TrainingError where `output`
    holds another tokenizer and not `overwrite`, and where none can be trained.
    """
    plan = _of_files(inputs, config) if inputs else _of_output(output, named.find(mixture))
    for name, why in plan.left_out.items():
        say(f"{name} is left out: {why}")
    versions = {name: version(name) for name in ("pyarrow", "sentencepiece")}
    weights = {name: str(weight) for name, weight in plan.mixture.weights.items()}
    fingerprint = settings.fingerprint(RULES, config, weights, plan.inputs, versions)
    place = files.join(output, FOLDER)
    if not overwrite and _stands(place, fingerprint):
        say(f"{place} holds this tokenizer already: nothing is done again")
        return place
    local = not scheme(output)
    if local:
        Path(output).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{files.PARTIAL}{FOLDER}-", dir=output if local else None) as name:
        folder, result = Path(name), Path(name) / "result"
        result.mkdir()
        manifest = _train(plan, config, folder, result, say)
        manifest |= {
            "mixture": {"name": plan.mixture.name, "origin": plan.mixture.origin, "weights": weights},
            "left_out": plan.left_out,
            "settings": settings.described(config),
            "versions": versions,
            "fingerprint": fingerprint,
        }
        text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        (result / MANIFEST).write_text(text, encoding="utf-8")
        if local:
            training.put_in_place(result, Path(place), folder / "former")
        else:
            for name in (MODEL, MANIFEST):
                files.write_bytes(files.join(place, name), (result / name).read_bytes())
    return place


def _of_files(inputs: Sequence[str], config: TokenizerTraining) -> Plan:
    listing, _ = files.expand([str(path) for path in inputs])
    described = {file.name: {"bytes": file.size, "sha256": files.sha256(file.path)} for file in listing}
    mixture = Mixture(INPUT, {INPUT: Fraction(1)}, 1, "ours: files that were given are one source")
    return Plan([FileSource(INPUT, listing, config.column)], mixture, {INPUT: described}, {})


def _of_output(output: str, mixture: Mixture) -> Plan:
    """Raises InputError for a source without a finished run, TrainingError where none has text."""
    held = [name for name in files.names(output) if files.exists(files.join(output, name, "clean"))]
    held += [name for name in mixture.weights if name not in held and files.exists(files.join(output, name, "manifest.json"))]
    left_out = {name: f"no source of the mixture {mixture.name}" for name in held if name not in mixture.weights}
    left_out |= {name: "the output has none; the others have its share" for name in mixture.weights if name not in held}
    sources = [CleanSource(output, name) for name in mixture.weights if name in held]
    left_out |= {source.name: "its run kept no text; the others have its share" for source in sources if not source.text_bytes}
    sources = [source for source in sources if source.text_bytes]
    if not sources:
        found = f"none of {', '.join(mixture.weights)}" if not held else f"no text in {', '.join(held)}"
        raise TrainingError(
            f"{output}: expected the clean shards of a source of the mixture {mixture.name}, found {found}: run python -m pipeline.run "
            f"--source=NAME --output={output} first, or give files of texts with --input"
        )
    described = {source.name: {file.name: {"bytes": file.size, "sha256": file.tag} for file in source.listing} for source in sources}
    return Plan(sources, mixture.only([source.name for source in sources]), described, left_out)


def _stands(place: str, fingerprint: str) -> bool:
    """Whether the tokenizer that is wanted stands there. Raises TrainingError where anything else does."""
    if not files.names(place):
        return False
    what = "what is no tokenizer of this command"
    manifest, model = files.join(place, MANIFEST), files.join(place, MODEL)
    if files.exists(manifest) and files.exists(model):
        held = _read(manifest)
        same = held.get("sha256") == hashlib.sha256(files.read_bytes(model)).hexdigest()
        if same and held.get("fingerprint") == fingerprint:
            return True
        what = "a tokenizer of other inputs, settings or versions" if same else "a model that is not the one its manifest names"
    raise TrainingError(f"{place} holds {what}. Name another --output, or replace it with --overwrite")


def _read(manifest: str) -> dict[str, Any]:
    try:
        held = json.loads(files.read_bytes(manifest))
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


def _train(plan: Plan, config: TokenizerTraining, folder: Path, result: Path, say: Say) -> dict[str, Any]:
    """Writes the model; what the manifest says of it and of the sample."""
    sample, drawn, counts = _sample(plan, config, folder / "sample", say)
    say(f"{sample.count} lines, {counts['line_bytes']} bytes; training for {config.vocab_size} pieces")
    try:
        model = tokenizer_training.train_bpe(sample, config.options)
    except ValueError as error:
        raise TrainingError(str(error)) from None
    if config.whitespace_score is not None:
        model = tokenizer_training.with_whitespace_score(model, config.whitespace_score)
    (result / MODEL).write_bytes(model)
    found = len(sentencepiece_file.read(model).pieces)
    if found < config.vocab_size:
        say(f"a vocabulary of {found} pieces, the largest that these texts give; {config.vocab_size} were wanted")
    return {
        "vocabulary": {"wanted": config.vocab_size, "got": found},
        "sha256": hashlib.sha256(model).hexdigest(),
        "sources": tokenizer_sample.shares(plan.mixture, drawn),
        "inputs": {
            name: {**file, **drawn[source].by_file.get(name, {"documents": 0, "text_bytes": 0})}
            for source, listed in plan.inputs.items()
            for name, file in listed.items()
        },
        "bytes": {name: counts[name] for name in ("sampled", "line_bytes", "line_ends")},
        "lines": {"given": sample.count, "counting_as": counts["lines"], **{name: counts[name] for name in ("empty", "cut")}},
        "boundaries": {name: counts[name] for name in ("tabs", "unit_separators", "nuls", "unknown_marks", "piece_names")},
        "sample_sha256": files.sha256(folder / "sample"),
    }


def _sample(plan: Plan, config: TokenizerTraining, path: Path, say: Say) -> tuple[Lines, dict[str, Drawn], Counter[str]]:
    """Writes the lines that are trained on, and counts what they are of. Raises TrainingError where the trainer would not take them all."""
    wanted = tokenizer_sample.quotas(plan.sources, plan.mixture, config.sample_bytes)
    drawn: dict[str, Drawn] = {}
    counts: Counter[str] = Counter()
    with Lines(path) as sample:
        for source in plan.sources:
            one = drawn[source.name] = Drawn()
            quota = config.sample_bytes if source.text_bytes is None else wanted[source.name]
            for text, often in tokenizer_sample.draw(source, quota, one):
                split = tokenizer_training.split(text, config.max_sentence_length)
                counts.update({name: often * getattr(split, name) for name in COUNTED})
                counts["lines"] += often * len(split.lines)
                for line in split.lines:
                    sample.add(tokenizer_training.counted(line, often))
                if sample.count > config.input_sentence_size:
                    raise TrainingError(
                        f"expected at most {config.input_sentence_size} lines (input_sentence_size) in the sample, found more: set "
                        "sample_bytes lower, or input_sentence_size higher"
                    )
            say(f"{source.name}: {one.documents} of {one.read_documents} documents, {one.repeats} repeats, {one.bytes} bytes")
    counts["sampled"] = sum(one.bytes for one in drawn.values())
    if counts["sampled"] != counts["line_bytes"] + counts["line_ends"]:
        raise RuntimeError(f"the books of the sample do not close: {dict(counts)}")
    if not sample.count:
        raise TrainingError("expected lines to train on, found documents of line ends alone")
    return sample, drawn, counts


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.train_tokenizer",
        description="Trains a SentencePiece BPE model as LLaMA's was, on the clean shards of an output, into DIR/tokenizer.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--output", default="out", metavar="DIR", help="the output of pipeline.run, and where the tokenizer goes (default: out)"
    )
    mixture = "shares of the sources: llama (default), redpajama, or a file .toml or .py"
    parser.add_argument("--mixture", metavar="NAME", help=mixture)
    texts = "files of texts instead of DIR's shards, as pipeline.train_lm takes them: paths, globs, URLs or @LIST"
    parser.add_argument("--input", action="extend", nargs="+", default=[], metavar="PATH", help=texts)
    parser.add_argument("--column", metavar="NAME", help="of --input: the Parquet column or JSON key of the text (default: text)")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="changes a field of the settings")
    fields = "prints every field with its value and where the value comes from, then ends"
    parser.add_argument("--list-fields", action="store_true", help=fields)
    parser.add_argument("--overwrite", action="store_true", help="replaces another tokenizer in DIR")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: as `training.run`."""
    parser = _arguments()
    options = parser.parse_args(arguments)
    if options.input and options.mixture:
        parser.error("--mixture is for the sources of --output, and --input is one source: give the one or the other")
    changes = options.set + ([f"column={options.column}"] if options.column else [])

    if options.list_fields:
        try:
            command_line.print_fields(settings.change(TokenizerTraining(), changes))
        except settings.SettingError as error:
            parser.error(str(error))
        return 0

    def trained(say: Say) -> str:
        config = settings.change(TokenizerTraining(), changes)
        return train(options.output, options.input, options.mixture or "llama", config, options.overwrite, say)

    return training.run(trained)


if __name__ == "__main__":
    sys.exit(main())
