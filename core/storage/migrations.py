"""Ordered, recorded, forward-only changes of the schema. A released migration is never edited: write the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, inspect, text

from core.errors import StorageTrouble
from core.storage.database import Database

_LOCK = 7_402_118_530_466
"""PostgreSQL advisory lock under which migrations run, so that two processes starting at once do not collide."""


def _run(connection: Connection, script: str) -> None:
    postgres = connection.dialect.name == "postgresql"
    words = {
        "{blob}": "BYTEA" if postgres else "BLOB",
        "{serial}": "BIGSERIAL PRIMARY KEY" if postgres else "INTEGER PRIMARY KEY AUTOINCREMENT",
    }
    for statement in script.split(";"):
        for word, meaning in words.items():
            statement = statement.replace(word, meaning)
        if statement.strip():
            connection.execute(text(statement))


def m0001_first_tables(connection: Connection) -> None:
    """Portfolios, prices, jobs, shards, requests, results, money, workers."""
    _run(
        connection,
        """
        CREATE TABLE portfolio (
            portfolio_id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, account VARCHAR NOT NULL, region VARCHAR NOT NULL,
            base_currency VARCHAR NOT NULL, source_format VARCHAR NOT NULL, is_sample BOOLEAN NOT NULL,
            as_of VARCHAR NOT NULL, holdings INTEGER NOT NULL, total_value VARCHAR, snapshots INTEGER NOT NULL,
            search VARCHAR NOT NULL, updated_at BIGINT NOT NULL);
        CREATE INDEX ix_portfolio_region ON portfolio (region);
        CREATE TABLE snapshot (
            portfolio_id VARCHAR NOT NULL, as_of VARCHAR NOT NULL, revision INTEGER NOT NULL,
            content_hash VARCHAR NOT NULL, imported_at BIGINT NOT NULL, imported_by VARCHAR NOT NULL,
            document TEXT NOT NULL, PRIMARY KEY (portfolio_id, as_of, revision));
        CREATE TABLE price_series (
            symbol VARCHAR PRIMARY KEY, currency VARCHAR NOT NULL, badge VARCHAR NOT NULL, first_day VARCHAR NOT NULL,
            last_day VARCHAR NOT NULL, body {blob} NOT NULL);
        CREATE TABLE job (
            job_id VARCHAR PRIMARY KEY, kind VARCHAR NOT NULL, model VARCHAR NOT NULL, model_class VARCHAR NOT NULL,
            endpoint VARCHAR NOT NULL, variant VARCHAR NOT NULL, region_mode VARCHAR NOT NULL,
            prompt_version VARCHAR NOT NULL, priority VARCHAR NOT NULL, priority_rank INTEGER NOT NULL,
            state VARCHAR NOT NULL, created_at BIGINT NOT NULL, created_by VARCHAR NOT NULL, approved_at BIGINT,
            ended_at BIGINT, spec_hash VARCHAR NOT NULL, nonce VARCHAR NOT NULL UNIQUE, simulated BOOLEAN NOT NULL,
            cancel_wish BOOLEAN NOT NULL, request TEXT NOT NULL, estimate TEXT NOT NULL, total INTEGER NOT NULL,
            succeeded INTEGER NOT NULL, failed INTEGER NOT NULL, missing INTEGER NOT NULL, shards INTEGER NOT NULL,
            expected_nano BIGINT, actual_nano BIGINT, message TEXT NOT NULL);
        CREATE INDEX ix_job_kind ON job (kind);
        CREATE INDEX ix_job_state ON job (state);
        CREATE INDEX ix_job_created_at ON job (created_at);
        CREATE TABLE shard (
            shard_id VARCHAR PRIMARY KEY, job_id VARCHAR NOT NULL, shard_index INTEGER NOT NULL, state VARCHAR NOT NULL,
            fence INTEGER NOT NULL, lease_owner VARCHAR, lease_until BIGINT, attempt INTEGER NOT NULL,
            path TEXT NOT NULL, sha256 VARCHAR NOT NULL, requests INTEGER NOT NULL, bytes BIGINT NOT NULL,
            input_tokens BIGINT NOT NULL, remote_name VARCHAR NOT NULL, file_id VARCHAR, file_created_at BIGINT,
            create_at BIGINT, scans INTEGER NOT NULL, batch_id VARCHAR UNIQUE, provider_status VARCHAR NOT NULL,
            provider_total INTEGER NOT NULL, provider_completed INTEGER NOT NULL, provider_failed INTEGER NOT NULL,
            output_file_id VARCHAR, error_file_id VARCHAR, submitted_at BIGINT, expires_at BIGINT,
            last_contact_at BIGINT, next_due_at BIGINT NOT NULL, quiet_polls INTEGER NOT NULL,
            cancel_wish BOOLEAN NOT NULL, ended_at BIGINT, message TEXT NOT NULL);
        CREATE INDEX ix_shard_job_id ON shard (job_id);
        CREATE INDEX ix_shard_next_due_at ON shard (next_due_at);
        CREATE TABLE event (
            event_id {serial}, job_id VARCHAR NOT NULL, shard_id VARCHAR, at BIGINT NOT NULL, actor VARCHAR NOT NULL,
            event VARCHAR NOT NULL, from_state VARCHAR NOT NULL, to_state VARCHAR NOT NULL, note TEXT NOT NULL);
        CREATE INDEX ix_event_job_id ON event (job_id);
        CREATE TABLE request (
            job_id VARCHAR NOT NULL, custom_id VARCHAR NOT NULL, shard_index INTEGER NOT NULL,
            portfolio_id VARCHAR NOT NULL, as_of VARCHAR NOT NULL, region VARCHAR NOT NULL,
            input_tokens INTEGER NOT NULL, prompt_hash VARCHAR NOT NULL, hhi DOUBLE PRECISION,
            top1_pct DOUBLE PRECISION, PRIMARY KEY (job_id, custom_id));
        CREATE TABLE result (
            job_id VARCHAR NOT NULL, custom_id VARCHAR NOT NULL, portfolio_id VARCHAR NOT NULL, status VARCHAR NOT NULL,
            level VARCHAR NOT NULL, headline VARCHAR NOT NULL, verified INTEGER NOT NULL, mismatched INTEGER NOT NULL,
            unsupported INTEGER NOT NULL, input_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL, cost_nano BIGINT, error_code VARCHAR,
            error_message TEXT, error_transient BOOLEAN NOT NULL, raw_file VARCHAR, raw_offset BIGINT,
            raw_length BIGINT, PRIMARY KEY (job_id, custom_id));
        CREATE INDEX ix_result_portfolio_id ON result (portfolio_id);
        CREATE TABLE answer (
            job_id VARCHAR NOT NULL, custom_id VARCHAR NOT NULL, analysis TEXT NOT NULL, findings TEXT NOT NULL,
            PRIMARY KEY (job_id, custom_id));
        CREATE TABLE rollup (
            job_id VARCHAR NOT NULL, dimension VARCHAR NOT NULL, value VARCHAR NOT NULL, n BIGINT NOT NULL,
            PRIMARY KEY (job_id, dimension, value));
        CREATE TABLE collected (
            shard_id VARCHAR NOT NULL, file VARCHAR NOT NULL, read_to BIGINT NOT NULL, PRIMARY KEY (shard_id, file));
        CREATE TABLE stray (
            stray_id {serial}, job_id VARCHAR NOT NULL, shard_id VARCHAR NOT NULL, custom_id VARCHAR NOT NULL,
            reason VARCHAR NOT NULL, line TEXT NOT NULL);
        CREATE INDEX ix_stray_job_id ON stray (job_id);
        CREATE TABLE ledger (
            batch_id VARCHAR PRIMARY KEY, job_id VARCHAR NOT NULL, shard_id VARCHAR NOT NULL, at BIGINT NOT NULL,
            model VARCHAR NOT NULL, input_tokens BIGINT NOT NULL, cached_tokens BIGINT NOT NULL,
            output_tokens BIGINT NOT NULL, reasoning_tokens BIGINT NOT NULL, cost_nano BIGINT);
        CREATE INDEX ix_ledger_job_id ON ledger (job_id);
        CREATE TABLE commitment (
            job_id VARCHAR PRIMARY KEY, person VARCHAR NOT NULL, month VARCHAR NOT NULL, amount_nano BIGINT NOT NULL,
            settled BOOLEAN NOT NULL);
        CREATE INDEX ix_commitment_person ON commitment (person);
        CREATE INDEX ix_commitment_month ON commitment (month);
        CREATE TABLE worker (
            worker_id VARCHAR PRIMARY KEY, started_at BIGINT NOT NULL, beat_at BIGINT NOT NULL,
            provider VARCHAR NOT NULL)
        """,
    )


def m0002_import_mappings(connection: Connection) -> None:
    """Mappings of columns that people confirmed, by the fingerprint of a table's header."""
    _run(
        connection,
        """
        CREATE TABLE import_mapping (
            fingerprint VARCHAR PRIMARY KEY, header TEXT NOT NULL, mapping TEXT NOT NULL, confirmed_by VARCHAR NOT NULL,
            confirmed_at BIGINT NOT NULL)
        """,
    )


