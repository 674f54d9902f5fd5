// The map as a picture: to save as a PNG, and to print one area. Drawn anew as SVG from the same shapes and marks.

const DARK = "#1b1b1a";
const lettering = (x, y, size, text, more = {}) =>
  drawing("text", { x, y, "font-family": fontFamily(), "font-size": size, fill: DARK, ...more }, text);

function mapDrawing() {
  const { x: wide, y: high } = map.getSize();
  const corner = map.containerPointToLayerPoint([0, 0]);
  const { scale, left, top } = pixels();
  const frame = { scale, left: left + corner.x, top: top + corner.y };
  const svg = drawing("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${wide} ${high}`,
    width: wide,
    height: high,
  });
  svg.append(query(".patterns defs").cloneNode(true));
  svg.append(drawing("rect", { width: wide, height: high, fill: "#e9e7e1" }));
  svg.append(...areaDrawings(frame, wide, high));
  const lines = [over, chosenLines].flatMap(({ parts }) => parts);
  for (const { path, outlines, places, open } of lines) {
    const copy = path.cloneNode();
    copy.setAttribute("d", pathOf(outlines, places, frame, { decimals: 1, open }));
    svg.append(copy);
  }
  // Lines to the places of pins are under the pins.
  const ordered = [...marks.filter(({ to }) => to), ...marks.filter(({ to }) => !to)];
  svg.append(...ordered.flatMap(one => markDrawing(one, corner)));
  return svg;
}

function areaDrawings(frame, wide, high) {
  const look = data.plan ? planLook : lookOf;
  const isSeen = seenIn(shapes, frame, wide, high);
  return every
    .filter(place => isThere(place) && isSeen(place))
    .map(place => {
      const { fillColor, fillOpacity, color, weight, opacity, dashArray } = look(place);
      return drawing("path", {
        d: pathOf(shapes, [place], frame, { decimals: 1 }),
        fill: typeof fillColor === "string" ? fillColor : "#d9d9d9",
        "fill-opacity": fillOpacity,
        "fill-rule": "evenodd",
        stroke: color,
        "stroke-width": weight,
        "stroke-opacity": opacity,
        ...(dashArray ? { "stroke-dasharray": dashArray } : {}),
      });
    });
}

function markDrawing({ css, at, to, text, made }, corner) {
  const { x, y } = at.subtract(corner);
  if (css.includes("pinned")) return pinDrawing(css, x, y, text, 10);
  if (to) {
    const end = to.subtract(corner);
    return [
      drawing("line", { x1: x, y1: y, x2: end.x, y2: end.y, stroke: DARK }),
      drawing("circle", { cx: x, cy: y, r: 2, fill: DARK }),
    ];
  }
  if (css === "point") {
    const radius = parseFloat(made.style.width) / 2;
    return [
      drawing("circle", { cx: x, cy: y, r: radius, fill: DARK, stroke: "#fff" }),
      lettering(x, y + 4, 11, text, { "text-anchor": "middle", "font-weight": 600, fill: "#fff" }),
    ];
  }
  const kind = css.split(" ").at(-1);
  const town = kind === "town";
  const style = {
    "font-weight": SIZES[kind].startsWith("600") ? 600 : 400,
    fill: { listed: DARK, street: DARK }[kind] ?? "#45443f",
    "text-anchor": css.startsWith("word") ? "start" : "middle",
    "paint-order": "stroke",
    stroke: "#fff",
    "stroke-width": 3,
  };
  return [
    ...(town ? [drawing("circle", { cx: x + 2, cy: y, r: 2, fill: "#4c4b46" })] : []),
    lettering(x + (town ? 8 : 0), y + 4.5, Number(SIZES[kind].match(/(\d+)px/)[1]), text, style),
  ];
}

// A pin as it is on the map: a square for homes; a circle for a rise, black where it is clear.
function pinDrawing(css, x, y, sign, half) {
  const dark = !/home|maybe/.test(css);
  const look = { fill: dark ? DARK : "#fff", stroke: dark ? "#fff" : DARK, "stroke-width": 2 };
  const [left, top, size] = [x - half, y - half, 2 * half];
  return [
    css.includes("home")
      ? drawing("rect", { x: left, y: top, width: size, height: size, rx: 3, ...look })
      : drawing("circle", { cx: x, cy: y, r: half, ...look }),
    lettering(x, y + 0.45 * half, 1.3 * half, sign, { "text-anchor": "middle", "font-weight": 600, fill: look.stroke }),
  ];
}

