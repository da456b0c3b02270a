// Draws one panel from what the server worked out; nothing of it is taken as HTML but texts, which
// the server has made safe.
import { course, dial, heatChart, heatColor, lineChart, make, stateChart } from "/static/web/charts.js";
import { format, moment } from "/static/web/units.js";

const shownValue = (item) => item.text ?? format(item.value, item.unit, item.decimals);

/** An address of a link, or of nothing where a script could be in it. */
const anchor = (link, content, properties = {}) => make("a", { ...properties, href: link.href,
  target: link.blank ? "_blank" : undefined, rel: link.blank ? "noopener noreferrer" : undefined }, content);

const linked = (item, content, properties = {}) => (item.links?.length
  ? anchor(item.links[0], content, { ...properties, title: item.links[0].title })
  : make("span", properties, content));

const empty = (place, drawing) => place.replaceChildren(make("p", { class: "empty" }, drawing.no_value || "No data"));

/** Black or white, whichever can be read on a colour. */
const readable = (code) => {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(code);
  if (!match) return "inherit";
  const [red, green, blue] = match.slice(1).map((each) => (Number.parseInt(each, 16) / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? "#000" : "#fff";
};

const stat = (place, drawing) => {
  if (!drawing.items.length) return empty(place, drawing);
  const items = drawing.items.map((item) => {
    const isPainted = drawing.paint === "background" && item.color !== "transparent";
    const ink = isPainted ? readable(item.color) : null;
    const parts = [];
    if (["both", "name"].includes(drawing.names)) parts.push(make("span", { class: "stat-name" }, item.name));
    if (["both", "value"].includes(drawing.names)) {
      const style = drawing.paint === "value" ? { color: `color-mix(in srgb, ${item.color} 75%, var(--text))` } : {};
      parts.push(linked(item, shownValue(item), { class: "stat-value", style }));
    }
    if (item.course.filter((each) => each !== null).length > 1) {
      parts.push(course(item.course, isPainted ? ink : item.color));
    }
    const box = make("div", { class: "stat", style: isPainted ? { background: item.color, color: ink } : {} }, ...parts);
    box.style.setProperty("--characters", String(Math.max(shownValue(item).length, 3)));
    return box;
  });
  place.replaceChildren(make("div", { class: "stats" }, ...items));
};

const bars = (place, drawing) => {
  if (!drawing.items.length) return empty(place, drawing);
  const box = make("div", { class: `bars ${drawing.upright ? "upright" : drawing.above ? "above" : ""}` }, ...drawing.items.map((item) => {
    const fill = make("div", { class: "bar-fill", style: { background: item.color,
      [drawing.upright ? "height" : "width"]: `${100 * item.share}%` } });
    return make("div", { class: "bar-item" },
      linked(item, item.name, { class: "bar-name", title: item.name }),
      make("div", { class: "bar-track" }, fill),
      make("span", { class: "bar-value", style: { color: `color-mix(in srgb, ${item.color} 70%, var(--text))` } }, shownValue(item)));
  }));
  box.style.setProperty("--characters", String(Math.max(...drawing.items.map((item) => shownValue(item).length))));
  place.replaceChildren(box);
};

const gauges = (place, drawing) => {
  if (!drawing.items.length) return empty(place, drawing);
  place.replaceChildren(make("div", { class: "gauges" }, ...drawing.items.map((item) =>
    make("div", { class: "gauge" }, dial(item.share, item.color, drawing.bands),
      linked(item, shownValue(item), { class: "gauge-value" }),
      drawing.items.length > 1 || drawing.names !== "value" ? make("span", { class: "gauge-name" }, item.name) : ""))));
};

const cellContent = (column, cell) => {
  if (cell.text !== undefined) return cell.text;
  if (cell.value === null) return "";
  if (column.kind === "number") return format(cell.value, column.unit, column.decimals);
  if (column.kind === "time") return moment(cell.value / 1000);
  return cell.value;
};

/** What does not fit is cut off, and told when it is pointed at. */
const widthOf = ({ width }) => (width ? { width: `${width}px`, maxWidth: `${width}px` } : {});

const table = (place, drawing, { state }) => {
  if (!drawing.rows || !drawing.columns.length) return empty(place, drawing);
  const draw = () => {
    const order = Array.from({ length: drawing.rows }, (_, row) => row);
    const sorted = drawing.columns.find((column) => column.name === state.sorted);
    if (sorted) {
      const key = (row) => sorted.cells[row].value;
      order.sort((one, other) => {
        const [a, b] = [key(one), key(other)];
        if (a === null || b === null) return (a === null) - (b === null);
        return (a < b ? -1 : a > b ? 1 : 0) * (state.down ? -1 : 1);
      });
    }
    const told = sorted ? { column: state.sorted, down: state.down } : drawing.sorted;
    const sort = (column) => {
      state.down = state.sorted === column.name && !state.down;
      state.sorted = column.name;
      draw();
      place.querySelector(`[data-column="${CSS.escape(column.name)}"]`)?.focus();
    };
    const head = drawing.columns.map((column) => make("th", { scope: "col",
      class: column.kind === "number" && column.align !== "left" ? "number" : "", style: widthOf(column),
      "aria-sort": told?.column === column.name ? (told.down ? "descending" : "ascending") : "none" },
    make("button", { type: "button", "data-column": column.name, onclick: () => sort(column) },
      column.name, told?.column === column.name ? (told.down ? " ↓" : " ↑") : "")));
    const rows = order.map((row) => make("tr", {}, ...drawing.columns.map((column) => {
      const cell = column.cells[row];
      const content = cellContent(column, cell);
      const isNumber = column.kind === "number" && column.align !== "left";
      const properties = { class: `${isNumber ? "number" : ""} ${column.wrap ? "wrap" : ""}`, style: widthOf(column) };
      if (column.width && !column.wrap) properties.title = content;
      if (column.style.startsWith("color-background")) {
        Object.assign(properties.style, { background: cell.color, color: readable(cell.color) });
      } else if (column.style === "color-text") {
        properties.style.color = `color-mix(in srgb, ${cell.color} 70%, var(--text))`;
      }
      const inner = cell.links?.length ? anchor(cell.links[0], content, { title: cell.links[0].title }) : content;
      if (cell.share === undefined) return make("td", properties, inner);
      return make("td", properties, make("span", { class: "cell-bar" },
        make("span", { style: { width: `${100 * cell.share}%`, background: cell.color } })), inner);
    })));
    place.replaceChildren(make("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" },
      make("table", {}, ...(drawing.header ? [make("thead", {}, make("tr", {}, ...head))] : []), make("tbody", {}, ...rows))));
  };
  draw();
};

const legendOf = (drawing, state, redraw) => {
  if (!drawing.legend.shown) return null;
  const all = drawing.series.length;
  const press = (index, event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      state.hidden.has(index) ? state.hidden.delete(index) : state.hidden.add(index);
    } else {
      const isAlone = state.hidden.size === all - 1 && !state.hidden.has(index);
      state.hidden = isAlone ? new Set() : new Set([...Array(all).keys()].filter((each) => each !== index));
    }
    redraw(index);
  };
  const button = (series, index) => make("button", { type: "button", "data-series": String(index),
    "aria-pressed": String(!state.hidden.has(index)), title: "Alone, or all again; with Ctrl this one too",
    onclick: (event) => press(index, event) },
  make("span", { class: "swatch", style: { background: series.color } }), series.name);
  const link = (series) => (series.links.length ? [anchor(series.links[0], "↗", { title: series.links[0].title, class: "follow",
    "aria-label": `${series.links[0].title}: ${series.name}` })] : []);
  if (drawing.legend.mode === "table" || drawing.legend.calculations.length) {
    const head = ["", ...drawing.legend.calculations].map((each, index) => make("th", { class: index ? "number" : "" }, each));
    return make("div", { class: "legend" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...drawing.series.map((series, index) => make("tr", {}, make("td", {}, button(series, index), ...link(series)),
        ...series.stats.map((each) => make("td", { class: "number" }, format(each, series.unit, series.decimals))))))));
  }
  return make("div", { class: "legend" }, ...drawing.series.map((series, index) =>
    make("span", {}, button(series, index), ...link(series))));
};

