// The first seed, whole, against an identity provider laid out like an Okta organization.

import { expect, test } from '../lib/world.mjs';
import { walk } from '../lib/walk.mjs';

test('an organization connects Okta and its people sign in through it', async ({ network, arrive }) => {
  const { okta } = network;
  await walk({
    idp: okta,
    kind: { name: /^Okta \(OIDC\)/, addressLabel: 'Okta Domain', address: okta.domain },
    arrive,
    organization: { name: 'Acme Robotics', slug: 'acme' },
    extras: async ({ organization }) => {
      await test.step('the tile on the dashboard signs a known person in and asks before it makes somebody known', async () => {
        const visitor = await arrive();
        await visitor.page.goto(okta.dashboardUrl);
        await visitor.link(`Orgate for ${organization.slug}`).click();
        await okta.signIn(visitor.page, okta.people.nils);
        await visitor.expectIn(organization.slug);
        await visitor.expectProjects(organization.slug, ['Atlas']);

        const stranger = await arrive();
        await stranger.page.goto(okta.dashboardUrl);
        await stranger.link(`Orgate for ${organization.slug}`).click();
        await okta.signIn(stranger.page, okta.people.tove);
        await stranger.look('tile-question');
        await stranger.button('Continue').click();
        await stranger.expectIn(organization.slug);
        await stranger.expectProjects(organization.slug, []);
      });

      await test.step('an SSO session does not open the account', async () => {
        const visitor = await arrive();
        await visitor.continueWithSso(organization.slug);
        await okta.signIn(visitor.page, okta.people.mira);
        await visitor.expectIn(organization.slug);
        await visitor.open('/account/security');
        await expect(visitor.heading('Confirm it is you')).toBeVisible();
        await visitor.look('confirm-it-is-you');
      });
    },
  });
});
