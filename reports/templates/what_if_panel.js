// The panel: sliders and fields of one question, the model's answer, and its chart.
const panel = document.getElementById("panel");
const model = panelData.model;
const SCALES = { leak_share: 100 };
let question = null;
let invalid = {};

function boundsOf() {
  const today = panelData.examples[0].question;
  const most = Math.max(...panelData.examples.map((example) => Math.max(example.question.limit, ...Object.values(example.answer.slots))));
  return {
    limit: [1, Math.ceil(1.3 * most)],
    idle_timeout: [model.idle_range[0], Math.min(model.idle_range[1], Math.max(600, 2 * today.idle_timeout))],
    leak_share: [0, 1],
    arrivals_per_minute: [0, Math.max(1, 4 * today.arrivals_per_minute)],
  };
}
// Why a figure cannot be used; "": it can.
function problemOf(name, value) {
  const [low, high] = model.idle_range;
  if (!Number.isFinite(value)) return LABELS[name] + ": enter a number";
  if (name === "limit" && !(Number.isInteger(value) && value >= 1 && value <= 1e6)) return "limit: a whole number of slots, 1 to 1,000,000";
  if (name === "idle_timeout" && !(value >= low && value <= high)) return "idle timeout: the API takes " + low + " to " + high + " s";
  if (name === "leak_share" && !(value >= 0 && value <= 1)) return "sessions left open: 0 to 100 %";
  if (name === "arrivals_per_minute" && !(value >= 0 && value <= 1e6)) return "arrivals: 0 to 1,000,000 a minute";
  if (name === "session_seconds" && !(value >= 0 && value <= 1e6)) return "session length: 0 to 1,000,000 s";
  return "";
}
const LABELS = { limit: "limit", idle_timeout: "idle timeout", leak_share: "sessions left open", arrivals_per_minute: "arrivals", session_seconds: "session length" };

function intervalFor(timeout) {
  return Math.max(1, Math.floor((timeout - panelData.slack) / (panelData.survives + 1) + 1e-9));
}
// As loadtests/model/text/wording.py writes it: one figure reads alike everywhere on the page.
function percent(share) {
  if (share === 0 || share === 1) return 100 * share + " %";
  if (share > 0.999) return ">99.9 %";
  if (share > 0 && share < 0.0001) return "<0.01 %";
  const digits = share >= 0.995 ? 1 : share >= 0.0995 ? 0 : share >= 0.00995 ? 1 : 2;
  return (100 * share).toFixed(digits) + " %";
}
function showAnswer() {
  const problems = Object.values(invalid).filter(Boolean);
  if (!problems.length && loadsOf(model, question)[2] > 1e5) problems.push("this load is too large to be computed in the page: 100,000 Erlang at most");
  const problem = document.getElementById("panel-problem");
  problem.hidden = !problems.length;
  problem.textContent = problems.join("; ");
  document.getElementById("panel-answer").hidden = problems.length > 0;
  if (problems.length) return;
  const without = { ...question, leak_share: 0 };
  for (const [name, asked] of Object.entries({ now: question, without })) {
    const found = answerOf(model, asked);
    document.getElementById("panel-erlang-" + name).textContent = found.erlang.toFixed(1);
    document.getElementById("panel-refused-" + name).textContent = percent(found.refused);
    const [low, high] = [percent(found.low), percent(found.high)];
    document.getElementById("panel-range-" + name).textContent = low === high ? "" : "(" + low + " to " + high + ")";
    found.slots.forEach((slots, number) => (document.getElementById("panel-slots-" + name + "-" + number).textContent = slots.toLocaleString("en")));
  }
  document.getElementById("panel-without").hidden = !question.leak_share;
  drawCurves(without);
}
function drawCurves(without) {
  const place = document.getElementById("chart-refused");
  const number = Object.keys(JSON.parse(document.getElementById("chart-data").textContent)).indexOf("refused");
  if (!place || number < 0) return;
  const rows = curveOf(model, question, "with these settings");
  if (question.leak_share) rows.push(...curveOf(model, without, "without the leaks"));
  rows.push({ kind: "limit", slots: question.limit, refused: answerOf(model, question).refused });
  window.drawn[number].then(({ view }) => view.data("rows", rows).runAsync());
}
function fill() {
  for (const name of Object.keys(LABELS)) {
    const value = question[name] * (SCALES[name] ?? 1);
    panel.elements[name].value = Number(value.toPrecision(4));
    const slider = panel.elements[name + "-slider"];
    if (slider) slider.value = value;
  }
  panel.elements.keep_alives.checked = question.keep_alive !== null;
}
function check(name, value) {
  invalid[name] = problemOf(name, value);
  panel.elements[name].setAttribute("aria-invalid", String(Boolean(invalid[name])));
}
function ask(asked) {
  question = { ...asked };
  Object.keys(LABELS).forEach((name) => check(name, question[name]));
  fill();
  follow_timeout();
  showAnswer();
}
// What differs from today stands in the URL.
const FIELDS = [...Object.keys(LABELS), "keep_alive"];
function keepQuestion() {
  const today = panelData.examples[0].question;
  keep(Object.fromEntries(FIELDS.map((name) => [name, question[name] === today[name] ? null : String(question[name])])));
}
function follow_timeout() {
  const interval = intervalFor(question.idle_timeout);
  if (panel.elements.keep_alives.checked && Number.isFinite(interval)) question.keep_alive = interval;
  document.getElementById("panel-keep-alive").textContent = Number.isFinite(interval) ? "every " + interval + " s instead of as recorded" : "at an interval";
}
function changed(input) {
  if (input.name === "keep_alives") question.keep_alive = input.checked ? intervalFor(question.idle_timeout) : null;
  else {
    const name = input.name.replace("-slider", "");
    let value = input.valueAsNumber / (SCALES[name] ?? 1);
    if (input.type === "range" && (name === "limit" || name === "idle_timeout")) value = Math.round(value);
    question[name] = value;
    check(name, value);
    const other = panel.elements[input.type === "range" ? name : name + "-slider"];
    if (other && !invalid[name]) other.value = Number((value * (SCALES[name] ?? 1)).toPrecision(4));
    follow_timeout();
  }
  showAnswer();
  keepQuestion();
}
if (panel) {
  for (const [name, [low, high]] of Object.entries(boundsOf())) {
    const slider = panel.elements[name + "-slider"];
    if (!slider) continue;
    slider.min = low * (SCALES[name] ?? 1);
    slider.max = high * (SCALES[name] ?? 1);
  }
  for (const { name, question: example } of panelData.examples) {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", () => { ask(example); keepQuestion(); });
    document.getElementById("presets").append(button);
  }
  panel.addEventListener("input", (event) => changed(event.target));
  panel.addEventListener("submit", (event) => event.preventDefault());
  ask(panelData.examples[0].question);
  restorers.push((values) => {
    const told = FIELDS.filter((name) => Number.isFinite(Number(values.get(name) ?? NaN)));
    if (told.length) ask({ ...question, ...Object.fromEntries(told.map((name) => [name, Number(values.get(name))])) });
  });
}
