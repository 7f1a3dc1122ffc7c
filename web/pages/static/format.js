// How numbers are written for people; web/pages/formats.py writes them the same way.

export const NOTHING = "–";
const SPACE = "\u202f";

export function number(value) {
  return value === null ? NOTHING : String(value).replace(/\B(?=(\d{3})+$)/g, SPACE);
}

export function percent(value) {
  return value === null ? NOTHING : `${(value * 100).toFixed(1)}${SPACE}%`;
}

export function decimal(value) {
  return value === null ? NOTHING : value.toFixed(1);
}

export const FORMATS = { number, percent, decimal };
