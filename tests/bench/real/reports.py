"""Reports that models wrote about games, weather and time series, with the errors that people marked in them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from core.analyses.marking import Mark, Marked, marks
from core.domain.facts import Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit
from tests.bench.real.contested import REFUTED, has_that_day, is_refuted
from tests.bench.real.scores import Score, Wanted

_STATS: Final = {
    "PTS": "points", "REB": "rebounds", "AST": "assists", "STL": "steals", "BLK": "blocks", "MIN": "minutes",
    "TO": "turnovers", "FGM": "field_goals", "FGA": "attempts", "FG3M": "three_pointers", "FG3A": "tries_for_three",
    "FTM": "free_throws", "FTA": "tries_at_the_line", "WINS": "wins", "LOSSES": "losses", "TOV": "turnovers",
    "FG_PCT": "field_percent", "FG3_PCT": "three_percent", "FT_PCT": "line_percent", "PTS_QTR1": "first_quarter",
    "PTS_QTR2": "second_quarter", "PTS_QTR3": "third_quarter", "PTS_QTR4": "fourth_quarter",
}  # fmt: skip
_COLUMNS: Final = {
    "temp_c": "temperature", "feels_like_c": "feels_like", "pressure_hpa": "pressure", "clouds_pct": "clouds",
    "wind_ms": "wind", "gust_ms": "gusts",
}  # fmt: skip
_WORDS: Final = frozenset(
    {
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty",
    }
)  # fmt: skip
_SENTENCE: Final = re.compile(r"[^.!?]*+(?:[.!?](?=\S)[^.!?]*+)*+[.!?]?\s*")
_UNTOLD: Final = re.compile(r"[\d.]+(?:\s?mm\b|[\u2013-][\d.]+\s?mm\b)")
_FLAGGED: Final = frozenset({Mark.MISMATCHED, Mark.UNSUPPORTED})
Span = tuple[int, int]


def run(folder: Path) -> tuple[list[Score], list[Wanted]]:
    """All three sets."""
    games, words = _games(folder)
    weather, there, days = _weather(folder)
    series, charts = _series(folder)
    caught = games.caught + weather.caught + series.caught
    wrong = games.wrong + weather.wrong + series.wrong
    clean, flagged = days.right + charts.right, days.flagged + charts.flagged
    refuted = days.refuted + charts.refuted
    return [games, words, weather, there, days, series, charts], [
        Wanted("wrong owner, row or day caught", caught, wrong, 0.8),
        Wanted("the same but for what the table has that day", caught - there.caught, wrong - there.wrong, 0.8),
        Wanted("clean answers flagged", flagged, clean, 0.05, most=True),
        Wanted("the same but for what their tables refute", flagged - refuted, clean - refuted, 0.05, most=True),
    ]


def _games(folder: Path) -> tuple[Score, Score]:
    digits, words = Score("games: numbers in digits", "number"), Score("games: numbers in words", "number")
    facts = {row["text_id"]: row for row in _lines(folder / "basketball_facts.jsonl")}
    for one in _lines(folder / "basketball_answers.jsonl"):
        sheet = _game(facts[one["id"]])
        tokens = one["tokenised_text"].split()
        text, places = _joined(tokens)
        wrong: set[int] = set()
        unsure: set[int] = set()
        for error in one["errors"]:
            span = range(error["doc_token_start"] - 1, error["doc_token_end"])
            (wrong if error["type"] == "number" else unsure).update(span)
        marked = _marked(text, sheet)
        loose = _sentences_of(text, [places[at] for at in unsure if at < len(places)])
        for at, token in enumerate(tokens):
            number = token[0].isdigit()
            if not number and token.lower() not in _WORDS:
                continue
            begin, end = places[at]
            if at not in wrong and (at in unsure or any(lo <= begin < hi for lo, hi in loose)):
                continue  # a right number beside a wrong name: neither right nor wrong by itself
            score = digits if number else words
            flagged = any(lo < end and begin < hi for lo, hi in marked)
            score.add(
                wrong=at in wrong,
                flagged=flagged,
                example=f"{one['id']} '{token}' in {text[max(0, begin - 60) : end + 30]}",
            )
    return digits, words


def _weather(folder: Path) -> tuple[Score, Score, Score]:
    numbers, answers = Score("weather: numbers", "number"), Score("weather: answers", "answer")
    there = Score("of them: the table has it that day", "number")
    facts = {row["example"]: row for row in _lines(folder / "weather_facts.jsonl")}
    for one in _lines(folder / "weather_answers.jsonl"):
        spans = [span for spans in one["annotators"] for span in spans]
        bad = [(s["start"], s["end"]) for s in spans if s["type"] in {"contradictory", "not_checkable"}]
        sheet = _forecast(facts[one["example"]])
        found = _marked(one["text"], sheet)
        # Models were told of rain and snow, and the kept tables are not: nothing here can tell right from wrong.
        found = [span for span in found if not _UNTOLD.match(one["text"], span[0])]
        measured = re.compile(r"(?<![\d.-])-?\d+(?:\.\d+)?(?=\s?(?:°|m/s|hPa|mb|%))")
        _count(numbers, one, found, bad, measured)
        _count(there, one, found, bad, measured, sheet)
        _answer(answers, one, found, wrong=bool(bad))
    answers.wrong = answers.caught = 0  # most errors are words about clouds, of which no fact was given
    return numbers, there, answers


def _series(folder: Path) -> tuple[Score, Score]:
    numbers, answers = Score("time series: values", "number"), Score("time series: answers", "answer")
    facts = {row["example"]: row for row in _lines(folder / "owid_facts.jsonl")}
    for one in _lines(folder / "owid_answers.jsonl"):
        if one["off_topic"]:
            continue
        bad = [(s["start"], s["end"]) for s in one["spans"] if s["type"] in {"incorrect", "not_checkable"}]
        found = _marked(one["text"], _chart(facts[one["example"]]))
        _count(numbers, one, found, bad, re.compile(r"(?<![\d.,])\d[\d,]*\.\d+"))
        if one["fully_correct"]:
            _answer(answers, one, found, wrong=False)
    return numbers, answers


def _answer(score: Score, one: dict[str, Any], found: list[Span], *, wrong: bool) -> None:
    score.add(wrong=wrong, flagged=bool(found), example=_first(one, found))
    if not wrong and is_refuted(one, found):
        score.refuted += 1
        score.examples[-1] += f" Refuted by its table: {REFUTED[one['id']][1]}"


def _count(
    score: Score,
    one: dict[str, Any],
    found: list[Span],
    bad: list[Span],
    number: re.Pattern[str],
    there: FactSheet | None = None,
) -> None:
    """Each number of an answer: wrong where it lies in a marked span, flagged where checking marks it.

    With a sheet only wrong ones whose value it has on the day that their sentence names.
    """
    sentences = list(_sentences(one["text"])) if there else []
    for match in number.finditer(one["text"]):
        begin, end = match.span()
        wrong = any(lo <= begin and end <= hi for lo, hi in bad)
        if there is not None:
            around = next((one["text"][lo:hi] for lo, hi in sentences if lo <= begin < hi), "")
            if not wrong or not has_that_day(match, around, there):
                continue
        flagged = any(lo < end and begin < hi for lo, hi in found)
        score.add(
            wrong=wrong,
            flagged=flagged,
            example=f"{one['id']} '{match[0]}': {one['text'][max(0, begin - 80) : end + 40]}",
        )


def _first(one: dict[str, Any], found: list[Span]) -> str:
    return f"{one['id']} {[one['text'][max(0, lo - 50) : hi + 20] for lo, hi in found]}"


def _marked(text: str, sheet: FactSheet) -> list[Span]:
    """Where checking flags something, each sentence a claim that cites all facts of whom the text names."""
    named = [line for line in sheet.holdings if any(word in text for word in (line.name, line.name.split()[-1]))]
    ids = {line.holding_id for line in named}
    cited = [fact for fact in sheet.facts if fact.metric_id.partition(".")[2] in ids or not sheet.holdings]
    cited = cited or list(sheet.facts)
    metrics = [
        {"metric_id": f.metric_id, "value": float(f.shown), "unit": f.unit.value, "currency": None, "period": f.period}
        for f in cited
    ]
    claims, begins = [], []
    for begin, end in _sentences(text):
        begins.append(begin)
        claims.append({"metrics": metrics, "source_ids": [], "text": text[begin:end], "kind": "fact"})
    found = []
    for marked in marks({"claims": claims}, sheet):
        if marked.mark in _FLAGGED and marked.path.endswith(".text"):
            begin = begins[_claim(marked)]
            found.append((begin + marked.start, begin + marked.end))
    return found


def _claim(marked: Marked) -> int:
    return int(marked.path.partition("[")[2].partition("]")[0])


def _sentences(text: str) -> Iterator[Span]:
    for match in _SENTENCE.finditer(text):
        if match.group().strip():
            yield match.span()


def _sentences_of(text: str, places: Iterable[Span]) -> list[Span]:
    return [span for span in _sentences(text) if any(span[0] <= begin < span[1] for begin, _ in places)]


def _joined(tokens: list[str]) -> tuple[str, list[Span]]:
    """Tokens as a text, and where each of them stands in it."""
    text, places, glue = "", [], True
    for token in tokens:
        if not glue and token not in {",", ".", ")", "'s", ":", ";", "!", "?", "-", "n't", "%"}:
            text += " "
        places.append((len(text), len(text) + len(token)))
        text += token
        glue = token in {"(", "-", "$"}
    return text, places


def _game(row: dict[str, Any]) -> FactSheet:
    facts, holdings = [], []
    for line in (row["home_line"], row["vis_line"]):
        stats = {key.partition("-")[2]: value for key, value in line.items()}
        name = stats["NAME"]
        holdings.append(_holding(name, f"{stats['CITY']} {name}"))
        facts += _stats(name, stats)
    for player in row["players"]:
        stats = dict(zip(row["player_columns"], player, strict=True))
        name = stats["PLAYER_NAME"]
        holdings.append(_holding(name.replace(" ", "_"), name))
        facts += _stats(name.replace(" ", "_"), stats)
    return _sheet(facts, holdings)


def _stats(name: str, stats: dict[str, str]) -> list[Fact]:
    return [
        _fact(f"{family}.{name}", float(stats[key]), 0, Unit.PCT if key.endswith("PCT") else Unit.COUNT)
        for key, family in _STATS.items()
        if stats.get(key, "N/A") != "N/A"
    ]


def _forecast(row: dict[str, Any]) -> FactSheet:
    columns, facts = row["columns"], []
    days: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for cells in row["rows"]:
        for column, family in _COLUMNS.items():
            value = float(cells[columns.index(column)])
            unit = Unit.PCT if family == "clouds" else Unit.SCORE
            hour = cells[1][-5:].replace(":", "")
            facts.append(_fact(f"{family}.{cells[0]}_{hour}", value, 2, unit, f"as of {cells[1][:10]}"))
            days[family, cells[0]].append(value)
    for (family, day), values in days.items():
        unit = Unit.PCT if family == "clouds" else Unit.SCORE
        for name, value in (("low", min(values)), ("high", max(values)), ("mean", sum(values) / len(values))):
            facts.append(_fact(f"{family}_{name}.{day}", value, 2, unit))
    return _sheet(facts, [])


def _chart(row: dict[str, Any]) -> FactSheet:
    # Models were told the unit "percentage" with fractions of one: 0.089 as "0.089 %" is then what they were told.
    told = "per hundred" in row["title"] or "hare of" in row["description"] or row["unit"] == "percentage"
    unit = Unit.PCT if told else Unit.SCORE
    facts = [_fact(f"value.{day}", value, _decimals(value), unit, _when(str(day))) for day, value in row["series"]]
    return _sheet(facts, [], name=row["title"])


def _when(text: str) -> str:
    return f"as of {text}" if len(text) == 10 else f"{text}-01-01..{text}-12-31"


def _decimals(value: float) -> int:
    return len(repr(value).partition(".")[2].rstrip("0"))


def _fact(metric_id: str, value: float, decimals: int, unit: Unit, period: str | None = None) -> Fact:
    return Fact(metric_id, value, unit, None, period, "", Badge.REAL, decimals)


def _holding(holding_id: str, name: str) -> HoldingFact:
    return HoldingFact(holding_id, holding_id, name, "equity", "", "", "USD", 0.0, 0.0)


def _sheet(facts: list[Fact], holdings: list[HoldingFact], name: str = "Report") -> FactSheet:
    unique = {fact.metric_id: fact for fact in facts}
    return FactSheet("report", name, date(2026, 10, 30), "USD", "US", tuple(unique.values()), (), tuple(holdings))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
