import 'reflect-metadata';
import { Column, PrimaryColumn, getMetadataArgsStorage, type ColumnOptions } from 'typeorm';

export type ColumnType = 'uuid' | 'text' | 'date' | 'timestamptz' | 'integer' | 'bigint' | 'boolean' | 'jsonb';

export interface TableColumn {
  readonly property: string;
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly key: boolean;
}

/** One private table of a read model, as its entity declares it. */
export interface Table<R extends object = object> {
  readonly entity: new () => R;
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** The column by which all rows of one unit (a case, a notice, an operator) are loaded and removed together. */
  readonly unitColumn: TableColumn;
  /** Rows are written once, under a key of their place in the log, and never looked at again by the projection. */
  readonly appendOnly: boolean;
}

const snake = (property: string) => property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const instantText = {
  from: (value: unknown) => (value instanceof Date ? value.toISOString() : value),
  to: (value: unknown) => value,
};
const safeNumber = {
  from: (value: unknown) => (typeof value === 'string' ? Number(value) : value),
  to: (value: unknown) => value,
};

const optionsOf = (type: ColumnType, property: string | symbol, more: ColumnOptions): ColumnOptions => ({
  type,
  name: snake(String(property)),
  ...(type === 'timestamptz' ? { transformer: instantText } : {}),
  ...(type === 'bigint' ? { transformer: safeNumber } : {}),
  ...more,
});

/** A column named after its property. Instants and days are text in rows, positions are numbers. */
export const Field =
  (type: ColumnType, more: Pick<ColumnOptions, 'nullable' | 'select'> = {}): PropertyDecorator =>
  (target, property) =>
    Column(optionsOf(type, property, more))(target, property);

/** A column of the primary key. */
export const KeyField =
  (type: ColumnType): PropertyDecorator =>
  (target, property) =>
    PrimaryColumn(optionsOf(type, property, {}) as Parameters<typeof PrimaryColumn>[0] & object)(target, property);

const lineageOf = (entity: unknown): unknown[] => {
  const lineage: unknown[] = [];
  for (let one = entity; typeof one === 'function' && one !== Function.prototype; one = Object.getPrototypeOf(one))
    lineage.push(one);
  return lineage;
};

/** Reads the entity's decorators, so that a table's columns are written down once. */
export function tableOf<R extends object>(
  entity: new () => R,
  unit: keyof R & string,
  options: { readonly appendOnly?: true } = {},
): Table<R> {
  const storage = getMetadataArgsStorage();
  const name = storage.tables.find((one) => one.target === entity)?.name;
  if (name === undefined) throw new Error(`${entity.name} is not an entity`);
  const lineage = lineageOf(entity);
  const columns = storage.columns
    .filter((one) => lineage.includes(one.target))
    .map(({ propertyName, options: column }): TableColumn => ({
      property: propertyName,
      name: String(column.name),
      type: column.type as ColumnType,
      nullable: column.nullable === true,
      key: column.primary === true,
    }));
  const unitColumn = columns.find((one) => one.property === unit);
  if (unitColumn === undefined) throw new Error(`${name} has no column for ${unit}`);
  return { entity, name, columns, unitColumn, appendOnly: options.appendOnly === true };
}
