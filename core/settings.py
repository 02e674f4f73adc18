"""Every setting: its name, default, meaning and check. Read once by `core.app` and the CLI, nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from core import config_file, redaction, sdk_environment
from core.errors import BadSetting

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e7:
        raise ValueError("must be a positive number of seconds")
    return value


def _answer_seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 2400:
        raise ValueError("must be a number of seconds up to 2400")
    return value


def _usd(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("must be an amount in USD such as 25 or 12.50") from None
    if not value.is_finite() or value < 0:
        raise ValueError("must be an amount in USD, 0 or more")
    return value


def _percents(text: str) -> tuple[int, ...]:
    values = tuple(sorted({int(part) for part in text.split(",") if part.strip()}))
    if not all(0 < value <= 1000 for value in values):
        raise ValueError("must be whole percents such as 50,80,100")
    return values


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError("must be a whole number of at least 1")
    return value


def _rounds(text: str) -> int:
    value = int(text)
    if not 2 <= value <= 20:
        raise ValueError("must be a whole number from 2 to 20")
    return value


def _none_or_more(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 3650:
        raise ValueError("must be a whole number, 0 or more")
    return value


def _hours(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e5:
        raise ValueError("must be a positive number of hours")
    return value


def _file_days(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 30:
        raise ValueError("must be a whole number of days from 1 to 30")
    return value


def _tier(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 5:
        raise ValueError("must be a tier from 1 to 5")
    return value


def _rooms(text: str) -> dict[str, int]:
    rooms: dict[str, int] = {}
    for part in text.split(","):
        name, equals, amount = part.strip().rpartition("=")
        tokens = int(amount.replace("_", ""))
        if tokens < 1 or (equals and not name.strip()):
            raise ValueError("must be a number of tokens, or model=tokens pairs such as gpt-5.4-mini=2000000,*=100000")
        rooms[name.strip() or "*"] = tokens
    return rooms


def _yes(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("must be yes or no")


def _yes_or_auto(text: str) -> bool | None:
    return None if text.lower() == "auto" else _yes(text)


def _residency(text: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise ValueError("must be the two letters of a region such as eu")
    return text.lower()


def _plain(text: str) -> str:
    return text


def _sendable(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("holds characters that no request can carry; copy it again")
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname or not text.isascii():
        raise ValueError("must be an address such as https://host or https://host/base")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("must begin with https:// (plain http is for this machine only)")
    base = parts.path.rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9][A-Za-z0-9._~-]*)*", base):
        raise ValueError("has a path that is not made of plain names such as /mosychlos")
    # As browsers write an origin: a port that goes without saying is not said.
    port = "" if parts.port in {None, 443 if parts.scheme == "https" else 80} else f":{parts.port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{base}"


def _database_url(text: str) -> str:
    scheme, colon, rest = text.partition("://")
    if not colon or not scheme.isascii() or " " in text or not text.isprintable():
        raise ValueError("must be an address such as sqlite:////folder/file.db or postgresql+psycopg://user@host/name")
    host = rest.rpartition("@")[2].partition("/")[0].partition("?")[0]
    port = host.rpartition("]")[2].rpartition(":")
    if port[1] and port[2] and not (port[2].isascii() and port[2].isdigit() and int(port[2]) < 65536):
        raise ValueError("has no number where the port belongs; write special signs of a password like %40 for @")
    if scheme.startswith("sqlite") and rest.strip("/") and not rest.startswith(("//", "/:memory:")):
        # Whole from here on: the dashboard works in a folder of its own.
        return f"{scheme}:///{Path(rest.removeprefix('/')).absolute()}"
    return text


def _name(text: str) -> str:
    if not text.isprintable() or not 0 < len(text.strip()) <= 80:
        raise ValueError("must be a short name such as desk gateway")
    return text.strip()


def _desk(text: str) -> str:
    return _name(text) if text.strip() else ""


def _contact(text: str) -> str:
    if not text.isascii() or not text.isprintable() or "@" not in text or len(text) > 200:
        raise ValueError("must be a name and an e-mail address, such as Acme Research ada@acme.example")
    return text


@dataclass(frozen=True, slots=True)
class Setting:
    """One documented setting."""

    name: str
    default: str | None
    meaning: str
    parse: Callable[[str], Any] = _plain
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
        _database_url,
        may_carry_secret=True,
    ),
    Setting(
        "MOSYCHLOS_DASHBOARD_DATABASE_URL",
        None,
        "The dashboard's own user of the same PostgreSQL database; `mosychlos db roles` makes it. Unset: as above.",
        _database_url,
        may_carry_secret=True,
    ),
    Setting(
        "MOSYCHLOS_WORKER_DATABASE_URL",
        None,
        "The workers' own user of the same PostgreSQL database; `mosychlos db roles` makes it. Unset: as above.",
        _database_url,
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
    Setting("OPENAI_ORG_ID", None, "Organisation at the provider that is asked. Unset: the key's own.", _sendable),
    Setting("OPENAI_PROJECT_ID", None, "Project at the provider that is asked. Unset: the key's own.", _sendable),
    Setting(
        "MOSYCHLOS_PROVIDER_NAME",
        None,
        "Stands for the address in a provider's identity, where one provider is reached under changing addresses. "
        "Jobs go to whoever bears the name. Unset: the address itself.",
        _name,
    ),
    Setting(
        "MOSYCHLOS_ALLOW_PLAIN_HTTP",
        "no",
        "yes: accept a provider address that is plain http beyond loopback (the key then travels unencrypted).",
        _yes,
    ),
    Setting(
        "MOSYCHLOS_POLL_SECONDS",
        "30",
        "How often a running batch is looked at; backs off while nothing changes.",
        _seconds,
    ),
    Setting(
        "MOSYCHLOS_HTTP_TIMEOUT_SECONDS",
        "60",
        "Timeout of provider calls that are not downloads; downloads have a minimum rate and a deadline.",
        _seconds,
    ),
    Setting(
        "MOSYCHLOS_ANSWER_TIMEOUT_SECONDS",
        "600",
        "Longest silence while a model writes a synchronous answer, at most 2400; twice it at effort high, three times "
        "it at xhigh and max.",
        _answer_seconds,
    ),
    Setting(
        "MOSYCHLOS_QUARANTINE_SECONDS",
        "600",
        "How long a create whose answer was lost is looked for before it is fenced off and repeated.",
        _seconds,
    ),
    Setting(
        "MOSYCHLOS_LEASE_SECONDS",
        "30",
        "How long a worker owns a step without a sign of life before another may take it over.",
        _seconds,
    ),
    Setting(
        "MOSYCHLOS_PROVIDER_TIER",
        "5",
        "Usage tier at the provider, 1 to 5: sets the enqueued input tokens a model may have. Lower it to yours.",
        _tier,
    ),
    Setting(
        "MOSYCHLOS_ENQUEUED_TOKENS",
        None,
        "Enqueued input tokens as your account states them: a number for all models, or gpt-5.4-mini=2000000,*=100000. "
        "Unset: by tier. Lowered by itself for a day when the provider states less.",
        _rooms,
    ),
    Setting(
        "MOSYCHLOS_REQUESTS_PER_MINUTE",
        "500",
        "Calls a minute that one process makes for each model, and for files and batches: a number, or "
        "gpt-5.4-mini=500,*=100.",
        _rooms,
    ),
    Setting(
        "MOSYCHLOS_TOKENS_PER_MINUTE",
        "200000",
        "Tokens a minute that one process asks of each model outside batches: a number, or model=tokens pairs.",
        _rooms,
    ),
    Setting(
        "MOSYCHLOS_DATA_REGION",
        None,
        "Region in which your project at the provider keeps data (eu, us ...): a model without batches there is "
        "refused. Unset: by the provider's address (eu.api.openai.com is eu), else none.",
        _residency,
    ),
    Setting("MOSYCHLOS_BATCHES_PER_HOUR", "2000", "Batches created an hour at most; the provider takes 2,000.", _count),
    Setting(
        "MOSYCHLOS_RETRIES",
        "2",
        "How often requests that failed for a passing reason are asked again by themselves, within the approved cost; "
        "0 never.",
        _none_or_more,
    ),
    Setting(
        "MOSYCHLOS_REUSE_DAYS",
        "0",
        "Days within which the very same question to the same model is answered from stored results, at no price; 0: "
        "every question is asked.",
        _none_or_more,
    ),
    Setting(
        "MOSYCHLOS_STUCK_HOURS", "6", "Hours without any progress of a batch after which an alert is raised.", _hours
    ),
    Setting(
        "MOSYCHLOS_REMOTE_FILE_DAYS",
        "14",
        "Lifetime of our files at the provider, 1 to 30 days; they are deleted once results are stored.",
        _file_days,
    ),
    Setting(
        "MOSYCHLOS_KEEP_REMOTE_FILES",
        "no",
        "yes: leave files at the provider until their lifetime ends, even when the results are stored.",
        _yes,
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
        _public_url,
        may_carry_secret=True,
    ),
    Setting(
        "MOSYCHLOS_TOOL_ROUNDS",
        "4",
        "Times that one request may be asked where its model calls tools, from 2 on; in the last one it must answer.",
        _rounds,
    ),
    Setting("MOSYCHLOS_WORKER_THREADS", "4", "Steps that one worker runs at the same time.", _count),
    Setting("MOSYCHLOS_BUDGET_JOB_USD", None, "No job may be expected to cost more. Unset: no limit.", _usd),
    Setting(
        "MOSYCHLOS_BUDGET_PERSON_USD",
        None,
        "What one person may commit in a calendar month (UTC). Unset: no limit.",
        _usd,
    ),
    Setting(
        "MOSYCHLOS_BUDGET_MONTH_USD",
        None,
        "What everybody together may commit in a calendar month (UTC). Unset: no limit.",
        _usd,
    ),
    Setting(
        "MOSYCHLOS_BUDGET_DESK_USD", None, "What the desk may commit in a calendar month (UTC). Unset: no limit.", _usd
    ),
    Setting(
        "MOSYCHLOS_DESK", "", "Name of the desk that jobs of this installation are charged to. Empty: none.", _desk
    ),
    Setting("MOSYCHLOS_BUDGET_THRESHOLDS", "50,80,100", "Percents of a budget at which a notice is shown.", _percents),
    Setting(
        "MOSYCHLOS_SIMULATED",
        "auto",
        "Whether answers are marked as simulated: yes, no, or auto (yes when the provider's address is this machine).",
        _yes_or_auto,
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
        _sendable,
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
        _sendable,
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
        _yes,
    ),
    Setting(
        "MOSYCHLOS_FRED_MAY_PROMPT",
        "no",
        "yes: its series may stand in prompts. FRED's own terms forbid that; for a server whose terms allow it.",
        _yes,
    ),
    Setting(
        "MOSYCHLOS_SEC_CONTACT",
        None,
        "Who asks the SEC, as its rules want: a name and an e-mail address. Unset: filings are off.",
        _contact,
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

_BY_NAME = {setting.name: setting for setting in SETTINGS}


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


@dataclass(frozen=True, slots=True, repr=False)
class MarketSettings:
    """Checked settings of the market data sources; a source without its key or contact is off."""

    fmp_key: str | None
    fmp_url: str
    fred_key: str | None
    fred_url: str
    fred_may_store: bool
    fred_may_prompt: bool
    sec_contact: str | None
    sec_data_url: str
    sec_files_url: str
    ecb_rates: str | None
    allow_plain_http: bool

    def __repr__(self) -> str:
        return "MarketSettings()"

    def without_keys(self) -> MarketSettings:
        """The same for a process that must not hold keys."""
        return replace(self, fmp_key=None, fred_key=None)


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Checked settings of one process. Its repr shows no values, because one of them is a key."""

    home: Path
    database_url: str
    dashboard_database_url: str | None
    worker_database_url: str | None
    api_key: str | None
    base_url: str
    organisation: str
    project: str
    provider_name: str
    poll_seconds: float
    http_timeout_seconds: float
    answer_timeout_seconds: float
    quarantine_seconds: float
    lease_seconds: float
    provider_tier: int
    enqueued_tokens: dict[str, int]
    batches_per_hour: int
    data_region: str
    requests_per_minute: dict[str, int]
    tokens_per_minute: dict[str, int]
    tool_rounds: int
    worker_threads: int
    budget_job_usd: Decimal | None
    budget_person_usd: Decimal | None
    budget_month_usd: Decimal | None
    budget_desk_usd: Decimal | None
    budget_thresholds: tuple[int, ...]
    desk: str
    retries: int
    reuse_days: int
    stuck_hours: float
    remote_file_days: int
    keep_remote_files: bool
    webhook_secret: str | None
    public_url: str
    simulated: bool
    prompts: Path
    market: MarketSettings

    def __repr__(self) -> str:
        return f"Settings(home={str(self.home)!r})"


