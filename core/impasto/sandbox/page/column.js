// One person's chat with the bot: what it shows, and what the person does there.

import { Composer } from "./composer.js";
import { avatar, h, iconButton } from "./dom.js";
import { labels, languageName } from "./labels.js";
import { bubble, picturesOf } from "./message.js";
import * as server from "./server.js";

const TOAST_SECONDS = 4;
const ACTION_SECONDS = 5;
const NEAR_BOTTOM = 120;

export class Column {
  constructor(user, { owner, viewer }) {
    this.user = user;
    this.viewer = viewer;
    this.owner = owner;
    this.messages = new Map();
    this.pending = new Set();
    this.actionTimer = 0;
    this.toastTimer = 0;
    this.dragged = 0;
    this.atBottom = true;
    this.subtitle = h("p", { class: "subtitle", dir: "auto" });
    this.blockButton = iconButton("block", labels.block, { onclick: () => this.toggleBlock() });
    this.log = h("div", { class: "log", role: "log", "aria-live": "off", tabindex: 0, "aria-label": user.name });
    this.toast = h("p", { class: "toast", role: "status", dir: "auto", hidden: true });
    this.keys = h("div", { class: "reply-keys", hidden: true });
    this.composer = new Composer(user.name, {
      send: (text, files, kind, replyTo) => this.send(text, files, kind, replyTo),
      commands: () => this.user.commands,
    });
    this.barred = h(
      "div",
      { class: "barred", hidden: true },
      h("p", {}, labels.blocked),
      h("button", { type: "button", class: "primary", onclick: () => this.toggleBlock() }, labels.unblock),
    );
    this.element = h(
      "section",
      {
        class: "column",
        "aria-label": user.name,
        "data-user": user.id,
        ondragenter: (event) => this.drag(event, 1),
        ondragleave: (event) => this.drag(event, -1),
        ondragover: (event) => event.preventDefault(),
        ondrop: (event) => this.drop(event),
      },
      h("header", {}, avatar(user), h("div", { class: "who" }, h("h2", { dir: "auto" }, user.name), this.subtitle), this.blockButton),
      this.log,
      this.toast,
      this.keys,
      this.composer.element,
      this.barred,
      h("div", { class: "drop-here", "aria-hidden": "true" }, labels.drop),
    );
    this.log.addEventListener("scroll", () => (this.atBottom = this.isAtBottom()));
    new ResizeObserver(() => this.atBottom && this.toBottom()).observe(this.log);
    this.update(user);
  }

  // What is known of the person has changed.
  update(user) {
    this.user = user;
    this.calm();
    this.composer.refresh();
    this.composer.element.hidden = user.blocked;
    this.barred.hidden = !user.blocked;
    this.blockButton.setAttribute("aria-pressed", String(user.blocked));
    this.blockButton.title = user.blocked ? labels.unblock : labels.block;
    this.introduce();
  }

  // Messages

  show(messages) {
    this.messages.clear();
    this.log.replaceChildren();
    for (const message of messages) this.put(message);
    this.introduce();
    this.toBottom();
  }

  put(message) {
    const near = this.isAtBottom();
    this.messages.set(message.message_id, message);
    if (message.from.is_bot) this.calm();
    this.draw(message);
    this.introduce();
    this.showKeys();
    if (near || !message.from.is_bot) this.toBottom();
  }

  take(messageId) {
    const message = this.messages.get(messageId);
    this.messages.delete(messageId);
    if (!message) return;
    const rest = this.album(message);
    if (rest.length) this.draw(rest[0]);
    else this.drawn(message)?.remove();
    this.introduce();
  }

  album(message) {
    const group = message.media_group_id;
    if (!group) return this.messages.has(message.message_id) ? [message] : [];
    return [...this.messages.values()].filter((other) => other.media_group_id === group);
  }

  drawn(message) {
    const key = message.media_group_id ?? message.message_id;
    return this.log.querySelector(`[data-block="${key}"]`);
  }

  // Draws anew in place; a button that had the focus keeps it.
  draw(message) {
    const old = this.drawn(message);
    const focused = old?.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    const element = bubble(this.album(message), {
      view: (shown) => this.view(shown),
      press: (pressed, data) => this.press(pressed, data),
      isPending: (pressed, data) => this.pending.has(`${pressed.message_id} ${data}`),
      reply: (original) => this.composer.reply(original),
      say: (command) => this.send(command, [], "photo", null),
    });
    element.dataset.block = message.media_group_id ?? message.message_id;
    if (old) old.replaceWith(element);
    else this.log.append(element);
    if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    for (const image of element.querySelectorAll("img")) {
      image.addEventListener("error", () => image.classList.add("lost"), { once: true });
    }
  }

