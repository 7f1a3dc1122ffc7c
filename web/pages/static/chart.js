// Charts, drawn from the tables beside them.
//
// <figure data-chart="line|bars|stacked" data-as="number|percent|decimal"> holds a <table> and a <div data-plot>. Columns whose <th scope="col">
// has data-color="NAME" are series, in the colour --swatch that the style sheet gives for the name. Of a row the <th scope="row"> is the label
// (data-short: where there is little room), and of a cell data-value the number ("" for none); an <a> in a cell is where a click on
// its bar leads. <button data-png> and <button data-csv> hand out the chart and its table as files.

import uPlot from "./vendor/uPlot/uPlot.min.js";
import { FORMATS } from "./format.js";
import { picture } from "./picture.js";
import { spreadsheet } from "./spreadsheet.js";

const HEIGHT = 260;
const WIDE = 0.62; // of the room of a row
const WIDEST = 72; // pixels of a bar
const ruler = document.createElement("canvas").getContext("2d");
const drawn = new WeakMap(); // figure -> what is drawn there

function read(figure) {
  const table = figure.querySelector("table");
  const heads = [...table.tHead.rows[0].cells].filter((cell) => cell.dataset.color);
  const rows = [...table.tBodies[0].rows].filter((row) => row.cells.length > 1);
  return {
    kind: figure.dataset.chart,
    as: figure.dataset.as || "number",
    labels: rows.map((row) => row.querySelector("th").textContent.trim()),
    shorts: rows.map((row) => row.querySelector("th").dataset.short || row.querySelector("th").textContent.trim()),
    series: heads.map((head) => ({
      label: head.textContent.trim(),
      color: getComputedStyle(head).getPropertyValue("--swatch").trim(),
      values: rows.map((row) => value(row.cells[head.cellIndex])),
      links: rows.map((row) => row.cells[head.cellIndex].querySelector("a")?.getAttribute("href") ?? null),
    })),
  };
}

function value(cell) {
  const text = (cell.dataset.value ?? cell.querySelector("data")?.value ?? "").trim();
  return text === "" ? null : Number(text);
}

function draw(figure, always = false) {
  const read_ = read(figure);
  const known = drawn.get(figure);
  const text = JSON.stringify(read_);
  if (!always && known?.text === text) return;
  const place = figure.querySelector("[data-plot]");
  const width = Math.floor(place.clientWidth);
  if (!width) return;
  if (!read_.labels.length || !read_.series.length) {
    known?.plot.destroy();
    drawn.delete(figure);
    return;
  }
  const same = !always && known && alike(known.data, read_);
  if (same) {
    Object.assign(known, { text, data: read_ });
    known.plot.setData(columns(read_));
    return;
  }
  known?.plot.destroy();
  const one = { text, data: read_, plot: null };
  drawn.set(figure, one);
  one.plot = new uPlot(options(one, width, place), columns(read_), place);
}

// Whether a plot can show other numbers without being made anew.
function alike(old, next) {
  const outline = (read_) => JSON.stringify([read_.kind, read_.shorts, read_.series.map(({ label, color }) => [label, color])]);
  return outline(old) === outline(next);
}

// What uPlot draws: of stacked bars the sums, the tallest first, so that the lower ones are drawn over them.
function columns({ kind, labels, series }) {
  const places = labels.map((_, place) => place);
  if (kind !== "stacked") return [places, ...series.map((one) => one.values)];
  const sums = [];
  let below = places.map(() => 0);
  for (const one of series) {
    below = below.map((sum, place) => sum + (one.values[place] ?? 0));
    sums.unshift(below);
  }
  return [places, ...sums];
}

function options(one, width, place) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const { kind, as, series, labels } = one.data;
  const bars = kind !== "line";
  const count = labels.length;
  const axis = { stroke: color("--muted"), font: font(), ticks: { show: false }, grid: { stroke: color("--line"), width: 1 } };
  const drawnSeries = kind === "stacked" ? [...series].reverse() : series;
  return {
    width,
    height: HEIGHT,
    padding: [12, bars ? 12 : 32, 0, 0], // the last label of a line reaches beyond it
    legend: { show: false },
    cursor: { y: false, points: { show: kind === "line" }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: () => (bars ? [-0.5, count - 0.5] : count > 1 ? [0, count - 1] : [-1, 1]) },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.05 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, incrs: [1, 2, 5, 7, 10, 14, 20, 28, 50, 100, 200, 500, 1000], size: 28, gap: 6, space: 64, values: (plot, splits) => splits.map((at) => short(one.data.shorts[at], room(plot, splits))) },
      { ...axis, size: as === "percent" ? 64 : 56, incrs: as === "number" ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6] : undefined, values: (_, splits) => splits.map(FORMATS[as]) },
    ],
    series: [
      {},
      ...drawnSeries.map((found, rank) =>
        bars
          ? { label: found.label, stroke: found.color, fill: found.color, width: 0, points: { show: false }, paths: uPlot.paths.bars(kind === "bars" ? { radius: 0.08, disp: beside(one, width, rank) } : { size: [WIDE, WIDEST] }) }
          : { label: found.label, stroke: found.color, width: 2, points: { show: count < 2, size: 6 } },
      ),
    ],
    plugins: [pointed(one, place)],
  };
}