// The picture that is saved: headline, map, legend, source.
function wholePicture() {
  const inner = mapDrawing();
  const wide = Number(inner.getAttribute("width"));
  const high = Number(inner.getAttribute("height"));
  const lines = [
    ...wrapped($("headline").textContent, wide, "600 20px").map(text => [text, 20, 600]),
    ...wrapped([data.title, data.span].filter(Boolean).join(": "), wide, "14px").map(text => [text, 14, 400]),
  ];
  const top = 14 + lines.reduce((sum, [, size]) => sum + size * 1.35, 0);
  const ramp = data.plan ? { made: [], high: 0 } : rampDrawing(top + high + 8);
  const key = marksDrawing(top + high + 8 + ramp.high, Math.max(320, wide - 290));
  const foot = Math.max(30, 8 + ramp.high + key.high);
  const svg = drawing("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    width: wide + 32,
    height: top + high + foot + 12,
    viewBox: `-16 0 ${wide + 32} ${top + high + foot + 12}`,
  });
  svg.append(drawing("rect", { x: -16, width: wide + 32, height: top + high + foot + 12, fill: "#fff" }));
  let y = 4;
  for (const [text, size, weight] of lines) {
    y += size * 1.35;
    svg.append(lettering(0, y - 4, size, text, { "font-weight": weight }));
  }
  inner.setAttribute("y", top);
  svg.append(inner, ...ramp.made, ...key.made);
  const credit = query(".credit")?.textContent ?? "";
  svg.append(lettering(wide, top + high + foot, 12, credit, { fill: "#55544f", "text-anchor": "end" }));
  return svg;
}

function wrapped(text, wide, font) {
  pen.font = `${font} ${fontFamily()}`;
  const lines = [];
  for (const word_ of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word_}` : word_;
    if (lines.length && pen.measureText(longer).width <= wide) lines[lines.length - 1] = longer;
    else lines.push(word_);
  }
  return lines.slice(0, 3);
}

// What the colours show and their steps, as in the legend, and how high they stand.
function rampDrawing(top) {
  const y = top + 18;
  const level = state.measure === "level";
  const rows = level ? ["l"] : data.noReading ? ["p"] : ["s", "p"];
  const said = { l: data.levelUnit, s: "clear change", p: data.noReading || "could be chance" };
  const made = rows.flatMap((row, r) => [
    ...[0, 1, 2, 3, 4].map(step =>
      drawing("rect", {
        x: 40 * step,
        y: y + 16 * r,
        width: 40,
        height: 16,
        stroke: "#6b6a64",
        fill: row === "p" && step !== 2 ? `url(#hatch-p${step})` : data.colours[`${row}${step}`],
      }),
    ),
    ...(row === "s"
      ? [0, 1, 3, 4].map(step =>
          drawing(
            "text",
            {
              x: 40 * step + 20,
              y: y + 12,
              "text-anchor": "middle",
              "font-size": 10,
              fill: step % 4 ? DARK : "#fff",
            },
            step < 2 ? "▼" : "▲",
          ),
        )
      : []),
    lettering(208, y + 12 + 16 * r, 12, said[row]),
  ]);
  const cuts = level
    ? data.levelCuts[state.type].map(cut => cut.toLocaleString("en-GB"))
    : data.cuts.map(cut => percent(100 * (cut - 1)));
  const under = y + 16 * rows.length + 13;
  made.push(...cuts.map((cut, i) => lettering(40 * (i + 1), under, 12, cut, { "text-anchor": "middle" })));
  made.push(lettering(0, top + 11, 12, $("legend-title").textContent));
  return { made, high: y - top + 16 * rows.length + 20 };
}

// The other marks of the legend and its pins, in as many lines as they need, and how high they stand.
function marksDrawing(top, wide) {
  pen.font = `12px ${fontFamily()}`;
  let [x, y] = [0, top + 8];
  const made = [];
  for (const item of queryAll("#legend .marks:not([hidden]) li:not([hidden])")) {
    const [sign, words] = [item.firstElementChild, item.lastChild.textContent.trim()];
    const across = 44 + pen.measureText(words).width;
    if (x && x + across > wide) [x, y] = [0, y + 20];
    const isPin = sign.classList.contains("pin");
    made.push(
      ...(isPin ? pinDrawing(sign.className, x + 9, y, sign.textContent, 8) : [swatchDrawing(sign.classList[1], x, y)]),
      lettering(x + 26, y + 4, 12, words),
    );
    x += across;
  }
  return { made, high: made.length ? y + 12 - top : 0 };
}

function swatchDrawing(css, x, y) {
  const fill = css === "unknown" ? "url(#hatch-unknown)" : data.colours[css];
  const { fillColor = fill, color = "#6b6a64", weight = 1, dashArray } = SIDES[css.replace("side-", "")] ?? {};
  const line = { stroke: color, "stroke-width": weight, ...(dashArray ? { "stroke-dasharray": dashArray } : {}) };
  return drawing("rect", { x, y: y - 6, width: 20, height: 12, fill: fillColor, ...line });
}

