// Each mistake that a new administrator can make with Okta, in the console: the message alone says what happened and what
// to do, and doing that mends it.

import { expect, test } from '../lib/world.mjs';
import { connect } from '../lib/walk.mjs';

const REFERENCE = /[0-9A-Z]{4}-[0-9A-Z]{4}/;

/** One of the checks of the last save, as a screen reader reads it. */
const check = (owner, title) => owner.page.getByRole('list', { name: 'Checks of the saved values' })
  .getByRole('listitem').filter({ hasText: new RegExp(`: *${title}:`) });

async function save(owner, { domain, clientId, clientSecret }) {
  await owner.field('Okta Domain').fill(domain);
  await owner.field('Client ID').fill(clientId);
  await owner.field('Client Secret').fill(clientSecret);
  await owner.button('Save').click();
  await expect(owner.page.getByRole('list', { name: 'Checks of the saved values' })).toBeVisible();
}

async function failed(owner, title, ...words) {
  await expect(check(owner, title)).toContainText('Failed:');
  for (const word of words) await expect(check(owner, title)).toContainText(word);
}

const passed = async (owner, title) => expect(check(owner, title)).toContainText('Passed:');

test('each mistake in the Okta set-up leads from its message to its mend', async ({ network, arrive }) => {
  const { okta, initech } = network;
  const { mona } = okta.people;
  const organization = { name: 'Acme Mistakes', slug: 'acme-mistakes' };
  const owner = await arrive();
  const result = owner.page.getByRole('main');
  let right;

  await test.step('an Owner makes an app, but with a wrong redirect URI', async () => {
    await owner.open('/sign-up');
    await owner.signUp(mona);
    await owner.nameOrganization(organization);
    const kind = { name: /^Okta \(OIDC\)/ };
    const app = await connect(owner, { idp: okta, kind, organization });
    await okta.setRedirectUri(app.clientId, app.redirectUri.replace('/callback', '/calback'));
    right = { domain: okta.domain, ...app };
  });

  await test.step('a domain with a slip is named, and where to look', async () => {
    await save(owner, { ...right, domain: 'acme-robtics.okta.test' });
    await failed(owner, 'Address can be contacted', 'has no address', 'Check the spelling of the domain');
    await owner.look('mistake-domain-unknown');
  });

  await test.step("somebody else's Okta is told from a wrong client", async () => {
    await save(owner, { ...right, domain: initech.domain });
    await passed(owner, 'Discovery document');
    await failed(owner, 'Client ID and redirect URI', 'the address is that of the identity provider which has the application');
    await failed(owner, 'Client secret', 'the address is that of another identity provider');
    await owner.look('mistake-domain-of-others');
  });

  await test.step('with the right domain the redirect URI and the secret are left, each with its own mend', async () => {
    await save(owner, { ...right, clientSecret: 'canary-copied-from-another-app' });
    await failed(owner, 'Client ID and redirect URI', 'shows an error instead of coming back',
      'Enter the Single sign-on URL as sign-in redirect URI', `a redirect to ${right.redirectUri}`);
    await failed(owner, 'Client secret', 'does not accept client ID and secret', 'General tab', 'invalid_client');
    await owner.look('mistake-redirect-and-secret');
  });

  await test.step('doing what each says mends each', async () => {
    await okta.setRedirectUri(right.clientId, right.redirectUri);
    await save(owner, { ...right, clientSecret: 'canary-copied-from-another-app' });
    await passed(owner, 'Client ID and redirect URI');
    await failed(owner, 'Client secret', 'Copy client ID and client secret again');
    await save(owner, right);
    await expect(owner.checks('Failed')).toHaveCount(0);
    await passed(owner, 'Client secret');
  });

  /** A test sign-in, from wherever a button for it is. */
  const tryOut = async (button, { signIn }) => {
    await owner.button(button).click();
    await owner.button('Continue with SSO').click();
    if (signIn) await okta.signIn(owner.page, mona);
    await expect(owner.heading('Result of the test')).toBeVisible();
  };

  await test.step('who is not assigned to the app is told where to assign them', async () => {
    mona.assigned = false;
    await tryOut('Test connection', { signIn: true });
    await expect(result).toContainText('did not let this person into the application');
    await expect(result).toContainText('access_denied: User is not assigned to the client application.');
    await expect(result).toContainText('Assign the application to this person or their group');
    await expect(result).toContainText('Assignments tab');
    await expect(result).toContainText(REFERENCE);
    await owner.look('mistake-not-assigned');
    mona.assigned = true;
  });

  await test.step('a person without an address is told to get one before anybody is let in so', async () => {
    const { claims } = mona;
    mona.claims = { name: claims.name };
    await tryOut('Test again', { signIn: true });
    await expect(result).toContainText('this person would be refused');
    await expect(result).toContainText('sent no e-mail address');
    await expect(result).toContainText('Give the person an e-mail address at the identity provider');
    await owner.look('mistake-no-address');
    mona.claims = claims;
  });

  await test.step('clocks five minutes apart are named as that, either way', async () => {
    for (const offsetSeconds of [300, -300]) {
      okta.clock.offsetSeconds = offsetSeconds;
      await tryOut('Test again', { signIn: false });
      await expect(result).toContainText('The clocks of this server and of the identity provider differ');
      await expect(result).toContainText('Set the clocks of both sides by NTP');
      await expect(result).toContainText(/iat (before|after) \d{4}-/);
      await expect(result).toContainText(REFERENCE);
    }
    await owner.look('mistake-clock');
    okta.clock.offsetSeconds = 0;
  });

  await test.step('with all of them mended the test succeeds, and the connection is activated', async () => {
    await tryOut('Test again', { signIn: false });
    await expect(result).toContainText('work together');
    await expect(result).toContainText(mona.email);
    await owner.activate();
  });

  await test.step('a mistake that comes later reaches the Owner by the reference that the person reads out', async () => {
    const { hans } = okta.people;
    const visitor = await arrive();
    okta.clock.offsetSeconds = 300;
    await visitor.continueWithSso(organization.slug);
    await okta.signIn(visitor.page, hans);
    const main = visitor.page.getByRole('main');
    await expect(main).toContainText('Nothing is wrong with your account');
    const [reference] = REFERENCE.exec(await main.innerText());
    okta.clock.offsetSeconds = 0;
    await owner.findAttempt(organization.slug, reference);
    await expect(owner.attempt(reference)).toContainText('The clocks of this server and of the identity provider differ');
    await expect(owner.attempt(reference)).toContainText('Set the clocks of both sides by NTP');
    await owner.look('mistake-attempt');
    await visitor.continueWithSso(organization.slug);
    await visitor.expectIn(organization.slug);
  });
});
