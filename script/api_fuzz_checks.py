"""What schemathesis cannot know of our API, as a check of its own. Part of script/api-fuzz."""

import json
import re

import schemathesis

# Refusals that depend on other records, on rules between fields, or on formats JSON Schema names but does not define.
BEYOND_A_SCHEMA = {
    "taken", "no_such_record", "rule",
    "not_an_email", "not_a_phone", "not_a_url",
    "too_many_decimals", "out_of_range",
}
# Parameters with a language of their own: conditions, cursors.
LANGUAGES = {"filter", "after"}
# Fields that a new line, or a record made by its outside number, must have, but a changed one need not.
NEW_OR_NOT = re.compile(r"(lines|_line)\[\d+\]\.|^(?!operations)")


@schemathesis.hook
def filter_headers(ctx, headers):
    """HTTP takes off the blanks around a header's value: whether they are allowed cannot be asked."""
    return all(value == value.strip() for value in (headers or {}).values() if isinstance(value, str))


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """The systematic phase sends an empty If-Match as good input, although the document asks for at least one letter."""
    if case.meta is not None and case.meta.generation.mode.is_positive and case.headers.get("If-Match") == "":
        del case.headers["If-Match"]


@schemathesis.check
def good_input_is_refused_only_for_what_a_schema_cannot_say(ctx, response, case):
    """A 422 for a request the document allows names only such problems."""
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    for error in json.loads(response.content)["errors"]:
        field, code = error["field"], error["code"]
        if code in BEYOND_A_SCHEMA or field in LANGUAGES:
            continue
        changes = case.operation.method == "patch" or "/by-external-id/" in case.operation.path or "[" in field
        if code == "required" and changes and NEW_OR_NOT.search(field):
            continue
        # JSON numbers near zero (1e-290) have more decimals than any field, and of 29 digits nobody has made a price.
        if code == "not_a_number" and re.search(r"\de-\d|\d{29}", error["message"]):
            continue
        # A line that is there already is not created with its parent.
        if code == "read_only" and field.endswith(".id"):
            continue
        raise AssertionError(f"{field} was refused as {code}, but the document allows it: {error['message']}")


@schemathesis.check
def failures_have_one_shape(ctx, response, case):
    """Every refusal is problem+json, documented status or not."""
    if response.status_code < 400:
        return
    kind = response.headers.get("content-type", [""])[0]
    assert kind == "application/problem+json", f"{response.status_code} as {kind}"
    problem = json.loads(response.content)
    assert problem["status"] == response.status_code and problem["type"].startswith("urn:zhike:problem:"), problem
