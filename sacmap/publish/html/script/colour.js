// The colour of an area. The cuts are the same on every map, so that maps of different months can be laid side by side.

const CUTS = [2 / 3, 4 / 5, 5 / 4, 3 / 2];

// The class of an area under the controls: s a clear change, p one that could be chance, l a level; 0 to 4.
function classOf(place) {
  const row = rowOf(place);
  if (!isKnown(row)) return "unknown";
  if (state.measure === "level") {
    const value = data.levelOnly ? row.current_count : data.rates ? row.level_per_1000_households : row.level;
    return value === null ? "unknown" : `l${data.levelCuts[state.type].filter((cut) => value >= cut).length}`;
  }
  if (row.verdict === "too few to tell") return "few";
  const against = state.measure === "change" ? row.baseline_mean : row.expected;
  const ratio = against > 0 ? row.current_count / against : row.current_count > 0 ? Infinity : 1;
  const step = CUTS.filter((cut) => ratio >= cut).length;
  // A fall that is a clear rise against the expected (or the other way round) is not painted as either.
  const strong = row.verdict === "clear rise" ? step >= 2 : row.verdict === "clear fall" && step <= 2;
  return `${strong ? "s" : "p"}${step}`;
}

const HATCHED = new Set(["p0", "p1", "p3", "p4", "unknown"]);

// On a canvas a hatch is a picture that repeats; in SVG it is one of the page's patterns.
const tiles = new Map();
function fillOf(css) {
  if (!HATCHED.has(css)) return data.colours[css];
  if (data.ids.length <= 2000) return `url(#hatch-${css})`;
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
  pen.strokeStyle = data.hatches[css];
  pen.lineWidth = 0.7;
  pen.beginPath();
  const [from, to] = css === "p3" || css === "p4" ? [0, size] : [size, 0];
  for (const shift of [-size, 0, size]) {
    pen.moveTo(from + shift, 0);
    pen.lineTo(to + shift, size);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}
