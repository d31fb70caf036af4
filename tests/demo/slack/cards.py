"""Messages like those that a training bot sends, for tests and for looking at."""

import time
from typing import Any

Block = dict[str, Any]


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> Block:
    return {"type": "section", "text": mrkdwn(text), **more}


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def button(label: str, **more: Any) -> Block:
    return {"type": "button", "action_id": label.lower().replace(" ", "_"), "text": plain(label), **more}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def words(text: str) -> Block:
    return rich({"type": "text", "text": text})


def date(pattern: str = "{time}") -> str:
    now = int(time.time())
    return f"<!date^{now}^{pattern}|just now>"


CONFIRM = {
    "title": plain("Cancel this run?"),
    "text": plain("What it has trained so far is lost."),
    "confirm": plain("Cancel the run"),
    "deny": plain("Keep it"),
    "style": "danger",
}


def running() -> list[Block]:
    clock = {"type": "date", "timestamp": int(time.time()), "format": "{time}", "fallback": "just now"}
    tasks = [
        ("take features", "complete", words("336,776 rows · 8 s")),
        ("validate features", "complete", words("all 14 checks passed · 2 s")),
        ("train", "in_progress", rich({"type": "text", "text": "since "}, clock)),
        ("validate model", "pending", None),
        ("register", "pending", None),
    ]
    cards = [
        {"type": "task_card", "task_id": str(n), "title": title, "status": status}
        | ({"details": details} if details else {})
        for n, (title, status, details) in enumerate(tasks)
    ]
    menu = [{"text": plain(label), "value": label.lower()} for label in ("Compare", "Explain")]
    return [
        section(f"🚂 *delays* is training    started {date()} by Dana"),
        {"type": "plan", "title": "about 4 min left (p50 of 23 runs)", "tasks": cards},
        context("learning_rate 0.1 (default 0.05) · months 1-9 · on gpu-small"),
        context("reserved $1.40 (p90) · $212 of $500 left this month"),
        actions(
            button("Logs"),
            button("Cancel", style="danger", value="run-1", confirm=CONFIRM),
            button("Open in Airflow", url="https://airflow.example/dags/delays?a=1&b=2"),
            {"type": "overflow", "action_id": "more", "options": menu},
        ),
    ]


def finished() -> list[Block]:
    rows = [
        ("metric", "v13", "production (v11)", "change"),
        ("auc ↑", "0.712", "0.671", "+0.041"),
        ("log_loss ↓", "0.318", "0.331", "−0.013"),
        ("brier ↓", "0.101", "0.104", "−0.003"),
        ("recall@5% ↑", "0.284", "0.291", "−0.007 ▼"),
    ]
    cells = [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]
    right = {"align": "right"}
    return [
        section("✅ *delays v13* is ready: better than production on 3 of 4 metrics"),
        context("took 3 min 12 s · $0.96"),
        {"type": "table", "rows": cells, "column_settings": [None, right, right, right]},
        context("same holdout (`7f3a…`) · commit <https://git.example/4be1c02|4be1c02> · gates: 3 of 3 passed"),
        actions(
            button("Propose for production", style="primary", value="v13"),
            button("Clone"),
            button("Compare"),
            button("Open in MLflow", url="https://mlflow.example/#/runs/1"),
        ),
    ]


def failed() -> list[Block]:
    return [
        section("❌ *delays* failed at *validate features*"),
        context("after 12 s · nothing was registered"),
        section("> 3 of 14 checks failed: `visib` has 4.2% nulls (limit 1%) _and 2 more_"),
        actions(
            button("Retry", style="primary"),
            button("Clone with changes"),
            button("Show log"),
            button("Open in Airflow", url="https://airflow.example/"),
        ),
    ]


def refusal() -> list[Block]:
    return [
        section("`learning_rate=5` is too large: *delays* takes 0.001 to 1 (default 0.05)."),
        section("Try: `/train run delays learning_rate=0.5`", accessory=button("Open the form")),
    ]


def help_() -> list[Block]:
    return [
        section("I train models from Slack. You can run 3 models and read 12."),
        actions(button("Train a model", style="primary"), button("What's running"), button("All models")),
        {"type": "divider"},
        section(
            "or type:",
            fields=[
                mrkdwn("`/train run delays`\nstarts a training run"),
                mrkdwn("`/train status`\nwhat runs now"),
                mrkdwn("`/train models`\nthe catalogue"),
                mrkdwn("`/train help run`\nan example each"),
            ],
        ),
    ]


ALL = {"running": running, "finished": finished, "failed": failed, "refusal": refusal, "help": help_}
