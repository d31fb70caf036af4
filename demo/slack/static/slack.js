// The page's own behaviour: news from the server, clicks to the server. Messages arrive as HTML that the
// server drew and escaped; nothing here makes HTML of what people wrote.
"use strict";

const here = () => document.body.dataset;
const byId = (id) => document.getElementById(id);
const post = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user: here().user, ...body }),
  });
  return answer.ok ? answer.json() : { ok: false, error: `the server answered ${answer.status}` };
};

// What was sent, as JSON.
async function showRaw(message) {
  const { channel, ts } = message.dataset;
  const answer = await fetch(`/raw?${new URLSearchParams({ user: here().user, channel, ts })}`);
  const raw = message.querySelector(".raw");
  raw.textContent = JSON.stringify(await answer.json(), null, 2);
  raw.hidden = false;
}

// Lists of messages

const atBottom = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < 80;
const toBottom = (list) => { list.scrollTop = list.scrollHeight; };

function drawn(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

// What a reader opened or closed stays so when the message is drawn anew.
function keepOpen(old, fresh) {
  for (const details of old.querySelectorAll("details[data-key]")) {
    if (details.dataset.touched === undefined) continue;
    const twin = fresh.querySelector(`details[data-key="${CSS.escape(details.dataset.key)}"]`);
    if (twin) { twin.open = details.open; twin.dataset.touched = ""; }
  }
  if (!old.querySelector(".raw").hidden) showRaw(fresh);
}

function put(list, prefix, ts, html) {
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

function warn(ts) {
  for (const prefix of ["m", "t"]) {
    const warning = byId(`${prefix}-${ts}`)?.querySelector(".warning");
    if (warning) warning.hidden = false;
  }
}

// News

function hear(news) {
  if (news.channel !== here().channel) {
    document.querySelector(`[data-entry="${CSS.escape(news.channel)}"]`)?.classList.add("unread");
    return;
  }
  if (news.kind === "warned") return warn(news.ts);
  if (news.kind === "gone") return ["m", "t"].forEach((prefix) => byId(`${prefix}-${news.ts}`)?.remove());
  if (news.thread_ts === null) put(byId("messages"), "m", news.ts, news.html);
  const thread = byId("thread-messages");
  if (thread && here().thread === (news.thread_ts ?? news.ts)) put(thread, "t", news.ts, news.thread_html);
}

let stream;
function listen() {
  stream?.close();
  stream = new EventSource(`/events?${new URLSearchParams({ user: here().user, after: here().seen })}`);
  let lost = false;
  stream.onmessage = (event) => hear(JSON.parse(event.data));
  stream.onerror = () => { lost = true; };
  // What happened while the server was away is read once, when it is back.
  stream.onopen = () => { if (lost) visit(location.href, false); lost = false; };
}

// Going somewhere, without a flicker

async function visit(address, remember = true) {
  const answer = await fetch(address);
  if (!answer.ok) { location.href = address; return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (remember) history.pushState(null, "", address);
  document.title = page.title;
  document.body.replaceWith(page.body);
  settle();
  listen();
}

function settle() {
  document.querySelectorAll(".messages").forEach(toBottom);
  const aimed = location.hash && byId(location.hash.slice(1));
  if (aimed) { aimed.scrollIntoView({ block: "center" }); aimed.classList.add("aimed"); }
  const composers = document.querySelectorAll(".composer textarea");
  if (matchMedia("(min-width: 700px)").matches) composers[composers.length - 1]?.focus();
}

// Clicks

function confirmed(element) {
  if (!element.dataset.confirm) return Promise.resolve(true);
  const words = JSON.parse(element.dataset.confirm);
  const dialog = byId("confirm");
  const [deny, confirm] = dialog.querySelectorAll("button");
  byId("confirm-title").textContent = words.title.text;
  byId("confirm-text").textContent = words.text.text;
  deny.textContent = words.deny.text;
  confirm.textContent = words.confirm.text;
  confirm.className = `button ${words.style === "danger" ? "danger" : "primary"}`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "confirm"), { once: true });
  });
}

async function act(element, value) {
  const message = element.closest(".message");
  if (!await confirmed(element)) return;
  element.classList.add("busy");
  const { channel, ts } = message.dataset;
  const answer = await post("/act", {
    channel, ts, action_id: element.dataset.action, block_id: element.dataset.block, value,
  });
  element.classList.remove("busy");
  if (!answer.ok) warn(ts);
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  const nav = at("a[data-nav]");
  if (nav && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    visit(nav.href);
  } else if (at("[data-raw]")) {
    const raw = at(".message").querySelector(".raw");
    if (raw.hidden) showRaw(at(".message")); else raw.hidden = true;
  } else if (at("[data-nav-open]")) {
    document.body.classList.add("nav-open");
  } else if (at("[data-nav-close]") || (document.body.matches(".nav-open") && !at(".sidebar"))) {
    document.body.classList.remove("nav-open");
  } else if (at(".menu-items button")) {
    const menu = at(".menu");
    menu.open = false;
    act(menu, at("button").dataset.value);
  } else if (at(".button[data-action]")) {
    act(at(".button[data-action]"), null);
  } else if (at(".hints button")) {
    const box = at(".composer").querySelector("textarea");
    box.value = `${at("li").dataset.command} `;
    box.focus();
    hint(box);
  } else if (at("summary")) {
    const details = at("details");
    if (details.dataset.key) details.dataset.touched = "";
  }
  document.querySelectorAll("details.menu[open], details.who[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-action]")) act(event.target, event.target.value);
});

// The composer

function hint(box) {
  const list = box.form.querySelector(".hints");
  if (!list) return;
  const typed = box.value;
  let any = false;
  for (const item of list.children) {
    const command = item.dataset.command;
    item.hidden = !(typed.startsWith("/") && (command.startsWith(typed) || typed.startsWith(`${command} `)));
    any ||= !item.hidden;
  }
  list.hidden = !any;
}

async function say(form) {
  const box = form.querySelector("textarea");
  const text = box.value.trim();
  if (!text) return;
  box.value = "";
  hint(box);
  grow(box);
  const trouble = form.querySelector(".trouble");
  trouble.hidden = true;
  const answer = await post("/say", { channel: here().channel, text, thread_ts: form.dataset.thread || null });
  // A slash command that failed is answered by Slackbot; anything else is said here.
  if (!answer.ok && (form.dataset.thread || !text.startsWith("/"))) {
    trouble.textContent = answer.error;
    trouble.hidden = false;
    box.value = text;
  }
}

function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".composer")) return;
  event.preventDefault();
  say(event.target);
});
document.addEventListener("input", (event) => {
  if (event.target.matches(".composer textarea")) { hint(event.target); grow(event.target); }
});
document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.(".composer textarea");
  if (box && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    say(box.form);
  } else if (box && event.key === "Tab" && box.value.startsWith("/") && !box.value.includes(" ")) {
    const shown = box.form.querySelector(".hints li:not([hidden])");
    if (shown) { event.preventDefault(); box.value = `${shown.dataset.command} `; hint(box); }
  } else if (event.key === "Escape") {
    document.body.classList.remove("nav-open");
    document.querySelectorAll("details.menu[open], details.who[open]").forEach((menu) => { menu.open = false; });
    document.querySelectorAll(".hints").forEach((list) => { list.hidden = true; });
  }
});
addEventListener("popstate", () => visit(location.href, false));

listen();
settle();
