"""The reading layout as one picture: `python Testing/host/render_views.py OUT.png`.

Draws a synthetic study with stand-in maps. `--study DIR --result DIR` shows a study (DICOM, or three files) with the
maps that `segment` wrote for it; `--study DIR --lesions FILE --gland FILE` a study with stand-in maps made from masks.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import vtk
from PIL import Image, ImageDraw, ImageFont

from ProstateAlignRefineLib.bundle.summary import ModelFacts
from ProstateAlignRefineLib.core.geometry import NEAREST, Grid, resample, to_array
from ProstateAlignRefineLib.core.maps import Maps, load_maps
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files
from ProstateAlignRefineLib.results.run import Run
from ProstateAlignRefineLib.scene.display import set_outline, show_edits
from ProstateAlignRefineLib.scene.heatmap import Heatmap
from ProstateAlignRefineLib.scene.layout import ReadingLayout
from ProstateAlignRefineLib.scene.maps import heat_range
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.volumes import Inputs, add_volume

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from host.slice_views import Host, open_host, picture
from host.stand_in_maps import stand_in_maps

LARGE_ML = 0.6
LOOKS = ("outline", "fill", "edits")
GAP = 4


@dataclass(frozen=True)
class Case:
    t2w: sitk.Image
    adc: sitk.Image
    hbv: sitk.Image
    maps: Maps


def phantom_case() -> Case:
    """The first synthetic patient with a lesion large enough to show."""
    from ProstateAlignRefineLib.phantom.generate import make_phantom

    phantoms = (make_phantom(seed) for seed in count())
    phantom = next(p for p in phantoms if any(fact.volume_ml > LARGE_ML for fact in p.truth.facts))
    study, truth = phantom.study, phantom.truth
    return Case(study.t2w, study.adc, study.hbv, stand_in_maps(truth.lesions, truth.gland))


def study_case(options: argparse.Namespace) -> Case:
    study = read_study(options.study)
    if options.result:
        return Case(study.t2w, study.adc, study.hbv, load_maps(options.result))
    lesions, gland = (
        resample(sitk.ReadImage(str(path)), study.grid, NEAREST) for path in (options.lesions, options.gland)
    )
    return Case(study.t2w, study.adc, study.hbv, stand_in_maps(lesions, gland))


def read_study(folder: Path) -> Study:
    files = find_study_files(folder)
    if files is not None:
        return read_study_files(files)
    from ProstateAlignRefineLib.dicom import load_study

    return load_study(folder)


def load(host: Host, case: Case) -> Reading:
    volumes = [
        add_volume(host.scene, to_array(image).astype(np.float32), Grid.of(image), name)
        for name, image in (("T2W", case.t2w), ("ADC", case.adc), ("HBV", case.hbv))
    ]
    run = Run(ModelFacts("m", "0" * 64, "", 0.35, 0.6, "p", 0.05), "p", "", "", {}, {}, {})
    return Reading.start(host.scene, Inputs(*volumes), case.maps, run)


def draw(host: Host, reading: Reading, look: str) -> Image.Image:
    layout = ReadingLayout(host.scene, host.layout_node)
    layout.enter(reading.inputs)
    set_outline(reading.nodes, look != "fill")
    show_edits(reading.nodes, look == "edits")
    low, high = heat_range(reading.maps)
    layout.heatmap(reading.nodes.maps.similarity, Heatmap(shown=True, opacity=0.6, threshold=low + 0.35 * (high - low)))
    if reading.lesions:
        layout.jump(reading.inputs.t2w, reading.lesions[0].lesion.centre_lps)
    return sheet([(view_title(host, tag), picture(view)) for tag, view in host.views.items()])


def view_title(host: Host, tag: str) -> str:
    """As the view's bar in Slicer says."""
    return str(host.scene.GetSingletonNode(tag, "vtkMRMLSliceNode").GetLayoutLabel())


def sheet(pictures: list[tuple[str, np.ndarray]]) -> Image.Image:
    """The views in two rows of two, each with its name."""
    height, width, _ = pictures[0][1].shape
    page = Image.new("RGB", (2 * width + GAP, 2 * height + GAP), (40, 40, 40))
    for number, (title, pixels) in enumerate(pictures):
        tile = Image.fromarray(np.ascontiguousarray(pixels))
        ImageDraw.Draw(tile).text((10, 8), title, fill=(235, 235, 235), font=ImageFont.load_default(18))
        page.paste(tile, ((number % 2) * (width + GAP), (number // 2) * (height + GAP)))
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--study", type=Path, metavar="DIR")
    parser.add_argument("--result", type=Path, metavar="DIR")
    parser.add_argument("--lesions", type=Path, metavar="FILE")
    parser.add_argument("--gland", type=Path, metavar="FILE")
    parser.add_argument("--look", choices=LOOKS, default="outline")
    options = parser.parse_args()
    case = study_case(options) if options.study else phantom_case()
    host = open_host()
    draw(host, load(host, case), options.look).save(options.output)
    vtk.vtkObject.GlobalWarningDisplayOff()  # as the interpreter ends, views outlive their colours and complain


if __name__ == "__main__":
    main()
