// Lists of messages: what comes, changes and goes.
import { byId, drawn, here } from "./server.js";

const atBottom = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < 80;
export const toBottom = (list) => { list.scrollTop = list.scrollHeight; };

// What a reader opened or closed stays so when it is drawn anew.
export function keepOpen(old, fresh) {
  for (const details of old.querySelectorAll("details[data-key]")) {
    if (details.dataset.touched === undefined) continue;
    const twin = fresh.querySelector(`details[data-key="${CSS.escape(details.dataset.key)}"]`);
    if (twin) { twin.open = details.open; twin.dataset.touched = ""; }
  }
}

function put(list, prefix, ts, html) {
  if (!list) return;
  const follow = atBottom(list);
  const fresh = drawn(html);
  const old = byId(`${prefix}-${ts}`);
  if (old) {
    keepOpen(old, fresh);
    old.replaceWith(fresh);
  } else {
    const later = [...list.querySelectorAll(".message")].find((other) => other.dataset.ts > ts);
    list.insertBefore(fresh, later ?? null);
    fresh.classList.add("fresh");
  }
  if (follow) toBottom(list);
}

export function warn(ts) {
  for (const prefix of ["m", "t"]) {
    const warning = byId(`${prefix}-${ts}`)?.querySelector(".warning");
    if (warning) warning.hidden = false;
  }
}

export function hearMessage(news) {
  if (news.kind === "warned") return warn(news.ts);
  if (news.kind === "gone") return ["m", "t"].forEach((prefix) => byId(`${prefix}-${news.ts}`)?.remove());
  if (news.thread_ts === null) put(byId("messages"), "m", news.ts, news.html);
  if (here().thread === (news.thread_ts ?? news.ts)) put(byId("thread-messages"), "t", news.ts, news.thread_html);
  return undefined;
}

export function hearUnread(news) {
  const entry = document.querySelector(`[data-entry="${CSS.escape(news.channel)}"]`);
  if (!entry) return;
  entry.classList.toggle("unread", news.any);
  const count = entry.querySelector(".count");
  count.textContent = news.mentions;
  count.hidden = !news.mentions;
}

// The rows of a data_table, a page at a time.
export function turn(table, step) {
  const rows = [...table.querySelectorAll("tr")].slice(1);
  const size = Number(table.dataset.size);
  const first = rows.findIndex((row) => !row.hidden) + step * size;
  rows.forEach((row, index) => { row.hidden = index < first || index >= first + size; });
  table.querySelector("[data-from]").textContent = first + 1;
  table.querySelector("[data-to]").textContent = Math.min(first + size, rows.length);
  table.querySelector('[data-turn="-1"]').disabled = first === 0;
  table.querySelector('[data-turn="1"]').disabled = first + size >= rows.length;
}
