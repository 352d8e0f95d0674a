"""`prostate-align-refine export`: the DICOM objects of a result, chosen one by one, into a folder of their own."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.geometry import to_image
from ..core.plain_lines import remark
from ..core.storage.output import require_apart, writing_folder
from ..core.storage.signature import state_of
from ..core.study import Modality, Study
from ..results.dicom_export import FurtherObjects, write_objects
from ..results.dicom_names import GLAND_NAME, MEASUREMENTS_NAME, SEGMENTATION_NAME, SIMILARITY_FOLDER
from ..results.folder import LESIONS_NAME, Result, read_result
from ..results.report import read_report

RESEARCH_FOLDER = "study"
KIND = "DICOM export"
NAMES = (SEGMENTATION_NAME, MEASUREMENTS_NAME, GLAND_NAME, SIMILARITY_FOLDER, RESEARCH_FOLDER)


@dataclass(frozen=True)
class ExportOptions:
    result: Path
    output: Path
    measurements: bool
    gland: bool
    similarity: bool
    seg_type: str
    deidentify: str | None
    link: Path | None
    research_study: bool


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("export", help="write a result as DICOM: segmentation, measurements, maps")
    parser.add_argument("result", type=Path, metavar="OUT", help="a folder that `segment` has written")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the DICOM objects")
    parser.add_argument("--measurements", action="store_true", help="also a structured report (TID 1500)")
    parser.add_argument("--gland", action="store_true", help="also the gland as a segmentation of its own")
    parser.add_argument("--similarity", action="store_true", help="also the text-image similarity as an MR series")
    words = "form of the segmentations: binary (default), which all readers take, or labelmap, which newer ones do"
    parser.add_argument("--seg-type", choices=("binary", "labelmap"), default="binary", help=words)
    parser.add_argument("--deidentify", metavar="NAME", help="write the pseudonym NAME instead of the patient")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--link", type=Path, metavar="FOLDER", help="the DICOM study that the image files were made of")
    source.add_argument("--research-study", action="store_true", help="put image files into a new study, so marked")
    parser.set_defaults(options=ExportOptions, run=run)


def run(options: ExportOptions) -> int:
    result = read_result(options.result)
    _require_own_mask(options.result)
    require_apart(options.output, [options.link] if options.link else [])
    with writing_folder(options.output, KIND, NAMES) as draft:
        headers = _headers(options, result, draft.folder)
        if options.deidentify is not None:
            from ..dicom import deidentified

            headers = deidentified(headers, options.deidentify)
        objects = FurtherObjects(options.measurements, options.gland, options.similarity, options.seg_type)
        written = write_objects(replace(result, headers=headers), objects, draft.folder)
        written += [f"{RESEARCH_FOLDER}/"] * options.research_study
    kept = ", in place of the earlier export" if draft.replaces else ""
    remark(f"Wrote {', '.join(written)} to {options.output}{kept}.")
    return 0


def _require_own_mask(folder: Path) -> None:
    """InputError where somebody corrected the lesions: DICOM is written of the stored maps."""
    if state_of(folder, LESIONS_NAME) not in (None, read_report(folder).files.get(LESIONS_NAME)):
        raise InputError(
            f"'{LESIONS_NAME}' was changed since this program wrote it, and export writes what the stored maps give, "
            "so the corrections would be lost; move it elsewhere to export the result without them."
        )


def _headers(options: ExportOptions, result: Result, folder: Path) -> Mapping[Modality, tuple[Any, ...]]:
    """The source headers that the objects refer to, the user's explicit choice where the input was not DICOM."""
    from ..dicom import link_to_dicom, write_research_study

    if result.headers:
        if options.link or options.research_study:
            raise InputError("The result is of a DICOM study already; leave out --link and --research-study.")
        return result.headers
    volumes = {modality: to_image(result.volumes[modality], result.maps.grid) for modality in Modality}
    if options.link:
        return link_to_dicom(volumes[Modality.T2W], options.link)
    if options.research_study:
        study = Study(volumes[Modality.T2W], volumes[Modality.ADC], volumes[Modality.HBV])
        return write_research_study(study, folder / RESEARCH_FOLDER)
    raise InputError(
        "The result is of image files, which no DICOM object can refer to; "
        "give their DICOM study with --link, or make a new one with --research-study."
    )
