"""How results came about, as every DICOM object of theirs says it: product, algorithm and its parameters."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from ...core.cautions import Caution, codes_of
from ...core.places import Place
from .ascii_text import LONG_TEXT, checked_text
from .codes import ARTIFICIAL_INTELLIGENCE

if TYPE_CHECKING:
    import highdicom as hd

PRODUCT = "ProstateAlignRefine"
ALGORITHM = "Align then Refine"
BUILT_IN_PROMPTS = frozenset({"prostate lesion"})
RESEARCH_PREFIX, PHANTOM_PREFIX = "RESEARCH-", "PHANTOM-"  # of Patient IDs that this program gives
SERIES_OFFSET = 1000  # added to the T2W series number, so that results follow their sources


@dataclass(frozen=True)
class SegmentationInfo:
    """How the lesions came about, for the Segmentation Algorithm Identification Sequence (0062,0007).

    `weights_sha256`: of the model's weights. `edited`: tau, alpha, prompt or voxels were changed by a person
    (SEMIAUTOMATIC instead of AUTOMATIC). A `prompt` that is not built in may hold patient text: only its digest is
    written. `labels`, `tracking_uids`, `colours` (0 to 255), one a lesion: kept from an earlier export where given.
    `places`, one a lesion: for the Anatomic Region Sequence (0008,2218). `notice`: what the model says of itself, for
    the Content Description (0070,0081). `place_given`: the prompt told where to look. `cautions`: what a reader must
    know of the images and the result. `gland_by`: the network that outlined the gland where the model itself did not.
    """

    version: str
    tau: float
    alpha: float
    prompt: str
    weights_sha256: str
    edited: bool = False
    labels: tuple[str, ...] = ()
    tracking_uids: tuple[str, ...] = ()
    colours: tuple[tuple[int, int, int], ...] = ()
    places: tuple[Place, ...] = ()
    notice: str = ""
    cautions: tuple[Caution, ...] = ()
    place_given: bool = False
    gland_by: str = ""

    @property
    def prompt_id(self) -> str:
        """The prompt where it is one of ours; else the start of its SHA-256, since free text may name a patient."""
        if self.prompt in BUILT_IN_PROMPTS:
            return self.prompt
        return "sha256:" + hashlib.sha256(self.prompt.encode()).hexdigest()[:12]

    @property
    def parameters(self) -> dict[str, str]:
        """By name, as Algorithm Parameters (0066,0032) lists them."""
        return {
            "tau": f"{self.tau:g}",
            "alpha": f"{self.alpha:g}",
            "prompt_id": self.prompt_id,
            **({"place_given": "1"} if self.place_given else {}),
            "weights": f"sha256:{self.weights_sha256[:16]}",
            "edited": str(int(self.edited)),
            **({"cautions": " ".join(codes_of(self.cautions))} if self.cautions else {}),
        }


def is_of_no_patient(header: Dataset) -> bool:
    """Whether it is of a research or a synthetic study of this program."""
    return str(header.get("PatientID", "")).startswith((RESEARCH_PREFIX, PHANTOM_PREFIX))


def equipment(info: SegmentationInfo) -> dict[str, Any]:
    """General Equipment module of every result; the serial number is the digest of the model's weights."""
    return {
        "manufacturer": PRODUCT,
        "manufacturer_model_name": ALGORITHM,
        "software_versions": checked_text(info.version, "version"),
        "device_serial_number": info.weights_sha256[:16],
    }


def algorithm(info: SegmentationInfo) -> hd.AlgorithmIdentificationSequence:
    """Algorithm Identification Sequence of a segment; InputError where DICOM cannot carry the parameters."""
    import highdicom as hd

    checked_text(",".join(f"{key}={value}" for key, value in info.parameters.items()), "parameter text", LONG_TEXT)
    return hd.AlgorithmIdentificationSequence(
        name=ALGORITHM,
        family=ARTIFICIAL_INTELLIGENCE,
        version=info.version,
        source=PRODUCT,
        parameters=info.parameters,
    )
