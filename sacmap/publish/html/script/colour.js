// The colour of an area. The cuts are the same on every map, so that maps of different months can be laid side by side.

const CUTS = [2 / 3, 4 / 5, 5 / 4, 3 / 2];
const DARK = new Set(["s0", "s4", "l4"]);

// The class of an area under the controls: s a clear change, p one that could be chance, l a level; 0 to 4.
function classOf(place) {
  const row = rowOf(place);
  if (!isKnown(row)) return "unknown";
  if (state.measure === "level") {
    const value = data.rates ? row.level_per_1000_households : row.level;
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

const arrowOn = (place, css) => (css.startsWith("s") ? arrowOf(verdictOf(place)) : "");
const isDimmed = (place) => state.clear && state.measure !== "level" && !isClear(verdictOf(place));
const listShown = () => (state.measure === "level" ? data.hardening : weekList());
// A plan outlines its own areas instead.
const priorities = () =>
  new Set(
    data.plan
      ? []
      : listShown()
          .slice(0, data.listed)
          .map((entry) => entry.place),
  );
