"use strict";
// The officer's page: everything follows three controls and one chosen area. Text from data reaches the page by
// textContent alone. The block keeps its names apart from those of the script that folium writes.

{
const data = JSON.parse(document.getElementById("data").textContent);
const state = { type: "sac", measure: "change", clear: false, area: null };
const $ = (id) => document.getElementById(id);

// The same cuts on every map, so that maps of different months can be laid side by side.
const CUTS = [2 / 3, 4 / 5, 5 / 4, 3 / 2];
const STRONG = ["#542788", "#b2abd2", "#f7f7f7", "#fdb863", "#b35806"];
const PALE = ["#cfc6e2", "#e3e0ee", "#f7f7f7", "#fde8cd", "#f0cfae"];
const LEVEL = ["#f1f5f4", "#cfe2df", "#9cc5bf", "#5c9d97", "#1d6762"];
const FEW = "#d9d9d9";
const DRAWN_LABELS = 400;

// ---- numbers and words

// Halves are rounded away from zero, so that −5.5 and 5.5 read alike; there is no minus nought.
const rounded = (n) => Math.sign(n) * Math.round(Math.abs(n)) || 0;
const whole = (n) => rounded(n).toLocaleString("en-GB").replace("-", "−");
const signed = (n) => (rounded(n) > 0 ? "+" : "") + whole(n);
const mean = (n) => (n >= 10 || Number.isInteger(n) ? whole(n) : n.toFixed(1));
const percentOf = (row) => (row.baseline_mean > 0 ? (100 * (row.current_count - row.baseline_mean)) / row.baseline_mean : null);
const verdictOf = (row) => data.verdicts[row.verdict];
const isClear = (row) => verdictOf(row).startsWith("clear");
const arrowOf = (row) => ({ "clear rise": "▲ ", "clear fall": "▼ " })[verdictOf(row)] || "";

function element(tag, content, attributes = {}) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...(Array.isArray(content) ? content : [content ?? ""]));
  return made;
}

function drawing(tag, attributes, content) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (content !== undefined) made.textContent = content;
  return made;
}

// One row of the Change table: the columns are kept as arrays, by crime type.
function rowOf(place, type = state.type) {
  const row = {};
  for (const [name, values] of Object.entries(data.columns[type])) row[name] = values[place];
  return row;
}

// The sentence is chosen where it is tested; here its numbers are filled in.
function sentenceOf(row) {
  return data.sentences[row.sentence].replace(/\{(\w+)\}/g, (_, name) => {
    if (name === "crimes") return `${whole(row.current_count)} crime${row.current_count === 1 ? "" : "s"}`;
    if (name === "before") return mean(row.baseline_mean);
    if (name === "step") return whole(Math.abs(row.current_count - row.expected));
    return whole(row[name]);
  });
}

// ---- colour

function classOf(place) {
  const row = rowOf(place);
  const verdict = verdictOf(row);
  if (verdict === "not known") return { fill: "#ffffff", css: "unknown", unknown: true };
  if (state.measure === "level") {
    const value = data.rates ? row.level_per_1000_households : row.level;
    if (value === null) return { fill: "#ffffff", css: "unknown", unknown: true };
    const step = data.levelCuts[state.type].filter((cut) => value >= cut).length;
    return { fill: LEVEL[step], css: `l${step}` };
  }
  if (verdict === "too few to tell") return { fill: FEW, css: "few" };
  const against = state.measure === "change" ? row.baseline_mean : row.expected;
  const ratio = against > 0 ? row.current_count / against : row.current_count > 0 ? Infinity : 1;
  const step = CUTS.filter((cut) => ratio >= cut).length;
  // A fall that is a clear rise against the expected (or the other way round) is not painted as either.
  const strong = isClear(row) && (verdict === "clear rise" ? step >= 2 : step <= 2);
  return { fill: (strong ? STRONG : PALE)[step], css: `${strong ? "s" : "p"}${step}`, strong };
}

const priorities = () => new Set((state.measure === "level" ? data.hardening : weekList()).slice(0, 5).map((entry) => entry.place));
const isDimmed = (place) => state.clear && state.measure !== "level" && !isClear(rowOf(place));

// ---- the map

let map = null;
let shapes = [];
let labels = [];
let outline = null;

