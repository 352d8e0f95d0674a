"""A data set in PI-CAI's layout becomes a manifest: every case checked, none dropped without a word."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.storage.files import file_sha256
from ProstateAlignRefineLib.phantom import Sampling
from ProstateAlignRefineLib.training.manifest import Manifest, read_manifest, write_manifest
from ProstateAlignRefineLib.training.prepare import RawDataset, prepare
from Training.picai import GLAND_SET, LABEL_SET, MARKSHEET, ZONE_SET, write_picai

COARSE = Sampling.of_field((2.0, 2.0, 6.0), (120.0, 120.0, 72.0))
NAMES = ["90001_9000001", "90002_9000002", "90003_9000003", "90004_9000004"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("picai")
    assert write_picai(folder, (1, 2, 3, 4), COARSE) == NAMES
    return folder


@pytest.fixture
def picai(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "picai"))


def prepared(folder: Path, *sets: str) -> Manifest:
    return prepare(RawDataset(folder / "images", folder / "labels", sets, folds=2))


def image_of(folder: Path, name: str, modality: str) -> Path:
    return folder / "images" / name.split("_", maxsplit=1)[0] / f"{name}_{modality}.mha"


def label_of(folder: Path, name: str) -> Path:
    return folder / "labels" / LABEL_SET / f"{name}.nii.gz"


def reason_of(manifest: Manifest, name: str) -> str:
    return next(case.reason for case in manifest.excluded if case.name == name)


def test_every_case_is_listed_with_hashes_fold_source_and_grade(picai: Path, tmp_path: Path) -> None:
    manifest = prepared(picai)
    assert [case.name for case in manifest.cases] == NAMES
    assert manifest.excluded == ()
    assert {case.fold for case in manifest.cases} == {0, 1}
    with (picai / "labels" / MARKSHEET).open() as stream:
        grades = {f"{row['patient_id']}_{row['study_id']}": int(row["case_ISUP"]) for row in csv.DictReader(stream)}
    for case in manifest.cases:
        assert case.isup == grades[case.name]
        assert case.positive == (grades[case.name] >= 2)
        assert case.label_source == "human_expert/resampled"
        assert set(case.files) == {"t2w", "adc", "hbv", "label", "zones", "gland"}
        assert case.sha256 == {name: file_sha256(manifest.path(case, name)) for name in case.files}
        assert case.anatomy_sources == {"zones": "AI/Yuan23", "gland": "AI/Bosma22b"}
    write_manifest(manifest, tmp_path / "dataset")
    assert read_manifest(tmp_path / "dataset") == manifest


def test_a_flat_folder_of_images_and_one_of_masks_will_do(picai: Path, tmp_path: Path) -> None:
    flat, masks = tmp_path / "flat", tmp_path / "masks"
    flat.mkdir()
    for path in (picai / "images").rglob("*.mha"):
        shutil.copy(path, flat)
    shutil.copytree(picai / "labels" / LABEL_SET, masks)
    manifest = prepare(RawDataset(flat, masks, folds=2))
    assert [case.name for case in manifest.cases] == NAMES
    assert {case.label_source for case in manifest.cases} == {"masks"}
    assert {case.isup for case in manifest.cases} == {None}


def test_what_macos_leaves_beside_images_and_masks_is_no_case(picai: Path) -> None:
    for path in (image_of(picai, NAMES[0], "t2w"), label_of(picai, NAMES[0])):
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    manifest = prepared(picai)
    assert (len(manifest.cases), manifest.excluded) == (len(NAMES), ())


def test_a_case_that_cannot_be_used_is_reported_with_its_reason(picai: Path, tmp_path: Path) -> None:
    image_of(picai, NAMES[0], "adc").unlink()
    label_of(picai, NAMES[1]).unlink()
    image_of(picai, NAMES[2], "hbv").write_text("no image")
    shutil.copy(label_of(picai, NAMES[3]), label_of(picai, "90009_9000009"))
    manifest = prepare(RawDataset(picai / "images", picai / "labels", folds=1))
    assert [case.name for case in manifest.cases] == NAMES[3:]
    assert reason_of(manifest, NAMES[0]) == "no image adc"
    assert "no label" in reason_of(manifest, NAMES[1])
    assert "HBV file cannot be read" in reason_of(manifest, NAMES[2])
    assert reason_of(manifest, "90009_9000009") == "no image t2w, adc, hbv"
    write_manifest(manifest, tmp_path / "dataset")
    with (tmp_path / "dataset" / "report.csv").open() as stream:
        assert {row["case"]: row["used"] for row in csv.DictReader(stream)} == {
            NAMES[3]: "yes",
            **dict.fromkeys([*NAMES[:3], "90009_9000009"], "no"),
        }


def changed_label(path: Path, change) -> None:
    label = sitk.ReadImage(str(path))
    sitk.WriteImage(change(label), str(path))


def test_labels_are_checked(picai: Path) -> None:
    def moved(label: sitk.Image) -> sitk.Image:
        label.SetOrigin([value + 200 for value in label.GetOrigin()])
        return label

    changed_label(label_of(picai, NAMES[0]), moved)
    changed_label(label_of(picai, NAMES[1]), lambda label: sitk.Cast(label, sitk.sitkFloat32) + 0.5)
    changed_label(label_of(picai, NAMES[2]), lambda label: label[::2, ::2, :])
    manifest = prepare(RawDataset(picai / "images", picai / "labels", folds=1))
    assert "covers 0% of the T2W" in reason_of(manifest, NAMES[0])
    assert "no label numbers" in reason_of(manifest, NAMES[1])
    by_name = {case.name: case for case in manifest.cases}
    assert "another grid" in by_name[NAMES[2]].notes[0]
    assert by_name[NAMES[3]].notes == ()


@pytest.mark.fault("two masks of one case in a label set", "the case, and that one of them has to go")
def test_two_masks_of_one_case_in_a_label_set_are_refused(picai: Path) -> None:
    """Which of them counts must not depend on their endings."""
    label = label_of(picai, NAMES[1])
    sitk.WriteImage(sitk.ReadImage(str(label)), str(label.with_name(f"{NAMES[1]}.mha")))
    with pytest.raises(InputError, match=f"label set human_expert/resampled holds two files for the case {NAMES[1]};"):
        prepared(picai)


def test_a_mask_of_more_pieces_than_can_be_numbered_is_refused(picai: Path) -> None:
    """The last of them would have been numbered 0, as what is no lesion."""
    label = label_of(picai, NAMES[1])
    grid = sitk.ReadImage(str(label))
    mask = np.zeros_like(sitk.GetArrayFromImage(grid))
    mask[::2, ::2, ::2] = 1
    pieces = int(mask.sum())
    noise = sitk.GetImageFromArray(mask)
    noise.CopyInformation(grid)
    sitk.WriteImage(noise, str(label))
    assert pieces > 255
    assert reason_of(prepared(picai), NAMES[1]) == (
        f"the label holds {pieces} separate pieces, of which 255 can be told apart"
    )


def test_the_marksheet_is_held_against_the_label(picai: Path) -> None:
    path = label_of(picai, NAMES[0])
    manifest = prepared(picai)
    positive = next(case.name for case in manifest.cases if case.positive)
    path = label_of(picai, positive)
    changed_label(path, lambda label: label * 0)
    assert "marksheet says csPCa" in reason_of(
        prepare(RawDataset(picai / "images", picai / "labels", folds=1)), positive
    )


def test_label_sets_are_taken_in_the_order_named(picai: Path) -> None:
    machine = picai / "labels" / LABEL_SET.parent.parent / "AI" / "Bosma22a"
    shutil.copytree(picai / "labels" / LABEL_SET, machine)
    label_of(picai, NAMES[0]).unlink()
    sources = {case.name: case.label_source for case in prepared(picai, "human_expert/resampled", "AI/Bosma22a").cases}
    assert sources == {NAMES[0]: "AI/Bosma22a", **dict.fromkeys(NAMES[1:], "human_expert/resampled")}
    with pytest.raises(InputError, match=r"AI/Other; it has AI/Bosma22a, human_expert/resampled\."):
        prepared(picai, "AI/Other")


def test_the_marksheet_and_anatomy_are_found_beside_any_label_set(picai: Path) -> None:
    deep = prepare(RawDataset(picai / "images", picai / "labels" / LABEL_SET, folds=2))
    assert deep.marksheet
    assert [case.isup for case in deep.cases] == [case.isup for case in prepared(picai).cases]
    assert {case.label_source for case in deep.cases} == {"resampled"}
    assert all(case.anatomy_sources == {"zones": "AI/Yuan23", "gland": "AI/Bosma22b"} for case in deep.cases)


def test_anatomy_may_be_missing_for_some_and_unusable_for_others(picai: Path) -> None:
    labels = picai / "labels"
    for number in (0, 1):
        (labels / ZONE_SET / f"{NAMES[number]}.nii.gz").unlink()
    (labels / GLAND_SET / f"{NAMES[1]}.nii.gz").unlink()
    changed_label(labels / ZONE_SET / f"{NAMES[2]}.nii.gz", lambda zones: zones * 3)
    changed_label(labels / GLAND_SET / f"{NAMES[3]}.nii.gz", lambda gland: gland * 0)
    cases = {case.name: case for case in prepared(picai).cases}
    kinds = [set(cases[name].anatomy_sources) for name in NAMES]
    assert kinds == [{"gland"}, set(), {"gland"}, {"zones"}]
    assert "no zone" in cases[NAMES[2]].notes[0]
    assert "gland mask of AI/Bosma22b is not used: it is empty" in cases[NAMES[3]].notes[0]


def test_anatomy_masks_may_lie_in_any_folder(picai: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.move(picai / "labels" / ZONE_SET, own)
    raw = RawDataset(picai / "images", picai / "labels", folds=2, zone_sets=(str(own),), gland_sets=("Bosma22b",))
    manifest = prepare(raw)
    assert all(case.anatomy_sources == {"zones": "own", "gland": "Bosma22b"} for case in manifest.cases)
    assert manifest.path(manifest.cases[0], "zones") == own / f"{NAMES[0]}.nii.gz"
    with pytest.raises(InputError, match=r"no set of zones masks Other; it has whole_gland/AI/Bosma22b\."):
        prepare(replace(raw, zone_sets=("Other",)))


def test_partial_sets_in_folders_of_one_name_complete_each_other(picai: Path, tmp_path: Path) -> None:
    """And of no folder more than its name is kept, which goes into the model's card."""
    sets: dict[str, list[str]] = {"masks": [], "lesions": []}
    for part, names in (("first", NAMES[:2]), ("second", NAMES[2:])):
        for kind, source in (("masks", ZONE_SET), ("lesions", LABEL_SET)):
            place = tmp_path / part / kind
            place.mkdir(parents=True)
            sets[kind].append(str(place))
            for name in names:
                shutil.copy(picai / "labels" / source / f"{name}.nii.gz", place)
    zones, labels = (tuple(places) for places in sets.values())
    raw = RawDataset(picai / "images", picai / "labels", labels, folds=2, zone_sets=(*zones, zones[0]))
    cases = prepare(raw).cases
    assert [case.name for case in cases] == NAMES
    assert {case.anatomy_sources["zones"] for case in cases} == {"masks"}
    assert {case.label_source for case in cases} == {"lesions"}


