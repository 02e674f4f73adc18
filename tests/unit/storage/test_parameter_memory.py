"""What batches teach about parameters: taken when answered, refused when the server names one, unknown otherwise."""

from __future__ import annotations

from decimal import Decimal

from core.domain.analysis import Endpoint, ItemError, Outcome, Reading, ResultStatus, Usage
from core.domain.job import ShardEvent
from core.domain.records import ParameterRow, ShardClaim
from core.storage.store import Store
from tests.unit.storage.making import NOW, STAND_IN
from tests.unit.storage.test_results import collecting

SENT = {"temperature": "0.2", "max_completion_tokens": "given"}
REFUSAL = "Unsupported value: 'temperature' does not support 0.2 with this model."


def _outcomes(claim: ShardClaim, *endings: tuple[ResultStatus, str, bool, int]) -> list[Outcome]:
    shard = claim.shard_id.rpartition(".")[2]
    return [
        Outcome(
            f"risk-{shard}-{number:05d}",
            "p00001",
            Reading(status, None, None, ItemError("code", words, transient) if words else None),
            Usage(10, 0, output, 0),
            Decimal(0),
        )
        for number, (status, words, transient, output) in enumerate(endings)
    ]


def _settled(store: Store, claim: ShardClaim, *endings: tuple[ResultStatus, str, bool, int]) -> dict[str, ParameterRow]:
    store.results.add(claim, _outcomes(claim, *endings))
    store.results.settle(
        claim, ShardEvent.COLLECTED_SOME, kind="risk", effort="", at=NOW, message="", sent=SENT
    )  # fmt: skip
    return {row.parameter: row for row in store.parameters.of("gpt-5.4-mini", provider_id=STAND_IN.fingerprint)}


def test_an_answer_of_any_quality_means_the_parameters_were_taken(store: Store) -> None:
    [claim] = collecting(store, [3])
    known = _settled(
        store,
        claim,
        (ResultStatus.SUCCEEDED, "", False, 900),
        (ResultStatus.INVALID, "not the schema", False, 700),
        (ResultStatus.TRUNCATED, "cut", False, 6000),
    )
    assert {name: (row.sent, row.accepted, row.refused) for name, row in known.items()} == {
        "temperature": (3, 3, 0),
        "max_completion_tokens": (3, 3, 0),
    }
    assert known["temperature"].value == "0.2"
    assert known["temperature"].last_on == "2026-11-24"


def test_a_refusal_counts_against_the_parameter_it_names_and_keeps_the_servers_words(store: Store) -> None:
    [claim] = collecting(store, [2])
    known = _settled(store, claim, (ResultStatus.FAILED, REFUSAL, False, 0), (ResultStatus.SUCCEEDED, "", False, 900))
    assert (known["temperature"].accepted, known["temperature"].refused) == (1, 1)
    assert known["temperature"].words == REFUSAL
    assert known["temperature"].refused_on == "2026-11-24"
    assert known["max_completion_tokens"].refused == 0


def test_a_failure_of_the_server_says_nothing_about_parameters(store: Store) -> None:
    [claim] = collecting(store, [2])
    known = _settled(
        store,
        claim,
        (ResultStatus.FAILED, "The server had an error.", True, 0),
        (ResultStatus.FAILED, "Unsupported image.", False, 0),
    )
    assert known == {}


def test_what_was_learned_adds_up_over_batches(store: Store) -> None:
    first, second = collecting(store, [1, 1])
    _settled(store, first, (ResultStatus.FAILED, REFUSAL, False, 0))
    known = _settled(store, second, (ResultStatus.SUCCEEDED, "", False, 900))
    assert (known["temperature"].sent, known["temperature"].accepted, known["temperature"].refused) == (2, 1, 1)
    assert known["temperature"].words == REFUSAL


def test_one_providers_ways_are_not_taken_for_anothers(store: Store) -> None:
    store.parameters.record(
        "gpt-5.4-mini", Endpoint.RESPONSES, {"reasoning.effort": "low"}, accepted=1, refused={}, words={}, at=NOW,
        simulated=False, provider_id="elsewhere",
    )  # fmt: skip
    assert store.parameters.of("gpt-5.4-mini", provider_id=STAND_IN.fingerprint) == []
    assert store.parameters.of("gpt-5.4-mini", provider_id="elsewhere", endpoint=Endpoint.CHAT) == []
    [row] = store.parameters.of("gpt-5.4-mini", provider_id="elsewhere")
    assert (row.endpoint, row.parameter, row.value, row.accepted) == ("responses", "reasoning.effort", "low", 1)
