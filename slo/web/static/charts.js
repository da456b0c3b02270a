// The one chart script: lines, bands of states and heat maps over time, on uPlot; and small courses.
// Every chart follows the size of its place and the theme, shares its cursor with the others of the
// page, tells its values to the pointer and to arrow keys, and hands out the range that is dragged.
import { format, moment } from "./units.js";

const FONT = '11px system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';
const SYNC = "page";
const SHORT_RANGE_SECONDS = 2 * 3600;
const MOST_TOLD = 24;
const probe = document.createElement("span");
const colors = new Map();
document.addEventListener("themechange", () => colors.clear()); // before any chart is drawn anew

/** A colour of the style sheet, as canvases know it; asked for once, for the page is styled each time. */
export const color = (name) => {
  if (!probe.isConnected) {
    probe.hidden = true;
    document.body.append(probe);
  }
  if (!colors.has(name)) {
    probe.style.color = `var(${name})`;
    colors.set(name, getComputedStyle(probe).color);
  }
  return colors.get(name);
};

/** An element with properties and children; texts are texts, never HTML. */
export const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "class") element.className = value;
    else if (name === "style") Object.assign(element.style, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

const alpha = (code, share) => {
  if (code === "transparent") return code;
  return `color-mix(in srgb, ${code} ${Math.round(share * 100)}%, transparent)`;
};

// --- what a cursor tells ------------------------------------------------------------------------

const tip = make("div", { class: "chart-tip", role: "status", hidden: true });
let tipOwner = null;

const showTip = (owner, content, x, y) => {
  if (!tip.isConnected) document.body.append(tip);
  tipOwner = owner;
  tip.replaceChildren(...content);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 16 + width > innerWidth ? x - width - 16 : x + 16;
  const top = Math.min(Math.max(y - height / 2, 4), innerHeight - height - 4);
  tip.style.left = `${Math.max(left, 4)}px`;
  tip.style.top = `${top}px`;
};
const hideTip = (owner) => {
  if (tipOwner !== owner) return;
  tip.hidden = true;
  tipOwner = null;
};
const swatch = (code) => make("span", { class: "swatch", style: { background: code } });
const told = (seconds, rows) => [
  make("time", {}, moment(seconds)),
  make("table", {}, ...rows.map(([code, name, value]) =>
    make("tr", {}, make("td", {}, swatch(code), name), make("td", { class: "number" }, value)))),
];

// --- the frame of all charts --------------------------------------------------------------------

/** Draws a chart into `place`, and again when its size or the theme changes; returns how to end it. */
const frame = (place, label, build) => {
  const box = make("div", { class: "chart", tabindex: "0", role: "img", "aria-label": label });
  place.replaceChildren(box);
  let plot = null;
  const draw = () => {
    const { clientWidth: width, clientHeight: height } = box;
    if (width < 20 || height < 20) return;
    plot?.destroy();
    plot = build(box, width, height);
  };
  const sizes = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = box;
    if (plot === null || plot.width !== width || plot.height !== height) draw();
  });
  sizes.observe(box);
  document.addEventListener("themechange", draw);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || plot === null) return;
    event.preventDefault();
    const last = plot.data[0].length - 1;
    const from = plot.cursor.idx ?? (step > 0 ? -1 : last + 1);
    const index = Math.min(Math.max(from + step * (event.shiftKey ? 10 : 1), 0), last);
    plot.isTold = plot.isByKey = true;
    const left = plot.valToPos(plot.data[0][index], "x");
    plot.setCursor({ left, top: plot.over.clientHeight / 2 });
  });
  box.addEventListener("blur", () => {
    if (plot) plot.isTold = false;
    hideTip(box);
  });
  draw();
  return () => {
    sizes.disconnect();
    document.removeEventListener("themechange", draw);
    hideTip(box);
    plot?.destroy();
    plot = null;
  };
};

const timeAxis = () => ({
  stroke: color("--muted"),
  grid: { stroke: color("--grid-line"), width: 1 },
  ticks: { stroke: color("--grid-line"), width: 1, size: 4 },
  font: FONT,
  size: 24,
  gap: 3,
  space: 70,
  values: (plot, splits) => {
    const length = plot.scales.x.max - plot.scales.x.min;
    let before = "";
    return splits.map((each) => {
      const at = new Date(each * 1000);
      const two = (value) => String(value).padStart(2, "0");
      const day = `${two(at.getMonth() + 1)}/${two(at.getDate())}`;
      const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
      if (length > 4 * 86400) return day;
      if (length > 86400) {
        const isNew = before !== day;
        before = day;
        return isNew && splits.length < 9 ? `${day} ${time}` : time;
      }
      return length < 600 ? `${time}:${two(at.getSeconds())}` : time;
    });
  },
});

