// One window of time over all charts: dragged over any of them, typed, or from the link.
const form = document.getElementById("window");
new ResizeObserver(clearBar).observe(form);
const whole = [0, Math.max(1, Math.round(1000 * Number(form.dataset.end)))];
let shown = whole;
let shaded = [];
let dragged = null;

function follow(view) {
  views.push(view);
  view.addSignalListener("brush_x", (_, range) => {
    dragged = range[0] === range[1] ? null : { view, range };
  });
  return apply(view);
}
function apply(view) {
  return view.signal("low", shown[0]).signal("high", shown[1]).signal("origin", origin()).data("shade", shaded).runAsync();
}
function show(low, high) {
  if (!(high - low >= 1)) return;
  shown = [Math.max(whole[0], low), Math.min(whole[1], high)];
  const all = shown[0] === whole[0] && shown[1] === whole[1];
  form.elements.from.value = fieldClock(shown[0]);
  form.elements.to.value = fieldClock(shown[1]);
  document.getElementById("window-shown").value = all ? "" : clock(shown[0]) + "–" + clock(shown[1]);
  keep({ from: all ? null : shown[0] / 1000, to: all ? null : shown[1] / 1000 });
  views.forEach(apply);
}
function shade(intervals) {
  shaded = intervals;
  views.forEach(apply);
}
window.addEventListener("pointerup", () => {
  if (!dragged) return;
  const { view, range } = dragged;
  dragged = null;
  const x = view.scale("x");
  const [low, high] = range.map((pixel) => Number(x.invert(pixel))).sort((a, b) => a - b);
  // Cleared before the scale moves, which would lay the brush over the same time again.
  view.signal("brush_x", [0, 0]).run();
  show(low, high);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const [low, high] = [form.elements.from, form.elements.to].map((input) => readClock(input.value));
  const isWindow = high - low >= 1;
  if (isWindow) show(low, high);
  else document.getElementById("window-shown").value = "Give from and to as h:mm:ss.";
});
document.getElementById("whole").addEventListener("click", () => show(...whole));
// Figures that name their form instead.
for (const figure of document.querySelectorAll('[data-form="clock"]')) {
  const ms = readClock(figure.textContent);
  if (!Number.isNaN(ms)) figure.dataset.ms = ms;
}
// The times of the page, in the run's or the wall clock's time.
function tellTimes(times) {
  document.documentElement.dataset.times = times;
  for (const moment of document.querySelectorAll("[data-ms]")) moment.textContent = clock(Number(moment.dataset.ms));
  views.forEach(apply);
  document.dispatchEvent(new Event("times"));
}
if (form.elements.times) {
  form.elements.times.addEventListener("change", () => {
    const { value } = form.elements.times;
    tellTimes(value);
    keep({ times: value === "run" ? null : value });
    show(...shown);
  });
}
restorers.push((values) => {
  const times = ["utc", "local"].find((name) => name === values.get("times")) ?? "run";
  if (form.elements.times && form.elements.times.value !== times) {
    form.elements.times.value = times;
    tellTimes(times);
  }
  const [low, high] = ["from", "to"].map((name) => 1000 * Number(values.get(name) ?? NaN));
  if (high - low >= 1) show(low, high);
});
