// Elements without innerHTML: nothing that anybody writes in a chat is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  attach: "M16.5 6.5v9a4.5 4.5 0 0 1-9 0v-10a3 3 0 0 1 6 0v9.5a1.5 1.5 0 0 1-3 0v-8.5",
  send: "M4 12l16-8-5 17-4-7-7-2z",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  reply: "M10 8V4l-7 7 7 7v-4c5 0 8 1.5 11 5-1-7-4-11-11-11z",
  block: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.7 5.7l12.6 12.6",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  zoom: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21M10.5 8v5M8 10.5h5",
  menu: "M5 7h14M5 12h14M5 17h9",
  group: "M9 5a3.2 3.2 0 1 0 0 6.4A3.2 3.2 0 0 0 9 5zM3 19c0-3.3 2.7-5.3 6-5.3s6 2 6 5.3M15.5 5.4a3 3 0 0 1 0 5.6M17.5 14c2.2.7 3.5 2.4 3.5 5",
};

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, attributes = {}) {
  return h("button", { type: "button", class: "round", "aria-label": label, title: label, ...attributes }, icon(name));
}

export const hue = (id) => `hue-${Math.abs(id) % 6}`;

// Of a person their initial, of a group its sign.
export function avatar({ id, name, group }) {
  const face = group ? icon("group") : ([...name][0]?.toLocaleUpperCase() ?? "?");
  return h("span", { class: `avatar ${hue(id)}`, "aria-hidden": "true" }, face);
}
