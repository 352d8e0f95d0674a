"""A cohort on a real Ray cluster of two nodes, one of which is lost; needs `pip install '.[ray]'`."""

import csv
import shutil
import threading
import time
from pathlib import Path

import pytest

from host.commands import run_command
from ProstateAlignRefineLib.commands import segment_cohort
from ProstateAlignRefineLib.results.report import REPORT_NAME

pytest.importorskip("ray", reason="ray is not installed: pip install '.[ray]'")
STUDIES = 5


@pytest.fixture
def cohort(a_study_folder: Path, tmp_path: Path) -> Path:
    for number in range(STUDIES):
        shutil.copytree(a_study_folder, tmp_path / "images" / f"case{number}")
    (tmp_path / "list.txt").write_text("".join(f"{tmp_path / 'images' / f'case{n}'}\n" for n in range(STUDIES)))
    return tmp_path / "list.txt"


@pytest.fixture
def cluster():
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield cluster
    cluster.shutdown()


@pytest.mark.slow
def test_studies_of_a_lost_node_are_done_by_another_and_a_second_run_does_nothing(cluster, cohort, a_bundle, tmp_path):
    node, out = cluster.add_node(num_cpus=1), tmp_path / "out"

    def lose_a_node() -> None:
        deadline = time.monotonic() + 300
        while not list(out.glob(f"*/{REPORT_NAME}")) and time.monotonic() < deadline:
            time.sleep(0.05)
        cluster.remove_node(node, allow_graceful=False)

    losing = threading.Thread(target=lose_a_node)
    losing.start()
    options = (cohort, "-o", out, "--model", a_bundle, "--cluster", cluster.address)
    assert run_command(segment_cohort, *options) == 0
    losing.join()
    with (out / "cohort.csv").open() as file:
        assert [row["state"] for row in csv.DictReader(file)] == ["done"] * STUDIES
    assert run_command(segment_cohort, *options) == 0
    with (out / "cohort.csv").open() as file:
        assert [row["state"] for row in csv.DictReader(file)] == ["skipped"] * STUDIES