def load(environment: Mapping[str, str], file: Path | None = None) -> Settings:
    """Check every setting and return them together.

    Args:
        environment: Usually `os.environ`; wins over the file.
        file: Usually `config_file.find(environment)`; None for no file.

    Raises:
        BadSetting: Names the first setting with an impossible value, the value (unless secret) and what is allowed.
    """
    sdk_environment.check(environment)
    in_file = config_file.values(file)
    given = {name: value for name, value in environment.items() if name in _BY_NAME and value != ""}
    _keep_from_strangers(environment, in_file)
    raw = in_file | given
    redaction.know(*(raw.get(setting.name) for setting in SETTINGS if setting.secret))
    for setting in SETTINGS:
        if setting.may_carry_secret:
            redaction.know_password(raw.get(setting.name))
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = raw.get(setting.name, setting.default)
        if setting.read_path and text:
            text = _whole_path(setting.name, text, None if setting.name in given or file is None else file.parent)
        try:
            values[setting.name] = None if text is None else setting.parse(text)
        except ValueError as error:
            shown = "(hidden)" if setting.secret else repr(setting.shown(text or ""))
            raise BadSetting(f"{setting.name} is {shown}: it {redaction.redacted(str(error))}.") from None
    home = _expanded("MOSYCHLOS_HOME", values["MOSYCHLOS_HOME"] or platformdirs.user_data_dir("mosychlos")).absolute()
    base_url = checked_base_url(values["OPENAI_BASE_URL"], allow_plain_http=values["MOSYCHLOS_ALLOW_PLAIN_HTTP"])
    simulated = values["MOSYCHLOS_SIMULATED"]
    return Settings(
        home=home,
        database_url=values["MOSYCHLOS_DATABASE_URL"] or f"sqlite:///{home / 'mosychlos.db'}",
        dashboard_database_url=values["MOSYCHLOS_DASHBOARD_DATABASE_URL"],
        worker_database_url=values["MOSYCHLOS_WORKER_DATABASE_URL"],
        api_key=values["OPENAI_API_KEY"],
        base_url=base_url,
        organisation=values["OPENAI_ORG_ID"] or "",
        project=values["OPENAI_PROJECT_ID"] or "",
        provider_name=values["MOSYCHLOS_PROVIDER_NAME"] or "",
        poll_seconds=values["MOSYCHLOS_POLL_SECONDS"],
        http_timeout_seconds=values["MOSYCHLOS_HTTP_TIMEOUT_SECONDS"],
        answer_timeout_seconds=values["MOSYCHLOS_ANSWER_TIMEOUT_SECONDS"],
        quarantine_seconds=values["MOSYCHLOS_QUARANTINE_SECONDS"],
        lease_seconds=values["MOSYCHLOS_LEASE_SECONDS"],
        provider_tier=values["MOSYCHLOS_PROVIDER_TIER"],
        enqueued_tokens=values["MOSYCHLOS_ENQUEUED_TOKENS"] or {},
        batches_per_hour=values["MOSYCHLOS_BATCHES_PER_HOUR"],
        data_region=values["MOSYCHLOS_DATA_REGION"] or _region_of(base_url),
        requests_per_minute=values["MOSYCHLOS_REQUESTS_PER_MINUTE"] or {},
        tokens_per_minute=values["MOSYCHLOS_TOKENS_PER_MINUTE"] or {},
        tool_rounds=values["MOSYCHLOS_TOOL_ROUNDS"],
        worker_threads=values["MOSYCHLOS_WORKER_THREADS"],
        budget_job_usd=values["MOSYCHLOS_BUDGET_JOB_USD"],
        budget_person_usd=values["MOSYCHLOS_BUDGET_PERSON_USD"],
        budget_month_usd=values["MOSYCHLOS_BUDGET_MONTH_USD"],
        budget_desk_usd=values["MOSYCHLOS_BUDGET_DESK_USD"],
        budget_thresholds=values["MOSYCHLOS_BUDGET_THRESHOLDS"],
        desk=values["MOSYCHLOS_DESK"],
        retries=values["MOSYCHLOS_RETRIES"],
        reuse_days=values["MOSYCHLOS_REUSE_DAYS"],
        stuck_hours=values["MOSYCHLOS_STUCK_HOURS"],
        remote_file_days=values["MOSYCHLOS_REMOTE_FILE_DAYS"],
        keep_remote_files=values["MOSYCHLOS_KEEP_REMOTE_FILES"],
        webhook_secret=values["MOSYCHLOS_WEBHOOK_SECRET"],
        public_url=values["MOSYCHLOS_PUBLIC_URL"] or "",
        simulated=urlsplit(base_url).hostname in LOOPBACK if simulated is None else simulated,
        prompts=Path(values["MOSYCHLOS_PROMPTS"] or Path(__file__).resolve().parent.parent / "prompts"),
        market=_market(values),
    )


