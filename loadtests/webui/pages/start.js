// The start page: chooses a scenario or users, a target and limits, and starts the run.
import { card, showForecast } from "./cards.js";
import { clock } from "./chart.js";
import { showOutcome } from "./outcome.js";
import { byId, fetchJson, follow, make, plural, text, useTheme } from "./page.js";
import { describeUsers, enough, showClasses } from "./users.js";

const BASE = "./sessions/";
const WORKERS_SECONDS = 2;
const form = byId("form"), fields = form.elements;

let offer = { apis: {}, classes: [], workers: null, values: {} };
let scenarios = [];
let state = { state: "none" };
let isUsersOwn = false; // Whether the number of users was entered by hand.
let isStarting = false;

const isUsers = () => fields.kind.value === "users";
const chosen = () => scenarios.find(({ scenario }) => scenario === fields.card?.value);
const picked = () => offer.classes.filter(({ name }) => [...form.querySelectorAll("[name=user_classes]:checked")].some(({ value }) => value === name));
const isOnHost = () => fields.target.value === "host";
const isBusy = () => state.state === "running" || state.state === "draining";

// Whether the limits for real accounts apply: to every host but this machine, and to it if one of the boxes says so.
function isReal() {
  if (fields.real.checked || fields.rehearse_guards.checked) return true;
  if (!isOnHost() || !fields.host.value.trim()) return false;
  try {
    return !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(fields.host.value.trim()).hostname);
  } catch {
    return false;
  }
}

// Display

function show() {
  byId("scenarios").hidden = isUsers();
  byId("users").hidden = !isUsers();
  byId("host-part").hidden = !isOnHost();
  const scenario = chosen(), leaks = isUsers() ? picked().filter((one) => one.leaks).map(({ profile }) => profile) : scenario?.leaks ?? [];
  byId("guards").hidden = !isReal();
  byId("leaks-part").hidden = !leaks.length;
  text("leaks-hint", leaks.length ? `${leaks.join(", ")}: sessions are left open, and each holds a slot until the API reaps it.` : "");
  text("minutes-hint", isUsers() ? "The run ends when its sessions have used so many minutes." : "Empty: the scenario's forecast bounds them.");
  fields.limit.placeholder = isUsers() ? "none" : scenario?.limit ? `${scenario.limit}, as the scenario says` : "none";
  fields.run_time.placeholder = isUsers() ? "until you stop it" : "as the scenario says";
  if (isUsers() && !isUsersOwn) fields.user_count.value = enough(picked());
  text("users-note", describeUsers(picked(), Number(fields.user_count.value)));
  text("sandbox-hint", scenario?.sandbox_only && !isUsers() && isOnHost() ? scenario.sandbox_only : "");
  text("key-hint", isOnHost() ? keyHint((!isUsers() && scenario?.api) || offer.apis[fields.api.value]) : "");
  byId("sandbox-hint").hidden = !byId("sandbox-hint").textContent;
  showButton(scenario);
}

// Where the key of the API under test comes from; "" before the offer is known.
function keyHint(api) {
  if (!api) return "";
  const names = api.variables.join(" or ");
  return `The API is ${api.name}. ${api.has_key ? `Its key is taken from ${names}.` : `No key is set in ${names}: requests are sent without one of yours.`}`;
}

function showButton(scenario) {
  const what = isUsers() ? plural(Number(fields.user_count.value) || 0, "user") : scenario?.name ?? "…", where = isOnHost() ? hostName() : "the sandbox";
  text("start", isStarting ? "Starting…" : `Start ${what} on ${where}`);
  byId("start").disabled = isStarting || isBusy() || offer.workers === 0 || (!isUsers() && !scenario);
  byId("workers").hidden = offer.workers === null;
  text("workers", offer.workers === null ? "" : offer.workers ? `${plural(offer.workers, "worker")} connected` : "No worker is connected. Start one: locust --worker");
}

function hostName() {
  try { return new URL(fields.host.value.trim()).host || "the host"; } catch { return "the host"; }
}

function showState(message) {
  const previous = state;
  state = message;
  byId("running").hidden = !isBusy();
  if (isBusy()) {
    const { frame, limit } = state, sessions = frame ? `: ${frame.held}${limit ? `/${limit}` : ""} sessions after ${clock(frame.t)}` : "";
    text("running-text", `${state.scenario || "A load by users"} is ${state.state}${sessions}.`);
  }
  byId("refused").hidden = !state.refused;
  text("refused", state.refused ? `The last start made no run. ${state.refused}` : "");
  if (previous.run !== state.run || previous.state !== state.state) showLast();
  showButton(chosen());
}

async function showLast() {
  const last = (await fetchJson(`${BASE}api/runs`)).find(({ run }) => !isBusy() || run !== state.run);
  byId("last").hidden = !last || isBusy();
  if (!last) return;
  text("last-about", `${last.run}${last.simulated ? " · simulated" : ""} · ${new Date(last.started * 1000).toLocaleString()}`);
  showOutcome(byId("last-outcome"), await fetchJson(`${BASE}api/outcome?run=${encodeURIComponent(last.run)}`), BASE);
}

// Scenarios and their forecasts

