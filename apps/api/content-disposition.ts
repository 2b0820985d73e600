/**
 * `attachment` with the name as RFC 6266 and RFC 8187 write it: once in plain ASCII for old readers, once in UTF-8.
 * Path separators and control characters never reach a file dialog.
 */
export function contentDisposition(name: string): string {
  // oxlint-disable-next-line no-control-regex
  const safe = name.replaceAll(/[\u0000-\u001f\u007f/\\]/g, '_');
  const ascii = safe.replaceAll(/[^\x20-\x7e]|["%]/g, '_');
  const encoded = encodeURIComponent(safe.toWellFormed()).replaceAll(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
