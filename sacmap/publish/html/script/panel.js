// The panel: the chosen area, or the whole place where none is chosen.

function showPanel() {
  $("panel").replaceChildren(...(state.area === null ? wholePlace() : oneArea(state.area)));
}

function oneArea(place) {
  const row = rowOf(place);
  const back = element("button", "Whole place", { type: "button", id: "whole-place" });
  back.addEventListener("click", () => choose(null, { zoom: true, focus: true }));
  const said = sentenceOf(row);
  const first = said.indexOf(".") + 1;
  const parts = [
    element("div", [element("h2", data.names[place], { id: "panel-heading" }), back], { class: "panel-head" }),
  ];
  if (isKnown(row)) {
    parts.push(element("p", said.slice(0, first), { class: "count" }), element("p", said.slice(first).trim()));
    if (row.expected !== null) parts.push(rangeBar(row));
  } else parts.push(element("p", said));
  parts.push(
    ...listsOn(place),
    ...planWords(place),
    ...monthByMonth(place),
    ...threeKinds((kind) => rowOf(place, kind)),
    ...busiest(place),
  );
  if (row.edge_share !== null) parts.push(element("p", edgeWords(row.edge_share), { class: "small" }));
  return parts;
}

function wholePlace() {
  const total = data.totals[state.type];
  const found = verdicts();
  const counted = data.verdicts.filter((verdict) => found.has(verdict));
  const line = (verdict) => {
    const n = found.get(verdict);
    return element(
      "li",
      `${arrowOf(verdict)}${/(rise|fall)$/.test(verdict) ? many(n, verdict) : `${whole(n)} ${verdict}`}`,
    );
  };
  return [
    element("h2", "The whole place", { id: "panel-heading" }),
    element(
      "p",
      `${many(total.current_count, "crime")}; ${mean(total.baseline_mean)} ${data.periods > 1 ? `a ${data.period} ` : ""}before.`,
      { class: "count" },
    ),
    element("p", "Choose a neighbourhood on the map, in a list or in the table to see it here.", { class: "small" }),
    ...monthByMonth(null),
    ...threeKinds((kind) => ({ ...data.totals[kind], reading: percent(data.totals[kind].change_pct) }), "Change"),
    element("h3", `${many(data.ids.length, "neighbourhood")}, by reading`),
    element("ul", counted.map(line), { class: "readings" }),
  ];
}

function edgeWords(share) {
  if (share === 0) return "None of these crimes lies within 50 metres of the boundary.";
  return `${whole(100 * share)}% of these crimes lie within 50 metres of the boundary and may belong next door.`;
}

function listsOn(place) {
  const lists = [
    ["target hardening", data.hardening],
    ["a week of action", weekList()],
  ];
  const on = lists.flatMap(([words, entries]) => {
    const rank = entries.slice(0, data.listed).findIndex((entry) => entry.place === place);
    return rank < 0 ? [] : [`Number ${rank + 1} for ${words}.`];
  });
  return on.length ? [element("p", on.join(" "), { class: "listed" })] : [];
}

function busiest(place) {
  const found = numbers.streets?.byRow[indexOf(place, state.type)] ?? [];
  if (!found.length) return [];
  const lines = [];
  for (let i = 0; i < found.length; i += 2) {
    const name = element("span", numbers.streets.names[found[i]]);
    lines.push(element("li", [name, element("span", whole(found[i + 1]), { class: "number" })]));
  }
  return [element("h3", "Busiest streets now"), element("ul", lines, { class: "streets" })];
}

// Three crime types: before, now and a last column.
function threeKinds(rowBy, last = "Reading") {
  const head = ["Kind", "Before", "Now", last].map((text, i) =>
    element("th", text, { scope: "col", ...(i === 1 || i === 2 ? { class: "number" } : {}) }),
  );
  const rows = data.types.slice(1).map((kind) => {
    const row = rowBy(kind);
    const known = isKnown(row) && row.current_count !== null;
    return element("tr", [
      element("th", capital(data.words[kind]), { scope: "row" }),
      element("td", known ? mean(row.baseline_mean) : "–", { class: "number" }),
      element("td", known ? whole(row.current_count) : "–", { class: "number" }),
      element("td", row.reading ?? arrowOf(row.verdict) + row.verdict),
    ]);
  });
  return [
    element("h3", "The three kinds"),
    element("table", [element("thead", element("tr", head)), element("tbody", rows)]),
  ];
}

