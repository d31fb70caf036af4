// The page as a whole: where to go, what to hear, and who answers a click or a key.
import * as combo from "./combo.js";
import * as composer from "./composer.js";
import { hearMessage, hearUnread, toBottom, turn, warn } from "./lists.js";
import { act, byId, confirmed, here, query, showRaw, upload } from "./server.js";
import { count, inputsOf, valueOf } from "./values.js";
import { closeView, settleViews, showHome, showViews, submit, trouble } from "./views.js";

// News

function hear(news) {
  if (news.kind === "views") showViews(news.views);
  else if (news.kind === "home") showHome(news.html);
  else if (news.kind === "unread") hearUnread(news);
  else {
    hearMessage(news);
    if (news.kind === "shown") act("read", { channel: news.channel });
  }
}

let stream;
function listen() {
  stream?.close();
  const { seen, tab, channel } = here();
  stream = new EventSource(`/events?${query({ after: seen, channel: tab === "home" ? "" : channel })}`);
  let lost = false;
  stream.onmessage = (event) => hear(JSON.parse(event.data));
  stream.onerror = () => { lost = true; };
  // What happened while the server was away is read once, when it is back.
  stream.onopen = () => { if (lost) visit(location.href, false); lost = false; };
}

// Going somewhere, without a flicker

let going = 0;
async function visit(address, remember = true) {
  const journey = ++going;
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) { location.href = address; return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (journey !== going) return; // the person has gone somewhere else meanwhile
  if (remember) history.pushState(null, "", answer.url);
  document.title = page.title;
  document.body.replaceWith(page.body);
  settle();
  listen();
}

function settle() {
  document.querySelectorAll(".messages").forEach(toBottom);
  const { at, tab } = here();
  const aimed = at && (byId(`t-${at}`) ?? byId(`m-${at}`));
  if (aimed) { aimed.scrollIntoView({ block: "center" }); aimed.classList.add("aimed"); }
  const boxes = document.querySelectorAll(".composer textarea");
  if (matchMedia("(min-width: 701px)").matches) boxes[boxes.length - 1]?.focus();
  if (tab === "home") act("home", {});
  settleViews();
}

// Acting on elements

async function perform(element, value) {
  const view = element.closest("[data-view]");
  const message = element.closest(".message");
  if (!await confirmed(element)) return;
  element.classList.add("busy");
  const place = view
    ? { view_id: view.dataset.view, inputs: inputsOf(view) }
    : { channel: message.dataset.channel, ts: message.dataset.ts };
  const { action, block } = element.dataset;
  const answer = await act("act", { ...place, action_id: action, block_id: block, value });
  element.classList.remove("busy");
  if (view) trouble(view, answer.ok ? "" : "We had some trouble connecting. Try again?");
  else if (!answer.ok) warn(message.dataset.ts);
}

// An input tells the app of itself only where its block says `dispatch_action`.
function changed(element, on = null) {
  const block = element.closest(".input");
  if (block && !("dispatch" in block.dataset)) return false;
  if (block && on && !(element.dataset.on ?? on).includes(on)) return false;
  perform(element, valueOf(element));
  return true;
}

async function shortcut(button) {
  const { channel, ts } = button.closest(".message").dataset;
  const answer = await act("shortcut", { callback_id: button.dataset.shortcut, channel, ts });
  if (!answer.ok) warn(ts);
}

async function openLink(link) {
  if (!link.dataset.confirm) return perform(link, null);
  if (!await confirmed(link)) return undefined;
  window.open(link.href, "_blank", "noopener");
  link.removeAttribute("data-confirm");
  return perform(link, null);
}

// Clicks: the first selector that fits answers

