// The map. folium's script calls drawAreas with the map and the areas' shapes; names stay here.

let map = null;
let shapes = null;
let layer = null;
let over = null;
let chosenLines = null;

// The picture of Leaflet's own marker is a file the page does not have: a plain dot for those an analyst adds.
L.Marker.prototype.options.icon = L.divIcon({ className: "pin", iconSize: [16, 16] });

async function drawAreas(drawn, coded) {
  map = drawn;
  numbers = await unpack($("numbers").textContent).catch(showStill);
  shapes = outlinesOf(coded);
  // Panes beneath folium's own layers, so that what an analyst has added stands above the areas.
  map.createPane("areas").style.zIndex = 350;
  map.createPane("lines").style.zIndex = 360;
  map.getPane("lines").style.pointerEvents = "none";
  layer = new (isCanvas() ? AreaCanvas : AreaPaths)(map.getPane("areas"));
  over = new Lines(map.getPane("lines"));
  chosenLines = new Lines(map.getPane("lines"));
  start();
  // Dressed before they are drawn, so that each is drawn once.
  paint({ marks: false });
  L.control.scale({ maxWidth: 90, metric: false }).addTo(map);
  show({ painted: true });
  drawLines();
  listenToMouse();
  listenToWheel();
  document.documentElement.dataset.ready = "";
  waitWithBelow();
}

// What lies below the screen comes when the first answer has been painted and a click was answered, or when it is
// wanted: who scrolls, presses a key or follows a link does not wait.
function waitWithBelow() {
  const after = frames => (frames ? requestAnimationFrame(() => after(frames - 1)) : setTimeout(showBelow));
  after(3);
  setTimeout(showBelow, 500);
  for (const wish of ["wheel", "touchmove", "keydown", "click"])
    document.addEventListener(wish, showBelow, { once: true, capture: true, passive: true });
}

function showBelow() {
  document.documentElement.dataset.whole = "";
}

// A browser that cannot unpack the numbers shows what one without script does.
function showStill(error) {
  delete document.documentElement.dataset.script;
  fillStatic();
  throw error;
}

function drawAll() {
  for (const one of [layer, over, chosenLines]) one.draw();
}

// The area under the mouse; null beside them all.
function areaUnder(event) {
  const { x, y } = map.project(map.mouseEventToLatLng(event), 0);
  const place = areaAt(x, y);
  return place < 0 ? null : place;
}

function listenToMouse() {
  const pane = map.getPane("areas");
  let over_ = null;
  const move = place => {
    if (place === over_) return;
    over_ = place;
    pane.classList.toggle("on-area", place !== null);
    hover(place);
  };
  pane.addEventListener("mousemove", event => move(areaUnder(event)));
  pane.addEventListener("mouseout", () => move(null));
  pane.addEventListener("click", event => {
    const place = areaUnder(event);
    // The end of a drag is no click.
    if (place === null || map.dragging.moved()) return;
    if (byDistrict() && groupOf(place)) chooseGroup(groupOf(place));
    else choose(place, { zoom: true });
  });
}

function districtWords(group) {
  const at = districtRow(group);
  const now = numbers.subtotals.current_count[at];
  const count = now === null ? "not known" : many(now, data.nouns[state.type]);
  return `${apart(data.groups[group])}: ${count}. ${capital(numbers.subtotals.verdict[at])}. Choose it to see its ${data.unit[1]}`;
}

const plainHint = $("hover").textContent;

function hintWords() {
  if (byDistrict()) return `Districts, each as a whole: choose one to see its ${data.unit[1]}. Ctrl + wheel zooms`;
  return namesZoom ? `Ctrl + wheel zooms the map; ${namesZoom}’s name zooms to it` : plainHint;
}

function hover(place) {
  $("hover").classList.toggle("named", place !== null);
  $("hover").textContent = hoverWords(place);
}

function hoverWords(place) {
  if (place === null) return hintWords();
  if (byDistrict() && groupOf(place)) return districtWords(data.groupOf[place]);
  const said = `${apart(fullName(place))}: ${firstSentence(sentenceOf(rowOf(place)))}`;
  return data.levelOnly ? said.slice(0, -1) : `${said} ${capital(verdictOf(place))}`;
}

