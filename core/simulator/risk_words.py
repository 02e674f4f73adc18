"""The sentences of the simulated risk answer, in the languages that prompts ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Texts hold no figure but {value}, which a metric beside it covers.

    Attributes:
        decimal: The decimal mark of figures inside sentences.
        kinds: Names of risk types inside a sentence.
        tight: Marks that are kept together with the word before them.
        claims: By metric id.
        decided: What decided the overall level.
    """

    decimal: str
    tight: str
    simulated: str
    no_advice: str
    headline: str
    summary: str
    others: str
    both: str
    simulated_figure: str
    decided: dict[str, str]
    gap: str
    var: str
    no_var: str
    levels: dict[str, str]
    severities: dict[str, str]
    kinds: dict[str, str]
    explanations: dict[str, str]
    mitigations: dict[str, str]
    claims: dict[str, str]

    def figure(self, shown: str) -> str:
        """A stated value as this language writes it."""
        return shown.replace(".", self.decimal)

    def say(self, sentence: str, **parts: str) -> str:
        """A sentence with its parts put in and the spaces that must not break."""
        text = sentence.format(**parts)
        for mark in self.tight:
            text = text.replace(f" {mark}", f"\u00a0{mark}")
        return text


_ENGLISH = Words(
    decimal=".",
    tight="",
    simulated="Simulated answer: the local server worked it out by plain rules from the figures in the prompt; "
    "no model was asked.",
    no_advice="Not investment advice.",
    headline="Simulated answer: {level} risk, led by {kind} risk",
    summary="Simulated answer: the portfolio's overall risk is {level}. It is led by {kind} risk{others}. "
    "The figures are those of the prompt and nothing was added to them.",
    others=", followed by {others} risk",
    both=" and ",
    simulated_figure="(a simulated figure)",
    decided={
        "volatility": "The overall level follows from the volatility.",
        "assets": "Without a price history, the overall level follows from the weight of assets other than cash and "
        "bonds.",
        "severity": "The overall level follows from the most severe risk, because little else is known.",
        "issuer": "The weight of a single issuer raises the overall level.",
        "crypto": "The weight of crypto-assets raises the overall level.",
    },
    gap="Not assessed: {reason}",
    var="On the worst day in twenty, the portfolio lost at least {value} % in one day.",
    no_var="No price history was given, so no value at risk is stated.",
    levels={
        "very_low": "very low", "low": "low", "moderate": "moderate", "elevated": "elevated", "high": "high",
        "very_high": "very high",
    },
    severities={"none": "negligible", "low": "low", "moderate": "moderate", "high": "high", "critical": "critical"},
    kinds={
        "concentration": "concentration", "market": "market", "tail": "tail", "interest_rate": "interest-rate",
        "liquidity": "liquidity", "inflation": "inflation", "currency": "currency", "geopolitical": "country",
        "factor": "sector", "leverage": "leverage", "model": "data",
    },
    explanations={
        "concentration": "Concentration risk is {grade}: much of the value depends on few positions.",
        "market": "Market risk is {grade}: the portfolio moves with the markets that it is invested in.",
        "tail": "Tail risk is {grade}, judged by the losses on the worst days of the price history.",
        "interest_rate": "Interest-rate risk is {grade}: prices of bonds fall when yields rise.",
        "liquidity": "Liquidity risk is {grade}: some holdings may take time to sell at a fair price.",
        "leverage": "Leverage risk is {grade}: derivatives can lose more than was paid for them.",
        "inflation": "Inflation risk is {grade}: cash loses buying power when prices rise.",
        "currency": "Currency risk is {grade}: part of the value is in a currency other than the base currency.",
        "geopolitical": "Country risk is {grade}: one country's economy and law govern a large part of the value.",
        "factor": "Sector risk is {grade}: one sector has a large weight.",
        "model": "The prompt states too few figures to judge the risks one by one.",
    },
    mitigations={
        "concentration": "Reduce the largest positions step by step or add unrelated ones.",
        "market": "Hold a share of assets that do not move with equities.",
        "tail": "Agree on a loss limit and consider protection against large falls.",
        "interest_rate": "Shorten the duration or spread maturities.",
        "liquidity": "Keep a cash reserve for known payments.",
        "leverage": "Limit the exposure that derivatives may have.",
        "inflation": "Review the share of real assets against the obligations.",
        "currency": "Hedge the largest foreign currency or accept it knowingly.",
        "geopolitical": "Spread over more countries.",
        "factor": "Cap the largest sector.",
        "model": "Supply prices and classifications.",
    },
    claims={
        "total_value": "The portfolio is worth {value} in its base currency.",
        "hhi": "The Herfindahl index of the holdings is {value}.",
        "top1_weight": "The largest holding has {value} % of the value.",
        "top5_weight": "The five largest holdings have {value} % of the value.",
        "effective_n": "The portfolio is as diversified as {value} equal holdings.",
        "volatility": "Annualised volatility is {value} %.",
        "max_drawdown": "The deepest fall from a peak was {value} %.",
        "sharpe": "The Sharpe ratio is {value}.",
        "asset_class.equity": "Shares held directly have {value} % of the value.",
        "asset_class.equity_fund": "Equity funds have {value} % of the value.",
    },
)  # fmt: skip

