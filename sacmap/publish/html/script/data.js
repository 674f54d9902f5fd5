// What the page knows, and what it shows now. `data` holds the text; `numbers`, unpacked at the start, every column of
// the CSV, row by row: an area's crime types stand together, in the order of data.types.

const data = JSON.parse($("data").textContent);
const state = {
  type: data.type,
  measure: data.levelOnly ? "level" : "change",
  group: "",
  area: null,
  clear: false,
  ranges: false,
};
let numbers = null;

async function unpack(text) {
  const plain = new Blob([bytesOf(text.trim())]).stream().pipeThrough(new DecompressionStream("deflate"));
  return readLater(await new Response(plain).text());
}

function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
  return bytes;
}

// JSON with a value a line: each is read when it is first asked for, so that nobody waits for what no one has asked.
function readLater(text) {
  const lines = text.split("\n");
  const end = lines.indexOf("},");
  const read = later(lines.slice(end + 1, -1));
  read.csv = later(lines.slice(1, end));
  read.columns = shownOf(read.csv);
  return read;
}

// Where the comparator is no good guide, what follows from it is not shown. The download has it.
function shownOf(csv) {
  if (!data.noReading) return csv;
  const verdict = csv.verdict.map(said => (said === "not known" ? said : data.noReading));
  const none = verdict.map(() => null);
  const unjudged = data.unjudged.map(name => [name, { value: none }]);
  return Object.create(csv, { ...Object.fromEntries(unjudged), verdict: { value: verdict } });
}

function later(lines) {
  const read = {};
  for (const line of lines) {
    const colon = line.indexOf('":') + 1;
    const get = () => {
      const value = JSON.parse(line.slice(colon + 1, line.endsWith(",") ? -1 : undefined));
      Object.defineProperty(read, line.slice(1, colon - 1), { value });
      return value;
    };
    Object.defineProperty(read, line.slice(1, colon - 1), { get, enumerable: true, configurable: true });
  }
  return read;
}

// What is asked again at every move of the map is worked out once.
const workedOut = new Map();
function once(key, make) {
  if (!workedOut.has(key)) workedOut.set(key, make());
  return workedOut.get(key);
}

const every = data.ids.map((_, place) => place);
const indexOf = (place, type) => place * data.types.length + data.types.indexOf(type);
const groupOf = place => (data.groups.length && data.groupOf[place] >= 0 ? data.groups[data.groupOf[place]] : "");
const inGroup = place => !state.group || groupOf(place) === state.group;
// The chosen district as it is said in a sentence: "the City of Bristol".
const groupSaid = () => data.groupsSaid[data.groups.indexOf(state.group)];
const placesShown = () => (state.group ? every.filter(inGroup) : every);
// An area's name with its district or code where another area has the same.
const fullName = place => data.unlike[place] ?? data.names[place];
const whereOf = place => [data.groups.length > 1 ? groupOf(place) : "", codeOf(place)].filter(Boolean).join(", ");
// The same in a list. A chosen district is said once, in the heading; a code only where its name alone would not do.
const codeOf = place => (data.unlike[place]?.includes(data.ids[place]) ? data.ids[place] : "");
const whereInList = place => (state.group ? codeOf(place) : whereOf(place));

// The columns the page shows; the others are in the download.
const SHOWN = [
  ...["baseline_mean", "current_count", "change", "change_pct", "expected", "normal_low", "normal_high"],
  ...["verdict", "excess", "level", "level_per_1000_households", "edge_share"],
];

function rowOf(place, type = state.type) {
  const at = indexOf(place, type);
  const row = { sentence: numbers.sentences[numbers.sentence[at]] };
  for (const name of SHOWN) row[name] = numbers.columns[name][at];
  row.gap = row.current_count === null || row.expected === null ? null : row.current_count - row.expected;
  return row;
}

const verdictOf = (place, type = state.type) => numbers.columns.verdict[indexOf(place, type)];
const isClear = verdict => verdict.startsWith("clear");
const isKnown = row => row.verdict !== "not known" || (data.levelOnly && row.current_count !== null);
const arrowOf = verdict => ({ "clear rise": "▲ ", "clear fall": "▼ " })[verdict] ?? "";

// ▲ or ▼ in its colour, before a clear reading.
const inColour = arrow =>
  arrow ? [element("span", arrow, { class: arrow === "▲" ? "up" : "down", "aria-hidden": "true" }), " "] : [];
const arrowMark = verdict => inColour(arrowOf(verdict).trim());

// The sentence is chosen where it is tested; here its numbers are filled in.
function sentenceOf(row, type = state.type) {
  return row.sentence.replace(/\{(\w+)\}/g, (_, name) => {
    if (name === "crimes") return many(row.current_count, data.nouns[type]);
    if (name === "before") return mean(row.baseline_mean);
    if (name === "step") return whole(Math.abs(row.current_count - row.expected));
    return name === "expected" ? about(row.expected) : estimate(row[name]);
  });
}

// A full stop within a number, as in 0.3, ends no sentence, and nor does that of St. Helens.
const firstSentence = said => said.match(/^.*?(?<!\bSt)\.(?=\s|$)/)?.[0] ?? said;

// Where the name of each area has most room: lon, lat and the width of the area there, in 1e-5 degree. A place is coded
// as a step from the one before it.
const namesAt = () =>
  once("names at", () => {
    let [x, y] = [0, 0];
    return every.map(place => {
      const [east, north, width] = numbers.labels.slice(3 * place, 3 * place + 3);
      [x, y] = [x + east, y + north];
      return [x, y, width];
    });
  });

// A month is one character: 0–9A–Za–z for 0 to 61, {n} for more, . where the month is not complete.
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const monthOf = ([, large, one]) => (large ? Number(large) : one === "." ? null : DIGITS.indexOf(one));
const seriesOf = text => Array.from(text.matchAll(/\{(\d+)\}|(.)/g), monthOf);

// Counts by month of an area; null where a month is not complete.
function monthlyOf(place) {
  const kinds = state.type === "sac" ? data.types.slice(1) : [state.type];
  const series = kinds.map(kind => seriesOf(numbers.monthly[kind][place]));
  const plus = (sum, n) => (sum === null || n === null ? null : sum + n);
  return series.reduce((sums, counts) => sums.map((sum, month) => plus(sum, counts[month])));
}

const TEN = 10;

// The ten busiest map points of an area for the crime type: where, street, and crimes; the busiest first.
function pointsOf(place) {
  const coded = numbers.points?.[place] ?? [];
  const step = 3 + data.types.length - 1;
  const found = [];
  let [x, y, street] = [0, 0, 0];
  for (let i = 0; i < coded.length; i += step) {
    x += coded[i];
    y += coded[i + 1];
    street += coded[i + 2];
    const counts = coded.slice(i + 3, i + step);
    const n = state.type === "sac" ? counts.reduce((a, b) => a + b) : counts[data.types.indexOf(state.type) - 1];
    if (n > 0) found.push({ x: x / 1e5, y: y / 1e5, street: numbers.streetNames[street], n });
  }
  return found.sort((a, b) => b.n - a.n).slice(0, TEN);
}
