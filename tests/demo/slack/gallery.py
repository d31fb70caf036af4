"""Every block and every input, each at its most telling: for tests of what is drawn, and for looking at."""

from typing import Any

from tests.demo.slack.cards import CONFIRM, Block, actions, button, mrkdwn, plain, rich, section, words

# A picture that needs no network.
PICTURE = "data:image/gif;base64,R0lGODlhAQABAPAAABJkowAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
WHEN = 1_795_000_000


def option(label: str, value: str | None = None, **more: Any) -> Block:
    return {"text": plain(label), "value": value or label.lower(), **more}


def series(name: str, *values: float) -> Block:
    return {"name": name, "data": [{"label": f"v{at}", "value": value} for at, value in enumerate(values, start=9)]}


def chart(kind: str, title: str, *rows: Block, x: str = "version", y: str = "AUC") -> Block:
    axis = {"categories": [point["label"] for point in rows[0]["data"]], "y_label": y} | ({"x_label": x} if x else {})
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {"type": kind, "series": list(rows), "axis_config": axis},
    }


def pie(title: str, **segments: float) -> Block:
    parts = [{"label": label, "value": value} for label, value in segments.items()]
    return {"type": "data_visualization", "title": title, "chart": {"type": "pie", "segments": parts}}


def task(title: str, status: str, **more: Any) -> Block:
    return {"type": "task_card", "task_id": title, "title": title, "status": status, **more}


IMAGE = {"type": "image", "image_url": "https://pictures.example/delays.png", "alt_text": "a departure board"}


def styles(*names: str) -> Block:
    return {"type": "text", "text": f"{' '.join(names)} ", "style": dict.fromkeys(names, True)}


RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [
            styles("bold"), styles("italic"), styles("strike"), styles("underline"), styles("code"),
            styles("bold", "italic"), {"type": "user", "user_id": "U0DANA"}, {"type": "text", "text": " "},
            {"type": "usergroup", "usergroup_id": "S0MLLEADS"}, {"type": "text", "text": " "},
            {"type": "channel", "channel_id": "C0DELAYS"}, {"type": "text", "text": " "},
            {"type": "broadcast", "range": "here"}, {"type": "emoji", "name": "steam_locomotive"},
            {"type": "link", "url": "https://airflow.example/", "text": "a link"}, {"type": "text", "text": " at "},
            {"type": "date", "timestamp": WHEN, "format": "{date_short} {time}", "fallback": "then"},
            {"type": "text", "text": " in "}, {"type": "color", "value": "#1264a3"}]},
        {"type": "rich_text_list", "style": "bullet", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "first"}]},
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "second"}]}]},
        {"type": "rich_text_list", "style": "ordered", "indent": 1, "offset": 2, "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "third, indented"}]}]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "a quotation\nof two lines"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "ValueError: null\n  at 12"}]},
    ],
}  # fmt: skip

MARKDOWN = (
    "# Weekly report\n**delays** got *better* ~~worse~~, see [the run](https://mlflow.example/).\n\n"
    "- one\n- two `code`\n\n1. first\n2. second\n\n> quoted\n\n| metric | v13 |\n|---|---:|\n| auc | 0.71 |\n\n---\n"
    "```python\nprint('hello')\n```\n- [x] done\n- [ ] to do"
)


def text_blocks() -> list[Block]:
    fields = [mrkdwn("*Owner*\nOmar"), mrkdwn("*Version*\nv13"), plain("Plain :train:"), mrkdwn("<@U0DANA>")]
    return [
        {"type": "header", "text": plain("A header :train:")},
        section("*bold* _italic_ ~strike~ `code` <https://x.example/?a=1&amp;b=2|link> :tada: <!here>\n&gt; quoted"),
        section(f"```\na log\n  of two lines\n```\nat <!date^{WHEN}^{{date_long}} {{time}}|then>", fields=fields),
        section("with a picture", accessory=IMAGE),
        {"type": "divider"},
        {"type": "context", "elements": [IMAGE, mrkdwn("small *print*"), plain("as it is")]},
        IMAGE | {"title": plain("A title")},
        RICH,
        {"type": "markdown", "text": MARKDOWN},
    ]