const options = (box, width, height, { from, to, marks, onZoom, tell }, more) => ({
  width,
  height,
  padding: [8, 14, 0, 0],
  legend: { show: false },
  ...more,
  scales: { x: { time: true, range: () => [from, to] }, ...more.scales },
  cursor: {
    sync: { key: SYNC, scales: ["x", null] },
    points: more.points ?? { size: 6 },
    drag: { x: Boolean(onZoom), y: false, setScale: false },
    focus: { prox: 24 },
    y: false,
    ...more.cursor,
  },
  hooks: {
    ...more.hooks,
    init: [(plot) => {
      plot.over.addEventListener("mousemove", () => {
        plot.isTold = true;
        plot.isByKey = false;
      }, { capture: true });
      plot.over.addEventListener("mouseleave", () => {
        plot.isTold = false;
        hideTip(box);
      });
    }],
    draw: [...(more.hooks?.draw ?? []), (plot) => drawMarks(plot, marks ?? [], !more.hasColors)],
    setCursor: [(plot) => {
      if (!plot.isTold) return;
      const { left, top } = plot.cursor;
      const content = left >= 0 ? tell(plot, plot.posToVal(left, "x"), top) : null;
      if (!content) return hideTip(box);
      const place = plot.over.getBoundingClientRect();
      showTip(box, content, place.left + left, place.top + top);
    }],
    setSelect: [(plot) => {
      const { left, width: wide } = plot.select;
      if (wide < 8 || !onZoom) return;
      onZoom(plot.posToVal(left, "x"), plot.posToVal(left + wide, "x"));
      plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    }],
  },
});

const drawMarks = (plot, marks, isFilled) => {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const mark of marks) {
    const begin = plot.valToPos(mark.from, "x", true);
    const end = plot.valToPos(mark.to, "x", true);
    if (end < bbox.left || begin > bbox.left + bbox.width) continue;
    if (isFilled) {
      ctx.fillStyle = alpha(mark.color, 0.1);
      ctx.fillRect(begin, bbox.top, Math.max(end - begin, 1), bbox.height);
    }
    ctx.strokeStyle = mark.color;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const x of new Set([begin, end])) {
      ctx.beginPath();
      ctx.moveTo(Math.round(x) + 0.5, bbox.top);
      ctx.lineTo(Math.round(x) + 0.5, bbox.top + bbox.height);
      ctx.stroke();
    }
  }
  ctx.restore();
};

const marksAt = (marks, seconds, tolerance) => (marks ?? [])
  .filter((mark) => seconds >= mark.from - tolerance && seconds <= mark.to + tolerance)
  .slice(0, 6)
  .map((mark) => [mark.color, `${mark.title} ${mark.text}`.trim(), ""]);

// --- lines --------------------------------------------------------------------------------------

const stack = (series) => {
  const sums = [];
  return series.map(({ values }) => values.map((value, index) => {
    if (value === null) return null;
    sums[index] = (sums[index] ?? 0) + value;
    return sums[index];
  }));
};

const scaleRange = (scale) => (plot, low, high) => {
  let least = scale.min ?? low;
  let most = scale.max ?? high;
  if (least === null || most === null) return [0, 1];
  if (scale.soft_min !== null && scale.min === null) least = Math.min(least, scale.soft_min);
  if (scale.soft_max !== null && scale.max === null) most = Math.max(most, scale.soft_max);
  if (scale.log) return uPlot.rangeLog(Math.max(least, 1e-9), Math.max(most, 1e-8), scale.log, false);
  if (least === 0 && most === 0) return [0, 1];
  if (least >= most) {
    const room = Math.abs(least) || 1;
    least = scale.min ?? Math.min(least, least - room * 0.1);
    most = scale.max ?? most + room * 0.2;
    return least < most ? [least, most] : [most - 1, most];
  }
  const [, above] = uPlot.rangeNum(least, most, 0.08, true);
  const [below] = uPlot.rangeNum(least, most, 0.08, true);
  return [scale.min ?? below, scale.max ?? above];
};

