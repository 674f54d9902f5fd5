// The headline, the tiles, the legend and the two lists: all follow the controls.

function showHead() {
  const total = data.totals[state.type];
  $("headline").textContent = data.headlines[state.type];
  document.title = data.headlines[state.type];
  const tiles = {
    current_count: total.current_count === null ? "–" : whole(total.current_count),
    baseline_mean: total.baseline_mean === null ? "–" : mean(total.baseline_mean),
    change_pct: percent(total.change_pct),
    published_change_pct: percent(total.published_change_pct),
    rises: whole(verdicts().get("clear rise") ?? 0),
    falls: whole(verdicts().get("clear fall") ?? 0),
  };
  for (const tile of document.querySelectorAll("[data-tile]")) tile.textContent = tiles[tile.dataset.tile];
}

// How many areas have each verdict.
function verdicts() {
  const found = new Map();
  for (const place of places()) found.set(verdictOf(place), (found.get(verdictOf(place)) ?? 0) + 1);
  return found;
}

function showLegend() {
  const level = state.measure === "level";
  const measure = document.querySelector('[name="measure"]:checked').parentNode.textContent.trim();
  $("map-heading").textContent = `${capital(data.words[state.type])}: ${measure.toLowerCase()}`;
  for (const item of document.querySelectorAll("[data-legend]")) {
    item.hidden = !item.dataset.legend.split(" ").includes(state.measure);
  }
  if (!level) return;
  const cuts = data.levelCuts[state.type].map((cut) => cut.toLocaleString("en-GB"));
  document.querySelectorAll("[data-cut]").forEach((cut, step) => (cut.textContent = cuts[step]));
  const unit = `crimes a ${data.period}${data.rates ? " per 1,000 households" : ""}`;
  $("level-unit").textContent = unit;
  $("level-ramp").setAttribute(
    "aria-label",
    `Five steps from pale to dark green: below ${cuts[0]} ${unit}, then from ${cuts.join(", from ")} up.`,
  );
}

// The first areas for a week of action; of another crime type than the page opens on, by its own excess.
function weekList() {
  if (state.type === data.type && data.week) return data.week;
  const excess = (place) => numbers.columns.excess[indexOf(place, state.type)];
  return places()
    .filter((place) => excess(place) > 0)
    .sort((a, b) => excess(b) - excess(a) || a - b)
    .slice(0, data.listed)
    .map((place) => ({ place, reasons: [reasonOf(rowOf(place))] }));
}

const reasonOf = (row) =>
  `${many(row.current_count, "crime")} where about ${whole(row.expected)} were expected: ${row.verdict}.`;

function showLists() {
  $("week-lead").textContent = `Where ${data.words[state.type]} stands furthest above what was expected.`;
  fillList("hardening", data.hardening, "No area can be ranked.");
  fillList("week", weekList(), "No area stands above what was expected.");
}

function fillList(id, entries, none) {
  const items = entries.slice(0, data.listed).map((entry) => {
    const parts = [element("span", nameButton(entry.place), { class: "name" })];
    const reasons = entry.reasons.flatMap((reason) => [element("span", reason), " "]);
    parts.push(element("span", reasons, { class: "why" }));
    if (entry.stability) parts.push(element("span", entry.stability, { class: "stability" }));
    return element("li", parts, { "data-area-id": data.ids[entry.place] });
  });
  $(id).replaceChildren(...(items.length ? items : [element("li", none, { class: "none" })]));
}

const nameButton = (place) => element("button", data.names[place], { type: "button", class: "link" });

// The name of an area, in a list or in the table, is a button that goes to it.
function listenToNames() {
  document.querySelector("main").addEventListener("click", ({ target }) => {
    const item = target.closest("button.link")?.closest("[data-area-id]");
    if (item) choose(data.ids.indexOf(item.dataset.areaId), { zoom: true, focus: true });
  });
}
