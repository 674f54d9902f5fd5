// The headline, the crime types and the answer: where it rose, how sure that is, where it is highest. All follow the
// controls.

const TIERS = { "clear rise": 0, "possible rise": 1 };
const tierOf = (place) => TIERS[verdictOf(place)] ?? 2;

// What is asked again at every move of the map is worked out once.
const workedOut = new Map();
function once(key, make) {
  if (!workedOut.has(key)) workedOut.set(key, make());
  return workedOut.get(key);
}

// The first few of many, in order: to sort thousands for five takes longer.
function firstOf(places, wanted, compare) {
  const first = [];
  for (const place of places) {
    if (first.length === wanted && compare(place, first.at(-1)) >= 0) continue;
    let at = first.length;
    while (at > 0 && compare(place, first[at - 1]) < 0) at -= 1;
    first.splice(at, 0, place);
    if (first.length > wanted) first.pop();
  }
  return first;
}

const LAST = Number.MAX_SAFE_INTEGER;

// The areas that may be on the list for a week of action, and what puts them in order: clear rises, possible ones,
// the rest.
function weekKeys() {
  return once(`week ${state.type} ${state.group}`, () => {
    const { excess, week_rank: rank, verdict, current_count: now, expected } = numbers.columns;
    const at = (place) => indexOf(place, state.type);
    const hasAll = (row) =>
      verdict[row] !== "not known" && excess[row] !== null && now[row] !== null && expected[row] !== null;
    const known = placesShown().filter((place) => hasAll(at(place)));
    const keys = known.map((place) => [tierOf(place), rank[at(place)] ?? LAST, -excess[at(place)]]);
    const [tier, ranks, less] = [0, 1, 2].map((key) => {
      const column = new Float64Array(data.ids.length);
      known.forEach((place, i) => (column[place] = keys[i][key]));
      return column;
    });
    const compare = (a, b) => tier[a] - tier[b] || ranks[a] - ranks[b] || less[a] - less[b] || a - b;
    return { known, tier, less, compare };
  });
}

function weekOrder() {
  const { known, compare } = weekKeys();
  return once(`order ${state.type} ${state.group}`, () => [...known].sort(compare));
}

function weekList() {
  if (data.levelOnly) return [];
  return once(`list ${state.type} ${state.group}`, () => {
    const { known, tier, less, compare } = weekKeys();
    const found = known.filter((place) => tier[place] < 2);
    const rest = known.filter((place) => tier[place] === 2 && less[place] < 0);
    const listed = [...firstOf(found, 2 * data.first, compare), ...firstOf(rest, data.next, compare)];
    return listed.map((place, i) => {
      const finding = ["clear", "possible", ""][tier[place]];
      return { place, finding, sign: finding && i < data.first ? String(i + 1) : "" };
    });
  });
}

function hardeningList() {
  return once(`homes ${state.group}`, () => {
    const { hardening_rank: rank, current_count: now } = numbers.columns;
    const level = numbers.columns[data.rates ? "level_per_1000_households" : "level"];
    const at = (place) => indexOf(place, "burglary");
    const known = placesShown().filter((place) => level[at(place)] !== null && now[at(place)] !== null);
    const ranked = (place) => rank[at(place)] ?? LAST;
    const compare = (a, b) => ranked(a) - ranked(b) || level[at(b)] - level[at(a)] || a - b;
    return firstOf(known, data.first, compare).map((place, i) => ({ place, finding: "", sign: "ABCDE"[i] }));
  });
}

const firmness = (part) =>
  part === null ? "" : part >= data.firm[0] ? "firm" : part >= data.firm[1] ? "likely" : "weak";

