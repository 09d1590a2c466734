// One chat, private or a group: what it shows, and what the person who speaks does there.

import { Composer } from "./composer.js";
import { avatar, h, iconButton } from "./dom.js";
import { labels } from "./labels.js";
import { bubble, picturesOf } from "./message.js";
import * as server from "./server.js";

const TOAST_SECONDS = 4;
const ACTION_SECONDS = 5;
const NEAR_BOTTOM = 120;

export class Column {
  // `chat` is one of places.js; `follow(column, url)` says whether it takes a link over; `speak(chat, user)` lets
  // another member of a group speak.
  constructor(chat, { viewer, follow, speak }) {
    this.chat = chat;
    this.viewer = viewer;
    this.follow = follow;
    this.speak = speak;
    this.messages = new Map();
    this.pending = new Set();
    this.actionTimer = 0;
    this.toastTimer = 0;
    this.dragged = 0;
    this.atBottom = true;
    this.subtitle = h("p", { class: "subtitle", dir: "auto" });
    this.blockButton = iconButton("block", chat.leave, { onclick: () => this.toggleBot() });
    this.log = h("div", { class: "log", role: "log", "aria-live": "off", tabindex: 0, "aria-label": chat.name });
    this.toast = h("p", { class: "toast", role: "status", dir: "auto", hidden: true });
    this.keys = h("div", { class: "reply-keys", hidden: true });
    this.voices = h("fieldset", { class: "voices", hidden: !chat.group });
    this.composer = new Composer(chat.name, {
      send: (text, files, kind, replyTo) => this.send(text, files, kind, replyTo),
      commands: () => this.chat.commands,
    });
    this.barred = h(
      "div",
      { class: "barred", hidden: true },
      h("p", {}, chat.group ? labels.removed : labels.blocked),
      h("button", { type: "button", class: "primary", onclick: () => this.toggleBot() }, chat.enter),
    );
    this.element = h(
      "section",
      {
        class: "column",
        "aria-label": chat.name,
        ...chat.attributes,
        ondragenter: (event) => this.drag(event, 1),
        ondragleave: (event) => this.drag(event, -1),
        ondragover: (event) => event.preventDefault(),
        ondrop: (event) => this.drop(event),
      },
      h("header", {}, avatar(chat), h("div", { class: "who" }, h("h2", { dir: "auto" }, chat.name), this.subtitle), this.blockButton),
      this.log,
      this.toast,
      this.keys,
      this.voices,
      this.composer.element,
      this.barred,
      h("div", { class: "drop-here", "aria-hidden": "true" }, labels.drop),
    );
    this.log.addEventListener("scroll", () => (this.atBottom = this.isAtBottom()));
    new ResizeObserver(() => this.atBottom && this.toBottom()).observe(this.log);
    this.update(chat);
  }

  // What is known of the chat has changed, or somebody else speaks.
  update(chat) {
    const another = chat.speaker.id !== this.chat.speaker.id;
    const barred = Boolean(chat.barred);
    this.chat = chat;
    if (!this.subtitle.classList.contains("busy")) this.calm();
    this.composer.refresh();
    this.composer.element.hidden = barred;
    this.voices.hidden = barred || !chat.group;
    this.barred.hidden = !barred;
    this.blockButton.setAttribute("aria-pressed", String(barred));
    this.blockButton.title = barred ? chat.enter : chat.leave;
    this.drawVoices();
    if (another) this.show([...this.messages.values()]);
    else this.introduce();
  }

  drawVoices() {
    const voice = (user) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: `voice-${this.chat.id}`,
          checked: user.id === this.chat.speaker.id,
          onchange: () => this.speak(this.chat, user),
        }),
        h("span", { dir: "auto" }, avatar(user), user.name),
      );
    const focused = this.voices.contains(document.activeElement);
    this.voices.replaceChildren(h("legend", {}, labels.speakAs), ...this.chat.speakers.map(voice));
    if (focused) this.voices.querySelector(":checked").focus();
  }

  isMine(message) {
    return message.from.id === this.chat.speaker.id;
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
    if (near || this.isMine(message)) this.toBottom();
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
      follow: (url) => this.follow(this, url),
      isMine: (shown) => this.isMine(shown),
      authorOf: (shown) => this.chat.authorOf(shown),
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
      h("h3", { dir: "auto" }, this.chat.speaker.bot_name),
      h("p", { class: "question" }, labels.whatCan),
      h("p", { dir: "auto" }, this.chat.described || labels.nothingSaid),
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
    this.subtitle.textContent = `${this.chat.speaker.bot_name} ${labels.busy[action] ?? labels.busyElse}`;
    this.subtitle.classList.add("busy");
    clearTimeout(this.actionTimer);
    this.actionTimer = setTimeout(() => this.calm(), ACTION_SECONDS * 1000);
  }

  calm() {
    clearTimeout(this.actionTimer);
    this.subtitle.textContent = this.chat.subtitle;
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
      if (files.length === 0) await server.sendText(this.chat.where, text, replyTo);
      else await this.sendFiles(text, files, kind, replyTo);
      return true;
    } catch (error) {
      this.notice(error.message);
      return false;
    }
  }

  async sendFiles(text, files, kind, replyTo) {
    try {
      await server.sendFiles(this.chat.where, kind, files, text, replyTo);
    } catch (error) {
      if (kind !== "photo" || !/PHOTO_|IMAGE_/.test(error.message)) throw error;
      await server.sendFiles(this.chat.where, "document", files, text, replyTo);
      this.notice(labels.sentAsFile);
    }
  }

  async press(message, data) {
    const key = `${message.message_id} ${data}`;
    if (this.pending.has(key)) return;
    this.pending.add(key);
    this.redraw(message);
    try {
      const answer = await server.press(this.chat.where, message.message_id, data);
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

  async toggleBot() {
    const { group, id, speaker, barred } = this.chat;
    if (group) await server.admit(id, speaker.id, Boolean(barred));
    else await server.block(id, !barred);
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
    if (!this.chat.barred) this.composer.add([...event.dataTransfer.files]);
  }
}
