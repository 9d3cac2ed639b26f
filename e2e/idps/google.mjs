// Google as a web application meets it: npm oidc-provider with Google's paths gathered below one host, ID tokens that carry
// the profile and, for people of a Workspace, `hd`; a page on which one chooses an account.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import https from 'node:https';
import Provider, { interactionPolicy } from 'oidc-provider';

import { authorityOf, listenAnywhere } from '../lib/network.mjs';
import { escape, page, readForm, show } from '../lib/pages.mjs';

const CLIENT_ID = '1234567890-browsertests.apps.googleusercontent.com';
/** Fixed, so that scripts/canary.sh finds it where it was printed. */
const CLIENT_SECRET = 'GOCSPX-canary-of-the-browser-tests';

/** Google asks which account is meant when it is told to, whoever is signed in. */
function interactions() {
  const policy = interactionPolicy.base();
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);
  return policy;
}

function configuration(people) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomBytes(20).toString('hex') };
  return {
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    routes: { authorization: '/o/oauth2/v2/auth', token: '/token', userinfo: '/v1/userinfo', jwks: '/oauth2/v3/certs' },
    scopes: ['openid', 'email', 'profile'],
    claims: { openid: ['sub', 'hd'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name', 'picture'] },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/accounts/${interaction.uid}`, policy: interactions() },
    ttl: { AccessToken: 3600, AuthorizationCode: 300, IdToken: 3600, Interaction: 3600, Session: 7200, Grant: 7200 },
    findAccount: (_context, subject) => {
      const person = people.find((candidate) => candidate.sub === subject);
      return person && { accountId: subject, claims: () => ({ sub: subject, ...person.claims }) };
    },
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    renderError: (context, out) => {
      context.type = 'html';
      context.body = page('Error 400', `<p>${escape(out.error)}: ${escape(out.error_description)}</p>`);
    },
  };
}

function choice(uid, people) {
  const accounts = people.map((person) => `<li><button name="sub" value="${escape(person.sub)}">${escape(person.claims.email)}</button></li>`);
  return page('Choose an account', `<form method="post" action="/accounts/${escape(uid)}"><ul>${accounts.join('')}</ul>
<button name="sub" value="">Cancel</button></form>`);
}

async function choose(provider, people, request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') return show(response, choice(uid, people));
  const sub = (await readForm(request)).get('sub');
  const result = sub
    ? { select_account: {}, login: { accountId: sub } }
    : { error: 'access_denied', error_description: 'The person cancelled.' };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** Somebody with a Google account; `hd` names the Workspace. */
export function googlePerson({ sub, email, name, verified = true, hd }) {
  return { sub, email, name, claims: { email, email_verified: verified, name, ...(hd && { hd }) } };
}

/** Starts Google at `host`. `people` is an array of `googlePerson`s that the caller may extend later. */
export async function startGoogle({ host, certificate, people, addresses }) {
  const redirectUris = new Set();
  let provider;
  let handle;
  const server = https.createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    if (!new URL(request.url, 'https://google').pathname.startsWith('/accounts/')) return handle(request, response);
    return choose(provider, people, request, response).catch((error) => show(response, page('Error', escape(error)), 400));
  });
  const { address, port } = await listenAnywhere(server);
  addresses.set(host, address);
  const issuer = `https://${authorityOf(host, port)}`;
  provider = new Provider(issuer, configuration(people));
  handle = provider.callback();

  return {
    name: 'Google',
    issuer,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    people,
    /** What the operator does under APIs & Services > Credentials. */
    async register(redirectUri) {
      redirectUris.add(redirectUri);
      const client = new provider.Client({
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [...redirectUris],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      });
      await provider.Client.adapter.upsert(client.clientId, client.metadata());
    },
    /** What Orgate is told about it. */
    settings: () => ({
      ORGATE_GOOGLE_CLIENT_ID: CLIENT_ID, ORGATE_GOOGLE_CLIENT_SECRET: CLIENT_SECRET, ORGATE_GOOGLE_ISSUER: issuer,
    }),
    signIn: (browserPage, person) => browserPage.getByRole('button', { name: person.email, exact: true }).click(),
    refuse: (browserPage) => browserPage.getByRole('button', { name: 'Cancel' }).click(),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
