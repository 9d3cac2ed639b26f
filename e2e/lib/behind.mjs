// Owns what holds for a product behind any proxy that is set up as the reference says: who is let through, as whom, and
// what never reaches the product.

import { expect } from '@playwright/test';

import { PASSWORD } from './console.mjs';
import { setUpSso } from './walk.mjs';

const ACME = { name: 'Acme Robotics', slug: 'acme' };
const OTHER = { name: 'Globex', slug: 'globex' };
const CLIENT = '127.0.0.77';
const ANYBODY = 'usr_00000000000000000000000000';
const PAGE = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

const session = async (visitor) => {
  const cookies = await visitor.page.context().cookies();
  return cookies.find(({ name }) => name === '__Host-orgate-session')?.value;
};

const cookie = (token, ...others) => ({ cookie: [`first=1`, `__Host-orgate-session=${token}`, ...others].join('; ') });

async function found(visitor, person, organization) {
  await visitor.open('/sign-up');
  await visitor.signUp(person);
  await visitor.nameOrganization(organization);
}

/** Signs in by the form that this browser was led to. */
async function signInHere(visitor, email) {
  await visitor.field('Email').fill(email);
  await visitor.field('Password').fill(PASSWORD);
  await visitor.button('Sign in').click();
}

async function expectProduct(visitor, person, role) {
  await expect(visitor.heading(`Sample product of ${ACME.slug}`)).toBeVisible();
  await expect(visitor.page.getByRole('definition')).toHaveText([/^usr_/, person.email, /^org_/, role]);
}

