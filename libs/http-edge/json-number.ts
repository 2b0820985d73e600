/** Mantissa digits without zeros at either end, and the power of ten of the last one: equal texts are equal numbers. */
function normal(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/**
 * Whether a JSON number comes through as it was written: `text` is a well-formed JSON number and `value` what became of
 * it. A whole number must be within ±(2^53 - 1); a fraction must be the shortest name of its double, zeros at the end
 * apart; -0 is not a number a form can mean.
 */
export function isKeptExactly(text: string, value: number): boolean {
  if (value === 0 && text.startsWith('-')) return false;
  // Fifteen significant digits always survive a double.
  if (text.length <= 15 && !/e/i.test(text)) return true;
  if (!Number.isFinite(value) || text.length > 400) return false;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return false;
  return normal(text) === normal(String(value));
}
