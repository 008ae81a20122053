"""The daemon: one job per repository, again and again; coalesced, never overlapping, stopped at a safe step."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from gitops_bot import logs, tick
from gitops_bot.daemon.alarms import Alarms
from gitops_bot.daemon.health import Health, answers, listen
from gitops_bot.daemon.metrics import exposition
from gitops_bot.errors import KindAbsent, UsageError
from gitops_bot.model import ReceiptState
from gitops_bot.policy.config import BotConfig, Daemon
from gitops_bot.wiring import Options, SystemClock, audit_log, jobs

PATIENCE = 10
"""Intervals without the end of a tick, and the daemon counts as stuck; at least five minutes."""


def serve(config: BotConfig, policies: tuple[Path, ...], audit: Path | None) -> int:
    """Run until SIGTERM or SIGINT; the tick under way leaves off between two effects. A second signal ends at once."""
    logs.configure(debug=bool(os.environ.get("GITOPS_BOT_DEBUG")))
    stop = threading.Event()
    clock = SystemClock()
    work = jobs(config, Options(clock, policies, audit_log(audit, clock), stop.is_set, _watch_failed))
    settings = config.spec.daemon
    health = Health(tuple(work), max(300.0, PATIENCE * settings.interval.total_seconds()), time.monotonic)
    forges = {name: job.site.forge for name, job in work.items()}
    try:
        server = listen(settings.address, {**answers(health), "/metrics": lambda: (200, exposition(forges))})
    except OSError as error:
        raise UsageError(
            f"cannot listen at {settings.address}: {error.strerror}", where="spec.daemon.address"
        ) from error
    _on_signals(stop)
    scheduler = _schedule(work, settings, health)
    listening = "{}:{}".format(*server.server_address[:2])
    logs.event(  # before the first tick can say anything, in another thread
        "daemon_started", repositories=list(work), interval_s=settings.interval.total_seconds(), address=listening
    )
    scheduler.start()
    stop.wait()
    logs.event("daemon_stopping")
    scheduler.shutdown(wait=True)
    server.shutdown()
    for job in work.values():
        job.close()
    logs.event("daemon_stopped")
    return 0


def _watch_failed(why: str) -> None:
    logs.event("watch_failed", level=logging.WARNING, detail=why)


def _on_signals(stop: threading.Event) -> None:
    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def _schedule(work: Mapping[str, tick.Job], settings: Daemon, health: Health) -> BackgroundScheduler:
    """Each job now, then at every interval. A late run is run late, several missed ones are one."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler = BackgroundScheduler(job_defaults=defaults, timezone="UTC")
    told: set[str] = set()
    for name, job in work.items():
        jitter = round(settings.jitter.total_seconds()) or None
        trigger = IntervalTrigger(seconds=max(1, round(settings.interval.total_seconds())), jitter=jitter)
        now = datetime.now(scheduler.timezone)
        alarms = Alarms(name, job.alarmed, job.notifiers)
        scheduler.add_job(_tick, trigger, args=(name, job, health, told, alarms), id=name, next_run_time=now)
    return scheduler


def _tick(name: str, job: tick.Job, health: Health, told: set[str], alarms: Alarms) -> None:
    """One tick and what it changed, as events; `told` holds what is said once in the daemon's life."""
    if job.stopping():
        return
    report = tick.run(job)
    health.progress(name)
    for receipt in report.receipts:
        level = logging.INFO if receipt.state is ReceiptState.DONE else logging.WARNING
        logs.event(
            f"pull_request_{receipt.action}",
            level=level,
            repository=name,
            policy=receipt.policy,
            number=receipt.number,
            state=receipt.state.value,
            detail=receipt.detail,
        )
    for failure in news(report.failures, told):
        logs.event(
            "failed",
            level=logging.ERROR,
            repository=name,
            subject=failure.subject,
            code=failure.error.exit_code,
            error=str(failure.error),
        )
    if not job.stopping():  # a tick that left off has not seen everything
        alarms.look(report.failures)
    logs.event("ticked", level=logging.DEBUG, repository=name, policies=len(report.plans))


def news(failures: Sequence[tick.Failure], told: set[str]) -> Iterator[tick.Failure]:
    """The failures but for kinds that are not installed, of which each is said once."""
    for failure in failures:
        if isinstance(failure.error, KindAbsent):
            if str(failure.error) in told:
                continue
            told.add(str(failure.error))
        yield failure
