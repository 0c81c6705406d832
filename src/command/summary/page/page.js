"use strict";

// All that is shown comes from the block of data, and reaches the page as text,
// never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const KINDS = [
  { name: "Reads", style: "read" },
  { name: "Writes", style: "write" },
  { name: "Errors", style: "error" },
  { name: "Other", style: "other" },
];
const TITLES = {
  accounts: "Accounts",
  regions: "Regions",
  users: "Users",
  people: "People",
  keys: "Access keys",
  names: "Event names",
  sources: "Services",
  addresses: "Source addresses",
  agents: "User agents",
  resources: "Resources",
  errors: "Errors",
  counts: "Counts",
};

// ---- elements

const at = (id) => document.getElementById(id);

function append(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const html = (tag, attributes, ...children) => append(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  append(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// ---- words

const number = (value) => value.toLocaleString("en-US");
const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
const sum = (values) => values.reduce((total, value) => total + value, 0);

function written(second) {
  const text = new Date(second * 1000).toISOString();
  return text.replace(/\.000Z$/, "Z");
}

const date = (second) => written(second).replace(/T.*/, "");
const minute = (second) => written(second).replace("T", " ").replace(/:\d\dZ$/, "");

function stretch(minutes) {
  const length = minutes * MINUTE;
  const many = (unit, name) => (length === unit ? name : `${length / unit} ${name}s`);
  if (length < HOUR) return many(MINUTE, "minute");
  return length < DAY ? many(HOUR, "hour") : many(DAY, "day");
}

/** What a stretch of time is called. */
function span(second, minutes) {
  const length = minutes * MINUTE;
  if (length < DAY) return `${minute(second)} to ${minute(second + length).slice(11)}`;
  if (length === DAY) return `${date(second)}, ${WEEKDAYS[new Date(second * 1000).getUTCDay() - 1] ?? "Sunday"}`;
  return `${date(second)} to ${date(second + length - DAY)}`;
}

// ---- commands

/** A command and options of it; nothing where one of them cannot be told. */
function joined(command, options) {
  return command === null || options === null ? null : [command, options].filter(Boolean).join(" ");
}

const command = (options) => joined(data.command, options);
/** The same for options that say from when to when. */
const commandOfTime = (options) => joined(data.commandOfTime, options);

function show(text) {
  if (text === null) return;
  at("command-text").textContent = text;
  at("command").hidden = false;
  at("copy").textContent = "Copy";
  copy(text).then((isDone) => {
    if (isDone && at("command-text").textContent === text) at("copy").textContent = "Copied";
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = html("textarea", { readonly: "" });
    area.value = text;
    document.body.append(area);
    area.select();
    let isDone = false;
    try {
      isDone = document.execCommand("copy");
    } catch {
      // Then the command can still be marked and copied by hand.
    }
    area.remove();
    return isDone;
  }
}

/** Something to press for a command; as it is where there is none. */
function press(content, text, attributes = {}) {
  if (text === null) return html("span", attributes, content);
  return html("button", { type: "button", title: text, ...attributes, click: () => show(text) }, content);
}

// ---- the tip at the pointer

function tip(text, event) {
  const box = at("tip");
  box.hidden = !text;
  if (!text) return;
  box.textContent = text;
  const { width, height } = box.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, document.documentElement.clientWidth - width - 6);
  const top = event.clientY + 18 + height > window.innerHeight ? event.clientY - height - 12 : event.clientY + 18;
  box.style.left = `${Math.max(4, left)}px`;
  box.style.top = `${Math.max(4, top)}px`;
}

// ---- charts

const charts = [];

/** Draws now, and again whenever there is another width. */
function chart(place, draw) {
  const redraw = () => {
    const width = Math.floor(place.clientWidth);
    if (width > 0) place.replaceChildren(draw(width));
  };
  charts.push(redraw);
  redraw();
}

/** A round number that is not less than any value, for the end of an axis. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

/** Bars over time. Each bin is [its first minute, its counts by kind, the options for its time]. */
function bars(width, { minutes, bins, kinds, height, label }) {
  const area = areaOfBars({ width, height, minutes, bins, kinds });
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", tabindex: 0, "aria-label": label });
  picture.append(...axis(area), ...bins.flatMap((bin) => stack(area, kinds, bin)), ...labelsOfTime(area));
  pointAt(picture, area, (place) => {
    const [, counts, options] = bins.find(([start]) => start === area.first + place * minutes) ?? [0, [], null];
    const lines = kinds.map((kind) => `${kind.name}: ${number(counts[kind.index] ?? 0)}`);
    return {
      text: [span(area.second(place), minutes), ...lines].join("\n"),
      command: commandOfTime(options),
    };
  });
  return picture;
}

/** Where bars are drawn, and how wide and high each is. */
function areaOfBars({ width, height, minutes, bins, kinds }) {
  const [left, top, bottom] = [44, 6, height - 18];
  const first = bins.length ? bins[0][0] : 0;
  const count = bins.length ? (bins.at(-1)[0] - first) / minutes + 1 : 1;
  const total = (counts) => sum(kinds.map((kind) => counts[kind.index]));
  const most = roundUp(Math.max(1, ...bins.map(([, counts]) => total(counts))));
  return {
    width, left, top, bottom, first, minutes, count, most,
    step: (width - left) / count,
    size: (value) => ((bottom - top) * value) / most,
    second: (place) => (first + place * minutes) * MINUTE,
  };
}

/** Lines for none, half and most. */
function axis({ left, width, bottom, most, size }) {
  return [0, most / 2, most].filter(Number.isInteger).flatMap((value) => {
    const y = bottom - size(value);
    return [
      svg("line", { class: "axis", x1: left, x2: width, y1: y, y2: y }),
      svg("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, number(value)),
    ];
  });
}

/** The kinds of a bin on top of each other. */
function stack({ left, bottom, first, minutes, step, size }, kinds, [start, counts]) {
  const gap = step > 3 ? 1 : 0;
  const x = left + ((start - first) / minutes) * step + gap / 2;
  let y = bottom;
  return kinds.filter((kind) => counts[kind.index]).map((kind) => {
    // What there is can be seen, however little it is.
    const height = Math.max(size(counts[kind.index]), 1);
    y -= height;
    return svg("rect", { class: kind.style, x, y, width: Math.max(step - gap, 0.75), height });
  });
}

/** Times below the bars, as many as have room. */
function labelsOfTime({ width, left, bottom, minutes, count, step, second }) {
  const length = minutes * MINUTE;
  const isShort = length < DAY && count * length <= 3 * DAY;
  const isLabelled = (place) => isShort || length >= DAY || second(place) % DAY === 0;
  const labelled = Array.from({ length: count }, (_, place) => place).filter(isLabelled);
  if (labelled.length === 0 || labelled[0] * step > 90) labelled.unshift(0);
  const every = Math.ceil(labelled.length / Math.max(1, Math.floor((width - left) / 90)));
  const wide = 64;
  let free = 0;
  return labelled.filter((_, at) => at % every === 0).flatMap((place) => {
    const x = left + place * step;
    const isAtEnd = x + wide > width;
    const start = isAtEnd ? x - wide : x;
    // The last one leans to the left, where another may be.
    if (start < free) return [];
    free = start + wide + 4;
    const text = isShort ? minute(second(place)).slice(5) : date(second(place));
    return [svg("text", { x, y: bottom + 14, "text-anchor": isAtEnd ? "end" : "start" }, text)];
  });
}

/** Lets the pointer and the arrow keys choose one of the steps of a chart. */
function pointAt(picture, { left, step, count, bottom, top }, about) {
  const chosen = svg("rect", { class: "chosen", y: top, height: bottom - top, width: Math.max(step, 2), visibility: "hidden" });
  picture.append(chosen);
  picture.setAttribute("data-press", "");
  let place = -1;
  const choose = (next) => {
    place = next;
    chosen.setAttribute("visibility", place < 0 ? "hidden" : "visible");
    chosen.setAttribute("x", left + place * step);
  };
  const under = (event) => {
    const found = Math.floor((event.clientX - picture.getBoundingClientRect().left - left) / step);
    return found >= 0 && found < count ? found : -1;
  };
  picture.addEventListener("pointermove", (event) => {
    choose(under(event));
    tip(place < 0 ? "" : about(place).text, event);
  });
  picture.addEventListener("pointerleave", () => {
    choose(-1);
    tip("");
  });
  picture.addEventListener("click", (event) => {
    choose(under(event));
    if (place >= 0) show(about(place).command);
  });
  picture.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move) {
      event.preventDefault();
      choose(Math.min(count - 1, Math.max(0, place + move)));
      const box = picture.getBoundingClientRect();
      tip(about(place).text, { clientX: box.left + left + place * step, clientY: box.top + 20 });
    } else if (event.key === "Enter" && place >= 0) {
      show(about(place).command);
    }
  });
  picture.addEventListener("blur", () => tip(""));
}

/** A tiny chart without axes, as one path: there may be thousands of them. */
function spark(counts) {
  const most = Math.max(1, ...counts);
  const bar = (count, place) => {
    const height = Math.max(0.08, count / most);
    return count ? `M${place + 0.08} 1v${-height}h0.84v${height}z` : "";
  };
  return svg("svg", { viewBox: `0 0 ${counts.length} 1`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { class: "first", d: counts.map(bar).join("") }));
}

// ---- tables

/** The rows from which a table is long. */
const LONG = 100;

/** All tables of the page, which sort their rows and which the search filters. */
const tables = [];

const shown = (value) => (value === "" ? "(none)" : value);

/** ARNs without service, region and account, which leave no room for the name. */
const briefly = (text) =>
  text.split(";").map((one) => (one.startsWith("arn:") && one.split(":").slice(5).join(":")) || one).join(";") || "–";

// A column has a heading, the class of its cells, what it sorts a row by, and what
// a cell contains. A column without a key is not sorted. `isDescending` tells which
// order the first click makes.

function valueColumn(heading, place, { style = "", most, text = shown } = {}) {
  const cell = (row) => press(row.label ?? text(row.values[place]), command(row.options));
  return {
    heading,
    style: `value ${style}`,
    title: (row) => row.label ?? shown(row.values[place]),
    key: (row) => row.values[place],
    cell: most ? (row) => [shareBar(row.events / most), cell(row)] : cell,
  };
}

const shareBar = (share) =>
  svg("svg", { viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "present", width: 100 * share, height: 1 }));