def m0003_policies(connection: Connection) -> None:
    """Clients' policy statements, each version of them."""
    _run(
        connection,
        """
        CREATE TABLE policy (
            scope VARCHAR NOT NULL, target VARCHAR NOT NULL, revision INTEGER NOT NULL, document TEXT NOT NULL,
            stored_at BIGINT NOT NULL, stored_by VARCHAR NOT NULL, PRIMARY KEY (scope, target, revision))
        """,
    )


def m0004_groups_instruments(connection: Connection) -> None:
    """Edits with undo, tags and groups of portfolios, instruments that people added."""
    _run(
        connection,
        """
        CREATE TABLE edit (
            portfolio_id VARCHAR NOT NULL, as_of VARCHAR NOT NULL, revision INTEGER NOT NULL, kind VARCHAR NOT NULL,
            stands_for INTEGER NOT NULL, parent INTEGER, redo TEXT NOT NULL, note TEXT NOT NULL,
            PRIMARY KEY (portfolio_id, as_of, revision));
        CREATE TABLE portfolio_tag (
            tag VARCHAR NOT NULL, portfolio_id VARCHAR NOT NULL, at BIGINT NOT NULL, actor VARCHAR NOT NULL,
            PRIMARY KEY (tag, portfolio_id));
        CREATE INDEX ix_portfolio_tag_portfolio_id ON portfolio_tag (portfolio_id);
        CREATE TABLE portfolio_group (
            group_key VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, created_at BIGINT NOT NULL,
            created_by VARCHAR NOT NULL);
        CREATE TABLE group_member (
            group_key VARCHAR NOT NULL, portfolio_id VARCHAR NOT NULL, at BIGINT NOT NULL, actor VARCHAR NOT NULL,
            PRIMARY KEY (group_key, portfolio_id));
        CREATE INDEX ix_group_member_portfolio_id ON group_member (portfolio_id);
        CREATE INDEX ix_portfolio_name ON portfolio (name, portfolio_id);
        CREATE TABLE instrument (
            symbol VARCHAR PRIMARY KEY, isin VARCHAR NOT NULL, document TEXT NOT NULL, changed_at BIGINT NOT NULL,
            changed_by VARCHAR NOT NULL);
        CREATE INDEX ix_instrument_isin ON instrument (isin);
        CREATE TABLE instrument_change (
            change_id {serial}, symbol VARCHAR NOT NULL, at BIGINT NOT NULL, actor VARCHAR NOT NULL,
            action VARCHAR NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL);
        CREATE INDEX ix_instrument_change_symbol ON instrument_change (symbol)
        """,
    )


