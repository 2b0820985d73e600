import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { createMetrics } from './index.js';

const file = (name: string) => path.join(__dirname, 'observability', name);
const rules = parse(readFileSync(file('alerts.yml'), 'utf8')) as {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: { readonly severity: string };
      readonly annotations: { readonly summary: string };
    }[];
  }[];
};
const dashboard = JSON.parse(readFileSync(file('dashboard.json'), 'utf8')) as {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
};
const alerts = rules.groups.flatMap((group) => group.rules);
/** `name_bucket`, `_count` and `_sum` are series of one histogram. */
const named = (expression: string) =>
  [...expression.matchAll(/\b(?:qadaga|process|nodejs)_[a-z0-9_]+/g)].map(([name]) =>
    name.replace(/_(?:bucket|count|sum)$/, ''),
  );

describe('rules and dashboard', () => {
  const known = createMetrics().names();
  const asked = [
    ...alerts.map(({ expr }) => expr),
    ...dashboard.panels.flatMap((one) => one.targets).map(({ expr }) => expr),
  ];

  it('ask for nothing that is not measured', () => {
    expect(asked.length).toBeGreaterThan(30);
    for (const expression of asked) {
      expect(named(expression).length).toBeGreaterThan(0);
      expect(named(expression).filter((name) => !known.includes(name))).toEqual([]);
    }
  });

  it('leave nothing of ours unwatched', () => {
    const seen = new Set(asked.flatMap(named));
    expect(known.filter((name) => name.startsWith('qadaga_') && !seen.has(name))).toEqual([]);
  });

  it('say what is wrong and how bad it is, each once', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    for (const { labels, annotations } of alerts) {
      expect(['critical', 'warning', 'info']).toContain(labels.severity);
      expect(annotations.summary.length).toBeGreaterThan(10);
    }
  });

  const promtool = spawnSync('promtool', ['--version']).error === undefined;
  if (!promtool && process.env['QADAGA_REQUIRE'] === 'all') throw new Error('promtool is missing');
  (promtool ? it : it.skip).each([
    ['are rules', ['check', 'rules', 'alerts.yml']],
    ['fire when they should and not before', ['test', 'rules', 'alerts.test.yml']],
  ])('%s, by Prometheus’ own tool', (_what, options) => {
    const cwd = path.join(__dirname, 'observability');
    const { status, stdout, stderr } = spawnSync('promtool', options, { cwd, encoding: 'utf8' });
    expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
  });
});