def without_keys(environment: Mapping[str, str], file: Path | None = None) -> dict[str, str]:
    """The environment for a process that must never hold a key: what the file sets is moved into it, keys are left out.

    Started with it, that process reads no file, so that no key enters its memory at any moment. Where the dashboard has
    a user of the database of its own, no other user's password enters it either.

    Raises:
        BadSetting: The file cannot be read.
    """
    in_file = config_file.values(file)
    for name, text in in_file.items():
        if file is not None and name in _BY_NAME and _BY_NAME[name].read_path:
            in_file[name] = _whole_path(name, text, file.parent)
    set_here = {name: value for name, value in environment.items() if name not in _BY_NAME or value != ""}
    kept = {name: value for name, value in {**in_file, **set_here}.items() if name not in KEYS}
    kept.pop("MOSYCHLOS_WORKER_DATABASE_URL", None)
    own = kept.pop("MOSYCHLOS_DASHBOARD_DATABASE_URL", None)
    return {**kept, config_file.SETTING: config_file.NONE} | ({"MOSYCHLOS_DATABASE_URL": own} if own else {})


def _market(values: Mapping[str, Any]) -> MarketSettings:
    plain = values["MOSYCHLOS_ALLOW_PLAIN_HTTP"]

    def address(name: str) -> str:
        return checked_base_url(values[name], allow_plain_http=plain, name=name)

    rates = values["MOSYCHLOS_ECB_RATES"]
    return MarketSettings(
        fmp_key=values["MOSYCHLOS_FMP_API_KEY"],
        fmp_url=address("MOSYCHLOS_FMP_BASE_URL"),
        fred_key=values["MOSYCHLOS_FRED_API_KEY"],
        fred_url=address("MOSYCHLOS_FRED_BASE_URL"),
        fred_may_store=values["MOSYCHLOS_FRED_MAY_STORE"],
        fred_may_prompt=values["MOSYCHLOS_FRED_MAY_PROMPT"],
        sec_contact=values["MOSYCHLOS_SEC_CONTACT"],
        sec_data_url=address("MOSYCHLOS_SEC_DATA_URL"),
        sec_files_url=address("MOSYCHLOS_SEC_FILES_URL"),
        ecb_rates=address("MOSYCHLOS_ECB_RATES") if rates and "://" in rates else rates,
        allow_plain_http=plain,
    )


