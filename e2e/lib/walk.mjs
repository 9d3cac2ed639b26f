// Owns the first seed's journey, walked the same way against every identity provider: an Owner connects it, a newcomer
// and a member sign in through it, somebody it does not let in is told what to do.

import { expect, test } from '@playwright/test';

const REFERENCE = /[0-9A-Z]{4}-[0-9A-Z]{4}/;

/**
 * Walks it.
 * `idp` is a running identity provider with `people`; `kind` says how Orgate's form names it and which values it asks
 * for; `arrive` gives a person a browser; `organization` is `{name, slug}`; `refuses` says whether the provider can be made
 * to turn somebody away.
 */
export async function walk({ idp, kind, arrive, organization, refuses = true, extras = async () => {} }) {
  const { rosa, nils, mira, udo } = idp.people;
  const owner = await arrive();
  const state = { owner, idp, organization };

  await test.step('the Owner signs up and names the organization', async () => {
    await owner.open('/sign-in');
    await owner.look('sign-in');
    await owner.link('Create an account').click();
    await owner.look('sign-up');
    await owner.signUp(rosa);
    await owner.nameOrganization(organization);
  });

  await test.step('the Owner creates a project and invites a member into it', async () => {
    await owner.open(`/organizations/${organization.slug}/projects`);
    await owner.look('projects-none');
    await owner.createProject(organization.slug, 'Atlas');
    await owner.look('project-owner-only');
    await owner.createProject(organization.slug, 'Borealis');
    await owner.invite({ slug: organization.slug, email: mira.email, projects: { Borealis: 'Read and write' } });
  });

  await test.step('the member joins with a password', async () => {
    const member = await arrive();
    await member.acceptInvitation(mira, organization);
    await member.expectProjects(organization.slug, ['Borealis']);
    await member.signOut();
  });

  await setUpSso({ owner, idp, kind, organization, person: rosa });

  await test.step('a new person signs in through SSO and is a member with no project', async () => {
    const newcomer = await arrive();
    state.newcomer = newcomer;
    await newcomer.open(`/sign-in/${organization.slug}`);
    await newcomer.look('sign-in-organization');
    await newcomer.button('Continue with SSO').click();
    await idp.signIn(newcomer.page, nils);
    await newcomer.expectIn(organization.slug);
    await newcomer.expectProjects(organization.slug, []);
    await newcomer.look('projects-of-newcomer');
    await owner.expectRole(organization.slug, nils, 'Member');
  });

  await test.step('the Owner puts them into a project and they see it', async () => {
    await owner.addToProject(organization.slug, 'Atlas', { email: nils.email, role: 'Read and write' });
    await owner.look('project');
    await state.newcomer.expectProjects(organization.slug, ['Atlas']);
    await state.newcomer.look('projects');
  });

  await test.step('an existing member signs in through SSO and keeps role and projects', async () => {
    const member = await arrive();
    await member.continueWithSso(organization.slug);
    await idp.signIn(member.page, mira);
    await member.expectIn(organization.slug);
    await member.expectProjects(organization.slug, ['Borealis']);
    await owner.expectRole(organization.slug, mira, 'Member');
    await owner.look('members');
  });

  if (refuses) await test.step('somebody who is not let in gets a page with a reference that the Owner finds', async () => {
    const stranger = await arrive();
    await stranger.continueWithSso(organization.slug);
    await idp.refuse(stranger.page, udo);
    const main = stranger.page.getByRole('main');
    await expect(main).toContainText(REFERENCE);
    const [reference] = REFERENCE.exec(await main.innerText());
    await stranger.look('refused');
    await owner.findAttempt(organization.slug, reference);
    await expect(owner.attempt(reference)).toContainText('access_denied');
    await owner.look('sso-attempts');
  });

  await extras(state);
}

/** The Owner's way from nothing to an active connection, tested by signing in as `person`. */
export async function setUpSso({ owner, idp, kind, organization, person }) {
  let app;
  await test.step('the Owner opens Settings > Single Sign-On > Configure and copies the Single sign-on URL', async () => {
    app = await connect(owner, { idp, kind, organization });
  });

  await test.step('the Owner saves what the identity provider gave, and each check has passed', async () => {
    await owner.field(kind.addressLabel).fill(kind.address);
    await owner.field('Client ID').fill(app.clientId);
    await owner.field('Client Secret').fill(app.clientSecret);
    await owner.button('Save').click();
    await expect(owner.checks('Passed')).not.toHaveCount(0);
    await expect(owner.checks('Failed')).toHaveCount(0);
    await owner.look('sso-configure-saved');
  });

  await test.step('the Owner tests the connection and sees who it would be', async () => {
    await owner.button('Test connection').click();
    await expect(owner.button('Continue with SSO')).toBeVisible();
    await owner.look('sso-test-start');
    await owner.button('Continue with SSO').click();
    await idp.signIn(owner.page, person);
    const result = owner.page.getByRole('main');
    await expect(result.getByText(person.email).first()).toBeVisible();
    await expect(result.getByText(person.name).first()).toBeVisible();
    await owner.look('sso-test-result');
  });

  await test.step('the Owner activates it', async () => {
    await owner.activate();
    await owner.openSingleSignOn(organization.slug);
    await expect(owner.page.getByText('Active', { exact: true }).first()).toBeVisible();
    await owner.look('sso-active');
  });
}

/** From Settings > Single Sign-On to the form, with the app made at the provider as the guide beside the form says. */
export async function connect(owner, { idp, kind, organization }) {
  await owner.openSingleSignOn(organization.slug);
  await owner.look('sso-none');
  await owner.link('Configure').click();
  await owner.look('sso-choose-kind');
  await owner.page.getByRole('radio', { name: kind.name }).check();
  await owner.button('Continue').click();
  await owner.look('sso-configure');
  const redirectUri = await owner.field('Single sign-on URL').inputValue();
  expect(redirectUri).toMatch(/\/sso\/oidc\/[^/]+\/callback$/);
  const beside = (name) => redirectUri.replace(/callback$/, name);
  const app = await idp.createApp({
    label: `Orgate for ${organization.slug}`,
    redirectUri,
    initiateLoginUri: beside('initiate'),
    signedOutUri: beside('signed-out'),
    backchannelLogoutUri: beside('backchannel-logout'),
  });
  return { ...app, redirectUri };
}
