// The colour of an area. The cuts are the same on every map, so that maps of different months can be laid side by side.

const [CLEAR, PALER, LEVELS] = ["s", "p", "l"].map(kind => [0, 1, 2, 3, 4].map(step => `${kind}${step}`));

// The class of an area under the controls: s a clear change, p one that could be chance, l a level; 0 to 4.
function classOf(place) {
  return classAt(numbers.columns, indexOf(place, state.type));
}

// Of many areas the districts are shown first, each in the colour of its own sum; choosing one shows its areas. A plan
// shows its areas.
const byDistrict = () =>
  Boolean(numbers.subtotals) && !data.plan && !state.group && state.area === null && state.measure !== "level";
const districtRow = group => group * data.types.length + data.types.indexOf(state.type);
const shownClass = place =>
  byDistrict() && data.groupOf[place] >= 0
    ? classAt(numbers.subtotals, districtRow(data.groupOf[place]))
    : classOf(place);

function classAt(columns, at) {
  // Thousands of areas are painted at once: only the columns that matter are read.
  const [verdict, now] = [columns.verdict[at], columns.current_count[at]];
  if (now === null || (verdict === "not known" && !data.levelOnly)) return "unknown";
  if (state.measure === "level") {
    const value = data.levelOnly ? now : columns[data.rates ? "level_per_1000_households" : "level"][at];
    return value === null ? "unknown" : LEVELS[stepOf(value, data.levelCuts[state.type])];
  }
  if (verdict === "too few to tell") return "few";
  const against = columns[state.measure === "change" ? "baseline_mean" : "expected"][at];
  const step = stepOf(against > 0 ? now / against : now > 0 ? Infinity : 1, data.cuts);
  // A fall that is a clear rise against the expected (or the other way round) is not painted as either.
  const strong = verdict === "clear rise" ? step >= 2 : verdict === "clear fall" && step <= 2;
  return (strong ? CLEAR : PALER)[step];
}

function stepOf(value, cuts) {
  let step = 0;
  while (step < cuts.length && value >= cuts[step]) step += 1;
  return step;
}

// On a canvas a hatch is a picture that repeats; in SVG it is one of the page's patterns.
const tiles = new Map();
function fillOf(css) {
  if (!data.hatches[css]) return data.colours[css];
  if (!isCanvas()) return `url(#hatch-${css})`;
  if (!tiles.has(css)) tiles.set(css, tileOf(css));
  return tiles.get(css);
}

function tileOf(css) {
  const size = 6;
  const tile = element("canvas");
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext("2d");
  pen.fillStyle = data.colours[css];
  pen.fillRect(0, 0, size, size);
  const [colour, side] = data.hatches[css];
  pen.strokeStyle = colour;
  pen.lineWidth = 0.7;
  pen.beginPath();
  const [from, to] = side > 0 ? [size, 0] : [0, size];
  for (const shift of [-size, 0, size]) {
    pen.moveTo(from + shift, 0);
    pen.lineTo(to + shift, size);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}
