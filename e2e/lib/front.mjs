// Owns the world of a product behind a proxy: one host that a proxy of the kind `proxyKind` keeps, behind it Orgate and the
// sample product of deploy/, and one Okta for the organization of the test.

import { once } from 'node:events';
import https from 'node:https';
import path from 'node:path';

import { startOkta } from '../idps/okta.mjs';
import { startEnvoy } from '../proxies/envoy.mjs';
import { startNginx } from '../proxies/nginx.mjs';
import { createAuthority } from './authority.mjs';
import { openBrowser } from './browsers.mjs';
import { createClient } from './client.mjs';
import { Console } from './console.mjs';
import { startDns } from './dns.mjs';
import { authorityOf, findPlace } from './network.mjs';
import { startOrgate } from './orgate.mjs';
import { cast } from './people.mjs';
import { startProgram } from './program.mjs';
import { RESULTS, test as base } from './world.mjs';

const HOST = 'www.product.test';
const OKTA_HOST = 'acme.okta.test';
const SAMPLE_APP = path.join(import.meta.dirname, '..', '..', 'deploy', 'sample-app', 'app.py');
const PROXIES = { nginx: startNginx, envoy: startEnvoy };

const anyPlace = () => findPlace({ port443: false });

async function startProduct({ folder, results }) {
  const place = await anyPlace();
  const program = await startProgram({
    name: 'the sample product',
    command: 'python3',
    args: ['-u', SAMPLE_APP, `127.0.0.1:${place.port}`],
    folder,
    place,
    logFile: path.join(results, 'sample-app.log'),
  });
  /** The first line of each request that it got. */
  const requests = () => [...program.log().matchAll(/"([A-Z]+ [^"]*)"/g)].map(([, line]) => line);
  return { port: place.port, requests, stop: program.stop };
}

/**
 * A function that sends one request to the proxy exactly as it is written, path included, and gives `{status, headers, body}`.
 * `from` is the loopback address that it comes from.
 */
function createSender({ place, certificate }) {
  return async function ask(target, { method = 'GET', headers = {}, body, from = '127.0.0.1' } = {}) {
    const request = https.request({
      host: place.address,
      port: place.port,
      servername: HOST,
      path: target,
      method,
      headers: { host: authorityOf(HOST, place.port), ...headers },
      localAddress: from,
      ca: certificate,
      agent: false,
    });
    request.end(body);
    const [response] = await once(request, 'response');
    const parts = [];
    for await (const part of response) parts.push(part);
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() };
  };
}

export const test = base.extend({
  /** `nginx` or `envoy`. */
  proxyKind: ['nginx', { option: true, scope: 'worker' }],

  network: [async ({ folder }, use) => {
    const authority = createAuthority(folder);
    const addresses = new Map();
    const okta = await startOkta({
      host: OKTA_HOST, certificate: authority.issue(OKTA_HOST), people: Object.values(cast('acme.example')), addresses,
    });
    const dns = await startDns(addresses);
    const place = await findPlace();
    addresses.set(HOST, place.address);
    await use({
      authority,
      addresses,
      send: createClient({ addresses, certificate: authority.certificate }),
      dns,
      okta: { ...okta, people: cast('acme.example') },
      front: { place, host: HOST, url: `https://${authorityOf(HOST, place.port)}` },
    });
    dns.stop();
    okta.stop();
  }, { scope: 'worker' }],

  orgate: [async ({ folder, network, engine }, use) => {
    const orgate = await startOrgate({
      folder,
      network,
      engine,
      results: RESULTS,
      publicUrl: network.front.url,
      others: { ORGATE_TRUSTED_PROXIES: '127.0.0.1' },
    });
    await use(orgate);
    await orgate.stop();
  }, { scope: 'worker' }],

  /** The proxy and what it guards. */
  front: [async ({ folder, network, orgate, proxyKind }, use) => {
    const product = await startProduct({ folder, results: RESULTS });
    const { place, host, url } = network.front;
    try {
      const running = await PROXIES[proxyKind]({
        folder,
        place,
        plain: await anyPlace(),
        host,
        certificate: network.authority.issue(host),
        ports: { orgate: orgate.port, product: product.port },
        results: RESULTS,
      });
      await use({ url, orgate, product, ask: createSender({ place, certificate: network.authority.certificate }) });
      await running.stop();
    } finally {
      await product.stop();
    }
  }, { scope: 'worker' }],

  arrive: async ({ browser, front, network }, use) => {
    const opened = [];
    const hosts = [front.url, network.okta.issuer].map((url) => new URL(url).host);
    await use(async () => {
      const own = await openBrowser(browser, { hosts });
      opened.push(own);
      return new Console({ page: own.page, orgate: front.orgate });
    });
    for (const own of opened) {
      own.check();
      await own.context.close();
    }
  },
});

export { expect } from '@playwright/test';
