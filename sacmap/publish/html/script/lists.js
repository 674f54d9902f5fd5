// The headline, the crime types and the answer: where it rose, how sure that is, where it is highest. All follow the
// controls.

const TIERS = { "clear rise": 0, "possible rise": 1 };
const tierOf = (place) => TIERS[verdictOf(place)] ?? 2;

// The areas for a week of action, in the order of the list: clear rises, possible ones, the rest.
function weekOrder() {
  const { excess, week_rank: rank, verdict } = numbers.columns;
  const at = (place) => indexOf(place, state.type);
  const { current_count: now, expected } = numbers.columns;
  const hasAll = (row) =>
    verdict[row] !== "not known" && ![excess, now, expected].some((column) => column[row] === null);
  const known = placesShown().filter((place) => hasAll(at(place)));
  const key = known.map((place) => [tierOf(place), rank[at(place)] ?? Infinity, -excess[at(place)], place]);
  key.sort((a, b) => a[0] - b[0] || (a[1] === b[1] ? 0 : a[1] - b[1]) || a[2] - b[2] || a[3] - b[3]);
  return key.map((entry) => entry[3]);
}

function weekList() {
  if (data.levelOnly) return [];
  const order = weekOrder();
  const found = order.filter((place) => tierOf(place) < 2);
  const rest = order.filter((place) => tierOf(place) === 2 && numbers.columns.excess[indexOf(place, state.type)] > 0);
  return [...found.slice(0, 2 * data.first), ...rest.slice(0, data.next)].map((place, i) => {
    const finding = ["clear", "possible", ""][tierOf(place)];
    return { place, finding, sign: finding && i < data.first ? String(i + 1) : "" };
  });
}

function hardeningList() {
  const key = data.rates ? "level_per_1000_households" : "level";
  const value = (place, name) => numbers.columns[name][indexOf(place, "burglary")];
  return placesShown()
    .filter((place) => value(place, key) !== null && value(place, "current_count") !== null)
    .map((place) => [value(place, "hardening_rank") ?? Infinity, -value(place, key), place])
    .sort((a, b) => (a[0] === b[0] ? 0 : a[0] - b[0]) || a[1] - b[1] || a[2] - b[2])
    .slice(0, data.first)
    .map(([, , place], i) => ({ place, finding: "", sign: "ABCDE"[i] }));
}

const firmness = (part) =>
  part === null ? "" : part >= data.firm[0] ? "firm" : part >= data.firm[1] ? "likely" : "weak";
const weekHeading = () =>
  state.type === "sac" ? "Where crime rose, all three types" : `Where ${data.words[state.type]} rose`;

// A name in the headline leads to its crime type and its area; the number of further areas to their crime type.
function headPart([text, type, place]) {
  if (!type) return text;
  const words = new URLSearchParams({ type, measure: state.measure });
  if (place !== undefined) words.set("area", data.ids[place]);
  const link = element("a", text, { href: `#${words}` });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    follow(type, place);
  });
  return link;
}

function showHead() {
  if (!data.plan) {
    const [first, second, parts] = data.headlines[state.type];
    $("headline").replaceChildren(...(parts ?? [[first]]).map(headPart));
    $("second").textContent = second;
    document.title = data.title ? `${data.title}: ${first}` : first;
  }
  if (data.plan) return;
  const level = state.measure === "level";
  const measure = { change: "change", expected: "against the expected", level: "level" }[state.measure];
  const kind = capital(state.type === "sac" ? "all three" : data.words[state.type]);
  $("map-heading").textContent = `Map: ${kind}, ${measure}`;
  $("legend-title").textContent = byDistrict()
    ? `${kind} by district: ${measure}`
    : state.measure === "change" && data.legendSpan
      ? `${kind}, ${data.legendSpan}`
      : `${kind}: ${measure}`;
  for (const item of document.querySelectorAll("[data-legend]"))
    item.hidden = !item.dataset.legend.split(" ").includes(state.measure);
  if (!level) return;
  const cuts = data.levelCuts[state.type].map((cut) => cut.toLocaleString("en-GB"));
  document.querySelectorAll("[data-cut]").forEach((cut, step) => (cut.textContent = cuts[step]));
  const said = `Five steps from pale to dark green: below ${cuts[0]} ${data.levelUnit}, then from ${cuts.join(", from ")} up.`;
  $("level-ramp").setAttribute("aria-label", said);
}

