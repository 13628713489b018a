// Saves a chart: as a picture (PNG) as it is on the screen, or as a table (CSV) of its points; times are seconds of the run.
import { make } from "./page.js";

const SCALE = 2, TITLE = 40;
const LOOKS = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "paint-order", "opacity", "font-size", "font-family", "font-weight"];

export function saves(chart) {
  const save = (kind, blob) => {
    const button = make("button", { type: "button", className: "save", textContent: kind, ariaLabel: `Save ${kind}: ${chart.spec.title}` });
    button.addEventListener("click", async () => download(`chart-${chart.spec.id}.${kind.toLowerCase()}`, await blob()));
    return button;
  };
  return make("p", { className: "saves" }, save("PNG", () => picture(chart)), " ", save("CSV", () => table(chart)));
}

function download(name, blob) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function table({ points, spec }) {
  const names = ["t", ...spec.series.map(({ key }) => key), ...(spec.ticks ? [spec.ticks] : [])];
  const lines = [names, ...points.map((point) => names.map((name) => point[name] ?? ""))];
  return new Blob([lines.map((line) => `${line.join(",")}\n`).join("")], { type: "text/csv" });
}

// The style sheet does not reach into an image: each element gets what it has on the screen as attributes, and hatchings come with it.
function standalone(svg, width, height) {
  const copy = svg.cloneNode(true), shown = svg.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((each, at) => {
    const style = getComputedStyle(shown[at]);
    for (const look of LOOKS) each.setAttribute(look, style.getPropertyValue(look));
  });
  copy.prepend(document.querySelector(".patterns defs").cloneNode(true));
  for (const [name, value] of Object.entries({ width: SCALE * width, height: SCALE * height, viewBox: `0 0 ${width} ${height}` })) copy.setAttribute(name, value);
  const colours = getComputedStyle(document.documentElement);
  return new XMLSerializer().serializeToString(copy).replace(/var\((--[a-z-]+)\)/g, (_, name) => colours.getPropertyValue(name).trim());
}

async function picture({ svg, spec }) {
  const { width, height } = svg.getBoundingClientRect(), image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(svg, width, height))}`;
  await image.decode();
  const canvas = make("canvas", { width: SCALE * Math.ceil(width), height: SCALE * Math.ceil(height) + TITLE }), context = canvas.getContext("2d");
  const colours = getComputedStyle(document.body);
  context.fillStyle = colours.backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colours.color;
  context.font = "24px Roboto, Helvetica, Arial, sans-serif";
  context.fillText(`${spec.title} · ${document.getElementById("run-title").textContent}`, 8, 28);
  context.drawImage(image, 0, TITLE);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