// Rings come as whole numbers of 1e-5 degree: the first point, then steps.
function ringOf(steps) {
  const ring = [];
  let x = 0;
  let y = 0;
  for (let i = 0; i < steps.length; i += 2) {
    x += steps[i];
    y += steps[i + 1];
    ring.push([y / 1e5, x / 1e5]);
  }
  return ring;
}

// Called by the map that folium writes: it passes numbers only.
function drawAreas(drawn, geometries) {
  map = drawn;
  shapes = geometries.map((polygons, place) => {
    if (!polygons.length) return null;
    const shape = L.polygon(polygons.map((rings) => rings.map(ringOf)), { weight: 1, color: "#4a4a4a" });
    shape.on("click", () => choose(place));
    shape.on("mouseover", () => { $("hover").textContent = hoverOf(place); });
    shape.on("mouseout", () => { $("hover").textContent = ""; });
    return shape;
  });
  L.layerGroup(shapes.filter(Boolean)).addTo(map);
  L.control.scale({ imperial: true, metric: true }).addTo(map);
  start();
}

function hoverOf(place) {
  const row = rowOf(place);
  return `${data.areas[place].name}: ${sentenceOf(row).split(".")[0]}. ${capital(verdictOf(row))}`;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function paint() {
  const first = priorities();
  shapes.forEach((shape, place) => {
    if (!shape) return;
    const look = classOf(place);
    const dimmed = isDimmed(place);
    shape.setStyle({
      fillColor: look.fill,
      fillOpacity: dimmed ? 0.12 : 1,
      opacity: dimmed ? 0.3 : 1,
      color: first.has(place) ? "#1d1d1f" : "#6b6b6b",
      weight: first.has(place) ? 3 : shapes.length > 500 ? 0.5 : 1,
      dashArray: look.unknown ? "5 4" : null,
    });
    if (first.has(place)) shape.bringToFront();
  });
  outlineChosen();
  label();
}

function outlineChosen() {
  outline?.remove();
  outline = null;
  const shape = state.area === null ? null : shapes[state.area];
  if (!shape) return;
  const ring = { fill: false, interactive: false, lineJoin: "round" };
  outline = L.layerGroup([
    L.polygon(shape.getLatLngs(), { ...ring, color: "#1d1d1f", weight: 7 }),
    L.polygon(shape.getLatLngs(), { ...ring, color: "#ffffff", weight: 2.5 }),
  ]).addTo(map);
}

// Names are written where they fit inside their area without touching one another, the largest areas first.
function label() {
  for (const old of labels) old.remove();
  labels = [];
  const view = map.getBounds();
  const taken = [];
  const order = data.labelOrder.filter((place) => shapes[place] && view.intersects(shapes[place].getBounds()));
  for (const place of order.slice(0, DRAWN_LABELS)) {
    const at = data.areas[place].at;
    const look = classOf(place);
    const name = (look.strong && state.measure !== "level" ? arrowOf(rowOf(place)) : "") + data.areas[place].name;
    const middle = map.latLngToLayerPoint([at[1], at[0]]);
    const bounds = shapes[place].getBounds();
    const room = map.latLngToLayerPoint(bounds.getNorthEast()).subtract(map.latLngToLayerPoint(bounds.getSouthWest()));
    const short = look.strong ? name.slice(0, 1) : "";
    const fits = [name, short].find((text) => text && text.length * 6.2 + 4 < Math.abs(room.x) * 0.95 && Math.abs(room.y) > 16 && free(taken, middle, text));
    if (!fits) continue;
    taken.push(boxOf(middle, fits));
    const made = element("span", fits, { class: `area-label${look.strong ? " strong" : ""}` });
    made.style.left = `${middle.x}px`;
    made.style.top = `${middle.y}px`;
    if (["s0", "s4", "l4"].includes(look.css) && !isDimmed(place)) { made.style.color = "#fff"; made.style.textShadow = "0 0 3px #000, 0 0 3px #000"; }
    map.getPane("markerPane").append(made);
    labels.push(made);
  }
}

const boxOf = (middle, text) => [middle.x - text.length * 3.1 - 3, middle.y - 8, middle.x + text.length * 3.1 + 3, middle.y + 8];
const free = (taken, middle, text) => {
  const box = boxOf(middle, text);
  return taken.every((other) => box[2] < other[0] || box[0] > other[2] || box[3] < other[1] || box[1] > other[3]);
};

// Print shows the static map: it is given the colours of the moment.
function paintStatic() {
  const first = priorities();
  for (const path of document.querySelectorAll("#map-static path[data-place]")) {
    const place = Number(path.dataset.place);
    const look = classOf(place);
    path.setAttribute("class", look.css + (first.has(place) ? " first" : ""));
    path.setAttribute("fill-opacity", isDimmed(place) ? 0.15 : 1);
    path.setAttribute("stroke-width", first.has(place) ? 3 : 0.8);
    if (first.has(place)) path.parentNode.append(path);
  }
  for (const name of document.querySelectorAll("#map-static text[data-name]")) {
    const place = Number(name.dataset.name);
    const look = classOf(place);
    const words = name.textContent.replace(/^[▲▼] ?/, "");
    name.setAttribute("class", `${look.css}-name`);
    name.textContent = (look.strong ? arrowOf(rowOf(place)) : "") + words;
  }
}

// ---- the parts that follow the controls

function showHead() {
  const total = data.totals[state.type];
  $("headline").textContent = data.headlines[state.type];
  document.title = data.headlines[state.type];
  const rows = data.areas.map((_, place) => verdictOf(rowOf(place)));
  const tiles = {
    current_count: whole(total.current_count),
    baseline_mean: mean(total.baseline_mean),
    change_pct: total.change_pct === null ? "–" : `${signed(total.change_pct)}%`,
    published_change_pct: total.published_change_pct === null ? "–" : `${signed(total.published_change_pct)}%`,
    rises: whole(rows.filter((verdict) => verdict === "clear rise").length),
    falls: whole(rows.filter((verdict) => verdict === "clear fall").length),
  };
  for (const tile of document.querySelectorAll("[data-tile]")) tile.textContent = tiles[tile.dataset.tile];
}

function showLegend() {
  for (const item of document.querySelectorAll("[data-legend]")) {
    item.hidden = item.dataset.legend !== (state.measure === "level" ? "level" : "change");
  }
  for (const note of document.querySelectorAll("[data-note]")) note.hidden = (note.dataset.note === "level") !== (state.measure === "level");
  const cuts = data.levelCuts[state.type];
  const unit = data.rates ? " per 1,000 households" : " crimes expected";
  document.querySelectorAll('[data-legend="level"]').forEach((item, step) => {
    const text = step === 0 ? `Below ${cuts[0]}` : step === cuts.length ? `${cuts[step - 1]} or more` : `${cuts[step - 1]} to ${cuts[step]}`;
    item.lastChild.textContent = ` ${text}${unit}`;
  });
}

function weekList() {
  if (state.type === "sac" && data.week) return data.week;
  return data.areas
    .map((_, place) => ({ place, row: rowOf(place) }))
    .filter(({ row }) => row.excess > 0)
    .sort((a, b) => b.row.excess - a.row.excess || a.place - b.place)
    .slice(0, 5)
    .map(({ place, row }) => ({ place, reasons: [`${whole(row.current_count)} crimes where about ${whole(row.expected)} were expected: ${verdictOf(row)}.`] }));
}

function showLists() {
  $("week-lead").textContent = `Where ${data.words[state.type]} stands furthest above what was expected.`;
  for (const [id, entries] of [["hardening", data.hardening], ["week", weekList()]]) {
    $(id).replaceChildren(
      ...entries.slice(0, 5).map((entry) => {
        const item = element("li", [], { "data-area-id": data.areas[entry.place].id });
        item.append(element("span", nameButton(entry.place), { class: "name" }), element("span", entry.reasons.join(" "), { class: "why" }));
        return item;
      }),
    );
    if (!entries.length) $(id).replaceChildren(element("li", "No area stands above what was expected."));
  }
}

function nameButton(place) {
  const button = element("button", data.areas[place].name, { type: "button", class: "link" });
  button.addEventListener("click", () => choose(place, { zoom: true, focus: true }));
  return button;
}

const CELLS = {
  baseline_mean: (row) => mean(row.baseline_mean),
  current_count: (row) => whole(row.current_count),
  change: (row) => signed(row.current_count - row.baseline_mean),
  change_pct: (row) => (percentOf(row) === null ? "–" : `${signed(percentOf(row))}%`),
  expected: (row) => whole(row.expected),
  normal_low: (row) => `${whole(row.normal_low)} to ${whole(row.normal_high)}`,
  excess: (row) => signed(row.excess),
  level: (row) => whole(row.level),
  verdict: (row) => arrowOf(row) + capital(verdictOf(row)),
};
const valueOf = (row, key) => ({ change: () => row.current_count - row.baseline_mean, change_pct: () => percentOf(row) }[key] ?? (() => row[key]))();

let sorting = null;

function tablePlaces() {
  let places = data.areas.map((_, place) => place);
  if (state.clear) places = places.filter((place) => isClear(rowOf(place)));
  const { key, down } = sorting ?? { key: "excess", down: true };
  const value = key === "area_name" ? (place) => data.areas[place].name : (place) => valueOf(rowOf(place), key);
  const known = places.map((place) => [place, value(place)]);
  const order = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en-GB") : a - b);
  known.sort(([p, a], [q, b]) => (a === null) - (b === null) || (a === null ? 0 : (down ? -1 : 1) * order(a, b)) || p - q);
  const sorted = known.map(([place]) => place);
  if (sorted.length <= data.tableCap) return sorted;
  const shown = sorted.slice(0, data.tableRows);
  if (state.area !== null && !shown.includes(state.area)) shown.unshift(state.area);
  return shown;
}

function showTable() {
  const places = tablePlaces();
  $("table-note").hidden = places.length === data.areas.length;
  $("table-note").textContent = state.clear && places.length < data.tableRows
    ? `${whole(places.length)} of ${whole(data.areas.length)} areas have a clear change.`
    : `The first ${whole(places.length)} of ${whole(data.areas.length)} areas. “Go to an area” finds any of them.`;
  const body = document.querySelector("#areas tbody");
  body.replaceChildren(...places.map(tableRow));
}

function tableRow(place) {
  const row = rowOf(place);
  const unknown = verdictOf(row) === "not known";
  const made = element("tr", element("th", nameButton(place), { scope: "row" }), { "data-area-id": data.areas[place].id });
  if (place === state.area) made.classList.add("chosen");
  for (const [key, show] of Object.entries(CELLS)) {
    const cell = element("td", unknown && key !== "verdict" ? "–" : show(row), { "data-col": key });
    if (key !== "verdict") cell.className = "number";
    made.append(cell);
  }
  return made;
}

function makeSortable() {
  for (const head of document.querySelectorAll("#areas th[data-sort]")) {
    const button = element("button", head.textContent, { type: "button" });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const key = head.dataset.sort;
      sorting = { key, down: sorting?.key === key ? !sorting.down : !["area_name", "verdict"].includes(key) };
      for (const other of document.querySelectorAll("#areas th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
      showTable();
    });
  }
}

// ---- the panel

function showPanel() {
  if (state.area === null) return;
  const place = state.area;
  const row = rowOf(place);
  const heading = element("h2", data.areas[place].name, { id: "panel-heading" });
  const parts = [heading];
  if (verdictOf(row) === "not known") {
    parts.push(element("p", sentenceOf(row)));
  } else {
    const said = sentenceOf(row);
    const first = said.indexOf(".") + 1;
    parts.push(element("p", said.slice(0, first), { class: "count" }), element("p", said.slice(first).trim()));
    if (row.expected !== null) parts.push(rangeBar(row));
  }
  if (data.monthly) parts.push(element("h3", `${capital(data.words[state.type])}, month by month`), monthLine(place));
  parts.push(element("h3", "The three kinds"), kinds(place));
  const streets = data.streets?.[place]?.[state.type] ?? [];
  if (streets.length) {
    parts.push(element("h3", "Busiest streets, current period"), element("ul", streets.map(([name, n]) => element("li", `${name}: ${whole(n)}`))));
  }
  if (row.edge_share !== null) {
    parts.push(element("p", `${whole(100 * row.edge_share)}% of these crimes lie within 50 metres of the boundary and may belong next door.`, { class: "small" }));
  }
  const on = [["hardening", "target hardening"], ["week", "a week of action"]]
    .map(([id, words]) => [words, (id === "week" ? weekList() : data.hardening).findIndex((entry) => entry.place === place)])
    .filter(([, rank]) => rank >= 0 && rank < 5)
    .map(([words, rank]) => `Number ${rank + 1} on the list for ${words}.`);
  if (on.length) parts.push(element("p", on.join(" ")));
  $("panel").replaceChildren(...parts);
}

function rangeBar(row) {
  const most = Math.max(row.normal_high, row.current_count, 1) * 1.08;
  const x = (value) => 8 + (304 * value) / most;
  const svg = drawing("svg", { viewBox: "0 0 320 58", role: "img", "aria-label": `${whole(row.current_count)} crimes; normal range ${whole(row.normal_low)} to ${whole(row.normal_high)}, expected ${whole(row.expected)}` });
  svg.append(
    drawing("rect", { class: "range", x: x(row.normal_low), y: 18, width: Math.max(2, x(row.normal_high) - x(row.normal_low)), height: 16, rx: 3 }),
    drawing("line", { class: "expected", x1: x(row.expected), x2: x(row.expected), y1: 14, y2: 38 }),
    drawing("path", { class: "now", d: `M${x(row.current_count)} 19l6 7-6 7-6-7z` }),
    drawing("text", { class: "axis", x: x(row.normal_low), y: 52, "text-anchor": "start" }, whole(row.normal_low)),
    drawing("text", { class: "axis", x: x(row.normal_high), y: 52, "text-anchor": "end" }, whole(row.normal_high)),
    drawing("text", { class: "axis", x: Math.min(Math.max(x(row.current_count), 20), 300), y: 11, "text-anchor": "middle" }, `now ${whole(row.current_count)}`),
  );
  return svg;
}

// A month is one character: 0–9A–Za–z for 0 to 61, {n} for more, . where the month is not complete.
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const seriesOf = (text) => Array.from(text.matchAll(/\{(\d+)\}|(.)/g), ([, many, one]) => (many ? Number(many) : one === "." ? null : DIGITS.indexOf(one)));

function monthlyOf(place) {
  const kinds = state.type === "sac" ? data.kinds : [state.type];
  const all = kinds.map((kind) => seriesOf(data.monthly[kind][place]));
  return all[0].map((_, month) => all.reduce((sum, series) => (sum === null || series[month] === null ? null : sum + series[month]), 0));
}

function monthLine(place) {
  const values = monthlyOf(place);
  const most = Math.max(4, ...values.filter((n) => n !== null));
  const x = (month) => 22 + (290 * month) / Math.max(values.length - 1, 1);
  const y = (n) => 92 - (78 * n) / most;
  const known = values.filter((n) => n !== null);
  const svg = drawing("svg", { viewBox: "0 0 320 122", role: "img", "aria-label": `Between ${Math.min(...known)} and ${Math.max(...known)} crimes a month; the table below gives the periods` });
  for (const [name, spans] of [["baseline", data.shades.baseline], ["current", data.shades.current]]) {
    for (const [from, to] of spans) svg.append(drawing("rect", { class: `shade-${name}`, x: x(from - 0.5), y: 8, width: x(to + 0.5) - x(from - 0.5), height: 86 }));
  }
  let path = "";
  values.forEach((n, month) => {
    if (n === null) return;
    const after = month > 0 && values[month - 1] !== null;
    path += `${after ? "L" : "M"}${x(month).toFixed(1)} ${y(n).toFixed(1)}`;
    if (!after && (month === values.length - 1 || values[month + 1] === null)) svg.append(drawing("circle", { class: "dot", cx: x(month), cy: y(n), r: 2.5 }));
  });
  svg.append(
    drawing("path", { class: "series", d: path }),
    drawing("text", { class: "axis", x: 18, y: y(most) + 4, "text-anchor": "end" }, whole(most)),
    drawing("text", { class: "axis", x: 18, y: y(0) + 4, "text-anchor": "end" }, "0"),
    drawing("text", { class: "axis", x: 22, y: 106 }, data.months[0]),
    drawing("text", { class: "axis", x: 312, y: 106, "text-anchor": "end" }, data.months.at(-1)),
    drawing("text", { class: "axis", x: 167, y: 118, "text-anchor": "middle" }, "light: baseline · dark: current · breaks: months left out"),
  );
  return svg;
}

function kinds(place) {
  const head = element("tr", ["Kind", "Before", "Now", "Reading"].map((text, i) => element("th", text, { scope: "col", class: i === 1 || i === 2 ? "number" : "" })));
  const rows = data.kinds.map((kind) => {
    const row = rowOf(place, kind);
    const unknown = verdictOf(row) === "not known";
    return element("tr", [
      element("th", capital(data.words[kind]), { scope: "row" }),
      element("td", unknown ? "–" : mean(row.baseline_mean), { class: "number" }),
      element("td", unknown ? "–" : whole(row.current_count), { class: "number" }),
      element("td", arrowOf(row) + verdictOf(row)),
    ]);
  });
  return element("table", [element("thead", head), element("tbody", rows)]);
}

// ---- choosing, finding, saving

function choose(place, { zoom = false, focus = false } = {}) {
  state.area = place;
  for (const row of document.querySelectorAll("#areas tr[data-area-id]")) row.classList.toggle("chosen", row.dataset.areaId === data.areas[place].id);
  showPanel();
  outlineChosen();
  if (zoom && shapes[place]) map.fitBounds(shapes[place].getBounds().pad(0.6), { animate: false });
  if (focus) $("panel").focus();
  keep();
}

function find(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const found = data.areas.map((area, place) => [area, place]).filter(([area]) => area.name.toLowerCase().includes(wanted) || area.id.toLowerCase() === wanted);
  const exact = ([area]) => Number(area.name.toLowerCase() !== wanted && area.id.toLowerCase() !== wanted);
  return found.sort((a, b) => exact(a) - exact(b)).map(([, place]) => place);
}

function suggest() {
  const text = $("find-area").value;
  const places = find(text);
  $("found-areas").replaceChildren(...places.slice(0, 20).map((place) => element("option", [], { value: data.areas[place].name })));
  const exact = places.filter((place) => data.areas[place].name.toLowerCase() === text.trim().toLowerCase());
  if (exact.length === 1) choose(exact[0], { zoom: true });
}

function download() {
  const names = ["area_id", "area_name", "crime_type", ...Object.keys(data.columns.sac).filter((name) => name !== "sentence")];
  const cell = (value) => {
    const text = value === null ? "" : String(value);
    const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [names];
  data.areas.forEach((area, place) => {
    for (const type of Object.keys(data.columns)) {
      const row = rowOf(place, type);
      row.verdict = verdictOf(row);
      lines.push(names.map((name) => ({ area_id: area.id, area_name: area.name, crime_type: type })[name] ?? row[name]));
    }
  });
  const text = `\ufeff${lines.map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;
  const link = element("a", "", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: data.csvName });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// The state lives in the address, so that a link opens the same view.
function keep() {
  const words = new URLSearchParams({ type: state.type, measure: state.measure });
  if (state.clear) words.set("clear", "1");
  if (state.area !== null) words.set("area", data.areas[state.area].id);
  history.replaceState(null, "", `#${words}`);
}

function recall() {
  const words = new URLSearchParams(location.hash.slice(1));
  if (words.get("type") in data.columns) state.type = words.get("type");
  if (["change", "expected", "level"].includes(words.get("measure"))) state.measure = words.get("measure");
  state.clear = words.get("clear") === "1";
  const place = data.areas.findIndex((area) => area.id === words.get("area"));
  if (place >= 0) state.area = place;
  document.querySelector(`[name="crime-type"][value="${state.type}"]`).checked = true;
  document.querySelector(`[name="measure"][value="${state.measure}"]`).checked = true;
  $("only-clear").checked = state.clear;
}

function show() {
  showHead();
  showLegend();
  showLists();
  showTable();
  showPanel();
  paint();
}

function listen() {
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  $("controls").addEventListener("change", (event) => {
    const { name, value, id, checked } = event.target;
    if (name === "crime-type") state.type = value;
    else if (name === "measure") state.measure = value;
    else if (id === "only-clear") state.clear = checked;
    else return;
    show();
    keep();
  });
  $("find-area").addEventListener("input", suggest);
  $("find-area").addEventListener("keydown", (event) => {
    const [place] = event.key === "Enter" ? find($("find-area").value) : [];
    if (place !== undefined) choose(place, { zoom: true, focus: true });
  });
  $("download-csv").addEventListener("click", download);
  $("print-page").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", paintStatic);
  window.addEventListener("hashchange", () => { recall(); show(); });
  $("whole-map").addEventListener("click", () => map.fitBounds(data.bounds, { animate: false }));
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => map.zoomIn(Number(button.dataset.zoom), { animate: false }));
  for (const button of document.querySelectorAll("[data-pan]")) {
    const [x, y] = button.dataset.pan.split(",").map(Number);
    button.addEventListener("click", () => map.panBy([x * 160, y * 160], { animate: false }));
  }
  map.on("zoomend moveend", label);
}

function start() {
  document.documentElement.dataset.ready = "";
  map.invalidateSize({ animate: false });
  map.fitBounds(data.bounds, { animate: false });
  makeSortable();
  recall();
  listen();
  show();
  if (state.area !== null) choose(state.area, { zoom: true });
}

window.drawAreas = drawAreas;
}
