# ruff: noqa: N802, N803 - the names are those of Slicer's module
"""Slicer's module `SampleData` as far as an extension sees it: what it takes, what it refuses, what its button does.

After Modules/Scripted/SampleData/SampleData.py of Slicer 5.13 (583e9b37d5, 2026-08-21); 5.2.2 to 5.12.3 check the same.
"""

from __future__ import annotations

SOURCES: dict = {}  # slicer.modules.sampleDataSources
LISTS = ("uris", "fileNames", "nodeNames", "loadFiles", "loadFileTypes", "checksums")
MAY_BE_LEFT_OUT = ("nodeNames", "loadFiles", "checksums")  # where `uris` is a list: as many Nones then


class SampleDataSource:
    """ValueError unless the lists are all as long as `uris`; TypeError where one that is needed is no list."""

    def __init__(
        self,
        sampleName=None,
        *,
        sampleDescription=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        checksums=None,
        loadFiles=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFileProperties=None,
        loadFileType=None,
    ):
        if loadFileType is not None and loadFileTypes is not None:
            raise ValueError("loadFileType and loadFileTypes cannot be specified at the same time")
        self.sampleName, self.sampleDescription = sampleName, sampleDescription or sampleName
        self.customDownloader, self.thumbnailFileName = customDownloader, thumbnailFileName
        self.loadFileProperties = loadFileProperties or {}
        self.uris, self.fileNames, self.nodeNames, self.checksums = uris, fileNames, nodeNames, checksums
        self.loadFiles = loadFiles
        self.loadFileTypes = loadFileType if loadFileTypes is None else loadFileTypes
        self._make_lists()
        lengths = {name: len(getattr(self, name)) for name in LISTS}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"All fields of sample data source must have the same length: {lengths}")

    def _make_lists(self):
        if isinstance(self.uris, str):
            for name in LISTS:
                setattr(self, name, [getattr(self, name)])
        elif isinstance(self.uris, list | tuple):
            if isinstance(self.loadFileTypes, str) or self.loadFileTypes is None:
                self.loadFileTypes = [self.loadFileTypes] * len(self.uris)
            for name in MAY_BE_LEFT_OUT:
                if getattr(self, name) is None:
                    setattr(self, name, [None] * len(self.uris))

    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None


class SampleDataLogic:
    @staticmethod
    def registerCustomSampleDataSource(category="Custom", sampleName=None, **named):
        source = SampleDataSource(sampleName, **named)
        known = SOURCES.setdefault(category, [])
        if source not in known:
            known.append(source)

    @staticmethod
    def sampleDataSourcesByCategory(category=None):
        return SOURCES if category is None else SOURCES.get(category, [])


def press(category, name):
    """A click on the source's button in the module."""
    (source,) = (one for one in SOURCES[category] if one.sampleDescription == name)
    return source.customDownloader(source)
