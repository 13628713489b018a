// The Sessions page: follows the run with server-sent events. Text from the API is inserted as text, never as markup.
import { Chart, clock } from "./chart.js";

const MOST_POINTS = 3000; // The server's history is shorter; beyond this it is fetched again.
const byId = (id) => document.getElementById(id);
const count = (value) => String(Math.round(value * 10) / 10);
const seconds = (value) => (Math.abs(value) < 1 ? `${Math.round(value * 1000)} ms` : `${Math.round(value * 10) / 10} s`);

let state = { run: null, state: "none", frame: null };
let points = [];
let receivedAt = 0;
let chosen = null;
let analysed = null;

const SPECS = [
  {
    id: "sessions", title: "Sessions by holder", kind: "stack", limit: true, floor: 4, show: count,
    series: ["active", "quiet", "closing", "leaked", "others"].map((key) => ({ key, label: key, colour: key })),
  },
  {
    id: "hits", title: "Concurrency hits per second", kind: "bars", floor: 1, show: count,
    series: [{ key: "hitRate", label: "hits/s", colour: "leaked" }],
  },
  {
    id: "leaks", title: "Leaks outstanding", kind: "lines", floor: 4, show: count,
    series: [{ key: "leaks", label: "leaks", colour: "leaked" }],
  },
  {
    id: "ledger", title: "Open sessions: API's list and ledger", kind: "lines", floor: 4, show: count,
    series: [
      { key: "listed", label: "listed", colour: "others" }, { key: "held", label: "ledger", colour: "active", dash: true },
    ],
  },
  {
    id: "lateness", title: "Delays: keep-alives (p99) and load generator", kind: "lines", floor: 0.02, show: seconds,
    series: [{ key: "late", label: "keep-alives", colour: "active" }, { key: "delay", label: "load generator", colour: "limit" }],
  },
  {
    id: "margin", title: "Smallest keep-alive margin", kind: "lines", floor: 1, show: seconds,
    series: [{ key: "margin", label: "margin", colour: "active" }],
  },
];

const charts = SPECS.map((spec) => new Chart(byId("charts"), spec, {
  hover: (t) => charts.forEach((chart) => chart.hover(t)),
  choose: (low, high) => { chosen = [low, high]; draw(); },
}));

// Points

function point(frame, before) {
  const since = before ? frame.t - before.t : 1;
  const hitRate = Math.max(0, (frame.hits - (before?.hits ?? 0)) / Math.max(since, 0.5));
  return { ...frame, seconds: Math.max(since, 0.5), hitRate };
}

function lean({ t, active, quiet, closing, leaked, others, held, listed, hits, leaks, late, delay, margin }) {
  return { t, active, quiet, closing, leaked, others, held, listed, hits, leaks, late, delay, margin };
}

async function fetchHistory() {
  const { run, columns } = await (await fetch("./api/history")).json();
  if (run !== state.run) return;
  points = [];
  columns.t.forEach((_, at) => {
    const frame = Object.fromEntries(Object.entries(columns).map(([key, values]) => [key, values[at]]));
    points.push(point(lean(frame), points.at(-1)));
  });
  draw();
}

async function update(message) {
  const isNew = message.run !== state.run, previous = state.state;
  state = message;
  receivedAt = performance.now();
  if (isNew) { points = []; chosen = null; analysed = null; showFindings([]); await fetchHistory(); }
  else if (state.frame && state.frame.t > (points.at(-1)?.t ?? -1)) points.push(point(lean(state.frame), points.at(-1)));
  if (points.length > MOST_POINTS) await fetchHistory();
  if (isNew || previous !== state.state) showRuns();
  if (state.analysed !== analysed) { analysed = state.analysed; await fetchFindings(); }
  show();
}

// Display

function row(cells, classes = []) {
  const line = document.createElement("tr");
  cells.forEach((cell, at) => {
    const data = document.createElement("td");
    data.append(cell);
    if (classes[at]) data.className = classes[at];
    line.append(data);
  });
  return line;
}

