"""What schemathesis must know of kubepass."""

import json
import os

import schemathesis


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Kubeconfigs as YAML are described as texts, because they are saved as files. Here they would be read first.

    Nobody has a session here. Guesses at one count as failures, and after 60 a minute every failure is answered 429."""
    raw_schema["security"] = [way for way in raw_schema["security"] if "session" not in way]
    for operations in raw_schema["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                answer.get("content", {}).get("application/yaml", {}).pop("schema", None)


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Keeps it from revoking the token that it calls with: every later call would be answered 401."""
    if case.method.upper() == "DELETE" and (case.path_parameters or {}).get("id") == os.environ["KUBEPASS_TOKEN_ID"]:
        case.path_parameters["id"] = "the-token-of-this-run"


@schemathesis.deserializer("application/yaml", "application/pem-certificate-chain", "application/x-pem-file", "text/html")
def read_text(context, response):
    """The document describes texts. Manifests are several YAML documents, which its own reader refuses."""
    return response.text


@schemathesis.deserializer("application/x-ndjson")
def read_lines(context, response):
    """The schema of a replay describes one line; the last one is always there. An export is a text."""
    if context.operation.path.endswith("/replay"):
        return json.loads(response.text.splitlines()[-1])
    return response.text
