// The outcome of a run that has ended: headline, totals, gates and findings of its report.
import { duration, make, number, plural, runFile } from "./page.js";

const MOST_FINDINGS = 6, LAST = 9;

export function headline(past) {
  const [word, ...rest] = (past.sentence ?? "").split(": ");
  if (past.verdict) return [word, rest.join(": ")];
  return past.ended ? ["Not judged", "The run has no report."] : ["Incomplete", "The run was cut off before its report was written."];
}

function totals({ sessions, peak, limit, leaked, hits, past }) {
  const parts = [past.duration !== null && duration(past.duration)];
  if (sessions !== null) parts.push(`${plural(sessions, "session")} opened`);
  if (peak !== null) parts.push(`peak ${number(peak)}${limit ? `, limit ${number(limit)}` : ""}`);
  if (hits !== null) parts.push(`${number(hits)} refused for the limit`);
  if (leaked !== null) parts.push(`${number(leaked)} leaked`);
  return parts.filter(Boolean).join(" · ");
}

function gate({ gate: condition, result, shown }) {
  return make("li", { className: result }, make("b", { textContent: { pass: "OK", fail: "failed" }[result] ?? "inconclusive" }), ` ${condition}: ${shown}`);
}

export function finding(found) {
  const name = make("b", { textContent: found.name });
  const kind = make("span", { className: "kind", textContent: `${found.severity} · ${found.owner}` });
  const line = make("li", { className: `finding ${found.severity}` }, name, " ", kind, make("p", { textContent: found.said }));
  if (found.advice) line.append(make("p", { className: "advice", textContent: found.advice }));
  return line;
}

function folded(label, items) {
  return make("details", {}, make("summary", { textContent: label }), make("ul", { className: "folded" }, ...items));
}

// Problems and warnings first, at most so many; the rest, as what a profile does by its own words, is folded.
function findings(found) {
  const order = ["problem", "warning"], rank = ({ severity }) => (order.indexOf(severity) + 1 || LAST);
  const lines = found.toSorted((one, other) => rank(one) - rank(other)).map(finding);
  const open = Math.min(MOST_FINDINGS, found.filter((one) => rank(one) < LAST).length), rest = lines.length - open;
  const parts = [make("ul", { className: "findings" }, ...lines.slice(0, open))];
  if (rest) parts.push(folded(plural(rest, open ? "more finding" : "finding"), lines.slice(open)));
  return lines.length ? parts : [make("p", { className: "dim", textContent: "No findings." })];
}

// Fills `place` with the outcome; `base` leads to /sessions/.
export function showOutcome(place, outcome, base) {
  const { past, gates } = outcome, [word, reason] = headline(past);
  const open = gates.filter(({ result }) => result !== "pass"), held = gates.filter(({ result }) => result === "pass");
  const links = make("p", { className: "links" });
  if (past.report) links.append(Object.assign(runFile(base, past.run, "report.html", "Open report"), { className: "button" }), " ");
  if (past.plan) links.append(runFile(base, past.run, "plan.html", "Capacity plan"));
  place.replaceChildren(
    make("p", { className: `headline ${past.verdict ?? "unknown"}` }, make("strong", { textContent: `${word}:` }), ` ${reason}`),
    make("p", { className: "dim", textContent: totals(outcome) }),
    links,
    ...(open.length ? [make("ul", { className: "gates" }, ...open.map(gate))] : []),
    ...(held.length ? [folded(held.length === 1 ? "1 gate holds" : `${held.length} gates hold`, held.map(gate))] : []),
    ...findings(outcome.findings),
  );
}
