// Choosing, finding, saving; and the start.

// Where the focus was when an area was chosen: it goes back there with the list.
let from = null;

function choose(place, { zoom = false, focus = false, keep: kept = true } = {}) {
  if (place !== null) from = whereFocused() ?? from;
  state.area = place;
  if (place !== null && state.ranges) {
    state.ranges = false;
    showRanges();
  }
  if (kept) keep();
  showHead();
  markChosen();
  showPanel();
  showLocator();
  if (zoom) fit();
  paint();
  $("answer").scrollTop = 0;
  if (place === null) focusBack();
  else if (focus) {
    $("panel").focus({ preventScroll: true });
    // On one screen the panel is in sight; on a phone, and from the table, it is not.
    const box = $("panel").getBoundingClientRect();
    if (box.top > innerHeight - 80 || box.top < 0) $("panel").scrollIntoView({ block: "start" });
  }
}

function whereFocused() {
  const item = document.activeElement?.closest("[data-area-id]");
  const list = item?.closest("#week, #most, #hardening, #areas, #ranges, #plan");
  return list ? { list: list.id, area: item.dataset.areaId } : null;
}

// Focus that is elsewhere, as in the search, stays there.
const isFocusLost = () =>
  document.activeElement === document.body || Boolean(document.activeElement.closest("[hidden]"));

function focusBack() {
  const { list, area } = from ?? {};
  from = null;
  if (!isFocusLost()) return;
  const items = list ? Array.from($(list).querySelectorAll("[data-area-id]")) : [];
  const name = items.find(item => item.dataset.areaId === area)?.querySelector("button");
  // In a closed chart there is no name to go back to.
  (name?.offsetParent ? name : $("answer")).focus({ preventScroll: list !== "areas" });
}

// From the headline to a crime type, and to an area where one is given.
function follow(type, place) {
  state.type = type;
  state.group = "";
  if ($("group")) $("group").value = "";
  const radio = Array.from(document.getElementsByName("crime-type")).find(input => input.value === type);
  radio.checked = true;
  if (place === undefined) {
    state.area = null;
    show();
    fit();
    keep();
    return radio.focus({ preventScroll: true });
  }
  show();
  choose(place, { zoom: true, focus: true });
  from = { list: "week", area: data.ids[place] };
  return undefined;
}

// An area by its name or code, a district, or a town.
function find(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const exact = name => name.toLowerCase() === wanted;
  const areas = every.filter(place =>
    [fullName(place), data.ids[place]].some(name => name.toLowerCase().includes(wanted)),
  );
  const isExact = place => exact(data.names[place]) || exact(fullName(place)) || exact(data.ids[place]);
  const found = [
    ...areas.map(place => ({ place, name: fullName(place), exact: isExact(place) })),
    ...data.groups
      .filter(name => name.toLowerCase().includes(wanted))
      .map(name => ({ group: name, name, exact: exact(name) })),
    ...data.towns
      .filter(([name]) => name.toLowerCase().includes(wanted))
      .map(town => ({ town, name: town[0], exact: exact(town[0]) })),
  ];
  // What begins with the text comes first, then what has a word that does.
  const near = ({ name }) => {
    const at = ` ${name.toLowerCase()}`.indexOf(` ${wanted}`);
    return at < 0 ? 2 : Math.min(at, 1);
  };
  return found.sort((a, b) => b.exact - a.exact || near(a) - near(b));
}

function suggest() {
  const text = $("find-area").value;
  const found = find(text);
  const names = [...new Set(found.slice(0, 30).map(({ name }) => name))].slice(0, 20);
  $("found-areas").replaceChildren(...names.map(name => element("option", [], { value: name })));
  const exact = found.filter(one => one.exact);
  const several =
    exact.length > 1 ? `${many(exact.length, kindsOf(exact))} of that name: Enter shows one, and then the next.` : "";
  $("find-note").textContent = text.trim() && !found.length ? "Nothing of that name." : several;
  shownAlike = 0;
  if (exact.length === 1) goTo(exact[0]);
}

