// The map. folium's script calls drawAreas with the map and the areas' shapes; names stay here.

let map = null;
let shapes = [];
let outline = null;
let pencil = null;

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
  // A pane beneath folium's own layers, so that what an analyst has added stands above the areas.
  map.createPane("areas").style.zIndex = 350;
  shapes = coded.map((text, place) => {
    if (!text) return null;
    const shape = L.polygon(polygonsOf(text), { pane: "areas" });
    shape.on("click", () => choose(place));
    shape.on("mouseover", () => ($("hover").textContent = hoverOf(place)));
    shape.on("mouseout", () => ($("hover").textContent = ""));
    return shape;
  });
  start();
  L.layerGroup(shapes.filter(Boolean)).addTo(map);
  L.control.scale().addTo(map);
  show();
}

function hoverOf(place) {
  const row = rowOf(place);
  // A name that turns the direction of text turns none but its own.
  return `\u2068${data.names[place]}\u2069: ${sentenceOf(row).split(".")[0]}. ${capital(row.verdict)}`;
}

function lookOf(place, first) {
  const css = classOf(place);
  const dimmed = isDimmed(place);
  return {
    fillColor: data.colours[css],
    fillOpacity: dimmed ? 0.12 : data.background ? 0.7 : 1,
    opacity: dimmed ? 0.35 : 1,
    color: first.has(place) ? "#1d1d1f" : "#6b6b6b",
    weight: first.has(place) ? 3 : data.ids.length > 500 ? 0.5 : 1,
    dashArray: css === "unknown" ? "5 4" : null,
    lineJoin: "round",
  };
}

function paint() {
  const first = priorities();
  shapes.forEach((shape, place) => shape?.setStyle(lookOf(place, first)));
  for (const place of first) shapes[place]?.bringToFront();
  outlinePlan();
  outlineChosen();
  label();
}

// The chosen area: a black outline with a white line in it, told from the priorities' single one.
function outlineChosen() {
  outline?.remove();
  outline = null;
  const shape = state.area === null ? null : shapes[state.area];
  if (!shape) return;
  // Drawn as SVG even where the areas are on a canvas, which a second canvas above it would cut off from the mouse.
  const style = { renderer: (pencil ??= L.svg({ pane: "areas" })), fill: false, interactive: false, lineJoin: "round" };
  const line = (color, weight) => L.polygon(shape.getLatLngs(), { ...style, color, weight });
  outline = L.layerGroup([line("#1d1d1f", 7), line("#ffffff", 2.5)]).addTo(map);
}
