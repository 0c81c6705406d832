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
  names: "Event names",
  sources: "Services",
  addresses: "Source addresses",
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
  const [left, bottom, top] = [44, 18, 6];
  const first = bins.length ? bins[0][0] : 0;
  const count = bins.length ? (bins.at(-1)[0] - first) / minutes + 1 : 1;
  const total = (counts) => sum(kinds.map((kind) => counts[kind.index]));
  const most = roundUp(Math.max(1, ...bins.map(([, counts]) => total(counts))));
  const step = (width - left) / count;
  const up = (value) => ((height - bottom - top) * value) / most;
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", tabindex: 0, "aria-label": label });
  for (const value of [0, most / 2, most]) {
    if (!Number.isInteger(value)) continue;
    const y = height - bottom - up(value);
    picture.append(
      svg("line", { class: "axis", x1: left, x2: width, y1: y, y2: y }),
      svg("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, number(value)),
    );
  }
  for (const [start, counts] of bins) {
    const x = left + ((start - first) / minutes) * step;
    let y = height - bottom;
    for (const kind of kinds) {
      const size = up(counts[kind.index]);
      if (!size) continue;
      // What there is can be seen, however little it is.
      const seen = Math.max(size, 1);
      y -= seen;
      const gap = step > 3 ? 1 : 0;
      picture.append(svg("rect", { class: kind.style, x: x + gap / 2, y, width: Math.max(step - gap, 0.75), height: seen }));
    }
  }
  const second = (place) => (first + place * minutes) * MINUTE;
  const length = minutes * MINUTE;
  const isShort = length < DAY && count * length <= 3 * DAY;
  const isLabelled = (place) => isShort || length >= DAY || second(place) % DAY === 0;
  const labelled = Array.from({ length: count }, (_, place) => place).filter(isLabelled);
  if (labelled.length === 0 || labelled[0] * step > 90) labelled.unshift(0);
  const every = Math.ceil(labelled.length / Math.max(1, Math.floor((width - left) / 90)));
  const wide = 64;
  let free = 0;
  for (const place of labelled.filter((_, at) => at % every === 0)) {
    const text = isShort ? minute(second(place)).slice(5) : date(second(place));
    const x = left + place * step;
    const isAtEnd = x + wide > width;
    const start = isAtEnd ? x - wide : x;
    // The last one leans to the left, where another may be.
    if (start < free) continue;
    free = start + wide + 4;
    picture.append(svg("text", { x, y: height - 4, "text-anchor": isAtEnd ? "end" : "start" }, text));
  }
  pointAt(picture, { left, step, count, height: height - bottom, top }, (place) => {
    const [, counts, options] = bins.find(([start]) => start === first + place * minutes) ?? [0, [], null];
    const lines = kinds.map((kind) => `${kind.name}: ${number(counts[kind.index] ?? 0)}`);
    return {
      text: [span(second(place), minutes), ...lines].join("\n"),
      command: commandOfTime(options),
    };
  });
  return picture;
}

