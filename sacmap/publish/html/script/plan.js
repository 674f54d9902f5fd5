// A plan, or what came of one: its sides outlined on the map, its money and its actions marked. Not told apart by colour
// alone, but by the line.

const SIDES = {
  buffer_control: { color: "#1d1d1f", weight: 2, dashArray: "2 5" },
  control: { color: "#1d1d1f", weight: 3, dashArray: "9 5" },
  buffer: { color: "#1d4f91", weight: 3.5, dashArray: "1 6", lineCap: "round" },
  target: { color: "#1d4f91", weight: 5 },
};
let planned = null;

function outlinePlan() {
  if (!data.plan || planned) return;
  const style = { renderer: (pencil ??= L.svg({ pane: "areas" })), fill: false, interactive: false, lineJoin: "round" };
  const of = Object.fromEntries(data.plan.sides.map(([key, , on]) => [key, on]));
  const lines = Object.entries(SIDES).flatMap(([key, look]) =>
    (of[key] ?? [])
      .filter((place) => shapes[place])
      .map((place) => L.polygon(shapes[place].getLatLngs(), { ...style, ...look })),
  );
  planned = L.layerGroup([
    ...lines,
    ...signs("£", data.plan.money),
    ...signs(
      "!",
      data.plan.actions.map(([place]) => place),
      24,
    ),
  ]).addTo(map);
}

// A sign above the area's name; `aside` moves it to the right, so that two do not hide one another.
function signs(sign, on, aside = 0) {
  return [...new Set(on)]
    .filter((place) => shapes[place])
    .map((place) => {
      const [x, y] = numbers.labels.slice(3 * place, 3 * place + 2).map((n) => n / 1e5);
      const icon = L.divIcon({ className: "plan-sign", html: element("span", sign), iconSize: null });
      const made = L.marker([y, x], { icon, interactive: false, keyboard: false });
      made.on("add", () => (made.getElement().style.marginLeft = `${aside - 11}px`));
      return made;
    });
}

// What the plan says of an area, for the panel.
function planWords(place) {
  if (!data.plan) return [];
  const sides = data.plan.sides
    .filter(([, , on]) => on.includes(place))
    .map(([, words]) => `In the plan: ${words.toLowerCase()}.`);
  if (data.plan.money.includes(place)) sides.push("In the plan: money for target hardening.");
  const done = data.plan.actions.filter(([on]) => on === place).map(([, , words]) => element("li", words));
  return [
    ...(sides.length ? [element("p", sides.join(" "), { class: "listed" })] : []),
    ...(done.length ? [element("h3", "What was done"), element("ul", done)] : []),
  ];
}

// The actions in an area's monthly line, each a broken upright with a head.
function actionMarks(place, x) {
  const on = (data.plan?.actions ?? []).filter(([at]) => at === place);
  const found = [...new Set(on.map(([, month]) => data.months.indexOf(month)))].filter((month) => month >= 0);
  return found.flatMap((month) => [
    drawing("line", { class: "action-mark", x1: x(month), x2: x(month), y1: TOP, y2: FOOT }),
    drawing("path", { class: "action-head", d: `M${x(month) - 5} ${TOP - 6}h10l-5 8z` }),
  ]);
}
