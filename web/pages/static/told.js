// What is said of an action, in a line at the bottom of the window; and the question before what cannot be undone.
// Both stand outside of what is asked for anew, so that nothing takes them away.

function made(tag, attributes = {}, ...contents) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...contents);
  return element;
}

const text = made("div", { role: "status" }); // there from the start, so that what is put into it is read out
const undoing = made("button", { type: "button", hidden: "" }, "Undo");
const closing = made("button", { type: "button", class: "quiet", "aria-label": "Close" }, "×");
const bar = made("div", { class: "told", id: "told" }, text, undoing, closing);
document.body.append(bar);

// Whether a button was pressed by keys.
export const byKeys = (event) => event.detail === 0;

let undo = null;
undoing.addEventListener("click", (event) => undo?.(byKeys(event)));
closing.addEventListener("click", () => told.say([]));

export const told = {
  // lines: what is said. undo: what takes it back, or none. bad: whether somebody should look at it. keys: whether it is said to somebody who
  // goes by keys, from whom the page may be between the button and its undoing.
  say(lines, { undo: next = null, bad = false, keys = false } = {}) {
    const wanted = [lines].flat();
    const fresh = next !== null && undoing.hidden;
    undo = next;
    undoing.hidden = next === null;
    bar.classList.toggle("shown", wanted.length > 0);
    bar.classList.toggle("warned", bad);
    if (fresh && keys && document.activeElement?.matches("body, :disabled")) undoing.focus();
    if (wanted.join("\n") === [...text.children].map((line) => line.textContent).join("\n")) return;
    text.replaceChildren(...wanted.map((line) => made("p", {}, line)));
  },
};

const NAMED = 5;

// Whether somebody means it. names: whom it is about.
export function confirmed(names) {
  const title = made("h2", { id: "unenroll-title" }, `Unenroll ${names.length === 1 ? names[0] : `${names.length} enrollments`}?`);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  const dialog = made(
    "dialog",
    { id: "unenroll", class: "card", "aria-labelledby": "unenroll-title", "aria-describedby": "unenroll-text" },
    title,
    made("p", { id: "unenroll-text" }, "This cannot be undone. The sequence ends for them, with the reason “manual”; to go on they have to be enrolled anew."),
    made("p", { class: "small" }, names.length === 1 ? "" : names.slice(0, NAMED).join(", ") + more),
    made(
      "form",
      { method: "dialog", class: "buttons" },
      made("button", { value: "cancel", autofocus: "" }, "Cancel"),
      made("button", { value: "unenroll", class: "danger" }, "Unenroll"),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "unenroll");
      dialog.remove();
    });
  });
}