// How many of several places of one name Enter has shown.
let shownAlike = 0;
const kindsOf = found => (found.every(({ place }) => place !== undefined) ? data.unit : ["place", "places"]);

function showFound(text) {
  const found = find(text);
  const alike = found.filter(({ exact }) => exact);
  if (alike.length < 2) return found.length && goTo(found[0], true);
  goTo(alike[shownAlike % alike.length]);
  shownAlike += 1;
  $("find-note").textContent = `This is one of ${many(alike.length, kindsOf(alike))} of that name.`;
  return undefined;
}

function goTo({ place, group, town }, focus = false) {
  if (place !== undefined) return choose(place, { zoom: true, focus });
  if (group !== undefined) return chooseGroup(group);
  if (state.area !== null) choose(null);
  map.setView([town[2] / 1e5, town[1] / 1e5], Math.max(map.getMinZoom() + 2, 12), { animate: false });
  $("find-note").textContent = `${town[0]} is in the middle of the map.`;
  return undefined;
}

function chooseGroup(name) {
  state.group = name;
  state.area = null;
  if ($("group")) $("group").value = name;
  show();
  fit();
  keep();
}

// The file the page was written beside: the same columns, the same digits.
function download() {
  const values = Object.values(numbers.csv);
  const cell = value => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : (value ?? ""));
  const lines = values[0].map((_, at) => values.map(column => cell(column[at])).join(","));
  // The byte order mark is for Excel, which else misreads Welsh names.
  const text = ["\ufeff", ...[Object.keys(numbers.csv).join(","), ...lines].map(line => `${line}\r\n`)];
  save(new Blob(text, { type: "text/csv" }), "csv");
}

// The state lives in the address: a link opens the same view, and Back goes to the one before.
function address() {
  const words = new URLSearchParams({ type: state.type, measure: state.measure });
  if (state.group) words.set("district", state.group);
  if (state.area !== null) words.set("area", data.ids[state.area]);
  if (state.clear) words.set("clear", "1");
  return `#${words}`;
}

// A notebook shows the page in a frame of no address of its own, where none can be written.
function write(how) {
  try {
    history[how](null, "", address());
  } catch (error) {
    if (error.name !== "SecurityError") throw error;
  }
}

function keep() {
  if (location.hash !== address()) write("pushState");
}

function recall() {
  const words = new URLSearchParams(location.hash.slice(1));
  for (const [key, name, usual] of [
    ["type", "crime-type", data.type],
    ["measure", "measure", data.levelOnly ? "level" : "change"],
  ]) {
    const radios = Array.from(document.getElementsByName(name));
    const radio = radios.find(input => input.value === words.get(key) && !input.disabled);
    state[key] = radio?.value ?? usual;
    for (const input of radios) input.checked = input.value === state[key];
  }
  state.group = data.groups.includes(words.get("district")) ? words.get("district") : "";
  if ($("group")) $("group").value = state.group;
  state.clear = words.get("clear") === "1";
  $("only-clear").checked = state.clear;
  const place = data.ids.indexOf(words.get("area"));
  state.area = place < 0 ? null : place;
}

function copyLink() {
  const told = words => {
    $("done").textContent = words;
    setTimeout(() => ($("done").textContent = ""), 4000);
  };
  const link = location.href.split("#")[0] + address();
  // Where the browser keeps the clipboard to itself, as it may from a file, the old way does it.
  const byHand = () => {
    const box = element("textarea", "", { class: "unseen", "aria-label": "Link" });
    box.value = link;
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    $("copy-link").focus();
    told(done ? "Link copied." : "The link is in the address bar.");
  };
  write("replaceState");
  if (!navigator.clipboard) return byHand();
  return navigator.clipboard.writeText(link).then(() => told("Link copied."), byHand);
}

