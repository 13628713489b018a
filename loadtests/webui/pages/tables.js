// Tables: a fading edge where they scroll, and heads that sort.
import { make } from "./page.js";

export function watchEdges() {
  const edge = (place) => place.classList.toggle("more", place.scrollLeft + place.clientWidth < place.scrollWidth - 2);
  const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => edge(target.closest(".scroll"))));
  for (const place of document.querySelectorAll(".scroll")) {
    place.addEventListener("scroll", () => edge(place), { passive: true });
    sizes.observe(place);
    sizes.observe(place.firstElementChild);
  }
}

// Turns the heads of a table into buttons. `keys`: by the text of a head, what a row's record sorts by. Returns a function that sorts
// records by what was clicked last; `again` shows them anew.
export function sortable(table, keys, again) {
  let sorting = null;
  for (const head of table.tHead.rows[0].cells) {
    const key = keys[head.textContent];
    if (!key) continue;
    const button = make("button", { type: "button", className: "sort" }, ...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const sign = head.ariaSort === "ascending" ? -1 : head.ariaSort === "descending" ? 1 : key.sign ?? 1;
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.ariaSort = sign > 0 ? "ascending" : "descending";
      sorting = { of: key.of, sign };
      again();
    });
  }
  return (records) => (sorting ? records.toSorted((one, other) => sorting.sign * compare(sorting.of(one), sorting.of(other))) : records);
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other));
}
