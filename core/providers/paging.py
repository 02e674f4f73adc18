"""A provider's lists read to their end, whatever the server makes of limits and cursors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import openai

from core.domain.batch import OWN_MARK
from core.errors import ProviderUnreadable
from core.providers import shapes

logger = logging.getLogger(__name__)

T = TypeVar("T")

A_PAGE: Final = 100
"""Items asked for at once: what every known server takes."""

_OPTIONAL: Final[tuple[str, ...]] = ("limit", "purpose")
"""What a list may do without, in the order in which it is given up."""

_SAYS_NO: Final = (openai.BadRequestError, openai.UnprocessableEntityError)
_MOST_TOLD: Final = 1000


class Lists:
    """Reads lists. One instance for a provider: it remembers what the server refuses and what was told.

    Args:
        get: Asks for a path with a query and returns the JSON document.
    """

    def __init__(self, get: Callable[[str, Mapping[str, Any]], object]) -> None:
        self._get = get
        self._refused: set[tuple[str, str]] = set()
        self._told: set[str] = set()

    def read(
        self,
        path: str,
        query: Mapping[str, Any],
        shape: Callable[[object], T],
        of_file: str = "",
        *,
        whole: bool = False,
    ) -> Iterator[T]:
        """Every item of a list that can be read, each once.

        An item that cannot be read and speaks neither of this program nor of `of_file` is somebody else's: it is left
        out, with one warning.

        Args:
            of_file: A file of ours that the caller looks for.
            whole: The caller concludes something from what is not in the list.

        Raises:
            ProviderUnreadable: An item that may be ours cannot be read, so nothing can be said of the whole list; or
                it is wanted whole and keeps back what it says that there is.
            Malformed: An answer was no list.
        """
        for item in self._items(path, query, whole=whole):
            try:
                yield shape(item)
            except shapes.Malformed as odd:
                if shapes.marked(item, OWN_MARK, of_file):
                    raise ProviderUnreadable(
                        f"The provider's list {path} holds an item that may be ours and cannot be read: {odd}. "
                        "Nothing is concluded from the list before it can."
                    ) from None
                self._tell(f"an item of the provider's list {path} cannot be read and is left out: {odd}")

    def first(self, path: str) -> shapes.Page:
        """One item of a list, to see whether there is such a list."""
        return self._page(path, {"limit": 1})

    def _items(self, path: str, query: Mapping[str, Any], *, whole: bool) -> Iterator[object]:
        cursors, seen, promised, held = [""], set[str](), True, 0
        while cursors:
            after = cursors.pop(0)
            try:
                page = self._page(path, {**query, "after": after} if after else query)
            except _SAYS_NO:
                if promised and not cursors:
                    raise
                continue  # the cursor that it gave means nothing to it, or it never said that there was more
            fresh, held = 0, len(page.items) or held
            for item in page.items:
                found = shapes.identified(item)
                if found in seen:
                    continue  # some servers repeat what they have shown; two of one batch would be one too many
                fresh += bool(found)
                seen |= {found} if found else set()
                yield item
            if page.more is False:
                return
            named = [page.last_id, next(filter(None, map(shapes.identified, reversed(page.items))), "")]
            if fresh:
                cursors, promised = [one for one in dict.fromkeys(named) if one], page.more is True
            elif page.more and not cursors:
                # A server that repeats its cursor, or ignores ours, would keep us here for ever.
                self._stuck(path, page, held, shown=any(named), whole=whole)

    def _stuck(self, path: str, page: shapes.Page, held: int, *, shown: bool, whole: bool) -> None:
        """A list promised more and shows nothing new: where its last page had room for more it has ended all the same.

        Args:
            held: Items of the last page that had any.
        """
        if page.items and not shown:
            raise shapes.Malformed("the list says that there is more and names nothing to go on from")
        has_room = 0 < held < A_PAGE and (path, "limit") not in self._refused
        if whole and not has_room:
            raise ProviderUnreadable(
                f"The provider's list {path} says that there is more and does not show it. Nothing is concluded from "
                "the list before it does."
            )
        self._tell(f"the provider's list {path} says that there is more and shows nothing new")

    def _page(self, path: str, query: Mapping[str, Any]) -> shapes.Page:
        """One answer; where the server refuses a parameter that a list can do without, it is left away and remembered.

        It is remembered only once the list came without it: a refusal may have had another reason.
        """
        asked = {name: value for name, value in query.items() if (path, name) not in self._refused}
        given_up: list[str] = []
        while True:
            try:
                found = shapes.page(self._get(path, asked))
            except _SAYS_NO:
                # A later page is asked for as the first one was, which the server took: its refusal means the cursor.
                name = None if "after" in asked else next((name for name in _OPTIONAL if name in asked), None)
                if name is None:
                    raise
                asked = {other: value for other, value in asked.items() if other != name}
                given_up.append(name)
            else:
                for refused in given_up:
                    self._refused.add((path, refused))
                    self._tell(f"the provider's list {path} refuses '{refused}' and is asked for without it")
                return found

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(sentence)
            logger.warning("%s", sentence)
