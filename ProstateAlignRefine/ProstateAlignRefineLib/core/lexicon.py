"""The words that a prompt may be made of, and what each stands for: a closed vocabulary, so that no word is ignored."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .alternatives import Said, readings
from .errors import InputError
from .sizes import GAP, NUMBER, UNIT, SizeClass, size_of

LESION, NOT = "lesion", "not"
SIDES = ("left", "right", "midline")
LEVELS = ("base", "mid", "apex")
ZONES = ("peripheral", "transition", "central", "stroma")
PARTS = ("anterior", "posterior", "lateral", "medial")
ORGAN = "elsewhere"
CONCEPTS = (LESION, *SIDES, *LEVELS, *ZONES, *PARTS, *(size.value for size in SizeClass), NOT, ORGAN)
"""What words stand for. `elsewhere`: organs and things that are no part of the prostate."""
ONE_OF = (
    SIDES,
    LEVELS,
    ZONES,
    ("anterior", "posterior"),
    ("lateral", "medial"),
    tuple(size.value for size in SizeClass),
)
"""Of each of these a line names one at most: all its words are to hold of one lesion."""
PLACES = (SIDES, LEVELS, ZONES)
"""Of these a lesion may lie in two."""
PLACE_CONCEPTS = frozenset((*SIDES, *LEVELS, *ZONES, *PARTS))

_KNOWN = "lesion, left, right, midline, base, mid, apex, the zones (PZ, TZ, CZ, AS), PI-RADS sectors, 'small', '12 mm'"
# An optional unit takes the gap before it along: a gap that two patterns may share would be tried in every way.
_SIZE = re.compile(rf"(?<![\w.,])({NUMBER}(?:(?:{GAP}{UNIT})?\s*(?:x|×|\*|by)\s*{NUMBER}){{0,3}}){GAP}({UNIT})(?!\w)")
_NUMBERED = re.compile(r"^(?:[\W_]*(?:lesion|finding|target|roi)\s)?[\W_]*\d{1,2}\s?[.):](?:\s|$)")
_SCORE = re.compile(r"\bpi[\s-]?rads(?:\s*(?:v?\s*2(?:[.,][01])?))?(?:\s*(?:score|category))?\s*[:=]?\s*[1-5x]?\b")
_LONGEST_SHOWN = 40
_CLAUSE_END = re.compile(r"[,.:()]")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
_CONJUNCTION = re.compile(r"\b[Aa]s\b")
_SLASH = re.compile(r"(?<=[^\W\d_])\s*[/&]\s*(?=[^\W\d_])")
_BOUND = re.compile(r"[<>\u2264\u2265]")
_BESIDE = frozenset({"near", "toward", "towards", "abutting", "to", "from"})
_GLAND = frozenset({"prostate", "gland", "prostate gland"})
_WORD = re.compile(r"[^\W_]+(?:\d+)?")
_PAIRS = (("left", "right"), ("lt", "rt"), ("l", "r"), ("lpz", "rpz"), ("ltz", "rtz"), ("sinister", "dexter"))
_SWAPS = dict(_PAIRS) | {right: left for left, right in _PAIRS}
_SIDE = re.compile(r"\b(?:left|right|(?:[lr]|[lr]t|[lr][pt]z|sinister|dexter)\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Lexicon:
    """`spellings`: one to four words in lower case, without hyphens, and the concepts that they stand for; none for
    words that change nothing ("the", "suspicious")."""

    spellings: Mapping[str, tuple[str, ...]]

    def concepts(self, prompt: str) -> tuple[str, ...]:
        """What a prompt says, in its order, of which there is one reading. InputError as of `readings`, and where there
        are several."""
        first, *others = self.readings(prompt)
        for group in PLACES if others else ():
            _require_one_of(group, [concept for reading in (first, *others) for concept in reading])
        return first

    def readings(self, prompt: str) -> tuple[tuple[str, ...], ...]:
        """What a prompt says, in its order: of a lesion that reaches from one place into another ("mid to apex") once
        for each, see `alternatives`. InputError that names the word where one is unknown, where nothing is said, and
        where a line cannot be one lesion, or says what none is: it would find nothing, or something else."""
        if _CONJUNCTION.search(prompt):
            raise InputError(
                "The word 'as' of the prompt is read as the anterior stroma, and in capitals alone; write AS, or leave "
                "it out."
            )
        if _BOUND.search(prompt):
            raise InputError(
                "The prompt holds '<' or '>', which this model does not read; write a size, or small (below 10 mm), "
                "medium or large (from 15 mm)."
            )
        text, sizes = _without_sizes(_plain(prompt))
        if len(set(sizes)) > 1:
            raise InputError(
                "The prompt names sizes that differ in one line; give the lesion's alone, and no distances."
            )
        text = _SLASH.sub(" and ", _SCORE.sub(" ", text))
        said = self._read(_WORD.findall(text))
        found = [*(concept for _, concepts in said for concept in concepts), *sizes]
        if not found:
            raise InputError(f"The prompt names neither a lesion nor a place; this model knows {_KNOWN}.")
        if NOT in found and self._describes_too(text, bool(sizes)):
            raise InputError(
                "The prompt describes a lesion and denies something in one line ('no', 'not', 'without', 'normal'), so "
                "it would find nothing; leave out what is not there."
            )
        if {NOT, ORGAN}.intersection(found):
            self._require_no_lesion(text, found)
            return (tuple(dict.fromkeys(found)),)
        self._require_lesion(text, found)
        read = [[*concepts, *sizes] for concepts in readings(said, PLACES, LEVELS)]
        for group in ONE_OF:
            for concepts in read:
                _require_one_of(group, concepts)
        return tuple(tuple(dict.fromkeys(concepts)) for concepts in read)

    def known_concepts(self, prompt: str) -> tuple[str, ...]:
        """What the known words of a prompt say."""
        text, _ = _without_sizes(_plain(prompt))
        words = _WORD.findall(_SCORE.sub(" ", text))
        return tuple(concept for spelling in self._spelled(words) for concept in self.spellings.get(spelling, ()))

    def _describes_too(self, text: str, sized: bool) -> bool:
        """Whether a text with a denial also names a lesion or size outside of it; or a place, and denies no lesion, as
        in "not left"; or goes on about another place in a further sentence."""
        named: set[str] = set()
        of_nothing = False
        for clause in _CLAUSE_END.split(text):
            spelled = list(self._spelled(_WORD.findall(clause)))
            said = [self.spellings.get(spelling, ()) for spelling in spelled]
            at = next((number for number, concepts in enumerate(said) if NOT in concepts), len(said))
            denied = _together(said[at + 1 :])
            of_place = spelled[at : at + 1] == ["not"] and LESION not in denied
            named |= _together(said[:at]) | (denied if of_place else set())
            of_nothing = of_nothing or (len(said) > at + 1 and (of_place or not denied))
        return sized or LESION in named or (of_nothing and bool(named)) or self._goes_on(text)

    def _goes_on(self, text: str) -> bool:
        """Whether a place or lesion is named in a sentence after one with a denial."""
        denied = False
        for sentence in _SENTENCE_END.split(text):
            said = self._said(sentence)
            if denied and said.intersection((LESION, *PLACE_CONCEPTS)) and not said.intersection((NOT, ORGAN)):
                return True
            denied = denied or NOT in said
        return False

    def _require_no_lesion(self, text: str, found: list[str]) -> None:
        """InputError where a line that names an organ describes a lesion of the prostate; not of what denies one."""
        described = LESION in found or any(size.value in found for size in SizeClass)
        if NOT not in found and (self._names_beside(text) or (set(ZONES).intersection(found) and described)):
            raise InputError(
                "The prompt describes a lesion and names an organ or thing that is none in one line, so it would "
                "find nothing; leave out what is not the lesion."
            )

    def _require_lesion(self, text: str, found: list[str]) -> None:
        """InputError where a size is the prostate's own."""
        sized = any(size.value in found for size in SizeClass)
        spelled = set(self._spelled(_WORD.findall(text)))
        if sized and spelled & _GLAND and not {LESION, *PLACE_CONCEPTS}.intersection(found):
            raise InputError("The prompt gives the size of the prostate and no lesion; leave that line out.")

    def _names_beside(self, text: str) -> bool:
        """Whether an organ only tells where something else lies ("near the rectum")."""
        for clause in _CLAUSE_END.split(text):
            spelled = list(self._spelled(_WORD.findall(clause)))
            at = next((number for number, spelling in enumerate(spelled) if spelling in _BESIDE), len(spelled))
            if ORGAN in _together(self.spellings.get(spelling, ()) for spelling in spelled[at:]):
                return True
        return False

    def _said(self, text: str) -> set[str]:
        """What the known words of a text say."""
        return _together(self.spellings.get(spelling, ()) for spelling in self._spelled(_WORD.findall(text)))

    def _read(self, words: list[str]) -> list[Said]:
        said = []
        for spelling in self._spelled(words):
            if spelling not in self.spellings:
                raise InputError(self._about(spelling))
            said.append((spelling, self.spellings[spelling]))
        return said

    def _spelled(self, words: list[str]) -> Iterator[str]:
        """The longest known spellings, and single words where none is known."""
        at = 0
        while at < len(words):
            length = next((n for n in (4, 3, 2, 1) if " ".join(words[at : at + n]) in self.spellings), 1)
            yield " ".join(words[at : at + length])
            at += length

    def _about(self, word: str) -> str:
        words = [spelling for spelling in self.spellings if " " not in spelling]
        near = difflib.get_close_matches(word, words, n=1, cutoff=0.75)
        meant = f" (is '{near[0]}' meant?)" if near else ""
        shown = word if len(word) <= _LONGEST_SHOWN else f"{word[:_LONGEST_SHOWN]}…"
        return f"The word '{shown}' of the prompt is unknown to this model{meant}; it knows {_KNOWN}."