function font() {
  return `12px ${getComputedStyle(document.documentElement).getPropertyValue("--font").trim()}`;
}

// Pixels between two labels.
function room(plot, splits) {
  const all = plot.bbox.width / devicePixelRatio;
  return splits.length > 1 ? Math.abs(plot.valToPos(splits[1], "x") - plot.valToPos(splits[0], "x")) : all;
}

function short(label, wide) {
  if (label === undefined) return "";
  ruler.font = font();
  let text = label;
  while (text.length > 2 && ruler.measureText(text).width > wide - 8) text = `${text.slice(0, -2).trimEnd()}…`;
  return text;
}

// How much of the room of a row its bars take, those of all series side by side.
function group(one, width) {
  const { series, labels } = one.data;
  return Math.min(WIDE, (WIDEST * series.length * labels.length) / width);
}

function beside(one, width, rank) {
  const wide = group(one, width);
  const each = wide / one.data.series.length;
  return {
    x0: { unit: 1, values: () => one.data.labels.map((_, row) => row - wide / 2 + rank * each) },
    size: { unit: 1, values: () => [each * (one.data.series.length > 1 ? 0.92 : 1)] },
  };
}

// What the pointer is on: a small list of numbers, and where a click leads.
function pointed(one, place) {
  const tip = document.createElement("div");
  tip.className = "plot-tip";
  tip.hidden = true;

  function under(plot) {
    const { idx, left, top } = plot.cursor;
    if (idx === null || idx === undefined || one.data.kind === "line") return null;
    const height = plot.posToVal(top, "y");
    if (one.data.kind === "bars") {
      const wide = group(one, plot.width);
      const found = one.data.series[Math.floor(((plot.posToVal(left, "x") - idx + wide / 2) / wide) * one.data.series.length)];
      return found && height >= 0 && height <= (found.values[idx] ?? 0) ? found.links[idx] : null;
    }
    let sum = 0;
    for (const found of one.data.series) {
      sum += found.values[idx] ?? 0;
      if (height <= sum && height >= 0) return found.links[idx];
    }
    return null;
  }

  function tell(plot) {
    const { idx, left } = plot.cursor;
    tip.hidden = idx === null || idx === undefined || left < 0;
    if (tip.hidden) return;
    const rows = one.data.series.map((found) => {
      const row = document.createElement("div");
      const mark = document.createElement("i");
      mark.style.background = found.color;
      const label = document.createElement("span");
      label.textContent = found.label;
      const number = document.createElement("b");
      number.textContent = FORMATS[one.data.as](found.values[idx]);
      row.append(mark, label, number);
      return row;
    });
    const title = document.createElement("p");
    title.textContent = one.data.labels[idx];
    tip.replaceChildren(title, ...(one.data.kind === "stacked" ? rows.reverse() : rows));
    const room = plot.over.clientWidth;
    const right = left > room / 2;
    tip.style.left = right ? "auto" : `${left + 16}px`;
    tip.style.right = right ? `${room - left + 16}px` : "auto";
    plot.over.style.cursor = under(plot) ? "pointer" : "default";
  }

  return {
    hooks: {
      init: (plot) => {
        plot.over.append(tip);
        plot.over.addEventListener("click", () => {
          const to = under(plot);
          if (to) location.assign(to);
        });
      },
      setCursor: tell,
    },
  };
}

// ---- when ----

const sizes = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const figure = entry.target.closest("figure");
    const known = drawn.get(figure);
    const width = Math.floor(entry.contentRect.width);
    if (known && known.plot.width !== width) draw(figure, true);
    else if (!known) draw(figure);
  }
});

function all(always) {
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    draw(figure, always);
    sizes.observe(figure.querySelector("[data-plot]"));
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all(true));
document.addEventListener("tally:morphed", () => all(false));
document.addEventListener("click", (event) => {
  const figure = event.target.closest("[data-png], [data-csv]")?.closest("figure");
  const known = figure && drawn.get(figure);
  if (!known) return;
  if (event.target.closest("[data-csv]")) spreadsheet(figure);
  else picture(figure, known.plot, known.data.series);
});
all(false);
