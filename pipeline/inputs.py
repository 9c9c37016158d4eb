"""What a run reads, and the models that it needs: named files, a dump, or the embedded sample with models of its own."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline import dumps, dumps_fetch, files, models, plan, setup
from pipeline.command_line import UsageError
from pipeline.files import Listed
from pipeline.language_models import ModelMissing


@dataclass(frozen=True)
class Inputs:
    """One source's share of a line: its configuration, the sorted listing, the paths that were listed more than once, and the models."""

    source: str
    config: Any
    listing: list[Listed]
    twice: list[str]
    models: Any


def gather(flags: argparse.Namespace, source: str, config: Any) -> Inputs:
    """The inputs of one source, and the configuration with what the listing decides. Raises as `_gather`."""
    found = _gather(flags, source, config)
    resolve = getattr(plan.source_module(source), "resolve", None)
    return replace(found, config=resolve(found.config, found.listing)) if resolve else found


def _gather(flags: argparse.Namespace, source: str, config: Any) -> Inputs:
    """Finds the inputs and the models of one source. Raises InputError or UsageError where one is missing.

    With inputs given nothing is trained or fetched but the files of `--dump`; the embedded sample makes its own models under the output's work folder.
    """
    folders = getattr(plan.source_module(source), "folders", None)
    patterns, dump = mine(flags, source, flags.input), mine(flags, source, flags.dump)
    try:
        if not flags.input and not flags.dump:
            if importlib.util.find_spec(f"pipeline.samples.{source}") is None:
                raise UsageError(f"{source} has no embedded sample: give files with --input")
            sample = importlib.import_module(f"pipeline.samples.{source}")
            packed, made = sample.prepare(Path(flags.output) / "work", flags.models, config)
            return Inputs(source, config, *files.expand([str(path) for path in packed], folders=folders), made)
        if not patterns and not dump:
            raise UsageError(f"no input for {source}, and the embedded sample is not mixed with real input: give --input={source}:PATH")
        if patterns and dump:
            raise UsageError(f"--input and --dump exclude each other: give {source} the one or the other")
        listing, twice = (_dumped(flags, source, config, dump), []) if dump else files.expand(patterns, folders=folders)
        found = models.find(config, flags.models)
        return Inputs(source, config, listing, twice, found)
    except (ModelMissing, setup.SetupError) as error:
        raise UsageError(str(error)) from None


def mine(flags: argparse.Namespace, source: str, values: list[str]) -> list[str]:
    """A source's own among values that are given as VALUE, or as SOURCE:VALUE where the line has several sources."""
    found = []
    for value in values:
        name, colon, rest = value.partition(":")
        if colon and name in plan.SOURCES:
            if name not in flags.sources:
                raise UsageError(f"{value}: {name} is not among the sources of this line, {','.join(flags.sources)}")
            found += [rest] if name == source else []
        elif len(flags.sources) == 1:
            found.append(value)
        else:
            raise UsageError(f"{value}: with several sources, say whose it is: {flags.sources[0]}:{value}")
    return found


def _dumped(flags: argparse.Namespace, source: str, config: Any, dump: list[str]) -> list[Listed]:
    if len(dump) > 1:
        raise UsageError(f"one --dump for a source, found {len(dump)}: {', '.join(dump)}")
    return dumps.listing(source, dump[0], flags.files, flags.dump_base, config)


def fetched(flags: argparse.Namespace, given: Inputs) -> list[Listed]:
    """The listing with the files that have a published digest brought here and checked; names and tags stay. Raises OSError, InputError."""
    return dumps_fetch.fetch(
        given.listing, str(Path(flags.dumps) / given.source), said=lambda line: print(f"pipeline.run: {line}", file=sys.stderr)
    )
