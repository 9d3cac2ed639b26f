// Passkeys, with an authenticator that Chromium plays: adding one, signing in by it alone and as a second factor, its
// removal, and what enforced SSO makes of it.

import { plugIn } from '../lib/authenticator.mjs';
import { expect, test } from '../lib/world.mjs';
import { setUpSso } from '../lib/walk.mjs';

/** From Sign-in and security to a passkey with recovery codes: the first second factor of an account. */
async function addFirstPasskey(visitor, email, name) {
  await visitor.open('/account/security');
  await visitor.look('passkeys-none');
  await visitor.link('Add a passkey').click();
  await visitor.look('passkey-new-code');
  await visitor.button('Mail me a code').click();
  await visitor.enterCode(email);
  await expect(visitor.heading('Add a passkey')).toBeVisible();
  await visitor.field('Name').fill(name);
  await visitor.look('passkey-new');
  await visitor.button('Create passkey').click();
  await expect(visitor.heading('Keep your recovery codes')).toBeVisible();
  await visitor.link('Continue').click();
}

test('a passkey signs in by itself, is the second factor of a password, and goes', async ({ arrive }) => {
  const person = { name: 'Paula Key', email: 'paula@keys.example' };
  const visitor = await arrive();
  const authenticator = await plugIn(visitor.page);
  const card = visitor.page.getByRole('region', { name: 'Passkeys' });

  await test.step('a new person adds one, after a code that was mailed for it', async () => {
    await visitor.open('/sign-up');
    await visitor.signUp(person);
    await visitor.nameOrganization({ name: 'Keys', slug: 'keys' });
    await addFirstPasskey(visitor, person.email, 'Work laptop');
    await expect(card).toContainText('Work laptop');
    await expect(card).toContainText('not used yet');
    await visitor.look('passkeys');
    expect(await authenticator.credentials()).toHaveLength(1);
    await visitor.signOut();
  });

  await test.step('it signs in by itself, with nothing typed and no further question', async () => {
    await authenticator.present(false);
    await visitor.open('/sign-in');
    await visitor.look('sign-in-with-passkey');
    await authenticator.present(true);
    await visitor.button('Sign in with a passkey').click();
    await expect(visitor.page).toHaveURL(/\/organizations/);
    await visitor.open('/account/security');
    await expect(visitor.page.getByRole('region', { name: 'Where you are signed in' })).toContainText('passkey');
    await expect(card).toContainText(/last used/);
    await visitor.signOut();
  });

  await test.step('the field of the address offers it too, and who takes it there is in', async () => {
    await visitor.open('/sign-in');
    await expect(visitor.page).toHaveURL(/\/organizations/);
    await visitor.signOut();
    await visitor.withoutPasskeysInField();
  });

  await test.step('a password is asked for it, and takes a recovery code instead', async () => {
    await authenticator.present(false);
    await visitor.tryPassword(person.email);
    await expect(visitor.heading('Show your second factor')).toBeVisible();
    await visitor.look('second-factor-passkey');
    await expect(visitor.link('Use a recovery code')).toBeVisible();
    await authenticator.present(true);
    await visitor.button('Use your passkey').click();
    await expect(visitor.page).toHaveURL(/\/organizations/);
  });

  await test.step('an authenticator that did not check its holder is no help', async () => {
    await visitor.signOut();
    await authenticator.verifies(false);
    const drawn = visitor.page.waitForResponse(/\/passkey\/challenge$/);
    await visitor.tryPasskey();
    expect((await drawn).ok(), 'there was something to answer').toBe(true);
    // From the press until the browser has refused it is not; nothing is said, for the person may have changed their mind.
    await expect(visitor.button('Sign in with a passkey')).toBeEnabled();
    await visitor.open('/account/security');
    await expect(visitor.heading('Sign in')).toBeVisible();
    await authenticator.verifies(true);
    await visitor.tryPasskey();
    await expect(visitor.page).toHaveURL(/\/account\/security/);
  });

  await test.step('it is renamed, and removed after a page that says what that means', async () => {
    await visitor.open('/account/security');
    await card.getByRole('link', { name: 'Rename Work laptop' }).click();
    await visitor.look('passkey-rename');
    await visitor.field('Name').fill('Old laptop');
    await visitor.button('Save').click();
    await card.getByRole('link', { name: 'Remove Old laptop' }).click();
    await expect(visitor.page.getByRole('main')).toContainText('It no longer signs you in');
    await visitor.look('passkey-removal');
    await visitor.button('Remove').click();
    await expect(card).toContainText('You have none yet');
    await visitor.signOut();
    await visitor.tryPasskey();
    await expect(visitor.page.getByRole('alert')).toContainText('That passkey is not known here');
    await visitor.look('sign-in-passkey-unknown');
    await authenticator.present(false);
    await visitor.tryPassword(person.email);
    await expect(visitor.page, 'no factor is left to ask for').toHaveURL(/\/organizations/);
  });
});

test('enforced SSO stops a passkey, and not that of an exempt Owner', async ({ network, arrive }) => {
  const { okta } = network;
  const { rosa, mira } = okta.people;
  const locked = { name: 'Locked Works', slug: 'locked-works' };
  const owner = await arrive();
  const member = await arrive();
  for (const visitor of [owner, member]) {
    await plugIn(visitor.page);
    await visitor.withoutPasskeysInField();
  }

  await test.step('an Owner and a member, each with a passkey', async () => {
    await owner.open('/sign-up');
    await owner.signUp({ name: rosa.name, email: 'rosa@locked.example' });
    await owner.nameOrganization(locked);
    await setUpSso({
      owner,
      idp: okta,
      kind: { name: /^Okta \(OIDC\)/, addressLabel: 'Okta Domain', address: okta.domain },
      organization: locked,
      person: rosa,
    });
    const who = { name: mira.name, email: 'mira@locked.example' };
    await owner.invite({ slug: locked.slug, email: who.email });
    await member.acceptInvitation(who, locked);
    await addFirstPasskey(member, who.email, 'Phone');
    await member.signOut();
    await addFirstPasskey(owner, 'rosa@locked.example', 'Safe');
  });

  await test.step('once it is enforced, the member is stopped after the passkey was right', async () => {
    await owner.openEnforcement(locked.slug);
    await owner.enforce(locked.slug);
    await member.tryPasskey();
    await expect(member.heading(`${locked.name} requires single sign-on`)).toBeVisible();
    await member.look('passkey-blocked');
    await expect(member.button(`Continue with ${locked.name}'s SSO`)).toBeVisible();
  });

  await test.step('the Owner comes in by the passkey', async () => {
    await owner.signOut();
    await owner.tryPasskey();
    await expect(owner.page).toHaveURL(/\/organizations/);
    await owner.open(`/organizations/${locked.slug}/projects`);
    await expect(owner.heading('Projects')).toBeVisible();
  });
});
