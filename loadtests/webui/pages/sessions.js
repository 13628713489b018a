// The Sessions page: follows the run with server-sent events. Text from the API is inserted as text, never as markup.
import { Chart, clock } from "./chart.js";
import { showGates, showMoments } from "./moments.js";
import { finding, headline, showOutcome } from "./outcome.js";
import { byId, fetchJson, follow, make, number, text, useTheme } from "./page.js";
import { compare, showPast } from "./past.js";
import { copyLink, keepPlace, readPlace } from "./place.js";
import { saves } from "./saves.js";
import { stateLine, tabTitle } from "./state.js";
import { watchEdges } from "./tables.js";

const MOST_POINTS = 3000; // The server's history is shorter; beyond this it is fetched again.
const count = (value) => number(Math.round(value * 10) / 10);
const seconds = (value) => (Math.abs(value) < 1 ? `${Math.round(value * 1000)} ms` : `${(Math.round(value * 10) / 10).toFixed(1)} s`);
const known = (value, show) => (value === null || value === undefined ? "–" : show(value));

let state = { run: null, state: "none", frame: null, slack: 0, gates: [], moments: [] };
let points = [];
let receivedAt = 0;
let chosen = null;
let analysed = null;
let verdict = "";

const HOLDERS = ["active", "quiet", "closing", "leaked", "others"].map((key) => ({ key, label: key, colour: key }));
const SPECS = [
  { id: "sessions", title: "Sessions by holder, and hits", kind: "stack", limit: true, ticks: "hitRate", height: 300, floor: 4, show: count, series: HOLDERS },
  {
    id: "hits", title: "Concurrency hits per second", kind: "bars", floor: 1, show: count,
    series: [{ key: "hitRate", label: "hits/s", colour: "leaked" }],
  },
  {
    id: "ledger", title: "Open sessions: API's list and ledger", kind: "lines", floor: 4, show: count,
    series: [
      { key: "listed", label: "listed", colour: "others" }, { key: "held", label: "ledger", colour: "active", dash: true },
    ],
  },
  {
    id: "lateness", title: "Delays: keep-alives (p99) and load generator", kind: "lines", floor: 0.02, show: seconds,
    series: [{ key: "late", label: "keep-alives late", colour: "active" }, { key: "delay", label: "generator late", colour: "limit" }],
  },
  {
    id: "margin", title: "Smallest keep-alive margin", kind: "lines", floor: 1, show: seconds,
    series: [{ key: "margin", label: "margin", colour: "active" }],
  },
];

const charts = SPECS.map((spec, at) => new Chart(byId(at ? "charts" : "main-chart"), spec, {
  hover: readOut,
  choose,
}));
charts.forEach((chart) => chart.figure.append(saves(chart)));

// A part of the run, or null: it is followed.
function choose(low, high) {
  chosen = low === null ? null : [low, high];
  keepPlace(state.run, byId("window").value, chosen);
  draw();
}

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
  const { run, columns } = await fetchJson("./api/history");
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
  if (isNew) { points = []; restore(); analysed = null; verdict = ""; showFindings([]); await fetchHistory(); }
  else if (state.frame && state.frame.t > (points.at(-1)?.t ?? -1)) points.push(point(lean(state.frame), points.at(-1)));
  if (points.length > MOST_POINTS) await fetchHistory();
  if (isNew || previous !== state.state) await Promise.all([showPast(state), fetchOutcome()]);
  if (state.state !== "ended" && state.analysed !== analysed) { analysed = state.analysed; await fetchFindings(); }
  show();
}

function restore() {
  const place = readPlace(state.run), spans = [...byId("window").options].map(({ value }) => value);
  if (spans.includes(place.span)) byId("window").value = place.span;
  chosen = place.chosen;
}

// The outcome of the run that has ended, or, before any run of this Locust, of the last one.
async function fetchOutcome() {
  const isOver = state.state === "ended" || state.state === "none";
  const run = isOver && (state.run || (await fetchJson("./api/runs"))[0]?.run);
  const outcome = run && await fetchJson(`./api/outcome?run=${encodeURIComponent(run)}`).catch(() => null);
  byId("outcome").hidden = !outcome;
  if (!outcome) return;
  verdict = headline(outcome.past)[0];
  showOutcome(byId("outcome"), outcome, "./");
  if (!state.run) byId("outcome").prepend(make("p", { className: "dim", textContent: `Last run: ${run}` }));
}

