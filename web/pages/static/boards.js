// Cards are arranged without leaving the page: what a form is answered with is put into place. And they can be dragged.
//
// <form data-arrange> is sent as it is. <div data-card="PLACE"> is a card, <… data-grip> in it takes hold of it, and <… data-to="PATH"> around the
// cards says where it is told that one was dropped elsewhere.

import { morph } from "./live.js";
import { told } from "./told.js";

const SOON = 4000;
const EDGE = 96; // of the window

let passing = 0;
let turn = Promise.resolve(); // what is done last

// What is done next is made of the page as it is then: the places of the cards have changed, and the save that is seen.
function next(make) {
  turn = turn.then(make, make);
}

async function send(to, fields, busy) {
  busy?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(to, { method: "POST", body: new URLSearchParams(fields), headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok) {
      told.say([...page.querySelectorAll("main p:not(.buttons)")].map((line) => line.textContent), { bad: true });
    } else if (new URL(answer.url).pathname !== location.pathname) {
      location.assign(answer.url); // to sign in
    } else {
      told.say([]);
      history.replaceState(null, "", answer.url);
      for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
      morph(page);
    }
  } catch {
    location.reload(); // whatever became of it, the page says how it stands
  } finally {
    busy?.removeAttribute("aria-busy");
    pass();
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-arrange]");
  const button = event.submitter;
  if (!form) return;
  event.preventDefault();
  next(async () => {
    if (!form.isConnected || button?.disabled) return;
    await send(form.action, new FormData(form, button), form);
    if (button) lead(form, button);
  });
});

// Whoever goes by keys goes on from the button that was pressed, or from the other one where it leads no further; or from the menu that
// was closed.
function lead(form, button) {
  const menu = form.closest("details.menu");
  const here = document.activeElement;
  if (menu?.open || (here !== document.body && !(menu ?? button).contains(here))) return; // it did not work, or somebody has gone on already
  (menu ? menu.querySelector("summary") : button.disabled ? form.querySelector("button:enabled") : button)?.focus();
}

// That something worked is said where it moves nothing, and not for ever.
function pass() {
  const said = document.querySelector("[data-passing]");
  if (!said) return;
  const text = said.textContent.trim();
  const plain = new URL(location.href);
  plain.searchParams.delete("saved");
  history.replaceState(null, "", plain);
  said.replaceChildren();
  said.className = "notice";
  said.removeAttribute("data-passing");
  told.say(text);
  clearTimeout(passing);
  passing = setTimeout(() => told.say([]), SOON);
}

// Who names a new dashboard means it.
document.addEventListener("input", (event) => {
  const fresh = event.target.closest("[data-fresh]")?.querySelector('input[type="radio"][value=""]');
  if (fresh && event.target.name === "name") fresh.checked = true;
});

// ---- dragging ----

let drag = null; // { card, left, top, x, y, target, after }: where it was taken on the page, and where the pointer is in the window

function grips() {
  for (const grip of document.querySelectorAll("[data-grip]")) grip.hidden = false;
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  const card = grip.closest("[data-card]");
  drag = { card, left: event.pageX, top: event.pageY, x: event.clientX, y: event.clientY, target: null, after: false };
  document.documentElement.classList.add("dragging");
  requestAnimationFrame(carry);
});

document.addEventListener("pointermove", (event) => {
  if (drag) Object.assign(drag, { x: event.clientX, y: event.clientY });
});

// Once in every frame: the window follows to its edges, and the card the pointer.
function carry() {
  if (!drag) return;
  const above = EDGE - drag.y;
  const below = drag.y - (innerHeight - EDGE);
  if (above > 0 || below > 0) scrollBy(0, above > 0 ? -above / 4 : below / 4);
  drag.card.classList.add("dragged"); // again and again: a page that has come anew knows nothing of it
  drag.card.style.transform = `translate(${drag.x + scrollX - drag.left}px, ${drag.y + scrollY - drag.top}px)`;
  mark(document.elementFromPoint(drag.x, drag.y)?.closest("[data-card]") ?? null);
  requestAnimationFrame(carry);
}

function mark(target) {
  drag.target?.classList.remove("before", "after");
  drag.target = target;
  if (!target) return;
  const box = target.getBoundingClientRect();
  const beside = box.width < target.parentElement.clientWidth * 0.75;
  drag.after = beside ? drag.x > box.left + box.width / 2 : drag.y > box.top + box.height / 2;
  target.classList.add(drag.after ? "after" : "before");
}

function drop(kept) {
  const { card, target, after } = drag;
  mark(null);
  drag = null;
  card.classList.remove("dragged");
  card.style.transform = "";
  document.documentElement.classList.remove("dragging");
  if (!kept || !target || target === card) return;
  next(() => move(card, target, after));
}

async function move(card, target, after) {
  if (!card.isConnected || !target.isConnected) return;
  const from = Number(card.dataset.card);
  const before = Number(target.dataset.card) + (after ? 1 : 0);
  const to = before > from ? before - 1 : before;
  if (to === from) return;
  const form = card.querySelector("form[data-arrange]");
  const fields = new FormData(form);
  fields.set("do", "move");
  fields.set("to", String(to));
  await send(document.getElementById("board").dataset.to, fields, card);
}

document.addEventListener("pointerup", () => drag && drop(true));
document.addEventListener("pointercancel", () => drag && drop(false));
document.addEventListener("keydown", (event) => event.key === "Escape" && drag && drop(false));
document.addEventListener("tally:morphed", grips);
grips();
pass();
