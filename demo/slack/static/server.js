// Talking with the server. HTML that comes from it was drawn and escaped there: nothing here makes HTML of
// what people wrote.

export const here = () => document.body.dataset;
export const byId = (id) => document.getElementById(id);
export const query = (words) => new URLSearchParams({ user: here().user, ...words });

// What a person does; the answer is `{ok: …}`.
export async function act(name, body) {
  const answer = await fetch(`/do/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user: here().user, ...body }),
  }).catch(() => null);
  if (answer?.ok) return answer.json();
  return { ok: false, error: answer ? `the server answered ${answer.status}` : "the server did not answer" };
}

// Gives the chosen files to the server; the field then holds their ids.
export async function upload(field) {
  const sent = [...field.files].map(async (file) => {
    const address = `/do/upload?${query({ name: file.name })}`;
    const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
    return (await answer.json()).id;
  });
  field.dataset.files = (await Promise.all(sent)).join(" ");
}

export function drawn(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

// What was sent, as JSON, in a dialog.
export async function showRaw(words) {
  const answer = await fetch(`/raw?${query(words)}`);
  const dialog = byId("raw");
  dialog.querySelector("pre").textContent = JSON.stringify(await answer.json(), null, 2);
  dialog.showModal();
}

// Asks what an element's `data-confirm` asks; resolves to whether the person agreed.
export function confirmed(element) {
  if (!element.dataset.confirm) return Promise.resolve(true);
  const words = JSON.parse(element.dataset.confirm);
  const dialog = byId("confirm");
  const [deny, confirm] = dialog.querySelectorAll("button");
  byId("confirm-title").textContent = words.title;
  byId("confirm-text").innerHTML = words.html;
  deny.textContent = words.deny;
  confirm.textContent = words.confirm;
  confirm.className = `button ${words.style === "danger" ? "danger" : "primary"}`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "confirm"), { once: true });
  });
}
