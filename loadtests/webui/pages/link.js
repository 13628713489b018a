// Adds a link to the Sessions page next to Locust's tabs, or to its header while there are no tabs. Locust redraws its page at any
// time, so the link is placed again after each change.
const link = document.createElement("a");
link.href = "./sessions/";
link.id = "streamsoak-sessions";
link.textContent = "Sessions";
Object.assign(link.style, {
  color: "inherit", font: "500 0.875rem/1.25 Roboto, Helvetica, Arial, sans-serif", letterSpacing: "0.03em",
  textTransform: "uppercase", textDecoration: "none", padding: "12px 16px", alignSelf: "center",
});

function place() {
  const tabs = document.querySelector(".MuiTabs-root"), bar = document.querySelector("header .MuiToolbar-root");
  const parent = tabs ?? bar ?? document.body;
  if (link.parentElement === parent) return;
  link.style.marginRight = tabs ? "0" : "auto";
  tabs?.querySelector(".MuiTabs-scroller")?.style.setProperty("flex", "0 1 auto");
  parent.insertBefore(link, tabs ? null : parent.children[1] ?? null);
}

new MutationObserver(place).observe(document.getElementById("root") ?? document.body, { childList: true, subtree: true });
place();
