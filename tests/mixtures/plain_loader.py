"""The loader's rule written out plainly: all tokens in memory, windows drawn one after the other, with state. The loader must equal it."""

from collections import defaultdict

import numpy as np

from mixtures.interleave import Interleaving
from mixtures.permutation import key_of, permute


class PlainSource:
    """The draws of one source, in their order."""

    def __init__(self, name, documents, length, seed, held_out):
        while held_out > 0 and documents:
            held_out -= len(documents[-1])
            documents = documents[:-1]
        # An empty document before those held out is no matter.
        self.name, self.length, self.seed = name, length, seed
        self.tokens = [token for document in documents for token in document]
        self.first_of_document = [number == 0 for document in documents for number in range(len(document))]
        self.epoch, self.waiting = -1, []

    def draw(self):
        """(window, tokens, number of each token's document)"""
        while not self.waiting:
            self.epoch += 1
            self.waiting = self.order()
        window = self.waiting.pop(0)
        positions = [(window * self.length + number) % len(self.tokens) for number in range(self.length + 1)]
        documents, document = [], 0
        for number, position in enumerate(positions):
            document += number > 0 and self.first_of_document[position]
            documents.append(document)
        return window, [self.tokens[position] for position in positions], documents

    def order(self):
        """The windows of this epoch, as they are drawn."""
        size = len(self.tokens)
        window, inside, beyond = 0, [], []
        while window * self.length < self.epoch * size:
            window += 1
        while window * self.length < (self.epoch + 1) * size:
            (inside if (window + 1) * self.length <= (self.epoch + 1) * size else beyond).append(window)
            window += 1
        places = permute(np.arange(len(inside)), len(inside), key_of(self.seed, self.name, self.epoch)) if inside else []
        return [inside[place] for place in places] + beyond


def plain_batches(documents, weights, steps, *, length, sequences, seed=0, held_out=0):
    """(tokens, sources, documents) of the first batches, as lists. `documents`: of each source, in the order of `weights`."""
    order = Interleaving(list(weights.values())).sources(np.arange(steps * sequences)).tolist()
    sources = [PlainSource(name, documents[name], length, seed, held_out) for name in weights]
    rows = [(source, *sources[source].draw()) for source in order]
    batches = [rows[start : start + sequences] for start in range(0, len(rows), sequences)]
    return [([row[2] for row in batch], [row[0] for row in batch], [row[3] for row in batch]) for batch in batches]


def counts_of(windows, tokens, length):
    """[tokens] how often each token is an input of these windows."""
    counts = defaultdict(int)
    for window in windows:
        for number in range(length):
            counts[(window * length + number) % tokens] += 1
    return [counts[token] for token in range(tokens)]
