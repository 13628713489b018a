// The list of past runs: reports, a sweep of what a run left open, and the comparison of two.
import { headline } from "./outcome.js";
import { REPORTS, byId, duration, fetchJson, link, make, runFile, text } from "./page.js";
import { sortable } from "./tables.js";

const PAGE = "Page: ";

let chosen = [];
let known = new Map();
let last = { run: null, state: "none" };

const sorted = sortable(byId("past"), {
  run: { of: ({ run }) => run }, scenario: { of: ({ scenario }) => scenario }, started: { of: ({ started }) => started, sign: -1 },
  length: { of: ({ duration: seconds }) => seconds ?? -1, sign: -1 }, kind: { of: ({ simulated }) => Number(simulated) },
  verdict: { of: (past) => headline(past)[0] }, open: { of: ({ open }) => open, sign: -1 },
}, showRows);

export async function showPast(state) {
  const runs = await fetchJson("./api/runs");
  known = new Map(runs.map((past) => [past.run, past]));
  chosen = chosen.filter((run) => known.has(run));
  byId("no-runs").hidden = runs.length > 0;
  byId("past").hidden = !runs.length;
  byId("compare-bar").hidden = runs.filter(({ report }) => report).length < 2;
  last = state;
  showRows();
  showChoice();
}

function showRows() {
  const rows = sorted([...known.values()]).map((past) => row(past, past.run === last.run && last.state !== "ended", last));
  byId("past").tBodies[0].replaceChildren(...rows);
}

function row(past, isRunning, state) {
  const cells = [
    ["compare", past.report && !isRunning ? box(past) : ""], ["run", named(past)], ["scenario", past.scenario || "–"],
    ["started", new Date(past.started * 1000).toLocaleString()],
    ["length", past.duration === null ? (isRunning ? "running" : "–") : duration(past.duration)],
    ["kind", past.simulated ? "simulated" : "live"], ["verdict", verdict(past, isRunning)],
    ["open", past.open && !isRunning ? sweepButton(past, state) : "–"],
  ];
  return make("tr", {}, ...cells.map(([label, cell]) => {
    const data = make("td", { className: label }, cell);
    data.dataset.label = label;
    return data;
  }));
}

function named(past) {
  const name = make("span", {}, past.run, make("br"));
  for (const [file, label] of Object.entries(REPORTS)) {
    if (past[label]) name.append(runFile("./", past.run, file, label), " ");
  }
  return name;
}

function verdict(past, isRunning) {
  if (isRunning) return make("span", { textContent: "running" });
  const [word, reason] = headline(past);
  return make("span", {}, make("b", { textContent: past.verdict ? `${word}:` : word.toLowerCase(), className: past.verdict ?? "unknown" }), ` ${past.verdict ? reason : ""}`);
}

// Comparison

function box(past) {
  const input = make("input", { type: "checkbox", checked: chosen.includes(past.run), ariaLabel: `compare ${past.run}` });
  input.addEventListener("change", () => {
    chosen = input.checked ? [...chosen, past.run] : chosen.filter((run) => run !== past.run);
    showChoice();
  });
  return input;
}

// The older of the two is the base: names of runs begin with the time.
function pair() { return chosen.toSorted((one, other) => known.get(one).started - known.get(other).started); }

function showChoice() {
  byId("compare").disabled = chosen.length !== 2;
  const [base, run] = pair();
  text("compare-choice", chosen.length === 2 ? `${base} (base) with ${run}` : `Select two runs in the list (${chosen.length} selected).`);
}

export async function compare(force) {
  const [base, run] = pair(), place = byId("compared");
  place.hidden = false;
  place.replaceChildren("Comparing, in a separate process…");
  byId("compare").disabled = true;
  try {
    const body = new URLSearchParams({ base, run, force: String(force) });
    const { code, said } = await fetchJson("./api/compare", { method: "POST", body });
    // The command names the page that it has written; without one, what it printed is the reason.
    place.replaceChildren(...(code <= 2 && said.includes(PAGE) ? compared(run, said) : refused(said)));
  } catch (error) {
    place.replaceChildren(error.message);
  }
  showChoice();
}

function compared(run, said) {
  const lines = said.trim().split("\n").filter((line) => !line.startsWith(PAGE));
  return [make("p", {}, lines.at(-1) ?? ""), link(`./runs/${encodeURIComponent(run)}/compare.html`, "Open comparison", { className: "button" })];
}

function refused(said) {
  const again = make("button", { type: "button", textContent: "Compare anyway" });
  again.addEventListener("click", () => compare(true));
  const canForce = said.includes("--force"), reason = said.replace(/; use --force[^\n]*/, ".").trim();
  return [make("p", { textContent: reason }), ...(canForce ? [again] : [])];
}

// Sweep

function sweepButton(past, state) {
  const button = make("button", { type: "button", textContent: `Sweep now (${past.open})` });
  button.addEventListener("click", async () => {
    button.disabled = true;
    const answer = await fetch("./api/sweep", { method: "POST", body: new URLSearchParams({ run: past.run }) });
    byId("swept").hidden = false;
    text("swept", answer.ok ? (await answer.json()).said : await answer.text());
    showPast(state);
  });
  return button;
}
