"""Is the prompt library whole? What `mosychlos prompts check` reports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from core.domain.analysis import Variant
from core.errors import BadInput
from core.llm.profiles import profile_ids
from core.llm.prompt_files import VARIABLES, PromptFile, sections, stem_of, used_variables
from core.llm.prompts import FALLBACK_REGION, PromptLibrary
from core.llm.tokens import counter

REGIONS = (
    "US", "CA", "CA_FR", "UK", "FR", "DE", "DE_EN", "NL", "CH", "CH_FR", "CH_IT", "JP", "SG", "HK", "AU",
    FALLBACK_REGION,
)  # fmt: skip
"""Overlays that the program relies on; others may be added."""

RELEASED = "released.json"
"""Hashes of released files by "name@version": a released text is never edited, because results name its version."""

SIZES = "sizes.json"
"""Tokens of each kind's newest composed instructions (GLOBAL, default, definitions included) at its release."""

MOST_GROWTH = 0.10
"""A text that grew by more than this share needs a reason: every request of every job pays for it."""

_ENCODING = "o200k_base"

_KEYS = {
    "_regions": (
        "code", "version", "name", "language", "language_name", "currency", "numbers", "dates", "regulators",
    ),
    "_variants": ("variant", "version"),
    "_profiles": ("profile", "version"),
}  # fmt: skip
"""What the front matter of a part must hold; the first key repeats its name."""


@dataclass(frozen=True, slots=True)
class PromptProblem:
    """Something wrong with a file of the library, and what to do."""

    file: str
    message: str


@dataclass(frozen=True, slots=True)
class PromptFit:
    """What a kind's text has to fit.

    Attributes:
        kind: "risk".
        schema_name: Name under which its schema is sent.
        properties: What an answer consists of: the text must speak of each.
        definitions: Definitions of the metrics it shows, one a line.
        with_slots: What an answer with slots consists of; empty where there is none.
    """

    kind: str
    schema_name: str
    properties: tuple[str, ...]
    definitions: str = ""
    with_slots: tuple[str, ...] = ()


def check(library: PromptLibrary, expected: Iterable[PromptFit] = ()) -> tuple[PromptProblem, ...]:
    """Every problem of the library; empty when it can be used and no released text was changed.

    Args:
        expected: The analyses that there are; empty looks at the library alone.
    """
    try:
        return (*_problems(library), *(problem for one in expected for problem in _unfit(library, one)))
    except BadInput as error:
        # A file that cannot be read at all hides what is in the others: it comes first and alone.
        return (PromptProblem(str(library.root), str(error)),)


def released_hashes(library: PromptLibrary) -> dict[str, str]:
    """What `released.json` must hold: the hash of each released file by "name@version"."""
    return {_key(file): file.sha256 for file in _files(library) if file.released}


def _files(library: PromptLibrary) -> Iterator[PromptFile]:
    for kind in library.kinds():
        yield from library.versions(kind)
    yield from library.parts()


def _key(file: PromptFile) -> str:
    return f"{file.name}@{file.text('version')}"


def _problems(library: PromptLibrary) -> Iterator[PromptProblem]:
    if not library.kinds():
        yield PromptProblem(str(library.root), "There is no prompt: add <kind>/v1.md.")
    for kind in library.kinds():
        for file in library.versions(kind):
            yield from _kind_problems(kind, file)
    overlays = {_stem(file): file for file in library.regions()}
    tempers = {_stem(file): file for file in library.variants()}
    for code in REGIONS:
        if code not in overlays:
            yield PromptProblem(f"_regions/{code}.md", f"The overlay {code} is missing. Restore it.")
    for variant in Variant:
        if variant not in tempers:
            yield PromptProblem(f"_variants/{variant}.md", f"The variant '{variant}' is missing. Restore it.")
    yield from _profiles(library)
    library.read("_shared/house_rules.md")
    for file in library.parts():
        yield from _part_problems(file)
    yield from _edited(library)
    yield from _grown(library)


def _part_problems(file: PromptFile) -> Iterator[PromptProblem]:
    folder = file.name.partition("/")[0]
    if folder in _KEYS:
        yield from _missing_keys(file, _KEYS[folder])
        yield from _misnamed(file, _KEYS[folder][0])
    if not file.body:
        yield PromptProblem(file.name, "It has no text below its front matter.")
    if file.text("version") != str(stem_of(file.name.rpartition("/")[2])[1]):
        yield PromptProblem(file.name, "Its front matter names another version than its path. Correct either.")
    yield from _unknown_variables(file)


def _profiles(library: PromptLibrary) -> Iterator[PromptProblem]:
    """Each profile has figures (`core.llm.profiles`) and words, both under one id."""
    texts, figures = {_stem(file) for file in library.profiles()}, set(profile_ids())
    for name in sorted(figures - texts):
        yield PromptProblem(f"_profiles/{name}.md", f"The profile '{name}' has figures and no text. Write it.")
    for name in sorted(texts - figures):
        known = ", ".join(sorted(figures))
        yield PromptProblem(f"_profiles/{name}.md", f"No profile '{name}' has figures. There are: {known}.")


