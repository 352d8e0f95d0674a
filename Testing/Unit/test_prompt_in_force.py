"""Which prompt a result is said to be asked: the model's own, in whatever words it was typed."""

from dataclasses import replace

import pytest

from ProstateAlignRefineLib.bundle.config import read_config
from ProstateAlignRefineLib.bundle.engine_files import PROMPTED_SETTINGS
from ProstateAlignRefineLib.bundle.starter import starter_bundle_path
from ProstateAlignRefineLib.bundle.summary import BundleSummary, prompt_in_force

CONFIG = read_config(starter_bundle_path())
OWN = CONFIG.prompt
# A model that reads texts by an encoder, to which other words are another text.
ENCODED = replace(CONFIG, files={name: digest for name, digest in CONFIG.files.items() if name != PROMPTED_SETTINGS})


@pytest.mark.parametrize("prompt", [None, OWN, f" {OWN} ", OWN.title(), "tumours", "left PZ\nlesion"])
def test_the_own_prompt_in_other_words_is_the_own_prompt(prompt):
    assert prompt_in_force(CONFIG, prompt) == OWN


@pytest.mark.parametrize("prompt", ["left PZ", "no lesion", "12 mm lesion", "xylophone", ""])
def test_another_prompt_stays_as_it_was_typed(prompt):
    assert prompt_in_force(CONFIG, prompt) == prompt
    assert BundleSummary.of(CONFIG, starter_bundle_path(), 1).prompt_in_force(prompt) == prompt


def test_other_words_are_another_prompt_of_a_model_that_encodes_texts():
    assert prompt_in_force(ENCODED, f"{OWN} ") == OWN
    assert prompt_in_force(ENCODED, "tumours") == "tumours"
    assert BundleSummary.of(ENCODED, starter_bundle_path(), 1).prompt_in_force("tumours") == "tumours"
