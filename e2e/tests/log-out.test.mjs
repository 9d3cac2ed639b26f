// Signing out, with a foreign identity provider: here first and then there, and there with an end here.

import { expect, test } from '../lib/world.mjs';
import { setUpSso } from '../lib/walk.mjs';

test('signing out here signs out there, and signing out there ends the session here', async ({ network, arrive }) => {
  const { okta } = network;
  const { lars } = okta.people;
  const organization = { name: 'Acme Leavers', slug: 'acme-leavers' };
  const owner = await arrive();
  const asked = (page) => page.getByLabel('Username');

  await test.step('an organization with single sign-on whose Owner comes in through it', async () => {
    await owner.open('/sign-up');
    await owner.signUp(lars);
    await owner.nameOrganization(organization);
    const kind = { name: /^Okta \(OIDC\)/, addressLabel: 'Okta Domain', address: okta.domain };
    await setUpSso({ owner, idp: okta, kind, organization, person: lars });
  });

  const visitor = await arrive();
  await test.step('who comes again is known at the provider and asked for nothing', async () => {
    await visitor.continueWithSso(organization.slug);
    await okta.signIn(visitor.page, lars);
    await visitor.expectIn(organization.slug);
    await visitor.continueWithSso(organization.slug);
    await visitor.expectIn(organization.slug);
  });

  await test.step('signing out ends the session here, then the one there, and comes back', async () => {
    await visitor.page.locator('summary').filter({ visible: true }).last().click();
    await visitor.button('Sign out').click();
    await expect(visitor.heading('You are signed out here')).toBeVisible();
    await visitor.link('Sign out there too').click();
    await expect(visitor.page).toHaveURL(`${visitor.orgate.url}/signed-out`);
    await expect(visitor.heading('You are signed out')).toBeVisible();
    await visitor.look('signed-out');
    await visitor.continueWithSso(organization.slug);
    await expect(asked(visitor.page), 'the provider asks again').toBeVisible();
  });

  await test.step('the page goes on by itself, and who wants to can stay signed in there', async () => {
    await okta.signIn(visitor.page, lars);
    await visitor.expectIn(organization.slug);
    await visitor.page.locator('summary').filter({ visible: true }).last().click();
    await visitor.button('Sign out').click();
    await visitor.link('Stay signed in there').click();
    await expect(visitor.page).toHaveURL(`${visitor.orgate.url}/signed-out`);
    await visitor.continueWithSso(organization.slug);
    await visitor.expectIn(organization.slug);
    await visitor.page.locator('summary').filter({ visible: true }).last().click();
    await visitor.button('Sign out').click();
    await expect(visitor.page).toHaveURL(`${visitor.orgate.url}/signed-out`);
    await visitor.continueWithSso(organization.slug);
    await expect(asked(visitor.page), 'nobody pressed a button').toBeVisible();
  });

  await test.step('who signs out at the provider is signed out here at the next click', async () => {
    await okta.signIn(visitor.page, lars);
    await visitor.expectIn(organization.slug);
    await visitor.page.goto(okta.signOutUrl);
    await expect(visitor.page.getByRole('heading', { name: 'Acme: signed out' })).toBeVisible();
    await visitor.open(`/organizations/${organization.slug}/projects`);
    await expect(visitor.page).toHaveURL(/\/sign-in/);
    await expect(visitor.field('Password')).toBeVisible();
  });
});