// Steps beside an axis that people count in: of seconds minutes and hours, of bytes powers of two.
const DECIMAL = [-6, -5, -4, -3, -2, -1].flatMap((each) => [1, 2, 5].map((step) => step * 10 ** each));
const STEPS = {
  s: [...DECIMAL, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 21600, 43200,
    86400, 172800, 604800, 1209600, 2419200, 4838400],
  bytes: Array.from({ length: 60 }, (_, power) => 2 ** power),
};
STEPS.binBps = STEPS.bytes;

const valueAxis = (scale, index) => ({
  incrs: scale.log ? undefined : STEPS[scale.unit],
  scale: `y${index}`,
  side: index === 0 ? 3 : 1,
  stroke: color("--muted"),
  grid: { show: index === 0, stroke: color("--grid-line"), width: 1 },
  ticks: { show: false },
  font: FONT,
  gap: 4,
  space: 30,
  size: (plot, values) => {
    plot.ctx.font = FONT;
    const widths = (values ?? [""]).map((each) => plot.ctx.measureText(each).width);
    return Math.ceil(Math.max(...widths, 20)) + 12;
  },
  label: scale.label || undefined,
  labelSize: scale.label ? 18 : undefined,
  labelFont: FONT,
  values: (_, splits) => apart(splits, scale.unit),
});

/** Numbers beside an axis: with as many digits as it takes to tell them apart. */
const apart = (splits, unit) => {
  for (const decimals of [null, 1, 2, 3, 4, 5]) {
    const said = splits.map((each) => format(each, unit, decimals));
    if (new Set(said).size === said.length) return said;
  }
  return splits.map((each) => format(each, unit, 6));
};

const drawThresholds = (plot, thresholds) => {
  if (!thresholds) return;
  const { ctx, bbox } = plot;
  const low = plot.scales.y0.min;
  const high = plot.scales.y0.max;
  const y = (value) => plot.valToPos(Math.min(Math.max(value, low), high), "y0", true);
  const { steps, style } = thresholds;
  ctx.save();
  steps.forEach((step, index) => {
    if (step.color === "transparent") return;
    const begin = step.value ?? low;
    const end = steps[index + 1]?.value ?? high;
    if (style.includes("area")) {
      ctx.fillStyle = alpha(step.color, 0.1);
      ctx.fillRect(bbox.left, y(end), bbox.width, y(begin) - y(end));
    }
    const at = step.value ?? (index === 0 ? null : low);
    if ((style.includes("line") || style.includes("dashed")) && at !== null && at > low && at < high) {
      ctx.strokeStyle = step.color;
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash(style.includes("dashed") ? [8 * devicePixelRatio, 6 * devicePixelRatio] : []);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y(at));
      ctx.lineTo(bbox.left + bbox.width, y(at));
      ctx.stroke();
    }
  });
  ctx.restore();
};

/**
 * Draws lines over time.
 * `drawing`: times, from, to, series [{name, values, color, ...}], scales, stacked, thresholds.
 * `hidden`: the indices of series that are not shown.
 */
export const lineChart = (place, drawing, { marks, onZoom, hidden = new Set() } = {}) => {
  const shown = drawing.series.filter((_, index) => !hidden.has(index));
  const values = drawing.stacked ? stack(shown) : shown.map((each) => each.values);
  const single = drawing.times.length === 1;
  const tell = (plot, seconds) => {
    const index = plot.cursor.idx;
    if (index === null || index === undefined) return null;
    const at = drawing.times[index];
    const rows = shown
      .map((each) => [each, each.values[index]])
      .filter(([, value]) => value !== null)
      .sort(([, one], [, other]) => other - one)
      .slice(0, MOST_TOLD)
      .map(([each, value]) => [each.color, each.name, format(value, each.unit, each.decimals)]);
    return told(at, [...rows, ...marksAt(marks, at, drawing.step)]);
  };
  const build = (box, width, height) => new uPlot(
    options(box, width, height, { ...drawing, marks, onZoom, tell }, {
      series: [{}, ...shown.map((each) => ({
        scale: `y${Math.min(each.scale, drawing.scales.length - 1)}`,
        stroke: each.style === "points" ? "transparent" : each.color,
        width: each.style === "points" ? 0 : each.width,
        dash: each.dash.length ? each.dash.map((length) => length / 2) : undefined,
        fill: each.fill ? alpha(each.color, each.fill) : undefined,
        spanGaps: each.span_nulls,
        points: each.style === "points" || each.points === "always" || single
          ? { show: true, size: 5, fill: each.color, stroke: each.color } : { show: each.points === "auto" ? undefined : false },
        paths: each.style === "bars" ? uPlot.paths.bars({ size: [0.7, 24] })
          : each.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
      }))],
      bands: drawing.stacked ? shown.slice(1).map((_, index) => ({ series: [index + 2, index + 1] })) : undefined,
      scales: Object.fromEntries(drawing.scales.map((scale, index) => [`y${index}`, {
        range: scaleRange(scale), distr: scale.log ? 3 : 1, log: scale.log ?? undefined,
      }])),
      axes: [timeAxis(), ...drawing.scales.map(valueAxis)],
      hooks: { drawClear: [], drawAxes: [(plot) => drawThresholds(plot, drawing.thresholds)] },
    }), [drawing.times, ...values], box);
  const names = shown.slice(0, 6).map((each) => each.name).join(", ");
  return frame(place, `Graph of ${shown.length} series: ${names}`, build);
};

