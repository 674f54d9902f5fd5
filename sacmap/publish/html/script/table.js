// The table: the equal route to everything the map says. Cells are named after the columns of the CSV.

const CELLS = {
  current_count: row => whole(row.current_count),
  expected: row => estimate(row.expected),
  gap: row => signed(row.gap),
  normal_low: row => `${estimate(row.normal_low)} to ${estimate(row.normal_high)}`,
  baseline_mean: row => mean(row.baseline_mean),
  change: row => changed(row.current_count, row.baseline_mean),
  change_pct: row => percent(row.change_pct),
  level: row => estimate(row.level),
};
const sorting = { key: "", down: true };
let showAll = false;
// The chosen area, where it stands above rows that it is not one of.
let joined = null;
// The page comes with the rows of its first view.
let asItCame = true;
const isFirstView = () =>
  state.type === data.type && !state.clear && !state.group && state.area === null && !sorting.key;

function inOrder() {
  const kept = placesShown().filter(place => !state.clear || isClear(verdictOf(place)));
  const { key, down } = sorting;
  if (!key) return firstOrder(kept);
  const value = place => {
    if (key === "area_name") return data.names[place];
    if (key === "group") return groupOf(place);
    return key === "gap" ? rowOf(place).gap : numbers.columns[key][indexOf(place, state.type)];
  };
  const known = kept.map(place => [place, value(place)]);
  const order = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en-GB", { numeric: true }) : a - b);
  const compare = (a, b) => (a === null ? 0 : (down ? -1 : 1) * order(a, b));
  // Areas without the figure come last, whichever way.
  known.sort(([p, a], [q, b]) => (a === null) - (b === null) || compare(a, b) || p - q);
  return known.map(([place]) => place);
}

// As the list has them, and those that are not known at the end; without readings, the highest count first.
function firstOrder(kept) {
  const { current_count: now, week_rank: rank } = numbers.columns;
  const key = place => {
    const at = indexOf(place, state.type);
    return data.levelOnly || data.noReading ? -(now[at] ?? -1) : (rank[at] ?? Infinity);
  };
  return kept
    .map(place => [key(place), place])
    .sort(([a, p], [b, q]) => (a === b ? p - q : a - b))
    .map(([, place]) => place);
}

function showTable() {
  if (asItCame && isFirstView()) {
    asItCame = false;
    $("more-rows").hidden = data.ids.length <= data.tableRows;
    return;
  }
  asItCame = false;
  const sorted = inOrder();
  const shown = showAll ? sorted : sorted.slice(0, data.tableRows);
  joined = shown.includes(state.area) ? null : state.area;
  if (joined !== null) shown.unshift(joined);
  const note = state.clear
    ? `${whole(sorted.length)} of ${many(placesShown().length, data.unit)} changed clearly. `
    : "";
  const rest =
    shown.length < sorted.length ? `The first ${whole(shown.length)} of ${many(sorted.length, data.unit)}.` : "";
  $("table-note").textContent = note + rest;
  $("more-rows").hidden = shown.length >= sorted.length;
  query("#areas tbody").replaceChildren(...shown.map(tableRow));
}

// The districts' rows of every crime type are in the page; those of the chosen one are shown.
function showDistricts() {
  for (const rows of queryAll("#districts tbody")) rows.hidden = rows.dataset.type !== state.type;
}

const columns = queryAll("#areas th[data-sort]")
  .map(head => head.dataset.sort)
  .slice(1);
const isFigure = key => key !== "verdict" && key !== "group";

function tableRow(place) {
  const row = rowOf(place);
  const name = element("th", button(data.names[place]), { scope: "row" });
  const cells = columns.map(key => {
    const attributes = { "data-col": key };
    if (key === "group") return element("td", groupOf(place), attributes);
    if (key === "verdict") return element("td", [...arrowMark(row.verdict), capital(row.verdict)], attributes);
    const column = key === "gap" || key === "normal_low" ? "expected" : key;
    return element("td", isKnown(row) && row[column] !== null ? CELLS[key](row) : "–", attributes);
  });
  const chosen = place === state.area ? { class: "chosen" } : {};
  return element("tr", [name, ...cells], { "data-area-id": data.ids[place], ...chosen });
}

function markChosen() {
  const chosen = state.area === null ? null : data.ids[state.area];
  const rows = queryAll("#areas tbody tr");
  for (const row of rows) row.classList.toggle("chosen", row.dataset.areaId === chosen);
  // A long table shows its first rows only: the chosen area joins them, and leaves them when it is chosen no more.
  const isNew = chosen !== null && !rows.some(row => row.dataset.areaId === chosen);
  if (isNew || (joined !== null && joined !== state.area)) showTable();
}

function makeSortable() {
  for (const head of queryAll("#areas th[data-sort]")) {
    const key = head.dataset.sort;
    const sorter = button(head.textContent);
    head.replaceChildren(sorter);
    sorter.addEventListener("click", () => {
      sorting.down = sorting.key === key ? !sorting.down : isFigure(key) && key !== "area_name";
      sorting.key = key;
      markSorted();
      showTable();
    });
  }
  $("more-rows").addEventListener("click", () => {
    showAll = true;
    asItCame = false;
    showTable();
    $("areas-heading").focus();
  });
}

function markSorted() {
  for (const head of queryAll("#areas th[data-sort]")) {
    if (head.dataset.sort === sorting.key) head.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
}
