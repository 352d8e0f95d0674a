"""What stands below each command's options: lines to copy, and what its exit code says. A test parses every line."""

from __future__ import annotations

from types import MappingProxyType

PROGRAM = "prostate-align-refine"
EXAMPLES = MappingProxyType(
    {
        "": (
            "segment STUDY -o RESULT",
            "gate RESULT --tau 0.5 --alpha 0.4",
            "export RESULT -o DICOM --measurements",
        ),
        "segment": (
            "segment STUDY -o RESULT",
            "segment --t2w t2w.nii.gz --adc adc.nii.gz --hbv hbv.nii.gz -o RESULT --psa 6.2",
            'segment STUDY -o RESULT --prompt "12 mm lesion, left posterolateral PZ, mid-gland"',
        ),
        "gate": ("gate RESULT --tau 0.5 --alpha 0.4", "gate RESULT --false-positives 1"),
        "export": (
            "export RESULT -o DICOM --measurements --similarity",
            "export RESULT -o DICOM --deidentify CASE-17",
            "export RESULT -o DICOM --link STUDY",
        ),
        "send": (
            "send DICOM --to pacs.example.org:11112 --called ARCHIVE",
            "send --test --to https://pacs.example.org/dicom-web --token-file token.txt",
        ),
        "inspect": ("inspect STUDY", "inspect STUDY --json"),
        "segment-cohort": (
            "segment-cohort STUDIES -o RESULTS",
            "segment-cohort cases.csv -o RESULTS --model run/bundle --device cuda",
        ),
        "evaluate": (
            "evaluate --predictions RESULTS --references LABELS -o FIGURES",
            "evaluate --predictions OURS --references LABELS --against THEIRS -o FIGURES --minimum-ml 0.1",
        ),
        "benchmark": ("benchmark --model run/bundle -o FIGURES --cache STUDIES --workers 2",),
        "prepare": ("prepare --images images --labels picai_labels -o dataset",),
        "train": (
            "train --config ours --data dataset --text ours.npz -o run",
            "train --config starter -o run --workers 2",
            "train --config ours --data dataset --set schedule.iterations=100 --dry-run -o run",
            "train --list",
        ),
        "cross-validate": (
            "cross-validate --config ours --data dataset --text ours.npz -o cv",
            "cross-validate --config ours --data dataset --text ours.npz -o cv --ensemble",
        ),
        "runs": ("runs compare run-a run-b",),
        "ensemble": ("ensemble fold0/bundle fold1/bundle fold2/bundle -o together",),
        "teach-prompts": ("teach-prompts --model run/bundle -o taught",),
        "teach-findings": ("teach-findings --model run/bundle -o judged",),
        "teach-refiner": ("teach-refiner --model taught -o refined",),
        "export-engine": ("export-engine run/bundle",),
        "export-nnunet": ("export-nnunet dataset -o nnUNet_raw/Dataset101_Prostate --config ours",),
        "export-monai": ("export-monai run/bundle -o monai-bundle",),
        "algorithm": ("algorithm --model run/bundle",),
        "import-checkpoint": (
            "import-checkpoint checkpoint_best.pth --plans plans.json --dataset dataset.json "
            "--text-embedding text_embedding.npy -o my-model",
        ),
        "encode-text": (
            'encode-text "prostate lesion" -o paper.npz',
            'encode-text "prostate lesion" "clinically significant prostate cancer" '
            '"suspicious lesion in the prostate gland" -o ours.npz',
        ),
        "phantom": ("phantom -o STUDY --seed 3",),
        "demo": ("demo -o demo",),
    }
)
EXIT_CODES = MappingProxyType(
    {
        0: "done; for segment also where nothing was found",
        1: "segment-cohort: some studies failed, which are named",
        2: "input, disk or options cannot be used: one sentence says why, nothing is written",
        70: "a fault of this program",
        130: "stopped by Ctrl-C (143: by SIGTERM)",
    }
)
ONLY_COHORT = 1


def epilog(command: str) -> str:
    """`command`: its name; "" for the program itself."""
    lines = ["examples:", *(f"  {PROGRAM} {line}" for line in EXAMPLES[command]), "", "exit codes:"]
    codes = [code for code in EXIT_CODES if code != ONLY_COHORT or command in ("", "segment-cohort")]
    return "\n".join([*lines, *(f"  {code:<4}{EXIT_CODES[code]}" for code in codes)])
