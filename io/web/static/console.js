// Comforts only; every page works without this file. It copies values, opens confirmations in a dialog, closes open
// menus, keeps relative times true, and shows exact times in the reader's own zone.
"use strict";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function amount(seconds) {
  const [count, unit] =
    seconds < HOUR ? [seconds / MINUTE, "minute"] : seconds < DAY ? [seconds / HOUR, "hour"] : [seconds / DAY, "day"];
  const whole = Math.floor(count);
  return whole === 1 ? `1 ${unit}` : `${whole} ${unit}s`;
}

// What lies ahead is rounded, as the server does it.
function amountAhead(seconds) {
  const unit = seconds < HOUR ? MINUTE : seconds < DAY ? HOUR : DAY;
  return amount(seconds + unit / 2);
}

function refreshTimes() {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const at = new Date(element.dateTime);
    const ago = (Date.now() - at.getTime()) / 1000;
    if (Number.isNaN(ago) || Math.abs(ago) >= 30 * DAY) continue;
    if (ago >= MINUTE) element.textContent = `${amount(ago)} ago`;
    else if (ago <= -MINUTE) element.textContent = `in ${amountAhead(-ago)}`;
    else element.textContent = "just now";
  }
}

function addLocalTimes() {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "medium" });
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const at = new Date(element.dateTime);
    if (!Number.isNaN(at.getTime())) element.title += `\n${format.format(at)} (your time)`;
  }
}

function offerCopying(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("button[data-copy]")) button.hidden = false;
}

async function copy(button) {
  const input = button.closest(".copy").querySelector("input, textarea");
  const word = button.textContent;
  try {
    await navigator.clipboard.writeText(input.value);
    button.textContent = "Copied";
  } catch {
    input.select();
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => { button.textContent = word; }, 1500);
}

async function openConfirmation(link) {
  const answer = await fetch(link.href, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!answer.ok) throw new Error("not a confirmation");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const content = page.querySelector(".confirmation");
  if (!content) throw new Error("not a confirmation");
  const menu = link.closest("details.menu");
  if (menu) menu.open = false;
  const dialog = document.createElement("dialog");
  dialog.append(document.adoptNode(content));
  const heading = dialog.querySelector("h1");
  if (heading) dialog.setAttribute("aria-label", heading.textContent);
  for (const cancel of dialog.querySelectorAll("a[data-cancel]")) {
    cancel.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.close();
    });
  }
  dialog.addEventListener("close", () => {
    dialog.remove();
    (menu ? menu.querySelector("summary") : link).focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (button) {
    copy(button);
    return;
  }
  for (const menu of document.querySelectorAll("details.menu[open], details.switcher[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const link = event.target.closest("a[data-confirm]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    openConfirmation(link).catch(() => { location.href = link.href; });
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open], details.switcher[open], details.drawer[open]")) {
    menu.open = false;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  }
});

offerCopying(document);
addLocalTimes();
refreshTimes();
setInterval(refreshTimes, MINUTE * 1000);
