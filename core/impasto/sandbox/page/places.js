// A chat as a column sees it: whose it is, who speaks there, and at what address. Private chats and groups.

import { labels, languageName } from "./labels.js";

// One person's private chat with the bot.
export class PrivateChat {
  constructor(user, { owner }) {
    Object.assign(this, { id: user.id, name: user.name, speaker: user, speakers: [user], owner });
    this.attributes = { "data-user": user.id };
    this.where = `/sandbox/users/${user.id}`;
    this.commands = user.commands;
    this.described = user.description;
    this.barred = user.blocked ? labels.blocked : null;
    this.leave = labels.block;
    this.enter = labels.unblock;
  }

  get subtitle() {
    return [languageName(this.speaker.language_code), this.owner ? labels.owner : null].filter(Boolean).join(" · ");
  }

  authorOf() {
    return null;
  }
}

// A group, in which the person at the keyboard speaks for one member at a time.
export class GroupChat {
  constructor(group, { users, bot, speakerId }) {
    this.speakers = group.members.map(({ id }) => users.get(id));
    this.speaker = users.get(speakerId) ?? this.speakers[0];
    Object.assign(this, { id: group.id, name: group.title, group: true });
    this.attributes = { "data-group": group.id };
    this.where = `/sandbox/groups/${group.id}/members/${this.speaker.id}`;
    const { commands } = group.members.find(({ id }) => id === this.speaker.id);
    this.commands = commands.map(({ command, description }) => ({ command: `${command}@${bot.username}`, description }));
    this.described = labels.groupDescribed(bot.username);
    this.barred = group.bot === "member" ? null : labels.removed;
    this.leave = labels.removeBot;
    this.enter = labels.addBot;
  }

  get subtitle() {
    return labels.members(this.speakers.map(({ name }) => name));
  }

  authorOf(message) {
    return message.from.id === this.speaker.id ? null : message.from;
  }
}