def names_place(concepts: tuple[str, ...]) -> bool:
    """Whether a place in the gland is given, which the left kidney is not: findings are then reported apart from those
    of a prompt without one."""
    return bool(PLACE_CONCEPTS.intersection(concepts)) and not {NOT, ORGAN}.intersection(concepts)


def gives_place(prompt: str, lexicon: Lexicon) -> bool:
    """Whether a line of the prompt names a place in the gland; words that are not known name none."""
    found = (lexicon.known_concepts(line) for line in prompt_lines(prompt))
    return any(names_place(concepts) for concepts in found)


def says_the_same(prompt: str, own: str, lexicon: Lexicon) -> bool:
    """Whether a line of the prompt says what `own` says, in whichever words; not where a word is unknown."""
    try:
        said = [set(reading) for line in asked_lines(prompt) for reading in lexicon.readings(line)]
        return set(lexicon.concepts(own)) in said
    except InputError:
        return False


def prompt_lines(text: str) -> tuple[str, ...]:
    """A report's lines, one lesion a line or between semicolons, as prompts; empty ones are left out."""
    return tuple(line.strip() for line in re.split(r"[\n;]", text) if line.strip())


def asked_lines(text: str) -> tuple[str, ...]:
    """`prompt_lines` of what is to be asked. InputError where one is a heading, which says of the lines below it what
    they would be read without."""
    lines = prompt_lines(text)
    if len(lines) > 1 and any(line.endswith(":") for line in lines):
        raise InputError(
            "A line of the prompt that ends in ':' is a heading, and each line is read by itself; write the place into "
            "each lesion's line, and leave headings out."
        )
    return lines