def m0005_market_data(connection: Connection) -> None:
    """Real prices beside simulated ones, economic series, answers of market data sources, research documents."""
    _run(
        connection,
        """
        ALTER TABLE price_series RENAME TO price_series_of_m0001;
        CREATE TABLE price_series (
            symbol VARCHAR NOT NULL, badge VARCHAR NOT NULL, currency VARCHAR NOT NULL, first_day VARCHAR NOT NULL,
            last_day VARCHAR NOT NULL, closes INTEGER, source VARCHAR NOT NULL, updated_at BIGINT,
            updated_by VARCHAR NOT NULL, body {blob} NOT NULL, PRIMARY KEY (symbol, badge));
        INSERT INTO price_series (symbol, badge, currency, first_day, last_day, source, updated_by, body)
            SELECT symbol, badge, currency, first_day, last_day, '', '', body FROM price_series_of_m0001;
        DROP TABLE price_series_of_m0001;
        CREATE TABLE economic_series (
            series_id VARCHAR PRIMARY KEY, title VARCHAR NOT NULL, unit VARCHAR NOT NULL, frequency VARCHAR NOT NULL,
            publisher VARCHAR NOT NULL, licence VARCHAR NOT NULL, url VARCHAR NOT NULL, source_id VARCHAR NOT NULL,
            badge VARCHAR NOT NULL, may_prompt BOOLEAN NOT NULL, first_day VARCHAR NOT NULL, last_day VARCHAR NOT NULL,
            observations INTEGER NOT NULL, fetched_at BIGINT NOT NULL, fetched_by VARCHAR NOT NULL,
            body TEXT NOT NULL);
        CREATE TABLE market_answer (
            source_id VARCHAR NOT NULL, kind VARCHAR NOT NULL, item VARCHAR NOT NULL, as_of VARCHAR,
            fetched_at BIGINT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (source_id, kind, item));
        CREATE TABLE research_document (
            source_id VARCHAR PRIMARY KEY, kind VARCHAR NOT NULL, symbol VARCHAR NOT NULL, title VARCHAR NOT NULL,
            publisher VARCHAR NOT NULL, published VARCHAR, url TEXT NOT NULL, media VARCHAR NOT NULL,
            sha256 VARCHAR NOT NULL UNIQUE, characters INTEGER NOT NULL, pages INTEGER, passages INTEGER NOT NULL,
            added_at BIGINT NOT NULL, added_by VARCHAR NOT NULL);
        CREATE INDEX ix_research_document_kind ON research_document (kind);
        CREATE INDEX ix_research_document_symbol ON research_document (symbol);
        CREATE TABLE research_passage (
            source_id VARCHAR NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (source_id, number))
        """,
    )


