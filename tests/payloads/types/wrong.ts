// What the types must object to: tsc says so where one of these passes.

import type { Home, Message, Modal } from "./slack.js";

const text = { type: "plain_text", text: "t" } as const;
const words = { type: "mrkdwn", text: "t" } as const;
const button = { type: "button", action_id: "a", text } as const;

// @ts-expect-error a key that Slack doesn't know
({ text: "", blocks: [{ type: "divider", colour: "red" }] }) satisfies Message;
// @ts-expect-error a block that there isn't
({ text: "", blocks: [{ type: "song" }] }) satisfies Message;
// @ts-expect-error mrkdwn where only plain text goes
({ text: "", blocks: [{ type: "header", text: words }] }) satisfies Message;
// @ts-expect-error a style that there isn't
({ text: "", blocks: [{ type: "actions", elements: [{ ...button, style: "green" }] }] }) satisfies Message;
// @ts-expect-error a button without a label
({ text: "", blocks: [{ type: "actions", elements: [{ type: "button" }] }] }) satisfies Message;
// @ts-expect-error null in place of nothing
({ text: "", blocks: [{ type: "section", text, block_id: null }] }) satisfies Message;
// @ts-expect-error a title as an object
({ text: "", blocks: [{ type: "plan", title: text, tasks: [] }] }) satisfies Message;
// @ts-expect-error a task of a state that there isn't
({ text: "", blocks: [{ type: "plan", title: "", tasks: [{ type: "task_card", task_id: "1", title: "", status: "skipped" }] }] }) satisfies Message;
// @ts-expect-error a chart of a kind that there isn't
({ text: "", blocks: [{ type: "data_visualization", title: "", chart: { type: "donut", segments: [] } }] }) satisfies Message;
// @ts-expect-error a data table without a caption
({ text: "", blocks: [{ type: "data_table", rows: [] }] }) satisfies Message;
// @ts-expect-error an input in a message
({ text: "", blocks: [{ type: "input", label: text, element: { type: "plain_text_input" } }] }) satisfies Message;
// @ts-expect-error a modal without a title
({ type: "modal", blocks: [] }) satisfies Modal;
// @ts-expect-error a plan in a modal
({ type: "modal", title: text, blocks: [{ type: "plan", title: "", tasks: [] }] }) satisfies Modal;
// @ts-expect-error a title on a home tab
({ type: "home", title: text, blocks: [] }) satisfies Home;
// @ts-expect-error an alert on a home tab
({ type: "home", blocks: [{ type: "alert", text }] }) satisfies Home;

({ text: "", blocks: [{ type: "section", text: words, accessory: button }, { type: "divider" }] }) satisfies Message;
({ type: "modal", title: text, blocks: [{ type: "alert", text, level: "info" }] }) satisfies Modal;
({ type: "home", blocks: [{ type: "section", text }] }) satisfies Home;
