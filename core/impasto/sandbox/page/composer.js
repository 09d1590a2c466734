// Where a person writes: text, pictures as photos or files, the commands menu, the quoted message.

import { h, icon, iconButton } from "./dom.js";
import { labels, size } from "./labels.js";
import { summary } from "./message.js";

const MOST_FILES = 10;
const PHOTO = /^image\/(jpeg|png|webp|gif|bmp|tiff)$/;
let tally = 0;

export class Composer {
  // `send(text, files, kind, replyTo)` resolves to whether it went; `commands()` lists the bot's commands.
  constructor(name, { send, commands }) {
    this.send = send;
    this.commands = commands;
    this.files = [];
    this.urls = [];
    this.replyTo = null;
    this.choice = -1;
    this.id = `composer-${++tally}`;
    this.text = h("textarea", {
      rows: 1,
      dir: "auto",
      maxlength: 4096,
      placeholder: labels.write,
      "aria-label": labels.writeTo(name),
      "aria-controls": `${this.id}-menu`,
      oninput: () => this.typed(),
      onkeydown: (event) => this.key(event),
      onpaste: (event) => this.paste(event),
    });
    this.input = h("input", {
      type: "file",
      multiple: true,
      class: "unseen",
      tabindex: -1,
      "aria-hidden": "true",
      onchange: () => this.pick(),
    });
    this.menu = h("ul", { class: "menu", id: `${this.id}-menu`, role: "listbox", "aria-label": labels.commands, hidden: true });
    this.tray = h("div", { class: "tray", hidden: true });
    this.quote = h("div", { class: "quoting", hidden: true });
    this.menuButton = iconButton("menu", labels.commands, { class: "round menu-button", onclick: () => this.toggleMenu() });
    this.sendButton = h("button", { type: "submit", class: "round send", "aria-label": labels.send, title: labels.send }, icon("send"));
    this.element = h(
      "form",
      { class: "composer", onsubmit: (event) => this.submit(event) },
      this.menu,
      this.quote,
      this.tray,
      h(
        "div",
        { class: "line" },
        iconButton("attach", labels.attach, { onclick: () => this.input.click() }),
        this.menuButton,
        this.text,
        this.sendButton,
        this.input,
      ),
    );
    this.element.addEventListener("focusout", (event) => {
      if (!this.element.contains(event.relatedTarget)) this.closeMenu();
    });
    this.refresh();
  }

  // The commands have changed.
  refresh() {
    this.menuButton.hidden = this.commands().length === 0;
  }

  // Files

  pick() {
    this.add([...this.input.files]);
    this.input.value = "";
  }

  paste(event) {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    this.add(files);
  }

  add(files) {
    this.files = [...this.files, ...files].slice(0, MOST_FILES);
    this.showTray();
    this.text.focus();
  }

  remove(index) {
    this.files = this.files.filter((_, at) => at !== index);
    this.showTray();
    this.text.focus();
  }

  showTray() {
    this.urls.forEach((url) => URL.revokeObjectURL(url));
    const photos = this.files.filter((file) => PHOTO.test(file.type));
    const kind = this.tray.querySelector("input:checked")?.value ?? "photo";
    this.urls = [];
    const item = (file, index) => {
      let face = icon("file");
      if (PHOTO.test(file.type)) {
        this.urls.push(URL.createObjectURL(file));
        const unreadable = (event) => event.target.replaceWith(icon("file"));
        face = h("img", { src: this.urls.at(-1), alt: "", onerror: unreadable });
      }
      const remove = iconButton("close", labels.remove(file.name), { class: "round tiny", onclick: () => this.remove(index) });
      return h("li", { title: `${file.name}, ${size(file.size)}` }, face, h("bdi", {}, file.name), remove);
    };
    const option = (value, label) =>
      h("label", {}, h("input", { type: "radio", name: this.id, value, checked: value === kind }), h("span", {}, label));
    this.tray.replaceChildren(
      h("ul", {}, this.files.map(item)),
      photos.length
        ? h("div", { class: "choice", role: "radiogroup" }, option("photo", labels.asPhoto), option("document", labels.asFile))
        : "",
    );
    this.tray.hidden = this.files.length === 0;
    this.text.placeholder = this.files.length ? labels.caption : labels.write;
  }

