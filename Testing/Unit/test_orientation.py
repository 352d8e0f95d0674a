"""The same physical volume in all 48 storage orders, straight, oblique, between two planes, and mirrored."""

import numpy as np
import pytest

from ProstateAlignRefineLib.core.checks.study import check_volumes
from ProstateAlignRefineLib.core.checks.study_geometry import geometry_cautions
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.core.orientation import ORDERS, axial_order, laid_on, order_between
from ProstateAlignRefineLib.core.study import Study


def turned(*vector: float) -> np.ndarray:
    """The rotation about `vector` by its length (Rodrigues)."""
    angle = np.linalg.norm(vector)
    x, y, z = np.asarray(vector) / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


QUARTER = np.pi / 4
ROTATIONS = {
    "straight": np.eye(3),
    "oblique": turned(0.35, 0.1, -0.2),
    "half way to coronal": turned(QUARTER, 0, 0),
    "half way to sagittal": turned(0, QUARTER, 0),
    "half way in its plane": turned(0, 0, QUARTER),
    "far": turned(1.0, 0.5, 0.7),
}


def grid_of(axes: np.ndarray, spacing=(0.5, 0.7, 3.0)) -> Grid:
    return Grid((60, 50, 12), spacing, (-14.0, -17.0, -16.0), tuple(float(v) for v in axes.ravel()))


def noise(grid: Grid):
    return to_image(np.random.default_rng(0).normal(300, 60, grid.shape).astype(np.float32), grid)


@pytest.mark.fault("a volume is stored in another order of axes", "nothing: the result is the same")
@pytest.mark.parametrize("hand", [1, -1], ids=["right-handed", "left-handed"])
@pytest.mark.parametrize("name", ROTATIONS)
def test_every_storage_of_a_volume_gives_one_axial_volume(name, hand):
    plain = noise(grid_of(ROTATIONS[name] * (1, 1, hand)))
    axial = axial_order(Grid.of(plain)).of_image(plain)
    grid, values = Grid.of(axial), to_array(axial)
    assert np.linalg.det(grid.axes) > 0
    assert grid.axes[2, 2] == pytest.approx(np.abs(grid.axes[2]).max())
    assert grid.spacing[2] == (0.7 if name == "far" else 3.0)
    for order in ORDERS:
        stored = order.of_image(plain)
        again = axial_order(Grid.of(stored)).of_image(stored)
        assert Grid.of(again).matches(grid, 1e-9)
        assert np.array_equal(to_array(again), values)


def test_a_voxel_stays_where_it_is():
    plain = noise(grid_of(ROTATIONS["oblique"]))
    point = plain.TransformIndexToPhysicalPoint((7, 20, 4))
    for order in ORDERS:
        stored = order.of_image(plain)
        assert stored[stored.TransformPhysicalPointToIndex(point)] == plain[7, 20, 4]


def test_axial_volumes_stay_untouched():
    plain = noise(grid_of(ROTATIONS["oblique"]))
    assert axial_order(Grid.of(plain)).of_image(plain) is plain


def test_orders_lead_from_any_storage_to_any_other():
    plain = grid_of(ROTATIONS["oblique"])
    values = np.arange(np.prod(plain.shape)).reshape(plain.shape)
    for one in ORDERS[::5]:
        for other in ORDERS[::7]:
            laid = laid_on(one.of_array(values), one.of_grid(plain), other.of_grid(plain))
            assert np.array_equal(laid, other.of_array(values))
    beside = Grid(plain.size, plain.spacing, (0.0, 0.0, 0.0), plain.direction)
    assert order_between(plain, beside) is None


def study_of(t2w: Grid) -> Study:
    dwi = noise(Grid((40, 40, 20), (2.0, 2.0, 3.0), tuple(t2w.centre - [39, 39, 28.5]), tuple(np.eye(3).ravel())))
    return Study(noise(t2w), dwi, dwi)


THICK = {"sagittal": (3.0, 0.7, 0.8), "coronal": (0.7, 3.0, 0.8)}


@pytest.mark.fault("a sagittal or coronal T2W is given", "refused, with its plane; an axial one is asked for")
@pytest.mark.parametrize("plane", THICK)
def test_thick_slices_in_another_plane_are_refused_however_stored(plane):
    x, y, z = THICK[plane]
    sizes = {3.0: 24, 0.7: 90, 0.8: 80}
    plain = Grid((sizes[x], sizes[y], sizes[z]), (x, y, z), (-30.0, -30.0, -30.0), tuple(ROTATIONS["oblique"].ravel()))
    for order in ORDERS[::3]:
        with pytest.raises(InputError, match=f"The T2W has {plane} slices, 3 mm apart"):
            check_volumes(study_of(order.of_grid(plain)))


@pytest.mark.fault("a three-dimensional T2W acquired in another plane", "read as axial slices, with a caution")
def test_nearly_equal_spacings_are_read_in_any_plane_and_said():
    plain = Grid((70, 70, 60), (0.8, 0.8, 1.0), (-28.0, -28.0, -30.0), tuple(ROTATIONS["oblique"].ravel()))
    for order in ORDERS[::3]:
        study = study_of(order.of_grid(plain))
        check_volumes(study)
        codes = [caution.code for caution in geometry_cautions(study)]
        assert codes == ([] if order.axes[2] == 2 else ["t2w-reformatted"])


def test_axial_slices_stored_along_another_axis_need_no_caution():
    for order in ORDERS[::3]:
        study = study_of(
            order.of_grid(Grid((70, 70, 20), (0.8, 0.8, 3.0), (-28.0, -28.0, -30.0), tuple(np.eye(3).ravel())))
        )
        check_volumes(study)
        assert geometry_cautions(study) == ()


@pytest.mark.fault("voxel spacings in metres or micrometres", "refused: no field of view of a prostate")
@pytest.mark.parametrize("factor", [1e-3, 1e3, 50.0, 1 / 50])
@pytest.mark.parametrize("name", ["t2w", "adc", "hbv"])
def test_absurd_fields_of_view_are_refused(name, factor):
    plain = study_of(Grid((70, 70, 20), (0.8, 0.8, 3.0), (-28.0, -28.0, -30.0), tuple(np.eye(3).ravel())))
    volumes = {key: getattr(plain, key) for key in ("t2w", "adc", "hbv")}
    odd = sitk_copy(volumes[name])
    odd.SetSpacing([step * factor for step in odd.GetSpacing()])
    with pytest.raises(InputError, match=f"The {name.upper()} covers .* no image of a prostate"):
        check_volumes(Study(**{**volumes, name: odd}))


def sitk_copy(image):
    return to_image(to_array(image), Grid.of(image))