def _kind_problems(kind: str, file: PromptFile) -> Iterator[PromptProblem]:
    yield from _missing_keys(file, ("kind", "version", "title", "schema", "variables"))
    yield from _unknown_variables(file)
    if file.meta.get("kind") != kind or f"{kind}/v{file.meta.get('version')}.md" != file.name:
        yield PromptProblem(file.name, "Its front matter names another kind or version than its path. Correct either.")
    try:
        system, question = sections(file)
    except BadInput as error:
        yield PromptProblem(file.name, str(error))
        return
    declared = file.meta.get("variables")
    if isinstance(declared, list) and set(declared) != set(used_variables(file.body)):
        yield PromptProblem(file.name, "The variables in its front matter are not those it uses. List exactly those.")
    if "schema_name" not in used_variables(system):
        yield PromptProblem(file.name, "Its '# System' part does not mention the schema. Write {{ schema_name }}.")
    if not question.strip():
        yield PromptProblem(file.name, "Its question is empty.")


def _missing_keys(file: PromptFile, keys: tuple[str, ...]) -> Iterator[PromptProblem]:
    missing = [key for key in keys if file.meta.get(key) in (None, "")]
    if missing:
        yield PromptProblem(file.name, f"Its front matter lacks {', '.join(missing)}. Add what is missing.")


def _misnamed(file: PromptFile, key: str) -> Iterator[PromptProblem]:
    stem = _stem(file)
    if file.text(key) != stem:
        yield PromptProblem(file.name, f"Its front matter says {key} '{file.text(key)}' and its name '{stem}'.")


def _unknown_variables(file: PromptFile) -> Iterator[PromptProblem]:
    unknown = [name for name in used_variables(file.body) if name not in VARIABLES]
    if unknown:
        known = ", ".join(sorted(VARIABLES))
        yield PromptProblem(file.name, f"It uses unknown variables: {', '.join(unknown)}. Known are: {known}.")


def _edited(library: PromptLibrary) -> Iterator[PromptProblem]:
    path = library.root / RELEASED
    try:
        recorded = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        yield PromptProblem(RELEASED, f"The record of released prompts cannot be read ({error}). Restore it.")
        return
    present = released_hashes(library)
    for key, sha256 in present.items():
        name = key.partition("@")[0]
        if key not in recorded:
            yield PromptProblem(name, f'It is released and not recorded. Add "{key}": "{sha256}" to {RELEASED}.')
        elif recorded[key] != sha256:
            yield PromptProblem(
                name, "It was changed after its release. Restore it, and put the change into a new version."
            )
    for key in recorded:
        name, _, version = key.partition("@")
        if key not in present:
            yield PromptProblem(name, f"Version {version} was released and is gone. Restore it: results refer to it.")


def _grown(library: PromptLibrary) -> Iterator[PromptProblem]:
    """Texts that are much longer than the version before them and do not say why."""
    count = counter(_ENCODING).count
    chains = [library.versions(kind) for kind in library.kinds()]
    by_stem: dict[str, list[PromptFile]] = {}
    for file in library.parts():
        by_stem.setdefault(f"{file.name.partition('/')[0]}/{_stem(file)}", []).append(file)
    chains += [tuple(sorted(files, key=lambda file: int(file.text("version") or 0))) for files in by_stem.values()]
    for chain in chains:
        for before, after in pairwise(chain):
            old, new = count(before.body), count(after.body)
            if new > old * (1 + MOST_GROWTH) and not after.text("grew_because"):
                yield PromptProblem(
                    after.name,
                    f"It has {new:,} tokens and {before.name} has {old:,}: {new / old - 1:.0%} more. Shorten it, or "
                    "say why in its front matter as grew_because.",
                )


def sizes(library: PromptLibrary, expected: Iterable[PromptFit]) -> dict[str, int]:
    """What `sizes.json` must hold for the present library: tokens of the composed instructions by version."""
    count = counter(_ENCODING).count
    found: dict[str, int] = {}
    for one in expected:
        prompt = library.compose(one.kind, None, Variant.DEFAULT.value, definitions=one.definitions)
        found[prompt.version] = count(prompt.system)
    return found


def _unfit(library: PromptLibrary, expected: PromptFit) -> Iterator[PromptProblem]:
    """What a kind's newest text does not say of the answer that its schema demands, and how much longer it became."""
    if expected.kind not in library.kinds():
        yield PromptProblem(f"{expected.kind}/v1.md", f"There is no prompt for '{expected.kind}'. Write it.")
        return
    file = library.kind_file(expected.kind)
    if file.text("schema") != expected.schema_name:
        told = f"Its schema is '{file.text('schema')}' and the analysis sends '{expected.schema_name}'. Correct it."
        yield PromptProblem(file.name, told)
    wanted = expected.with_slots if file.slots else expected.properties
    silent = [name for name in wanted if f"`{name}`" not in file.body]
    if silent:
        yield PromptProblem(file.name, f"It does not mention {', '.join(silent)}, which the schema demands. Say how.")
    try:
        recorded = json.loads((library.root / SIZES).read_text("utf-8"))
    except (OSError, ValueError) as error:
        yield PromptProblem(SIZES, f"The record of prompt sizes cannot be read ({error}). Restore it.")
        return
    for version, tokens in sizes(library, [expected]).items():
        before = recorded.get(version)
        if before is None:
            yield PromptProblem(SIZES, f'The size of {version} is not recorded. Add "{version}": {tokens} to {SIZES}.')
        elif tokens > before * (1 + MOST_GROWTH):
            yield PromptProblem(
                file.name,
                f"Its composed instructions grew from {before:,} to {tokens:,} tokens since its release, by what is "
                "put together with it. Show fewer metrics, or release a new version.",
            )


def _stem(file: PromptFile) -> str:
    return stem_of(file.name.rpartition("/")[2])[0]
