// From a finding to its chart, with the interval shaded; or to its sessions. The finding stands in the link.
function shadeOf(name) {
  const link = [...document.querySelectorAll("a[data-shade]")].find((each) => each.dataset.shade === name);
  const { low, high } = link?.dataset ?? {};
  shade(low === undefined ? [] : [{ low: 1000 * Number(low), high: 1000 * Number(high) }]);
  return low !== undefined;
}
for (const link of document.querySelectorAll("a[data-shade]")) {
  link.addEventListener("click", () => {
    if (shadeOf(link.dataset.shade)) show(...whole);
    keep({ finding: link.dataset.shade });
  });
}
restorers.push((values) => {
  if (values.get("finding")) shadeOf(values.get("finding"));
});
