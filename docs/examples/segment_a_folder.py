"""Segments the study of a folder, prints its lesions, and keeps the result: python segment_a_folder.py STUDY OUT."""

import sys

from ProstateAlignRefineLib import load_model, read_study, segment

study, out = sys.argv[1:]
segmented = segment(read_study(study), load_model(), progress=print)
for lesion in segmented.lesions:
    place = lesion.place.text or "place unknown"
    print(f"{lesion.number}: {lesion.volume_ml:.2f} mL, confidence {lesion.confidence:.2f}, {place}")
for caution in segmented.cautions:
    print(caution.text)
print("Results are in", segmented.save(out))