/** A column of counts. Those with a command are pressed for it. */
const countColumn = (heading, count, { style = "", one = heading, options = () => null } = {}) => ({
  heading,
  style: `number ${style}`,
  unit: (row) => (count(row) === 1 ? one : heading),
  isDescending: true,
  isNone: (row) => !count(row),
  key: count,
  cell: (row) => (count(row) ? press(number(count(row)), command(options(row))) : "–"),
});

const eventsColumn = () => countColumn("events", (row) => row.events, { one: "event", options: (row) => row.options });

const sumColumn = () => ({
  heading: "sum",
  about: data.sum[0],
  style: "number",
  isDescending: true,
  key: (row) => exactNumber(row.sum ?? "0"),
  cell: (row) => row.sum ?? "0",
});

/** A number with up to 9 decimals, in billionths; null for no text. */
function exactNumber(text) {
  if (text === "") return null;
  const [whole, decimals = ""] = text.replaceAll(",", "").split(".");
  return BigInt(whole + decimals.padEnd(9, "0"));
}

/** How a count has changed. What is new comes before what is more frequent, and what is gone last. */
const ratioColumn = () => ({
  heading: "ratio",
  style: "number ratio",
  isDescending: true,
  key: (row) => (row.earlier ? row.events / row.earlier : Infinity),
  cell: (row) => row.ratio ?? "",
});

