"""Every setting: its name, default, meaning and check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core import config_file, redaction, sdk_environment
from core.settings import parsing


@dataclass(frozen=True, slots=True)
class Setting:
    """One documented setting."""

    name: str
    default: str | None
    meaning: str
    parse: Callable[[str], Any] = parsing.plain
    secret: bool = False
    """Is a secret: its value is never shown."""

    may_carry_secret: bool = False
    """An address, which may hold a password or a key: shown through `masked_url`."""

    read_path: bool = False
    """Names a folder or file that is read: never one of the current folder, which somebody else may have filled."""

    def shown(self, text: str) -> str:
        """A value as people may see it."""
        if self.secret:
            return "(set)"
        return redaction.masked_url(text) if self.may_carry_secret else redaction.redacted(text)


SETTINGS: tuple[Setting, ...] = (
    Setting(
        config_file.SETTING,
        None,
        "Settings file to read. Unset: mosychlos.toml in the user's configuration folder, else in /etc/mosychlos, and "
        "never in the current folder.",
    ),
    Setting("MOSYCHLOS_HOME", None, "Data directory: database, batch files, keys. Default: the user's data directory."),
    Setting(
        "MOSYCHLOS_DATABASE_URL",
        None,
        "SQLAlchemy URL. Default: SQLite in MOSYCHLOS_HOME; postgresql+psycopg://... for several workers.",
        parsing.database_url,
        may_carry_secret=True,
    ),
    Setting(
        "MOSYCHLOS_DASHBOARD_DATABASE_URL",
        None,
        "The dashboard's own user of the same PostgreSQL database; `mosychlos db roles` makes it. Unset: as above.",
        parsing.database_url,
        may_carry_secret=True,
    ),
    Setting(
        "MOSYCHLOS_WORKER_DATABASE_URL",
        None,
        "The workers' own user of the same PostgreSQL database; `mosychlos db roles` makes it. Unset: as above.",
        parsing.database_url,
        may_carry_secret=True,
    ),
    Setting(
        "OPENAI_API_KEY",
        None,
        "Provider key. Read by the worker and the CLI only, never by the dashboard, never logged.",
        secret=True,
    ),
    Setting(
        "OPENAI_BASE_URL",
        "https://api.openai.com/v1",
        "Provider address: https, or http on loopback. Always passed to the SDK explicitly.",
        may_carry_secret=True,
    ),
    Setting(
        "OPENAI_ORG_ID", None, "Organisation at the provider that is asked. Unset: the key's own.", parsing.sendable
    ),
    Setting(
        "OPENAI_PROJECT_ID", None, "Project at the provider that is asked. Unset: the key's own.", parsing.sendable
    ),
    Setting(
        "MOSYCHLOS_PROVIDER_NAME",
        None,
        "Stands for the address in a provider's identity, where one provider is reached under changing addresses. "
        "Jobs go to whoever bears the name. Unset: the address itself.",
        parsing.name,
    ),
    Setting(
        "MOSYCHLOS_ALLOW_PLAIN_HTTP",
        "no",
        "yes: accept a provider address that is plain http beyond loopback (the key then travels unencrypted).",
        parsing.yes,
    ),
    Setting(
        "MOSYCHLOS_POLL_SECONDS",
        "30",
        "How often a running batch is looked at; backs off while nothing changes.",
        parsing.seconds,
    ),
    Setting(
        "MOSYCHLOS_HTTP_TIMEOUT_SECONDS",
        "60",
        "Timeout of provider calls that are not downloads; downloads have a minimum rate and a deadline.",
        parsing.seconds,
    ),
    Setting(
        "MOSYCHLOS_ANSWER_TIMEOUT_SECONDS",
        "600",
        "Longest silence while a model writes a synchronous answer, at most 2400; twice it at effort high, three times "
        "it at xhigh and max.",
        parsing.answer_seconds,
    ),
    Setting(
        "MOSYCHLOS_QUARANTINE_SECONDS",
        "600",
        "How long a create whose answer was lost is looked for before it is fenced off and repeated.",
        parsing.seconds,
    ),
    Setting(
        "MOSYCHLOS_LEASE_SECONDS",
        "30",
        "How long a worker owns a step without a sign of life before another may take it over.",
        parsing.seconds,
    ),
    Setting(
        "MOSYCHLOS_PROVIDER_TIER",
        "5",
        "Usage tier at the provider, 1 to 5: sets the enqueued input tokens a model may have. Lower it to yours.",
        parsing.tier,
    ),
    Setting(
        "MOSYCHLOS_ENQUEUED_TOKENS",
        None,
        "Enqueued input tokens as your account states them: a number for all models, or gpt-5.4-mini=2000000,*=100000. "
        "Unset: by tier. Lowered by itself for a day when the provider states less.",
        parsing.rooms,
    ),
    Setting(
        "MOSYCHLOS_REQUESTS_PER_MINUTE",
        "500",
        "Calls a minute that one process makes for each model, and for files and batches: a number, or "
        "gpt-5.4-mini=500,*=100.",
        parsing.rooms,
    ),
    Setting(
        "MOSYCHLOS_TOKENS_PER_MINUTE",
        "200000",
        "Tokens a minute that one process asks of each model outside batches: a number, or model=tokens pairs.",
        parsing.rooms,
    ),
    Setting(
        "MOSYCHLOS_DATA_REGION",
        None,
        "Region in which your project at the provider keeps data (eu, us ...): a model without batches there is "
        "refused. Unset: by the provider's address (eu.api.openai.com is eu), else none.",
        parsing.residency,
    ),
    Setting(
        "MOSYCHLOS_BATCHES_PER_HOUR",
        "2000",
        "Batches created an hour at most; the provider takes 2,000.",
        parsing.count,
    ),
    Setting(
        "MOSYCHLOS_RETRIES",
        "2",
        "How often requests that failed for a passing reason are asked again by themselves, within the approved cost; "
        "0 never.",
        parsing.none_or_more,
    ),
    Setting(
        "MOSYCHLOS_REUSE_DAYS",
        "0",
        "Days within which the very same question to the same model is answered from stored results, at no price; 0: "
        "every question is asked.",
        parsing.none_or_more,
    ),
    Setting(
        "MOSYCHLOS_STUCK_HOURS",
        "6",
        "Hours without any progress of a batch after which an alert is raised.",
        parsing.hours,
    ),
    Setting(
        "MOSYCHLOS_REMOTE_FILE_DAYS",
        "14",
        "Lifetime of our files at the provider, 1 to 30 days; they are deleted once results are stored.",
        parsing.file_days,
    ),
    Setting(
        "MOSYCHLOS_KEEP_REMOTE_FILES",
        "no",
        "yes: leave files at the provider until their lifetime ends, even when the results are stored.",
        parsing.yes,
    ),
    Setting(
        "MOSYCHLOS_WEBHOOK_SECRET",
        None,
        "Signing secret of the provider's batch.* webhooks (whsec_...), sent to /webhooks/openai. Unset: no webhooks.",
        secret=True,
    ),
    Setting(
        "MOSYCHLOS_PUBLIC_URL",
        None,
        "Address at which a proxy serves the dashboard, https://host or https://host/base: its name, origin, cookies, "
        "links and webhooks follow it. Unset: this machine only.",
        parsing.public_url,
        may_carry_secret=True,
    ),
    Setting(
        "MOSYCHLOS_TOOL_ROUNDS",
        "4",
        "Times that one request may be asked where its model calls tools, from 2 on; in the last one it must answer.",
        parsing.rounds,
    ),
    Setting("MOSYCHLOS_WORKER_THREADS", "4", "Steps that one worker runs at the same time.", parsing.count),
    Setting("MOSYCHLOS_BUDGET_JOB_USD", None, "No job may be expected to cost more. Unset: no limit.", parsing.usd),
    Setting(
        "MOSYCHLOS_BUDGET_PERSON_USD",
        None,
        "What one person may commit in a calendar month (UTC). Unset: no limit.",
        parsing.usd,
    ),
    Setting(
        "MOSYCHLOS_BUDGET_MONTH_USD",
        None,
        "What everybody together may commit in a calendar month (UTC). Unset: no limit.",
        parsing.usd,
    ),
    Setting(
        "MOSYCHLOS_BUDGET_DESK_USD",
        None,
        "What the desk may commit in a calendar month (UTC). Unset: no limit.",
        parsing.usd,
    ),
    Setting(
        "MOSYCHLOS_DESK",
        "",
        "Name of the desk that jobs of this installation are charged to. Empty: none.",
        parsing.desk,
    ),
    Setting(
        "MOSYCHLOS_BUDGET_THRESHOLDS", "50,80,100", "Percents of a budget at which a notice is shown.", parsing.percents
    ),
    Setting(
        "MOSYCHLOS_SIMULATED",
        "auto",
        "Whether answers are marked as simulated: yes, no, or auto (yes when the provider's address is this machine).",
        parsing.yes_or_auto,
    ),
    Setting(
        "MOSYCHLOS_PROMPTS",
        None,
        "Folder of prompts, a whole path. Default: the prompts that come with the program.",
        read_path=True,
    ),
    Setting(
        "MOSYCHLOS_FMP_API_KEY",
        None,
        "Key of Financial Modeling Prep (prices, profiles). For CLI and worker only, never logged. Unset: off.",
        parsing.sendable,
        secret=True,
    ),
    Setting(
        "MOSYCHLOS_FMP_BASE_URL",
        "https://financialmodelingprep.com/stable",
        "Its address: https, or loopback.",
        may_carry_secret=True,
    ),
    Setting(
        "MOSYCHLOS_FRED_API_KEY",
        None,
        "Key of FRED or a server that speaks its API (economic series). For CLI and worker, never logged. Unset: off.",
        parsing.sendable,
        secret=True,
    ),
    Setting(
        "MOSYCHLOS_FRED_BASE_URL",
        "https://api.stlouisfed.org/fred",
        "Its address: https, or loopback.",
        may_carry_secret=True,
    ),
    Setting(
        "MOSYCHLOS_FRED_MAY_STORE",
        "no",
        "yes: its series are stored. FRED's own terms forbid that; for a server whose terms allow it.",
        parsing.yes,
    ),
    Setting(
        "MOSYCHLOS_FRED_MAY_PROMPT",
        "no",
        "yes: its series may stand in prompts. FRED's own terms forbid that; for a server whose terms allow it.",
        parsing.yes,
    ),
    Setting(
        "MOSYCHLOS_SEC_CONTACT",
        None,
        "Who asks the SEC, as its rules want: a name and an e-mail address. Unset: filings are off.",
        parsing.contact,
    ),
    Setting(
        "MOSYCHLOS_SEC_DATA_URL",
        "https://data.sec.gov",
        "Where filings and facts are asked for.",
        may_carry_secret=True,
    ),
    Setting(
        "MOSYCHLOS_SEC_FILES_URL",
        "https://www.sec.gov",
        "Where tickers are looked up and documents stand.",
        may_carry_secret=True,
    ),
    Setting(
        "MOSYCHLOS_ECB_RATES",
        None,
        "File or address of ECB reference rates (eurofxref-hist.zip or .xml) newer than the bundled ones. Unset: off.",
        read_path=True,
        may_carry_secret=True,
    ),
)
"""The documented settings; a name that is not here and starts with MOSYCHLOS_ is reported as unknown."""

BY_NAME = {setting.name: setting for setting in SETTINGS}


KEYS = frozenset(
    {
        *("OPENAI_API_KEY", "MOSYCHLOS_FMP_API_KEY", "MOSYCHLOS_FRED_API_KEY"),
        *(one.name for one in sdk_environment.VARIABLES if one.secret),
    }
)
"""Keys of paid services, which the dashboard's process never has."""

GOES_TO = {
    "OPENAI_API_KEY": ("OPENAI_BASE_URL",),
    "OPENAI_CUSTOM_HEADERS": ("OPENAI_BASE_URL",),
    "MOSYCHLOS_FMP_API_KEY": ("MOSYCHLOS_FMP_BASE_URL",),
    "MOSYCHLOS_FRED_API_KEY": ("MOSYCHLOS_FRED_BASE_URL",),
    "MOSYCHLOS_SEC_CONTACT": ("MOSYCHLOS_SEC_DATA_URL", "MOSYCHLOS_SEC_FILES_URL"),
}
"""Which address each key or contact is sent to."""
