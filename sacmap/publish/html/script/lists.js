// The headline, the crime types and the answer: where it rose, how sure that is, where it is highest. All follow the
// controls.

// The lists of the map, or of the chosen district, with the words above them.
const shownLists = () => numbers.lists[state.group];

function weekList() {
  const places = shownLists().week[state.type]?.areas ?? [];
  return places.map((place, i) => {
    const finding = data.findings[verdictOf(place)] ?? "";
    return { place, finding, sign: finding && i < data.first ? String(i + 1) : "" };
  });
}

const hardeningList = () => shownLists().hardening.map((place, i) => ({ place, finding: "", sign: "ABCDE"[i] }));

// A name in the headline leads to its crime type and its area; the number of further areas to their crime type.
function headPart([text, type, place]) {
  if (!type) return text;
  const words = new URLSearchParams({ type, measure: state.measure });
  if (place !== undefined) words.set("area", data.ids[place]);
  const link = element("a", text, { href: `#${words}`, ...(place === undefined ? { class: "more" } : {}) });
  link.addEventListener("click", event => {
    event.preventDefault();
    follow(type, place);
  });
  return link;
}

// A phone has room for fewer names, as the style has it.
const narrow = window.matchMedia("(max-width: 40rem)");

function showHead() {
  if (data.plan) return;
  const [first, second, wide, short] = data.headlines[state.type];
  $("headline").replaceChildren(...((narrow.matches && short) || wide || [[first]]).map(headPart));
  $("second").textContent = second;
  document.title = data.title ? `${data.title}: ${first}` : first;
  const level = state.measure === "level";
  const counted = data.levelOnly ? "crimes counted" : "level";
  const measure = { change: "change", expected: "against the expected", level: counted }[state.measure];
  const kind = data.labels[state.type];
  $("map-heading").textContent = `Map: ${kind}, ${measure}`;
  $("legend-title").textContent = byDistrict()
    ? `${kind} by district: ${measure}`
    : (data.levelOnly || state.measure === "change") && data.legendSpan
      ? `${kind}, ${data.legendSpan}`
      : `${kind}: ${measure}`;
  for (const item of queryAll("[data-legend]")) item.hidden = !item.dataset.legend.split(" ").includes(state.measure);
  showPinKey();
  if (!level) return;
  const cuts = data.levelCuts[state.type].map(cut => cut.toLocaleString("en-GB"));
  queryAll("[data-cut]").forEach((cut, step) => (cut.textContent = cuts[step]));
  $("level-ramp").setAttribute("aria-label", data.levelSaid[state.type]);
}

// What the pins on the map are, each drawn as it is there.
function showPinKey() {
  const [week, homes] = [/\d/, /[A-Z]/].map(signs => pinList().find(({ sign }) => signs.test(sign)));
  $("key-week").hidden = !week;
  $("key-homes").hidden = !homes;
  if (!week) return;
  $("key-week").firstElementChild.className = `pin${week.finding === "possible" ? " maybe" : ""}`;
  $("key-week").lastElementChild.textContent = data.whereRose[state.type];
}

// The page comes with the lists of its first view.
let listsAsTheyCame = true;

// The page comes with the tiles of the whole map; afterwards they are of the district that is chosen. A public version
// has no subtotals: its tiles are of the whole map.
let tilesOf = "";

function showTiles() {
  if (state.group === tilesOf) return;
  tilesOf = state.group;
  const shown = numbers.tiles?.[state.group];
  const below = shown
    ? `Below: ${groupSaid()}, ${many(placesShown().length, data.unit)}.`
    : "The totals are of the whole map.";
  $("below").textContent = state.group && !data.plan ? ` · ${below}` : "";
  shown?.forEach(([change, now, before, found], i) => {
    const tile = query(`#totals [data-type="${data.types[i]}"]`);
    const pieces = found.map(([arrow, said], at) => {
      const clearly = arrow && found.length === 1 ? element("span", " clearly", { class: "long" }) : "";
      const end = at < found.length - 1 ? "," : "";
      return element("span", [...inColour(arrow), said, clearly, end], { class: arrow ? "piece" : "piece plain" });
    });
    tile.querySelector(".change").textContent = change;
    tile.querySelector("[data-tile=current_count]").textContent = now;
    if (!data.levelOnly) tile.querySelector("[data-tile=baseline_mean]").textContent = before || "–";
    tile.querySelector(".found").replaceChildren(...pieces.flatMap((piece, at) => (at ? [" ", piece] : [piece])));
  });
}

function showLists() {
  if (data.plan || (listsAsTheyCame && state.type === data.type && !state.group)) {
    requestAnimationFrame(tighten);
    return;
  }
  listsAsTheyCame = false;
  const week = weekList();
  const found = week.filter(entry => entry.sign);
  const most = scaleOf(found.map(({ place }) => ratioOf(rowOf(place), "current_count")));
  if ($("week")) {
    $("week-heading").textContent = data.headings[state.type] + (state.group ? `, ${groupSaid()}` : "");
    const { lead, subhead } = shownLists().week[state.type];
    $("week-lead").textContent = lead;
    $("week-lead").hidden = !lead;
    const head = query("[aria-labelledby=week-heading] .columns-head");
    head.hidden = !found.length;
    $("week-key").hidden = !found.length;
    head.firstElementChild.textContent = subhead;
    head.lastElementChild.replaceWith(rangeHead(most));
    $("week").replaceChildren(...week.map(entry => (entry.sign ? findingRow(entry, most) : namedRow(entry, week))));
    const chance = data.sure[state.type];
    $("sure").textContent = state.group ? `On the whole map, ${chance[0].toLowerCase()}${chance.slice(1)}` : chance;
  }
  showMost();
  showHardening();
  tighten();
}

