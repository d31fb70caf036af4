// Where people write: messages, and commands with what completes them.
import { act, here } from "./server.js";

export function hint(box) {
  const list = box.form.querySelector(".hints");
  if (!list) return;
  const typed = box.value;
  let any = false;
  for (const item of list.children) {
    const { command } = item.dataset;
    item.hidden = !(typed.startsWith("/") && (command.startsWith(typed) || typed.startsWith(`${command} `)));
    any ||= !item.hidden;
  }
  list.hidden = !any;
}

export function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
}

export function complete(box, command) {
  box.value = `${command} `;
  box.focus();
  hint(box);
}

export async function say(form) {
  const box = form.querySelector("textarea");
  const text = box.value.trim();
  if (!text) return;
  box.value = "";
  hint(box);
  grow(box);
  const trouble = form.querySelector(".trouble");
  trouble.hidden = true;
  const answer = await act("say", { channel: here().channel, text, thread_ts: form.dataset.thread || null });
  // A slash command that failed is answered by Slackbot; anything else is said here.
  if (!answer.ok && (form.dataset.thread || !text.startsWith("/"))) {
    trouble.textContent = answer.error;
    trouble.hidden = false;
    box.value = text;
  }
}

// Whether the key was the composer's.
export function pressed(box, event) {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    say(box.form);
    return true;
  }
  const offered = box.form.querySelector(".hints:not([hidden]) li:not([hidden])");
  if (event.key !== "Tab" || !offered || box.value.includes(" ")) return false;
  complete(box, offered.dataset.command);
  return true;
}
