"""Whatever the reader does, in whatever order, and deletes meanwhile: panel, views and scene say the same."""

import random

import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

from App.scenes import add_note
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.scene.layout import OWN_LAYOUTS, TAGS
from ProstateAlignRefineLib.scene.state import MODULE_NAME
from ProstateAlignRefineLib.scene.views import composite_node, nodes_of, slice_node

STEPS, SHARE_DELETED = 40, 0.08
SLICERS_OWN = (3, 6)  # four-up, and red alone
MODULES = (MODULE_NAME, "Data", "SegmentEditor")
BUTTONS = "acceptButton rejectButton paintButton undoButton redoButton resetButton layoutButton matchButton openButton"
CHECKS = "aiCheck outlineCheck editsCheck surfaceCheck glandCheck heatmapCheck"
DELETED = ("ScalarVolume", "Segmentation", "MarkupsLine", "ColorTable", "ColorLegendDisplay", "ScriptedModule")


class Reader:
    """Somebody at the panel and at the rest of Slicer, who does one thing after another by chance."""

    def __init__(self, panel, events, folder, seed):
        self.panel, self.ui, self.application = panel, panel.ui, panel.application
        self.scene, self.events, self.folder, self.chance = self.application.scene, events, folder, random.Random(seed)
        self.application.left, self.application.entered = panel.exit, panel.enter
        self.application.answers |= {"confirm": seed % 2 == 0, "new file": folder / "lesions.csv"}
        often = (self.click, self.drag, self.segment)
        self.elsewhere = (self.go, self.pick_layout, self.add_scene, self.close)
        self.acts = (*often * 3, *self.elsewhere, self.check, self.choose_row, self.choose_result, self.choose_t2w)
        self.acts += (self.score,)

    def act(self):
        """What was done."""
        if self.chance.random() < SHARE_DELETED:
            return self.delete()
        act = self.chance.choice(self.acts)
        if act not in self.elsewhere:
            self.application.select_module(MODULE_NAME)
        return f"{act.__name__} {act() or ''}"

    def delete(self):
        nodes = [node for kind in DELETED for node in nodes_of(self.scene, f"vtkMRML{kind}Node")]
        node, before = self.chance.choice(nodes), self.chosen()
        self.scene.RemoveNode(node)
        assert all(now in (None, then) for now, then in zip(self.chosen(), before, strict=True)), "chosen by nobody"
        return f"delete {node.GetName()}"

    def chosen(self):
        return [getattr(self.panel.session.state, modality.value) for modality in Modality]

    def click(self):
        name = self.chance.choice([*BUTTONS.split(), "csvButton", "copyButton"])
        getattr(self.ui, name).click()
        return name

    def check(self):
        box = getattr(self.ui, self.chance.choice(CHECKS.split()))
        box.checked = not box.checked

    def drag(self):
        """Away, and in half of all cases back to where it was."""
        inner = self.chance.choice([self.ui.tauSlider, self.ui.alphaSlider])._qt._slider
        start = inner.value()
        inner.setSliderDown(True)
        for value in (self.chance.randint(0, 100), self.chance.choice([start, self.chance.randint(0, 100)])):
            inner.setValue(value)
            self.events.settle()
        inner.setSliderDown(False)

    def choose_row(self):
        row = self.chance.randint(0, 1)
        self.ui.lesionTable.selectRow(row)
        self.ui.lesionTable.cellClicked(row, 0)

    def choose_result(self):
        if self.ui.resultList.count:
            self.ui.resultList.currentRow = self.chance.randrange(self.ui.resultList.count)

    def go(self):
        module = self.chance.choice(MODULES)
        self.application.select_module(module)
        return module

    def choose_t2w(self):
        volumes = [one for one in nodes_of(self.scene, "vtkMRMLScalarVolumeNode") if not one.GetHideFromEditors()]
        self.ui.t2wSelector.choose(self.chance.choice([None, *volumes]))

    def pick_layout(self):
        self.scene.GetFirstNodeByClass("vtkMRMLLayoutNode").SetViewArrangement(self.chance.choice(SLICERS_OWN))

    def score(self):
        self.panel.assessment.widgets.dwiScoreBox.currentIndex = self.chance.randint(0, 4)

    def segment(self):
        """Where no study is chosen, one is opened first."""
        if self.panel.session.inputs is None:
            self.ui.openButton.click()
        self.ui.segmentButton.click()
        self.events.until(lambda: not self.panel.session.run.running)

    def add_scene(self):
        add_note(self.scene, self.folder)

    def close(self):
        if self.chance.random() < 0.2:
            self.scene.Clear(0)


def amiss(panel):
    """What does not agree with what."""
    session, scene, ui = panel.session, panel.application.scene, panel.ui
    reading, state = session.shown, session.state
    own = () if reading is None else (reading.nodes.lesions, reading.nodes.review, reading.nodes.gland)
    drawn = [node for node in nodes_of(scene, "vtkMRMLSegmentationNode") if node.GetDisplayNode().GetVisibility()]
    is_on = scene.GetFirstNodeByClass("vtkMRMLLayoutNode").GetViewArrangement() in OWN_LAYOUTS
    selectors = [getattr(ui, f"{modality.value}Selector").currentNode() for modality in Modality]
    found = {
        "drawn of another result": any(node not in own for node in drawn),
        "layout": is_on != session.layout.is_on or is_on != ui.layoutButton.checked,
        "views": is_on and not views_show(scene, session.inputs),
        "selectors": selectors != [getattr(state, modality.value) for modality in Modality],
        "rows": ui.lesionTable.rowCount != (len(reading.lesions) if reading else 0),
        "mask in the lesions' place": reading is not None and reading._drawn.is_live,
        "result of another study": reading is not None and state.t2w not in (None, reading.inputs.t2w),
        "message": "unexpected" in session.message,
    }
    return [name for name, wrong in found.items() if wrong]


def views_show(scene, inputs):
    """Each the volume that it is called by; one volume in two places goes by one name."""
    if inputs is None or len({node.GetID() for node in inputs}) < len(Modality):
        return True
    shown = [composite_node(scene, tag).GetBackgroundVolumeID() for tag in TAGS.values()]
    called = [slice_node(scene, tag).GetLayoutLabel() for tag in TAGS.values()]
    return shown == [node.GetID() for node in inputs] and called == [modality.name for modality in Modality]


@pytest.mark.parametrize("seed", range(8))
def test_panel_views_and_scene_agree_after_every_act(segmented, events, tmp_path, capfd, seed):
    reader, done = Reader(segmented, events, tmp_path, seed), []
    for _step in range(STEPS):
        done.append(reader.act())
        events.settle()
        assert amiss(segmented) == [], done[-10:]
        assert "Traceback" not in capfd.readouterr().err, done  # of an observer: VTK prints it and goes on
