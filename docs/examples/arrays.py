"""From arrays, as another program may hold them, to a mask on the same grid: python arrays.py STUDY MASK.

The arrays come from files here; all three lie on the T2W's grid.
"""

import sys

import SimpleITK as sitk

from ProstateAlignRefineLib import read_study, segment, study_of_arrays

study, mask = sys.argv[1:]
given = read_study(study)
t2w, adc, hbv = (sitk.Resample(image, given.t2w) for image in (given.t2w, given.adc, given.hbv))
again = study_of_arrays(
    *(sitk.GetArrayFromImage(image) for image in (t2w, adc, hbv)),
    spacing=t2w.GetSpacing(),
    origin=t2w.GetOrigin(),
    direction=t2w.GetDirection(),
)
sitk.WriteImage(segment(again).labels, mask)
