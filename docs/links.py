"""Links of a page to files outside `docs` lead to the repository, where a page is read too; its pictures come along."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "Resources" / "Screenshots"
PICTURE = re.compile(r"\]\(\.\./Resources/Screenshots/(?P<name>[^)#\s]+)\)")
OUTSIDE = re.compile(r"\]\(\.\./(?P<path>[^)#\s]+)(?P<rest>[^)]*)\)")


def on_files(files: Files, config: Any, **_: Any) -> Files:
    for path in sorted(PICTURES.glob("*.png")):
        files.append(File.generated(config, path.name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, config: Any, **_: Any) -> str:
    def to_repository(link: re.Match[str]) -> str:
        path = link["path"]
        if not (ROOT / path).exists():
            raise ValueError(f"a page of docs links to '{path}', which is not in the repository")
        return f"]({config['repo_url']}/blob/main/{path}{link['rest']})"

    return OUTSIDE.sub(to_repository, PICTURE.sub(r"](\g<name>)", markdown))
