// A link to something folded unfolds it; on paper everything is unfolded.
function unfold() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = target && target.closest("details");
  if (!folded || folded.open) return;
  folded.open = true;
  target.scrollIntoView();
}
window.addEventListener("hashchange", unfold);
window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => (each.open = true)));
unfold();
