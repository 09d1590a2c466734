// The dialog that asks for somebody new: a name and a language.

import { h } from "./dom.js";
import { labels, languageName } from "./labels.js";

const NAMES = new Map([
  ["en", "Grace"],
  ["ru", "Зоя"],
  ["uk", "Оксана"],
  ["es", "Lucía"],
  ["de", "Käthe"],
  ["fr", "Berthe"],
  ["pt-br", "Tarsila"],
  ["zh-hans", "小明"],
  ["ar", "ليلى"],
]);

// Resolves to {name, language}, or null. `turn` chooses what is suggested.
export function askForPerson(turn) {
  const [suggested, suggestedName] = [...NAMES][Math.max(0, turn) % NAMES.size];
  const name = h("input", { required: true, maxlength: 64, value: suggestedName, dir: "auto", autocomplete: "off" });
  const option = (code) => h("option", { value: code, selected: code === suggested }, languageName(code));
  const language = h("select", {}, [...NAMES.keys()].map(option));
  language.addEventListener("change", () => {
    if ([...NAMES.values()].includes(name.value)) name.value = NAMES.get(language.value);
  });
  const dialog = h(
    "dialog",
    { class: "ask", "aria-label": labels.addPerson },
    h(
      "form",
      { method: "dialog" },
      h("h2", {}, labels.addPerson),
      h("label", {}, labels.name, name),
      h("label", {}, labels.language, language),
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onclick: () => dialog.close() }, labels.cancel),
        h("button", { class: "primary", value: "add" }, labels.add),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  name.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "add" ? { name: name.value, language: language.value } : null);
    });
  });
}
