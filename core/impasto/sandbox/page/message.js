// One bubble: a message, or the messages of one album. Pure drawing; what happens on a click is handed in.

import { h, hue, icon, iconButton } from "./dom.js";
import { link, rich } from "./entities.js";
import { labels, size, time } from "./labels.js";
import { fileUrl } from "./server.js";

const THUMB_SIDE = 800;
const BOX = { width: 320, height: 360, least: 240 };

// What the viewer can show of a message: the address of the picture in full size, its name and its size.
export function picturesOf(message) {
  if (message.photo) {
    const best = message.photo.at(-1);
    return [{ url: fileUrl(best.file_id), name: "photo.jpg", width: best.width, height: best.height }];
  }
  if (message.document?.mime_type?.startsWith("image/") && message.document.thumbnail) {
    return [{ url: fileUrl(message.document.file_id), name: message.document.file_name ?? "" }];
  }
  return [];
}

export function summary(message) {
  const text = message.text ?? message.caption;
  if (text) return text;
  if (message.photo) return labels.photo;
  if (message.document) return message.document.file_name ?? labels.asFile;
  if (message.voice || message.audio) return message.audio?.title ?? labels.voice;
  if (message.sticker) return message.sticker.emoji ?? labels.sticker;
  return other(message) ?? service(message) ?? labels.film;
}

// What is neither words nor a file, in a few words.
function other({ venue, location, contact, poll, dice }) {
  if (venue) return `📍 ${venue.title}, ${venue.address}`;
  if (location) return `📍 ${labels.place}: ${location.latitude}, ${location.longitude}`;
  if (contact) return `👤 ${contact.first_name}, ${contact.phone_number}`;
  if (poll) return `📊 ${poll.question}`;
  return dice ? `${dice.emoji} ${dice.value}` : null;
}

function service({ from, new_chat_members: added, left_chat_member: gone }) {
  if (added) return labels.added(from.first_name, added.map((user) => user.first_name).join(", "));
  return gone ? labels.tookOut(from.first_name, gone.first_name) : null;
}

function widthOf({ photo }) {
  const { width, height } = photo.at(-1);
  return Math.max(BOX.least, Math.round(Math.min(BOX.width, (width * BOX.height) / height)));
}

function photo(message, actions, alone) {
  const shown = message.photo.find((copy) => Math.max(copy.width, copy.height) >= THUMB_SIDE) ?? message.photo.at(-1);
  const image = h("img", {
    src: fileUrl(shown.file_id),
    alt: message.caption ?? labels.photo,
    width: shown.width,
    height: shown.height,
    decoding: "async",
  });
  const open = () => actions.view(message);
  const frame = h("button", { type: "button", class: "picture", "aria-label": labels.openPhoto, onclick: open }, image);
  if (alone) {
    const width = widthOf(message);
    frame.style.aspectRatio = `${width} / ${Math.min(BOX.height, (shown.height * width) / shown.width)}`;
  }
  return frame;
}

function document(message, actions) {
  const { document: file } = message;
  const name = file.file_name ?? labels.asFile;
  const thumb = file.thumbnail && picturesOf(message).length
    ? h(
        "button",
        { type: "button", class: "thumb", "aria-label": labels.openPhoto, onclick: () => actions.view(message) },
        h("img", { src: fileUrl(file.thumbnail.file_id), alt: "" }),
      )
    : h("span", { class: "thumb blank" }, icon("file"));
  return h(
    "div",
    { class: "file" },
    thumb,
    h(
      "a",
      { class: "file-name", href: fileUrl(file.file_id), download: name, "aria-label": labels.download(name) },
      h("bdi", {}, name),
      h("small", {}, icon("download"), size(file.file_size)),
    ),
  );
}

function media(message, actions, alone) {
  if (message.photo) return photo(message, actions, alone);
  if (message.document) return document(message, actions);
  if (message.sticker) return sticker(message.sticker);
  const sound = message.voice ?? message.audio;
  if (sound) return h("audio", { controls: true, src: fileUrl(sound.file_id), "aria-label": labels.voice });
  const film = message.video ?? message.animation ?? message.video_note;
  return film ? h("video", { controls: true, src: fileUrl(film.file_id), "aria-label": labels.film }) : null;
}

