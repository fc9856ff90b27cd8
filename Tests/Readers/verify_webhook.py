"""Verifies webhooks as their receivers do: by the lines of docs/webhooks.md, alone and for the package standardwebhooks.

Reads a JSON array of {"secret", "headers", "body" (Base64)}; prints one of {"readme": bool, "standard": bool}. With the
argument `serve SECRET` it is the receiver of that page instead, at a port that it prints first.
"""

import base64
import itertools
import json
import pathlib
import sys
import textwrap

PAGE = pathlib.Path(__file__).parent.parent.parent / "docs" / "webhooks.md"


def page_block(first):
    """The indented lines that begin with that one."""
    lines = PAGE.read_text(encoding="utf-8").split("    " + first + "\n", 1)[1].splitlines()
    block = itertools.takewhile(lambda line: not line or (line.startswith("    ") and line[4] != "$"), lines)
    return first + "\n" + textwrap.dedent("\n".join(block))


if __name__ == "__main__":
    scope = {}
    exec(page_block("import hmac"), scope)
    exec(page_block("from standardwebhooks.webhooks import Webhook"), scope)
    if sys.argv[1:2] == ["serve"]:
        # As it stands there, but for the port: any that is free.
        block = page_block("import http.server, sys").replace("9000", "0").replace(".serve_forever()", "")
        exec(block.replace("http.server.ThreadingHTTPServer(", "server = http.server.ThreadingHTTPServer("), scope)
        print(scope["server"].server_port, flush=True)
        sys.argv = ["receiver.py", sys.argv[2]]
        scope["server"].serve_forever()
    answers = []
    for case in json.load(sys.stdin):
        secret, headers, body = case["secret"], case["headers"], base64.b64decode(case["body"])
        answers.append(
            {
                "readme": scope["is_ours"](secret, headers, body),
                "standard": scope["is_ours_and_new"](secret, headers, body),
            }
        )
    json.dump(answers, sys.stdout)
