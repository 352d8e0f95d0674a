"""What a bundle says of its training: never that it knows synthetic images only once patients' have taught it."""

from dataclasses import replace

from ProstateAlignRefineLib.bundle.config import ModelConfig, read_config
from ProstateAlignRefineLib.bundle.ensemble import ensemble_config
from ProstateAlignRefineLib.bundle.starter import starter_bundle_path
from ProstateAlignRefineLib.bundle.statement import RESEARCH_NOTICE, RESEARCH_USE
from ProstateAlignRefineLib.bundle.summary import CARD_FILE
from ProstateAlignRefineLib.training.provenance import Source, Start, Statement, with_head_of, with_words_of

PATIENTS = Source(synthetic=False, data="12 studies of a data set.", licence="CC BY-NC 4.0", details="")
PHANTOMS = Source(synthetic=True, data="Synthetic.", licence="Apache-2.0", details="")


def starter() -> ModelConfig:
    return read_config(starter_bundle_path())


def test_a_head_that_patients_taught_ends_the_claim_of_synthetic_images_only() -> None:
    before = starter()
    assert "synthetic images only" in before.notice
    told = with_head_of(before, PATIENTS)
    assert (told.notice, told.intended_use) == (RESEARCH_NOTICE, RESEARCH_USE)
    assert told.training_data.endswith("Its prompted head: 12 studies of a data set.")
    assert told.licence == "Apache-2.0; its prompted head: CC BY-NC 4.0"
    said = Statement.of(PHANTOMS, Start.of(told, "0" * 64))
    assert said.notice == RESEARCH_NOTICE


def test_the_card_says_what_the_bundle_says() -> None:
    before, card = starter(), (starter_bundle_path() / CARD_FILE).read_text(encoding="utf-8")
    told = with_head_of(before, PATIENTS)
    changed = with_words_of(card, before, told)
    assert "synthetic images only" not in changed
    for words in (RESEARCH_NOTICE, RESEARCH_USE, told.training_data, f"**Licence.** {told.licence}"):
        assert changed.count(words) == 1
    foreign = with_words_of("# of somebody else\n", before, told)
    assert f"**Training data.** {told.training_data}" in foreign
    assert with_words_of(card, before, before) == card


def test_an_ensemble_with_a_member_that_knows_patients_says_what_that_one_says() -> None:
    synthetic = starter()
    knowing = replace(
        synthetic, notice=RESEARCH_NOTICE, training_data="A data set.", intended_use=RESEARCH_USE, tau=0.3
    )
    mixed = ensemble_config([synthetic, knowing], [{}, {}])
    assert (mixed.notice, mixed.intended_use) == (RESEARCH_NOTICE, RESEARCH_USE)
    assert mixed.training_data == f"{synthetic.training_data} A data set."
    alike = ensemble_config([synthetic, replace(synthetic, tau=0.3)], [{}, {}])
    assert alike.notice == synthetic.notice
