// From a finding to its chart, with the interval shaded; or to its sessions.
for (const link of document.querySelectorAll("a[data-shade]")) {
  link.addEventListener("click", () => {
    const { low, high } = link.dataset;
    shade(low === undefined ? [] : [{ low: 1000 * Number(low), high: 1000 * Number(high) }]);
    if (low !== undefined) show(...whole);
  });
}
