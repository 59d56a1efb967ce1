// Copies the fix of a finding. The toolbar may live in a shadow tree, from which only the path of an event leads in.
document.addEventListener("click", async (event) => {
    const target = event.composedPath()[0];
    const button = target instanceof Element ? target.closest("[data-quell-copy]") : null;
    if (button === null) {
        return;
    }
    const status = button.parentElement.querySelector("[role=status]");
    try {
        await navigator.clipboard.writeText(button.dataset.quellCopy);
        status.textContent = button.dataset.quellDone;
    } catch {
        // No permission, or a page without TLS, which has no clipboard at all.
        globalThis.getSelection().selectAllChildren(button.parentElement.querySelector("code"));
        status.textContent = button.dataset.quellFailed;
    }
});
