"""The overview's section on the tokenizer: what train_tokenizer writes is shown in words, anything else as it is, and nothing is demanded."""

import made_output
import pytest

from pipeline import overview_tokenizer
from pipeline.overview_held import Held, read

MANIFEST = {
    "sha256": "ef" * 32,
    "vocabulary": {"wanted": 32000, "got": 12455},
    "sources": {
        "books": {"share_wanted": "9/200", "share_got": 0.05, "bytes": 12345, "documents": 3, "repeats": 0, "read_documents": 19},
        "c4": {"share_wanted": "19/20", "share_got": 0.95, "bytes": 99, "documents": 13, "repeats": 1234, "read_documents": 13},
    },
    "settings": {"byte_fallback": {"value": True, "origin": "code: <stored>"}, "character_coverage": {"value": 0.99995, "origin": "code"}},
    "inputs": {f"c4/clean/{place:05d}.parquet": {"bytes": place} for place in range(31)},
}


NOTHING = Held((), None)


def page(manifest, held=NOTHING):
    return overview_tokenizer.shown(manifest, held)


def test_pieces_and_sample_are_those_of_the_manifest(tmp_path):
    for name in ("books", "c4"):
        made_output.source(tmp_path, name)
    drawn = page(MANIFEST, read(str(tmp_path)))
    assert f"12,455 pieces, of 32,000 that were wanted. SHA-256: {'ef' * 32}." in made_output.text(drawn)
    sample = made_output.rows(drawn, "What it was trained on")
    assert sample == {
        "c4": ["95.0%", "95.0%", "99 bytes", "13", "1,234", "13"],
        "books": ["4.5%", "5.0%", "12.3 kB", "3", "0", "19"],
    }
    assert list(sample) == ["c4", "books"], "in the output's order"
    assert "another one" not in drawn


def test_the_rest_of_the_manifest_is_shown_folded_and_long_lists_are_cut():
    drawn = page(MANIFEST)
    assert "<summary>all of its manifest</summary>" in drawn
    settings = made_output.rows(drawn, "settings")
    assert settings == {"byte_fallback": ["true", "code: <stored>"], "character_coverage": ["0.99995", "code"]}
    inputs = made_output.rows(drawn, "inputs (the first 30 of 31; its manifest.json has all)")
    assert len(inputs) == 30
    assert inputs["c4/clean/00029.parquet"] == ["29"]
    nested = {"inputs": {"c4": {f"{place}.parquet": {} for place in range(100)}, "books": {"a": {"bytes": 1}}}}
    assert made_output.rows(page(nested), "inputs") == {"c4": ["100, see its manifest.json"], "books": ['{"a": {"bytes": 1}}']}


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ({}, "does not say how many pieces"),
        ({"vocabulary": 32000}, "32,000 pieces."),
        ({"vocabulary": {"wanted": 7, "got": 7}}, "7 pieces, as were wanted."),
        ({"vocabulary": {"wanted": None}}, "does not say how many pieces"),
        ({"vocabulary": ["a"], "sha256": 5, "sources": [1, 2]}, "does not say how many pieces"),
        ({"sources": {"c4": {"share_wanted": "most", "share_got": "1/0", "bytes": None}}}, "most"),
        ({"sources": {"c4": 5}}, "does not say how many pieces"),
    ],
)
def test_nothing_is_demanded_of_a_manifest(manifest, said):
    assert said in made_output.text(page(manifest))


def test_names_and_values_cannot_write_markup():
    hostile = "<script>\u202e"
    drawn = page({hostile: hostile, "sha256": hostile, "sources": {hostile: {"bytes": hostile}}, "x": {hostile: {hostile: [hostile]}}})
    assert "<script" not in drawn
    assert "\u202e" not in drawn


def test_tokens_of_another_tokenizer_are_said(tmp_path):
    made_output.tokens(tmp_path, "c4")
    assert "made with another one" in page(MANIFEST, read(str(tmp_path)))
    assert "made with another one" not in page({"sha256": "ab" * 32}, read(str(tmp_path)))
