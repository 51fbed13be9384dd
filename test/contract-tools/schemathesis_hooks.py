"""Keeps schemathesis from revoking the token that it calls with: every later call would be answered 401."""

import os

import schemathesis


@schemathesis.hook
def before_call(context, case, **kwargs):
    if case.method.upper() == "DELETE" and (case.path_parameters or {}).get("id") == os.environ["KUBEPASS_TOKEN_ID"]:
        case.path_parameters["id"] = "the-token-of-this-run"
