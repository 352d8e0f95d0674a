"""`prostate-align-refine export`: the DICOM objects of a result, chosen one by one, into a folder of their own."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.anatomy import plausible_gland
from ..core.errors import InputError
from ..core.geometry import to_image
from ..core.storage.output import require_apart, writing_folder
from ..core.study import Modality, Study
from ..results.folder import GLAND_NAME, SEGMENTATION_NAME, Result, lesions_of, read_result, segmentation_info

REPORT_NAME, SIMILARITY_FOLDER, RESEARCH_FOLDER = "measurements.sr.dcm", "similarity", "study"
KIND = "DICOM export"
NAMES = (SEGMENTATION_NAME, REPORT_NAME, GLAND_NAME, SIMILARITY_FOLDER, RESEARCH_FOLDER)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("export", help="write a result as DICOM: segmentation, measurements, maps")
    parser.add_argument("result", type=Path, metavar="OUT", help="a folder that `segment` has written")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the DICOM objects")
    parser.add_argument("--measurements", action="store_true", help="also a structured report (TID 1500)")
    parser.add_argument("--gland", action="store_true", help="also the gland as a segmentation of its own")
    parser.add_argument("--similarity", action="store_true", help="also the text-image similarity as an MR series")
    parser.add_argument("--deidentify", metavar="NAME", help="write the pseudonym NAME instead of the patient")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--link", type=Path, metavar="FOLDER", help="the DICOM study that the image files were made of")
    source.add_argument("--research-study", action="store_true", help="put image files into a new study, so marked")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    result = read_result(arguments.result)
    require_apart(arguments.output, [arguments.link] if arguments.link else [])
    with writing_folder(arguments.output, KIND, NAMES) as draft:
        headers = _headers(arguments, result, draft.folder)
        if arguments.deidentify is not None:
            from ..dicom import deidentified

            headers = deidentified(headers, arguments.deidentify)
        written = _write(replace(result, headers=headers), arguments, draft.folder)
    kept = ", in place of the earlier export" if draft.replaces else ""
    print(f"Wrote {', '.join(written)} to {arguments.output}{kept}.")
    return 0


def _headers(arguments: argparse.Namespace, result: Result, folder: Path) -> Mapping[Modality, tuple[Any, ...]]:
    """The source headers that the objects refer to, the user's explicit choice where the input was not DICOM."""
    from ..dicom import link_to_dicom, write_research_study

    if result.headers:
        if arguments.link or arguments.research_study:
            raise InputError("The result is of a DICOM study already; leave out --link and --research-study.")
        return result.headers
    volumes = {modality: to_image(result.volumes[modality], result.maps.grid) for modality in Modality}
    if arguments.link:
        return link_to_dicom(volumes[Modality.T2W], arguments.link)
    if arguments.research_study:
        study = Study(volumes[Modality.T2W], volumes[Modality.ADC], volumes[Modality.HBV])
        return write_research_study(study, folder / RESEARCH_FOLDER)
    raise InputError(
        "The result is of image files, which no DICOM object can refer to; "
        "give their DICOM study with --link, or make a new one with --research-study."
    )


def _write(result: Result, arguments: argparse.Namespace, folder: Path) -> list[str]:
    from ..dicom import write_gland, write_map, write_measurements, write_segmentation

    found = lesions_of(result)
    labels, lesions = found.whole, found.lesions
    info, grid = segmentation_info(result.run, result.setting, lesions), result.maps.grid
    segmentation = folder / SEGMENTATION_NAME
    write_segmentation(labels, grid, result.headers, info, segmentation)
    written = [SEGMENTATION_NAME]
    if arguments.measurements:
        write_measurements(lesions, segmentation, result.headers, info, folder / REPORT_NAME)
        written.append(REPORT_NAME)
    if arguments.gland:
        write_gland(_gland_of(result), grid, result.headers, info, folder / GLAND_NAME)
        written.append(GLAND_NAME)
    if arguments.similarity:
        write_map(result.maps.similarity, grid, result.headers, info, folder / SIMILARITY_FOLDER)
        written.append(f"{SIMILARITY_FOLDER}/")
    return written + [f"{RESEARCH_FOLDER}/"] * arguments.research_study


def _gland_of(result: Result) -> NDArray[np.bool_]:
    """[Z, Y, X]; InputError where the model gave none."""
    gland = None if result.maps.zones is None else plausible_gland(result.maps.zones, result.maps.grid)
    if gland is None:
        raise InputError("The result holds no gland, since its model gives none; leave out --gland.")
    return gland
