// Owns the steps that people take through Orgate's own pages, named by what the person does. Elements are found by what
// a person reads: labels, roles, names.

import { expect } from '@playwright/test';

import { createAuthenticatorApp } from './totp.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const link = (page, name) => page.getByRole('link', { name, exact: true });
const field = (page, name) => page.getByLabel(name, { exact: true });

/** A password that the rules of R-IN-3 accept. */
export const PASSWORD = 'thirteen green lamps in a harbour';

/** The pages of one person's browser. */
export class Console {
  constructor({ page, orgate, look = async () => {} }) {
    this.page = page;
    this.orgate = orgate;
    this.look = (name) => look(page, name);
  }

  button(name) { return button(this.page, name); }

  link(name) { return link(this.page, name); }

  field(name) { return field(this.page, name); }

  heading(name) { return this.page.getByRole('heading', { level: 1, name }); }

  async open(path) { await this.page.goto(`${this.orgate.url}${path}`); }

  /** Creates an account: the form, then the code out of the mail. */
  async signUp({ name, email }) {
    await this.field('Name').fill(name);
    await this.field('Email').fill(email);
    await this.field('Password').fill(PASSWORD);
    await this.button('Create account').click();
    await this.enterCode(email);
  }

  async enterCode(email) {
    await expect(this.field('Code')).toBeVisible();
    await this.look('code');
    await this.field('Code').fill(await this.orgate.mailbox.code(email));
    await this.button('Continue').click();
  }

  async nameOrganization(organization) {
    await expect(this.heading('Name your organization')).toBeVisible();
    await this.look('first-organization');
    await this.field('Name').fill(organization.name);
    await this.page.getByLabel('Short name').fill(organization.slug);
    await this.button('Create organization').click();
    await expect(this.page).toHaveURL(new RegExp(`/organizations/${organization.slug}`));
  }

  /** Types the right password, or another, whatever comes of it. */
  async tryPassword(email, password = PASSWORD) {
    await this.open('/sign-in');
    await this.field('Email').fill(email);
    await this.field('Password').fill(password);
    await this.button('Sign in').click();
  }

  async signIn(email, password = PASSWORD) {
    await this.tryPassword(email, password);
    await expect(this.page).toHaveURL(/\/organizations/);
  }

  /** Types a code of the authenticator app where a sign-in asks for it, whatever comes of it. */
  async tryAppCode(code) {
    await expect(this.heading('Show your second factor')).toBeVisible();
    await this.field('Code from your authenticator app').fill(code);
    await this.button('Continue').click();
  }

  async tryRecoveryCode(code) {
    await expect(this.heading('Show your second factor')).toBeVisible();
    if (await this.link('Use a recovery code').isVisible()) await this.link('Use a recovery code').click();
    await this.field('Recovery code').fill(code);
    await this.button('Continue').click();
  }

  /**
   * From the page that offers it to the recovery codes, for who has no second factor yet. Gives the app, which has shown one
   * code already, and the recovery codes.
   */
  async setUpAuthenticatorApp(email) {
    await expect(this.heading('Set up an authenticator app')).toBeVisible();
    await this.look('totp-new');
    await this.button('Mail me a code').click();
    await this.look('second-factor-code');
    await this.enterCode(email);
    await expect(this.page.getByRole('img', { name: 'QR code with the key below' })).toBeVisible();
    await this.look('totp');
    const app = createAuthenticatorApp(await this.field('Key').inputValue());
    await this.field('Code').fill(app.wrong());
    await this.button('Turn on').click();
    await expect(this.field('Code')).toHaveAccessibleDescription(/not the code that the app shows now/);
    await this.look('totp-wrong');
    await this.field('Code').fill(await app.code());
    await this.button('Turn on').click();
    await this.look('recovery-codes');
    return { app, recoveryCodes: await this.recoveryCodes() };
  }

  /** The recovery codes that the page shows, this once. */
  async recoveryCodes() {
    await expect(this.heading('Keep your recovery codes')).toBeVisible();
    const codes = this.page.getByRole('region', { name: 'Recovery codes' }).locator('pre');
    return (await codes.innerText()).trim().split('\n');
  }

  /**
   * From now on this browser offers no passkeys in the field of the address: the authenticator that Chromium plays takes the
   * first at once, before anybody could press the button.
   */
  async withoutPasskeysInField() {
    await this.page.addInitScript(() => {
      globalThis.PublicKeyCredential.isConditionalMediationAvailable = async () => false;
    });
  }

  /** The sign-in page and its button. */
  async tryPasskey() {
    await this.open('/sign-in');
    await this.button('Sign in with a passkey').click();
  }

