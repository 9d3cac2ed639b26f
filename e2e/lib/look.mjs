// Owns looking at a page the way a person and a screen reader would: pictures on a desk and on a phone, light and dark;
// nothing wider than the screen; axe without serious findings.

import { expect } from '@playwright/test';
import axe from 'axe-core';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

const VIEWS = [
  { name: 'desk-light', width: 1280, height: 900, colorScheme: 'light', axe: true },
  { name: 'desk-dark', width: 1280, height: 900, colorScheme: 'dark', axe: true },
  { name: 'phone-light', width: 390, height: 844, colorScheme: 'light', axe: true },
  { name: 'phone-dark', width: 390, height: 844, colorScheme: 'dark', axe: false },
];

async function seriousFindings(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
}

const overhang = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;

/**
 * A function `look(page, name)` that keeps its pictures under `folder` and looks at each page once.
 * With scripts off axe cannot run, so only the pictures and widths are left.
 */
export function createLook(folder, { javaScriptEnabled = true } = {}) {
  mkdirSync(folder, { recursive: true });
  const seen = new Set();
  return async function look(page, name) {
    if (seen.has(name)) return;
    seen.add(name);
    for (const view of VIEWS) {
      await page.setViewportSize({ width: view.width, height: view.height });
      await page.emulateMedia({ colorScheme: view.colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: path.join(folder, `${name}.${view.name}.png`), fullPage: true });
      expect.soft(await page.evaluate(overhang), `${name} is wider than the screen (${view.name})`).toBe(0);
      if (view.axe && javaScriptEnabled) expect.soft(await seriousFindings(page), `axe on ${name} (${view.name})`).toEqual([]);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
  };
}