function timeColumn(heading, place, style = "") {
  return {
    heading,
    style: `time ${style}`,
    title: (row) => (row.period ? written(row.period[place]) : ""),
    key: (row) => row.period?.[place],
    cell: (row) => (row.period ? shortTime(row.period[place]) : ""),
  };
}

function shortTime(second) {
  const year = (place) => written(data.period[place]).slice(0, 4);
  return data.period && year(0) === year(1) ? minute(second).slice(5) : date(second);
}

const pictureColumn = () => ({
  heading: data.frame ? `by ${stretch(data.frame.minutes)}` : "",
  style: "picture",
  cell: (row) => (row.picture.length ? spark(row.picture) : null),
});

/** The columns of a list of values, each with its share of the most frequent. */
const columnsOfValues = (names, most, text) => [
  ...names.map((name, place) => valueColumn(name, place, { most: place ? null : most, text })),
  eventsColumn(),
  ...(data.sum ? [sumColumn()] : []),
  timeColumn("first", 0),
  timeColumn("last", 1, "minor"),
  pictureColumn(),
];

/** A line of a table: a row, or the heading of a group, which has no row of its own. */
function entry(columns, row, { style = "", above = "", entries = [] } = {}) {
  const cells = columns.map((column) => {
    const isNone = column.isNone?.(row) ?? false;
    const classes = `${column.style}${isNone ? " none" : ""}`;
    return html("td", { class: classes, title: column.title?.(row), "data-unit": column.unit?.(row) }, column.cell(row));
  });
  const text = `${above}\n${row.values.map(shown).join("\n")}`.toLowerCase();
  return { element: html("tr", { class: style }, cells), row, text, entries };
}

