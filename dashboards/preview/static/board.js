// A board: what is chosen stands in the address as in Grafana's; panels in sight are asked for, again
// at each refresh, and again soon where something failed. All that is asked for at once is one
// request, whose answer is a line for each panel, drawn as it comes.
import { make } from "/static/web/charts.js";
import { drawPanel } from "./panels.js";

const ALL = "$__all";
const RETRY_SECONDS = 5;
const MARGIN = 80; // pixels below and above the window, in which panels are asked for as well
const WITH_MARKS = new Set(["timeseries", "heatmap", "state-timeline"]);
const main = document.querySelector("main");
const uid = main.dataset.uid;
const field = (name) => document.querySelector(`[data-field="${name}"]`);

// --- what is chosen ------------------------------------------------------------------------------

const choice = { from: main.dataset.from, to: main.dataset.to, refresh: main.dataset.refresh, chosen: {}, offered: {} };

const readAddress = () => {
  const query = new URLSearchParams(location.search);
  choice.from = query.get("from") || main.dataset.from;
  choice.to = query.get("to") || main.dataset.to;
  choice.refresh = query.get("refresh") ?? main.dataset.refresh;
  choice.chosen = {};
  for (const [name, value] of query) {
    if (name.startsWith("var-")) (choice.chosen[name.slice(4)] ??= []).push(value);
  }
};

const writeAddress = (push) => {
  const query = new URLSearchParams();
  query.set("from", choice.from);
  query.set("to", choice.to);
  if (choice.refresh !== main.dataset.refresh) query.set("refresh", choice.refresh);
  for (const [name, values] of Object.entries(choice.chosen)) {
    for (const value of values) query.append(`var-${name}`, value);
  }
  history[push ? "pushState" : "replaceState"](null, "", `${location.pathname}?${query}`);
};

// --- the server ----------------------------------------------------------------------------------

const running = new Set();

/** Asks for some of the board, and gives each line of the answer to `take` as soon as it is there. */
const ask = async (content, take) => {
  const { from, to, chosen, offered } = choice;
  const asking = new AbortController();
  running.add(asking);
  try {
    const answer = await fetch("/api/board", { method: "POST", signal: asking.signal, headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ board: uid, from, to, chosen, offered, ...content }) });
    if (!answer.ok) {
      const told = await answer.json().catch(() => ({}));
      throw new Refusal(told.problem ?? `The preview's server answered ${answer.status}.`);
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop();
      for (const line of lines) if (!asking.signal.aborted) take(JSON.parse(line));
    }
  } catch (error) {
    if (error instanceof Refusal || error.name === "AbortError") throw error;
    throw new Error("The preview's own server does not answer.");
  } finally {
    running.delete(asking);
  }
};

class Refusal extends Error {}

// --- panels --------------------------------------------------------------------------------------

const panels = [];
const byElement = new Map();
let marks = [];

const onZoom = (from, to) => {
  choose({ from: String(Math.round(from * 1000)), to: String(Math.round(to * 1000)) });
};

class Panel {
  constructor(element) {
    this.element = element;
    this.body = element.querySelector(".body");
    this.status = element.querySelector(".status");
    this.heading = element.querySelector("h3");
    this.key = element.dataset.key;
    this.isStale = true;
    this.isInSight = false;
    this.asking = null;
    this.state = {};
    this.end = () => {};
    this.drawn = null;
    const { x, y, width, height } = element.dataset;
    element.style.gridArea = `${Number(y) + 1} / ${Number(x) + 1} / span ${height} / span ${width}`;
  }

  get room() {
    return { panel: this.key, points: Math.max(Math.round(this.body.clientWidth / 2), 50) };
  }

  begin(asking) {
    this.isStale = false;
    clearTimeout(this.retry);
    this.asking = asking;
    this.element.setAttribute("aria-busy", "true");
  }

  take({ drawing, problem, outage }) {
    if (problem !== undefined) return this.fail(problem, outage);
    try {
      this.draw(drawing);
    } catch (error) {
      return this.fail(error.message);
    }
    this.tell(drawing.notes ?? [], false);
    this.element.dataset.drawn = drawing.kind;
    delete this.element.dataset.failed;
    this.rest();
  }

  fail(problem, outage) {
    this.tell([problem], true, outage);
    this.element.dataset.failed = "true";
    if (!this.drawn) this.body.replaceChildren();
    this.retry = setTimeout(() => this.wake(), RETRY_SECONDS * 1000);
    this.rest();
  }

  rest() {
    this.element.removeAttribute("aria-busy");
    this.asking = null;
  }

  draw(drawing = this.drawn) {
    if (!drawing) return;
    const focused = this.body.contains(document.activeElement) && document.activeElement.closest(".chart");
    this.drawn = drawing;
    this.end();
    this.end = drawPanel(this.body, drawing, { marks, onZoom, state: this.state });
    if (drawing.title !== undefined && drawing.title !== this.heading.textContent) this.heading.textContent = drawing.title;
    if (focused) this.body.querySelector(".chart")?.focus();
  }

