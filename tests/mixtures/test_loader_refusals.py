"""Sources that cannot be drawn from are named, with the command that makes them and the way to leave them out."""

import shutil
from fractions import Fraction

import pytest
from made_tokens import TOKENIZER, made_documents, write_manifest, write_source

from mixtures.loader import Loader
from mixtures.mixture import Mixture
from mixtures.token_manifest import TokensError

THIRDS = Mixture("made", {name: Fraction(1, 3) for name in ("books", "arxiv", "github")}, 1000, "ours: made")


@pytest.fixture
def output(tmp_path):
    for source in THIRDS.weights:
        write_source(tmp_path, source, [made_documents([9])])
    return tmp_path


def refused(output, *said, **options):
    with pytest.raises(TokensError) as error:
        Loader(str(output), THIRDS, **{"sequence_length": 8, "sequences": 4, **options})
    for words in said:
        assert words in str(error.value)


def test_sources_without_tokens_are_named_with_the_command_and_the_way_to_leave_them_out(output):
    for source in ("arxiv", "github"):
        shutil.rmtree(output / "tokens" / source)
    refused(output, "found none of arxiv, github", f"pipeline.tokenize --output={output} --source=arxiv,github", "mixture.only(['books'])")
    Loader(str(output), THIRDS.only(["books"]), sequence_length=8, sequences=4)


def test_no_tokens_at_all_are_named(output):
    shutil.rmtree(output / "tokens")
    refused(output, "found none of books, arxiv, github", "there is no other source")


@pytest.mark.parametrize("shards", [[], [[]], [[[], []], []]])
def test_an_empty_source_is_named(output, shards):
    shutil.rmtree(output / "tokens" / "arxiv")
    write_source(output, "arxiv", shards)
    refused(output, "found no token of arxiv", "--source=arxiv", "mixture.only(['books', 'github'])")


def test_another_tokenizer_is_named_with_its_sources(output):
    write_source(output, "arxiv", [made_documents([9])], tokenizer={**TOKENIZER, "sha256": "6" * 64})
    refused(output, "expected one tokenizer", f"'{'6' * 64}'", "in arxiv", "in books, github")


def test_another_vocabulary_is_another_tokenizer(output):
    write_source(output, "arxiv", [made_documents([9])], tokenizer={**TOKENIZER, "vocabulary": 999})
    refused(output, "expected one tokenizer", "in arxiv", "in books, github")


def test_another_type_of_tokens_is_named(output):
    write_source(output, "github", [made_documents([9])], dtype="uint32")
    refused(output, "expected one type of tokens", "uint16 in books, arxiv; uint32 in github")


@pytest.mark.parametrize("policy", ["bos", "eos"])
def test_another_policy_of_bos_or_eos_is_named(output, policy):
    write_source(output, "books", [made_documents([9])], **{policy: False})
    refused(output, "expected one policy of BOS and EOS", f"'{policy}': False", "in books; ", "in arxiv, github")


def test_tokens_of_another_source_in_a_folder_are_named(output):
    path = output / "tokens" / "books" / "manifest.json"
    path.write_text(path.read_text().replace('"source": "books"', '"source": "c4"'))
    refused(output, "expected the tokens of books, found those of c4")


def test_a_source_that_is_not_complete_is_named(output):
    write_manifest(output / "tokens" / "arxiv", {}, complete=False)
    refused(output, "expected complete token shards", "--source=arxiv")


def test_holding_out_every_document_is_refused(output):
    refused(output, "books: expected documents to draw beside those held out", "9 tokens in 1 documents", held_out=9)
    refused(output, "books: expected documents to draw beside those held out", held_out=900)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sequence_length": 0}, "expected a sequence_length of 1 or more, found 0"),
        ({"sequences": 0}, "expected a sequences of 1 or more, found 0"),
        ({"held_out": 8}, "expected a held_out of 0, or of one sequence at least \\(9 tokens\\), found 8"),
        ({"held_out": -1}, "expected a held_out of 0"),
        ({"sequence_length": 1.5}, "expected a whole number as sequence_length, found 1.5"),
        ({"seed": None}, "expected a whole number as seed, found None"),
        ({"sequence_length": 2**40, "sequences": 2**40}, r"expected batches of 2\^62 tokens at most"),
        ({"check": "none"}, "check is content or size, not 'none'"),
    ],
)
def test_arguments_that_cannot_be_are_refused(output, options, said):
    with pytest.raises(ValueError, match=said):
        Loader(str(output), THIRDS, **{"sequence_length": 8, "sequences": 4, **options})


def test_a_mixture_that_is_none_is_refused(output):
    with pytest.raises(ValueError, match=r"expected a Mixture, such as .*, found 'llama'"):
        Loader(str(output), "llama", sequence_length=8, sequences=4)


def test_what_is_not_in_the_mixture_is_left_alone(output):
    shutil.rmtree(output / "tokens" / "arxiv")
    (output / "tokens" / "arxiv").mkdir()
    loader = Loader(str(output), THIRDS.only(["github", "books"]), sequence_length=8, sequences=4)
    assert (loader.sources, loader.vocabulary, loader.tokenizer) == (("books", "github"), 1000, "5" * 64)
    with pytest.raises(ValueError, match="expected one of the sources books, github, found 'arxiv'"):
        loader.validation_windows("arxiv")
