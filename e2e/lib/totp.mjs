// Owns an authenticator app, as a person has one on the phone: it knows a key and shows codes (RFC 6238 with HMAC-SHA-1,
// six digits, 30 seconds).

import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const STEP_MS = 30_000;
/** A code that serves this much longer is not over before it was typed and sent. */
const HURRY_MS = 8_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function bytesOf(base32) {
  const bits = [...base32.replaceAll(' ', '')].map((sign) => ALPHABET.indexOf(sign).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

/** The code of one step. */
export function codeAt(key, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', key).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1) & 0xf) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/**
 * An app that was given `secret`, in base 32 as the page shows it.
 * `code()` is one that it did not show before and that the server takes now, which is one of three: the step's own, the
 * one before or the one after. So three can be had at once; for a fourth it waits. `wrong()` is none of them.
 */
export function createAuthenticatorApp(secret) {
  const key = bytesOf(secret);
  let last = 0;
  return {
    async code() {
      const oldest = Math.floor((Date.now() + HURRY_MS) / STEP_MS) - 1;
      last = Math.max(oldest, last + 1);
      await sleep(Math.max(0, (last - 1) * STEP_MS - Date.now()));
      return codeAt(key, last);
    },
    wrong() {
      const now = Math.floor(Date.now() / STEP_MS);
      const right = [-1, 0, 1, 2].map((apart) => codeAt(key, now + apart));
      return ['000000', '000001', '000002', '000003', '000004'].find((code) => !right.includes(code));
    },
  };
}
