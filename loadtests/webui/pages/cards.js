// The scenarios as cards: what each does, and its forecast as a small chart.
import { clock } from "./chart.js";
import { duration, make } from "./page.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const DEFAULT_API = "konpro"; // Not worth a mention.
const WIDTH = 300, HEIGHT = 64;

function shape(name, attributes) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export function card(scenario, isChosen) {
  const input = make("input", { type: "radio", name: "card", value: scenario.scenario, checked: isChosen, disabled: !!scenario.mistake, ariaLabel: `${scenario.name}. ${scenario.about}` });
  const box = make("label", { className: "card" }, input, make("span", { className: "name", textContent: scenario.name }));
  if (scenario.mistake) {
    box.append(make("span", { className: "error", textContent: scenario.mistake }));
    return box;
  }
  box.append(
    make("span", { className: "about", textContent: scenario.about }),
    make("span", { className: "facts", textContent: [duration(scenario.duration), scenario.api.name === DEFAULT_API ? "" : `API ${scenario.api.name}`, scenario.limit ? `limit ${scenario.limit}` : "no limit", gates(scenario)].filter(Boolean).join(" · ") }),
    make("span", { className: "forecast", textContent: "Forecast…" }),
    make("span", { className: "people", textContent: scenario.people.map(({ profile, load }) => `${profile} ${load}`).join(", ") }),
  );
  return box;
}

function gates({ gates: found }) {
  return found.length === 1 ? "1 gate" : `${found.length || "no"} gates`;
}

export function showForecast(place, forecast) {
  const { limit, peak, peak_at: at, arrivals, refused } = forecast;
  const demand = `Up to ${Math.round(peak)} sessions wanted at ${clock(at)}`;
  const share = arrivals ? refused / arrivals : 0;
  const few = !limit ? "" : Math.round(refused) ? `; about ${Math.round(share * 100) || "<1"} % refused` : "; none refused";
  const caption = `${demand}${few}`;
  place.replaceChildren(chart(forecast, caption), make("span", { className: "caption", textContent: caption }));
}

function chart({ seconds, live, limit, peak }, caption) {
  const end = seconds.at(-1) + seconds[0], most = Math.max(peak, limit ?? 0, 1) * 1.05;
  const x = (t) => (t / end) * WIDTH, y = (value) => HEIGHT - (value / most) * HEIGHT;
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": caption, class: "mini" });
  const line = live.map((value, at) => `${x(seconds[at]).toFixed(1)},${y(value).toFixed(1)}`);
  svg.append(shape("path", { class: "area c-active", d: `M0,${HEIGHT}L${line.join("L")}L${WIDTH},${HEIGHT}Z` }));
  if (limit) {
    const over = live.map((value, at) => `${x(seconds[at]).toFixed(1)},${y(Math.max(value, limit)).toFixed(1)}`);
    svg.append(shape("path", { class: "over", d: `M0,${y(limit)}L${over.join("L")}L${WIDTH},${y(limit)}Z` }));
    svg.append(shape("path", { class: "line dash c-limit", d: `M0,${y(limit)}H${WIDTH}` }));
  }
  return svg;
}
