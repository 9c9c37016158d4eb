"""Small SentencePiece models, trained in the test that uses them."""

import functools

import trained_tokenizers

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
    return trained_tokenizers.train([line for text in TEXT for line in text.split("\n")], vocab_size=vocabulary, **options)


def with_pieces(found, more):
    """A model with pieces added behind its own: a larger vocabulary."""
    added = b""
    for number in range(more):
        name = f"made-up-{number}".encode()
        piece = b"\x0a" + bytes([len(name)]) + name + b"\x15\x00\x00\x80\xcf"  # piece, score -2^32
        added += b"\x0a" + bytes([len(piece)]) + piece
    return found + added
