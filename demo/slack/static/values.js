// What an element holds, as the server takes it: text, a list, null for nothing, `{local: …}` for a moment in
// the reader's zone. And back, for elements that are drawn anew under a person's hands.

const isCombo = (element) => element.matches(".combo");

export function valueOf(element) {
  const kind = element.dataset.element;
  if (isCombo(element)) {
    const chips = [...element.querySelectorAll(".chip")].map((chip) => chip.dataset.value);
    return "multi" in element.dataset ? chips : element.dataset.value || null;
  }
  if (kind === "checkboxes") return [...element.querySelectorAll(":checked")].map((box) => box.value);
  if (kind === "radio_buttons") return element.querySelector(":checked")?.value ?? null;
  if (kind === "file_input") return element.dataset.files ? element.dataset.files.split(" ") : [];
  if (kind === "datetimepicker") return momentOf(element);
  return element.value || null;
}

// The field knows no seconds: what nobody touched is told as the app gave it.
function momentOf(element) {
  if (element.dataset.epoch && element.value === element.defaultValue) return element.dataset.epoch;
  return element.value ? { local: element.value } : null;
}

const stateful = (root) => [...root.querySelectorAll("[data-element]")].filter((element) => (
  !element.matches(".button, .icon-button, .menu, .feedback")));

// Everything that a form holds, by block and action.
export function inputsOf(root) {
  const inputs = {};
  for (const element of stateful(root)) {
    (inputs[element.dataset.block] ??= {})[element.dataset.action] = valueOf(element);
  }
  return inputs;
}

// Gives each element of a fresh drawing what its twin in the old one held.
export function carryOver(old, fresh) {
  for (const element of stateful(old)) {
    const { block, action, element: kind } = element.dataset;
    const twin = fresh.querySelector(
      `[data-element="${kind}"][data-block="${CSS.escape(block)}"][data-action="${CSS.escape(action)}"]`);
    if (!twin) continue;
    if (isCombo(element)) twin.replaceWith(element);
    else if (kind === "checkboxes" || kind === "radio_buttons") carryChecks(element, twin);
    else if (kind === "file_input") twin.replaceWith(element);
    else twin.value = element.value;
  }
}

function carryChecks(old, fresh) {
  const chosen = new Set([...old.querySelectorAll(":checked")].map((box) => box.value));
  fresh.querySelectorAll("input").forEach((box) => { box.checked = chosen.has(box.value); });
}

// How much was written, where there is a limit.
export function count(field) {
  const counter = field.parentElement.querySelector(".counter");
  if (!counter) return;
  const length = field.value.length;
  const { max, min } = field.dataset;
  counter.textContent = max ? `${max - length}` : length < min ? `at least ${min}` : "";
  counter.classList.toggle("over", Boolean(max && length > max) || Boolean(min && length && length < min));
}