def m0006_job_life(connection: Connection) -> None:
    """The queue, retries, reused answers, several reservations a job, learned rooms, calibration, alerts, webhooks."""
    _run(
        connection,
        """
        ALTER TABLE job ADD COLUMN needed_by BIGINT;
        ALTER TABLE job ADD COLUMN desk VARCHAR NOT NULL DEFAULT '';
        ALTER TABLE shard ADD COLUMN model VARCHAR NOT NULL DEFAULT '';
        ALTER TABLE shard ADD COLUMN retry_round INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE shard ADD COLUMN admitted_at BIGINT;
        ALTER TABLE shard ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE shard ADD COLUMN hold VARCHAR NOT NULL DEFAULT '';
        ALTER TABLE shard ADD COLUMN hold_until BIGINT;
        ALTER TABLE shard ADD COLUMN progress_at BIGINT;
        ALTER TABLE shard ADD COLUMN files_gone_at BIGINT;
        UPDATE shard SET model = (SELECT job.model FROM job WHERE job.job_id = shard.job_id);
        CREATE INDEX ix_shard_open ON shard (state) WHERE ended_at IS NULL;
        CREATE INDEX ix_event_sent ON event (at) WHERE event = 'send';
        ALTER TABLE request ADD COLUMN body_hash VARCHAR NOT NULL DEFAULT '';
        CREATE INDEX ix_request_body_hash ON request (body_hash) WHERE body_hash <> '';
        ALTER TABLE result ADD COLUMN reused_from VARCHAR;
        CREATE TABLE attempt (
            job_id VARCHAR NOT NULL, custom_id VARCHAR NOT NULL, attempt INTEGER NOT NULL, shard_index INTEGER NOT NULL,
            at BIGINT NOT NULL, status VARCHAR NOT NULL, error_code VARCHAR, error_message TEXT,
            input_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
            reasoning_tokens INTEGER NOT NULL, cost_nano BIGINT, raw_file VARCHAR, raw_offset BIGINT, raw_length BIGINT,
            PRIMARY KEY (job_id, custom_id, attempt));
        ALTER TABLE commitment RENAME TO commitment_of_one_part;
        DROP INDEX ix_commitment_person;
        DROP INDEX ix_commitment_month;
        CREATE TABLE commitment (
            job_id VARCHAR NOT NULL, part INTEGER NOT NULL, person VARCHAR NOT NULL, desk VARCHAR NOT NULL,
            month VARCHAR NOT NULL, amount_nano BIGINT NOT NULL, settled BOOLEAN NOT NULL,
            PRIMARY KEY (job_id, part));
        INSERT INTO commitment SELECT job_id, 0, person, '', month, amount_nano, settled FROM commitment_of_one_part;
        DROP TABLE commitment_of_one_part;
        CREATE INDEX ix_commitment_person ON commitment (person);
        CREATE INDEX ix_commitment_month ON commitment (month);
        CREATE TABLE room (model VARCHAR PRIMARY KEY, tokens BIGINT NOT NULL, learned_at BIGINT NOT NULL);
        CREATE TABLE calibration (
            shard_id VARCHAR PRIMARY KEY, kind VARCHAR NOT NULL, model VARCHAR NOT NULL, effort VARCHAR NOT NULL,
            at BIGINT NOT NULL, answers INTEGER NOT NULL, counted_tokens BIGINT NOT NULL, input_tokens BIGINT NOT NULL,
            cached_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL, output_squares DOUBLE PRECISION NOT NULL);
        CREATE INDEX ix_calibration_kind ON calibration (kind, model, effort, at);
        CREATE TABLE alert (
            kind VARCHAR NOT NULL, subject VARCHAR NOT NULL, text TEXT NOT NULL, raised_at BIGINT NOT NULL,
            cleared_at BIGINT, PRIMARY KEY (kind, subject));
        CREATE TABLE webhook (
            webhook_id VARCHAR PRIMARY KEY, received_at BIGINT NOT NULL, event VARCHAR NOT NULL,
            batch_id VARCHAR NOT NULL)
        """,
    )


