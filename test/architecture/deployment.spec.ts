import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, cpSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { ConfigError, loadConfig } from '#libs/platform';
import { rootDir } from './source-files.js';

interface Service {
  readonly image?: string;
  readonly build?: { readonly dockerfile: string };
  readonly user?: string;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: { readonly [name: string]: string };
  readonly command?: string | readonly string[];
  readonly entrypoint?: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
  readonly profiles?: readonly string[];
  readonly networks?: readonly string[];
}

const text = readFileSync(path.join(rootDir, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as {
  readonly services: { readonly [name: string]: Service };
  readonly secrets: { readonly [name: string]: { readonly file: string } };
  readonly volumes: object;
};
const services = Object.entries(compose.services);
const ofOurs = services.filter(([, { image }]) => image === 'qadaga');
const once = ['certificates', 'prepare-kurrentdb', 'migrate'];

describe('docker-compose.yml', () => {
  it('has what a deployment needs', () => {
    expect(Object.keys(compose.services).sort()).toEqual(
      [
        ...[
          'api',
          'certificates',
          'keycloak',
          'kurrentdb',
          'kurrentdb1',
          'kurrentdb2',
          'kurrentdb3',
          'mail',
          'migrate',
        ],
        ...['postgres', 'prepare-kurrentdb', 'redis', 'worker'],
      ].sort(),
    );
  });

  it('shows nothing to the outside but the front, and that to this machine only', () => {
    const shown = services.filter(([, { ports }]) => ports !== undefined);
    expect(shown.map(([name, { ports }]) => [name, ports])).toEqual([
      ['api', [expect.stringMatching(/^127\.0\.0\.1:/)]],
    ]);
  });

  it.each(services)('%s names its release, comes back, and says how it is', (name, service) => {
    expect(service.image).toMatch(/^qadaga$|:[\w.]*\d/);
    if (once.includes(name)) expect(service.restart).toBe('on-failure');
    else expect([service.restart, service.healthcheck !== undefined]).toEqual(['unless-stopped', true]);
  });

  it.each(services)('%s runs without rights on a file system it cannot write', (name, service) => {
    // Keycloak compiles itself at its start.
    expect(service.read_only).toBe(name === 'keycloak' ? undefined : true);
    expect(service).toMatchObject({ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    // The certificate job gives each server its own key.
    expect(service.cap_add).toEqual(name === 'certificates' ? ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] : undefined);
  });

  it.each(services)('%s is given the secrets that it reads, and no others', (name, service) => {
    const scripts = [...JSON.stringify(service).matchAll(/\.\/(\.docker\/[\w-]+\.sh)/g)].map(([, file]) =>
      readFileSync(path.join(rootDir, file!), 'utf8'),
    );
    const read = `${JSON.stringify(service)}${scripts.join('')}`.matchAll(/\/run\/secrets\/(\w+)/g);
    expect([name, [...new Set([...read].map(([, secret]) => secret))].sort()]).toEqual([
      name,
      [...(service.secrets ?? [])].sort(),
    ]);
  });

  it('speaks TLS to the log and to PostgreSQL, of 1.2 at least, and knows their authority', () => {
    const secrets = readFileSync(path.join(rootDir, '.docker', 'make-secrets.sh'), 'utf8');
    for (const [, address] of secrets.matchAll(/^keep database\w* "postgres:\/\/.*@(.*)"$/gm))
      expect(address).toBe('$at');
    expect(secrets).toMatch(/^at='.*\?sslmode=verify-full&sslrootcert=\/certs\/trusted\/ca\.crt'$/m);
    const { command } = compose.services['postgres']!;
    expect(command).toEqual(expect.arrayContaining(['-cssl=on', '-cssl_min_protocol_version=TLSv1.2']));
    const logs = ofOurs.map(([, { environment = {} }]) => environment['QADAGA_EVENT_STORE_URL']);
    for (const log of logs) expect(log).toMatch(/tlsCAFile=\/certs\/trusted\/ca\.crt\}$/);
    expect(text).not.toMatch(/tls=false/);
  });

  it('lets out only the workers, and nobody in but through the front', () => {
    const networks = parse(text, { merge: true }) as { networks: object };
    expect(networks.networks).toEqual({ inside: { internal: true }, front: {}, outside: {} });
    const reaching = services.filter(([, { networks: of = [] }]) => of.some((one) => one !== 'inside'));
    expect(reaching.map(([name, { networks: of }]) => [name, of])).toEqual([
      ['api', ['inside', 'front']],
      ['worker', ['inside', 'outside']],
    ]);
  });

  it('is built of what is named, without history and secrets, and runs without sources and tests', () => {
    const [first, ...taken] = readFileSync(path.join(rootDir, '.dockerignore'), 'utf8').trim().split('\n');
    expect(first).toBe('*');
    expect(taken.every((line) => line.startsWith('!'))).toBe(true);
    expect(taken.filter((line) => /git|secret|qadaga/.test(line))).toEqual([]);
    const [, last] = readFileSync(path.join(rootDir, '.docker', 'Dockerfile'), 'utf8')
      .split(/^FROM .*$/m)
      .slice(1);
    expect(last).toContain('ENV NODE_ENV=production');
    expect([...last!.matchAll(/^COPY --from=build \/qadaga\/(\S+)/gm)].map(([, what]) => what)).toEqual([
      'package.json',
      'node_modules',
      'dist',
      'libs/rules/data',
    ]);
  });

  it('holds no password, in clear or by default', () => {
    for (const [, { environment = {} }] of services)
      for (const [name, value] of Object.entries(environment))
        if (/PASSWORD|SECRET|TOKEN|_URL$/.test(name) && !name.endsWith('_FILE'))
          expect([name, value]).toEqual([name, expect.not.stringMatching(/:[^@/]+@/)]);
    expect(text).not.toMatch(/changeit|PASSWORD: (?!\/run)|--insecure|INSECURE/);
  });

  it('gives each secret as a file that make-secrets makes, and closes the folder', () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-secrets-'));
    try {
      cpSync(path.join(rootDir, '.docker'), path.join(dir, '.docker'), { recursive: true });
      const make = () => execFileSync('sh', [path.join(dir, '.docker', 'make-secrets.sh')], { encoding: 'utf8' });
      make();
      const made = readdirSync(path.join(dir, 'secrets')).sort();
      expect(made).toEqual(Object.keys(compose.secrets).sort());
      expect(statSync(path.join(dir, 'secrets')).mode & 0o777).toBe(0o700);
      const read = () => made.map((name) => readFileSync(path.join(dir, 'secrets', name), 'utf8'));
      const before = read();
      expect(new Set(before).size).toBe(made.length);
      expect(make()).not.toContain('made secrets/');
      expect(read()).toEqual(before);
      for (const [, { secrets = [] }] of services) expect(made).toEqual(expect.arrayContaining([...secrets]));
      expect(tried(dir)).toEqual([]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  /** What the configuration says to the environment of each of our services, its secrets being the files made in `dir`. */
  const tried = (dir: string) =>
    ofOurs.flatMap(([service, { environment = {} }]) => {
      const given = Object.fromEntries(
        Object.entries(environment).map(([variable, value]) => [
          variable,
          String(value)
            .replace(/\$\{\w+:-([^}]*)\}/, '$1')
            .replace('/run/secrets', path.join(dir, 'secrets')),
        ]),
      );
      try {
        loadConfig(given);
        return [];
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return error.faults.map((fault) => ({ service, ...fault }));
      }
    });

  it('runs programs and files that there are', () => {
    const build = readFileSync(path.join(rootDir, '.build', 'build.mjs'), 'utf8');
    for (const [, { command = [] }] of ofOurs)
      for (const [, program] of String(command).matchAll(/dist\/programs\/(\w+)\.js/g))
        expect(build).toContain(`${program}: at(`);
    for (const [, file] of text.matchAll(/'?\.\/(\.docker\/[\w-]+\.sh):/g))
      expect([file, existsSync(path.join(rootDir, file!))]).toEqual([file, true]);
    const builders = services.flatMap(([, { build }]) => (build === undefined ? [] : [build.dockerfile]));
    expect(builders).toEqual(['.docker/Dockerfile']);
    const dockerfile = readFileSync(path.join(rootDir, '.docker', 'Dockerfile'), 'utf8');
    // The native part of KurrentDB's client is an optional package.
    expect(dockerfile).not.toContain('--omit=optional');
    for (const [, sources] of dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm))
      for (const source of sources!.split(' '))
        expect([source, existsSync(path.join(rootDir, source))]).toEqual([source, true]);
    for (const [, { volumes = [] }] of services)
      for (const volume of volumes)
        if (!volume.startsWith('.')) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
  });
});

const present = (() => {
  try {
    execFileSync('docker-compose', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
if (!present && process.env.QADAGA_REQUIRE === 'all')
  it('finds docker-compose', () => {
    throw new Error('QADAGA_REQUIRE=all, and there is no docker-compose on the PATH');
  });

(present ? it : it.skip)('is taken by docker-compose, with every profile (needs docker-compose)', () => {
  const profiles = ['--profile', 'cluster', '--profile', 'accounts'];
  const said = execFileSync(
    'docker-compose',
    ['--file', path.join(rootDir, 'docker-compose.yml'), ...profiles, 'config'],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  expect(Object.keys((parse(said) as typeof compose).services).sort()).toEqual(Object.keys(compose.services).sort());
});
