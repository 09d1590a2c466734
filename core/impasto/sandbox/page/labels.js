// The page's own few words, by the browser's language; what is said in the chats comes from the bot.

const ENGLISH = {
  sandbox: "sandbox",
  people: "People",
  addPerson: "Add a person",
  name: "Name",
  language: "Language",
  add: "Add",
  cancel: "Cancel",
  close: "Close",
  ok: "OK",
  owner: "the bot’s owner",
  whatCan: "What can this bot do?",
  nothingSaid: "The bot has not introduced itself yet.",
  start: "Start",
  write: "Write a message…",
  caption: "Add a caption…",
  writeTo: (name) => `Message as ${name}`,
  send: "Send",
  attach: "Attach pictures or files",
  commands: "Commands",
  drop: "Drop pictures here",
  asPhoto: "As a photo",
  asFile: "As a file",
  remove: (name) => `Remove ${name}`,
  reply: "Reply",
  replyTo: "Reply to",
  noReply: "Do not reply",
  edited: "edited",
  photo: "Photo",
  picture: "Picture",
  openPhoto: "Open the photo in full size",
  download: (name) => `Download ${name}`,
  voice: "Voice message",
  film: "Video",
  block: "Block the bot",
  unblock: "Unblock the bot",
  blocked: "You have blocked the bot.",
  unanswered: "The bot did not answer the button.",
  sentAsFile: "This cannot be a photo, so it went as a file.",
  gone: "The sandbox has stopped. The page goes on when it is back.",
  previous: "Previous picture",
  next: "Next picture",
  zoom: "100 % or whole",
  unread: (count) => `${count} unread`,
  busy: { typing: "is writing…", upload_photo: "is sending a photo…", upload_document: "is sending a file…" },
  busyElse: "is busy…",
};

const RUSSIAN = {
  sandbox: "песочница",
  people: "Люди",
  addPerson: "Добавить человека",
  name: "Имя",
  language: "Язык",
  add: "Добавить",
  cancel: "Отмена",
  close: "Закрыть",
  ok: "Понятно",
  owner: "владелец бота",
  whatCan: "Что умеет этот бот?",
  nothingSaid: "Бот ещё не представился.",
  start: "Начать",
  write: "Сообщение…",
  caption: "Подпись…",
  writeTo: (name) => `Сообщение от имени ${name}`,
  send: "Отправить",
  attach: "Прикрепить картинки или файлы",
  commands: "Команды",
  drop: "Бросьте картинки сюда",
  asPhoto: "Как фото",
  asFile: "Как файл",
  remove: (name) => `Убрать ${name}`,
  reply: "Ответить",
  replyTo: "Ответ на",
  noReply: "Не отвечать",
  edited: "изменено",
  photo: "Фото",
  picture: "Картинка",
  openPhoto: "Открыть фото целиком",
  download: (name) => `Скачать ${name}`,
  voice: "Голосовое сообщение",
  film: "Видео",
  block: "Заблокировать бота",
  unblock: "Разблокировать бота",
  blocked: "Вы заблокировали бота.",
  unanswered: "Бот не ответил на кнопку.",
  sentAsFile: "Это не может быть фото, поэтому ушло файлом.",
  gone: "Песочница остановлена. Страница продолжит, когда она вернётся.",
  previous: "Предыдущая картинка",
  next: "Следующая картинка",
  zoom: "100 % или целиком",
  unread: (count) => `Непрочитано: ${count}`,
  busy: { typing: "печатает…", upload_photo: "отправляет фото…", upload_document: "отправляет файл…" },
  busyElse: "занят…",
};

export const labels = navigator.language.startsWith("ru") ? RUSSIAN : ENGLISH;
document.documentElement.lang = labels === RUSSIAN ? "ru" : "en";

const clock = new Intl.DateTimeFormat(navigator.language, { hour: "2-digit", minute: "2-digit" });
const languages = new Intl.DisplayNames(navigator.language, { type: "language" });

export const time = (seconds) => clock.format(new Date(seconds * 1000));

export function languageName(code) {
  try {
    return languages.of(code);
  } catch {
    return code;
  }
}

export function size(bytes) {
  const [unit, value] = bytes < 1e6 ? ["kilobyte", bytes / 1e3] : ["megabyte", bytes / 1e6];
  return value.toLocaleString(navigator.language, { style: "unit", unit, maximumFractionDigits: 1 });
}
