"""The report as JSON."""

import json
from copy import deepcopy
from typing import Any

import jsonschema
import pytest

from quell.reporting import document
from quell.reporting.report import Report
from tests.reporting.samples import hostile_report, report


def _strict(schema: Any) -> Any:
    """Return the schema with nothing allowed that it does not name."""
    if isinstance(schema, dict):
        found = {key: _strict(value) for key, value in schema.items()}
        return {**found, "additionalProperties": False} if "properties" in schema else found
    return [_strict(each) for each in schema] if isinstance(schema, list) else schema


def _errors(text: str) -> list[str]:
    schema = _strict(deepcopy(document.schema()))
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(json.loads(text))]


def test_schema_is_one() -> None:
    """It is valid itself."""
    jsonschema.Draft202012Validator.check_schema(document.schema())


@pytest.mark.parametrize("given", [report(), hostile_report(), Report(pages=(), findings=())])
def test_document_is_as_its_schema_says(given: Report) -> None:
    """It has every member that the schema names, and no other."""
    assert _errors(document.render(given)) == []


def test_document_names_its_version_and_schema() -> None:
    """A reader can tell what it reads."""
    found = document.document(report())

    assert (found["version"], found["$schema"]) == (1, document.schema()["$id"])


def test_schema_refuses_what_is_no_report() -> None:
    """The validation of the other tests is one."""
    broken = json.loads(document.render(report()))
    broken["pages"][0]["queries"]["before"] = "5"

    assert _errors(json.dumps(broken)) == ["'5' is not of type 'integer'"]


def test_document_has_no_literal() -> None:
    """What a statement was about is nowhere in it."""
    assert "secret" not in document.render(report())
