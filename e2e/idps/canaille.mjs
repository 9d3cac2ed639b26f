// A foreign identity provider: Canaille from the Python registry, with other paths, other pages, a consent question and
// e-mail claims without `email_verified`. Apps are registered over its own API.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { authorityOf, findPlace } from '../lib/network.mjs';

const SERVER = path.join(import.meta.dirname, 'canaille_server.py');
const START_LIMIT_MS = 30_000;

async function untilReady(program, probe) {
  const end = Date.now() + START_LIMIT_MS;
  for (;;) {
    if (program.exitCode !== null) throw new Error(`Canaille ended with ${program.exitCode}`);
    try {
      return await probe();
    } catch (error) {
      if (Date.now() > end) throw new Error('Canaille did not answer in time', { cause: error });
      await sleep(50);
    }
  }
}

/**
 * Starts the server at `host` with `people` of `{username, password, name, email}`.
 * `python` is an interpreter that has Canaille; `send` is a client of lib/client.mjs that finds `host`.
 */
export async function startCanaille({ host, certificate, people, python, addresses, send, logFile }) {
  const { address, port } = await findPlace();
  addresses.set(host, address);
  const authority = authorityOf(host, port);
  const issuer = `https://${authority}`;
  const program = spawn(python, [SERVER], { stdio: ['pipe', 'pipe', 'pipe'] });
  const log = createWriteStream(logFile);
  program.stdout.pipe(log);
  program.stderr.pipe(log);
  const { keyFile, certFile } = certificate;
  program.stdin.end(`${JSON.stringify({ authority, address, port, keyFile, certFile, people })}\n`);

  let discovery;
  try {
    discovery = await untilReady(program, async () => {
      const found = await send(`${issuer}/.well-known/openid-configuration`);
      return JSON.parse(found.body);
    });
  } catch (error) {
    // Nobody is given a way to stop it.
    program.kill('SIGKILL');
    throw error;
  }

  async function createApp({ label, redirectUri }) {
    const made = await send(discovery.registration_endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: label,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        scope: 'openid email profile',
        token_endpoint_auth_method: 'client_secret_basic',
      }),
    });
    if (made.status !== 201) throw new Error(`Canaille registered no app: ${made.body}`);
    const { client_id: clientId, client_secret: clientSecret } = JSON.parse(made.body);
    return { clientId, clientSecret };
  }

  async function authenticate(page, person) {
    await page.getByLabel('Login').fill(person.username);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('textbox', { name: 'Password' }).fill(person.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  return {
    name: 'Canaille',
    issuer,
    host,
    createApp,
    /** The person signs in and, where the server asks, lets the app read their profile. */
    async signIn(page, person) {
      await authenticate(page, person);
      const accept = page.getByRole('button', { name: 'Accept' });
      const left = page.waitForURL((url) => url.host !== host).then(() => false);
      const asked = accept.waitFor().then(() => true);
      left.catch(() => {});
      asked.catch(() => {});
      if (await Promise.race([left, asked])) await accept.click();
    },
    /** The person signs in and the server then sends the browser back with `access_denied`. */
    async refuse(page, person) {
      await authenticate(page, person);
      await page.getByRole('button', { name: 'Deny' }).click();
    },
    stop: () => program.kill(),
  };
}
