"""The prompt library: versioned texts, regional overlays, tempers and profiles, put together in one order.

The instructions (system part) are, in this order: the kind's task, the house rules, the region, the temper, the
profile, the metric definitions (`PARTS`). They are the same for all requests of one overlay, so the provider can cache
them and we count them once. Released texts never change: overlays and house rules have versions of their own, and a
kind's text names the generation it was released with (`overlays: 2` in its front matter; 1 where it says nothing).
The user part is the data tables and then the question. Data never passes through a template: `{{ name }}` is replaced
when a prompt is composed, from a short list of names, and portfolio data is only ever joined to the finished text.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from core.domain.analysis import Variant
from core.errors import BadSetting, NotFound
from core.llm.prompt_files import PromptFile, decimal_mark, fill, sections, stem_of

if TYPE_CHECKING:
    from hashlib import _Hash

FALLBACK_REGION = "GLOBAL"

PARTS = ("task", "house_rules", "region", "variant", "profile", "definitions")
"""What the instructions are made of, in this order."""

_NAME = re.compile(r"^[A-Za-z][A-Za-z_]*$")
_VERSION_FILE = re.compile(r"^v([1-9]\d*)\.md$")


@dataclass(frozen=True, slots=True)
class PromptPart:
    """What one file contributed to the instructions.

    Attributes:
        name: One of `PARTS`.
        file: Path below the library's root; "" for the definitions, which are no file.
        version: Of that file; "" where it has none.
    """

    name: str
    file: str
    version: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A composed prompt: everything but the data.

    Attributes:
        version: "risk/v1".
        region: Overlay that was used, GLOBAL when the wished one does not exist (`region_fell_back`).
        language: Language of the answer, ISO 639-1.
        schema_name: Name of the schema that the text refers to.
        system: Instructions, identical in all requests of this overlay.
        question: What follows the data in the user part.
        warnings: Sentences for people, such as the one about the fallback.
        profile: Investment profile, or "".
        decimal_mark: "." or ",", as the region writes numbers.
        slots: The answer names facts in slots, and the program writes the numbers.
        caveat: Sentence that the region prescribes, where the program writes it; else "".
        parts: What the instructions are made of, in order.
    """

    version: str
    region: str
    region_fell_back: bool
    language: str
    variant: str
    schema_name: str
    system: str
    question: str
    warnings: tuple[str, ...] = ()
    profile: str = ""
    decimal_mark: str = ""
    slots: bool = False
    caveat: str = ""
    parts: tuple[PromptPart, ...] = ()

    def render(self, blocks: str) -> str:
        """The user part: the data tables, an empty line, the question."""
        return f"{blocks}\n\n{self.question}"

    def digest(self, user: str) -> str:
        """SHA-256 (hex) of the system part, a zero byte, and the rendered user part."""
        digest = _started(self.system).copy()
        digest.update(user.encode())
        return digest.hexdigest()

    def with_addition(self, text: str) -> Prompt:
        """The same with a paragraph at the end of the instructions (tools or a schema in words); "" adds nothing."""
        return replace(self, system=f"{self.system}\n\n{text}") if text else self


@lru_cache(maxsize=64)
def _started(system: str) -> _Hash:
    """The system part is hashed once and not 50,000 times."""
    return hashlib.sha256(system.encode() + b"\0")


