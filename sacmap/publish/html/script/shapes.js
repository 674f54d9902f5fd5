// Boundaries and lines as numbers in a row. Thousands of areas have a million corners: an object for each would take
// longer to make than all the rest of the page.

const CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUE = new Uint8Array(128);
Array.from(CODE, (letter, value) => (VALUE[letter.charCodeAt(0)] = value));
// A comma and a semicolon.
const [NEXT_RING, NEXT_POLYGON] = [44, 59];

// A place on the map of the world, as Leaflet has it when the world is 256 pixels wide.
const WORLD = 256;
const acrossOf = lon => (WORLD * (lon + 180)) / 360;
function downOf(lat) {
  const sine = Math.max(-0.996, Math.min(0.996, Math.sin((lat * Math.PI) / 180)));
  return WORLD * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI));
}
const latLngOf = (x, y) => L.CRS.EPSG3857.pointToLatLng(L.point(x, y), 0);

// The boundaries of areas, or lines, from their codes, a text each. corners: x and y in turn; ends: of each ring, how
// many corners there are to its end; first: of each text its first ring; boxes: of each text west, north, east, south.
function outlinesOf(texts, { open = false } = {}) {
  const corners = new Float64Array(texts.reduce((sum, text) => sum + text.length, 0));
  const ends = [];
  const first = new Int32Array(texts.length + 1);
  let used = 0;
  texts.forEach((text, place) => {
    used = text ? readRings(text, corners, used, ends, open) : used;
    first[place + 1] = ends.length;
  });
  const found = { corners, ends: Int32Array.from(ends), first, count: texts.length };
  return { ...found, boxes: boxesOf(found) };
}

// Whole numbers of 1e-5 degree, of each ring the first corner and then steps (lon, lat), five bits a letter, low bits
// first. Rings of land run one way and holes the other, so that any number of areas are filled at once.
function readRings(text, corners, used, ends, open) {
  let at = used;
  let [from, lon, lat, number, shift] = [used, 0, 0, 0, 0];
  let [isLat, isHole] = [false, false];
  for (let i = 0; i <= text.length; i += 1) {
    const letter = i < text.length ? text.charCodeAt(i) : NEXT_POLYGON;
    if (letter === NEXT_RING || letter === NEXT_POLYGON) {
      if (!open) turn(corners, from, at, isHole);
      ends.push(at / 2);
      [from, lon, lat, isHole] = [at, 0, 0, letter === NEXT_RING];
      continue;
    }
    const value = VALUE[letter];
    number |= (value & 31) << shift;
    shift += 5;
    if (value & 32) continue;
    const step = number & 1 ? ~(number >> 1) : number >> 1;
    number = 0;
    shift = 0;
    isLat = !isLat;
    if (isLat) lon += step;
    else {
      lat += step;
      corners[at] = acrossOf(lon / 1e5);
      corners[at + 1] = downOf(lat / 1e5);
      at += 2;
    }
  }
  return at;
}

// Turns a ring round where it runs the other way than it should.
function turn(corners, from, end, isHole) {
  const [x0, y0] = [corners[from], corners[from + 1]];
  let twice = 0;
  for (let i = from, j = end - 2; i < end; j = i, i += 2)
    twice += (corners[j] - x0) * (corners[i + 1] - y0) - (corners[i] - x0) * (corners[j + 1] - y0);
  if (twice > 0 !== isHole) return;
  for (let i = from, j = end - 2; i < j; i += 2, j -= 2) {
    const [x, y] = [corners[i], corners[i + 1]];
    corners[i] = corners[j];
    corners[i + 1] = corners[j + 1];
    corners[j] = x;
    corners[j + 1] = y;
  }
}

function boxesOf({ corners, ends, first, count }) {
  const boxes = new Float64Array(4 * count);
  for (let place = 0; place < count; place += 1) {
    let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
    const end = 2 * endOf(ends, first[place + 1]);
    for (let i = 2 * endOf(ends, first[place]); i < end; i += 2) {
      const [x, y] = [corners[i], corners[i + 1]];
      if (x < west) west = x;
      if (x > east) east = x;
      if (y < north) north = y;
      if (y > south) south = y;
    }
    boxes.set([west, north, east, south], 4 * place);
  }
  return boxes;
}

// How many corners there are before a ring.
const endOf = (ends, ring) => (ring ? ends[ring - 1] : 0);

const isThere = place => shapes.first[place + 1] > shapes.first[place];

// The box about areas, as Leaflet has it; null where none of them has a boundary.
function boundsOf(places) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const place of places) {
    const at = 4 * place;
    box[0] = Math.min(box[0], shapes.boxes[at]);
    box[1] = Math.min(box[1], shapes.boxes[at + 1]);
    box[2] = Math.max(box[2], shapes.boxes[at + 2]);
    box[3] = Math.max(box[3], shapes.boxes[at + 3]);
  }
  return box[0] > box[2] ? null : L.latLngBounds(latLngOf(box[0], box[3]), latLngOf(box[2], box[1]));
}

// The area that holds a point of the world, the last one drawn where several do; -1 where none does.
function areaAt(x, y) {
  const { boxes, count } = shapes;
  for (let place = count - 1; place >= 0; place -= 1) {
    const at = 4 * place;
    if (x < boxes[at] || x > boxes[at + 2] || y < boxes[at + 1] || y > boxes[at + 3]) continue;
    if (holds(place, x, y)) return place;
  }
  return -1;
}

function holds(place, x, y) {
  const { corners, ends, first } = shapes;
  let odd = false;
  for (let ring = first[place]; ring < first[place + 1]; ring += 1) {
    const [from, end] = [2 * endOf(ends, ring), 2 * ends[ring]];
    for (let i = from, j = end - 2; i < end; j = i, i += 2) {
      const [yi, yj] = [corners[i + 1], corners[j + 1]];
      if (yi > y !== yj > y && x < ((corners[j] - corners[i]) * (y - yi)) / (yj - yi) + corners[i]) odd = !odd;
    }
  }
  return odd;
}

// Gives a pencil (moveTo, lineTo, closePath) the rings of an area in pixels; corners nearer than `least` are left out.
function trace(pencil, { corners, ends, first }, place, { scale, left, top }, { least = 0, open = false } = {}) {
  for (let ring = first[place]; ring < first[place + 1]; ring += 1) {
    const [from, end] = [2 * endOf(ends, ring), 2 * ends[ring]];
    let x = corners[from] * scale - left;
    let y = corners[from + 1] * scale - top;
    pencil.moveTo(x, y);
    for (let i = from + 2; i < end; i += 2) {
      const nextX = corners[i] * scale - left;
      const nextY = corners[i + 1] * scale - top;
      if (Math.abs(nextX - x) + Math.abs(nextY - y) < least) continue;
      x = nextX;
      y = nextY;
      pencil.lineTo(x, y);
    }
    if (!open) pencil.closePath();
  }
}

// A pencil that writes what is drawn as the path of an SVG, in whole pixels or with some decimals.
function written(decimals = 0) {
  const by = 10 ** decimals;
  const round = n => Math.round(n * by) / by;
  return {
    path: "",
    moveTo(x, y) {
      this.path += `M${round(x)} ${round(y)}`;
    },
    lineTo(x, y) {
      this.path += `L${round(x)} ${round(y)}`;
    },
    closePath() {
      this.path += "z";
    },
  };
}

function pathOf(outlines, places, frame, { decimals = 0, ...how } = {}) {
  const pencil = written(decimals);
  for (const place of places) trace(pencil, outlines, place, frame, how);
  return pencil.path;
}
