"""All repositories over one database."""

from __future__ import annotations

from core.storage.database import Database
from core.storage.jobs.alerts import Alerts
from core.storage.jobs.comparisons import Comparisons
from core.storage.jobs.corrections import Corrections
from core.storage.jobs.history import History
from core.storage.jobs.items import Items
from core.storage.jobs.job_sets import JobSets
from core.storage.jobs.job_views import JobViews
from core.storage.jobs.jobs import Jobs
from core.storage.jobs.open_jobs import OpenJobs
from core.storage.jobs.parameter_memory import ParameterMemory
from core.storage.jobs.provider_states import ProviderStates
from core.storage.jobs.rereading import Rereading
from core.storage.jobs.result_views import ResultViews
from core.storage.jobs.results import Results
from core.storage.jobs.retries import Retries
from core.storage.jobs.shards import Shards
from core.storage.jobs.single_tries import Tries
from core.storage.jobs.tool_calls import ToolCalls
from core.storage.jobs.track_record import TrackRecord
from core.storage.jobs.waiting import Queue
from core.storage.jobs.webhooks import Webhooks
from core.storage.jobs.workers import Workers
from core.storage.market.documents import Documents
from core.storage.market.market import MarketAnswers
from core.storage.market.prices import Prices
from core.storage.market.series import SeriesRepository
from core.storage.migrations import upgrade
from core.storage.portfolios.edits import Edits
from core.storage.portfolios.funds import Funds
from core.storage.portfolios.groups import Groups
from core.storage.portfolios.instruments import Instruments
from core.storage.portfolios.legal_entities import LegalEntities
from core.storage.portfolios.mappings import Mappings
from core.storage.portfolios.policies import Policies
from core.storage.portfolios.portfolios import Portfolios


class Store:
    """The house's memory."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.portfolios = Portfolios(self.database)
        self.edits = Edits(self.database)
        self.groups = Groups(self.database)
        self.instruments = Instruments(self.database)
        self.funds = Funds(self.database)
        self.entities = LegalEntities(self.database)
        self.prices = Prices(self.database)
        self.series = SeriesRepository(self.database)
        self.market = MarketAnswers(self.database)
        self.mappings = Mappings(self.database)
        self.policies = Policies(self.database)
        self.documents = Documents(self.database)
        self.jobs = Jobs(self.database)
        self.shards = Shards(self.database)
        self.results = Results(self.database)
        self.items = Items(self.database)
        self.views = ResultViews(self.database)
        self.comparisons = Comparisons(self.database)
        self.workers = Workers(self.database)
        self.sets = JobSets(self.database)
        self.parameters = ParameterMemory(self.database)
        self.track = TrackRecord(self.database)
        self.provider_states = ProviderStates(self.database)
        self.tool_calls = ToolCalls(self.database)
        self.tries = Tries(self.database)
        self.queue = Queue(self.database)
        self.alerts = Alerts(self.database)
        self.history = History(self.database)
        self.retries = Retries(self.database)
        self.rereading = Rereading(self.database)
        self.corrections = Corrections(self.database)
        self.job_views = JobViews(self.database)
        self.open_jobs = OpenJobs(self.database)
        self.webhooks = Webhooks(self.database)

    def upgrade(self) -> list[str]:
        """Apply the migrations that are still missing; returns their names."""
        return upgrade(self.database)

    def close(self) -> None:
        """Give back every connection."""
        self.database.close()
