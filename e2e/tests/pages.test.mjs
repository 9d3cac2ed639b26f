// Rules that hold on every page: what axe finds, what fits a phone, what works without a script and without a mouse,
// what it weighs. The pages of the journey are looked at where the journey meets them.

import { openApi } from '../lib/api.mjs';
import { PASSWORD } from '../lib/console.mjs';
import { expect, test } from '../lib/world.mjs';

const WEIGHT_LIMIT_BYTES = 60_000;

async function newOwner(person, { name, slug, email, organization }) {
  await person.open('/sign-up');
  await person.signUp({ name, email });
  await person.nameOrganization({ name: organization, slug });
}

test('pages for strangers and the pages that say no are in order', async ({ arrive }) => {
  const stranger = await arrive();
  const pages = {
    '/forgotten-password': 'forgotten-password',
    '/sign-in/sso': 'sign-in-sso',
    '/no/such/page': 'not-found',
    '/invitations/no-such-token': 'invitation-gone',
    '/password-reset/no-such-token': 'password-reset-gone',
    '/api/docs': 'api-docs',
  };
  for (const [path, name] of Object.entries(pages)) {
    await stranger.open(path);
    await stranger.look(name);
  }
  await stranger.open('/sign-in');
  await stranger.field('Email').fill('nobody@nowhere.example');
  await stranger.field('Password').fill(PASSWORD);
  await stranger.button('Sign in').click();
  await expect(stranger.page.getByRole('alert')).toBeVisible();
  await stranger.look('sign-in-refused');
});

test('pages of an Owner and of the account are in order', async ({ arrive }) => {
  const owner = await arrive();
  await newOwner(owner, { name: 'Ines Page', slug: 'pages', email: 'ines@pages.example', organization: 'Page Works' });
  const inside = [
    'members', 'members?filter=never-used-sso', 'invitations', 'invitations/new', 'projects/new', 'audit-log', 'settings',
    'settings/single-sign-on', 'settings/domains', 'connections/new', 'enforcement/new', 'deletion',
  ];
  const pages = ['', 'new'].map((rest) => `/organizations/${rest}`.replace(/\/$/, ''))
    .concat(inside.map((rest) => `/organizations/pages/${rest}`))
    .concat(['profile', 'security', 'organizations'].map((rest) => `/account/${rest}`));
  for (const path of pages) {
    const answer = await owner.page.goto(`${owner.orgate.url}${path}`);
    expect.soft(answer.status(), path).toBe(200);
    await owner.look(`owner${path.replace(/[/?=]/g, '-')}`);
  }
});

test('long names and 200 rows stay inside the screen', async ({ arrive, orgate }) => {
  const owner = await arrive();
  const email = 'lena@long.example';
  const long = 'Internationale Gesellschaft zur Erforschung außergewöhnlich langer Organisationsnamen';
  await newOwner(owner, { name: 'Lena-Sophie Wolfeschlegelsteinhausenbergerdorff', slug: 'long', email, organization: long });
  const call = await openApi(orgate, { email, password: PASSWORD });
  for (let number = 0; number < 200; number += 1) {
    await call('POST', '/organizations/long/projects', { name: `Project ${number} of ${long.slice(0, 50)}` });
  }
  const address = (number) => `somebody.with.a.remarkably.long.address.${number}@subsidiary.example`;
  for (let batch = 0; batch < 200; batch += 20) {
    const emails = Array.from({ length: 20 }, (_, index) => address(batch + index));
    await call('POST', '/organizations/long/invitations', { emails, role: 'member' });
  }
  for (const page of ['projects', 'invitations', 'audit-log', 'settings']) {
    await owner.open(`/organizations/long/${page}`);
    await owner.look(`long-${page}`);
  }
});

