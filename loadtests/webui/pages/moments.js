// Events and gates of the run so far. An event leads to its moment in the charts.
import { clock } from "./chart.js";
import { byId, make } from "./page.js";

const AROUND_SECONDS = 15;
const RESULTS = { open: "not known yet", holds: "holds so far", fails: "fails so far", unknown: "inconclusive" };

// Rebuilds the list only when it has changed: a focused button must stay.
function replace(place, key, build) {
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(...build());
}

export function showMoments(moments, choose) {
  byId("no-moments").hidden = moments.length > 0;
  replace(byId("moments"), JSON.stringify(moments), () => moments.map((moment) => {
    const button = make("button", { type: "button", className: `moment ${moment.kind}` },
      make("time", { textContent: clock(moment.t) }), ` ${moment.said}`);
    button.addEventListener("click", () => choose(Math.max(0, moment.t - AROUND_SECONDS), moment.t + AROUND_SECONDS, moment.t));
    return make("li", {}, button);
  }));
}

export function showGates(gates) {
  byId("no-gates").hidden = gates.length > 0;
  byId("gates").replaceChildren(...gates.map(({ gate, result, shown, until }) => {
    const kind = { holds: "pass", fails: "fail", unknown: "unknown" }[result] ?? "";
    const until_ = until === null ? "" : ` (as of ${clock(until)})`;
    return make("li", { className: kind }, make("b", { textContent: RESULTS[result] ?? result }), ` ${gate}${shown ? `: ${shown}${until_}` : ""}`);
  }));
}
