"""What a run will do: units from the listing, one fingerprint for all that shapes the output, and where everything lies.

A job travels to the workers whole; it is small, and holds no host and no time.
"""

import dataclasses
import importlib
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any, Protocol

from pipeline import files, recipe, settings

SOURCES = ("commoncrawl", "c4", "github", "wikipedia", "books", "arxiv", "stackexchange")
"""The sources of LLaMA's Table 1 that have a file in pipeline/sources."""

RULES = 1
"""Raised by hand where the same input and configuration give other output than before: it is in every fingerprint."""

SCHEMA = "1"
"""Version of the columns on disk; named in the footer of every shard."""

PARTITION_BYTES = 2**30
"""Input bytes for one hash range of the exchange. ours: some 25 million distinct lines, gone through in bounded pieces; a claim a unit and range is small
beside that. The output does not depend on it."""
FEWEST_PARTITIONS, MOST_PARTITIONS = 8, 256
"""ours: enough for the cores of one machine; few enough that 80,000 units send 20 million claims, not more."""


_EXCHANGES = {recipe.Gather: "gather", recipe.Survey: "survey", recipe.DropContained: "candidates", recipe.Compare: "contained"}


def totals_name(kind: str) -> str:
    """The name under which a unit's totals of a kind leave it."""
    return f"totals-{kind}"


@dataclass(frozen=True)
class Unit:
    """One input file or a range of one, known from the listing alone.

    Attributes:
        name: relative to the inputs' common folder; tag: changes when the file does; size: bytes of the unit's share.
        start, end: what begins in these bytes of the file is the unit's; file_size: of the whole file.
        companion: path of another input that the source reads beside it, such as a dump's index; empty: none.
    """

    number: int
    path: str
    name: str
    size: int
    tag: str
    start: int = 0
    end: int = 0
    file_size: int = 0
    companion: str = ""


class Work(Protocol):
    """What fills a folder of the output, unit by unit, with receipts in a work folder: a source's run, or the tokens of its documents."""

    @property
    def fingerprint(self) -> str:
        """Of everything that shapes the output but the unit itself."""

    @property
    def directory(self) -> str:
        """The folder that it fills, manifest last."""

    @property
    def folders(self) -> list[str]:
        """Where its shards lie."""

    @property
    def work(self) -> str:
        """Its work folder."""

    def shard_path(self, name: str) -> str:
        """Path of a shard that its manifest names."""


