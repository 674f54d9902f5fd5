// The map. folium's script calls drawAreas with the map and the areas' shapes; names stay here.

let map = null;
let shapes = [];
let pencil = null;
let over = null;
let chosenLines = null;

const CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUE = new Uint8Array(128);
Array.from(CODE, (letter, value) => (VALUE[letter.charCodeAt(0)] = value));

// A ring is whole numbers of 1e-5 degree, the first point and then steps (lon, lat), five bits a letter, low bits first.
function ringOf(text) {
  const ring = [];
  const at = [0, 0];
  let number = 0;
  let shift = 0;
  let axis = 0;
  for (let i = 0; i < text.length; i += 1) {
    const value = VALUE[text.charCodeAt(i)];
    number |= (value & 31) << shift;
    shift += 5;
    if (value & 32) continue;
    at[axis] += number & 1 ? ~(number >> 1) : number >> 1;
    if (axis) ring.push(new L.LatLng(at[1] / 1e5, at[0] / 1e5));
    axis ^= 1;
    number = 0;
    shift = 0;
  }
  return ring;
}

const polygonsOf = (text) => text.split(";").map((polygon) => polygon.split(",").map(ringOf));

// The picture of Leaflet's own marker is a file the page does not have: a plain dot for those an analyst adds.
L.Marker.prototype.options.icon = L.divIcon({ className: "pin", iconSize: [16, 16] });

async function drawAreas(drawn, coded) {
  numbers = await unpack($("numbers").textContent);
  map = drawn;
  // Panes beneath folium's own layers, so that what an analyst has added stands above the areas.
  map.createPane("areas").style.zIndex = 350;
  map.createPane("lines").style.zIndex = 360;
  map.getPane("lines").style.pointerEvents = "none";
  shapes = coded.map((text, place) => {
    if (!text) return null;
    const shape = L.polygon(polygonsOf(text), { pane: "areas", smoothFactor: 0.6 });
    shape.on("click", () => (byDistrict() ? chooseGroup(groupOf(place)) : choose(place, { zoom: true })));
    shape.on("mouseover", () => hover(place));
    shape.on("mouseout", () => hover(null));
    return shape;
  });
  start();
  // Styled before they are drawn, so that each is drawn once.
  paint({ marks: false });
  L.layerGroup(shapes.filter(Boolean)).addTo(map);
  if (numbers.subtotals) hint = `Districts, each as a whole: choose one to see its ${data.unit[1]}. Ctrl + wheel zooms`;
  else if (numbers.districts) hint = "Ctrl + wheel zooms the map; a district’s name zooms to it";
  hover(null);
  L.control.scale({ maxWidth: 90, metric: false }).addTo(map);
  show({ painted: true });
  drawLines();
  listenToWheel();
}

function districtWords(group) {
  const at = districtRow(group);
  const now = numbers.subtotals.current_count[at];
  const count = now === null ? "not known" : many(now, data.nouns[state.type]);
  return `${apart(data.groups[group])}: ${count}. ${capital(numbers.subtotals.verdict[at])}. Choose it to see its ${data.unit[1]}`;
}

let hint = $("hover").textContent;

function hover(place) {
  $("hover").classList.toggle("named", place !== null);
  $("hover").textContent =
    place === null
      ? hint
      : `${apart(fullName(place))}: ${sentenceOf(rowOf(place)).split(".")[0]}. ${capital(verdictOf(place))}`;
  if (place !== null && byDistrict() && groupOf(place)) $("hover").textContent = districtWords(data.groupOf[place]);
  else if (place !== null && data.levelOnly)
    $("hover").textContent = `${apart(fullName(place))}: ${sentenceOf(rowOf(place)).split(".")[0]}`;
}

// The page scrolls under the wheel; with Ctrl, as a pinch on a touchpad gives it, the map zooms where the mouse is.
function listenToWheel() {
  map.getContainer().addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const at = map.mouseEventToContainerPoint(event);
      const by = Math.max(-1, Math.min(1, -event.deltaY / 120)) * 0.5;
      map.setZoomAround(at, map.getZoom() + (Math.abs(by) < 0.25 ? Math.sign(by) * 0.25 : by), { animate: false });
    },
    { passive: false },
  );
  map.getContainer().addEventListener("mouseleave", () => hover(null));
}

// Never smaller than the whole, never dragged off it.
function keepInside() {
  const bounds = L.latLngBounds(data.bounds);
  map.setMinZoom(0);
  const least = map.getBoundsZoom(bounds, false, [16, 16]);
  map.setMinZoom(least);
}

function stayOn() {
  const [[south, west], [north, east]] = data.bounds;
  const { lat, lng } = map.getCenter();
  const [y, x] = [Math.min(north, Math.max(south, lat)), Math.min(east, Math.max(west, lng))];
  if (x !== lng || y !== lat) map.panTo([y, x], { animate: false });
}

// The whole, moved aside from the legend where the map is wider than its areas.
function fitWhole(bounds = data.bounds) {
  const legend = $("legend");
  const aside = getComputedStyle(legend).position === "absolute" ? legend.offsetWidth : 0;
  const zoom = map.getBoundsZoom(bounds, false, [16, 16]);
  const [low, high] = bounds.map((at) => map.project(at, zoom));
  const slack = Math.max(0, map.getSize().x - (high.x - low.x) - 24);
  const right = Math.min(slack, aside);
  map.fitBounds(bounds, { animate: false, paddingTopLeft: [8, 8], paddingBottomRight: [8 + right, 8] });
}

