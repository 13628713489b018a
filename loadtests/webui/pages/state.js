// The run's state in words: one line, and the title of the tab. Parts of a line are [text, class].
import { clock } from "./chart.js";
import { duration, number, plural } from "./page.js";

const HOLDERS = ["leaked", "others", "quiet", "closing", "active"];

function occupied(frame) { return frame.held + frame.others; }

function holders(frame) {
  const held = HOLDERS.filter((holder) => frame[holder]).map((holder) => `${holder} ${number(frame[holder])}`);
  return held.length ? `: ${held.join(", ")}.` : ".";
}

function reaps(frame, now, isFull, slack) {
  const overdue = frame.due.filter((leak) => leak.due + slack < now), next = frame.due.find((leak) => leak.due >= now);
  const parts = [];
  if (overdue.length) parts.push([` ${number(overdue.length)} overdue, the first for ${clock(now - overdue[0].due)}.`, "overdue"]);
  if (next) parts.push([` ${isFull ? "Next slot back" : "Next leak due"} in ${clock(Math.ceil(next.due - now))}.`, ""]);
  return parts;
}

export function stateLine({ state, limit, frame, slack = 0 }, now) {
  if (state === "ended") return [];
  if (!frame) return state === "none" ? [] : [["Starting: no session yet.", ""]];
  if (state === "draining" && !frame.held && !frame.leaks) return [["The load is over and its sessions are closed. The report follows.", ""]];
  const isFull = frame.full_since !== null && frame.full_since !== undefined, share = limit ? `${number(occupied(frame))}/${number(limit)}` : plural(occupied(frame), "session");
  const since = isFull ? now - frame.full_since : 0, full = isFull ? ` FULL${since >= 1 ? ` for ${duration(since)}` : ""}` : "";
  return [
    ...(state === "draining" ? [["Draining, the load is over. ", ""]] : []),
    [share + full, isFull ? "full" : ""],
    [holders(frame), ""],
    [frame.hits ? ` ${number(frame.hits)} refused.` : " None refused.", ""],
    ...reaps(frame, now, isFull, slack),
  ];
}

export function tabTitle({ run, state, scenario, limit, frame }, word) {
  const name = scenario || "users", end = `${name} · streamsoak`;
  if (!run) return "Sessions · streamsoak";
  if (state === "ended") return `${word || "Ended"} · ${end}`;
  if (!frame) return `Starting · ${end}`;
  const share = limit ? `${number(occupied(frame))}/${number(limit)}` : number(occupied(frame));
  return `${state === "draining" ? "Draining " : ""}${share}${frame.full_since != null ? " FULL" : ""} · ${end}`;
}
