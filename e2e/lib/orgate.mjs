// Owns the program under test: the built binary, started with settings from the environment alone.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createMailbox } from './mailbox.mjs';
import { findPlace } from './network.mjs';

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
const BINARY = process.env.ORGATE_E2E_BINARY
  ?? path.join(import.meta.dirname, '..', '..', 'target', 'debug', 'orgate');

/** One key for every start: a database outlives the program. Fixed, so that scripts/canary.sh finds it where it was printed. */
const SECRET_KEY = 'e80115f9efa59d920d670e9e861b85141abd1872ff7684cde2cf52a68d8c984e';

function databaseUrl(engine, folder) {
  if (engine === 'sqlite') return `sqlite:${path.join(folder, 'orgate.db')}`;
  const url = process.env.ORGATE_E2E_POSTGRES_URL;
  if (!url) throw new Error('ORGATE_E2E_POSTGRES_URL is not set');
  return url;
}

function settings({ folder, network, engine, port, mail, publicUrl, others }) {
  const idps = [network.okta, network.initech, network.canaille].filter(Boolean);
  const hosts = idps.map((idp) => new URL(idp.issuer).host);
  return {
    ORGATE_LISTEN: `127.0.0.1:${port}`,
    ORGATE_PUBLIC_URL: publicUrl,
    ORGATE_DATABASE_URL: databaseUrl(engine, folder),
    ORGATE_SECRET_KEY: SECRET_KEY,
    ORGATE_MAIL: `dir:${mail}`,
    ORGATE_IDP_ALLOW: hosts.join(','),
    ORGATE_EXTRA_CA_FILE: network.authority.certificateFile,
    ORGATE_DNS_SERVERS: network.dns.server,
    ...network.google?.settings(),
    ...network.github?.settings(),
    ...others,
  };
}

async function untilReady(program, url, logFile) {
  const end = Date.now() + START_LIMIT_MS;
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then((response) => response.ok, () => false);
    if (ready) return;
    if (program.exitCode !== null || Date.now() > end) {
      throw new Error(`orgate serve did not become ready:\n${readFileSync(logFile, 'utf8')}`);
    }
    await sleep(50);
  }
}

/**
 * Starts `orgate serve` on a new database and gives its address, its port and its mailbox.
 * `publicUrl` is the address of a proxy in front of it, `others` are more settings.
 */
export async function startOrgate({ folder, network, engine, results, publicUrl, others = {} }) {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: cargo build -p orgate`);
  const mail = path.join(folder, `mail-${engine}`);
  mkdirSync(mail, { recursive: true });
  const { port } = await findPlace({ port443: false });
  const here = `http://localhost:${port}`;
  const logFile = path.join(results, `orgate-${engine}.log`);
  const log = createWriteStream(logFile);
  await once(log, 'open');
  const program = spawn(BINARY, ['serve'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      ...settings({ folder, network, engine, port, mail, publicUrl: publicUrl ?? here, others }),
    },
    stdio: ['ignore', log, log],
  });
  const url = publicUrl ?? here;
  try {
    await untilReady(program, here, logFile);
    await network.google?.register(`${url}/sign-in/with/google/callback`);
    network.github?.register(`${url}/sign-in/with/github/callback`);
  } catch (error) {
    // Nobody is given a way to stop it.
    program.kill('SIGKILL');
    throw error;
  }

  return {
    url,
    port,
    mailbox: createMailbox(mail),
    async stop() {
      if (program.exitCode !== null) return;
      const ended = once(program, 'exit');
      program.kill('SIGTERM');
      const stopped = await Promise.race([ended.then(() => true), sleep(STOP_LIMIT_MS, false, { ref: false })]);
      if (!stopped) {
        program.kill('SIGKILL');
        throw new Error('orgate serve did not stop on SIGTERM');
      }
    },
  };
}
