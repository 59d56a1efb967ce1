"use strict";
(() => {
  const phrases = document.getElementById("phrases").dataset;
  const status = document.getElementById("status");

  function say(text) {
    // Emptied first, so that the same text twice is read out twice.
    status.textContent = "";
    window.setTimeout(() => { status.textContent = text; }, 50);
  }

  // Where the clipboard may not be written to, the older way; where that fails too, the code is left selected.
  async function copy(source) {
    try {
      await navigator.clipboard.writeText(source.textContent);
      return true;
    } catch {
      window.getSelection().selectAllChildren(source);
      return document.execCommand("copy");
    }
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const isCopied = await copy(document.getElementById(button.dataset.copy));
      say(isCopied ? phrases.copied : phrases.select);
      if (isCopied) {
        button.textContent = phrases.copied;
        window.setTimeout(() => { button.textContent = label; }, 2000);
      }
    });
  }

  function valueOf(row, column) {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  }

  function compare(one, other) {
    return typeof one === "number" ? one - other : one.localeCompare(other, undefined, { numeric: true });
  }

  for (const button of document.querySelectorAll("button.sort")) {
    button.addEventListener("click", () => {
      const head = button.parentElement;
      const body = head.closest("table").tBodies[0];
      const isNumber = head.classList.contains("number");
      const now = head.getAttribute("aria-sort");
      // Most first, where there are numbers.
      const first = isNumber ? "descending" : "ascending";
      const second = isNumber ? "ascending" : "descending";
      const order = now === first ? second : first;
      for (const other of head.parentElement.cells) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const rows = [...body.rows].map((row) => [valueOf(row, head.cellIndex), row]);
      rows.sort((one, other) => sign * compare(one[0], other[0]));
      body.append(...rows.map(([, row]) => row));
      const phrase = order === "ascending" ? phrases.up : phrases.down;
      say(phrase.replace("{column}", () => button.textContent));
    });
  }

  // A link into a page that is closed opens it.
  function open() {
    const target = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
    const details = target?.closest("details");
    if (details) {
      details.open = true;
      target.scrollIntoView();
    }
  }
  window.addEventListener("hashchange", open);
  open();

  // On paper nothing can be opened.
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
})();
