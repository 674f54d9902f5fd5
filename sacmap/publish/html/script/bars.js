// Small bars of a range or a level. Places are shares of a bar's width, so that it is as wide as its column.

const SCALE = data.scale;
const ratioOf = (row, name) => (row[name] === null || !(row.expected > 0) ? 0 : row[name] / row.expected);
const scaleOf = ratios => Math.min(SCALE.most, Math.max(SCALE.least, Math.ceil(Math.max(0, ...ratios) * 1.04 * 2) / 2));
const share = value => `${value.toFixed(1)}%`.replace(".0%", "%");
const along = (ratio, most) => share(SCALE.from + (SCALE.length * Math.min(ratio, most)) / most);
const dotOf = verdict => (isClear(verdict) ? ` ${verdict.split(" ")[1]}` : "");

// The whole multiples of the expected that the scale marks.
const timesOf = most => Array.from({ length: Math.floor(most) }, (_, i) => i + 1);

// Band the normal range, tick the expected, dot the count now: filled where the change is clear.
function rangeBar(row, most) {
  if (!ratioOf(row, "normal_high")) return drawing("svg", { class: "bar", "aria-hidden": "true" });
  const [low, high, now] = ["normal_low", "normal_high", "current_count"].map(name => ratioOf(row, name));
  const width = (SCALE.length * (Math.min(high, most) - Math.min(low, most))) / most;
  const said = `normal range ${estimate(row.normal_low)} to ${estimate(row.normal_high)}; ${row.verdict}`;
  return drawing("svg", { class: "bar", role: "img", "aria-label": said }, [
    drawing("line", { class: "axis-line", x1: 0, x2: "100%", y1: 11, y2: 11 }),
    ...timesOf(most)
      .slice(1)
      .map(n => drawing("line", { class: "faint", x1: along(n, most), x2: along(n, most), y1: 7, y2: 15 })),
    drawing("rect", { class: "band", x: along(low, most), y: 6, width: share(width), height: 10 }),
    drawing("line", { class: "tick", x1: along(1, most), x2: along(1, most), y1: 3, y2: 19 }),
    drawing("circle", { class: `dot${dotOf(row.verdict)}`, cx: along(now, most), cy: 11, r: 4.5 }),
  ]);
}

// The scale above, in times the expected: "1×", "2×", "3×" … each over its mark.
function rangeHead(most) {
  // Where the marks are close, a narrow bar has every other one.
  const css = n => (most > SCALE.close && n % 2 ? { class: "roomy" } : {});
  const multiples = timesOf(most).map(n =>
    drawing("text", { ...css(n), x: along(n, most), y: 13, "text-anchor": "middle" }, `${n}×`),
  );
  return drawing("svg", { class: "bar head", "aria-hidden": "true" }, multiples);
}

const levelWords = level => (data.rates ? mean(level) : estimate(level));

function levelBar(level, most) {
  const width = share(most ? (SCALE.longest * level) / most : 0);
  return drawing("svg", { class: "bar", role: "img", "aria-label": data.said.level + levelWords(level) }, [
    drawing("line", { class: "axis-line", x1: 0, x2: 0, y1: 3, y2: 19 }),
    drawing("rect", { class: "length", x: 0, y: 5, width, height: 12 }),
    drawing("text", { class: "figure", x: width, y: 16, dx: 6 }, levelWords(level)),
  ]);
}

// The count of the chosen area on its own bar, in crimes.
const BAR = { wide: 472, from: 8, to: 464 };

function countBar(row) {
  const most = Math.max(row.normal_high, row.current_count, 1) * 1.08;
  const x = value => BAR.from + ((BAR.to - BAR.from) * value) / most;
  const inside = (at, half) => Math.min(Math.max(at, half), BAR.wide - half);
  const [low, high, now, expected] = [row.normal_low, row.normal_high, row.current_count, row.expected].map(x);
  const said = `${whole(row.current_count)} now; normal range ${estimate(row.normal_low)} to ${estimate(row.normal_high)}, expected ${estimate(row.expected)}`;
  const svg = drawing("svg", {
    viewBox: `0 0 ${BAR.wide} 66`,
    role: "img",
    class: "chart range-bar",
    "aria-label": said,
  });
  const words = (at, y, text, css = "") =>
    drawing("text", { class: css, x: inside(at, 4 * text.length), y, "text-anchor": "middle" }, text);
  // The two labels above the bar stand side by side where they would touch.
  const labels = [`expected ${estimate(row.expected)}`, `now ${whole(row.current_count)}`];
  const room = 3.6 * (labels[0].length + labels[1].length) + 10;
  const near = Math.abs(now - expected) < room;
  const middle = inside((now + expected) / 2, room);
  const [left, right] = now < expected ? [1, 0] : [0, 1];
  const ends = near ? { [left]: middle - room / 2, [right]: middle + room / 2 } : { 0: expected, 1: now };
  svg.append(
    drawing("line", { class: "axis-line", x1: 0, x2: BAR.wide, y1: 32, y2: 32 }),
    drawing("rect", { class: "band", x: low, y: 23, width: Math.max(2, high - low), height: 18 }),
    drawing("line", { class: "tick", x1: expected, x2: expected, y1: 19, y2: 45 }),
    drawing("circle", { class: `dot${dotOf(row.verdict)}`, cx: now, cy: 32, r: 6.5 }),
    words(ends[0], 13, labels[0]),
    words(ends[1], 13, labels[1], "strong"),
  );
  const [a, b] = [estimate(row.normal_low), estimate(row.normal_high)];
  if (high - low > 130) svg.append(words(low, 60, a), words((low + high) / 2, 60, "normal range"), words(high, 60, b));
  else svg.append(words((low + high) / 2, 60, `normal range ${a} to ${b}`));
  return svg;
}