// Where there is no earlier period: the areas with most crime. Of burglary the list beneath says it.
function showMost() {
  if (!$("most")) return;
  const rows = shownLists().most[state.type].map(place => [place, rowOf(place)]);
  $("most-heading").textContent = data.headings[state.type] + (state.group ? `, ${groupSaid()}` : "");
  $("most").parentElement.hidden = state.type === "burglary";
  $("most").replaceChildren(...rows.map(([place, row]) => listRow({ place, sign: "" }, row, ["expected", "", ""], "")));
}

// Where both lists would not stand on one screen: closer rows; then the fourth and fifth by their pins and names alone,
// and a name of two lines without its district, unless another area has the name; then no area that is no finding.
// A plan has closer rows and lines, and its last line stands above the ten pixels that fade.
function tighten() {
  const answer = $("answer");
  answer.classList.remove("tight", "brief", "briefer", "briefest");
  const last = query("#hardening li:last-child, #plan > :last-child");
  if (!last || getComputedStyle(answer).overflowY !== "auto") return;
  const end = answer.getBoundingClientRect().bottom - (data.plan ? 10 : 0);
  for (const css of data.plan ? ["tight"] : ["tight", "brief", "briefer", "briefest"]) {
    if (last.getBoundingClientRect().bottom <= end) break;
    answer.classList.add(css);
    if (css === "brief") markNames();
  }
  // No line is cut in two by the screen's end: what is no row goes.
  const note = query("#hardening ~ p.small");
  if (!note) return;
  note.classList.remove("unseen");
  note.classList.toggle("unseen", note.getBoundingClientRect().bottom > end + 4);
}

// The names of two lines, and those that another area has too.
function markNames() {
  const rows = queryAll("#lists li:not(.rest)");
  const tall = rows.map(row => row.querySelector(".name").offsetHeight > 30);
  rows.forEach((row, i) => {
    row.classList.toggle("tall", tall[i]);
    row.classList.toggle("alike", data.ids.indexOf(row.dataset.areaId) in data.unlike);
  });
}

function showHardening() {
  // The draws are of all areas: of a place in a district they say nothing, nor where all are among the first five.
  const { firm } = shownLists();
  const heads = query("[aria-labelledby=hardening-heading] .columns-head").children;
  heads[2].textContent = firm.length ? "first five" : "";
  $("firm-key").hidden = !firm.length;
  const listed = hardeningList();
  heads[0].parentElement.hidden = !listed.length;
  $("hardening-none").hidden = listed.length > 0;
  const level = place => {
    const row = rowOf(place, "burglary");
    return data.rates ? row.level_per_1000_households : row.level;
  };
  const most = Math.max(0, ...listed.map(({ place }) => level(place)));
  const where = state.group ? ` in ${groupSaid()}` : "";
  $("hardening-heading").textContent = `Where burglary is highest${where}`;
  $("hardening").replaceChildren(
    ...listed.map((entry, i) => {
      const row = rowOf(entry.place, "burglary");
      const third = ["firm", firm.length ? data.said.firm : "", firm[i] ?? ""];
      return listRow(entry, row, third, data.noReading ? "" : levelBar(level(entry.place), most));
    }),
  );
}

function findingRow(entry, most) {
  const row = rowOf(entry.place);
  return listRow(entry, row, ["expected", data.said.expected, estimate(row.expected)], rangeBar(row, most));
}

function listRow({ place, sign, finding }, row, [css, said, figure], bar) {
  const home = /[A-Z]/.test(sign);
  return element(
    "li",
    [
      element("span", sign, {
        class: `pin${home ? " home" : finding === "possible" ? " maybe" : ""}`,
        "aria-hidden": "true",
      }),
      element(
        "span",
        [nameButton(place, data.names[place]), element("span", ` ${whereInList(place)}`, { class: "where" })],
        { class: "who" },
      ),
      element("span", [unseen("now "), row.current_count === null ? "–" : whole(row.current_count)], {
        class: "number now",
      }),
      element("span", [unseen(said), figure], { class: `number ${css}` }),
      bar,
    ],
    { "data-area-id": data.ids[place], ...(finding ? { class: finding } : {}) },
  );
}

function namedRow(entry, week) {
  const alike = week.filter(other => !other.sign && other.finding === entry.finding);
  const first = entry === alike[0];
  const too = week.some(({ sign, finding }) => sign && finding === entry.finding) ? " too" : "";
  const lead = data.restLeads[entry.finding + too] ?? data.restLeads[entry.finding];
  const css = `rest${entry.finding ? "" : " further"}${first ? " first" : ""}${entry === alike.at(-1) ? " last" : ""}`;
  return element(
    "li",
    [
      ...(first ? [element("span", lead, { class: "subhead" }), " "] : []),
      nameButton(entry.place, fullName(entry.place)),
    ],
    { "data-area-id": data.ids[entry.place], class: css },
  );
}

const nameButton = (place, text) => button(text, { class: "link name", "data-place": place });

// The name of an area, in a list, in the table or in the panel, is a button that goes to it.
function listenToNames() {
  query("main").addEventListener("click", ({ target }) => {
    const pressed = target.closest("button");
    const place = pressed?.dataset.place ?? data.ids.indexOf(pressed?.closest("[data-area-id]")?.dataset.areaId);
    if (pressed && Number(place) >= 0) choose(Number(place), { zoom: true, focus: true });
  });
}