  tell(notes, isProblem, outage) {
    this.status.replaceChildren(...notes.map((each) => make("p", { class: isProblem ? "problem" : "notice" }, each)));
    if (isProblem && !outage) this.status.append(make("p", { class: "notice" }, `Asked again every ${RETRY_SECONDS} s.`));
    this.status.hidden = notes.length === 0;
    this.element.classList.toggle("old", isProblem && this.drawn !== null);
  }

  wake() {
    this.isStale = true;
    if (this.isInSight && !document.hidden) load([this]);
  }
}

/** Asks for panels, and for more if wanted; each takes its own line, unless it was asked for again. */
const fetchPanels = async (wanted, content = {}, take = () => {}) => {
  const asking = {};
  const rooms = wanted.map((panel) => panel.room); // all are measured before any is changed
  wanted.forEach((panel) => panel.begin(asking));
  const mine = () => wanted.filter((panel) => panel.asking === asking);
  try {
    await ask({ ...content, panels: rooms }, (line) => {
      showOutage(line);
      if (line.panel === undefined) take(line);
      else mine().find((panel) => panel.key === line.panel)?.take(line);
    });
    mine().forEach((panel) => panel.fail("The preview's server broke off."));
  } catch (error) {
    if (error.name === "AbortError") return null;
    return { error, left: mine() };
  }
  return {};
};

/** Says once why Prometheus answers nobody, until it has answered. */
const showOutage = ({ outage, drawing, problem }) => {
  if (outage) field("outage").textContent = `${outage}. Asked again every ${RETRY_SECONDS} s.`;
  if (outage || problem !== undefined || (drawing && !["text", "unknown"].includes(drawing.kind))) field("outage").hidden = !outage;
};

let waiting = new Set();

/** Asks for panels together with all others of this moment. */
const load = (some, content = {}) => {
  if (!waiting.size && some.length) queueMicrotask(async () => {
    const wanted = panels.filter((panel) => waiting.has(panel));
    waiting = new Set();
    const told = await fetchPanels(wanted, content, takeMarks);
    told?.left?.forEach((panel) => panel.fail(told.error.message));
  });
  some.forEach((panel) => waiting.add(panel));
};

const isSeen = (element) => {
  const { top, bottom, height } = element.getBoundingClientRect();
  return height > 0 && top < innerHeight + MARGIN && bottom > -MARGIN;
};

const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) byElement.get(target).isInSight = isIntersecting;
  if (isReady) load(entries.map(({ target }) => byElement.get(target)).filter((panel) => panel.isInSight && panel.isStale));
}, { rootMargin: `${MARGIN}px` });

let isReady = false;
const stalePanelsInSight = () => {
  panels.forEach((panel) => { panel.isStale = true; });
  return document.hidden ? [] : panels.filter((panel) => panel.isInSight);
};
const wakeAll = () => load(stalePanelsInSight(), { marks: shownMarks() });

// --- annotations ---------------------------------------------------------------------------------

let seenMarks = "[]";

const shownMarks = () => [...document.querySelectorAll("[data-annotation]:checked")].map((each) => each.dataset.annotation);

const takeMarks = ({ marks: found }) => {
  if (found === undefined) return;
  const now = JSON.stringify(found);
  if (now === seenMarks) return;
  seenMarks = now;
  marks = found;
  panels.forEach((panel) => WITH_MARKS.has(panel.drawn?.kind) && panel.draw());
};

const loadMarks = () => fetchPanels([], { marks: shownMarks() }, takeMarks);

// --- variables -----------------------------------------------------------------------------------

const said = (variable) => {
  if (variable.chosen[0] === ALL) return "All";
  const text = (value) => variable.options.find((each) => each.value === value)?.text ?? value;
  return variable.chosen.map(text).join(", ");
};

const single = (variable) => {
  const options = [...(variable.has_all ? [{ value: ALL, text: "All" }] : []), ...variable.options];
  for (const value of variable.chosen) {
    if (!options.some((each) => each.value === value)) options.push({ value, text: value });
  }
  const select = make("select", { "data-variable": variable.name, disabled: options.length < 2 && variable.kind === "datasource" },
    ...options.map((each) => make("option", { value: each.value, selected: variable.chosen.includes(each.value) }, each.text)));
  select.addEventListener("change", () => chooseValues(variable.name, [select.value]));
  return make("label", { class: "variable" }, make("span", {}, variable.label), select);
};

