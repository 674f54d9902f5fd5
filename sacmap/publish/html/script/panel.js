// The panel: the chosen area, in the place of the lists.

function showPanel() {
  const chosen = state.area !== null;
  $("panel").hidden = !chosen;
  const lists = $("lists") ?? $("plan");
  lists.hidden = chosen;
  $("panel").replaceChildren(
    ...(chosen ? oneArea(state.area) : [element("h2", "No area chosen", { id: "panel-heading" })]),
  );
}

function oneArea(place) {
  const row = rowOf(place);
  const said = sentenceOf(row);
  const first = firstSentence(said).length;
  const where = whereOf(place);
  const heading = [data.names[place], ...(where ? [" ", element("span", where, { class: "where" })] : [])];
  const parts = [
    element(
      "div",
      [
        button("‹ Back to the list", { class: "link", id: "whole-place" }),
        button("Print this area", { class: "link", id: "print-area" }),
      ],
      { class: "panel-tools" },
    ),
    element("h2", heading, { id: "panel-heading" }),
  ];
  if (isKnown(row)) {
    parts.push(element("p", said.slice(0, first), { class: "count" }));
    if (row.expected !== null && row.normal_high !== null) parts.push(countBar(row));
    if (said.slice(first).trim()) parts.push(element("p", [...arrowMark(row.verdict), said.slice(first).trim()]));
  } else parts.push(element("p", said));
  parts.push(...listsOn(place), ...planWords(place), ...monthByMonth(place), ...itsCrime(place), ...busiest(place));
  if (row.edge_share !== null) parts.push(element("p", edgeWords(row.edge_share), { class: "small soft" }));
  return parts;
}

function edgeWords(part) {
  if (part === 0) return "None of these crimes lies within 50 metres of the boundary.";
  return `${whole(100 * part)}% of these crimes lie within 50 metres of the boundary and may belong next door.`;
}

// The lists an area is on, how firm its place is, and why.
function listsOn(place) {
  const week = weekList().findIndex(entry => entry.place === place && entry.finding);
  const homes = hardeningList().findIndex(entry => entry.place === place);
  const here = state.group ? ` in ${groupSaid()}` : "";
  const told = [
    ...(week < 0 ? [] : [[`Number ${week + 1} for a week of action${here}.`, numbers.reasons[state.type]?.[place]]]),
    ...(homes < 0
      ? []
      : [[`Number ${homes + 1} for locks, lights and gates${here}.`, numbers.reasons.hardening?.[place]]]),
  ];
  return told.map(([said, reasons]) =>
    element("p", [element("strong", said), " ", [...(reasons?.[0] ?? []).slice(0, 2), sure(reasons?.[1])].join(" ")], {
      class: "listed",
    }),
  );
}

// The draws are of all areas, so in a district they speak of another list than the one in sight.
function sure(said) {
  if (!said || !state.group) return said ?? "";
  return `On the list of the whole map, ${said[0].toLowerCase()}${said.slice(1)}`;
}

// All of an area's crime by type, each with its range.
function itsCrime(place) {
  const rows = data.types.map(kind => [kind, rowOf(place, kind)]);
  if (!rows.some(([, row]) => isKnown(row))) return [];
  const most = scaleOf(rows.map(([, row]) => ratioOf(row, "current_count")));
  const plain = data.levelOnly || Boolean(data.noReading);
  const head = [
    element("th", "All its crime", { scope: "col" }),
    element("th", "now", { scope: "col", class: "number" }),
    ...(plain
      ? []
      : [
          element("th", "expected", { scope: "col", class: "number" }),
          element("th", [unseen("range"), rangeHead(most)], { scope: "col" }),
          element("th", "reading", { scope: "col" }),
        ]),
  ];
  const line = ([kind, row]) =>
    element(
      "tr",
      [
        element("th", data.labels[kind], { scope: "row" }),
        element("td", isKnown(row) && row.current_count !== null ? whole(row.current_count) : "–", { class: "number" }),
        ...(plain
          ? []
          : [
              element("td", isKnown(row) && row.expected !== null ? estimate(row.expected) : "–", { class: "number" }),
              element("td", rangeBar(row, most)),
              element("td", [...arrowMark(row.verdict), row.verdict.replace("within normal range", "in normal range")]),
            ]),
      ],
      kind === state.type ? { class: "on" } : {},
    );
  return [
    element("table", [element("thead", element("tr", head)), element("tbody", rows.map(line))], { class: "kinds" }),
  ];
}

function busiest(place) {
  const coded = numbers.streets?.[indexOf(place, state.type)] ?? [];
  const lines = [];
  let street = 0;
  for (let i = 0; i < coded.length; i += 2) {
    street += coded[i];
    const crimes = element("span", whole(coded[i + 1]), { class: "number" });
    lines.push(element("li", [element("span", numbers.streetNames[street]), crimes]));
  }
  return lines.length ? [element("h3", "Busiest streets now"), element("ul", lines, { class: "streets" })] : [];
}

// "its ten busiest map points"; fewer are all that it has.
const pointsInWords = ({ length }) => (length < TEN ? "all its map points" : "its ten busiest map points");

// What a reader is told of the circles on the map.
function pointWords(place) {
  const points = pointsOf(place);
  const count = numbers.columns.current_count[indexOf(place, state.type)];
  if (!points.length || !count) return "";
  const circles = `Circles: ${pointsInWords(points)}.`;
  if (points.length < TEN) return circles;
  const held = points.reduce((sum, { n }) => sum + n, 0);
  const how =
    held / count < 0.35
      ? "spread thin, no one street"
      : held / count < 0.6
        ? "some streets stand out"
        : "few streets hold most";
  return `${circles} They hold ${whole(100 * (held / count))}% of its ${data.nouns[state.type][1]}: ${how}.`;
}