function groupHeading(columns, name, entries) {
  const heading = html("th", { colspan: columns.length, scope: "rowgroup" }, name);
  return { element: html("tr", { class: "group" }, heading), row: null, text: null, entries };
}

/** Draws a table into `place`, below a heading that can tell that nothing matches. */
function draw(place, heading, columns, entries, { style, about, notes = [], rest = 0 } = {}) {
  const table = { columns, entries, body: html("tbody"), ways: new Map(), mark: html("small", { class: "no-match" }) };
  const head = html("tr", {}, columns.map((column) => columnHeading(table, column)));
  const drawn = html("table", { class: style }, html("thead", {}, head), table.body);
  const values = columns.filter((column) => column.style.startsWith("value")).length;
  drawn.style.setProperty("--values", values);
  table.list = html("div", {},
    about ? html("p", { class: "faint" }, about) : null,
    html("div", { class: "scroll" }, drawn),
    notes.length ? html("p", { class: "faint" }, notes.join("; ")) : null);
  table.heading = heading;
  table.rest = rest;
  heading.append(table.mark);
  place.append(table.list);
  tables.push(table);
  arrange(table);
}

/** What a table leaves out, in words. */
function restOf({ name, rows, distinct = rows.length, events = 0 }) {
  const rest = Math.max(0, distinct - rows.length);
  // An event can be in several rows of these.
  const isCountedOnce = !["comparison", "resources"].includes(name);
  const others = isCountedOnce ? events - sum(rows.map((row) => row.events)) : 0;
  const words = `${number(rest)} more${others > 0 ? ` with ${plural(others, "event")}` : ""}`;
  return { rest, notes: rest ? [words] : [] };
}

// ---- sorting

function columnHeading(table, column) {
  if (!column.key) return html("th", { class: column.style, scope: "col" }, column.heading);
  const button = html("button", { type: "button", click: () => sortBy(table, column) }, column.heading);
  const heading = html("th", { class: column.style, scope: "col", title: column.about, "aria-sort": "none" }, button);
  table.ways.set(column, heading);
  return heading;
}

/** The first click sorts, the second turns the order round, the third takes it back. */
function sortBy(table, column) {
  const [first, second] = column.isDescending ? ["descending", "ascending"] : ["ascending", "descending"];
  const next = { none: first, [first]: second, [second]: "none" };
  for (const [other, heading] of table.ways) {
    heading.setAttribute("aria-sort", other === column ? next[heading.getAttribute("aria-sort")] : "none");
  }
  arrange(table);
}

/** Puts the lines into their order: groups stay together, and each is sorted. */
function arrange(table) {
  const [column, heading] = [...table.ways].find(([, heading]) => heading.getAttribute("aria-sort") !== "none") ?? [];
  const isDescending = heading?.getAttribute("aria-sort") === "descending";
  const order = (entries) => (column ? sorted(entries, column.key, isDescending) : entries);
  const lines = order(table.entries).flatMap((line) => [line, ...order(line.entries)]);
  table.body.replaceChildren(...lines.map((line) => line.element));
}

