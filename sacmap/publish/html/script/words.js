// Numbers and words as people write them, and the two ways an element is made. Text from data reaches the page by
// textContent alone.

const $ = id => document.getElementById(id);
const query = selector => document.querySelector(selector);
const queryAll = selector => Array.from(document.querySelectorAll(selector));

// Halves are rounded away from zero, so that −5.5 and 5.5 read alike; there is no minus nought.
const rounded = n => Math.sign(n) * Math.floor(Math.abs(n) + 0.5) || 0;
// By hand: the browser's own takes as long to make as all the rest of this script to start.
const grouped = n => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
const whole = n => (n === null ? "–" : grouped(rounded(n)).replace("-", "−"));
const signed = n => (n !== null && rounded(n) > 0 ? "+" : "") + whole(n);
const percent = n => (n === null ? "–" : `${signed(n)}%`);
const mean = n => (n >= 10 || Number.isInteger(n) ? whole(n) : (Math.floor(n * 10 + 0.5) / 10).toFixed(1));
// The change of a count beside a mean that is shown as a whole number: that of the two as they stand there.
const changed = (now, before) =>
  now === null || before === null ? "–" : signed(now - (before < 10 ? before : rounded(before)));
// What is worked out, not counted: below 1 it has a tenth, so that nothing reads "expected 0, now 6".
function estimate(n) {
  const tenth = n > 0 && n < 1 ? Math.floor(n * 10 + 0.5) / 10 : 1;
  return tenth >= 1 ? whole(n) : tenth ? tenth.toFixed(1) : "under 0.1";
}
// The same within a sentence: "under 0.1" is vague enough.
const about = n => estimate(n).replace(/^(?!under)/, "about ");
const capital = text => text.charAt(0).toUpperCase() + text.slice(1);
const many = (n, [one, several]) => `${whole(n)} ${rounded(n) === 1 ? one : several}`;
// A name that turns the direction of text turns none but its own.
const apart = text => (/[\u202a-\u202e\u2066-\u2069]/.test(text) ? `\u2068${text}\u2069` : text);

function element(tag, content, attributes = {}) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...(Array.isArray(content) ? content : [content ?? ""]));
  return made;
}

function drawing(tag, attributes, content) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (Array.isArray(content)) made.append(...content);
  else if (content !== undefined) made.textContent = content;
  return made;
}

const unseen = text => element("span", text, { class: "unseen" });
const button = (text, attributes = {}) => element("button", text, { type: "button", ...attributes });
