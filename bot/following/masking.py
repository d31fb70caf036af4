"""Words without what looks like a secret: passwords, tokens, keys. Pure.

Best effort: it knows the shapes below and the secrets that it is told, and no others. Every pattern reads a text once,
whatever is in it: an alternative that fails has nowhere to begin again, so no line is too long for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "•••"
SHORTEST_KNOWN = 6  # characters; a shorter secret can't be told from ordinary words

_NAMES = (
    r"pass(?:word|wd|phrase)|(?<=[_-])pass|pwd|secret|token|api[-_ ]?key|access[-_ ]?key(?:[-_ ]?id)?|account[-_ ]?key"
    r"|private[-_ ]?key|credentials?|x-amz-(?:signature|credential)|(?<=[?&])sig(?:nature)?"
)
_VALUE = r"""(?!•••)(?:"[^"\n]+"|'[^'\n]+'|[^\s"',;&]+)"""

_PATTERNS = (
    # A key in PEM, whole or cut off.
    (re.compile(r"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----).*?(?=-----END|\Z)", re.DOTALL), rf"\1{HIDDEN}"),
    # Authorization: Bearer abc, 'Authorization': 'token abc', Proxy-Authorization, Cookie and Set-Cookie.
    (re.compile(r"""(?i)((?:authorization|cookie)["']?[ \t]{0,8}[=:][ \t]{0,8}["']?)(?!•••)[^\s"',;][^\n"',;]*"""),
     rf"\1{HIDDEN}"),
    (re.compile(r"((?i:bearer)[ \t]{1,8})[\w.~+/=-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"((?i:basic)[ \t]{1,8})(?=[a-z]*[A-Z0-9+/=])[\w+/=-]{8,}"), rf"\1{HIDDEN}"),  # not "basic training"
    # password=…, "secret": "…", --token …, AWS_SECRET_ACCESS_KEY=…
    (re.compile(rf"""(?i)((?:{_NAMES})["']?[ \t]{{0,8}}(?:=>|[=:])[ \t]{{0,8}}){_VALUE}"""), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)(--?(?:{_NAMES})[ \t]{{1,8}})(?!-){_VALUE}"), rf"\1{HIDDEN}"),
    # https://person:password@host
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)"), rf"\1{HIDDEN}"),
    # What is a secret by its looks: AWS, Slack, GitHub, GitLab, Google, Databricks, Hugging Face, PyPI, JWTs.
    (re.compile(
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}|https://hooks\.slack\.com/\S+"
        r"|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bAIza[\w-]{35}|\bdapi[0-9a-f]{32}"
        r"|\bhf_[A-Za-z0-9]{20,}|\bpypi-[\w-]{40,}|(?<![\w-])sk-[\w-]{20,}"
        r"|(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*"
    ), HIDDEN),
)  # fmt: skip


def masked(text: str, known: Iterable[str] = ()) -> str:
    """`text` without the `known` secrets, and without what looks like one."""
    for secret in sorted(known, key=len, reverse=True):
        if len(secret) >= SHORTEST_KNOWN:
            text = text.replace(secret, HIDDEN)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
