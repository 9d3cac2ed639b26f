// Enforcement on trial and without exempt Owners: what needs a sign-in through SSO leads there and back.

import { expect, test } from '../lib/world.mjs';
import { setUpSso } from '../lib/walk.mjs';

const EXEMPTION = 'Allow Organization Owners to sign in without SSO';
const RECOVERY = 'Whoever runs Orgate may be our only way back in';

test('a trial is confirmed through SSO, and no Owner binds themselves before they came in through it', async ({ network, arrive }) => {
  const { okta } = network;
  const { tara } = okta.people;
  const organization = { name: 'Acme Trials', slug: 'acme-trial' };
  const kind = { name: /^Okta \(OIDC\)/, addressLabel: 'Okta Domain', address: okta.domain };
  const owner = await arrive();
  const main = owner.page.getByRole('main');
  // A provider that knows the browser sends it straight back.
  const throughOkta = async (back) => {
    await owner.page.waitForURL((url) => url.href.startsWith(okta.issuer) || back.test(url.href));
    if (owner.page.url().startsWith(okta.issuer)) await okta.signIn(owner.page, tara);
    await owner.page.waitForURL(back);
  };

  await test.step('an organization with single sign-on', async () => {
    await owner.open('/sign-up');
    await owner.signUp(tara);
    await owner.nameOrganization(organization);
    await setUpSso({ owner, idp: okta, kind, organization, person: tara });
  });

  await test.step('a trial is confirmed by who came in through SSO', async () => {
    await owner.openEnforcement(organization.slug);
    await owner.page.getByLabel(/^Type/).fill(organization.slug);
    await owner.button('Try for 10 minutes').click();
    await expect(main).toContainText('in 10 minutes');
    await owner.look('enforcement-trial');
    await owner.button('Confirm').click();
    await expect(owner.heading('First sign in through Okta')).toBeVisible();
    await owner.look('enforcement-trial-needs-sso');
    await owner.button('Sign in through Okta').click();
    await throughOkta(/\/enforcement\/confirmation$/);
    await owner.look('enforcement-trial-confirm');
    await owner.button('Confirm').click();
    await expect(main).toContainText('Confirmed: SSO stays enforced.');
    await owner.stopEnforcing(organization.slug);
  });

  await test.step('without the exemption the Owner shows first that SSO lets them in, and the switches stay', async () => {
    await owner.signOut();
    await owner.signIn(tara.email);
    await owner.openEnforcement(organization.slug);
    await owner.page.getByLabel(EXEMPTION).uncheck();
    await owner.page.getByLabel(RECOVERY).check();
    await owner.page.getByLabel(/^Type/).fill(organization.slug);
    await owner.button('Enable').click();
    await expect(main).toContainText('You moved a switch');
    await owner.button('Enable').click();
    await owner.look('enforcement-needs-sso');
    await owner.button('Sign in through Okta').click();
    await throughOkta(/\/enforcement\/new\?/);
    await expect(owner.page.getByLabel(EXEMPTION)).not.toBeChecked();
    await expect(owner.page.getByLabel(RECOVERY)).toBeChecked();
  });

  await test.step('the Owner is bound as well: signed out, and back through SSO', async () => {
    await owner.page.getByLabel(/^Type/).fill(organization.slug);
    await owner.button('Enable').click();
    await expect(owner.heading('Your session ended')).toBeVisible();
    await owner.button(`Continue with ${organization.name}'s SSO`).click();
    await throughOkta(/\/settings\/single-sign-on$/);
    await expect(main).toContainText('Use SSO like everybody else');
    await owner.look('enforcement-strict');
  });
});
