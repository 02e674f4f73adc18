"""Sentences of answers with slots, in four languages. What stands in double braces is the program's to write."""

from __future__ import annotations

from typing import Final

SAYS: Final[dict[str, dict[str, str]]] = {
    "headline": {
        "en": "Simulated answer: {grade}",
        "fr": "Réponse simulée : {grade}",
        "de": "Simulierte Antwort: {grade}",
        "it": "Risposta simulata: {grade}",
    },
    "summary": {
        "en": "A plain rule, and not a model, comes to {grade}. {stated}",
        "fr": "Une règle simple, et non un modèle, conduit à {grade}. {stated}",
        "de": "Nach einfacher Regel, ohne Modell, ergibt sich {grade}. {stated}",
        "it": "Una regola semplice, senza un modello, conduce a {grade}. {stated}",
    },
    "caveat": {
        "en": "This is a simulated answer about {{portfolio}}, worked out by plain rules from the tables.",
        "fr": "Ceci est une réponse simulée sur {{portfolio}}, établie par des règles simples à partir des tableaux.",
        "de": "Dies ist eine simulierte Antwort über {{portfolio}}, nach einfachen Regeln hergeleitet.",
        "it": "Questa è una risposta simulata su {{portfolio}}, ricavata dalle tabelle con regole semplici.",
    },
    "stands": {
        "en": "The tables give {{ID name}}.",
        "fr": "Les tableaux indiquent : {{ID name}}.",
        "de": "Die Tabellen nennen: {{ID name}}.",
        "it": "Le tabelle indicano: {{ID name}}.",
    },
    "largest": {
        "en": "{{ID}} is {{largest(weight.ID): the largest line}} at {{weight.ID}}.",
        "fr": "{{ID}} est {{largest(weight.ID): la première ligne}}, avec {{weight.ID}}.",
        "de": "{{ID}} ist mit {{weight.ID}} {{largest(weight.ID): die grösste Position}}.",
        "it": "{{ID}} è {{largest(weight.ID): la posizione più grande}}, con {{weight.ID}}.",
    },
    "above": {
        "en": "{{ID}} {{above(weight.ID, weight.OTHER): outweighs}} {{OTHER}} by "
        "{{difference(weight.ID, weight.OTHER)}}.",
        "fr": "{{ID}} {{above(weight.ID, weight.OTHER): dépasse}} {{OTHER}} de "
        "{{difference(weight.ID, weight.OTHER)}}.",
        "de": "{{ID}} {{above(weight.ID, weight.OTHER): überwiegt}} {{OTHER}} um "
        "{{difference(weight.ID, weight.OTHER)}}.",
        "it": "{{ID}} {{above(weight.ID, weight.OTHER): supera}} {{OTHER}} di {{difference(weight.ID, weight.OTHER)}}.",
    },
    "together": {
        "en": "{{FIRST}} and {{SECOND}} together make up {{sum(weight.FIRST, weight.SECOND)}}.",
        "fr": "Ensemble, {{FIRST}} et {{SECOND}} forment {{sum(weight.FIRST, weight.SECOND)}}.",
        "de": "{{FIRST}} und {{SECOND}} machen zusammen {{sum(weight.FIRST, weight.SECOND)}} aus.",
        "it": "Insieme, {{FIRST}} e {{SECOND}} formano {{sum(weight.FIRST, weight.SECOND)}}.",
    },
    "money": {
        "en": "On a bad day the loss comes to {{amount(var_95_1d)}} and beyond.",
        "fr": "Un mauvais jour, la perte atteint {{amount(var_95_1d)}} et davantage.",
        "de": "An einem schlechten Tag erreicht der Verlust {{amount(var_95_1d)}} und mehr.",
        "it": "In una giornata cattiva la perdita arriva a {{amount(var_95_1d)}} e oltre.",
    },
    "tail": {
        "en": "We read {{var_95_1d name}}, and worse days happen.",
        "fr": "Nous lisons : {{var_95_1d name}}, et des jours pires arrivent.",
        "de": "Wir lesen: {{var_95_1d name}}, und schlimmere Tage kommen vor.",
        "it": "Leggiamo: {{var_95_1d name}}, e le giornate peggiori capitano.",
    },
    "no_tail": {
        "en": "No value at risk can be stated, because {{absent.var_95_1d}} is not known.",
        "fr": "Une valeur en risque ne peut pas être indiquée : {{absent.var_95_1d}} manque.",
        "de": "Ein Value at Risk lässt sich nicht angeben: {{absent.var_95_1d}} fehlt.",
        "it": "Non si può indicare un valore a rischio: manca {{absent.var_95_1d}}.",
    },
    "risk": {
        "en": "A plain rule grades it {{grade.severity.KIND}}, from {{ID name}}.",
        "fr": "Une règle simple le dit {{grade.severity.KIND}}, d'après {{ID name}}.",
        "de": "Eine einfache Regel stuft es als {{grade.severity.KIND}} ein, nach {{ID name}}.",
        "it": "Una regola semplice lo dice {{grade.severity.KIND}}, in base a {{ID name}}.",
    },
    "ahead": {
        "en": "The portfolio {{ahead_of(ID): was ahead of}} {{benchmark}}, by {{ID}}.",
        "fr": "Le portefeuille {{ahead_of(ID): devance}} {{benchmark}}, de {{ID}}.",
        "de": "Das Portfolio {{ahead_of(ID): lag vor der Benchmark}} {{benchmark}}, um {{ID}}.",
        "it": "Il portafoglio {{ahead_of(ID): precede}} {{benchmark}}, di {{ID}}.",
    },
    "behind": {
        "en": "The portfolio {{behind(ID): was behind}} {{benchmark}}, by {{ID abs}}.",
        "fr": "Le portefeuille {{behind(ID): est en retard}} sur {{benchmark}}, de {{ID abs}}.",
        "de": "Das Portfolio {{behind(ID): blieb zurück}} gegenüber {{benchmark}}, um {{ID abs}}.",
        "it": "Il portafoglio {{behind(ID): resta indietro}} rispetto a {{benchmark}}, di {{ID abs}}.",
    },
    "gained": {
        "en": "{{HOLDING}} {{rose(ID): added}} {{ID}}.",
        "fr": "{{HOLDING}} {{rose(ID): a apporté}} {{ID}}.",
        "de": "{{HOLDING}} {{rose(ID): trug}} {{ID}} bei.",
        "it": "{{HOLDING}} {{rose(ID): ha apportato}} {{ID}}.",
    },
    "cost": {
        "en": "{{HOLDING}} {{fell(ID): cost}} {{ID abs}}.",
        "fr": "{{HOLDING}} {{fell(ID): a coûté}} {{ID abs}}.",
        "de": "{{HOLDING}} {{fell(ID): kostete}} {{ID abs}}.",
        "it": "{{HOLDING}} {{fell(ID): è costato}} {{ID abs}}.",
    },
    "breach": {
        "en": "{{ID}} is {{breached(ID): breached}}: {{rule.ID.measured}} against {{rule.ID.limit}}.",
        "fr": "{{ID}} est {{breached(ID): enfreinte}} : {{rule.ID.measured}} contre {{rule.ID.limit}}.",
        "de": "{{ID}} ist {{breached(ID): verletzt}}: {{rule.ID.measured}} gegen {{rule.ID.limit}}.",
        "it": "{{ID}} è {{breached(ID): violata}}: {{rule.ID.measured}} contro {{rule.ID.limit}}.",
    },
    "near": {
        "en": "{{ID}} is {{near(ID): near the limit}}: {{rule.ID.measured}} against {{rule.ID.limit}}.",
        "fr": "{{ID}} est {{near(ID): proche de la limite}} : {{rule.ID.measured}} contre {{rule.ID.limit}}.",
        "de": "{{ID}} ist {{near(ID): nahe an der Grenze}}: {{rule.ID.measured}} gegen {{rule.ID.limit}}.",
        "it": "{{ID}} è {{near(ID): vicina al limite}}: {{rule.ID.measured}} contro {{rule.ID.limit}}.",
    },
    "pass": {
        "en": "{{ID}} is {{kept(ID): respected}}: {{rule.ID.measured}} against {{rule.ID.limit}}.",
        "fr": "{{ID}} est {{kept(ID): respectée}} : {{rule.ID.measured}} contre {{rule.ID.limit}}.",
        "de": "{{ID}} ist {{kept(ID): eingehalten}}: {{rule.ID.measured}} gegen {{rule.ID.limit}}.",
        "it": "{{ID}} è {{kept(ID): rispettata}}: {{rule.ID.measured}} contro {{rule.ID.limit}}.",
    },
    "plain": {
        "en": "A person should look at it, since a plain rule sees no context.",
        "fr": "Une personne devrait l'examiner, car une règle simple ignore le contexte.",
        "de": "Ein Mensch sollte es ansehen, denn eine einfache Regel kennt keinen Zusammenhang.",
        "it": "Una persona dovrebbe esaminarlo, perché una regola semplice ignora il contesto.",
    },
    "weigh": {
        "en": "A person should weigh this against {{ID name}}, since a plain rule sees no context.",
        "fr": "Une personne devrait mettre cela en regard de {{ID name}}, car une règle simple ignore le contexte.",
        "de": "Ein Mensch sollte dies gegen {{ID name}} abwägen, denn eine einfache Regel kennt keinen Zusammenhang.",
        "it": "Una persona dovrebbe confrontarlo con {{ID name}}, perché una regola semplice ignora il contesto.",
    },
    "tools": {
        "en": "The tools give: ",
        "fr": "Les outils indiquent : ",
        "de": "Die Werkzeuge nennen: ",
        "it": "Gli strumenti indicano: ",
    },
    "nothing": {
        "en": "Leave everything as it is.",
        "fr": "Ne rien changer.",
        "de": "Alles lassen, wie es ist.",
        "it": "Lasciare tutto com'è.",
    },
    "decide": {
        "en": "Decide whether to act on the simulated analyses of this portfolio.",
        "fr": "Décider s'il faut agir au vu des analyses simulées de ce portefeuille.",
        "de": "Entscheiden, ob nach den simulierten Analysen dieses Portfolios zu handeln ist.",
        "it": "Decidere se agire in base alle analisi simulate di questo portafoglio.",
    },
    "gap": {
        "en": "It could not be assessed.",
        "fr": "Cela n'a pas pu être évalué.",
        "de": "Das liess sich nicht beurteilen.",
        "it": "Non è stato possibile valutarlo.",
    },
}
