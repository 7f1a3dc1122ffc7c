// The table of a chart as a file of CSV (RFC 4180): what the chart shows, no more and no less. Numbers are as they are, not as they are written
// for people. A text that a spreadsheet would take for a formula gets an apostrophe in front, as in projections/export/csv.py.

import { handOut } from "./file.js";

const FORMULA = /(^|;)(?=[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])/gu;

export function spreadsheet(figure) {
  const lines = [...figure.querySelector("table").rows].map((row) => [...row.cells].map((cell) => quoted(content(cell))).join(","));
  handOut(new Blob([lines.map((line) => `${line}\r\n`).join("")], { type: "text/csv" }), `${figure.id || "chart"}.csv`);
}

function content(cell) {
  const number = cell.dataset.value ?? cell.querySelector("data")?.value;
  if (number !== undefined) return number;
  return cell.textContent.trim().replace(FORMULA, "$1'");
}

function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
