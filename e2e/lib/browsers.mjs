// Owns one browser for each person of a test, and the rules that hold on every page they see: no script or style that
// the policy blocks, no error in the console, no request to a host that has no part in the test.

import { expect } from '@playwright/test';

const hostOf = (url) => new URL(url).host;

/**
 * Opens a new browser for one person.
 * `hosts` are the hosts that pages may talk to; `check` fails when a rule was broken.
 */
export async function openBrowser(browser, { hosts, javaScriptEnabled = true }) {
  const context = await browser.newContext({ javaScriptEnabled });
  const offences = [];
  const own = (url) => hosts.includes(hostOf(url));
  context.on('request', (request) => {
    const url = request.url();
    if (/^https?:/.test(url) && !own(url)) offences.push(`request to ${url}`);
  });
  context.on('console', (message) => {
    const { url } = message.location();
    const ours = !url || hostOf(url) === hosts[0];
    // Chromium also logs every answer that is not 2xx; which status is right is for the tests to say.
    if (message.type() === 'error' && ours && !/status of \d{3}/.test(message.text())) offences.push(message.text());
  });
  context.on('weberror', (error) => offences.push(String(error.error())));
  return {
    context,
    page: await context.newPage(),
    check: () => expect(offences, 'what the pages may not do').toEqual([]),
  };
}
