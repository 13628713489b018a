// What both pages use: elements, the theme, the run's state as server-sent events. Text is inserted as text, never as markup.
export const byId = (id) => document.getElementById(id);
export const REPORTS = { "report.html": "report", "plan.html": "plan", "compare.html": "comparison" };

export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export function text(id, value) {
  const element = byId(id);
  if (element.textContent !== value) element.textContent = value;
}

export function link(href, label, properties = {}) {
  return make("a", { href, textContent: label, target: "_blank", rel: "noopener", ...properties });
}

export function runFile(base, run, file, label) {
  return link(`${base}runs/${encodeURIComponent(run)}/${file}`, label);
}

export async function fetchJson(address, options) {
  const answer = await fetch(address, options);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

export const number = (value) => value.toLocaleString("en");
export const plural = (n, noun, many = `${noun}s`) => `${number(n)} ${n === 1 ? noun : many}`;

export function duration(seconds) {
  const whole = Math.round(seconds), [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (!hours && !minutes) return `${rest} s`;
  return [hours && `${hours} h`, minutes && `${minutes} min`, !hours && rest && `${rest} s`].filter(Boolean).join(" ");
}

// Calls `show` with each state, one after the other: what one state fetches arrives before the next is shown.
export function follow(base, show) {
  const events = new EventSource(`${base}api/events`);
  let queue = Promise.resolve();
  events.onmessage = (event) => { queue = queue.then(() => show(JSON.parse(event.data))).catch(console.error); };
  events.onopen = () => { byId("lost").hidden = true; };
  events.onerror = () => { byId("lost").hidden = false; };
}

function paint() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = localStorage.theme ?? (dark ? "dark" : "light");
}

export function useTheme() {
  paint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  byId("theme").addEventListener("click", () => {
    localStorage.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    paint();
  });
}
