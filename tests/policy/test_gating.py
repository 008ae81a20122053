"""What may be written at spec.gates, and the sentence that each mistake gets, with its place."""

from __future__ import annotations

import pytest

from gitops_bot.errors import PolicyInvalid
from gitops_bot.policy.loading import Source, load_policies
from tests.policy.test_loading import GOOD

MEASURED = "  analysis: {metrics: [{name: errors, query: up, max: 1}]}\n"


def load(gates: str) -> str:
    """The first line of what is wrong, from the path on; empty when nothing is."""
    try:
        load_policies([Source("a.yaml", f"{GOOD}{MEASURED}  gates: {gates}\n".encode())])
    except PolicyInvalid as error:
        return str(error).splitlines()[0].partition(": ")[2]
    return ""


@pytest.mark.parametrize(
    "gates",
    [
        "{windows: [{allow: 'Mon-Fri 09:00-16:00', timezone: Europe/Berlin}]}",
        "{windows: [{block: {from: 2026-12-20, to: 2027-01-02}, reason: year-end freeze}]}",
        "{windows: [{block: {from: 2026-12-20, to: 2026-12-20}}]}",
        "{windows: [{block: {from: '2026-12-20T12:00', to: 2026-12-20T18:00:00+01:00}}]}",
        "{windows: [{allow: {cron: '0 9 * * MON-FRI', for: 7h}}, {block: {weekly: Fri}}]}",
        "{windows: [{timewindow: {windowtype: Blocked, daysofweek: [monday], location: ''}}]}",
        "{windows: [{timewindow: {weekdays: [Sunday], hours: [{start: '08:00AM', end: '12:00AM'}]}}]}",
        "{soak: 24h}",
        "{soak: {for: 1h30m, environments: [dev, staging]}}",
        "{sync: {argoCD: {application: shop}}}",
        "{sync: {flux: {kustomization: shop}, live: true, cluster: hub}}",
        "{sync: {tekton: {pipeline: deploy, namespace: ci}}}",
        "{sync: {ocm: {subscription: shop, namespace: shop}}}",
        "{statuses: [ci/e2e, {name: smoke, on: base}]}",
        "{approvals: {required: 2, from: [alice, 'team:payments-leads'], deadline: 48h}}",
        "{hold: {labels: [do-not-merge/hold]}}",
        "{}",
    ],
)
def test_what_can_be_said(gates: str) -> None:
    assert load(gates) == ""


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ("{}", "spec.gates.windows[0]: one of allow, block, timewindow is needed"),
        ("{allow: Mon, block: Tue}", "spec.gates.windows[0].block: only one of allow, block, timewindow may be given"),
        ("{alow: Mon}", "spec.gates.windows[0].alow: unknown key (did you mean allow?)"),
        ("{allow: Mon-Fry}", "spec.gates.windows[0].allow: 'fry' is no day of the week"),
        ("{allow: 'Mon 9-16'}", "spec.gates.windows[0].allow: 'Mon 9-16' is not understood"),
        ("{allow: 'Mon 09:00-25:00'}", "spec.gates.windows[0].allow: 25:00 is no time of day"),
        ("{allow: '09:00-09:00'}", "spec.gates.windows[0].allow: '09:00-09:00' is no length of time"),
        ("{allow: '09:00-16:00 Mon'}", "spec.gates.windows[0].allow: '09:00-16:00 Mon' is not understood"),
        ("{allow: Mon, timezone: Europe/Berln}", "spec.gates.windows[0].timezone: 'Europe/Berln' is no time zone"),
        ("{allow: Mon, timezone: Europe}", "spec.gates.windows[0].timezone: 'Europe' is no time zone"),
        ("{allow: Mon, timezone: localtime}", "spec.gates.windows[0].timezone: 'localtime' is no time zone"),
        ("{allow: Mon, timezone: right/UTC}", "spec.gates.windows[0].timezone: 'right/UTC' is no time zone"),
        ("{allow: Mon, timezone: ../../etc/passwd}", "spec.gates.windows[0].timezone: '../../etc/passwd' is no time"),
        ("{allow: {cron: '0 9 * *', for: 1h}}", "spec.gates.windows[0].allow.cron: '0 9 * *' is no cron expression"),
        ("{allow: {cron: '0 99 * * *', for: 1h}}", "spec.gates.windows[0].allow.cron: '0 99 * * *' is no cron"),
        (
            "{allow: {cron: '0 9 30 2 *', for: 1h}}",
            "spec.gates.windows[0].allow.cron: '0 9 30 2 *' is no cron expression: Bad day-of-month",
        ),
        ("{allow: {cron: '0 9 * * *'}}", "spec.gates.windows[0].allow: cron and for go together"),
        ("{allow: {cron: '0 9 * * *', for: 32d}}", "spec.gates.windows[0].allow.for: must be longer than nothing"),
        ("{block: {from: 2026-12-20}}", "spec.gates.windows[0].block: from and to go together"),
        ("{block: {from: 2026-12-20, to: 2026-12-19}}", "spec.gates.windows[0].block.to: 2026-12-19 is before"),
        ("{block: {from: 20261220, to: 2026-12-19}}", "spec.gates.windows[0].block.from: 20261220 is no date"),
        ("{block: {weekly: Mon, cron: '0 9 * * *', for: 1h}}", "spec.gates.windows[0].block: exactly one of weekly"),
        ("{timewindow: {}, timezone: UTC}", "spec.gates.windows[0].timezone: goes with allow and block"),
        ("{timewindow: {daysOfWeek: [Monday]}}", "spec.gates.windows[0].timewindow.daysOfWeek: unknown key"),
        ("{timewindow: {daysofweek: [Mon]}}", "spec.gates.windows[0].timewindow.daysofweek[0]: 'Mon' is no day"),
        (
            "{timewindow: {location: Mars/Base}}",
            "spec.gates.windows[0].timewindow.location: 'Mars/Base' is no time zone",
        ),
        ("{timewindow: {windowtype: open}}", "spec.gates.windows[0].timewindow.windowtype: 'open' is no window type"),
        (
            "{timewindow: {hours: [{start: '9:00', end: 5PM}]}}",
            "spec.gates.windows[0].timewindow.hours[0].start: '9:00'",
        ),
        (
            "{timewindow: {weekdays: [Monday], daysofweek: [Monday]}}",
            "spec.gates.windows[0].timewindow: daysofweek and",
        ),
    ],
)
def test_a_window_that_cannot_be_is_said_where_it_stands(window: str, said: str) -> None:
    assert said in load(f"{{windows: [{window}]}}")


