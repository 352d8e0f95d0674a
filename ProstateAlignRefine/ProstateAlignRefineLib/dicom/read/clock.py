"""When an image was acquired, from the most trustworthy header value that tells it."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from pydicom.dataset import Dataset

from .values import first

_DAYTIME = re.compile(r"(\d{2})(\d{2})(\d{2}(?:\.\d{1,6})?)?")
_NO_DATE = "20000101"
# Date and time, the acquisition's before the series': a derived map's own times are those of its computation.
_PAIRS = (("AcquisitionDate", "AcquisitionTime"), ("SeriesDate", "SeriesTime"), ("ContentDate", "ContentTime"))


def acquired_at(places: tuple[Dataset, ...]) -> float | None:
    """Seconds on the scanner's clock; None where nothing tells it. A time without a date counts from one fixed day."""
    for keyword in ("FrameAcquisitionDateTime", "AcquisitionDateTime"):
        text = str(first(places, keyword) or "")
        found = _seconds(text[:8], text[8:])
        if found is not None:
            return found
    for date, time in _PAIRS:
        day = first(places, date) or first(places, "StudyDate") or _NO_DATE
        found = _seconds(str(day), str(first(places, time) or ""))
        if found is not None:
            return found
    return None


def _seconds(date: str, time: str) -> float | None:
    found = _DAYTIME.match(time.replace(":", ""))
    if not found:
        return None
    try:
        day = datetime.strptime(date.replace("-", "").replace(".", ""), "%Y%m%d").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    hours, minutes, seconds = float(found[1]), float(found[2]), float(found[3] or 0)
    if hours == minutes == seconds == 0:
        return None  # what de-identifiers leave
    return day.timestamp() + 3600 * hours + 60 * minutes + seconds
