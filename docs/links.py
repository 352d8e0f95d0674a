"""Links of a page to files outside `docs` lead to the repository, where a page is read too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = re.compile(r"\]\(\.\./(?P<path>[^)#\s]+)(?P<rest>[^)]*)\)")


def on_page_markdown(markdown: str, config: Any, **_: Any) -> str:
    def to_repository(link: re.Match[str]) -> str:
        path = link["path"]
        if not (ROOT / path).exists():
            raise ValueError(f"a page of docs links to '{path}', which is not in the repository")
        return f"]({config['repo_url']}/blob/main/{path}{link['rest']})"

    return OUTSIDE.sub(to_repository, markdown)
