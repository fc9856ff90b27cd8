"""Verifies webhooks as their receivers do: by the lines that the README gives them, and by the package standardwebhooks.

Reads a JSON array of {"secret", "headers", "body" (Base64)}; prints one of {"readme": bool, "standard": bool}.
"""

import base64
import json
import pathlib
import sys
import textwrap

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

README = pathlib.Path(__file__).parent.parent.parent / "README.md"


def readme_lines():
    """The five lines that begin with `import hmac`."""
    text = README.read_text(encoding="utf-8")
    lines = text[text.index("    import hmac\n") :].splitlines()[:5]
    return textwrap.dedent("\n".join(lines))


def by_standard(secret, headers, body):
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


if __name__ == "__main__":
    scope = {}
    exec(readme_lines(), scope)
    answers = []
    for case in json.load(sys.stdin):
        secret, headers, body = case["secret"], case["headers"], base64.b64decode(case["body"])
        answers.append(
            {
                "readme": scope["is_ours"](secret, headers, body),
                "standard": by_standard(secret, headers, body),
            }
        )
    json.dump(answers, sys.stdout)
