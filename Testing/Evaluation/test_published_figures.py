"""What README and the starter model's card say is what `benchmark` measured of that very model."""

import json

import pytest

from ProstateAlignRefineLib.benchmark.card import as_markdown, readme_rows

NAME = "starter-figures.json"


@pytest.fixture
def a_report(repository):
    path = repository / "Resources" / "Models" / NAME
    if not path.is_file():
        pytest.skip(f"the starter model comes without a benchmark of its own: no Resources/Models/{NAME}")
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_figures_are_of_the_model_that_ships(a_report, repository):
    bundle = json.loads((repository / "Resources" / "Models" / "starter" / "bundle.json").read_text(encoding="utf-8"))
    assert a_report["model"]["weights_sha256"] == bundle["files"]["weights.safetensors"]


def test_readme_and_card_hold_them(a_report, repository):
    readme = (repository / "README.md").read_text(encoding="utf-8")
    for row in readme_rows(a_report):
        assert row in readme
    card = (repository / "Resources" / "Models" / "starter" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert as_markdown(a_report) in card
