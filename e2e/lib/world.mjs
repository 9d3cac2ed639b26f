// Owns the fixtures: what a test names as an argument is started once a worker and stopped after it. The identity
// providers listen before the browser starts, because the browser is told where to find them.

import { test as base } from '@playwright/test';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startCanaille } from '../idps/canaille.mjs';
import { startGitHub } from '../idps/github.mjs';
import { startGoogle } from '../idps/google.mjs';
import { startOkta } from '../idps/okta.mjs';
import { createAuthority } from './authority.mjs';
import { openBrowser } from './browsers.mjs';
import { createClient } from './client.mjs';
import { Console } from './console.mjs';
import { startDns } from './dns.mjs';
import { createLook } from './look.mjs';
import { startOrgate } from './orgate.mjs';
import { cast, gitHubPeople, googlePeople } from './people.mjs';

const ROOT = path.join(import.meta.dirname, '..');
/** Each worker keeps its logs and pictures apart: workers run side by side, each with a world of its own. */
const WORKER = `worker-${process.env.TEST_PARALLEL_INDEX ?? 0}`;
export const RESULTS = path.join(process.env.ORGATE_E2E_RESULTS ?? path.join(ROOT, 'results'), WORKER);
const CHROMIUM = process.env.ORGATE_E2E_CHROMIUM ?? '/usr/bin/chromium';
const PYTHON = process.env.ORGATE_E2E_PYTHON ?? path.join(ROOT, '..', '.cache', 'canaille', 'bin', 'python');

/** Chromium talks to the servers of the test and to nobody else. */
function browserArguments(addresses) {
  const rules = [...addresses].map(([host, address]) => `MAP ${host} ${address}`);
  return [
    '--no-sandbox',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-quic',
    '--disable-sync',
    '--no-first-run',
    `--host-resolver-rules=${[...rules, 'MAP * ~NOTFOUND', 'EXCLUDE localhost', 'EXCLUDE 127.0.0.1'].join(', ')}`,
  ];
}

/** Starts everything; what was started before something failed is stopped again. */
async function startNetwork(folder) {
  const stops = [];
  const stop = () => stops.reverse().forEach((stopOne) => stopOne());
  try {
    return { ...await startServers(folder, stops), stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Adds to `stops` what ends each server. */
async function startServers(folder, stops) {
  const authority = createAuthority(folder);
  const addresses = new Map();
  const send = createClient({ addresses, certificate: authority.certificate });
  const [oktaHost, initechHost, canailleHost] = ['acme.okta.test', 'initech.okta.test', 'id.globex.test'];
  const oktaPeople = cast('acme.example');
  const okta = await startOkta({
    host: oktaHost, certificate: authority.issue(oktaHost), people: Object.values(oktaPeople), addresses,
  });
  stops.push(okta.stop);
  // Another organization's Okta, which knows some of the same people by the same addresses.
  const initechPeople = { ...cast('initech.example'), vera: oktaPeople.vera };
  const initech = await startOkta({
    host: initechHost, certificate: authority.issue(initechHost), people: Object.values(initechPeople), addresses,
  });
  stops.push(initech.stop);
  const canaillePeople = cast('globex.example');
  const canaille = await startCanaille({
    host: canailleHost,
    certificate: authority.issue(canailleHost),
    people: Object.values(canaillePeople),
    python: PYTHON,
    addresses,
    send,
    logFile: path.join(RESULTS, 'canaille.log'),
  });
  stops.push(canaille.stop);
  const [googleHost, gitHubHost] = ['accounts.google.test', 'github.test'];
  const google = await startGoogle({
    host: googleHost, certificate: authority.issue(googleHost), people: googlePeople(), addresses,
  });
  stops.push(google.stop);
  const github = await startGitHub({
    host: gitHubHost, certificate: authority.issue(gitHubHost), people: gitHubPeople(), addresses,
  });
  stops.push(github.stop);
  const dns = await startDns(addresses);
  stops.push(dns.stop);
  return {
    authority,
    addresses,
    send,
    dns,
    okta: { ...okta, people: oktaPeople },
    initech: { ...initech, people: initechPeople },
    canaille: { ...canaille, people: canaillePeople },
    google,
    github,
  };
}

export const test = base.extend({
  /** `sqlite`, or `postgres` where a server for it is given. */
  engine: ['sqlite', { option: true, scope: 'worker' }],

  folder: [async ({}, use) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'orgate-e2e-'));
    mkdirSync(RESULTS, { recursive: true });
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  }, { scope: 'worker' }],

  network: [async ({ folder }, use) => {
    const network = await startNetwork(folder);
    await use(network);
    network.stop();
  }, { scope: 'worker' }],

  orgate: [async ({ folder, network, engine }, use) => {
    const orgate = await startOrgate({ folder, network, engine, results: RESULTS });
    await use(orgate);
    await orgate.stop();
  }, { scope: 'worker' }],

  /** Looks at a page as people do; once a page and engine, with scripts on and off. */
  look: [async ({ engine }, use) => {
    const folder = path.join(RESULTS, 'pages', engine);
    await use({
      scripts: createLook(folder),
      noScripts: createLook(path.join(folder, 'no-scripts'), { javaScriptEnabled: false }),
    });
  }, { scope: 'worker' }],

  /** A function that gives a person a browser of their own, on Orgate's pages. */
  arrive: async ({ browser, orgate, network, look }, use) => {
    const opened = [];
    const { okta, initech, canaille, google, github } = network;
    const others = [okta, initech, canaille, google, github].map(({ issuer }) => issuer);
    const hosts = [orgate.url, ...others].map((url) => new URL(url).host);
    await use(async ({ javaScriptEnabled = true } = {}) => {
      const own = await openBrowser(browser, { hosts, javaScriptEnabled });
      opened.push(own);
      return new Console({ page: own.page, orgate, look: javaScriptEnabled ? look.scripts : look.noScripts });
    });
    for (const own of opened) {
      own.check();
      await own.context.close();
    }
  },

  launchOptions: [async ({ network }, use) => {
    await use({ executablePath: CHROMIUM, args: browserArguments(network.addresses) });
  }, { scope: 'worker' }],
});

export { expect } from '@playwright/test';
