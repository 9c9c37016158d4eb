"""Every field of every configuration says where its default comes from."""

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import mixtures
import pipeline
import transforms
from pipeline import settings
from pipeline.plan import SOURCES, source_module


def configurations():
    """Dataclasses with at least one field that carries an origin."""
    found = {}
    for package in (mixtures, pipeline, transforms):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if dataclasses.is_dataclass(kind) and any("origin" in field.metadata for field in dataclasses.fields(kind)):
                    found[f"{kind.__module__}.{kind.__qualname__}"] = kind
    return found


CONFIGURATIONS = configurations()


@pytest.mark.parametrize("name", sorted(CONFIGURATIONS))
def test_every_field_has_an_origin_with_words(name):
    for field in dataclasses.fields(CONFIGURATIONS[name]):
        origin = field.metadata.get("origin", "")
        assert origin.startswith(settings.ORIGINS), f"{name}.{field.name} has no origin"
        assert len(origin.split()) >= 3, f"{name}.{field.name} gives no reason: {origin!r}"


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_configured_so(source):
    module = source_module(source)
    for preset in module.PRESETS.values():
        assert f"{type(preset).__module__}.{type(preset).__qualname__}" in CONFIGURATIONS
        for name, value, _ in settings.fields(preset):
            text = settings.shown(value)
            assert settings.change(preset, [f"{name}={text}"]) == preset, f"{name} can not be set to its own value {text!r}"
