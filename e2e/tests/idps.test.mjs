// Proves the foreign identity providers alone, with a relying party that is not Orgate, so that a failure elsewhere is
// not theirs.

import { once } from 'node:events';
import http from 'node:http';

import { begin } from '../lib/relying_party.mjs';
import { expect, test as base } from '../lib/world.mjs';

const test = base.extend({
  /** Where the identity providers send the browser back to: a page that says so. */
  redirectUri: async ({}, use) => {
    const server = http.createServer((_request, response) => response.end('back'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await use(`http://localhost:${server.address().port}/callback`);
    server.closeAllConnections();
    server.close();
  },

  /** A function that registers an app and gives what `begin` takes. */
  app: async ({ network, redirectUri }, use) => {
    await use(async (idp) => {
      const made = await idp.createApp({ label: 'Smoke', redirectUri });
      return { send: network.send, issuer: idp.issuer, redirectUri, ...made };
    });
  },

  /** A function that opens `url`, acts there and gives the address that the browser is sent back to. */
  callbackOf: async ({ page, redirectUri }, use) => {
    await use(async (url, act = async () => {}) => {
      await page.goto(url);
      await act();
      await page.waitForURL(`${redirectUri}?*`);
      return page.url();
    });
  },
});

for (const which of ['okta', 'canaille']) {
  test(`${which} signs a person in by the code flow with PKCE`, async ({ network, page, app, callbackOf }) => {
    const idp = network[which];
    const person = idp.people.nils;
    const attempt = await begin(await app(idp));
    expect(attempt.discovery.issuer).toBe(idp.issuer);
    const { iss, claims, userInfo } = await attempt.finish(
      await callbackOf(attempt.url, () => idp.signIn(page, person)),
    );
    expect(iss).toBe(idp.issuer);
    expect(claims.iss).toBe(idp.issuer);
    expect(userInfo).toMatchObject({ sub: claims.sub, email: person.email, name: person.name });
  });

  test(`${which} answers access_denied for a person it does not let in`, async ({ network, page, app, callbackOf }) => {
    const idp = network[which];
    const attempt = await begin(await app(idp));
    const outcome = await attempt.finish(
      await callbackOf(attempt.url, () => idp.refuse(page, idp.people.udo)),
    );
    expect(outcome.error).toBe('access_denied');
  });
}

test('okta has the layout of an Okta organization and keeps profile claims out of the ID token', async ({ network, page, app, callbackOf }) => {
  const { okta } = network;
  const attempt = await begin(await app(okta));
  const endpoint = (name) => `${okta.issuer}/oauth2/v1/${name}`;
  expect(attempt.discovery).toMatchObject({
    authorization_endpoint: endpoint('authorize'),
    token_endpoint: endpoint('token'),
    userinfo_endpoint: endpoint('userinfo'),
    jwks_uri: endpoint('keys'),
    code_challenge_methods_supported: ['S256'],
  });
  const { claims } = await attempt.finish(
    await callbackOf(attempt.url, () => okta.signIn(page, okta.people.mira)),
  );
  expect(claims).not.toHaveProperty('email');
  expect(claims).not.toHaveProperty('name');
  expect(claims).toHaveProperty('nonce');
});

test('okta refuses an authorization request without PKCE', async ({ network, app, callbackOf }) => {
  const { okta } = network;
  const attempt = await begin({ ...await app(okta), pkce: false });
  const outcome = await attempt.finish(await callbackOf(attempt.url));
  expect(outcome.error).toBe('invalid_request');
});

test('both tell a wrong client secret from a code that cannot be valid', async ({ network, app, redirectUri }) => {
  for (const idp of [network.okta, network.canaille]) {
    const made = await app(idp);
    const { discovery } = await begin(made);
    const exchange = (clientSecret) => network.send(discovery.token_endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${made.clientId}:${clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams({
        grant_type: 'authorization_code', code: 'no-such-code', redirect_uri: redirectUri, code_verifier: 'v'.repeat(43),
      }).toString(),
    });
    expect(JSON.parse((await exchange(made.clientSecret)).body).error).toBe('invalid_grant');
    expect(JSON.parse((await exchange('wrong')).body).error).toBe('invalid_client');
  }
});

test("google has Google's layout, names the Workspace and asks which account is meant", async ({ network, page, redirectUri, callbackOf }) => {
  const { google } = network;
  await google.register(redirectUri);
  const { clientId, clientSecret, issuer } = google;
  const attempt = await begin({ send: network.send, issuer, clientId, clientSecret, redirectUri });
  expect(attempt.discovery).toMatchObject({
    authorization_endpoint: `${issuer}/o/oauth2/v2/auth`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/v1/userinfo`,
    jwks_uri: `${issuer}/oauth2/v3/certs`,
  });
  const wim = google.people.find((person) => person.claims.hd);
  const url = `${attempt.url}&prompt=select_account`;
  const { claims } = await attempt.finish(await callbackOf(url, () => google.signIn(page, wim)));
  expect(claims).toMatchObject({ sub: wim.sub, email: wim.email, email_verified: true, hd: wim.claims.hd });
});
