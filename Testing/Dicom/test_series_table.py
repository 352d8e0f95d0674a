"""Every case of the table both ways: DICOM files as the command line reads them, and nodes that the panel finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import generate_uid

from Dicom.series_cases import HEADERS, NAMES, STUDIES
from Dicom.series_files import COARSE, FINE, Series, anatomy, ge, write_series
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.match.ranking import fits
from ProstateAlignRefineLib.core.match.rules import Kind
from ProstateAlignRefineLib.core.orientation import ORDERS
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom.match.select import select, series_volumes
from ProstateAlignRefineLib.dicom.read.folder import scan_folder

TISSUE = ", its values are those of tissue in 1e-6 mm2/s"  # only where voxels were read
STUDY, FRAME_OF_REFERENCE = generate_uid(), generate_uid()


def written(series: Series, folder: Path) -> None:
    write_series(series, folder / str(series.number), STUDY, FRAME_OF_REFERENCE)


def expected_of(cases):
    return [pytest.param(series, modality, id=name) for name, (series, modality) in cases.items()]


@pytest.fixture
def scene():
    """A scene whose volumes come from DICOM by Slicer's own reader."""
    slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
    return slicer.vtkMRMLScene()


class Loaded:
    """The DICOM volumes of a folder in a scene, and what the panel proposes."""

    def __init__(self, scene, folder: Path) -> None:
        from ProstateAlignRefineLib.app.study_source import DicomHeaders

        self.scene = scene
        self.files = {frame.sop_instance: frame.path for frame in scan_folder(folder).frames}
        self.headers = DicomHeaders(self.files.get)

    def add(self, frames, name: str):
        """One node of these slices, as Slicer's DICOM module makes it."""
        import slicer

        reader = slicer.vtkMRMLVolumeArchetypeStorageNode()
        paths = [str(frame.path) for frame in frames]
        reader.SetFileName(paths[0])
        for path in paths:
            reader.AddFileName(path)
        reader.SetSingleFile(0)
        node = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        assert reader.ReadData(node)
        node.SetAttribute("DICOM.instanceUIDs", " ".join(frame.sop_instance for frame in frames))
        return node

    def matches(self):
        from ProstateAlignRefineLib.scene.matching import match_volumes, volumes_in

        nodes = volumes_in(self.scene)
        return match_volumes(nodes, self.headers.series_headers(nodes))


def in_order(volume):
    return volume.stack.frames if volume.stack else volume.frames


def for_it(reason: str) -> str:
    """What speaks for a choice: without quotation marks about its name, and without what it was preferred to."""
    return reason.replace("'", "").replace(TISSUE, "").split("; ")[0].removesuffix(".")


def proposed(matches) -> set[Modality]:
    return {modality for modality, match in matches.items() if match.node}


@pytest.mark.parametrize(("series", "expected"), expected_of({**NAMES, **HEADERS}))
def test_a_dicom_series_is_taken_for_what_it_shows(series, expected, tmp_path):
    written(series, tmp_path)
    (volume,) = series_volumes(scan_folder(tmp_path))
    taken = {modality for modality in Modality if fits(volume, modality)}
    assert taken == ({expected} if expected else set()), volume.judgement


@pytest.mark.parametrize(("series", "expected"), expected_of({**NAMES, **HEADERS}))
def test_a_volume_loaded_from_dicom_is_taken_for_the_same_with_the_same_words(series, expected, tmp_path, scene):
    written(series, tmp_path)
    (volume,) = series_volumes(scan_folder(tmp_path))
    loaded = Loaded(scene, tmp_path)
    loaded.add(in_order(volume), "1: " + series.description)
    matches = loaded.matches()
    assert proposed(matches) == ({expected} if expected else set())
    if expected:
        assert matches[expected].reason.replace(TISSUE, "").split(": ", 2)[-1] == f"{volume.judgement.reason}."


MAPS = ("ge-exponential-adc-of-b-1400", "adc-type-named-exponential", "ge-adc-of-b-1400")


@pytest.mark.parametrize("name", MAPS)
def test_a_map_computed_of_diffusion_images_is_none_of_them(name, tmp_path):
    """Images of several b-values are what a missing ADC or HBV is computed from: a map among them would spoil it."""
    series, _ = HEADERS[name]
    written(replace(series, tags={**series.tags, "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION"]}), tmp_path)
    (volume,) = series_volumes(scan_folder(tmp_path))
    assert volume.kind is not Kind.DWI