_FRENCH = Words(
    decimal=",",
    tight=":;%",
    simulated="Réponse simulée : le serveur local l'a établie par des règles simples à partir des chiffres de la "
    "demande ; aucun modèle n'a été interrogé.",
    no_advice="Ceci n'est pas un conseil en investissement.",
    headline="Réponse simulée (simulated) : risque {level}, surtout {kind}",
    summary="Réponse simulée (simulated) : le risque global du portefeuille est {level}. Il tient d'abord au risque "
    "{kind}{others}. Les chiffres sont ceux de la demande et rien n'y a été ajouté.",
    others=", puis au risque {others}",
    both=" et au risque ",
    simulated_figure="(chiffre simulé)",
    decided={
        "volatility": "Le niveau global découle de la volatilité.",
        "assets": "Faute d'historique de prix, le niveau global découle du poids des actifs autres que liquidités et "
        "obligations.",
        "severity": "Le niveau global découle du risque le plus sévère, car peu d'autres faits sont connus.",
        "issuer": "Le poids d'un seul émetteur relève le niveau global.",
        "crypto": "Le poids des cryptoactifs relève le niveau global.",
    },
    gap="Non évalué : {reason}",
    var="Les plus mauvais jours, un sur vingt, le portefeuille a perdu au moins {value} % en un jour.",
    no_var="Aucun historique de prix n'a été fourni ; aucune valeur en risque n'est donc indiquée.",
    levels={
        "very_low": "très faible", "low": "faible", "moderate": "modéré", "elevated": "marqué", "high": "élevé",
        "very_high": "très élevé",
    },
    severities={
        "none": "négligeable", "low": "faible", "moderate": "modéré", "high": "élevé", "critical": "critique",
    },
    kinds={
        "concentration": "de concentration", "market": "de marché", "tail": "extrême", "interest_rate": "de taux",
        "liquidity": "de liquidité", "inflation": "d'inflation", "currency": "de change", "geopolitical": "pays",
        "factor": "sectoriel", "leverage": "de levier", "model": "de données",
    },
    explanations={
        "concentration": "Le risque de concentration est {grade} : la valeur dépend de peu de positions.",
        "market": "Le risque de marché est {grade} : le portefeuille suit les marchés où il est investi.",
        "tail": "Le risque extrême est {grade}, au vu des pertes des plus mauvais jours de l'historique.",
        "interest_rate": "Le risque de taux est {grade} : les obligations baissent quand les taux montent.",
        "liquidity": "Le risque de liquidité est {grade} : certaines positions peuvent être longues à vendre.",
        "leverage": "Le risque de levier est {grade} : un dérivé peut perdre plus que son prix.",
        "inflation": "Le risque d'inflation est {grade} : les liquidités perdent leur pouvoir d'achat.",
        "currency": "Le risque de change est {grade} : une part de la valeur n'est pas dans la devise de base.",
        "geopolitical": "Le risque pays est {grade} : un seul pays porte une grande part de la valeur.",
        "factor": "Le risque sectoriel est {grade} : un secteur pèse lourd.",
        "model": "La demande contient trop peu de chiffres pour juger les risques un par un.",
    },
    mitigations={
        "concentration": "Réduire peu à peu les plus grandes positions ou en ajouter d'autres, sans lien.",
        "market": "Détenir une part d'actifs qui ne suivent pas les actions.",
        "tail": "Convenir d'une limite de perte et étudier une protection contre les fortes baisses.",
        "interest_rate": "Raccourcir la duration ou étaler les échéances.",
        "liquidity": "Garder une réserve de liquidités pour les paiements connus.",
        "leverage": "Limiter l'exposition portée par les dérivés.",
        "inflation": "Comparer la part d'actifs réels aux engagements.",
        "currency": "Couvrir la principale devise étrangère ou l'accepter en connaissance de cause.",
        "geopolitical": "Répartir sur davantage de pays.",
        "factor": "Plafonner le premier secteur.",
        "model": "Fournir les prix et les classifications.",
    },
    claims={
        "total_value": "Le portefeuille vaut {value} dans sa devise de base.",
        "hhi": "L'indice de Herfindahl des positions est de {value}.",
        "top1_weight": "La première position représente {value} % de la valeur.",
        "top5_weight": "Les plus grandes positions, cinq au total, représentent {value} % de la valeur.",
        "effective_n": "La diversification équivaut à {value} positions égales.",
        "volatility": "La volatilité annualisée est de {value} %.",
        "max_drawdown": "La plus forte baisse depuis un sommet a été de {value} %.",
        "sharpe": "Le ratio de Sharpe est de {value}.",
        "asset_class.equity": "Les actions détenues en direct représentent {value} % de la valeur.",
        "asset_class.equity_fund": "Les fonds d'actions représentent {value} % de la valeur.",
    },
)  # fmt: skip