// Display

function row(cells, classes = []) {
  return make("tr", {}, ...cells.map((cell, at) => make("td", { className: classes[at] ?? "" }, cell)));
}

function now() {
  const since = state.state === "ended" ? 0 : (performance.now() - receivedAt) / 1000;
  return state.frame ? state.frame.t + Math.min(since, 5) : 0;
}

function show() {
  const { frame } = state, isRunning = state.state === "running", isOver = state.state === "ended";
  text("host", state.host || "–");
  text("state", { none: "ready" }[state.state] ?? state.state);
  text("time", frame ? clock(frame.t) : "–");
  text("processes", frame ? String(frame.processes) : "–");
  text("run-title", state.run || "No run yet");
  byId("stop").disabled = !isRunning;
  byId("analyse").disabled = !isRunning || state.analysing;
  byId("stop").hidden = byId("analyse").hidden = !isRunning && state.state !== "draining";
  byId("again").hidden = !isOver && state.state !== "none";
  text("again", state.state === "none" ? "Start a run" : "Start another run");
  text("notice", state.analysing ? "Analysing the run so far, in a separate process." : "");
  byId("refused").hidden = !state.refused;
  text("refused", state.refused ? `The last start made no run. ${state.refused}` : "");
  const report = byId("report");
  report.hidden = isOver || !state.run || state.analysed === null;
  if (!report.hidden) report.href = `./runs/${encodeURIComponent(state.run)}/report.html`;
  const stage = isRunning && frame?.stage ? `stage: ${frame.stage}` : "";
  byId("no-run").hidden = !!state.run;
  byId("about").hidden = !state.run;
  text("about", [state.scenario && `scenario ${state.scenario}`, stage].filter(Boolean).join(" · "));
  byId("findings-section").hidden = isOver || state.state === "none";
  document.body.dataset.state = state.state;
  byId("now").hidden = isOver;
  showNow();
  if (!frame) return;
  showFigures(frame);
  showWarnings(frame.warnings);
  showLeaks(frame);
  showProfiles(frame.profiles);
  showMoments(state.moments, (low, high, at) => { choose(low, high); readOut(at); byId("main-chart").scrollIntoView({ block: "nearest" }); });
  byId("gates-title").parentElement.hidden = isOver;
  showGates(state.gates);
  draw();
}

function showNow() {
  document.title = tabTitle(state, verdict);
  const parts = stateLine(state, now()), line = byId("now"), key = JSON.stringify(parts);
  if (line.dataset.key === key) return;
  line.dataset.key = key;
  line.replaceChildren(...parts.map(([words, kind]) => make("span", { textContent: words, className: kind })));
}

function showFigures(frame) {
  text("held", state.limit ? `${number(frame.held)} / ${number(state.limit)}` : number(frame.held));
  text("hits", number(frame.hits));
  text("leaks", number(frame.leaks));
  text("listed", frame.listed === null ? "unknown" : `${number(frame.listed)}${frame.others ? ` (${number(frame.others)} not ours)` : ""}`);
  const last = points.findLast(({ margin }) => margin !== null && margin !== undefined);
  text("margin", known(last?.margin, seconds));
  text("late", known(points.findLast(({ late }) => late !== null && late !== undefined)?.late, seconds));
  text("delay", seconds(frame.delay));
  text("margin-worst", known(frame.margin_worst, seconds));
  text("late-worst", known(frame.late_worst, seconds));
  text("delay-worst", known(frame.delay_worst, seconds));
}

function showWarnings(warnings) {
  const place = byId("warnings"), lines = warnings.join("\n");
  place.hidden = !warnings.length;
  if (place.dataset.lines === lines) return;
  place.dataset.lines = lines;
  place.replaceChildren(...warnings.map((warning) => make("p", { textContent: warning })));
}

