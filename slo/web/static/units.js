// Numbers as people read them, by Grafana's ids of units.

const SCALES = {
  short: { base: 1000, names: ["", " K", " Mil", " Bil", " Tri", " Quadr"] },
  bytes: { base: 1024, names: [" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"] },
  decbytes: { base: 1000, names: [" B", " kB", " MB", " GB", " TB", " PB", " EB"] },
  bits: { base: 1024, names: [" b", " Kib", " Mib", " Gib", " Tib"] },
  decbits: { base: 1000, names: [" b", " kb", " Mb", " Gb", " Tb"] },
  binBps: { base: 1024, names: [" B/s", " KiB/s", " MiB/s", " GiB/s", " TiB/s"] },
  Bps: { base: 1000, names: [" B/s", " kB/s", " MB/s", " GB/s", " TB/s"] },
  bps: { base: 1000, names: [" b/s", " kb/s", " Mb/s", " Gb/s", " Tb/s"] },
  hertz: { base: 1000, names: [" Hz", " kHz", " MHz", " GHz", " THz"] },
  watt: { base: 1000, names: [" W", " kW", " MW", " GW"], below: [" mW"] },
  joule: { base: 1000, names: [" J", " kJ", " MJ", " GJ"], below: [" mJ"] },
  amp: { base: 1000, names: [" A", " kA"], below: [" mA"] },
  volt: { base: 1000, names: [" V", " kV"], below: [" mV"] },
};
const RATES = { reqps: "req/s", ops: "ops/s", eps: "evt/s", cps: "c/s", rps: "rd/s", wps: "wr/s",
  iops: "io/s", mps: "msg/s", opm: "ops/min", cpm: "c/min", rpm: "rd/min", wpm: "wr/min" };
for (const [id, name] of Object.entries(RATES)) {
  SCALES[id] = { base: 1000, names: [` ${name}`, ` K ${name}`, ` M ${name}`, ` G ${name}`] };
}
const SUFFIXES = { celsius: " °C", fahrenheit: " °F", kelvin: " K", humidity: " %H", degree: "°",
  rotrpm: " rpm", Misc: "", mbytes: " MiB", gbytes: " GiB", kwatt: " kW", megwatt: " MW" };
const SECONDS = { ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86400, dtdurations: 1,
  dtdurationms: 1e-3 };
const STEPS = [[31557600, " years"], [604800, " weeks"], [86400, " days"], [3600, " hours"],
  [60, " mins"], [1, " s"], [1e-3, " ms"], [1e-6, " µs"], [1e-9, " ns"]];

const digits = (value, decimals) => {
  if (decimals !== null && decimals !== undefined) return value.toFixed(decimals);
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  const places = size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 2 : 3 - Math.ceil(Math.log10(size) - 1e-9);
  return String(Number(value.toFixed(Math.min(Math.max(places, 0), 12))));
};

const scaled = (value, { base, names, below = [] }, decimals) => {
  let step = 0;
  let left = value;
  while (Math.abs(left) >= base && step < names.length - 1) {
    left /= base;
    step += 1;
  }
  if (step === 0 && left !== 0 && Math.abs(left) < 1 && below.length) {
    return digits(left * base, decimals) + below[0];
  }
  return digits(left, decimals) + names[step];
};

const duration = (seconds, decimals) => {
  if (seconds === 0) return "0 s";
  const size = Math.abs(seconds);
  const [unit, name] = STEPS.find(([each]) => size >= each * 0.9999999) ?? STEPS.at(-1);
  const said = digits(seconds / unit, decimals);
  return said + (said === "1" && / (years|weeks|days|hours|mins)$/.test(name) ? name.slice(0, -1) : name);
};

const ago = (milliseconds) => {
  const seconds = (Date.now() - milliseconds) / 1000;
  return seconds >= 0 ? `${duration(seconds, 0)} ago` : `in ${duration(-seconds, 0)}`;
};

/** A moment, in the reader's own time: seconds only where a range is short. */
export const moment = (seconds, withSeconds = true) =>
  new Date(seconds * 1000).toLocaleString(undefined, { year: "numeric", month: "2-digit",
    day: "2-digit", hour: "2-digit", minute: "2-digit", second: withSeconds ? "2-digit" : undefined,
    hourCycle: "h23" });

/** A number in a unit; nothing is a dash. Without decimals it has as many as it takes. */
export const format = (value, unit = "none", decimals = null) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (unit === "percentunit") return `${digits(value * 100, decimals)}%`;
  if (unit === "percent") return `${digits(value, decimals)}%`;
  if (unit in SECONDS) return duration(value * SECONDS[unit], decimals);
  if (unit in SCALES) return scaled(value, SCALES[unit], decimals);
  if (unit in SUFFIXES) return digits(value, decimals) + SUFFIXES[unit];
  if (unit === "bool") return value ? "True" : "False";
  if (unit === "bool_yes_no") return value ? "Yes" : "No";
  if (unit === "bool_on_off") return value ? "On" : "Off";
  if (unit === "hex") return Math.round(value).toString(16).toUpperCase();
  if (unit === "hex0x") return `0x${Math.round(value).toString(16).toUpperCase()}`;
  if (unit === "sci") return value.toExponential(decimals ?? 2);
  if (unit === "locale") return value.toLocaleString();
  if (unit.startsWith("dateTimeFromNow")) return ago(value);
  if (unit.startsWith("dateTime")) return moment(value / 1000);
  if (unit.startsWith("currency")) {
    const code = unit.slice(8);
    const sign = { USD: "$", EUR: "€", GBP: "£", JPY: "¥" }[code];
    return sign ? sign + scaled(value, SCALES.short, decimals) : `${scaled(value, SCALES.short, decimals)} ${code}`;
  }
  if (unit.startsWith("suffix:")) return `${digits(value, decimals)} ${unit.slice(7).trim()}`;
  if (unit.startsWith("prefix:")) return unit.slice(7) + digits(value, decimals);
  if (unit.startsWith("si:") || unit.startsWith("count:")) {
    const name = unit.slice(unit.indexOf(":") + 1);
    return scaled(value, { base: 1000, names: [` ${name}`, ` k${name}`, ` M${name}`, ` G${name}`, ` T${name}`] }, decimals);
  }
  if (unit === "none" || unit === "string" || unit === "") return digits(value, decimals);
  return `${digits(value, decimals)} ${unit}`;
};
