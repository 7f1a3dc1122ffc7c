// The form in which a report is put together: what it asks for is shown as soon as something is changed, and the address keeps it.

import { morph } from "./live.js";

let newest = 0;

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-build]");
  if (form) show(form);
});

async function show(form) {
  const turn = ++newest;
  const address = addressOf(form);
  history.replaceState(null, "", address);
  const preview = document.getElementById("preview");
  preview.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { cache: "no-store" });
    const text = await answer.text();
    if (turn !== newest) return;
    if (answer.redirected) location.reload(); // to sign in
    else morph(new DOMParser().parseFromString(text, "text/html")); // also if it says what is wrong
  } catch {
    if (turn === newest) form.requestSubmit(); // the browser says why there is no answer
  } finally {
    if (turn === newest) preview.removeAttribute("aria-busy");
  }
}

// Fields without a value stay out; so does a measure to sort by that is not counted any more.
function addressOf(form) {
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  const counted = fields.filter(([name]) => name === "measure" || name === "by").map(([, value]) => value);
  const kept = fields.filter(([name, value]) => name !== "sort" || counted.includes(value));
  const sort = form.elements.sort;
  if (!counted.includes(sort.value)) sort.value = "";
  const query = new URLSearchParams(kept).toString();
  return query ? `?${query}` : location.pathname;
}