def data_blocks() -> list[Block]:
    head = ["version", "AUC", "log loss", "trained"]
    cells: list[list[Block]] = [[{"type": "raw_text", "text": each} for each in head]]
    for version in range(1, 25):
        number = 0.6 + version / 200
        cells.append([
            {"type": "raw_text", "text": f"v{version}"},
            {"type": "raw_number", "value": number, "text": f"{number:.3f}"},
            {"type": "raw_number", "value": 0.3, "text": "0.300"},
            {"type": "raw_text", "text": "Fri 20 Nov"},
        ])  # fmt: skip
    small: list[list[Block]] = [cells[0][:2], [words("a *rich* cell"), cells[1][1]]]
    return [
        {"type": "table", "rows": small, "column_settings": [{"is_wrapped": True}, {"align": "right"}]},
        {"type": "data_table", "caption": "Versions of delays", "page_size": 5, "row_header_column_index": 0,
         "rows": cells},
        {"type": "plan", "title": "about 4 min left (p50 of 23 runs)", "tasks": [
            task("take features", "complete", details=words("336,776 rows · 8 s")),
            task("train", "in_progress", output=words("epoch 3 of 9")),
            task("validate", "error", details=words("3 of 14 checks failed"),
                 sources=[{"type": "url", "url": "https://airflow.example/", "text": "the log"}]),
            task("register", "pending")]},
    ]  # fmt: skip


def task_blocks() -> list[Block]:
    return [
        task("A task by itself", "complete", details=words("took 8 s")),
        task("Another", "in_progress", output=words("epoch 3")),
    ]


def charts() -> list[list[Block]]:
    months = [f"2026-{month:02} long name" for month in range(1, 13)]
    slanted = {"name": "runs", "data": [{"label": label, "value": at * 1000} for at, label in enumerate(months)]}
    many = [series(f"series {at}", at, at + 1.5, at - 2.0) for at in range(12)]
    return [
        [
            chart("line", "AUC by version", series("delays", 0.81, 0.83, 0.84), series("claims", 0.7, 0.72, 0.75)),
            chart("bar", "Runs by month", slanted, x="month", y="runs"),
        ],
        [
            chart("area", "Spend", series("spot", 3, 5, 4, 8), series("on demand", 1, 0, 2, 1), x="", y="$"),
            pie("Spend by model", delays=45, claims=28, churn=18, quotes=9),
        ],
        [chart("bar", "Change", series("gain", 0.04, -0.02, 0.01)), chart("line", "Twelve", *many)],
        [pie("One", delays=1.0), chart("line", "A point", series("delays", 0.5))],
    ]  # fmt: skip


def card_blocks() -> list[Block]:
    card = {"type": "card", "title": mrkdwn("*delays* v13"), "subtitle": mrkdwn("ready"), "body": mrkdwn("AUC 0.712"),
            "icon": IMAGE, "hero_image": IMAGE, "actions": [button("Open"), button("Compare")]}  # fmt: skip
    return [
        card,
        {"type": "carousel", "elements": [card | {"title": mrkdwn(f"*Card {at}*")} for at in range(4)]},
        {"type": "container", "title": plain("Evidence"), "subtitle": mrkdwn("same holdout"), "is_collapsible": True,
         "child_blocks": [section("inside a container"), {"type": "divider"}, actions(button("Look"))]},
        {"type": "container", "title": plain("Fixed"), "width": "full", "has_header_divider": True,
         "child_blocks": [section("always open")]},
        {"type": "file", "external_id": "log-1", "source": "remote"},
        {"type": "video", "title": plain("How it trains"), "title_url": "https://video.example/1",
         "alt_text": "a video",
         "video_url": "https://video.example/1/embed", "thumbnail_url": "https://video.example/1.png",
         "description": plain("three minutes"), "provider_name": "Video", "author_name": "Dana"},
        {"type": "context_actions", "elements": [
            {"type": "feedback_buttons", "action_id": "feedback",
             "positive_button": {"text": plain("Good"), "value": "good"},
             "negative_button": {"text": plain("Bad"), "value": "bad"}},
            {"type": "icon_button", "action_id": "drop", "icon": "trash", "text": plain("Delete")}]},
    ]  # fmt: skip


LETTERS = [option("Alpha"), option("Beta", description=plain("the second")), option("Gamma")]
GROUPS = [
    {"label": plain("Greek"), "options": LETTERS},
    {"label": plain("Latin"), "options": [option("Vita"), option("Via")]},
]


