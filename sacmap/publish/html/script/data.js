// What the page knows, and what it shows now. `data` holds the text; `numbers`, unpacked at the start, every column of
// the CSV, row by row: an area's crime types stand together, in the order of data.types.

const data = JSON.parse($("data").textContent);
const state = { type: data.type, measure: "change", clear: false, area: null };
let numbers = null;

async function unpack(text) {
  const packed = atob(text.trim());
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(plain).text());
}

const places = () => data.ids.map((_, place) => place);
const indexOf = (place, type) => place * data.types.length + data.types.indexOf(type);

// The columns the page shows; the others are in the download.
const SHOWN = [
  ...["baseline_mean", "current_count", "change", "change_pct", "expected", "normal_low", "normal_high"],
  ...["verdict", "excess", "level", "level_per_1000_households", "edge_share"],
];

function rowOf(place, type = state.type) {
  const at = indexOf(place, type);
  const row = { sentence: numbers.sentences[numbers.sentence[at]] };
  for (const name of SHOWN) row[name] = numbers.columns[name][at];
  return row;
}

const verdictOf = (place, type = state.type) => numbers.columns.verdict[indexOf(place, type)];
const isClear = (verdict) => verdict.startsWith("clear");
const isKnown = (row) => row.verdict !== "not known";
const arrowOf = (verdict) => ({ "clear rise": "▲ ", "clear fall": "▼ " })[verdict] ?? "";

// The sentence is chosen where it is tested; here its numbers are filled in.
function sentenceOf(row) {
  return row.sentence.replace(/\{(\w+)\}/g, (_, name) => {
    if (name === "crimes") return many(row.current_count, "crime");
    if (name === "before") return mean(row.baseline_mean);
    if (name === "step") return whole(Math.abs(row.current_count - row.expected));
    return whole(row[name]);
  });
}

// A month is one character: 0–9A–Za–z for 0 to 61, {n} for more, . where the month is not complete.
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const monthOf = ([, large, one]) => (large ? Number(large) : one === "." ? null : DIGITS.indexOf(one));
const seriesOf = (text) => Array.from(text.matchAll(/\{(\d+)\}|(.)/g), monthOf);

// Counts by month of an area, or of the whole place where `place` is null; null where a month is not complete.
function monthlyOf(place) {
  const kinds = state.type === "sac" ? data.types.slice(1) : [state.type];
  const series = kinds.map((kind) => seriesOf(place === null ? data.wholeMonthly[kind] : numbers.monthly[kind][place]));
  const add = (sum, n) => (sum === null || n === null ? null : sum + n);
  return series.reduce((sums, counts) => sums.map((sum, month) => add(sum, counts[month])));
}
