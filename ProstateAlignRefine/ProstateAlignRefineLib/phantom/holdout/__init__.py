"""A second family of synthetic studies, for testing alone: other shapes, textures, lesions, sequences and noise.

It shares the tissues' physics (`phantom.tissue`) and the way of painting a grid with the first family, nothing else.
"""

from .make import make_holdout

__all__ = ["make_holdout"]
