"""Whether a batch that a list shows as ours is what the provider shows under its id."""

from __future__ import annotations

import logging

from core.domain.batch import Batch
from core.errors import ProviderRefused, ProviderUnreadable
from core.providers.protocol import Provider

logger = logging.getLogger(__name__)


def confirmed(provider: Provider, found: list[Batch]) -> list[Batch]:
    """Those of the found batches that the provider also shows as ours under their own ids, in the same order.

    A list may be wrong about an id. Taking the first it names would follow what does not exist, or somebody else's
    batch, and cancel the one that is paid. One that the provider does not know alone stays where no other is left: a
    server may show a batch in its list before it can be asked for.

    Raises:
        ProviderUnreadable: Under each id that is known stands something else: which batch is ours is not known.
        ProviderError: One of them could not be looked at.
    """
    sure, unknown = [], []
    for batch in found:
        as_listed = is_as_listed(provider, batch)
        if as_listed is None:
            unknown.append(batch)
        elif as_listed:
            sure.append(batch)
    if sure or unknown:
        return sure or unknown[:1]
    names = ", ".join(batch.batch_id for batch in found)
    raise ProviderUnreadable(
        f"The provider's list names {names} as the batch that is looked for, and under that id stands another one. "
        "Nothing is concluded from the list before the two agree."
    )


def is_as_listed(provider: Provider, listed: Batch) -> bool | None:
    """Whether the provider shows the same batch under the id that its list names; None where it knows no such id.

    Raises:
        ProviderError: It could not be looked at.
    """
    try:
        seen = provider.check(listed.batch_id)
    except ProviderRefused as refusal:
        if refusal.status != 404:
            raise
        return None
    same = _same(listed, seen)
    if not same:
        logger.error("the provider lists batch %s as ours and shows another one under that id", listed.batch_id)
    return same


def _same(listed: Batch, seen: Batch) -> bool:
    # A view may leave either of them away; what it names must agree.
    if listed.input_file_id and seen.input_file_id:
        return listed.input_file_id == seen.input_file_id
    key = listed.metadata.get("job_key")
    return not key or seen.metadata.get("job_key", key) == key
