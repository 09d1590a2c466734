// The page: people and groups at the top, their chats side by side (one at a time on a phone), kept up to date by
// events.

import { askForGroup, askForPerson } from "./asking.js";
import { Column } from "./column.js";
import { avatar, h, icon } from "./dom.js";
import { labels } from "./labels.js";
import { summary } from "./message.js";
import { GroupChat, PrivateChat } from "./places.js";
import * as server from "./server.js";
import { Viewer } from "./viewer.js";

const people = document.getElementById("people");
const columns = document.getElementById("columns");
const offline = document.getElementById("offline");
const announcer = document.getElementById("announcer");
const phone = matchMedia("(max-width: 760px)");
const viewer = new Viewer();
const chats = new Map();
const users = new Map();
const groups = new Map();
const speakers = new Map();
const sideBySide = new Set();
let onPhone = 0;
let ownerId = 0;
let bot = null;

// Which chats are shown: on a desktop any number, at first all but the owner's; on a phone exactly one.

function isShown(id) {
  return phone.matches ? id === onPhone : sideBySide.has(id);
}

function choose(id) {
  onPhone = id;
  if (phone.matches || !sideBySide.delete(id)) sideBySide.add(id);
  arrange();
}

function reveal(id) {
  onPhone = id;
  sideBySide.add(id);
  arrange();
  chats.get(id).column.element.scrollIntoView({ inline: "nearest", block: "nearest" });
}

function arrange() {
  for (const [id, chat] of chats) {
    const { element } = chat.column;
    const appears = element.hidden && isShown(id);
    element.hidden = !isShown(id);
    if (appears) chat.column.toBottom();
    if (isShown(id) && !document.hidden) chat.unread = 0;
    drawTab(chat);
  }
  const current = chats.get(onPhone);
  if (phone.matches) current?.tab.scrollIntoView({ inline: "nearest", block: "nearest" });
}

function drawTab({ column: { chat }, tab, unread }) {
  const badge = unread ? h("span", { class: "badge", "aria-label": labels.unread(unread) }, String(unread)) : "";
  tab.setAttribute("aria-pressed", String(isShown(chat.id)));
  tab.replaceChildren(avatar(chat), h("span", { dir: "auto" }, chat.name), badge);
}

// Keeping up to date

function place(id) {
  if (users.has(id)) return new PrivateChat(users.get(id), { owner: id === ownerId });
  return new GroupChat(groups.get(id), { users, bot, speakerId: speakers.get(id) });
}

function addChat(id, messages) {
  const column = new Column(place(id), { viewer, follow, speak });
  const tab = h("button", { type: "button", class: "tab", onclick: () => choose(id) });
  chats.set(id, { column, tab, unread: 0 });
  if (id !== ownerId) {
    sideBySide.add(id);
    onPhone ||= id;
  }
  const owner = chats.get(ownerId); // stays the last
  columns.insertBefore(column.element, id === ownerId ? null : (owner?.column.element ?? null));
  people.insertBefore(tab, id === ownerId ? addButton : (owner?.tab ?? addButton));
  column.show(messages);
}

function note(someUsers, someGroups) {
  for (const user of someUsers) users.set(user.id, user);
  for (const group of someGroups) groups.set(group.id, group);
}

async function load() {
  const state = await server.state();
  ownerId = state.owner_id;
  bot = state.bot;
  for (const known of [chats, users, groups]) known.clear();
  columns.replaceChildren();
  people.replaceChildren(addButton, addGroupButton);
  note(state.users, state.groups);
  for (const id of [...users.keys(), ...groups.keys()]) addChat(id, state.messages[id]);
  arrange();
  return state.last;
}

async function refresh() {
  note(await server.users(), await server.groups());
  for (const id of [...users.keys(), ...groups.keys()]) {
    if (chats.has(id)) chats.get(id).column.update(place(id));
    else addChat(id, await server.messages(place(id).where));
  }
  arrange();
}

async function heard(event) {
  const chat = chats.get(event.chat);
  switch (event.type) {
    case "message":
      chat?.column.put(event.message);
      if (chat && event.message.from.is_bot) arrived(chat, event.message);
      break;
    case "edited":
    case "reaction":
      chat?.column.put(event.message);
      break;
    case "deleted":
      chat?.column.take(event.message_id);
      break;
    case "action":
      chat?.column.act(event.action);
      break;
    case "user":
    case "group":
    case "profile":
      await refresh();
      break;
    case "reset":
      await load();
      break;
  }
}

function arrived(entry, message) {
  const { chat } = entry.column;
  announcer.textContent = `${chat.speaker.bot_name}, ${chat.name}: ${summary(message)}`;
  if (!isShown(chat.id) || document.hidden) entry.unread += 1;
  drawTab(entry);
}

// What columns ask for

function speak(chat, user) {
  speakers.set(chat.id, user.id);
  chats.get(chat.id).column.update(place(chat.id));
}

// A link to the bot opens the private chat of whoever follows it.
function follow(column, url) {
  const name = url.protocol === "tg:" ? url.searchParams.get("domain") : url.pathname.slice(1);
  const leads = ["t.me", "telegram.me", "telegram.dog"].includes(url.hostname) || url.protocol === "tg:";
  if (!leads || name?.toLowerCase() !== bot.username) return false;
  const { where, speaker } = column.chat;
  reveal(speaker.id);
  server.open(where, url.href).catch((error) => chats.get(speaker.id).column.notice(error.message));
  return true;
}

// One thing after the other, or a message could overtake the chat that it belongs to.
let work = Promise.resolve();
const inOrder = (task) => (work = work.then(task));

async function addPerson() {
  const answer = await askForPerson(users.size - 3);
  if (!answer) return;
  const user = await server.addPerson(answer.name, answer.language);
  await inOrder(refresh);
  reveal(user.id);
}

async function addGroup() {
  const answer = await askForGroup([...users.values()], ownerId, groups.size);
  if (!answer) return;
  const group = await server.addGroup(answer.title, answer.members);
  await inOrder(refresh);
  reveal(group.id);
}

const adding = (sign, label, onclick) =>
  h("button", { type: "button", class: "tab add", "aria-label": label, title: label, onclick }, icon(sign));
const addButton = adding("plus", labels.addPerson, addPerson);
const addGroupButton = adding("group", labels.addGroup, addGroup);

document.getElementById("where").textContent = labels.sandbox;
people.setAttribute("aria-label", labels.people);
phone.addEventListener("change", arrange);
document.addEventListener("visibilitychange", arrange);

server.follow(await load(), (event) => inOrder(() => heard(event)), (connected) => {
  offline.textContent = labels.gone;
  offline.hidden = connected;
});