/** Lets the pointer and the arrow keys choose one of the steps of a chart. */
function pointAt(picture, { left, step, count, height, top }, about) {
  const chosen = svg("rect", { class: "chosen", y: top, height: height - top, width: Math.max(step, 2), visibility: "hidden" });
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

/** A tiny chart without axes. */
function spark(counts) {
  const most = Math.max(1, ...counts);
  const bar = (count, place) => {
    const height = count ? Math.max(0.08, count / most) : 0;
    return svg("rect", { class: count ? "first" : "empty", x: place + 0.08, y: 1 - height, width: 0.84, height });
  };
  return svg("svg", { viewBox: `0 0 ${counts.length} 1`, preserveAspectRatio: "none", "aria-hidden": "true" }, counts.map(bar));
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
    const picture = svg("svg", { width, height: top + 7 * row, role: "img", "aria-label": "Events by weekday and hour" });
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

const headings = (names) =>
  html("tr", {},
    names.map((name) => html("th", {}, name)),
    html("th", { class: "number" }, "events"),
    data.sum ? html("th", { class: "number", title: data.sum[0] }, "sum") : null,
    html("th", { class: "time" }, "first"),
    html("th", { class: "time last" }, "last"),
    html("th", { class: "picture" }, data.frame ? `by ${stretch(data.frame.minutes)}` : ""));

const shown = (value) => (value === "" ? "(none)" : value);

function times(period) {
  const isOneYear = data.period && written(data.period[0]).slice(0, 4) === written(data.period[1]).slice(0, 4);
  const text = (second) => (isOneYear ? minute(second).slice(5) : date(second));
  return ["time", "time last"].map((style, place) =>
    html("td", { class: style, title: period ? written(period[place]) : "" }, period ? text(period[place]) : ""));
}

/** A row: the values, the first of them on a bar that shows its share. */
function line(row, values, share, text, attributes) {
  const cells = values.map((value, place) => {
    const bar = place ? null : svg("svg", { viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { class: "present", width: 100 * share, height: 1 }));
    return html("td", { class: "value", title: shown(value) }, bar, press(shown(value), text));
  });
  return html("tr", attributes, cells,
    html("td", { class: "number" }, press(number(row.events), text)),
    data.sum ? html("td", { class: "number" }, row.sum ?? "0") : null,
    times(row.period),
    html("td", { class: "picture" }, row.picture.length ? spark(row.picture) : null));
}

function tables() {
  const listed = data.tables.filter((table) => table.rows.length);
  const order = ["counts", "people", "users", "names", "sources", "addresses", "errors", "regions", "accounts"];
  listed.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
  for (const table of listed) {
    const most = Math.max(...table.rows.map((row) => row.events));
    const rows = table.rows.map((row) =>
      line(row, row.values, row.events / most, command(row.options)));
    const rest = table.distinct - table.rows.length;
    const events = table.events - sum(table.rows.map((row) => row.events));
    const notes = [
      rest ? `${number(rest)} more with ${plural(events, "event")}` : "",
      table.empty && table.name !== "errors" ? `${plural(table.empty, "event")} without` : "",
    ].filter(Boolean);
    at("tables").append(
      html("section", { id: `table-${table.name}` },
        html("h2", {}, TITLES[table.name], html("small", {}, ` ${number(table.distinct)}`)),
        html("table", {}, html("thead", {}, headings(table.columns)), html("tbody", {}, rows)),
        notes.length ? html("p", { class: "faint" }, notes.join("; ")) : null));
  }
}

/** ARNs without service, region and account, which leave no room for the name. */
const brief = (text) =>
  text.split(";").map((one) => (one.startsWith("arn:") ? one.split(":").slice(5).join(":") : one)).join(";");

/** Calls that change what matters, by theme: what worked, and what only failed. */
function changes() {
  if (!data.changes?.rows.length) return at("changes-section").remove();
  const { rows, distinct, events } = data.changes;
  const head = html("tr", {},
    html("th", {}, "call"),
    html("th", { class: "object" }, "on what"),
    html("th", {}, "who"),
    html("th", { class: "from" }, "from where"),
    html("th", { class: "number" }, "done"),
    html("th", { class: "number" }, "failed"),
    html("th", { class: "time first" }, "first"),
    html("th", { class: "time" }, "last"));
  const count = (value, style) =>
    html("td", { class: `number ${style} ${value ? "" : "none"}` }, value ? number(value) : "–");
  let theme = null;
  const body = rows.flatMap((row) => {
    const [name, ...values] = row.values;
    const cells = values.map((value, place) =>
      html("td", { class: place === 3 ? "value from" : "value", title: shown(value) }, html("span", {}, brief(value) || "–")));
    const [first, last] = times(row.period);
    first.className = "time first";
    last.className = "time";
    const isNew = name !== theme;
    theme = name;
    return [
      isNew ? html("tr", { class: "theme" }, html("th", { colspan: 8, scope: "rowgroup" }, name)) : [],
      html("tr", { class: row.events > row.failed ? "" : "only-failed" }, cells,
        count(row.events - row.failed, "done"), count(row.failed, "failed"), first, last),
    ].flat();
  });
  at("changes").append(html("table", { class: "changes" }, html("thead", {}, head), html("tbody", {}, body)));
  const rest = distinct - rows.length;
  if (rest) {
    const others = events - sum(rows.map((row) => row.events));
    at("changes").append(html("p", { class: "faint" }, `${number(rest)} more with ${plural(others, "event")}`));
  }
}

function denied() {
  if (!data.roles?.rows.length) return at("denied-section").remove();
  const { rows, distinct, events } = data.roles;
  const most = rows[0].events;
  const body = rows.flatMap((role) => {
    const others = role.events - sum(role.calls.map((call) => call.events));
    return [
      line(role, role.values, role.events / most, command(role.options), { class: "role" }),
      ...role.calls.map((call) => line(call, call.values, call.events / most, command(call.options), { class: "of-role" })),
      others ? line({ events: others, sum: "", period: null, picture: [] }, ["other calls"], others / most, null, { class: "of-role" }) : [],
    ].flat();
  });
  at("denied").append(html("table", {}, html("thead", {}, headings(["role or user"])), html("tbody", {}, body)));
  const rest = distinct - rows.length;
  if (rest) {
    const denied = events - sum(rows.map((row) => row.events));
    at("denied").append(html("p", { class: "faint" }, `${number(rest)} more with ${plural(denied, "event")}`));
  }
}

function days() {
  const { period, owners, others, more, untold } = data.days;
  const note = at("days-note");
  if (!period) {
    note.textContent = "The names of the files do not tell their account, region and day.";
    return;
  }
  const length = period[1] - period[0] + 1;
  const gone = owners.filter((owner) => owner.missing).length;
  note.textContent = [
    `${date(period[0] * DAY)} to ${date(period[1] * DAY)}, by the names of folders.`,
    gone ? "Where a day has no file, nothing happened, or it is not here." : "There is a file for each day.",
    others ? `${number(others)} more are not shown${more ? ", and others were not kept" : ""}.` : "",
    untold ? `${plural(untold, "file")} with other names.` : "",
  ].filter(Boolean).join(" ");
  for (const owner of owners) {
    const name = `${owner.account} ${owner.region}`;
    const gap = ([first, last, options]) => {
      const label = first === last ? date(first * DAY) : `${date(first * DAY)} to ${date(last * DAY)}`;
      const text = commandOfTime(options);
      return svg("rect", {
        class: "error", "data-press": text === null ? null : "", x: first - period[0], y: 0, width: last - first + 1, height: 1,
        pointermove: (event) => tip(`${name}\nno file: ${label}`, event),
        pointerleave: () => tip(""),
        click: () => show(text),
      });
    };
    const picture = svg("svg", { viewBox: `0 0 ${length} 1`, preserveAspectRatio: "none", role: "img", "aria-label": `${name}: ${plural(owner.missing, "day")} without a file` },
      svg("rect", { class: "present", width: length, height: 1 }), owner.gaps.map(gap));
    at("days").append(html("div", { class: "owner" }, press(name, command(owner.options)), picture,
      html("span", {}, owner.missing ? `${plural(owner.missing, "day")} of ${number(length)}` : "complete")));
  }
}

header();
activity();
changes();
week();
news();
denied();
tables();
days();

let width = document.documentElement.clientWidth;
window.addEventListener("resize", () => {
  if (document.documentElement.clientWidth === width) return;
  width = document.documentElement.clientWidth;
  charts.forEach((redraw) => redraw());
});
at("copy").addEventListener("click", () => show(at("command-text").textContent));
at("close").addEventListener("click", () => (at("command").hidden = true));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") at("command").hidden = true;
});
