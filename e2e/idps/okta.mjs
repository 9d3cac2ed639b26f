// A foreign identity provider: npm oidc-provider laid out like an Okta organization. Issuer `https://DOMAIN`, endpoints
// under /oauth2/v1/, PKCE required, thin ID tokens (name and e-mail come from UserInfo alone), an app that people must
// be assigned to, and a dashboard whose tile starts a sign-in. Unlike Okta it also tells apps that somebody signed out.

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import https from 'node:https';
import Provider from 'oidc-provider';

import { authorityOf, listenAnywhere } from '../lib/network.mjs';
import { escape, page, readForm } from '../lib/pages.mjs';

const NOT_ASSIGNED = 'User is not assigned to the client application.';

const loginPage = (uid, problem) => page('Acme: sign in', `${problem ? `<p role="alert">${escape(problem)}</p>` : ''}
<form method="post" action="/signin/${escape(uid)}">
<label>Username <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button></form>`);

/** Okta asks nobody whether they meant it. */
const signOutAtOnce = (form) => page('Acme: sign out', `${form}
<input type="hidden" form="op.logoutForm" name="logout" value="yes">
<script>document.getElementById('op.logoutForm').submit();</script>`);

/** An ID token as a provider would have made it whose clock is wrong by so many seconds. */
function shifted(token, seconds, privateKey) {
  const [header, payload] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  for (const name of ['iat', 'exp', 'auth_time']) if (claims[name]) claims[name] += seconds;
  const message = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${message}.${sign('sha256', Buffer.from(message), privateKey).toString('base64url')}`;
}

function configuration(people, privateKey) {
  const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomBytes(16).toString('base64url') };
  return {
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    routes: {
      authorization: '/oauth2/v1/authorize',
      token: '/oauth2/v1/token',
      userinfo: '/oauth2/v1/userinfo',
      jwks: '/oauth2/v1/keys',
      end_session: '/oauth2/v1/logout',
      pushed_authorization_request: '/oauth2/v1/par',
    },
    scopes: ['openid', 'email', 'profile'],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username', 'locale', 'updated_at'],
    },
    conformIdTokenClaims: true,
    responseTypes: ['code'],
    // Whom it tells of a log-out is on this machine, which its own guard of addresses would refuse.
    fetch: (url, options) => globalThis.fetch(url, { ...options, dispatcher: undefined }),
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => { context.body = signOutAtOnce(form); },
        postLogoutSuccessSource: (context) => { context.body = page('Acme: signed out', ''); },
      },
    },
    interactions: { url: (_context, interaction) => `/signin/${interaction.uid}` },
    ttl: { AccessToken: 3600, AuthorizationCode: 300, IdToken: 3600, Interaction: 3600, Session: 7200, Grant: 7200 },
    findAccount: (_context, subject) => {
      const person = people.find((candidate) => candidate.sub === subject);
      return person && { accountId: subject, claims: () => ({ sub: subject, ...person.claims }) };
    },
    // An Okta app asks its people for no consent.
    async loadExistingGrant({ oidc }) {
      const known = oidc.session.grantIdFor(oidc.client.clientId);
      if (known) return oidc.provider.Grant.find(known);
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    renderError: (context, out) => {
      context.type = 'html';
      context.body = page('400 Bad Request', `<p>${escape(out.error)}: ${escape(out.error_description)}</p>`);
    },
  };
}

async function signIn(provider, people, request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html');
    return response.end(loginPage(uid));
  }
  const form = await readForm(request);
  const person = people.find((candidate) => candidate.username === form.get('username'));
  if (!person || person.password !== form.get('password')) {
    response.setHeader('content-type', 'text/html');
    return response.end(loginPage(uid, 'Unable to sign in'));
  }
  const result = person.assigned
    ? { login: { accountId: person.sub, amr: ['pwd'] } }
    : { error: 'access_denied', error_description: NOT_ASSIGNED };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

function dashboard(tiles) {
  const links = tiles.map(({ label, href }) => `<li><a href="${escape(href)}">${escape(label)}</a></li>`);
  return page('My apps', `<ul>${links.join('')}</ul>`);
}

/**
 * Starts the organization at `host`. `people` is an array that the caller may extend later, of
 * `{sub, username, password, assigned, claims}`.
 */
export async function startOkta({ host, certificate, people, addresses }) {
  const tiles = [];
  let provider;
  let handle;
  const server = https.createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    const { pathname } = new URL(request.url, 'https://okta');
    if (pathname === '/app/UserHome') {
      response.setHeader('content-type', 'text/html');
      response.end(dashboard(tiles));
    } else if (pathname.startsWith('/signin/')) {
      signIn(provider, people, request, response).catch((error) => {
        response.statusCode = 400;
        response.end(String(error));
      });
    } else {
      handle(request, response);
    }
  });
  const { address, port } = await listenAnywhere(server);
  addresses.set(host, address);
  const domain = authorityOf(host, port);
  const issuer = `https://${domain}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  provider = new Provider(issuer, configuration(people, privateKey));
  const clock = { offsetSeconds: 0 };
  provider.use(async (context, next) => {
    await next();
    if (clock.offsetSeconds !== 0 && context.body?.id_token) {
      context.body.id_token = shifted(context.body.id_token, clock.offsetSeconds, privateKey);
    }
  });
  handle = provider.callback();

  /** What the administrator does under Applications > Create App Integration. */
  async function createApp({ label, redirectUri, initiateLoginUri, signedOutUri, backchannelLogoutUri }) {
    const created = new provider.Client({
      ...(signedOutUri && { post_logout_redirect_uris: [signedOutUri] }),
      ...(backchannelLogoutUri && { backchannel_logout_uri: backchannelLogoutUri, backchannel_logout_session_required: true }),
      client_id: `0oa${randomBytes(9).toString('hex').slice(0, 17)}`,
      // What each begins with is what scripts/canary.sh searches for.
      client_secret: `canary-okta-client-secret-${randomBytes(28).toString('base64url')}`,
      client_name: label,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    });
    await provider.Client.adapter.upsert(created.clientId, created.metadata());
    if (initiateLoginUri) tiles.push({ label, href: `${initiateLoginUri}?iss=${encodeURIComponent(issuer)}` });
    return { clientId: created.clientId, clientSecret: created.clientSecret };
  }

  /** What the administrator does on the app's General tab. */
  async function setRedirectUri(clientId, redirectUri) {
    const metadata = await provider.Client.adapter.find(clientId);
    await provider.Client.adapter.upsert(clientId, { ...metadata, redirect_uris: [redirectUri] });
  }

  async function authenticate(page, person) {
    await page.getByLabel('Username').fill(person.username);
    await page.getByLabel('Password').fill(person.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  return {
    name: 'Okta',
    issuer,
    domain,
    host,
    dashboardUrl: `${issuer}/app/UserHome`,
    createApp,
    setRedirectUri,
    /** By how much its clock is wrong. */
    clock,
    signOutUrl: `${issuer}/oauth2/v1/logout`,
    signIn: authenticate,
    /** A person whom the app is not assigned to signs in: Okta sends the browser back with `access_denied`. */
    refuse: authenticate,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
