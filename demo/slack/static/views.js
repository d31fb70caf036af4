// A person's stack of modals, all in one dialog of which the topmost shows, and their home tab.
import { act, byId, drawn } from "./server.js";
import { carryOver, count, inputsOf } from "./values.js";
import { keepOpen } from "./lists.js";

const forms = () => [...document.querySelectorAll("#modal > .view")];
const top = () => forms().at(-1);

// Brings the dialog to the server's stack. A view that changed keeps what was typed, by block and action.
export function showViews(views) {
  const before = top();
  const focused = document.activeElement?.dataset ?? {};
  for (const form of forms()) if (!views.some((view) => view.id === form.dataset.view)) form.remove();
  for (const view of views) {
    const old = forms().find((form) => form.dataset.view === view.id);
    if (old?.dataset.hash === view.hash) continue;
    const fresh = drawn(view.html);
    if (old) {
      carryOver(old, fresh);
      keepOpen(old, fresh);
      old.replaceWith(fresh);
      fresh.querySelector(".view-body").scrollTop = old.querySelector(".view-body").scrollTop;
    } else byId("modal").append(fresh);
  }
  settleViews(before !== top(), focused);
}

export function settleViews(changed = true, focused = {}) {
  const dialog = byId("modal");
  const form = top();
  if (!form) { if (dialog.open) dialog.close(); return; }
  forms().forEach((each) => { each.hidden = each !== form; });
  dialog.setAttribute("aria-label", form.getAttribute("aria-label"));
  if (!dialog.open) dialog.showModal();
  form.querySelectorAll("[data-element]").forEach((field) => { if ("value" in field) count(field); });
  if (changed) focusFirst(form, focused);
}

// Where the person was before the view was drawn anew; else where the app wants them, or the first input.
function focusFirst(form, focused) {
  const was = focused.action && form.querySelector(`[data-action="${CSS.escape(focused.action)}"]`);
  const wanted = was || form.querySelector("[data-focus]") || form.querySelector(".input [data-element]");
  const field = wanted?.querySelector?.("input") ?? wanted;
  (field ?? form.querySelector("footer .primary, footer .button")).focus();
}

function showErrors(form, errors) {
  for (const input of form.querySelectorAll("[data-input]")) {
    const words = errors[input.dataset.input];
    const line = input.querySelector(".field-error");
    const field = input.querySelector("input, textarea, [role=group], [role=radiogroup]");
    line.textContent = words ?? "";
    line.hidden = !words;
    field.toggleAttribute("aria-invalid", Boolean(words));
    if (words) field.setAttribute("aria-errormessage", line.id);
  }
  form.querySelector("[aria-invalid]")?.focus();
}

export function trouble(root, words) {
  const line = root.querySelector(".trouble");
  line.textContent = words ?? "";
  line.hidden = !words;
}

export async function submit(form) {
  if (form.matches(".busy")) return;
  trouble(form);
  showErrors(form, {});
  form.classList.add("busy");
  const answer = await act("submit", { view_id: form.dataset.view, inputs: inputsOf(form) });
  form.classList.remove("busy");
  if (answer.errors) showErrors(form, answer.errors);
  else if (!answer.ok || answer.notice) trouble(form, answer.notice ?? answer.error);
  if (answer.views) showViews(answer.views);
}

export async function closeView(all = false) {
  const form = top();
  if (!form) return;
  const answer = await act("close", { view_id: form.dataset.view, all });
  if (answer.views) showViews(answer.views);
}

export function showHome(html) {
  const home = byId("home");
  if (!home) return;
  const fresh = document.createElement("div");
  fresh.innerHTML = html;
  keepOpen(home, fresh);
  home.replaceChildren(...fresh.childNodes);
}

// However the browser wants to close the dialog, it goes only when the server says that no view is left.
document.addEventListener("cancel", (event) => {
  if (event.target.id !== "modal") return;
  event.preventDefault();
  closeView();
}, true);
