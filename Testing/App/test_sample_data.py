"""The synthetic study, and the self test that Slicer's developers run on it."""

import sys
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


def test_the_sample_is_registered_with_its_own_loader(monkeypatch, tmp_path):
    from ProstateAlignRefineLib.app import sample_data

    registered = {}

    def register_source(category, sampleName, uris=None, customDownloader=None, thumbnailFileName=None):  # noqa: N803
        registered.update(thumbnail=thumbnailFileName, loader=customDownloader)

    logic = SimpleNamespace(registerCustomSampleDataSource=register_source)
    monkeypatch.setitem(sys.modules, "SampleData", SimpleNamespace(SampleDataLogic=logic))
    sample_data.register(tmp_path)
    assert registered["thumbnail"].endswith("SyntheticStudy.png")
    assert callable(registered["loader"])
