"""The choices that the help lists are those of `quantize`."""

from enum import StrEnum

import pytest

from edge_fer.cli import workstation
from quantize.data.augmentation import AUGMENTATIONS
from quantize.data.fer2013 import USAGES
from quantize.search.space import SPACES
from quantize.training.settings import PRECISIONS


def values(choices: type[StrEnum]) -> list[str]:
    return [choice.value for choice in choices]


def test_choices_are_those_of_quantize() -> None:
    assert values(workstation.Augmentation) == list(AUGMENTATIONS)
    assert values(workstation.Precision) == list(PRECISIONS)
    assert values(workstation.Usage) == list(USAGES)
    assert values(workstation.Space) == list(SPACES)


def test_choices_of_modules_that_need_tensorflow() -> None:
    pytest.importorskip("tensorflow", reason="the workstation extra is not installed")
    from quantize.int8.convert import FORMATS
    from quantize.networks.architectures import ARCHITECTURES

    assert values(workstation.Architecture) == list(ARCHITECTURES)
    assert sorted(values(workstation.FileFormat)) == sorted(FORMATS)


def test_choices_of_the_search() -> None:
    pytest.importorskip("optuna", reason="the workstation extra is not installed")
    from quantize.search.study import PRUNERS, SAMPLERS

    assert values(workstation.Sampler) == list(SAMPLERS)
    assert values(workstation.Pruner) == list(PRUNERS)
