// Pause, resume and unenroll the enrollments that are ticked.
//
// <tr id data-enrollment="{…}" data-status data-who> is an enrollment, <input data-tick> in it ticks it, <input data-tick-all> ticks all,
// <button data-action="pause|resume|unenroll"> asks, <… data-ticked> says how many are ticked, and <… data-asked> in a row that something was
// asked. The server answers when the log has what was asked for; it is done when the row has come back with the status that was wanted. Of
// what is not in the list any more the server is asked.

import { refresh } from "./live.js";
import { byKeys, confirmed, told } from "./told.js";

const MOST = 500; // enrollments in one request
const PATIENCE = 20000;
const WAYS = {
  pause: { fits: ["active"], name: "Pause", ask: "to pause", done: "Paused", undo: "resume" },
  resume: { fits: ["paused"], name: "Resume", ask: "to resume", done: "Resumed", undo: "pause" },
  unenroll: { fits: ["active", "paused", "scheduled"], name: "Unenroll", ask: "to unenroll", done: "Unenrolled", undo: null },
};

const asked = new Map(); // id of a row -> what was asked of it and is not done yet
let latest = null; // what was asked last, which is told of
let busy = false;
let looking = false;

const rows = () => [...document.querySelectorAll("tr[data-enrollment]")];
const box = (row) => row.querySelector("[data-tick]");
const ticked = () => rows().filter((row) => box(row)?.checked);
const fitting = (action) => ticked().filter((row) => !asked.has(row.id) && WAYS[action].fits.includes(row.dataset.status));
const some = (number) => `${number} enrollment${number === 1 ? "" : "s"}`;

// ---- what can be done ----

function sync() {
  const all = rows();
  const chosen = ticked();
  const every = document.querySelector("[data-tick-all]");
  if (every) {
    every.checked = chosen.length > 0 && chosen.length === all.length;
    every.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
  for (const row of all) {
    const one = asked.get(row.id);
    row.classList.toggle("ticked", Boolean(box(row)?.checked));
    row.querySelector("[data-asked]").textContent = one ? (one.late ? `asked ${one.way.ask}, not back yet` : `asked ${one.way.ask} …`) : "";
  }
  const text = document.querySelector("[data-ticked]");
  const waits = document.querySelector("table[data-waits]") !== null;
  if (text && chosen.length) text.textContent = `${chosen.length} ticked${waits ? " · the list waits for you" : ""}`;
  else if (text) text.textContent = waits ? "The list waits until the pointer has left it" : text.dataset.none;
  for (const button of document.querySelectorAll("button[data-action]")) {
    const number = fitting(button.dataset.action).length;
    button.disabled = busy || number === 0;
    const dots = button.dataset.action === "unenroll" ? "…" : "";
    button.textContent = `${WAYS[button.dataset.action].name}${number ? ` ${number}` : ""}${dots}`;
  }
}

// ---- asking ----

async function act(action, enrollments, keys) {
  const way = WAYS[action];
  const batch = { way, keys, waiting: new Set(), done: [], otherwise: [], refused: [], failure: "", late: false };
  latest = batch;
  busy = true;
  sync();
  told.say(`Asking ${way.ask} ${some(enrollments.length)} …`);
  for (let first = 0; first < enrollments.length && !batch.failure; first += MOST) {
    await send(action, enrollments.slice(first, first + MOST), batch);
  }
  busy = false;
  batch.timer = setTimeout(() => late(batch), PATIENCE);
  refresh();
  settle();
  tell(batch);
}

async function post(action, enrollments, more = {}) {
  const answer = await fetch("/v1/actions", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Tally-CSRF": document.querySelector('meta[name="csrf"]').content },
    body: JSON.stringify({ action, enrollments: enrollments.map((one) => JSON.parse(one.key)), ...more }),
  });
  return [answer, await answer.json()];
}