// --- bars of names ------------------------------------------------------------------------------

/**
 * Draws a bar for each name, of numbers that are not over time.
 * `drawing`: names, values, unit, decimals, color (a variable of the style sheet), label.
 */
export const barChart = (place, drawing) => {
  const { names, values, unit } = drawing;
  const indices = names.map((_, index) => index);
  const scale = { min: 0, max: null, soft_max: 1, unit, label: "" };
  const tell = (plot) => {
    const index = plot.cursor.idx;
    if (index === null || index === undefined) return null;
    const value = format(values[index], unit, drawing.decimals);
    return [make("table", {}, make("tr", {}, make("td", {}, swatch(color(drawing.color)), names[index]),
      make("td", { class: "number" }, value)))];
  };
  const nameAxis = () => ({
    ...timeAxis(),
    space: 28,
    incrs: [1, 2, 3, 4, 6, 12, 24, 48, 96],
    values: (_, splits) => splits.map((each) => names[each] ?? ""),
  });
  const build = (box, width, height) => new uPlot(
    options(box, width, height, { from: -0.5, to: names.length - 0.5, tell }, {
      series: [{}, { scale: "y0", stroke: color(drawing.color), fill: color(drawing.color), width: 0,
        points: { show: false }, paths: uPlot.paths.bars({ size: [0.7, 40] }) }],
      scales: { x: { time: false, range: () => [-0.5, names.length - 0.5] }, y0: { range: scaleRange(scale) } },
      axes: [nameAxis(), { ...valueAxis(scale, 0), incrs: drawing.whole ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] : undefined }],
      cursor: { sync: {} }, // the others of the page are over time
    }), [indices, values], box);
  return frame(place, `${drawing.label}: a bar for each of ${names.length}`, build);
};

// --- rows: states and heat maps ------------------------------------------------------------------

const rowAxis = (names, height) => {
  const most = Math.max(1, Math.floor(height / 14));
  const stride = Math.ceil(names.length / most);
  const labels = names.map((name, index) => (index % stride === 0 ? name : ""));
  return {
    scale: "y",
    stroke: color("--text"),
    grid: { show: false },
    ticks: { show: false },
    font: FONT,
    gap: 6,
    size: (plot) => {
      plot.ctx.font = FONT;
      const widest = Math.max(10, ...labels.map((each) => plot.ctx.measureText(each).width));
      return Math.min(Math.ceil(widest) + 14, Math.round(plot.width * 0.4));
    },
    splits: () => labels.map((_, index) => index + 0.5),
    filter: (_, splits) => splits.map((each, index) => (labels[index] === "" ? null : each)),
    values: (plot) => {
      const room = plot.width * 0.4 - 14;
      plot.ctx.font = FONT;
      return labels.map((each) => {
        let said = each;
        while (said.length > 3 && plot.ctx.measureText(said).width > room) said = `${said.slice(0, -2)}…`;
        return said;
      });
    },
  };
};

const rowOptions = (names, height) => ({
  series: [{}, { scale: "y", paths: () => null, points: { show: false } }],
  points: { show: false },
  hasColors: true, // marks would change them
  scales: { y: { range: () => [0, Math.max(names.length, 1)] } },
  axes: [timeAxis(), rowAxis(names, height)],
});