@pytest.mark.parametrize(("series", "expected"), expected_of(NAMES))
def test_a_file_without_headers_is_known_by_name_and_geometry(series, expected, scene):
    from ProstateAlignRefineLib.scene.matching import match_volumes, volumes_in
    from ProstateAlignRefineLib.scene.volumes import add_volume

    for order in (ORDERS[0], ORDERS[7], ORDERS[29]):  # as acquired; turned round; with the slices along another axis
        array = np.ascontiguousarray(order.of_array(anatomy(series).astype(np.float32)))
        add_volume(scene, array, order.of_grid(series.grid), series.description)
        assert proposed(match_volumes(volumes_in(scene))) == ({expected} if expected else set())
        scene.Clear(1)


@pytest.mark.parametrize(("study", "numbers"), STUDIES.values(), ids=STUDIES)
def test_a_study_and_its_loaded_volumes_give_the_same_three(study, numbers, tmp_path, scene):
    for series in study:
        written(series, tmp_path)
    contents = scan_folder(tmp_path)
    choices = select(contents).choices
    assert tuple(choices[m].volumes[0].evidence.header.number for m in Modality) == numbers
    loaded = Loaded(scene, tmp_path)
    for volume in series_volumes(contents):
        loaded.add(in_order(volume), volume.name)
    matches = loaded.matches()
    assert tuple(int(matches[m].node.GetName().split()[1]) for m in Modality) == numbers
    for modality in Modality:
        assert for_it(matches[modality].reason) == for_it(choices[modality].reason)


@pytest.mark.parametrize(("b_values", "expected"), [((0, 1400), 1400), ((50, 400, 1400), 1400), ((50, 800), None)])
def test_one_b_value_among_those_of_a_series(b_values, expected, tmp_path, scene):
    """GE leaves b = 0 out; b = 800 is high in a series of its own, but not beside others."""
    write_series(Series("t2", FINE), tmp_path / "t2", STUDY, FRAME_OF_REFERENCE)
    uid = generate_uid()
    for b in b_values:
        private = ge(b) if b else lambda _: None

        def edit(dataset, private=private):
            dataset.SeriesInstanceUID, dataset.ScanningSequence = uid, ["EP", "SE"]
            private(dataset)

        write_series(Series("any", COARSE, edit=edit, number=3), tmp_path / f"b{b}", STUDY, FRAME_OF_REFERENCE)
    volumes = [volume for volume in series_volumes(scan_folder(tmp_path)) if volume.b_value is not None]
    assert {volume.b_value for volume in volumes} == set(b_values)
    assert [volume.b_value for volume in volumes if fits(volume, Modality.HBV)] == ([expected] if expected else [])
    loaded = Loaded(scene, tmp_path)
    for volume in volumes:
        loaded.add(in_order(volume), f"b {volume.b_value:g}")
    node = loaded.matches()[Modality.HBV].node
    assert (node and node.GetName()) == (expected and f"b {expected}")


def test_several_b_values_in_one_loaded_volume_are_no_image(tmp_path, scene):
    uid = generate_uid()
    for b in (0, 1400):

        def edit(dataset, b=b):
            dataset.SeriesInstanceUID, dataset.DiffusionBValue = uid, float(b)

        write_series(Series("DWI", COARSE, edit=edit), tmp_path / f"b{b}", STUDY, FRAME_OF_REFERENCE)
    loaded = Loaded(scene, tmp_path)
    frames = [frame for volume in series_volumes(scan_folder(tmp_path)) for frame in in_order(volume)]
    from ProstateAlignRefineLib.scene.volumes import add_volume

    jumble = Grid((*COARSE.size[:2], 24), COARSE.spacing, COARSE.origin, COARSE.direction)
    node = add_volume(scene, np.ones(jumble.shape, np.float32), jumble, "DWI b1400")
    node.SetAttribute("DICOM.instanceUIDs", " ".join(frame.sop_instance for frame in frames))
    assert loaded.matches()[Modality.HBV].node is None
    assert loaded.headers.series_headers([node])[node.GetID()].volumes == 2


def test_a_map_computed_from_images_is_not_taken_for_them(tmp_path, scene):
    """A study that was opened remembers the headers its ADC map was computed from."""
    from ProstateAlignRefineLib.app.study_source import open_folder

    written(Series("t2", FINE, {"EchoTime": 100.0}), tmp_path)
    for number, b in ((2, 50), (3, 400), (4, 800)):
        series = Series("DWI", COARSE, {"DiffusionBValue": float(b)}, number=number, high=1000 - b)
        written(series, tmp_path)
    loaded = Loaded(scene, tmp_path)
    opened = open_folder(scene, tmp_path, loaded.headers, lambda _studies: None)
    assert "computed" in opened.reasons[Modality.ADC]
    assert [match.node for match in loaded.matches().values()] == list(opened.inputs)
