// Tables: sorted by a click on a column's head, but for those whose order says something; a fading edge where they scroll.
const units = { ms: 0.001, s: 1, min: 60, h: 3600, d: 86400, KB: 1e3, MB: 1e6, GB: 1e9 };

// What a cell sorts by: a number where it begins with one ("1 h 5 min", "0:05.2", "3.1 %", "1,234"; of a range the first), else its
// text; "" comes last.
function sortKey(cell) {
  const text = cell.textContent.trim();
  if (text === "" || text === "–") return "";
  const plain = text.replaceAll(",", "").replace(/^[−-]/, "-").split(/ to | \(/)[0];
  const time = /^(\d+:)?\d+:\d\d(\.\d+)?/.exec(plain);
  if (time) return readClock(time[0]) / 1000;
  const parts = [...plain.matchAll(/(-?\d+(?:\.\d+)?)\s*(ms|min|s|h|d|KB|MB|GB)\b/g)];
  if (/^[-+]?\d/.test(plain) && parts.length) return (plain[0] === "-" ? -1 : 1) * parts.reduce((sum, [, n, unit]) => sum + Math.abs(n) * units[unit], 0);
  const number = /^[-+<>]?\d+(\.\d+)?/.exec(plain);
  return number ? Number(number[0].replace(/^[<>]/, "")) : text.toLowerCase();
}
function compareKeys(one, other, sign) {
  if (one === "" || other === "") return one === other ? 0 : one === "" ? 1 : -1;
  if (typeof one === "number" && typeof other === "number") return sign * (one - other);
  return sign * String(one).localeCompare(String(other));
}
// Says in the head which way its column is sorted now: a first click puts the largest number, or the first name, on top.
function turn(head, isOfNumbers) {
  const now = head.getAttribute("aria-sort");
  const order = now ? (now === "ascending" ? "descending" : "ascending") : isOfNumbers ? "descending" : "ascending";
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  return order === "ascending" ? 1 : -1;
}
function sortable(head, sort) {
  const button = element("button", { type: "button", class: "sort" }, ...head.childNodes);
  button.addEventListener("click", () => sort(head));
  head.append(button);
}
function sortBy(head) {
  const table = head.closest("table");
  const body = table.tBodies[0];
  const column = [...head.parentElement.cells].indexOf(head);
  const keyed = [...body.rows].map((row) => ({ row, key: row.cells[column] ? sortKey(row.cells[column]) : "" }));
  const sign = turn(head, keyed.some(({ key }) => typeof key === "number"));
  keyed.sort((a, b) => compareKeys(a.key, b.key, sign));
  body.append(...keyed.map(({ row }) => row));
}
for (const table of document.querySelectorAll("main table:not(#sessions-table):not(.in-order)")) {
  if (!table.tHead || !table.tBodies[0] || table.tBodies[0].rows.length < 2) continue;
  for (const head of table.tHead.rows[0].cells) {
    if (head.textContent.trim()) sortable(head, sortBy);
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
