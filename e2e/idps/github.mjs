// GitHub as an OAuth app meets it: the page that asks for consent, the token address whose refusals have status 200, and
// the two addresses of the interface that tell who somebody is. Written by hand from GitHub's documentation.

import { createHash, randomBytes } from 'node:crypto';
import https from 'node:https';

import { authorityOf, listenAnywhere } from '../lib/network.mjs';
import { escape, page, readForm, show } from '../lib/pages.mjs';

const API = '/api/v3';
const CLIENT_ID = 'Ov23liBrowserTests000';
/** Fixed, so that scripts/canary.sh finds it where it was printed. */
const CLIENT_SECRET = '5e17c0a94bd2683f71ea0c95b8d34f62a1907ec5';

const random = () => randomBytes(20).toString('hex');
const mismatch = 'The redirect_uri MUST match the registered callback URL for this application.';

/** Somebody with a GitHub account. `emails` is what `/user/emails` lists; by default one verified, private address. */
export function githubPerson({ id, login, name = null, email, emails }) {
  const own = [{ email, primary: true, verified: true, visibility: 'private' }];
  return { id, login, name, email, emails: emails ?? own };
}

function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

function back(response, redirectUri, parameters) {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  response.writeHead(302, { location: url.href });
  response.end();
}

class Site {
  constructor(people) {
    this.people = people;
    this.codes = new Map();
    this.tokens = new Map();
    this.callback = undefined;
    this.suspended = false;
  }

  async answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'https://github');
    const route = `${request.method} ${pathname}`;
    if (route === 'GET /login/oauth/authorize') return this.ask(searchParams, response);
    if (route === 'POST /login/oauth/authorize') return this.decide(searchParams, await readForm(request), response);
    if (route === 'POST /login/oauth/access_token') return this.token(request, await readForm(request), response);
    if (route === `GET ${API}/user` || route === `GET ${API}/user/emails`) return this.interface(pathname, request, response);
    return json(response, 404, { message: 'Not Found', status: '404' });
  }

  ask(query, response) {
    if (query.get('client_id') !== CLIENT_ID) return show(response, page('404', 'This is not the page you are looking for.'), 404);
    if (query.get('redirect_uri') !== this.callback) {
      return back(response, this.callback, { error: 'redirect_uri_mismatch', error_description: mismatch, state: query.get('state') });
    }
    if (this.suspended) {
      return back(response, this.callback, {
        error: 'application_suspended', error_description: 'Your application has been suspended.', state: query.get('state'),
      });
    }
    const accounts = this.people.map((person) => `<li><button name="login" value="${escape(person.login)}">Authorize as ${escape(person.login)}</button></li>`);
    return show(response, page('Authorize Orgate', `<p>${escape(query.get('scope'))}</p><form method="post"><ul>${accounts.join('')}</ul>
<button name="login" value="">Cancel</button></form>`));
  }

  decide(query, form, response) {
    const person = this.people.find((candidate) => candidate.login === form.get('login'));
    const state = query.get('state');
    if (!person) {
      return back(response, this.callback, {
        error: 'access_denied', error_description: 'The user has denied your application access.', state,
      });
    }
    const code = random();
    this.codes.set(code, { person, challenge: query.get('code_challenge'), scopes: query.get('scope').split(' ') });
    return back(response, this.callback, { code, state });
  }

  token(request, form, response) {
    const answer = this.exchange(form);
    if (request.headers.accept === 'application/json') return json(response, 200, answer);
    response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded' });
    return response.end(new URLSearchParams(answer).toString());
  }

  exchange(form) {
    if (form.get('client_id') !== CLIENT_ID || form.get('client_secret') !== CLIENT_SECRET) {
      return { error: 'incorrect_client_credentials', error_description: 'The client_id and/or client_secret passed are incorrect.' };
    }
    const granted = this.codes.get(form.get('code'));
    this.codes.delete(form.get('code'));
    if (granted && form.get('redirect_uri') !== this.callback) return { error: 'redirect_uri_mismatch', error_description: mismatch };
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    if (!granted || granted.challenge !== challenge) {
      return { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' };
    }
    const token = `gho_${random()}`;
    this.tokens.set(token, granted);
    return { access_token: token, token_type: 'bearer', scope: granted.scopes.join(',') };
  }

  interface(pathname, request, response) {
    const granted = this.tokens.get(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]);
    if (!granted) return json(response, 401, { message: 'Bad credentials', status: '401' });
    const { id, login, name, emails } = granted.person;
    if (pathname === `${API}/user`) return json(response, 200, { login, id, type: 'User', name, email: null });
    if (!granted.scopes.includes('user:email')) return json(response, 404, { message: 'Not Found', status: '404' });
    return json(response, 200, emails);
  }
}

/** Starts GitHub at `host`. `people` is an array of `githubPerson`s that the caller may extend later. */
export async function startGitHub({ host, certificate, people, addresses }) {
  const site = new Site(people);
  const server = https.createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    site.answer(request, response).catch((error) => show(response, page('Error', escape(error)), 500));
  });
  const { address, port } = await listenAnywhere(server);
  addresses.set(host, address);
  const issuer = `https://${authorityOf(host, port)}`;

  return {
    name: 'GitHub',
    issuer,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    people,
    /** What the operator does under Settings > Developer settings > OAuth apps. */
    register: (redirectUri) => { site.callback = redirectUri; },
    /** What GitHub does to an app that misbehaved. */
    suspend: (suspended) => { site.suspended = suspended; },
    /** What a person does under Settings > Applications. */
    revokeTokens: () => site.tokens.clear(),
    /** What Orgate is told about it. */
    settings: () => ({
      ORGATE_GITHUB_CLIENT_ID: CLIENT_ID,
      ORGATE_GITHUB_CLIENT_SECRET: CLIENT_SECRET,
      ORGATE_GITHUB_URL: issuer,
      ORGATE_GITHUB_API_URL: `${issuer}${API}`,
    }),
    signIn: (browserPage, person) => browserPage.getByRole('button', { name: `Authorize as ${person.login}`, exact: true }).click(),
    refuse: (browserPage) => browserPage.getByRole('button', { name: 'Cancel' }).click(),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