const clicks = [
  ["a[href*='/archives/']", (link, event) => {
    if (link.origin !== location.origin) return;
    event.preventDefault();
    const address = new URL(link.href);
    address.searchParams.set("user", here().user);
    visit(address);
  }],
  ["a[data-nav]", (link, event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    visit(link.href);
  }],
  ["[data-raw]", (button) => {
    const { view, channel, ts } = (button.closest("[data-view]") ?? button.closest(".message")).dataset;
    showRaw(view ? { view } : { channel, ts });
  }],
  ["[data-raw-home]", () => {
    const view = document.querySelector("#home [data-view]")?.dataset.view;
    if (view) showRaw({ view });
  }],
  ["[data-copy]", (button) => navigator.clipboard?.writeText(button.dataset.copy)],
  ["[data-shortcut]", shortcut],
  ["[data-nav-open]", () => document.body.classList.add("nav-open")],
  ["[data-nav-close]", () => document.body.classList.remove("nav-open")],
  ["[data-close]", (button) => closeView(button.dataset.close === "all")],
  ["[data-turn]", (button) => turn(button.closest("[data-pages]"), Number(button.dataset.turn))],
  [".menu[data-action] [role=menuitem]", (item) => perform(item.closest(".menu"), item.dataset.value)],
  [".feedback button", (button) => perform(button.closest(".feedback"), button.dataset.value)],
  ["a.button[data-action]", (link, event) => {
    if (link.dataset.confirm) event.preventDefault();
    openLink(link);
  }],
  [".button[data-action], .icon-button[data-action]", (button) => perform(button, null)],
  [".hints button", (button) => {
    composer.complete(button.closest("form").querySelector("textarea"), button.closest("li").dataset.command);
  }],
  [".combo", (element, event) => combo.clicked(element, event.target)],
  ["summary", (summary) => {
    const details = summary.parentElement;
    if (details.dataset.key) details.dataset.touched = "";
  }],
];

document.addEventListener("click", (event) => {
  const { target } = event;
  for (const [selector, answer] of clicks) {
    const found = target.closest(selector);
    // A details element's summary is inside of the menu whose items answer above.
    if (found) { answer(found, event); break; }
  }
  if (document.body.matches(".nav-open") && !target.closest(".sidebar, [data-nav-open]")) {
    document.body.classList.remove("nav-open");
  }
  combo.closeOthers(target);
  document.querySelectorAll("details.menu[open], details.who[open]").forEach((menu) => {
    if (!menu.contains(target) || target.closest("[role=menuitem]")) menu.open = false;
  });
});

// A list closes when the focus leaves its field; a press on an option leaves the focus there.
document.addEventListener("focusin", (event) => combo.closeOthers(event.target));
document.addEventListener("scroll", combo.placeOpen, { capture: true, passive: true });
addEventListener("resize", combo.placeOpen);
document.addEventListener("mousedown", (event) => { if (event.target.closest(".listbox")) event.preventDefault(); });

document.addEventListener("change", async (event) => {
  if (event.target.matches("[type=file]")) await upload(event.target);
  const element = event.target.closest("[data-element]");
  // A combobox's own field only filters, and text speaks through the listener of `input` and through Enter.
  if (element && !event.target.matches("[role=combobox], [data-on]")) changed(element);
});
document.addEventListener("submit", (event) => {
  if (event.target.matches(".composer, .view")) event.preventDefault();
  if (event.target.matches(".composer")) composer.say(event.target);
  if (event.target.matches(".view")) submit(event.target);
});
document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.matches(".composer textarea")) { composer.hint(field); composer.grow(field); }
  else if (field.matches("[role=combobox]")) combo.open(field.closest(".combo"), field.value);
  else if (field.matches("[data-on]")) {
    count(field);
    if (field.dataset.on.includes("on_character_entered")) changed(field, "on_character_entered");
  }
});

// Keys

function inMenu(menu, event) {
  const items = [...menu.querySelectorAll("[role=menuitem]")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return false;
  const at = items.indexOf(document.activeElement);
  items.at(at < 0 && step < 0 ? -1 : (at + step) % items.length)?.focus();
  return true;
}

function escape() {
  document.body.classList.remove("nav-open");
  document.querySelectorAll("details.menu[open], details.who[open]").forEach((menu) => {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  });
  document.querySelectorAll(".hints").forEach((list) => { list.hidden = true; });
}

function inForm(form, event) {
  if (event.key !== "Enter") return false;
  const field = event.target;
  if (event.ctrlKey || event.metaKey) form.querySelector("footer .primary")?.click();
  else if (!field.matches("input[data-on]") || !changedByEnter(field)) return false;
  return true;
}

const changedByEnter = (field) => Boolean(field.closest(".input[data-dispatch]"))
  && changed(field, "on_enter_pressed");

document.addEventListener("keydown", (event) => {
  const at = (selector) => event.target.closest?.(selector);
  const handled = (at("[role=combobox]") && combo.pressed(at(".combo"), event))
    || (at(".composer textarea") && composer.pressed(at(".composer textarea"), event))
    || (at("details.menu[open]") && inMenu(at("details.menu[open]"), event))
    || (at(".view") && inForm(at(".view"), event));
  if (handled) event.preventDefault();
  else if (event.key === "Escape" && at("#modal")) { event.preventDefault(); closeView(); }
  else if (event.key === "Escape") escape();
});
addEventListener("popstate", () => visit(location.href, false));

listen();
settle();