def m0007_analyses(connection: Connection) -> None:
    """What checking found of each answer besides its numbers: coverage of metrics, agreement with the rule engine."""
    _run(
        connection,
        """
        ALTER TABLE answer ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE answer ADD COLUMN covered INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE answer ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE answer ADD COLUMN rules_agreeing INTEGER NOT NULL DEFAULT 0
        """,
    )


def m0008_tools_and_tries(connection: Connection) -> None:
    """Calls of tools, cited web pages, questions asked at once, and how the way to the provider stands."""
    _run(
        connection,
        """
        CREATE TABLE tool_call (
            job_id VARCHAR NOT NULL, custom_id VARCHAR NOT NULL, number INTEGER NOT NULL, round INTEGER NOT NULL,
            tool VARCHAR NOT NULL, call_id VARCHAR NOT NULL, arguments TEXT NOT NULL, result TEXT NOT NULL,
            facts TEXT NOT NULL, error TEXT NOT NULL, source VARCHAR NOT NULL, at BIGINT NOT NULL,
            took_ms INTEGER NOT NULL, cost_nano BIGINT, PRIMARY KEY (job_id, custom_id, number));
        CREATE TABLE citation (
            job_id VARCHAR NOT NULL, custom_id VARCHAR NOT NULL, number INTEGER NOT NULL, url TEXT NOT NULL,
            title TEXT NOT NULL, start_index INTEGER NOT NULL, end_index INTEGER NOT NULL,
            PRIMARY KEY (job_id, custom_id, number));
        CREATE TABLE try_once (
            try_id VARCHAR PRIMARY KEY, created_at BIGINT NOT NULL, created_by VARCHAR NOT NULL, state VARCHAR NOT NULL,
            cancel_wish BOOLEAN NOT NULL, owner VARCHAR NOT NULL, beat_at BIGINT, portfolio_id VARCHAR NOT NULL,
            request TEXT NOT NULL, force BOOLEAN NOT NULL, custom_id VARCHAR NOT NULL, line TEXT NOT NULL,
            sheet TEXT NOT NULL, text TEXT NOT NULL, rounds INTEGER NOT NULL, status VARCHAR NOT NULL, analysis TEXT,
            checked TEXT, level VARCHAR NOT NULL, headline VARCHAR NOT NULL, error_code VARCHAR, error_message TEXT,
            input_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
            reasoning_tokens INTEGER NOT NULL, expected_nano BIGINT, cost_nano BIGINT, simulated BOOLEAN NOT NULL,
            ended_at BIGINT, prompt_version VARCHAR NOT NULL, model VARCHAR NOT NULL);
        CREATE INDEX ix_try_once_created_at ON try_once (created_at);
        CREATE TABLE provider_state (
            name VARCHAR PRIMARY KEY, reads VARCHAR NOT NULL, paid VARCHAR NOT NULL, last_error TEXT NOT NULL,
            last_error_at BIGINT, opens_at BIGINT, seen_at BIGINT NOT NULL)
        """,
    )


def m0009_parameter_memory(connection: Connection) -> None:
    """Which parameters a model took or refused, jobs that were submitted together, and stand-ins for a model."""
    _run(
        connection,
        """
        CREATE TABLE parameter_memory (
            model VARCHAR NOT NULL, endpoint VARCHAR NOT NULL, parameter VARCHAR NOT NULL, value VARCHAR NOT NULL,
            simulated BOOLEAN NOT NULL, sent BIGINT NOT NULL, accepted BIGINT NOT NULL, refused BIGINT NOT NULL,
            words TEXT NOT NULL, refused_on VARCHAR NOT NULL, last_on VARCHAR NOT NULL,
            PRIMARY KEY (model, endpoint, parameter, value, simulated));
        CREATE TABLE job_set (
            set_id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, comparison VARCHAR NOT NULL, created_at BIGINT NOT NULL,
            created_by VARCHAR NOT NULL, jobs INTEGER NOT NULL);
        CREATE INDEX ix_job_set_created_at ON job_set (created_at);
        ALTER TABLE job ADD COLUMN set_id VARCHAR NOT NULL DEFAULT '';
        ALTER TABLE job ADD COLUMN fallback TEXT NOT NULL DEFAULT '';
        CREATE INDEX ix_job_set_id ON job (set_id) WHERE set_id <> ''
        """,
    )


