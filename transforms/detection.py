"""Which language a text is in, as langdetect 1.0.9 says: C4 keeps a page whose first guess is English with 0.99 (spec 4.3, step 8).

langdetect draws n-grams at random; from one seed a text always gives the same answer, here by seed 0 with no state that anything else could
change. Labels and scores equal those of the library to the last bit, on Python 3.11 (its sum() of floats is another from 3.12 on) and with the
profiles in the order of their names (the library takes them as the folder lists them, which moves the last bits). The loops are in
`transforms.kernels.detection`.
"""

import json
import math
import random
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transforms.texts import Texts

SEED = 0  # code: c4_utils.detect_english sets DetectorFactory.seed = 0; ruling: in every worker
ALPHA, ALPHA_WIDTH, BASE_FREQUENCY = 0.5, 0.05, 10_000  # code: langdetect Detector.ALPHA_DEFAULT, ALPHA_WIDTH, BASE_FREQ
MAX_CHARACTERS = 10_000  # code: langdetect Detector.max_text_length, of the text after substitutions
LEAST_PROBABILITY = 0.1  # code: langdetect Detector.PROB_THRESHOLD; where no language has more, there is no answer
REWRITTEN = "https?://|@|[\u0300\u0301\u0303\u0309\u0323]"
"""What langdetect's three substitutions all need: an address, an at sign, one of NGram.DMARK_CLASS."""
STREAM_WORDS = 1 << 15
"""More words of the generator than any text can use up: 7 trials of 1,001 draws, each of which takes two words or fewer on the average."""
CODE_POINTS, FIRST_UNCHANGED = 0x110000, 0x10000
"""NGram.normalize leaves characters beyond the basic plane as they are."""

Measured = tuple[pa.StringArray, npt.NDArray[np.float64]]


class Detector:
    """Detects languages with the profiles that langdetect carries. Made once a process, in half a second: it does not pickle."""

    def __init__(self) -> None:
        from langdetect.detector_factory import PROFILES_DIRECTORY

        self.labels, self._grams = _profiles(Path(PROFILES_DIRECTORY))
        self._forms, self._upper = _characters()
        self._stream = _stream()

    def detect(self, texts: Texts) -> Measured:
        """[documents] The most probable language (such as en or zh-cn) and its probability; null and 0.0 where there is no answer."""
        from transforms.kernels.detection import detect_languages

        prepared = Texts(self._rewritten(texts.array))
        numbers, scores = np.empty(len(texts), np.int32), np.empty(len(texts), np.float64)
        tables = self._forms, self._upper, self._grams, self._stream
        detect_languages(prepared.buffer, np.ascontiguousarray(prepared.offsets), MAX_CHARACTERS, *tables, numbers, scores)
        unknown = scores <= LEAST_PROBABILITY
        scores[unknown] = 0.0
        return pa.array(self.labels[numbers], pa.string(), mask=unknown), scores

    def _rewritten(self, array: pa.StringArray) -> pa.StringArray:
        """The texts with addresses and Vietnamese letters as langdetect has them, by its own expressions, where there are any."""
        affected = pc.match_substring_regex(array, REWRITTEN)
        texts = cast(list[str], array.filter(affected).to_pylist())
        return pc.replace_with_mask(array, affected, pa.array(map(self._substituted, texts), pa.string())) if texts else array

    def _substituted(self, text: str) -> str:
        """As much of the text as is ever read. What is substituted holds no space, so it may be cut at one beforehand."""
        urls, mail, letters = self._substitutions
        least = 2 * MAX_CHARACTERS
        while True:
            cut = text.find(" ", least)
            piece = urls.sub(" ", text if cut < 0 else text[:cut])
            piece = cast(str, letters(mail.sub(" ", piece) if "@" in piece else piece))
            if cut < 0 or len(piece) >= MAX_CHARACTERS:
                return piece
            least *= 2

    @cached_property
    def _substitutions(self) -> tuple[Any, Any, Any]:
        from langdetect.detector import Detector as Reference
        from langdetect.utils.ngram import NGram

        return Reference.URL_RE, Reference.MAIL_RE, NGram.normalize_vi


def _profiles(folder: Path) -> tuple[npt.NDArray[np.object_], tuple[npt.NDArray[Any], ...]]:
    """The languages, and their n-grams as `transforms.kernels.detection` reads them (code: langdetect DetectorFactory.add_profile)."""
    from transforms.kernels.detection import BITS, fill_slots

    profiles = [json.loads(path.read_bytes()) for path in sorted(folder.iterdir())]
    numbers: dict[str, int] = {}
    for profile in profiles:
        for gram in profile["freq"]:
            numbers.setdefault(gram, len(numbers))
    frequencies = np.zeros((len(numbers), len(profiles)))
    for language, profile in enumerate(profiles):
        counts = profile["n_words"]
        rows = [numbers[gram] for gram in profile["freq"]]
        frequencies[rows, language] = [1.0 * count / counts[len(gram) - 1] for gram, count in profile["freq"].items()]
    shift = int(BITS)
    keys = [sum(ord(character) << shift * place for place, character in enumerate(reversed(gram))) for gram in numbers]
    slots = np.zeros(1 << (2 * len(keys)).bit_length(), np.uint64)
    places = np.zeros(len(slots), np.int32)
    fill_slots(np.array(keys, np.uint64), slots, places)
    return np.array([profile["name"] for profile in profiles], object), (slots, places, frequencies)


def _characters() -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Per code point, what langdetect's NGram.normalize makes of it, and whether it is upper case."""
    from langdetect.utils.ngram import NGram

    forms = np.arange(CODE_POINTS, dtype=np.int32)
    forms[:FIRST_UNCHANGED] = [ord(NGram.normalize(chr(code))) for code in range(FIRST_UNCHANGED)]
    upper = np.fromiter((chr(code).isupper() for code in range(CODE_POINTS)), np.uint8, CODE_POINTS)
    return forms, upper


def _stream() -> tuple[npt.NDArray[Any], ...]:
    """The 32-bit words of Python's generator from the seed on; per place in them, the weights of the two numbers that random.gauss draws there.

    random() takes two words: 27 bits of the first and 26 of the second.
    """
    generator = random.Random(SEED)
    words = np.array([generator.getrandbits(32) for _ in range(STREAM_WORDS + 3)], np.uint32)
    uniform = ((words[:-1] >> np.uint32(5)) * 67108864.0 + (words[1:] >> np.uint32(6))) / 9007199254740992.0
    weights = np.empty((2, STREAM_WORDS))
    for place, (angle, radius) in enumerate(zip(uniform[:-2].tolist(), uniform[2:].tolist(), strict=True)):
        turn, length = angle * math.tau, math.sqrt(-2.0 * math.log(1.0 - radius))
        for row, projection in enumerate((math.cos(turn), math.sin(turn))):
            weights[row, place] = (ALPHA + projection * length * ALPHA_WIDTH) / BASE_FREQUENCY
    return words, weights[0], weights[1]
