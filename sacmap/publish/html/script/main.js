// Choosing, finding, saving; and the start.

function choose(place, { zoom = false, focus = false } = {}) {
  state.area = place;
  const chosen = place === null ? null : data.ids[place];
  const rows = Array.from(document.querySelectorAll("#areas tbody tr"));
  for (const row of rows) row.classList.toggle("chosen", row.dataset.areaId === chosen);
  // A long table shows its first rows only: the chosen area joins them.
  if (chosen !== null && !rows.some((row) => row.dataset.areaId === chosen)) showTable();
  showPanel();
  outlineChosen();
  if (zoom) fit();
  if (focus) $("panel").focus();
  keep();
}

// The chosen area with its neighbours around it, or everything.
function fit() {
  const shape = state.area === null ? null : shapes[state.area];
  map.fitBounds(shape ? around(shape.getBounds()) : data.bounds, { animate: false });
}

// An area and a little more than its width and height on each side, moved within the whole: at its edge half the map would be empty.
function around(area) {
  const [[south, west], [north, east]] = data.bounds;
  const wide = area.pad(1.2);
  const span = (low, high, least, most) => {
    const size = high - low;
    const from = Math.max(least, Math.min(low, most - size));
    return [from, Math.min(from + size, most)];
  };
  const [bottom, top] = span(wide.getSouth(), wide.getNorth(), south, north);
  const [left, right] = span(wide.getWest(), wide.getEast(), west, east);
  return [
    [bottom, left],
    [top, right],
  ];
}

function find(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const exact = (place) => data.names[place].toLowerCase() === wanted || data.ids[place].toLowerCase() === wanted;
  const found = places().filter((place) => exact(place) || data.names[place].toLowerCase().includes(wanted));
  return found.sort((a, b) => exact(b) - exact(a));
}

function suggest() {
  const text = $("find-area").value;
  const found = find(text);
  $("found-areas").replaceChildren(
    ...found.slice(0, 20).map((place) => element("option", [], { value: data.names[place] })),
  );
  $("find-note").textContent = text.trim() && !found.length ? "No area of that name." : "";
  const exact = found.filter((place) => data.names[place].toLowerCase() === text.trim().toLowerCase());
  if (exact.length === 1) choose(exact[0], { zoom: true });
}

// The file the page was written beside: the same columns, the same digits.
function download() {
  const columns = Object.values(numbers.columns);
  const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : (value ?? ""));
  const lines = columns[0].map((_, at) => columns.map((column) => cell(column[at])).join(","));
  // The byte order mark is for Excel, which else misreads Welsh names.
  const text = ["\ufeff", ...[Object.keys(numbers.columns).join(","), ...lines].map((line) => `${line}\r\n`)];
  const [, name] = decodeURIComponent(location.pathname).match(/([^/]+)\.html?$/) ?? [null, "sacmap"];
  const link = element("a", "", {
    href: URL.createObjectURL(new Blob(text, { type: "text/csv" })),
    download: `${name}.csv`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// The state lives in the address, so that a link opens the same view.
function keep() {
  const words = new URLSearchParams({ type: state.type, measure: state.measure });
  if (state.clear) words.set("clear", "1");
  if (state.area !== null) words.set("area", data.ids[state.area]);
  history.replaceState(null, "", `#${words}`);
}

function recall() {
  const words = new URLSearchParams(location.hash.slice(1));
  for (const [key, name] of [
    ["type", "crime-type"],
    ["measure", "measure"],
  ]) {
    const radio = Array.from(document.getElementsByName(name)).find(
      (input) => input.value === words.get(key) && !input.disabled,
    );
    if (radio) state[key] = radio.value;
    document.querySelector(`[name="${name}"][value="${state[key]}"]`).checked = true;
  }
  state.clear = words.get("clear") === "1";
  $("only-clear").checked = state.clear;
  const place = data.ids.indexOf(words.get("area"));
  state.area = place < 0 ? null : place;
}

function show() {
  showHead();
  showLegend();
  showLists();
  showTable();
  showPanel();
  paint();
}

function listen() {
  listenToNames();
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  $("controls").addEventListener("change", ({ target }) => {
    if (target.name === "crime-type") state.type = target.value;
    else if (target.name === "measure") state.measure = target.value;
    else if (target.id === "only-clear") state.clear = target.checked;
    else return;
    show();
    keep();
  });
  $("find-area").addEventListener("input", suggest);
  $("find-area").addEventListener("keydown", (event) => {
    const [place] = event.key === "Enter" ? find(event.target.value) : [];
    if (place !== undefined) choose(place, { zoom: true, focus: true });
  });
  $("download-csv").addEventListener("click", download);
  $("print-page").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", paintStatic);
  window.addEventListener("hashchange", () => {
    recall();
    show();
    fit();
  });
  $("whole-map").addEventListener("click", () => map.fitBounds(data.bounds, { animate: false }));
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () =>
      map.setZoom(map.getZoom() + Number(button.dataset.zoom), { animate: false }),
    );
  }
  for (const button of document.querySelectorAll("[data-pan]")) {
    const [x, y] = button.dataset.pan.split(",").map(Number);
    button.addEventListener("click", () => map.panBy([x * 160, y * 160], { animate: false }));
  }
  map.on("moveend", label);
}

function start() {
  document.documentElement.dataset.ready = "";
  map.invalidateSize({ animate: false });
  recall();
  fit();
  makeSortable();
  listen();
}

window.drawAreas = drawAreas;