@pytest.mark.parametrize(
    ("gates", "said"),
    [
        ("{sync: {}}", "spec.gates.sync: at least one of argoCD, flux, tekton, ocm, live is needed"),
        ("{sync: {live: false}}", "spec.gates.sync: at least one of"),
        ("{sync: {argoCd: {application: a}}}", "spec.gates.sync.argoCd: unknown key (did you mean argoCD?)"),
        ("{sync: {tekton: {pipeline: a}}}", "spec.gates.sync.tekton.namespace: is missing"),
        ("{statuses: [gitops-bot/checkout]}", "spec.gates.statuses[0]: is the bot's own"),
        ("{statuses: [{name: e2e, on: main}]}", "spec.gates.statuses[0].on: 'main' is not one of head, base"),
        ("{approvals: {required: 1}}", "spec.gates.approvals: exactly one of from, keel is needed"),
        ("{approvals: {from: []}}", "spec.gates.approvals: exactly one of from, keel is needed"),
        ("{approvals: {from: [a, A], required: 2}}", "spec.gates.approvals.required: asks for 2 of 1: it could never"),
        ("{approvals: {from: [a], deadline: 0s}}", "spec.gates.approvals.deadline: is over at once: nobody could"),
        ("{hold: {labels: ['held ']}}", "spec.gates.hold.labels[0]: must not hold commas or line breaks, nor spaces"),
        ("{hold: {labels: [' ']}}", "spec.gates.hold.labels[0]: must not hold commas or line breaks, nor spaces"),
        ("{soak: soon}", "spec.gates.soak: 'soon' is not a duration"),
        ("{soak: {for: 1h, environments: [checkout]}}", "spec.gates.soak.environments[0]: is this very policy"),
        ("{soak: {environments: [dev]}}", "spec.gates.soak.for: is missing"),
    ],
)
def test_what_cannot_be_is_said_where_it_stands(gates: str, said: str) -> None:
    assert said in load(gates)


@pytest.mark.parametrize(
    ("approvals", "said"),
    [
        ("{from: [alice, bob], required: 2}", ""),
        ("{from: ['team:a'], required: 9}", ""),
        ("{from: [alice], required: 2}", "spec.rollback.approvals.required: asks for 2 of 1: it could never be given"),
        ("{required: 2}", "spec.rollback.approvals: needs from: who may approve a rollback"),
        ("{from: [a], deadline: 1h}", "spec.rollback.approvals.deadline: would hold a rollback for good"),
        (
            "{from: [a], keel: {namespace: shop, name: cart}}",
            "spec.rollback.approvals.keel: approves updates, no way back",
        ),
    ],
)
def test_a_rollback_waits_for_people_alone_and_as_long_as_they_need(approvals: str, said: str) -> None:
    assert load(f"{{}}\n  rollback: {{approvals: {approvals}}}") == said
