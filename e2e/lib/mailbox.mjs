// Owns reading the mails that Orgate writes into its folder: one .eml a message.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ARRIVAL_LIMIT_MS = 15_000;

function decode(body, encoding) {
  if (/^base64$/i.test(encoding)) return Buffer.from(body, 'base64').toString('utf8');
  if (!/^quoted-printable$/i.test(encoding)) return body;
  const bytes = body
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/gi, (_match, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function splitHead(raw) {
  const end = raw.search(/\r?\n\r?\n/);
  const lines = raw.slice(0, end).replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  return { headers, body: raw.slice(end).trimStart() };
}

/** The first text part of a message, decoded. */
function textOf(raw) {
  const { headers, body } = splitHead(raw);
  const boundary = /boundary="?([^";]+)"?/i.exec(headers.get('content-type') ?? '')?.[1];
  if (!boundary) return decode(body, headers.get('content-transfer-encoding') ?? '');
  return textOf(body.split(`--${boundary}`)[1].trimStart());
}

function readMail(file) {
  const raw = readFileSync(file, 'latin1');
  const { headers } = splitHead(raw);
  return { to: headers.get('to') ?? '', subject: headers.get('subject') ?? '', text: textOf(raw) };
}

/** The mailbox of everybody: `folder` is the one named in ORGATE_MAIL. */
export function createMailbox(folder) {
  const seen = new Set();

  function unseen() {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.eml') && !seen.has(name))
      .map((name) => ({ name, at: statSync(path.join(folder, name)).mtimeMs }))
      .sort((left, right) => left.at - right.at);
  }

  /** Waits for the next unread mail to `address` whose text or subject matches `pattern`. */
  async function next(address, pattern = /./) {
    const end = Date.now() + ARRIVAL_LIMIT_MS;
    for (;;) {
      for (const { name } of unseen()) {
        const mail = readMail(path.join(folder, name));
        if (mail.to.includes(address) && (pattern.test(mail.text) || pattern.test(mail.subject))) {
          seen.add(name);
          return mail;
        }
      }
      if (Date.now() > end) throw new Error(`no mail to ${address} that matches ${pattern}`);
      await sleep(50);
    }
  }

  /** The six-digit code of the next mail to `address` that carries one. */
  async function code(address) {
    const { text } = await next(address, /\b\d{6}\b/);
    return /\b(\d{6})\b/.exec(text)[1];
  }

  /** The first link of the next mail to `address` that carries one. */
  async function link(address) {
    const { text } = await next(address, /https?:\/\//);
    return /https?:\/\/[^\s<>"]+/.exec(text)[0];
  }

  return { next, code, link };
}
