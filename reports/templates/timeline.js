// One session's life as lanes: who held its slot, turns, keep-alives due and sent, the other calls; and how it ended.
const names = JSON.parse(document.getElementById("explorer-data").textContent);
const lanes = ["slot", "turns", "keep-alives", "other calls"];
const laneHeight = 26;
const left = 78;

function callOf([kind, sent, late = 0, took = 0, outcome = 0, plays = 0, reason = ""]) {
  return { kind: names.kinds[kind], sent, due: sent - late, took, outcome: names.outcomes[outcome], plays, reason };
}
function laneOf(call) {
  return call.kind === "task" ? 1 : call.kind === "keep_alive" ? 2 : 3;
}

function timelineOf(session) {
  const calls = session.calls.map(callOf);
  const moments = [session.opened, session.ended, session.left, ...session.due, ...session.end, ...session.spans.flatMap((s) => s.slice(1)), ...calls.flatMap((c) => [c.sent, c.sent + c.took])];
  const known = moments.filter((t) => t !== null && t !== undefined);
  const width = Math.max(320, document.getElementById("timeline").clientWidth - 32);
  const low = Math.min(...known);
  const high = Math.max(...known, low + 1);
  const x = (t) => left + ((t - low) / (high - low)) * (width - left - 12);
  const height = laneHeight * lanes.length + 40;
  const svg = element("svg:svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Timeline of session " + session.n + "; the table below has the same" });
  // What is shaded lies under the bars, the lines over them.
  const [shades, edges] = endOf(session, x, height);
  svg.append(...frame(width, x, low, high), ...shades, ...slotOf(session, x), ...calls.flatMap((call) => marksOf(call, x)), ...edges);
  return svg;
}
function frame(width, x, low, high) {
  const drawn = lanes.flatMap((name, n) => [
    element("svg:text", { x: 0, y: n * laneHeight + 17 }, name),
    element("svg:line", { class: "lane", x1: left, x2: width - 12, y1: n * laneHeight + 26, y2: n * laneHeight + 26 }),
  ]);
  const steps = width > 500 ? 4 : 2;
  for (let n = 0; n <= steps; n++) {
    const t = low + ((high - low) * n) / steps;
    const anchor = n === 0 ? "start" : n === steps ? "end" : "middle";
    drawn.push(element("svg:text", { x: x(t), y: laneHeight * lanes.length + 34, "text-anchor": anchor }, clock(t)));
  }
  return drawn;
}
function slotOf(session, x) {
  return session.spans.map(([holder, from, to]) =>
    element("svg:rect", { fill: names.fills[holder], x: x(from), width: Math.max(1, x(to) - x(from)), y: 7, height: 14 }, element("svg:title", {}, `${names.holders[holder]} ${clock(from)}–${clock(to)}`)),
  );
}
function marksOf(call, x) {
  const middle = laneOf(call) * laneHeight + 14;
  const failed = call.outcome === "ok" ? "" : " fail";
  const marks = [];
  if (call.plays) marks.push(element("svg:rect", { class: "plays", x: x(call.sent), width: Math.max(1, x(call.sent + call.plays) - x(call.sent)), y: middle - 5, height: 10 }));
  if (call.kind === "keep_alive") marks.push(element("svg:circle", { class: "due", cx: x(call.due), cy: middle, r: 5.5 }));
  const shape = failed
    ? element("svg:path", { class: "call" + failed, d: `M${x(call.sent) - 4} ${middle - 4}l8 8m0 -8l-8 8`, "stroke-width": 2 })
    : element("svg:circle", { class: "call", cx: x(call.sent), cy: middle, r: 2.6 });
  shape.append(element("svg:title", {}, `${call.kind} ${call.outcome}${call.reason ? ": " + call.reason : ""}, sent ${clock(call.sent, 3)}, took ${lasting(call.took)}`));
  marks.push(shape);
  return marks;
}
function endOf(session, x, height) {
  const bottom = height - 20;
  const shades = [];
  const edges = [];
  if (session.end[0] !== null && session.end[1] !== null) {
    shades.push(element("svg:rect", { class: "interval", x: x(session.end[0]), width: Math.max(2, x(session.end[1]) - x(session.end[0])), y: 3, height: bottom - 6 }));
  }
  if (session.due[1] !== null) edges.push(element("svg:line", { class: "edge reap", x1: x(session.due[1]), x2: x(session.due[1]), y1: 3, y2: bottom - 3 }));
  if (session.ended !== null) edges.push(element("svg:line", { class: "edge", x1: x(session.ended), x2: x(session.ended), y1: 3, y2: bottom - 3 }));
  return [shades, edges];
}

function between([from, to]) {
  return clock(from) === clock(to) ? clock(to) : `${clock(from)}–${clock(to)}`;
}
function factsOf(session) {
  const facts = [
    ["id", session.id],
    ["fate", names.fates[session.fate] + (session.ghost ? ", ghost" : "") + (session.overdue ? ", overdue" : "")],
    ["way of leaving", session.way || "still there"],
    ["idle timeout", lasting(session.idle) + (session.cap ? `, at most ${lasting(session.cap)} long` : "")],
    ["opened", clock(session.opened)],
    ["left", clock(session.left)],
    ["due", between(session.due)],
    ["ended", session.end[1] === null ? "not observed" : between(session.end)],
    ...(session.findings.length ? [["findings", session.findings.join("; ")]] : []),
  ];
  const list = element("dl", { class: "facts" });
  for (const [name, value] of facts) list.append(element("div", name === "id" || name === "findings" ? { class: "wide" } : {}, element("dt", {}, name), element("dd", {}, value)));
  return list;
}
function tableOf(session) {
  const head = element("tr", {}, ...["due", "sent", "call", "outcome", "took"].map((name) => element("th", { scope: "col" }, name)));
  const table = element("table", {}, element("thead", {}, head));
  const body = element("tbody");
  for (const call of session.calls.map(callOf)) {
    const cells = [clock(call.due, 2), clock(call.sent, 2), call.kind, call.outcome + (call.reason ? ": " + call.reason : ""), lasting(call.took)];
    body.append(element("tr", {}, ...cells.map((text) => element("td", {}, text))));
  }
  table.append(body);
  return element("div", { class: "scroll calls", role: "region", tabindex: "0", "aria-label": "Calls of session " + session.n }, table);
}
function showTimeline(session) {
  const key = element("p", { class: "small" }, "Ring: keep-alive due; dot: sent; cross: not ok; pale bar: duration of the answer; dashed: due to be reaped; line: ended; shaded: between the last list with the session and the first without it.");
  const parts = [element("h3", {}, `Session ${session.n}: ${session.profile}`), timelineOf(session), key, factsOf(session), tableOf(session)];
  if (session.omitted) parts.push(element("p", { class: "small" }, `${session.omitted} ${session.omitted === 1 ? "call" : "calls"} in the middle omitted; events.parquet has all.`));
  document.getElementById("timeline").replaceChildren(...parts);
  watchEdge(document.querySelector("#timeline .calls"));
}
