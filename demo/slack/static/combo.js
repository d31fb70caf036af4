// Selects: a field that filters a list, with the keys that a combobox has. External ones ask the app.
import { act } from "./server.js";

let made = 0;
const parts = (combo) => ({
  field: combo.querySelector("input"),
  list: combo.querySelector(".listbox"),
  clear: combo.querySelector(".combo-clear"),
});
const shown = (combo) => [...combo.querySelectorAll('[role="option"]')].filter((option) => !option.hidden);
const current = (combo) => combo.querySelector('[role="option"].current');
const chips = (combo) => [...combo.querySelectorAll(".chip")];

// Something was chosen or taken away: whoever listens for `change` hears of it.
const told = (combo) => combo.dispatchEvent(new Event("change", { bubbles: true }));

export function open(combo, filter = "") {
  const { field, list } = parts(combo);
  list.id ||= `list-${++made}`;
  field.setAttribute("aria-controls", list.id);
  if ("external" in combo.dataset) suggest(combo, filter);
  else narrow(combo, filter);
  list.hidden = false;
  field.setAttribute("aria-expanded", "true");
  place(combo);
}

// The list floats above everything that scrolls: below its field, or above it where there is no room.
function place(combo) {
  const { list } = parts(combo);
  const box = combo.querySelector(".combo-box").getBoundingClientRect();
  const width = Math.max(box.width, 200);
  const above = innerHeight - box.bottom < 220 && box.top > 220;
  Object.assign(list.style, {
    width: `${width}px`,
    left: `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`,
    top: above ? "auto" : `${box.bottom + 4}px`,
    bottom: above ? `${innerHeight - box.top + 4}px` : "auto",
  });
}

export const placeOpen = () => document.querySelectorAll(".listbox:not([hidden])").forEach((list) => {
  place(list.closest(".combo"));
});

export function close(combo) {
  const { field, list } = parts(combo);
  if (list.hidden) return;
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
  field.value = "multi" in combo.dataset ? "" : combo.dataset.text;
}

export const closeOthers = (target) => document.querySelectorAll(".combo").forEach((combo) => {
  if (!combo.contains(target)) close(combo);
});

function narrow(combo, filter) {
  const wanted = filter.trim().toLowerCase();
  const chosen = new Set("multi" in combo.dataset ? chips(combo).map((chip) => chip.dataset.value) : [combo.dataset.value]);
  for (const option of combo.querySelectorAll('[role="option"]')) {
    option.hidden = !option.textContent.toLowerCase().includes(wanted);
    option.setAttribute("aria-selected", String(chosen.has(option.dataset.value)));
  }
  for (const group of combo.querySelectorAll('[role="group"]')) {
    group.hidden = !group.querySelector('[role="option"]:not([hidden])');
  }
  note(combo, shown(combo).length ? "" : "No results");
  point(combo, shown(combo)[0]);
}

// A line in the list that is no option.
function note(combo, words) {
  const { list } = parts(combo);
  list.querySelector(".note")?.remove();
  if (!words) return;
  const line = document.createElement("div");
  line.className = "note";
  line.setAttribute("role", "status");
  line.textContent = words;
  list.append(line);
}

async function suggest(combo, text) {
  const { list } = parts(combo);
  const least = Number(combo.dataset.external);
  list.querySelectorAll('[role="option"], [role="group"]').forEach((old) => old.remove());
  if (text.length < least) return note(combo, `Type ${least === 1 ? "a letter" : `${least} letters`} or more`);
  note(combo, "Loading…");
  const asked = combo.asked = Symbol("asked");
  await new Promise((done) => { setTimeout(done, 120); });
  if (combo.asked !== asked) return undefined;
  const { view } = combo.closest("[data-view]")?.dataset ?? {};
  const { channel, ts } = combo.closest(".message")?.dataset ?? {};
  const { action, block } = combo.dataset;
  const answer = await act("suggest", { action_id: action, block_id: block, text, view_id: view, channel, ts });
  if (combo.asked !== asked) return undefined;
  if (!answer.ok) return note(combo, "Result options could not be loaded");
  list.innerHTML = answer.html;
  return narrow(combo, "");
}

function point(combo, option) {
  const { field } = parts(combo);
  current(combo)?.classList.remove("current");
  field.removeAttribute("aria-activedescendant");
  if (!option) return;
  option.id ||= `option-${++made}`;
  option.classList.add("current");
  option.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option.id);
}

function choose(combo, option) {
  const { field, clear } = parts(combo);
  const { value, text } = option.dataset;
  if ("multi" in combo.dataset) {
    const old = chips(combo).find((chip) => chip.dataset.value === value);
    if (old) return remove(combo, old);
    if (chips(combo).length >= Number(combo.dataset.most ?? Infinity)) return note(combo, `At most ${combo.dataset.most}`);
    field.before(chip(value, text));
    field.value = "";
    open(combo); // which also finds its new place
  } else {
    combo.dataset.value = value;
    combo.dataset.text = text;
    clear.hidden = false;
    close(combo);
  }
  return told(combo);
}

function chip(value, text) {
  const made = document.createElement("span");
  made.className = "chip";
  made.dataset.value = value;
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "plain", textContent: "✕", ariaLabel: `Remove ${text}` });
  made.append(text, button);
  return made;
}

function remove(combo, chip) {
  chip.remove();
  parts(combo).field.focus();
  if (!parts(combo).list.hidden) open(combo);
  told(combo);
}

export function clicked(combo, target) {
  const { field, list, clear } = parts(combo);
  const option = target.closest('[role="option"]');
  if (option) choose(combo, option);
  else if (target.closest(".chip button")) remove(combo, target.closest(".chip"));
  else if (target === clear) {
    combo.dataset.value = combo.dataset.text = field.value = "";
    clear.hidden = true;
    field.focus();
    told(combo);
  } else if (target.closest(".combo-box")) {
    field.focus();
    if (list.hidden) open(combo); else close(combo);
  }
}

// Whether the key was the list's.
export function pressed(combo, event) {
  const { field, list } = parts(combo);
  const options = shown(combo);
  const at = options.indexOf(current(combo));
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && list.hidden) open(combo);
  else if (step) point(combo, options.at((at + step + options.length) % options.length));
  else if (event.key === "Enter" && !list.hidden) { if (current(combo)) choose(combo, current(combo)); }
  else if (event.key === "Escape" && !list.hidden) close(combo);
  else if (event.key === "Tab") { close(combo); return false; }
  else if (event.key === "Backspace" && !field.value && chips(combo).length) remove(combo, chips(combo).at(-1));
  else return false;
  return true;
}