/** Walks it. `front` is the proxy and what is behind it. */
export async function walkBehind({ test, front, network, arrive }) {
  const { okta } = network;
  const { ask, product } = front;
  const { rosa, mira, nils } = okta.people;
  const owner = await arrive();
  const member = await arrive();
  const wanted = `${front.url}/app/${ACME.slug}/reports?from=2026-11-01&to=2026-11-30`;

  await test.step('an organization with single sign-on and a member, all of it through the proxy', async () => {
    await found(owner, rosa, ACME);
    await setUpSso({
      owner,
      idp: okta,
      kind: { name: /^Okta \(OIDC\)/, addressLabel: 'Okta Domain', address: okta.domain },
      organization: ACME,
      person: rosa,
    });
    await owner.invite({ slug: ACME.slug, email: mira.email });
    await member.acceptInvitation(mira, ACME);
    await member.signOut();
    const other = await arrive();
    await found(other, nils, OTHER);
  });

  await test.step('a stranger is sent to sign in and comes back to the page of the product', async () => {
    await member.page.goto(wanted);
    await expect(member.heading('Sign in')).toBeVisible();
    expect(product.requests(), 'nothing of the product was asked').toEqual([]);
    await signInHere(member, mira.email);
    await expect(member.page).toHaveURL(wanted);
    await expectProduct(member, mira, 'member');
  });

  const token = await session(member);

  await test.step('a program without a session gets 401, the reason and the address to sign in, and no redirect', async () => {
    const before = product.requests().length;
    for (const request of [{}, { method: 'POST', headers: PAGE, body: 'a=1' }, { headers: cookie('A'.repeat(43)) }]) {
      const answer = await ask(`/app/${ACME.slug}/request`, request);
      expect(answer.status).toBe(401);
      expect(answer.headers['x-orgate-code']).toBe('no-session');
      expect(answer.headers['x-orgate-sign-in']).toBe(`${front.url}/sign-in`);
      expect(answer.headers.location).toBeUndefined();
    }
    expect(product.requests()).toHaveLength(before);
  });

  await test.step('what the client says of itself never reaches the product, and no session does', async () => {
    const claimed = {
      'X-Orgate-User': ANYBODY,
      'x-orgate-role': 'owner',
      'X-ORGATE-EMAIL': 'evil@canary.example',
      'X-Orgate-Organization': 'org_canary',
      'X-Orgate-Code': 'canary',
      'X-Orgate-Sign-In': 'https://canary.example',
      'X-Forwarded-For': '203.0.113.9',
    };
    const browser = '__Host-orgate-browser=canary';
    for (const cookies of [cookie(token, 'last=2'), cookie(token, browser, 'last=2'), { cookie: `__Host-orgate-session=${token}; last=2` }]) {
      const answer = await ask(`/app/${ACME.slug}/request`, { headers: { ...claimed, ...cookies }, from: CLIENT });
      expect(answer.status).toBe(200);
      const seen = JSON.parse(answer.body).headers;
      const values = (name) => seen.filter(([key]) => key === name).map(([, value]) => value);
      expect(values('x-orgate-user')).toEqual([expect.stringMatching(/^usr_/)]);
      expect(values('x-orgate-email')).toEqual([mira.email]);
      expect(values('x-orgate-role')).toEqual(['member']);
      expect(values('x-orgate-organization')).toEqual([expect.stringMatching(/^org_/)]);
      expect(values('x-forwarded-for').join().split(/, ?/).at(-1), 'the last address is the client').toBe(CLIENT);
      expect(values('cookie').join(), 'other cookies go on').toContain('last=2');
      expect(answer.body).not.toMatch(/canary|0000000000|__Host-orgate/);
      expect(answer.body).not.toContain(token);
    }
    const twice = await ask(`/app/${ACME.slug}/request`, { headers: cookie(token, `__Host-orgate-session=${token}`) });
    expect(twice.body).not.toContain(token);
    for (const headers of [{ ...cookie(token), X_Orgate_Role: 'owner' }, { ...cookie(token), 'X-Orgate_Role': 'owner' }]) {
      const answer = await ask(`/app/${ACME.slug}/request`, { headers });
      expect(answer.body, 'a spelling that some servers take for the same').not.toMatch(/_role/i);
    }
  });

  await test.step('a session shown as Bearer opens the product and is not passed on', async () => {
    const signedIn = await ask('/api/v1/sessions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
      body: JSON.stringify({ method: 'password', email: mira.email, password: PASSWORD }),
      from: CLIENT,
    });
    const bearer = { authorization: `Bearer ${JSON.parse(signedIn.body).token}` };
    const answer = await ask(`/app/${ACME.slug}/request`, { headers: bearer });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toMatch(/authorization|bearer/i);
    const sessions = await ask('/api/v1/account/sessions', { headers: bearer });
    const addresses = JSON.parse(sessions.body).items.map(({ ip }) => ip);
    expect(addresses, 'Orgate knows the client behind the proxy').toContain(CLIENT);
    expect(addresses).not.toContain('203.0.113.9');
  });

  await test.step('no spelling of a path opens the part of another organization', async () => {
    const before = product.requests().length;
    for (const path of [
      `/app/${OTHER.slug}/request`,
      `/app/${ACME.slug}/../${OTHER.slug}/request`,
      `/app/${ACME.slug}/%2e%2e/${OTHER.slug}/request`,
      `/app/${ACME.slug}/..%2f${OTHER.slug}/request`,
      `/app/${ACME.slug}%2f..%2f${OTHER.slug}/request`,
      `/app/%67lobex/request`,
      `//app//${OTHER.slug}//request`,
    ]) {
      const answer = await ask(path, { headers: cookie(token) });
      expect([400, 403, 404], path).toContain(answer.status);
    }
    const refused = await ask(`/app/${OTHER.slug}/request`, { headers: { ...PAGE, ...cookie(token) } });
    expect(refused.status).toBe(403);
    expect(refused.headers['x-orgate-code']).toBe('not-an-organization-member');
    for (const path of ['/app/request', '/app/', '/APP/acme/request', '/app/Acme/request', '/app/acme', `/app/acme%00/request`]) {
      const answer = await ask(path, { headers: cookie(token) });
      expect([400, 404], path).toContain(answer.status);
    }
    expect(product.requests(), 'none of them reached the product').toHaveLength(before);
    const round = await ask(`/app/${OTHER.slug}/../${ACME.slug}/./request?x=%2Fapp%2F${OTHER.slug}`, { headers: cookie(token) });
    expect(JSON.parse(round.body).path).toBe(`/app/${ACME.slug}/request?x=%2Fapp%2F${OTHER.slug}`);
    const question = await ask(`/app/${OTHER.slug}/request?organization=${ACME.slug}`, { headers: cookie(token) });
    expect(question.status, 'the query does not choose the organization').toBe(403);
  });

  await test.step('measurements are not served to the world', async () => {
    expect((await ask('/metrics')).status).toBe(404);
  });

  await test.step('after signing out, from a page of the product, the next request is refused', async () => {
    await member.page.goto(wanted);
    await member.button('Sign out').click();
    await expect(member.heading('You are signed out')).toBeVisible();
    const before = product.requests().length;
    expect((await ask(`/app/${ACME.slug}/request`, { headers: cookie(token) })).status).toBe(401);
    await member.page.goto(wanted);
    await expect(member.heading('Sign in')).toBeVisible();
    expect(product.requests()).toHaveLength(before);
    await signInHere(member, mira.email);
    await expectProduct(member, mira, 'member');
  });

  await test.step('enforcement ends a password session at the next request, and SSO leads back to the product', async () => {
    const password = await session(member);
    await owner.openEnforcement(ACME.slug);
    await owner.enforce(ACME.slug);
    const ended = await ask(`/app/${ACME.slug}/request`, { headers: cookie(password) });
    expect(ended.status).toBe(401);
    expect(ended.headers['x-orgate-code']).toBe('sso-required');
    await member.page.goto(wanted);
    await expect(member.page).toHaveURL(new RegExp(`^${front.url}/sign-in/${ACME.slug}`));
    await member.button('Continue with SSO').click();
    await okta.signIn(member.page, mira);
    await expect(member.page).toHaveURL(wanted);
    await expectProduct(member, mira, 'member');
  });

  await test.step('with Orgate away nothing passes, and the proxy says 503', async () => {
    const alive = await session(member);
    expect((await ask(`/app/${ACME.slug}/request`, { headers: cookie(alive) })).status).toBe(200);
    const before = product.requests().length;
    await front.orgate.stop();
    for (const headers of [cookie(alive), { ...PAGE, ...cookie(alive) }, {}]) {
      expect((await ask(`/app/${ACME.slug}/request`, { headers })).status).toBe(503);
    }
    expect(product.requests()).toHaveLength(before);
  });
}
