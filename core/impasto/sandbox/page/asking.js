// The dialogs that ask for somebody new, and for a new group.

import { avatar, h } from "./dom.js";
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
  const fields = [h("label", {}, labels.name, name), h("label", {}, labels.language, language)];
  return asked(labels.addPerson, fields, name, () => ({ name: name.value, language: language.value }));
}

// Resolves to {title, members}, or null. `people` are those who can be in it, `ownerId` the one who is not by default;
// `turn` chooses the title suggested.
export function askForGroup(people, ownerId, turn) {
  const suggested = labels.groupTitles[turn % labels.groupTitles.length];
  const title = h("input", { required: true, maxlength: 128, value: suggested, dir: "auto", autocomplete: "off" });
  const box = (user) => h("input", { type: "checkbox", value: user.id, checked: user.id !== ownerId });
  const boxes = people.map(box);
  const check = () => boxes[0].setCustomValidity(boxes.some(({ checked }) => checked) ? "" : labels.groupMembers);
  for (const one of boxes) one.addEventListener("change", check);
  const member = (user, index) => h("label", { class: "member" }, boxes[index], avatar(user), h("bdi", {}, user.name));
  const fields = [
    h("label", {}, labels.groupTitle, title),
    h("fieldset", {}, h("legend", {}, labels.groupMembers), people.map(member)),
  ];
  const members = () => boxes.filter(({ checked }) => checked).map(({ value }) => Number(value));
  return asked(labels.addGroup, fields, title, () => ({ title: title.value, members: members() }));
}

function asked(heading, fields, first, read) {
  const dialog = h(
    "dialog",
    { class: "ask", "aria-label": heading },
    h(
      "form",
      { method: "dialog" },
      h("h2", {}, heading),
      fields,
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
  first.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "add" ? read() : null);
    });
  });
}
