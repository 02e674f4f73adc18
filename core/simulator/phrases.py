"""How the local server speaks: short sentences in three languages, figures as the prompt's region writes them."""

from __future__ import annotations

from typing import Any

from core.simulator.prompt_tables import Blocks, Row

_COMMA = {"fr": ",", "de": ","}
_UNITS = {"pct": " %", "pp": " pp", "bps": " bps", "x": "x"}

_SAYS: dict[str, dict[str, str]] = {
    "simulated": {
        "en": "Simulated answer: the local server worked it out by plain rules from what the prompt states; no model "
        "was asked.",
        "fr": "Réponse simulée (simulated) : le serveur local l'a établie par des règles simples à partir de la "
        "demande ; aucun modèle n'a été interrogé.",
        "de": "Simulierte Antwort (simulated): Der lokale Server hat sie nach einfachen Regeln aus der Anfrage "
        "hergeleitet; kein Modell wurde gefragt.",
    },
    "headline": {
        "en": "Simulated answer: {kind}, {grade}",
        "fr": "Réponse simulée (simulated) : {kind}, {grade}",
        "de": "Simulierte Antwort (simulated): {kind}, {grade}",
    },
    "summary": {
        "en": "Simulated answer: by plain rules the {kind} comes to '{grade}'. The figures are those of the prompt "
        "and nothing was added to them. No model was asked.",
        "fr": "Réponse simulée (simulated) : des règles simples donnent « {grade} » pour {kind}. Les chiffres sont "
        "ceux de la demande et rien n'y a été ajouté. Aucun modèle n'a été interrogé.",
        "de": "Simulierte Antwort (simulated): Nach einfachen Regeln ergibt {kind} „{grade}“. Die Zahlen sind die der "
        "Anfrage, nichts wurde hinzugefügt. Kein Modell wurde gefragt.",
    },
    "stands": {
        "en": "{name} stands at {value}.",
        "fr": "{name} s'établit à {value}.",
        "de": "{name} steht bei {value}.",
    },
    "gap": {"en": "Not assessed: {reason}", "fr": "Non évalué : {reason}", "de": "Nicht beurteilt: {reason}"},
    "no_advice": {
        "en": "Not investment advice.",
        "fr": "Ceci n'est pas un conseil en investissement.",
        "de": "Keine Anlageempfehlung.",
    },
    "plain": {
        "en": "Follows from the figures beside it by a plain rule.",
        "fr": "Découle des chiffres à côté par une règle simple.",
        "de": "Folgt nach einfacher Regel aus den Zahlen daneben.",
    },
    "against": {
        "en": "A plain rule sees no context; the opposite may be right.",
        "fr": "Une règle simple ignore le contexte ; l'inverse peut être vrai.",
        "de": "Eine einfache Regel kennt keinen Zusammenhang; das Gegenteil kann stimmen.",
    },
    "check": {
        "en": "Have a person look at it.",
        "fr": "À faire examiner par une personne.",
        "de": "Von einem Menschen prüfen lassen.",
    },
    "decide": {
        "en": "Decide whether to act on the simulated analyses of this portfolio.",
        "fr": "Décider s'il faut agir au vu des analyses simulées de ce portefeuille.",
        "de": "Entscheiden, ob nach den simulierten Analysen dieses Portfolios zu handeln ist.",
    },
    "nothing": {
        "en": "Leave everything as it is.",
        "fr": "Ne rien changer.",
        "de": "Alles lassen, wie es ist.",
    },
}


class Voice:
    """Speaks about one prompt.

    Args:
        blocks: Its tables.
        instructions: Its instructions, which show how the region writes numbers.
    """

    def __init__(self, blocks: Blocks, instructions: str = "") -> None:
        self.blocks = blocks
        # Answers without slots are asked for by older prompts only, which no Italian overlay was written for.
        self.language = blocks.language if blocks.language in _SAYS["stands"] else "en"
        # Swiss German has a decimal point; its overlay speaks of apostrophes.
        swiss = self.language == "de" and "Apostroph" in instructions
        self.mark = "." if swiss else _COMMA.get(self.language, ".")

    def say(self, key: str, **parts: str) -> str:
        """A sentence."""
        return _SAYS[key][self.language].format(**parts)

    def figure(self, row: Row) -> str:
        """A row's value with its unit, as the region writes it."""
        value = row["value"].replace(".", self.mark)
        unit = row.get("unit", "")
        return f"{value} {row.get('currency', '')}".strip() if unit == "ccy" else value + _UNITS.get(unit, "")

    def stands(self, metric_id: str) -> str:
        """A sentence that states one metric."""
        return self.say("stands", name=metric_id, value=self.figure(self.blocks.metrics[metric_id]))

    def claim(self, *metric_ids: str, source_ids: tuple[str, ...] = (), kind: str = "fact") -> dict[str, Any]:
        """A claim that states metrics; those that the prompt does not have are left out."""
        known = [name for name in metric_ids if name in self.blocks.numbers]
        return {
            "metrics": self.blocks.cite(*known),
            "source_ids": list(source_ids),
            "text": " ".join(map(self.stands, known)) or self.say("check"),
            "kind": kind if known else "assumption",
            "confidence": "high" if known else "low",
        }

    def claims(self, *metric_ids: str) -> list[dict[str, Any]]:
        """A claim for each of these metrics that the prompt has."""
        return [self.claim(name) for name in metric_ids if name in self.blocks.numbers]

    def frame(self, kind: str, grade: str, first_caveat: str, own: dict[str, Any]) -> dict[str, Any]:
        """A whole answer around its own parts."""
        portfolio = self.blocks.portfolio
        return {
            "schema_version": "1",
            "analysis_type": kind,
            "portfolio_id": portfolio.get("portfolio_id", ""),
            "as_of_date": portfolio.get("as_of", ""),
            "base_currency": portfolio.get("base_currency", ""),
            "language": self.language,
            **own,
            "data_gaps": [
                {
                    "item": row.get("metric_id", ""),
                    "effect": self.say("gap", reason=row.get("reason", "")),
                    "affected_metric_ids": [row.get("metric_id", "")],
                }
                for row in self.blocks.absent
            ],
            "caveats": [first_caveat or self.say("no_advice"), self.say("simulated")],
            "headline": self.say("headline", kind=kind.replace("_", " "), grade=grade.replace("_", " "))[:120],
            "summary": self.say("summary", kind=kind.replace("_", " "), grade=grade.replace("_", " ")),
        }
