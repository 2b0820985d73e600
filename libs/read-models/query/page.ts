import { RejectedError, reject } from '#libs/kernel';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

export interface PageRequest<SortName extends string = string> {
  readonly sort?: SortName;
  readonly direction?: 'ascending' | 'descending';
  /** `next` of the page before, with the same sort, direction and filters. */
  readonly cursor?: string;
  /** 1 to 200; default 50. */
  readonly limit?: number;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Absent on the last page. */
  readonly next?: string;
}

/** What a list may be sorted by: an SQL expression that is never null, and an indexed one where lists are long. */
export interface SortKey {
  readonly expression: string;
  readonly type: 'text' | 'date' | 'timestamptz' | 'bigint';
}

export interface PageShape<SortName extends string> {
  /** Stands in the list's cursors, so that no other list takes them. */
  readonly list: string;
  readonly sorts: { readonly [Name in SortName]: SortKey };
  readonly defaultSort: SortName;
  /** Breaks ties, unique. */
  readonly tie: { readonly expression: string; readonly type: 'uuid' | 'text' };
}

export const longestPage = 200;
const defaultPage = 50;

const malformed = (code: string, message: string, pointer: string) =>
  new RejectedError(reject('malformed', code, message, [{ pointer, code, message }]));

interface Cursor {
  readonly key: string;
  readonly tie: string;
}

/** What a cursor goes on in; one of another list, sort or direction would go on at a place that means nothing. */
type Course = readonly [list: string, sort: string, direction: string];

const cursorOf = (course: Course, { key, tie }: Cursor): string =>
  Buffer.from(JSON.stringify([...course, key, tie])).toString('base64url');

const shapes: Record<SortKey['type'] | 'uuid', RegExp> = {
  text: /^[^\0]*$/s,
  date: /^\d{4}-\d{2}-\d{2}$/,
  timestamptz: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?[+-]\d{2}(:\d{2})?$/,
  bigint: /^-?\d{1,19}$/,
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
};

function readCursor(text: string, course: Course, keyType: SortKey['type'], tieType: 'uuid' | 'text'): Cursor {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    parts = undefined;
  }
  const [ofList, ofSort, ofDirection, key, tie] = Array.isArray(parts) ? (parts as unknown[]) : [];
  const [list, sort, direction] = course;
  const fits =
    ofList === list &&
    ofSort === sort &&
    ofDirection === direction &&
    typeof key === 'string' &&
    typeof tie === 'string' &&
    shapes[keyType].test(key) &&
    shapes[tieType].test(tie);
  if (!fits) throw malformed('cursor-malformed', 'the cursor is not one of this list', '/cursor');
  return { key, tie };
}

/**
 * One page by key, never by offset: the five-hundredth costs what the first does. `query` has its filters set.
 * @throws RejectedError (malformed) for an unknown sort, a limit out of range, a cursor that is not of this list.
 */
export async function pageOf<Row extends ObjectLiteral, SortName extends string>(
  query: SelectQueryBuilder<Row>,
  shape: PageShape<SortName>,
  request: PageRequest<SortName>,
): Promise<Page<Row>> {
  const sort = request.sort ?? shape.defaultSort;
  const limit = request.limit ?? defaultPage;
  const direction = request.direction ?? 'ascending';
  if (!Object.hasOwn(shape.sorts, sort)) throw malformed('sort-unknown', 'this list is not sorted by that', '/sort');
  if (!Number.isInteger(limit) || limit < 1 || limit > longestPage)
    throw malformed('limit-out-of-range', `a page has 1 to ${longestPage} rows`, '/limit');
  const key = shape.sorts[sort];
  const { list, tie } = shape;
  const course = [list, sort, direction] as const;
  if (request.cursor !== undefined) {
    const after = readCursor(request.cursor, course, key.type, tie.type);
    const compare = direction === 'ascending' ? '>' : '<';
    query.andWhere(
      `(${key.expression}, ${tie.expression}) ${compare} (:cursorKey::${key.type}, :cursorTie::${tie.type})`,
      {
        cursorKey: after.key,
        cursorTie: after.tie,
      },
    );
  }
  const order = direction === 'ascending' ? 'ASC' : 'DESC';
  const { entities, raw } = await query
    .addSelect(`(${key.expression})::text`, 'cursor_key')
    .addSelect(`(${tie.expression})::text`, 'cursor_tie')
    .orderBy(key.expression, order)
    .addOrderBy(tie.expression, order)
    .limit(limit + 1)
    .getRawAndEntities<{ cursor_key: string; cursor_tie: string }>();
  const last = raw[limit - 1];
  if (entities.length <= limit || last === undefined) return { rows: entities };
  return {
    rows: entities.slice(0, limit),
    next: cursorOf(course, { key: last.cursor_key, tie: last.cursor_tie }),
  };
}

/** For ILIKE: what was typed, nothing in it a wildcard. */
export const likeText = (text: string): string => text.replace(/[\\%_]/g, (one) => `\\${one}`).replaceAll('\0', '');

/** Every filter given and defined is set; `:name` in the condition is its value. */
export function withFilters<Row extends ObjectLiteral>(
  query: SelectQueryBuilder<Row>,
  filters: readonly (readonly [condition: string, parameters: Readonly<Record<string, unknown>>])[],
): SelectQueryBuilder<Row> {
  for (const [condition, parameters] of filters)
    if (Object.values(parameters).every((value) => value !== undefined)) query.andWhere(condition, parameters);
  return query;
}