_GERMAN = Words(
    decimal=",",
    tight="%",
    simulated="Simulierte Antwort (simulated): Der lokale Server hat sie nach einfachen Regeln aus den Zahlen der "
    "Anfrage hergeleitet; kein Modell wurde gefragt.",
    no_advice="Keine Anlageempfehlung.",
    headline="Simulierte Antwort (simulated): Risiko {level}, vor allem {kind}",
    summary="Simulierte Antwort (simulated): Das Gesamtrisiko des Portfolios ist {level}. An erster Stelle steht {kind}"
    "{others}. Die Zahlen sind die der Anfrage, nichts wurde hinzugefügt.",
    others=", dann {others}",
    both=" und ",
    simulated_figure="(eine simulierte Zahl)",
    decided={
        "volatility": "Die Gesamtstufe folgt aus der Volatilität.",
        "assets": "Ohne Kursgeschichte folgt die Gesamtstufe aus dem Gewicht der Anlagen, die weder Liquidität noch "
        "Anleihen sind.",
        "severity": "Die Gesamtstufe folgt aus dem schwersten Risiko, weil sonst wenig bekannt ist.",
        "issuer": "Das Gewicht eines einzelnen Emittenten hebt die Gesamtstufe.",
        "crypto": "Das Gewicht der Kryptowerte hebt die Gesamtstufe.",
    },
    gap="Nicht beurteilt: {reason}",
    var="Am schlechtesten Tag von zwanzig verlor das Portfolio mindestens {value} % an einem Tag.",
    no_var="Es liegt keine Kursgeschichte vor; deshalb wird kein Value at Risk genannt.",
    levels={
        "very_low": "sehr niedrig", "low": "niedrig", "moderate": "mittel", "elevated": "erhöht", "high": "hoch",
        "very_high": "sehr hoch",
    },
    severities={
        "none": "unbedeutend", "low": "niedrig", "moderate": "mittel", "high": "hoch", "critical": "kritisch",
    },
    kinds={
        "concentration": "Klumpenrisiko", "market": "Marktrisiko", "tail": "Extremrisiko",
        "interest_rate": "Zinsrisiko", "liquidity": "Liquiditätsrisiko", "inflation": "Inflationsrisiko",
        "currency": "Währungsrisiko", "geopolitical": "Länderrisiko", "factor": "Branchenrisiko",
        "leverage": "Hebelrisiko", "model": "Datenrisiko",
    },
    explanations={
        "concentration": "Das Klumpenrisiko ist {grade}: Viel vom Wert hängt an wenigen Positionen.",
        "market": "Das Marktrisiko ist {grade}: Das Portfolio bewegt sich mit den Märkten, in denen es angelegt ist.",
        "tail": "Das Extremrisiko ist {grade}, gemessen an den Verlusten der schlechtesten Tage der Kursgeschichte.",
        "interest_rate": "Das Zinsrisiko ist {grade}: Anleihekurse fallen, wenn Renditen steigen.",
        "liquidity": "Das Liquiditätsrisiko ist {grade}: Einzelne Positionen brauchen Zeit für einen fairen Verkauf.",
        "leverage": "Das Hebelrisiko ist {grade}: Derivate können mehr verlieren, als für sie bezahlt wurde.",
        "inflation": "Das Inflationsrisiko ist {grade}: Liquidität verliert Kaufkraft, wenn Preise steigen.",
        "currency": "Das Währungsrisiko ist {grade}: Ein Teil des Wertes steht nicht in der Basiswährung.",
        "geopolitical": "Das Länderrisiko ist {grade}: Ein einziges Land trägt einen großen Teil des Wertes.",
        "factor": "Das Branchenrisiko ist {grade}: Eine Branche hat ein großes Gewicht.",
        "model": "Die Anfrage nennt zu wenige Zahlen, um die Risiken einzeln zu beurteilen.",
    },
    mitigations={
        "concentration": "Die größten Positionen schrittweise verkleinern oder unabhängige hinzunehmen.",
        "market": "Einen Teil in Anlagen halten, die nicht mit Aktien schwanken.",
        "tail": "Eine Verlustgrenze vereinbaren und Schutz gegen starke Rückschläge prüfen.",
        "interest_rate": "Die Zinsbindung verkürzen oder Laufzeiten streuen.",
        "liquidity": "Eine Barreserve für bekannte Zahlungen halten.",
        "leverage": "Das Engagement über Derivate begrenzen.",
        "inflation": "Den Anteil realer Werte mit den Verpflichtungen vergleichen.",
        "currency": "Die größte Fremdwährung absichern oder bewusst tragen.",
        "geopolitical": "Auf mehr Länder verteilen.",
        "factor": "Die größte Branche begrenzen.",
        "model": "Kurse und Einordnungen liefern.",
    },
    claims={
        "total_value": "Das Portfolio ist in seiner Basiswährung {value} wert.",
        "hhi": "Der Herfindahl-Index der Positionen beträgt {value}.",
        "top1_weight": "Die größte Position macht {value} % des Wertes aus.",
        "top5_weight": "Die fünf größten Positionen machen {value} % des Wertes aus.",
        "effective_n": "Die Streuung entspricht {value} gleich großen Positionen.",
        "volatility": "Die Volatilität beträgt {value} % im Jahr.",
        "max_drawdown": "Der größte Rückgang von einem Höchststand betrug {value} %.",
        "sharpe": "Der Sharpe-Quotient beträgt {value}.",
        "asset_class.equity": "Direkt gehaltene Aktien machen {value} % des Wertes aus.",
        "asset_class.equity_fund": "Aktienfonds machen {value} % des Wertes aus.",
    },
)  # fmt: skip

WORDS = {"en": _ENGLISH, "fr": _FRENCH, "de": _GERMAN}
"""By language."""
