// Copies the page's URL, which has what the reader has chosen.
const copier = document.getElementById("link");
if (copier) {
  copier.addEventListener("click", async () => {
    const told = document.getElementById(copier.dataset.told);
    try {
      await navigator.clipboard.writeText(location.href);
      told.value = "Link copied.";
    } catch {
      told.value = location.href;
    }
  });
}
