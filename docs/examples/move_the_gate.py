"""One run of the network, then as many gates as you like: python move_the_gate.py STUDY."""

import sys

from ProstateAlignRefineLib import read_study, segment

segmented = segment(read_study(sys.argv[1]))
for tau in (0.05, 0.35, 0.65):
    for alpha in (0.0, 0.25, 1.0):
        moved = segmented.regate(tau=tau, alpha=alpha)
        edits = moved.to_report()["edits_voxels"]
        print(f"tau {tau:.2f}, alpha {alpha:.2f}: {len(moved.lesions)} lesions, {edits}")
