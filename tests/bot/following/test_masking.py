"""Masking: what looks like a secret is not shown, ordinary words are, and no text takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.following.masking import HIDDEN, masked

SECRETS = [
    ("login failed: password=hunter2", "hunter2"),
    ("password = 'hunter2 and more'", "hunter2 and more"),
    ('{"client_secret": "hunter2", "a": 1}', "hunter2"),
    ("{'api-key': 'hunter2'}", "hunter2"),
    ("AWS_SECRET_ACCESS_KEY=hunter2/abc+d", "hunter2/abc+d"),
    ("DB_PASS=hunter2", "hunter2"),
    ("mysql --password hunter2 -h db", "hunter2"),
    ("PGPASSWORD: hunter2", "hunter2"),
    ("postgresql+asyncpg://dana:hunter2@db:5432/x", "hunter2"),
    ("redis://:hunter2@cache/0", "hunter2"),
    ("Authorization: Bearer hunter2hunter2", "hunter2"),
    ("'authorization': 'token hunter2'", "hunter2"),
    ("proxy-authorization: Basic aHVudGVyMg==", "aHVudGVyMg=="),
    ("got Basic aHVudGVyMg==", "aHVudGVyMg=="),
    ("Set-Cookie: session=hunter2; Path=/", "hunter2"),
    ("https://b.s3.example/k?X-Amz-Credential=AB/c&X-Amz-Signature=hunter2hunter2", "hunter2"),
    ("https://b.blob.example/k?sv=1&sig=hunter2%3D", "hunter2"),
    ("AccountKey=hunter2==;EndpointSuffix=x", "hunter2"),
    ("key AKIAIOSFODNN7EXAMPLE refused", "AKIAIOSFODNN7EXAMPLE"),
    ("key ASIAIOSFODNN7EXAMPLE refused", "ASIAIOSFODNN7EXAMPLE"),
    ("slack xoxb-" + "123-456-abcdef", "123-456-abcdef"),
    ("see https://hooks.slack.com/services/T0/B0/hunter2", "hunter2"),
    ("git ghp_" + "a1" * 18, "a1a1"),
    ("git github_pat_" + "a1" * 20, "a1a1"),
    ("hub hf_" + "aB" * 17, "aBaB"),
    ("jwt eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl here", "eyJzdWIiOi"),
    ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter2\n-----END RSA PRIVATE KEY-----", "hunter2"),
    ("-----BEGIN PRIVATE KEY-----\nhunter2", "hunter2"),
]
ORDINARY = [
    "visib has 4.2% nulls (limit 1%)",
    "no column passenger_count",
    "see http://db:5432/a@b",
    "a token, a secret and a password walk into a bar",
    "max_tokens=512, tokens: 12",
    "Basic training of delays; bearer of news",
    "3 of 14 checks passed; pass: 3",
    "Model signature: inputs and outputs",
    "epoch 3: loss=0.25 auc=0.71",
    "s3://models/delays/v13/model.pkl",
    "task-sk-1 risk-free",
]
# What a pattern begins with, or may go astray in: repeated, it must not make the search begin again and again.
STARTS = [
    "eyJ", "eyJ-", "eyJa.", "eyJa.b", "password", "password ", "password=", "password='", 'token="', "://", "://a:",
    "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "bearer ", "Basic ", "authorization:", "cookie ", "AKIA", "xoxb-",
    "gh_p", "ghp_", "-p", "--token ", "sk-", "hf_", "&sig", "x-amz-", "a", " ", "-", "\t", "'", '"', "access key",
]  # fmt: skip


@pytest.mark.parametrize(("words", "secret"), SECRETS)
def test_what_looks_like_a_secret_is_hidden(words: str, secret: str) -> None:
    """And the first word of the line stays, or what names the secret does."""
    shown = masked(words)
    assert secret not in shown
    assert HIDDEN in shown
    assert shown[:3] == words[:3]


@pytest.mark.parametrize("words", ORDINARY)
def test_ordinary_words_stay(words: str) -> None:
    """A log that is full of dots tells nobody anything."""
    assert masked(words) == words


def test_known_secrets_are_hidden_wherever_they_stand() -> None:
    """The longest first, so that no rest of one shows; one that could be any word is no secret."""
    assert masked("a correct-horse-battery b", ["correct", "correct-horse-battery", "a"]) == f"a {HIDDEN} b"


@given(st.lists(st.sampled_from([words for words, _ in SECRETS[:20]]), min_size=1), st.text(max_size=40))
def test_secrets_are_found_in_any_company(lines: list[str], between: str) -> None:
    """Each on a line of its own, whatever stands on the lines around it."""
    hidden = {secret for words, secret in SECRETS if words in lines}
    noise = "".join(sign for sign in between if sign.isalnum() or sign == " ")
    shown = masked(f"\n{noise}\n".join(lines))
    left = shown.replace(noise, "") if noise.strip() else shown
    assert not [secret for secret in hidden if secret in left]


@settings(deadline=None)  # the test has a bound of its own
@given(st.lists(st.sampled_from(STARTS), min_size=1, max_size=4))
def test_no_text_takes_long(parts: list[str]) -> None:
    """Two hundred thousand characters of whatever may lead a pattern astray are read in a moment."""
    text = "".join(parts)
    text *= 200_000 // len(text)
    began = time.process_time()
    masked(text)
    assert time.process_time() - began < 2


def test_masking_again_changes_nothing() -> None:
    """What is hidden already stays as it is."""
    for words, _ in SECRETS:
        assert masked(masked(words)) == masked(words)
