// The panel: reports/plan/what_if.py over again. Blocking by the recursion on its inverse, 1/B(n) = 1 + n/A · 1/B(n−1).
const panelData = JSON.parse(document.getElementById("panel-data").textContent);
const panel = document.getElementById("panel");

function erlangB(offered, servers) {
  if (offered <= 0) return servers ? 0 : 1;
  let inverse = 1;
  for (let n = 1; n <= servers && inverse < 1e300; n++) inverse = 1 + (n / offered) * inverse;
  return inverse < 1e300 ? 1 / inverse : 0;
}
function erlangServers(offered, target) {
  if (offered <= 0) return 1;
  let inverse = 1;
  let n = 0;
  while (inverse * target < 1) inverse = 1 + (++n / offered) * inverse;
  return n;
}
function answerOf(question) {
  const tail = Math.max(0, question.idle_timeout - panelData.silent_before);
  const erlang = (question.arrivals_per_minute / 60) * (question.session_seconds + question.leak_share * tail);
  return { erlang, refused: erlangB(erlang, question.limit), slots: (target) => erlangServers(erlang, target) };
}
function questionOf(form) {
  return Object.fromEntries([...form.elements].map((input) => [input.name, input.valueAsNumber]));
}
function isGood(question) {
  const load = (question.arrivals_per_minute / 60) * (question.session_seconds + question.idle_timeout);
  return Object.values(question).every((value) => value >= 0) && question.leak_share <= 1 && question.limit <= 1e7 && load <= 1e7;
}
function showAnswer() {
  const question = questionOf(panel);
  const answer = isGood(question) ? answerOf(question) : null;
  document.getElementById("panel-erlang").textContent = answer ? answer.erlang.toPrecision(4) : "–";
  document.getElementById("panel-refused").textContent = answer ? (100 * answer.refused).toPrecision(4) + " %" : "–";
  for (const place of document.querySelectorAll("[data-target]")) place.textContent = answer ? answer.slots(Number(place.dataset.target)) : "–";
}
function ask(question) {
  for (const [name, value] of Object.entries(question)) panel.elements[name].value = Number(value.toPrecision(6));
  showAnswer();
}
if (panel) {
  for (const { name, question } of panelData.examples) {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", () => ask(question));
    document.getElementById("presets").append(button);
  }
  panel.addEventListener("input", showAnswer);
  panel.addEventListener("submit", (event) => event.preventDefault());
  ask(panelData.examples[0].question);
}