def test_a_licence_is_that_of_the_labels_file_or_as_said(picai: Path) -> None:
    assert prepared(picai).licence == ""
    heading = "Attribution-NonCommercial 4.0 International\n\nCreative Commons Corporation"
    (picai / "labels" / "LICENSE").write_text(heading, encoding="utf-8")
    assert prepared(picai).licence == "CC BY-NC 4.0"
    said = prepare(RawDataset(picai / "images", picai / "labels", folds=2, licence="By agreement only"))
    assert said.licence == "By agreement only"


def test_official_folds_are_kept_and_a_case_they_do_not_name_is_reported(picai: Path, tmp_path: Path) -> None:
    splits = tmp_path / "splits.json"
    splits.write_text(json.dumps([{"train": [], "val": NAMES[:1]}, {"train": [], "val": NAMES[1:3]}]))
    manifest = prepare(RawDataset(picai / "images", picai / "labels", splits=splits))
    assert {case.name: case.fold for case in manifest.cases} == {NAMES[0]: 0, NAMES[1]: 1, NAMES[2]: 1}
    assert "does not name it" in reason_of(manifest, NAMES[3])
    assert manifest.folds == 2
    assert "splits.json" in manifest.split


def test_folders_without_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="images' folder does not exist"):
        prepare(RawDataset(tmp_path / "no", tmp_path))
    with pytest.raises(InputError, match=r"no file named \*_t2w"):
        prepare(RawDataset(tmp_path, tmp_path))


def test_the_real_study_can_be_used(real_study: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels"
    source = real_study / "picai" / "labels"
    for kind, folder in (("human_resampled", "resampled"), ("human_original", "original")):
        target = labels / LABEL_SET.parent / folder / "11373_1001396.nii.gz"
        target.parent.mkdir(parents=True)
        shutil.copy(source / f"11373_1001396_lesion_{kind}.nii.gz", target)
    (labels / MARKSHEET).parent.mkdir()
    shutil.copy(source / "marksheet_row.csv", labels / MARKSHEET)
    for sets in ((), ("human_expert/original",)):
        (case,) = prepare(RawDataset(real_study / "picai" / "images", labels, sets, folds=1)).cases
        assert (case.name, case.patient, case.isup, case.positive) == ("11373_1001396", "11373", 3, True)
    label = sitk.GetArrayFromImage(sitk.ReadImage(str(labels / case.files["label"])))
    assert set(np.unique(label)) == {0, 3}