  introduce() {
    const card = this.log.querySelector(".intro");
    if (this.messages.size > 0) {
      card?.remove();
      return;
    }
    const intro = h(
      "div",
      { class: "intro" },
      h("h3", { dir: "auto" }, this.user.bot_name),
      h("p", { class: "question" }, labels.whatCan),
      h("p", { dir: "auto" }, this.user.description || labels.nothingSaid),
      h("button", { type: "button", class: "primary", onclick: () => this.send("/start", [], "photo", null) }, labels.start),
    );
    if (card) card.replaceWith(intro);
    else this.log.append(intro);
  }

  isAtBottom() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_BOTTOM;
  }

  toBottom() {
    this.log.scrollTop = this.log.scrollHeight;
    this.atBottom = true;
  }

  view(message) {
    const pictures = [...this.messages.values()].flatMap(picturesOf);
    this.viewer.open(pictures, picturesOf(message)[0].url);
  }

  // What the bot does

  act(action) {
    this.subtitle.textContent = `${this.user.bot_name} ${labels.busy[action] ?? labels.busyElse}`;
    this.subtitle.classList.add("busy");
    clearTimeout(this.actionTimer);
    this.actionTimer = setTimeout(() => this.calm(), ACTION_SECONDS * 1000);
  }

  calm() {
    clearTimeout(this.actionTimer);
    const about = [languageName(this.user.language_code), this.owner ? labels.owner : null];
    this.subtitle.textContent = about.filter(Boolean).join(" · ");
    this.subtitle.classList.remove("busy");
  }

  showKeys() {
    const marked = [...this.messages.values()].reverse().find((message) => {
      const markup = message.reply_markup;
      return message.from.is_bot && markup && !markup.inline_keyboard;
    });
    const rows = marked?.reply_markup.keyboard ?? [];
    const label = (key) => (typeof key === "string" ? key : key.text);
    const key = (spec) =>
      h("button", { type: "button", class: "key", dir: "auto", onclick: () => this.send(label(spec), [], "photo", null) }, label(spec));
    this.keys.replaceChildren(...rows.map((row) => h("div", { class: "keys-row" }, row.map(key))));
    this.keys.hidden = rows.length === 0;
  }

  notice(text) {
    this.toast.textContent = text;
    this.toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (this.toast.hidden = true), TOAST_SECONDS * 1000);
  }

  alert(text) {
    const dialog = h(
      "dialog",
      { class: "alert", onclose: () => dialog.remove() },
      h("p", { dir: "auto" }, text),
      h("form", { method: "dialog" }, h("button", { class: "primary" }, labels.ok)),
    );
    document.body.append(dialog);
    dialog.showModal();
  }

  // What the person does

  async send(text, files, kind, replyTo) {
    try {
      if (files.length === 0) await server.sendText(this.user.id, text, replyTo);
      else await this.sendFiles(text, files, kind, replyTo);
      return true;
    } catch (error) {
      this.notice(error.message);
      return false;
    }
  }

  async sendFiles(text, files, kind, replyTo) {
    try {
      await server.sendFiles(this.user.id, kind, files, text, replyTo);
    } catch (error) {
      if (kind !== "photo" || !/PHOTO_|IMAGE_/.test(error.message)) throw error;
      await server.sendFiles(this.user.id, "document", files, text, replyTo);
      this.notice(labels.sentAsFile);
    }
  }

  async press(message, data) {
    const key = `${message.message_id} ${data}`;
    if (this.pending.has(key)) return;
    this.pending.add(key);
    this.redraw(message);
    try {
      const answer = await server.press(this.user.id, message.message_id, data);
      if (!answer.answered) this.notice(labels.unanswered);
      else if (answer.text && answer.show_alert) this.alert(answer.text);
      else if (answer.text) this.notice(answer.text);
    } catch (error) {
      this.notice(error.message);
    } finally {
      this.pending.delete(key);
      this.redraw(message);
    }
  }

  redraw(message) {
    const now = this.messages.get(message.message_id);
    if (now) this.draw(now);
  }

  async toggleBlock() {
    await server.block(this.user.id, !this.user.blocked);
  }

  drag(event, step) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.dragged = Math.max(0, this.dragged + step);
    this.element.classList.toggle("dropping", this.dragged > 0);
  }

  drop(event) {
    event.preventDefault();
    this.dragged = 0;
    this.element.classList.remove("dropping");
    if (!this.user.blocked) this.composer.add([...event.dataTransfer.files]);
  }
}