def elements() -> dict[str, Block]:
    """Every interactive element that keeps a value, with its action_id as the key."""
    made: dict[str, Block] = {
        "plain_text_input": {"placeholder": plain("a line"), "max_length": 30},
        "number_input": {"is_decimal_allowed": True, "min_value": "0", "max_value": "1", "initial_value": "0.05"},
        "email_text_input": {"placeholder": plain("you@example.com")},
        "url_text_input": {"placeholder": plain("https://…")},
        "datepicker": {"initial_date": "2026-11-23"},
        "timepicker": {"initial_time": "06:00", "timezone": "Europe/Amsterdam"},
        "datetimepicker": {"initial_date_time": WHEN},
        "checkboxes": {"options": LETTERS, "initial_options": LETTERS[:1]},
        "radio_buttons": {"options": LETTERS, "initial_option": LETTERS[1]},
        "static_select": {"options": LETTERS, "placeholder": plain("Choose one")},
        "multi_static_select": {"option_groups": GROUPS, "initial_options": LETTERS[:2], "max_selected_items": 3},
        "external_select": {"placeholder": plain("Type to search"), "min_query_length": 2},
        "multi_external_select": {"placeholder": plain("Type to search"), "min_query_length": 1},
        "users_select": {"initial_user": "U0OMAR"},
        "multi_users_select": {"placeholder": plain("People")},
        "conversations_select": {"initial_conversation": "C0DELAYS"},
        "multi_conversations_select": {"placeholder": plain("Conversations")},
        "channels_select": {"placeholder": plain("A channel")},
        "multi_channels_select": {"initial_channels": ["C0TRAINING"]},
        "rich_text_input": {"placeholder": plain("Say more")},
        "file_input": {"filetypes": ["csv"], "max_files": 2},
    }
    return {kind: {"type": kind, "action_id": kind} | more for kind, more in made.items()}


def input_block(element: Block, label: str = "", **more: Any) -> Block:
    kind = element["type"]
    return {"type": "input", "block_id": f"b_{kind}", "label": plain(label or kind.replace("_", " ").capitalize()),
            "element": element, "optional": True, **more}  # fmt: skip


def modal(*blocks: Block, **more: Any) -> Block:
    labels = {"title": plain("Train a model"), "submit": plain("Start"), "close": plain("Not now")}
    return {"type": "modal", "callback_id": "form", **labels, "blocks": list(blocks), **more}


def every_input() -> Block:
    long = elements()["plain_text_input"] | {"action_id": "long", "multiline": True, "initial_value": "two\nlines"}
    blocks = [input_block(element, hint=plain(f"a hint for {kind}")) for kind, element in elements().items()]
    levels = ("default", "info", "warning", "error", "success")
    alerts = [{"type": "alert", "text": mrkdwn(f"*{level}* notice"), "level": level} for level in levels]
    return modal(*alerts, *blocks, input_block(long, "Long text") | {"block_id": "b_long", "optional": False})


def interactive() -> list[Block]:
    """Everything that may stand in a message's actions and accessories."""
    kinds = [*(element for kind, element in elements().items() if not kind.endswith(("input", "multi_static_select")))]
    menu = {"type": "overflow", "action_id": "more", "options": [option("Compare"), option("Explain")]}
    buttons = [
        button("Plain"), button("Go", style="primary"), button("Stop", style="danger", confirm=CONFIRM, value="1"),
        button("Link", url="https://airflow.example/"), menu,
    ]  # fmt: skip
    beside = [each for each in (*buttons, *kinds) if each["type"] != "datetimepicker"]
    accessories = [section(f"accessory: {each['type']}", accessory=each) for each in beside]
    return [actions(*buttons), actions(*kinds[:6]), actions(*kinds[6:]), *accessories]


def home() -> Block:
    blocks = [
        {"type": "header", "text": plain("Waiting on you (1)")},
        section("*delays* v13 → production, asked by Omar", accessory=button("Approve", style="primary")),
        {"type": "divider"},
        actions(button("Train a model"), {"type": "static_select", "action_id": "pick", "options": LETTERS}),
        rich({"type": "text", "text": "nothing else"}),
    ]
    return {"type": "home", "blocks": blocks}