  // Replies

  reply(message) {
    this.replyTo = message;
    this.quote.replaceChildren(
      icon("reply"),
      h("span", { dir: "auto" }, h("b", {}, `${labels.replyTo} `), summary(message)),
      iconButton("close", labels.noReply, { onclick: () => this.noReply() }),
    );
    this.quote.hidden = false;
    this.text.focus();
  }

  noReply() {
    this.replyTo = null;
    this.quote.hidden = true;
    this.text.focus();
  }

  // Text and commands

  typed() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, 160)}px`;
    if (/^\/[\w@]*$/.test(this.text.value)) this.openMenu(this.text.value.slice(1));
    else this.closeMenu();
  }

  toggleMenu() {
    if (this.menu.hidden) this.openMenu("");
    else this.closeMenu();
    this.text.focus();
  }

  openMenu(prefix) {
    const fitting = this.commands().filter(({ command }) => command.startsWith(prefix));
    this.choice = -1;
    this.menu.replaceChildren(
      ...fitting.map(({ command, description }, index) =>
        h(
          "li",
          { role: "option", id: `${this.id}-option-${index}`, "data-command": `/${command}`, onmousedown: (event) => this.clickCommand(event) },
          h("b", {}, `/${command.split("@")[0]}`),
          h("span", { dir: "auto" }, description),
        ),
      ),
    );
    this.menu.hidden = fitting.length === 0;
  }

  closeMenu() {
    this.menu.hidden = true;
    this.text.removeAttribute("aria-activedescendant");
  }

  clickCommand(event) {
    event.preventDefault();
    this.run(event.currentTarget.dataset.command);
  }

  run(command) {
    this.closeMenu();
    this.text.value = "";
    this.typed();
    this.send(command, [], "photo", null);
  }

  move(step) {
    const options = [...this.menu.children];
    this.choice = (this.choice + step + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", index === this.choice));
    options[this.choice].scrollIntoView({ block: "nearest" });
    this.text.setAttribute("aria-activedescendant", options[this.choice].id);
  }

  key(event) {
    const open = !this.menu.hidden;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : this.choice < 0 ? 0 : -1);
    } else if (open && event.key === "Escape") {
      this.closeMenu();
    } else if (event.key === "Escape" && this.replyTo) {
      this.noReply();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (open && this.choice >= 0) this.run(this.menu.children[this.choice].dataset.command);
      else this.element.requestSubmit();
    }
  }

  async submit(event) {
    event.preventDefault();
    if ((!this.text.value.trim() && this.files.length === 0) || this.element.classList.contains("sending")) return;
    this.closeMenu();
    this.element.classList.add("sending");
    const kind = this.tray.querySelector("input:checked")?.value ?? "document";
    const isPhoto = (file) => kind === "photo" && PHOTO.test(file.type);
    const photos = this.files.filter(isPhoto);
    const others = this.files.filter((file) => !isPhoto(file));
    if (photos.length === 0 || (await this.part(photos, "photo", others))) {
      if ((photos.length > 0 && others.length === 0) || (await this.part(others, "document", []))) this.noReply();
    }
    this.element.classList.remove("sending");
    this.text.focus();
  }

  // Sends `files`, with the text where it has not gone yet, and keeps `rest` in the tray; nothing is lost if it fails.
  async part(files, kind, rest) {
    if (!(await this.send(this.text.value.trim(), files, kind, this.replyTo?.message_id ?? null))) return false;
    this.text.value = "";
    this.files = rest;
    this.showTray();
    this.typed();
    return true;
  }
}