def _region_of(base_url: str) -> str:
    """Where a regional address of the provider keeps data: "eu" for https://eu.api.openai.com/v1, "" for the others."""
    host = urlsplit(base_url).hostname or ""
    region, _, rest = host.partition(".")
    return region if rest == "api.openai.com" and len(region) == 2 else ""


def _keep_from_strangers(environment: Mapping[str, str], in_file: Mapping[str, str]) -> None:
    """A key of the environment is sent to no address that only a file names: whoever wrote the file would get it."""
    for key, addresses in GOES_TO.items():
        for name in addresses if environment.get(key) else ():
            address = in_file.get(name)
            if address and not environment.get(name) and address.rstrip("/") != _BY_NAME[name].default:
                raise BadSetting(
                    f"{key} stands in the environment and {name} only in the settings file, so the key would be sent "
                    f"to an address that the environment does not name. Set {name} in the environment too, or move "
                    f"{key} into the file."
                )


def _whole_path(name: str, text: str, folder: Path | None) -> str:
    """A path that is read: one in the settings file begins in that file's `folder`; an address is left as it is.

    Raises:
        BadSetting: The environment (`folder` None) names one that begins in the current folder.
    """
    if "://" in text:
        return text
    path = _expanded(name, text)
    if folder is None and not path.is_absolute():
        raise BadSetting(
            f"{name} is '{text}': it must be a whole path, such as {path.absolute()}, because the current folder may "
            "hold what somebody else put there."
        )
    return str(path if folder is None else folder / path)


