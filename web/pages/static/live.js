// Numbers that move while a page is looked at.
//
// <data data-line="SEQUENCE_ID" data-of="rates.open.value" data-as="percent">: is set at once from the line that /v1/live tells ("*": from the
// total). Only where no filter is set, as the lines have none.
// <... id="..." data-live>: is asked for again, as a part of the same page, whenever something has changed, and morphed into place: focus,
// selection, ticked boxes, open <details>, scroll positions and <... data-plot> stay as they are.
// data-again on it: it is an error that may pass, or something that moves and nobody tells of, so it is asked for again in any case.
// All of it is asked for now and then in any case, while it is looked at: what does not move any more is told by nobody.
// <body data-follow data-since="ID" data-zone="ZONE">: whether whoever looks may follow the numbers, up to where they are on the page, and the
// zone of the times that are said.
// document is told "tally:morphing" with the page that comes before that, "tally:morphed" after it, for modules that draw, and "tally:numbers"
// with what was told.

import { Idiomorph } from "./vendor/idiomorph/idiomorph.min.js";
import { FORMATS } from "./format.js";

const NOT_MODIFIED = 304;
const AT_MOST_EVERY = 2000;
const PATIENCE = 3000;
const AGAIN = 5000;
const PULSE = 15000;
const TOO_LONG = 60000;
const HIDDEN_FOR = 10000;

const bar = document.querySelector("[data-stale]");
const { follow: mayFollow, zone } = document.body.dataset;
let { since } = document.body.dataset; // up to where all is told that is here
let source = null;
let fresh = null; // no news yet: the page itself is the newest
let lost = null; // when the stream was cut, if it is
let unread = null; // since when the page cannot be had anew, if it cannot
let staleTimer = 0;
let againTimer = 0;
let hiddenTimer = 0;
let refreshTimer = 0;
let pulseTimer = 0;
let refreshing = false;
let dirty = false;
let refreshedAt = Date.now();
let tag = null;
let turn = 0; // of what is shown: what was asked for before it is older

// ---- the stream ----

function follow() {
  clearTimeout(againTimer);
  if (source || mayFollow === undefined) return;
  source = new EventSource(`/v1/live?${new URLSearchParams({ since })}`);
  source.addEventListener("open", () => {
    calm();
    lost = null;
    say();
    if (dirty || unread) refresh();
  });
  source.addEventListener("numbers", (event) => {
    const told = JSON.parse(event.data);
    const known = fresh === null && madeFrom(told.as_of);
    fresh = told;
    since = event.lastEventId;
    patch(told);
    document.dispatchEvent(new CustomEvent("tally:numbers", { detail: told }));
    if (!known) refresh();
  });
  source.addEventListener("error", () => {
    const at = new Date();
    staleTimer ||= setTimeout(() => {
      lost ??= at;
      say();
    }, PATIENCE);
    if (source && source.readyState === EventSource.CLOSED) {
      source = null; // refused: the browser does not come again by itself, and the page is all there is, or says why
      refresh();
      againTimer = setTimeout(follow, AGAIN);
    }
  });
}

// What the page was made from: "GENERATION EVENTS".
function asOf() {
  return (document.querySelector("[data-as-of]")?.dataset.asOf ?? "").split(" ").map(Number);
}

function madeFrom({ generation, applied }) {
  const [ours, events] = asOf();
  return ours === generation && events === applied;
}

function isBehind({ generation, applied }) {
  const [ours, events] = asOf();
  return ours === generation && events < applied;
}

function leave() {
  calm();
  clearTimeout(againTimer);
  source?.close();
  source = null;
}

function calm() {
  clearTimeout(staleTimer);
  staleTimer = 0;
}

// ---- that it is stale ----

// What has begun first: the other followed from it.
function say() {
  let text = "";
  if (unread && !(lost && lost <= unread)) text = `The numbers cannot be read since ${clock(unread)}, trying again.`;
  else if (lost) text = `Live updates are lost since ${clock(lost)}, trying again.`;
  if (bar.textContent === text) return; // it is read out once
  bar.firstElementChild.textContent = text;
  bar.classList.toggle("shown", text !== "");
}

function clock(time) {
  const parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  try {
    return `${time.toLocaleTimeString("en-GB", { ...parts, timeZone: zone })} (${zone})`;
  } catch {
    return `${time.toLocaleTimeString("en-GB", { ...parts, timeZone: "UTC" })} (UTC)`; // a zone that the browser does not know
  }
}

