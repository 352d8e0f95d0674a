"""The panel's state, typed, kept on one scripted-module node and so saved with the scene.

Works on a bare `vtkMRMLScriptedModuleNode` and on the node that Slicer's `getParameterNode()` gives.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Generic, TypeVar, cast, overload

from ..core.errors import InputError
from ..core.plain_data import parse_json
from ..results.run import Run, run_from
from .mrml import ModuleNode, Node, Scene, SegmentationNode, VolumeNode

MODULE_NAME = "ProstateAlignRefine"
RUN = "run"

Value = TypeVar("Value", bound="str | float | bool")
Found = TypeVar("Found", bound=Node)


class Parameter(Generic[Value]):
    """A text, number or switch of the state; the default where the node holds none, or none that can be read."""

    def __init__(self, default: Value) -> None:
        self.default = default
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, state: None, owner: type) -> Parameter[Value]: ...
    @overload
    def __get__(self, state: PanelState, owner: type) -> Value: ...
    def __get__(self, state: PanelState | None, owner: type) -> Parameter[Value] | Value:
        if state is None:
            return self
        text = state.node.GetParameter(self.name)
        return _parse(text, self.default) if text else self.default

    def __set__(self, state: PanelState, value: Value) -> None:
        state.node.SetParameter(self.name, _text(value))


class NodeReference(Generic[Found]):
    """A node of the scene, or None; MRML keeps the link through saving, opening and renumbering."""

    def __init__(self) -> None:
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, state: PanelState, owner: type | None = None) -> Found | None:
        node: Found | None = state.node.GetNodeReference(self.name)
        return node

    def __set__(self, state: PanelState, node: Found | None) -> None:
        state.node.SetNodeReferenceID(self.name, node.GetID() if node is not None else None)


class PanelState:
    """What the panel shows and the module remembers.

    `t2w`, `adc`, `hbv`, `bundle` and `prompt` are chosen for the next run, `t2w_sagittal` and `t2w_coronal` to look at;
    `result_t2w` and so on are those the result was made from, `tau`, `alpha` and `false_positives` its setting now,
    `run` how it came about.
    """

    t2w = NodeReference[VolumeNode]()
    adc = NodeReference[VolumeNode]()
    hbv = NodeReference[VolumeNode]()
    t2w_sagittal = NodeReference[VolumeNode]()
    t2w_coronal = NodeReference[VolumeNode]()
    result_t2w = NodeReference[VolumeNode]()
    result_adc = NodeReference[VolumeNode]()
    result_hbv = NodeReference[VolumeNode]()
    lesions = NodeReference[SegmentationNode]()
    review = NodeReference[SegmentationNode]()
    base_margin = NodeReference[VolumeNode]()
    refined_margin = NodeReference[VolumeNode]()
    confidence = NodeReference[VolumeNode]()
    similarity = NodeReference[VolumeNode]()
    zones = NodeReference[VolumeNode]()
    gland = NodeReference[SegmentationNode]()

    bundle = Parameter("")
    prompt = Parameter("")
    device = Parameter("auto")
    register = Parameter(False)
    gland_network = Parameter(False)

    tau = Parameter(0.35)
    alpha = Parameter(0.25)
    false_positives = Parameter(0.0)

    outline = Parameter(True)
    show_ai = Parameter(True)
    edits = Parameter(False)
    surface = Parameter(False)
    show_gland = Parameter(False)
    heatmap = Parameter(True)
    heatmap_opacity = Parameter(0.7)
    heatmap_threshold = Parameter(0.0)

    def __init__(self, node: ModuleNode) -> None:
        self.node = node

    @property
    def run(self) -> Run | None:
        """None where the scene holds none, or one that this version cannot read."""
        try:
            return run_from(parse_json(self.node.GetParameter(RUN) or "null", "the scene", "segment again"))
        except InputError:
            return None

    @run.setter
    def run(self, run: Run) -> None:
        self.node.SetParameter(RUN, json.dumps(asdict(run)))

    def is_dangling(self, reference: str) -> bool:
        """Whether the node that was referred to has left the scene."""
        return bool(self.node.GetNodeReferenceID(reference)) and self.node.GetNodeReference(reference) is None

    def names(self) -> tuple[str, ...]:
        """Every parameter, references aside."""
        return tuple(name for name, field in vars(PanelState).items() if isinstance(field, Parameter))


def find_or_add_state_node(scene: Scene) -> ModuleNode:
    """The module's one state node, as Slicer's `getParameterNode()` would make it."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLScriptedModuleNode")
    for index in range(count):
        node: ModuleNode = scene.GetNthNodeByClass(index, "vtkMRMLScriptedModuleNode")
        if node.GetModuleName() == MODULE_NAME:
            return node
    node = scene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
    node.UnRegister(None)
    node.SetSingletonTag(MODULE_NAME)
    node.SetModuleName(MODULE_NAME)
    node.SetAttribute("ModuleName", MODULE_NAME)  # what Slicer's `getParameterNode()` looks for
    node.SetName(MODULE_NAME)
    added: ModuleNode = scene.AddNode(node)
    return added


def _text(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(float(value)) if isinstance(value, float | int) else value


def _parse(text: str, default: Value) -> Value:
    if isinstance(default, bool):
        return cast(Value, text == "true")
    if isinstance(default, float):
        try:
            return cast(Value, float(text))
        except ValueError:
            return default
    return cast(Value, text)