test('accounts, organizations, projects, connections and confirmations work with scripts off', async ({ arrive }) => {
  const owner = await arrive({ javaScriptEnabled: false });
  await newOwner(owner, { name: 'Noel Noscript', slug: 'noscript', email: 'noel@noscript.example', organization: 'Plain Forms' });
  await owner.createProject('noscript', 'Paper');
  await owner.expectProjects('noscript', ['Paper']);
  await owner.invite({ slug: 'noscript', email: 'guest@noscript.example', projects: { Paper: 'Read only' } });
  await owner.openSingleSignOn('noscript');
  await owner.link('Configure').click();
  await owner.button('Continue').click();
  await expect(owner.field('Single sign-on URL')).toHaveValue(/\/sso\/oidc\/[^/]+\/callback$/);
  await owner.link('Delete this draft').click();
  await owner.look('confirmation');
  await owner.page.getByRole('main').getByRole('button').click();
  await owner.openSingleSignOn('noscript');
  await expect(owner.link('Configure')).toBeVisible();
  await owner.signOut();
  await owner.signIn('noel@noscript.example');
});

test('signing in works by keyboard and the focus is always visible', async ({ arrive }) => {
  const person = await arrive();
  const email = 'kira@keyboard.example';
  await newOwner(person, { name: 'Kira Keyboard', slug: 'keyboard', email, organization: 'Keys' });
  await person.signOut();
  await person.open('/sign-in');
  const { keyboard } = person.page;
  await expect(person.field('Email')).toBeFocused();
  await keyboard.type(email);
  const visited = [];
  for (let presses = 0; presses < 12; presses += 1) {
    await keyboard.press('Tab');
    const focus = await person.page.evaluate(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      return {
        name: element.id || element.textContent.trim(),
        isPage: element === document.body,
        visible: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none',
      };
    });
    if (focus.isPage) break;
    expect(focus.visible, `focus on ${focus.name}`).toBe(true);
    visited.push(focus.name);
    if (focus.name === 'password') await keyboard.type(PASSWORD);
  }
  expect(visited).toContain('password');
  expect(visited).toContain('Sign in');
  await person.field('Password').focus();
  await keyboard.press('Enter');
  await expect(person.page).toHaveURL(/\/organizations/);
});

test('pages are light', async ({ arrive }) => {
  const owner = await arrive();
  await newOwner(owner, { name: 'Willa Weight', slug: 'weight', email: 'willa@weight.example', organization: 'Feather' });
  // What the browser kept from an earlier page would weigh nothing.
  const session = await owner.page.context().newCDPSession(owner.page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  for (const path of ['/organizations/weight/settings/single-sign-on', '/organizations/weight/members', '/account/security']) {
    const seen = [];
    const measure = (request) => seen.push(request.sizes().then(({ responseBodySize }) => ({ url: request.url(), responseBodySize })));
    owner.page.on('requestfinished', measure);
    await owner.page.goto(`${owner.orgate.url}${path}`, { waitUntil: 'networkidle' });
    owner.page.off('requestfinished', measure);
    const sizes = await Promise.all(seen);
    const styles = sizes.filter(({ url, responseBodySize }) => new URL(url).pathname.endsWith('.css') && responseBodySize > 0);
    expect(styles, 'styles are counted').not.toHaveLength(0);
    expect(sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0), path).toBeLessThan(WEIGHT_LIMIT_BYTES);
  }
});

test('a wrong client secret is named at save, and a pasted address is read as it was meant', async ({ arrive, network }) => {
  const { okta } = network;
  const owner = await arrive();
  await newOwner(owner, { name: 'Wim Wrong', slug: 'wrong', email: 'wim@wrong.example', organization: 'Wrong Secret' });
  await owner.openSingleSignOn('wrong');
  await owner.link('Configure').click();
  await owner.button('Continue').click();
  const redirectUri = await owner.field('Single sign-on URL').inputValue();
  const { clientId } = await okta.createApp({ label: 'Wrong', redirectUri });
  await owner.field('Okta Domain').fill(`  https://${okta.domain.toUpperCase()}/admin/dashboard `);
  await owner.field('Client ID').fill(clientId);
  await owner.field('Client Secret').fill('canary-of-a-wrong-client-secret');
  await owner.button('Save').click();
  await expect(owner.checks('Failed')).toHaveCount(1);
  await expect(owner.checks('Failed')).toContainText('invalid_client');
  await expect(owner.page.getByText('We read')).toContainText(okta.domain);
  await owner.look('sso-configure-failed-check');
});
