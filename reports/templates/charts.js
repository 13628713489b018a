// The charts. Colours are the page's own variables: they follow light, dark and print without being drawn again.
const views = [];
window.drawn = [];

const tip = document.getElementById("tip");
function showTip(_, event, item, value) {
  tip.hidden = !value;
  if (!value) return;
  const rows = Object.entries(value).map(([name, text]) => element("tr", {}, element("th", {}, name), element("td", {}, String(text))));
  tip.replaceChildren(element("table", {}, ...rows));
  const { clientWidth: width } = document.documentElement;
  tip.style.left = Math.max(8, Math.min(event.clientX + 14, width - tip.offsetWidth - 8)) + "px";
  tip.style.top = Math.max(8, Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8)) + "px";
}
function draw(id, spec) {
  const drawn = vegaEmbed(document.getElementById(id), spec, { mode: "vega", actions: false, renderer: "svg", tooltip: showTip });
  // The place's label describes the drawing, and a table has its figures.
  drawn.then(({ view }) => view.container().querySelector("svg").setAttribute("aria-hidden", "true"));
  const isOverTime = spec.signals.some((signal) => signal.name === "low");
  window.drawn.push(isOverTime ? drawn.then(({ view }) => follow(view)) : drawn);
}
