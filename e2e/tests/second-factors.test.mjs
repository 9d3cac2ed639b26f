// Second factors: an authenticator app and its recovery codes, an organization that requires one, and what enforced SSO
// makes of it.

import { readFile } from 'node:fs/promises';

import { PASSWORD } from '../lib/console.mjs';
import { expect, test } from '../lib/world.mjs';
import { setUpSso } from '../lib/walk.mjs';

const NOT_RIGHT = /That code is not right, or it was used already/;

async function newPerson(visitor, person, organization) {
  await visitor.open('/sign-up');
  await visitor.signUp(person);
  await visitor.nameOrganization(organization);
}

test('an authenticator app is asked for after the password, and a recovery code stands in for it', async ({ arrive }) => {
  const person = { name: 'Sam Second', email: 'sam@factors.example' };
  const visitor = await arrive();
  const elsewhere = await arrive();
  const { mailbox } = visitor.orgate;
  const card = visitor.page.getByRole('region', { name: 'Two-step verification' });
  let [app, recoveryCodes] = [];

  await test.step('a new person sets one up, after a code that was mailed for it', async () => {
    await newPerson(visitor, person, { name: 'Factors', slug: 'factors' });
    await elsewhere.signIn(person.email);
    await visitor.open('/account/security');
    await expect(card).toContainText('Off');
    await visitor.link('Set up an authenticator app').click();
    ({ app, recoveryCodes } = await visitor.setUpAuthenticatorApp(person.email));
    expect(new Set(recoveryCodes).size).toBe(10);
  });

  await test.step('the recovery codes are downloaded, as the page shows them', async () => {
    const download = visitor.page.waitForEvent('download');
    await visitor.link('Download').click();
    const file = await download;
    expect(file.suggestedFilename()).toBe('recovery-codes.txt');
    const text = await readFile(await file.path(), 'utf8');
    for (const code of [person.email, ...recoveryCodes]) expect(text).toContain(code);
  });

  await test.step('the page says so, a mail tells of it, and every other browser is signed out', async () => {
    await visitor.link('Continue').click();
    await expect(card).toContainText('On');
    await expect(card).toContainText('10 codes are left');
    await visitor.look('second-factor-on');
    await mailbox.next(person.email, /New authenticator app/);
    await elsewhere.open('/organizations');
    await expect(elsewhere.page).toHaveURL(/\/sign-in/);
    await visitor.signOut();
  });

  let served;
  await test.step('a wrong code after the password is refused with words, and the right one lets in', async () => {
    await visitor.tryPassword(person.email);
    await expect(visitor.heading('Show your second factor')).toBeVisible();
    await visitor.look('second-factor-app');
    await visitor.tryAppCode(app.wrong());
    await expect(visitor.field('Code from your authenticator app')).toHaveAccessibleDescription(NOT_RIGHT);
    await visitor.look('second-factor-app-wrong');
    await visitor.open('/organizations');
    await expect(visitor.heading('Sign in'), 'a password alone opens nothing').toBeVisible();
    await visitor.tryPassword(person.email);
    served = await app.code();
    await visitor.tryAppCode(served);
    await expect(visitor.page).toHaveURL(/\/organizations/);
    await visitor.signOut();
  });

  await test.step('each code serves once', async () => {
    await visitor.tryPassword(person.email);
    await visitor.tryAppCode(served);
    await expect(visitor.field('Code from your authenticator app')).toHaveAccessibleDescription(NOT_RIGHT);
    await visitor.tryAppCode(await app.code());
    await expect(visitor.page).toHaveURL(/\/organizations/);
    await visitor.signOut();
  });

  await test.step('a recovery code stands in for the app, once', async () => {
    await visitor.tryPassword(person.email);
    await visitor.link('Use a recovery code').click();
    await visitor.look('second-factor-recovery-code');
    await visitor.tryRecoveryCode(recoveryCodes[0]);
    await expect(visitor.page).toHaveURL(/\/organizations/);
    expect((await mailbox.next(person.email, /recovery code was used/)).text).toContain('9 codes are left');
    await visitor.signOut();
    await visitor.tryPassword(person.email);
    await visitor.tryRecoveryCode(recoveryCodes[0]);
    await expect(visitor.field('Recovery code')).toHaveAccessibleDescription(NOT_RIGHT);
    await visitor.look('second-factor-recovery-code-used');
    await visitor.tryRecoveryCode(recoveryCodes[1]);
    await expect(visitor.page).toHaveURL(/\/organizations/);
  });

  await test.step('new recovery codes make the old ones void', async () => {
    await visitor.open('/account/security');
    await expect(card).toContainText('8 codes are left');
    await visitor.link('New codes').click();
    await expect(visitor.page.getByRole('main')).toContainText(/8\s*old codes no longer serve/);
    await visitor.look('recovery-codes-new');
    await visitor.button('Make new codes').click();
    const fresh = await visitor.recoveryCodes();
    expect(fresh).toHaveLength(10);
    await visitor.link('Done').click();
    await expect(card).toContainText('10 codes are left');
    await visitor.signOut();
    await visitor.tryPassword(person.email);
    await visitor.tryRecoveryCode(recoveryCodes[2]);
    await expect(visitor.field('Recovery code')).toHaveAccessibleDescription(NOT_RIGHT);
    await visitor.tryRecoveryCode(fresh[0]);
    await expect(visitor.page).toHaveURL(/\/organizations/);
  });

  await test.step('removing the app asks first, and then the password alone is enough', async () => {
    await visitor.open('/account/security');
    await visitor.link('Remove the authenticator app').click();
    await expect(visitor.heading('Remove your authenticator app?')).toBeVisible();
    await expect(visitor.page.getByRole('main')).toContainText('You are no longer asked for a second factor');
    await visitor.look('totp-removal');
    await visitor.button('Remove').click();
    await expect(visitor.page.getByRole('status')).toContainText('Your authenticator app is removed');
    await expect(card).toContainText('Off');
    await mailbox.next(person.email, /authenticator app .* was removed/);
    await visitor.signOut();
    await visitor.signIn(person.email);
  });
});

