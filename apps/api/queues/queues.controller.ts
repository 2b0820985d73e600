import { Controller, Get, Inject, StreamableFile } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeController } from '@nestjs/swagger';
import { maskJsonLine } from '#libs/platform';
import { Ask, Exchange } from '../exchange.js';
import { notFound } from '../faults.js';
import { API_PARTS, type ApiParts } from '../parts.js';
import type { RouteDoor } from '../routing.js';
import { BoardPages, type Page } from './board-pages.js';

const door: RouteDoor = { action: 'watch-queues', basic: true };
const base = '/api/queues';

/** Addresses that the pages show something at. */
const shown = /^\/?$|^\/job-schedulers$|^\/metrics-history$|^\/queue\/[^/]+(\/[^/]+)?$/;

// Scripts come from here only: the page's own settings are data that nothing runs. Its libraries set styles of their own.
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self'; connect-src 'self'; base-uri 'self'; frame-ancestors 'none'; form-action 'none'";
/** A script that runs as a worker goes by what came with it, not by the page's. */
const workerPolicy = "default-src 'none'; script-src 'self'";

/** bull-board for administrators: what the queues hold, to be looked at and not to be changed. */
@ApiExcludeController()
@Controller('api/queues')
export class QueuesController {
  private pages: BoardPages | undefined;

  constructor(@Inject(API_PARTS) private readonly parts: ApiParts) {}

  @RouteConfig(door)
  @Get()
  board(@Ask() exchange: Exchange) {
    return this.answer(exchange, '');
  }

  @RouteConfig(door)
  @Get('*')
  rest(@Ask() exchange: Exchange) {
    return this.answer(exchange, exchange.path.slice(base.length));
  }

  private async answer(exchange: Exchange, path: string): Promise<StreamableFile> {
    const board = await this.parts.queueBoard?.();
    if (board === undefined) throw notFound('page');
    this.pages ??= new BoardPages();
    if (path.startsWith('/api/')) {
      const found = await board.answer(path, exchange.query as { readonly [name: string]: string });
      if (found === undefined) throw notFound('page');
      exchange.answerStatus(found.status);
      // A failed job tells why, in the words of whatever failed; where in the program that was, nobody is told over HTTP.
      const text = maskJsonLine(
        JSON.stringify(found.body, (key, value: unknown) => (key === 'stacktrace' ? [] : value)),
      );
      return sent({ type: 'application/json; charset=utf-8', bytes: Buffer.from(text) });
    }
    if (shown.test(path)) {
      exchange.answerHeader('content-security-policy', pagePolicy);
      return sent(this.pages.page(`${base}/`, board.settings));
    }
    const file = path.startsWith('/static/') ? this.pages.file(path.slice('/static/'.length)) : undefined;
    if (file === undefined) throw notFound('page');
    exchange.answerHeader('content-security-policy', workerPolicy);
    exchange.answerHeader('cache-control', 'private, max-age=3600');
    return sent(file);
  }
}

const sent = ({ type, bytes }: Page) => new StreamableFile(bytes, { type });