function sticker({ file_id: id, is_animated: animated, is_video: video }) {
  if (animated) return h("p", { class: "sticker unmoved" }, labels.sticker);
  const look = { class: "sticker", src: fileUrl(id) };
  return video ? h("video", { ...look, autoplay: true, loop: true, muted: true }) : h("img", { ...look, alt: labels.sticker });
}

function quoted(message) {
  const original = message.reply_to_message;
  if (!original) return null;
  const thumb = original.photo ? h("img", { src: fileUrl(original.photo[0].file_id), alt: "" }) : null;
  return h("div", { class: "quote" }, thumb, h("span", { dir: "auto" }, summary(original)));
}

function heading(message, author) {
  const { forward_origin: origin } = message;
  return [
    author ? h("p", { class: `author ${hue(author.id)}`, dir: "auto" }, author.first_name) : null,
    origin ? h("p", { class: "forwarded", dir: "auto" }, icon("reply"), labels.forwarded(origin.sender_user.first_name)) : null,
  ];
}

function button(message, spec, actions) {
  if (spec.url) {
    return link(spec.url, spec.text, actions.follow, { class: "key", dir: "auto" });
  }
  const pressed = () => actions.press(message, spec.callback_data);
  return h(
    "button",
    {
      type: "button",
      class: spec.style ? `key ${spec.style}` : "key",
      dir: "auto",
      "data-key": `${message.message_id} ${spec.callback_data}`,
      "aria-busy": actions.isPending(message, spec.callback_data) || null,
      onclick: pressed,
    },
    spec.text,
  );
}

function keyboard(message, actions) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  const row = (specs) => h("div", { class: "keys-row" }, specs.map((spec) => button(message, spec, actions)));
  return h("div", { class: "keys" }, rows.map(row));
}

function footer(message) {
  const reactions = (message.reaction ?? []).map((one) => h("span", { class: "reaction" }, one.emoji));
  const edited = message.edit_date && !message.reply_markup ? `${labels.edited} ` : "";
  return h("span", { class: "when" }, reactions, h("time", { dir: "auto" }, edited + time(message.edit_date ?? message.date)));
}

// `messages` are one message, or all of one album in order.
export function bubble(messages, actions) {
  const [first] = messages;
  const told = service(first);
  if (told) return h("article", { class: "told", dir: "auto", "data-id": first.message_id }, told);
  const last = messages.at(-1);
  const captioned = messages.find((message) => message.text || message.caption) ?? first;
  const text = captioned.text ?? captioned.caption ?? other(first);
  const entities = captioned.entities ?? captioned.caption_entities;
  const parts = messages.map((message) => media(message, actions, messages.length === 1));
  const pictures = first.photo !== undefined;
  const kind = [
    "message",
    actions.isMine(first) ? "mine" : "theirs",
    pictures ? "pictured" : "",
    text ? "worded" : "wordless",
    first.sticker ? "bare" : "",
  ];
  const inside = messages.length > 1
    ? h("div", { class: `album ${pictures ? `grid of-${Math.min(messages.length, 10)}` : "list"}` }, parts)
    : parts;
  const words = text ? h("div", { class: "words", dir: "auto" }, rich(text, entities, actions), footer(last)) : null;
  const article = h(
    "article",
    { class: kind.join(" "), "data-id": first.message_id },
    h(
      "div",
      { class: "bubble" },
      heading(first, actions.authorOf(first)),
      quoted(first),
      captioned.show_caption_above_media ? [words, inside] : [inside, words],
      words ? null : footer(last),
      iconButton("reply", labels.reply, { class: "round reply", onclick: () => actions.reply(first) }),
    ),
    keyboard(last, actions),
  );
  if (pictures) article.style.width = `${(messages.length > 1 ? BOX.width : widthOf(first)) + 8}px`;
  return article;
}
