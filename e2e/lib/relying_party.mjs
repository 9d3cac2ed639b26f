// Owns a relying party of a few lines: it proves an identity provider before Orgate meets it. A code flow with PKCE
// whose signature check is node's own crypto.

import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';

const secret = () => randomBytes(32).toString('base64url');

async function json(send, url, options) {
  const { status, body } = await send(url, options);
  if (status !== 200) throw new Error(`${url} answered ${status}: ${body}`);
  return JSON.parse(body);
}

async function readIdToken(send, discovery, idToken) {
  const [header, payload, signature] = idToken.split('.');
  const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url'));
  const { keys } = await json(send, discovery.jwks_uri);
  const key = createPublicKey({ key: keys.find((candidate) => candidate.kid === kid), format: 'jwk' });
  const right = verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  if (alg !== 'RS256' || !right) throw new Error('the ID token is not signed by the published key');
  return JSON.parse(Buffer.from(payload, 'base64url'));
}

/** Begins a sign-in at `issuer`. Send a browser to `url`; give the address it comes back to to `finish`. */
export async function begin({ send, issuer, clientId, clientSecret, redirectUri, pkce = true }) {
  const discovery = await json(send, `${issuer}/.well-known/openid-configuration`);
  const [state, nonce, verifier] = [secret(), secret(), secret()];
  const url = new URL(discovery.authorization_endpoint);
  const parameters = {
    response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope: 'openid email profile', state, nonce,
  };
  if (pkce) {
    parameters.code_challenge = createHash('sha256').update(verifier).digest('base64url');
    parameters.code_challenge_method = 'S256';
  }
  url.search = new URLSearchParams(parameters);

  async function finish(callback) {
    const answer = Object.fromEntries(new URL(callback).searchParams);
    if (answer.state !== state) throw new Error('the state came back changed');
    if (answer.error) return { error: answer.error, errorDescription: answer.error_description };
    const form = { grant_type: 'authorization_code', code: answer.code, redirect_uri: redirectUri, code_verifier: verifier };
    const tokens = await json(send, discovery.token_endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams(form).toString(),
    });
    const claims = await readIdToken(send, discovery, tokens.id_token);
    if (claims.nonce !== nonce) throw new Error('the nonce came back changed');
    const userInfo = await json(send, discovery.userinfo_endpoint, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    return { iss: answer.iss, claims, userInfo };
  }

  return { discovery, url: url.href, finish };
}