def swap_sides(prompt: str) -> str:
    """The prompt for a patient mirrored left to right, as words, in words and abbreviated: "left-sided, LPZ (L)" to
    "right-sided, RPZ (R)" and back."""

    def swapped(found: re.Match[str]) -> str:
        word = found[0]
        other = _SWAPS[word.lower()]
        return other.upper() if word.isupper() else other.capitalize() if word[0].isupper() else other

    return _SIDE.sub(swapped, prompt)


def _require_one_of(group: tuple[str, ...], concepts: list[str]) -> None:
    named = [concept for concept in dict.fromkeys(concepts) if concept in group]
    if len(named) > 1:
        raise InputError(
            f"The prompt names {' and '.join(named)} in one line, which is read as one lesion that is both; "
            "give each lesion a line of its own, or part them by ';'."
        )


def _together(said: Iterable[tuple[str, ...]]) -> set[str]:
    return {concept for concepts in said for concept in concepts}


def _plain(prompt: str) -> str:
    """In lower case, without the number that a report gives a lesion ("1.", "Lesion 2:")."""
    return _NUMBERED.sub("", unicodedata.normalize("NFKC", prompt).strip().lower())


def _without_sizes(text: str) -> tuple[str, list[str]]:
    sizes = [size_of(found[1], found[2]).value for found in _SIZE.finditer(text)]
    return _SIZE.sub(" ", text), sizes