function show({ painted = false } = {}) {
  hover(null);
  showHead();
  if (!data.plan) showTiles();
  showLists();
  showTable();
  showDistricts();
  showPanel();
  showLocator();
  showRanges();
  if (!painted) return paint();
  outlineChosen();
  return mark();
}

function listenToControls() {
  for (const form of [$("controls"), $("totals")]) {
    form?.addEventListener("submit", event => event.preventDefault());
    form?.addEventListener("change", ({ target }) => {
      if (target.name === "crime-type") state.type = target.value;
      else if (target.name === "measure") state.measure = target.value;
      else if (target.id === "group") return chooseGroup(target.value);
      else return undefined;
      show();
      return keep();
    });
  }
  $("only-clear").addEventListener("change", ({ target }) => {
    state.clear = target.checked;
    showTable();
    keep();
  });
  $("find-area").addEventListener("input", suggest);
  $("find-area").addEventListener("keydown", event => {
    if (event.key === "Enter") showFound(event.target.value);
  });
  $("show-ranges").addEventListener("click", () => {
    state.ranges = !state.ranges;
    showRanges();
    if (!state.ranges) map.invalidateSize({ animate: false });
  });
}

function listenToButtons() {
  $("download-csv").addEventListener("click", download);
  $("print-page").addEventListener("click", () => window.print());
  $("save-picture").addEventListener("click", savePicture);
  $("copy-link").addEventListener("click", copyLink);
  $("panel").addEventListener("click", ({ target }) => {
    if (target.id === "whole-place") choose(null, { zoom: true });
    if (target.id === "print-area") printArea();
  });
  $("answer").addEventListener("keydown", event => {
    if (event.key === "Escape" && state.area !== null) choose(null, { zoom: true });
  });
  $("whole-map").addEventListener("click", () => fitWhole());
  for (const zoom of queryAll("[data-zoom]"))
    zoom.addEventListener("click", () => map.setZoom(map.getZoom() + Number(zoom.dataset.zoom), { animate: false }));
  for (const pan of queryAll("[data-pan]")) {
    const [x, y] = pan.dataset.pan.split(",").map(Number);
    pan.addEventListener("click", () => map.panBy([x * 160, y * 160], { animate: false }));
  }
}

function goBack() {
  const { area, group } = state;
  from = whereFocused() ?? from;
  recall();
  show();
  if (area !== state.area || group !== state.group) fit();
  if (area !== null && state.area === null) focusBack();
  if (state.area !== null && isFocusLost()) $("panel").focus({ preventScroll: true });
}

function listenToTheRest() {
  listenToNames();
  window.addEventListener("beforeprint", paintStatic);
  window.matchMedia("print").addEventListener("change", ({ matches }) => matches && paintStatic());
  window.addEventListener("popstate", goBack);
  narrow.addEventListener("change", showHead);
  map.on("moveend", paintAfterMove);
  // While two fingers zoom there is no end of a move yet.
  map.on("zoom", () => requestAnimationFrame(drawAll));
  const sizeOf = () => `${$("map").clientWidth}x${$("map").clientHeight}`;
  let size = sizeOf();
  new ResizeObserver(() => {
    const [before, now] = [size, sizeOf()];
    if (now === before || !$("map").clientWidth) return;
    size = now;
    const isWhole = map.getZoom() === wholeZoom && state.area === null && !state.group;
    map.invalidateSize({ animate: false });
    keepInside();
    if (isWhole || before === "0x0") fit();
    if (state.area === null) tighten();
  }).observe($("map"));
  // Long after the first answer, for who prints by a way that the page is not told of; of thousands of areas not at all.
  if (!isCanvas()) setTimeout(() => (window.requestIdleCallback ?? setTimeout)(paintStatic), 4000);
}

function start() {
  recall();
  keepInside();
  fit();
  makeSortable();
  listenToControls();
  listenToButtons();
  listenToTheRest();
}

window.drawAreas = drawAreas;
