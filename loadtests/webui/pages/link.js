// Adds links to our pages next to Locust's tabs, or to its header while there are no tabs. Locust redraws its page at any time, so
// the links are placed again after each change.
const links = [["./", "Start", "streamsoak-start"], ["./sessions/", "Sessions", "streamsoak-sessions"]].map(([href, label, id]) => {
  const link = Object.assign(document.createElement("a"), { href, id, textContent: label });
  Object.assign(link.style, {
    color: "inherit", font: "500 0.875rem/1.25 Roboto, Helvetica, Arial, sans-serif", letterSpacing: "0.03em",
    textTransform: "uppercase", textDecoration: "none", padding: "12px 16px", alignSelf: "center",
  });
  return link;
});

function place() {
  const tabs = document.querySelector(".MuiTabs-root"), bar = document.querySelector("header .MuiToolbar-root");
  const parent = tabs ?? bar ?? document.body;
  if (links.every((link) => link.parentElement === parent)) return;
  links.at(-1).style.marginRight = tabs ? "0" : "auto";
  tabs?.querySelector(".MuiTabs-scroller")?.style.setProperty("flex", "0 1 auto");
  const before = tabs ? null : parent.children[1] ?? null;
  for (const link of links) parent.insertBefore(link, before);
}

new MutationObserver(place).observe(document.getElementById("root") ?? document.body, { childList: true, subtree: true });
place();