// The count now on a bar of the normal range, with the expected count marked.
function rangeBar(row) {
  const most = Math.max(row.normal_high, row.current_count, 1) * 1.06;
  const x = (value) => 6 + (308 * value) / most;
  const inside = (at, half) => Math.min(Math.max(at, half), 320 - half);
  const [low, high, now, expected] = [row.normal_low, row.normal_high, row.current_count, row.expected].map(x);
  const described = `${many(row.current_count, "crime")} now; normal range ${whole(row.normal_low)} to ${whole(row.normal_high)}, expected ${whole(row.expected)}`;
  const svg = drawing("svg", { viewBox: "0 0 320 68", role: "img", class: "range-bar", "aria-label": described });
  const text = (at, y, words, half) =>
    drawing("text", { class: "axis", x: inside(at, half), y, "text-anchor": "middle" }, words);
  svg.append(
    drawing("line", { class: "base", x1: 6, x2: 314, y1: 27, y2: 27 }),
    drawing("rect", { class: "range", x: low, y: 19, width: Math.max(2, high - low), height: 16, rx: 3 }),
    drawing("line", { class: "expected", x1: expected, x2: expected, y1: 16, y2: 41 }),
    drawing("path", { class: "now", d: `M${now} 19l8 8-8 8-8-8z` }),
    drawing(
      "text",
      { class: "axis strong", x: inside(now, 24), y: 12, "text-anchor": "middle" },
      `now ${whole(row.current_count)}`,
    ),
    text(expected, 52, `expected ${whole(row.expected)}`, 36),
    text((low + high) / 2, 64, `normal range ${whole(row.normal_low)} to ${whole(row.normal_high)}`, 66),
  );
  return svg;
}

function monthByMonth(place) {
  if (!data.months.length) return [];
  const key = element(
    "p",
    [
      ...[
        ["baseline", "before"],
        ["current", "now"],
      ].flatMap(([name, words]) => [element("span", "", { class: `shade ${name}` }), ` ${words} `]),
      element("span", "Gaps: months missing or left out", { class: "gap" }),
    ],
    { class: "small key" },
  );
  return [element("h3", `${capital(data.words[state.type])}, month by month`), monthLine(monthlyOf(place), place), key];
}

const TOP = 10;
const FOOT = 96;

function monthLine(values, place) {
  const known = values.filter((n) => n !== null);
  const most = Math.max(4, ...known);
  const left = 8 + 6 * whole(most).length;
  const step = (314 - left) / Math.max(values.length - 1, 1);
  const x = (month) => left + step * month;
  const y = (n) => FOOT - ((FOOT - TOP) * n) / most;
  const described = known.length
    ? `Between ${whole(Math.min(...known))} and ${many(Math.max(...known), "crime")} a month; the table below gives the periods`
    : "No complete month";
  const svg = drawing("svg", { viewBox: "0 0 320 114", role: "img", class: "months", "aria-label": described });
  for (const [name, spans] of Object.entries(data.shades)) {
    for (const [from, to] of spans)
      svg.append(
        drawing("rect", {
          class: `shade-${name}`,
          x: x(from) - step / 2,
          y: TOP - 4,
          width: x(to) - x(from) + step,
          height: FOOT - TOP + 4,
        }),
      );
  }
  for (const n of [0, most]) {
    svg.append(
      drawing("line", { class: "base", x1: left, x2: 318, y1: y(n), y2: y(n) }),
      drawing("text", { class: "axis", x: left - 5, y: y(n) + 4, "text-anchor": "end" }, whole(n)),
    );
  }
  svg.append(...lineOf(values, x, y), ...yearMarks(x), ...actionMarks(place, x));
  return svg;
}

// A line through the months that are known, broken at the others; a month with none beside it is a dot.
function lineOf(values, x, y) {
  const there = (month) => month >= 0 && month < values.length && values[month] !== null;
  const points = values.map((n, month) =>
    n === null ? "" : `${there(month - 1) ? "L" : "M"}${x(month).toFixed(1)} ${y(n).toFixed(1)}`,
  );
  const alone = values.flatMap((n, month) =>
    n !== null && !there(month - 1) && !there(month + 1) ? [[month, n]] : [],
  );
  const dots = alone.map(([month, n]) => drawing("circle", { class: "dot", cx: x(month), cy: y(n), r: 3 }));
  return [drawing("path", { class: "series", d: points.join("") }), ...dots];
}

// Each January is marked with its year; a short run of months with its first and last.
function yearMarks(x) {
  const januaries = data.months.map((month, at) => [month, at]).filter(([month]) => month.startsWith("January"));
  const mark = (at, words, anchor) =>
    drawing("text", { class: "axis", x: x(at), y: FOOT + 15, "text-anchor": anchor }, words);
  if (januaries.length < 2)
    return [mark(0, data.months[0], "start"), mark(data.months.length - 1, data.months.at(-1), "end")];
  const every = Math.ceil(januaries.length / 8);
  return januaries
    .filter((_, i) => i % every === 0)
    .flatMap(([month, at]) => [
      drawing("line", { class: "tick", x1: x(at), x2: x(at), y1: FOOT, y2: FOOT + 4 }),
      mark(at, month.slice(-4), x(at) > 300 ? "end" : "middle"),
    ]);
}
