// Tables: sorted by a click on a column's head; a fading edge where they scroll.
const units = { ms: 0.001, s: 1, min: 60, h: 3600, d: 86400, KB: 1e3, MB: 1e6, GB: 1e9 };

// What a cell sorts by: a number where it begins with one ("1 h 5 min", "0:05.2", "3.1 %", "1,234"), else its text; "" comes last.
function sortKey(cell) {
  const text = cell.textContent.trim();
  if (text === "" || text === "–") return "";
  const plain = text.replaceAll(",", "").replace(/^[−-]/, "-");
  const time = /^(\d+:)?\d+:\d\d(\.\d+)?/.exec(plain);
  if (time) return readClock(time[0]) / 1000;
  const parts = [...plain.matchAll(/(-?\d+(?:\.\d+)?)\s*(ms|min|s|h|d|KB|MB|GB)\b/g)];
  if (/^-?\d/.test(plain) && parts.length) return (plain[0] === "-" ? -1 : 1) * parts.reduce((sum, [, n, unit]) => sum + Math.abs(n) * units[unit], 0);
  const number = /^[-+<>]?\d+(\.\d+)?/.exec(plain);
  return number ? Number(number[0].replace(/^[<>]/, "")) : text.toLowerCase();
}
function compareKeys(one, other) {
  if (one === "" || other === "") return one === other ? 0 : one === "" ? 1 : -1;
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other));
}
// A first click puts the largest number, or the first name, on top.
function sortBy(head) {
  const table = head.closest("table");
  const body = table.tBodies[0];
  const column = [...head.parentElement.cells].indexOf(head);
  const keyed = [...body.rows].map((row) => ({ row, key: row.cells[column] ? sortKey(row.cells[column]) : "" }));
  const first = keyed.some(({ key }) => typeof key === "number") ? "descending" : "ascending";
  const now = head.getAttribute("aria-sort");
  const order = now ? (now === "ascending" ? "descending" : "ascending") : first;
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  keyed.sort((a, b) => (a.key === "" || b.key === "" ? compareKeys(a.key, b.key) : sign * compareKeys(a.key, b.key)));
  body.append(...keyed.map(({ row }) => row));
}
for (const table of document.querySelectorAll("main table:not(#sessions-table):not(.bars)")) {
  if (!table.tHead || !table.tBodies[0] || table.tBodies[0].rows.length < 2) continue;
  for (const head of table.tHead.rows[0].cells) {
    if (!head.textContent.trim()) continue;
    const button = element("button", { type: "button", class: "sort" }, ...head.childNodes);
    button.addEventListener("click", () => sortBy(head));
    head.append(button);
  }
}
function edge(place) {
  place.classList.toggle("more", place.scrollLeft + place.clientWidth < place.scrollWidth - 2);
}
const edges = new ResizeObserver((entries) => entries.forEach(({ target }) => edge(target.closest(".scroll"))));
function watchEdge(place) {
  place.addEventListener("scroll", () => edge(place), { passive: true });
  edges.observe(place);
  if (place.firstElementChild) edges.observe(place.firstElementChild);
}
document.querySelectorAll(".scroll").forEach(watchEdge);
