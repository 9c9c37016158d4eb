"""Mixtures: what cannot be is refused, shares are exact, and users bring their own."""

import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtures.llama import LLAMA
from mixtures.mixture import Mixture, MixtureError, nearest, shares, written
from mixtures.named import NAMED, find
from mixtures.redpajama import REDPAJAMA

HALF = Fraction(1, 2)


def made(weights: dict[str, object], tokens: int = 100) -> Mixture:
    return Mixture("test", weights, tokens, "ours: a test")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, "sum to exactly 1, found 0"),
        ({"a": HALF}, "mixture test: the shares sum to exactly 1, found 0.5"),
        ({"a": HALF, "b": Fraction(1, 3)}, r"found 5/6 \(about 0.833333\)"),
        ({"a": 1.0}, "share of a is an exact Fraction, found 1.0"),
        ({"a": Fraction(1), "b": Fraction(0)}, "share of b is above 0, found 0: leave out"),
        ({"a": Fraction(3, 2), "b": -HALF}, "share of b is above 0"),
        ({"a/b": HALF, "c": HALF}, "name is letters, digits"),
        ({"": Fraction(1)}, "name is letters, digits"),
        ({"..": Fraction(1)}, "name is letters, digits"),
    ],
)
def test_what_is_no_mixture_is_refused(weights, message):
    with pytest.raises(MixtureError, match=message):
        made(weights)


def test_a_mixture_without_tokens_is_refused():
    with pytest.raises(MixtureError, match=r"tokens drawn are a whole number from 1 to 2\^62, found 0"):
        made({"a": Fraction(1)}, tokens=0)


def test_a_mixture_is_its_own_and_travels():
    weights = {"a": HALF, "b": HALF}
    mixture = made(weights)
    weights["a"] = Fraction(1)
    assert mixture.weights["a"] == HALF
    assert pickle.loads(pickle.dumps(mixture)) == mixture


def test_only_some_sources():
    two = LLAMA.only(["wikipedia", "github"])
    assert two.weights == {"github": HALF, "wikipedia": HALF}
    assert list(two.weights) == ["github", "wikipedia"]
    assert two.tokens == 126_000_000_000
    assert two.name == "llama, only github, wikipedia"
    assert two.origin == LLAMA.origin
    assert LLAMA.only(list(LLAMA.weights)[::-1]) is LLAMA
    with pytest.raises(MixtureError, match="mixture llama has no source 'githup': did you mean github\\?"):
        LLAMA.only(["githup"])
    with pytest.raises(MixtureError, match="expected one source of mixture llama at least"):
        LLAMA.only([])


@given(st.sets(st.sampled_from(list(REDPAJAMA.weights)), min_size=1))
def test_only_keeps_proportions_and_epochs(sources):
    some = REDPAJAMA.only(sources)
    assert sum(some.weights.values()) == 1
    assert set(some.weights) == sources
    for source, weight in some.weights.items():
        assert abs(weight * some.tokens - REDPAJAMA.weights[source] * REDPAJAMA.tokens) < 1


def test_shares_are_exact_as_written():
    assert shares({"a": "0.1", "b": Decimal("0.2"), "c": "7/10"}) == {"a": Fraction(1, 10), "b": Fraction(1, 5), "c": Fraction(7, 10)}
    assert shares({"a": 67, "b": "32.5", "c": Decimal("0.5")}) == {"a": Fraction(67, 100), "b": Fraction(325, 1000), "c": Fraction(1, 200)}
    assert shares({"a": 1}) == shares({"a": 100}) == {"a": 1}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": "0.67", "b": "0.32"}, "sum to exactly 1, or to 100 as per cent, found 0.99 over 2 sources"),
        ({"a": 878, "b": 175}, "found 1053"),
        ({"a": 0.5, "b": 0.5}, "share of a is a number such as '0.67', 67 or '2/3', found 0.5"),
        ({"a": "half"}, "found 'half'"),
        ({"a": "1/0"}, "found '1/0'"),
        ({"a": True}, "found True"),
        ({"a": None}, "found None"),
        ({"a": "nan"}, "found 'nan'"),
        ({}, "found 0 over 0 sources"),
        ({"a": "1e-400000000000"}, "found '1e-400000000000'"),
        ({"a": Decimal("1e400000000")}, "found Decimal"),
        ({"a": Decimal("Infinity")}, "found Decimal"),
        ({"a": 16**9000}, "found a value of type int"),
        ({"a": "1/" + "9" * 4000}, "found '1/999"),
        ({"a": "１"}, "found '１'"),
        ({f"s{n}": f"1/{10**29 + n}" for n in range(300)}, "found about 3e-27 over 300 sources"),
    ],
)
def test_shares_that_are_none_are_refused(given, message):
    with pytest.raises(MixtureError, match=message):
        shares(given)


def test_numbers_are_written_for_people():
    assert [written(Fraction(number)) for number in ("99/100", "1053", "2/3")] == ["0.99", "1053", "2/3 (about 0.666667)"]


