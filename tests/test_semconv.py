"""Every name that is emitted exists in the model files of the conventions, and is what it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gossamer import semconv
from gossamer.metrics import Metrics
from gossamer.openai_sdk import OPERATIONS
from gossamer.providers import AZURE, OPENAI, PROVIDERS_BY_HOST
from gossamer.settings import Settings
from gossamer.tally import COUNTERS

OF_THE_CONVENTIONS = ("gen_ai.", "openai.", "server.", "error.", "exception.")
NAMES = {
    constant: value
    for constant, value in vars(semconv).items()
    if constant.isupper() and isinstance(value, str) and value.startswith(OF_THE_CONVENTIONS)
}
EVENT_NAMES = {semconv.DETAILS_EVENT, semconv.EXCEPTION_EVENT}
METRIC_NAMES = {value for value in NAMES.values() if value.startswith("gen_ai.client.")} - EVENT_NAMES
ATTRIBUTE_NAMES = set(NAMES.values()) - METRIC_NAMES - EVENT_NAMES

#: The attribute of the core conventions up to 1.41 that `GOSSAMER_SEMCONV=1.37` needs.
DEPRECATED_ATTRIBUTES = {semconv.TOKEN_TYPE}
DEPRECATED_METRICS = {
    semconv.TOKEN_USAGE,
    semconv.OPERATION_TIME_TO_FIRST_CHUNK,
    semconv.OPERATION_TIME_PER_OUTPUT_CHUNK,
}


class Model:
    """The model files, as far as they are needed here."""

    def __init__(self, folder: Path) -> None:
        self.attributes = {row["key"]: row for row in self._load(folder / "registry.yaml")["attributes"]}
        self.deprecated: dict[str, Any] = {}
        self.metrics: dict[str, Any] = {}
        self.deprecated_metrics: dict[str, Any] = {}
        for name in ("metrics", "token-metrics"):
            self.metrics |= {row["name"]: row for row in self._load(folder / f"{name}.yaml")["metrics"]}
        for path in sorted((folder / "core").glob("*.yaml")):
            content = self._load(path)
            rows = [(row["key"], row) for row in content.get("attributes", [])]
            for group in content.get("groups", []):
                rows += [(row["id"], row) for row in group.get("attributes", []) if "id" in row]
                if "metric_name" in group:
                    self.deprecated_metrics[group["metric_name"]] = group
            # The core repository calls `openai.*` deprecated for having moved, under the same names.
            home = self.deprecated if path.stem == "gen-ai-registry-deprecated" else self.attributes
            for key, row in rows:
                home.setdefault(key, row)

    @staticmethod
    def _load(path: Path) -> Any:
        return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def model(shared) -> Model:
    return Model(shared / "semconv" / "data")


class Meter:
    """Remembers which instruments are made."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}

    def create_histogram(self, name, *, unit, description, explicit_bucket_boundaries_advisory):
        assert description
        self.made[name] = {
            "instrument": "histogram",
            "unit": unit,
            "bounds": explicit_bucket_boundaries_advisory,
        }

    def create_observable_counter(self, name, *, callbacks, unit="", description):
        assert callbacks
        assert description
        if name != "gossamer.backlog":  # is never exported: see backlog.py
            self.made[name] = {"instrument": "counter", "unit": unit}


class Provider:
    """A key for the table of tallies."""


def instruments(choice: str) -> dict[str, dict[str, Any]]:
    """The instruments that one setting makes."""
    meter = Meter()
    Metrics(meter, Provider(), Settings(semconv=choice))
    return meter.made


@pytest.mark.parametrize("name", sorted(ATTRIBUTE_NAMES - DEPRECATED_ATTRIBUTES))
def test_an_attribute_is_in_the_registry(model, name):
    deprecated = model.attributes[name].get("deprecated")
    assert deprecated is None or "Moved to" in deprecated["note"]


@pytest.mark.parametrize("name", sorted(DEPRECATED_ATTRIBUTES))
def test_a_former_attribute_was_in_the_registry(model, name):
    assert name in model.deprecated


@pytest.mark.parametrize("name", sorted(METRIC_NAMES - DEPRECATED_METRICS))
def test_a_metric_is_made_as_the_model_says(model, name):
    made, row = instruments("both")[name], model.metrics[name]
    assert (made["instrument"], made["unit"]) == (row["instrument"], row["unit"])


@pytest.mark.parametrize("name", sorted(DEPRECATED_METRICS))
def test_a_former_metric_is_made_as_it_was(model, name):
    made, row = instruments("both")[name], model.deprecated_metrics[name]
    assert (made["instrument"], made["unit"]) == (row["instrument"], row["unit"])


def test_each_setting_makes_its_own_instruments():
    new, old = set(instruments("0.1.0")), set(instruments("1.37"))
    assert new == METRIC_NAMES - DEPRECATED_METRICS | {semconv.METHOD_DURATION}
    assert old == DEPRECATED_METRICS | {semconv.OPERATION_DURATION, semconv.METHOD_DURATION}
    assert set(instruments("both")) == new | old


def test_the_buckets_are_those_that_the_conventions_advise():
    seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
    tokens = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
    for name, made in instruments("both").items():
        if made["instrument"] == "histogram":
            assert list(made["bounds"]) == (seconds if made["unit"] == "s" else tokens), name


def test_the_counters_are_of_attributes_and_metrics_that_exist(model):
    for metric, (total, parts, _) in COUNTERS.items():
        assert model.metrics[metric]["instrument"] == "counter"
        assert {total, *parts.values()} <= set(model.attributes)
    counted = {modality for _, parts, _ in COUNTERS.values() for modality in parts}
    assert counted | {"unknown"} <= values(model, semconv.TOKEN_MODALITY)


def values(model: Model, name: str) -> set[str]:
    """The well-known values of an attribute."""
    return {member["value"] for member in model.attributes[name]["type"]["members"]}


def test_providers_and_operations_have_well_known_names(model):
    assert {OPENAI, AZURE, *PROVIDERS_BY_HOST.values()} <= values(model, semconv.PROVIDER_NAME)
    of_the_conventions = {operation.name for operation in OPERATIONS if operation.metrics != "plain"}
    assert of_the_conventions <= values(model, semconv.OPERATION_NAME)
    assert {o.api_type for o in OPERATIONS if o.api_type} <= values(model, semconv.API_TYPE)


def test_what_the_conventions_do_not_name_is_called_gossamer():
    others = {value for value in vars(semconv).values() if isinstance(value, str) and "." in value} - set(
        NAMES.values()
    )
    others = {value for value in others if value.replace(".", "").replace("_", "").isalnum()}
    assert {value for value in others if not value.startswith("gossamer.")} == {
        semconv.AZURE_NAMESPACE,
        semconv.HTTP_STATUS_CODE,
        semconv.HTTP_RESPONSE_HEADER,  # the name of the header follows
    }


def test_no_name_is_there_twice():
    assert len(set(NAMES.values())) == len(NAMES)
