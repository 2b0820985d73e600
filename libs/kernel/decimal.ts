/**
 * A plain non-negative decimal kept exactly as it was filed (`7.90` stays `7.90`) and compared as a number (7.9 = 7.90).
 * Never a float: a megawatt in a legal record is the digits its filer wrote.
 */
export type Decimal = string & { readonly __decimal: true };

/** At most `integerDigits` before and `scale` after the point; no sign, exponent, blank, or bare point. */
export function findDecimal(text: string, scale: number, integerDigits = 15): Decimal | undefined {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match || match[1]!.length > integerDigits || (match[2]?.length ?? 0) > scale) return undefined;
  return text as Decimal;
}

/** @throws RangeError when `text` is not a plain non-negative decimal of at most `scale` places. */
export function decimal(text: string, scale = 18): Decimal {
  const found = findDecimal(text, scale);
  if (found === undefined) throw new RangeError(`not a plain decimal: ${JSON.stringify(text)}`);
  return found;
}

const normal = (value: Decimal) => {
  const [whole = '', fraction = ''] = value.split('.');
  return [whole.replace(/^0+(?=\d)/, ''), fraction.replace(/0+$/, '')] as const;
};

/** Equal as numbers. */
export function sameDecimal(a: Decimal | null | undefined, b: Decimal | null | undefined): boolean {
  if (a == null || b == null) return (a ?? null) === (b ?? null);
  const [x, y] = [normal(a), normal(b)];
  return x[0] === y[0] && x[1] === y[1];
}
