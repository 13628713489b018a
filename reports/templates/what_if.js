// The plan's model: reports/plan/model.py over again. Blocking by recursions on its inverse, 1/B(n) = 1 + n/A · 1/B(n−1).
const panelData = JSON.parse(document.getElementById("panel-data").textContent);
const HALVINGS = 50;

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
function engset(people, each, servers) {
  const others = people - 1;
  if (servers > others) return 0;
  if (each <= 0) return servers ? 0 : 1;
  let inverse = 1;
  for (let n = 1; n <= servers && inverse < 1e300; n++) inverse = 1 + (n / ((others - n + 1) * each)) * inverse;
  return inverse < 1e300 ? 1 / inverse : 0;
}
function engsetServers(people, each, target) {
  if (people <= 0 || each <= 0) return people <= 0 ? 0 : 1;
  let inverse = 1;
  let n = 0;
  while (inverse * target < 1) {
    if (++n > people - 1) return people;
    inverse = 1 + (n / ((people - n) * each)) * inverse;
  }
  return n;
}
function tailOf(model, timeout, keepAlive) {
  const latest = keepAlive === null ? Infinity : keepAlive / 2;
  const ends = model.silences.reduce((sum, { seconds, share }) => sum + share * Math.max(0, timeout - Math.min(seconds, latest)), 0);
  return (1 - model.endless_share) * ends + model.endless_share * model.endless_tail;
}
function peopleOf(model, question) {
  return Math.floor(model.people * (model.arrivals_per_minute ? question.arrivals_per_minute / model.arrivals_per_minute : 1) + 0.5);
}
function offeredBy(model, question) {
  const held = question.session_seconds + question.leak_share * tailOf(model, question.idle_timeout, question.keep_alive);
  if (model.people) return (peopleOf(model, question) * held) / (held + model.pause) + model.others;
  return (question.arrivals_per_minute / 60) * held + model.others;
}
function withReturning(load, share, attempts) {
  return load * attempts.reduce((sum, people, before) => sum + people * share ** before, 0);
}
function eachOf(model, erlang, people) {
  const own = Math.min(model.load_factor * (erlang - model.others), people * (1 - 1e-9));
  return people ? Math.max(0, own / (people - own)) : 0;
}
function refusedOf(model, erlang, limit, people) {
  if (model.people) return engset(people, eachOf(model, erlang, people), Math.max(0, limit - Math.ceil(model.others)));
  const load = model.load_factor * erlang;
  if (model.attempts.length === 1) return erlangB(load, limit);
  let [low, high] = [0, 1];
  for (let n = 0; n < HALVINGS; n++) {
    const middle = (low + high) / 2;
    if (erlangB(withReturning(load, middle, model.attempts), limit) > middle) low = middle;
    else high = middle;
  }
  return low;
}
function slotsOf(model, erlang, target, people) {
  if (model.people) return engsetServers(people, eachOf(model, erlang, people), target) + Math.ceil(model.others);
  return Math.max(1, erlangServers(withReturning(model.load_factor * erlang, target, model.attempts), target));
}
// The load, and the ends of its interval.
function loadsOf(model, question) {
  const erlang = offeredBy(model, question);
  const spread = question.leak_share ? model.spread : model.spread_without_leaks;
  return [1, spread.low, spread.high].map((factor) => model.others + (erlang - model.others) * factor);
}
function answerOf(model, question) {
  const loads = loadsOf(model, question);
  const people = peopleOf(model, question);
  const [refused, low, high] = loads.map((load) => refusedOf(model, load, question.limit, people));
  return { erlang: loads[0], refused, low, high, slots: panelData.targets.map((target) => slotsOf(model, loads[0], target, people)) };
}
// For each share of refusals, the slots that it takes.
function curveOf(model, question, leaks) {
  const people = peopleOf(model, question);
  const loads = loadsOf(model, question);
  return panelData.shares.map((share) => {
    const [slots, low, high] = loads.map((load) => slotsOf(model, load, share, people));
    return { leaks, refused: share, slots, low, high, kind: "curve" };
  });
}