function text(id, value) { const element = byId(id); if (element.textContent !== value) element.textContent = value; }

function now() {
  const since = state.state === "ended" ? 0 : (performance.now() - receivedAt) / 1000;
  return state.frame ? state.frame.t + Math.min(since, 5) : 0;
}

function show() {
  const { frame } = state, isRunning = state.state === "running";
  text("host", state.host || "–");
  text("state", { none: "ready" }[state.state] ?? state.state);
  text("time", frame ? clock(frame.t) : "–");
  text("processes", frame ? String(frame.processes) : "–");
  text("run-title", state.run || "No run yet");
  byId("stop").disabled = !isRunning;
  byId("analyse").disabled = !isRunning || state.analysing;
  text("notice", state.analysing ? "Analysing the run so far, in a separate process." : "");
  const report = byId("report"), is = state.run && (state.state === "ended" || state.analysed !== null);
  report.hidden = !is;
  if (is) { report.href = `./runs/${encodeURIComponent(state.run)}/report.html`; text("report", isRunning ? "Open report so far" : "Open report"); }
  if (state.run) text("about", [state.scenario && `scenario ${state.scenario}`, frame?.stage && `stage: ${frame.stage}`].filter(Boolean).join(" · "));
  if (!frame) return;
  showTiles(frame);
  showWarnings(frame.warnings);
  showLeaks(frame);
  showProfiles(frame.profiles);
  draw();
}

function showTiles(frame) {
  text("held", state.limit ? `${frame.held} / ${state.limit}` : String(frame.held));
  text("hits", String(frame.hits));
  text("leaks", String(frame.leaks));
  text("listed", frame.listed === null ? "unknown" : `${frame.listed}${frame.others ? ` (${frame.others} not ours)` : ""}`);
  const known = points.findLast((point) => point.margin !== null && point.margin !== undefined);
  text("margin", known ? seconds(known.margin) : "–");
  text("delay", seconds(frame.delay));
}

function showWarnings(warnings) {
  const place = byId("warnings"), lines = warnings.join("\n");
  place.hidden = !warnings.length;
  if (place.dataset.lines === lines) return;
  place.dataset.lines = lines;
  place.replaceChildren(...warnings.map((warning) => {
    const line = document.createElement("p");
    line.textContent = warning;
    return line;
  }));
}

function showLeaks(frame) {
  const outstanding = frame.due.map((leak) => leakRow(leak, countdown(leak.due - now())));
  const ended = frame.reaped.map((leak) => leakRow(leak, reaped(leak)));
  byId("no-leaks").hidden = frame.leaks > 0;
  text("leaks-title", frame.leaks > frame.due.length ? `Leaks: ${frame.leaks}, of which the next ${frame.due.length}` : "Leaks");
  byId("leak-table").hidden = !outstanding.length && !ended.length;
  byId("leak-table").tBodies[0].replaceChildren(...outstanding, ...ended);
}

function leakRow(leak, [status, kind]) {
  const line = row([String(leak.session), leak.profile, leak.way, leak.id || "unknown", status], ["number", "", "", "id", kind]);
  line.dataset.session = leak.session;
  return line;
}

function countdown(left) {
  return left >= 0 ? [`in ${clock(Math.ceil(left))}`, "due"] : [`overdue for ${clock(-left)}`, "overdue"];
}

// An activity without an answer may or may not have moved the due time: a session is reaped early only if it ended before both.
function reaped({ earliest, due, ended }) {
  if (ended < earliest) return [`reaped ${seconds(earliest - ended)} early`, "reaped overdue"];
  return [ended <= due ? "reaped when due" : `reaped; seen ${seconds(ended - due)} after it was due`, "reaped"];
}

function showProfiles(profiles) {
  const classes = ["", ...Array(5).fill("number")];
  byId("profile-table").tBodies[0].replaceChildren(...profiles.map((line) =>
    row([line.profile || "(lost worker)", line.active, line.quiet, line.closing, line.leaked, line.hits].map(String), classes)));
}

