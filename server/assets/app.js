// What pages do more with a script than without: copy buttons, "select all", taking a double click for
// one, and forgetting a secret as soon as its page is left. Everything else works without this file.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  const label = [...button.childNodes];
  let back;
  button.addEventListener("click", async () => {
    clearTimeout(back);
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Press Ctrl+C";
    }
    back = setTimeout(() => button.replaceChildren(...label), 2000);
  });
}

for (const all of document.querySelectorAll("input[data-selects]")) {
  const boxes = document.querySelectorAll(`input[name="${all.dataset.selects}"]`);
  all.hidden = false;
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
}

// A form that is sent twice by a double click would do its work twice.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// A browser may keep a whole page in memory for its back button, whatever its headers say.
if (document.querySelector("[data-secret]")) {
  addEventListener("pagehide", () => {
    document.querySelectorAll("[data-secret]").forEach((element) => element.remove());
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.replace(location.href); });
}
