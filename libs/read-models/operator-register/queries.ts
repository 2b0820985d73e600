import type { DataSource } from 'typeorm';
import { likeText, pageOf, type Page, type PageRequest, type PageShape } from '../query/page.js';
import { OperatorCaseRow, OperatorRow } from './row.js';

export type OperatorView = OperatorRow & { readonly cases: number };
type OperatorSort = 'name' | 'bin';

export interface OperatorList extends PageRequest<OperatorSort> {
  /** Part of the name, or the beginning of the BIN. */
  readonly search?: string;
  readonly hasContacts?: boolean;
}

const shape: PageShape<OperatorSort> = {
  list: 'operators',
  sorts: { name: { expression: 'o.name', type: 'text' }, bin: { expression: 'o.bin', type: 'text' } },
  defaultSort: 'name',
  tie: { expression: 'o.bin', type: 'text' },
};

/** The BINs of operators whose name fits the ILIKE pattern in `:parameter`: what other lists may ask of this one. */
export const operatorsNamed = (parameter: string): string =>
  `select bin from read.operator where name ilike :${parameter}`;

export function operatorQueries(source: DataSource) {
  const repository = source.getRepository(OperatorRow);
  const cases = source.getRepository(OperatorCaseRow);

  async function withCases(rows: readonly OperatorRow[]): Promise<readonly OperatorView[]> {
    if (rows.length === 0) return [];
    const counts = await cases
      .createQueryBuilder('c')
      .select('c.operator_bin', 'bin')
      .addSelect('count(*)::int', 'cases')
      .where('c.operator_bin in (:...bins)', { bins: rows.map(({ bin }) => bin) })
      .groupBy('c.operator_bin')
      .getRawMany<{ bin: string; cases: number }>();
    const byBin = new Map(counts.map((one) => [one.bin, one.cases]));
    return rows.map((row) => ({ ...row, cases: byBin.get(row.bin) ?? 0 }));
  }

  return {
    async find(bin: string): Promise<OperatorView | undefined> {
      const row = await repository.findOneBy({ bin });
      return row === null ? undefined : (await withCases([row]))[0];
    },

    async list(list: OperatorList): Promise<Page<OperatorView>> {
      const { search, hasContacts } = list;
      const query = repository.createQueryBuilder('o');
      if (hasContacts !== undefined) query.andWhere('o.has_contacts = :hasContacts', { hasContacts });
      if (search !== undefined && search !== '') {
        const text = likeText(search);
        query.andWhere('(o.name ilike :part or o.bin like :begin)', { part: `%${text}%`, begin: `${text}%` });
      }
      const { rows, ...rest } = await pageOf(query, shape, list);
      return { rows: await withCases(rows), ...rest };
    },
  };
}
