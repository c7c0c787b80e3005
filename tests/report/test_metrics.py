from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from notifconf.model.diagnostic import Diagnostic
from notifconf.model.plan import Unmanaged
from notifconf.report.metrics import Run, metrics
from tests.report.reports import created, deleted, planned, texts, updated

KINDS = ("integration", "subscription")
PLAN = planned(
    created("a"),
    created("b"),
    updated(),
    deleted(),
    unmanaged=(Unmanaged("integrations/x", "integration", "i-1", "not-declared"),),
    diagnostics=(Diagnostic("warning", "expired-mute", "over"), Diagnostic("warning", "mute-expires-soon", "soon")),
)
FOUND = Run("/etc/notifconf/prod", 2, 1_000_000.5, 0.25, PLAN, KINDS, {"expired-mute"})
FAILED = Run("/etc/notifconf/prod", 1, 2_000_000.0, 3.0)


def samples(text):
    """Every sample as Prometheus reads it: labels without the workspace, which all of them have."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "workspace"}
            ordered = (labels[label] for label in ("provider", "kind", "action") if label in labels)
            found[sample.name, *ordered] = sample.value
            assert sample.labels["workspace"] == FOUND.workspace
    return found


def test_a_run_that_knows():
    assert samples(metrics(FOUND)) == {
        ("notifconf_drift_changes", "confluent", "integration", "create"): 2,
        ("notifconf_drift_changes", "confluent", "integration", "update"): 0,
        ("notifconf_drift_changes", "confluent", "integration", "delete"): 1,
        ("notifconf_drift_changes", "confluent", "subscription", "create"): 0,
        ("notifconf_drift_changes", "confluent", "subscription", "update"): 1,
        ("notifconf_drift_changes", "confluent", "subscription", "delete"): 0,
        ("notifconf_undeclared_objects",): 1,
        ("notifconf_expired_mutes",): 1,
        ("notifconf_last_success_timestamp_seconds",): 1_000_000.5,
        ("notifconf_last_run_timestamp_seconds",): 1_000_000.5,
        ("notifconf_drift_duration_seconds",): 0.25,
        ("notifconf_drift_exit_code",): 2,
    }


@pytest.mark.parametrize(
    ("before", "success"),
    [
        (metrics(FOUND), 1_000_000.5),
        (metrics(FAILED, before=metrics(FOUND)), 1_000_000.5),
        ("", 0),
        ("not metrics at all", 0),
        ('notifconf_last_success_timestamp_seconds{workspace="x"} NaN\n', 0),
    ],
)
def test_a_failed_run_keeps_the_last_success_and_claims_nothing(before, success):
    assert samples(metrics(FAILED, before=before)) == {
        ("notifconf_last_success_timestamp_seconds",): success,
        ("notifconf_last_run_timestamp_seconds",): 2_000_000,
        ("notifconf_drift_duration_seconds",): 3,
        ("notifconf_drift_exit_code",): 1,
    }


@given(texts, st.integers(0, 10**14).map(lambda number: number / 1000))
def test_any_workspace_can_be_named(name, ended):
    run = Run(name, 2, ended, 1.0, PLAN, KINDS, {"expired-mute"})
    families = list(text_string_to_metric_families(metrics(run)))
    found = [sample for family in families for sample in family.samples]
    assert len(found) == len(KINDS) * 3 + 6
    assert {sample.labels["workspace"] for sample in found} == {name.encode("utf-8", "replace").decode()}
    again = metrics(Run(name, 1, ended + 1, 1.0), before=metrics(run))
    kept = [family.samples[0].value for family in text_string_to_metric_families(again) if "success" in family.name]
    assert kept == [ended]
