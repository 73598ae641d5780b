"""Where telemetry goes: who sets it up, which exporters are asked for, and whether they are there."""

from __future__ import annotations

import pytest

from gossamer.cli.doctor import exporters


def test_the_default_of_the_distro_without_an_exporter(site, only):
    site.add_good()
    found = only(exporters.examine(site.installed, {}), "exporter-missing")
    assert found.severity == "warning"
    assert "otlp_proto_grpc, the default of opentelemetry-distro for OTEL_TRACES_EXPORTER" in found.what
    assert found.do.startswith("pip install opentelemetry-exporter-otlp-proto-grpc, unless")


def test_one_that_is_asked_for_and_not_there(site, only):
    site.add_good()
    environ = {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    }
    found = only(exporters.examine(site.installed, environ), "exporter-missing")
    assert found.severity == "problem"
    assert "otlp_proto_http, asked for by OTEL_TRACES_EXPORTER, is" in found.what
    assert found.do == "pip install opentelemetry-exporter-otlp-proto-http"


def test_one_of_a_package_that_is_not_known(site, only):
    site.add_good()
    site.add_exporter("otlp_proto_grpc")
    environ = {"OTEL_TRACES_EXPORTER": "otlp,jaeger"}
    found = only(exporters.examine(site.installed, environ), "exporter-missing")
    assert found.do == (
        "Install the package that brings the exporter jaeger, or name another in OTEL_TRACES_EXPORTER."
    )


def test_the_exporter_of_the_other_protocol(site, only):
    site.add_good()
    site.add_exporter("otlp_proto_http")
    found = only(exporters.examine(site.installed, {}), "exporter-missing")
    assert found.do.startswith("Set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, ")


def test_exporters_that_are_there(site):
    site.add_good()
    site.add_exporter("otlp_proto_grpc")
    found = list(exporters.examine(site.installed, {"OTEL_LOGS_EXPORTER": "none"}))
    assert [(each.severity, each.code) for each in found] == [("ok", "exporter")]
    assert found[0].what == (
        "Traces and metrics go to the exporter otlp_proto_grpc, to localhost:4317, the default"
    )


def test_the_endpoint_is_shown_without_its_secrets(site):
    site.add_good()
    site.add_exporter("otlp_proto_http")
    environ = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://user:sentinel@otlp.test/sentinel?key=sentinel",
    }
    found = list(exporters.examine(site.installed, environ))
    assert found[0].what == (
        "Traces, metrics and logs go to the exporter otlp_proto_http, to https://otlp.test"
    )
    assert "sentinel" not in str(found)


@pytest.mark.parametrize(
    ("component", "protocol", "port", "told"),
    [
        ("otlp_proto_grpc", "grpc", 4318, "http/protobuf"),
        ("otlp_proto_http", "http/protobuf", 4317, "grpc"),
        ("otlp_proto_grpc", "grpc", 4317, None),
        ("otlp_proto_http", "http/protobuf", 443, None),
    ],
)
def test_the_port_of_the_other_protocol(site, component, protocol, port, told):
    site.add_good()
    site.add_exporter(component, "traces")
    environ = {
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://collector.test:{port}",
    }
    found = [each for each in exporters.examine(site.installed, environ) if each.severity != "ok"]
    assert [each.code for each in found] == (["port-of-other-protocol"] if told else [])
    assert all(f"OTEL_EXPORTER_OTLP_PROTOCOL={told}," in each.do for each in found)


def test_a_protocol_that_the_sdk_does_not_know(site, only):
    site.add_good()
    environ = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
    }
    found = only(exporters.examine(site.installed, environ), "protocol-unknown")
    assert found.severity == "problem"


@pytest.mark.parametrize("value", ["none", "None ", ""])
def test_no_exporter_for_traces(site, only, value):
    site.add_good()
    site.add_exporter("otlp_proto_grpc")
    found = only(exporters.examine(site.installed, {"OTEL_TRACES_EXPORTER": value}), "no-traces")
    assert found.severity == "warning"


def test_without_the_distro_the_variables_are_not_used(site, only):
    site.add_good("opentelemetry-distro")
    found = only(exporters.examine(site.installed, {"OTEL_TRACES_EXPORTER": "otlp"}), "distro-missing")
    assert found.severity == "warning"
    assert "pip install opentelemetry-distro" in found.do


def test_without_the_distro_and_its_variables_all_is_in_the_code(site):
    site.add_good("opentelemetry-distro")
    (found,) = exporters.examine(site.installed, {})
    assert (found.severity, found.code) == ("ok", "distro-missing")


def test_a_distro_of_somebody_elses_counts(site):
    site.add_good("opentelemetry-distro")
    points = {"opentelemetry_configurator": ["configurator = vendor:Configurator"]}
    site.add("vendor-opentelemetry", points=points)
    site.add_exporter("otlp_proto_grpc")
    found = list(exporters.examine(site.installed, {"OTEL_TRACES_EXPORTER": "otlp"}))
    assert [each.code for each in found] == ["exporter"]


def test_without_the_sdk_nothing_is_said(site):
    site.add_good("opentelemetry-sdk")
    assert list(exporters.examine(site.installed, {"OTEL_TRACES_EXPORTER": "otlp"})) == []
