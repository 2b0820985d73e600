import { mayHoldSecrets, maskText } from '#libs/kernel';

/** The same within the strings (and keys) of one line of JSON, which stays JSON; numbers are left alone. */
export function maskJsonLine(line: string): string {
  if (!mayHoldSecrets(line)) return line;
  return line.replace(/"(?:[^"\\]|\\.)*"/gsu, (literal) => {
    if (!mayHoldSecrets(literal)) return literal;
    // Unescaped first: in the literal, the n of a line break would pass for a letter before a telephone number.
    const text = JSON.parse(literal) as string;
    const masked = maskText(text);
    return masked === text ? literal : JSON.stringify(masked);
  });
}
