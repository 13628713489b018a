// The table of sessions: searched as one types, one of them shown; arrow keys go up and down.
const sessions = names.sessions;
const body = document.querySelector("#sessions-table tbody");
const search = document.getElementById("search");
const mostRows = 100;
let current = sessions[0];
// As chosen by a click on a column's head; null: the most unusual first.
let byColumn = null;
const keys = [(s) => s.n, (s) => s.profile, (s) => names.fates[s.fate], (s) => s.way, (s) => s.opened ?? "", (s) => s.ended ?? ""];
[...document.querySelector("#sessions-table thead tr").cells].forEach((head, column) =>
  sortable(head, () => {
    byColumn = { key: keys[column], sign: turn(head, head.classList.contains("n")) };
    list();
  }),
);

function haystack(session) {
  const tags = [session.ghost ? "ghost" : "", session.overdue ? "overdue" : ""];
  return [session.n, session.id, session.profile, session.fate, names.fates[session.fate], session.way, ...tags, ...session.findings].join("\n").toLowerCase();
}
for (const session of sessions) session.haystack = haystack(session);

function rowOf(session) {
  const button = element("button", { type: "button", "data-session": session.n, tabindex: session === current ? "0" : "-1" }, String(session.n));
  const fate = names.fates[session.fate] + (session.ghost ? ", ghost" : "") + (session.overdue ? ", overdue" : "");
  const row = element("tr", {}, element("td", { class: "n" }, button));
  row.append(element("td", {}, session.profile), element("td", { class: session.fate }, fate), element("td", {}, session.way || "–"));
  row.append(element("td", { class: "n" }, clock(session.opened)), element("td", { class: "n" }, clock(session.ended)));
  if (session === current) row.setAttribute("aria-current", "true");
  return row;
}
function list() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = sessions.filter((session) => words.every((word) => session.haystack.includes(word)));
  if (byColumn) found.sort((a, b) => compareKeys(byColumn.key(a), byColumn.key(b), byColumn.sign));
  if (!found.includes(current)) current = found[0];
  const listed = found.slice(0, mostRows);
  if (current && !listed.includes(current)) listed.push(current);
  body.replaceChildren(...listed.map(rowOf));
  const counted = found.length + (found.length === 1 ? " session" : " sessions");
  document.getElementById("matches").value = found.length > mostRows ? `${counted}, the first ${mostRows} listed` : counted;
  if (current) showTimeline(current);
}
function select(number, focus) {
  current = sessions.find((session) => session.n === number);
  keep({ session: number });
  list();
  if (focus) body.querySelector("[aria-current] button").focus();
}
search.addEventListener("input", () => {
  keep({ search: search.value });
  list();
});
document.querySelector(".search").addEventListener("submit", (event) => event.preventDefault());
body.addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  if (row) select(Number(row.querySelector("button").dataset.session), true);
});
body.addEventListener("keydown", (event) => {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const next = step && event.target.closest("tr")[step];
  if (!step) return;
  event.preventDefault();
  if (next) select(Number(next.querySelector("button").dataset.session), true);
});
for (const link of document.querySelectorAll("a[data-search]")) {
  link.addEventListener("click", () => {
    search.value = link.dataset.search;
    keep({ search: search.value });
    list();
  });
}
document.addEventListener("times", list);
restorers.push((values) => {
  search.value = values.get("search") ?? "";
  current = sessions.find(({ n }) => String(n) === values.get("session")) ?? current;
  if (sessions.length) list();
});
if (sessions.length) list();