const clipped = (plot, draw) => {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox);
  ctx.restore();
};

const said = (stretch, row) => stretch.text ?? format(stretch.value, row.unit, row.decimals);

/** Draws which state each row was in. The first row stands at the top. */
export const stateChart = (place, drawing, { marks, onZoom } = {}) => {
  const rows = [...drawing.rows].reverse();
  // Where any row changes: arrow keys go from change to change.
  const changes = drawing.rows.flatMap((row) => row.stretches.map((each) => each.from));
  const times = [...new Set([drawing.from, ...changes.filter((each) => each > drawing.from && each < drawing.to), drawing.to])]
    .sort((one, other) => one - other);
  const stretchAt = (row, seconds) => row?.stretches.find((each) => seconds >= each.from && seconds < each.to);
  const tell = (plot, seconds, top) => {
    if (plot.isByKey) {
      return told(seconds, drawing.rows.slice(0, MOST_TOLD).map((row) => {
        const stretch = stretchAt(row, seconds);
        return [stretch?.color ?? "transparent", row.name, stretch ? said(stretch, row) : "no data"];
      }));
    }
    const row = rows[Math.floor(plot.posToVal(top, "y"))];
    if (!row) return null;
    const stretch = stretchAt(row, seconds);
    const entries = stretch ? [[stretch.color, `${row.name}: ${said(stretch, row)}`, ""],
      ["transparent", `${moment(stretch.from)} to ${moment(Math.min(stretch.to, drawing.to))}`, ""]]
      : [["transparent", row.name, "no data"]];
    return told(seconds, [...entries, ...marksAt(marks, seconds, 0)]);
  };
  const build = (box, width, height) => {
    const more = rowOptions(rows.map((each) => each.name), height - 32);
    const paint = (plot) => clipped(plot, (ctx) => {
      rows.forEach((row, index) => {
        const top = plot.valToPos(index + 0.9, "y", true);
        const bottom = plot.valToPos(index + 0.1, "y", true);
        for (const stretch of row.stretches) {
          const left = plot.valToPos(stretch.from, "x", true);
          const right = plot.valToPos(stretch.to, "x", true);
          ctx.fillStyle = stretch.color;
          ctx.fillRect(left, top, Math.max(right - left, 1), bottom - top);
          if (drawing.values_shown && right - left > 40 * devicePixelRatio && bottom - top > 12 * devicePixelRatio) {
            ctx.fillStyle = "#000c";
            ctx.font = FONT.replace("11px", `${11 * devicePixelRatio}px`);
            ctx.textBaseline = "middle";
            ctx.fillText(said(stretch, row), left + 4, (top + bottom) / 2, right - left - 8);
          }
        }
      });
    });
    return new uPlot(options(box, width, height, { ...drawing, marks, onZoom, tell },
      { ...more, hooks: { draw: [paint] } }), [times, times.map(() => null)], box);
  };
  const now = drawing.rows.slice(0, 6).map((row) => {
    const last = row.stretches.at(-1);
    return `${row.name} ${last ? said(last, row) : "no data"}`;
  });
  return frame(place, `States of ${drawing.rows.length} rows: ${now.join("; ")}`, build);
};

const mixed = (colors, share) => {
  const at = Math.min(Math.max(share, 0), 1) * (colors.length - 1);
  const index = Math.min(Math.floor(at), colors.length - 2);
  if (colors.length < 2) return colors[0];
  const channel = (code, offset) => Number.parseInt(code.slice(offset, offset + 2), 16);
  const [one, other] = [colors[index], colors[index + 1]];
  const part = at - index;
  const mix = (offset) => Math.round(channel(one, offset) * (1 - part) + channel(other, offset) * part);
  const opacity = one.length > 7 ? mix(7) / 255 : 1;
  return `rgba(${mix(1)}, ${mix(3)}, ${mix(5)}, ${opacity})`;
};

/** The colour of a value on a heat map: little is like the ground, where the scheme follows it. */
export const heatColor = (drawing, value) => {
  const share = Math.max((value - drawing.low) / ((drawing.high - drawing.low) || 1), 0) ** drawing.exponent;
  const isLight = getComputedStyle(document.documentElement).colorScheme === "light"
    || (!document.documentElement.dataset.theme && !matchMedia("(prefers-color-scheme: dark)").matches);
  return mixed(drawing.colors, drawing.follows_ground && isLight ? 1 - Math.min(share, 1) : share);
};

