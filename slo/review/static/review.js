// Graphs beside tables: a table that says so is drawn as well, of the numbers that it has itself.
// Without scripts the tables tell the same.
import { barChart, color, lineChart } from "../web/charts.js";

const number = (text) => (text === undefined || text === "" ? null : Number(text));
const rowsOf = (table) => [...table.tBodies[0].rows].filter((row) => "at" in row.dataset);

const marksOf = (table) => JSON.parse(table.dataset.marks ?? "[]").map((mark) => ({
  ...mark, color: color("--bad"),
}));
const line = (name, values, more) => ({
  name, values, unit: "percentunit", decimals: 1, scale: 0, width: 1.5, dash: [], fill: 0, style: "line",
  points: "never", stepped: false, span_nulls: false, color: color("--accent"), ...more,
});
const scale = (label, more) => ({ min: null, max: null, soft_min: 0, soft_max: null, log: null,
  unit: "percentunit", label, ...more });

/** Days or steps: of each row its time and the numbers of the columns that have a name. */
const overTime = (place, table) => {
  const rows = rowsOf(table);
  if (!rows.length) return () => {};
  const step = Number(table.dataset.step);
  const times = rows.map((row) => Number(row.dataset.at));
  const heads = [...table.tHead.rows[0].cells];
  const columns = heads.flatMap((head, index) => (head.dataset.draw ? [{ head, index }] : []));
  const colors = ["--accent", "--warn", "--text", "--muted", "--bad", "--link"];
  const series = columns.map(({ head, index }, order) => line(head.textContent.trim(),
    rows.map((row) => number(row.cells[index].dataset.value)), {
      style: head.dataset.draw === "bars" ? "bars" : "line",
      fill: head.dataset.draw === "bars" ? 0.55 : 0,
      scale: Number(head.dataset.scale ?? 0),
      color: color(colors[order % colors.length]),
      width: head.dataset.draw === "bars" ? 1 : 2,
    }));
  const labels = (table.dataset.scales ?? "").split("|");
  const most = table.dataset.most === undefined ? {} : { soft_max: Number(table.dataset.most) };
  return lineChart(place, {
    times, step, series, stacked: false, thresholds: null,
    from: times[0] - step, to: times.at(-1) + step,
    scales: labels.map((label) => scale(label, most)),
  }, { marks: marksOf(table) });
};

const byName = (place, table) => {
  const rows = [...table.tBodies[0].rows];
  return barChart(place, {
    names: rows.map((row) => row.cells[0].textContent.trim()),
    values: rows.map((row) => Number(row.cells[1].dataset.value)),
    unit: "short", decimals: 0, color: "--accent", whole: true, label: table.caption?.textContent ?? "",
  });
};

const KINDS = { time: overTime, names: byName };
const drawn = new Map();
const draw = (figure) => {
  drawn.get(figure)?.();
  const table = figure.querySelector("table");
  drawn.set(figure, KINDS[figure.dataset.graph](figure.querySelector(".plot"), table));
  figure.dataset.drawn = "1";
};
const figures = [...document.querySelectorAll("figure[data-graph]")];
const soon = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting && !drawn.has(target)) draw(target);
  }
}, { rootMargin: "400px" });
figures.forEach((figure) => soon.observe(figure));
// Colours of lines are chosen when they are drawn.
document.addEventListener("themechange", () => [...drawn.keys()].forEach(draw));

// On paper: light, all of it drawn, and nothing folded that belongs to the report.
let before = null;
addEventListener("beforeprint", () => {
  const root = document.documentElement;
  const folded = [...document.querySelectorAll("details.paper:not([open])")];
  before = { theme: root.dataset.theme, folded };
  root.dataset.theme = "light";
  folded.forEach((each) => { each.open = true; });
  document.dispatchEvent(new CustomEvent("themechange"));
  figures.forEach(draw);
});
addEventListener("afterprint", () => {
  if (before === null) return;
  if (before.theme) document.documentElement.dataset.theme = before.theme;
  else delete document.documentElement.dataset.theme;
  before.folded.forEach((each) => { each.open = false; });
  document.dispatchEvent(new CustomEvent("themechange"));
  before = null;
});

// g and a letter lead to a page, as on many sites; ? says so.
const PLACES = { n: "/", i: "/incidents", r: "/reviews", c: "/changes", m: "/maintenance" };
let isLed = false;
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isLed && event.key in PLACES) location.href = PLACES[event.key];
  isLed = event.key === "g";
});