function draw() {
  const end = Math.max(state.frame?.t ?? 0, points.at(-1)?.t ?? 0), span = Number(byId("window").value);
  const [low, high] = chosen ?? [span ? Math.max(0, end - span) : 0, Math.max(end, 10)];
  byId("chosen").hidden = !chosen;
  if (chosen) text("chosen", `${clock(low)} to ${clock(high)} selected; choose a window to follow the run again`);
  charts.forEach((chart) => chart.draw(points, low, high, state.limit));
}

// Findings and runs

async function fetchFindings() {
  showFindings(await (await fetch("./api/findings")).json());
}

function showFindings(findings) {
  const until = state.state === "ended" ? "in the whole run" : `as of ${clock(state.analysed ?? 0)}`;
  text("findings-notice", state.analysed === null || state.analysed === undefined
    ? "None yet. Findings appear with a report of the run so far." : `${findings.length || "None"} ${until}.`);
  byId("findings").replaceChildren(...findings.map((found) => {
    const line = document.createElement("li"), name = document.createElement("b");
    name.textContent = found.name;
    line.append(name, ` (${found.severity}, ${found.owner}; confidence ${found.confidence}): ${found.said} ${found.advice ?? ""}`);
    return line;
  }));
}

async function showRuns() {
  const runs = await (await fetch("./api/runs")).json();
  byId("no-runs").hidden = runs.length > 0;
  byId("past").hidden = !runs.length;
  byId("past").tBodies[0].replaceChildren(...runs.map(runRow));
}

function runRow(past) {
  const name = document.createElement("span"), verdict = document.createElement("span"), isRunning = past.run === state.run && state.state !== "ended";
  name.append(past.run, document.createElement("br"));
  for (const [is, file, label] of [[past.report, "report.html", "report"], [past.plan, "plan.html", "plan"]]) {
    if (is) name.append(link(`./runs/${encodeURIComponent(past.run)}/${file}`, label), " ");
  }
  verdict.textContent = isRunning ? "running" : past.verdict ?? (past.ended ? "not judged" : "incomplete");
  verdict.className = isRunning ? "" : past.verdict ?? "unknown";
  verdict.title = past.sentence;
  const started = new Date(past.started * 1000).toLocaleString();
  return row([name, past.scenario || "–", started, verdict, past.open && !isRunning ? sweepButton(past) : "–"]);
}

function link(href, label) {
  const anchor = document.createElement("a");
  Object.assign(anchor, { href, textContent: label, target: "_blank", rel: "noopener" });
  return anchor;
}

function sweepButton(past) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `Sweep now (${past.open})`;
  button.addEventListener("click", async () => {
    button.disabled = true;
    const answer = await fetch("./api/sweep", { method: "POST", body: new URLSearchParams({ run: past.run }) });
    byId("swept").hidden = false;
    text("swept", answer.ok ? (await answer.json()).said : await answer.text());
    showRuns();
  });
  return button;
}

// User actions

byId("stop").addEventListener("click", async () => {
  byId("stop").disabled = true;
  text("state", "draining");
  await fetch("../stop", { method: "POST" });
});
byId("analyse").addEventListener("click", () => fetch("./api/analyse", { method: "POST" }));
byId("window").addEventListener("change", () => { chosen = null; draw(); });
byId("theme").addEventListener("click", () => {
  localStorage.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  paint();
});
window.addEventListener("resize", draw);

function paint() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = localStorage.theme ?? (dark ? "dark" : "light");
}

function follow() {
  const events = new EventSource("./api/events");
  // One message after the other: what one message fetches arrives before the next is shown.
  let queue = Promise.resolve();
  events.onmessage = (event) => { queue = queue.then(() => update(JSON.parse(event.data))).catch(console.error); };
  events.onopen = () => { byId("lost").hidden = true; };
  events.onerror = () => { byId("lost").hidden = false; };
}

paint();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
setInterval(() => { if (state.frame && state.state !== "ended") showLeaks(state.frame); }, 500);
follow();
