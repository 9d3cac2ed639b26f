// Shows the copy buttons, which do nothing without a script, and lets them copy.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = button.previousElementSibling;
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
    } catch {
      // The browser forbids it; the value is selected, so the keyboard can copy it.
      button.textContent = "Selected";
    }
  });
}