def m0010_second_answers(connection: Connection) -> None:
    """Answers that were asked for again with the list of what did not hold in the first one."""
    _run(
        connection,
        """
        CREATE TABLE second_answer (
            job_id VARCHAR NOT NULL, custom_id VARCHAR NOT NULL, again_id VARCHAR NOT NULL,
            portfolio_id VARCHAR NOT NULL, shard_index INTEGER NOT NULL, at BIGINT NOT NULL, actor VARCHAR NOT NULL,
            why VARCHAR NOT NULL, stands BOOLEAN NOT NULL, ended VARCHAR NOT NULL, input_tokens INTEGER NOT NULL,
            cached_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL,
            cost_nano BIGINT, status VARCHAR NOT NULL, level VARCHAR NOT NULL, headline VARCHAR NOT NULL,
            verified INTEGER NOT NULL, mismatched INTEGER NOT NULL, unsupported INTEGER NOT NULL, error_code VARCHAR,
            error_message TEXT, error_transient BOOLEAN NOT NULL, raw_file VARCHAR, raw_offset BIGINT,
            raw_length BIGINT, analysis TEXT, findings TEXT NOT NULL, wanted INTEGER NOT NULL,
            covered INTEGER NOT NULL, rules INTEGER NOT NULL, rules_agreeing INTEGER NOT NULL,
            PRIMARY KEY (job_id, custom_id));
        CREATE INDEX ix_second_answer_shard ON second_answer (job_id, shard_index)
        """,
    )


def m0011_results_in_order(connection: Connection) -> None:
    """What large runs are sorted by stands in the results' own table and in indexes; answers' tokens are counted.

    SQLite reads a partial index alone only where the columns of its condition are part of it.
    """
    _run(
        connection,
        """
        ALTER TABLE result ADD COLUMN hhi FLOAT;
        ALTER TABLE result ADD COLUMN portfolio_name VARCHAR NOT NULL DEFAULT '';
        UPDATE result SET
            hhi = (SELECT request.hhi FROM request
                WHERE request.job_id = result.job_id AND request.custom_id = result.custom_id),
            portfolio_name = coalesce((SELECT portfolio.name FROM portfolio
                WHERE portfolio.portfolio_id = result.portfolio_id), portfolio_id);
        INSERT INTO rollup (job_id, dimension, value, n)
            SELECT job_id, 'answered', 'output_tokens', sum(output_tokens) FROM result
            WHERE status = 'succeeded' GROUP BY job_id;
        INSERT INTO rollup (job_id, dimension, value, n)
            SELECT job_id, 'answered', 'cost_nano', coalesce(sum(cost_nano), 0) FROM result
            WHERE status = 'succeeded' GROUP BY job_id;
        INSERT INTO rollup (job_id, dimension, value, n)
            SELECT job_id, 'answered', 'priced', count(cost_nano) FROM result
            WHERE status = 'succeeded' GROUP BY job_id;
        CREATE INDEX ix_result_concentrated ON result (job_id, hhi DESC, custom_id, status)
            WHERE status = 'succeeded' AND hhi IS NOT NULL;
        CREATE INDEX ix_result_by_name ON result (job_id, portfolio_name, portfolio_id, custom_id, status)
            WHERE status = 'succeeded';
        CREATE INDEX ix_result_flagged ON result (job_id, (mismatched + unsupported) DESC, custom_id)
            WHERE status = 'succeeded' AND mismatched + unsupported > 0;
        CREATE INDEX ix_result_unanswered ON result (job_id, status) WHERE status <> 'succeeded';
        CREATE INDEX ix_request_concentrated ON request (job_id, hhi DESC, custom_id, top1_pct)
            WHERE hhi IS NOT NULL AND top1_pct IS NOT NULL;
        CREATE INDEX ix_request_in_order ON request (job_id, shard_index, custom_id)
        """,
    )


def m0012_asked_by_one(connection: Connection) -> None:
    """Who asks a request synchronously holds it meanwhile; jobs are found by when they ended."""
    _run(
        connection,
        """
        CREATE TABLE asking (
            job_id VARCHAR NOT NULL, custom_id VARCHAR NOT NULL, actor VARCHAR NOT NULL, until BIGINT NOT NULL,
            PRIMARY KEY (job_id, custom_id));
        CREATE INDEX ix_job_ended ON job (ended_at DESC, job_id DESC) WHERE ended_at IS NOT NULL
        """,
    )