// The page scrolls under the wheel; with Ctrl, as a pinch on a touchpad gives it, the map zooms where the mouse is.
function listenToWheel() {
  map.getContainer().addEventListener(
    "wheel",
    event => {
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
  if (!isShown()) return;
  const bounds = L.latLngBounds(data.bounds);
  map.setMinZoom(0);
  map.setMinZoom(besideLegend(bounds).zoom);
}

function stayOn() {
  const [[south, west], [north, east]] = data.bounds;
  const { lat, lng } = map.getCenter();
  const [y, x] = [Math.min(north, Math.max(south, lat)), Math.min(east, Math.max(west, lng))];
  if (x === lng && y === lat) return;
  // A map moves by whole pixels. Less than one is left alone: no move ends it, and each end of a move comes back here.
  const off = map.latLngToLayerPoint([y, x]).subtract(map.containerPointToLayerPoint(map.getSize().divideBy(2)));
  if (off.trunc().x || off.trunc().y) map.panTo([y, x], { animate: false });
}

// How far the whole is zoomed, and the room left for the legend on its right: all the legend needs, where that costs a
// step of the zoom at most, or else what the map has beside its areas.
const STEP = 0.25;

function besideLegend(bounds) {
  const legend = $("legend");
  const aside = getComputedStyle(legend).position === "absolute" ? legend.offsetWidth : 0;
  // The least zoom of the moment must not stand in for the one that fits.
  const { minZoom } = map.options;
  map.options.minZoom = 0;
  const zoom = map.getBoundsZoom(bounds, false, [16, 16]);
  const less = aside ? map.getBoundsZoom(bounds, false, [16 + aside, 16]) : zoom;
  map.options.minZoom = minZoom;
  if (zoom - less <= STEP) return { zoom: less, right: aside };
  const [low, high] = [L.latLngBounds(bounds).getSouthWest(), L.latLngBounds(bounds).getNorthEast()];
  const wide = map.project(high, zoom).x - map.project(low, zoom).x;
  return { zoom, right: Math.min(Math.max(0, map.getSize().x - wide - 24), aside) };
}

// The zoom at which the map last showed the whole: what a reader has zoomed to since stays when the map's size changes.
let wholeZoom = 0;

// The whole, moved aside from the legend.
function fitWhole(bounds = data.bounds) {
  const { right } = besideLegend(bounds);
  map.fitBounds(bounds, { animate: false, paddingTopLeft: [8, 8], paddingBottomRight: [8 + right, 8] });
  wholeZoom = map.getZoom();
}

// In a frame or a tab that is closed, or while it is printed, the map has no size: it is fitted once it has.
const isShown = () => map.getSize().x > 0;

function fit() {
  if (!isShown()) return;
  if (state.area !== null && isThere(state.area)) fitArea();
  else if (state.group) map.fitBounds(groupBounds(), { animate: false });
  else fitWhole(homeBounds());
}

// The chosen area: a little smaller where the legend, the locator or a note would hide one of its circles.
function fitArea() {
  showLocator();
  const fits = pad => {
    map.fitBounds(boundsOf([state.area]).pad(pad), { animate: false, maxZoom: 16 });
    return !hidesCircle();
  };
  if (![0.12, 0.3, 0.5].some(fits)) fits(0.12);
}

// Where little of the map is known, it opens on what is.
function homeBounds() {
  if (data.levelOnly) return data.bounds;
  const { verdict } = numbers.columns;
  const known = every.filter(place => verdict[indexOf(place, data.type)] !== "not known");
  return (known.length > every.length / 2 ? null : boundsOf(known)) ?? data.bounds;
}

const groupBounds = () => boundsOf(placesShown())?.pad(0.05) ?? data.bounds;

// An area narrower than this on the screen has no outline: lines would hide its colour.
const LEAST = 12;
const widthOf = place => (namesAt()[place][2] / 1e5) * pixelsPerDegree();
const pixelsPerDegree = () => (256 * 2 ** map.getZoom()) / 360;

// About a chosen area the map is pale, so that streets and their names read; what changed clearly keeps a tint.
const PALE = { s0: "#ece5f4", s1: "#f1eff8", s3: "#fef1de", s4: "#fbead9" };

// One object for all areas that look alike, which are then drawn at once.
const looks = new Map();

function lookOf(place) {
  const zoomed = state.area !== null && isThere(state.area);
  const css = shownClass(place);
  const tiny = !zoomed && (byDistrict() || widthOf(place) < LEAST);
  const aside = !zoomed && !inGroup(place);
  const key = `${css} ${zoomed} ${tiny} ${aside}`;
  if (!looks.has(key)) looks.set(key, lookAs(css, { zoomed, tiny, aside }));
  return looks.get(key);
}

function lookAs(css, { zoomed, tiny, aside }) {
  return {
    fillColor: zoomed ? (PALE[css] ?? "#f8f8f6") : fillOf(css),
    fillOpacity: (aside ? 0.35 : 1) * (data.background ? 0.7 : 1),
    color: tiny || (zoomed && PALE[css]) ? data.colours[css] : "#8a8880",
    opacity: aside ? 0.5 : 1,
    weight: tiny ? TINY_LINE : zoomed && PALE[css] ? 2.5 : 0.8,
  };
}

// On an SVG a line of its own ground hides the seam between two tiny areas; on a canvas there is none.
const TINY_LINE = isCanvas() ? 0 : 0.4;

let tinyAt = null;
function paint({ marks = true } = {}) {
  layer.dress(data.plan ? planLook : lookOf);
  layer.draw();
  tinyAt = Math.round(map.getZoom() * 2);
  if (!marks) return;
  outlineChosen();
  mark();
}

// After a zoom, outlines come or go with the areas' size.
function paintAfterMove() {
  stayOn();
  if (tinyAt !== Math.round(map.getZoom() * 2)) paint({ marks: false });
  drawAll();
  mark();
}

// Districts and what was given for orientation, over the areas.
const LINE_LOOKS = {
  road: { stroke: "#a9a59a", "stroke-width": 1.6 },
  rail: { stroke: "#a9a59a", "stroke-width": 1.2, "stroke-dasharray": "5 3" },
  water: { stroke: "#9fb6cc", "stroke-width": 1.4 },
};

function drawLines() {
  for (const { kind, lines } of numbers.context ?? [])
    if (LINE_LOOKS[kind]) over.add(outlinesOf(lines, { open: true }), LINE_LOOKS[kind], { open: true });
  if (numbers.districts)
    over.add(outlinesOf(numbers.districts.codes), {
      stroke: "#55544e",
      "stroke-width": data.groups.length > 60 ? 0.7 : 1.3,
    });
  over.draw();
}

// The chosen area: a black line with a white one and its colour about it.
function outlineChosen() {
  chosenLines.clear();
  if (state.area === null || !isThere(state.area)) return;
  const css = classOf(state.area);
  const lines = [...(/^s[0134]$/.test(css) ? [[data.colours[css], 12]] : []), ["#ffffff", 6], ["#1b1b1a", 2.5]];
  for (const [stroke, width] of lines)
    chosenLines.add(shapes, { stroke, "stroke-width": width }, { places: [state.area] });
  chosenLines.draw();
}
