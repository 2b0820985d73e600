import type { FastifyInstance } from 'fastify';

export interface KnownRoutes {
  /** Methods that exist at this path, sorted; empty when there is no such path. */
  methodsAt(path: string): readonly string[];
}

const asPattern = (url: string) =>
  new RegExp(
    `^${url
      .split('/')
      .map((part) =>
        part
          .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
          .replace(/\*.*/, '.*')
          .replace(/:\w+/g, '[^/]+'),
      )
      .join('/')}/?$`,
  );

/** Fastify answers 404 for a known path with another method; this tells the two apart. Call before routes are made. */
export function watchRoutes(instance: FastifyInstance): KnownRoutes {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  instance.addHook('onRoute', ({ url, method }) => {
    // A catch-all (static files, middleware) says nothing about what exists.
    if (/^\/?\*/.test(url)) return;
    const route = routes.get(url) ?? { pattern: asPattern(url), methods: new Set() };
    routes.set(url, route);
    for (const each of [method].flat()) route.methods.add(each);
  });
  return {
    methodsAt: (path) => {
      const methods = new Set<string>();
      for (const route of routes.values())
        if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
      return [...methods].sort();
    },
  };
}