function savePicture() {
  const svg = wholePicture();
  const [wide, high] = [Number(svg.getAttribute("width")), Number(svg.getAttribute("height"))];
  const picture = new Image();
  picture.onload = () => {
    const sheet = element("canvas");
    sheet.width = 2 * wide;
    sheet.height = 2 * high;
    sheet.getContext("2d").drawImage(picture, 0, 0, 2 * wide, 2 * high);
    sheet.toBlob(blob => save(blob, "png"), "image/png");
  };
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
}

function save(blob, kind) {
  const [, name] = decodeURIComponent(location.pathname).match(/([^/]+)\.html?$/) ?? [null, "sacmap"];
  const link = element("a", "", { href: URL.createObjectURL(blob), download: `${name}.${kind}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// The panel with its map alone, on one sheet.
function printArea() {
  const said = element("figcaption", pointWords(state.area), { class: "small" });
  const figure = element("figure", [mapDrawing(), said], { id: "map-area" });
  query(".map-side").append(figure);
  document.body.classList.add("one-area");
  window.addEventListener("afterprint", () => endPrint(figure), { once: true });
  window.print();
}

function endPrint(figure) {
  figure.remove();
  document.body.classList.remove("one-area");
}

// The static map stands in a <noscript>, where it costs a reader with script nothing; print needs it.
function fillStatic() {
  const still = $("map-static").querySelector("noscript");
  if (!still) return;
  const parsed = new DOMParser().parseFromString(still.textContent, "text/html").body;
  still.replaceWith(...parsed.childNodes);
}

// Print shows the static map: it is given the colours and the pins of the moment.
function paintStatic() {
  fillStatic();
  if (data.plan) return;
  // A printer is given a hatching anew for each path: alike areas are hatched as one, beneath their outlines.
  const hatched = {};
  for (const path of queryAll("#map-static path[data-place]")) {
    const css = shownClass(Number(path.dataset.place));
    path.setAttribute("class", css);
    if (data.hatches[css]) {
      path.setAttribute("fill", "none");
      (hatched[css] ??= []).push(path.getAttribute("d"));
    } else path.removeAttribute("fill");
  }
  for (const path of queryAll("#map-static .areas path:not([data-place])")) path.remove();
  const fills = Object.entries(hatched).map(([css, lines]) =>
    drawing("path", { class: css, fill: `url(#still-${css})`, d: lines.join("") }),
  );
  query("#map-static .areas")?.prepend(...fills);
  // Its own pins and names are those of the view the page opens on.
  const level = state.measure === "level" && !data.levelOnly;
  const same = state.type === data.type && !state.group && !level;
  for (const part of queryAll("#map-static .pins:not(.moved), #map-static .names .listed"))
    part.setAttribute("visibility", same ? "visible" : "hidden");
  query("#map-static .moved")?.remove();
  const svg = query("#map-static svg");
  if (!same && svg) stillPins(svg);
}

// The margin of the static map, and half a pin on it.
const STILL = { margin: 8, pin: 19 };

// Where an area has most room, on the static map.
function onStill(place, { width, height }) {
  const [[south, west], [north, east]] = data.bounds;
  const [x, y] = namesAt()[place];
  const placed = (part, size) => STILL.margin + part * (size - 2 * STILL.margin);
  return L.point(
    placed((x / 1e5 - west) / (east - west), width),
    placed((north - y / 1e5) / (north - south), height),
  ).round();
}

// The pins of the moment, each in its area or beside another pin that stands there, with a line to its place.
function stillPins(svg) {
  const half = STILL.pin;
  const group = drawing("g", { class: "pins moved" });
  const taken = [];
  for (const { sign, place, finding } of pinList()) {
    if (!isThere(place)) continue;
    const home = onStill(place, svg.viewBox.baseVal);
    const spots = ASIDE.map(([x, y]) => home.add(L.point(x, y).multiplyBy(2 * half + 2)));
    const at = spots.find(spot => !touches(boxAt(spot, half), taken)) ?? home;
    taken.push(boxAt(at, half + 1));
    const isHome = /[A-Z]/.test(sign);
    const [left, top, size] = [at.x - half + 2, at.y - half + 2, 2 * half - 4];
    const shape = isHome
      ? drawing("rect", { class: "home", x: left, y: top, width: size, height: size, rx: 4 })
      : drawing("circle", { cx: at.x, cy: at.y, r: half });
    const css = isHome ? "home" : finding === "possible" ? "maybe" : "";
    group.append(
      drawing("g", { "data-pin": sign, class: css }, [shape, drawing("text", { x: at.x, y: at.y + 9 }, sign)]),
    );
    if (at.distanceTo(home) > half) group.prepend(drawing("path", { d: `M${home.x} ${home.y}L${at.x} ${at.y}` }));
  }
  svg.append(group);
}