def m0013_nudged(connection: Connection) -> None:
    """A hint that comes while a shard is looked at is not lost; shards and synchronous calls know their reservation."""
    _run(
        connection,
        """
        ALTER TABLE shard ADD COLUMN nudged BOOLEAN NOT NULL DEFAULT FALSE;
        ALTER TABLE shard ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE asking ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE commitment ADD COLUMN lost BOOLEAN NOT NULL DEFAULT FALSE
        """,
    )


def m0014_answered_by(connection: Connection) -> None:
    """Who answered is kept with each ending: provider, model, served tier, endpoint, and the mark of the stand-in."""
    for name in ("result", "second_answer", "attempt", "try_once"):
        _run(
            connection,
            f"""
            ALTER TABLE {name} ADD COLUMN answered_provider VARCHAR NOT NULL DEFAULT '';
            ALTER TABLE {name} ADD COLUMN answered_model VARCHAR NOT NULL DEFAULT '';
            ALTER TABLE {name} ADD COLUMN answered_tier VARCHAR NOT NULL DEFAULT '';
            ALTER TABLE {name} ADD COLUMN answered_endpoint VARCHAR NOT NULL DEFAULT '';
            ALTER TABLE {name} ADD COLUMN answered_simulated BOOLEAN NOT NULL DEFAULT FALSE
            """,
        )


def m0015_usage_from(connection: Connection) -> None:
    """Where it is known from what an answer came to, and what the provider counts for a whole batch."""
    for name in ("result", "second_answer", "attempt", "try_once"):
        _run(connection, f"ALTER TABLE {name} ADD COLUMN usage_from VARCHAR NOT NULL DEFAULT 'answer'")
    _run(connection, "ALTER TABLE shard ADD COLUMN counted TEXT")


def m0016_provider_identity(connection: Connection) -> None:
    """Jobs and tries belong to a provider, and what is learned is learned of one.

    Of jobs that are there already nobody knows more than whether their answers are simulated. What they taught cannot
    be said of any one provider, so it is kept and teaches none.
    """
    _run(
        connection,
        """
        ALTER TABLE job ADD COLUMN provider_id VARCHAR NOT NULL DEFAULT '';
        ALTER TABLE job ADD COLUMN provider TEXT NOT NULL DEFAULT '';
        ALTER TABLE job ADD COLUMN question VARCHAR NOT NULL DEFAULT '';
        UPDATE job SET provider_id = CASE WHEN simulated THEN 'unknown-simulated' ELSE 'unknown-real' END;
        CREATE INDEX ix_job_question ON job (question) WHERE ended_at IS NULL AND question <> '';
        ALTER TABLE try_once ADD COLUMN provider_id VARCHAR NOT NULL DEFAULT '';
        UPDATE try_once SET provider_id = CASE WHEN simulated THEN 'unknown-simulated' ELSE 'unknown-real' END;
        ALTER TABLE worker ADD COLUMN accepts VARCHAR NOT NULL DEFAULT '';
        ALTER TABLE calibration ADD COLUMN provider_id VARCHAR NOT NULL DEFAULT '';
        ALTER TABLE calibration ADD COLUMN endpoint VARCHAR NOT NULL DEFAULT '';
        DROP TABLE room;
        CREATE TABLE room (
            provider_id VARCHAR NOT NULL, model VARCHAR NOT NULL, tokens BIGINT NOT NULL, learned_at BIGINT NOT NULL,
            PRIMARY KEY (provider_id, model));
        ALTER TABLE parameter_memory RENAME TO parameter_memory_before;
        CREATE TABLE parameter_memory (
            model VARCHAR NOT NULL, endpoint VARCHAR NOT NULL, parameter VARCHAR NOT NULL, value VARCHAR NOT NULL,
            simulated BOOLEAN NOT NULL, provider_id VARCHAR NOT NULL, sent BIGINT NOT NULL, accepted BIGINT NOT NULL,
            refused BIGINT NOT NULL, words TEXT NOT NULL, refused_on VARCHAR NOT NULL, last_on VARCHAR NOT NULL,
            PRIMARY KEY (model, endpoint, parameter, value, simulated, provider_id));
        INSERT INTO parameter_memory
            SELECT model, endpoint, parameter, value, simulated,
                CASE WHEN simulated THEN 'unknown-simulated' ELSE 'unknown-real' END,
                sent, accepted, refused, words, refused_on, last_on
            FROM parameter_memory_before;
        DROP TABLE parameter_memory_before
        """,
    )


def m0017_what_a_try_asks(connection: Connection) -> None:
    """What was approved with a try's price. Of tries that are there already it is not known."""
    _run(
        connection,
        """
        ALTER TABLE try_once ADD COLUMN question VARCHAR NOT NULL DEFAULT '';
        CREATE INDEX ix_try_once_question ON try_once (question) WHERE question <> ''
        """,
    )


