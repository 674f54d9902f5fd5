// What the areas and the lines over them are drawn on: paths of an SVG, or a canvas where there are thousands. They
// lie in the map's panes and are drawn again when it has moved.

// Above so many areas they are drawn on a canvas, as thousands of paths are slow to move.
const MOST_PATHS = 2000;
const isCanvas = () => data.ids.length > MOST_PATHS;
// Corners nearer to the one before than this, in pixels, are not drawn.
const [NEAR_PATH, NEAR_CANVAS] = [1, 0.5];

// From the world to the pixels of a layer, and of a box of it.
const pixels = () => ({ scale: 2 ** map.getZoom(), left: map.getPixelOrigin().x, top: map.getPixelOrigin().y });

const ATTRIBUTES = {
  fillColor: "fill",
  fillOpacity: "fill-opacity",
  color: "stroke",
  opacity: "stroke-opacity",
  weight: "stroke-width",
  dashArray: "stroke-dasharray",
};

// One path an area.
class AreaPaths {
  constructor(pane) {
    this.paths = [];
    this.looks = [];
    const group = drawing("g", { "fill-rule": "evenodd", "stroke-linejoin": "round", "stroke-linecap": "round" });
    for (let place = 0; place < shapes.count; place += 1) {
      if (!isThere(place)) continue;
      this.paths[place] = drawing("path", { class: "leaflet-interactive", "data-area": place });
      group.append(this.paths[place]);
    }
    this.svg = drawing("svg", { class: "areas", width: 1, height: 1 }, [group]);
    pane.append(this.svg);
  }

  dress(lookOfOne) {
    this.paths.forEach((path, place) => {
      const look = lookOfOne(place);
      if (look === this.looks[place]) return;
      this.looks[place] = look;
      for (const [key, name] of Object.entries(ATTRIBUTES))
        if (look[key] === undefined || look[key] === null) path.removeAttribute(name);
        else path.setAttribute(name, look[key]);
    });
  }

  // Their places in the pane change with the zoom alone.
  draw() {
    const { scale, left, top } = pixels();
    const now = `${scale} ${left} ${top}`;
    if (now === this.drawn) return;
    this.drawn = now;
    this.paths.forEach((path, place) =>
      path.setAttribute("d", pathOf(shapes, [place], { scale, left, top }, { least: NEAR_PATH })),
    );
  }
}

// One canvas a little larger than the map, areas of one look drawn at once.
class AreaCanvas {
  constructor(pane) {
    this.canvas = element("canvas", "", { class: "areas leaflet-zoom-hide" });
    this.groups = new Map();
    pane.append(this.canvas);
  }

  dress(lookOfOne) {
    this.groups = new Map();
    for (let place = 0; place < shapes.count; place += 1) {
      if (!isThere(place)) continue;
      const look = lookOfOne(place);
      if (!this.groups.has(look)) this.groups.set(look, []);
      this.groups.get(look).push(place);
    }
    this.drawn = "";
  }

  draw() {
    const size = map.getSize();
    const aside = size.multiplyBy(0.1).round();
    const corner = map.containerPointToLayerPoint(aside.multiplyBy(-1)).round();
    const { scale, left, top } = pixels();
    const frame = { scale, left: left + corner.x, top: top + corner.y };
    const now = Object.values(frame).concat(size.x, size.y).join(" ");
    if (now === this.drawn) return;
    this.drawn = now;
    const [wide, high] = [size.x + 2 * aside.x, size.y + 2 * aside.y];
    const dots = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(this.canvas, corner);
    this.canvas.width = Math.round(wide * dots);
    this.canvas.height = Math.round(high * dots);
    this.canvas.style.width = `${wide}px`;
    this.canvas.style.height = `${high}px`;
    const pencil = this.canvas.getContext("2d");
    pencil.scale(dots, dots);
    pencil.lineJoin = "round";
    paintGroups(pencil, this.groups, frame, [wide, high]);
  }
}

// Areas filled at once: a path of many is slower to make than many paths, and one of each shows the seams.
const TOGETHER = 32;

function inPaths(pencil, places, frame, drawPath) {
  for (let from = 0; from < places.length; from += TOGETHER) {
    pencil.beginPath();
    for (const place of places.slice(from, from + TOGETHER))
      trace(pencil, shapes, place, frame, { least: NEAR_CANVAS });
    drawPath();
  }
}

function paintGroups(pencil, groups, frame, [wide, high]) {
  const isSeen = seenIn(shapes, frame, wide, high);
  const seen = Array.from(groups, ([look, places]) => [look, places.filter(isSeen)]).filter(([, some]) => some.length);
  // The most first, with all the others' ground: no seam between areas shows what lies under the map.
  seen.sort((a, b) => b[1].length - a[1].length);
  const isSolid = seen.every(([look]) => look.fillOpacity === 1);
  seen.forEach(([look, places], i) => {
    pencil.globalAlpha = look.fillOpacity;
    pencil.fillStyle = look.fillColor;
    inPaths(pencil, i || !isSolid ? places : seen.flatMap(([, all]) => all), frame, () => pencil.fill());
  });
  for (const [look, places] of seen) {
    if (!look.weight) continue;
    pencil.globalAlpha = look.opacity;
    pencil.strokeStyle = look.color;
    pencil.lineWidth = look.weight;
    pencil.setLineDash((look.dashArray ?? "").split(" ").filter(Boolean).map(Number));
    inPaths(pencil, places, frame, () => pencil.stroke());
  }
}

// Lines over the areas, out of the mouse's way: a path for all that look alike.
class Lines {
  constructor(pane) {
    this.svg = drawing("svg", { class: "lines", width: 1, height: 1 });
    this.parts = [];
    pane.append(this.svg);
  }

  // outlines: those of the lines; look: attributes of SVG.
  add(outlines, look, { open = false, places = Array.from({ length: outlines.count }, (_, i) => i) } = {}) {
    const path = drawing("path", { fill: "none", "stroke-linejoin": "round", ...look });
    this.parts.push({ path, outlines, places, open });
    this.svg.append(path);
    this.drawn = "";
  }

  clear() {
    this.parts = [];
    this.svg.replaceChildren();
  }

  // Those in view and a map's width about it.
  draw() {
    const frame = pixels();
    const size = map.getSize();
    const corner = map.containerPointToLayerPoint([0, 0]);
    const now = Object.values(frame).concat(corner.x, corner.y, size.x, size.y).join(" ");
    if (now === this.drawn) return;
    this.drawn = now;
    const box = { ...frame, left: frame.left + corner.x - size.x, top: frame.top + corner.y - size.y };
    for (const { path, outlines, places, open } of this.parts) {
      const seen = places.filter(seenIn(outlines, box, 3 * size.x, 3 * size.y));
      path.setAttribute("d", pathOf(outlines, seen, frame, { least: NEAR_PATH, open, decimals: 1 }));
    }
  }
}

// Whether a part of a text's outlines may be in a box of so many pixels.
function seenIn({ boxes }, { scale, left, top }, wide, high) {
  const [west, north, east, south] = [left, top, left + wide, top + high].map(edge => edge / scale);
  return place => {
    const at = 4 * place;
    return boxes[at] < east && boxes[at + 2] > west && boxes[at + 1] < south && boxes[at + 3] > north;
  };
}