/** What has no key, such as a heading, keeps its place among the last. */
function sorted(entries, key, isDescending) {
  const keys = comparable(entries.map(({ row }) => (row ? key(row) : null)));
  const order = entries.map((_, place) => place).sort((one, other) => compare(keys[one], keys[other], isDescending));
  return order.map((place) => entries[place]);
}

const NUMBER = /^-?\d{1,15}(\.\d+)?$/;
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/** Keys that can be compared: texts become numbers or times if all of them can. */
function comparable(keys) {
  const texts = keys.filter((key) => typeof key === "string" && key !== "");
  const isEach = (pattern) => texts.every((text) => pattern.test(text));
  const read = isEach(NUMBER) ? Number : isEach(TIME) ? Date.parse : (text) => text;
  return keys.map((key) => (typeof key !== "string" ? key : key === "" ? null : read(key)));
}

const collator = new Intl.Collator("en", { numeric: true });

function compare(one, other, isDescending) {
  const isMissing = (key) => key === null || key === undefined;
  if (isMissing(one) || isMissing(other)) return isMissing(one) - isMissing(other);
  const order = typeof one === "string" ? collator.compare(one, other) : (one > other) - (one < other);
  return isDescending ? -order : order;
}

// ---- search

const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
const matches = (text, words) => text !== null && words.every((word) => text.includes(word));

/** Shows the entries that match or are above one that does; returns how many match. */
function filter(entries, words) {
  return sum(entries.map((line) => {
    const below = filter(line.entries, words);
    const own = matches(line.text, words) ? 1 : 0;
    line.element.hidden = own + below === 0;
    return own + below;
  }));
}

function filterTable(table, words) {
  const found = filter(table.entries, words);
  table.list.hidden = found === 0;
  table.mark.textContent = found ? "" : table.rest ? " no match among the rows shown" : " no match";
  return found;
}

/** Filters all tables by the words of the search box, and says how many rows match. */
function search() {
  const words = wordsOf(at("search").value);
  const found = tables.map((table) => filterTable(table, words));
  at("matches").textContent = words.length ? findings(found) : "";
  at("search-bar").classList.toggle("active", words.length > 0);
  visited = -1;
}

function findings(found) {
  const total = sum(tables.map((table) => count(table.entries)));
  if (!sum(found)) return `None of the ${number(total)} rows on this page matches.`;
  const places = found.filter(Boolean).length;
  return `${number(sum(found))} of ${plural(total, "row")} on this page match, in ${plural(places, "table")}.`;
}

const count = (entries) => sum(entries.map((line) => (line.text === null ? 0 : 1) + count(line.entries)));

let visited = -1;

/** Shows the next table with a match. */
function visitNext() {
  const found = tables.filter((table) => !table.list.hidden);
  if (!found.length) return;
  visited = (visited + 1) % found.length;
  found[visited].heading.scrollIntoView();
}

/** The words of the search stand in the address, so that it can be kept. */
function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1)).get("search");
  if (words === null) return;
  at("search").value = words;
  search();
}

function writeAddress() {
  const words = at("search").value;
  try {
    history.replaceState(null, "", words ? `#${new URLSearchParams({ search: words })}` : location.href.replace(/#.*/, ""));
  } catch {
    // Some browsers refuse this for a local file; the search works without it.
  }
}

function clearSearch() {
  at("search").value = "";
  search();
  writeAddress();
}

function startSearch() {
  if (!tables.length) return at("search-bar").remove();
  at("search").addEventListener("input", () => {
    search();
    writeAddress();
  });
  at("search").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) visitNext();
  });
  window.addEventListener("hashchange", readAddress);
  readAddress();
}

// ---- the parts of the page

