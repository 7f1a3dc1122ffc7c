// Small comforts of forms and menus; without them everything works as well.

// Fields without a value stay out of the address.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "get") return;
  for (const field of event.target.elements) {
    if (field.name && field.value === "") field.disabled = true;
  }
});

// A range has its first day first; said at the field, as the page that says so has no form.
document.addEventListener("input", (event) => {
  const { enrolled_from: first, enrolled_to: last } = event.target.form?.elements ?? {};
  if (!first || !last) return;
  const wrong = first.value !== "" && last.value !== "" && last.value < first.value;
  last.setCustomValidity(wrong ? "This is before the first day." : "");
});

// Back from the history, they can be filled in again.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[method=get] :disabled")) field.disabled = false;
});

// Menus close when something else is meant.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest?.("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (document.activeElement?.matches?.(".explain")) {
    document.activeElement.blur();
  }
  document.documentElement.classList.add("tips-off");
});

document.addEventListener("pointermove", () => document.documentElement.classList.remove("tips-off"));
document.addEventListener("focusin", () => document.documentElement.classList.remove("tips-off"));
