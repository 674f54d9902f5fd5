// The table: the equal route to everything the map says. Cells are named after the columns of the CSV.

const CELLS = {
  baseline_mean: (row) => mean(row.baseline_mean),
  current_count: (row) => whole(row.current_count),
  change: (row) => signed(row.change),
  change_pct: (row) => percent(row.change_pct),
  expected: (row) => whole(row.expected),
  normal_low: (row) => `${whole(row.normal_low)} to ${whole(row.normal_high)}`,
  excess: (row) => signed(row.excess),
  level: (row) => whole(row.level),
  verdict: (row) => arrowOf(row.verdict) + capital(row.verdict),
};
const sorting = { key: "excess", down: true };
// The page comes with the rows of its first view.
let asItCame = true;
const isFirstView = () =>
  state.type === data.type &&
  state.measure === "change" &&
  !state.clear &&
  state.area === null &&
  sorting.key === "excess";

function inOrder() {
  const { key, down } = sorting;
  const value = (place) => (key === "area_name" ? data.names[place] : numbers.columns[key][indexOf(place, state.type)]);
  const kept = places().filter((place) => !state.clear || isClear(verdictOf(place)));
  const known = kept.map((place) => [place, value(place)]);
  const order = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en-GB", { numeric: true }) : a - b);
  const compare = (a, b) => (a === null ? 0 : (down ? -1 : 1) * order(a, b));
  // Areas without the figure come last, whichever way.
  known.sort(([p, a], [q, b]) => (a === null) - (b === null) || compare(a, b) || p - q);
  return known.map(([place]) => place);
}

function showTable() {
  const sorted = inOrder();
  const shown = sorted.length > data.tableCap ? sorted.slice(0, data.tableRows) : sorted;
  if (state.area !== null && sorted.length > shown.length && !shown.includes(state.area)) shown.unshift(state.area);
  const note = state.clear ? `${whole(sorted.length)} of ${many(data.ids.length, "area")} changed clearly. ` : "";
  const rest =
    shown.length < sorted.length
      ? `The first ${whole(shown.length)} of ${whole(sorted.length)} areas. “Go to an area” finds any of them.`
      : "";
  $("table-note").textContent = note + rest;
  $("table-note").hidden = !(note + rest);
  if (!asItCame || !isFirstView()) document.querySelector("#areas tbody").replaceChildren(...shown.map(tableRow));
  asItCame = false;
}

function tableRow(place) {
  const row = rowOf(place);
  const name = element("th", nameButton(place), { scope: "row" });
  const cells = Object.entries(CELLS).map(([key, write]) => {
    const reading = key === "verdict";
    const shown = reading || (isKnown(row) && row[key] !== null) ? write(row) : "–";
    const swatch = reading ? [element("span", "", { class: `swatch ${classOf(place)}` }), shown] : shown;
    return element("td", swatch, { "data-col": key, ...(reading ? {} : { class: "number" }) });
  });
  const chosen = place === state.area ? { class: "chosen" } : {};
  return element("tr", [name, ...cells], { "data-area-id": data.ids[place], ...chosen });
}

function makeSortable() {
  for (const head of document.querySelectorAll("#areas th[data-sort]")) {
    const key = head.dataset.sort;
    const button = element("button", head.textContent, { type: "button" });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      sorting.down = sorting.key === key ? !sorting.down : !["area_name", "verdict"].includes(key);
      sorting.key = key;
      markSorted();
      showTable();
    });
  }
  markSorted();
}

function markSorted() {
  for (const head of document.querySelectorAll("#areas th[data-sort]")) {
    if (head.dataset.sort === sorting.key) head.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
}