function header() {
  const table = (name) => data.tables.find((table) => table.name === name);
  at("period").textContent = data.period
    ? `${minute(data.period[0])} to ${minute(data.period[1])} UTC`
    : "No event has a time.";
  const total = (label, value, text, style) =>
    press([html("b", {}, number(value)), html("span", {}, label)], text, { class: style });
  const distinct = [
    ["users", "user", "users"],
    ["addresses", "source address", "source addresses"],
    ["accounts", "account", "accounts"],
    ["regions", "region", "regions"],
  ].filter(([name]) => table(name));
  at("totals").replaceChildren(
    total(data.events === 1 ? "event" : "events", data.events, command("")),
    total(data.kinds[2] === 1 ? "error" : "errors", data.kinds[2], command(data.errorOptions), data.kinds[2] ? "error" : ""),
    total("denied", data.denied, command(data.deniedOptions), data.denied ? "error" : ""),
    ...distinct.map(([name, one, many]) => {
      const count = table(name).distinct;
      return html("a", { href: `#table-${name}` }, html("b", {}, number(count)), html("span", {}, count === 1 ? one : many));
    }),
  );
  const untimed = data.untimed ? ` ${plural(data.untimed, "event")} without a readable time.` : "";
  const summed = data.sum ? ` Sum of ${data.sum[0]}: ${data.sum[1]}.` : "";
  at("covered").textContent = `${data.covered}.${untimed}${summed}`;
  at("provenance").replaceChildren(
    ...data.provenance.map(([label, text]) => html("div", {}, html("b", {}, label), ` ${text}`)),
  );
}

function activity() {
  const { minutes, bins } = data.activity;
  const kinds = KINDS.map((kind, index) => ({ ...kind, index })).filter((kind) => data.kinds[kind.index]);
  if (!bins.length) return at("activity-section").remove();
  at("activity-section").querySelector("h2").append(html("small", {}, ` by ${stretch(minutes)}`));
  const hidden = new Set();
  const draw = (width) =>
    bars(width, {
      minutes,
      bins,
      kinds: kinds.filter((kind) => !hidden.has(kind.index)),
      height: 190,
      label: "Events over time",
    });
  chart(at("activity"), draw);
  at("kinds").replaceChildren(
    ...kinds.map((kind) => {
      const toggle = (event) => {
        if (!hidden.delete(kind.index)) hidden.add(kind.index);
        event.currentTarget.setAttribute("aria-pressed", !hidden.has(kind.index));
        charts[0]();
      };
      const text = `${kind.name} ${number(data.kinds[kind.index])}`;
      return html("button", { type: "button", class: kind.style, "aria-pressed": true, click: toggle }, text);
    }),
  );
}

function week() {
  const most = Math.max(...data.week);
  if (!most) return at("week-section").remove();
  chart(at("week"), (width) => {
    const [left, row, top] = [34, 22, 16];
    const step = (width - left) / 24;
    const picture = svg("svg", { width, height: top + 7 * row, viewBox: `0 0 ${width} ${top + 7 * row}`, role: "img", "aria-label": "Events by weekday and hour" });
    for (let hour = 0; hour < 24; hour += 3) {
      picture.append(svg("text", { x: left + (hour + 0.5) * step, y: 11, "text-anchor": "middle" }, `${hour}`));
    }
    data.week.forEach((count, place) => {
      const [day, hour] = [Math.floor(place / 24), place % 24];
      if (!hour) picture.append(svg("text", { x: 0, y: top + day * row + 15 }, WEEKDAYS[day].slice(0, 3)));
      const cell = { x: left + hour * step + 1, y: top + day * row + 1, width: step - 2, height: row - 2, rx: 2 };
      const text = `${WEEKDAYS[day]}, ${String(hour).padStart(2, "0")}:00 to ${String(hour + 1).padStart(2, "0")}:00 UTC\n${plural(count, "event")}`;
      const listed = count ? data.commandOfWeek?.join(`${day + 1} ${String(hour).padStart(2, "0")}`) ?? null : null;
      picture.append(
        svg("rect", { ...cell, class: "empty", "fill-opacity": 0.45 }),
        svg("rect", {
          ...cell,
          class: "heat",
          "data-press": listed === null ? null : "",
          "fill-opacity": count ? 0.15 + 0.85 * Math.sqrt(count / most) : 0,
          pointermove: (event) => tip(text, event),
          pointerleave: () => tip(""),
          click: () => show(listed),
        }),
      );
    });
    return picture;
  });
}

