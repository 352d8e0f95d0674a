"""What a training with the authors' code leaves, as files that tests may damage."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.network.checkpoint import ImportReport, import_checkpoint

Weights = dict[str, Any]


@dataclass(frozen=True)
class TrainingOutput:
    """In `folder`; imported into `output`."""

    folder: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        names = ("checkpoint.pth", "plans.json", "dataset.json", "text.npy")
        return tuple(self.folder / name for name in names)

    @property
    def output(self) -> Path:
        return self.folder / "bundle"

    def run(self) -> ImportReport:
        return import_checkpoint(*self.paths, self.output)

    def change_weights(self, change: Callable[[Weights], None]) -> None:
        contents = torch.load(self.paths[0], weights_only=True)
        change(contents["network_weights"])
        torch.save(contents, self.paths[0])

    def change_json(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        data = json.loads((self.folder / name).read_text(encoding="utf-8"))
        change(data)
        (self.folder / name).write_text(json.dumps(data), encoding="utf-8")

    def refuse(self, message: str) -> None:
        with pytest.raises(InputError, match=message) as caught:
            self.run()
        assert "\n" not in str(caught.value)
        assert not self.output.exists()
