// The rows of a list stay where they are while somebody works on them: as long as one is ticked, or the pointer is on them. What they say moves
// on; other rows come, and those that are not of the list any more go, when the work is done.
//
// <table id data-steady> is such a list, of which every row has an id. While its rows wait it has data-waits, and a row that would be gone
// has data-left.

import { refresh } from "./live.js";

const canHover = matchMedia("(hover: hover)"); // elsewhere a touched element counts as hovered until another is touched

const lists = () => document.querySelectorAll("table[data-steady]");
const isWorkedOn = (table) =>
  table.querySelector("[data-tick]:checked") !== null || (canHover.matches && table.tBodies[0].matches(":hover"));

document.addEventListener("tally:morphing", ({ detail: page }) => {
  for (const table of lists()) {
    const coming = page.getElementById(table.id);
    if (coming && isWorkedOn(table)) hold(table, coming);
  }
});

// Let the rows that come be those that are here.
function hold(table, coming) {
  const rows = [...table.tBodies[0].rows];
  const fresh = new Map([...coming.tBodies[0].rows].map((row) => [row.id, row]));
  const ids = (all) => all.map((row) => row.id).join(" ");
  coming.toggleAttribute("data-waits", ids(rows) !== ids([...fresh.values()]));
  coming.tBodies[0].replaceChildren(...rows.map((row) => fresh.get(row.id) ?? left(row)));
}

function left(row) {
  const copy = row.cloneNode(true);
  copy.dataset.left = "";
  return copy;
}

function moveOn() {
  for (const table of lists()) {
    if ("waits" in table.dataset && !isWorkedOn(table)) refresh({ whole: true });
  }
}

document.addEventListener("change", moveOn);
document.addEventListener("pointerout", (event) => {
  if (event.target.closest?.("table[data-steady]")) setTimeout(moveOn); // when it is known where the pointer is now
});