test('an authenticator app is set up, used and removed with scripts off', async ({ arrive }) => {
  const email = 'nora@factors.example';
  const visitor = await arrive({ javaScriptEnabled: false });
  await newPerson(visitor, { name: 'Nora Noscript', email }, { name: 'Plain Factors', slug: 'plain-factors' });
  await visitor.open('/account/totp/new');
  const { app, recoveryCodes } = await visitor.setUpAuthenticatorApp(email);
  await visitor.link('Continue').click();
  await visitor.signOut();
  await visitor.tryPassword(email);
  await visitor.tryAppCode(await app.code());
  await expect(visitor.page).toHaveURL(/\/organizations/);
  await visitor.signOut();
  await visitor.tryPassword(email);
  await visitor.tryRecoveryCode(recoveryCodes[0]);
  await expect(visitor.page).toHaveURL(/\/organizations/);
  await visitor.open('/account/totp/removal');
  await visitor.button('Remove').click();
  await visitor.signOut();
  await visitor.signIn(email);
});

test('an organization requires a second factor, until its enforced SSO answers for it', async ({ network, arrive }) => {
  const { okta } = network;
  const { rosa, mira } = okta.people;
  const guarded = { name: 'Guarded Works', slug: 'guarded-works' };
  const [ownersEmail, membersEmail] = ['rosa@guarded.example', 'mira@guarded.example'];
  const owner = await arrive();
  const member = await arrive();
  const settings = `/organizations/${guarded.slug}/settings`;
  let ownersApp;

  await test.step('an organization with a member, both with a password alone', async () => {
    await newPerson(owner, { name: rosa.name, email: ownersEmail }, guarded);
    await owner.invite({ slug: guarded.slug, email: membersEmail });
    await member.acceptInvitation({ name: mira.name, email: membersEmail }, guarded);
    await member.signOut();
  });

  await test.step('an Owner who has no second factor cannot ask it of the others', async () => {
    await owner.open(settings);
    await owner.link('Require a second factor').click();
    const dialog = owner.page.getByRole('dialog');
    await expect(dialog).toContainText('You have no second factor yourself');
    await owner.look('second-factor-rule-none-yourself');
    await dialog.getByRole('button', { name: 'Require it' }).click();
    await expect(owner.page.getByRole('alert')).toContainText('You have no second factor yourself');
  });

  await test.step('with one, the Owner sees who has none, and requires it', async () => {
    await owner.open('/account/totp/new');
    ({ app: ownersApp } = await owner.setUpAuthenticatorApp(ownersEmail));
    await owner.link('Continue').click();
    await owner.open(`${settings}/second-factor`);
    const main = owner.page.getByRole('main');
    await expect(main).toContainText(/1\s*member has none and sets one up at the next click/);
    await main.locator('summary').click();
    await expect(main).toContainText(membersEmail);
    await owner.look('second-factor-rule');
    await owner.button('Require it').click();
    await expect(owner.page.getByRole('status')).toContainText('Members need a second factor from now on');
    await expect(owner.page.getByRole('region', { name: 'Two-step verification' })).toContainText('Required');
    await owner.look('settings-second-factor-required');
  });

  await test.step('a member without one is led to set one up on the way in, and gets where they wanted', async () => {
    await member.open(`/organizations/${guarded.slug}/projects`);
    await member.field('Email').fill(membersEmail);
    await member.field('Password').fill(PASSWORD);
    await member.button('Sign in').click();
    await expect(member.heading(`${guarded.name} requires a second factor`)).toBeVisible();
    await member.look('second-factor-required');
    await member.open('/organizations');
    await expect(member.page.getByRole('main')).toContainText('Needs a second factor');
    await member.look('organizations-needs-second-factor');
    await member.link(`Continue to ${guarded.name}`).click();
    await member.link('Set up an authenticator app').click();
    await member.setUpAuthenticatorApp(membersEmail);
    await member.link('Continue').click();
    await member.expectProjects(guarded.slug, []);
  });

  await test.step('who would take it away is told that the organization closes', async () => {
    await member.open('/account/totp/removal');
    await expect(member.page.getByRole('main')).toContainText(`${guarded.name} requires a second factor: it stays closed`);
    await member.look('totp-removal-required');
    await member.signOut();
  });

  await test.step('enabling SSO enforcement says that the rule ends, and ends it', async () => {
    await setUpSso({
      owner,
      idp: okta,
      kind: { name: /^Okta \(OIDC\)/, addressLabel: 'Okta Domain', address: okta.domain },
      organization: guarded,
      person: rosa,
    });
    await owner.openEnforcement(guarded.slug);
    await expect(owner.page.getByRole('main')).toContainText('The second-factor rule of this organization switches off');
    await owner.look('enforcement-ends-second-factor-rule');
    await owner.enforce(guarded.slug);
    await owner.open(settings);
    const card = owner.page.getByRole('region', { name: 'Two-step verification' });
    await expect(card).toContainText('While SSO is enforced, ask for second factors at the identity provider');
    await expect(owner.link('Require a second factor')).toHaveCount(0);
    await owner.signOut();
  });

  await test.step('the member is stopped after the right password', async () => {
    await member.tryPassword(membersEmail);
    await expect(member.heading(`${guarded.name} requires single sign-on`)).toBeVisible();
    await expect(member.button(`Continue with ${guarded.name}'s SSO`)).toBeVisible();
  });

  await test.step('the Owner comes in by the password and a code', async () => {
    await owner.tryPassword(ownersEmail);
    await owner.tryAppCode(await ownersApp.code());
    await expect(owner.page).toHaveURL(/\/organizations/);
    await owner.open(`/organizations/${guarded.slug}/projects`);
    await expect(owner.heading('Projects')).toBeVisible();
  });
});
