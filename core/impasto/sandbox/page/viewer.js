// The full-size viewer: one dialog for all chats. Esc closes, arrows turn pages, Enter or + shows pixels 1 : 1.

import { h, iconButton } from "./dom.js";
import { labels } from "./labels.js";

export class Viewer {
  constructor() {
    this.pictures = [];
    this.at = 0;
    this.image = h("img", { alt: "", onload: () => this.describe() });
    this.frame = h("div", { class: "frame", tabindex: 0, onclick: (event) => this.click(event) }, this.image);
    this.title = h("p", { class: "title", "aria-live": "polite" });
    this.zoomButton = iconButton("zoom", labels.zoom, { "aria-pressed": "false", onclick: () => this.zoom() });
    this.save = h("a", { class: "round", title: labels.download(""), "aria-label": labels.download("") });
    this.save.append(...iconButton("download", "").childNodes);
    this.previous = iconButton("previous", labels.previous, { class: "round side before", onclick: () => this.turn(-1) });
    this.next = iconButton("next", labels.next, { class: "round side after", onclick: () => this.turn(1) });
    this.element = h(
      "dialog",
      { class: "viewer", "aria-label": labels.picture, onkeydown: (event) => this.key(event), onclose: () => this.closed() },
      h(
        "header",
        {},
        this.title,
        this.zoomButton,
        this.save,
        iconButton("close", labels.close, { onclick: () => this.element.close() }),
      ),
      this.frame,
      this.previous,
      this.next,
    );
    document.body.append(this.element);
  }

  // `pictures` are those of the chat; `url` is the one to begin with.
  open(pictures, url) {
    this.pictures = pictures;
    this.show(Math.max(0, pictures.findIndex((picture) => picture.url === url)));
    this.element.showModal();
    this.frame.focus();
  }

  show(index) {
    this.at = index;
    const picture = this.pictures[index];
    this.zoom(false);
    this.image.src = picture.url;
    this.image.alt = picture.name;
    this.save.href = picture.url;
    this.save.download = picture.name;
    this.save.title = labels.download(picture.name);
    this.save.setAttribute("aria-label", labels.download(picture.name));
    this.previous.disabled = index === 0;
    this.next.disabled = index === this.pictures.length - 1;
    this.describe();
  }

  describe() {
    const { name } = this.pictures[this.at];
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const dimensions = width ? ` · ${width} × ${height}` : "";
    const place = this.pictures.length > 1 ? ` · ${this.at + 1} / ${this.pictures.length}` : "";
    this.title.replaceChildren(h("bdi", {}, name), dimensions + place);
  }

  turn(step) {
    const index = this.at + step;
    if (index >= 0 && index < this.pictures.length) this.show(index);
  }

  zoom(on = !this.frame.classList.contains("whole")) {
    this.frame.classList.toggle("whole", on);
    this.zoomButton.setAttribute("aria-pressed", String(on));
  }

  // A click on the picture zooms to that place; beside it, closes.
  click(event) {
    if (event.target !== this.image) {
      this.element.close();
      return;
    }
    const box = this.image.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    this.zoom();
    this.frame.scrollLeft = x * this.image.width - this.frame.clientWidth / 2;
    this.frame.scrollTop = y * this.image.height - this.frame.clientHeight / 2;
  }

  key(event) {
    const whole = this.frame.classList.contains("whole");
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 };
    if (event.key in steps && !(whole && event.key.startsWith("Arrow"))) this.turn(steps[event.key]);
    else if (event.key === "+" || event.key === "1") this.zoom(true);
    else if (event.key === "-" || event.key === "0") this.zoom(false);
    else if (event.key === "Enter" && event.target === this.frame) this.zoom();
    else return;
    event.preventDefault();
  }

  closed() {
    this.image.removeAttribute("src");
  }
}