def test_named_mixtures_are_found():
    assert find("llama") is LLAMA
    assert find("redpajama") is REDPAJAMA
    assert list(NAMED) == ["llama", "redpajama"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lama", "there is no mixture 'lama': did you mean llama?"),
        ("xyz", "there is no mixture 'xyz': expected one of llama, redpajama"),
        ("absent.toml", "expected a file that gives a mixture, found none at absent.toml"),
        ("absent.py", "found none at absent.py"),
    ],
)
def test_mixtures_that_are_not_there(name, message):
    with pytest.raises(MixtureError) as error:
        find(name)
    assert message in str(error.value)


def test_a_mixture_in_toml(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('tokens = 300_000_000_000\norigin = "ours: letters"\n[weights]\ncommoncrawl = 0.67\nletters = "0.3"\nc4 = 3e-2\n')
    mixture = find(str(path))
    assert mixture.name == "mine"
    assert mixture.tokens == 300_000_000_000
    assert mixture.weights == {"commoncrawl": Fraction(67, 100), "letters": Fraction(3, 10), "c4": Fraction(3, 100)}
    path.write_text('name = "other"\ntokens = 1\norigin = "ours: letters"\n[weights]\na = 67\nb = 33\n')
    assert find(str(path)) == Mixture("other", {"a": Fraction(67, 100), "b": Fraction(33, 100)}, 1, "ours: letters")


WHOLE = 'tokens = 5\norigin = "ours"\n[weights]\na = 1\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tokens = ", "is no TOML"),
        (WHOLE.replace("tokens = 5", ""), "tokens is a whole number, found none"),
        (WHOLE.replace("5", "0.5"), "tokens is a whole number"),
        (WHOLE.replace("5", "true"), "tokens is a whole number, found True"),
        (WHOLE.replace("5", "-5"), "tokens drawn are a whole number from 1 to 2^62, found -5"),
        (WHOLE.replace('"ours"', "1"), "origin is a string, found 1"),
        (WHOLE.replace("[weights]", "[weight]"), "unknown field 'weight': did you mean weights?"),
        (WHOLE.replace("a = 1", "a = 0.9"), "sum to exactly 1, or to 100 as per cent, found 0.9"),
        (WHOLE.replace("a = 1", '"a b" = 1'), "name is letters"),
        (WHOLE.replace("[weights]\na = 1", "weights = 3"), "weights is a table [weights]"),
        (WHOLE.replace("5", "0x" + "f" * 9000), "tokens drawn are a whole number from 1 to 2^62, found a value of type int"),
        (WHOLE.replace("5", "[" * 100_000), "is no TOML"),
        (WHOLE.replace("a = 1", "a = 1e-400000"), "share of a is a number"),
        (WHOLE.replace("a = 1", "a = 1e999999999"), "share of a is a number"),
    ],
)
def test_toml_that_gives_no_mixture_is_refused(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(MixtureError) as error:
        find(str(path))
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_toml_of_other_bytes_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(MixtureError, match="is no TOML"):
        find(str(path))


def test_a_byte_order_mark_is_no_matter(tmp_path):
    (tmp_path / "mine.toml").write_bytes(b"\xef\xbb\xbf" + WHOLE.encode())
    assert find(str(tmp_path / "mine.toml")).weights == {"a": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise SystemExit(0)", "cannot be run: SystemExit: 0"),
        ("class A:\n    def __repr__(self):\n        1 / 0\nMIXTURE = A()", "found a value of type A"),
        ("MIXTURE = 'x' * 10**6", "found 'xxx"),
        ("MIXTURE = Mixture('m', {'a': Fraction(1)}, 5.5, 'ours')", "whole number from 1 to 2^62, found 5.5"),
        ("MIXTURE = Mixture('m', {5: Fraction(1)}, 5, 'ours')", "a source's name is letters"),
        ("MIXTURE = Mixture('m', 'a', 5, 'ours')", "a mixture has a name, weights"),
    ],
)
def test_python_that_gives_no_mixture_is_refused(tmp_path, text, message):
    path = tmp_path / "mine.py"
    path.write_text(f"from fractions import Fraction\nfrom mixtures.mixture import Mixture\n{text}\n")
    with pytest.raises(MixtureError) as error:
        find(str(path))
    assert message in str(error.value)
    assert len(str(error.value)) < 600


def test_what_python_prints_is_no_part_of_the_plan(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text("print('noise')\nfrom mixtures.llama import LLAMA as MIXTURE\n")
    assert find(str(path)) == LLAMA
    assert capsys.readouterr() == ("", "noise\n")


def test_a_mixture_in_python(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("from mixtures.llama import LLAMA\nMIXTURE = LLAMA.only(['c4', 'books'])\n")
    assert find(str(path)) == LLAMA.only(["c4", "books"])
    for text, message in [("", "expected MIXTURE"), ("MIXTURE = 3", "found 3"), ("1 / 0", "cannot be run: ZeroDivisionError")]:
        path.write_text(text)
        with pytest.raises(MixtureError, match=message):
            find(str(path))


def test_the_nearest_name():
    assert nearest("WIKIPEDIA ", LLAMA.weights) == ": did you mean wikipedia?"
    assert nearest("zzz", ["a", "b"]) == ": expected one of a, b"