// A name in the headline leads to its crime type and its area; the number of further areas to their crime type.
function headPart([text, type, place]) {
  if (!type) return text;
  const words = new URLSearchParams({ type, measure: state.measure });
  if (place !== undefined) words.set("area", data.ids[place]);
  const link = element("a", text, { href: `#${words}`, ...(place === undefined ? { class: "more" } : {}) });
  link.addEventListener("click", (event) => {
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
  $("headline").replaceChildren(...((narrow.matches ? short : wide) ?? [[first]]).map(headPart));
  $("second").textContent = second;
  document.title = data.title ? `${data.title}: ${first}` : first;
  const level = state.measure === "level";
  const counted = data.levelOnly ? "crimes counted" : "level";
  const measure = { change: "change", expected: "against the expected", level: counted }[state.measure];
  const kind = capital(state.type === "sac" ? "all three" : data.words[state.type]);
  $("map-heading").textContent = `Map: ${kind}, ${measure}`;
  $("legend-title").textContent = byDistrict()
    ? `${kind} by district: ${measure}`
    : (data.levelOnly || state.measure === "change") && data.legendSpan
      ? `${kind}, ${data.legendSpan}`
      : `${kind}: ${measure}`;
  for (const item of queryAll("[data-legend]")) item.hidden = !item.dataset.legend.split(" ").includes(state.measure);
  showPinKey();
  if (!level) return;
  const cuts = data.levelCuts[state.type].map((cut) => cut.toLocaleString("en-GB"));
  queryAll("[data-cut]").forEach((cut, step) => (cut.textContent = cuts[step]));
  const said = `Five steps from pale to dark green: below ${cuts[0]} ${data.levelUnit}, then from ${cuts.join(", from ")} up.`;
  $("level-ramp").setAttribute("aria-label", said);
}

// What the pins on the map are, each drawn as it is there.
function showPinKey() {
  const [week, homes] = [/\d/, /[A-Z]/].map((signs) => pinList().find(({ sign }) => signs.test(sign)));
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
  $("below").textContent =
    shown && state.group ? ` · Below: ${state.group}, ${many(placesShown().length, data.unit)}.` : "";
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
  if (data.plan) return;
  if (listsAsTheyCame && state.type === data.type && !state.group) {
    requestAnimationFrame(tighten);
    return;
  }
  listsAsTheyCame = false;
  const week = weekList();
  const found = week.filter((entry) => entry.sign);
  const most = scaleOf(found.map(({ place }) => ratioOf(rowOf(place), "current_count")));
  if ($("week")) {
    $("week-heading").textContent = data.weekHeadings[state.type] + (state.group ? `, ${state.group}` : "");
    $("week-lead").textContent = weekLead(week);
    $("week-lead").hidden = !$("week-lead").textContent;
    const head = query("[aria-labelledby=week-heading] .columns-head");
    head.hidden = !found.length;
    $("week-key").hidden = !found.length;
    head.firstElementChild.textContent = weekSubhead(found);
    head.lastElementChild.replaceWith(rangeHead(most));
    $("week").replaceChildren(...week.map((entry) => (entry.sign ? findingRow(entry, most) : namedRow(entry, week))));
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
  const first = firstOrder(placesShown()).slice(0, data.first);
  const rows = first.map((place) => [place, rowOf(place)]).filter(([, row]) => row.current_count > 0);
  const heading =
    state.type === "sac" ? "Where crime is highest, all three types" : `Where ${data.words[state.type]} is highest`;
  $("most-heading").textContent = heading + (state.group ? `, ${state.group}` : "");
  $("most").parentElement.hidden = state.type === "burglary";
  $("most").replaceChildren(...rows.map(([place, row]) => listRow({ place, sign: "" }, row, ["expected", "", ""], "")));
}

// Where both lists would not stand on one screen: closer rows; then the fourth and fifth by their pins and names alone,
// and a name of two lines without its district, unless another area has the name; then no area that is no finding.
function tighten() {
  const answer = $("answer");
  answer.classList.remove("tight", "brief", "briefer", "briefest");
  const last = query("#hardening li:last-child");
  if (!last || getComputedStyle(answer).overflowY !== "auto") return;
  const end = answer.getBoundingClientRect().bottom;
  for (const css of ["tight", "brief", "briefer", "briefest"]) {
    if (last.getBoundingClientRect().bottom <= end) break;
    answer.classList.add(css);
    if (css === "brief") markNames();
  }
  // No line is cut in two by the screen's end: what is no row goes.
  const note = query("#hardening ~ p.small");
  note.classList.remove("unseen");
  note.classList.toggle("unseen", note.getBoundingClientRect().bottom > end + 4);
}

// The names of two lines, and those that another area has too.
function markNames() {
  const rows = queryAll("#lists li:not(.rest)");
  const tall = rows.map((row) => row.querySelector(".name").offsetHeight > 30);
  rows.forEach((row, i) => {
    row.classList.toggle("tall", tall[i]);
    row.classList.toggle("alike", data.ids.indexOf(row.dataset.areaId) in data.unlike);
  });
}

function weekLead(week) {
  const findings = new Set(week.map((entry) => entry.finding));
  if (data.said.noFit || findings.has("clear")) return data.said.noFit;
  if (findings.has("possible"))
    return "No clear rise. These are possible: about one area in forty is as high by chance.";
  const single = state.type === "sac" ? data.types.filter((kind) => kind !== "sac" && hasRise(kind)) : [];
  if (single.length) {
    const types = single.map((kind) => data.words[kind]);
    const last = types.pop();
    return `No clear rise and no possible one of all three together. See ${types.length ? `${types.join(", ")} and ` : ""}${last}.`;
  }
  const unknown = placesShown().filter((place) => verdictOf(place) === "not known").length;
  if (unknown === placesShown().length) return `Not known: there are no figures for these ${data.unit[1]}.`;
  if (unknown) return `No clear rise and no possible one in the ${data.unit[1]} that are known.`;
  return `No clear rise and no possible one: no ${data.unit[0]} stands out.`;
}

function hasRise(kind) {
  return placesShown().some((place) => numbers.columns.verdict[indexOf(place, kind)] in TIERS);
}

function weekSubhead(found) {
  const findings = new Set(found.map((entry) => entry.finding));
  if (findings.size === 2) return "● clear, ○ could be chance";
  return findings.has("clear") ? "clear rises" : findings.has("possible") ? "○ could be chance" : "";
}

function showHardening() {
  // The draws are of all areas: of a place in a district they say nothing, nor where all are among the first five.
  const tellsFirm = data.firm && !state.group;
  const heads = query("[aria-labelledby=hardening-heading] .columns-head").children;
  heads[2].textContent = tellsFirm ? "first five" : "";
  $("firm-key").hidden = !tellsFirm;
  const listed = hardeningList();
  heads[0].parentElement.hidden = !listed.length;
  const level = (place) => {
    const row = rowOf(place, "burglary");
    return data.rates ? row.level_per_1000_households : row.level;
  };
  const most = Math.max(0, ...listed.map(({ place }) => level(place)));
  $("hardening-heading").textContent = `Where burglary is highest${state.group ? ` in ${state.group}` : ""}`;
  $("hardening").replaceChildren(
    ...listed.map((entry) => {
      const row = rowOf(entry.place, "burglary");
      const third = tellsFirm ? ["firm", data.said.firm, firmness(row.top5_share)] : ["firm", "", ""];
      return listRow(entry, row, third, levelBar(level(entry.place), most));
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
  const alike = week.filter((other) => !other.sign && other.finding === entry.finding);
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
    const pressed = target.closest("button.link");
    const place = pressed?.dataset.place ?? data.ids.indexOf(pressed?.closest("[data-area-id]")?.dataset.areaId);
    if (pressed && Number(place) >= 0) choose(Number(place), { zoom: true, focus: true });
  });
}
