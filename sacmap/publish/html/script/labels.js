// Names on the map: written where they fit inside their area, in one line or two, without touching another.

const MOST_LABELS = 400;
const LINE = 13;
let labels = [];

const pen = document.createElement("canvas").getContext("2d");
const linesOf = (name) => {
  const spaces = Array.from(name.matchAll(/ /g), (space) => space.index);
  const middle = spaces.sort((a, b) => Math.abs(a - name.length / 2) - Math.abs(b - name.length / 2))[0];
  return middle === undefined ? [name] : [name.slice(0, middle), name.slice(middle + 1)];
};

function label() {
  for (const old of labels) old.remove();
  labels = [];
  const view = map.getBounds();
  const taken = [];
  const scale = map.getSize().x / (view.getEast() - view.getWest());
  pen.font = `650 11px ${getComputedStyle(document.body).fontFamily}`;
  let tried = 0;
  for (const place of widestFirst()) {
    const [x, y, width] = numbers.labels.slice(3 * place, 3 * place + 3).map((n) => n / 1e5);
    const room = width * scale;
    if (room < 14 || tried === MOST_LABELS) break;
    if (!shapes[place] || !view.contains([y, x])) continue;
    tried += 1;
    const css = classOf(place);
    const arrow = arrowOn(place, css);
    const at = map.latLngToLayerPoint([y, x]);
    const tall = tallOf(place);
    const texts = [[arrow + data.names[place]], linesOf(arrow + data.names[place]), arrow ? [arrow.trim()] : []];
    const lines = texts.find((text) => text.length && fits(text, at, room, tall, taken));
    if (lines) labels.push(labelOf(lines, at, css, isDimmed(place)));
  }
  map.getPane("markerPane").append(...labels);
}

let byWidth = null;
function widestFirst() {
  byWidth ??= places().sort((a, b) => numbers.labels[3 * b + 2] - numbers.labels[3 * a + 2] || a - b);
  return byWidth;
}

function tallOf(place) {
  const bounds = shapes[place].getBounds();
  return map.latLngToLayerPoint(bounds.getSouthWest()).y - map.latLngToLayerPoint(bounds.getNorthEast()).y;
}

function fits(lines, at, room, tall, taken) {
  const half = Math.max(...lines.map((line) => pen.measureText(line).width)) / 2 + 2;
  const height = (lines.length * LINE) / 2 + 1;
  if (2 * half > room || 2 * height > 0.8 * tall) return false;
  const box = [at.x - half, at.y - height, at.x + half, at.y + height];
  if (taken.some((other) => box[2] > other[0] && box[0] < other[2] && box[3] > other[1] && box[1] < other[3]))
    return false;
  taken.push(box);
  return true;
}

function labelOf(lines, at, css, dimmed) {
  const light = DARK.has(css) && !dimmed ? " light" : "";
  const made = element("span", lines.join("\n"), {
    class: `area-label${css.startsWith("s") ? " strong" : ""}${light}`,
  });
  made.style.left = `${at.x}px`;
  made.style.top = `${at.y}px`;
  return made;
}

// Print shows the static map: it is given the colours and the arrows of the moment.
function paintStatic() {
  const first = priorities();
  for (const path of document.querySelectorAll("#map-static path[data-place]")) {
    const place = Number(path.dataset.place);
    path.setAttribute("class", classOf(place) + (first.has(place) ? " first" : ""));
    path.setAttribute("fill-opacity", isDimmed(place) ? 0.15 : 1);
    if (first.has(place)) path.parentNode.append(path);
  }
  for (const name of document.querySelectorAll("#map-static text[data-name]")) {
    const place = Number(name.dataset.name);
    const css = classOf(place);
    name.setAttribute("class", `${css}-name`);
    const line = name.firstElementChild ?? name;
    line.textContent = arrowOn(place, css) + line.textContent.replace(/^[▲▼] ?/, "");
  }
}
