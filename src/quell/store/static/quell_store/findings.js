"use strict";

/* Copy what a button holds, and say so; a page without https has no clipboard but this way. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest(".quell-copy");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const area = document.createElement("textarea");
    area.value = button.dataset.copy;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.setAttribute("aria-live", "polite");
  button.textContent = button.dataset.done;
});
