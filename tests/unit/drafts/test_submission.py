"""What may be the name of a model: it is stored, shown and sent as it is."""

import pytest

from core.drafts.submission import stop_unknown
from core.errors import BadInput

HOSTILE = (
    "gpt-5.4-mini\u202e",
    "gpt\x1b[31m",
    "gpt 5",
    "gpt\u200b-5",
    "ft:gpt-4o-2024-08-06:acme::\u2066x",
    "gрt-5",
    "",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_force_lets_a_name_pass_that_reads_otherwise(name: str) -> None:
    with pytest.raises(BadInput, match="is no name of a model"):
        stop_unknown(name, force=True)


@pytest.mark.parametrize("name", ["meta-llama/Llama-3.3-70B:free", "accounts/acme/models/x@1", "ft:gpt-4o:acme::x"])
def test_another_servers_model_is_taken_with_force(name: str) -> None:
    stop_unknown(name, force=True)
