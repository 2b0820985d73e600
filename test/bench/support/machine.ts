import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';

const need = createRequire(import.meta.url);

function versionOf(name: string): string {
  try {
    return (need(`${name}/package.json`) as { version: string }).version;
  } catch {
    // Some packages do not export their package.json.
    const entry = need.resolve(name);
    const root = entry.slice(0, entry.lastIndexOf(`node_modules/${name}`) + `node_modules/${name}`.length);
    return (JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string }).version;
  }
}

const packages = ['pg', '@nestjs/core', 'fastify', 'bullmq', '@event-driven-io/emmett-postgresql'] as const;

/** Of what the figures were measured with; nothing that names the machine. */
export const versions = () => ({
  node: process.versions.node,
  ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
});

export const machine = () => ({
  cpu: os.cpus()[0]?.model ?? 'unknown',
  cores: os.cpus().length,
  memoryGb: Math.round(os.totalmem() / 2 ** 30),
  os: `${os.type()} ${os.release()} ${os.arch()}`,
});

/** Of the last minute; other programs on the machine show here. */
export const load = (): number => Math.round(os.loadavg()[0]! * 100) / 100;