// The first card is the one that is chosen at first; another API leaves the order and the choice as they are.
async function showScenarios() {
  const api = fields.api.value, wanted = chosen()?.scenario ?? offer.scenario;
  const found = await fetchJson(`${BASE}api/scenarios?${new URLSearchParams({ api })}`);
  if (api !== fields.api.value) return;
  scenarios = found;
  const first = scenarios.find(({ scenario }) => scenario === offer.scenario), order = first ? [first, ...scenarios.filter((one) => one !== first)] : scenarios;
  const selected = order.find(({ scenario, mistake }) => scenario === wanted && !mistake) ?? order.find(({ mistake }) => !mistake);
  byId("cards").replaceChildren(byId("cards").firstElementChild, ...order.map((one) => card(one, one === selected)));
  show();
  for (const one of order) if (!one.mistake && scenarios === found) await forecast(one);
}

async function forecast({ scenario }) {
  const place = [...document.querySelectorAll(".card")].find((one) => one.querySelector("input").value === scenario)?.querySelector(".forecast");
  const body = new URLSearchParams({ scenario, api: fields.api.value }), limit = Math.floor(Number(fields.limit.value));
  if (scenario === chosen()?.scenario && limit >= 1) body.set("limit", limit);
  try {
    showForecast(place, await fetchJson(`${BASE}api/forecast`, { method: "POST", body }));
  } catch (error) {
    place.replaceChildren(`No forecast: ${error.message}`);
  }
}

// Start

function values() {
  const body = new URLSearchParams({ host: isOnHost() ? fields.host.value.trim() : "", sandbox: String(!isOnHost()) });
  for (const name of ["limit", "run_time", "observe", "seed", "max_open", "max_session_minutes"]) body.set(name, fields[name].value.trim());
  for (const name of ["allow_leaks", "shared_account", "real", "rehearse_guards"]) body.set(name, String(fields[name].checked));
  body.set("load", "stages");
  body.set("api", fields.api.value);
  body.set("scenario", isUsers() ? "none" : chosen().scenario);
  if (isUsers()) {
    for (const name of ["user_count", "spawn_rate"]) body.set(name, fields[name].value.trim());
    for (const { name } of picked()) body.append("user_classes", name);
  }
  return body;
}

function mistakesHere() {
  if (isUsers() && !picked().length) return [{ field: "user_classes", message: "Choose at least one." }];
  if (isOnHost() && !fields.host.value.trim()) return [{ field: "host", message: "is required: the API's address, for example https://api.example.com" }];
  return [];
}

async function start(event) {
  event.preventDefault();
  if (byId("start").disabled) return;
  showMistakes([]);
  const mistakes = mistakesHere();
  if (mistakes.length) { showMistakes(mistakes); return; }
  isStarting = true;
  show();
  try {
    const answer = await fetchJson("./swarm", { method: "POST", body: values() });
    if (answer.success) { location.href = BASE; return; }
    showMistakes(answer.mistakes?.length ? answer.mistakes : [{ field: "", message: answer.message }]);
  } catch (error) {
    showMistakes([{ field: "", message: `No answer from streamsoak: ${error.message}` }]);
  }
  isStarting = false;
  show();
}

// Beside their fields; one of a field that is not to be seen stands above the button, with the field's label.
function showMistakes(mistakes) {
  for (const place of form.querySelectorAll(".error[id]")) place.hidden = true;
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  if (!mistakes.length) return;
  if (mistakes.some(({ field }) => byId("more").querySelector(`[data-field="${field}"]`))) byId("more").open = true;
  if (mistakes.some(({ field }) => byId("guards").querySelector(`[data-field="${field}"]`))) { byId("guards").hidden = false; byId("leaks-part").hidden = false; }
  for (const { field, message } of mistakes) {
    const own = byId(`error-${field}`), place = own ?? byId("error-");
    place.textContent = [place.hidden ? "" : `${place.textContent} `, message].join("");
    place.hidden = false;
    const input = fields[field];
    if (own && input instanceof HTMLElement) { input.setAttribute("aria-invalid", "true"); input.setAttribute("aria-describedby", own.id); }
  }
  const first = form.querySelector("[aria-invalid]");
  (first ?? byId("start")).focus();
}

// The offer

function fill() {
  byId("api").replaceChildren(...Object.entries(offer.apis).map(([value, { name }]) => make("option", { value, textContent: value || `${name}, unless the scenario says another` })));
  for (const [name, value] of Object.entries(offer.values)) {
    if (typeof value === "boolean") fields[name].checked = value;
    else fields[name].value = value;
  }
  fields.kind.value = offer.kind;
  fields.target.value = offer.host ? "host" : "sandbox";
  fields.host.value = offer.host;
  showClasses(offer.classes, show);
}

async function watchWorkers() {
  offer.workers = (await fetchJson(`${BASE}api/form`)).workers;
  showButton(chosen());
}

async function begin() {
  offer = await fetchJson(`${BASE}api/form`);
  fill();
  show();
  if (offer.workers !== null) setInterval(() => watchWorkers().catch(() => {}), WORKERS_SECONDS * 1000);
  follow(BASE, showState);
  await showScenarios();
}

fields.user_count.addEventListener("input", () => { isUsersOwn = true; });
form.addEventListener("input", show);
fields.limit.addEventListener("change", () => { if (!isUsers() && chosen()) forecast(chosen()); });
fields.api.addEventListener("change", () => showScenarios().catch(console.error));
form.addEventListener("submit", start);
useTheme();
begin().catch(console.error);
