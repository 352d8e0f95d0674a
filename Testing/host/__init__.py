"""Stand-ins for Slicer's application: Qt widgets, a worker, a host. They hide nothing that Slicer would refuse."""
