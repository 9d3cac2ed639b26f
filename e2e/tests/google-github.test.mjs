// Signing in with an account of one's own at Google or GitHub, from the button to the linked account and to the
// organization that asks for more.

import { expect, test } from '../lib/world.mjs';
import { setUpSso } from '../lib/walk.mjs';

const by = (site, login) => site.people.find((person) => person.login === login || person.email === login);

async function continueWith(visitor, site) {
  await visitor.open('/sign-in');
  await visitor.button(`Continue with ${site.name}`).click();
}

test('somebody new comes in with Google and links GitHub by a mailed code', async ({ network, arrive }) => {
  const { google, github } = network;
  const gina = by(google, 'gina@gmail.com');
  const visitor = await arrive();

  await test.step('Google answers for gmail.com, so a new account needs no code', async () => {
    await visitor.open('/sign-in');
    await visitor.look('sign-in-with-providers');
    await continueWith(visitor, google);
    await google.signIn(visitor.page, gina);
    await visitor.nameOrganization({ name: 'Gilded', slug: 'gilded-google' });
    await visitor.signOut();
  });

  await test.step('the same Google account is the same person', async () => {
    await continueWith(visitor, google);
    await google.signIn(visitor.page, gina);
    await expect(visitor.page).toHaveURL(/\/organizations/);
    await visitor.signOut();
  });

  await test.step('GitHub names the same address, and nothing is linked before the mailed code', async () => {
    await continueWith(visitor, github);
    await github.signIn(visitor.page, by(github, 'gina-codes'));
    await expect(visitor.heading('Is this address yours?')).toBeVisible();
    await visitor.look('personal-code');
    await visitor.enterCode('gina@gmail.com');
    await expect(visitor.page).toHaveURL(/\/organizations/);
    await visitor.open('/organizations/gilded-google/projects');
    await expect(visitor.heading('Projects')).toBeVisible();
  });

  await test.step('both are listed, and one is unlinked', async () => {
    await visitor.open('/account/security');
    await visitor.look('linked-accounts');
    const card = visitor.page.getByRole('region', { name: 'Linked accounts' });
    await expect(card).toContainText('Google');
    await visitor.page.goto(`${visitor.orgate.url}/account/security/linked-accounts/github/removal`);
    await visitor.look('unlink');
    await visitor.button('Unlink').click();
    await expect(visitor.page.getByRole('main')).toContainText('GitHub is no longer linked');
    await visitor.signOut();
    await continueWith(visitor, github);
    await github.signIn(visitor.page, by(github, 'gina-codes'));
    await expect(visitor.heading('Is this address yours?')).toBeVisible();
  });
});

test('a code is mailed where the provider does not answer for the address', async ({ network, arrive }) => {
  const { google, github } = network;
  const cases = [
    { site: google, person: by(google, 'ola@elsewhere.example'), slug: 'elsewhere', code: true },
    { site: google, person: by(google, 'wim@workspace.example'), slug: 'workspace', code: false },
    { site: github, person: by(github, 'kit'), slug: 'kit-work', code: true },
  ];
  for (const { site, person, slug, code } of cases) {
    const visitor = await arrive({ javaScriptEnabled: site === google });
    await continueWith(visitor, site);
    await site.signIn(visitor.page, person);
    if (code) await visitor.enterCode(person.email);
    await visitor.nameOrganization({ name: slug, slug });
  }
});

test('who says no, or hides every address, is told what to do', async ({ network, arrive }) => {
  const { google, github } = network;
  const visitor = await arrive();
  await continueWith(visitor, google);
  await google.refuse(visitor.page);
  await expect(visitor.page.getByRole('main')).toContainText('you cancelled');
  await visitor.look('personal-refused');

  await continueWith(visitor, github);
  await github.signIn(visitor.page, by(github, 'hidden'));
  await expect(visitor.heading('No address was named that we can use')).toBeVisible();
  await visitor.look('personal-no-address');
});

test('enforced SSO stops a member who comes with GitHub or Google, and shows the way to the SSO', async ({ network, arrive }) => {
  const { okta, google, github } = network;
  const gilded = { name: 'Gilded Works', slug: 'gilded-works' };
  const bea = by(github, 'bea');
  const owner = await arrive();
  const member = await arrive();

  await test.step('an organization with single sign-on, and a member who came by GitHub', async () => {
    await owner.open('/sign-up');
    await owner.signUp({ name: 'Gus Gilder', email: 'gus@gilded.example' });
    await owner.nameOrganization(gilded);
    await setUpSso({
      owner,
      idp: okta,
      kind: { name: /^Okta \(OIDC\)/, addressLabel: 'Okta Domain', address: okta.domain },
      organization: gilded,
      person: okta.people.rosa,
    });
    await continueWith(member, github);
    await github.signIn(member.page, bea);
    await member.enterCode(bea.email);
    await member.nameOrganization({ name: 'Bea Alone', slug: 'bea-alone' });
    await owner.invite({ slug: gilded.slug, email: bea.email });
    await member.page.goto(await member.orgate.mailbox.link(bea.email));
    await member.button(`Join ${gilded.name}`).click();
    await member.expectIn(gilded.slug);
  });

  await test.step('the member links Google too, in the open session', async () => {
    await member.open('/account/security');
    await member.button('Link Google').click();
    await google.signIn(member.page, by(google, 'bea@gmail.com'));
    await expect(member.page.getByRole('main')).toContainText('bea@gmail.com');
  });

  await test.step('once it is enforced, neither gets anybody past it', async () => {
    await owner.openEnforcement(gilded.slug);
    await owner.enforce(gilded.slug);
    await continueWith(member, github);
    await github.signIn(member.page, bea);
    await expect(member.heading(`${gilded.name} requires single sign-on`)).toBeVisible();
    await member.look('personal-blocked');
    await expect(member.button(`Continue with ${gilded.name}'s SSO`)).toBeVisible();
    await continueWith(member, google);
    await google.signIn(member.page, by(google, 'bea@gmail.com'));
    await expect(member.heading(`${gilded.name} requires single sign-on`)).toBeVisible();
    await owner.stopEnforcing(gilded.slug);
  });

  await test.step('once nobody enforces, GitHub is enough again', async () => {
    await continueWith(member, github);
    await github.signIn(member.page, bea);
    await expect(member.page).toHaveURL(/\/organizations/);
  });
});