function showLeaks(frame) {
  const outstanding = frame.due.map((leak) => leakRow(leak, countdown(leak.due - now())));
  const ended = frame.reaped.map((leak) => leakRow(leak, reaped(leak)));
  byId("no-leaks").hidden = frame.leaks > 0;
  const title = frame.leaks || !ended.length ? "Next reaps" : "Reaped leaks";
  text("leaks-title", frame.leaks > frame.due.length ? `${title}: ${number(frame.due.length)} of ${number(frame.leaks)} leaks` : title);
  byId("leak-table").hidden = !outstanding.length && !ended.length;
  byId("leak-table").tBodies[0].replaceChildren(...outstanding, ...ended);
}

function leakRow(leak, [status, kind]) {
  const line = row([status, String(leak.session), leak.profile, leak.way, leak.id || "unknown"], [kind, "number", "", "", "id"]);
  line.dataset.session = leak.session;
  return line;
}

function countdown(left) {
  if (left >= 0) return [`in ${clock(Math.ceil(left))}`, "due"];
  return left >= -state.slack ? ["due now", "due"] : [`overdue for ${clock(-left)}`, "overdue"];
}

// An activity without an answer may or may not have moved the due time: a session is reaped early only if it ended before both.
function reaped({ earliest, due, ended }) {
  if (ended < earliest) return [`reaped ${seconds(earliest - ended)} early`, "reaped overdue"];
  return [ended <= due ? "reaped when due" : `reaped; seen ${seconds(ended - due)} after it was due`, "reaped"];
}

function showProfiles(profiles) {
  const classes = ["", ...Array(6).fill("number")];
  byId("profile-table").tBodies[0].replaceChildren(...profiles.map((line) =>
    row([line.profile || "(lost worker)", ...[line.active, line.quiet, line.closing, line.leaked, line.opened ?? 0, line.hits].map(number)], classes)));
}

function draw() {
  const end = Math.max(state.frame?.t ?? 0, points.at(-1)?.t ?? 0), span = Number(byId("window").value);
  const [low, high] = chosen ?? [span ? Math.max(0, end - span) : 0, Math.max(end, 10)];
  byId("chosen").hidden = byId("follow").hidden = !chosen;
  if (chosen) text("chosen", `${clock(low)} to ${clock(high)} selected`);
  charts.forEach((chart) => chart.draw(points, low, high, state.limit, state.moments ?? []));
  if (charts[0].cursor === undefined) readOut(null);
}

// One line for all charts: the values at the pointer, or else the last ones.
function readOut(t) {
  charts.forEach((chart) => chart.hover(t));
  const at = charts[0].pointed() ?? points.at(-1);
  text("readout", at ? [clock(at.t), ...charts.flatMap((chart) => chart.values(at))].join("   ") : "");
}

// Findings of the run so far

async function fetchFindings() {
  showFindings(await fetchJson("./api/findings"));
}

function showFindings(findings) {
  text("findings-notice", state.analysed === null || state.analysed === undefined
    ? "None yet. Findings appear with a report of the run so far." : `${findings.length || "None"} as of ${clock(state.analysed ?? 0)}.`);
  byId("findings").replaceChildren(...findings.map(finding));
}

// User actions

async function stop() {
  byId("ask").close();
  byId("stop").disabled = true;
  text("state", "draining");
  await fetch("../stop", { method: "POST" });
}

// Asks first when the verdict would be inconclusive.
function askToStop() {
  if (!state.needs_its_time) { stop(); return; }
  const left = state.duration === null ? "" : `${clock(Math.max(0, state.duration - now()))} of ${clock(state.duration)} are left. `;
  text("ask-text", `${left}The verdict will be inconclusive, because the run ends before its time. What was measured until now stays in the report.`);
  byId("ask").showModal();
}

byId("stop").addEventListener("click", askToStop);
byId("stop-anyway").addEventListener("click", stop);
byId("keep").addEventListener("click", () => byId("ask").close());
byId("analyse").addEventListener("click", () => fetch("./api/analyse", { method: "POST" }));
byId("compare").addEventListener("click", () => compare(false));
const release = () => { readOut(null); choose(null); };
byId("window").addEventListener("change", release);
byId("follow").addEventListener("click", release);
window.addEventListener("resize", draw);

byId("link").addEventListener("click", copyLink);
useTheme();
watchEdges();
setInterval(() => { if (state.frame && state.state !== "ended") { showNow(); showLeaks(state.frame); } }, 500);
follow("./", update);