// The page comes with the lists of its first view.
let listsAsTheyCame = true;

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
    $("week-heading").textContent = weekHeading() + (state.group ? `, ${state.group}` : "");
    $("week-lead").textContent = weekLead(week);
    $("week-lead").hidden = !$("week-lead").textContent;
    const head = document.querySelector("[aria-labelledby=week-heading] .columns-head");
    head.hidden = !found.length;
    $("week-key").hidden = !found.length;
    head.firstElementChild.textContent = weekSubhead(found);
    head.lastElementChild.replaceWith(rangeHead(most));
    $("week").replaceChildren(...week.map((entry) => (entry.sign ? findingRow(entry, most) : namedRow(entry, week))));
    $("sure").textContent = data.sure[state.type];
  }
  showHardening();
  tighten();
}

// Where both lists would not stand on one screen: closer rows; then the fourth and fifth by their pins and names alone,
// and a name of two lines without its district; then no area that is no finding.
function tighten() {
  const answer = $("answer");
  answer.classList.remove("tight", "brief", "briefer");
  const last = document.querySelector("#hardening li:last-child");
  if (!last || getComputedStyle(answer).overflowY !== "auto") return;
  for (const css of ["tight", "brief", "briefer"]) {
    if (last.getBoundingClientRect().bottom <= answer.getBoundingClientRect().bottom) return;
    answer.classList.add(css);
    if (css === "brief") markTall();
  }
}

function markTall() {
  const rows = Array.from(document.querySelectorAll("#lists li:not(.rest)"));
  const tall = rows.map((row) => row.querySelector(".name").offsetHeight > 30);
  rows.forEach((row, i) => row.classList.toggle("tall", tall[i]));
}

function weekLead(week) {
  const findings = new Set(week.map((entry) => entry.finding));
  if (findings.has("clear")) return "";
  if (findings.has("possible"))
    return "No clear rise. These are possible: about one area in forty is as high by chance.";
  return "No clear rise and no possible one: there is nothing here to act on.";
}

function weekSubhead(found) {
  const findings = new Set(found.map((entry) => entry.finding));
  if (findings.size === 2) return "● clear, ○ could be chance";
  return findings.has("clear") ? "clear rises" : findings.has("possible") ? "○ could be chance" : "";
}

function showHardening() {
  const listed = hardeningList();
  const level = (place) => {
    const row = rowOf(place, "burglary");
    return data.rates ? row.level_per_1000_households : row.level;
  };
  const most = Math.max(0, ...listed.map(({ place }) => level(place)));
  $("hardening-heading").textContent = `Where burglary is highest${state.group ? ` in ${state.group}` : ""}`;
  $("hardening").replaceChildren(
    ...listed.map((entry) => {
      const row = rowOf(entry.place, "burglary");
      const third = ["firm", "its rank is ", firmness(row.top5_share)];
      return listRow(entry, row, third, levelBar(level(entry.place), most));
    }),
  );
}

function findingRow(entry, most) {
  const row = rowOf(entry.place);
  return listRow(entry, row, ["expected", "expected ", whole(row.expected)], rangeBar(row, most));
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
        [nameButton(place, data.names[place]), " ", element("span", whereOf(place), { class: "where" })],
        {
          class: "who",
        },
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
  const lead = entry.finding ? `Also ${entry.finding}:` : "Above expected, but nothing unusual:";
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
  document.querySelector("main").addEventListener("click", ({ target }) => {
    const pressed = target.closest("button.link");
    const place = pressed?.dataset.place ?? data.ids.indexOf(pressed?.closest("[data-area-id]")?.dataset.areaId);
    if (pressed && Number(place) >= 0) choose(Number(place), { zoom: true, focus: true });
  });
}