def _expanded(name: str, text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise BadSetting(
            f"{name} is '{text}', and it is not known where that home folder is. Set {name} to a whole path."
        ) from None


def unknown_names(environment: Mapping[str, str], in_file: Mapping[str, str]) -> list[str]:
    """Names that look like settings but are none: probably spelling mistakes."""
    given = set(environment) | set(in_file)
    return sorted(name for name in given if name.startswith("MOSYCHLOS_") and name not in _BY_NAME)


def checked_base_url(url: str, *, allow_plain_http: bool = False, name: str = "OPENAI_BASE_URL") -> str:
    """An address, if it is safe to send a key there; `name` is the setting it stands in.

    Raises:
        BadSetting: Not http(s), or plain http beyond loopback without the explicit setting.
    """
    shown = redaction.masked_url(url)
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        well_formed = parts.scheme in {"http", "https"} and host and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed or not url.isprintable() or " " in url:
        raise BadSetting(f"{name} is '{shown}': it must be an https address such as https://host/v1.")
    if parts.username is not None or parts.password is not None:
        raise BadSetting(f"{name} must not carry a user name or password.")
    if (parts.query or parts.fragment) and name != "MOSYCHLOS_ECB_RATES":
        raise BadSetting(f"{name} is '{shown}': it must end before the question mark; a key has a setting of its own.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not allow_plain_http:
        raise BadSetting(
            f"{name} is '{shown}': plain http beyond this machine would send the key unencrypted. "
            "Use https, or set MOSYCHLOS_ALLOW_PLAIN_HTTP=yes if the network is trusted."
        )
    return url.rstrip("/")