const timeSeries = (place, drawing, context) => {
  if (!drawing.series.some((each) => each.values.some((value) => value !== null))) return empty(place, drawing);
  const { state } = context;
  state.hidden = new Set([...(state.hidden ?? [])].filter((each) => each < drawing.series.length));
  if (state.hidden.size === drawing.series.length) state.hidden.clear();
  const graph = make("div", { class: "graph" });
  const box = make("div", { class: `with-legend ${drawing.legend.placement}` }, graph);
  place.replaceChildren(box);
  let end = () => {};
  const redraw = (focused) => {
    end();
    box.querySelector(".legend")?.remove();
    const legend = legendOf(drawing, state, redraw);
    if (legend) box.append(legend);
    end = lineChart(graph, drawing, { ...context, hidden: state.hidden });
    if (focused !== undefined) box.querySelector(`[data-series="${focused}"]`)?.focus();
  };
  redraw();
  return () => end();
};

const withKey = (place, entries, draw) => {
  const graph = make("div", { class: "graph" });
  const key = entries.length ? [make("div", { class: "legend" }, ...entries)] : [];
  place.replaceChildren(make("div", { class: "with-legend bottom" }, graph, ...key));
  return draw(graph);
};

const states = (place, drawing, context) => {
  if (!drawing.rows.some((row) => row.stretches.length)) return empty(place, drawing);
  const entries = drawing.meanings.map((each) => make("span", {},
    make("span", { class: "swatch tall", style: { background: each.color } }), each.text));
  return withKey(place, entries, (graph) => stateChart(graph, drawing, context));
};

const heat = (place, drawing, context) => {
  if (!drawing.cells.some((row) => row.some((value) => value !== null))) return empty(place, drawing);
  const said = (value) => format(value, drawing.unit, drawing.decimals);
  const steps = Array.from({ length: 12 }, (_, index) => drawing.low + ((drawing.high - drawing.low) * index) / 11);
  const ramp = make("span", { class: "ramp" }, ...steps.map((each) => make("span", { style: { background: heatColor(drawing, each) } })));
  return withKey(place, [said(drawing.low), ramp, said(drawing.high)], (graph) => heatChart(graph, drawing, context));
};

const words = (place, drawing) => {
  const box = make("div", { class: "words" });
  box.innerHTML = drawing.html; // from the server's Markdown, in which no HTML is left
  place.replaceChildren(box);
};

const unknown = (place, drawing) => place.replaceChildren(make("p", { class: "notice" }, drawing.said));

const DRAW = { stat, bargauge: bars, gauge: gauges, table, timeseries: timeSeries, "state-timeline": states,
  heatmap: heat, text: words, unknown };

/**
 * Draws a panel into its place; returns how to end what it keeps.
 * `context`: marks, onZoom, and a state that outlives refreshes.
 */
export const drawPanel = (place, drawing, context) => DRAW[drawing.kind](place, drawing, context) ?? (() => {});