  async signOut() {
    await this.page.locator('summary').filter({ visible: true }).last().click();
    await this.button('Sign out').click();
    await expect(this.heading('You are signed out')).toBeVisible();
  }

  /** Goes to the organization's login address and on to its identity provider. */
  async continueWithSso(slug) {
    await this.open(`/sign-in/${slug}`);
    await this.button('Continue with SSO').click();
  }

  async expectIn(slug) {
    await expect(this.page).toHaveURL(new RegExp(`^${this.orgate.url}/organizations/${slug}(/|$)`));
  }

  async createProject(slug, name) {
    await this.open(`/organizations/${slug}/projects`);
    await this.link('New project').click();
    await this.look('new-project');
    await this.field('Name').fill(name);
    await this.button('Create project').click();
    await expect(this.heading(name)).toBeVisible();
  }

  async expectProjects(slug, names) {
    await this.open(`/organizations/${slug}/projects`);
    await expect(this.heading('Projects')).toBeVisible();
    await expect(this.page.getByRole('main').locator('tbody').getByRole('link')).toHaveText(names);
  }

  async addToProject(slug, project, { email, role }) {
    await this.open(`/organizations/${slug}/projects`);
    await this.link(project).click();
    await this.field('Email').fill(email);
    await this.field('Role').selectOption({ label: role });
    await this.button('Add to project').click();
    await expect(this.page.getByRole('row').filter({ hasText: email })).toBeVisible();
  }

  /** Invites an address as a member, with project roles by project name. */
  async invite({ slug, email, projects = {} }) {
    await this.open(`/organizations/${slug}/invitations/new`);
    await this.look('invite');
    await this.field('Email addresses').fill(email);
    for (const [project, role] of Object.entries(projects)) {
      await this.field(project).selectOption({ label: role });
    }
    await this.button('Send invitations').click();
    await expect(this.page.getByText(email).first()).toBeVisible();
    await this.look('invited');
    await this.open(`/organizations/${slug}/invitations`);
    await this.look('invitations');
  }

  /** Follows the mailed link, creates an account and joins. */
  async acceptInvitation(person, organization) {
    await this.page.goto(await this.orgate.mailbox.link(person.email));
    await this.look('invitation');
    await this.link('Create an account').click();
    await this.signUp(person);
    await this.button(`Join ${organization.name}`).click();
    await this.expectIn(organization.slug);
  }

  async expectRole(slug, person, role) {
    await this.open(`/organizations/${slug}/members`);
    const row = this.page.getByRole('row').filter({ hasText: person.email });
    await expect(row).toContainText(role);
  }

  /** Settings > Single Sign-On, the way a person goes there. */
  async openSingleSignOn(slug) {
    await this.open(`/organizations/${slug}/projects`);
    await this.link('Settings').click();
    await this.look('settings');
    await this.link('Single Sign-On').click();
    await expect(this.page).toHaveURL(/\/settings\/single-sign-on$/);
  }

  /** The named checks of the last save whose outcome is `word`. */
  checks(word) { return this.page.getByRole('listitem').filter({ has: this.page.getByText(`${word}:`, { exact: true }) }); }

  /** From the result of a test to an active connection. */
  async activate() {
    await this.link('Activate').click();
    await this.button('Activate').click();
    await expect(this.page).toHaveURL(/\/settings\/single-sign-on$/);
  }

  /** From Settings > Single Sign-On to the page that enables enforcement. */
  async openEnforcement(slug) {
    await this.openSingleSignOn(slug);
    await this.look('enforcement-off');
    await this.link('Enforce SSO…').click();
    await expect(this.heading('Enable SSO enforcement')).toBeVisible();
  }

  /** Confirms it by the short name. */
  async enforce(slug) {
    await this.page.getByLabel(/^Type/).fill(slug);
    await this.button('Enable').click();
    await expect(this.page).toHaveURL(/\/settings\/single-sign-on$/);
  }

  async stopEnforcing(slug) {
    await this.openSingleSignOn(slug);
    await this.link('Turn off').click();
    await this.look('enforcement-turn-off');
    await this.button('Turn off').click();
    await expect(this.page).toHaveURL(/\/settings\/single-sign-on$/);
  }

  attempt(reference) {
    return this.page.getByRole('region', { name: 'Attempts', exact: true }).getByRole('listitem').filter({ hasText: reference });
  }

  /** Settings > Single Sign-On > recent attempts, searched for a reference that somebody gave. */
  async findAttempt(slug, reference) {
    await this.openSingleSignOn(slug);
    await this.link('All attempts').click();
    await this.field('Reference').fill(reference);
    await this.button('Find').click();
    await expect(this.attempt(reference)).toBeVisible();
  }
}
