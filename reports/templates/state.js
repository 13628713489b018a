// What the reader has chosen (window, finding, session, times) stands in the URL behind the anchor: #leaks?from=10&session=5.
const chosen = { anchor: "", values: new URLSearchParams() };
const restorers = [];

function readLink() {
  const [anchor, query = ""] = location.hash.slice(1).split("?");
  return { anchor: decodeURIComponent(anchor), values: new URLSearchParams(query) };
}
function keep(changes) {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") chosen.values.delete(name);
    else chosen.values.set(name, value);
  }
  const query = chosen.values.toString();
  history.replaceState(history.state, "", "#" + encodeURIComponent(chosen.anchor) + (query ? "?" + query : ""));
}
// What is scrolled to ends below the bar, however many lines that has now.
function clearBar() {
  const bar = document.getElementById("window");
  const isSticky = bar && getComputedStyle(bar).position === "sticky";
  document.documentElement.style.scrollPaddingTop = (isSticky ? bar.offsetHeight : 0) + 12 + "px";
}
// Scrolls to an element, whole and below the bar; what is folded around it unfolds.
function goTo(anchor) {
  const target = document.getElementById(anchor);
  if (!target) return null;
  for (let around = target.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  clearBar();
  target.scrollIntoView({ block: "start" });
  return target;
}
function follows(link) {
  const anchor = decodeURIComponent(link.hash.slice(1));
  if (!document.getElementById(anchor)) return;
  goTo(anchor);
  chosen.anchor = anchor;
  // The browser goes there by itself, which moves the place where Tab goes on; then what is chosen is added.
  location.hash = anchor;
  keep({});
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
  // A skip link moves the focus, too, which only the browser does well.
  if (link.classList.contains("skip")) return;
  event.preventDefault();
  follows(link);
});
function restore() {
  Object.assign(chosen, readLink());
  for (const step of restorers) step(chosen.values);
  if (chosen.anchor) goTo(chosen.anchor);
}
window.addEventListener("hashchange", () => {
  if (readLink().anchor !== chosen.anchor || readLink().values.toString() !== chosen.values.toString()) restore();
});
