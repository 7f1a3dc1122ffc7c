// Cards are arranged without leaving the page: what a form is answered with is put into place. And they can be dragged.
//
// <form data-arrange> is sent as it is. <div data-card="PLACE"> is a card, <… data-grip> in it takes hold of it, and <… data-to="PATH"> around the
// cards says where it is told that one was dropped elsewhere.

import { morph } from "./live.js";
import { told } from "./told.js";

const SOON = 4000;
const EDGE = 96; // of the window

let passing = 0;

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
  if (!form) return;
  event.preventDefault();
  send(form.action, new FormData(form, event.submitter), form);
});

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
  card.classList.add("dragged");
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
  const from = Number(card.dataset.card);
  const before = Number(target.dataset.card) + (after ? 1 : 0);
  const to = before > from ? before - 1 : before;
  if (to === from) return;
  const form = card.querySelector("form[data-arrange]");
  const fields = new FormData(form);
  fields.set("do", "move");
  fields.set("to", String(to));
  send(document.getElementById("board").dataset.to, fields, card);
}

document.addEventListener("pointerup", () => drag && drop(true));
document.addEventListener("pointercancel", () => drag && drop(false));
document.addEventListener("keydown", (event) => event.key === "Escape" && drag && drop(false));
document.addEventListener("tally:morphed", grips);
grips();
pass();
