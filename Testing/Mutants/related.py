"""Which tests should notice a fault in which module: paths below the library, and below `Testing/`."""

from __future__ import annotations

from fnmatch import fnmatch

CORE = "Unit/test_geometry.py Unit/test_view.py Unit/test_anatomy.py Unit/test_gate.py Unit/test_lesions.py"
BY_HAND = "Unit/test_lattice.py Unit/test_measures.py"
WRITTEN = "Dicom/test_seg_grid.py Dicom/test_seg.py Dicom/test_sr.py Dicom/test_map_series.py"
SCENE = "Mrml/test_reading.py Mrml/test_reading_edits.py Mrml/test_live.py Mrml/test_history.py Mrml/test_decisions.py"

# The first pattern that fits counts. A room that no pattern names is tested by the folder of its name.
TESTS = (
    ("core/gland.py", f"{CORE} Unit/test_places.py {BY_HAND}"),
    ("core/places.py", f"{CORE} Unit/test_places.py {BY_HAND}"),
    ("core/maps.py", "Unit/test_maps.py"),
    ("core/protocol.py", "App/test_worker.py Unit/test_kept.py"),
    ("core/diameters.py", f"Unit/test_diameters.py {CORE}"),
    ("core/pirads.py", "Unit/test_pirads.py"),
    ("core/assessment.py", "Unit/test_pirads.py"),
    ("core/sectors.py", "Unit/test_pirads.py Dicom/test_reader_in_dicom.py"),
    ("core/sector_map.py", "Results/test_html_report.py App/test_assessment.py"),
    ("results/report.py", "Commands/test_anatomy.py Commands/test_segment.py Unit/test_kept.py"),
    ("results/run.py", "Unit/test_stored_run.py Unit/test_kept.py"),
    ("results/overview.py", "Commands/test_segment.py Unit/test_kept.py"),
    ("core/checks/study.py", "Unit/test_study_files.py Unit/test_kept.py"),
    ("core/study_files.py", "Unit/test_study_files.py"),
    ("core/psa.py", "Unit/test_psa.py"),
    ("core/storage/files.py", "Unit/test_files.py"),
    ("core/exchange.py", "App/test_worker.py Unit/test_kept.py"),
    ("core/palette.py", "Unit/test_kept.py"),
    ("results/slice_names.py", "Unit/test_slice_names.py"),
    ("results/dicom_export.py", "Dicom/test_export.py"),
    ("core/stages.py", "Unit/test_stages.py"),
    ("core/caution*", "Unit/test_cautions.py Unit/test_cautions_table.py"),
    ("results/*", "Results Commands/test_segment.py Unit/test_kept.py Mrml/test_reading.py"),
    ("core/cohort.py", "Unit/test_cohort.py Commands/test_segment_cohort.py"),
    (
        "core/match/*",
        "Dicom/test_series_table.py Dicom/test_vendor_names.py Dicom/test_b_value.py Dicom/test_repeated_series.py",
    ),
    ("core/*", f"{CORE} {BY_HAND}"),
    ("dicom/read/b_value.py", "Dicom/test_b_value.py Dicom/test_vendors.py"),
    ("dicom/quiet.py", "Dicom/test_quiet.py"),
    ("dicom/write/deidentify.py", "Dicom/test_deidentify.py"),
    ("dicom/write/ascii_text.py", "Dicom/test_seg.py"),
    ("dicom/read/csa.py", "Dicom/test_b_value.py Dicom/test_fuzzed_files.py"),
    ("dicom/write/seg.py", WRITTEN),
    ("dicom/write/provenance.py", WRITTEN),
    ("dicom/write/sr.py", WRITTEN),
    ("dicom/write/pdf.py", "Dicom/test_reader_in_dicom.py"),
    ("dicom/write/pirads_codes.py", "Dicom/test_reader_in_dicom.py"),
    ("dicom/write/lesion_sites.py", WRITTEN),
    ("dicom/write/placing.py", WRITTEN),
    ("dicom/write/map_series.py", WRITTEN),
    ("dicom/write/source_headers.py", f"{WRITTEN} Dicom/test_deidentify.py Dicom/test_formats.py"),
    ("dicom/write/series.py", "Dicom/test_series_writer.py Dicom/test_deidentify.py Dicom/test_physics.py"),
    ("dicom/send/dimse.py", "Dicom/test_send.py"),
    ("dicom/send/dicomweb.py", "Dicom/test_send.py"),
    ("dicom/write/dicom_context.py", "Dicom/test_context.py"),
    ("dicom/read/folder.py", "Dicom/test_scan.py Dicom/test_load_study.py"),
    ("dicom/read/dataset.py", "Dicom/test_scan.py Dicom/test_formats.py"),
    ("dicom/match/loaded.py", "Dicom/test_series_table.py"),
    ("dicom/match/classify.py", "Dicom/test_series_table.py Dicom/test_load_study.py Dicom/test_vendors.py"),
    ("dicom/match/survey.py", "Dicom/test_inspect.py"),
    ("dicom/read/volume.py", "Dicom/test_formats.py Dicom/test_physics.py"),
    ("dicom/read/frames.py", "Dicom/test_formats.py Dicom/test_load_study.py Dicom/test_physics.py"),
    ("dicom/send/sendable.py", "Dicom/test_send.py"),
    ("dicom/*", "Dicom/test_stack.py Dicom/test_load_study.py Dicom/test_vendors.py Dicom/test_diffusion.py"
                " Dicom/test_physics.py"),
    ("inference/worker.py", "Inference/test_answers.py App/test_real_worker.py App/test_worker.py"),
    ("inference/jobs.py", "Inference/test_answers.py App/test_real_worker.py"),
    ("inference/segment.py", "Inference Commands/test_segment.py"),
    ("inference/mirroring.py", "Inference/test_predictor.py Model/test_mirroring.py"),
    ("inference/predictor.py", "Inference Model/test_parity.py"),
    ("inference/shard.py", "Commands/test_segment_cohort.py Commands/test_cli.py"),
    ("inference/*", "Inference"),
    ("scene/layout.py", "Mrml/test_layout.py"),
    ("scene/views.py", "Mrml/test_layout.py"),
    ("scene/windows.py", "Mrml/test_layout.py"),
    ("scene/titles.py", "Mrml/test_layout.py"),
    ("scene/earlier.py", "App/test_results_list.py"),
    ("scene/heatmap.py", "Mrml/test_layout.py Mrml/test_pictures.py"),
    ("scene/matching.py", "Mrml/test_matching.py Dicom/test_series_table.py"),
    ("scene/state.py", "Mrml/test_state.py"),
    ("scene/volumes.py", "Mrml/test_volumes.py Mrml/test_reading.py Mrml/test_decisions.py"),
    ("scene/gland.py", "Mrml/test_gland.py"),
    ("scene/maps.py", "Mrml/test_decisions.py Mrml/test_volumes.py Mrml/test_gland.py Mrml/test_layout.py"),
    ("scene/reading.py", f"{SCENE} Mrml/test_state.py"),
    ("scene/*", SCENE),
    ("training/losses.py", "Training/test_losses.py Training/test_teaching.py"),
    ("training/augmentation.py", "Training/test_augmentation.py Training/test_teaching.py"),
    ("training/intensity.py", "Training/test_augmentation.py Training/test_intensity.py"),
    ("training/objective.py", "Training/test_steps.py Training/test_teaching.py"),
)  # fmt: skip
ROOMS = ("core", "results", "dicom", "inference", "scene", "training")


def tests_of(module: str) -> tuple[str, ...] | None:
    """None where nobody asked for faults in this module."""
    return next((tuple(tests.split()) for pattern, tests in TESTS if fnmatch(module, pattern)), None)
