// Owns what the runner prints: a line a test, what failed, and one closing line that counts.

import { stripVTControlCharacters } from 'node:util';

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

/** A Playwright reporter. */
export default class Reporter {
  counts = { passed: 0, failed: 0, skipped: 0 };

  problems = [];

  onBegin(_config, suite) {
    this.suite = suite;
  }

  onTestEnd(test, result) {
    const name = test.titlePath().filter(Boolean).join(' > ');
    console.log(`${result.status.padEnd(9)} ${name} (${seconds(result.duration)})`);
  }

  onError(error) {
    this.problems.push(error.stack ?? error.message ?? String(error));
  }

  onStdErr(chunk) {
    process.stderr.write(chunk);
  }

  onEnd(run) {
    for (const test of this.suite?.allTests() ?? []) this.count(test);
    for (const problem of this.problems) console.error(`\n${stripVTControlCharacters(problem)}`);
    if (run.status !== 'passed' && this.counts.failed === 0) this.counts.failed = 1;
    const { passed, failed, skipped } = this.counts;
    console.log(`\nbrowser: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  }

  count(test) {
    const outcome = test.outcome();
    if (outcome === 'skipped') this.counts.skipped += 1;
    else if (outcome === 'expected') this.counts.passed += 1;
    else {
      this.counts.failed += 1;
      const last = test.results.at(-1);
      for (const error of last?.errors ?? []) this.problems.push(`${test.title}\n${error.stack ?? error.message}`);
    }
  }
}
