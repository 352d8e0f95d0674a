"""What prompted.json says of a bundle's prompted head. Read without torch."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.errors import InputError
from ...core.lexicon import Lexicon, asked_lines, names_place


@dataclass(frozen=True)
class PromptedSettings:
    """`concepts`: what the tower has an embedding of, in order. `spellings`: the words of prompts, see core.lexicon.

    `width`: of a token. `heads`: of the tower's attention. `hidden`: inner width of the head. `features`: how many
    decoder channels the head reads of the finest and of the second level. `trust`: log-odds that a prompt which gives a
    place adds where its words fit; chosen on validation cases, as how much false volume is worth a lesion found.
    """

    concepts: tuple[str, ...]
    spellings: dict[str, tuple[str, ...]]
    width: int
    heads: int
    hidden: int
    features: tuple[int, int]
    trust: float

    def __post_init__(self) -> None:
        sizes = min(self.width, self.heads, self.hidden, *self.features)
        said = {concept for spelling in self.spellings.values() for concept in spelling}
        if (
            sizes < 1
            or self.width % self.heads
            or not self.concepts
            or not said <= set(self.concepts)
            or self.trust < 0
        ):
            raise InputError("The settings of the prompted head cannot be used; get the model bundle again.")

    @property
    def lexicon(self) -> Lexicon:
        """The words that prompts may be made of."""
        return Lexicon(self.spellings)

    def readings(self, prompt: str) -> tuple[tuple[int, ...], ...]:
        """Each concept of each reading of the prompt as its row of the tower; InputError where a word is unknown."""
        read = self.lexicon.readings(prompt)
        return tuple(tuple(self.concepts.index(concept) for concept in concepts) for concepts in read)

    def asked(self, own: str, prompt: str) -> tuple[str, ...]:
        """What the head is asked by a prompt, line by line; nothing where one is `own`, the bundle's, in other words.

        InputError where a word is unknown or a line is a heading.
        """
        lines = asked_lines(prompt) or ("",)
        wanted = [set(reading) for line in lines for reading in self.readings(line)]
        return () if set(self.readings(own)[0]) in wanted else lines

    def trust_in(self, prompt: str) -> float:
        """`trust` where the prompt gives a place, else 0."""
        return self.trust if names_place(self.lexicon.readings(prompt)[0]) else 0.0
