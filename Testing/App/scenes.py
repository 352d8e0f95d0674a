"""Scenes that are added to the one that is open."""


def add_note(scene, folder):
    """A scene with a text alone, by way of a file in the folder."""
    import slicer

    other, file = slicer.vtkMRMLScene(), str(folder / "other.mrml")
    other.AddNewNodeByClass("vtkMRMLTextNode", "note")
    other.SetURL(file)
    assert other.Commit()
    scene.SetURL(file)
    assert scene.Import()
