// A person's own account: name, password, address, sessions, data, the password's removal, leaving an organization, and
// closing it all.

import { readFile } from 'node:fs/promises';

import { plugIn } from '../lib/authenticator.mjs';
import { PASSWORD } from '../lib/console.mjs';
import { expect, test } from '../lib/world.mjs';

const OTHER_PASSWORD = 'nine brass herons above the old mill';

async function newPerson(visitor, person, organization) {
  await visitor.open('/sign-up');
  await visitor.signUp(person);
  await visitor.nameOrganization(organization);
}

/** The next click after a session has ended leads to the sign-in page. */
async function expectSignedOut(visitor) {
  await visitor.open('/organizations');
  await expect(visitor.heading('Sign in')).toBeVisible();
}

async function expectRefused(visitor, email, password) {
  await visitor.tryPassword(email, password);
  await expect(visitor.page.getByRole('alert')).toBeVisible();
  await expect(visitor.page).toHaveURL(/\/sign-in/);
}

async function downloaded(visitor) {
  const download = visitor.page.waitForEvent('download');
  await visitor.link('Download').click();
  const file = await download;
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

test('a person changes name, password and address, sees where they are signed in, and reads their data', async ({ arrive }) => {
  const [first, second] = ['ada@account.example', 'ada@elsewhere-account.example'];
  const visitor = await arrive();
  const other = await arrive();
  const { mailbox } = visitor.orgate;
  const said = visitor.page.getByRole('status');

  await test.step('the name', async () => {
    await newPerson(visitor, { name: 'Ada Account', email: first }, { name: 'Accounts', slug: 'accounts' });
    await visitor.open('/account/profile');
    await visitor.look('account-profile');
    await visitor.field('Name').fill('Ada Lovelace');
    await visitor.page.getByRole('region', { name: 'You', exact: true }).getByRole('button', { name: 'Save' }).click();
    await expect(said).toContainText('Your name is saved');
    await expect(visitor.field('Name')).toHaveValue('Ada Lovelace');
    await visitor.open('/organizations/accounts/members');
    await expect(visitor.page.getByRole('row').filter({ hasText: first })).toContainText('Ada Lovelace');
  });

  await test.step('the password, which ends the session of the other browser at its next click', async () => {
    await other.signIn(first);
    await visitor.open('/account/security');
    await visitor.field('Current password').fill('not my password at all');
    await visitor.field('New password').fill(OTHER_PASSWORD);
    await visitor.button('Change password').click();
    await expect(visitor.field('Current password')).toHaveAccessibleDescription(/not your current password/);
    await visitor.look('account-password-wrong');
    await visitor.field('Current password').fill(PASSWORD);
    await visitor.field('New password').fill('short');
    await visitor.button('Change password').click();
    await expect(visitor.field('New password')).toHaveAccessibleDescription(/12 characters/);
    await visitor.field('Current password').fill(PASSWORD);
    await visitor.field('New password').fill(OTHER_PASSWORD);
    await visitor.button('Change password').click();
    await expect(said).toContainText('Your password is changed');
    await mailbox.next(first, /password .* was changed/i);
    await expectSignedOut(other);
    await expectRefused(other, first, PASSWORD);
    await other.signIn(first, OTHER_PASSWORD);
  });

  await test.step('where they are signed in: one session is ended, then all others', async () => {
    const third = await arrive();
    await third.signIn(first, OTHER_PASSWORD);
    await visitor.open('/account/security');
    const sessions = visitor.page.getByRole('region', { name: 'Where you are signed in' });
    const rows = sessions.getByRole('listitem');
    await expect(rows).toHaveCount(3);
    for (const row of await rows.all()) await expect(row).toContainText(/Chrome on Linux[\s\S]*127\.0\.0\.1[\s\S]*with password/);
    await expect(rows.filter({ hasText: 'This browser' })).toHaveCount(1);
    await expect(rows.filter({ hasText: 'This browser' }).getByRole('button')).toHaveCount(0);
    await visitor.look('account-sessions');
    await sessions.getByRole('button', { name: 'End the session of Chrome on Linux' }).first().click();
    await expect(said).toContainText('That session is over');
    await expect(rows).toHaveCount(2);
    await visitor.link('End all others').click();
    await expect(visitor.page.getByRole('dialog')).toContainText(/1\s*other browser is signed out at its next click/);
    await visitor.look('account-sessions-end-others');
    await visitor.button('End all others').click();
    await expect(said).toContainText('1 other session is over');
    await expect(rows).toHaveCount(1);
    await expectSignedOut(other);
    await expectSignedOut(third);
  });

  await test.step('another address, by a code mailed to it; the old one is told', async () => {
    await visitor.link('Change address').click();
    await visitor.look('account-email-change');
    await visitor.field('New address').fill(second);
    await visitor.button('Mail me a code').click();
    await expect(visitor.heading('Confirm the new address')).toBeVisible();
    await visitor.look('account-email-change-code');
    await visitor.enterCode(second);
    await expect(said).toContainText('Your address is changed');
    await expect(visitor.page.getByRole('region', { name: 'Address' })).toContainText(second);
    const notice = await mailbox.next(first, /address .* was changed/);
    expect(notice.text, 'the new address is not given away').not.toContain(second);
    await expectRefused(other, first, OTHER_PASSWORD);
    await other.signIn(second, OTHER_PASSWORD);
  });

  await test.step('the own data, as a page and as a file', async () => {
    await visitor.open('/account/profile');
    await visitor.link('Look at your data').click();
    await expect(visitor.heading('Your data')).toBeVisible();
    await visitor.look('account-data');
    const { name, text } = await downloaded(visitor);
    expect(name).toBe('account.json');
    const data = JSON.parse(text);
    expect(data.profile).toMatchObject({ email: second, name: 'Ada Lovelace' });
    expect(data.memberships).toEqual([expect.objectContaining({ organization: 'Accounts' })]);
    expect(text).not.toContain('argon2');
  });
});

test('a password goes where there is another way in, and not before', async ({ arrive }) => {
  const person = { name: 'Pia Plain', email: 'pia@account.example' };
  const visitor = await arrive();
  await plugIn(visitor.page);
  await visitor.withoutPasskeysInField();
  const card = visitor.page.getByRole('region', { name: 'Password', exact: true });

  await test.step('the only way in is not offered for removal, and its page says why', async () => {
    await newPerson(visitor, person, { name: 'Plain', slug: 'plain-account' });
    await visitor.open('/account/security');
    await expect(card.getByRole('link', { name: 'Remove password' })).toHaveCount(0);
    await visitor.open('/account/password/removal');
    await expect(visitor.page.getByRole('main')).toContainText('This is your only way to sign in');
    await visitor.look('account-last-way-in');
  });

  await test.step('with a passkey it is removed, after a page that says what that means', async () => {
    await visitor.open('/account/passkeys/new');
    await visitor.button('Mail me a code').click();
    await visitor.enterCode(person.email);
    await visitor.field('Name').fill('Phone');
    await visitor.button('Create passkey').click();
    await visitor.recoveryCodes();
    await visitor.link('Continue').click();
    await card.getByRole('link', { name: 'Remove password' }).click();
    await expect(visitor.heading('Remove your password?')).toBeVisible();
    await visitor.look('account-password-removal');
    await visitor.button('Remove password').click();
    await expect(visitor.page.getByRole('status')).toContainText('Your password is removed');
    await expect(card).toContainText('You have none');
    await visitor.look('account-no-password');
    await visitor.orgate.mailbox.next(person.email, /password .* was removed/);
    await visitor.signOut();
  });

  await test.step('the password is refused from then on, and the passkey is not', async () => {
    await expectRefused(visitor, person.email, PASSWORD);
    await visitor.tryPasskey();
    await expect(visitor.page).toHaveURL(/\/organizations/);
  });
});

test('a member leaves an organization, and an Owner closes the account once it is needed no more', async ({ arrive }) => {
  const organization = { name: 'Parting Works', slug: 'parting' };
  const [olgas, mias] = ['olga@parting.example', 'mia@parting.example'];
  const owner = await arrive();
  const member = await arrive();
  const main = owner.page.getByRole('main');

  await test.step('an Owner and a member', async () => {
    await newPerson(owner, { name: 'Olga Parting', email: olgas }, organization);
    await owner.invite({ slug: organization.slug, email: mias });
    await member.acceptInvitation({ name: 'Mia Parting', email: mias }, organization);
  });

  await test.step('the last Owner cannot leave, and is told why', async () => {
    await owner.open('/account/organizations');
    await expect(main).toContainText('You are its last Owner');
    await expect(owner.link(`Leave ${organization.name}`)).toHaveCount(0);
    await owner.look('account-memberships-last-owner');
  });

  await test.step('the member leaves, and the organization is closed to them', async () => {
    await member.open('/account/organizations');
    await member.look('account-memberships');
    await member.link(`Leave ${organization.name}`).click();
    const dialog = member.page.getByRole('dialog');
    await expect(dialog).toContainText('Your role here and in its projects ends at once');
    await member.look('account-leave');
    await dialog.getByRole('button', { name: 'Leave' }).click();
    await expect(member.page.getByRole('status')).toContainText('You have left the organization');
    await expect(member.page.getByRole('main')).toContainText('You are in no organization');
    await member.look('organizations-none');
    const answer = await member.page.goto(`${member.orgate.url}/organizations/${organization.slug}/projects`);
    expect(answer.status()).toBe(404);
  });

  await test.step('the account of the last Owner cannot be closed, and the page names the organization', async () => {
    await owner.open('/account/profile');
    await owner.link('Close account').click();
    await expect(owner.heading('Your account cannot be closed yet')).toBeVisible();
    await expect(main).toContainText(organization.name);
    await expect(main).toContainText('You are its last Owner');
    await owner.look('account-closing-refused');
  });

  await test.step('the Owner invites the member again and hands over', async () => {
    await owner.invite({ slug: organization.slug, email: mias });
    await member.page.goto(await member.orgate.mailbox.link(mias));
    await member.button(`Join ${organization.name}`).click();
    // What they had shown before they left opens nothing here.
    await expect(member.heading('Confirm it is you')).toBeVisible();
    await member.look('account-proof-after-coming-back');
    await member.field('Password').fill(PASSWORD);
    await member.button('Continue').click();
    await member.expectIn(organization.slug);
    await owner.open('/account/deletion');
    await owner.link(`Choose a member of ${organization.name}`).click();
    await owner.link('Mia Parting').click();
    await owner.field('Role in the organization').selectOption({ label: 'Owner' });
    await owner.button('Change role').click();
    await expect(owner.heading(/^Make Mia Parting an Owner/)).toBeVisible();
    await owner.button('Make Owner').click();
    await owner.expectRole(organization.slug, { email: mias }, 'Owner');
  });

  await test.step('now it is closed, after a page that says what ends and asks for the address', async () => {
    await owner.open('/account/deletion');
    await expect(owner.heading('Close your account?')).toBeVisible();
    await expect(main).toContainText(`You leave ${organization.name}`);
    const confirmation = owner.page.getByLabel(/^Type/);
    await confirmation.fill('somebody@else.example');
    await owner.button('Close account').click();
    await expect(confirmation).toHaveAccessibleDescription(/Type your address/);
    await owner.look('account-closing');
    await confirmation.fill(olgas);
    await owner.button('Close account').click();
    await expect(owner.heading('You are signed out')).toBeVisible();
    await owner.look('account-closed');
    await owner.orgate.mailbox.next(olgas, /account .* is closed/);
  });

  await test.step('nobody signs in to it any more, and the organization goes on without it', async () => {
    await expectSignedOut(owner);
    await expectRefused(owner, olgas);
    await member.open(`/organizations/${organization.slug}/members`);
    await expect(member.page.getByRole('row').filter({ hasText: mias })).toHaveCount(1);
    await expect(member.page.getByRole('row').filter({ hasText: olgas })).toHaveCount(0);
  });
});