function news() {
  const parts = data.new.filter((part) => part?.bins.length);
  if (!parts.length) return at("new-section").remove();
  at("new-section").querySelector("h2").append(html("small", {}, ` by ${stretch(parts[0].minutes)}`));
  for (const { name, minutes, bins } of parts) {
    const place = html("div", { class: "chart" });
    at("new").append(html("h3", {}, TITLES[name]), place);
    chart(place, (width) =>
      bars(width, {
        minutes,
        bins,
        kinds: [{ name: `New ${TITLES[name].toLowerCase()}`, style: "first", index: 0 }],
        height: 82,
        label: `New ${TITLES[name].toLowerCase()} over time`,
      }),
    );
  }
}

/** Lists of values, each with its number of events. */
function valueTables() {
  const order = ["counts", "people", "users", "keys", "names", "sources", "addresses", "agents", "resources", "errors", "regions", "accounts"];
  const listed = data.tables.filter((table) => table.rows.length);
  listed.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
  for (const table of listed) {
    const most = Math.max(...table.rows.map((row) => row.events));
    const columns = columnsOfValues(table.columns, most, table.name === "resources" ? briefly : shown);
    const { rest, notes } = restOf(table);
    if (table.empty && table.name !== "errors") notes.push(`${plural(table.empty, "event")} without`);
    const heading = html("h2", {}, TITLES[table.name] ?? table.name, html("small", {}, ` ${number(table.distinct)}`));
    const section = html("section", { id: `table-${table.name}`, class: table.rows.length > LONG ? "long" : null }, heading);
    at("tables").append(section);
    draw(section, heading, columns, table.rows.map((row) => entry(columns, row)), { rest, notes });
  }
}

/** Values below their kind, such as changes below their theme. */
function grouped(name, columns) {
  const section = at(`${name}-section`);
  const table = data[name];
  if (!table?.rows.length) return section.remove();
  const kinds = new Map(table.rows.map((row) => [row.values[0], []]));
  for (const row of table.rows) kinds.get(row.values[0]).push(row);
  const entries = [...kinds].map(([kind, rows]) =>
    groupHeading(columns, TITLES[kind] ?? kind, rows.map((row) => entry(columns, row, { style: styleOf(row) })),
    ));
  // What was seen earlier, and what is more frequent, is in other tables.
  const rest = ["first", "rare"].includes(name) ? {} : restOf(table);
  draw(section, section.querySelector("h2"), columns, entries, { style: "blocks", ...rest });
}

const styleOf = (row) => (row.failed && row.events === row.failed ? "only-failed" : "");

/** Columns of values that may be ARNs; `first` is the place of the first of them. */
const namedColumns = (headings, first) =>
  headings.map((heading, place) => {
    const style = { "on what": "object", "from where": "from", detail: "detail" }[heading];
    return valueColumn(heading, first + place, { style, text: briefly });
  });

/** Calls that change what matters: what worked, and what only failed. */
const changes = () =>
  grouped("changes", [
    ...namedColumns(["call", "on what", "who", "from where"], 1),
    countColumn("done", (row) => row.events - row.failed),
    countColumn("failed", (row) => row.failed, { style: "failed" }),
    timeColumn("first", 0, "minor"),
    timeColumn("last", 1),
  ]);

const comparison = () =>
  grouped("comparison", [
    ...namedColumns(["change", "what", "who"], 1),
    countColumn("earlier", (row) => row.earlier),
    eventsColumn(),
    ratioColumn(),
    timeColumn("first", 0, "minor"),
    timeColumn("last", 1),
  ]);

/** Values by the time when they were first seen, or the rarest of them. */
const firstOrRare = (name) =>
  grouped(name, [
    ...namedColumns(["what", "who"], 1),
    eventsColumn(),
    timeColumn("first", 0),
    timeColumn("last", 1, "minor"),
  ]);

/** What may be worth a look, each kind with what it means. */
function signals() {
  const section = at("signals-section");
  const found = data.signals?.filter((signal) => signal.rows.length) ?? [];
  if (!found.length) return section.remove();
  for (const signal of found) {
    const columns = [
      ...namedColumns(["what", "who", "detail"], 0),
      eventsColumn(),
      timeColumn("first", 0, "minor"),
      timeColumn("last", 1),
    ];
    const heading = html("h3", {}, signal.name);
    const entries = signal.rows.map((row) => entry(columns, row));
    section.append(heading);
    draw(section, heading, columns, entries, { style: "blocks", about: signal.meaning, ...restOf(signal) });
  }
}