function fit() {
  const shape = state.area === null ? null : shapes[state.area];
  if (shape) map.fitBounds(shape.getBounds().pad(0.12), { animate: false, maxZoom: 16 });
  else if (state.group) map.fitBounds(groupBounds(), { animate: false });
  else fitWhole(homeBounds());
}

// Where little of the map is known, it opens on what is.
function homeBounds() {
  const known = every.filter((place) => shapes[place] && verdictOf(place, data.type) !== "not known");
  if (data.levelOnly || !known.length || known.length > every.length / 2) return data.bounds;
  const bounds = L.latLngBounds([]);
  for (const place of known) bounds.extend(shapes[place].getBounds());
  return [
    [bounds.getSouth(), bounds.getWest()],
    [bounds.getNorth(), bounds.getEast()],
  ];
}

function groupBounds() {
  const bounds = L.latLngBounds([]);
  for (const place of placesShown()) if (shapes[place]) bounds.extend(shapes[place].getBounds());
  return bounds.isValid() ? bounds.pad(0.05) : data.bounds;
}

// An area narrower than this on the screen has no outline: lines would hide its colour.
const LEAST = 12;
const widthOf = (place) => (numbers.labels[3 * place + 2] / 1e5) * pixelsPerDegree();
const pixelsPerDegree = () => (256 * 2 ** map.getZoom()) / 360;

// About a chosen area the map is pale, so that streets and their names read; what changed clearly keeps a tint.
const PALE = { s0: "#ece5f4", s1: "#f1eff8", s3: "#fef1de", s4: "#fbead9" };

function lookOf(place) {
  const css = shownClass(place);
  const tiny = byDistrict() || widthOf(place) < LEAST;
  const zoomed = state.area !== null && shapes[state.area];
  const aside = !inGroup(place) && !zoomed;
  const fill = zoomed ? (PALE[css] ?? "#f8f8f6") : fillOf(css);
  return {
    fillColor: fill,
    fillOpacity: (aside ? 0.35 : 1) * (data.background ? 0.7 : 1),
    color: tiny && !zoomed ? lineOver(css) : zoomed && PALE[css] ? data.colours[css] : "#8a8880",
    opacity: aside ? 0.5 : 1,
    weight: tiny && !zoomed ? 0.4 : zoomed && PALE[css] ? 2.5 : 0.8,
    lineJoin: "round",
  };
}

// The hatch of a district would show the seams of its areas: their lines are of its ground.
const lineOver = (css) => data.colours[css];

let tinyAt = null;
function paint({ marks = true } = {}) {
  if (data.plan) shapes.forEach((shape, place) => shape?.setStyle(planLook(place)));
  else shapes.forEach((shape, place) => shape?.setStyle(lookOf(place)));
  tinyAt = Math.round(map.getZoom() * 2);
  if (!marks) return;
  outlineChosen();
  mark();
}

// After a zoom, outlines come or go with the areas' size.
function paintAfterZoom() {
  stayOn();
  if (tinyAt !== Math.round(map.getZoom() * 2)) paint({ marks: false });
  mark();
}

// Districts and what was given for orientation, over the areas and out of the mouse's way.
function drawLines() {
  pencil ??= L.svg({ pane: "lines" });
  const style = { renderer: pencil, fill: false, interactive: false, pane: "lines", lineJoin: "round" };
  const lines = [];
  for (const { kind, lines: coded } of numbers.context ?? []) {
    const look = {
      road: { color: "#a9a59a", weight: 1.6 },
      rail: { color: "#a9a59a", weight: 1.2, dashArray: "5 3" },
      water: { color: "#9fb6cc", weight: 1.4 },
    }[kind];
    for (const text of coded) lines.push(L.polyline(ringOf(text), { ...style, ...look }));
  }
  for (const text of numbers.districts?.codes ?? [])
    if (text)
      lines.push(
        L.polygon(polygonsOf(text), { ...style, color: "#55544e", weight: data.groups.length > 60 ? 0.7 : 1.3 }),
      );
  over = L.layerGroup(lines).addTo(map);
}

// The chosen area: a black line with a white one and its colour about it.
function outlineChosen() {
  chosenLines?.remove();
  chosenLines = null;
  const shape = state.area === null ? null : shapes[state.area];
  if (!shape) return;
  // Drawn as SVG even where the areas are on a canvas, which a second canvas above it would cut off from the mouse.
  pencil ??= L.svg({ pane: "lines" });
  const style = { renderer: pencil, pane: "lines", fill: false, interactive: false, lineJoin: "round" };
  const line = (color, weight) => L.polygon(shape.getLatLngs(), { ...style, color, weight });
  const css = classOf(state.area);
  chosenLines = L.layerGroup([
    ...(/^s[0134]$/.test(css) ? [line(data.colours[css], 12)] : []),
    line("#ffffff", 6),
    line("#1b1b1a", 2.5),
  ]).addTo(map);
}
