"""Records sorted into variants of solvers on instances, and which variants correspond.

Within an instance a solver's variants (settings, version, plan, budget, and how the problem has
answers sought) correspond where they are the same. What is left is matched more and more loosely:
first without version and plan, then without settings, at last without the budget; but only where
either side has a single variant that could be meant. So a diff across a changed default compares
what was meant.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dnnbench.records.schema import Record
from dnnbench.report.gather import asked
from dnnbench.report.variant import labels, variant

Texts = Mapping[str, str]
"""Readable values under dotted keys, as `report.variant` has them."""

Key = tuple[tuple[str, str], ...]
"""Such texts, sorted, to be found by."""

BUDGET = "budget."
_HARDWARE = "hardware."
_PROBLEM = "problem."
_MUST_AGREE: tuple[Callable[[str], bool], ...] = (
    lambda key: True,
    lambda key: not key.startswith(("solver.version", "plan.")),
    lambda key: key.startswith((_PROBLEM, BUDGET)),
    lambda key: key.startswith(BUDGET),
    lambda key: False,
)
"""Which keys of two variants must agree, from the closest match to the loosest."""


class Question(NamedTuple):
    """A problem and those of its settings that say what is asked."""

    problem: str
    settings: Key


class Who(NamedTuple):
    """A solver that was asked a question."""

    question: Question
    role: str
    solver: str


class Subject(NamedTuple):
    """A solver on an instance, by the sha256 of its content."""

    who: Who
    sha256: str


@dataclass(frozen=True)
class Variant:
    """The trials of one variant on one instance.

    Attributes:
        texts: what makes the variant: everything but question, hardware, instance and seed.
        trials: the newest of each seed.
    """

    texts: Texts
    trials: Mapping[int, Record]

    @property
    def instance(self) -> str:
        """The instance's name."""
        return next(iter(self.trials.values())).instance


Variants = Mapping[Key, Variant]
"""By their texts."""


@dataclass(frozen=True)
class Sorted:
    """The records of one side.

    Attributes:
        variants: of each solver on each instance.
        questions: the settings that say what is asked.
        repeats: older repeats of a seed, left out.
    """

    variants: Mapping[Subject, Variants]
    questions: Mapping[Question, Texts]
    repeats: int


def sort_in(records: Iterable[Record]) -> Sorted:
    """The variants among the records."""
    trials: dict[Subject, dict[Key, dict[int, Record]]] = {}
    texts: dict[Key, Texts] = {}
    questions: dict[Question, Texts] = {}
    read = 0
    for record in records:
        read += 1
        question, own = _texts(record)
        asking = Question(record.problem, _key(question))
        questions.setdefault(asking, question)
        key = _key(own)
        texts.setdefault(key, own)
        subject = Subject(Who(asking, record.role, record.solver), record.instance_sha256)
        of_seed = trials.setdefault(subject, {}).setdefault(key, {})
        earlier = of_seed.get(record.seed)
        if earlier is None or _age(earlier) < _age(record):
            of_seed[record.seed] = record
    variants = {
        subject: {key: Variant(texts[key], found[key]) for key in sorted(found)}
        for subject, found in trials.items()
    }
    kept = sum(len(found) for by_key in trials.values() for found in by_key.values())
    return Sorted(variants, questions, read - kept)


def counterparts(a: Variants, b: Variants) -> list[tuple[Key, Key]]:
    """The keys of the variants of one solver on one instance that correspond."""
    pairs: dict[Key, Key] = {}
    for must_agree in _MUST_AGREE:
        parts_a, parts_b = _parted(a, must_agree), _parted(b, must_agree)
        for text in parts_a.keys() & parts_b.keys():
            if len(parts_a[text]) == len(parts_b[text]) == 1:
                (key_a,), (key_b,) = parts_a[text], parts_b[text]
                if key_a not in pairs and key_b not in pairs.values():
                    pairs[key_a] = key_b
    return sorted(pairs.items())


def changed(a: Texts, b: Texts) -> tuple[str, ...]:
    """What differs between two variants: `learning_rate 0.1 -> 0.2`."""
    keys = dict.fromkeys([*a, *b])
    return tuple(
        f"{key} {a.get(key, 'absent')} -> {b.get(key, 'absent')}"
        for key in keys
        if a.get(key) != b.get(key)
    )


def question_names(questions: Mapping[Question, Texts]) -> dict[Question, str]:
    """`maxcut`, or `denoise (sigma=25)` where a problem is asked in several ways."""
    names: dict[Question, str] = {}
    for problem in {question.problem for question in questions}:
        mine = [question for question in sorted(questions) if question.problem == problem]
        told = labels([questions[question] for question in mine])
        names |= {q: _named(problem, label) for q, label in zip(mine, told, strict=True)}
    return names


def solver_names(*sides: Mapping[Subject, Variants]) -> dict[tuple[Who, Key], str]:
    """The name of each variant: `pi_gnn`, or `pi_gnn (learning_rate=0.1)`.

    A solver that has a single variant on every instance, in A and in B, needs no label, even if
    its settings follow the size of the instance or change between A and B.
    """
    texts: dict[Who, dict[Key, Texts]] = {}
    several: set[Who] = set()
    for subject, found in _all(sides):
        mine = texts.setdefault(subject.who, {})
        mine.update({key: one.texts for key, one in found.items()})
        if len(found) > 1:
            several.add(subject.who)
    names: dict[tuple[Who, Key], str] = {}
    for who, mine in texts.items():
        told = labels([*mine.values()]) if who in several else [""] * len(mine)
        names |= {(who, k): _named(who.solver, t) for k, t in zip(mine, told, strict=True)}
    return names


def _all(sides: Iterable[Mapping[Subject, Variants]]) -> Iterator[tuple[Subject, Variants]]:
    for side in sides:
        yield from side.items()


def _named(name: str, label: str) -> str:
    return f"{name} ({label})" if label else name


def _texts(record: Record) -> tuple[dict[str, str], dict[str, str]]:
    """What is asked, and what makes the variant."""
    of_question = asked(record)
    question, own = {}, {}
    for key, value in variant(record).items():
        if key.startswith(_PROBLEM) and key.split(".")[1] in of_question:
            question[key.removeprefix(_PROBLEM)] = value
        elif not key.startswith(_HARDWARE):
            own[key] = value
    return question, own


def _key(texts: Texts) -> Key:
    return tuple(sorted(texts.items()))


def _age(record: Record) -> tuple[str, str]:
    return record.created, record.trial_id


def _parted(variants: Variants, must_agree: Callable[[str], bool]) -> dict[Key, list[Key]]:
    """The keys of the variants by those of their texts that must agree."""
    parts: dict[Key, list[Key]] = {}
    for key in variants:
        kept = tuple(text for text in key if must_agree(text[0]))
        parts.setdefault(kept, []).append(key)
    return parts
