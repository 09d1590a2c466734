// The page: people at the top, their chats side by side (one at a time on a phone), kept up to date by events.

import { askForPerson } from "./asking.js";
import { Column } from "./column.js";
import { avatar, h, icon } from "./dom.js";
import { labels } from "./labels.js";
import { summary } from "./message.js";
import * as server from "./server.js";
import { Viewer } from "./viewer.js";

const people = document.getElementById("people");
const columns = document.getElementById("columns");
const offline = document.getElementById("offline");
const announcer = document.getElementById("announcer");
const phone = matchMedia("(max-width: 760px)");
const viewer = new Viewer();
const chats = new Map();
const sideBySide = new Set();
let onPhone = 0;
let ownerId = 0;

// Which chats are shown: on a desktop any number, at first all but the owner's; on a phone exactly one.

function isShown(id) {
  return phone.matches ? id === onPhone : sideBySide.has(id);
}

function choose(id) {
  onPhone = id;
  if (phone.matches || !sideBySide.delete(id)) sideBySide.add(id);
  arrange();
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

function drawTab({ column: { user }, tab, unread }) {
  const badge = unread ? h("span", { class: "badge", "aria-label": labels.unread(unread) }, String(unread)) : "";
  tab.setAttribute("aria-pressed", String(isShown(user.id)));
  tab.replaceChildren(avatar(user), h("span", { dir: "auto" }, user.name), badge);
}

// Keeping up to date

function addChat(user, messages) {
  const column = new Column(user, { owner: user.id === ownerId, viewer });
  const tab = h("button", { type: "button", class: "tab", onclick: () => choose(user.id) });
  const chat = { column, tab, unread: 0 };
  chats.set(user.id, chat);
  if (user.id !== ownerId) {
    sideBySide.add(user.id);
    onPhone ||= user.id;
  }
  const owner = chats.get(ownerId); // stays the last
  columns.insertBefore(column.element, user.id === ownerId ? null : (owner?.column.element ?? null));
  people.insertBefore(tab, user.id === ownerId ? addButton : (owner?.tab ?? addButton));
  column.show(messages);
}

async function load() {
  const state = await server.state();
  ownerId = state.owner_id;
  chats.clear();
  columns.replaceChildren();
  people.replaceChildren(addButton);
  for (const user of state.users) addChat(user, state.messages[user.id]);
  arrange();
  return state.last;
}

async function refreshPeople() {
  for (const user of await server.users()) {
    if (chats.has(user.id)) chats.get(user.id).column.update(user);
    else addChat(user, await server.messages(user.id));
  }
  arrange();
}

async function heard(event) {
  const chat = chats.get(event.user);
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
    case "profile":
      await refreshPeople();
      break;
    case "reset":
      await load();
      break;
  }
}

function arrived(chat, message) {
  const { user } = chat.column;
  announcer.textContent = `${user.bot_name}, ${user.name}: ${summary(message)}`;
  if (!isShown(user.id) || document.hidden) chat.unread += 1;
  drawTab(chat);
}

// One thing after the other, or a message could overtake the chat that it belongs to.
let work = Promise.resolve();
const inOrder = (task) => (work = work.then(task));

async function addPerson() {
  const answer = await askForPerson(chats.size - 3);
  if (!answer) return;
  const user = await server.addPerson(answer.name, answer.language);
  onPhone = user.id;
  await inOrder(refreshPeople);
}

const addButton = h(
  "button",
  { type: "button", class: "tab add", "aria-label": labels.addPerson, title: labels.addPerson, onclick: addPerson },
  icon("plus"),
);

document.getElementById("where").textContent = labels.sandbox;
people.setAttribute("aria-label", labels.people);
phone.addEventListener("change", arrange);
document.addEventListener("visibilitychange", arrange);

server.follow(await load(), (event) => inOrder(() => heard(event)), (connected) => {
  offline.textContent = labels.gone;
  offline.hidden = connected;
});
