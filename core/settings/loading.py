"""Settings read and checked together. Done once by `core.app` and the CLI, nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from core import config_file, redaction, sdk_environment
from core.errors import BadSetting
from core.settings.addresses import LOOPBACK, checked_base_url
from core.settings.declared import BY_NAME, GOES_TO, KEYS, SETTINGS


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
    given = {name: value for name, value in environment.items() if name in BY_NAME and value != ""}
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
        prompts=Path(values["MOSYCHLOS_PROMPTS"] or Path(__file__).resolve().parents[2] / "prompts"),
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
        if file is not None and name in BY_NAME and BY_NAME[name].read_path:
            in_file[name] = _whole_path(name, text, file.parent)
    set_here = {name: value for name, value in environment.items() if name not in BY_NAME or value != ""}
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
            if address and not environment.get(name) and address.rstrip("/") != BY_NAME[name].default:
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
    return sorted(name for name in given if name.startswith("MOSYCHLOS_") and name not in BY_NAME)
