// The people's API of the sandbox: requests and the stream of events. impasto/sandbox/people.py describes it.

export class Refusal extends Error {}

async function answer(request) {
  const response = await request;
  const body = await response.json();
  if (!response.ok) throw new Refusal(body.error);
  return body;
}

function post(path, body) {
  if (body instanceof FormData) return answer(fetch(path, { method: "POST", body }));
  const headers = { "Content-Type": "application/json" };
  return answer(fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export const fileUrl = (fileId) => `/sandbox/files/${encodeURIComponent(fileId)}`;
export const state = () => answer(fetch("/sandbox/state"));
export const users = () => answer(fetch("/sandbox/users"));
export const groups = () => answer(fetch("/sandbox/groups"));
export const messages = (where) => answer(fetch(`${where}/messages`));
export const addPerson = (name, language) => post("/sandbox/users", { name, language_code: language });
export const addGroup = (title, members) => post("/sandbox/groups", { title, members });
export const block = (user, blocked) => post(`/sandbox/users/${user}/block`, { blocked });
export const admit = (group, by, member) => post(`/sandbox/groups/${group}/bot`, { by, member });

// `where` is a person's place in a chat.

export const press = (where, message, data) => post(`${where}/press`, { message_id: message, data });
export const open = (where, link) => post(`${where}/open`, { link });

export function sendText(where, text, replyTo) {
  return post(`${where}/text`, { text, ...(replyTo ? { reply_to: replyTo } : {}) });
}

export function sendFiles(where, kind, files, caption, replyTo) {
  const form = new FormData();
  form.append("as", kind);
  if (caption) form.append("caption", caption);
  if (replyTo) form.append("reply_to", replyTo);
  for (const file of files) form.append("file", file, file.name);
  return post(`${where}/media`, form);
}

// Calls back for every event, and with whether the stream is there. The browser connects again by itself.
export function follow(after, onEvent, onConnection) {
  const source = new EventSource(`/sandbox/events?after=${after}`);
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
  source.onopen = () => onConnection(true);
  source.onerror = () => onConnection(false);
  return source;
}
