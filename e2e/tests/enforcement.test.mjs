// The second seed, whole: an organization enforces its SSO, nobody walks round it, nobody is locked out, and off again.

import { expect, test } from '../lib/world.mjs';
import { setUpSso } from '../lib/walk.mjs';

const kindOf = (okta) => ({ name: /^Okta \(OIDC\)/, addressLabel: 'Okta Domain', address: okta.domain });

async function found({ owner, person, organization, okta }) {
  await owner.open('/sign-up');
  await owner.signUp(person);
  await owner.nameOrganization(organization);
  await setUpSso({ owner, idp: okta, kind: kindOf(okta), organization, person });
}

test('an organization enforces SSO and stops enforcing it', async ({ network, arrive }) => {
  const { okta, initech } = network;
  const { olga, vera } = okta.people;
  const acme = { name: 'Acme Robotics', slug: 'acme-enforced' };
  const second = { name: 'Initech', slug: 'initech' };
  const owner = await arrive();
  const member = await arrive();

  await test.step('an organization with single sign-on, and a member who uses a password', async () => {
    await found({ owner, person: olga, organization: acme, okta });
    await owner.createProject(acme.slug, 'Atlas');
    await owner.invite({ slug: acme.slug, email: vera.email });
    await member.acceptInvitation(vera, acme);
    await member.expectProjects(acme.slug, []);
  });

  await test.step('the Owner sees who would be bound, and enables enforcement', async () => {
    await owner.openEnforcement(acme.slug);
    await owner.look('enforcement-enable');
    await expect(owner.page.getByRole('main')).toContainText(vera.name);
    await owner.enforce(acme.slug);
    await owner.look('enforcement-on');
  });

  await test.step("the member's open session ends at the next click, and the page says why", async () => {
    await member.open(`/organizations/${acme.slug}/projects`);
    await expect(member.heading(/session ended/i)).toBeVisible();
    await expect(member.page.getByRole('main')).toContainText(acme.name);
    await member.look('session-ended');
  });

  await test.step('the right password is answered with the way to the SSO', async () => {
    await member.tryPassword(vera.email);
    await expect(member.heading(`${acme.name} requires single sign-on`)).toBeVisible();
    await member.look('blocked');
    await member.button(`Continue with ${acme.name}'s SSO`).click();
    await okta.signIn(member.page, vera);
    await member.expectIn(acme.slug);
  });

  await test.step('the Owner still gets in with a password', async () => {
    await owner.signOut();
    await owner.signIn(olga.email);
    await owner.open(`/organizations/${acme.slug}/projects`);
    await expect(owner.heading('Projects')).toBeVisible();
  });

  await test.step('nobody is invited, and projects take members only', async () => {
    await owner.open(`/organizations/${acme.slug}/invitations`);
    await expect(owner.page.getByRole('main')).toContainText(/While SSO is enforced/);
    await owner.look('invitations-while-enforced');
    await owner.addToProject(acme.slug, 'Atlas', { email: vera.email, role: 'Read and write' });
    await owner.open(`/organizations/${acme.slug}/projects`);
    await owner.link('Atlas').click();
    await owner.field('Email').fill('somebody@outside.example');
    await owner.button('Add to project').click();
    await expect(owner.page.getByRole('main')).toContainText(/not a member|member first|members only/i);
  });

  const other = await arrive();
  await test.step('a second organization of the member enforces its own SSO', async () => {
    await found({ owner: other, person: initech.people.olga, organization: second, okta: initech });
    await other.invite({ slug: second.slug, email: vera.email });
    await member.page.goto(await member.orgate.mailbox.link(vera.email));
    await member.button(`Join ${second.name}`).click();
    await other.openEnforcement(second.slug);
    await other.enforce(second.slug);
  });

  await test.step("a person in two enforcing organizations meets each one's identity provider", async () => {
    await member.tryPassword(vera.email);
    await expect(member.heading('Your organizations require single sign-on')).toBeVisible();
    await member.look('blocked-by-two');
    await expect(member.button(`Continue with ${acme.name}'s SSO`)).toBeVisible();
    await member.button(`Continue with ${second.name}'s SSO`).click();
    await expect(member.page).toHaveURL(new RegExp(`^${initech.issuer}`));
    await initech.signIn(member.page, vera);
    await member.expectIn(second.slug);
    await member.open(`/organizations/${acme.slug}/projects`);
    await member.button('Continue with SSO').click();
    await expect(member.page).toHaveURL(new RegExp(`^(${okta.issuer}|${member.orgate.url}/organizations/${acme.slug})`));
    if (member.page.url().startsWith(okta.issuer)) await okta.signIn(member.page, vera);
    await member.expectIn(acme.slug);
  });

  await test.step('once nobody enforces, the old password works again', async () => {
    await member.signOut();
    // The page would lead to the provider in a few seconds, in the middle of what comes next.
    await member.link('Stay signed in there').click();
    await owner.stopEnforcing(acme.slug);
    await owner.look('enforcement-off-again');
    await member.tryPassword(vera.email);
    await expect(member.heading(`${second.name} requires single sign-on`)).toBeVisible();
    await other.stopEnforcing(second.slug);
    await member.signIn(vera.email);
    await member.expectProjects(acme.slug, ['Atlas']);
  });
});
