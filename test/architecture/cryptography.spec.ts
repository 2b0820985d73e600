import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filesOf, rootDir, withoutComments } from './source-files.js';

const read = (file: string) => readFileSync(path.join(rootDir, file), 'utf8');
const isForTests = /\.spec\.ts$|\/test(?:ing|-support)\/|\/testing[\w-]*\.(?:ts|mjs)$|\/contract[\w-]*\.ts$/;
const sources = ['apps', 'libs']
  .flatMap((dir) => filesOf(dir, 's'))
  .filter((file) => /\.m?ts$|\.m?js$/.test(file) && !isForTests.test(file))
  .map((file) => ({ file, text: withoutComments(read(file)) }));

/** The files in which something stands. */
const withText = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file);

/** What a pattern finds in all sources, each once. */
const found = (pattern: RegExp) =>
  [...new Set(sources.flatMap(({ text }) => [...text.matchAll(pattern)].map((match) => match[1]!)))].sort();

describe('cryptography', () => {
  it('is Node’s own, of the algorithms in the inventory', () => {
    expect(sources.length).toBeGreaterThan(200);
    expect(found(/\bcreateHash\('([^']+)'/g)).toEqual(['sha256']);
    expect(found(/\bcreateHmac\('([^']+)'/g)).toEqual(['sha256']);
    expect(found(/\bcreate(?:Dec|C)ipheriv\('([^']+)'/g)).toEqual(['aes-256-gcm']);
    expect(found(/\bhash\('([^']+)'/g)).toEqual(['sha1']);
    const words =
      /\b(?:createHash|createHmac|createCipheriv|createDecipheriv|hash|randomBytes|randomUUID|scrypt|timingSafeEqual)\b/;
    const taken = found(/import \{([^}]+)\} from 'node:crypto'/g).flatMap((names) =>
      names.split(',').map((name) => name.trim()),
    );
    expect(taken.filter((name) => !words.test(name))).toEqual([]);
    expect(withText(/node:crypto/).length).toBe(withText(/import \{[^}]+\} from 'node:crypto'/).length);
    expect(withText(/crypto\.subtle|globalThis\.crypto|webcrypto/)).toEqual([]);
  });

  it('stands where the inventory says', () => {
    expect(withText(/\bcreate(?:Dec|C)ipheriv\(/)).toEqual(['libs/sealing/authenticated-encryption.ts']);
    expect(withText(/\bcreateHmac\(/)).toEqual(['libs/sealing/sealer.ts']);
    expect(withText(/\bscrypt\b/)).toEqual(['libs/sealing/kept-master-key.ts']);
    expect(withText(/\bhash\('sha1'/)).toEqual(['libs/kernel/ids.ts']);
    const inventory = read('libs/sealing/README.md');
    for (const place of ['authenticated-encryption.ts', 'sealer.ts', 'kept-master-key.ts', 'libs/kernel/ids.ts'])
      expect(inventory).toContain(`\`${place}\``);
    for (const name of ['AES-256-GCM', 'HMAC-SHA-256', 'SHA-256', 'scrypt', 'SHA-1'])
      expect(inventory).toContain(`**${name}**`);
  });

  it('draws from the system; only the jitter of retries does not', () => {
    expect(withText(/Math\.random/)).toEqual(['libs/jobs/retry-delay.ts']);
    const drawn = found(/\brandomBytes\((\d+)\)/g).map(Number);
    // Less is drawn only for names of files that are not finished yet.
    expect(drawn.filter((bytes) => bytes < 16).sort()).toEqual([4, 6]);
  });
});

describe('code', () => {
  it('is never made of text', () => {
    const making = /\beval\(|\bnew Function\b|from 'node:vm'|\bsetTimeout\('|vm\.run/;
    expect(withText(making)).toEqual([]);
    expect(making.test("eval('1')")).toBe(true);
  });

  it('starts no shell, and other programs only to keep the embedded PostgreSQL', () => {
    expect(withText(/node:child_process/).filter((file) => !file.startsWith('libs/embedded/'))).toEqual([]);
    expect(withText(/import \{[^}]*\bexec(?:Sync)?\b[^}]*\} from 'node:child_process'|\bshell: true/)).toEqual([]);
  });

  it('asks another server over HTTP in one place, and goes nowhere it is sent on to', () => {
    expect(withText(/(?<!async )\bfetch\(|from 'node:https?'|\bundici\b|\baxios\b/)).toEqual([
      'libs/engine/deliver-notice.ts',
      'libs/platform/health-server.ts',
    ]);
    expect(read('libs/engine/deliver-notice.ts')).toMatch(/\bfetch\(url, \{.*?redirect: 'error'/s);
    expect(read('libs/platform/health-server.ts')).toContain(
      "import { createServer, type ServerResponse } from 'node:http'",
    );
  });

  it('makes no regular expression of what was sent', () => {
    // Of routes, of names of our own, of prefixes of our own.
    expect(withText(/\bnew RegExp\b|[^.\w]RegExp\(/)).toEqual([
      'libs/application/house.ts',
      'libs/application/intake.ts',
      'libs/http-edge/known-routes.ts',
      'libs/jobs/ask-redis.ts',
    ]);
  });

  it('reads no XML but what a library reads of a workbook, and no LDAP, template or memcached', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: { [name: string]: string } };
    const others =
      /xml|xslt|xpath|ldap|handlebars|mustache|pug|ejs|memcache|graphql|\bws\b|socket\.io|passport|jsonwebtoken|jose|oauth|openid/i;
    expect(Object.keys(dependencies).filter((name) => others.test(name))).toEqual([]);
    expect(withText(/\bDOMParser\b|new WebSocket\b|res\.cookie|setCookie|'set-cookie'/i)).toEqual([]);
  });
});