// ---- numbers in place ----

function patch(told) {
  const lines = new Map(told.sequences.map((line) => [line.sequence_id, line]));
  lines.set("*", told.total);
  for (const element of document.querySelectorAll("data[data-line]")) {
    const line = lines.get(element.dataset.line);
    if (line === undefined) continue;
    const value = element.dataset.of.split(".").reduce((found, name) => found?.[name], line);
    if (value === undefined) continue;
    show(element, value);
  }
}

function show(element, value) {
  const text = FORMATS[element.dataset.as](value);
  if (element.textContent === text) return;
  element.value = value === null ? "" : String(value);
  element.textContent = text;
  mark(element);
}

function mark(element) {
  element.classList.remove("moved");
  requestAnimationFrame(() => element.classList.add("moved"));
}

document.addEventListener("animationend", (event) => event.target.classList?.remove("moved"));

// ---- parts of the page anew ----

/** Ask for the page again, soon; actions call it when they have changed something. whole: also if it has not changed since. */
export function refresh({ whole = false } = {}) {
  if (whole) tag = null;
  dirty = true;
  if (refreshing || refreshTimer || document.hidden || !document.querySelector("[data-live]")) return;
  refreshTimer = setTimeout(load, Math.max(0, refreshedAt + AT_MOST_EVERY - Date.now()));
}

async function load() {
  refreshTimer = 0;
  refreshing = true;
  dirty = false;
  const address = location.href;
  const asked = turn;
  try {
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch(address, { headers, cache: "no-store", signal: AbortSignal.timeout(TOO_LONG) });
    if (answer.redirected) {
      location.reload(); // to sign in
      return;
    }
    if (address !== location.href || asked !== turn) dirty = true; // a module shows something else by now
    else if (answer.ok) {
      const page = await answer.text();
      tag = answer.headers.get("ETag");
      morph(new DOMParser().parseFromString(page, "text/html"));
    }
    unread = answer.ok || answer.status === NOT_MODIFIED ? null : (unread ?? new Date());
    say();
  } catch {
    unread ??= new Date(); // the server is away
    setTimeout(say, PATIENCE); // or the page is being left
  } finally {
    refreshedAt = Date.now();
    refreshing = false;
    if (dirty && !unread) refresh();
    pulse();
  }
}

// Until the page is asked for in any case.
function pulse() {
  clearTimeout(pulseTimer);
  pulseTimer = setTimeout(() => refresh(), unread || document.querySelector("[data-again]") ? AGAIN : PULSE);
}

/** Put the live parts of a page that was asked for into place. */
export function morph(page) {
  turn += 1;
  // A browser without a cookie gets a value with each page, and only the last one counts.
  document.querySelector('meta[name="csrf"]').content = page.querySelector('meta[name="csrf"]').content;
  document.dispatchEvent(new CustomEvent("tally:morphing", { detail: page }));
  for (const part of document.querySelectorAll("[data-live]")) {
    const made = page.getElementById(part.id);
    if (made) Idiomorph.morph(part, made, { ignoreActiveValue: true, callbacks });
  }
  document.title = page.title;
  if (fresh && isBehind(fresh.as_of)) patch(fresh);
  document.dispatchEvent(new CustomEvent("tally:morphed"));
}

const KEPT = {
  INPUT: ["checked", "value"],
  TEXTAREA: ["value"],
  OPTION: ["selected"],
  DETAILS: ["open"],
  DIALOG: ["open"],
};

const callbacks = {
  beforeNodeMorphed: (old, made) => {
    if (old.tagName === "DATA" && made.tagName === "DATA" && old.textContent !== made.textContent) mark(old);
    return !old.dataset || !("plot" in old.dataset);
  },
  // What somebody has done stays done; hidden fields are the page's own.
  beforeAttributeUpdated: (name, element) => element.type === "hidden" || !KEPT[element.tagName]?.includes(name),
};

// ---- as long as it is looked at ----

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) {
    // A browser has few connections for each server: tabs in the background give theirs back.
    hiddenTimer = setTimeout(leave, HIDDEN_FOR);
  } else {
    if (!source) follow();
    refresh();
  }
});
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    follow();
    refresh();
  }
});

if (document.querySelector("[data-live], [data-line]")) {
  follow();
  pulse();
}
