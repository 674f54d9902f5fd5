// Every area's range in one picture, the furthest above its expected first: what shows small differences.

const RANGES = 300;

function showRanges() {
  const shown = state.ranges && !data.levelOnly;
  $("ranges").hidden = !shown;
  query(".map-frame").hidden = shown;
  $("legend").hidden = shown;
  $("show-ranges").setAttribute("aria-pressed", shown);
  $("show-ranges").textContent = shown ? "Back to map" : "Ranked chart";
  if (!shown) return;
  const rows = placesShown()
    .map(place => ({ place, ...rowOf(place) }))
    .filter(row => isKnown(row) && row.expected > 0);
  rows.sort((a, b) => b.gap - a.gap || a.place - b.place);
  const some = rows.length > RANGES ? [...rows.slice(0, RANGES / 2), ...rows.slice(-RANGES / 2)] : rows;
  const most = scaleOf(some.map(row => ratioOf(row, "current_count")));
  const note =
    rows.length > some.length ? ` The ${RANGES / 2} furthest above and the ${RANGES / 2} furthest below.` : "";
  const head = element("tr", [
    element("th", capital(data.unit[0]), { scope: "col" }),
    element("th", "Now", { scope: "col", class: "number" }),
    element("th", "Expected", { scope: "col", class: "number" }),
    element("th", "Above", { scope: "col", class: "number" }),
    element("th", [unseen("Range"), rangeHead(most)], { scope: "col" }),
  ]);
  const line = row =>
    element(
      "tr",
      [
        element("th", nameButton(row.place, fullName(row.place)), { scope: "row" }),
        element("td", whole(row.current_count), { class: "number" }),
        element("td", estimate(row.expected), { class: "number" }),
        element("td", signed(row.gap), { class: "number" }),
        element("td", rangeBar(row, most)),
      ],
      { "data-area-id": data.ids[row.place] },
    );
  $("ranges").replaceChildren(
    element("h3", `Every ${data.unit[0]}’s range: ${data.words[state.type]}`, { id: "ranges-heading" }),
    element("p", `Band: the normal range. Line: expected. Dot: now, filled where the change is clear.${note}`, {
      class: "small soft",
    }),
    element("table", [element("thead", head), element("tbody", some.map(line))]),
  );
}
