/**
 * This program is older than what it works with: a newer release wrote or changed something that it cannot read. Waiting
 * does not help it, another process does.
 */
export class OutdatedError extends Error {
  override readonly name: string = 'OutdatedError';
  constructor(
    message: string,
    /** What it does not know, by its name: a fact type, a part of the schema. */
    readonly unknown: string,
  ) {
    super(message);
  }
}
