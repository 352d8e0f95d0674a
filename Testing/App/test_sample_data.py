"""The synthetic study, and the self test that Slicer's developers run on it."""

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

pytestmark = pytest.mark.slow


@pytest.fixture
def sample(application):
    from ProstateAlignRefineLib.app import sample_data
    from ProstateAlignRefineLib.app.study_source import DicomHeaders

    headers = DicomHeaders(application.dicom_file)
    return sample_data.make_sample(application.scene, headers), headers


def test_the_synthetic_study_needs_no_network_and_comes_with_dicom_headers(sample):
    opened, headers = sample
    for node in opened.inputs:
        assert headers.knows(node)
        assert node.GetImageData().GetScalarRange()[1] > 0
    assert all(opened.reasons.values())


def test_the_synthetic_study_has_lesions_to_find():
    from ProstateAlignRefineLib.app.sample_data import SEED
    from ProstateAlignRefineLib.phantom.generate import draw_patient

    assert draw_patient(SEED).lesions


def test_the_self_test_passes(application, monkeypatch):
    from ProstateAlignRefineLib.app import panel, self_test

    monkeypatch.setattr(panel, "SlicerApplication", lambda: application)
    lines = list(self_test.run_self_test())
    assert len(lines) == 3


def test_the_sample_is_registered_as_slicer_takes_it(slicers_sample_data, tmp_path):
    from ProstateAlignRefineLib.app import sample_data

    sample_data.register(tmp_path)
    sample_data.register(tmp_path)
    (source,) = slicers_sample_data.SOURCES["Prostate"]
    assert source.sampleName == "Synthetic prostate bp-MRI"
    assert source.thumbnailFileName.endswith("SyntheticStudy.png")
    assert source.nodeNames == ["T2W", "ADC", "HBV"]


def test_slicer_refuses_a_source_without_its_lists(slicers_sample_data):
    register = slicers_sample_data.SampleDataLogic.registerCustomSampleDataSource
    with pytest.raises(TypeError):
        register(category="c", sampleName="s", customDownloader=print)
    with pytest.raises(ValueError, match="same length"):
        register(category="c", sampleName="s", uris=["a", "b"], fileNames=["a"], nodeNames=["a", "b"])


def test_the_samples_button_brings_three_volumes_of_the_names_announced(slicers_sample_data, host_scene, monkeypatch):
    import slicer

    from ProstateAlignRefineLib.app import sample_data

    cursors = []
    application = SimpleNamespace(
        setOverrideCursor=cursors.append, restoreOverrideCursor=cursors.pop, testingEnabled=lambda: True
    )
    monkeypatch.setattr(slicer, "app", application, raising=False)
    monkeypatch.setattr(slicer, "mrmlScene", host_scene.scene, raising=False)
    sample_data.register(Path())
    nodes = slicers_sample_data.press("Prostate", "Synthetic prostate bp-MRI")
    assert [node.GetName() for node in nodes] == slicers_sample_data.SOURCES["Prostate"][0].nodeNames
    assert not cursors
