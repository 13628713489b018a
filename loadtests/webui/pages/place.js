// What the reader has chosen stands in the URL behind "#": the window, or a part of one run. Whoever opens the link sees the same.
import { byId } from "./page.js";

export function readPlace(run) {
  const values = new URLSearchParams(location.hash.slice(1)), [low, high] = ["from", "to"].map((name) => Number(values.get(name) ?? NaN));
  return { span: values.get("window"), chosen: values.get("run") === run && high > low ? [low, high] : null };
}

export function keepPlace(run, span, chosen) {
  const values = new URLSearchParams({ window: span });
  if (chosen) Object.entries({ run, from: chosen[0].toFixed(1), to: chosen[1].toFixed(1) }).forEach(([name, value]) => values.set(name, value));
  history.replaceState(history.state, "", `#${values}`);
}

export async function copyLink() {
  const told = byId("copied");
  try {
    await navigator.clipboard.writeText(location.href);
    told.textContent = "Link copied.";
  } catch {
    told.textContent = location.href;
  }
}
