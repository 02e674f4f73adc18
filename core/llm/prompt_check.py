"""Is the prompt library whole? What `mosychlos prompts check` reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from core.domain.analysis import Variant
from core.errors import BadInput
from core.llm.prompts import FALLBACK_REGION, VARIABLES, PromptFile, PromptLibrary, sections, used_variables

REGIONS = ("US", "UK", "FR", FALLBACK_REGION)
"""Overlays that the program relies on; others may be added."""

RELEASED = "released.json"
"""Hashes of released files by "name@version": a released text is never edited, because results name its version."""

_OVERLAY_KEYS = ("code", "version", "name", "language", "language_name", "currency", "numbers", "dates", "regulators")


@dataclass(frozen=True, slots=True)
class PromptProblem:
    """Something wrong with a file of the library, and what to do."""

    file: str
    message: str


def check(library: PromptLibrary) -> tuple[PromptProblem, ...]:
    """Every problem of the library; empty when it can be used and no released text was changed."""
    try:
        return tuple(_problems(library))
    except BadInput as error:
        # A file that cannot be read at all hides what is in the others: it comes first and alone.
        return (PromptProblem(str(library.root), str(error)),)


def released_hashes(library: PromptLibrary) -> dict[str, str]:
    """What `released.json` must hold: the hash of each released file by "name@version"."""
    return {_key(file): file.sha256 for file in _files(library) if file.released}


def _files(library: PromptLibrary) -> Iterator[PromptFile]:
    for kind in library.kinds():
        yield from library.versions(kind)
    yield library.read("_shared/house_rules.md")
    yield from library.regions()
    yield from library.variants()


def _key(file: PromptFile) -> str:
    return f"{file.name}@{file.text('version')}"


def _problems(library: PromptLibrary) -> Iterator[PromptProblem]:
    if not library.kinds():
        yield PromptProblem(str(library.root), "There is no prompt: add <kind>/v1.md.")
    for kind in library.kinds():
        for file in library.versions(kind):
            yield from _kind_problems(kind, file)
    overlays = {file.name: file for file in library.regions()}
    tempers = {file.name: file for file in library.variants()}
    for code in REGIONS:
        if f"_regions/{code}.md" not in overlays:
            yield PromptProblem(f"_regions/{code}.md", f"The overlay {code} is missing. Restore it.")
    for variant in Variant:
        if f"_variants/{variant}.md" not in tempers:
            yield PromptProblem(f"_variants/{variant}.md", f"The variant '{variant}' is missing. Restore it.")
    for file in overlays.values():
        yield from _missing_keys(file, _OVERLAY_KEYS)
        yield from _misnamed(file, "code")
    for file in tempers.values():
        yield from _missing_keys(file, ("variant", "version"))
        yield from _misnamed(file, "variant")
    for file in (library.read("_shared/house_rules.md"), *overlays.values(), *tempers.values()):
        if not file.body:
            yield PromptProblem(file.name, "It has no text below its front matter.")
        yield from _unknown_variables(file)
    yield from _edited(library)


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
    stem = file.name.rpartition("/")[2].removesuffix(".md")
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
        if name.startswith("_"):
            continue
        if key not in present:
            yield PromptProblem(name, f"Version {version} was released and is gone. Restore it: results refer to it.")
