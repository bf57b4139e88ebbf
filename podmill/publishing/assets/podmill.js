// Times in chapters and transcript move the player; without this script they open the audio at that time.
"use strict";

const player = document.querySelector("audio");
const chapters = [...document.querySelectorAll("[data-chapter]")];
const lines = [...document.querySelectorAll("[data-line]")];

function mark(elements, time, name) {
  let current = null;
  for (const element of elements) {
    if (Number(element.dataset[name]) <= time) current = element;
  }
  for (const element of elements) {
    if (element === current) element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
  }
}

if (player) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-seek]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    player.currentTime = Number(link.dataset.seek);
    player.play().catch(() => {});
  });
  player.addEventListener("timeupdate", () => {
    mark(chapters, player.currentTime + 0.05, "chapter");
    mark(lines, player.currentTime + 0.05, "line");
  });
}
