// What stands on the map: pins, names, towns, districts, and the busiest points of the listed areas. Every mark keeps
// clear of those before it; what has no room is left out.

let marks = [];
let pinsAt = [];
// What names zoom to their place, "a district" or "a town", because the areas there are too small to tell apart.
let namesZoom = "";

const pen = document.createElement("canvas").getContext("2d");
const SIZES = { listed: "600 13px", town: "12px", district: "600 13px", near: "12px", street: "12px" };
const widths = new Map();
const fontFamily = () => getComputedStyle(document.body).fontFamily;

function wideOf(text, css) {
  const key = `${css}|${text}`;
  if (!widths.has(key)) {
    pen.font = `${SIZES[css]} ${fontFamily()}`;
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}

const touches = (a, boxes) => boxes.some(b => a[2] > b[0] && a[0] < b[2] && a[3] > b[1] && a[1] < b[3]);
const boxAt = ({ x, y }, across, down = across) => [x - across, y - down, x + across, y + down];

function middleOf(place) {
  const [x, y] = namesAt()[place];
  return map.latLngToLayerPoint([y / 1e5, x / 1e5]);
}

// The pins of the moment: of both lists, or of the plan.
function pinList() {
  if (data.plan) return data.plan.pins.map(([place, sign]) => ({ place, sign }));
  const week = state.measure === "level" ? [] : weekList().filter(entry => entry.sign);
  return [...week, ...hardeningList()];
}

function mark() {
  for (const { made } of marks) made.remove();
  marks = [];
  const frame = frameNow();
  const inside = ({ x, y }) => x > frame[0] && x < frame[2] && y > frame[1] && y < frame[3];
  const isWhole = box => box[0] > frame[0] && box[2] < frame[2] && box[1] > frame[1] && box[3] < frame[3];
  // The legend makes room for the pins, the rest over the map does not; the name of the area under the mouse goes again.
  const isHint = !$("hover").classList.contains("named");
  const scales = queryAll("#map .leaflet-control-scale-line");
  const fixed = [query(".map-tools"), $("locator"), $("points-note"), ...scales];
  const taken = furniture(frame, isHint ? [...fixed, $("hover")] : fixed);
  placePins(taken, { inside, isWhole });
  // Of the listed areas, those with room for their circles; what the circles of a chosen area are, a note says.
  const listed = new Set(state.area === null ? pinsAt.map(({ place }) => place) : []);
  const roomy = [...listed].filter(place => widthOf(place) > 150);
  $("key-points").hidden = !roomy.some(place => pointsOf(place).length);
  settleLegend(frame);
  const kept = [...taken, ...furniture(frame, [$("legend"), $("hover")])];
  const scene = { taken: kept, inside, isWhole };
  if (state.area !== null) markPoints(state.area, scene);
  else for (const place of roomy) markPoints(place, scene);
  const named = new Set();
  for (const { place, at } of pinsAt)
    if (!named.has(place) && word(data.names[place], at, "listed", scene, { gap: 13 })) named.add(place);
  if (state.area !== null) nearNames(scene);
  namesZoom = "";
  districtNames(scene);
  for (const { kind, places } of numbers.context ?? [])
    if (kind === "place") for (const [name, x, y] of places) townName(name, x, y, scene);
  for (const [name, x, y] of data.towns) townName(name, x, y, scene);
  map.getPane("markerPane").append(...marks.map(({ made }) => made));
  if (!isHint) return;
  const before = $("hover").textContent.length;
  $("hover").textContent = hintWords();
  // A longer hint needs more room, which marks may have taken. It can then be shorter, but not longer again.
  if ($("hover").textContent.length > before) mark();
}

function add(css, at, text, { to, ...attributes } = {}) {
  const made = element("span", text, { class: `mark ${css}`, "aria-hidden": "true", ...attributes });
  made.style.left = `${at.x}px`;
  made.style.top = `${at.y}px`;
  marks.push({ made, css, at, to, text });
  return made;
}

// Where a pin may stand, in its own widths from its place: the nearest first.
const HALVES = Array.from({ length: 17 }, (_, n) => (n - 8) / 2);
const ASIDE = HALVES.flatMap(y => HALVES.map(x => [x, y]))
  .filter(([x, y]) => Math.hypot(x, y) <= 4)
  .sort((a, b) => Math.hypot(...a) - Math.hypot(...b));

function placePins(taken, { inside, isWhole }) {
  pinsAt = [];
  for (const { place, sign, finding } of pinList()) {
    if (!isThere(place)) continue;
    const home = middleOf(place);
    if (!inside(home)) continue;
    // Beside its own place where another pin stands there already, or the map ends.
    const free = ASIDE.map(([x, y]) => L.point(home.x + 24 * x, home.y + 24 * y)).find(
      at => !touches(boxAt(at, 11.5), taken) && isWhole(boxAt(at, 11.5)),
    );
    const at = free ?? home;
    taken.push(boxAt(at, 12));
    pinsAt.push({ place, at, sign });
    // The circles say more of the chosen area than its own pin would.
    if (place === state.area && pointsOf(place).length) continue;
    const css = /[A-Z]/.test(sign) ? " home" : sign === "!" ? " act" : finding === "possible" ? " maybe" : "";
    const made = add(`pinned pin${css}`, at, sign, { "data-pin": sign });
    made.addEventListener("click", () => choose(place, { zoom: true }));
    if (at.distanceTo(home) > 12) leadTo(home, at);
  }
}

// A line to the place of a pin that stands beside it.
function leadTo(home, at) {
  const { x, y } = at.subtract(home);
  const made = add("lead-to", home, "", { to: at });
  made.style.width = `${Math.hypot(x, y)}px`;
  made.style.transform = `rotate(${Math.atan2(y, x)}rad)`;
}

// A word right of a point, left of it, above or below, wherever nothing stands; null where there is no room.
function word(text, at, css, { taken, isWhole }, { gap = 6, prefix = 0 } = {}) {
  const wide = wideOf(text, css) + prefix;
  const high = 8;
  const spots = [
    [at.x + gap, at.y],
    [at.x - gap - wide, at.y],
    [at.x - wide / 2, at.y - gap - 7],
    [at.x - wide / 2, at.y + gap + 7],
  ];
  for (const [x, y] of css === "town" ? spots.slice(0, 1) : spots) {
    const box = [x - 2, y - high, x + wide + 2, y + high];
    if (touches(box, taken) || !isWhole(box)) continue;
    taken.push(box);
    return add(`word ${css}`, L.point(x, y), text);
  }
  return null;
}

function townName(name, x, y, scene) {
  if (data.groups.includes(name)) return;
  const at = map.latLngToLayerPoint([y / 1e5, x / 1e5]);
  // The dot stands on the town itself.
  if (!scene.inside(at)) return;
  const made = word(name, L.point(at.x - 2, at.y), "town", scene, { gap: 0, prefix: 8 });
  const place = made ? areaAt(acrossOf(x / 1e5), downOf(y / 1e5)) : -1;
  if (place < 0 || data.groups.length || widthOf(place) > 2 * LEAST) return;
  made.classList.add("zooms");
  made.addEventListener("click", () => goTo({ town: [name, x, y] }));
  namesZoom = "a town";
}

// In two lines where it is long: "Bath and North / East Somerset".
function inLines(name) {
  const spaces = Array.from(name.matchAll(/ /g), ({ index }) => index);
  if (name.length < 15 || !spaces.length) return [name];
  const middle = spaces.sort((a, b) => Math.abs(a - name.length / 2) - Math.abs(b - name.length / 2))[0];
  return [name.slice(0, middle), name.slice(middle + 1)];
}

// The districts with most crime are named first. Where there are more than this, only those whose name fits them are.
const MOST_DISTRICTS = 24;

function largestGroups() {
  return once("largest groups", () => {
    const sums = data.groups.map(() => 0);
    const now = numbers.columns.current_count;
    for (const place of every)
      if (data.groupOf[place] >= 0) sums[data.groupOf[place]] += now[indexOf(place, "sac")] ?? 0;
    const some = sums.map((_, i) => i).filter(i => sums[i] > 0 || sums.length <= MOST_DISTRICTS);
    return some.sort((a, b) => sums[b] - sums[a] || a - b);
  });
}

// The width that half of a district's areas have at most, in 1e-5 degree.
function usualWidths() {
  return once("usual widths", () => {
    const widthsOf = data.groups.map(() => []);
    for (const place of every)
      if (isThere(place) && data.groupOf[place] >= 0) widthsOf[data.groupOf[place]].push(namesAt()[place][2]);
    return widthsOf.map(some => some.sort((a, b) => a - b)[Math.floor(some.length / 2)] ?? 0);
  });
}

// Whether a district's areas are too small to tell apart: its name then zooms to it.
const isTiny = group => !state.group && (usualWidths()[group] / 1e5) * pixelsPerDegree() < LEAST;

function districtNames(scene) {
  const labels = numbers.districts?.labels ?? [];
  for (const i of largestGroups()) {
    const name = data.groups[i];
    const [x, y, width] = labels.slice(3 * i, 3 * i + 3);
    const at = map.latLngToLayerPoint([y / 1e5, x / 1e5]);
    const lines = inLines(name);
    const half = Math.max(...lines.map(line => wideOf(line, "district"))) / 2;
    const tall = 8 * lines.length;
    if (!width || !scene.inside(at) || (state.area !== null && groupOf(state.area) === name)) continue;
    const tiny = isTiny(i);
    // Of a whole country the names that fit their districts are shown; the towns say the rest.
    if (data.groups.length > MOST_DISTRICTS && 2 * half > (width / 1e5) * pixelsPerDegree()) continue;
    const spots = [0, -18, 18, -34, 34, -52, 52].flatMap(down => [0, -40, 40].map(right => [right, down]));
    const near = data.groups.length > MOST_DISTRICTS ? 1 : 40;
    const isNear = ([aside, far]) => !aside && Math.abs(far) < near;
    for (const [right, down] of tiny && near > 1 ? spots : spots.filter(isNear)) {
      const box = [at.x + right - half - 2, at.y + down - tall, at.x + right + half + 2, at.y + down + tall];
      if (touches(box, scene.taken) || !scene.isWhole(box)) continue;
      scene.taken.push(box);
      const made = add("district", L.point(at.x + right, at.y + down), lines.join("\n"));
      made.classList.toggle("zooms", tiny);
      if (tiny) {
        namesZoom = "a district";
        made.addEventListener("click", () => chooseGroup(name));
      }
      break;
    }
  }
}

// Round the chosen area, the names of the areas next to it.
function nearNames(scene) {
  const near = every.filter(place => place !== state.area && isThere(place) && scene.inside(middleOf(place)));
  for (const place of near.slice(0, 60)) {
    const at = middleOf(place);
    const half = wideOf(data.names[place], "near") / 2;
    const box = [at.x - half - 3, at.y - 8, at.x + half + 3, at.y + 8];
    if (widthOf(place) < 2 * half || touches(box, scene.taken) || !scene.isWhole(box)) continue;
    scene.taken.push(box);
    add("near", at, data.names[place]);
  }
}

const radiusOf = n => Math.min(15, 7 + 1.3 * Math.sqrt(n));

// Circles on the busiest map points, their size by the count, with the streets' names.
function markPoints(place, scene) {
  const found = pointsOf(place);
  for (const { x, y, n } of found) {
    const at = map.latLngToLayerPoint([y, x]);
    const radius = radiusOf(n);
    const box = boxAt(at, radius - 2);
    // Those of areas that are only listed make way for the pins and for one another.
    if (!scene.inside(at) || (place !== state.area && touches(box, scene.taken))) continue;
    const made = add("point", at, whole(n));
    made.style.width = `${2 * radius}px`;
    made.style.height = `${2 * radius}px`;
    made.style.lineHeight = `${2 * radius - 2}px`;
    scene.taken.push(box);
  }
  if (place !== state.area) return;
  const told = new Set();
  for (const { x, y, street, n } of found) {
    const at = map.latLngToLayerPoint([y, x]);
    if (!street || told.has(street) || !scene.inside(at)) continue;
    if (word(street, at, "street", scene, { gap: radiusOf(n) + 3 })) told.add(street);
  }
}

// The boxes of what stands over the map, such as the buttons, in its pixels: there stand no words.
function furniture(frame, parts) {
  const map_ = $("map").getBoundingClientRect();
  return parts.flatMap(part => {
    const box = part.getBoundingClientRect();
    if (!box.width || box.top > map_.bottom || box.bottom < map_.top) return [];
    return [
      [
        box.left - map_.left + frame[0],
        box.top - map_.top + frame[1],
        box.right - map_.left + frame[0],
        box.bottom - map_.top + frame[1],
      ],
    ];
  });
}

// The edges of what the map shows, in its pixels.
function frameNow() {
  const view = map.getPixelBounds();
  const origin = map.getPixelOrigin();
  return [view.min.x - origin.x, view.min.y - origin.y, view.max.x - origin.x, view.max.y - origin.y];
}

// The corners that the legend may stand in; about a chosen area, the locator has one of them.
function cornersOf([left, top, right, bottom]) {
  const [wide, high] = [$("legend").offsetWidth, $("legend").offsetHeight];
  return {
    right: [right - wide, bottom - high, right, bottom],
    left: [left, bottom - high - 30, left + wide, bottom - 30],
    "top-right": [right - wide, top + 50, right, top + 50 + high],
    ...(state.area === null && { "top-left": [left, top + 32, left + wide, top + 32 + high] }),
  };
}

const isOverMap = () => getComputedStyle($("legend")).position === "absolute";
const circlesOf = place => pointsOf(place).map(({ x, y, n }) => boxAt(map.latLngToLayerPoint([y, x]), radiusOf(n)));

// Whether what stands over the map hides a circle of the chosen area, wherever the legend is.
function hidesCircle() {
  const frame = frameNow();
  const circles = circlesOf(state.area);
  const fixed = furniture(frame, [query(".map-tools"), $("locator"), $("points-note")]);
  const hidden = box => circles.some(circle => touches(circle, [box]));
  return fixed.some(hidden) || (isOverMap() && Object.values(cornersOf(frame)).every(hidden));
}

// The legend stands in the corner that hides least: no circle of the chosen area, no pin, and little of the areas.
function settleLegend(frame) {
  if (!isOverMap()) return;
  const corners = cornersOf(frame);
  const pins = pinsAt.map(({ at }) => boxAt(at, 13));
  const circles = state.area === null ? [] : circlesOf(state.area);
  const cost = ([x0, y0, x1, y1]) => {
    const hidden = boxes => boxes.filter(box => touches(box, [[x0, y0, x1, y1]])).length;
    let sum = 1000 * hidden(circles) + 100 * hidden(pins);
    const frame_ = pixels();
    for (let i = 0; i < 8; i += 1)
      for (let j = 0; j < 4; j += 1) {
        const x = (x0 + ((i + 0.5) * (x1 - x0)) / 8 + frame_.left) / frame_.scale;
        const y = (y0 + ((j + 0.5) * (y1 - y0)) / 4 + frame_.top) / frame_.scale;
        if (state.area === null ? areaAt(x, y) >= 0 : holds(state.area, x, y)) sum += 1;
      }
    return sum;
  };
  const costs = Object.values(corners).map(cost);
  $("legend").dataset.corner = Object.keys(corners)[costs.indexOf(Math.min(...costs))];
}

// Where the chosen area lies in the whole, and what the circles are.
function showLocator() {
  const chosen = state.area !== null && isThere(state.area);
  $("locator").hidden = !chosen;
  $("points-note").hidden = !chosen || !pointWords(state.area);
  if (!chosen) return;
  $("points-note").textContent = pointWords(state.area);
  const [west, east] = [data.bounds[0][1], data.bounds[1][1]].map(acrossOf);
  const [south, north] = [data.bounds[0][0], data.bounds[1][0]].map(downOf);
  const scale = Math.min(118 / (east - west), 80 / (south - north));
  const frame = { scale, left: west * scale, top: north * scale };
  const path = places => pathOf(shapes, places, frame, { least: 0.5, decimals: 1 });
  const [x, y] = namesAt()[state.area];
  const some = data.ids.length > 1200 ? [] : every;
  const [wide, high] = [(east - west) * scale, (south - north) * scale];
  const svg = drawing("svg", { viewBox: `0 0 ${wide.toFixed(0)} ${high.toFixed(0)}` }, [
    some.length
      ? drawing("path", { d: path(some), fill: "#d9d6cd", stroke: "#d9d6cd", "stroke-width": 0.6 })
      : drawing("rect", { width: wide, height: high, fill: "#d9d6cd" }),
    drawing("path", { d: path([state.area]), fill: "#1b1b1a", stroke: "#1b1b1a", "stroke-width": 1 }),
    // The smallest are seen by a dot.
    drawing("circle", { cx: acrossOf(x / 1e5) * scale - frame.left, cy: downOf(y / 1e5) * scale - frame.top, r: 2 }),
  ]);
  $("locator").replaceChildren(svg);
}