const several = (variable) => {
  const isAll = variable.chosen[0] === ALL;
  const boxes = [];
  const box = (value, text, isChecked) => {
    const input = make("input", { type: "checkbox", value, checked: isChecked });
    boxes.push(input);
    return make("label", { class: "offer" }, input, make("span", {}, text));
  };
  const values = [...variable.options];
  for (const value of variable.chosen) {
    if (value !== ALL && !values.some((each) => each.value === value)) values.push({ value, text: value });
  }
  const filter = make("input", { type: "search", placeholder: "Filter", "aria-label": `Filter ${variable.label}` });
  const offers = [...(variable.has_all ? [box(ALL, "All", isAll)] : []),
    ...values.map((each) => box(each.value, each.text, !isAll && variable.chosen.includes(each.value)))];
  const list = make("div", { class: "offers" }, ...(values.length > 8 ? [filter] : []), ...offers);
  filter.addEventListener("input", () => offers.forEach((each) => {
    each.hidden = !each.textContent.toLowerCase().includes(filter.value.toLowerCase());
  }));
  const details = make("details", { class: "choose", "data-variable": variable.name },
    make("summary", { "aria-label": `${variable.label}: ${said(variable)}` }, said(variable)), list);
  let isChanged = false;
  list.addEventListener("change", (event) => {
    if (event.target === filter) return;
    isChanged = true;
    if (event.target.value === ALL) boxes.forEach((each) => { each.checked = each.value === ALL; });
    else if (boxes[0].value === ALL) boxes[0].checked = false;
  });
  details.addEventListener("toggle", () => {
    if (details.open || !isChanged) return;
    const chosen = boxes.filter((each) => each.checked).map((each) => each.value);
    chooseValues(variable.name, chosen.length || !variable.has_all ? chosen : [ALL]);
  });
  return make("div", { class: "variable" }, make("span", {}, variable.label), details);
};

const typed = (variable) => {
  const input = make("input", { type: "text", value: variable.chosen[0] ?? "", "data-variable": variable.name, maxlength: "200" });
  input.addEventListener("change", () => chooseValues(variable.name, [input.value]));
  return make("label", { class: "variable" }, make("span", {}, variable.label), input);
};

const showVariables = ({ variables, links, titles, problem }) => {
  document.querySelectorAll("section.row").forEach((section, index) => {
    const button = section.querySelector(".row-toggle");
    if (button) button.textContent = titles[index];
  });
  for (const variable of variables) {
    choice.chosen[variable.name] = variable.chosen;
    if (variable.chosen[0] === ALL && variable.is_offered) choice.offered[variable.name] = variable.options.map((each) => each.value);
    else delete choice.offered[variable.name];
  }
  const shown = variables.filter((each) => !each.hidden);
  const problems = [...new Set([problem, ...shown.map((each) => each.problem)])].filter(Boolean);
  const focused = document.activeElement?.closest("[data-variable]")?.dataset.variable;
  const isInUse = field("variables").querySelector("details[open]"); // somebody is choosing
  if (!isInUse) field("variables").replaceChildren(
    ...shown.map((each) => (each.kind === "textbox" ? typed(each) : each.multi ? several(each) : single(each))),
    ...problems.map((each) => make("span", { class: "problem" }, each)));
  if (focused) {
    const again = field("variables").querySelector(`[data-variable="${CSS.escape(focused)}"]`);
    (again?.querySelector("summary") ?? again)?.focus();
  }
  field("links").replaceChildren(...links.map((each) => (each.links
    ? make("details", { class: "choose" }, make("summary", {}, each.title), make("div", { class: "offers" },
      ...each.links.map((link) => make("a", { href: link.href, title: link.tooltip }, link.title))))
    : make("a", { href: each.href, title: each.tooltip }, each.title))));
};

// --- choosing ------------------------------------------------------------------------------------

const choose = async (change, push = true) => {
  Object.assign(choice, change);
  writeAddress(push);
  showTime();
  await show();
};

/**
 * Shows what is chosen now; what was chosen before, and is still on its way, is of no use then.
 * Again and again, until what variables offer is known.
 */
let again = null;
const show = async () => {
  clearTimeout(again);
  running.forEach((each) => each.abort());
  main.setAttribute("aria-busy", "true");
  const wanted = stalePanelsInSight();
  let isKnown = false;
  const told = await fetchPanels(wanted, { variables: true, marks: shownMarks() }, (line) => {
    if (line.variables === undefined) return takeMarks(line);
    showVariables(line);
    writeAddress(false);
    isKnown = !line.outage;
    isReady = true;
    main.removeAttribute("aria-busy");
  });
  if (told === null) return; // something else was chosen meanwhile
  if (told.error && !isKnown) field("variables").replaceChildren(make("span", { class: "problem" }, told.error.message));
  told.left?.forEach((panel) => panel.fail(told.error.message));
  main.removeAttribute("aria-busy");
  if (!isKnown) again = setTimeout(show, RETRY_SECONDS * 1000);
};

