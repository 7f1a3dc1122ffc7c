// A chart as a file: its title, its legend and its plot on one canvas.

import { handOut } from "./file.js";

const MARGIN = 24;

export function picture(figure, plot, series) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const scale = plot.ctx.canvas.width / plot.width;
  const canvas = document.createElement("canvas");
  canvas.width = (plot.width + 2 * MARGIN) * scale;
  canvas.height = (plot.height + 88) * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.fillStyle = color("--surface");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "middle";
  context.fillStyle = color("--text");
  context.font = `600 16px ${color("--font")}`;
  const title = figure.querySelector("h2").textContent.trim();
  context.fillText(title, MARGIN, 28);
  context.font = `12px ${color("--font")}`;
  let x = MARGIN;
  for (const { label, color: swatch } of series) {
    context.fillStyle = swatch;
    context.fillRect(x, 48, 12, 12);
    context.fillStyle = color("--muted");
    context.fillText(label, x + 18, 54);
    x += 18 + context.measureText(label).width + 20;
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(plot.ctx.canvas, MARGIN * scale, 72 * scale);
  canvas.toBlob((blob) => handOut(blob, `${figure.id || "chart"}.png`));
}