async function send(action, enrollments, batch) {
  let answer;
  let body;
  try {
    [answer, body] = await post(action, enrollments);
  } catch {
    batch.failure = "The server does not answer, so nobody knows what was done. The list shows it when it is back; to ask again does no harm.";
    return;
  }
  const verdicts = body.enrollments ?? [];
  for (const verdict of verdicts) judge(verdict, enrollments[verdict.index], batch);
  if (answer.status === 401) batch.failure = "You are not signed in any more, and nothing was done. Load the page again to sign in.";
  else if (!answer.ok && (answer.status !== 400 || !verdicts.length)) batch.failure = sentence(body.detail ?? "It did not work");
}

function judge(verdict, one, batch) {
  if (verdict.status === "refused") {
    batch.refused.push({ who: one.who, why: verdict.detail });
    return;
  }
  const row = document.getElementById(one.id);
  if (row && box(row) && verdict.status === "accepted") box(row).checked = false;
  if (verdict.status !== "accepted") return;
  const entry = { ...one, way: batch.way, batch, was: verdict.current, wanted: verdict.wanted, late: false };
  asked.get(one.id)?.batch.waiting.delete(one.id);
  asked.set(one.id, entry);
  batch.waiting.add(one.id);
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

// ---- until it has come back ----

function settle() {
  const here = new Map();
  const away = [];
  for (const [id, one] of asked) {
    const row = document.getElementById(id);
    if (row && !("left" in row.dataset)) here.set(id, row.dataset.status);
    else away.push(one);
  }
  conclude(here);
  if (away.length && !looking) look(away.slice(0, MOST));
}

// How they stand that are not in the list any more.
async function look(away) {
  looking = true;
  try {
    const [, body] = await post("pause", away, { dry_run: true });
    conclude(new Map((body.enrollments ?? []).map((one) => [away[one.index].id, one.current])));
  } catch {
    // the server is away, and is asked with the next numbers
  } finally {
    looking = false;
  }
}

// statuses: id of a row -> how the enrollment stands now.
function conclude(statuses) {
  const changed = new Set();
  for (const [id, status] of statuses) {
    const one = asked.get(id);
    if (!one || status === undefined || (status === one.was && status !== one.wanted)) continue;
    asked.delete(id);
    one.batch.waiting.delete(id);
    (status === one.wanted ? one.batch.done : one.batch.otherwise).push({ ...one, status });
    changed.add(one.batch);
  }
  sync();
  for (const batch of changed) tell(batch);
}

function late(batch) {
  if (!batch.waiting.size) return;
  for (const id of batch.waiting) asked.get(id).late = true;
  batch.late = true;
  sync();
  tell(batch);
}

function tell(batch) {
  if (batch !== latest) return; // something newer is told of; the rows say themselves that they wait
  const { way, waiting, done, otherwise, refused, failure } = batch;
  const lines = [];
  if (waiting.size && batch.late) {
    lines.push(`${some(waiting.size)} ${waiting.size === 1 ? "has" : "have"} not come back after ${PATIENCE / 1000} s: no worker has counted what was asked yet. It is in the log, and not lost.`);
  } else if (waiting.size) {
    lines.push(`Asked ${way.ask} ${some(waiting.size)}; waiting until that has come back …`);
  }
  if (done.length) lines.push(`${way.done} ${some(done.length)}.`);
  for (const one of otherwise) lines.push(`${one.who} is ${one.status} by now.`);
  if (refused.length > 5) lines.push(`${refused.length} were refused, the first of them:`);
  for (const one of refused.slice(0, 5)) lines.push(`Refused for ${one.who}: ${sentence(one.why)}`);
  if (failure) lines.push(failure);
  const undo = way.undo && done.length && !waiting.size ? (keys) => act(way.undo, done, keys) : null;
  told.say(lines, { undo, keys: batch.keys, bad: Boolean(failure || refused.length || (batch.late && waiting.size)) });
}

// ---- when ----

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) {
    for (const row of rows()) box(row).checked = event.target.checked;
  } else if (!event.target.matches("[data-tick]")) return;
  sync();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button || button.disabled) return;
  const action = button.dataset.action;
  const chosen = fitting(action).map((row) => ({ id: row.id, key: row.dataset.enrollment, who: row.dataset.who }));
  if (action === "unenroll" && !(await confirmed(chosen.map((one) => one.who)))) return;
  act(action, chosen, byKeys(event));
});

document.addEventListener("tally:morphed", settle);
sync();
