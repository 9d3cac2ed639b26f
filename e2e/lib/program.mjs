// Owns programs that a test starts beside Orgate: a log file each, a start that is awaited, an end by SIGTERM.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 5_000;

function listens(port, host) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host });
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}

/** Starts `command` and waits until it listens at `place`, `{address, port}`. Gives its log and a way to stop it. */
export async function startProgram({ name, command, args, folder, place, logFile }) {
  const log = createWriteStream(logFile);
  await once(log, 'open');
  const program = spawn(command, args, { cwd: folder, env: { PATH: process.env.PATH }, stdio: ['ignore', log, log] });
  let failure;
  program.once('error', (error) => { failure = error; });
  const end = Date.now() + START_LIMIT_MS;
  while (!await listens(place.port, place.address)) {
    if (failure || program.exitCode !== null || Date.now() > end) {
      program.kill('SIGKILL');
      throw new Error(`${name} does not listen: ${failure ?? ''}\n${readFileSync(logFile, 'utf8')}`);
    }
    await sleep(50);
  }
  return {
    log: () => readFileSync(logFile, 'utf8'),
    async stop() {
      if (program.exitCode !== null) return;
      const ended = once(program, 'exit');
      program.kill('SIGTERM');
      if (!await Promise.race([ended.then(() => true), sleep(STOP_LIMIT_MS, false, { ref: false })])) {
        program.kill('SIGKILL');
        throw new Error(`${name} did not stop on SIGTERM`);
      }
    },
  };
}

/** Replaces each text of `changes` in a reference file, every one of which has to be there. */
export function adapt(text, changes) {
  return changes.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the reference file has no ${from}`);
    return changed.replaceAll(from, to);
  }, text);
}
