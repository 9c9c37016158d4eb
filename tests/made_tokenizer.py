"""Small SentencePiece models, trained in the test that uses them."""

import functools
import io

import sentencepiece

TEXT = [
    "The young llama walks along the stone wall and looks at the valley.",
    "def walk(self, steps):\n        return [step for step in steps if step]",
    "In 1957 there were 12,345 llamas; 3.14 of them were white, the others brown.",
    "El río baja de la montaña, y la llama bebe agua fría en la mañana.",
    "羊驼 在 山 上 走 , 羊驼 吃 草 .",
] * 20


@functools.cache
def model(vocabulary=400, **options):
    """The bytes of a BPE model with LLaMA's options, but for those given."""
    sink = io.BytesIO()
    lines = [line for text in TEXT for line in text.split("\n")]
    llama = {
        "model_type": "bpe",
        "vocab_size": vocabulary,
        "character_coverage": 0.99995,
        "split_digits": True,
        "byte_fallback": True,
        "allow_whitespace_only_pieces": True,
        "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False,
        "minloglevel": 2,
        "num_threads": 1,
    }
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=sink, **{**llama, **options})
    return sink.getvalue()


def with_pieces(found, more):
    """A model with pieces added behind its own: a larger vocabulary."""
    added = b""
    for number in range(more):
        name = f"made-up-{number}".encode()
        piece = b"\x0a" + bytes([len(name)]) + name + b"\x15\x00\x00\x80\xcf"  # piece, score -2^32
        added += b"\x0a" + bytes([len(piece)]) + piece
    return found + added