// The counts month by month: the compared periods shaded, a gap where a month was left out, the axis at a round number.
const LINE = { wide: 472, left: 34, right: 466, top: 18, foot: 78, high: 98 };

function monthByMonth(place) {
  const values = data.months.length ? monthlyOf(place) : [];
  if (values.every(n => n === null)) return [];
  return [element("h3", `${capital(data.words[state.type])} month by month`), monthLine(values, place)];
}

// The next round number above: 4, 5, 8, 10, 15, 20, 30, 40, 50, 80, 100 …
function roundUp(n) {
  const power = 10 ** Math.floor(Math.log10(Math.max(n, 4)));
  return [1, 1.5, 2, 3, 4, 5, 8, 10].map(step => step * power).find(step => step >= n && step % 1 === 0);
}

function monthLine(values, place) {
  const known = values.filter(n => n !== null);
  const most = roundUp(Math.max(4, ...known));
  const step = (LINE.right - LINE.left) / Math.max(values.length - 1, 1);
  const x = month => LINE.left + step * month;
  // Half a month more on both sides, but not off the chart, where months are few and far apart.
  const ends = ([from, to]) => [Math.max(LINE.left, x(from) - step / 2), Math.min(LINE.right, x(to) + step / 2)];
  const y = n => LINE.foot - ((LINE.foot - LINE.top) * n) / most;
  const described = `Between ${whole(Math.min(...known))} and ${many(Math.max(...known), data.nouns[state.type])} a month`;
  const svg = drawing("svg", {
    viewBox: `0 0 ${LINE.wide} ${LINE.high}`,
    role: "img",
    class: "chart months",
    "aria-label": described,
  });
  for (const [name, spans] of Object.entries(data.shades))
    for (const [left, right] of spans.map(ends)) {
      const frame = { x: left, y: LINE.top - 4, width: right - left, height: LINE.foot - LINE.top + 4 };
      svg.append(drawing("rect", { class: `shade-${name}`, ...frame }));
    }
  svg.append(...periodSums(values, ends));
  for (const n of [0, most])
    svg.append(
      drawing("line", { class: "axis-line", x1: LINE.left, x2: LINE.right, y1: y(n), y2: y(n) }),
      drawing("text", { x: LINE.left - 6, y: y(n) + 4, "text-anchor": "end" }, whole(n)),
    );
  svg.append(...expectedLine(place, ends, y), ...lineOf(values, x, y), ...yearMarks(x), ...actionMarks(place, x));
  return svg;
}

// The count of each period above it, where there is room: of the months compared, as everywhere else on the page.
function periodSums(values, ends) {
  const spans = [...(data.shades.baseline ?? []), ...(data.shades.current ?? [])];
  return spans.flatMap(span => {
    const [left, right] = ends(span);
    const known = data.compared.map(month => values[span[0] + month]).filter(n => n !== null);
    if (right - left < 40 || !known.length) return [];
    // In the middle: an action is marked where the period after it begins.
    const middle = { x: (left + right) / 2, y: LINE.top - 7, "text-anchor": "middle" };
    return [drawing("text", middle, whole(known.reduce((a, b) => a + b)))];
  });
}

// What was expected, spread evenly over the months of the current period.
function expectedLine(place, ends, y) {
  const row = rowOf(place);
  const [span] = data.shades.current ?? [];
  if (!span || row.expected === null || data.levelOnly || !data.compared.length) return [];
  const level = y(row.expected / data.compared.length);
  const [left, right] = ends(span);
  return [drawing("line", { class: "level-line", x1: left, x2: right, y1: level, y2: level })];
}

// A line through the months that are known, broken at the others; a month with none beside it is a dot.
function lineOf(values, x, y) {
  const there = month => month >= 0 && month < values.length && values[month] !== null;
  const points = values.map((n, month) =>
    n === null ? "" : `${there(month - 1) ? "L" : "M"}${x(month).toFixed(1)} ${y(n).toFixed(1)}`,
  );
  const alone = values.flatMap((n, month) =>
    n !== null && !there(month - 1) && !there(month + 1) ? [[month, n]] : [],
  );
  const dots = alone.map(([month, n]) => drawing("circle", { class: "alone", cx: x(month), cy: y(n), r: 3 }));
  return [drawing("path", { class: "series", d: points.join("") }), ...dots];
}

// Each January is marked with its year; a short run of months with its first and last.
function yearMarks(x) {
  const januaries = data.months.map((month, at) => [month, at]).filter(([month]) => month.startsWith("January"));
  const label = (at, words, anchor) => drawing("text", { x: at, y: LINE.foot + 16, "text-anchor": anchor }, words);
  if (januaries.length < 2) {
    const ends = [label(x(0), data.months[0], "start")];
    return data.months.length > 1 ? [...ends, label(LINE.right, data.months.at(-1), "end")] : ends;
  }
  const often = Math.ceil(januaries.length / 8);
  return januaries
    .filter((_, i) => i % often === 0)
    .flatMap(([month, at]) => [
      drawing("line", { class: "axis-line", x1: x(at), x2: x(at), y1: LINE.foot, y2: LINE.foot + 4 }),
      label(x(at), month.slice(-4), x(at) > LINE.right - 20 ? "end" : x(at) < LINE.left + 16 ? "start" : "middle"),
    ]);
}