const chooseValues = (name, values) => choose({ chosen: { ...choice.chosen, [name]: values } });

const showTime = () => {
  const quick = field("quick");
  const isQuick = choice.to === "now" && [...quick.options].some((each) => each.value === choice.from);
  quick.value = isQuick ? choice.from : "";
  const local = (text) => {
    if (!/^\d{10,16}$/.test(text)) return text;
    const at = new Date(Number(text));
    return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19).replace("T", " ");
  };
  field("from").value = local(choice.from);
  field("to").value = local(choice.to);
  field("refresh").value = choice.refresh;
};

/** What somebody typed, as an address has it: a local time as milliseconds, others as they are. */
const written = (text) => {
  const match = /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?$/.exec(text.trim());
  if (!match) return text.trim();
  const at = new Date(match[1] ? text.trim().replace(" ", "T") : `${text.trim()}T00:00:00`);
  return Number.isNaN(at.getTime()) ? text.trim() : String(at.getTime());
};

const shift = (direction) => {
  const span = (text) => {
    if (/^\d+$/.test(text)) return Number(text);
    const match = /^now(?:-(\d+)([smhdw]))?$/.exec(text);
    if (!match) return null;
    const unit = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }[match[2]] ?? 0;
    return Date.now() - Number(match[1] ?? 0) * unit * 1000;
  };
  const [from, to] = [span(choice.from), span(choice.to)];
  if (from === null || to === null) return;
  const half = (direction * (to - from)) / 2;
  choose({ from: String(Math.round(from + half)), to: String(Math.round(to + half)) });
};

const zoomOut = () => {
  const now = Date.now();
  const at = (text) => (/^\d+$/.test(text) ? Number(text) : text === "now" ? now : null);
  const [from, to] = [at(choice.from), at(choice.to)];
  if (choice.to === "now") {
    const quick = [...field("quick").options].map((each) => each.value).filter(Boolean);
    const next = quick[quick.indexOf(choice.from) + 1];
    if (next) choose({ from: next });
  } else if (from !== null && to !== null) {
    const half = (to - from) / 2;
    choose({ from: String(Math.round(from - half)), to: String(Math.round(Math.min(to + half, now))) });
  }
};

let timer = null;
const schedule = () => {
  clearInterval(timer);
  const match = /^(\d+)([smh])$/.exec(choice.refresh);
  if (!match) return;
  const seconds = Number(match[1]) * { s: 1, m: 60, h: 3600 }[match[2]];
  timer = setInterval(() => {
    if (document.hidden || choice.to !== "now") return;
    wakeAll();
  }, Math.max(seconds, 1) * 1000);
};

const KEYS = {
  r: () => refreshNow(),
  "[": () => shift(-1),
  "]": () => shift(1),
  z: zoomOut,
  t: () => field("quick").focus(),
  "?": () => field("help").showModal(),
};

const refreshNow = () => show();

const listen = () => {
  field("quick").addEventListener("change", ({ target }) => target.value && choose({ from: target.value, to: "now" }));
  field("range").addEventListener("submit", (event) => {
    event.preventDefault();
    choose({ from: written(field("from").value), to: written(field("to").value) });
    field("range").closest("details").open = false;
  });
  field("refresh").addEventListener("change", ({ target }) => {
    choice.refresh = target.value;
    writeAddress(true);
    schedule();
  });
  field("now").addEventListener("click", refreshNow);
  field("keys").addEventListener("click", () => field("help").showModal());
  document.addEventListener("change", (event) => event.target.matches("[data-annotation]") && loadMarks());
  document.querySelectorAll(".row-toggle").forEach((button) => button.addEventListener("click", () => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    document.getElementById(button.getAttribute("aria-controls")).hidden = isOpen;
  }));
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, dialog");
    if (event.key === "Escape") {
      const open = document.querySelector("details[open]");
      if (open) {
        open.open = false;
        open.querySelector("summary").focus();
      }
    }
    if (!isTyping && !event.ctrlKey && !event.metaKey && !event.altKey && KEYS[event.key]) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details[open]").forEach((each) => {
      if (!each.contains(event.target)) each.open = false;
    });
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) load(panels.filter((panel) => panel.isStale && panel.isInSight));
  });
  window.addEventListener("popstate", () => {
    readAddress();
    choose({}, false);
  });
  window.addEventListener("beforeprint", () => load(panels.filter((panel) => panel.isStale)));
};

const begin = () => {
  document.querySelectorAll(".panel").forEach((element) => panels.push(new Panel(element)));
  panels.forEach((panel) => byElement.set(panel.element, panel));
  readAddress();
  panels.forEach((panel) => { panel.isInSight = isSeen(panel.element); }); // the observer tells later
  show();
  listen();
  showTime();
  panels.forEach((panel) => sight.observe(panel.element));
  schedule();
};

begin();
