// A text with its entities as elements. Offsets are UTF-16 units, which are JavaScript's own.

import { h } from "./dom.js";

const PLAIN = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

const SAFE = new Set(["http:", "https:", "mailto:", "tg:"]);

// A link; `onLink` may take it over, as it does with links to the bot, by returning true.
export function link(address, children, onLink, attributes = {}) {
  const parsed = URL.canParse(address) ? new URL(address) : null;
  if (!parsed || !SAFE.has(parsed.protocol)) return h("span", {}, children);
  const onclick = (event) => onLink(parsed) && event.preventDefault();
  return h("a", { href: parsed.href, target: "_blank", rel: "noopener noreferrer", onclick, ...attributes }, children);
}

function element(entity, text, children, { say, follow }) {
  if (entity.type in PLAIN) return h(PLAIN[entity.type], { dir: "auto" }, children);
  if (entity.type === "text_link") return link(entity.url, children, follow);
  if (entity.type === "url") return link(text, children, follow);
  if (entity.type === "bot_command") {
    return h("button", { type: "button", class: "command", onclick: () => say(text) }, children);
  }
  if (entity.type === "spoiler") {
    const reveal = (event) => event.currentTarget.classList.add("shown");
    return h("button", { type: "button", class: "spoiler", onclick: reveal }, children);
  }
  return h("span", { class: `entity-${entity.type}` }, children);
}

// `actions` has `say(command)` and `follow(url)`.
export function rich(text, entities, actions) {
  const between = (from, to, inside) => {
    const nodes = [];
    let at = from;
    while (inside.length) {
      const [first, ...rest] = inside;
      const begin = Math.max(first.offset, at);
      const end = Math.min(first.offset + first.length, to);
      inside = rest.filter((entity) => entity.offset >= end);
      if (begin >= end) continue;
      if (begin > at) nodes.push(text.slice(at, begin));
      const nested = rest.filter((entity) => entity.offset < end);
      nodes.push(element(first, text.slice(begin, end), between(begin, end, nested), actions));
      at = end;
    }
    if (at < to) nodes.push(text.slice(at, to));
    return nodes;
  };
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return between(0, text.length, sorted);
}