class PromptLibrary:
    """The prompts below one folder. Files are read when they are asked for, so an edit needs no restart.

    Args:
        root: Folder with `<kind>/v<n>.md`, `_shared/house_rules.md`, `_regions/<CODE>.md`, `_variants/<name>.md`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def compose(
        self,
        kind: str,
        region: str | None,
        variant: str,
        version: int | str | None = None,
        *,
        profile: str | None = None,
        definitions: str = "",
    ) -> Prompt:
        """Put a prompt together.

        Args:
            kind: Analysis ("risk").
            region: Overlay code in any case; None or an unknown one is GLOBAL, an unknown one with a warning.
            variant: Temper ("default", "aggressive", "conservative").
            version: 1, "v1" or "risk/v1"; None takes the newest released one, or the newest draft if none is.
            profile: Investment profile ("moderate"), or None.
            definitions: Metric definitions, one a line; left out when empty.

        Raises:
            NotFound: No such kind, version, variant or profile; the sentence lists what there is.
            BadSetting: A file of the library is not as it must be.
        """
        text = self.kind_file(kind, version)
        generation = text.meta.get("overlays", 1)
        overlay, fell_back = self._overlay(region, generation)
        temper = self._variant(variant, generation)
        wanted = self._profile_file(profile) if profile else None
        house = self._newest("_shared", "house_rules", generation)
        if house is None:
            raise BadSetting("The prompt file _shared/house_rules.md is missing. Restore it.")
        values = {
            "schema_name": text.text("schema"),
            "language_name": overlay.text("language_name"),
            "language_code": overlay.text("language"),
            "region_name": overlay.text("name"),
            "variant": temper.text("variant"),
        }
        system, question = sections(text)
        parts = [
            PromptPart("task", text.name, text.text("version"), fill(system, values, text.name)),
            *(
                PromptPart(name, file.name, file.text("version"), fill(file.body, values, file.name))
                for name, file in (
                    ("house_rules", house),
                    ("region", overlay),
                    ("variant", temper),
                    ("profile", wanted),
                )
                if file is not None
            ),
        ]
        if definitions:
            words = f"## Definitions of the metrics\n\n{definitions.strip()}"
            parts.append(PromptPart("definitions", "", "", words))
        warning = f"There is no overlay for region '{region}': the international one (GLOBAL) is used."
        return Prompt(
            version=f"{kind}/v{text.meta.get('version')}",
            region=overlay.text("code"),
            region_fell_back=fell_back,
            language=overlay.text("language"),
            variant=temper.text("variant"),
            schema_name=text.text("schema"),
            system="\n\n".join(part.text for part in parts),
            question=fill(question, values, text.name),
            warnings=(warning,) if fell_back else (),
            profile=wanted.text("profile") if wanted else "",
            decimal_mark=decimal_mark(overlay.text("numbers")),
            slots=text.slots,
            caveat=overlay.text("caveat"),
            parts=tuple(parts),
        )

    def kinds(self) -> tuple[str, ...]:
        """Kinds that have at least one version, in alphabetical order."""
        if not self.root.is_dir():
            raise BadSetting(f"There is no folder of prompts at '{self.root}'. Set MOSYCHLOS_PROMPTS or remove it.")
        return tuple(
            folder.name
            for folder in sorted(self.root.iterdir())
            if folder.is_dir() and _NAME.match(folder.name) and self._numbers(folder.name)
        )

    def versions(self, kind: str) -> tuple[PromptFile, ...]:
        """Every version of a kind, oldest first."""
        numbers = self._numbers(kind)
        if not numbers:
            raise NotFound(f"There is no prompt for '{kind}'. There are prompts for: {', '.join(self.kinds())}.")
        return tuple(self.read(f"{kind}/v{number}.md") for number in numbers)

    def regions(self) -> tuple[PromptFile, ...]:
        """The newest version of every regional overlay, by code."""
        return self._latest("_regions")

    def variants(self) -> tuple[PromptFile, ...]:
        """The newest version of every temper, by name."""
        return self._latest("_variants")

    def profiles(self) -> tuple[PromptFile, ...]:
        """The newest version of what each investment profile says in words (`core.llm.profiles` has its figures)."""
        return self._latest("_profiles")

    def parts(self) -> tuple[PromptFile, ...]:
        """Every version of everything that is no kind's own text: house rules, overlays, tempers, profiles."""
        folders = ("_shared", "_regions", "_variants", "_profiles")
        return tuple(file for folder in folders for file in self._folder(folder))

    def kind_file(self, kind: str, version: int | str | None = None) -> PromptFile:
        """One version of a kind's text; see `compose` for how a version may be named.

        Raises:
            NotFound: No such kind or version.
        """
        files = self.versions(kind)
        if version is None:
            return next((file for file in reversed(files) if file.released), files[-1])
        wished = str(version).removeprefix(f"{kind}/").removeprefix("v")
        for file in files:
            if file.name == f"{kind}/v{wished}.md":
                return file
        there = ", ".join(file.name.removesuffix(".md") for file in files)
        raise NotFound(f"There is no version '{version}' of the '{kind}' prompt. There are: {there}.")

    def read(self, name: str) -> PromptFile:
        """One file of the library.

        Raises:
            BadSetting: It is missing, not UTF-8, or has no front matter.
        """
        path = self.root / name
        try:
            raw = path.read_bytes().replace(b"\r\n", b"\n")
            text = raw.decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(f"The prompt file {name} cannot be read ({error}). Restore it.") from None
        head, found, body = text.removeprefix("---\n").partition("\n---\n")
        if not text.startswith("---\n") or not found:
            raise BadSetting(f"The prompt file {name} has no front matter. Begin it with '---', keys, and '---'.")
        try:
            meta = yaml.safe_load(head)
        except yaml.YAMLError as error:
            raise BadSetting(f"The front matter of {name} is not YAML: {error}. Correct it.") from None
        if not isinstance(meta, dict):
            raise BadSetting(f"The front matter of {name} must be keys and values, as in 'version: 1'.")
        return PromptFile(name, meta, body.strip(), hashlib.sha256(raw).hexdigest())

    def _numbers(self, kind: str) -> list[int]:
        if not _NAME.match(kind):
            return []
        found = (_VERSION_FILE.match(path.name) for path in (self.root / kind).glob("v*.md"))
        return sorted(int(match.group(1)) for match in found if match)

    def _folder(self, folder: str) -> tuple[PromptFile, ...]:
        paths = sorted((self.root / folder).glob("*.md"))
        return tuple(self.read(f"{folder}/{path.name}") for path in paths)

    def _latest(self, folder: str) -> tuple[PromptFile, ...]:
        stems = {stem_of(path.name)[0] for path in (self.root / folder).glob("*.md")}
        found = (self._newest(folder, stem) for stem in sorted(stems))
        return tuple(file for file in found if file is not None)

    def _newest(self, folder: str, stem: str, generation: int | None = None) -> PromptFile | None:
        """The newest version of a part up to a generation, or the oldest there is; None when there is no such part."""
        # The name goes into a path: only letters may.
        if not _NAME.match(stem):
            return None
        versions = sorted(version for name, version in map(stem_of, self._names(folder)) if name == stem)
        if not versions:
            return None
        allowed = [version for version in versions if generation is None or version <= generation]
        version = allowed[-1] if allowed else versions[0]
        return self.read(f"{folder}/{stem}.md" if version == 1 else f"{folder}/{stem}.v{version}.md")

    def _names(self, folder: str) -> list[str]:
        return [path.name for path in (self.root / folder).glob("*.md")]

    def _overlay(self, region: str | None, generation: int) -> tuple[PromptFile, bool]:
        code = (region or FALLBACK_REGION).upper()
        if (file := self._newest("_regions", code, generation)) is not None:
            return file, False
        fallback = self._newest("_regions", FALLBACK_REGION, generation)
        if fallback is None:
            raise BadSetting(f"The prompt file _regions/{FALLBACK_REGION}.md is missing. Restore it.")
        return fallback, True

    def _variant(self, variant: str, generation: int) -> PromptFile:
        if variant in set(Variant):
            file = self._newest("_variants", Variant(variant).value, generation)
            if file is None:
                raise BadSetting(f"The prompt file _variants/{variant}.md is missing. Restore it.")
            return file
        raise NotFound(f"There is no prompt variant '{variant}'. There are: {', '.join(Variant)}.")

    def _profile_file(self, name: str) -> PromptFile:
        file = self._newest("_profiles", name)
        if file is None:
            there = ", ".join(one.text("profile") for one in self.profiles()) or "none"
            raise NotFound(f"There is no investment profile '{name[:60]}'. There are: {there}.")
        return file
