// What the pages gain from scripts: everything here also works, with more clicks, without them.
"use strict";

const rows = () => [...document.querySelectorAll(".row")];
const boxes = () => [...document.querySelectorAll(".row input[name=issue]")];

function tellSelection() {
  const chosen = boxes().filter((box) => box.checked).length;
  const all = document.querySelector("#select-all");
  if (!all) return;
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
  const told = document.querySelector("#selected");
  if (told) told.textContent = `${chosen} selected`;
}

document.addEventListener("change", (event) => {
  const changed = event.target;
  if (changed.id === "select-all") {
    for (const box of boxes()) box.checked = changed.checked;
  }
  if (changed.matches(".pickers select")) changed.form.requestSubmit();
  tellSelection();
});

// After a form was answered in place, what it said is read out and the keyboard goes on from there.
document.addEventListener("htmx:afterSettle", () => {
  document.querySelector(".notice")?.scrollIntoView({ block: "nearest" });
  document.querySelector("#main")?.focus({ preventScroll: true });
  tellSelection();
});

// The selection survives back and forward; so must what is said about it.
window.addEventListener("pageshow", tellSelection);

function move(by) {
  const all = rows();
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.querySelector(".row-title").focus();
}

const shortcuts = {
  "/": () => document.querySelector("input[name=query]")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => document.activeElement.closest(".row")?.querySelector("input[name=issue]").click(),
  e: () => [...document.querySelectorAll("button[value=resolve]")].find((button) => button.offsetParent)?.click(),
  "[": () => document.querySelector("a[rel=prev]")?.click(),
  "]": () => document.querySelector("a[rel=next]")?.click(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
  const act = shortcuts[event.key];
  if (!act || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
});
