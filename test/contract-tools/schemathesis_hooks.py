"""What schemathesis must know of kubepass."""

import json
import os

import schemathesis


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Keeps it from revoking the token that it calls with: every later call would be answered 401."""
    if case.method.upper() == "DELETE" and (case.path_parameters or {}).get("id") == os.environ["KUBEPASS_TOKEN_ID"]:
        case.path_parameters["id"] = "the-token-of-this-run"


@schemathesis.deserializer("application/yaml")
def read_kubeconfig(context, response):
    """The schema describes the text: it is saved as a file, and kubectl reads it."""
    return response.text


@schemathesis.deserializer("application/x-ndjson")
def read_lines(context, response):
    """The schema of a replay describes one line; the last one is always there. An export is a text."""
    if context.operation.path.endswith("/replay"):
        return json.loads(response.text.splitlines()[-1])
    return response.text
