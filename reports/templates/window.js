// One window of time over all charts: dragged over any of them, or typed.
const form = document.getElementById("window");
const whole = [0, Math.max(1, Math.round(1000 * Number(form.elements.to.defaultValue)))];
let shown = whole;
let shaded = [];
let dragged = null;

function follow(view) {
  views.push(view);
  view.addSignalListener("brush_x", (_, range) => {
    dragged = range[0] === range[1] ? null : { view, range };
  });
}
function apply(view) {
  view.signal("low", shown[0]).signal("high", shown[1]).data("shade", shaded).runAsync();
}
function show(low, high) {
  if (!(high - low >= 1)) return;
  shown = [Math.max(whole[0], low), Math.min(whole[1], high)];
  form.elements.from.value = (shown[0] / 1000).toFixed(1);
  form.elements.to.value = (shown[1] / 1000).toFixed(1);
  const all = shown[0] === whole[0] && shown[1] === whole[1];
  document.getElementById("window-shown").value = all ? "" : clock(shown[0]) + "–" + clock(shown[1]);
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
  view.signal("brush_x", [0, 0]);
  show(low, high);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  show(1000 * Number(form.elements.from.value), 1000 * Number(form.elements.to.value));
});
document.getElementById("whole").addEventListener("click", () => show(...whole));