def m0018_read_again(connection: Connection) -> None:
    """Stored result lines can be read again, for whoever asked for it."""
    _run(
        connection,
        """
        ALTER TABLE job ADD COLUMN reread_by VARCHAR NOT NULL DEFAULT '';
        CREATE INDEX ix_job_reread ON job (job_id) WHERE reread_by <> ''
        """,
    )


def m0019_fund_holdings(connection: Connection) -> None:
    """What funds hold, apart from portfolios, and by which codes holdings name them."""
    _run(
        connection,
        """
        CREATE TABLE fund (
            fund_id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, updated_at BIGINT NOT NULL,
            updated_by VARCHAR NOT NULL);
        CREATE TABLE fund_code (
            code VARCHAR PRIMARY KEY, fund_id VARCHAR NOT NULL, updated_at BIGINT NOT NULL,
            updated_by VARCHAR NOT NULL);
        CREATE INDEX ix_fund_code_fund_id ON fund_code (fund_id);
        CREATE TABLE fund_holdings (
            fund_id VARCHAR NOT NULL, as_of VARCHAR NOT NULL, revision INTEGER NOT NULL, content_hash VARCHAR NOT NULL,
            source VARCHAR NOT NULL, file VARCHAR NOT NULL, currency VARCHAR NOT NULL, net_assets VARCHAR,
            coverage_pct VARCHAR NOT NULL, stated_pct VARCHAR NOT NULL, lines INTEGER NOT NULL,
            imported_at BIGINT NOT NULL, imported_by VARCHAR NOT NULL, document TEXT NOT NULL,
            PRIMARY KEY (fund_id, as_of, revision))
        """,
    )


def m0020_legal_entities(connection: Connection) -> None:
    """What registers of legal entities say of issuers: identifiers by ISIN, names, ultimate parents."""
    _run(
        connection,
        """
        CREATE TABLE isin_lei (isin VARCHAR PRIMARY KEY, lei VARCHAR NOT NULL, updated_at BIGINT NOT NULL);
        CREATE TABLE legal_name (lei VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, updated_at BIGINT NOT NULL);
        CREATE TABLE legal_parent (lei VARCHAR PRIMARY KEY, parent VARCHAR NOT NULL, updated_at BIGINT NOT NULL)
        """,
    )


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    m0001_first_tables,
    m0002_import_mappings,
    m0003_policies,
    m0004_groups_instruments,
    m0005_market_data,
    m0006_job_life,
    m0007_analyses,
    m0008_tools_and_tries,
    m0009_parameter_memory,
    m0010_second_answers,
    m0011_results_in_order,
    m0012_asked_by_one,
    m0013_nudged,
    m0014_answered_by,
    m0015_usage_from,
    m0016_provider_identity,
    m0017_what_a_try_asks,
    m0018_read_again,
    m0019_fund_holdings,
    m0020_legal_entities,
)
"""In order; the number in the name is the version."""


def version_of(migration: Callable[[Connection], None]) -> int:
    """1 for `m0001_first_tables`."""
    return int(migration.__name__[1:5])


def upgrade(database: Database) -> list[str]:
    """Bring the database to this program's schema; each migration in a transaction of its own.

    Returns:
        Names of the migrations applied now; empty when there was nothing to do.

    Raises:
        StorageTrouble: The database was written by a newer program. It is left as it is.
    """
    applied: list[str] = []
    for migration in MIGRATIONS:
        with database.write() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if not inspect(connection).has_table("schema_migration"):
                connection.execute(
                    text(
                        "CREATE TABLE schema_migration "
                        "(version INTEGER PRIMARY KEY, name VARCHAR NOT NULL, applied_at BIGINT NOT NULL)"
                    )
                )
            done = set(connection.execute(text("SELECT version FROM schema_migration")).scalars())
            newest = version_of(MIGRATIONS[-1])
            if done and max(done) > newest:
                raise StorageTrouble(
                    f"The database has schema {max(done)} and this program knows {newest}. "
                    "Start the newer program, or point MOSYCHLOS_HOME at another folder."
                )
            version = version_of(migration)
            if version in done:
                continue
            migration(connection)
            connection.execute(
                text("INSERT INTO schema_migration VALUES (:version, :name, :at)"),
                {
                    "version": version,
                    "name": migration.__name__,
                    "at": int(datetime.now(UTC).timestamp() * 1_000_000),
                },
            )
            applied.append(migration.__name__)
    return applied