/** Draws a colour for each row at each time. The first row stands at the bottom. */
export const heatChart = (place, drawing, { marks, onZoom } = {}) => {
  const { rows, times, step } = drawing;
  const rowName = (index) => (drawing.numbers?.[index] === undefined || drawing.numbers?.[index] === null
    ? rows[index] : format(drawing.numbers[index], drawing.row_unit, drawing.row_decimals));
  const names = rows.map((_, index) => rowName(index));
  const tell = (plot, seconds, top) => {
    const index = Math.floor(plot.posToVal(top, "y"));
    const at = plot.cursor.idx;
    const value = drawing.cells[index]?.[at];
    if (value === undefined) return null;
    const entry = value === null ? ["transparent", names[index], "–"]
      : [heatColor(drawing, value), names[index], format(value, drawing.unit, drawing.decimals)];
    return told(times[at], [entry, ...marksAt(marks, times[at], step)]);
  };
  const build = (box, width, height) => {
    const more = rowOptions(names, height - 32);
    const paint = (plot) => clipped(plot, (ctx) => {
      const left = times.map((each) => plot.valToPos(each - step / 2, "x", true));
      const wide = Math.max((left[1] ?? left[0] + plot.bbox.width) - left[0], 1);
      const gap = wide > 4 * devicePixelRatio ? devicePixelRatio * 0.5 : 0;
      rows.forEach((_, index) => {
        const top = plot.valToPos(index + 1, "y", true);
        const tall = plot.valToPos(index, "y", true) - top;
        const between = tall > 5 * devicePixelRatio ? devicePixelRatio : 0;
        drawing.cells[index].forEach((value, column) => {
          if (value === null) return;
          ctx.fillStyle = heatColor(drawing, value);
          ctx.fillRect(left[column], top, wide - gap + (gap ? 0 : 0.5), tall - between);
        });
      });
    });
    return new uPlot(options(box, width, height, { ...drawing, marks, onZoom, tell },
      { ...more, hooks: { draw: [paint] } }), [times, times.map(() => null)], box);
  };
  return frame(place, `Heat map of ${rows.length} rows`, build);
};

// --- small courses ------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";
const svg = (tag, attributes, ...children) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/** The course of a number, without axes, as wide and high as its place. */
export const course = (values, stroke) => {
  const known = values.filter((each) => each !== null);
  const low = Math.min(...known);
  const high = Math.max(...known);
  const y = (value) => (high > low ? 38 - (36 * (value - low)) / (high - low) : 38);
  let line = "";
  let area = "";
  let begin = null;
  values.forEach((value, index) => {
    if (value !== null) {
      const at = `${((100 * index) / (values.length - 1)).toFixed(2)} ${y(value).toFixed(2)}`;
      line += `${begin === null ? "M" : "L"}${at}`;
      area += begin === null ? `M${((100 * index) / (values.length - 1)).toFixed(2)} 40L${at}` : `L${at}`;
      begin = index;
    }
    if (begin !== null && (value === null || index === values.length - 1)) {
      area += `L${((100 * begin) / (values.length - 1)).toFixed(2)} 40Z`;
      begin = null;
    }
  });
  return svg("svg", { class: "course", viewBox: "0 0 100 40", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { d: area, fill: stroke, "fill-opacity": "0.25" }),
    svg("path", { d: line, fill: "none", stroke, "stroke-width": "1.2", "vector-effect": "non-scaling-stroke" }));
};

/** A dial: a share of a half circle, with the colours of its thresholds around it. */
export const dial = (share, code, bands) => {
  const arc = (from, to, radius, stroke, width) => {
    const point = (at) => {
      const angle = Math.PI * (1 - at);
      return `${(50 + radius * Math.cos(angle)).toFixed(2)} ${(52 - radius * Math.sin(angle)).toFixed(2)}`;
    };
    return svg("path", { d: `M${point(from)}A${radius} ${radius} 0 0 1 ${point(Math.max(to, from + 0.001))}`,
      fill: "none", stroke, "stroke-width": width });
  };
  return svg("svg", { class: "dial", viewBox: "0 0 100 56", "aria-hidden": "true" },
    arc(0, 1, 38, "var(--bar)", 12),
    ...(share > 0 ? [arc(0, share, 38, code, 12)] : []),
    ...bands.map((band) => arc(band.from, band.to, 47, band.color, 2.5)));
};
