from dataclasses import dataclass
from typing import Literal

import pytest

from pipeline import settings
from pipeline.settings import SettingError, setting
from pipeline.sources.commoncrawl import PRESETS, CommonCrawl


@dataclass(frozen=True)
class Inner:
    depth: int = setting(1, "ours: an example")


@dataclass(frozen=True)
class Example:
    names: tuple[str, ...] | None = setting(("a",), "paper: an example")
    bound: float | None = setting(None, "code: an example")
    kind: Literal["x", "y"] = setting("x", "ours: an example")
    on: bool = setting(False, "ours: an example")
    inner: Inner = setting(Inner(), "ours: an example")


def test_change_parses_by_type():
    changed = settings.change(Example(), ["names=b, c", "bound=2.5", "kind=y", "on=true", "inner.depth=7"])
    assert changed == Example(("b", "c"), 2.5, "y", True, Inner(7))
    assert settings.change(changed, ["names=any", "bound=none"]) == Example(None, None, "y", True, Inner(7))


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("nmaes=b", "did you mean names"),
        ("inner.dept=1", "did you mean inner.depth"),
        ("inner=1", "no field 'inner'"),
        ("names.x=1", "no field"),
        ("bound=high", "takes float, found 'high'"),
        ("kind=z", "one of x, y"),
        ("on=maybe", "true, false"),
        ("names=", "takes a list"),
        ("names", "field=value"),
    ],
)
def test_change_refuses_by_name(assignment, said):
    with pytest.raises(SettingError, match=said):
        settings.change(Example(), [assignment])


def test_an_origin_is_required():
    with pytest.raises(SettingError, match="origin"):
        setting(1, "because")


def test_fingerprint_is_of_values_alone():
    assert settings.fingerprint(CommonCrawl()) == settings.fingerprint(CommonCrawl())
    assert settings.fingerprint(CommonCrawl()) != settings.fingerprint(settings.change(CommonCrawl(), ["min_characters=301"]))


def test_presets_hold_the_ruling_table():
    llama, ccnet, redpajama = (PRESETS[name] for name in ("llama", "ccnet", "redpajama"))
    assert [(p.lines.scope, p.shards, p.lines.policy) for p in (llama, ccnet, redpajama)] == [
        ("group:50", 1600, "remove_all"),
        ("group:50", 1600, "remove_all"),
        ("shard", 5000, "remove_all"),
    ]
    assert [p.equal_digests for p in (llama, ccnet, redpajama)] == ["kept", "kept", "one"]
    assert [p.languages for p in (llama, ccnet, redpajama)] == [("en",), None, ("en",)]
    assert [p.buckets for p in (llama, ccnet, redpajama)] == [("head", "middle"), None, ("head", "middle")]
    assert [p.min_reference for p in (llama, ccnet, redpajama)] == [0.5, None, 0.25]
    assert [p.record_end for p in (llama, ccnet, redpajama)] == ["length", "line", "length"]
    assert {(p.min_characters, p.min_language_score, p.max_perplexity) for p in (llama, ccnet, redpajama)} == {(300, 0.5, None)}


@pytest.mark.parametrize("scope", ["group", "group:0", "group:x", "dump", ""])
def test_scope_is_checked(scope):
    with pytest.raises(SettingError, match="group:K"):
        settings.change(CommonCrawl(), [f"lines.scope={scope}"])
