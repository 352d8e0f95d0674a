"""The Slicer panel: Qt, the worker process, installation. Nothing here imports torch."""
