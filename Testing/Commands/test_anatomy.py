"""What a result says of the gland: size, places in words, PSA density; and what `gate` keeps of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from host.plain_run import a_run
from host.stand_in_maps import stand_in_maps
from ProstateAlignRefineLib.cli import main
from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.geometry import resample, to_array, to_image
from ProstateAlignRefineLib.core.palette import GLAND_RGB
from ProstateAlignRefineLib.core.storage.output import writing_folder
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.phantom import GLAND_ZONES, Phantom, Sampling, make_phantom
from ProstateAlignRefineLib.results.folder import KIND, NAMES, Result, volumes_on_t2w, write_gated, write_inputs
from ProstateAlignRefineLib.results.report import read_run
from ProstateAlignRefineLib.results.run import Run

NOTICE = "Trained on nothing."
RUN = replace(a_run(NOTICE), psa=6.25)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    """The first with a lesion large enough to be kept."""
    sampling = Sampling.of_field((1.5, 1.5, 4.0), (108.0, 108.0, 72.0))
    phantoms = (make_phantom(seed, sampling) for seed in range(40))
    return next(p for p in phantoms if any(fact.volume_ml > 1 for fact in p.truth.facts))


def write_result(phantom: Phantom, folder: Path, with_zones: bool = True, run: Run = RUN) -> Path:
    """Maps around the true lesions; the true zones, the urethra as part of the transition zone."""
    truth = to_array(phantom.truth.zones)
    zones = np.where(np.isin(truth, GLAND_ZONES), np.minimum(truth, 5), 0).astype(np.uint8)
    zones[zones == 5] = GlandZone.TRANSITION
    maps = stand_in_maps(phantom.truth.lesions, phantom.truth.gland)
    maps = replace(maps, zones=zones) if with_zones else maps
    result = Result(volumes_on_t2w(phantom.study), maps, {}, run, run.own_setting)
    with writing_folder(folder, KIND, NAMES) as draft:
        write_inputs(draft.folder, result)
        write_gated(draft.folder, result)
    return folder


def report_of(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text())


def test_the_report_gives_the_gland_its_psa_density_and_the_notice(phantom, tmp_path):
    report = report_of(write_result(phantom, tmp_path / "out"))
    volume = to_array(phantom.truth.gland).sum() * phantom.study.grid.voxel_ml
    assert report["gland"]["volume_ml"] == pytest.approx(volume, rel=1e-3)
    assert report["gland"]["psa_density_ng_per_ml_per_ml"] == pytest.approx(6.25 / volume, abs=1e-4)
    assert report["gland"]["transverse_mm"] > report["gland"]["anteroposterior_mm"]
    assert report["notice"] == NOTICE


def test_the_largest_lesion_is_where_it_was_put(phantom, tmp_path):
    lesions = report_of(write_result(phantom, tmp_path / "out"))["lesions"]
    largest = max(lesions, key=lambda lesion: lesion["volume_ml"])["place"]
    fact = max(phantom.truth.facts, key=lambda fact: fact.volume_ml)
    assert largest["zone"] == fact.zone.name.lower()
    assert largest["level"] == fact.level.value
    assert largest["told_from"] == "gland"
    assert largest["text"].startswith(f"{largest['side']} {largest['level']} {largest['sector']} (")


def test_without_zones_the_report_says_that_places_come_from_the_stack(phantom, tmp_path):
    report = report_of(write_result(phantom, tmp_path / "out", with_zones=False))
    assert report["gland"] is None
    for lesion in report["lesions"]:
        assert lesion["place"]["told_from"] == "stack"
        assert lesion["place"]["zone"] is None


def test_gate_keeps_gland_and_psa_and_says_the_places(phantom, tmp_path, capsys):
    out = write_result(phantom, tmp_path / "out")
    before = report_of(out)["gland"]
    assert main(["gate", str(out), "--tau", "0.5", "--alpha", "0.9"]) == 0
    assert report_of(out)["gland"] == before
    assert read_run(out).psa == 6.25
    screen = capsys.readouterr().out
    assert f"Gland {before['volume_ml']:.1f} mL" in screen
    assert f"PSA density {before['psa_density_ng_per_ml_per_ml']:.2f} ng/mL/mL." in screen
    assert report_of(out)["lesions"][0]["place"]["text"] in screen


def test_a_psa_stands_in_the_reports_alone(phantom, tmp_path, capsys):
    run = replace(RUN, psa=87.654321)
    out = write_result(phantom, tmp_path / "out", run=run)
    assert main(["gate", str(out), "--alpha", "0.9"]) == 0
    holders = [path.name for path in out.rglob("*") if path.is_file() and b"87.65" in path.read_bytes()]
    assert holders == ["report.html", "report.json"]
    assert "87.65" not in "".join(capsys.readouterr())


def test_the_overview_draws_a_thin_line_around_the_gland(phantom, tmp_path):
    with_gland, without = (
        np.asarray(Image.open(write_result(phantom, tmp_path / name, with_zones=zones) / "overview.png"), int)
        for name, zones in (("with", True), ("without", False))
    )
    first_view = np.s_[26:326, :300]
    changed = np.abs(with_gland - without)[first_view].sum(-1) > 0
    assert 0.002 < changed.mean() < 0.03
    tint = (with_gland - without)[first_view][changed].mean(0)
    assert np.argsort(tint).tolist() == np.argsort(GLAND_RGB).tolist()


def test_coil_flare_at_the_edge_of_the_field_does_not_darken_the_overview(phantom, tmp_path):
    study, grid = phantom.study, phantom.study.grid
    plain = to_array(resample(study.hbv, grid))
    flared = plain.copy()
    flared[:, :2] = flared[:, -2:] = 50 * plain.max()
    views = []
    for name, hbv in (("plain", plain), ("flared", flared)):
        scanned = replace(phantom, study=Study(study.t2w, study.adc, to_image(hbv, grid)))
        views.append(np.asarray(Image.open(write_result(scanned, tmp_path / name) / "overview.png")))
    assert np.array_equal(*views)


def test_segment_takes_a_psa_and_refuses_what_is_none(a_study_folder, a_bundle, tmp_path, capsys):
    out = tmp_path / "out"
    base = ["segment", str(a_study_folder), "-o", str(out), "--model", str(a_bundle), "--psa"]
    assert main([*base, "elevated"]) == 2
    error = capsys.readouterr().err
    assert "PSA is not a positive number" in error
    assert "elevated" not in error
    assert not out.exists()
    assert main([*base, "6,25"]) == 0
    assert read_run(out).psa == 6.25


def test_a_report_of_an_earlier_version_has_no_psa(phantom, tmp_path):
    out = write_result(phantom, tmp_path / "out")
    report = report_of(out)
    del report["run"]["psa"]
    (out / "report.json").write_text(json.dumps(report))
    assert read_run(out).psa is None
