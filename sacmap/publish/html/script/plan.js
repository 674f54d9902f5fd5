// A plan, or what came of one: its sides as fills of their own, its money and its actions as pins.

const PLAIN = { fillColor: "#f7f7f5", fillOpacity: 1, color: "#b3b0a6", weight: 0.8, opacity: 1, dashArray: null };
const SIDES = {
  target: { fillColor: "#5d86c2", color: "#17335f", weight: 1.6 },
  buffer: { fillColor: "url(#dots-buffer)", color: "#8fa9cd", weight: 0.8 },
  control: { fillColor: "#dddad1", color: "#6b6a64", weight: 1 },
  buffer_control: { fillColor: "#efede8", color: "#6b6a64", weight: 0.8, dashArray: "3 3" },
};

// What an area of each side is, in a sentence.
const ROLES = {
  target: "week of action",
  buffer: "next to the week of action, where crime may move to",
  control: "most like the week of action, and left alone",
  buffer_control: "most like the areas around the week of action",
};

const sideLooks = new Map();

function planLook(place) {
  const side = data.plan.sides.find(([, , on]) => on.includes(place))?.[0];
  const pale = state.area !== null && place !== state.area && !side;
  const key = `${side} ${pale}`;
  if (!sideLooks.has(key)) sideLooks.set(key, { ...PLAIN, ...(pale ? { fillOpacity: 0.6 } : {}), ...sideLook(side) });
  return sideLooks.get(key);
}

function sideLook(side) {
  const look = SIDES[side] ?? {};
  // A pattern of the page cannot be drawn on a canvas.
  return look.fillColor?.startsWith("url") && isCanvas() ? { ...look, fillColor: "#c9d8ec" } : look;
}

// What the plan says of an area, for the panel.
function planWords(place) {
  if (!data.plan) return [];
  const roles = data.plan.sides.filter(([, , on]) => on.includes(place)).map(([side]) => ROLES[side]);
  if (data.plan.money.includes(place)) roles.push("money for target hardening");
  const done = data.plan.actions.filter(([on]) => on === place).map(([, , words]) => element("li", words));
  return [
    ...(roles.length ? [element("p", `In the plan: ${roles.join("; ")}.`, { class: "listed" })] : []),
    ...(done.length ? [element("h3", "What was done"), element("ul", done)] : []),
  ];
}

// The actions in an area's monthly line, each a broken upright with a head.
function actionMarks(place, x) {
  const on = (data.plan?.actions ?? []).filter(([at]) => at === place);
  const found = [...new Set(on.map(([, month]) => data.months.indexOf(month)))].filter(month => month >= 0);
  return found.flatMap(month => [
    drawing("line", { class: "action-mark", x1: x(month), x2: x(month), y1: LINE.top - 4, y2: LINE.foot }),
    drawing("path", { class: "action-head", d: `M${x(month) - 5} ${LINE.top - 12}h10l-5 8z` }),
  ]);
}