@dataclass(frozen=True)
class Job:
    """One source's run.

    Attributes:
        config: the source's configuration, as the preset and --set leave it.
        models: what the source's `models` found: paths and fingerprints of the models that this configuration needs.
        units: how many units there are; partitions: hash ranges of an exchange, a power of two.
        fingerprint: of everything that shapes the output but the unit itself.
    """

    source: str
    config: Any
    models: Any
    output: str
    units: int
    partitions: int
    fingerprint: str

    def __getstate__(self) -> dict[str, Any]:
        """What travels: the fields alone, not the recipe that each process makes for itself."""
        return {field.name: self.__dict__[field.name] for field in dataclasses.fields(self)}

    @cached_property
    def module(self) -> ModuleType:
        """The source's file: `read`, `recipe`, and the schemas `READ`, `PASSED` and `CLEAN`."""
        return source_module(self.source)

    @cached_property
    def stages(self) -> list[list[recipe.Step]]:
        """The recipe, cut."""
        return recipe.stages(self.module.recipe(self.config, self.models))

    def cut(self, stage: int) -> recipe.Cut | None:
        """The step that needs the whole corpus at which a stage ends; None where it ends because ids are compared, or with the recipe."""
        steps = self.stages[stage]
        return steps[-1] if steps and isinstance(steps[-1], recipe.Cut) else None

    def exchange(self, stage: int) -> str:
        """The name of the exchange behind a stage."""
        return f"{_EXCHANGES.get(type(self.cut(stage)), 'duplicates')}-{stage}"

    def sent(self, stage: int) -> tuple[int, str]:
        """(stage, name) under which the claims for the exchange behind a stage left their unit: what the reader gave left in stage 0."""
        cut = self.cut(stage)
        return (0, totals_name(cut.kind)) if isinstance(cut, recipe.Survey) else (stage, self.exchange(stage))

    def documents(self, stage: int, unit: int) -> str:
        """Path of the documents that a stage takes from the ones before."""
        before = stage - 1
        return self.passed(before - 1 if isinstance(self.cut(before), recipe.Compare) else before, unit, "documents")

    @property
    def directory(self) -> str:
        return files.join(self.output, self.source)

    @property
    def folders(self) -> list[str]:
        return [files.join(self.directory, kind) for kind in ("clean", "rejected", "broken", "partners")]

    @property
    def work(self) -> str:
        return files.join(self.output, "work", self.source)

    def shard(self, kind: str, unit: int) -> str:
        """Path of a unit's Parquet file among the `clean`, `rejected`, `broken` or `partners` ones."""
        return files.join(self.directory, kind, f"{unit:05d}.parquet")

    def shard_path(self, name: str) -> str:
        """Path of a shard that the manifest names."""
        return files.join(self.output, name)

    def passed(self, stage: int, unit: int, what: str) -> str:
        """Path of what a stage leaves in the work folder for the next one."""
        return files.join(self.work, f"stage-{stage}", f"{unit:05d}.{what}")

    def receipt(self, stage: int, unit: int) -> str:
        return files.join(self.work, "receipts", f"{stage}-{unit:05d}.json")

    def verdicts(self, exchange: str, group: int, partition: int) -> str:
        return files.join(self.work, "verdicts", f"{exchange}-{group:05d}-{partition:04d}.bin")


def source_module(name: str) -> ModuleType:
    """The module of a source. Raises SettingError for a name that is none, with the nearest."""
    settings.one_of("--source", name, SOURCES)
    return importlib.import_module(f"pipeline.sources.{name}")


def units(source: str, listing: list[files.Listed]) -> list[Unit]:
    """One unit a file, or a range of one where the source can begin in the middle, numbered in the order of the sorted listing.

    A file that the source reads beside another one is no unit.
    """
    module = source_module(source)
    splits = getattr(module, "splits", None)
    beside = module.companions(listing) if hasattr(module, "companions") else {}
    companions = {file.path for file in beside.values()}
    made: list[Unit] = []
    for file in listing:
        if file.path in companions:
            continue
        other = beside.get(file.path)
        tag, path = (f"{file.tag} {other.tag}", other.path) if other else (file.tag, "")
        for start, end in splits(file.name, file.size) if splits else [(0, file.size)]:
            made.append(Unit(len(made), file.path, file.name, end - start, tag, start, end, file.size, path))
    return made


def partitions(listing: list[files.Listed]) -> int:
    """Hash ranges of an exchange over these inputs: a power of two."""
    wanted = sum(file.size for file in listing) // PARTITION_BYTES
    return int(min(MOST_PARTITIONS, max(FEWEST_PARTITIONS, 1 << int(wanted).bit_length())))


def make_job(source: str, config: Any, models: Any, output: str, listing: list[files.Listed]) -> Job:
    """The job whose fingerprint names the configuration, the models' content and the rule version; the listing has its own."""
    shaped = settings.fingerprint(source, RULES, SCHEMA, config, models.fingerprints if models else {})
    return Job(source, config, models, output, len(units(source, listing)), partitions(listing), shaped)


def listing_fingerprint(listing: list[files.Listed]) -> str:
    """Of the names, sizes and tags of all inputs."""
    return settings.fingerprint([[file.name, file.size, file.tag] for file in listing])


def group_of(step: recipe.DropDuplicates, unit: int, all_units: int) -> int:
    """The group within which a unit's duplicates are looked for: a shard is ceil(units / shards) consecutive units."""
    shard = unit // -(-all_units // step.shards)
    kind, _, count = step.scope.partition(":")
    return {"corpus": 0, "shard": shard, "group": shard // int(count or 1)}[kind]
