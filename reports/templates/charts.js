// The charts. Colours are the page's own variables: they follow light, dark and print without being drawn again.
const views = [];

const tip = document.getElementById("tip");
// A time in a tooltip is "@" and milliseconds of the run.
function tipText(text) {
  return String(text).replace(/^@(-?\d+)$/, (_, ms) => clock(Number(ms)));
}
function showTip(_, event, item, value) {
  tip.hidden = !value;
  if (!value) return;
  const rows = Object.entries(value).map(([name, text]) => element("tr", {}, element("th", {}, name), element("td", {}, tipText(text))));
  tip.replaceChildren(element("table", {}, ...rows));
  const { clientWidth: width } = document.documentElement;
  tip.style.left = Math.max(8, Math.min(event.clientX + 14, width - tip.offsetWidth - 8)) + "px";
  tip.style.top = Math.max(8, Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8)) + "px";
}
function draw(id, spec) {
  const place = document.getElementById(id);
  const drawn = vegaEmbed(place, spec, { mode: "vega", actions: false, renderer: "svg", tooltip: showTip });
  // The place's label describes the drawing, and a table has its figures.
  drawn.then(({ view }) => view.container().querySelector("svg").setAttribute("aria-hidden", "true"));
  place.after(savesOf(id, place, spec));
  const isOverTime = spec.signals.some((signal) => signal.name === "low");
  window.drawn.push(isOverTime ? drawn.then(({ view }) => follow(view)) : drawn);
}

function savesOf(id, place, spec) {
  const label = place.getAttribute("aria-label").split(/[;:]/)[0];
  const save = (kind, blob) => {
    const button = element("button", { type: "button", class: "save", "aria-label": `Save ${kind}: ${label}` }, kind);
    button.addEventListener("click", async () => download(`${id}.${kind.toLowerCase()}`, await blob()));
    return button;
  };
  return element("p", { class: "saves" }, save("PNG", () => pictureOf(place, label)), save("CSV", () => new Blob([tableOfRows(spec)], { type: "text/csv" })));
}
function download(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
// The chart as it is on the screen, twice as fine: variables become colours, and the hatchings come with it.
async function pictureOf(place, label) {
  const svg = place.querySelector("svg");
  const { width, height } = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true);
  copy.prepend(document.querySelector(".patterns defs").cloneNode(true));
  copy.setAttribute("width", 2 * width);
  copy.setAttribute("height", 2 * height);
  if (!copy.hasAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const style = getComputedStyle(document.documentElement);
  const text = new XMLSerializer().serializeToString(copy).replace(/var\((--[a-z-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
  await image.decode();
  const canvas = element("canvas", { width: 2 * Math.ceil(width), height: 2 * Math.ceil(height) + 40 });
  const context = canvas.getContext("2d");
  context.fillStyle = style.getPropertyValue("--paper");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = style.getPropertyValue("--ink");
  context.font = '24px system-ui, "DejaVu Sans", sans-serif';
  context.fillText(`${label} · ${document.title}`, 8, 28);
  context.drawImage(image, 0, 40);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
// The rows behind a chart; times are milliseconds of the run. A spreadsheet must not take a text for a formula.
function tableOfRows(spec) {
  const { values: rows } = spec.data.find(({ name }) => name === "rows");
  const names = [...new Set(rows.flatMap(Object.keys))];
  const cell = (value) => {
    const text = typeof value === "string" ? value.replace(/^[=+\-@\t\r]/, "'$&") : String(value ?? "");
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((row) => row.map(cell).join(",") + "\n").join("");
}
