"""datatrove's three-stage sentence deduplication, with a line as the sentence: run by `benchmarks.line_deduplication` in datatrove's own environment.

    python datatrove_lines.py FOLDER FILES      FOLDER/input/*.parquet in, FOLDER/datatrove out; prints CPU seconds of each part as JSON

It imports nothing of this project.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from datatrove.executor import LocalPipelineExecutor  # type: ignore[import-not-found]
from datatrove.pipeline.dedup import SentDedupConfig, SentenceDedupFilter, SentenceDedupSignature, SentenceFindDedups  # type: ignore[import-not-found]
from datatrove.pipeline.readers import ParquetReader  # type: ignore[import-not-found]
from datatrove.pipeline.writers import ParquetWriter  # type: ignore[import-not-found]

LINES = SentDedupConfig(n_sentences=1, split_sentences=False, only_dedup_in_index=False, min_doc_words=0, min_num_sentences=0)


def main(folder: str, files: int) -> None:
    out = f"{folder}/datatrove"
    reader = ParquetReader(f"{folder}/input", glob_pattern="*.parquet")
    seconds = {}
    for name, steps, tasks in (
        ("read", [reader], files),
        ("read, write", [reader, ParquetWriter(f"{out}/copied")], files),
        ("signatures", [reader, SentenceDedupSignature(f"{out}/signatures", config=LINES)], files),
        ("find", [SentenceFindDedups(f"{out}/signatures", f"{out}/duplicates", config=LINES, lines_to_buffer=10_000)], 1),
        ("filter", [reader, SentenceDedupFilter(f"{out}/duplicates", config=LINES), ParquetWriter(f"{out}/left")], files),
    ):
        seconds[name] = cpu_of(steps, tasks, f"{out}/logs/{name}")
    print(json.dumps(seconds))


def cpu_of(steps: list[Any], tasks: int, logs: str) -> float:
    """CPU seconds of a pipeline in this process."""
    started = time.process_time()
    LocalPipelineExecutor(steps, tasks=tasks, workers=1, logging_dir=logs, skip_completed=False).run()
    return time.process_time() - started


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