function denied() {
  const section = at("denied-section");
  if (!data.roles?.rows.length) return section.remove();
  const columns = columnsOfValues(["role or user"], Math.max(...data.roles.rows.map((role) => role.events)));
  const entries = data.roles.rows.map((role) =>
    entry(columns, role, { style: "role", entries: deniedCalls(columns, role) }));
  draw(section, section.querySelector("h2"), columns, entries, restOf(data.roles));
}

function deniedCalls(columns, role) {
  const others = role.events - sum(role.calls.map((call) => call.events));
  const rest = { label: "other calls", values: [], events: others, sum: "", period: null, picture: [], options: null };
  const above = role.values.map(shown).join("\n");
  return [...role.calls, ...(others ? [rest] : [])].map((call) => entry(columns, call, { style: "of-role", above }));
}

function days() {
  const { period, owners, others } = data.days;
  at("days-note").textContent = daysInWords();
  if (!period) return;
  const length = period[1] - period[0] + 1;
  const columns = [
    valueColumn("account", 0, { style: "account" }),
    valueColumn("region", 1, { style: "region" }),
    { heading: "", style: "gaps", cell: gapPicture },
    {
      heading: "missing",
      style: "number missing",
      isDescending: true,
      key: (owner) => owner.missing,
      cell: (owner) => (owner.missing ? `${plural(owner.missing, "day")} of ${number(length)}` : "complete"),
    },
  ];
  const rows = owners.map((owner) => ({ ...owner, values: [owner.account, owner.region] }));
  const section = at("days-section");
  draw(section, section.querySelector("h2"), columns, rows.map((row) => entry(columns, row)), { style: "blocks", rest: others });
}

function daysInWords() {
  const { period, owners, others, more, unplaced } = data.days;
  if (!period) return "The names of the files do not tell their account, region and day.";
  return [
    `${date(period[0] * DAY)} to ${date(period[1] * DAY)}, by the names of folders.`,
    owners.some((owner) => owner.missing)
      ? "Where a day has no file, nothing happened, or it is not here."
      : "There is a file for each day.",
    others ? `${number(others)} more are not shown${more ? ", and others were not kept" : ""}.` : "",
    unplaced ? `${plural(unplaced, "file")} with other names.` : "",
  ].filter(Boolean).join(" ");
}

/** The days of an account and a region, with those that have no file. */
function gapPicture(owner) {
  const [start, end] = data.days.period;
  const length = end - start + 1;
  const name = `${owner.account} ${owner.region}`;
  const gap = ([first, last, options]) => {
    const label = first === last ? date(first * DAY) : `${date(first * DAY)} to ${date(last * DAY)}`;
    const text = commandOfTime(options);
    return svg("rect", {
      class: "error", "data-press": text === null ? null : "", x: first - start, y: 0, width: last - first + 1, height: 1,
      pointermove: (event) => tip(`${name}\nno file: ${label}`, event),
      pointerleave: () => tip(""),
      click: () => show(text),
    });
  };
  const label = `${name}: ${plural(owner.missing, "day")} without a file`;
  return svg("svg", { viewBox: `0 0 ${length} 1`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("rect", { class: "present", width: length, height: 1 }), owner.gaps.map(gap));
}

header();
activity();
signals();
changes();
comparison();
week();
news();
firstOrRare("first");
firstOrRare("rare");
denied();
valueTables();
days();
startSearch();

let width = document.documentElement.clientWidth;
window.addEventListener("resize", () => {
  if (document.documentElement.clientWidth === width) return;
  width = document.documentElement.clientWidth;
  charts.forEach((redraw) => redraw());
});
at("copy").addEventListener("click", () => show(at("command-text").textContent));
at("close").addEventListener("click", () => (at("command").hidden = true));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !at("command").hidden) at("command").hidden = true;
  else if (event.key === "Escape") clearSearch();
  else if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && event.target !== at("search")) {
    event.preventDefault();
    at("search").focus();
  }
});
