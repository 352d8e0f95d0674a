"""A worker without torch that speaks the real protocol, and misbehaves as told.

Run as `python fake_worker.py BEHAVIOUR FOLDER`; with `copy:MAPS` it hands over maps made before, `paced` it takes as
long as the voxels ask for.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ProstateAlignRefine"))

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.cautions import Caution
from ProstateAlignRefineLib.core.exchange import write_exchange
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.maps import Maps, laid_maps
from ProstateAlignRefineLib.core.protocol import (
    MEMORY,
    PROTOCOL,
    Describe,
    Described,
    Failed,
    Finished,
    Hello,
    Progress,
    decode,
    encode,
)
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files

DEVICE = "CPU: 2 threads, fp32"
VERSIONS = {"prostate-align-refine": "0", "torch": "none"}
PAUSE = 0.5  # long enough to cancel
held = None  # the study that was last read, where it is kept
# Of the two lesions, as shares of the field of view in x, y, z.
CENTRES = np.array([[0.3, 0.55, 0.5], [0.7, 0.5, 0.5]], np.float32)
# Seconds a voxel of the study, with a forward pass and where the last one is of the same study; of the forward pass.
NEW_PACE, AGAIN_PACE, SLICE_PACE = 2.4e-5, 0.8e-5, 0.04
CAUTIONS = (Caution("seen", "The worker saw something."),)
LONG = "The ADC map and the high-b-value image lie 4.2 mm beside the T2W; a lesion may be drawn beside its place."
MANY_CAUTIONS = tuple(Caution(f"seen-{number}", LONG) for number in range(3))
FELL_BACK = "The GPU's memory did not suffice; computed on the CPU."
# Of six lesions, as above.
MANY_CENTRES = np.array([[x, y, 0.5] for x in (0.2, 0.5, 0.8) for y in (0.3, 0.7)], np.float32)


def say(message):
    os.write(1, encode(message))


def main(behaviour):
    if behaviour == "does not start":
        sys.exit("RuntimeError: no such luck")
    say(Hello(PROTOCOL + (behaviour == "other version"), "0", "3"))
    for line in sys.stdin.buffer:
        request = decode(line)
        if isinstance(request, Describe):
            say(Described(request.request, DEVICE, 7.0, VERSIONS))
        else:
            segment(request, behaviour)


def segment(request, behaviour):
    say(Progress(request.request, "read", 0, 1))
    if behaviour == "slow":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(request.output).joinpath("child.pid").write_text(str(child.pid))
        say(Progress(request.request, "network", 1, 8))
        time.sleep(600)
    elif behaviour == "crash":
        sys.stderr.write("Traceback\nValueError: boom\n")
        os._exit(3)
    elif behaviour == "killed":
        os.kill(os.getpid(), 9)
    elif behaviour == "garbage":
        os.write(1, b"Downloading 3%\n")
    elif behaviour == "out of memory":
        say(Failed(request.request, MEMORY, "The memory did not suffice."))
    elif behaviour.startswith("copy:"):
        shutil.copytree(behaviour.removeprefix("copy:"), request.output, dirs_exist_ok=True)
        say(Finished(request.request, DEVICE, "fp32", "", {"network": 0.1}, VERSIONS))
    elif behaviour == "pieces":
        in_pieces(finished(request))
    elif behaviour == "paced":
        paced(request)
    else:
        time.sleep(PAUSE if behaviour == "pausing" else 0)
        say(Progress(request.request, "network", 1, 1))
        if behaviour == "much to say":
            say(replace(finished(request, FELL_BACK, maps=many_maps), cautions=MANY_CAUTIONS))
            return
        if behaviour == "cone":
            say(finished(request, maps=cone_maps))
            return
        fell_back = FELL_BACK if behaviour == "fell back" else ""
        seconds = {"network": 0.1} if is_new(images_of(request)) else {"maps": 0.1}
        say(replace(finished(request, fell_back, gland=behaviour == "with gland"), seconds=seconds))


def paced(request):
    """Takes as long as a real run of these voxels would."""
    say(Progress(request.request, "load", 1, 1))
    images = images_of(request)
    new = is_new(images)
    network = SLICE_PACE * images[0].GetDepth() if new else 0.0
    time.sleep(network + (NEW_PACE if new else AGAIN_PACE) * sum(image.GetNumberOfPixels() for image in images))
    say(replace(finished(request), seconds={"network": network} if new else {"maps": 0.1}))


def images_of(request):
    return [sitk.ReadImage(str(path)) for path in find_study_files(Path(request.study)).values()]


def is_new(images):
    """As a bundle with a prompted head does, keeps the last forward pass."""
    global held
    study = [sitk.GetArrayFromImage(image).tobytes() for image in images]
    new, held = study != held, study
    return new


def in_pieces(message):
    line = encode(message)
    for piece in (line[:10], line[10:11], line[11:]):
        os.write(1, piece)
        time.sleep(0.05)


def finished(request, fell_back="", gland=False, maps=None):
    files = find_study_files(Path(request.study))
    study = read_study_files(files)
    maps = (maps or blob_maps)(study.grid)
    maps = replace(maps, zones=ball_of_zones(study.grid)) if gland else maps
    write_exchange(laid_maps(maps, study.stored or study.grid), Path(request.output))
    answer = Finished(request.request, DEVICE, "fp32", fell_back, {"network": 0.1}, VERSIONS, CAUTIONS)
    return replace(answer, gland_by=request.gland_wheel)  # so that a test sees what was asked for


def blob_maps(grid: Grid) -> Maps:
    """Two ball-shaped lesions that fade outwards; the refiner wants the first larger and the second smaller."""
    first, second = distances(grid, CENTRES)
    return fading(grid, np.maximum(8.0 - first, 6.0 - second), np.maximum(12.0 - first, 2.0 - second))


def many_maps(grid: Grid) -> Maps:
    """More lesions than the table has rows."""
    margin = 5.0 - np.min(distances(grid, MANY_CENTRES), axis=0)
    return fading(grid, margin, margin)


def cone_maps(grid: Grid) -> Maps:
    """A lesion that grows from slice to slice, so that its centre is not where it is longest."""
    z, y, x = np.indices(grid.shape, dtype=np.float32)
    beside = np.hypot((x - grid.size[0] / 2) * grid.spacing[0], (y - grid.size[1] / 2) * grid.spacing[1])
    margin = np.where((z > 1) & (z < 6), 2 * z - 1 - beside, -5.0)
    return fading(grid, margin, margin)


def distances(grid, centres):
    """From each centre, in millimetres."""
    z, y, x = np.indices(grid.shape, dtype=np.float32)
    points = np.stack([x, y, z], -1) * np.asarray(grid.spacing, np.float32)
    extent = np.asarray(grid.size) * np.asarray(grid.spacing)
    return [np.linalg.norm(points - extent * centre, axis=-1) for centre in centres]


def fading(grid, base, refined):
    base, refined = base.astype(np.float32), refined.astype(np.float32)
    confidence = (1 / (1 + np.exp(-base / 3))).astype(np.float32)
    return Maps(grid, base, refined, confidence, np.sqrt(confidence))


def ball_of_zones(grid: Grid) -> np.ndarray:
    """An ellipsoid that fills three quarters of the field of view: peripheral zone, the front of it transition zone."""
    z, y, x = np.indices(grid.shape, dtype=np.float32)
    half = (np.asarray(grid.size) - 1) / 2
    inside = ((np.stack([x, y, z], -1) - half) / (0.75 * half)) ** 2
    zones = np.where(y < half[1] - 2, GlandZone.TRANSITION, GlandZone.PERIPHERAL)
    return np.where(inside.sum(-1) <= 1, zones, GlandZone.OUTSIDE).astype(np.uint8)


if __name__ == "__main__":
    main(sys.argv[1])
