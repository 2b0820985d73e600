import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from '#libs/platform';

export interface Page {
  readonly type: string;
  readonly bytes: Buffer;
}

const types: { readonly [extension: string]: string } = {
  '.css': 'text/css; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
};

/** The pages of `@bull-board/ui`, read from where npm put them. */
export class BoardPages {
  private readonly dir = path.join(
    path.dirname(createRequire(path.join(projectRoot(), 'package.json')).resolve('@bull-board/ui/package.json')),
    'dist',
  );
  /** Every file there is: a name that is not among them is no way to another. */
  private readonly names = new Set(
    readdirSync(path.join(this.dir, 'static'), { recursive: true, encoding: 'utf8' }).map((name) =>
      name.split(path.sep).join('/'),
    ),
  );
  private readonly read = new Map<string, Page>();

  /** @param name below `static/` */
  file(name: string): Page | undefined {
    const type = types[path.extname(name)];
    if (type === undefined || !this.names.has(name)) return undefined;
    let page = this.read.get(name);
    if (page === undefined) {
      page = { type, bytes: readFileSync(path.join(this.dir, 'static', name)) };
      this.read.set(name, page);
    }
    return page;
  }

  /**
   * The one page, which shows whatever its address says. It is given no letters from elsewhere.
   * @param base where the board is, with a slash at the end
   */
  page(base: string, settings: object): Page {
    const values: { readonly [name: string]: string } = {
      basePath: base,
      title: 'Qadaga: queues',
      favIconDefault: 'static/images/logo.svg',
      favIconAlternative: 'static/favicon-32x32.png',
      uiConfig: JSON.stringify(settings).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e'),
    };
    const text = readFileSync(path.join(this.dir, 'index.ejs'), 'utf8')
      .replaceAll(/<link href="https:[^>]*>\s*/g, '')
      .replaceAll(/<%[=-] (\w+) %>/g, (_, name: string) => values[name] ?? '');
    return { type: 'text/html; charset=utf-8', bytes: Buffer.from(text) };
  }
}
